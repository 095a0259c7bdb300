package api

import (
	"encoding/json"
	"reflect"
	"regexp"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/hours"
	"nearby/internal/ident"
	"nearby/internal/money"
)

// Amount is money as the contract has it.
type Amount struct {
	Amount   int64  `json:"amount" doc:"Minor units: cents of a euro, yen." example:"1250"`
	Currency string `json:"currency" doc:"ISO 4217." example:"EUR"`
}

func amount(a money.Amount) Amount { return Amount{Amount: a.Minor, Currency: a.Currency} }

func (a Amount) money() money.Amount { return money.Amount{Minor: a.Amount, Currency: a.Currency} }

// Address is a postal address.
type Address struct {
	Street      string `json:"street,omitempty" maxLength:"120"`
	HouseNumber string `json:"house_number,omitempty" maxLength:"120"`
	Unit        string `json:"unit,omitempty" maxLength:"120"`
	Postcode    string `json:"postcode,omitempty" maxLength:"120"`
	District    string `json:"district,omitempty" maxLength:"120"`
	City        string `json:"city,omitempty" maxLength:"120"`
	Region      string `json:"region,omitempty" maxLength:"120"`
	Country     string `json:"country,omitempty" maxLength:"2" doc:"ISO 3166-1, two letters." example:"DE"`
}

// OpenState says whether a place is open.
type OpenState struct {
	State        string     `json:"state" enum:"open,closing_soon,closed,unknown"`
	NextChangeAt *time.Time `json:"next_change_at" doc:"When it next opens or closes; null when never or unknown."`
	Reason       string     `json:"reason" doc:"Why it is unknown: not_given, not_understood, no_zone, open_end, by_appointment, comment, holiday, sun (it neither rises nor sets), no_pin; special for a special day; or empty."`
}

func openState(s hours.State) OpenState {
	return OpenState{State: string(s.Kind), NextChangeAt: moment(s.NextChange), Reason: s.Reason}
}

// moment is a time in UTC, nil for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func momentOf(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return moment(*t)
}

// some is a pointer to a text that is there, nil for an empty one.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// each never gives nil, so that an empty list is written as one.
func each[A, B any](list []A, view func(A) B) []B {
	out := make([]B, len(list))
	for i := range list {
		out[i] = view(list[i])
	}
	return out
}

func words(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// List is one page of things.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"Send it as cursor for the next page; null on the last."`
}

func listOf[T any](items []T, next string) answer[List[T]] {
	return answer[List[T]]{Body: List[T]{Items: items, NextCursor: some(next)}, Next: next}
}

// photoURL is the address of one copy of a photo on this site.
func photoURL(base, hash, size string) *string {
	if hash == "" {
		return nil
	}
	address := base + "/photos/" + hash + "/" + size + ".jpg"
	return &address
}

var slugForm = regexp.MustCompile(`^[a-z0-9-]{1,100}$`)

// named checks the id or slug in a path: anything else is nobody's.
func named(what, idOrSlug string) error {
	if !slugForm.MatchString(idOrSlug) {
		return errs.Missing(what)
	}
	return nil
}

// known checks the id in a path.
func known(what, id string) error {
	if !ident.Valid(id) {
		return errs.Missing(what)
	}
	return nil
}

func addressView(a directory.Address) Address { return Address(a) }

// Maybe is an object or null.
type Maybe[T any] struct{ value *T }

func maybe[T any](v *T) Maybe[T] { return Maybe[T]{v} }

// MarshalJSON writes the object, or null.
func (m Maybe[T]) MarshalJSON() ([]byte, error) { return json.Marshal(m.value) }

// Schema allows both.
func (Maybe[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

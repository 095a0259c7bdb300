package order

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/money"
)

// PlaceInput is what a shopper asks for. Prices, fees and accounts are never
// taken from it; ExpectedTotal is only compared.
type PlaceInput struct {
	BusinessID    string       `form:"business_id" json:"business_id"`
	Lines         []PlaceLine  `form:"lines" json:"lines"`
	Fulfilment    Fulfilment   `form:"fulfilment" json:"fulfilment"`
	Contact       Contact      `form:"contact" json:"contact"`
	Payment       string       `form:"payment" json:"payment"` // card, at_pickup
	Note          string       `form:"note" json:"note"`
	ExpectedTotal money.Amount `form:"-" json:"expected_total"`
	Locale        string       `form:"-" json:"-"` // of the page and of messages
	ClientToken   string       `form:"-" json:"-"` // one per wish to order; a repeated one gets the same order
}

// PlaceLine is a variant and how many of it.
type PlaceLine struct {
	VariantID string `form:"variant_id" json:"variant_id"`
	Quantity  int64  `form:"quantity" json:"quantity"`
}

// Fulfilment is how and when the goods change hands. A zero Slot is as soon as
// possible.
type Fulfilment struct {
	Kind    Kind               `form:"kind" json:"kind"`
	Slot    time.Time          `form:"slot" json:"slot"`
	Address *directory.Address `form:"address" json:"address,omitempty"`
}

// The ways to pay that a shopper can choose.
const (
	PayCard     = "card"
	PayAtPickup = "at_pickup"
)

func (in PlaceInput) clean() PlaceInput {
	in.Contact.Name = strings.Join(strings.Fields(in.Contact.Name), " ")
	in.Contact.Phone = strings.TrimSpace(in.Contact.Phone)
	in.Contact.Email = strings.TrimSpace(in.Contact.Email)
	in.Note = strings.TrimSpace(strings.ReplaceAll(in.Note, "\r\n", "\n"))
	if len(in.Locale) < 2 || len(in.Locale) > 12 || !plain(in.Locale, 12) {
		in.Locale = "en"
	}
	if in.Fulfilment.Kind != Delivery {
		in.Fulfilment.Address = nil
	}
	if email, ok := account.NormalizeEmail(in.Contact.Email); ok {
		in.Contact.Email = email
	}
	return in
}

// variants are the things wanted.
func (in PlaceInput) variants() []string {
	ids := make([]string, len(in.Lines))
	for i, l := range in.Lines {
		ids[i] = l.VariantID
	}
	return ids
}

// hash tells two requests under one key apart. The token is not part of it.
func (in PlaceInput) hash() string {
	raw, err := json.Marshal(in)
	if err != nil {
		panic(err) // plain values only
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func lineField(i int, name, code, message string) errs.Field {
	return errs.Field{Name: "lines." + strconv.Itoa(i) + "." + name, Code: code, Message: message}
}

func (in PlaceInput) wrongLines() []errs.Field {
	var wrong []errs.Field
	add := func(name, code, message string) {
		wrong = append(wrong, errs.Field{Name: name, Code: code, Message: message})
	}
	if !ident.Valid(in.BusinessID) {
		add("business_id", "bad_id", "Name the business.")
	}
	if in.Fulfilment.Kind != Pickup && in.Fulfilment.Kind != Delivery {
		add("fulfilment.kind", "unknown_kind", "Choose pickup or delivery.")
	}
	if len(in.Lines) == 0 || len(in.Lines) > maxLines {
		add("lines", "bad_count", "An order has between 1 and 200 lines.")
		return wrong
	}
	seen := map[string]bool{}
	for i, l := range in.Lines {
		switch {
		case !ident.Valid(l.VariantID):
			wrong = append(wrong, lineField(i, "variant_id", "bad_id", "Name what to buy."))
		case seen[l.VariantID]:
			wrong = append(wrong, lineField(i, "variant_id", "twice", "This is in the list already."))
		}
		seen[l.VariantID] = true
		if l.Quantity < 1 || l.Quantity > maxQuantity {
			wrong = append(wrong, lineField(i, "quantity", "bad_quantity", "Order between 1 and 999 of it."))
		}
	}
	return wrong
}

func (in PlaceInput) wrong(buyer Buyer) []errs.Field {
	wrong := in.wrongLines()
	add := func(name, code, message string) {
		wrong = append(wrong, errs.Field{Name: name, Code: code, Message: message})
	}
	if buyer.key() == "" {
		add("contact", "no_buyer", "Who is ordering?")
	}
	if in.Payment != PayCard && in.Payment != PayAtPickup {
		add("payment", "unknown_method", "Choose card or at_pickup.")
	}
	c := in.Contact
	if _, ok := account.CleanName(c.Name); !ok || utf8.RuneCountInString(c.Name) > 120 {
		add("contact.name", "bad_name", "Tell the business your name.")
	}
	if c.Email == "" && c.Phone == "" && buyer.UserID == "" {
		add("contact.email", "no_contact", "Leave an e-mail address or a phone number.")
	}
	if _, ok := account.NormalizeEmail(c.Email); c.Email != "" && !ok {
		add("contact.email", "bad_email", "This is no e-mail address.")
	}
	if c.Phone != "" && !phoneLike(c.Phone) {
		add("contact.phone", "bad_phone", "This is no phone number.")
	}
	if !plain(strings.ReplaceAll(in.Note, "\n", " "), 500) {
		add("note", "bad_text", "Keep the note under 500 characters of plain text.")
	}
	if !plain(in.ClientToken, 200) {
		add("client_token", "bad_text", "The key is too long.")
	}
	if in.Fulfilment.Kind == Delivery {
		wrong = append(wrong, wrongAddress(in.Fulfilment.Address)...)
	}
	return wrong
}

func wrongAddress(a *directory.Address) []errs.Field {
	if a == nil || a.Street == "" || a.City == "" {
		return []errs.Field{{Name: "fulfilment.address", Code: "no_address", Message: "Where should it be delivered?"}}
	}
	for _, part := range []string{a.Street, a.HouseNumber, a.Unit, a.Postcode, a.District, a.City, a.Region, a.Country} {
		if !plain(part, 120) {
			return []errs.Field{{Name: "fulfilment.address", Code: "bad_text", Message: "Write the address in plain text."}}
		}
	}
	return nil
}

// plain reports whether text can be stored and shown as one line of at most
// limit characters.
func plain(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit && !strings.ContainsFunc(text, unicode.IsControl)
}

func phoneLike(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+ -/().", r):
			return false
		}
	}
	return digits >= 5 && digits <= 20
}

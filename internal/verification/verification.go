// Package verification decides which businesses may be listed: an owner
// applies, a verifier takes the case under a lease and decides, and every
// decision is kept with its reasons and what it was made on.
package verification

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
)

// Lease is how long a taken case is held without being renewed.
const Lease = 30 * time.Minute

// State is where a request is.
type State string

// The states. Waiting and InReview are open; a business has at most one open
// request.
const (
	Waiting   State = "waiting"
	InReview  State = "in_review"
	Approved  State = "approved"
	Asked     State = "asked"
	Rejected  State = "rejected"
	Withdrawn State = "withdrawn"
)

// Request is an owner's application to be listed.
type Request struct {
	ID          string
	BusinessID  string
	SubmittedBy string
	State       State
	Claim       Claim // what was claimed, frozen when it was submitted
	Policy      string
	SubmittedAt time.Time
	LeaseBy     string    // the verifier who holds it, "" for none
	LeaseUntil  time.Time // zero without a lease
	EndedAt     time.Time // zero while open
}

// Claim is what an owner says of a business at one moment.
type Claim struct {
	directory.Profile
	Slug string `json:"slug"`
	Zone string `json:"zone"`
}

// claimOf is what the business says of itself now.
func claimOf(b directory.Business) Claim {
	return Claim{Profile: b.Profile(), Slug: b.Slug, Zone: b.Zone}
}

func (c Claim) json() (string, error) {
	text, err := json.Marshal(c)
	return string(text), err
}

// Item is one line of the checklist an owner works off before submitting.
type Item struct {
	Field    string // as the profile's form names it
	Required bool
	Done     bool
}

// Checklist is what a business needs, and what would be good, before it can be
// verified, in the order of the form.
func Checklist(b directory.Business) []Item {
	a := b.Address
	return []Item{
		{"name", true, b.Name != ""},
		{"category", true, b.Category != ""},
		{"description", false, b.Description != ""},
		{"address.street", true, a.Street != ""},
		{"address.postcode", false, a.Postcode != ""},
		{"address.city", true, a.City != ""},
		{"address.country", true, a.Country != ""},
		{"lat", true, b.Located()},
		{"phone", true, b.Phone != ""},
		{"email", true, b.Email != ""},
		{"website", false, b.Website != ""},
		{"hours", true, b.Hours.Known()},
		{"photo", false, b.PhotoHash != ""},
		{"legal_name", true, b.LegalName != ""},
		{"register_number", false, b.RegisterNumber != ""},
		{"certified", true, b.CertifiedAt != nil},
	}
}

// Complete is the error that names every required line of the checklist that
// is not done; nil when a business can be looked at.
func Complete(b directory.Business) error {
	var fields []errs.Field
	for _, item := range Checklist(b) {
		if item.Required && !item.Done {
			fields = append(fields, errs.Field{Name: item.Field, Code: "required", Message: "This is needed before we can look at the business."})
		}
	}
	return errs.Fields(fields)
}

// Reason is a coded reason, about one field or about the whole.
type Reason struct {
	Field string `json:"field,omitempty"`
	Code  string `json:"code"`
}

// The public reason codes.
var (
	// AskCodes say what is wrong with a field.
	AskCodes = []string{"missing", "unclear", "wrong", "outdated", "not_allowed", "evidence"}
	// RejectCodes say why a business is not listed.
	RejectCodes = []string{"not_a_business", "no_public_place", "duplicate", "cannot_verify", "wrong_place", "prohibited", "impersonation", "fraud"}
	// finalCodes are reasons after which an owner cannot simply try again.
	finalCodes = []string{"impersonation", "fraud"}
)

// resubmitAfter is how long an owner waits after the first, second and every
// later rejection.
var resubmitAfter = []time.Duration{0, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// Kind is what was decided.
type Kind string

// The kinds of decisions. Suspensions and their ends were decisions before there
// were measures; old ones are kept.
const (
	KindApprove   Kind = "approve"
	KindAsk       Kind = "ask"
	KindReject    Kind = "reject"
	KindSuspend   Kind = "suspend"
	KindReinstate Kind = "reinstate"
)

// Decision is what was decided about a business. It never changes.
type Decision struct {
	ID         string
	BusinessID string
	RequestID  string // "" for an old suspension
	Kind       Kind
	By         account.Actor
	Policy     string
	Reasons    []Reason
	Words      string // to the owner
	Note       string // for verifiers only
	Seen       string // SHA-256, hex, of the claim decided on
	ReviewAt   time.Time
	At         time.Time
}

const maxWords = 2000 // characters of a text to the owner or of a note

// AskInput asks the owner to change fields.
type AskInput struct {
	Reasons []Reason `form:"-" json:"reasons"`
	Words   string   `form:"words" json:"words"`
}

// RejectInput says why a business is not listed.
type RejectInput struct {
	Codes []string `form:"codes" json:"codes"`
	Words string   `form:"words" json:"words"`
	Note  string   `form:"note" json:"note"`
}

func (in AskInput) check() ([]Reason, error) {
	var w []errs.Field
	if len(in.Reasons) == 0 {
		w = append(w, errs.Field{Name: "reasons", Code: "required", Message: "Name at least one field and what is wrong with it."})
	}
	known := Checklist(directory.Business{})
	for i, r := range in.Reasons {
		name := "reasons." + strconv.Itoa(i)
		if !slices.ContainsFunc(known, func(item Item) bool { return item.Field == r.Field }) {
			w = append(w, errs.Field{Name: name + ".field", Code: "unknown_field", Message: "There is no such field."})
		}
		if !slices.Contains(AskCodes, r.Code) {
			w = append(w, errs.Field{Name: name + ".code", Code: "unknown_code", Message: "There is no such reason."})
		}
	}
	checkWords(&w, "words", in.Words, false)
	return in.Reasons, errs.Fields(w)
}

func (in RejectInput) check() ([]Reason, error) {
	w, reasons := checkCodes(in.Codes, RejectCodes)
	checkWords(&w, "words", in.Words, true)
	checkWords(&w, "note", in.Note, false)
	return reasons, errs.Fields(w)
}

func checkCodes(codes, known []string) ([]errs.Field, []Reason) {
	if len(codes) == 0 {
		return []errs.Field{{Name: "codes", Code: "required", Message: "Choose at least one reason."}}, nil
	}
	var reasons []Reason
	for _, code := range codes {
		if !slices.Contains(known, code) {
			return []errs.Field{{Name: "codes", Code: "unknown_code", Message: "There is no such reason."}}, nil
		}
		reasons = append(reasons, Reason{Code: code})
	}
	return nil, reasons
}

func checkWords(w *[]errs.Field, field, s string, needed bool) {
	switch {
	case needed && strings.TrimSpace(s) == "":
		*w = append(*w, errs.Field{Name: field, Code: "required", Message: "Say it in your own words, too."})
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		*w = append(*w, errs.Field{Name: field, Code: "bad_text", Message: "This text holds characters that cannot be shown."})
	case utf8.RuneCountInString(s) > maxWords:
		*w = append(*w, errs.Field{Name: field, Code: "too_long", Message: "This text has at most 2,000 characters."})
	}
}

// final reports whether a decision bars another try.
func (d Decision) final() bool {
	return slices.ContainsFunc(d.Reasons, func(r Reason) bool { return slices.Contains(finalCodes, r.Code) })
}

// Package check proves things about businesses: that there is one at the
// address, and that whoever applies may speak for it. Each way to prove
// something is a Method; a policy says how many of which kind a business needs,
// and a check counts only while it has not run out and what it was about is
// still what the business says.
package check

import (
	"context"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/lifecycle"
)

// Name is a method's word in the policy, the database and the texts.
type Name string

// The methods.
const (
	SiteVisit      Name = "site_visit"
	Register       Name = "register"
	Licence        Name = "licence"
	Postcard       Name = "postcard"
	Domain         Name = "domain"
	DomainMail     Name = "domain_mail"
	PaymentAccount Name = "payment_account"
)

// Kind is who does the work of a method.
type Kind string

// The kinds.
const (
	Sent     Kind = "sent"     // a code goes to the business, and comes back typed
	Looked   Kind = "looked"   // the program looks by itself, when it is asked to
	Recorded Kind = "recorded" // a verifier says what he saw
)

// Method is one way to prove something about a business: a plug-in of the room.
type Method interface {
	// Name is its word, the same for ever.
	Name() Name
	// Kind is who does the work.
	Kind() Kind
	// Terms bound a check by this method.
	Terms() Terms
	// Subject is what a check is about, as the business has it now: its address,
	// its host. "" when there is nothing to check yet.
	Subject(b directory.Business) string
	// Open starts a check of kind Sent in the transaction that stores it: it sets
	// where the code goes and leaves a job or a row for whoever brings it there.
	// Errors: Invalid with the field "target".
	Open(ctx context.Context, c *Check, b directory.Business) error
	// Judge says whether the answer (kind Sent) or the world (kind Looked) proves
	// it. It runs outside any transaction and may ask other servers. An error is
	// only that nobody can say.
	Judge(ctx context.Context, c Check, b directory.Business, answer string) (Verdict, error)
}

// Terms bound the checks by a method.
type Terms struct {
	Life   time.Duration // of a code that was sent
	Tries  int           // to type it
	Most   int           // checks of one business begun, or looks taken, …
	Within time.Duration // … in this time
}

// Verdict is what a method found.
type Verdict struct {
	OK     bool
	Way    string // how it was found, where there are several: "dns", "file"
	Reason string // why not, a word
}

// State is where a check is.
type State string

// The states. Requested is open, Passed counts; the others are ends.
const (
	Requested State = "requested" // a code is on its way
	Passed    State = "passed"
	Failed    State = "failed"  // too many wrong answers, or nothing found
	Expired   State = "expired" // nobody answered in time
	Voided    State = "voided"  // a newer code replaced it
	Lapsed    State = "lapsed"  // it ran out, or a newer one counts instead
	Revoked   State = "revoked" // a verifier took it back
)

// Event moves a check.
type Event string

// The events.
const (
	EventBegin   Event = "begin"
	EventLook    Event = "look"
	EventRecord  Event = "record"
	EventPass    Event = "pass"
	EventFail    Event = "fail"
	EventRunOut  Event = "run_out"
	EventVoid    Event = "void"
	EventLapse   Event = "lapse"
	EventRevoke  Event = "revoke"
	EventMissing Event = "missing" // a look that found nothing
)

type move = lifecycle.Move[State, Event, account.Role]

// Life is the life of a check. The state "" is one that does not exist yet.
var Life = lifecycle.New("check",
	move{From: []State{""}, Event: EventBegin, By: []account.Role{account.Owner}, To: Requested},
	move{From: []State{""}, Event: EventLook, By: []account.Role{account.Owner, account.System}, To: Passed},
	move{From: []State{""}, Event: EventMissing, By: []account.Role{account.Owner, account.System}, To: Failed},
	move{From: []State{""}, Event: EventRecord, By: []account.Role{account.Verifier}, To: Passed},
	move{From: []State{Requested}, Event: EventPass, By: []account.Role{account.Owner}, To: Passed},
	move{From: []State{Requested}, Event: EventFail, By: []account.Role{account.Owner, account.System}, To: Failed},
	move{From: []State{Requested}, Event: EventRunOut, By: []account.Role{account.System}, To: Expired},
	move{From: []State{Requested}, Event: EventVoid, By: []account.Role{account.Owner, account.System}, To: Voided},
	move{From: []State{Passed}, Event: EventLapse, By: []account.Role{account.System}, To: Lapsed},
	move{From: []State{Passed}, Event: EventRevoke, By: []account.Role{account.Verifier}, To: Revoked},
)

// Check is one try to prove one thing by one method.
type Check struct {
	ID         string
	BusinessID string
	Method     Name
	State      State
	Subject    string // what it is about; see Method
	Target     string // where the code went, "" for nowhere
	Way        string
	Reason     string
	Note       string // a verifier's, for verifiers
	By         account.Actor
	Tries      int
	BegunAt    time.Time
	ExpiresAt  time.Time // of the code; zero without one
	PassedAt   time.Time // zero until it passed
	ValidUntil time.Time // zero until it passed
	PrintedAt  time.Time // of a postcard; zero until then
}

// Counts reports whether the check proves something of the business at a moment.
func (c Check) Counts(subject string, now time.Time) bool {
	return c.State == Passed && c.Subject == subject && subject != "" && now.Before(c.ValidUntil)
}

var (
	errUnknown  = errs.Fields([]errs.Field{{Name: "method", Code: "unknown_method", Message: "There is no such check."}})
	errNothing  = errs.New(errs.Conflict, "nothing_to_check", "The business does not say yet what this check is about. Complete the profile first.")
	errOften    = errs.New(errs.TooMany, "too_often", "This check was asked for too often. Please wait, or choose another one.")
	errNoCode   = errs.New(errs.Conflict, "no_open_check", "No code is open for this check. Please ask for a new one.")
	errTries    = errs.New(errs.Conflict, "out_of_tries", "The code was wrong too often and does not work any more. Please ask for a new one.")
	errNobody   = errs.New(errs.Unavailable, "cannot_look", "We could not look at the moment. Please try again later.")
	errCheck    = errs.Missing("check")
	errNotFound = errs.New(errs.Conflict, "not_proven", "We looked and did not find it.")
)

// wrongCode says that an answer is not the code, and how many tries are left.
func wrongCode(left int) error {
	e := errs.Of(errs.Fields([]errs.Field{{Name: "code", Code: "wrong_code", Message: "This is not the code. Please look again."}}))
	return e.With(map[string]any{"tries_left": left})
}

// Package proposal keeps changes of what a verifier has checked: an owner
// proposes, the public goes on seeing the old value, and a verifier who has
// nothing to do with the business decides.
package proposal

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/lifecycle"
)

// State is where a proposal is in its life.
type State string

// The states. Pending and InReview are open; a business has at most one open
// proposal.
const (
	Pending    State = "pending"
	InReview   State = "in_review"
	Approved   State = "approved"
	Declined   State = "declined"
	Withdrawn  State = "withdrawn"  // by the owner, or because the business is not listed any more
	Superseded State = "superseded" // the owner proposed something newer
)

// Event is what moves a proposal.
type Event string

// The events.
const (
	EventPropose   Event = "propose"
	EventTake      Event = "take"
	EventRelease   Event = "release"
	EventApprove   Event = "approve"
	EventDecline   Event = "decline"
	EventWithdraw  Event = "withdraw"
	EventSupersede Event = "supersede"
)

type move = lifecycle.Move[State, Event, account.Role]

// Life is the life cycle. The state "" is a proposal that does not exist yet.
var Life = lifecycle.New("change",
	move{From: []State{""}, Event: EventPropose, By: []account.Role{account.Owner}, To: Pending},
	move{From: []State{Pending}, Event: EventTake, By: []account.Role{account.Verifier}, To: InReview},
	move{From: []State{InReview}, Event: EventRelease, By: []account.Role{account.Verifier, account.System}, To: Pending},
	move{From: []State{InReview}, Event: EventApprove, By: []account.Role{account.Verifier}, To: Approved},
	move{From: []State{InReview}, Event: EventDecline, By: []account.Role{account.Verifier}, To: Declined},
	move{From: []State{Pending, InReview}, Event: EventWithdraw, By: []account.Role{account.Owner, account.System}, To: Withdrawn},
	move{From: []State{Pending, InReview}, Event: EventSupersede, By: []account.Role{account.Owner}, To: Superseded},
)

// Proposal is one wish to change what was checked.
type Proposal struct {
	ID          string
	BusinessID  string
	ProposedBy  string
	State       State
	Was         directory.Guarded // as the public saw it
	Wanted      directory.Guarded // the same fields as they are to be
	Policy      string
	SubmittedAt time.Time
	LeaseBy     string    // the verifier who holds it, "" for none
	LeaseUntil  time.Time // zero without a lease
	EndedAt     time.Time // zero while open
	DecidedBy   string    // the verifier who decided, "" for none
	Reasons     []string  // codes of DeclineCodes
	Words       string    // to the owner
	Note        string    // for verifiers only
}

// Open reports whether nobody has decided yet.
func (p Proposal) Open() bool { return p.State == Pending || p.State == InReview }

// Holder is who holds the proposal at this moment, "" for nobody.
func (p Proposal) Holder(now time.Time) string {
	if p.LeaseBy != "" && now.Before(p.LeaseUntil) {
		return p.LeaseBy
	}
	return ""
}

// DeclineCodes say why what was checked stays as it is.
var DeclineCodes = []string{"cannot_verify", "wrong_place", "another_business", "not_allowed", "impersonation", "fraud"}

// Decline says why a change is refused.
type Decline struct {
	Codes []string `form:"codes" json:"codes"`
	Words string   `form:"words" json:"words"` // to the owner
	Note  string   `form:"note" json:"note"`   // for verifiers
}

const maxWords = 2000 // characters

func (in *Decline) check() error {
	in.Words, in.Note = strings.TrimSpace(in.Words), strings.TrimSpace(in.Note)
	var w []errs.Field
	if len(in.Codes) == 0 {
		w = append(w, errs.Field{Name: "codes", Code: "required", Message: "Choose at least one reason."})
	}
	for _, code := range in.Codes {
		if !slices.Contains(DeclineCodes, code) {
			w = append(w, errs.Field{Name: "codes", Code: "unknown_code", Message: "There is no such reason."})
			break
		}
	}
	if in.Words == "" {
		w = append(w, errs.Field{Name: "words", Code: "required", Message: "Say it in your own words, too."})
	}
	checkText(&w, "words", in.Words)
	checkText(&w, "note", in.Note)
	return errs.Fields(w)
}

func checkText(w *[]errs.Field, field, s string) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		*w = append(*w, errs.Field{Name: field, Code: "bad_text", Message: "This text holds characters that cannot be shown."})
	case utf8.RuneCountInString(s) > maxWords:
		*w = append(*w, errs.Field{Name: field, Code: "too_long", Message: "This text has at most 2,000 characters."})
	}
}

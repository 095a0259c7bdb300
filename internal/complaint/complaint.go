// Package complaint looks at decisions a second time (DSA, art. 20): an owner
// against a refusal or a measure, a reporter against what came of a report. One
// thread, a deadline, and always another person than the first.
package complaint

import (
	"strings"
	"time"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/lifecycle"
)

// Subject is what a complaint is about.
type Subject string

// The subjects.
const (
	Rejection Subject = "rejection" // the id of a verification.Decision
	Measure   Subject = "measure"   // the id of a measure
	Notice    Subject = "notice"    // the id of a report
)

// State is where a complaint is in its life.
type State string

// The states.
const (
	Filed      State = "filed"
	Assigned   State = "assigned"
	Upheld     State = "upheld"     // the decision stands
	Overturned State = "overturned" // and is undone
)

// States are all of them.
var States = []State{Filed, Assigned, Upheld, Overturned}

// Event is what moves a complaint.
type Event string

// The events.
const (
	EventFile     Event = "file"
	EventTake     Event = "take"
	EventRelease  Event = "release"
	EventUphold   Event = "uphold"
	EventOverturn Event = "overturn"
)

type move = lifecycle.Move[State, Event, account.Role]

var judges = []account.Role{account.Verifier, account.Operator}

// Life is the life cycle of a complaint.
var Life = lifecycle.New("complaint",
	move{From: []State{""}, Event: EventFile, By: []account.Role{account.Owner, account.Public}, To: Filed},
	move{From: []State{Filed}, Event: EventTake, By: judges, To: Assigned},
	move{From: []State{Assigned}, Event: EventRelease, By: append([]account.Role{account.System}, judges...), To: Filed},
	move{From: []State{Assigned}, Event: EventUphold, By: judges, To: Upheld},
	move{From: []State{Assigned}, Event: EventOverturn, By: judges, To: Overturned},
)

const (
	// Lease is how long a taken complaint is held without being renewed.
	Lease = 30 * time.Minute
	// answerIn is how soon a complaint is to be decided.
	answerIn = 7 * 24 * time.Hour
	// months is how long after a decision somebody can complain about it.
	months  = 6
	maxText = 4000 // characters of a message
	minText = 10
	mostOf  = 200 // messages of one thread, complaints of one list
)

// Complaint is one complaint about one decision.
type Complaint struct {
	ID         string
	Subject    Subject
	SubjectID  string
	BusinessID string
	FiledBy    string // user id, "" for the reporter of a notice
	FirstBy    string // who took the decision complained about
	State      State
	DueAt      time.Time
	LeaseBy    string
	LeaseUntil time.Time
	DecidedBy  string
	Words      string // the reasons of the decision
	Policy     string
	FiledAt    time.Time
	DecidedAt  *time.Time
}

// Open reports whether it is not decided.
func (c Complaint) Open() bool { return c.State == Filed || c.State == Assigned }

// Holder is who has it under a lease that still runs, "" for nobody.
func (c Complaint) Holder(now time.Time) string {
	if c.State == Assigned && now.Before(c.LeaseUntil) {
		return c.LeaseBy
	}
	return ""
}

// forFiler is the complaint without the people behind the decision.
func (c Complaint) forFiler() Complaint {
	c.FirstBy, c.LeaseBy, c.DecidedBy = "", "", ""
	return c
}

// Message is one message of the thread.
type Message struct {
	Desk bool // else from whoever complains
	Text string
	At   time.Time
}

// Until is the last moment to complain about a decision of a moment.
func Until(decided time.Time) time.Time { return decided.AddDate(0, months, 0) }

func checkText(field, text string) error {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return errs.Fields([]errs.Field{{Name: field, Code: "bad_text", Message: "This text holds characters that cannot be shown."}})
	case n < minText:
		return errs.Fields([]errs.Field{{Name: field, Code: "too_short", Message: "Say it in a sentence."}})
	case n > maxText:
		return errs.Fields([]errs.Field{{Name: field, Code: "too_long", Message: "This text is too long."}})
	}
	return nil
}

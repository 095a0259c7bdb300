// Package measure takes something from a business, from a word of warning to
// its place in the directory, for a time and with a statement of reasons (DSA,
// art. 17). A measure is over at its end by itself: whoever looks sees it so.
package measure

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

// Kind is what a measure does.
type Kind string

// The kinds, the gentlest first.
const (
	Notice     Kind = "notice" // a warning, without an effect
	Lock       Kind = "lock"
	OrdersOff  Kind = "orders_off"
	Hidden     Kind = "hidden"
	Suspended  Kind = "suspended"
	Terminated Kind = "terminated"
)

// Kinds are all of them.
var Kinds = []Kind{Notice, Lock, OrdersOff, Hidden, Suspended, Terminated}

// State is where a measure is in its life.
type State string

// The states.
const (
	InForce    State = "in_force"
	Ended      State = "ended"      // its time was over
	Lifted     State = "lifted"     // taken off before
	Overturned State = "overturned" // it should not have been
)

// States are all of them.
var States = []State{InForce, Ended, Lifted, Overturned}

// Event is what moves a measure.
type Event string

// The events.
const (
	EventImpose   Event = "impose"
	EventEnd      Event = "end"
	EventLift     Event = "lift"
	EventOverturn Event = "overturn"
)

type move = lifecycle.Move[State, Event, account.Role]

var judges = []account.Role{account.Verifier, account.Operator}

// Life is the life cycle of a measure. What is over can still turn out to have
// been wrong.
var Life = lifecycle.New("measure",
	move{From: []State{""}, Event: EventImpose, By: judges, To: InForce},
	move{From: []State{InForce}, Event: EventEnd, By: []account.Role{account.System}, To: Ended},
	move{From: []State{InForce}, Event: EventLift, By: judges, To: Lifted},
	move{From: []State{InForce, Ended, Lifted}, Event: EventOverturn, By: judges, To: Overturned},
)

// Grounds are what a rule stands in.
var Grounds = []string{"law", "terms"}

// Detections are how what was wrong came to be known.
var Detections = []string{"notice", "review", "automated"}

// Codes are the coded reasons.
var Codes = []string{"closed_down", "wrong_place", "prohibited", "misleading", "complaints", "payment_risk", "legal_order", "impersonation", "fraud"}

// Measure is one measure with its statement of reasons.
type Measure struct {
	ID         string
	BusinessID string
	NoticeID   string // of the report that led to it, "" for none
	Kind       Kind
	Fields     []string // of a lock, as directory.LockableFields
	Codes      []string
	Facts      string // in words, to the owners
	Ground     string // law or terms
	Rule       string // which law, or which of the terms; "carried over" of an old suspension
	Detected   string // notice, review, automated; unknown of an old suspension
	Policy     string
	By         account.Actor
	StartsAt   time.Time
	EndsAt     *time.Time // nil: no end
	State      State      // as written down; see StateAt
	ClosedAt   *time.Time
	ClosedBy   string // user id, "" for its own end
	Words      string // why it was lifted or overturned, to the owners
	Version    int64
}

// StateAt is the state at a moment: a measure whose time is over has ended,
// whether or not that was written down.
func (m Measure) StateAt(now time.Time) State {
	if m.State == InForce && m.EndsAt != nil && !now.Before(*m.EndsAt) {
		return Ended
	}
	return m.State
}

// appealMonths is how long after its beginning a measure can be appealed
// against (DSA, art. 20: at least six months).
const appealMonths = 6

// AppealUntil is the last moment for an appeal.
func (m Measure) AppealUntil() time.Time { return m.StartsAt.AddDate(0, appealMonths, 0) }

// effect is what the measure does to the business; false for a warning.
func (m Measure) effect() (directory.Restriction, bool) {
	r := directory.Restriction{Measure: m.ID, Kind: directory.RestrictionKind(m.Kind), Fields: m.Fields}
	if m.EndsAt != nil {
		r.Until = *m.EndsAt
	}
	return r, m.Kind != Notice
}

// stopsSales reports whether unpaid orders must be stopped.
func (k Kind) stopsSales() bool { return k == OrdersOff || k == Suspended || k == Terminated }

// Input is what a measure is made of.
type Input struct {
	Kind     Kind      `json:"kind"`
	Fields   []string  `json:"fields"`
	Codes    []string  `json:"codes"`
	Facts    string    `json:"facts"`
	Ground   string    `json:"ground"`
	Rule     string    `json:"rule"`
	Detected string    `json:"detected"`
	EndsAt   time.Time `json:"ends_at"` // zero for a termination
	NoticeID string    `json:"-"`
}

const (
	maxFacts = 2000
	maxRule  = 200
	// longest bounds a measure: whoever wants it to go on looks again after a
	// year.
	longest = 366 * 24 * time.Hour
)

func (in Input) check(now time.Time) error {
	var w []errs.Field
	add := func(name, code, message string) {
		w = append(w, errs.Field{Name: name, Code: code, Message: message})
	}
	if !slices.Contains(Kinds, in.Kind) {
		add("kind", "required", "Choose a measure.")
	}
	checkFields(add, in)
	if len(in.Codes) == 0 {
		add("codes", "required", "Choose at least one reason.")
	} else if slices.ContainsFunc(in.Codes, func(code string) bool { return !slices.Contains(Codes, code) }) {
		add("codes", "unknown_code", "There is no such reason.")
	}
	checkWords(add, "facts", in.Facts, maxFacts)
	if !slices.Contains(Grounds, in.Ground) {
		add("ground", "required", "Say whether a law or the terms were broken.")
	}
	checkWords(add, "rule", in.Rule, maxRule)
	if !slices.Contains(Detections, in.Detected) {
		add("detected", "required", "Say how it came to be known.")
	}
	switch {
	case in.Kind == Terminated && !in.EndsAt.IsZero():
		add("ends_at", "no_end", "A termination has no end.")
	case in.Kind != Terminated && !in.EndsAt.After(now):
		add("ends_at", "required", "Say when this ends. It must lie ahead.")
	case in.EndsAt.After(now.Add(longest)):
		add("ends_at", "out_of_range", "A measure ends within a year.")
	}
	return errs.Fields(w)
}

func checkFields(add func(name, code, message string), in Input) {
	switch {
	case in.Kind == Lock && len(in.Fields) == 0:
		add("fields", "required", "Choose what is locked.")
	case in.Kind != Lock && len(in.Fields) > 0:
		add("fields", "not_of_this", "Only a lock is about fields.")
	case slices.ContainsFunc(in.Fields, func(f string) bool { return !slices.Contains(directory.LockableFields, f) }):
		add("fields", "unknown_field", "There is no such field.")
	}
}

func checkWords(add func(name, code, message string), field, s string, most int) {
	switch {
	case strings.TrimSpace(s) == "":
		add(field, "required", "Say it in your own words, too.")
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		add(field, "bad_text", "This text holds characters that cannot be shown.")
	case utf8.RuneCountInString(s) > most:
		add(field, "too_long", "This text is too long.")
	}
}

// Package directory keeps the businesses: who they are, where, when open, and
// in which state of their life cycle. It feeds the in-memory nearby index,
// which follows every committed change before the change returns.
package directory

import (
	"time"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/lifecycle"
)

// Address is where a business says it is. Country is an ISO 3166-1 code of two
// capital letters.
type Address struct {
	Street      string `form:"street" json:"street"`
	HouseNumber string `form:"house_number" json:"house_number"`
	Unit        string `form:"unit" json:"unit"`
	Postcode    string `form:"postcode" json:"postcode"`
	District    string `form:"district" json:"district"`
	City        string `form:"city" json:"city"`
	Region      string `form:"region" json:"region"`
	Country     string `form:"country" json:"country"`
}

// Business is one place that can be listed, with its location.
type Business struct {
	ID          string
	Slug        string
	OwnerID     string // "" while nobody has claimed it
	Name        string
	Category    string // slug in the category tree
	Description string
	Phone       string // E.164
	Email       string
	Website     string
	Attributes  []string // words such as "wheelchair", sorted

	// Who the shopper deals with, as the law wants it shown.
	LegalName      string
	RegisterNumber string
	CertifiedAt    *time.Time // when the owner certified to sell only what is lawful

	State       State
	stateBefore string // states to return to, the last one last

	Restrictions []Restriction // of measures in force, in the order they came

	Address   Address
	Point     geo.Point
	Cell      geo.Cell  // resolution 15; 0 without a pin
	checked   geo.Point // the pin as last submitted or imported as verified
	Zone      string    // IANA name, found from the pin
	Hours     hours.Schedule
	HoursText string // as typed or imported
	Further   FurtherHours

	// How it sells. Amounts are in minor units of Currency.
	Currency        string
	Pickup          bool
	Delivery        bool
	PayAtPickup     bool
	AcceptFirst     bool      // orders wait for a yes before they are charged
	Paused          bool      // no new orders for now; see PausedAt
	PausedUntil     time.Time // zero: until somebody says otherwise
	PrepMinutes     int
	DeliveryRadiusM int
	DeliveryFee     int64
	DeliveryMinimum int64

	PhotoHash   string
	Source      string   // where an imported row came from, "" for none
	SourceID    string   // its id there
	OwnerFields []string // what an owner entered, and an import must leave alone

	// When these last became something else in public, nil for never.
	NameChangedAt     *time.Time
	CategoryChangedAt *time.Time
	AddressChangedAt  *time.Time
	WebsiteChangedAt  *time.Time

	VerifiedAt *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Version    int64
}

// Located reports whether the business has a pin.
func (b Business) Located() bool { return b.Cell != 0 }

// Listed reports whether the public may see the business.
func (b Business) Listed() bool { return b.State.Listed() && b.Located() }

// seen reports whether any process shows the business: some show unclaimed ones.
func (b Business) seen() bool { return b.Listed() || b.State == Unclaimed && b.Located() }

// Orderable reports whether the business takes orders at an instant as far as
// this room knows: it is listed, not limited by a check or a measure, not paused,
// and hands over somehow.
func (b Business) Orderable(now time.Time) bool {
	return b.Listed() && b.State != Limited && !b.Restricted(RestrictOrders) && !b.PausedAt(now) && (b.Pickup || b.Delivery)
}

// State is where a business is in its life.
type State string

// The states.
const (
	Unclaimed        State = "unclaimed"
	Draft            State = "draft"
	Submitted        State = "submitted"
	InReview         State = "in_review"
	ChangesRequested State = "changes_requested"
	Verified         State = "verified"
	VerifiedDue      State = "verified_due" // a check ran out; still listed
	Rejected         State = "rejected"
	Limited          State = "limited" // listed, takes no orders
	Suspended        State = "suspended"
	Terminated       State = "terminated"
	Withdrawn        State = "withdrawn"
)

// States are all of them.
var States = []State{
	Unclaimed, Draft, Submitted, InReview, ChangesRequested, Verified,
	VerifiedDue, Rejected, Limited, Suspended, Terminated, Withdrawn,
}

// Listed reports whether businesses in this state are public.
func (s State) Listed() bool { return s == Verified || s == VerifiedDue || s == Limited }

// editable reports whether the owner may edit everything in this state. In the
// others what a verifier looks at, or looked at, stands still.
func (s State) editable() bool {
	return s == Unclaimed || s == Draft || s == ChangesRequested || s == Withdrawn || s == Rejected
}

// Event is what moves a business from state to state.
type Event string

// The events.
const (
	EventImport         Event = "import"
	EventImportVerified Event = "import_verified"
	EventCreate         Event = "create"
	EventClaim          Event = "claim"
	EventSubmit         Event = "submit"
	EventWithdraw       Event = "withdraw"
	EventTake           Event = "take"
	EventRelease        Event = "release"
	EventAsk            Event = "ask"
	EventNoAnswer       Event = "no_answer"
	EventApprove        Event = "approve"
	EventReject         Event = "reject"
	EventResubmit       Event = "resubmit"
	EventOverturn       Event = "overturn"
	EventCheckExpired   Event = "check_expired"
	EventRecheckPassed  Event = "recheck_passed"
	EventGraceOver      Event = "grace_over"
	EventLift           Event = "lift"
	EventSuspend        Event = "suspend"
	EventReinstate      Event = "reinstate"
	EventTerminate      Event = "terminate"
	EventClose          Event = "close"
	EventReopen         Event = "reopen"
)

type move = lifecycle.Move[State, Event, account.Role]

// Life is the life cycle. The state "" is a business that does not exist yet.
// Lift and Reinstate lead back to the state before; the table names the one
// that holds when none is known.
var Life = lifecycle.New("business",
	move{From: []State{""}, Event: EventImport, By: []account.Role{account.Operator, account.System}, To: Unclaimed},
	move{From: []State{"", Unclaimed}, Event: EventImportVerified, By: []account.Role{account.Operator, account.System}, To: Verified},
	move{From: []State{""}, Event: EventCreate, By: []account.Role{account.Shopper, account.Owner}, To: Draft},
	move{From: []State{Unclaimed}, Event: EventClaim, By: []account.Role{account.Owner}, To: Draft},
	move{From: []State{Draft, ChangesRequested}, Event: EventSubmit, By: []account.Role{account.Owner}, To: Submitted},
	move{From: []State{Submitted}, Event: EventWithdraw, By: []account.Role{account.Owner}, To: Draft},
	move{From: []State{Submitted}, Event: EventTake, By: []account.Role{account.Verifier}, To: InReview},
	move{From: []State{InReview}, Event: EventRelease, By: []account.Role{account.Verifier, account.System}, To: Submitted},
	move{From: []State{InReview}, Event: EventAsk, By: []account.Role{account.Verifier}, To: ChangesRequested},
	move{From: []State{ChangesRequested}, Event: EventNoAnswer, By: []account.Role{account.System}, To: Withdrawn},
	move{From: []State{InReview}, Event: EventApprove, By: []account.Role{account.Verifier}, To: Verified},
	move{From: []State{InReview}, Event: EventReject, By: []account.Role{account.Verifier}, To: Rejected},
	move{From: []State{Rejected}, Event: EventResubmit, By: []account.Role{account.Owner}, To: Draft},
	move{From: []State{Rejected}, Event: EventOverturn, By: []account.Role{account.Verifier, account.Operator}, To: Submitted},
	move{From: []State{Verified}, Event: EventCheckExpired, By: []account.Role{account.System}, To: VerifiedDue},
	move{From: []State{VerifiedDue}, Event: EventRecheckPassed, By: []account.Role{account.Verifier, account.System}, To: Verified},
	move{From: []State{VerifiedDue}, Event: EventGraceOver, By: []account.Role{account.System}, To: Limited},
	move{From: []State{Limited}, Event: EventLift, By: []account.Role{account.Verifier, account.System}, To: Verified},
	move{From: []State{Verified, VerifiedDue, Limited}, Event: EventSuspend, By: []account.Role{account.Verifier, account.Operator, account.System}, To: Suspended},
	move{From: []State{Suspended, Terminated}, Event: EventReinstate, By: []account.Role{account.Verifier, account.Operator, account.System}, To: Verified},
	move{From: []State{Suspended}, Event: EventTerminate, By: []account.Role{account.Verifier, account.Operator}, To: Terminated},
	move{
		From:  []State{Unclaimed, Draft, Submitted, InReview, ChangesRequested, Verified, VerifiedDue, Rejected, Limited, Suspended},
		Event: EventClose, By: []account.Role{account.Owner}, To: Withdrawn,
	},
	move{From: []State{Withdrawn}, Event: EventReopen, By: []account.Role{account.Owner}, To: Draft},
)

// Move applies an event caused by a role. Errors: Conflict "not_allowed" with
// what is possible instead, Forbidden "wrong_role".
func (b *Business) Move(event Event, by account.Role, now time.Time) error {
	to, err := Life.Next(b.State, event, by)
	if err != nil {
		return err
	}
	if event == EventSubmit || event == EventImportVerified {
		b.checked = b.Point
	}
	switch event {
	case EventGraceOver, EventSuspend:
		b.stateBefore = push(b.stateBefore, b.State)
	case EventLift, EventReinstate:
		var before State
		if b.stateBefore, before = pop(b.stateBefore); before != "" {
			to = before
		}
	case EventApprove, EventImportVerified, EventRecheckPassed:
		b.VerifiedAt = &now
	case EventClose:
		b.stateBefore = ""
	}
	b.State = b.relapse(to)
	return nil
}

// Created is a business without a state that event brings to life.
func created(event Event, by account.Role, now time.Time) (Business, error) {
	b := Business{CreatedAt: now, UpdatedAt: now, Version: 1}
	return b, b.Move(event, by, now)
}

// errMissing is the answer for a business that is not there, not public or not
// the actor's.
var errMissing = errs.Missing("business")

// Package payout keeps a business's own account at the payment provider: its
// onboarding, whether it can take cards now, and what the provider still asks
// for. The provider's word, read from it, is the only thing that moves it.
package payout

import (
	"strings"
	"time"

	"nearby/internal/lifecycle"
	"nearby/internal/payment"
)

// State is where a payout account is.
type State string

// The states. None stands for a business that never began.
const (
	None         State = "none"
	Creating     State = "creating"     // row written, account not known yet
	Onboarding   State = "onboarding"   // the owner has not finished the forms
	Pending      State = "pending"      // the provider is looking at them
	Active       State = "active"       // cards are taken
	Restricted   State = "restricted"   // cards are taken, something is due
	Disabled     State = "disabled"     // cards are not taken any more
	Disconnected State = "disconnected" // the account left us; final
)

// Event is what reading the account shows.
type Event string

// The events.
const (
	Opened     Event = "opened"
	Unfinished Event = "unfinished"
	Submitted  Event = "submitted"
	Enabled    Event = "enabled"
	Due        Event = "due"
	Stopped    Event = "stopped"
	Left       Event = "left"
)

type role string

const system role = "system"

var known = []State{Onboarding, Pending, Active, Restricted, Disabled}

// life is the state table. Nobody but the provider's word moves it.
var life = lifecycle.New("payout account",
	lifecycle.Move[State, Event, role]{From: []State{Creating}, Event: Opened, By: []role{system}, To: Onboarding},
	lifecycle.Move[State, Event, role]{From: known, Event: Unfinished, By: []role{system}, To: Onboarding},
	lifecycle.Move[State, Event, role]{From: known, Event: Submitted, By: []role{system}, To: Pending},
	lifecycle.Move[State, Event, role]{From: known, Event: Enabled, By: []role{system}, To: Active},
	lifecycle.Move[State, Event, role]{From: known, Event: Due, By: []role{system}, To: Restricted},
	lifecycle.Move[State, Event, role]{From: known, Event: Stopped, By: []role{system}, To: Disabled},
	lifecycle.Move[State, Event, role]{From: append([]State{Creating}, known...), Event: Left, By: []role{system}, To: Disconnected},
)

// Sells reports whether cards are taken in this state.
func (s State) Sells() bool { return s == Active || s == Restricted }

// judge says what an account that was read means for one in the given state.
func judge(was State, a payment.Account) Event {
	switch {
	case !a.DetailsSubmitted:
		return Unfinished
	case a.ChargesEnabled && a.CardPayments == payment.CapabilityActive:
		if len(a.CurrentlyDue)+len(a.PastDue) > 0 {
			return Due
		}
		return Enabled
	case was.Sells() || was == Disabled || strings.HasPrefix(a.DisabledReason, "rejected"):
		return Stopped
	}
	return Submitted
}

// Status is what a business's payout page shows.
type Status struct {
	State          State
	ChargesEnabled bool
	PayoutsEnabled bool
	CurrentlyDue   []string // names of the provider's requirements
	PastDue        []string
	DisabledReason string
	Deadline       *time.Time
	Currency       string // the account's own, upper case
	SyncedAt       *time.Time
}

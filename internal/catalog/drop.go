package catalog

import (
	"time"

	"nearby/internal/account"
	"nearby/internal/lifecycle"
)

// Drop is a limited sale of one variant: so many pieces in all and for each
// buyer, from a fixed moment on. Its caps count when pieces are held, not when
// they are paid. While a drop is not closed the variant is sold by it alone.
type Drop struct {
	ID         string
	BusinessID string
	StockID    string // the row whose lock also guards the drop
	Cap        int64  // pieces in all
	PerBuyer   int64  // pieces for each buyer
	Taken      int64  // held or sold
	Sold       int64  // of placed orders
	StartsAt   time.Time
	EndsAt     *time.Time // nil: until it is sold out or closed
	AtPickup   bool       // may be paid when it is collected, if the business takes that
	State      DropState

	FirstSoldAt *time.Time
	GoneAt      *time.Time // when the last piece was taken; nil while one is left
}

// Left is how many pieces of the drop nobody holds.
func (d Drop) Left() int64 { return d.Cap - d.Taken }

// DropState is what is stored of where a drop is. What shoppers may do follows
// from Phase, which knows the time.
type DropState string

// The states of a drop.
const (
	DropPlanned DropState = "planned"  // nobody has taken anything
	DropOpen    DropState = "open"     // some pieces are taken
	DropSoldOut DropState = "sold_out" // all are taken
	DropClosed  DropState = "closed"   // the variant is sold like any other
)

// DropEvent is what moves a drop.
type DropEvent string

// The events of a drop.
const (
	DropPlan   DropEvent = "plan"
	DropTake   DropEvent = "take"   // pieces went
	DropEmpty  DropEvent = "empty"  // the last piece went
	DropReturn DropEvent = "return" // pieces came back
	DropClose  DropEvent = "close"
)

type dropMove = lifecycle.Move[DropState, DropEvent, account.Role]

var bySystem = []account.Role{account.System}

// DropLife is the life of a drop.
var DropLife = lifecycle.New("drop",
	dropMove{From: []DropState{""}, Event: DropPlan, By: keepers, To: DropPlanned},
	dropMove{From: []DropState{DropPlanned, DropOpen}, Event: DropTake, By: bySystem, To: DropOpen},
	dropMove{From: []DropState{DropPlanned, DropOpen}, Event: DropEmpty, By: bySystem, To: DropSoldOut},
	dropMove{From: []DropState{DropOpen, DropSoldOut}, Event: DropReturn, By: bySystem, To: DropOpen},
	dropMove{From: []DropState{DropPlanned, DropOpen, DropSoldOut}, Event: DropClose, By: keepers, To: DropClosed},
	dropMove{From: []DropState{DropClosed}, Event: DropTake, By: bySystem, To: DropClosed}, // a payment that came late
	dropMove{From: []DropState{DropClosed}, Event: DropEmpty, By: bySystem, To: DropClosed},
	dropMove{From: []DropState{DropClosed}, Event: DropReturn, By: bySystem, To: DropClosed},
)

// Phase is what a drop means to shoppers at a moment.
type Phase string

// The phases.
const (
	DropAhead   Phase = "ahead"    // it has not begun
	DropRunning Phase = "running"  // there are pieces to take
	DropHeld    Phase = "held"     // every piece is taken and not every one is paid: some may come back
	DropGone    Phase = "sold_out" // every piece is sold
	DropOver    Phase = "over"     // its time has passed
)

// Phase is the drop's at a moment.
func (d Drop) Phase(now time.Time) Phase {
	switch {
	case d.Sold == d.Cap:
		return DropGone
	case d.State == DropClosed, d.EndsAt != nil && !now.Before(*d.EndsAt):
		return DropOver
	case now.Before(d.StartsAt):
		return DropAhead
	case d.Taken == d.Cap:
		return DropHeld
	}
	return DropRunning
}

// GoneAfter is how long it took from the beginning until the last piece was
// taken; false until every piece is sold.
func (d Drop) GoneAfter() (time.Duration, bool) {
	if d.Sold != d.Cap || d.GoneAt == nil {
		return 0, false
	}
	return d.GoneAt.Sub(d.StartsAt), true
}

// sellable is how many of the available pieces can be sold by the drop in a
// phase of it.
func (d Drop) sellable(available int64, in Phase) int64 {
	if in != DropRunning {
		return 0
	}
	return min(available, d.Left())
}

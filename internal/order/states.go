package order

import (
	"nearby/internal/account"
	"nearby/internal/lifecycle"
)

// State is where an order is in its life.
type State string

// The states.
const (
	PendingPayment State = "pending_payment"
	Expiring       State = "expiring" // the payment page is being closed
	Expired        State = "expired"
	Cancelled      State = "cancelled"
	Review         State = "review" // what was paid is not what was asked for
	Placed         State = "placed"
	Accepted       State = "accepted"
	Declined       State = "declined"
	Preparing      State = "preparing"
	Ready          State = "ready"
	OutForDelivery State = "out_for_delivery"
	DeliveryFailed State = "delivery_failed"
	Completed      State = "completed"
	NoShow         State = "no_show"
	Closed         State = "closed"
)

// States are all of them.
var States = []State{
	PendingPayment, Expiring, Expired, Cancelled, Review, Placed, Accepted, Declined, Preparing, Ready,
	OutForDelivery, DeliveryFailed, Completed, NoShow, Closed,
}

// Event is what moves an order.
type Event string

// The events. Settle is the provider's word that the money is there.
const (
	PlaceCard     Event = "place_card"
	PlaceCounter  Event = "place_counter"
	PlaceFree     Event = "place_free"
	Settle        Event = "settle"
	SettleAccept  Event = "settle_accept"  // and the business accepts by rule
	Stop          Event = "stop"           // close the payment page
	Expire        Event = "expire"         // it closed unpaid, time was up
	Abandon       Event = "abandon"        // it closed unpaid, somebody had asked
	SettleStopped Event = "settle_stopped" // paid although somebody had asked: it goes back
	Differ        Event = "differ"
	Clear         Event = "clear"
	Refuse        Event = "refuse"
	Accept        Event = "accept"
	Decline       Event = "decline"
	TimeOut       Event = "time_out"
	Cancel        Event = "cancel"
	Start         Event = "start"
	MakeReady     Event = "ready"
	Dispatch      Event = "dispatch"
	HandOver      Event = "hand_over"
	Deliver       Event = "deliver"
	FailDelivery  Event = "fail_delivery"
	Redeliver     Event = "redeliver"
	MissPickup    Event = "no_show"
	Extend        Event = "extend"
	TakeOff       Event = "take_off" // pieces of it cannot be had
	Close         Event = "close"
)

// Events are all of them.
var Events = []Event{
	PlaceCard, PlaceCounter, PlaceFree, Settle, SettleAccept, Stop, Expire, Abandon, SettleStopped, Differ, Clear, Refuse, Accept, Decline,
	TimeOut, Cancel, Start, MakeReady, Dispatch, HandOver, Deliver, FailDelivery, Redeliver, MissPickup, Extend, TakeOff, Close,
}

type roles = []account.Role

type orderMove = lifecycle.Move[State, Event, account.Role]

var (
	bySystem  = roles{account.System}
	byShopper = roles{account.Shopper}
	byHouse   = roles{account.Owner, account.Staff}
)

// Life is the life of an order.
var Life = lifecycle.New("order",
	orderMove{From: []State{""}, Event: PlaceCard, By: byShopper, To: PendingPayment},
	orderMove{From: []State{""}, Event: PlaceCounter, By: byShopper, To: Placed},
	orderMove{From: []State{""}, Event: PlaceFree, By: byShopper, To: Placed},
	orderMove{From: []State{PendingPayment, Expiring, Expired}, Event: Settle, By: bySystem, To: Placed},
	orderMove{From: []State{PendingPayment, Expiring, Expired}, Event: SettleAccept, By: bySystem, To: Accepted},
	orderMove{From: []State{PendingPayment}, Event: Stop, By: roles{account.Shopper, account.Operator, account.System}, To: Expiring},
	orderMove{From: []State{PendingPayment, Expiring}, Event: Expire, By: bySystem, To: Expired},
	orderMove{From: []State{PendingPayment, Expiring}, Event: Abandon, By: bySystem, To: Cancelled},
	orderMove{From: []State{Expiring}, Event: SettleStopped, By: bySystem, To: Cancelled},
	orderMove{From: []State{PendingPayment, Expiring}, Event: Differ, By: bySystem, To: Review},
	orderMove{From: []State{Review}, Event: Clear, By: roles{account.Operator}, To: Placed},
	orderMove{From: []State{Review}, Event: Refuse, By: roles{account.Operator}, To: Cancelled},
	orderMove{From: []State{Placed}, Event: Accept, By: roles{account.Owner, account.Staff, account.System}, To: Accepted},
	orderMove{From: []State{Placed}, Event: Decline, By: byHouse, To: Declined},
	orderMove{From: []State{Placed}, Event: TimeOut, By: bySystem, To: Declined},
	orderMove{From: []State{Placed}, Event: Cancel, By: roles{account.Shopper, account.Operator, account.System}, To: Cancelled},
	orderMove{
		From: []State{Accepted, Preparing, Ready, OutForDelivery, DeliveryFailed, NoShow}, Event: Cancel,
		By: roles{account.Owner, account.Staff, account.Operator, account.System}, To: Cancelled,
	},
	orderMove{From: []State{Accepted}, Event: TakeOff, By: byHouse, To: Accepted},
	orderMove{From: []State{Preparing}, Event: TakeOff, By: byHouse, To: Preparing},
	orderMove{From: []State{Ready}, Event: TakeOff, By: byHouse, To: Ready},
	orderMove{From: []State{Accepted}, Event: Start, By: byHouse, To: Preparing},
	orderMove{From: []State{Accepted, Preparing}, Event: MakeReady, By: byHouse, To: Ready},
	orderMove{From: []State{Accepted, Preparing}, Event: Dispatch, By: byHouse, To: OutForDelivery},
	orderMove{From: []State{Ready}, Event: HandOver, By: byHouse, To: Completed},
	orderMove{From: []State{OutForDelivery}, Event: Deliver, By: byHouse, To: Completed},
	orderMove{From: []State{OutForDelivery}, Event: FailDelivery, By: byHouse, To: DeliveryFailed},
	orderMove{From: []State{DeliveryFailed}, Event: Redeliver, By: byHouse, To: OutForDelivery},
	orderMove{From: []State{Ready}, Event: MissPickup, By: roles{account.Owner, account.Staff, account.System}, To: NoShow},
	orderMove{From: []State{NoShow}, Event: Extend, By: byHouse, To: Ready},
	orderMove{From: []State{Completed}, Event: Close, By: bySystem, To: Closed},
)

// PayState is where one attempt to pay is.
type PayState string

// The states of a payment.
const (
	Creating   PayState = "creating" // the page is being made
	Payable    PayState = "open"     // the shopper can pay on it
	Processing PayState = "processing"
	Authorized PayState = "authorized"
	Capturing  PayState = "capturing"
	Voiding    PayState = "voiding"
	Paid       PayState = "paid"
	Failed     PayState = "failed"
	PayExpired PayState = "expired"
	Voided     PayState = "voided"
	Lapsed     PayState = "lapsed"
	Lost       PayState = "lost" // the account cannot be asked any more
	Late       PayState = "late" // paid too late; it goes back
	InReview   PayState = "review"
	Due        PayState = "due" // to be collected at the counter
	Collected  PayState = "collected"
	Waived     PayState = "waived"
)

// PayStates are all of them.
var PayStates = []PayState{
	Creating, Payable, Processing, Authorized, Capturing, Voiding, Paid, Failed, PayExpired, Voided, Lapsed, Lost, Late,
	InReview, Due, Collected, Waived,
}

// live reports whether the attempt can still bring money or has: an order has
// at most one such payment.
func (s PayState) live() bool {
	switch s {
	case PayExpired, Failed, Voided, Lapsed, Waived, Lost, Late:
		return false
	}
	return true
}

// PayEvent is what moves a payment.
type PayEvent string

// The events of a payment, all of them by reading the provider's object unless
// said otherwise.
const (
	PayBegin     PayEvent = "begin"   // by placing
	PayOwe       PayEvent = "owe"     // by placing for the counter
	PayFound     PayEvent = "found"   // its page exists
	PayRefused   PayEvent = "refused" // its page does not and never will
	PaySucceeded PayEvent = "succeeded"
	PayHeld      PayEvent = "held" // authorised, not captured
	PayWaits     PayEvent = "waits"
	PayFails     PayEvent = "fails"
	PayCloses    PayEvent = "closes" // its page expired
	PayDiffers   PayEvent = "differs"
	PayCapture   PayEvent = "capture" // by accepting
	PayVoid      PayEvent = "void"    // by declining
	PayReleased  PayEvent = "released"
	PayLapses    PayEvent = "lapses"
	PayTooLate   PayEvent = "too_late" // succeeded, and there is nothing to sell any more
	PayLoses     PayEvent = "loses"
	PayCollect   PayEvent = "collect" // by staff
	PayWaive     PayEvent = "waive"   // by no-show, decline, cancel
)

// PayEvents are all of them.
var PayEvents = []PayEvent{
	PayBegin, PayOwe, PayFound, PayRefused, PaySucceeded, PayHeld, PayWaits, PayFails, PayCloses, PayDiffers, PayCapture, PayVoid,
	PayReleased, PayLapses, PayTooLate, PayLoses, PayCollect, PayWaive,
}

type payMove = lifecycle.Move[PayState, PayEvent, account.Role]

// PayLife is the life of a payment. A payment that stands as paid, late or
// collected is never left.
var PayLife = lifecycle.New("payment",
	payMove{From: []PayState{""}, Event: PayBegin, By: bySystem, To: Creating},
	payMove{From: []PayState{""}, Event: PayOwe, By: bySystem, To: Due},
	payMove{From: []PayState{Creating}, Event: PayFound, By: bySystem, To: Payable},
	payMove{From: []PayState{Creating}, Event: PayRefused, By: bySystem, To: Failed},
	payMove{From: []PayState{Payable, Processing, Authorized, Capturing, Voiding, PayExpired, Failed, Lost, InReview}, Event: PaySucceeded, By: bySystem, To: Paid},
	payMove{From: []PayState{Payable}, Event: PayHeld, By: bySystem, To: Authorized},
	payMove{From: []PayState{Payable}, Event: PayWaits, By: bySystem, To: Processing},
	payMove{From: []PayState{Payable, Processing}, Event: PayFails, By: bySystem, To: Failed},
	payMove{From: []PayState{Payable}, Event: PayCloses, By: bySystem, To: PayExpired},
	payMove{From: []PayState{Payable, Processing, Authorized}, Event: PayDiffers, By: bySystem, To: InReview},
	payMove{From: []PayState{Authorized}, Event: PayCapture, By: bySystem, To: Capturing},
	payMove{From: []PayState{Authorized, PayExpired, Failed, Lost}, Event: PayVoid, By: bySystem, To: Voiding},
	payMove{From: []PayState{Voiding}, Event: PayReleased, By: bySystem, To: Voided},
	payMove{From: []PayState{Authorized, Capturing}, Event: PayLapses, By: bySystem, To: Lapsed},
	payMove{From: []PayState{PayExpired, Failed, Lost, InReview}, Event: PayTooLate, By: bySystem, To: Late},
	payMove{From: []PayState{Payable, Processing, Authorized, Capturing, Voiding}, Event: PayLoses, By: bySystem, To: Lost},
	payMove{From: []PayState{Due}, Event: PayCollect, By: bySystem, To: Collected},
	payMove{From: []PayState{Due}, Event: PayWaive, By: bySystem, To: Waived},
)

// RefundState is where a refund is.
type RefundState string

// The states of a refund.
const (
	RefundRequested RefundState = "requested"
	RefundPending   RefundState = "pending"
	RefundSucceeded RefundState = "succeeded"
	RefundFailed    RefundState = "failed"
	RefundCanceled  RefundState = "canceled"
	RefundWaiting   RefundState = "waiting_funds"
	RefundManual    RefundState = "manual" // a person must do it outside
)

// RefundStates are all of them.
var RefundStates = []RefundState{
	RefundRequested, RefundPending, RefundSucceeded, RefundFailed, RefundCanceled, RefundWaiting, RefundManual,
}

// RefundEvent is what moves a refund.
type RefundEvent string

// The events of a refund.
const (
	RefundAsk     RefundEvent = "ask"
	RefundCash    RefundEvent = "cash" // given back at the counter
	RefundArrives RefundEvent = "arrives"
	RefundWaits   RefundEvent = "waits"
	RefundFails   RefundEvent = "fails"
	RefundStops   RefundEvent = "stops"
	RefundBroke   RefundEvent = "no_funds"
	RefundAgain   RefundEvent = "again"
	RefundGiveUp  RefundEvent = "give_up"
)

// RefundEvents are all of them.
var RefundEvents = []RefundEvent{
	RefundAsk, RefundCash, RefundArrives, RefundWaits, RefundFails, RefundStops, RefundBroke, RefundAgain, RefundGiveUp,
}

type refundMove = lifecycle.Move[RefundState, RefundEvent, account.Role]

// RefundLife is the life of a refund.
var RefundLife = lifecycle.New("refund",
	refundMove{From: []RefundState{""}, Event: RefundAsk, By: bySystem, To: RefundRequested},
	refundMove{From: []RefundState{""}, Event: RefundCash, By: bySystem, To: RefundSucceeded},
	refundMove{From: []RefundState{RefundRequested, RefundPending, RefundManual}, Event: RefundArrives, By: bySystem, To: RefundSucceeded},
	refundMove{From: []RefundState{RefundRequested, RefundManual}, Event: RefundWaits, By: bySystem, To: RefundPending},
	refundMove{From: []RefundState{RefundRequested, RefundPending, RefundSucceeded}, Event: RefundFails, By: bySystem, To: RefundFailed},
	refundMove{From: []RefundState{RefundPending}, Event: RefundStops, By: bySystem, To: RefundCanceled},
	refundMove{From: []RefundState{RefundRequested}, Event: RefundBroke, By: bySystem, To: RefundWaiting},
	refundMove{From: []RefundState{RefundWaiting}, Event: RefundAgain, By: bySystem, To: RefundRequested},
	refundMove{From: []RefundState{RefundRequested, RefundPending, RefundWaiting}, Event: RefundGiveUp, By: bySystem, To: RefundManual},
)

package pages

import (
	"time"

	"nearby/internal/money"
)

// Dispute is a shopper's bank asking for money of an order back.
type Dispute struct {
	ID         string
	State      string // word of the table "dispute.state_…"
	Lead       string // word of the table "dispute.lead_…": what it means now
	Reason     string // word of the table "dispute.reason_…"
	Tone       string // soon, stop, open
	Amount     money.Amount
	Due        time.Time // until when it can be answered; zero when it cannot
	Taken      money.Amount
	Fee        money.Amount
	HasTaken   bool
	AnsweredAt time.Time
	Failed     bool // the answer was refused
	Evidence   []EvidencePart
	Words      string // as typed
	Errors     Errors
	AnswerURL  string // posts; "" when it cannot be answered by whoever looks
	OwnersOnly bool   // it can be, but not by whoever looks
}

// EvidencePart is one part of what is sent to the bank.
type EvidencePart struct {
	Word string // of the table "dispute.part_…"
	Text string
}

// DisputeLink leads to an order with a dispute.
type DisputeLink struct {
	URL, Number string
	Amount      money.Amount
	Due         time.Time // zero when it was answered
}

package order

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/inbox"
	"nearby/internal/ledger"
	"nearby/internal/lifecycle"
	"nearby/internal/money"
	"nearby/internal/payment"
)

// DisputeState is where a dispute is: the provider's word, read and never
// assumed.
type DisputeState string

// The states of a dispute.
const (
	Inquiry       DisputeState = "inquiry" // the bank only asks; no money is taken
	NeedsResponse DisputeState = "needs_response"
	UnderReview   DisputeState = "under_review" // answered, the bank decides
	DisputeWon    DisputeState = "won"
	DisputeLost   DisputeState = "lost"
	DisputeClosed DisputeState = "closed" // an inquiry that came to nothing
)

// DisputeStates are all of them.
var DisputeStates = []DisputeState{Inquiry, NeedsResponse, UnderReview, DisputeWon, DisputeLost, DisputeClosed}

// DisputeEvent is what moves a dispute, all of them by reading it.
type DisputeEvent string

// The events of a dispute.
const (
	DisputeAsks    DisputeEvent = "asks"
	DisputeOpens   DisputeEvent = "opens"
	DisputeReviews DisputeEvent = "reviews"
	DisputeWins    DisputeEvent = "wins"
	DisputeLoses   DisputeEvent = "loses"
	DisputeCloses  DisputeEvent = "closes"
)

// DisputeEvents are all of them.
var DisputeEvents = []DisputeEvent{DisputeAsks, DisputeOpens, DisputeReviews, DisputeWins, DisputeLoses, DisputeCloses}

type disputeMove = lifecycle.Move[DisputeState, DisputeEvent, account.Role]

// DisputeLife is the life of a dispute. It may be heard of in any state, when
// the events before were lost.
var DisputeLife = lifecycle.New("dispute",
	disputeMove{From: []DisputeState{""}, Event: DisputeAsks, By: bySystem, To: Inquiry},
	disputeMove{From: []DisputeState{"", Inquiry, UnderReview}, Event: DisputeOpens, By: bySystem, To: NeedsResponse},
	disputeMove{From: []DisputeState{"", Inquiry, NeedsResponse}, Event: DisputeReviews, By: bySystem, To: UnderReview},
	disputeMove{From: []DisputeState{"", Inquiry, NeedsResponse, UnderReview}, Event: DisputeWins, By: bySystem, To: DisputeWon},
	disputeMove{From: []DisputeState{"", Inquiry, NeedsResponse, UnderReview}, Event: DisputeLoses, By: bySystem, To: DisputeLost},
	disputeMove{From: []DisputeState{"", Inquiry, UnderReview}, Event: DisputeCloses, By: bySystem, To: DisputeClosed},
)

// disputeEvents is what each of the provider's words moves a dispute by, and
// to where.
var disputeEvents = map[string]struct {
	event DisputeEvent
	to    DisputeState
}{
	payment.DisputeAsked: {DisputeAsks, Inquiry}, payment.DisputeAskedDone: {DisputeReviews, UnderReview},
	payment.DisputeAskClosed: {DisputeCloses, DisputeClosed}, payment.DisputeNeedsReply: {DisputeOpens, NeedsResponse},
	payment.DisputeReviewed: {DisputeReviews, UnderReview}, payment.DisputeWon: {DisputeWins, DisputeWon},
	payment.DisputeLost: {DisputeLoses, DisputeLost},
}

// Dispute is a shopper's bank asking for money of an order back.
type Dispute struct {
	ID          string
	Amount      money.Amount
	Reason      string // the bank's: fraudulent, product_not_received, …
	State       DisputeState
	Inquiry     bool // the bank has only asked
	DueBy       *time.Time
	OpenedAt    time.Time
	SubmittedAt *time.Time
	Answer      *payment.Evidence // what was or will be sent; nil: nothing yet
	Failed      bool              // the provider refused the answer
	CanAnswer   bool              // until DueBy

	Taken, Back, Fee money.Amount // by the provider, in the account's currency
}

// Open reports whether it is not decided yet.
func (d Dispute) Open() bool {
	return d.State == Inquiry || d.State == NeedsResponse || d.State == UnderReview
}

// OpenDispute is a dispute that is not decided, with its order.
type OpenDispute struct {
	Dispute
	OrderID string
	Number  int64
}

const (
	disputeLook = 24 * time.Hour     // how often an open one is read without an event
	remindFirst = 3 * 24 * time.Hour // before the deadline
	remindLast  = 24 * time.Hour
	maxDisputes = 50 // of a list
)

// Disputes lists the disputes of an order, newest first; it asks nobody's leave.
func (s *Service) Disputes(ctx context.Context, orderID string) ([]Dispute, error) {
	rows, err := s.store.disputesOf(ctx, orderID)
	list := make([]Dispute, len(rows))
	for i, r := range rows {
		list[i] = r.dispute(s.Clock())
	}
	return list, err
}

// DisputesOfBusiness lists those of a business that are not decided, most urgent
// first, at most fifty. Errors: NotFound, Forbidden.
func (s *Service) DisputesOfBusiness(ctx context.Context, actor audit.Actor, businessID string) ([]OpenDispute, error) {
	if _, err := s.Accounts.Require(ctx, actor, businessID, account.RightOrders); err != nil {
		return nil, err
	}
	return s.store.openDisputes(ctx, businessID, s.Clock(), maxDisputes)
}

// UnansweredDisputes counts those that wait for a business's answer.
func (s *Service) UnansweredDisputes(ctx context.Context) (int64, error) {
	return s.store.countDisputes(ctx)
}

// SyncDispute handles an event about a dispute.
func (s *Service) SyncDispute(ctx context.Context, e inbox.Event) error {
	if s.Gateway == nil || e.Account == "" || e.IntentID == "" {
		return nil
	}
	p, err := s.store.payBy(ctx, "payment_intent_id", e.Account, e.IntentID)
	if errs.Is(err, errs.NotFound) {
		return nil // the business's own affair
	}
	if err != nil {
		return err
	}
	return s.SyncDisputes(ctx, p.ID)
}

// SyncDisputes reads the disputes of a payment and applies them.
func (s *Service) SyncDisputes(ctx context.Context, payID string) error {
	p, err := s.store.pay(ctx, payID)
	if err != nil || s.Gateway == nil || p.PaymentIntentID == nil {
		return err
	}
	if err := s.ours(ctx, p); err != nil {
		return err
	}
	found, err := s.Gateway.Disputes(ctx, payment.Ref{Account: p.Account, ID: *p.PaymentIntentID})
	if err != nil {
		return errCards.Because(err)
	}
	for _, d := range found {
		if err := s.applyDispute(ctx, p, d); err != nil {
			return err
		}
	}
	return nil
}

// applyDispute writes down what the provider says about a dispute of a payment:
// its state, and what it did to the balance.
func (s *Service) applyDispute(ctx context.Context, p payRow, d payment.Dispute) error {
	said, known := disputeEvents[d.Status]
	if !known || d.Account != p.Account || d.Intent != value(p.PaymentIntentID) {
		slog.Error("dispute not understood", "dispute", d.ID, "payment", p.ID, "status", d.Status)
		return nil
	}
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row, there, err := s.store.lockDispute(ctx, d.Account, d.ID)
		if err != nil {
			return err
		}
		was := row.State
		if was != said.to {
			_, err := DisputeLife.Next(was, said.event, account.System)
			if errs.Has(err, "not_allowed") { // older news than what we have
				slog.Error("dispute moved as none does", "dispute", d.ID, "from", was, "to", said.to)
				return nil
			}
			if err != nil {
				return err
			}
		}
		set := map[string]any{"state": said.to, "amount": d.Amount, "reason": d.Reason, "synced_at": s.Clock()}
		if !d.DueBy.IsZero() {
			set["due_by"] = d.DueBy
		}
		if said.to == UnderReview && row.SubmittedAt == nil {
			set["submitted_at"] = s.Clock()
		}
		if err := s.bookDispute(ctx, t, t.pay(p.ID), d, set); err != nil {
			return err
		}
		set["next_check_at"] = s.nextLook(said.to, d.DueBy, set["withdrawn"] == set["reinstated"])
		if !there {
			row = disputeRow{
				Account: d.Account, ID: d.ID, PaymentID: p.ID, Amount: d.Amount, Currency: d.Currency, State: said.to, Asked: said.to == Inquiry,
				BalanceJSON: "[]", SyncedAt: s.Clock(), OpenedAt: &d.CreatedAt, Gen: 1, Version: 1,
			}
			if err := s.store.insertDispute(ctx, row); err != nil {
				return err
			}
		} else if row.EvidenceJSON != nil && row.SubmittedAt == nil && said.to != UnderReview && (said.to == Inquiry || said.to == NeedsResponse) {
			delete(set, "next_check_at") // its answer is still to be sent
		}
		if err := s.store.updateDispute(ctx, &row, set); err != nil {
			return err
		}
		if was == said.to {
			return nil
		}
		return s.disputeMoved(ctx, t, d, was, said.to)
	})
}

// bookDispute writes what a dispute did to the balance into the ledger, each
// movement once, and adds the sums to set.
func (s *Service) bookDispute(ctx context.Context, t *trade, p *payRow, d payment.Dispute, set map[string]any) error {
	type moved struct {
		ID          string
		Amount, Fee int64
		Currency    string
	}
	read := []moved{}
	var taken, back, fee int64
	for _, m := range d.Movements {
		kind, amount := ledger.Dispute, -m.Amount
		if m.Amount > 0 {
			kind, amount = ledger.DisputeWon, m.Amount
			back += amount
		} else {
			taken += amount
		}
		if err := s.book(ctx, t, p, kind, amount, m.Currency, m.ID); err != nil {
			return err
		}
		feeKind, feeAmount := ledger.DisputeFee, m.Fee
		if m.Fee < 0 { // given back with the money
			feeKind, feeAmount = ledger.Other, -m.Fee
		}
		if err := s.book(ctx, t, p, feeKind, feeAmount, m.Currency, m.ID); err != nil {
			return err
		}
		fee += m.Fee
		set["settles"] = m.Currency
		read = append(read, moved{m.ID, m.Amount, m.Fee, m.Currency})
	}
	raw, err := json.Marshal(read)
	set["withdrawn"], set["reinstated"], set["fee"], set["balance_json"] = taken, back, fee, string(raw)
	return err
}

// nextLook is when to read a dispute again, event or not; nil: never.
func (s *Service) nextLook(state DisputeState, dueBy time.Time, even bool) any {
	now := s.Clock()
	switch state {
	case Inquiry, NeedsResponse:
		next := now.Add(disputeLook)
		for _, before := range []time.Duration{remindFirst, remindLast, -time.Hour} {
			if at := dueBy.Add(-before); !dueBy.IsZero() && at.After(now) {
				next = earlier(next, at)
			}
		}
		return next
	case UnderReview:
		return now.Add(disputeLook)
	case DisputeWon:
		if !even { // the money comes back a little later
			return now.Add(pollFees)
		}
	}
	return nil
}

// disputeMoved tells everybody what has become of a dispute.
func (s *Service) disputeMoved(ctx context.Context, t *trade, d payment.Dispute, was, now DisputeState) error {
	s.changed(ctx, t.order.ID, t.order.BusinessID)
	template := ""
	switch now {
	case Inquiry:
		template = "dispute_asked"
	case NeedsResponse:
		template = "dispute_opened"
	case DisputeWon, DisputeClosed:
		template = "dispute_won"
	case DisputeLost:
		template = "dispute_lost"
	}
	if template != "" {
		if err := s.mail(ctx, template, t.order.ID); err != nil {
			return err
		}
	}
	return s.Audit.Add(ctx, audit.Entry{
		Actor: audit.System, Action: "dispute." + string(now), Object: "order", ObjectID: t.order.ID, BusinessID: t.order.BusinessID,
		Detail: map[string]any{"dispute": d.ID, "from": was, "amount": d.Amount, "currency": d.Currency, "reason": d.Reason},
	})
}

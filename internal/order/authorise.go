package order

import (
	"context"
	"log/slog"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/payment"
)

const (
	captureOnAccept = "accept"           // orders.capture_on of a business that accepts first
	captureWithin   = 5 * 24 * time.Hour // banks commonly let an authorisation go after seven days
)

var errNotCaptured = errs.New(errs.Conflict, "not_captured", "The payment is still being taken. Please try again in a moment.")

// unpaid reports whether the order of a payment in this state must still wait
// for it.
func (s PayState) unpaid() bool {
	switch s {
	case Creating, Payable, Processing, InReview:
		return true
	}
	return false
}

// held is a card's authorisation: the order is placed, and the money is taken
// when the business accepts. What comes too late, or was stopped, is let go.
func (s *Service) held(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	set := map[string]any{
		"payment_intent_id": session.Intent.ID, "url": nil, "tries": 0, "last_error": nil,
		"capture_before": s.Clock().Add(captureWithin), "next_check_at": s.Clock().Add(captureWithin),
	}
	cardOf(session, set)
	if !p.State.live() {
		if t.live() != nil {
			slog.Error("authorised beside another attempt", "payment", p.ID, "account", p.Account)
			return nil // nothing is taken, and the bank lets it go
		}
		set["next_check_at"] = s.Clock()
		s.soon(ctx)
		return s.movePay(ctx, p, PayVoid, set)
	}
	if err := s.movePay(ctx, p, PayHeld, set); err != nil {
		return err
	}
	if t.order.State == Expiring && p.StopWanted != "" && p.StopWanted != stopTimeout {
		how := map[string]any{"end_reason": p.StopWanted, "done_at": s.Clock()}
		if err := s.moveOrder(ctx, t, SettleStopped, audit.System, how, nil); err != nil {
			return err
		}
		if err := s.releaseAll(ctx, t.order.ID, p.StopWanted); err != nil {
			return err
		}
		if err := s.begin(ctx, p, PayVoid); err != nil {
			return err
		}
		return s.mail(ctx, "order_let_go", t.order.ID)
	}
	b, err := s.Directory.Get(ctx, t.order.BusinessID)
	if err != nil {
		return err
	}
	if err := s.moveOrder(ctx, t, Settle, audit.System, map[string]any{"end_reason": ""}, map[string]any{"payment": p.ID}); err != nil {
		return err
	}
	return s.placed(ctx, t, b)
}

// begin has an authorised payment taken or let go; the call follows the commit.
func (s *Service) begin(ctx context.Context, p *payRow, event PayEvent) error {
	s.soon(ctx)
	return s.movePay(ctx, p, event, map[string]any{"next_check_at": s.Clock(), "tries": 0})
}

// act asks the provider to take an authorised payment or to let it go, and then
// believes only what the payment says.
func (s *Service) act(ctx context.Context, p payRow) error {
	intent := payment.Ref{Account: p.Account, ID: value(p.PaymentIntentID)}
	var err error
	if p.State == Capturing {
		err = s.Gateway.Capture(ctx, payment.CaptureKey(s.Install, p.ID, p.ActGen), intent, p.taken(), p.takenFee())
	} else {
		err = s.Gateway.Void(ctx, payment.VoidKey(s.Install, p.ID, p.ActGen), intent)
	}
	return s.asked(ctx, p, err)
}

// authorised moves a payment that was authorised to what its intent says.
func (s *Service) authorised(ctx context.Context, t *trade, p *payRow, session payment.Session, intent string) error {
	switch intent {
	case payment.IntentCapturable:
		next := s.Clock().Add(patience(p.Tries))
		if p.State == Authorized {
			next = s.Clock().Add(pollWaiting)
		}
		return s.store.updatePay(ctx, p, map[string]any{"next_check_at": next, "tries": p.Tries + 1})
	case payment.IntentSucceeded:
		return s.captured(ctx, t, p, session)
	case payment.IntentCanceled:
		if p.State == Voiding {
			s.changed(ctx, t.order.ID, t.order.BusinessID)
			return s.movePay(ctx, p, PayReleased, map[string]any{"next_check_at": nil})
		}
		return s.lapsed(ctx, t, p, PayLapses, "payment_lapsed")
	}
	return s.review(ctx, t, p, []string{"intent " + intent})
}

// captured is the arrival of money that was authorised. When the order ended
// meanwhile, it goes back.
func (s *Service) captured(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	set := map[string]any{"captured": session.Intent.Received, "next_check_at": nil, "tries": 0, "last_error": nil}
	cardOf(session, set)
	if err := s.movePay(ctx, p, PaySucceeded, set); err != nil {
		return err
	}
	p.Captured, p.NextCheckAt = session.Intent.Received, nil
	if err := s.bookSale(ctx, t, p, session); err != nil {
		return err
	}
	s.changed(ctx, t.order.ID, t.order.BusinessID)
	switch t.order.State {
	case Cancelled, Declined, Expired:
		return s.requestAll(ctx, t, p, giving{origin: "auto", reason: "ended before it was taken", by: account.System})
	}
	return s.issue(ctx, t)
}

// lapsed is an authorisation that cannot be taken any more, because the bank
// let it go or the account left us: there will be no money, so the order ends
// and its goods are for sale again.
func (s *Service) lapsed(ctx context.Context, t *trade, p *payRow, why PayEvent, flag string) error {
	if err := s.movePay(ctx, p, why, map[string]any{"next_check_at": nil}); err != nil {
		return err
	}
	event := Cancel
	if t.order.State == Placed {
		event = TimeOut
	}
	_, err := Life.Next(t.order.State, event, account.System)
	if errs.Has(err, "not_allowed") {
		return nil // it has ended already
	}
	if err != nil {
		return err
	}
	if err := s.store.update(ctx, &t.order, map[string]any{"flag": flag, "updated_at": s.Clock()}); err != nil {
		return err
	}
	how := ending{reason: stopTimeout, origin: "auto", template: "order_let_go"}
	if event == TimeOut {
		how.template, how.why = "order_unanswered_free", "no_answer"
	}
	return s.end(ctx, t, event, audit.System, how)
}

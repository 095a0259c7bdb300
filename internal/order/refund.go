package order

import (
	"context"
	"log/slog"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/payment"
)

const (
	fundsRetry  = 6 * time.Hour  // how often a refund that the balance could not bear is tried again
	pendingPoll = time.Hour      // how often a refund on its way is read without an event
	external    = "external"     // origin of refunds made outside
	keyLife     = 23 * time.Hour // after this the provider may have forgotten a key
)

// RefundInput asks for everything that is left of an order's payment.
type RefundInput struct {
	Reason      string `form:"reason" json:"reason"`
	ClientToken string `form:"-" json:"-"` // a repeated one has no second effect
}

// Refund gives back everything that is left of a paid order, whatever its
// state, without moving it. Asking twice gives back once. Errors: NotFound,
// Forbidden; Conflict "nothing_to_refund".
func (s *Service) Refund(ctx context.Context, actor audit.Actor, businessID, orderID string, in RefundInput) (Order, error) {
	if !plain(in.Reason, 200) || !plain(in.ClientToken, 200) {
		return Order{}, errs.Fields([]errs.Field{{Name: "reason", Code: "bad_text", Message: "Keep the reason short and plain."}})
	}
	return s.change(ctx, actor, businessID, orderID, account.RightRefund, func(ctx context.Context, t *trade, actor audit.Actor) error {
		p := t.live()
		if p == nil || p.State != Paid && p.State != Collected {
			return errs.New(errs.Conflict, "nothing_to_refund", "There is no payment to give back.")
		}
		if p.RefundReserved == p.Captured {
			return nil // it is on its way already
		}
		err := s.Audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "order.refund", Object: "order", ObjectID: orderID, BusinessID: businessID,
			Detail: map[string]any{"amount": p.Captured - p.RefundReserved, "currency": p.Currency},
		})
		if err != nil {
			return err
		}
		s.changed(ctx, orderID, businessID)
		return s.requestAll(ctx, t, p, "business", in.Reason, actor.ID)
	})
}

// requestAll claims everything that is left of a payment and of the order's
// lines, and writes the refund that will carry it back.
func (s *Service) requestAll(ctx context.Context, t *trade, p *payRow, origin, reason, by string) error {
	amount := p.Captured - p.RefundReserved
	if amount == 0 {
		return nil
	}
	lines, err := s.store.lines(ctx, t.order.ID)
	if err != nil {
		return err
	}
	var parts []refundLineRow
	var sum int64
	for _, l := range lines {
		left := l.Total - l.Refunded
		if left == 0 {
			continue
		}
		sum += left
		whole := l.line(t.order.Currency)
		tax := whole.Tax.Sub(whole.Tax.PartExact(l.QtyRefunded, l.Qty))
		parts = append(parts, refundLineRow{LineN: l.N, Qty: l.Qty - l.QtyRefunded, Amount: left, Tax: tax.Minor})
	}
	if sum != amount {
		// Somebody refunded outside and it is on no line yet: only the payment knows
		// what is left.
		parts = nil
	}
	return s.request(ctx, t, p, amount, parts, origin, reason, by)
}

// requestLate sends a payment back that came when there was nothing left to
// sell. It touches no lines: they may be another attempt's.
func (s *Service) requestLate(ctx context.Context, t *trade, p *payRow) error {
	if err := s.mail(ctx, "order_paid_late", t.order.ID); err != nil {
		return err
	}
	return s.request(ctx, t, p, p.Captured-p.RefundReserved, nil, "auto", "late_no_stock", account.System)
}

func (s *Service) request(ctx context.Context, t *trade, p *payRow, amount int64, parts []refundLineRow, origin, reason, by string) error {
	ok, err := s.store.claimRefund(ctx, p, amount)
	if err != nil {
		return err
	}
	if !ok {
		return errs.New(errs.Conflict, "nothing_to_refund", "This payment has been given back already.")
	}
	p.RefundReserved += amount
	event := RefundAsk
	if p.Method == Counter {
		event = RefundCash
	}
	state, err := RefundLife.Next("", event, account.System)
	if err != nil {
		return err
	}
	now := s.Clock()
	id := s.IDs()
	r := refundRow{
		ID: id, PaymentID: p.ID, Account: p.Account, Amount: amount, Origin: origin, Reason: reason, ClientToken: id, Gen: 1, State: state,
		DueBy: now.Add(refundWithin), RequestedBy: by, CreatedAt: now, Version: 1,
	}
	if p.Method == Card {
		r.NextCheckAt = &now
	}
	for i := range parts {
		parts[i].RefundID = id
	}
	if err := s.store.insertRefund(ctx, r, parts); err != nil {
		return err
	}
	for _, part := range parts {
		if err := s.store.claimLine(ctx, t.order.ID, part, 1); err != nil {
			return err
		}
	}
	if p.Method == Card {
		s.soon(ctx)
		return nil
	}
	if err := s.store.updatePay(ctx, p, map[string]any{"refunded": p.Refunded + amount}); err != nil {
		return err
	}
	p.Refunded += amount
	return s.book(ctx, t, p, ledger.CounterRefund, amount, p.Currency, id)
}

// workRefund does the next step of a refund: ask the provider, ask again, or
// look how far it is.
func (s *Service) workRefund(ctx context.Context, refundID string) error {
	r, err := s.store.refund(ctx, refundID)
	if err != nil || r.NextCheckAt == nil || s.Gateway == nil {
		return err
	}
	p, err := s.store.pay(ctx, r.PaymentID)
	if err != nil {
		return err
	}
	if err := s.ours(ctx, p); err != nil {
		return err
	}
	if r.Origin == external { // made by somebody else: to be read, never to be sent
		_, err := s.matchRefund(ctx, r, p)
		return err
	}
	switch r.State {
	case RefundRequested:
		if r.SentAt != nil && s.Clock().Sub(*r.SentAt) > keyLife {
			if found, err := s.matchRefund(ctx, r, p); err != nil || found {
				return err
			}
		}
		return s.sendRefund(ctx, r, p)
	case RefundWaiting:
		if found, err := s.matchRefund(ctx, r, p); err != nil || found {
			return err
		}
		if err := s.moveRefund(ctx, r.ID, RefundAgain, map[string]any{"gen": r.Gen + 1, "sent_at": nil, "next_check_at": s.Clock()}); err != nil {
			return err
		}
		if r, err = s.store.refund(ctx, refundID); err != nil {
			return err
		}
		return s.sendRefund(ctx, r, p)
	default: // pending, or succeeded with the fee still to be read
		_, err := s.matchRefund(ctx, r, p)
		return err
	}
}

// sendRefund makes the call under the refund's own key.
func (s *Service) sendRefund(ctx context.Context, r refundRow, p payRow) error {
	if err := s.moveRefund(ctx, r.ID, "", map[string]any{"sent_at": s.Clock(), "next_check_at": s.Clock().Add(backoff(r.Tries)), "tries": r.Tries + 1}); err != nil {
		return err
	}
	answer, err := s.Gateway.Refund(ctx, payment.RefundKey(s.Install, r.ID, r.Gen), payment.RefundInput{
		Account: p.Account, Intent: value(p.PaymentIntentID), Amount: r.Amount, Install: s.Install, Order: p.OrderID, Refund: r.ID, KeepFee: r.KeepFee,
	})
	if err == nil {
		return s.settleRefund(ctx, r.ID, answer)
	}
	switch payment.OutcomeOf(err) {
	case payment.Refused:
		found, lookErr := s.matchRefund(ctx, r, p)
		if lookErr != nil || found {
			return lookErr
		}
		return s.refundFailed(ctx, r.ID, err)
	case payment.NoFunds:
		return s.moveRefund(ctx, r.ID, RefundBroke, map[string]any{"next_check_at": s.Clock().Add(fundsRetry), "last_error": err.Error()})
	case payment.Burnt:
		found, lookErr := s.matchRefund(ctx, r, p)
		if lookErr != nil || found {
			return lookErr
		}
		if r.Gen >= 2 {
			return s.giveUp(ctx, r, err)
		}
		return s.moveRefund(ctx, r.ID, "", map[string]any{"gen": r.Gen + 1, "sent_at": nil, "next_check_at": s.Clock(), "last_error": err.Error()})
	case payment.Gone:
		if err := s.Payout.Unreachable(ctx, p.Account); err != nil {
			slog.Warn("account not read", "account", p.Account, "error", err)
		}
		return s.giveUp(ctx, r, err)
	case payment.Blocked:
		slog.Error("the payment provider refuses our key", "error", err)
	}
	return s.moveRefund(ctx, r.ID, "", map[string]any{"last_error": err.Error()})
}

// giveUp leaves a refund to a person: the business must give the money back
// outside, and both sides are told.
func (s *Service) giveUp(ctx context.Context, r refundRow, failed error) error {
	slog.Error("refund needs a person", "refund", r.ID, "error", failed)
	return s.write(ctx, func(ctx context.Context) error {
		if err := s.moveRefund(ctx, r.ID, RefundGiveUp, map[string]any{"next_check_at": nil, "last_error": failed.Error()}); err != nil {
			return err
		}
		p, err := s.store.pay(ctx, r.PaymentID)
		if err != nil {
			return err
		}
		return s.mail(ctx, "refund_manual", p.OrderID)
	})
}

// matchRefund looks a refund up among those of its payment, and applies every
// one of them that is ours.
func (s *Service) matchRefund(ctx context.Context, r refundRow, p payRow) (bool, error) {
	found := false
	err := s.eachRefund(ctx, p, func(answer payment.Refund) error {
		if answer.Metadata[payment.MetaRefund] != r.ID && value(r.StripeID) != answer.ID {
			return nil
		}
		found = true
		return s.settleRefund(ctx, r.ID, answer)
	})
	return found, err
}

func (s *Service) eachRefund(ctx context.Context, p payRow, fn func(payment.Refund) error) error {
	if p.PaymentIntentID == nil {
		return nil
	}
	answers, err := s.Gateway.Refunds(ctx, payment.Ref{Account: p.Account, ID: *p.PaymentIntentID})
	if err != nil {
		return errCards.Because(err)
	}
	for _, answer := range answers {
		if err := fn(answer); err != nil {
			return err
		}
	}
	return nil
}

// SyncRefunds reads the refunds of a payment and applies them; one that was
// made outside is written down as external.
func (s *Service) SyncRefunds(ctx context.Context, payID string) error {
	p, err := s.store.pay(ctx, payID)
	if err != nil || s.Gateway == nil {
		return err
	}
	if err := s.ours(ctx, p); err != nil {
		return err
	}
	return s.eachRefund(ctx, p, func(answer payment.Refund) error {
		r, err := s.store.refundBy(ctx, p.ID, answer.Metadata[payment.MetaRefund], p.Account, answer.ID)
		if errs.Is(err, errs.NotFound) {
			return s.addExternal(ctx, p.ID, answer)
		}
		if err != nil {
			return err
		}
		return s.settleRefund(ctx, r.ID, answer)
	})
}

// addExternal writes down a refund that was made outside: in the provider's
// dashboard, by the business itself.
func (s *Service) addExternal(ctx context.Context, payID string, answer payment.Refund) error {
	if answer.Status == payment.RefundFailed || answer.Status == payment.RefundCanceled {
		return nil
	}
	id := ""
	err := s.write(ctx, func(ctx context.Context) error {
		p, err := s.store.pay(ctx, payID)
		if err != nil {
			return err
		}
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(payID)
		if _, err := s.store.refundBy(ctx, payID, "", row.Account, answer.ID); !errs.Is(err, errs.NotFound) {
			return err
		}
		ok, err := s.store.claimRefund(ctx, row, answer.Amount)
		if err != nil {
			return err
		}
		if !ok {
			slog.Error("more refunded outside than was paid", "payment", payID, "refund", answer.ID)
			return nil
		}
		now := s.Clock()
		id = s.IDs()
		r := refundRow{
			ID: id, PaymentID: payID, Account: row.Account, StripeID: &answer.ID, NextCheckAt: &now, Amount: answer.Amount, Origin: external, ClientToken: "external:" + row.Account + ":" + answer.ID,
			Gen: 1, State: RefundRequested, DueBy: now, RequestedBy: "provider", CreatedAt: now, Version: 1,
		}
		if err := s.store.insertRefund(ctx, r, nil); err != nil {
			return err
		}
		return s.Audit.Add(ctx, audit.Entry{
			Actor: audit.System, Action: "refund.external", Object: "order", ObjectID: t.order.ID, BusinessID: t.order.BusinessID,
			Detail: map[string]any{"amount": answer.Amount, "currency": row.Currency},
		})
	})
	if err != nil || id == "" {
		return err
	}
	return s.settleRefund(ctx, id, answer)
}

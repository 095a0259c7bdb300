package order

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/payment"
)

// settleRefund applies what the provider says about a refund. The operator's
// fee that went back with it is read, never computed.
func (s *Service) settleRefund(ctx context.Context, refundID string, answer payment.Refund) error {
	r, err := s.store.refund(ctx, refundID)
	if err != nil {
		return err
	}
	p, err := s.store.pay(ctx, r.PaymentID)
	if err != nil {
		return err
	}
	var fee *payment.Fee
	feeLater := false
	if p.FeeID != nil && !r.KeepFee {
		read, err := s.Gateway.Fee(ctx, *p.FeeID)
		if err == nil {
			fee = &read
		}
		feeLater = err != nil
	}
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		return s.settleLocked(ctx, t, t.pay(p.ID), refundID, answer, fee, feeLater)
	})
}

func (s *Service) settleLocked(ctx context.Context, t *trade, p *payRow, refundID string, answer payment.Refund, fee *payment.Fee, feeLater bool) error {
	r, err := s.store.lockRefund(ctx, refundID)
	if err != nil {
		return err
	}
	if answer.Account != r.Account || answer.Amount != r.Amount {
		slog.Error("refund differs from its row", "refund", r.ID, "account", r.Account)
		return s.store.updateRefund(ctx, &r, map[string]any{"next_check_at": nil, "last_error": "differs"})
	}
	if answer.Status == payment.RefundFailed || answer.Status == payment.RefundCanceled {
		if r.State == RefundFailed || r.State == RefundCanceled {
			return nil
		}
		if err := s.undoRefund(ctx, t, p, &r, answer); err != nil {
			return err
		}
		return s.refundNeedsPerson(ctx, t, "refund_failed")
	}
	if fee != nil && fee.Refunded > p.FeeRefunded {
		if err := s.book(ctx, t, p, ledger.AppFeeRefund, fee.Refunded-p.FeeRefunded, fee.Currency, r.ID); err != nil {
			return err
		}
		if err := s.store.updatePay(ctx, p, map[string]any{"fee_refunded": fee.Refunded}); err != nil {
			return err
		}
	}
	if err := s.book(ctx, t, p, ledger.Refund, r.Amount, p.Currency, answer.ID); err != nil {
		return err
	}
	set := map[string]any{"stripe_id": answer.ID, "next_check_at": nil, "last_error": nil}
	if feeLater {
		set["next_check_at"] = s.Clock().Add(pollFees)
	}
	event := RefundEvent("")
	switch {
	case answer.Status == payment.RefundSucceeded && r.State != RefundSucceeded:
		event = RefundArrives
	case answer.Status != payment.RefundSucceeded:
		set["next_check_at"] = s.Clock().Add(pendingPoll)
		if r.State == RefundRequested || r.State == RefundManual {
			event = RefundWaits
		}
	}
	if err := s.moveRefundRow(ctx, &r, event, set); err != nil {
		return err
	}
	if event != RefundArrives {
		return nil
	}
	if err := s.store.updatePay(ctx, p, map[string]any{"refunded": p.Refunded + r.Amount}); err != nil {
		return err
	}
	if slices.Contains(stuckFlags, t.order.Flag) { // the money went back after all
		if err := s.store.update(ctx, &t.order, map[string]any{"flag": "", "updated_at": s.Clock()}); err != nil {
			return err
		}
	}
	s.changed(ctx, t.order.ID, t.order.BusinessID)
	return s.mail(ctx, "order_refunded", t.order.ID)
}

// refundFailed ends a refund that the provider will not do. When that is because
// a part went back outside already, the rest is asked for.
func (s *Service) refundFailed(ctx context.Context, refundID string, failed error) error {
	slog.Error("refund refused", "refund", refundID, "error", failed)
	r, err := s.store.refund(ctx, refundID)
	if err != nil {
		return err
	}
	p, err := s.store.pay(ctx, r.PaymentID)
	if err != nil {
		return err
	}
	outside, err := s.refundedOutside(ctx, p)
	if err != nil {
		return err
	}
	err = s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		r, err := s.store.lockRefund(ctx, refundID)
		if err != nil {
			return err
		}
		err = s.undoRefund(ctx, t, t.pay(p.ID), &r, payment.Refund{Status: payment.RefundFailed, Failure: payment.CodeOf(failed)})
		if err != nil || outside {
			return err
		}
		return s.refundNeedsPerson(ctx, t, "refund_failed")
	})
	if err != nil || !outside {
		return err
	}
	return s.refundRest(ctx, r)
}

// refundedOutside reports whether a payment has refunds that we do not know of
// yet.
func (s *Service) refundedOutside(ctx context.Context, p payRow) (bool, error) {
	outside := false
	err := s.eachRefund(ctx, p, func(answer payment.Refund) error {
		_, err := s.store.refundBy(ctx, p.ID, answer.Metadata[payment.MetaRefund], p.Account, answer.ID)
		if errs.Is(err, errs.NotFound) {
			outside = outside || answer.Status != payment.RefundFailed && answer.Status != payment.RefundCanceled
			return nil
		}
		return err
	})
	return outside, err
}

// refundRest asks for what is left after somebody had refunded a part outside
// that we had not heard of, so that the shopper gets all of it.
func (s *Service) refundRest(ctx context.Context, refused refundRow) error {
	if err := s.SyncRefunds(ctx, refused.PaymentID); err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context) error {
		p, err := s.store.pay(ctx, refused.PaymentID)
		if err != nil {
			return err
		}
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		amount := min(refused.Amount, row.Captured-row.RefundReserved)
		if amount <= 0 {
			return nil
		}
		give := giving{origin: refused.Origin, reason: refused.Reason, by: refused.RequestedBy}
		if amount == row.Captured-row.RefundReserved {
			return s.requestAll(ctx, t, row, give)
		}
		parts, err := s.spread(ctx, t, amount)
		if err != nil {
			return err
		}
		return s.request(ctx, t, row, amount, parts, give)
	})
}

// undoRefund gives the claim of a refund back that did not happen after all.
func (s *Service) undoRefund(ctx context.Context, t *trade, p *payRow, r *refundRow, answer payment.Refund) error {
	was := r.State
	event := RefundFails
	if answer.Status == payment.RefundCanceled && was == RefundPending {
		event = RefundStops
	}
	set := map[string]any{"next_check_at": nil, "failure": pointer(answer.Failure)}
	if answer.ID != "" {
		set["stripe_id"] = answer.ID
	}
	if err := s.moveRefundRow(ctx, r, event, set); err != nil {
		return err
	}
	pay := map[string]any{"refund_reserved": p.RefundReserved - r.Amount}
	if was == RefundSucceeded {
		pay["refunded"] = p.Refunded - r.Amount
	}
	if err := s.store.updatePay(ctx, p, pay); err != nil {
		return err
	}
	parts, err := s.store.refundLines(ctx, r.ID)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := s.store.claimLine(ctx, t.order.ID, part, -1); err != nil {
			return err
		}
	}
	if was == RefundPending || was == RefundSucceeded {
		if err := s.book(ctx, t, p, ledger.RefundFailed, r.Amount, p.Currency, answer.ID); err != nil {
			return err
		}
	}
	s.changed(ctx, t.order.ID, t.order.BusinessID)
	return nil
}

// moveRefund changes a refund in a transaction of its own or the caller's; with
// no event only its columns change. A move that is not possible any more means
// that somebody was first, and is no error.
func (s *Service) moveRefund(ctx context.Context, id string, event RefundEvent, set map[string]any) error {
	return s.write(ctx, func(ctx context.Context) error {
		r, err := s.store.lockRefund(ctx, id)
		if err != nil {
			return err
		}
		err = s.moveRefundRow(ctx, &r, event, set)
		if errs.Has(err, "not_allowed") {
			return nil
		}
		return err
	})
}

func (s *Service) moveRefundRow(ctx context.Context, r *refundRow, event RefundEvent, set map[string]any) error {
	if event != "" {
		to, err := RefundLife.Next(r.State, event, account.System)
		if err != nil {
			return err
		}
		set["state"] = to
		r.State = to
	}
	if err := s.store.updateRefund(ctx, r, set); err != nil {
		return fmt.Errorf("refund %s: %w", r.ID, err)
	}
	return nil
}

package order

import (
	"context"
	"log/slog"

	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/money"
	"nearby/internal/payment"
)

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
		var parts []refundLineRow
		if row.State.live() { // the lines of a late payment may be another attempt's
			if parts, err = s.spread(ctx, t, answer.Amount); err != nil {
				return err
			}
		}
		if err := s.claimed(ctx, t, r, parts); err != nil {
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

// spread puts an amount that nobody said the lines of on all of them, in
// proportion to what is left of each; nil when they have less than that.
func (s *Service) spread(ctx context.Context, t *trade, amount int64) ([]refundLineRow, error) {
	lines, err := s.store.lines(ctx, t.order.ID)
	if err != nil {
		return nil, err
	}
	weights := make([]int64, len(lines))
	var left int64
	for i, l := range lines {
		weights[i] = l.share(l.QtyCharged-l.QtyRefunded, t.order.Currency).Amount
		left += weights[i]
	}
	if left < amount {
		return nil, nil
	}
	var parts []refundLineRow
	for i, share := range money.New(amount, t.order.Currency).Allocate(weights) {
		if share.Minor > 0 {
			parts = append(parts, lines[i].part(share.Minor, 0, t.order.Currency))
		}
	}
	if sumOf(parts) != amount { // not a multiple of the currency's step
		return nil, nil
	}
	return parts, nil
}

// refundNeedsPerson marks an order whose money did not go back by itself, and
// tells the business; the operator sees how many there are.
func (s *Service) refundNeedsPerson(ctx context.Context, t *trade, flag string) error {
	if err := s.store.update(ctx, &t.order, map[string]any{"flag": flag, "updated_at": s.Clock()}); err != nil {
		return err
	}
	t.order.Flag = flag
	s.changed(ctx, t.order.ID, t.order.BusinessID)
	return s.mail(ctx, flag, t.order.ID)
}

// StuckRefunds counts the orders whose money did not go back by itself.
func (s *Service) StuckRefunds(ctx context.Context) (int64, error) {
	return s.store.flagged(ctx, stuckFlags)
}

var stuckFlags = []string{"refund_failed", "refund_manual"}

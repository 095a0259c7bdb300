package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/job"
	"nearby/internal/payment"
	"nearby/internal/payout"
)

// Mail is the argument of the job that sends a message about an order. Who gets
// it and in which words is the template's matter.
type Mail struct {
	Template string `json:"template"`
	OrderID  string `json:"order_id"`
}

// mail leaves a message to be sent after the commit.
func (s *Service) mail(ctx context.Context, template, orderID string) error {
	return s.Jobs.Add(ctx, job.Job{Kind: "mail", Args: Mail{template, orderID}})
}

// stop begins to end an order that waits for payment: its page is to be closed.
// Stock stays held until the provider says that it is. Where there is no page
// and can be none, the order ends at once.
func (s *Service) stop(ctx context.Context, t *trade, reason string, actor audit.Actor) error {
	if t.order.State == PendingPayment {
		if err := s.moveOrder(ctx, t, Stop, actor, nil, map[string]any{"reason": reason}); err != nil {
			return err
		}
	}
	p := t.live()
	if p == nil {
		return s.endUnpaid(ctx, t, t.last(), reason)
	}
	if p.State == Creating && p.ParamsJSON == nil {
		p.StopWanted = reason
		if err := s.movePay(ctx, p, PayRefused, map[string]any{"next_check_at": nil, "stop_wanted": reason}); err != nil {
			return err
		}
		return s.endUnpaid(ctx, t, p, reason)
	}
	p.StopWanted = reason
	s.soon(ctx)
	return s.store.updatePay(ctx, p, map[string]any{"stop_wanted": reason, "next_check_at": s.Clock(), "tries": 0})
}

// closePage asks the provider to close the page of an order that is being
// stopped, and then believes only what the page says.
func (s *Service) closePage(ctx context.Context, p payRow) error {
	if p.SessionID == nil {
		return nil
	}
	err := s.Gateway.ExpireSession(ctx, payment.ExpireKey(s.Install, p.ID, p.ActGen), payment.Ref{Account: p.Account, ID: *p.SessionID})
	return s.asked(ctx, p, err)
}

// asked follows a request about a payment that ended in err, or in nil: a key
// that can never give another answer is replaced, and what became of the payment
// is read.
func (s *Service) asked(ctx context.Context, p payRow, err error) error {
	if err != nil && payment.OutcomeOf(err) == payment.Burnt {
		bumped := s.write(ctx, func(ctx context.Context) error {
			t, err := s.store.lock(ctx, p.OrderID)
			if err != nil {
				return err
			}
			row := t.pay(p.ID)
			return s.store.updatePay(ctx, row, map[string]any{"act_gen": row.ActGen + 1})
		})
		if bumped != nil {
			return bumped
		}
	}
	if err != nil && payment.OutcomeOf(err) != payment.Refused {
		slog.Info("payment not settled yet", "payment", p.ID, "state", p.State, "error", err)
	}
	return s.Sync(ctx, p.ID)
}

// endUnpaid ends an order whose page is closed or never was: cancelled when a
// person had asked, else expired. Its stock is free again. An order that has
// ended or was placed meanwhile is left alone.
func (s *Service) endUnpaid(ctx context.Context, t *trade, p *payRow, reason string) error {
	if t.order.State != PendingPayment && t.order.State != Expiring {
		return nil
	}
	if p != nil && p.StopWanted != "" {
		reason = p.StopWanted
	}
	event, template := Expire, "order_expired"
	switch reason {
	case stopShopper, "business", stopSuspended:
		event, template = Abandon, "order_cancelled"
	}
	set := map[string]any{"end_reason": reason, "done_at": s.Clock()}
	if err := s.moveOrder(ctx, t, event, audit.System, set, map[string]any{"reason": reason}); err != nil {
		return err
	}
	if err := s.releaseAll(ctx, t.order.ID, reason); err != nil {
		return err
	}
	return s.mail(ctx, template, t.order.ID)
}

// releaseAll gives the held pieces of an order back for sale.
func (s *Service) releaseAll(ctx context.Context, orderID, reason string) error {
	reservations, err := s.store.reservations(ctx, orderID)
	if err != nil {
		return err
	}
	for _, r := range reservations {
		if r.State != "active" {
			continue
		}
		if err := s.store.endReservation(ctx, r, "active", "released", reason, s.Clock()); err != nil {
			return err
		}
		if err := s.release(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// retake holds the released pieces of an order again; false, and nothing held,
// when one of them is gone or a cap of its drop is reached.
func (s *Service) retake(ctx context.Context, t *trade) (bool, error) {
	reservations, err := s.store.reservations(ctx, t.order.ID)
	if err != nil {
		return false, err
	}
	for i, r := range reservations {
		ok, err := s.rehold(ctx, r)
		if err != nil {
			return false, err
		}
		if !ok {
			for _, held := range reservations[:i] {
				if err := s.release(ctx, held); err != nil {
					return false, err
				}
			}
			return false, nil
		}
	}
	for _, r := range reservations {
		if err := s.store.endReservation(ctx, r, "released", "active", "", s.Clock()); err != nil {
			return false, err
		}
	}
	return true, nil
}

// Suspended closes the payment pages of a business that may not sell any more,
// within a minute by the job. Orders that are already placed stay with it.
func (s *Service) Suspended(ctx context.Context, businessID string) error {
	ids, err := s.store.pendingOf(ctx, businessID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := s.write(ctx, func(ctx context.Context) error {
			t, err := s.store.lock(ctx, id)
			if err != nil || t.order.State != PendingPayment {
				return err
			}
			return s.stop(ctx, t, stopSuspended, audit.System)
		})
		if err != nil {
			return fmt.Errorf("order %s: %w", id, err)
		}
	}
	return nil
}

// stopped is the job of a business that cannot sell any more.
func (s *Service) stopped(ctx context.Context, raw json.RawMessage) error {
	var a payout.Stop
	if err := json.Unmarshal(raw, &a); err != nil || a.BusinessID == "" {
		return errors.Join(errors.New("order: job without a business"), err)
	}
	return s.Suspended(ctx, a.BusinessID)
}

// Cancel is the shopper's: an unpaid order ends as soon as its payment page is
// closed, a placed one at once and the money goes back. Errors: NotFound for
// others, Conflict "not_allowed" once the business has accepted.
func (s *Service) Cancel(ctx context.Context, orderID string, access Access) (Order, error) {
	if _, err := s.ForShopper(ctx, orderID, access); err != nil {
		return Order{}, err
	}
	err := s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, orderID)
		if err != nil {
			return err
		}
		switch t.order.State {
		case PendingPayment:
			return s.stop(ctx, t, stopShopper, access.actor())
		case Expiring, Cancelled:
			return nil // somebody was first
		}
		return s.end(ctx, t, Cancel, access.actor(), ending{reason: stopShopper, origin: "shopper", template: "order_cancelled"})
	})
	if err != nil {
		return Order{}, err
	}
	s.workOrder(ctx, orderID)
	return s.Get(ctx, orderID)
}

// workOrder does at once what the job would do for an order within a minute. It
// is a courtesy to whoever waits: failures are the job's to repeat.
func (s *Service) workOrder(ctx context.Context, orderID string) {
	if s.Gateway == nil {
		return
	}
	pays, err := s.store.payments(ctx, orderID)
	if err != nil {
		slog.Warn("order not worked at once", "order", orderID, "error", err)
		return
	}
	for _, p := range pays {
		if p.NextCheckAt == nil || p.NextCheckAt.After(s.Clock()) {
			continue
		}
		if err := s.workPay(ctx, p); err != nil && !errs.Is(err, errs.Unavailable) {
			slog.Warn("payment not worked at once", "payment", p.ID, "error", err)
		}
	}
	for _, r := range s.dueRefunds(ctx, orderID) {
		if err := s.workRefund(ctx, r.ID); err != nil {
			slog.Warn("refund not worked at once", "refund", r.ID, "error", err)
		}
	}
}

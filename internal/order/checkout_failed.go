package order

import (
	"context"
	"log/slog"
	"time"

	"nearby/internal/errs"
	"nearby/internal/payment"
)

// openFailed does what a failed call to make a page calls for. Its error is
// what the shopper is told; errAgain asks for another round.
func (s *Service) openFailed(ctx context.Context, p payRow, failed error) error {
	switch payment.OutcomeOf(failed) {
	case payment.Refused:
		if payment.TooLate(failed) {
			// The first request never arrived. The next attempt is the shopper's to ask
			// for, and Open is asking.
			if err := s.closeAttempt(ctx, p, failed, false); err != nil {
				return err
			}
			return errAgain
		}
		s.rereadAccount(ctx, p)
		if err := s.closeAttempt(ctx, p, failed, true); err != nil {
			return err
		}
		return errs.New(errs.Conflict, "cards_closed", "This business cannot take cards at the moment.").Because(failed)
	case payment.Gone:
		if err := s.Payout.Unreachable(ctx, p.Account); err != nil {
			slog.Warn("account not read", "account", p.Account, "error", err)
		}
		if err := s.closeAttempt(ctx, p, failed, true); err != nil {
			return err
		}
		return errs.New(errs.Conflict, "cards_closed", "This business cannot take cards at the moment.").Because(failed)
	case payment.Burnt:
		return s.openBurnt(ctx, p, failed)
	case payment.Blocked:
		slog.Error("the payment provider refuses our key", "error", failed)
	}
	if err := s.postpone(ctx, p, failed); err != nil {
		return err
	}
	return errCards.Because(failed)
}

// rereadAccount asks what an account can do now that it refused something.
func (s *Service) rereadAccount(ctx context.Context, p payRow) {
	o, err := s.store.order(ctx, p.OrderID)
	if err == nil {
		_, err = s.Payout.Refresh(ctx, o.BusinessID)
	}
	if err != nil {
		slog.Warn("account not read", "account", p.Account, "error", err)
	}
}

// openBurnt looks whether a page was made under a key that only remembers a
// failure. If not, the attempt gets one new key; after that it has failed, and
// nobody was shown a page.
func (s *Service) openBurnt(ctx context.Context, p payRow, failed error) error {
	fresh, err := s.store.pay(ctx, p.ID)
	if err != nil {
		return err
	}
	since := fresh.CreatedAt
	if fresh.SentAt != nil {
		since = *fresh.SentAt
	}
	sessions, err := s.Gateway.FindSessions(ctx, p.Account, payment.SessionFilter{Since: since.Add(-searchSlack)})
	if err != nil {
		if postponed := s.postpone(ctx, p, err); postponed != nil {
			return postponed
		}
		return errCards.Because(err)
	}
	for _, session := range sessions {
		if session.Metadata[payment.MetaInstall] == s.Install && session.Metadata[payment.MetaPayment] == p.ID {
			return s.adopt(ctx, p.ID, session)
		}
	}
	if p.Gen >= 2 {
		slog.Error("payment page failed twice", "payment", p.ID, "account", p.Account, "error", failed)
		if err := s.closeAttempt(ctx, p, failed, true); err != nil {
			return err
		}
		return errCards.Because(failed)
	}
	err = s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row.State != Creating || row.Gen != p.Gen {
			return nil
		}
		return s.store.updatePay(ctx, row, map[string]any{
			"gen": row.Gen + 1, "params_json": nil, "sent_at": nil, "expires_at": nil, "next_check_at": s.Clock().Add(firstCheck), "last_error": failed.Error(),
		})
	})
	if err != nil {
		return err
	}
	return errAgain
}

// closeAttempt ends an attempt whose page does not exist. With release the
// order ends too and its stock is free again; without, the shopper may try
// again until the hold is over.
func (s *Service) closeAttempt(ctx context.Context, p payRow, failed error, release bool) error {
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row.State != Creating || row.Gen != p.Gen {
			return nil
		}
		return s.fail(ctx, t, row, PayRefused, failed, release)
	})
}

// fail ends an attempt without money. When the order cannot go on, because of
// release or because it was being stopped, it ends with it; else the row is
// looked at again when the hold is over.
func (s *Service) fail(ctx context.Context, t *trade, p *payRow, event PayEvent, failed error, release bool) error {
	set := map[string]any{"next_check_at": nil, "url": nil}
	if failed != nil {
		set["last_error"] = failed.Error()
	}
	ends := release || t.order.State == Expiring || t.order.HoldExpiresAt != nil && !s.Clock().Before(*t.order.HoldExpiresAt)
	if !ends && t.order.State == PendingPayment {
		set["next_check_at"] = t.order.HoldExpiresAt
	}
	if err := s.movePay(ctx, p, event, set); err != nil {
		return err
	}
	if !ends {
		s.changed(ctx, t.order.ID)
		return nil
	}
	reason := "timeout"
	if release && t.order.State == PendingPayment {
		reason = "payment_failed"
	}
	return s.endUnpaid(ctx, t, p, reason)
}

// postpone notes a failed call and when to try again: five seconds, doubled
// with each failure, at most as long as an open page may go unread.
func (s *Service) postpone(ctx context.Context, p payRow, failed error) error {
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row.NextCheckAt == nil {
			return nil
		}
		return s.store.updatePay(ctx, row, map[string]any{
			"tries": row.Tries + 1, "last_error": failed.Error(), "next_check_at": s.Clock().Add(patience(row.Tries)),
		})
	})
}

// patience is the pause after a failed look at a payment: once the provider
// answers again, whoever has paid is not kept waiting.
func patience(tries int) time.Duration { return min(backoff(tries), pollOpen) }

// backoff is the pause after a failed try to give money back.
func backoff(tries int) time.Duration { return min(5*time.Second<<min(tries, 10), 10*time.Minute) }

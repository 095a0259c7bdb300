package order

import (
	"context"
	"log/slog"
	"time"

	"nearby/internal/payment"
)

const (
	fundsRetry  = 6 * time.Hour  // how often a refund that the balance could not bear is tried again
	pendingPoll = time.Hour      // how often a refund on its way is read without an event
	external    = "external"     // origin of refunds made outside
	keyLife     = 23 * time.Hour // after this the provider may have forgotten a key
)

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
		p, err := s.store.pay(ctx, r.PaymentID)
		if err != nil {
			return err
		}
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		if err := s.moveRefund(ctx, r.ID, RefundGiveUp, map[string]any{"next_check_at": nil, "last_error": failed.Error()}); err != nil {
			return err
		}
		return s.refundNeedsPerson(ctx, t, "refund_manual")
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

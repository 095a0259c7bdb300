package order

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"nearby/internal/errs"
	"nearby/internal/inbox"
	"nearby/internal/payment"
	"nearby/internal/payout"
)

const (
	sweepEvery  = 24 * time.Hour      // how often the books of an account are compared
	sweepActive = 35 * 24 * time.Hour // accounts without a payment for longer are left out
	sweepSize   = 45                  // accounts in one pass; a pass a minute asks about three times a second
	sweepSlack  = time.Hour           // overlap with the comparison before
	sweepReach  = 30 * 24 * time.Hour // the provider keeps its events this long
	sweepYoung  = 10 * time.Minute    // what is younger may still be on its way
	eventPages  = 10                  // of a hundred events, in one comparison
)

// Sweep compares the books of the accounts that were not compared for a day
// with the provider's, at most 45 of them, and returns how many it compared.
// Only accounts with a payment in the last 35 days are asked about. Several
// processes may run it.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	if s.Gateway == nil {
		return 0, nil
	}
	now := s.Clock()
	return s.sweep(ctx, now.Add(-sweepEvery), func(a payout.Swept) time.Time { return reach(a, now, 0) })
}

// Compare does at once what Sweep does in a day, for every account, looking
// back at least so far. It returns how many accounts it compared; with an error
// when one of them could not be, which is then tried again by Sweep.
func (s *Service) Compare(ctx context.Context, back time.Duration) (int, error) {
	if s.Gateway == nil {
		return 0, nil
	}
	begin, compared := s.Clock(), 0
	for ctx.Err() == nil {
		n, err := s.sweep(ctx, begin.Add(-time.Microsecond), func(a payout.Swept) time.Time { return reach(a, begin, back) })
		compared += n
		if err != nil || n == 0 {
			return compared, err
		}
	}
	return compared, ctx.Err()
}

// reach is from when on an account is looked at.
func reach(a payout.Swept, now time.Time, back time.Duration) time.Time {
	oldest := now.Add(-sweepReach)
	if a.Since == nil {
		return oldest
	}
	since := earlier(a.Since.Add(-sweepSlack), now.Add(-back))
	if since.Before(oldest) {
		return oldest
	}
	return since
}

func (s *Service) sweep(ctx context.Context, before time.Time, since func(payout.Swept) time.Time) (int, error) {
	accounts, err := s.Payout.DueSweeps(ctx, before, s.Clock().Add(-sweepActive), sweepSize)
	if err != nil {
		return 0, err
	}
	var failed atomic.Int64
	work := make([]func(context.Context) error, len(accounts))
	for i, a := range accounts {
		work[i] = func(ctx context.Context) error {
			begin := s.Clock()
			err := s.sweepAccount(ctx, a.Account, since(a))
			if payment.OutcomeOf(err) == payment.Gone && err != nil {
				return s.Payout.Unreachable(ctx, a.Account)
			}
			if err != nil {
				failed.Add(1)
				return err // it stays taken for ten minutes and is due again then
			}
			return s.Payout.SweepDone(ctx, a.Account, begin)
		}
	}
	parallel(ctx, work)
	if failed.Load() > 0 {
		return len(accounts), errs.New(errs.Unavailable, "not_compared", "Some accounts could not be compared. They are tried again in ten minutes.")
	}
	return len(accounts), nil
}

// sweepAccount compares one account both ways since a time: events that never
// came, payment pages, and every movement of its balance.
func (s *Service) sweepAccount(ctx context.Context, accountID string, since time.Time) error {
	if err := s.backfill(ctx, accountID, since); err != nil {
		return err
	}
	if err := s.comparePages(ctx, accountID, since); err != nil {
		return err
	}
	return s.compareMovements(ctx, accountID, since)
}

// backfill reads the events of an account that the webhook may have missed.
// Known ones have no effect.
func (s *Service) backfill(ctx context.Context, accountID string, since time.Time) error {
	if s.events == nil {
		return nil
	}
	after := ""
	for range eventPages {
		events, next, err := s.Gateway.Events(ctx, accountID, since, after)
		if err != nil {
			return err
		}
		for _, e := range slices.Backward(events) {
			if err := s.events.Receive(ctx, e, inbox.Backfill); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		after = next
	}
	slog.Warn("an account has more events than are read at once", "account", accountID)
	return nil
}

// comparePages looks for payment pages of ours that no payment knows, and for
// paid ones whose payment has not heard of it.
func (s *Service) comparePages(ctx context.Context, accountID string, since time.Time) error {
	sessions, err := s.Gateway.FindSessions(ctx, accountID, payment.SessionFilter{Since: since})
	if err != nil {
		return err
	}
	var agreed []string
	for _, session := range sessions {
		if session.Metadata[payment.MetaInstall] != s.Install {
			continue // the business's own affair
		}
		p, err := s.store.pay(ctx, session.Metadata[payment.MetaPayment])
		switch {
		case errs.Is(err, errs.NotFound) || err == nil && (p.Account != accountID || p.SessionID != nil && *p.SessionID != session.ID):
			err = s.strayPage(ctx, session)
		case err == nil && session.Status == payment.SessionComplete && !p.State.knows():
			if session, err = s.Gateway.Session(ctx, session.Ref); err == nil {
				err = s.apply(ctx, p.ID, session)
			}
			agreed = append(agreed, session.ID)
		default:
			agreed = append(agreed, session.ID)
		}
		if err != nil {
			return err
		}
	}
	return s.agrees(ctx, accountID, agreed)
}

// knows reports whether a payment has heard that its page was finished.
func (s PayState) knows() bool {
	switch s {
	case Creating, Payable, PayExpired, Failed, Lost:
		return false
	}
	return true
}

// strayPage handles a page that says it is ours and belongs to no payment: it
// is closed while nobody has paid on it, and a person is called when somebody
// has.
func (s *Service) strayPage(ctx context.Context, session payment.Session) error {
	switch {
	case session.Status == payment.SessionOpen:
		slog.Error("stray payment page", "session", session.ID, "account", session.Account)
		err := s.Gateway.ExpireSession(ctx, payment.ExpireKey(s.Install, session.ID, 1), session.Ref)
		if err != nil && payment.OutcomeOf(err) == payment.Refused {
			return nil // paid or closed meanwhile: the next look says which
		}
		return err
	case session.PaymentStatus == payment.StatusPaid:
		return s.differs(ctx, diffRow{
			Account: session.Account, Kind: diffPage, SourceID: session.ID, OrderID: pointer(session.Metadata[payment.MetaOrder]),
			Theirs: session.Total, Currency: session.Currency,
		})
	}
	return nil
}

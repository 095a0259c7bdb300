package order

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/inbox"
	"nearby/internal/payment"
)

const (
	passSize = 50              // rows of each kind in one pass
	atOnce   = 4               // calls to the provider at the same time
	claimFor = 2 * time.Minute // how long a process keeps a row to itself
	pollMost = 2 * time.Second // how late another process's work may be noticed
)

// Run works what is due until ctx ends: holds that ran out, pages to be made
// or closed, refunds, disputes, orders nobody accepted. Several processes may run it.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := s.Reconcile(ctx)
		if err != nil && ctx.Err() == nil {
			slog.Error("orders not reconciled", "error", err)
		}
		if n >= passSize {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-time.After(s.untilNext(ctx)):
		}
	}
	return nil
}

func (s *Service) untilNext(ctx context.Context) time.Duration {
	next, err := s.store.nextDue(ctx)
	if err != nil || next.IsZero() {
		return pollMost
	}
	return min(max(next.Sub(s.Clock()), 20*time.Millisecond), pollMost)
}

// Reconcile does one pass over what is due now, oldest first, at most fifty
// rows of a kind, and returns how many it worked. Each row says when it wants
// to be looked at next, so the work is by open object and never by account.
func (s *Service) Reconcile(ctx context.Context) (int, error) {
	now := s.Clock()
	overdue, err := s.store.overdue(ctx, now, passSize)
	if err != nil {
		return 0, err
	}
	for _, id := range overdue {
		if err := s.timeOut(ctx, id); err != nil {
			return 0, err
		}
	}
	if s.Gateway == nil {
		return len(overdue), nil
	}
	pays, err := s.store.duePays(ctx, now, passSize)
	if err != nil {
		return 0, err
	}
	refunds, err := s.store.dueRefunds(ctx, "", now, passSize)
	if err != nil {
		return 0, err
	}
	var work []func(context.Context) error
	for _, p := range pays {
		work = append(work, func(ctx context.Context) error {
			if mine, err := s.store.claim(ctx, &payRow{}, p.ID, *p.NextCheckAt, now.Add(claimFor)); err != nil || !mine {
				return err
			}
			return s.workPay(ctx, p)
		})
	}
	for _, r := range refunds {
		work = append(work, func(ctx context.Context) error {
			if mine, err := s.store.claim(ctx, &refundRow{}, r.ID, *r.NextCheckAt, now.Add(claimFor)); err != nil || !mine {
				return err
			}
			return s.workRefund(ctx, r.ID)
		})
	}
	disputes, err := s.store.dueDisputes(ctx, now, passSize)
	if err != nil {
		return 0, err
	}
	for _, d := range disputes {
		work = append(work, func(ctx context.Context) error {
			if mine, err := s.store.claimDispute(ctx, d, now.Add(claimFor)); err != nil || !mine {
				return err
			}
			return s.workDispute(ctx, d)
		})
	}
	parallel(ctx, work)
	return len(overdue) + len(work), nil
}

// parallel runs the work a few at a time. A failed or panicking row is told to
// the log and comes again by its own time.
func parallel(ctx context.Context, work []func(context.Context) error) {
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for _, fn := range work {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					slog.Error("payment work panicked", "panic", p)
				}
				<-slots
			}()
			if err := fn(ctx); err != nil {
				slog.Warn("payment work failed", "error", err)
			}
		})
	}
	wg.Wait()
}

// workPay does the next step of a payment.
func (s *Service) workPay(ctx context.Context, p payRow) error {
	if err := s.ours(ctx, p); err != nil {
		return err
	}
	p, err := s.store.pay(ctx, p.ID)
	if err != nil {
		return err
	}
	o, err := s.store.order(ctx, p.OrderID)
	if err != nil {
		return err
	}
	over := o.HoldExpiresAt != nil && !s.Clock().Before(*o.HoldExpiresAt)
	switch p.State {
	case Creating:
		if over && p.ParamsJSON == nil {
			return s.stopLate(ctx, o.ID)
		}
		if err := s.openPage(ctx, p); err != nil {
			if errs.Has(err, "again") {
				return nil
			}
			return err
		}
		if o.State == PendingPayment && !over {
			return nil
		}
		return s.stopAndClose(ctx, p)
	case Payable:
		if o.State == PendingPayment && !over {
			return s.Sync(ctx, p.ID)
		}
		return s.stopAndClose(ctx, p)
	case Processing, Authorized, Paid, Late:
		return s.Sync(ctx, p.ID)
	case Capturing, Voiding:
		return s.act(ctx, p)
	}
	if o.State == PendingPayment && over {
		if err := s.stopLate(ctx, o.ID); err != nil {
			return err
		}
	}
	return s.rest(ctx, p)
}

// rest lets a payment be that has come to its end; one that failed is looked at
// once more when its order's hold is over.
func (s *Service) rest(ctx context.Context, p payRow) error {
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row.State != p.State || row.NextCheckAt == nil {
			return nil
		}
		set := map[string]any{"next_check_at": nil}
		if t.order.State == PendingPayment && t.live() == nil {
			set["next_check_at"] = t.order.HoldExpiresAt
		}
		return s.store.updatePay(ctx, row, set)
	})
}

// stopLate begins to end an order whose hold is over.
func (s *Service) stopLate(ctx context.Context, orderID string) error {
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, orderID)
		if err != nil || t.order.State != PendingPayment {
			return err
		}
		return s.stop(ctx, t, stopTimeout, audit.System)
	})
}

// stopAndClose ends the hold of a payment's order and closes its page.
func (s *Service) stopAndClose(ctx context.Context, p payRow) error {
	if err := s.stopLate(ctx, p.OrderID); err != nil {
		return err
	}
	p, err := s.store.pay(ctx, p.ID)
	if err != nil || p.State != Payable {
		return err
	}
	return s.closePage(ctx, p)
}

func (s *Service) dueRefunds(ctx context.Context, orderID string) []refundRow {
	rows, err := s.store.dueRefunds(ctx, orderID, s.Clock(), passSize)
	if err != nil {
		slog.Warn("refunds not worked at once", "order", orderID, "error", err)
	}
	return rows
}

// Listen has the provider's events looked at by this room.
func (s *Service) Listen(in *inbox.Inbox) {
	s.events = in
	in.Handle("checkout.session.", s.SyncSession)
	in.Handle("payment_intent.", s.SyncIntent)
	in.Handle("charge.refund", s.SyncCharge)
	in.Handle("refund.", s.SyncCharge)
	in.Handle("charge.dispute.", s.SyncDispute)
}

// SyncSession handles an event about a payment page.
func (s *Service) SyncSession(ctx context.Context, e inbox.Event) error {
	if s.Gateway == nil || e.Account == "" {
		return nil
	}
	p, err := s.store.payBy(ctx, "session_id", e.Account, e.ObjectID)
	if err == nil {
		return s.Sync(ctx, p.ID)
	}
	if !errs.Is(err, errs.NotFound) {
		return err
	}
	// The event may be faster than the answer that made the page.
	session, err := s.Gateway.Session(ctx, payment.Ref{Account: e.Account, ID: e.ObjectID})
	if err != nil {
		return err
	}
	return s.adoptFound(ctx, session)
}

// adoptFound applies a page that no row names: ours, if its metadata says so
// and the payment was begun on that very account.
func (s *Service) adoptFound(ctx context.Context, session payment.Session) error {
	if session.Metadata[payment.MetaInstall] != s.Install {
		return nil // the business's own affair
	}
	p, err := s.store.pay(ctx, session.Metadata[payment.MetaPayment])
	if errs.Is(err, errs.NotFound) || err == nil && p.Account != session.Account {
		slog.Error("payment page without a payment", "session", session.ID, "account", session.Account)
		return inbox.ErrNotYet
	}
	if err != nil {
		return err
	}
	if p.SessionID != nil && *p.SessionID != session.ID {
		slog.Error("second payment page of a payment", "payment", p.ID, "session", session.ID)
		return inbox.ErrNotYet
	}
	return s.apply(ctx, p.ID, session)
}

// SyncIntent handles an event about a payment behind a page.
func (s *Service) SyncIntent(ctx context.Context, e inbox.Event) error {
	if s.Gateway == nil || e.Account == "" {
		return nil
	}
	p, err := s.store.payBy(ctx, "payment_intent_id", e.Account, e.ObjectID)
	if err == nil {
		return s.Sync(ctx, p.ID)
	}
	if !errs.Is(err, errs.NotFound) {
		return err
	}
	sessions, err := s.Gateway.FindSessions(ctx, e.Account, payment.SessionFilter{Intent: e.ObjectID})
	if err != nil {
		return err
	}
	for _, found := range sessions {
		if found.Metadata[payment.MetaInstall] != s.Install {
			continue
		}
		session, err := s.Gateway.Session(ctx, found.Ref)
		if err != nil {
			return err
		}
		if err := s.adoptFound(ctx, session); err != nil {
			return err
		}
	}
	return nil
}

// SyncCharge handles an event about a charge's refunds.
func (s *Service) SyncCharge(ctx context.Context, e inbox.Event) error {
	if s.Gateway == nil || e.Account == "" || e.IntentID == "" {
		return nil
	}
	p, err := s.store.payBy(ctx, "payment_intent_id", e.Account, e.IntentID)
	if errs.Is(err, errs.NotFound) {
		return nil // the business's own affair, or settled before its refund is read
	}
	if err != nil {
		return err
	}
	return s.SyncRefunds(ctx, p.ID)
}

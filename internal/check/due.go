package check

import (
	"context"
	"errors"
	"strconv"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/directory"
	"nearby/internal/errs"
)

const (
	// grace is how long a listed business of which something is missing goes on
	// taking orders.
	grace = 30 * day
	round = 200 // businesses looked at in one round
	atOne = 24 * time.Hour
)

// reminders are how many days before an end its owners are told.
var reminders = []int{30, 7, 1}

// Letters to owners, by what they tell.
const (
	MailSoon    = "check_soon"    // checks will run out; data: days
	MailDue     = "check_due"     // something is missing now
	MailLimited = "check_limited" // and was for too long: no orders
	MailFine    = "check_fine"    // nothing is missing any more
)

// Approved begins to look after a business that was listed by a version of the
// policy, in the transaction of the approval.
func (s *Service) Approved(ctx context.Context, b directory.Business, version string) error {
	standing, err := s.Standing(ctx, b, version)
	if err != nil || standing.Need == 0 {
		return err
	}
	return s.store.watch(ctx, watchRow{BusinessID: b.ID, Policy: version, NextAt: s.next(standing, watchRow{})})
}

// Touch has a business looked at in the next round, because something a check
// may be about has changed. It joins the caller's transaction.
func (s *Service) Touch(ctx context.Context, businessID string) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.hurry(ctx, businessID, s.Clock()) })
}

// deadline is since when something is missing of a listed business and when it
// stops taking orders for that; zero when nothing is.
func (s *Service) deadline(ctx context.Context, businessID string) (since, limit time.Time, err error) {
	w, err := s.store.watched(ctx, businessID)
	if errs.Is(err, errs.NotFound) || err == nil && w.DueSince == nil {
		return since, limit, nil
	}
	if err != nil {
		return since, limit, err
	}
	return w.DueSince.UTC(), w.DueSince.UTC().Add(grace), nil
}

// Sweep does what is due: codes that nobody typed expire, checks that the
// program can look at are looked at again before they run out, owners are
// reminded, and businesses of which something is missing go down step by step.
func (s *Service) Sweep(ctx context.Context) error {
	stale, err := s.store.stale(ctx, s.Clock())
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range stale {
		err := s.DB.Tx(ctx, func(ctx context.Context) error {
			return s.turn(ctx, audit.System, c, EventRunOut, account.System, map[string]any{"reason": "unused"})
		})
		if !errs.Is(err, errs.Conflict) { // somebody was faster
			failed = append(failed, err)
		}
	}
	failed = append(failed, s.askSenders(ctx))
	due, err := s.store.due(ctx, s.Clock(), round)
	if err != nil {
		return err
	}
	for _, id := range due {
		failed = append(failed, s.again(ctx, id))
	}
	return errors.Join(failed...)
}

// again looks at one business.
func (s *Service) again(ctx context.Context, businessID string) error {
	if err := s.lookAgain(ctx, businessID); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		b, err := s.Directory.Locked(ctx, businessID)
		if err != nil {
			return err
		}
		return s.settle(ctx, b)
	})
}

// lookAgain renews what the program can see by itself, once it is about to run
// out. What it does not see any more stays until its end.
func (s *Service) lookAgain(ctx context.Context, businessID string) error {
	b, err := s.Directory.Get(ctx, businessID)
	if err != nil {
		return err
	}
	live, err := s.store.live(ctx, businessID)
	if err != nil {
		return err
	}
	now := s.Clock()
	for _, c := range live {
		m, known := s.method(c.Method)
		if !known || m.Kind() != Looked || !c.Counts(m.Subject(b), now) || c.ValidUntil.Sub(now) > time.Duration(reminders[0])*day {
			continue
		}
		if v, err := m.Judge(ctx, c, b, ""); err != nil || !v.OK {
			continue
		}
		err := s.DB.Tx(ctx, func(ctx context.Context) error {
			renewed, err := s.store.renew(ctx, c.ID, c.ValidUntil, now.Add(s.policy(s.newest).valid(c.Method)))
			if err != nil || !renewed {
				return err
			}
			return s.note(ctx, audit.System, "renew", c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settle brings a business that is looked after to where its checks put it. The
// caller's transaction holds the business.
func (s *Service) settle(ctx context.Context, b directory.Business) error {
	w, err := s.store.watched(ctx, b.ID)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	live, err := s.store.live(ctx, b.ID)
	if err != nil {
		return err
	}
	now := s.Clock()
	for _, c := range live {
		if c.State == Passed && !now.Before(c.ValidUntil) {
			if err := s.turn(ctx, audit.System, c, EventLapse, account.System, map[string]any{"reason": "ran_out"}); err != nil {
				return err
			}
		}
	}
	standing := s.standing(b, live, w.Policy)
	if b.State.Listed() {
		if err := s.follow(ctx, b, standing, &w); err != nil {
			return err
		}
	}
	w.NextAt = s.next(standing, w)
	return s.store.watch(ctx, w)
}

// follow moves a listed business one step where its standing asks for it.
func (s *Service) follow(ctx context.Context, b directory.Business, standing Standing, w *watchRow) error {
	now := s.Clock()
	switch {
	case !standing.Met() && b.State == directory.Verified:
		w.DueSince = &now
		return s.step(ctx, b, MailDue, standing, directory.EventCheckExpired)
	case !standing.Met() && b.State == directory.VerifiedDue && w.DueSince != nil && !now.Before(w.DueSince.Add(grace)):
		w.LimitedAt = &now
		return s.step(ctx, b, MailLimited, standing, directory.EventGraceOver)
	case standing.Met() && b.State == directory.VerifiedDue:
		w.DueSince = nil
		return s.step(ctx, b, MailFine, standing, directory.EventRecheckPassed)
	case standing.Met() && b.State == directory.Limited && w.LimitedAt != nil:
		w.DueSince, w.LimitedAt = nil, nil
		return s.step(ctx, b, MailFine, standing, directory.EventLift, directory.EventRecheckPassed)
	case standing.Met():
		return s.remind(ctx, b, standing, w)
	}
	return nil
}

// step moves the business by events and tells its owners.
func (s *Service) step(ctx context.Context, b directory.Business, letter string, standing Standing, events ...directory.Event) error {
	err := s.Directory.Change(ctx, b.ID, func(b *directory.Business) error {
		for _, event := range events {
			if err := b.Move(event, account.System, s.Clock()); err != nil {
				return err
			}
		}
		detail := map[string]any{"to": b.State, "policy": standing.Policy, "missing": standing.Codes()}
		return s.Audit.Add(ctx, audit.Entry{
			Actor: audit.System, Action: "business." + string(events[len(events)-1]), Object: "business", ObjectID: b.ID, BusinessID: b.ID, Detail: detail,
		})
	})
	if err != nil {
		return err
	}
	return s.Accounts.MailOwners(ctx, b.ID, letter, nil)
}

// remind tells the owners that checks will run out: once for each step.
func (s *Service) remind(ctx context.Context, b directory.Business, standing Standing, w *watchRow) error {
	if standing.Until.IsZero() {
		return nil
	}
	left := standing.Until.Sub(s.Clock())
	step := 0
	for _, days := range reminders {
		if left <= time.Duration(days)*day {
			step = days
		}
	}
	told := w.RemindedFor != nil && w.RemindedFor.Equal(standing.Until) && w.Reminded <= step
	if step == 0 || told {
		return nil
	}
	w.RemindedFor, w.Reminded = &standing.Until, step
	return s.Accounts.MailOwners(ctx, b.ID, MailSoon, map[string]string{"days": strconv.Itoa(max(1, int((left+day-1)/day)))})
}

// next is when a business must be looked at again: at the next reminder, at the
// end of what counts, at the end of the grace, and once a day while something is
// missing.
func (s *Service) next(standing Standing, w watchRow) time.Time {
	now := s.Clock()
	next := now.Add(100 * day)
	sooner := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	if !standing.Met() {
		sooner(now.Add(atOne))
		if w.DueSince != nil {
			sooner(w.DueSince.Add(grace))
		}
		return next
	}
	for _, c := range standing.Counting {
		sooner(c.ValidUntil)
		sooner(c.ValidUntil.Add(-time.Duration(reminders[0]) * day)) // looked at again
	}
	for _, days := range reminders {
		sooner(standing.Until.Add(-time.Duration(days) * day))
	}
	return next
}

package complaint

import (
	"context"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/verification"
)

// Waiter is one complaint as the queue shows it.
type Waiter struct {
	Complaint
	Name string // of the business
}

// Queue lists the open complaints by their deadline, for verifiers and
// operators.
func (s *Service) Queue(ctx context.Context, actor account.Actor) ([]Waiter, error) {
	for _, role := range judges {
		has, err := s.Accounts.Has(ctx, actor.ID, role)
		if err != nil {
			return nil, err
		}
		if has {
			return s.store.queue(ctx)
		}
	}
	return nil, errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
}

// Case is a complaint with what it is about.
type Case struct {
	Complaint Complaint
	Business  directory.Business
	Thread    []Message
	Decision  *verification.Decision
	Measure   *measure.Measure
	Notice    *notice.Notice
}

// Case gathers a complaint for somebody who has nothing to do with the business
// and did not take the decision. Errors: Forbidden "own_decision",
// "own_business", "wrong_role".
func (s *Service) Case(ctx context.Context, actor account.Actor, complaintID string) (found Case, err error) {
	if found.Complaint, err = s.store.get(ctx, complaintID); err != nil {
		return Case{}, err
	}
	c := found.Complaint
	if found.Business, _, err = s.judge(ctx, actor, c); err != nil {
		return Case{}, err
	}
	if found.Thread, err = s.store.thread(ctx, c.ID); err != nil {
		return Case{}, err
	}
	switch c.Subject {
	case Rejection:
		d, err := s.Verification.Decision(ctx, c.SubjectID)
		found.Decision = &d
		return found, err
	case Measure:
		m, err := s.Measures.Get(ctx, c.SubjectID)
		found.Measure = &m
		return found, err
	}
	n, err := s.Notices.Get(ctx, c.SubjectID)
	found.Notice = &n
	return found, err
}

// judge makes sure that the actor may look at the complaint: another than who
// decided first, who has nothing to do with the business and did not complain.
func (s *Service) judge(ctx context.Context, actor account.Actor, c Complaint) (directory.Business, account.Actor, error) {
	b, err := s.Directory.Get(ctx, c.BusinessID)
	if err != nil {
		return b, account.Actor{}, err
	}
	judge, err := s.Verification.Judge(ctx, actor, b, judges...)
	if err == nil && (actor.ID == c.FirstBy || actor.ID == c.FiledBy) {
		err = errOwn
	}
	return b, judge, err
}

// Take gives a complaint to one of the judges for the length of a lease, or
// renews his own. Errors: Conflict "taken", Forbidden as Case.
func (s *Service) Take(ctx context.Context, actor account.Actor, complaintID string) error {
	return s.onCase(ctx, actor, complaintID, EventTake, func(ctx context.Context, judge account.Actor, c *Complaint) error {
		from := c.State
		if holder := c.Holder(s.Clock()); holder != "" && holder != actor.ID {
			return errTaken
		}
		if from == Assigned {
			from = Filed // its own again, or let go of by time
		}
		var err error
		if c.State, err = Life.Next(from, EventTake, judge.Role); err != nil {
			return err
		}
		taken, err := s.store.lease(ctx, c.ID, actor.ID, s.Clock(), s.Clock().Add(Lease))
		if err == nil && !taken {
			err = errTaken
		}
		return err
	})
}

// Release puts a complaint back. Errors: Conflict "no_lease".
func (s *Service) Release(ctx context.Context, actor account.Actor, complaintID string) error {
	return s.onCase(ctx, actor, complaintID, EventRelease, func(ctx context.Context, judge account.Actor, c *Complaint) (err error) {
		if c.State, err = Life.Next(c.State, EventRelease, judge.Role); err != nil {
			return err
		}
		freed, err := s.store.release(ctx, c.ID, actor.ID)
		if err == nil && !freed {
			err = errLease
		}
		return err
	})
}

// Ask writes into the thread; whoever complains is told. Errors: Conflict
// "no_lease", "decided".
func (s *Service) Ask(ctx context.Context, actor account.Actor, complaintID, text string) error {
	c, err := s.store.get(ctx, complaintID)
	if err != nil {
		return err
	}
	_, judge, err := s.judge(ctx, actor, c)
	if err != nil {
		return err
	}
	return s.say(ctx, judge, complaintID, true, text)
}

// Uphold lets the decision stand, with reasons. Errors: Invalid; Conflict
// "no_lease".
func (s *Service) Uphold(ctx context.Context, actor account.Actor, complaintID, words string) error {
	return s.decide(ctx, actor, complaintID, words, EventUphold, nil)
}

// Overturn undoes the decision, with reasons: a measure is taken back and
// everything is as before it; a refused application and a decided report wait
// again, for another person than the first. Errors: Invalid; Conflict "no_lease";
// those of what is undone.
func (s *Service) Overturn(ctx context.Context, actor account.Actor, complaintID, words string) error {
	return s.decide(ctx, actor, complaintID, words, EventOverturn, func(ctx context.Context, judge account.Actor, c Complaint) error {
		switch c.Subject {
		case Measure:
			_, err := s.Measures.Overturn(ctx, judge, c.SubjectID, words)
			return err
		case Rejection:
			return s.Verification.Overturn(ctx, judge, c.SubjectID)
		}
		return s.Notices.Overturn(ctx, judge, c.SubjectID)
	})
}

func (s *Service) decide(ctx context.Context, actor account.Actor, complaintID, words string, event Event, undo func(context.Context, account.Actor, Complaint) error) error {
	if err := checkText("words", words); err != nil {
		return err
	}
	return s.onCase(ctx, actor, complaintID, event, func(ctx context.Context, judge account.Actor, c *Complaint) (err error) {
		if c.State, err = Life.Next(c.State, event, judge.Role); err != nil {
			return err
		}
		held, err := s.store.decide(ctx, c.ID, actor.ID, c.State, words, s.Clock())
		if err != nil {
			return err
		}
		if !held {
			return errLease
		}
		if undo != nil {
			if err := undo(ctx, judge, *c); err != nil {
				return err
			}
		}
		return s.tell(ctx, "complaint_"+string(c.State), *c)
	})
}

// onCase loads a complaint under its lock for one of its judges, lets fn work
// and writes the audit entry.
func (s *Service) onCase(ctx context.Context, actor account.Actor, complaintID string, event Event, fn func(context.Context, account.Actor, *Complaint) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		c, err := s.store.lock(ctx, complaintID)
		if err != nil {
			return err
		}
		_, judge, err := s.judge(ctx, actor, c)
		if err != nil {
			return err
		}
		if err := fn(ctx, judge, &c); err != nil {
			return err
		}
		return s.note(ctx, judge, event, c)
	})
}

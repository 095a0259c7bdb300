package notice

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/job"
	"nearby/internal/mail"
	"nearby/internal/measure"
)

// Lease is how long a taken report is held without being renewed.
const Lease = 30 * time.Minute

// Outcome is what came of a report.
type Outcome string

// The outcomes.
const (
	OutcomeNone    Outcome = "no_action"
	OutcomeMeasure Outcome = "measure"
	OutcomePassed  Outcome = "passed_on" // to the business, which may put it right
)

// Outcomes are all of them.
var Outcomes = []Outcome{OutcomeNone, OutcomeMeasure, OutcomePassed}

var events = map[Outcome]Event{OutcomeNone: EventRefuse, OutcomeMeasure: EventAct, OutcomePassed: EventAct}

// Waiter is one report as the queue shows it.
type Waiter struct {
	Notice
	Name    string // of the business
	Repeats int    // further reports of the same
}

const queueLength = 200

// Queue lists the reports that wait, those of trusted flaggers first, then by
// their clock, for verifiers.
func (s *Service) Queue(ctx context.Context, actor account.Actor) ([]Waiter, error) {
	if err := s.verifier(ctx, actor); err != nil {
		return nil, err
	}
	return s.store.queue(ctx, queueLength)
}

// Case is one report with what a verifier looks at beside it.
type Case struct {
	Notice   Notice
	Business directory.Business
	Repeats  []Notice          // the same, reported again, oldest first
	Record   Record            // of whoever reported it
	Measures []measure.Measure // against the business so far, newest first
}

// Record is what became of earlier reports of one reporter.
type Record struct {
	Known            bool // nothing is known of who reports without an account and a mail
	Acted, NoAction  int
	TrustedFlaggerOf string // organisation, "" for none
}

// Case gathers a report for a verifier who has nothing to do with the business.
func (s *Service) Case(ctx context.Context, actor account.Actor, noticeID string) (c Case, err error) {
	if err := s.verifier(ctx, actor); err != nil {
		return Case{}, err
	}
	if c.Notice, err = s.store.get(ctx, noticeID); err != nil {
		return Case{}, err
	}
	if c.Business, err = s.directory.Get(ctx, c.Notice.BusinessID); err != nil {
		return Case{}, err
	}
	if err := s.verification.Impartial(ctx, actor, c.Business, c.Notice.reporterID); err != nil {
		return Case{}, err
	}
	if c.Repeats, err = s.store.repeats(ctx, noticeID); err != nil {
		return Case{}, err
	}
	if c.Record, err = s.store.record(ctx, c.Notice, s.clock().Add(-remembered)); err != nil {
		return Case{}, err
	}
	c.Measures, err = s.measures.Of(ctx, actor, c.Business.ID)
	return c, err
}

func (s *Service) verifier(ctx context.Context, actor account.Actor) error {
	is, err := s.accounts.Has(ctx, actor.ID, account.Verifier)
	if err == nil && !is {
		err = errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
	}
	return err
}

var (
	errTaken = errs.New(errs.Conflict, "taken", "Somebody else is looking at this case.")
	errLease = errs.New(errs.Conflict, "no_lease", "You do not hold this case any more. Take it again first.")
)

// Take gives a report to a verifier for the length of a lease, or renews his
// own. Of several who try at once, one gets it. Errors: Conflict "taken" or
// "not_allowed", Forbidden, NotFound.
func (s *Service) Take(ctx context.Context, actor account.Actor, noticeID string) error {
	return s.onCase(ctx, actor, noticeID, "notice.take", func(ctx context.Context, n Notice) (map[string]any, error) {
		if n.DecidedBy == actor.ID {
			return nil, errOwnDecision // decided before, and overturned
		}
		from := n.State
		if from == Assessing && (n.LeaseBy == actor.ID || !s.clock().Before(n.LeaseUntil)) {
			from = Received // its own again, or let go of by time
		}
		if n.State == Assessing && from == Assessing {
			return nil, errTaken
		}
		to, err := Life.Next(from, EventTake, account.Verifier)
		if err != nil {
			return nil, err
		}
		taken, err := s.store.lease(ctx, n.ID, actor.ID, to, s.clock(), s.clock().Add(Lease))
		if err == nil && !taken {
			err = errTaken
		}
		return nil, err
	})
}

// Release puts a report back into the queue. Errors: Conflict "no_lease".
func (s *Service) Release(ctx context.Context, actor account.Actor, noticeID string) error {
	return s.onCase(ctx, actor, noticeID, "notice.release", func(ctx context.Context, n Notice) (map[string]any, error) {
		to, err := Life.Next(n.State, EventRefer, account.Verifier)
		if err != nil {
			return nil, err
		}
		freed, err := s.store.release(ctx, n.ID, actor.ID, to)
		if err == nil && !freed {
			err = errLease
		}
		return nil, err
	})
}

// Decision says what comes of a report. Words are for the reporter; Measure is
// what is taken when the outcome is one.
type Decision struct {
	Outcome Outcome
	Words   string
	Measure measure.Input
}

func (d Decision) check() error {
	var w []errs.Field
	add := func(name, code, message string) {
		w = append(w, errs.Field{Name: name, Code: code, Message: message})
	}
	if events[d.Outcome] == "" {
		add("outcome", "required", "Choose what comes of it.")
	}
	switch {
	case strings.TrimSpace(d.Words) == "":
		add("words", "required", "Say it in your own words, too.")
	case !utf8.ValidString(d.Words) || strings.ContainsRune(d.Words, 0):
		add("words", "bad_text", "This text holds characters that cannot be shown.")
	case utf8.RuneCountInString(d.Words) > 2*maxText:
		add("words", "too_long", "This text is too long.")
	}
	return errs.Fields(w)
}

// Decide ends a report that the actor holds, and all that repeat it: state,
// measure, audit entry and the reporters' mails in one transaction. Errors:
// Conflict "no_lease"; those of measure.Impose.
func (s *Service) Decide(ctx context.Context, actor account.Actor, noticeID string, d Decision) error {
	if err := d.check(); err != nil {
		return err
	}
	return s.onCase(ctx, actor, noticeID, "notice.decide", func(ctx context.Context, n Notice) (map[string]any, error) {
		to, err := Life.Next(n.State, events[d.Outcome], account.Verifier)
		if err != nil {
			return nil, err
		}
		held, err := s.store.decide(ctx, n.ID, actor.ID, to, d, s.clock())
		if err != nil {
			return nil, err
		}
		if !held {
			return nil, errLease
		}
		detail := map[string]any{"outcome": d.Outcome, "kind": n.Kind}
		switch d.Outcome {
		case OutcomeMeasure:
			d.Measure.NoticeID, d.Measure.Detected = n.ID, "notice"
			m, err := s.measures.Impose(ctx, actor, n.BusinessID, d.Measure)
			if err != nil {
				return nil, err
			}
			detail["measure"] = m.ID
		case OutcomePassed:
			if err := s.passOn(ctx, n); err != nil {
				return nil, err
			}
		}
		return detail, s.tell(ctx, "notice_decided", n.ID)
	})
}

// passOn tells the owners of the business what was reported, without who did.
func (s *Service) passOn(ctx context.Context, n Notice) error {
	members, err := s.accounts.Members(ctx, n.BusinessID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Role != account.MemberOwner {
			continue
		}
		letter := account.Mail{Template: "notice_passed", UserID: m.UserID, Data: map[string]string{"notice_id": n.ID}}
		if err := s.jobs.Add(ctx, job.Job{Kind: mail.Job, Args: letter}); err != nil {
			return err
		}
	}
	return nil
}

// Mail is the argument of the job that writes to a reporter: the address is read
// when the message is sent.
type Mail struct {
	Template string `json:"template"`
	NoticeID string `json:"notice_id"`
}

// tell writes to everybody who reported the thing and left an address.
func (s *Service) tell(ctx context.Context, template, noticeID string) error {
	ids, err := s.store.addressed(ctx, noticeID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.jobs.Add(ctx, job.Job{Kind: mail.Job, Args: Mail{template, id}}); err != nil {
			return err
		}
	}
	return nil
}

// Recipient is where a letter to a reporter goes.
type Recipient struct {
	Notice
	Email, Locale string
}

// Recipient finds whom a Mail is for. NotFound when no address was left.
func (s *Service) Recipient(ctx context.Context, m Mail) (Recipient, error) {
	return s.store.recipient(ctx, m.NoticeID)
}

// Get reads a report for the program's own letters, or NotFound.
func (s *Service) Get(ctx context.Context, noticeID string) (Notice, error) {
	return s.store.get(ctx, noticeID)
}

// Overturn lets a decided report, with those that repeat it, wait again with a
// new clock, for another person than who decided. A measure that came of it
// stays: it has complaints of its own. Errors: NotFound; Forbidden
// "own_decision"; Conflict "not_allowed".
func (s *Service) Overturn(ctx context.Context, actor account.Actor, noticeID string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.get(ctx, noticeID)
		if err != nil {
			return err
		}
		head := n.ID
		if n.MergedInto != "" {
			head = n.MergedInto
		}
		b, err := s.directory.Get(ctx, n.BusinessID)
		if err != nil {
			return err
		}
		judge, err := s.verification.Judge(ctx, actor, b, account.Verifier, account.Operator)
		if err != nil {
			return err
		}
		if n.DecidedBy == judge.ID {
			return errOwnDecision
		}
		to, err := Life.Next(n.State, EventReopen, judge.Role)
		if err != nil {
			return err
		}
		if err := s.store.reopen(ctx, head, to, s.clock().Add(clocks[n.Kind])); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: judge, Action: "notice.reopen", Object: "notice", ObjectID: head, BusinessID: n.BusinessID, Detail: map[string]any{"outcome": n.Outcome},
		})
	})
}

var errOwnDecision = errs.New(errs.Forbidden, "own_decision", "Somebody else looks at a decision again.")

// onCase loads a report under the lock of its business, makes sure that the
// actor is a verifier who has nothing to do with it, lets fn work and writes the
// audit entry.
func (s *Service) onCase(ctx context.Context, actor account.Actor, noticeID, action string, fn func(context.Context, Notice) (map[string]any, error)) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.verifier(ctx, actor); err != nil {
			return err
		}
		n, err := s.store.get(ctx, noticeID)
		if err != nil {
			return err
		}
		b, err := s.directory.Get(ctx, n.BusinessID)
		if err != nil {
			return err
		}
		if err := s.verification.Impartial(ctx, actor, b, n.reporterID); err != nil {
			return err
		}
		if n.MergedInto != "" {
			return errs.New(errs.Conflict, "merged", "This repeats another report and is decided with it.")
		}
		detail, err := fn(ctx, n)
		if err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: account.Actor{ID: actor.ID, Role: account.Verifier}, Action: action, Object: "notice", ObjectID: n.ID, BusinessID: n.BusinessID, Detail: detail,
		})
	})
}

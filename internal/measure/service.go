package measure

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
	"nearby/internal/order"
	"nearby/internal/verification"
)

// Deps are what the service works with.
type Deps struct {
	DB           *database.DB
	Clock        clock.Clock
	IDs          ident.Source
	Audit        *audit.Log
	Jobs         *job.Queue
	Accounts     *account.Service
	Directory    *directory.Service
	Verification *verification.Service
	Order        *order.Service
}

// Service is the room's door.
type Service struct {
	Deps
	store store
}

// New makes the service and registers its job.
func New(d Deps) *Service {
	s := &Service{Deps: d, store: store{d.DB}}
	d.Jobs.Handle(jobEnd, s.tellEnd)
	return s
}

// jobEnd is the kind of job that writes down that a measure has ended, and tells
// the owners. The measure has ended without it.
const jobEnd = "measure.end"

type endArgs struct {
	MeasureID string `json:"measure_id"`
}

var (
	errOwnDecision = errs.New(errs.Forbidden, "own_decision", "Somebody else looks at a decision again.")
	errOrdersOpen  = errs.New(errs.Conflict, "orders_open", "Orders of this business are still open. They are completed or paid back first.")
	errNotice      = errs.New(errs.Conflict, "too_early", "Without a law that asks for it, a business has 30 days from its suspension.")
)

// terminationNotice is how long before its termination a business has to know
// (P2B regulation 2019/1150, art. 4), which its suspension has told it.
const terminationNotice = 30 * 24 * time.Hour

// Impose takes a measure against a business. What it does is done everywhere
// when the call returns: in searches, on its page, at the till, in feeds and the
// sitemap; holds and unpaid payment pages are released by the job that is left
// in the same transaction. Verifiers and operators may, not on a business of
// their own; only an operator terminates, and not who suspended. Errors: Invalid
// with every wrong field; NotFound; Forbidden "wrong_role", "own_business",
// "own_decision"; Conflict "not_allowed", "not_listed", "orders_open",
// "too_early".
func (s *Service) Impose(ctx context.Context, actor account.Actor, slugOrID string, in Input) (m Measure, err error) {
	in.EndsAt = in.EndsAt.UTC().Truncate(time.Microsecond)
	if err := in.check(s.Clock()); err != nil {
		return Measure{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		found, err := s.Directory.Find(ctx, slugOrID)
		if err != nil {
			return err
		}
		return s.Directory.Change(ctx, found.ID, func(b *directory.Business) error {
			judge, err := s.Verification.Judge(ctx, actor, *b, judges...)
			if err != nil {
				return err
			}
			if in.Kind == Terminated {
				if judge, err = s.Verification.Judge(ctx, actor, *b, account.Operator); err != nil {
					return err
				}
				if err := s.mayTerminate(ctx, actor, *b, in); err != nil {
					return err
				}
			}
			m, err = s.impose(ctx, judge, b, in)
			return err
		})
	})
	return m, err
}

// impose writes the measure and its effect under the lock of the business.
func (s *Service) impose(ctx context.Context, judge account.Actor, b *directory.Business, in Input) (Measure, error) {
	now := s.Clock()
	state, err := Life.Next("", EventImpose, judge.Role)
	if err != nil {
		return Measure{}, err
	}
	m := Measure{
		ID: s.IDs(), BusinessID: b.ID, NoticeID: in.NoticeID, Kind: in.Kind, Fields: in.Fields, Codes: in.Codes, Facts: in.Facts,
		Ground: in.Ground, Rule: in.Rule, Detected: in.Detected, Policy: s.Verification.Policy(), By: judge, StartsAt: now, State: state, Version: 1,
	}
	if !in.EndsAt.IsZero() {
		m.EndsAt = &in.EndsAt
		if err := s.Jobs.Add(ctx, job.Job{Kind: jobEnd, Key: m.ID, Args: endArgs{m.ID}, At: in.EndsAt}); err != nil {
			return Measure{}, err
		}
	}
	if effect, any := m.effect(); any {
		if err := b.Restrict(effect, judge.Role, now); err != nil {
			return Measure{}, err
		}
	} else if !b.State.Listed() && b.State != directory.Suspended {
		return Measure{}, errs.New(errs.Conflict, "not_listed", "Only what is listed, or suspended, can be restricted.")
	}
	if m.Kind.stopsSales() {
		err := s.Jobs.Add(ctx, job.Job{Kind: order.JobSuspended, Args: order.Suspension{BusinessID: b.ID, MeasureID: m.ID, Settle: m.Kind == Suspended}})
		if err != nil {
			return Measure{}, err
		}
	}
	if err := s.store.insert(ctx, m); err != nil {
		return Measure{}, err
	}
	if err := s.note(ctx, judge, EventImpose, m); err != nil {
		return Measure{}, err
	}
	return m, s.tell(ctx, "measure_"+string(EventImpose), m)
}

// mayTerminate refuses a termination by whoever suspended, before the notice is
// over, and while somebody still waits for goods or money.
func (s *Service) mayTerminate(ctx context.Context, actor account.Actor, b directory.Business, in Input) error {
	open, err := s.Order.OpenOf(ctx, b.ID)
	if err != nil {
		return err
	}
	if open > 0 {
		return errOrdersOpen
	}
	list, err := s.store.of(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Kind != Suspended || m.StateAt(s.Clock()) != InForce {
			continue
		}
		if m.By.ID == actor.ID {
			return errOwnDecision
		}
		if allowed := m.StartsAt.Add(terminationNotice); in.Ground != "law" && s.Clock().Before(allowed) {
			return errNotice.With(map[string]any{"allowed_at": allowed})
		}
	}
	return nil
}

// Lift takes a measure off before its end. What lay below is there again as it
// was. A verifier may not lift a measure of his own; an operator may. words are
// for the owners. Errors: Invalid; NotFound; Forbidden; Conflict "not_allowed".
func (s *Service) Lift(ctx context.Context, actor account.Actor, measureID, words string) (Measure, error) {
	return s.close(ctx, actor, measureID, words, EventLift, func(judge account.Actor, m Measure) error {
		if judge.Role == account.Verifier && m.By.ID == judge.ID {
			return errOwnDecision
		}
		return nil
	})
}

// Overturn says that a measure should not have been, also when it is over:
// always somebody else than who took it. Errors as Lift.
func (s *Service) Overturn(ctx context.Context, actor account.Actor, measureID, words string) (Measure, error) {
	return s.close(ctx, actor, measureID, words, EventOverturn, func(judge account.Actor, m Measure) error {
		if m.By.ID == judge.ID {
			return errOwnDecision
		}
		return nil
	})
}

func (s *Service) close(ctx context.Context, actor account.Actor, measureID, words string, event Event, may func(account.Actor, Measure) error) (m Measure, err error) {
	var w []errs.Field
	checkWords(func(name, code, message string) { w = append(w, errs.Field{Name: name, Code: code, Message: message}) }, "words", words, maxFacts)
	if err := errs.Fields(w); err != nil {
		return Measure{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		found, err := s.store.get(ctx, measureID)
		if err != nil {
			return err
		}
		return s.Directory.Change(ctx, found.BusinessID, func(b *directory.Business) error {
			if m, err = s.store.get(ctx, measureID); err != nil { // again, now that nobody else can change it
				return err
			}
			judge, err := s.Verification.Judge(ctx, actor, *b, account.Operator, account.Verifier)
			if err != nil {
				return err
			}
			if err := may(judge, m); err != nil {
				return err
			}
			if err := s.move(ctx, judge, &m, event, words); err != nil {
				return err
			}
			return b.Free(m.ID, judge.Role, s.Clock())
		})
	})
	return m, err
}

// move writes down one event in the life of a measure, by the version that was
// read, and tells the owners.
func (s *Service) move(ctx context.Context, by account.Actor, m *Measure, event Event, words string) error {
	now := s.Clock()
	from := m.State
	if event != EventEnd { // the end itself is what StateAt foresees
		from = m.StateAt(now)
	}
	to, err := Life.Next(from, event, by.Role)
	if err != nil {
		return err
	}
	closed := now
	if event == EventEnd {
		closed = *m.EndsAt
	}
	m.State, m.ClosedAt, m.ClosedBy, m.Words = to, &closed, by.ID, words
	moved, err := s.store.close(ctx, *m)
	if err != nil {
		return err
	}
	if !moved {
		return errs.New(errs.Conflict, "changed_meanwhile", "Somebody changed this in the meantime. Please look at it again.")
	}
	m.Version++
	if err := s.note(ctx, by, event, *m); err != nil {
		return err
	}
	return s.tell(ctx, "measure_"+string(event), *m)
}

// tellEnd is the job at the end of a measure.
func (s *Service) tellEnd(ctx context.Context, raw json.RawMessage) error {
	var args endArgs
	if err := json.Unmarshal(raw, &args); err != nil || args.MeasureID == "" {
		return errors.Join(errors.New("measure: job without a measure"), err)
	}
	wait := time.Duration(0)
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		found, err := s.store.get(ctx, args.MeasureID)
		if err != nil {
			return err
		}
		return s.Directory.Change(ctx, found.BusinessID, func(*directory.Business) error { // writes down what is over for it
			m, err := s.store.get(ctx, args.MeasureID)
			if err != nil || m.State != InForce {
				return err
			}
			if wait = m.EndsAt.Sub(s.Clock()); wait > 0 {
				return nil
			}
			return s.move(ctx, audit.System, &m, EventEnd, "")
		})
	})
	if err == nil && wait > 0 {
		return job.Later(wait)
	}
	return err
}

// Get reads a measure, or NotFound.
func (s *Service) Get(ctx context.Context, measureID string) (Measure, error) {
	return s.store.get(ctx, measureID)
}

// Statement reads a measure for a member of its business, without who took it,
// or for verifiers and operators. For anybody else it is NotFound.
func (s *Service) Statement(ctx context.Context, actor account.Actor, measureID string) (Measure, error) {
	m, err := s.store.get(ctx, measureID)
	if err != nil {
		return Measure{}, err
	}
	for _, role := range judges {
		if has, err := s.Accounts.Has(ctx, actor.ID, role); err != nil || has {
			return m, err
		}
	}
	if _, member, err := s.Accounts.Member(ctx, actor.ID, m.BusinessID); err != nil || !member {
		return Measure{}, errors.Join(err, errMissing)
	}
	return m.forOwner(), nil
}

var errMissing = errs.Missing("measure")

// forOwner is the measure without the people behind it.
func (m Measure) forOwner() Measure {
	m.By.ID, m.ClosedBy = "", ""
	return m
}

// ForOwner lists the measures against a business of the actor's, newest first.
// Errors: NotFound for strangers.
func (s *Service) ForOwner(ctx context.Context, actor account.Actor, slugOrID string) ([]Measure, error) {
	b, err := s.Directory.Owned(ctx, actor, slugOrID)
	if err != nil {
		return nil, err
	}
	list, err := s.store.of(ctx, b.ID)
	for i := range list {
		list[i] = list[i].forOwner()
	}
	return list, err
}

// Of lists the measures against a business, newest first, for verifiers and
// operators. Errors: Forbidden "wrong_role".
func (s *Service) Of(ctx context.Context, actor account.Actor, businessID string) ([]Measure, error) {
	for _, role := range judges {
		has, err := s.Accounts.Has(ctx, actor.ID, role)
		if err != nil {
			return nil, err
		}
		if has {
			return s.store.of(ctx, businessID)
		}
	}
	return nil, errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
}

// Imposed counts the measures that began since a time, by kind: what anybody may
// know.
func (s *Service) Imposed(ctx context.Context, since time.Time) (map[Kind]int, error) {
	return s.store.imposed(ctx, since)
}

// tell mails every owner of the business.
func (s *Service) tell(ctx context.Context, template string, m Measure) error {
	members, err := s.Accounts.Members(ctx, m.BusinessID)
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(member account.Member) bool { return member.Role != account.MemberOwner })
	for _, member := range members {
		letter := account.Mail{Template: template, UserID: member.UserID, Data: map[string]string{"measure_id": m.ID}}
		if err := s.Jobs.Add(ctx, job.Job{Kind: mail.Job, Args: letter}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) note(ctx context.Context, by account.Actor, event Event, m Measure) error {
	detail := map[string]any{"measure": m.ID, "kind": m.Kind, "to": m.State, "codes": m.Codes, "policy": m.Policy}
	if m.NoticeID != "" {
		detail["notice"] = m.NoticeID
	}
	return s.Audit.Add(ctx, audit.Entry{
		Actor: by, Action: "measure." + string(event), Object: "business", ObjectID: m.BusinessID, BusinessID: m.BusinessID, Detail: detail,
	})
}

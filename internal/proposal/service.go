package proposal

import (
	"context"
	"errors"
	"strings"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
	"nearby/internal/verification"
)

// Service is the room's door.
type Service struct {
	db           *database.DB
	store        store
	accounts     *account.Service
	directory    *directory.Service
	verification *verification.Service
	checks       *check.Service
	audit        *audit.Log
	jobs         *job.Queue
	clock        clock.Clock
	ids          ident.Source
}

// New makes the service.
func New(db *database.DB, accounts *account.Service, dir *directory.Service, desk *verification.Service, checks *check.Service, log *audit.Log, jobs *job.Queue, now clock.Clock, ids ident.Source) *Service {
	return &Service{db: db, store: store{db}, accounts: accounts, directory: dir, verification: desk, checks: checks, audit: log, jobs: jobs, clock: now, ids: ids}
}

// Update writes what an owner or manager says of a business. What a verifier
// has checked of a listed one becomes a proposal, the fields of an older open
// one with it, and keeps its public value until it is approved. The proposal is
// nil when there was nothing to propose. Errors as directory.UpdateHolding, and
// Invalid "required" where the business would lack what the checklist asks for.
func (s *Service) Update(ctx context.Context, actor account.Actor, slugOrID string, version int64, p directory.Profile) (b directory.Business, made *Proposal, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		made = nil // a transaction that lost is run again
		var held directory.Guarded
		if b, held, err = s.directory.UpdateHolding(ctx, actor, slugOrID, version, p); err != nil {
			return err
		}
		if err := s.checks.Touch(ctx, b.ID); err != nil || held.Empty() {
			return err
		}
		made, err = s.propose(ctx, actor, b, held)
		return err
	})
	return b, made, err
}

// propose runs under the lock of the business.
func (s *Service) propose(ctx context.Context, actor account.Actor, b directory.Business, wanted directory.Guarded) (*Proposal, error) {
	older, err := s.store.open(ctx, b.ID)
	found := err == nil
	if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	if found {
		wanted = wanted.Over(older.Wanted)
		if wanted.Equal(older.Wanted) && older.Was.Equal(b.Guarded(wanted)) {
			return &older, nil // sent twice
		}
	}
	after := b
	after.Put(wanted)
	if err := verification.Complete(after); err != nil {
		return nil, err
	}
	if found {
		if err := s.end(ctx, actor, older, EventSupersede, account.Owner); err != nil {
			return nil, err
		}
	}
	state, err := Life.Next("", EventPropose, account.Owner)
	if err != nil {
		return nil, err
	}
	p := Proposal{
		ID: s.ids(), BusinessID: b.ID, ProposedBy: actor.ID, State: state, Was: b.Guarded(wanted), Wanted: wanted,
		Policy: s.checks.Policy(), SubmittedAt: s.clock(),
	}
	if err := s.store.add(ctx, p); err != nil {
		return nil, err
	}
	return &p, s.note(ctx, actor, EventPropose, p)
}

// end closes an open proposal without a decision, under the lock of its
// business.
func (s *Service) end(ctx context.Context, actor account.Actor, p Proposal, event Event, by account.Role) error {
	to, err := Life.Next(p.State, event, by)
	if err != nil {
		return err
	}
	ended, err := s.store.end(ctx, p.ID, to, s.clock())
	if err != nil {
		return err
	}
	if !ended {
		return errDecided
	}
	p.State = to
	return s.note(ctx, actor, event, p)
}

var (
	errDecided = errs.New(errs.Conflict, "decided", "This change is closed already.")
	errLease   = errs.New(errs.Conflict, "no_lease", "You do not hold this case any more. Take it again first.")
)

// Withdraw takes the open proposal of a business back. Errors: NotFound for
// strangers and without an open one, Forbidden for staff.
func (s *Service) Withdraw(ctx context.Context, actor account.Actor, slugOrID string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		found, err := s.directory.Owned(ctx, actor, slugOrID)
		if err != nil {
			return err
		}
		if _, err := s.accounts.Require(ctx, actor, found.ID, account.RightProfile); err != nil {
			return err
		}
		p, err := s.store.open(ctx, found.ID)
		if err != nil {
			return err
		}
		return s.end(ctx, actor, p, EventWithdraw, account.Owner)
	})
}

// Pending is the open proposal of a business, nil for none. It says what is
// wanted, so it is for the business's own people; the public may know which
// fields it is about.
func (s *Service) Pending(ctx context.Context, businessID string) (*Proposal, error) {
	p, err := s.store.open(ctx, businessID)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return &p, err
}

// History lists the proposals of a business, the newest first, for its people:
// without the notes for verifiers and without who decided. Errors: NotFound for
// strangers.
func (s *Service) History(ctx context.Context, actor account.Actor, slugOrID string) ([]Proposal, error) {
	b, err := s.directory.Owned(ctx, actor, slugOrID)
	if err != nil {
		return nil, err
	}
	list, err := s.store.list(ctx, b.ID, 20)
	for i := range list {
		list[i].Note, list[i].DecidedBy, list[i].LeaseBy = "", "", ""
	}
	return list, err
}

// Waiter is an open proposal as the queue shows it.
type Waiter struct {
	Proposal
	Name string // the public one
}

const queueLength = 200

// Queue lists the open proposals of listed businesses, the oldest first, for
// verifiers.
func (s *Service) Queue(ctx context.Context, actor account.Actor) ([]Waiter, error) {
	if err := s.mustVerify(ctx, actor); err != nil {
		return nil, err
	}
	rows, err := s.store.queue(ctx, queueLength)
	if err != nil {
		return nil, err
	}
	list := make([]Waiter, len(rows))
	for i, r := range rows {
		if list[i].Proposal, err = r.Row.proposal(); err != nil {
			return nil, err
		}
		list[i].Name = r.Name
	}
	return list, nil
}

func (s *Service) mustVerify(ctx context.Context, actor account.Actor) error {
	has, err := s.accounts.Has(ctx, actor.ID, account.Verifier)
	if err == nil && !has {
		return errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
	}
	return err
}

// Case is a proposal with everything a verifier looks at.
type Case struct {
	Proposal           Proposal
	Business           directory.Business // as the public sees it
	After              directory.Business // as it would be
	directory.Likeness                    // of what it would be
	MovedM             float64            // from the public pin to the wanted one, metres
	StreetM            float64            // from the wanted pin to the street of the wanted address; -1 when unknown
	Earlier            []Proposal         // decided or taken back, the newest first
}

// Case gathers a proposal for a verifier who has nothing to do with the
// business.
func (s *Service) Case(ctx context.Context, actor account.Actor, id string) (c Case, err error) {
	if err := s.mustVerify(ctx, actor); err != nil {
		return c, err
	}
	if c.Proposal, err = s.store.get(ctx, id); err != nil {
		return c, err
	}
	if c.Business, err = s.directory.Get(ctx, c.Proposal.BusinessID); err != nil {
		return c, err
	}
	if err := s.verification.Impartial(ctx, actor, c.Business, c.Proposal.ProposedBy); err != nil {
		return c, err
	}
	c.After = c.Business
	c.After.Put(c.Proposal.Wanted)
	c.MovedM, c.StreetM = geo.Distance(c.Business.Point, c.After.Point), -1
	if c.Likeness, err = s.directory.Likeness(ctx, c.After); err != nil {
		return c, err
	}
	street, known, err := s.directory.Street(ctx, c.After.Address.Street, c.After.Point)
	if err != nil {
		return c, err
	}
	if known {
		c.StreetM = geo.Distance(c.After.Point, street.Point)
	}
	list, err := s.store.list(ctx, c.Business.ID, 20)
	for _, p := range list {
		if p.ID != id && !p.Open() {
			c.Earlier = append(c.Earlier, p)
		}
	}
	return c, err
}

// Take gives a proposal to a verifier for the length of a lease, or renews his
// own. Errors: Conflict "taken" or "decided", Forbidden "own_business".
func (s *Service) Take(ctx context.Context, actor account.Actor, id string) error {
	return s.onCase(ctx, actor, id, EventTake, func(ctx context.Context, p *Proposal) error {
		now := s.clock()
		free, err := s.store.lease(ctx, p.ID, actor.ID, now, now.Add(verification.Lease))
		if err == nil && !free {
			err = errs.New(errs.Conflict, "taken", "Somebody else is looking at this case.")
		}
		p.State = InReview
		return err
	})
}

// Release puts a proposal back into the queue, where it keeps its place.
func (s *Service) Release(ctx context.Context, actor account.Actor, id string) error {
	return s.onCase(ctx, actor, id, EventRelease, func(ctx context.Context, p *Proposal) error {
		freed, err := s.store.release(ctx, p.ID, actor.ID)
		if err == nil && !freed {
			err = errLease
		}
		p.State = Pending
		return err
	})
}

// Approve makes the wanted values public at once, and notes when they last
// changed. note is for verifiers; where the case shows possible duplicates it is
// needed and says why they are none. Errors: Conflict "no_lease", "decided", "not_listed" while the
// business is not listed, "outdated" when the public values are not those that
// were compared, Forbidden "own_business", Invalid.
func (s *Service) Approve(ctx context.Context, actor account.Actor, id, note string) error {
	in := Decline{Note: strings.TrimSpace(note)}
	var w []errs.Field
	if checkText(&w, "note", in.Note); len(w) > 0 {
		return errs.Fields(w)
	}
	return s.decide(ctx, actor, id, EventApprove, in, func(ctx context.Context, p Proposal, b *directory.Business) error {
		if !b.Listed() {
			return errs.New(errs.Conflict, "not_listed", "This business is not listed now.")
		}
		if !p.Was.Equal(b.Guarded(p.Was)) {
			return errs.New(errs.Conflict, "outdated", "The public values have changed since. The owner has to propose this again.")
		}
		b.Put(p.Wanted)
		duplicates, err := s.directory.Duplicates(ctx, *b)
		if err != nil {
			return err
		}
		if len(duplicates) > 0 && in.Note == "" {
			return errs.Fields([]errs.Field{{Name: "note", Code: "required", Message: "Say why the possible duplicates are none."}})
		}
		if err := s.checks.Touch(ctx, b.ID); err != nil {
			return err
		}
		return verification.Complete(*b)
	})
}

// Decline leaves everything as it is and tells the owner why. Errors as
// Approve.
func (s *Service) Decline(ctx context.Context, actor account.Actor, id string, in Decline) error {
	if err := in.check(); err != nil {
		return err
	}
	return s.decide(ctx, actor, id, EventDecline, in, func(context.Context, Proposal, *directory.Business) error { return nil })
}

// decide ends a proposal that the actor holds, under the lock of its business:
// an owner who proposes something newer comes before or after.
func (s *Service) decide(ctx context.Context, actor account.Actor, id string, event Event, in Decline, fn func(context.Context, Proposal, *directory.Business) error) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.mustVerify(ctx, actor); err != nil {
			return err
		}
		found, err := s.store.get(ctx, id)
		if err != nil {
			return err
		}
		return s.directory.Change(ctx, found.BusinessID, func(b *directory.Business) error {
			return s.onCase(ctx, actor, id, event, func(ctx context.Context, p *Proposal) error {
				if p.State != InReview {
					return errLease
				}
				to, err := Life.Next(p.State, event, account.Verifier)
				if err != nil {
					return err
				}
				held, err := s.store.decide(ctx, p.ID, actor.ID, to, in, s.clock())
				if err != nil {
					return err
				}
				if !held {
					return errLease
				}
				if err := fn(ctx, *p, b); err != nil {
					return err
				}
				p.State = to
				return s.tell(ctx, "change_"+string(to), *b)
			})
		})
	})
}

// onCase loads an open proposal, makes sure that the actor is a verifier who
// has nothing to do with its business, lets fn work and writes the audit entry.
func (s *Service) onCase(ctx context.Context, actor account.Actor, id string, event Event, fn func(context.Context, *Proposal) error) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.mustVerify(ctx, actor); err != nil {
			return err
		}
		p, err := s.store.get(ctx, id)
		if err != nil {
			return err
		}
		b, err := s.directory.Get(ctx, p.BusinessID)
		if err != nil {
			return err
		}
		if err := s.verification.Impartial(ctx, actor, b, p.ProposedBy); err != nil {
			return err
		}
		if !p.Open() {
			return errDecided
		}
		if err := fn(ctx, &p); err != nil {
			return err
		}
		return s.note(ctx, account.Actor{ID: actor.ID, Role: account.Verifier}, event, p)
	})
}

// Tidy withdraws proposals about businesses that were taken back to draft. It
// is called now and then.
func (s *Service) Tidy(ctx context.Context) error {
	list, err := s.store.stranded(ctx, queueLength)
	if err != nil {
		return err
	}
	var failed []error
	for _, p := range list {
		failed = append(failed, s.db.Tx(ctx, func(ctx context.Context) error {
			err := s.end(ctx, audit.System, p, EventWithdraw, account.System)
			if errs.Has(err, "decided") {
				return nil // the owner was faster
			}
			return err
		}))
	}
	return errors.Join(failed...)
}

// tell mails every owner of the business.
func (s *Service) tell(ctx context.Context, template string, b directory.Business) error {
	members, err := s.accounts.Members(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Role != account.MemberOwner {
			continue
		}
		letter := account.Mail{Template: template, UserID: m.UserID, Data: map[string]string{"business_id": b.ID}}
		if err := s.jobs.Add(ctx, job.Job{Kind: mail.Job, Args: letter}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) note(ctx context.Context, actor account.Actor, event Event, p Proposal) error {
	return s.audit.Add(ctx, audit.Entry{
		Actor: actor, Action: "change." + string(event), Object: "change", ObjectID: p.ID, BusinessID: p.BusinessID,
		Detail: map[string]any{"fields": Fields(p.Wanted), "to": p.State, "policy": p.Policy},
	})
}

// Fields names what a proposal is about, as the checklist does.
func Fields(g directory.Guarded) []string {
	var list []string
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"name", g.Name != nil},
		{"category", g.Category != nil},
		{"legal_name", g.LegalName != nil},
		{"register_number", g.RegisterNumber != nil},
		{"website", g.Website != nil},
		{"address", g.Address != nil},
		{"lat", g.Pin != nil},
	} {
		if f.has {
			list = append(list, f.name)
		}
	}
	return list
}

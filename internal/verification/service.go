package verification

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
)

// Service is the room's door.
type Service struct {
	db        *database.DB
	store     store
	accounts  *account.Service
	directory *directory.Service
	checks    *check.Service
	audit     *audit.Log
	jobs      *job.Queue
	clock     clock.Clock
	ids       ident.Source
}

// New makes the service.
func New(db *database.DB, accounts *account.Service, dir *directory.Service, checks *check.Service, log *audit.Log, jobs *job.Queue, now clock.Clock, ids ident.Source) *Service {
	return &Service{db: db, store: store{db}, accounts: accounts, directory: dir, checks: checks, audit: log, jobs: jobs, clock: now, ids: ids}
}

// Submit applies for listing with what the business says of itself now. Errors:
// NotFound for strangers, Forbidden for staff, Invalid with every required
// field that is missing, Conflict "not_allowed" in the wrong state.
func (s *Service) Submit(ctx context.Context, actor account.Actor, slugOrID string) (request Request, err error) {
	err = s.byOwner(ctx, actor, slugOrID, directory.EventSubmit, func(ctx context.Context, b directory.Business) error {
		if err := Complete(b); err != nil {
			return err
		}
		now := s.clock()
		// A business that was closed while it waited has left a request behind.
		if err := s.store.withdraw(ctx, b.ID, now); err != nil {
			return err
		}
		request = Request{
			ID: s.ids(), BusinessID: b.ID, SubmittedBy: actor.ID, State: Waiting, Claim: claimOf(b), Policy: s.checks.Policy(), SubmittedAt: now,
		}
		claim, err := request.Claim.json()
		if err != nil {
			return err
		}
		return s.store.add(ctx, request, claim)
	})
	return request, err
}

// Withdraw takes an application back while nobody looks at it.
func (s *Service) Withdraw(ctx context.Context, actor account.Actor, slugOrID string) error {
	return s.byOwner(ctx, actor, slugOrID, directory.EventWithdraw, func(ctx context.Context, b directory.Business) error {
		return s.store.withdraw(ctx, b.ID, s.clock())
	})
}

// Resubmit makes a rejected business a draft again. Errors: Conflict "final"
// after fraud or impersonation, Conflict "too_early" with the time from when it
// is possible.
func (s *Service) Resubmit(ctx context.Context, actor account.Actor, slugOrID string) error {
	return s.byOwner(ctx, actor, slugOrID, directory.EventResubmit, func(ctx context.Context, b directory.Business) error {
		at, final, err := s.resubmitAt(ctx, b.ID)
		switch {
		case err != nil:
			return err
		case final:
			return errs.New(errs.Conflict, "final", "This decision can be appealed, but not tried again.")
		case s.clock().Before(at):
			return errs.New(errs.Conflict, "too_early", "You can try again later.").With(map[string]any{"allowed_at": at})
		}
		return nil
	})
}

// resubmitAt is from when a rejected business may be tried again; final when
// never.
func (s *Service) resubmitAt(ctx context.Context, businessID string) (at time.Time, final bool, err error) {
	decisions, err := s.store.decisions(ctx, businessID)
	if err != nil {
		return time.Time{}, false, err
	}
	rejections := 0
	for _, d := range decisions { // newest first
		if d.Kind != KindReject {
			continue
		}
		if rejections++; rejections == 1 {
			at = d.At
		}
		final = final || d.final()
	}
	if rejections == 0 {
		return time.Time{}, false, nil
	}
	return at.Add(resubmitAfter[min(rejections, len(resubmitAfter))-1]), final, nil
}

// Policy is the version of the rules by which new cases and measures are decided.
func (s *Service) Policy() string { return s.checks.Policy() }

// byOwner is one event of the life cycle caused by somebody who may edit the
// business: the move, what belongs to it, and the audit entry.
func (s *Service) byOwner(ctx context.Context, actor account.Actor, slugOrID string, event directory.Event, fn func(context.Context, directory.Business) error) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		found, err := s.directory.Owned(ctx, actor, slugOrID)
		if err != nil {
			return err
		}
		if _, err := s.accounts.Require(ctx, actor, found.ID, account.RightProfile); err != nil {
			return err
		}
		var moved directory.Business
		err = s.directory.Change(ctx, found.ID, func(b *directory.Business) error {
			if err := b.Move(event, account.Owner, s.clock()); err != nil {
				return err
			}
			moved = *b
			return fn(ctx, *b)
		})
		if err != nil {
			return err
		}
		return s.note(ctx, actor, "business."+string(event), moved, nil)
	})
}

// Take gives a case to a verifier for the length of a lease, or renews his own.
// Of several who try at once, one gets it. Errors: Conflict "taken", Forbidden
// "own_business" or "wrong_role", NotFound.
func (s *Service) Take(ctx context.Context, actor account.Actor, requestID string) (request Request, err error) {
	err = s.onCase(ctx, actor, requestID, "business.take", func(ctx context.Context, row requestRow, b *directory.Business) error {
		if err := s.another(ctx, actor, row.ID); err != nil {
			return err
		}
		now := s.clock()
		until := now.Add(Lease)
		free, err := s.store.lease(ctx, row.ID, actor.ID, now, until)
		if err != nil {
			return err
		}
		if !free {
			return errs.New(errs.Conflict, "taken", "Somebody else is looking at this case.")
		}
		if b.State == directory.InReview && row.LeaseBy != actor.ID {
			if err := b.Move(directory.EventRelease, account.System, now); err != nil {
				return err
			}
		}
		if b.State != directory.InReview {
			if err := b.Move(directory.EventTake, account.Verifier, now); err != nil {
				return err
			}
			if err := s.tell(ctx, "verification_taken", *b, ""); err != nil {
				return err
			}
		}
		row.State, row.LeaseBy, row.LeaseUntil = InReview, actor.ID, &until
		request, err = row.request()
		return err
	})
	return request, err
}

// EndLeases puts cases whose lease is over back into the queue. It is called
// now and then; until it is, whoever takes such a case gets it all the same.
func (s *Service) EndLeases(ctx context.Context) error {
	over, err := s.store.over(ctx, s.clock())
	if err != nil {
		return err
	}
	var failed []error
	for _, row := range over {
		failed = append(failed, s.endLease(ctx, row))
	}
	return errors.Join(failed...)
}

func (s *Service) endLease(ctx context.Context, row requestRow) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		return s.directory.Change(ctx, row.BusinessID, func(b *directory.Business) error {
			freed, err := s.store.release(ctx, row.ID, "", s.clock())
			if err != nil || !freed || b.State != directory.InReview {
				return err // taken or decided meanwhile, or closed by its owner
			}
			if err := b.Move(directory.EventRelease, account.System, s.clock()); err != nil {
				return err
			}
			return s.note(ctx, audit.System, "business.release", *b, nil)
		})
	})
}

// Release puts a case back into the queue, where it keeps its place. Errors:
// Conflict "no_lease" when the actor does not hold it.
func (s *Service) Release(ctx context.Context, actor account.Actor, requestID string) error {
	return s.onCase(ctx, actor, requestID, "business.release", func(ctx context.Context, row requestRow, b *directory.Business) error {
		freed, err := s.store.release(ctx, row.ID, actor.ID, s.clock())
		if err != nil {
			return err
		}
		if !freed {
			return errLease
		}
		return b.Move(directory.EventRelease, account.Verifier, s.clock())
	})
}

var errLease = errs.New(errs.Conflict, "no_lease", "You do not hold this case any more. Take it again first.")

// Approve lists the business. note is for verifiers; where the case shows
// possible duplicates it is needed and says why they are none. Errors: Conflict
// "no_lease", Forbidden "own_business", Invalid.
func (s *Service) Approve(ctx context.Context, actor account.Actor, requestID, note string) error {
	var w []errs.Field
	checkWords(&w, "note", note, false)
	if err := errs.Fields(w); err != nil {
		return err
	}
	return s.decide(ctx, actor, requestID, Approved, directory.EventApprove, Decision{Kind: KindApprove, Note: note})
}

// Ask gives the case back to the owner with what must change. Errors as Approve.
func (s *Service) Ask(ctx context.Context, actor account.Actor, requestID string, in AskInput) error {
	reasons, err := in.check()
	if err != nil {
		return err
	}
	return s.decide(ctx, actor, requestID, Asked, directory.EventAsk, Decision{Kind: KindAsk, Reasons: reasons, Words: in.Words})
}

// Reject refuses to list the business. Errors as Approve.
func (s *Service) Reject(ctx context.Context, actor account.Actor, requestID string, in RejectInput) error {
	reasons, err := in.check()
	if err != nil {
		return err
	}
	return s.decide(ctx, actor, requestID, Rejected, directory.EventReject, Decision{Kind: KindReject, Reasons: reasons, Words: in.Words, Note: in.Note})
}

// decide ends a case that the actor holds: request, business, decision, audit
// and mail in one transaction.
func (s *Service) decide(ctx context.Context, actor account.Actor, requestID string, to State, event directory.Event, d Decision) error {
	return s.onCase(ctx, actor, requestID, "business."+string(event), func(ctx context.Context, row requestRow, b *directory.Business) error {
		now := s.clock()
		held, err := s.store.decide(ctx, row.ID, actor.ID, to, now)
		if err != nil {
			return err
		}
		if !held {
			return errLease
		}
		if event == directory.EventApprove {
			if err := s.ready(ctx, *b, row.Policy, d.Note); err != nil {
				return err
			}
		}
		if err := b.Move(event, account.Verifier, now); err != nil {
			return err
		}
		d.RequestID, d.Policy = row.ID, row.Policy
		sum := sha256.Sum256([]byte(row.Claim))
		d.Seen = hex.EncodeToString(sum[:])
		return s.record(ctx, account.Actor{ID: actor.ID, Role: account.Verifier}, *b, d)
	})
}

// ready refuses an approval of what is not complete, not proven by the policy it
// was sent in under, or possibly listed already without a word about it, and has
// the business looked after from now on.
func (s *Service) ready(ctx context.Context, b directory.Business, policy, note string) error {
	if err := Complete(b); err != nil {
		return err
	}
	duplicates, err := s.directory.Duplicates(ctx, b)
	if err != nil {
		return err
	}
	if len(duplicates) > 0 && note == "" {
		return errs.Fields([]errs.Field{{Name: "note", Code: "required", Message: "Say why the possible duplicates are none."}})
	}
	standing, err := s.checks.Standing(ctx, b, policy)
	if err != nil {
		return err
	}
	if !standing.Met() {
		return errs.New(errs.Conflict, "checks_missing", "Not everything is proven yet that this business has to prove.").
			With(map[string]any{"missing": standing.Codes(), "policy": standing.Policy})
	}
	return s.checks.Approved(ctx, b, policy)
}

// RecordCheck writes down what a verifier saw of the business of an open case.
// Errors: Forbidden "own_business", Conflict "decided", and as check.Record.
func (s *Service) RecordCheck(ctx context.Context, actor account.Actor, requestID string, in check.RecordInput) (c check.Check, err error) {
	var w []errs.Field
	checkWords(&w, "check_note", in.Note, true)
	if err := errs.Fields(w); err != nil {
		return c, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.store.get(ctx, requestID)
		if err != nil {
			return err
		}
		b, err := s.directory.Get(ctx, row.BusinessID)
		if err != nil {
			return err
		}
		if err := s.Impartial(ctx, actor, b, row.SubmittedBy); err != nil {
			return err
		}
		if !row.open() {
			return errs.New(errs.Conflict, "decided", "This case is closed already.")
		}
		c, err = s.checks.Record(ctx, account.Actor{ID: actor.ID, Role: account.Verifier}, b.ID, in)
		return err
	})
	return c, err
}

// onCase loads a request and its business under the lock of the business, makes
// sure that the actor is a verifier who has nothing to do with it, lets fn work
// and writes the audit entry.
func (s *Service) onCase(ctx context.Context, actor account.Actor, requestID, action string, fn func(context.Context, requestRow, *directory.Business) error) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.mustBe(ctx, actor, account.Verifier); err != nil {
			return err
		}
		row, err := s.store.get(ctx, requestID)
		if err != nil {
			return err
		}
		return s.directory.Change(ctx, row.BusinessID, func(b *directory.Business) error {
			if row, err = s.store.get(ctx, requestID); err != nil { // again, now that nobody else can change it
				return err
			}
			if err := s.unrelated(ctx, actor, *b, row.SubmittedBy); err != nil {
				return err
			}
			if !row.open() {
				return errs.New(errs.Conflict, "decided", "This case is closed already.")
			}
			from := b.State
			if err := fn(ctx, row, b); err != nil {
				return err
			}
			return s.note(ctx, account.Actor{ID: actor.ID, Role: account.Verifier}, action, *b, map[string]any{"request": row.ID, "from": from})
		})
	})
}

func (r requestRow) open() bool { return r.EndedAt == nil }

// Judge makes sure that the actor holds one of the roles at this moment and has
// nothing to do with the business; judge is the actor in that role, the first
// that fits. Errors: Forbidden "wrong_role" or "own_business".
func (s *Service) Judge(ctx context.Context, actor account.Actor, b directory.Business, roles ...account.Role) (judge account.Actor, err error) {
	role, err := s.oneOf(ctx, actor, roles...)
	if err != nil {
		return account.Actor{}, err
	}
	return account.Actor{ID: actor.ID, Role: role}, s.unrelated(ctx, actor, b, "")
}

// record stores a decision and tells the owner.
func (s *Service) record(ctx context.Context, by account.Actor, b directory.Business, d Decision) error {
	d.ID, d.BusinessID, d.By, d.At = s.ids(), b.ID, by, s.clock()
	if err := s.store.addDecision(ctx, d); err != nil {
		return err
	}
	return s.tell(ctx, "verification_"+string(d.Kind), b, d.ID)
}

// tell mails every owner of the business.
func (s *Service) tell(ctx context.Context, template string, b directory.Business, decisionID string) error {
	data := map[string]string{}
	if decisionID != "" {
		data["decision_id"] = decisionID
	}
	return s.accounts.MailOwners(ctx, b.ID, template, data)
}

func (s *Service) note(ctx context.Context, actor account.Actor, action string, b directory.Business, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["to"], detail["policy"] = b.State, s.checks.Policy()
	return s.audit.Add(ctx, audit.Entry{
		Actor: actor, Action: action, Object: "business", ObjectID: b.ID, BusinessID: b.ID, Detail: detail,
	})
}

// mustBe refuses an actor who does not hold the role at this moment, whatever
// the actor says.
func (s *Service) mustBe(ctx context.Context, actor account.Actor, role account.Role) error {
	_, err := s.oneOf(ctx, actor, role)
	return err
}

func (s *Service) oneOf(ctx context.Context, actor account.Actor, roles ...account.Role) (account.Role, error) {
	for _, role := range roles {
		if has, err := s.accounts.Has(ctx, actor.ID, role); err != nil || has {
			return role, err
		}
	}
	return "", errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
}

// Impartial makes sure that the actor is a verifier at this moment and has
// nothing to do with the business, nor is somebody named in others. Errors:
// Forbidden "wrong_role" or "own_business".
func (s *Service) Impartial(ctx context.Context, actor account.Actor, b directory.Business, others ...string) error {
	if err := s.mustBe(ctx, actor, account.Verifier); err != nil {
		return err
	}
	if slices.Contains(others, actor.ID) {
		return errOwn
	}
	return s.unrelated(ctx, actor, b, "")
}

var errOwn = errs.New(errs.Forbidden, "own_business", "Nobody decides on a business of their own.")

// unrelated refuses an actor who has something to do with the business.
func (s *Service) unrelated(ctx context.Context, actor account.Actor, b directory.Business, submittedBy string) error {
	_, member, err := s.accounts.Member(ctx, actor.ID, b.ID)
	if err != nil {
		return err
	}
	if member || actor.ID == b.OwnerID || actor.ID == submittedBy {
		return errOwn
	}
	return nil
}

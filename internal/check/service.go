package check

import (
	"context"
	"errors"
	"slices"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/payout"
)

// Deps are what the room works with.
type Deps struct {
	DB        *database.DB
	Clock     clock.Clock
	IDs       ident.Source
	Audit     *audit.Log
	Jobs      *job.Queue
	Accounts  *account.Service
	Directory *directory.Service
	Payout    *payout.Service
	Phones    Phones // how codes come to telephones
	Web       Web    // how other people's servers are asked
	Key       []byte // secret, at least 32 bytes: codes are made from it
}

// Service is the room's door.
type Service struct {
	Deps
	store    store
	methods  []Method
	policies map[string]Policy
	newest   string
}

// New makes the service with every method of the room.
func New(d Deps) (*Service, error) {
	policies, newest, err := Policies()
	if err != nil {
		return nil, err
	}
	s := &Service{Deps: d, store: store{d.DB}, policies: policies, newest: newest}
	for _, m := range []Method{
		postcard{d.Key}, domain{d.Web, d.Key}, domainMail{d.Key, d.Jobs}, paymentAccount{payout: d.Payout},
		phoneCode{s}, recorded{SiteVisit}, recorded{Register}, recorded{Licence},
	} {
		s.Add(m)
	}
	s.Jobs.Handle(JobCode, s.bring)
	return s, nil
}

// Add plugs in a method. A second one of the same name panics.
func (s *Service) Add(m Method) {
	if _, known := s.method(m.Name()); known {
		panic("check: two methods are called " + string(m.Name()))
	}
	s.methods = append(s.methods, m)
}

// Policy is the version by which new applications are decided.
func (s *Service) Policy() string { return s.newest }

func (s *Service) policy(version string) Policy {
	if p, known := s.policies[version]; known {
		return p
	}
	return s.policies[s.newest]
}

func (s *Service) method(name Name) (Method, bool) {
	i := slices.IndexFunc(s.methods, func(m Method) bool { return m.Name() == name })
	if i < 0 {
		return nil, false
	}
	return s.methods[i], true
}

// of finds a method of a kind.
func (s *Service) of(name Name, kinds ...Kind) (Method, error) {
	if m, known := s.method(name); known && slices.Contains(kinds, m.Kind()) {
		return m, nil
	}
	return nil, errUnknown
}

// Standing is where a business stands with a version of the policy, now.
func (s *Service) Standing(ctx context.Context, b directory.Business, version string) (Standing, error) {
	live, err := s.store.live(ctx, b.ID)
	return s.standing(b, live, version), err
}

func (s *Service) standing(b directory.Business, live []Check, version string) Standing {
	now := s.Clock()
	var counting []Check
	for _, c := range live {
		if m, known := s.method(c.Method); known && c.Counts(m.Subject(b), now) {
			counting = append(counting, c)
		}
	}
	return s.policy(version).judge(b, counting, now)
}

// BeginInput asks for a check. Target is where a code goes, for methods that
// let the owner choose.
type BeginInput struct {
	Method Name   `form:"method" json:"method"`
	Target string `form:"target" json:"target"`
}

// Begin has a code sent to the business; an older one by the same method stops
// working. Errors: NotFound for strangers, Forbidden for staff, Invalid, Conflict
// "nothing_to_check", TooMany "too_often".
func (s *Service) Begin(ctx context.Context, actor account.Actor, slugOrID string, in BeginInput) (c Check, err error) {
	m, err := s.of(in.Method, Sent)
	if err != nil {
		return c, err
	}
	err = s.onBusiness(ctx, actor, slugOrID, func(ctx context.Context, b directory.Business) error {
		if c, err = s.fresh(ctx, actor, b, m); err != nil {
			return err
		}
		if c.State, err = Life.Next("", EventBegin, account.Owner); err != nil {
			return err
		}
		c.Target, c.ExpiresAt = in.Target, c.BegunAt.Add(m.Terms().Life)
		open, err := s.store.one(ctx, b.ID, m.Name(), Requested)
		if err == nil {
			err = s.turn(ctx, actor, open, EventVoid, account.Owner, nil)
		}
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		if err := m.Open(ctx, &c, b); err != nil {
			return err
		}
		if err := s.store.add(ctx, c); err != nil {
			return err
		}
		return s.note(ctx, actor, "begin", c)
	})
	return c, err
}

// fresh is a new check of a business by a method, within the method's terms.
func (s *Service) fresh(ctx context.Context, actor account.Actor, b directory.Business, m Method) (Check, error) {
	c := Check{ID: s.IDs(), BusinessID: b.ID, Method: m.Name(), Subject: m.Subject(b), By: actor, BegunAt: s.Clock()}
	if c.Subject == "" {
		return c, errNothing
	}
	if terms := m.Terms(); terms.Most > 0 {
		n, err := s.store.begun(ctx, b.ID, m.Name(), c.BegunAt.Add(-terms.Within))
		if err != nil {
			return c, err
		}
		if n >= terms.Most {
			return c, errOften
		}
	}
	return c, nil
}

// onBusiness runs fn in a transaction that holds the business, for a member who
// may change its profile.
func (s *Service) onBusiness(ctx context.Context, actor account.Actor, slugOrID string, fn func(context.Context, directory.Business) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		b, err := s.owned(ctx, actor, slugOrID)
		if err != nil {
			return err
		}
		if b, err = s.Directory.Locked(ctx, b.ID); err != nil {
			return err
		}
		return fn(ctx, b)
	})
}

func (s *Service) owned(ctx context.Context, actor account.Actor, slugOrID string) (directory.Business, error) {
	b, err := s.Directory.Owned(ctx, actor, slugOrID)
	if err != nil {
		return b, err
	}
	_, err = s.Accounts.Require(ctx, actor, b.ID, account.RightProfile)
	return b, err
}

// Answer compares what the owner typed with the code that was sent. Each answer
// costs a try before it is looked at, right or wrong, so that no race gives one
// more. Errors: Conflict "no_open_check", "out_of_tries", Invalid "wrong_code".
func (s *Service) Answer(ctx context.Context, actor account.Actor, slugOrID string, name Name, code string) (Check, error) {
	m, err := s.of(name, Sent)
	if err != nil {
		return Check{}, err
	}
	if database.InTx(ctx) {
		return Check{}, errInside
	}
	b, err := s.owned(ctx, actor, slugOrID)
	if err != nil {
		return Check{}, err
	}
	c, err := s.spend(ctx, actor, b, m)
	if err != nil {
		return Check{}, err
	}
	verdict, err := m.Judge(ctx, c, b, code)
	if err != nil {
		return Check{}, err
	}
	if verdict.OK {
		return s.pass(ctx, actor, b.ID, c, verdict)
	}
	left := m.Terms().Tries - c.Tries
	if left > 0 {
		return Check{}, wrongCode(left)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		return s.turn(ctx, actor, c, EventFail, account.Owner, map[string]any{"reason": "tries"})
	})
	if errs.Is(err, errs.Conflict) || err == nil {
		err = errTries
	}
	return Check{}, err
}

// errInside keeps answers and looks out of transactions: one that is rolled back
// would give the try back, and a look may take seconds.
var errInside = errors.New("check: an answer or a look inside a transaction")

// spend takes a try from the open check of a business.
func (s *Service) spend(ctx context.Context, actor account.Actor, b directory.Business, m Method) (c Check, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if c, err = s.store.one(ctx, b.ID, m.Name(), Requested); errs.Is(err, errs.NotFound) {
			return errNoCode
		} else if err != nil {
			return err
		}
		if c.Subject != m.Subject(b) {
			return errNoCode // the business says something else by now
		}
		taken, err := s.store.spend(ctx, c.ID, m.Terms().Tries, s.Clock())
		if err != nil {
			return err
		}
		if !taken {
			return errNoCode
		}
		c.Tries++
		return nil
	})
	return c, err
}

// pass ends an open check well and has the business looked at.
func (s *Service) pass(ctx context.Context, actor account.Actor, businessID string, c Check, v Verdict) (Check, error) {
	err := s.onBusiness(ctx, actor, businessID, func(ctx context.Context, b directory.Business) error {
		if err := s.replace(ctx, b.ID, c.Method); err != nil {
			return err
		}
		c.PassedAt, c.ValidUntil, c.Way = s.Clock(), s.Clock().Add(s.policy(s.newest).valid(c.Method)), v.Way
		err := s.turn(ctx, actor, c, EventPass, account.Owner, map[string]any{"passed_at": c.PassedAt, "valid_until": c.ValidUntil, "way": c.Way})
		if err != nil {
			return err
		}
		c.State = Passed
		return s.settle(ctx, b)
	})
	return c, err
}

// replace ends the check that counted so far by a method.
func (s *Service) replace(ctx context.Context, businessID string, method Name) error {
	old, err := s.store.one(ctx, businessID, method, Passed)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.turn(ctx, audit.System, old, EventLapse, account.System, map[string]any{"reason": "newer"})
}

// Look has the program look by itself, and keeps what it found. Errors: Conflict
// "nothing_to_check", "not_proven" with the reason, TooMany "too_often",
// Unavailable "cannot_look".
func (s *Service) Look(ctx context.Context, actor account.Actor, slugOrID string, name Name) (c Check, err error) {
	m, err := s.of(name, Looked)
	if err != nil {
		return c, err
	}
	if database.InTx(ctx) {
		return c, errInside
	}
	b, err := s.owned(ctx, actor, slugOrID)
	if err != nil {
		return c, err
	}
	if c, err = s.fresh(ctx, actor, b, m); err != nil {
		return c, err
	}
	verdict, err := m.Judge(ctx, c, b, "")
	if err != nil {
		return c, errNobody.Because(err)
	}
	err = s.onBusiness(ctx, actor, b.ID, func(ctx context.Context, b directory.Business) error {
		// The limit again, under the lock: many looks at one moment are many.
		fresh, err := s.fresh(ctx, actor, b, m)
		if err != nil {
			return err
		}
		if fresh.Subject != c.Subject {
			return errNothing
		}
		return s.found(ctx, actor, b, &c, verdict)
	})
	if err == nil && !verdict.OK {
		err = errNotFound.With(map[string]any{"reason": verdict.Reason})
	}
	return c, err
}

// found stores what a look gave.
func (s *Service) found(ctx context.Context, actor account.Actor, b directory.Business, c *Check, v Verdict) (err error) {
	event, word := EventLook, "pass"
	c.Way, c.Reason = v.Way, v.Reason
	if v.OK {
		c.PassedAt, c.ValidUntil = c.BegunAt, c.BegunAt.Add(s.policy(s.newest).valid(c.Method))
		if err := s.replace(ctx, b.ID, c.Method); err != nil {
			return err
		}
	} else {
		event, word = EventMissing, "fail"
	}
	if c.State, err = Life.Next("", event, account.Owner); err != nil {
		return err
	}
	if err := s.store.add(ctx, *c); err != nil {
		return err
	}
	if err := s.note(ctx, actor, word, *c); err != nil {
		return err
	}
	return s.settle(ctx, b)
}

// RecordInput is what a verifier saw.
type RecordInput struct {
	Method Name   `form:"method" json:"method"`
	Note   string `form:"note" json:"note"`
}

// Record writes down what a verifier saw. The caller has made sure that the
// actor is one and has nothing to do with the business. Errors: Invalid, Conflict
// "nothing_to_check".
func (s *Service) Record(ctx context.Context, verifier account.Actor, businessID string, in RecordInput) (c Check, err error) {
	m, err := s.of(in.Method, Recorded)
	if err != nil {
		return c, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		b, err := s.Directory.Locked(ctx, businessID)
		if err != nil {
			return err
		}
		if c, err = s.fresh(ctx, verifier, b, m); err != nil {
			return err
		}
		if err := s.replace(ctx, b.ID, c.Method); err != nil {
			return err
		}
		if c.State, err = Life.Next("", EventRecord, account.Verifier); err != nil {
			return err
		}
		c.Note, c.PassedAt, c.ValidUntil = in.Note, c.BegunAt, c.BegunAt.Add(s.policy(s.newest).valid(c.Method))
		if err := s.store.add(ctx, c); err != nil {
			return err
		}
		if err := s.note(ctx, verifier, "record", c); err != nil {
			return err
		}
		return s.settle(ctx, b)
	})
	return c, err
}

// Revoke takes back a check that counts, for a verifier whom the caller has made
// sure of. Errors: NotFound, Conflict "not_allowed".
func (s *Service) Revoke(ctx context.Context, verifier account.Actor, businessID, checkID, why string) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		b, err := s.Directory.Locked(ctx, businessID)
		if err != nil {
			return err
		}
		c, err := s.store.get(ctx, checkID)
		if err != nil || c.BusinessID != b.ID {
			return errors.Join(err, errCheck)
		}
		if err := s.turn(ctx, verifier, c, EventRevoke, account.Verifier, map[string]any{"reason": "revoked", "note": why}); err != nil {
			return err
		}
		return s.settle(ctx, b)
	})
}

// turn moves a stored check by an event and notes it. Conflict when it was moved
// meanwhile.
func (s *Service) turn(ctx context.Context, actor account.Actor, c Check, event Event, by account.Role, set map[string]any) error {
	to, err := Life.Next(c.State, event, by)
	if err != nil {
		return err
	}
	moved, err := s.store.move(ctx, c.ID, c.State, to, set, s.Clock())
	if err != nil {
		return err
	}
	if !moved {
		return errs.New(errs.Conflict, "changed_meanwhile", "Somebody changed this in the meantime. Please look at it again.")
	}
	return s.note(ctx, actor, string(event), c)
}

func (s *Service) note(ctx context.Context, actor account.Actor, word string, c Check) error {
	detail := map[string]any{"method": c.Method}
	if c.Reason != "" {
		detail["reason"] = c.Reason
	}
	return s.Audit.Add(ctx, audit.Entry{
		Actor: actor, Action: "check." + word, Object: "check", ObjectID: c.ID, BusinessID: c.BusinessID, Detail: detail,
	})
}

package complaint

import (
	"context"
	"strings"
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
	"nearby/internal/measure"
	"nearby/internal/notice"
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
	Measures     *measure.Service
	Notices      *notice.Service
}

// Service is the room's door.
type Service struct {
	Deps
	store store
}

// New makes the service.
func New(d Deps) *Service { return &Service{Deps: d, store: store{d.DB}} }

var (
	errMissing = errs.Missing("complaint")
	errTwice   = errs.New(errs.Conflict, "complained", "There was a complaint about this decision already.")
	errLate    = errs.New(errs.Conflict, "too_late", "It is too late for a complaint: six months have passed.")
	errEarly   = errs.New(errs.Conflict, "not_decided", "Nothing has been decided yet.")
	errOwn     = errs.New(errs.Forbidden, "own_decision", "Somebody else looks at a decision again.")
	errTaken   = errs.New(errs.Conflict, "taken", "Somebody else is looking at this case.")
	errLease   = errs.New(errs.Conflict, "no_lease", "You do not hold this case any more. Take it again first.")
	errClosed  = errs.New(errs.Conflict, "decided", "This case is closed already.")
)

// File complains about a refusal of, or a measure against, a business of the
// actor's. Errors: Invalid; NotFound for strangers; Conflict "complained",
// "too_late".
func (s *Service) File(ctx context.Context, actor account.Actor, slugOrID string, subject Subject, subjectID, text string) (c Complaint, err error) {
	if err := checkText("text", text); err != nil {
		return Complaint{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		b, err := s.Directory.Owned(ctx, actor, slugOrID)
		if err != nil {
			return err
		}
		if _, err := s.Accounts.Require(ctx, actor, b.ID, account.RightProfile); err != nil {
			return err
		}
		first, at, err := s.decided(ctx, b.ID, subject, subjectID)
		if err != nil {
			return err
		}
		c, err = s.file(ctx, account.Actor{ID: actor.ID, Role: account.Owner}, Complaint{
			Subject: subject, SubjectID: subjectID, BusinessID: b.ID, FiledBy: actor.ID, FirstBy: first,
		}, at, text)
		return err
	})
	return c.forFiler(), err
}

// FileForNotice complains about what came of a report, by its receipt. Errors as
// File; Conflict "not_decided".
func (s *Service) FileForNotice(ctx context.Context, receipt, text string) (c Complaint, err error) {
	if err := checkText("text", text); err != nil {
		return Complaint{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.Notices.ByReceipt(ctx, receipt)
		if err != nil {
			return err
		}
		if n.DecidedAt == nil {
			return errEarly
		}
		c, err = s.file(ctx, audit.Public, Complaint{Subject: Notice, SubjectID: n.ID, BusinessID: n.BusinessID, FirstBy: n.DecidedBy}, *n.DecidedAt, text)
		return err
	})
	return c.forFiler(), err
}

// decided is who took a decision about the business, and when.
func (s *Service) decided(ctx context.Context, businessID string, subject Subject, subjectID string) (by string, at time.Time, err error) {
	switch subject {
	case Rejection:
		d, err := s.Verification.Decision(ctx, subjectID)
		if err == nil && (d.BusinessID != businessID || d.Kind != verification.KindReject) {
			err = errs.Missing("decision")
		}
		return d.By.ID, d.At, err
	case Measure:
		m, err := s.Measures.Get(ctx, subjectID)
		if err == nil && m.BusinessID != businessID {
			err = errs.Missing("measure")
		}
		return m.By.ID, m.StartsAt, err
	}
	return "", time.Time{}, errs.Fields([]errs.Field{{Name: "subject", Code: "unknown_subject", Message: "There is no such thing to complain about."}})
}

func (s *Service) file(ctx context.Context, by account.Actor, c Complaint, decided time.Time, text string) (Complaint, error) {
	now := s.Clock()
	if now.After(Until(decided)) {
		return Complaint{}, errLate
	}
	var err error
	if c.State, err = Life.Next("", EventFile, by.Role); err != nil {
		return Complaint{}, err
	}
	c.ID, c.DueAt, c.FiledAt, c.Policy = s.IDs(), now.Add(answerIn), now, s.Verification.Policy()
	fresh, err := s.store.insert(ctx, c)
	if err != nil {
		return Complaint{}, err
	}
	if !fresh {
		return Complaint{}, errTwice
	}
	if err := s.store.say(ctx, s.IDs(), c.ID, false, strings.TrimSpace(text), now); err != nil {
		return Complaint{}, err
	}
	if err := s.note(ctx, by, EventFile, c); err != nil {
		return Complaint{}, err
	}
	return c, s.tell(ctx, "complaint_filed", c)
}

// Of finds the complaint about a decision; ok is false when there is none.
func (s *Service) Of(ctx context.Context, subject Subject, subjectID string) (c Complaint, ok bool, err error) {
	c, err = s.store.of(ctx, subject, subjectID)
	if errs.Is(err, errs.NotFound) {
		return Complaint{}, false, nil
	}
	return c.forFiler(), err == nil, err
}

// ForOwner reads a complaint of a business of the actor's, with its thread.
func (s *Service) ForOwner(ctx context.Context, actor account.Actor, complaintID string) (Complaint, []Message, error) {
	c, err := s.store.get(ctx, complaintID)
	if err != nil {
		return Complaint{}, nil, err
	}
	if c.Subject == Notice {
		return Complaint{}, nil, errMissing
	}
	if _, err := s.Accounts.Require(ctx, actor, c.BusinessID, account.RightProfile); err != nil {
		return Complaint{}, nil, err
	}
	thread, err := s.store.thread(ctx, c.ID)
	return c.forFiler(), thread, err
}

// ForReporter reads the complaint about a report by its receipt, with its
// thread; ok is false when there is none.
func (s *Service) ForReporter(ctx context.Context, receipt string) (c Complaint, thread []Message, ok bool, err error) {
	n, err := s.Notices.ByReceipt(ctx, receipt)
	if err != nil {
		return Complaint{}, nil, false, err
	}
	if c, ok, err = s.Of(ctx, Notice, n.ID); err != nil || !ok {
		return Complaint{}, nil, false, err
	}
	thread, err = s.store.thread(ctx, c.ID)
	return c, thread, true, err
}

// Add puts more evidence of the owner's into the thread, until it is decided.
func (s *Service) Add(ctx context.Context, actor account.Actor, complaintID, text string) error {
	if _, _, err := s.ForOwner(ctx, actor, complaintID); err != nil {
		return err
	}
	return s.say(ctx, account.Actor{ID: actor.ID, Role: account.Owner}, complaintID, false, text)
}

// AddForNotice is Add for the reporter of a notice.
func (s *Service) AddForNotice(ctx context.Context, receipt, text string) error {
	c, _, ok, err := s.ForReporter(ctx, receipt)
	if err == nil && !ok {
		err = errMissing
	}
	if err != nil {
		return err
	}
	return s.say(ctx, audit.Public, c.ID, false, text)
}

func (s *Service) say(ctx context.Context, by account.Actor, complaintID string, desk bool, text string) error {
	if err := checkText("text", text); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		c, err := s.store.lock(ctx, complaintID)
		if err != nil {
			return err
		}
		if !c.Open() {
			return errClosed
		}
		if desk && c.Holder(s.Clock()) != by.ID {
			return errLease
		}
		if err := s.store.say(ctx, s.IDs(), c.ID, desk, strings.TrimSpace(text), s.Clock()); err != nil {
			return err
		}
		if err := s.note(ctx, by, "message", c); err != nil || !desk {
			return err
		}
		return s.tell(ctx, "complaint_asked", c)
	})
}

// note writes the audit entry of an event. The texts stay in the thread.
func (s *Service) note(ctx context.Context, by account.Actor, event Event, c Complaint) error {
	return s.Audit.Add(ctx, audit.Entry{
		Actor: by, Action: "complaint." + string(event), Object: "complaint", ObjectID: c.ID, BusinessID: c.BusinessID,
		Detail: map[string]any{"subject": c.Subject, "subject_id": c.SubjectID, "to": c.State, "policy": c.Policy},
	})
}

// Mail is the argument of the job that writes to whoever complains.
type Mail struct {
	Template    string `json:"template"`
	ComplaintID string `json:"complaint_id"`
}

func (s *Service) tell(ctx context.Context, template string, c Complaint) error {
	return s.Jobs.Add(ctx, job.Job{Kind: mail.Job, Args: Mail{template, c.ID}})
}

// Recipient is where a letter about a complaint goes.
type Recipient struct {
	Complaint
	Name, Email, Locale string
	Receipt             string // of the report, "" for owners
}

// Recipient finds whom a Mail is for. NotFound when no address was left.
func (s *Service) Recipient(ctx context.Context, m Mail) (Recipient, error) {
	c, err := s.store.get(ctx, m.ComplaintID)
	if err != nil {
		return Recipient{}, err
	}
	if c.Subject == Notice {
		n, err := s.Notices.Recipient(ctx, notice.Mail{NoticeID: c.SubjectID})
		return Recipient{Complaint: c, Email: n.Email, Locale: n.Locale, Receipt: n.Receipt}, err
	}
	to, err := s.Accounts.Recipient(ctx, account.Mail{UserID: c.FiledBy})
	return Recipient{Complaint: c, Name: to.Name, Email: to.Email, Locale: to.Locale}, err
}

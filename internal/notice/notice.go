// Package notice takes reports from the public about a business or a product:
// from anybody, without an account, with a receipt whose state can be asked for.
package notice

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/catalog"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/lifecycle"
	"nearby/internal/mail"
	"nearby/internal/measure"
	"nearby/internal/verification"
)

// Kind is what a report says is wrong.
type Kind string

// Kinds are all of them, the ones that hurry last.
var Kinds = []Kind{"wrong", "closed", "other", "illegal", "fraud", "unsafe"}

// clocks are how soon a report of a kind must be looked at: danger within an
// hour, fraud and illegal goods within a day, wrong facts within five.
var clocks = map[Kind]time.Duration{
	"unsafe": time.Hour, "fraud": 24 * time.Hour, "illegal": 24 * time.Hour,
	"wrong": 5 * 24 * time.Hour, "closed": 5 * 24 * time.Hour, "other": 5 * 24 * time.Hour,
}

// State is where a report is in its life.
type State string

// The states.
const (
	Received  State = "received"
	Assessing State = "assessing"
	Actioned  State = "actioned"
	NoAction  State = "no_action"
)

// Event is what moves a report.
type Event string

// The events.
const (
	EventTake   Event = "take"
	EventRefer  Event = "release"
	EventAct    Event = "act"
	EventRefuse Event = "refuse"
	EventReopen Event = "reopen" // what came of it was overturned
)

type move = lifecycle.Move[State, Event, account.Role]

// Life is the life cycle of a report.
var Life = lifecycle.New("report",
	move{From: []State{Received}, Event: EventTake, By: []account.Role{account.Verifier}, To: Assessing},
	move{From: []State{Assessing}, Event: EventRefer, By: []account.Role{account.Verifier, account.System}, To: Received},
	move{From: []State{Assessing}, Event: EventAct, By: []account.Role{account.Verifier}, To: Actioned},
	move{From: []State{Assessing}, Event: EventRefuse, By: []account.Role{account.Verifier}, To: NoAction},
	move{From: []State{Actioned, NoAction}, Event: EventReopen, By: []account.Role{account.Verifier, account.Operator}, To: Received},
)

// Notice is one report.
type Notice struct {
	ID         string
	Receipt    string // what the reporter asks with
	BusinessID string
	ProductID  string // "" when it is about the business
	Kind       Kind
	Text       string
	State      State
	DueAt      time.Time // when somebody must have looked
	CreatedAt  time.Time
	DecidedAt  *time.Time
	MergedInto string // the earlier report that this one repeats, "" for none
	Trusted    bool   // from a trusted flagger, or repeated by one
	LeaseBy    string // the verifier who holds it, "" for none
	LeaseUntil time.Time
	Outcome    Outcome // "" while open
	DecidedBy  string  // user id
	Words      string  // to the reporter
	Version    int64

	reporterID, reporterKey string
}

// Holder is who has the report under a lease that still runs, "" for nobody.
func (n Notice) Holder(now time.Time) string {
	if n.State == Assessing && now.Before(n.LeaseUntil) {
		return n.LeaseBy
	}
	return ""
}

// Input is what a reporter fills in.
type Input struct {
	Business    string `form:"business" json:"business"` // slug or id
	Product     string `form:"product" json:"product"`   // slug or id; may be empty
	Kind        Kind   `form:"kind" json:"kind"`
	Text        string `form:"text" json:"text"`
	Email       string `form:"email" json:"email"` // may be empty
	ClientToken string `form:"token" json:"-"`     // a repeated one gets the same receipt
	Locale      string `form:"-" json:"-"`         // of letters to the reporter
}

const (
	minText = 10
	maxText = 1000
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
	Catalog      *catalog.Service
	Verification *verification.Service
	Measures     *measure.Service
}

// Service is the room's door.
type Service struct {
	db           *database.DB
	clock        clock.Clock
	ids          ident.Source
	audit        *audit.Log
	jobs         *job.Queue
	accounts     *account.Service
	directory    *directory.Service
	catalog      *catalog.Service
	verification *verification.Service
	measures     *measure.Service
	store        store
}

// New makes the service.
func New(d Deps) *Service {
	return &Service{
		db: d.DB, clock: d.Clock, ids: d.IDs, audit: d.Audit, jobs: d.Jobs, accounts: d.Accounts, directory: d.Directory, catalog: d.Catalog,
		verification: d.Verification, measures: d.Measures, store: store{d.DB},
	}
}

// check names every wrong field of a report.
func (in *Input) check() error {
	in.Text, in.Email = strings.TrimSpace(in.Text), strings.TrimSpace(in.Email)
	var wrong []errs.Field
	add := func(name, code, message string) {
		wrong = append(wrong, errs.Field{Name: name, Code: code, Message: message})
	}
	if !slices.Contains(Kinds, in.Kind) {
		add("kind", "required", "Choose what is wrong.")
	}
	switch n := utf8.RuneCountInString(in.Text); {
	case !utf8.ValidString(in.Text) || strings.ContainsRune(in.Text, 0):
		add("text", "bad_text", "This text holds characters that cannot be kept.")
	case n < minText:
		add("text", "too_short", "Tell us in a sentence what is wrong.")
	case n > maxText:
		add("text", "too_long", "A report has at most 1,000 characters.")
	}
	if in.Email != "" {
		email, ok := account.NormalizeEmail(in.Email)
		if !ok {
			add("email", "bad_email", "This does not look like an e-mail address.")
		}
		in.Email = email
	}
	if len(in.ClientToken) > 100 {
		add("token", "too_long", "This token is too long.")
	}
	return errs.Fields(wrong)
}

// File keeps a report and gives its receipt. Only what is public can be
// reported. While an earlier report of the same kind about the same thing is
// open, the new one is kept with it and decided with it. Whoever left an address
// is written to. Errors: Invalid with every wrong field; NotFound; TooMany
// "reports_slowed".
func (s *Service) File(ctx context.Context, actor audit.Actor, in Input) (Notice, error) {
	if err := in.check(); err != nil {
		return Notice{}, err
	}
	b, err := s.directory.Public(ctx, in.Business)
	if err != nil {
		return Notice{}, err
	}
	productID := ""
	if in.Product != "" {
		p, err := s.product(ctx, b.ID, in.Product)
		if err != nil {
			return Notice{}, err
		}
		productID = p.ID
	}
	now := s.clock()
	n := Notice{
		ID: s.ids(), Receipt: newReceipt(), BusinessID: b.ID, ProductID: productID, Kind: in.Kind, Text: in.Text,
		State: Received, DueAt: now.Add(clocks[in.Kind]), CreatedAt: now, reporterID: actor.ID, reporterKey: reporterKey(actor.ID, in.Email),
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		known, err := s.store.byToken(ctx, in.ClientToken)
		if err == nil {
			n = known
			return nil
		}
		if !errs.Is(err, errs.NotFound) {
			return err
		}
		if err := s.mayReport(ctx, n.reporterKey); err != nil {
			return err
		}
		if err := s.merge(ctx, &n); err != nil {
			return err
		}
		if err := s.store.insert(ctx, n, in); err != nil {
			return err
		}
		if in.Email != "" {
			if err := s.jobs.Add(ctx, job.Job{Kind: mail.Job, Args: Mail{"notice_received", n.ID}}); err != nil {
				return err
			}
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "notice.file", Object: "notice", ObjectID: n.ID, BusinessID: b.ID, Detail: map[string]any{"kind": n.Kind},
		})
	})
	return n, err
}

// merge puts a new report to the open one that it repeats, and marks what comes
// from a trusted flagger.
func (s *Service) merge(ctx context.Context, n *Notice) error {
	var err error
	if n.reporterID != "" {
		if n.Trusted, err = s.store.trusts(ctx, n.reporterID); err != nil {
			return err
		}
	}
	first, err := s.store.first(ctx, *n)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	n.MergedInto, n.State = first.ID, first.State
	if n.Trusted && !first.Trusted {
		return s.store.favour(ctx, first.ID)
	}
	return nil
}

func (s *Service) product(ctx context.Context, businessID, slugOrID string) (catalog.Product, error) {
	if ident.Valid(slugOrID) {
		return s.catalog.Get(ctx, businessID, slugOrID)
	}
	return s.catalog.BySlug(ctx, businessID, slugOrID)
}

// ByReceipt reads a report by its receipt number.
func (s *Service) ByReceipt(ctx context.Context, receipt string) (Notice, error) {
	receipt = strings.ToUpper(strings.TrimSpace(receipt))
	if len(receipt) != receiptLength {
		return Notice{}, errs.Missing("report")
	}
	return s.store.byReceipt(ctx, receipt)
}

const receiptLength = 16

// newReceipt is 80 random bits in letters and digits that are hard to confuse.
func newReceipt() string {
	var b [10]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // the machine has no random source
	}
	return base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789").EncodeToString(b[:])
}

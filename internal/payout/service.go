package payout

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/payment"
)

const (
	fresh   = 24 * time.Hour   // how old the provider's word may be for selling
	reread  = 12 * time.Hour   // how often an account is read without an event
	retry   = 30 * time.Second // after an account could not be made
	claimed = 2 * time.Minute  // how long one process keeps a row to itself

	pollEvery = 20 * time.Second // between two looks for accounts that are due
)

// JobStopped is the kind of job that is left when a business cannot take cards
// any more; its arguments are a Stopped value. The orders room works it.
const JobStopped = "order.stop"

// Stop names the business whose open payment pages must be closed.
type Stop struct {
	BusinessID string `json:"business_id"`
}

// Deps are what the service works with. Gateway is nil while payments are off.
type Deps struct {
	DB        *database.DB
	Clock     clock.Clock
	IDs       ident.Source
	Audit     *audit.Log
	Jobs      *job.Queue
	Accounts  *account.Service
	Directory *directory.Service
	Gateway   payment.Gateway
	Install   string // random id of this installation
	BaseURL   string // of this site, without a slash at the end
}

// Service is the room's door.
type Service struct {
	Deps
	store store
	purse purse
}

// New makes the service.
func New(d Deps) *Service { return &Service{Deps: d, store: store{d.DB}} }

var (
	errLost = errs.New(errs.Conflict, "changed_meanwhile", "Somebody else changed this at the same moment. Please try again.")
	errOff  = errs.New(errs.Unavailable, "payments_off", "Card payments are switched off on this site.")
	errDown = errs.New(errs.Unavailable, "provider_unreachable", "The payment provider does not answer. Please try again in a moment.")
)

// Status is what the business's payout page shows; a business that never began
// is in state None.
func (s *Service) Status(ctx context.Context, businessID string) (Status, error) {
	r, err := s.store.linked(ctx, businessID)
	if errs.Is(err, errs.NotFound) {
		return Status{State: None}, nil
	}
	return r.status(), err
}

// Orderable gives the account that takes cards for a business now, checked
// inside the caller's transaction. Errors: Conflict "cards_closed" when it does
// not, or when the provider's word is more than a day old.
func (s *Service) Orderable(ctx context.Context, businessID string) (string, error) {
	closed := errs.New(errs.Conflict, "cards_closed", "This business cannot take cards at the moment.")
	if s.Gateway == nil {
		return "", closed
	}
	r, err := s.store.linked(ctx, businessID)
	if errs.Is(err, errs.NotFound) {
		return "", closed
	}
	if err != nil {
		return "", err
	}
	if !r.State.Sells() || r.account() == "" || r.Livemode != s.Gateway.Live() || r.SyncedAt == nil || s.Clock().Sub(*r.SyncedAt) > fresh {
		return "", closed
	}
	return r.account(), nil
}

// Together lists the other businesses whose money goes to the account of this one,
// at most a hundred.
func (s *Service) Together(ctx context.Context, businessID string) ([]string, error) {
	return s.store.together(ctx, businessID)
}

// Start takes the owner to the provider's forms: it makes the business's
// account if there is none and returns a link that works once. Errors: NotFound
// or Forbidden for others, Unavailable.
func (s *Service) Start(ctx context.Context, actor account.Actor, businessID string) (string, error) {
	if _, err := s.Accounts.Require(ctx, actor, businessID, account.RightPayout); err != nil {
		return "", err
	}
	if s.Gateway == nil {
		return "", errOff
	}
	r, err := s.begin(ctx, actor, businessID)
	if err != nil {
		return "", err
	}
	if r, err = s.open(ctx, r); err != nil {
		return "", err
	}
	kind := payment.LinkOnboarding
	page := s.BaseURL + "/manage/" + businessID + "/payouts"
	link, err := s.Gateway.OnboardingLink(ctx, payment.LinkKey(s.Install, s.IDs()), payment.LinkInput{
		Account: r.account(), Kind: kind, ReturnURL: page + "?from=provider", RefreshURL: page + "?from=expired",
	})
	return link, s.failed(ctx, r, err)
}

// Dashboard makes a link into the account's own dashboard that works once.
func (s *Service) Dashboard(ctx context.Context, actor account.Actor, businessID string) (string, error) {
	if _, err := s.Accounts.Require(ctx, actor, businessID, account.RightPayout); err != nil {
		return "", err
	}
	if s.Gateway == nil {
		return "", errOff
	}
	r, err := s.store.linked(ctx, businessID)
	if err != nil {
		return "", err
	}
	if r.account() == "" || r.State == Onboarding || r.State == Disconnected {
		return "", errs.New(errs.Conflict, "not_onboarded", "Finish the provider's forms first.")
	}
	link, err := s.Gateway.DashboardLink(ctx, payment.LinkKey(s.Install, s.IDs()), r.account())
	return link, s.failed(ctx, r, err)
}

// begin finds the account row of a business or writes one, before any call. A
// disconnected account is final: a new row takes its place.
func (s *Service) begin(ctx context.Context, actor account.Actor, businessID string) (row, error) {
	platform, err := s.Gateway.Platform(ctx)
	if err != nil {
		return row{}, s.down(err)
	}
	b, err := s.Directory.Get(ctx, businessID)
	if err != nil {
		return row{}, err
	}
	var r row
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		r, err = s.store.linked(ctx, businessID)
		if err == nil && r.State != Disconnected || err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		now := s.Clock()
		check := now.Add(retry)
		r = row{
			ID: s.IDs(), OwnerID: actor.ID, BusinessID: businessID, Country: b.Address.Country, Gen: 1, State: Creating, CardPayments: "inactive",
			CurrentlyDue: "[]", PastDue: "[]", Livemode: s.Gateway.Live(), Platform: platform, NextCheckAt: &check, CreatedAt: now, Version: 1,
		}
		if err := s.store.insert(ctx, r); err != nil {
			return err
		}
		if err := s.store.link(ctx, linkRow{businessID, r.ID, now, actor.ID}); err != nil {
			return err
		}
		return s.Audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "payout.begin", Object: "payout_account", ObjectID: r.ID, BusinessID: businessID,
		})
	})
	if errs.Has(err, "already_exists") { // two clicks at once: the other one wrote it
		return s.store.linked(ctx, businessID)
	}
	return r, err
}

// open makes the account at the provider when its row has none yet. The key is
// that of the row, so a retry finds the same account.
func (s *Service) open(ctx context.Context, r row) (row, error) {
	if r.Account != nil {
		return r, nil
	}
	b, err := s.Directory.Get(ctx, r.BusinessID)
	if err != nil {
		return r, err
	}
	in := payment.AccountInput{Install: s.Install, Row: r.ID, Business: r.BusinessID, Country: r.Country, Email: b.Email, Name: b.Name}
	if strings.HasPrefix(s.BaseURL, "https://") {
		in.URL = s.BaseURL + "/b/" + b.Slug // the provider takes public addresses only
	}
	a, err := s.Gateway.OpenAccount(ctx, payment.AccountKey(s.Install, r.ID, r.Gen), in)
	if err != nil {
		if payment.OutcomeOf(err) == payment.Burnt {
			// Accounts cannot be searched by our row. A second one costs nothing and
			// nobody has seen the first.
			err = s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.save(ctx, r, map[string]any{"gen": r.Gen + 1}) })
		}
		if payment.OutcomeOf(err) == payment.Refused {
			return r, errs.New(errs.Invalid, "account_refused", "The payment provider did not accept this business's country or address.").Because(err)
		}
		return r, s.down(err)
	}
	if err := s.apply(ctx, r.ID, a, true); err != nil {
		return r, err
	}
	return s.store.get(ctx, r.ID)
}

// Refresh reads the account and believes it: after the owner returns from the
// forms, and by the job.
func (s *Service) Refresh(ctx context.Context, businessID string) (Status, error) {
	r, err := s.store.linked(ctx, businessID)
	if err != nil || s.Gateway == nil {
		return r.status(), err
	}
	if err := s.read(ctx, r); err != nil {
		return r.status(), err
	}
	return s.Status(ctx, businessID)
}

// Listen has the provider's account events looked at by this room.
func (s *Service) Listen(in *inbox.Inbox) {
	in.Handle("account.", s.SyncEvent)
	in.Handle("capability.", s.SyncEvent)
}

// SyncEvent is the inbox's handler for account events.
func (s *Service) SyncEvent(ctx context.Context, e inbox.Event) error {
	id := e.Account
	if id == "" {
		id = e.ObjectID // an account event on the operator's own endpoint
	}
	if s.Gateway == nil {
		return nil
	}
	r, err := s.store.byAccount(ctx, id)
	if errs.Is(err, errs.NotFound) {
		return inbox.ErrNotYet
	}
	return s.lookAgain(ctx, r, err)
}

// Unreachable is told by whoever got the answer that an account is gone. The
// account is read once more before that is believed.
func (s *Service) Unreachable(ctx context.Context, accountID string) error {
	r, err := s.store.byAccount(ctx, accountID)
	return s.lookAgain(ctx, r, err)
}

// lookAgain reads an account for somebody who only wants its row to be right.
func (s *Service) lookAgain(ctx context.Context, r row, err error) error {
	if err != nil || r.State == Disconnected {
		return err
	}
	if err := s.read(ctx, r); !errs.Has(err, "disconnected") {
		return err
	}
	return nil
}

// read asks the provider for an account and applies the answer.
func (s *Service) read(ctx context.Context, r row) error {
	if r.Account == nil {
		_, err := s.open(ctx, r)
		return err
	}
	a, err := s.Gateway.Account(ctx, r.account())
	if err != nil {
		return s.failed(ctx, r, err)
	}
	return s.apply(ctx, r.ID, a, false)
}

// failed notes what a failed call says about the account.
func (s *Service) failed(ctx context.Context, r row, err error) error {
	if err == nil {
		return nil
	}
	if payment.OutcomeOf(err) != payment.Gone {
		return s.down(err)
	}
	if err := s.move(ctx, r.ID, func(row) Event { return Left }, map[string]any{"charges_enabled": false, "payouts_enabled": false, "next_check_at": nil, "lost_at": s.Clock()}); err != nil {
		return err
	}
	return errs.New(errs.Conflict, "disconnected", "This account is no longer connected. Begin again to connect a new one.").Because(err)
}

func (s *Service) down(err error) error {
	if payment.OutcomeOf(err) == payment.Blocked {
		slog.Error("the payment provider refuses our key", "error", err)
	}
	return errDown.Because(err)
}

// apply writes what the provider said about an account.
func (s *Service) apply(ctx context.Context, id string, a payment.Account, opened bool) error {
	now := s.Clock()
	set := map[string]any{
		"account": a.ID, "charges_enabled": a.ChargesEnabled, "payouts_enabled": a.PayoutsEnabled, "details_submitted": a.DetailsSubmitted,
		"card_payments": a.CardPayments, "currently_due": text(a.CurrentlyDue), "past_due": text(a.PastDue), "disabled_reason": a.DisabledReason,
		"deadline": nil, "default_currency": a.DefaultCurrency, "synced_at": now, "next_check_at": now.Add(reread),
	}
	if !a.Deadline.IsZero() {
		set["deadline"] = a.Deadline
	}
	return s.move(ctx, id, func(r row) Event {
		if opened && r.State == Creating {
			return Opened
		}
		return judge(r.State, a)
	}, set)
}

// move changes a row by an event, tells the log when the state moved, and has
// open payment pages closed when cards are not taken any more.
func (s *Service) move(ctx context.Context, id string, decide func(row) Event, set map[string]any) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		r, err := s.store.lock(ctx, id)
		if err != nil || r.State == Disconnected {
			return err
		}
		to, err := life.Next(r.State, decide(r), system)
		if err != nil {
			return err
		}
		set["state"] = to
		if err := s.store.save(ctx, r, set); err != nil || to == r.State {
			return err
		}
		if r.State.Sells() && !to.Sells() {
			ids, err := s.store.businesses(ctx, id)
			if err != nil {
				return err
			}
			for _, businessID := range ids {
				if err := s.Jobs.Add(ctx, job.Job{Kind: JobStopped, Key: businessID, Args: Stop{businessID}}); err != nil {
					return err
				}
			}
		}
		return s.Audit.Add(ctx, audit.Entry{
			Actor: audit.System, Action: "payout." + string(to), Object: "payout_account", ObjectID: id, BusinessID: r.BusinessID,
			Detail: map[string]any{"from": r.State},
		})
	})
}

// Reconcile reads the accounts whose look is due, at most fifty, and returns
// how many it looked at.
func (s *Service) Reconcile(ctx context.Context) (int, error) {
	if s.Gateway == nil {
		return 0, nil
	}
	rows, err := s.store.due(ctx, s.Clock(), 50)
	if err != nil {
		return 0, err
	}
	looked := 0
	for _, r := range rows {
		mine, err := s.store.claim(ctx, r, s.Clock().Add(claimed))
		if err != nil {
			return looked, err
		}
		if !mine {
			continue
		}
		looked++
		if err := s.read(ctx, r); err != nil {
			slog.Warn("payout account not read", "payout_account", r.ID, "error", err)
		}
	}
	return looked, nil
}

// Run reads accounts whose look is due until ctx ends. Several processes may
// run it.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if _, err := s.Reconcile(ctx); err != nil && ctx.Err() == nil {
			slog.Error("payout accounts not read", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery):
		}
	}
	return nil
}

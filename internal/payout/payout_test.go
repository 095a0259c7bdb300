package payout_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/payment"
	"nearby/internal/payment/paymenttest"
	"nearby/internal/payout"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the tests break things on purpose
	os.Exit(m.Run())
}

var testKey = []byte("a key of thirty-two bytes or more")

type house struct {
	*payout.Service
	t        *testing.T
	clock    *clock.Fake
	gateway  *paymenttest.Gateway
	accounts *account.Service
	jobs     *job.Queue
	log      *audit.Log
	owner    account.Actor
	business string
	other    string // business of the same owner, not linked
	stopped  []string
}

func newHouse(t *testing.T, db *database.DB, off bool) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))}
	h.gateway = paymenttest.New(h.clock.Now)
	h.log = audit.New(db, h.clock.Now, testKey)
	h.jobs = job.New(db, h.clock.Now, ident.Random)
	h.accounts = account.New(db, h.log, h.jobs, h.clock.Now, ident.Random, testKey)
	businesses := directory.New(db, h.accounts, h.log, h.clock.Now, ident.Random, testKey)
	deps := payout.Deps{
		DB: db, Clock: h.clock.Now, IDs: ident.Random, Audit: h.log, Jobs: h.jobs, Accounts: h.accounts, Directory: businesses,
		Gateway: h.gateway, Install: "install", BaseURL: "https://nearby.example",
	}
	if off {
		deps.Gateway = nil
	}
	h.Service = payout.New(deps)
	h.jobs.Handle(payout.JobStopped, func(_ context.Context, raw json.RawMessage) error {
		var stop payout.Stop
		err := json.Unmarshal(raw, &stop)
		h.stopped = append(h.stopped, stop.BusinessID)
		return err
	})
	h.owner = h.user("owner")
	b, err := businesses.Create(t.Context(), h.owner, directory.Profile{Name: "Bakery", Address: directory.Address{Country: "DE"}})
	h.must(err)
	h.business = b.ID
	b, err = businesses.Create(t.Context(), h.owner, directory.Profile{Name: "Second Bakery", Address: directory.Address{Country: "DE"}})
	h.must(err)
	h.other = b.ID
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) user(name string) account.Actor {
	h.t.Helper()
	user, err := h.accounts.Add(h.t.Context(), audit.System, account.NewUser{Email: name + "@example.org", Name: name, Password: "nine lives, one cat"})
	h.must(err)
	return user.As(account.Owner)
}

func (h *house) start() string {
	h.t.Helper()
	link, err := h.Start(h.t.Context(), h.owner, h.business)
	h.must(err)
	return link
}

func (h *house) want(state payout.State, sells bool) payout.Status {
	h.t.Helper()
	status, err := h.Status(h.t.Context(), h.business)
	h.must(err)
	_, err = h.Orderable(h.t.Context(), h.business)
	if status.State != state || (err == nil) != sells {
		h.t.Fatalf("account is %s, orderable: %v; want %s, %v", status.State, err, state, sells)
	}
	return status
}

// account is the provider's id of the business's account.
func (h *house) account() string {
	h.t.Helper()
	calls := h.gateway.Calls("onboarding link")
	return calls[len(calls)-1].Account
}

func (h *house) refresh() {
	h.t.Helper()
	_, err := h.Refresh(h.t.Context(), h.business)
	h.must(err)
}

func TestOnboarding(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, false)
		h.want(payout.None, false)
		first := h.start()
		h.want(payout.Onboarding, false)
		if second := h.start(); second == first || len(h.gateway.Calls("open account")) != 1 {
			t.Errorf("links %q and %q, %d accounts", first, second, len(h.gateway.Calls("open account")))
		}
		if _, err := h.Dashboard(t.Context(), h.owner, h.business); !errs.Has(err, "not_onboarded") {
			t.Errorf("dashboard before onboarding: %v", err)
		}
		h.refresh() // coming back proves nothing
		h.want(payout.Onboarding, false)
		h.gateway.Activate(h.account())
		h.want(payout.Onboarding, false) // until it is read
		h.refresh()
		status := h.want(payout.Active, true)
		if !status.ChargesEnabled || !status.PayoutsEnabled || status.SyncedAt == nil {
			t.Errorf("status %+v", status)
		}
		if link, err := h.Dashboard(t.Context(), h.owner, h.business); err != nil || !strings.Contains(link, "express") {
			t.Errorf("dashboard = %q, %v", link, err)
		}
		var actions []string
		records, err := h.log.Since(t.Context(), 0, 100)
		h.must(err)
		for _, r := range records {
			if strings.HasPrefix(r.Action, "payout.") {
				actions = append(actions, r.Action)
			}
		}
		if diff := cmp.Diff([]string{"payout.begin", "payout.onboarding", "payout.active"}, actions); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, false)
		h.start()
		together := func(id string, want ...string) {
			t.Helper()
			got, err := h.Together(t.Context(), id)
			h.must(err)
			if !slices.Equal(got, want) {
				t.Errorf("paid together are %v, want %v", got, want)
			}
		}
		together(h.business)
		together(h.other)
		h.must(db.Tx(t.Context(), func(ctx context.Context) error {
			return db.Conn(ctx).Exec(`INSERT INTO payout_links (business_id, payout_account_id, linked_at, linked_by)
				SELECT ?, payout_account_id, linked_at, linked_by FROM payout_links WHERE business_id = ?`, h.other, h.business).Error
		}))
		together(h.business, h.other)
		together(h.other, h.business)
	})
}

func TestOnlyTheOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, false)
		h.start()
		manager := h.user("manager")
		h.must(h.accounts.Join(t.Context(), audit.System, h.business, manager.ID, account.MemberManager))
		for name, actor := range map[string]account.Actor{"stranger": h.user("stranger"), "manager": manager, "nobody": {}} {
			_, start := h.Start(t.Context(), actor, h.business)
			_, dashboard := h.Dashboard(t.Context(), actor, h.business)
			for _, err := range []error{start, dashboard} {
				if !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Forbidden) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}

// TestStateFollowsTheAccount walks what reading the account can show.
func TestStateFollowsTheAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, false)
		h.start()
		id := h.account()
		h.gateway.Activate(id)
		h.refresh()
		h.want(payout.Active, true)
		h.gateway.Restrict(id)
		h.want(payout.Active, true) // until it is read
		h.must(h.SyncEvent(t.Context(), inbox.Event{Account: id, Type: "account.updated", ObjectID: id}))
		h.want(payout.Disabled, false)
		_, err := h.jobs.RunDue(t.Context())
		h.must(err)
		if diff := cmp.Diff([]string{h.business}, h.stopped); diff != "" {
			t.Errorf("businesses whose pages are closed: %s", diff)
		}
		h.gateway.Activate(id)
		h.refresh()
		h.want(payout.Active, true)
		h.gateway.Disconnect(id)
		h.must(h.SyncEvent(t.Context(), inbox.Event{Account: id, Type: "account.application.deauthorized", ObjectID: id}))
		h.want(payout.Disconnected, false)
		h.must(h.SyncEvent(t.Context(), inbox.Event{Account: id, Type: "account.updated", ObjectID: id}))
		h.want(payout.Disconnected, false)
		h.start() // a new account in a new row
		h.want(payout.Onboarding, false)
		if h.account() == id {
			t.Error("the account that left is used again")
		}
		if err := h.SyncEvent(t.Context(), inbox.Event{Account: "acct_nobody", Type: "account.updated"}); !errors.Is(err, inbox.ErrNotYet) {
			t.Errorf("an unknown account: %v", err)
		}
	})
}

// TestFirstClicks lets two clicks and lost answers make one account.
func TestFirstClicks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, false)
		h.gateway.Fail(paymenttest.Fault{Op: "open account", Err: payment.Fail(payment.Unknown, "open account", "cut"), Done: true, Times: 1})
		_, err := h.Start(t.Context(), h.owner, h.business)
		if !errs.Is(err, errs.Unavailable) {
			t.Fatalf("a lost answer: %v", err)
		}
		h.want(payout.Creating, false)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := h.Start(t.Context(), h.owner, h.business); err != nil && !errs.Has(err, "changed_meanwhile") {
					t.Errorf("start: %v", err)
				}
			})
		}
		wg.Wait()
		keys := map[payment.Key]bool{}
		for _, c := range h.gateway.Calls("open account") {
			keys[c.Key] = true
		}
		accounts := map[string]bool{}
		for _, c := range h.gateway.Calls("onboarding link") {
			accounts[c.Account] = true
		}
		if len(keys) != 1 || len(accounts) != 1 {
			t.Errorf("keys %v, accounts %v", keys, accounts)
		}
	})
}

// TestReconcile makes the account after a crash, and reads accounts again that
// nobody has heard of for long.
func TestReconcile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, false)
		h.gateway.Fail(paymenttest.Fault{Op: "open account", Err: payment.Fail(payment.Unknown, "open account", "cut"), Times: 1})
		_, err := h.Start(t.Context(), h.owner, h.business)
		if !errs.Is(err, errs.Unavailable) {
			t.Fatal(err)
		}
		pass := func(want int) {
			t.Helper()
			if n, err := h.Reconcile(t.Context()); n != want || err != nil {
				t.Fatalf("Reconcile = %d, %v; want %d", n, err, want)
			}
		}
		pass(0)
		h.clock.Advance(time.Minute)
		pass(1)
		h.want(payout.Onboarding, false)
		h.start()
		h.gateway.Activate(h.account())
		pass(0)
		h.clock.Advance(12 * time.Hour)
		pass(1)
		h.want(payout.Active, true)
		h.clock.Advance(25 * time.Hour)
		if _, err := h.Orderable(t.Context(), h.business); !errs.Has(err, "cards_closed") {
			t.Errorf("a word of yesterday still sells: %v", err)
		}
	})
}

func TestOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, true)
		h.want(payout.None, false)
		if _, err := h.Start(t.Context(), h.owner, h.business); !errs.Has(err, "payments_off") {
			t.Errorf("start: %v", err)
		}
		if n, err := h.Reconcile(t.Context()); n != 0 || err != nil {
			t.Errorf("Reconcile = %d, %v", n, err)
		}
	})
}

package order_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// compare lets two days go by without an event and compares the books.
func (h *house) compare() []order.Difference {
	h.t.Helper()
	h.clock.Advance(48 * time.Hour)
	h.reconcile()
	_, err := h.orders.Sweep(h.t.Context())
	h.must(err)
	h.work() // what the events lead to
	open, err := h.orders.Differences(h.t.Context())
	h.must(err)
	return open
}

// TestDeadEndpointIsHealed loses every event for two days, among them of a
// refund that nothing but its event tells about.
func TestDeadEndpointIsHealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.feeRule(250, 0)
		bread := h.product("Bread", "2.95", 9)
		o := h.buy(bread, 2)
		h.silent()
		_, err := h.tap.Gateway.Refund(t.Context(), "dashboard", payment.RefundInput{Account: h.account, Intent: h.intent(o.ID), Amount: 200})
		h.must(err)
		if open := h.compare(); len(open) > 0 {
			t.Errorf("differences: %+v", open)
		}
		got := h.order(o.ID)
		// Nobody accepted the order meanwhile: the rest went back by itself.
		if got.State != order.Declined || got.Payment.Refunded != eur(590) || h.mailed(o.ID, "refund_failed") != 0 {
			t.Errorf("refunds: %+v, given back %s", got.Refunds, got.Payment.Refunded)
		}
		if ours, theirs := h.books(o.ID)[ledger.Balance], h.balance("EUR"); ours != theirs {
			t.Errorf("balance %d here and %d there", ours, theirs)
		}
		var late int64
		h.must(db.Conn(t.Context()).Raw("SELECT COUNT(*) FROM inbox WHERE source = 'backfill' AND type = 'charge.refunded' AND state = 'done'").Scan(&late).Error)
		if late == 0 {
			t.Error("the events that never came were not brought in")
		}
		before := h.control("GET", "calls", "")
		if n, err := h.orders.Sweep(t.Context()); n != 0 || err != nil {
			t.Errorf("compared again on the same day: %d, %v", n, err)
		}
		if h.control("GET", "calls", "") != before {
			t.Error("an account was asked twice a day")
		}
	})
}

// TestDifferencesAreFound plants one of each kind on either side.
func TestDifferencesAreFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 9)
		o := h.buy(bread, 2)
		stray := func(name string) (payment.Session, string) {
			s, err := h.tap.Gateway.OpenSession(t.Context(), payment.Key(name), payment.SessionInput{
				Account: h.account, Install: "test-install", Order: "gone", Payment: name, Currency: "EUR", Lines: []payment.SessionLine{{Name: "x", Amount: 900}},
				ExpiresAt: h.clock.Now().Add(35 * time.Minute), SuccessURL: "https://nearby.example/{CHECKOUT_SESSION_ID}", CancelURL: "https://nearby.example/",
			})
			h.must(err)
			return s, s.URL
		}
		paid, page := stray("paid")
		if status := h.pay(page, goodCard); status != 303 {
			t.Fatalf("paying: %d", status)
		}
		h.must(db.Tx(t.Context(), func(ctx context.Context) error {
			ghost := ledger.Entry{Kind: ledger.Refund, BusinessID: h.business.ID, OrderID: o.ID, Amount: eur(55), Account: h.account, SourceID: "re_ghost"}
			wrong := ledger.Entry{Kind: ledger.AppFee, BusinessID: h.business.ID, OrderID: o.ID, Amount: eur(7), Account: h.account, SourceID: h.charge()}
			return first(h.ledger.Add(ctx, ghost), h.ledger.Add(ctx, wrong))
		}))
		found := map[string]string{}
		for _, d := range h.compare() {
			found[d.Kind] = fmt.Sprint(d.Source, " ", d.Ours.Minor, " ", d.Theirs.Minor)
		}
		charge := h.charge()
		fees := h.movement(charge).Fee
		for kind, want := range map[string]string{
			"page_unknown": paid.ID + " 0 900", "not_at_provider": "re_ghost -55 0", "fee": fmt.Sprintf("%s %d %d", charge, fees+7, fees),
		} {
			if found[kind] != want {
				t.Errorf("%s: %q, want %q", kind, found[kind], want)
			}
		}
		if len(found) != 3 {
			t.Errorf("found %v", found)
		}
		if again := h.compare(); len(again) != 3 {
			t.Errorf("the next day: %d", len(again))
		}
		h.explained()
	})
}

// explained explains one of the open differences, which ends its alarm.
func (h *house) explained() {
	h.t.Helper()
	ctx := h.t.Context()
	open, err := h.orders.Differences(ctx)
	h.must(err)
	wantErr(h.t, h.orders.Explain(ctx, audit.Actor{Role: account.Owner}, open[0].ID, "no"), errs.Forbidden, "wrong_role")
	boss := audit.Actor{Role: account.Operator}
	wantErr(h.t, h.orders.Explain(ctx, boss, open[0].ID, " "), errs.Invalid, "invalid_fields")
	h.must(h.orders.Explain(ctx, boss, open[0].ID, "A test of the till."))
	wantErr(h.t, h.orders.Explain(ctx, boss, open[0].ID, "Again."), errs.Conflict, "not_allowed")
	if rest := h.compare(); len(rest) != len(open)-1 {
		h.t.Errorf("%d are open after one of %d was explained", len(rest), len(open))
	}
}

// TestDifferenceIsCorrected hides the provider's movements for a day: what was
// missing then is there at the next look.
func TestDifferenceIsCorrected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.buy(h.product("Bread", "2.95", 9), 2)
		h.tap.Hook = func(context.Context, string, func() error) error { return payment.Fail(payment.Unknown, "any", "down") }
		_, err := h.orders.Compare(t.Context(), time.Hour)
		wantErr(t, err, errs.Unavailable, "not_compared")
		h.tap.Hook = nil
		sees := h.tap.Gateway
		h.tap.Gateway = blind{sees}
		if open := h.compare(); len(open) != 1 || open[0].Kind != "not_at_provider" {
			t.Fatalf("differences: %+v", open)
		}
		h.tap.Gateway = sees
		if open := h.compare(); len(open) != 0 {
			t.Errorf("still open: %+v", open)
		}
	})
}

// blind sees no movements.
type blind struct{ payment.Gateway }

func (blind) Movements(context.Context, string, payment.MovementFilter) ([]payment.Movement, error) {
	return nil, nil
}

// TestStrayPageIsClosed finds a page of ours that no payment knows before
// anybody pays on it.
func TestStrayPageIsClosed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.buy(h.product("Bread", "2.95", 9), 1)
		open := func(install string) string {
			s, err := h.tap.Gateway.OpenSession(t.Context(), payment.Key("page of "+install), payment.SessionInput{
				Account: h.account, Install: install, Order: "gone", Payment: "gone", Currency: "EUR", Lines: []payment.SessionLine{{Name: "x", Amount: 900}},
				ExpiresAt: h.clock.Now().Add(35 * time.Minute), SuccessURL: "https://nearby.example/{CHECKOUT_SESSION_ID}", CancelURL: "https://nearby.example/",
			})
			h.must(err)
			return s.URL
		}
		ours, theirs := open("test-install"), open("somebody-else")
		_, err := h.orders.Compare(t.Context(), time.Hour)
		h.must(err)
		if status := h.pay(ours, goodCard); status != 410 {
			t.Errorf("paying on the stray page: %d", status)
		}
		if status := h.pay(theirs, goodCard); status != 303 {
			t.Errorf("another installation's page was closed: %d", status)
		}
	})
}

// TestSweepIsBounded has more accounts with payments than one pass may ask, and
// many without any.
func TestSweepIsBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.buy(h.product("Bread", "2.95", 9), 1)
		const busy, idle = 60, 300
		h.must(db.Tx(t.Context(), func(ctx context.Context) error {
			for i := range busy + idle {
				id := fmt.Sprintf("acct_fake%04d", i)
				err := db.Conn(ctx).Exec(`INSERT INTO payout_accounts (id, account, owner_id, business_id, country, gen, state, charges_enabled, payouts_enabled,
					details_submitted, card_payments, currently_due, past_due, disabled_reason, default_currency, livemode, platform, created_at, version)
					SELECT ?, ?, owner_id, business_id, country, gen, state, charges_enabled, payouts_enabled, details_submitted, card_payments, currently_due,
					past_due, disabled_reason, default_currency, livemode, platform, created_at, version FROM payout_accounts WHERE account = ?`,
					id, id, h.account).Error
				if err != nil {
					return err
				}
				if i >= busy {
					continue
				}
				err = db.Conn(ctx).Exec(`INSERT INTO payments (id, order_id, attempt, method, account, state, currency, amount, fee, capture, gen, act_gen,
					stop_wanted, livemode, platform, tries, created_at, version)
					SELECT ?, order_id, ?, method, ?, 'failed', currency, amount, fee, capture, gen, act_gen, stop_wanted, livemode, platform, 0, created_at, 1
					FROM payments WHERE order_id = ? AND attempt = 1`, "pay"+id, 100+i, id, o.ID).Error
				if err != nil {
					return err
				}
			}
			return nil
		}))
		h.control("DELETE", "calls", "")
		_, err := h.orders.Sweep(t.Context())
		h.must(err)
		calls := h.control("GET", "calls", "")
		asked := 0
		for i := range busy + idle {
			if strings.Contains(calls, fmt.Sprintf("acct_fake%04d", i)) {
				asked++
				if i >= busy {
					t.Fatalf("account %d without a payment was asked about", i)
				}
			}
		}
		if asked < 40 || asked > 45 {
			t.Errorf("one pass asked about %d accounts", asked)
		}
	})
}

// charge is the only charge there is.
func (h *house) charge() string {
	h.t.Helper()
	var id string
	h.must(h.db.Conn(h.t.Context()).Raw("SELECT charge_id FROM payments WHERE charge_id IS NOT NULL").Scan(&id).Error)
	return id
}

func (h *house) movement(source string) payment.Movement {
	h.t.Helper()
	moves, err := h.tap.Gateway.Movements(h.t.Context(), h.account, payment.MovementFilter{Source: source})
	h.must(err)
	if len(moves) != 1 {
		h.t.Fatalf("%d movements of %s", len(moves), source)
	}
	return moves[0]
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

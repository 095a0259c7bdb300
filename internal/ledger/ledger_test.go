package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/ledger"
	"nearby/internal/money"
)

var testKey = []byte("a key of thirty-two bytes or more")

func newLedger(t *testing.T, db *database.DB) (l *ledger.Ledger, businessID string) {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)).Now
	log := audit.New(db, now, testKey)
	accounts := account.New(db, log, job.New(db, now, ident.Random), now, ident.Random, testKey)
	owner, err := accounts.Add(t.Context(), audit.System, account.NewUser{Email: "o@example.org", Name: "Owner", Password: "nine lives, one cat"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := directory.New(db, accounts, log, now, ident.Random, testKey).Create(t.Context(), owner.As(account.Owner), directory.Profile{Name: "Bakery"})
	if err != nil {
		t.Fatal(err)
	}
	return ledger.New(db, now, ident.Random), b.ID
}

func TestBooks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		l, business := newLedger(t, db)
		add := func(kind ledger.Kind, minor int64, account, source string) error {
			return db.Tx(t.Context(), func(ctx context.Context) error {
				return l.Add(ctx, ledger.Entry{
					Kind: kind, BusinessID: business, OrderID: "order", Amount: money.New(minor, "EUR"), Account: account, SourceID: source,
				})
			})
		}
		for range 3 { // a repeated settlement books once
			for _, e := range []struct {
				kind   ledger.Kind
				minor  int64
				source string
			}{
				{ledger.Sale, 3225, "ch_1"}, {ledger.AppFee, 70, "fee_1"}, {ledger.StripeFee, 124, "txn_1"},
				{ledger.Refund, 752, "re_1"}, {ledger.AppFeeRefund, 16, "re_1"}, {ledger.Payout, 2000, "po_1"}, {ledger.Refund, 0, "re_2"},
			} {
				if err := add(e.kind, e.minor, "acct_1", e.source); err != nil {
					t.Fatal(err)
				}
			}
			if err := add(ledger.CounterSale, 500, "", "pay_1"); err != nil {
				t.Fatal(err)
			}
		}
		if err := add(ledger.Sale, 10, "acct_2", "ch_1"); err != nil { // another account's charge of the same id
			t.Fatal(err)
		}
		want := []ledger.Sum{
			{ledger.Balance, "EUR", 3225 - 70 - 124 - 752 + 16 - 2000 + 10}, {ledger.Bank, "EUR", 2000}, {ledger.Buyer, "EUR", -3225 + 752 - 500 - 10},
			{ledger.Operator, "EUR", 54}, {ledger.Provider, "EUR", 124}, {ledger.Till, "EUR", 500},
		}
		got, err := l.Sums(t.Context(), business)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		byOrder, err := l.OfOrder(t.Context(), "order")
		if diff := cmp.Diff(want, byOrder); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if n, err := l.Check(t.Context()); n != 0 || err != nil {
			t.Errorf("Check = %d, %v", n, err)
		}
		// A leg changed behind our back is found.
		err = db.Tx(t.Context(), func(ctx context.Context) error {
			return db.Conn(ctx).Exec("UPDATE ledger_entries SET amount = amount + 1 WHERE leg = 2 AND kind = 'payout'").Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := l.Check(t.Context()); n != 1 || err != nil {
			t.Errorf("Check = %d, %v; want 1", n, err)
		}
	})
}

func TestBadEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		l, business := newLedger(t, db)
		good := ledger.Entry{Kind: ledger.Sale, BusinessID: business, Amount: money.New(1, "EUR"), Account: "acct_1", SourceID: "ch_1"}
		if err := l.Add(t.Context(), good); err == nil {
			t.Error("booked outside a transaction")
		}
		for name, edit := range map[string]func(*ledger.Entry){
			"no kind":       func(e *ledger.Entry) { e.Kind = "" },
			"unknown kind":  func(e *ledger.Entry) { e.Kind = "gift" },
			"no business":   func(e *ledger.Entry) { e.BusinessID = "" },
			"no source":     func(e *ledger.Entry) { e.SourceID = "" },
			"no currency":   func(e *ledger.Entry) { e.Amount.Currency = "" },
			"negative sale": func(e *ledger.Entry) { e.Amount.Minor = -1 },
		} {
			e := good
			edit(&e)
			if err := db.Tx(t.Context(), func(ctx context.Context) error { return l.Add(ctx, e) }); err == nil {
				t.Errorf("%s: booked", name)
			}
		}
	})
}

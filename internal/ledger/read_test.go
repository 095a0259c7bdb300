package ledger

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
	"nearby/internal/money"
)

func TestTakingsAndTotals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
		l := New(db, fake.Now, ident.Random)
		shop, other, first, second := business(t, db, "Shop"), business(t, db, "Other"), "0001", "0002" // in the order of the ids
		add := func(business, order string, kind Kind, minor int64) {
			t.Helper()
			err := db.Tx(t.Context(), func(ctx context.Context) error {
				return l.Add(ctx, Entry{Kind: kind, BusinessID: business, OrderID: order, Amount: money.New(minor, "EUR"), SourceID: ident.Random()})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		start := fake.Now()
		add(shop, first, Sale, 1000)
		add(shop, first, AppFee, 30)
		fake.Advance(time.Hour)
		add(shop, second, CounterSale, 480)
		add(other, ident.Random(), Sale, 7)
		add(shop, first, Refund, 400)
		takings, err := l.Takings(t.Context(), shop, start, fake.Now().Add(time.Second))
		want := []Taking{{start, first, money.New(1000, "EUR")}, {start.Add(time.Hour), second, money.New(480, "EUR")}}
		if diff := cmp.Diff(want, takings); diff != "" || err != nil {
			t.Errorf("takings %s (%v)", diff, err)
		}
		if takings, err = l.Takings(t.Context(), shop, start, start.Add(time.Hour)); err != nil || len(takings) != 1 {
			t.Errorf("%d takings before the second (%v)", len(takings), err)
		}
		totals, err := l.OfOrders(t.Context(), []string{first, second, "0003"})
		wantTotals := map[string][]Total{
			first:  {{AppFee, money.New(-30, "EUR")}, {Refund, money.New(-400, "EUR")}, {Sale, money.New(1000, "EUR")}},
			second: {{CounterSale, money.New(480, "EUR")}},
		}
		if diff := cmp.Diff(wantTotals, totals); diff != "" || err != nil {
			t.Errorf("totals %s (%v)", diff, err)
		}
		if totals, err = l.OfOrders(t.Context(), nil); err != nil || len(totals) != 0 {
			t.Errorf("of no orders: %v (%v)", totals, err)
		}
	})
}

// business makes a business that entries can belong to.
func business(t *testing.T, db *database.DB, name string) string {
	t.Helper()
	key := make([]byte, 32)
	log := audit.New(db, clock.System, key)
	accounts := account.New(db, log, job.New(db, clock.System, ident.Random), clock.System, ident.Random, key)
	user, err := accounts.Add(t.Context(), audit.System, account.NewUser{Email: name + "@example.org", Name: name, Password: "nine lives, one cat"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := directory.New(db, accounts, log, clock.System, ident.Random, key).Create(t.Context(), user.As(account.Owner), directory.Profile{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return b.ID
}

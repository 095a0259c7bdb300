package torture

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/app"
	"nearby/internal/clock"
	"nearby/internal/ledger"
)

// ahead is the machine's clock, moved on.
func ahead(d time.Duration) clock.Clock {
	return func() time.Time { return clock.System().Add(d) }
}

// session is a payment page as the sandbox tells it.
type session struct {
	ID       string            `json:"id"`
	Status   string            `json:"status"`
	Payment  string            `json:"payment_status"`
	Total    int64             `json:"amount_total"`
	Intent   string            `json:"payment_intent"`
	Metadata map[string]string `json:"metadata"`
}

// refund is money given back, as the sandbox tells it.
type refund struct {
	ID     string `json:"id"`
	Amount int64  `json:"amount"`
	Intent string `json:"payment_intent"`
	Status string `json:"status"`
}

// listAll reads a whole list of the shop's account at the sandbox.
func listAll[T any](w *world, path string, id func(T) string) []T {
	w.t.Helper()
	var all []T
	for after := ""; ; {
		var page struct {
			Data []T  `json:"data"`
			More bool `json:"has_more"`
		}
		w.sandbox("GET", path+"?limit=100"+after, nil, &page)
		all = append(all, page.Data...)
		if !page.More || len(page.Data) == 0 {
			return all
		}
		after = "&starting_after=" + id(page.Data[len(page.Data)-1])
	}
}

// settle lets the work in the background run until nothing is due at now.
func settle(ctx context.Context, t *testing.T, a *app.App) {
	t.Helper()
	for range 1000 {
		jobs, err := a.Jobs.RunDue(ctx)
		if err != nil {
			t.Fatalf("jobs: %v", err)
		}
		payments, err := a.Order.Reconcile(ctx)
		if err != nil {
			t.Fatalf("payments: %v", err)
		}
		if jobs+payments == 0 {
			return
		}
	}
	t.Fatal("there is always more to do")
}

// check lets the work in the background finish, as if the program had stood up
// again an hour ago, and compares what shoppers were told, what the sandbox
// has and what the program knows. Nearby must not run.
func (w *world) check(facts []*fact) {
	t := w.t
	t.Helper()
	accept := func(ctx context.Context, a *app.App) {
		for _, id := range column[string](t, a, "SELECT id FROM orders WHERE state = 'placed'") {
			if _, err := a.Order.Accept(ctx, w.people.Owner.As(account.Owner), w.shop.ID, id); err != nil {
				t.Errorf("accepting %s: %v", id, err)
			}
		}
	}
	w.rooms(clock.System, accept)
	// Past the end of every hold, each payment page has been read again, whether
	// or not an event came.
	w.rooms(ahead(16*time.Minute), func(ctx context.Context, a *app.App) {
		settle(ctx, t, a)
		accept(ctx, a)
	})
	// An hour on, whoever has not paid does not get anything any more.
	w.rooms(ahead(time.Hour), func(ctx context.Context, a *app.App) {
		settle(ctx, t, a)
		w.checkMoney(a)
		w.checkFacts(a, facts)
		w.checkStock(a)
		w.checkBooks(ctx, a)
		if parked := query[int64](t, a, "SELECT COUNT(*) FROM jobs WHERE state = 'parked'"); parked > 0 {
			t.Errorf("%d jobs were given up", parked)
		}
		if !a.DB.IsPostgres() {
			if said := query[string](t, a, "PRAGMA integrity_check"); said != "ok" {
				t.Errorf("integrity: %s", said)
			}
			if broken := column[string](t, a, "SELECT \"table\" FROM pragma_foreign_key_check"); len(broken) > 0 {
				t.Errorf("rows without what they refer to: %v", broken)
			}
		}
	})
	if said := w.nearby("verify-audit"); !strings.Contains(said, "all sound") {
		t.Errorf("audit: %s", said)
	}
}

// checkMoney: what was paid at the sandbox is known here, once, and is either
// for goods or on its way back; and nothing else counts as paid.
func (w *world) checkMoney(a *app.App) {
	t := w.t
	t.Helper()
	back := map[string]int64{}
	for _, r := range listAll(w, "/v1/refunds", func(r refund) string { return r.ID }) {
		if r.Status == "succeeded" || r.Status == "pending" {
			back[r.Intent] += r.Amount
		}
	}
	paid := map[string]bool{}
	for _, s := range listAll(w, "/v1/checkout/sessions", func(s session) string { return s.ID }) {
		if s.Payment != "paid" {
			if s.Status == "open" {
				t.Errorf("payment page %s of order %s can still be paid", s.ID, s.Metadata["order"])
			}
			continue
		}
		id := s.Metadata["order"]
		if paid[id] {
			t.Errorf("order %s was paid twice", id)
		}
		paid[id] = true
		var state, payState string
		var captured, refunded int64
		err := a.DB.Pool().QueryRowContext(t.Context(), place(a, `SELECT o.state, p.state, p.captured, p.refunded
			FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = ? AND p.session_id = ?`), id, s.ID).Scan(&state, &payState, &captured, &refunded)
		if err != nil {
			t.Errorf("paid at the sandbox and unknown here: order %s: %v", id, err)
			continue
		}
		want := int64(0)
		if state != "accepted" {
			want = s.Total // nobody gets the goods: all of it goes back
		}
		if captured != s.Total || payState != "paid" && payState != "late" || refunded != want || back[s.Intent] != want {
			t.Errorf("order %s is %s, its payment %s: captured %d of %d, given back %d, at the sandbox %d",
				id, state, payState, captured, s.Total, refunded, back[s.Intent])
		}
	}
	for _, id := range column[string](t, a, "SELECT order_id FROM payments WHERE state IN ('paid', 'late')") {
		if !paid[id] {
			t.Errorf("order %s counts as paid, and the sandbox has no money for it", id)
		}
	}
}

// checkFacts: what shoppers were told holds.
func (w *world) checkFacts(a *app.App, facts []*fact) {
	t := w.t
	t.Helper()
	lost := 0
	for _, f := range facts {
		states := column[string](t, a, place(a, "SELECT state FROM orders WHERE id = ?"), f.ID)
		if len(states) == 0 {
			lost++
			continue
		}
		want := "expired"
		switch {
		case f.cancelled:
			want = "cancelled"
		case f.paid || !f.card:
			want = "accepted"
		}
		if states[0] != want {
			t.Errorf("order %s (card %t, paid %t, cancelled %t) is %s", f.ID, f.card, f.paid, f.cancelled, states[0])
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged orders are lost", lost, len(facts))
	}
	if most, n := query[int64](t, a, "SELECT COALESCE(MAX(number), 0) FROM orders"), query[int64](t, a, "SELECT COUNT(number) FROM orders"); most != n {
		t.Errorf("%d orders are numbered up to %d", n, most)
	}
}

// checkStock: what is left, held and sold makes what there was.
func (w *world) checkStock(a *app.App) {
	t := w.t
	t.Helper()
	sold := query[int64](t, a, "SELECT COALESCE(SUM(l.qty), 0) FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.state = 'accepted'")
	had := w.shop.Product.Variants[0]
	var onHand, held, committed int64
	err := a.DB.Pool().QueryRowContext(t.Context(), place(a, "SELECT on_hand, held, committed FROM stock WHERE variant_id = ?"), had.ID).
		Scan(&onHand, &held, &committed)
	if err != nil || onHand != w.pieces || held != 0 || committed != sold {
		t.Errorf("stock: %d on hand of %d, %d held, %d committed of %d sold (%v)", onHand, w.pieces, held, committed, sold, err)
	}
	if active := query[int64](t, a, "SELECT COUNT(*) FROM reservations WHERE state = 'active'"); active != 0 {
		t.Errorf("%d reservations are still active", active)
	}
}

// checkBooks: every entry sums to nothing, and the shop's balance is the one
// it has at the sandbox.
func (w *world) checkBooks(ctx context.Context, a *app.App) {
	t := w.t
	t.Helper()
	if n, err := a.Ledger.Check(ctx); err != nil || n != 0 {
		t.Errorf("books: %d entries do not balance (%v)", n, err)
	}
	sums, err := a.Ledger.Sums(ctx, w.shop.ID)
	if err != nil {
		t.Fatal(err)
	}
	var ours, all int64
	for _, s := range sums {
		all += s.Minor
		if s.Book == ledger.Balance {
			ours = s.Minor
		}
	}
	if all != 0 {
		t.Errorf("the books sum to %d", all)
	}
	type amounts []struct {
		Amount int64 `json:"amount"`
	}
	var balance struct{ Available, Pending amounts }
	w.sandbox("GET", "/v1/balance", nil, &balance)
	theirs := int64(0)
	for _, list := range []amounts{balance.Available, balance.Pending} {
		for _, m := range list {
			theirs += m.Amount
		}
	}
	if ours != theirs {
		t.Errorf("the shop's balance is %d here and %d at the sandbox", ours, theirs)
	}
}

// place writes "?" as PostgreSQL wants it.
func place(a *app.App, sql string) string {
	if !a.DB.IsPostgres() {
		return sql
	}
	for n := 1; strings.Contains(sql, "?"); n++ {
		sql = strings.Replace(sql, "?", fmt.Sprintf("$%d", n), 1)
	}
	return sql
}

package order_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/ledger"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// TestRandomMoney throws faults, crashes, cut connections, lost events, time and
// people at orders of several lines, at a business that accepts first and at one
// that does not: pieces are missing, taken off, refunded by line, refunded outside,
// refunds come back, and banks take money back. Five minutes after the last
// disturbance, without any event, the provider, our rows, the lines and the books
// say the same. Each schedule is named by its seed. Each database has 250 of
// them, or 5,000 with NEARBY_TORTURE=1.
func TestRandomMoney(t *testing.T) {
	many := unlessTortured(250, 5000)
	const inOneHouse = 25 // a house lists all its payment pages again and again
	for name, open := range map[string]func(testing.TB) *database.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		for first := 0; first < many; first += inOneHouse {
			last := min(first+inOneHouse, many) - 1
			t.Run(fmt.Sprintf("%s/%d-%d", name, first, last), func(t *testing.T) {
				schedulesOf(t, open(t), uint64(first), uint64(last))
			})
		}
	}
}

// schedulesOf plays the schedules of the seeds from first to last in one house.
func schedulesOf(t *testing.T, db *database.DB, first, last uint64) {
	h := newHouse(t, db, func(o *options) { o.acceptFor = 15 * time.Minute })
	h.feeRule(250, 0)
	const pieces = 10_000
	bread, cake := h.product("Bread", "2.95", pieces), h.product("Cake", "24.50", pieces)
	var done [2]int64 // pieces that left the house
	for seed := first; seed <= last; seed++ {
		if seed == (first+last+1)/2 {
			h.acceptsFirst()
		}
		s := &schedule{house: h, rng: rand.New(rand.NewPCG(seed, 23))}
		s.play(bread, cake)
		h.agree(s.id)
		o := h.order(s.id)
		for i, line := range o.Lines {
			if o.State == order.Completed {
				done[i] += line.QtyAccepted
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d: order is %s with payment %s", seed, o.State, o.Payment.State)
		}
		s.decide()
		h.quiet(s.id)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	h.wantLevel(bread, pieces-done[0], 0, 0)
	h.wantLevel(cake, pieces-done[1], 0, 0)
}

// schedule is the life of one order under disturbance.
type schedule struct {
	*house
	rng     *rand.Rand
	id      string
	access  order.Access
	page    string // where it is paid, once one was opened
	dispute string // the bank's, once there is one
}

// play has an order, disturbs it, ends all disturbance, and waits five minutes in
// which no event comes.
func (s *schedule) play(bread, cake string) {
	s.t.Helper()
	placed := s.basket(order.PayCard,
		order.PlaceLine{VariantID: bread, Quantity: 1 + s.rng.Int64N(4)}, order.PlaceLine{VariantID: cake, Quantity: 1 + s.rng.Int64N(2)})
	s.id, s.access = placed.Order.ID, order.Access{Token: placed.Token}
	for range 16 {
		switch s.rng.IntN(16) {
		case 0, 1:
			s.outsiders()
		case 2, 3:
			s.crash([]string{"open", "expire", "session", "capture", "void", "refund", "refunds", "fee", "disputes"}[s.rng.IntN(9)], s.rng.IntN(2) == 0)
			s.dies(s.step)
			s.tap.Hook = nil
		case 4:
			s.cut(s.step)
		default:
			s.step()
		}
	}
	s.control("DELETE", "faults", "")
	s.silent()
	for range 5 {
		s.clock.Advance(time.Minute)
		s.reconcile()
	}
}

// step is something that people, time or jobs do here. What it is refused, or
// what fails in the middle, is as it may be.
func (s *schedule) step() {
	ctx := s.t.Context()
	some := func() []order.Pieces { return []order.Pieces{{Line: 1 + s.rng.IntN(2), Quantity: 1 + s.rng.Int64N(3)}} }
	switch s.rng.IntN(12) {
	case 0, 1, 2:
		if address, err := s.orders.Open(ctx, s.id); err == nil {
			s.page = address
		}
		if s.page != "" {
			s.pay(s.page, []string{goodCard, goodCard, declined}[s.rng.IntN(3)])
		}
	case 3:
		_, _ = s.orders.Landed(ctx, s.id, s.access)
	case 4:
		s.clock.Advance(time.Duration(1+s.rng.IntN(8)) * time.Minute)
		_ = s.sandbox.Flush(ctx)
		_, _ = s.jobs.RunDue(ctx)
	case 5:
		_, _ = s.orders.Reconcile(ctx)
		_, _ = s.jobs.RunDue(ctx)
	case 6, 7:
		missing := order.Missing{Gone: false}
		if s.rng.IntN(2) == 0 {
			missing.Pieces = some()
		}
		_, _ = s.orders.AcceptShort(ctx, s.owner, s.business.ID, s.id, missing)
	case 8:
		_, _ = s.orders.TakeOff(ctx, s.owner, s.business.ID, s.id, order.Missing{Pieces: some()})
	case 9, 10:
		_, _ = s.orders.Refund(ctx, s.owner, s.business.ID, s.id, order.RefundInput{Lines: some()})
	case 11:
		switch s.rng.IntN(6) {
		case 0:
			_, _ = s.orders.Cancel(ctx, s.id, s.access)
		case 1:
			_, _ = s.orders.Decline(ctx, s.owner, s.business.ID, s.id, "other", false)
		case 2:
			_, _ = s.orders.Abort(ctx, s.owner, s.business.ID, s.id, "other", false)
		case 3:
			_, _ = s.orders.Refund(ctx, s.owner, s.business.ID, s.id, order.RefundInput{})
		default:
			_, _ = s.orders.Ready(ctx, s.owner, s.business.ID, s.id)
			_, _ = s.orders.HandOver(ctx, s.owner, s.business.ID, s.id, s.orders.PickupCode(s.id))
		}
	}
}

// cut runs fn while every connection to the database is cut once, as by a
// restart of the server. A file has none.
func (s *schedule) cut(fn func()) {
	if !s.db.IsPostgres() {
		fn()
		return
	}
	after := time.Duration(s.rng.IntN(3000)) * time.Microsecond
	s.house.cut.Store(true)
	done := make(chan error)
	go func() {
		time.Sleep(after)
		done <- s.db.Conn(context.Background()).Exec(
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Error
	}()
	fn()
	s.must(<-done)
	s.db.Pool().SetMaxIdleConns(0) // what is dead in the pool would fail whoever is given it
	s.db.Pool().SetMaxIdleConns(20)
}

// outsiders is what the provider and the bank do: faults, events that are lost or
// doubled, refunds in the provider's dashboard, refunds that come back after they
// succeeded, disputes. What nobody but an event tells is told by one.
func (s *schedule) outsiders() {
	s.t.Helper()
	faults := []string{"error", "sticky", "cut", "html", "rate_limit"}
	paths := []string{
		"/v1/checkout/sessions", "/v1/checkout/sessions/*", "/v1/checkout/sessions/*/expire", "/v1/refunds", "/v1/application_fees/*",
		"/v1/payment_intents/*/capture", "/v1/payment_intents/*/cancel", "/v1/disputes",
	}
	switch s.rng.IntN(4) {
	case 0:
		s.control(http.MethodPost, "faults", fmt.Sprintf(`{"kind": %q, "path": %q, "done": %v, "times": %d}`,
			faults[s.rng.IntN(len(faults))], paths[s.rng.IntN(len(paths))], s.rng.IntN(2) == 0, 1+s.rng.IntN(2)))
		return
	case 1:
		s.control(http.MethodPost, "webhooks/mode", fmt.Sprintf(`{"drop": %v, "duplicate": %v}`, s.rng.IntN(2) == 0, s.rng.IntN(2) == 0))
		return
	}
	s.control(http.MethodPost, "webhooks/mode", `{}`)
	if s.order(s.id).Payment.State != order.Paid {
		return
	}
	ctx, intent := s.t.Context(), payment.Ref{Account: s.account, ID: s.intent(s.id)}
	switch s.rng.IntN(3) {
	case 0:
		_, _ = s.tap.Gateway.Refund(ctx, payment.Key(fmt.Sprint("dashboard ", s.rng.Uint64())), payment.RefundInput{
			Account: intent.Account, Intent: intent.ID, Amount: 1 + s.rng.Int64N(400),
		})
	case 1:
		if refunds, err := s.tap.Gateway.Refunds(ctx, intent); err == nil && len(refunds) > 0 && refunds[0].Status == payment.RefundSucceeded {
			s.control("POST", "refunds/"+refunds[0].ID+"/fail", "")
		}
	case 2:
		s.control("DELETE", "faults", "")
		switch received, refunded := s.atProvider(s.id); {
		case s.dispute != "":
			s.decide()
		case received > refunded:
			s.dispute = s.house.dispute(s.id, false)
		}
	}
	s.deliver()
}

// decide has the bank end the dispute, if there is one. An event tells of it:
// who only looks hears of it the next day.
func (s *schedule) decide() {
	s.t.Helper()
	if s.dispute == "" {
		return
	}
	list, err := s.tap.Gateway.Disputes(s.t.Context(), payment.Ref{Account: s.account, ID: s.intent(s.id)})
	s.must(err)
	for _, d := range list {
		if d.ID == s.dispute && d.Status == "needs_response" {
			s.control(http.MethodPost, "webhooks/mode", `{}`)
			s.control("POST", "disputes/"+s.dispute+"/"+[]string{"won", "lost"}[s.rng.IntN(2)], "")
			s.deliver()
		}
	}
}

// agree compares the provider, our rows, the lines and the books of an order.
func (h *house) agree(id string) {
	h.t.Helper()
	o := h.order(id)
	received, refunded := h.atProvider(id)
	if o.Payment.Captured.Minor != received || o.Payment.Refunded.Minor != refunded {
		h.t.Errorf("our rows say %v − %v, the provider %d − %d", o.Payment.Captured, o.Payment.Refunded, received, refunded)
	}
	disputes, err := h.orders.Disputes(h.t.Context(), id)
	h.must(err)
	var taken int64 // by the shopper's bank
	for _, d := range disputes {
		taken += d.Taken.Sub(d.Back).Minor
	}
	var onLines, inRefunds, charged int64
	for _, l := range o.Lines {
		onLines += l.Refunded.Minor
		charged += l.Left().Add(l.Refunded).Minor
	}
	for _, r := range o.Refunds {
		switch r.State {
		case order.RefundSucceeded:
			inRefunds += r.Amount.Minor
		case order.RefundFailed, order.RefundCanceled:
		default:
			h.t.Errorf("a refund is still %s", r.State)
		}
	}
	if inRefunds != refunded || received > 0 && onLines != refunded {
		h.t.Errorf("%d refunded at the provider, %d in refunds, %d on the lines", refunded, inRefunds, onLines)
	}
	if received > 0 && charged != received {
		h.t.Errorf("%d received for lines of %d", received, charged)
	}
	if books := h.books(id); books[ledger.Buyer] != refunded+taken-received {
		h.t.Errorf("books %v, the provider has %d − %d, a bank took %d", books, received, refunded, taken)
	}
	if promised := o.Open() || o.State == order.Completed; !promised && received != refunded+taken {
		stuck := o.Stuck() // the bank sent it back: a person's matter, and known as one
		if !stuck {
			h.t.Errorf("%d received, %d refunded and %d taken by a bank for an order that is %s", received, refunded, taken, o.State)
		}
	}
}

// quiet lets time pass until nothing is open about an order any more.
func (h *house) quiet(id string) {
	h.t.Helper()
	h.heal(time.Hour)
	if o := h.order(id); o.State == order.Accepted || o.State == order.Ready {
		if o.State == order.Accepted {
			h.must(second(h.orders.Ready(h.t.Context(), h.owner, h.business.ID, id)))
		}
		h.must(second(h.orders.Abort(h.t.Context(), h.owner, h.business.ID, id, "other", false)))
		h.heal(10 * time.Minute)
	}
	h.agree(id)
	if due := h.pending(); len(due) != 0 {
		h.t.Errorf("rows are still open: %q", due)
	}
}

package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// errCrash stands for a process that ended: nothing after it ran.
var errCrash = errors.New("the process ended here")

// crash has the n-th call of an op end the process, before it is made or after
// its effect at the provider.
func (h *house) crash(op string, after bool) (crashed *bool) {
	crashed = new(bool)
	h.tap.Hook = func(_ context.Context, name string, call func() error) error {
		if name != op || *crashed {
			return call()
		}
		*crashed = true
		if after {
			_ = call()
		}
		panic(errCrash)
	}
	return crashed
}

// dies runs fn up to the crash.
func (h *house) dies(fn func()) {
	h.t.Helper()
	defer func() {
		if p := recover(); p != nil && p != any(errCrash) {
			panic(p)
		}
	}()
	fn()
}

// heal is what happens by itself after a restart: events come again, and the
// job looks at everything open until nothing moves.
func (h *house) heal(until time.Duration) {
	h.t.Helper()
	h.tap.Hook = nil
	h.control(http.MethodPost, "webhooks/mode", `{}`)
	h.control("DELETE", "faults", "")
	for passed := time.Duration(0); passed <= until; passed += 5 * time.Minute {
		h.deliver()
		h.reconcile()
		h.clock.Advance(5 * time.Minute)
	}
	h.deliver()
	h.reconcile()
}

// TestCrashAtEveryCall ends the process before and after each call of an
// order's way, lets time and jobs heal it, and looks at the outcome: never two
// charges, never a paid order without goods or money back, no hold left.
func TestCrashAtEveryCall(t *testing.T) {
	type walk func(h *house, o order.Order, page *string)
	open := func(h *house, o order.Order, page *string) {
		address, err := h.orders.Open(h.t.Context(), o.ID)
		if err == nil {
			*page = address
		}
	}
	pay := func(h *house, o order.Order, page *string) { h.pay(*page, goodCard) }
	land := func(h *house, o order.Order, _ *string) {
		_, _ = h.orders.Landed(h.t.Context(), o.ID, order.Access{Token: h.orders.Token(o.ID)})
	}
	cancel := func(h *house, o order.Order, _ *string) {
		_, _ = h.orders.Cancel(h.t.Context(), o.ID, order.Access{Token: h.orders.Token(o.ID)})
	}
	later := func(h *house, _ order.Order, _ *string) { h.clock.Advance(hold) }
	job := func(h *house, _ order.Order, _ *string) {
		if _, err := h.orders.Reconcile(h.t.Context()); err != nil {
			h.t.Error(err)
		}
	}
	cases := []struct {
		name  string
		op    string
		steps []walk
		crash int // the step that crashes
		state order.State
		paid  bool // money stays
	}{
		{"open", "open", []walk{open}, 0, order.Expired, false},
		{"open, then pay", "open", []walk{open, open, pay, land}, 0, order.Placed, true},
		{"landing", "session", []walk{open, pay, land}, 2, order.Placed, true},
		{"end of hold, closing", "expire", []walk{open, later, job}, 2, order.Expired, false},
		{"end of hold, reading", "session", []walk{open, later, job}, 2, order.Expired, false},
		{"cancel, closing", "expire", []walk{open, cancel}, 1, order.Cancelled, false},
		{"cancel, reading", "session", []walk{open, cancel}, 1, order.Cancelled, false},
		{"cancel when paid, refund", "refund", []walk{open, pay, land, cancel}, 3, order.Cancelled, false},
		{"cancel when paid, reading the fee", "fee", []walk{open, pay, land, cancel}, 3, order.Cancelled, false},
	}
	for _, tt := range cases {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/after=%v", tt.name, after), func(t *testing.T) {
				dbtest.Each(t, func(t *testing.T, db *database.DB) {
					h := newHouse(t, db)
					h.feeRule(250, 0)
					bread := h.product("Bread", "2.95", 5)
					placed := h.place(guest(), h.wish(bread, 2, order.PayCard))
					h.silent()
					page := ""
					for i, step := range tt.steps {
						if i == tt.crash {
							crashed := h.crash(tt.op, after)
							h.dies(func() { step(h, placed.Order, &page) })
							if !*crashed {
								t.Fatalf("no %s was called", tt.op)
							}
							h.tap.Hook = nil
							continue
						}
						step(h, placed.Order, &page)
					}
					h.heal(time.Hour)
					o := h.order(placed.Order.ID)
					if o.State != tt.state {
						t.Errorf("order is %s with payment %s (%q), want %s", o.State, o.Payment.State, o.EndReason, tt.state)
					}
					h.settled(o, bread, 5, tt.paid)
					h.oneKeyEach()
				})
			})
		}
	}
}

// settled checks what must hold of every order that nothing is open about:
// at most one page was paid, and its money is here exactly when the goods are
// promised.
func (h *house) settled(o order.Order, variant string, pieces int64, wantPaid bool) {
	h.t.Helper()
	received, refunded := h.atProvider(o.ID)
	kept := received - refunded
	if wantPaid && kept != o.Totals.Total.Minor || !wantPaid && kept != 0 {
		h.t.Errorf("the provider has %d − %d for an order that is %s", received, refunded, o.State)
	}
	if received > o.Totals.Total.Minor {
		h.t.Errorf("charged %d for an order of %v", received, o.Totals.Total)
	}
	if o.Payment.Captured.Minor != received || o.Payment.Refunded.Minor != refunded {
		h.t.Errorf("our rows say %v − %v, the provider %d − %d", o.Payment.Captured, o.Payment.Refunded, received, refunded)
	}
	if l := h.level(variant); l.Held != 0 {
		h.t.Errorf("%d pieces are still held", l.Held)
	}
	if books := h.books(o.ID); -books["buyer"] != kept {
		h.t.Errorf("books %v, the provider has %d", books, kept)
	}
	if due := h.pending(); len(due) != 0 {
		h.t.Errorf("rows are still open: %q", due)
	}
}

// oneKeyEach checks that what was tried again was tried under the same key: one
// for the page, one for closing it, one for the refund.
func (h *house) oneKeyEach() {
	h.t.Helper()
	var log struct {
		Calls []struct {
			Method, Path string
			Key          string `json:"idempotency_key"`
		}
	}
	h.must(json.Unmarshal([]byte(h.control(http.MethodGet, "calls", "")), &log))
	keys := map[string]map[string]bool{}
	for _, call := range log.Calls {
		if call.Method != http.MethodPost || strings.Contains(call.Path, "account") {
			continue
		}
		if keys[call.Path] == nil {
			keys[call.Path] = map[string]bool{}
		}
		keys[call.Path][call.Key] = true
	}
	if len(keys) == 0 {
		h.t.Error("the log of calls is empty")
	}
	for path, used := range keys {
		if len(used) != 1 || used[""] {
			h.t.Errorf("POST %s was made under the keys %v", path, used)
		}
	}
}

// pending names the rows that the job still means to look at.
func (h *house) pending() (rows []string) {
	h.t.Helper()
	h.must(h.db.Conn(h.t.Context()).Raw(`
		SELECT 'payment ' || state || ' ' || COALESCE(last_error, '') || ' at ' || next_check_at FROM payments WHERE next_check_at IS NOT NULL
		UNION ALL SELECT 'refund ' || state || ' ' || COALESCE(last_error, '') || ' at ' || next_check_at FROM refunds WHERE next_check_at IS NOT NULL`).
		Scan(&rows).Error)
	return rows
}

// atProvider adds up what the sandbox took and gave back for an order, over all
// pages that were ever made for it.
func (h *house) atProvider(orderID string) (received, refunded int64) {
	h.t.Helper()
	sessions, err := h.tap.Gateway.FindSessions(h.t.Context(), h.account, payment.SessionFilter{})
	h.must(err)
	pages := map[string]int{}
	for _, s := range sessions {
		if s.Metadata[payment.MetaOrder] != orderID {
			continue
		}
		if pages[s.Metadata[payment.MetaPayment]]++; pages[s.Metadata[payment.MetaPayment]] > 1 {
			h.t.Error("an attempt to pay has two pages")
		}
		whole, err := h.tap.Gateway.Session(h.t.Context(), s.Ref)
		h.must(err)
		if whole.Intent != nil && whole.Intent.Charge != nil {
			received += whole.Intent.Received
			if whole.Intent.Received > 0 { // what was let go without being taken is no refund
				refunded += whole.Intent.Charge.Refunded - (whole.Intent.Amount - whole.Intent.Received)
			}
		}
	}
	return received, refunded
}

// TestBurntKeys has the provider remember a failure under our key, whether the
// work was done or not: what was done is found, what was not is asked for anew.
func TestBurntKeys(t *testing.T) {
	for _, done := range []bool{true, false} {
		t.Run(fmt.Sprintf("done=%v", done), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				bread := h.product("Bread", "2.95", 5)
				placed := h.place(guest(), h.wish(bread, 2, order.PayCard))
				sticky := func(path string) {
					h.control(http.MethodPost, "faults", fmt.Sprintf(`{"kind": "sticky", "method": "POST", "path": %q, "done": %v, "times": 1}`, path, done))
				}
				sticky("/v1/checkout/sessions")
				page := ""
				for range 4 {
					var err error
					if page, err = h.orders.Open(t.Context(), placed.Order.ID); err == nil {
						break
					}
				}
				if page == "" {
					t.Fatal("no page")
				}
				h.pay(page, goodCard)
				h.deliver()
				h.wantState(placed.Order.ID, order.Placed, order.Paid)
				sticky("/v1/refunds")
				_, err := h.orders.Decline(t.Context(), h.owner, h.business.ID, placed.Order.ID, "other", false)
				h.must(err)
				h.heal(time.Hour)
				h.wantRefunded(placed.Order.ID, 590)
				h.settled(h.order(placed.Order.ID), bread, 5, false)
			})
		})
	}
}

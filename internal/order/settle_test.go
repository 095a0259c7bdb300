package order_test

import (
	"context"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// settledWithin is the promise: whoever has paid is told so, event or not.
const settledWithin = 5 * time.Minute

// TestLostEventSettles loses every event. Whenever within the hold the shopper
// pays, the order is placed within the promised time.
func TestLostEventSettles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.silent()
		bread := h.product("Bread", "2.95", 100)
		for _, after := range []time.Duration{0, time.Second, 4 * time.Minute, 4*time.Minute + time.Second, 9 * time.Minute, hold - time.Second} {
			placed, page := h.checkout(bread, 1)
			h.pass(after)
			if status := h.pay(page, goodCard); status != 303 {
				t.Fatalf("paying after %s: %d", after, status)
			}
			h.pass(settledWithin)
			h.wantState(placed.Order.ID, order.Placed, order.Paid)
		}
	})
}

// TestLostEventSettlesAfterAnOutage keeps the provider away for longer than the
// pauses between looks would grow to: from its first answer the promise holds.
func TestLostEventSettlesAfterAnOutage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.silent()
		bread := h.product("Bread", "2.95", 100)
		placed, page := h.checkout(bread, 1)
		if status := h.pay(page, goodCard); status != 303 {
			t.Fatalf("paying: %d", status)
		}
		h.tap.Hook = func(context.Context, string, func() error) error { return payment.Fail(payment.Unknown, "any", "down") }
		h.pass(90 * time.Minute)
		h.wantState(placed.Order.ID, order.Expiring, order.Payable)
		h.wantLevel(bread, 100, 1, 0)
		h.tap.Hook = nil
		h.pass(settledWithin)
		h.wantState(placed.Order.ID, order.Placed, order.Paid)
		h.wantLevel(bread, 100, 0, 1)
	})
}

// pass lets time go by as it does for a program that runs: work is done when it
// is due, and not in one look at the end.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	const step = 10 * time.Second
	for end := h.clock.Now().Add(d); h.clock.Now().Before(end); {
		h.clock.Advance(min(step, end.Sub(h.clock.Now())))
		_, err := h.orders.Reconcile(h.t.Context())
		h.must(err)
	}
	h.work()
}

package order_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// acceptsFirst has the business say yes before it is paid.
func (h *house) acceptsFirst() {
	h.t.Helper()
	h.must(h.directory.Change(h.t.Context(), h.business.ID, func(b *directory.Business) error {
		b.AcceptFirst = true
		return nil
	}))
}

// authorise buys something whose money is only reserved.
func (h *house) authorise(variant string, qty int64) order.Placement {
	h.t.Helper()
	placed, page := h.checkout(variant, qty)
	if status := h.pay(page, goodCard); status != 303 {
		h.t.Fatalf("paying: %d", status)
	}
	h.deliver()
	h.wantState(placed.Order.ID, order.Placed, order.Authorized)
	return placed
}

// wantNothingTaken checks that an order ended without money on either side.
func (h *house) wantNothingTaken(id string, state order.State) {
	h.t.Helper()
	o := h.wantState(id, state, order.Voided)
	if books := h.books(id); len(books) != 0 || h.balance("EUR") != 0 || len(o.Refunds) != 0 || !o.Payment.Captured.Zero() {
		h.t.Errorf("books %v, balance %d, refunds %v", books, h.balance("EUR"), o.Refunds)
	}
}

func TestMoneyIsTakenOnAccept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.feeRule(250, 0)
		h.acceptsFirst()
		bread := h.product("Bread", "2.95", 9)
		id := h.authorise(bread, 2).Order.ID
		if books := h.books(id); len(books) != 0 || h.balance("EUR") != 0 {
			t.Fatalf("before the yes: books %v, balance %d", books, h.balance("EUR"))
		}
		_, err := h.orders.Accept(t.Context(), h.owner, h.business.ID, id)
		h.must(err)
		h.deliver()
		o := h.wantState(id, order.Accepted, order.Paid)
		h.wantLevel(bread, 9, 0, 2)
		if books := h.books(id); books[ledger.Buyer] != -590 || books[ledger.Operator] != 14 || books[ledger.Balance] != h.balance("EUR") {
			t.Errorf("books %v, balance %d", books, h.balance("EUR"))
		}
		if o.Payment.Captured != eur(590) || h.mailed(id, "order_charged") != 1 {
			t.Errorf("captured %s", o.Payment.Captured)
		}
		_, err = h.orders.Refund(t.Context(), h.owner, h.business.ID, id, order.RefundInput{})
		h.must(err)
		if h.books(id)[ledger.Buyer] != 0 {
			t.Error("a captured payment cannot be given back")
		}
	})
}

// TestNothingIsTakenWithoutAYes ends authorised orders in every way there is.
func TestNothingIsTakenWithoutAYes(t *testing.T) {
	for name, end := range map[string]func(h *house, p order.Placement) error{
		"declined": func(h *house, p order.Placement) error {
			_, err := h.orders.Decline(h.t.Context(), h.owner, h.business.ID, p.Order.ID, "too_busy", false)
			return err
		},
		"no answer": func(h *house, _ order.Placement) error { h.clock.Advance(25 * time.Hour); return nil },
		"cancelled": func(h *house, p order.Placement) error {
			_, err := h.orders.Cancel(h.t.Context(), p.Order.ID, order.Access{Token: p.Token})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				h.acceptsFirst()
				bread := h.product("Bread", "2.95", 9)
				p := h.authorise(bread, 2)
				h.must(end(h, p))
				h.reconcile()
				h.reconcile()
				state := order.Declined
				if name == "cancelled" {
					state = order.Cancelled
				}
				h.wantNothingTaken(p.Order.ID, state)
				h.wantLevel(bread, 9, 0, 0)
				_, err := h.orders.Accept(t.Context(), h.owner, h.business.ID, p.Order.ID)
				wantErr(t, err, errs.Conflict, "not_allowed")
			})
		})
	}
}

// TestLostAnswerOfCapture loses the answer and remembers a failure under the
// key: the money is taken once.
func TestLostAnswerOfCapture(t *testing.T) {
	for _, outcome := range []payment.Outcome{payment.Unknown, payment.Burnt} {
		for _, done := range []bool{true, false} {
			t.Run(string(outcome), func(t *testing.T) {
				dbtest.Each(t, func(t *testing.T, db *database.DB) {
					h := newHouse(t, db)
					h.acceptsFirst()
					id := h.authorise(h.product("Bread", "2.95", 9), 2).Order.ID
					once := true
					h.tap.Hook = func(_ context.Context, op string, call func() error) error {
						if op != "capture" || !once {
							return call()
						}
						once = false
						if done {
							if err := call(); err != nil {
								t.Error(err)
							}
						}
						return payment.Fail(outcome, op, "cut")
					}
					_, err := h.orders.Accept(t.Context(), h.owner, h.business.ID, id)
					h.must(err)
					if !done {
						_, err := h.orders.Ready(t.Context(), h.owner, h.business.ID, id)
						wantErr(t, err, errs.Conflict, "not_captured")
					}
					h.clock.Advance(time.Minute)
					h.reconcile()
					h.wantState(id, order.Accepted, order.Paid)
					if books := h.books(id); books[ledger.Buyer] != -590 || books[ledger.Balance] != h.balance("EUR") {
						t.Errorf("books %v, balance %d", books, h.balance("EUR"))
					}
				})
			})
		}
	}
}

// TestAuthorisationLapses keeps the provider away until the bank has let the
// money go: nobody gets the goods.
func TestAuthorisationLapses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.acceptsFirst()
		bread := h.product("Bread", "2.95", 9)
		id := h.authorise(bread, 2).Order.ID
		h.tap.Hook = func(_ context.Context, op string, call func() error) error {
			return payment.Fail(payment.Unknown, op, "down")
		}
		_, err := h.orders.Accept(t.Context(), h.owner, h.business.ID, id)
		h.must(err)
		h.clock.Advance(8 * 24 * time.Hour)
		h.tap.Hook = nil
		h.deliver()
		h.reconcile()
		if o := h.wantState(id, order.Cancelled, order.Lapsed); o.Flag != "payment_lapsed" {
			t.Errorf("flag %q", o.Flag)
		}
		h.wantLevel(bread, 9, 0, 0)
		if len(h.books(id)) != 0 {
			t.Error("a lapsed authorisation is in the books")
		}
	})
}

// TestAcceptAgainstCancel races the business's yes with the shopper's no: one
// wins, and the money follows it.
func TestAcceptAgainstCancel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.acceptsFirst()
		bread := h.product("Bread", "2.95", 50)
		sold := int64(0)
		for range 8 {
			p := h.authorise(bread, 1)
			var wg sync.WaitGroup
			var accepted, cancelled error
			wg.Go(func() { _, accepted = h.orders.Accept(t.Context(), h.owner, h.business.ID, p.Order.ID) })
			wg.Go(func() { _, cancelled = h.orders.Cancel(t.Context(), p.Order.ID, order.Access{Token: p.Token}) })
			wg.Wait()
			h.clock.Advance(time.Minute)
			h.reconcile()
			switch {
			case accepted == nil && errs.Has(cancelled, "wrong_role"):
				h.wantState(p.Order.ID, order.Accepted, order.Paid)
				sold++
			case cancelled == nil && errs.Has(accepted, "not_allowed"):
				h.wantState(p.Order.ID, order.Cancelled, order.Voided)
			default:
				t.Fatalf("accept: %v, cancel: %v", accepted, cancelled)
			}
		}
		h.wantLevel(bread, 50, 0, sold)
	})
}

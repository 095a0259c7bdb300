package order_test

import (
	"sync"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
)

// TestPaidFromAnySide walks the happy path with each of the sides alone that
// can hear of a payment, and with all of them at once: one placement, one
// number, one message, one entry in the books.
func TestPaidFromAnySide(t *testing.T) {
	sides := map[string]func(h *house, placed order.Placement){
		"webhook": func(h *house, _ order.Placement) { h.deliver() },
		"landing page": func(h *house, placed order.Placement) {
			h.silent()
			_, err := h.orders.Landed(h.t.Context(), placed.Order.ID, order.Access{Token: placed.Token})
			h.must(err)
		},
		"job": func(h *house, _ order.Placement) {
			h.silent()
			h.clock.Advance(15 * time.Minute)
			h.reconcile()
		},
		"all at once": func(h *house, placed order.Placement) {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if _, err := h.orders.Landed(h.t.Context(), placed.Order.ID, order.Access{Token: placed.Token}); err != nil {
						h.t.Error(err)
					}
				})
				wg.Go(func() {
					if err := h.orders.Sync(h.t.Context(), placed.Order.Payment.ID); err != nil {
						h.t.Error(err)
					}
				})
			}
			h.deliver()
			wg.Wait()
		},
	}
	for name, hear := range sides {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				bread := h.product("Bread", "2.95", 10)
				placed, page := h.checkout(bread, 3)
				h.wantState(placed.Order.ID, order.PendingPayment, order.Payable)
				h.wantLevel(bread, 10, 3, 0)
				if status := h.pay(page, goodCard); status != 303 {
					t.Fatalf("paying: %d", status)
				}
				hear(h, placed)
				h.work()
				o := h.wantState(placed.Order.ID, order.Placed, order.Paid)
				h.wantLevel(bread, 10, 0, 3)
				if o.Number != 1 || o.Totals.Total != eur(885) || o.Payment.Captured != eur(885) || o.Payment.CardLast4 != "4242" || o.AcceptBy == nil {
					t.Errorf("order = %+v, payment %+v", o, o.Payment)
				}
				for _, template := range []string{"order_placed", "order_new"} {
					if n := h.mailed(o.ID, template); n != 1 {
						t.Errorf("%d messages %s", n, template)
					}
				}
				fee := o.Payment.ProviderFee.Minor
				want := map[ledger.Book]int64{ledger.Buyer: -885, ledger.Balance: 885 - fee, ledger.Provider: fee}
				for book, sum := range h.books(o.ID) {
					if sum != want[book] {
						t.Errorf("book %s = %d, want %d", book, sum, want[book])
					}
				}
				if fee == 0 || h.balance("EUR") != 885-fee {
					t.Errorf("fee %d, balance at the provider %d", fee, h.balance("EUR"))
				}
				// Everybody else comes later and finds it done.
				h.must(h.orders.Sync(t.Context(), o.Payment.ID))
				h.reconcile()
				if again := h.order(o.ID); again.Version != o.Version || again.Number != 1 {
					t.Errorf("looking again changed the order: version %d to %d", o.Version, again.Version)
				}
			})
		})
	}
}

func TestHandedOverByCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 10)
		placed, page := h.checkout(bread, 3)
		h.pay(page, goodCard)
		h.deliver()
		id, ctx := placed.Order.ID, t.Context()
		code := h.orders.PickupCode(id)
		_, err := h.orders.HandOver(ctx, h.owner, h.business.ID, id, code)
		wantErr(t, err, errs.Conflict, "not_allowed")
		for _, step := range []func() (order.Order, error){
			func() (order.Order, error) { return h.orders.Accept(ctx, h.owner, h.business.ID, id) },
			func() (order.Order, error) { return h.orders.Start(ctx, h.owner, h.business.ID, id) },
			func() (order.Order, error) { return h.orders.Ready(ctx, h.owner, h.business.ID, id) },
		} {
			_, err := step()
			h.must(err)
		}
		_, err = h.orders.HandOver(ctx, h.owner, h.business.ID, id, "AAA-AAA")
		wantErr(t, err, errs.Invalid, "invalid_fields")
		_, err = h.orders.HandOver(ctx, h.user("stranger"), h.business.ID, id, code)
		wantErr(t, err, errs.NotFound, "not_found")
		o, err := h.orders.HandOver(ctx, h.owner, h.business.ID, "", " "+code[:3]+" "+code[4:]+" ")
		h.must(err)
		if o.ID != id || o.State != order.Completed {
			t.Fatalf("handed over: %s %s", o.ID, o.State)
		}
		h.wantLevel(bread, 7, 0, 0)
		h.work()
		if n := h.mailed(id, "order_completed"); n != 1 {
			t.Errorf("%d messages order_completed", n)
		}
	})
}

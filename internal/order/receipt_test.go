package order_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/order"
)

// TestInvoiceNumbersHaveNoGaps pays sixty orders at once, forty of them at the
// counter and each of a thing of its own, so that no other row keeps them apart,
// and first in transactions that are rolled back: the numbers are 1 to 60.
func TestInvoiceNumbersHaveNoGaps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 500)
		h.silent()
		const byCard, atCounter = 20, 40
		var pays, orders []string
		for range byCard {
			placed, page := h.checkout(bread, 1)
			pays = append(pays, placed.Order.Payment.ID)
			if status := h.pay(page, goodCard); status != 303 {
				t.Fatalf("paying: %d", status)
			}
		}
		for i := range atCounter {
			id := h.basket(order.PayAtPickup, order.PlaceLine{VariantID: h.product(fmt.Sprint("Cake ", i), "5.00", 1), Quantity: 1}).Order.ID
			h.must(second(h.orders.Accept(t.Context(), h.owner, h.business.ID, id)))
			h.must(second(h.orders.Ready(t.Context(), h.owner, h.business.ID, id)))
			orders = append(orders, id)
		}
		var wg sync.WaitGroup
		for _, id := range pays {
			for range 2 { // event and landing page
				wg.Go(func() {
					if err := patiently(func() error { return h.orders.Sync(t.Context(), id) }); err != nil {
						t.Errorf("sync: %v", err)
					}
				})
			}
		}
		for _, id := range orders {
			wg.Go(func() {
				collect := func(ctx context.Context) error {
					return second(h.orders.HandOver(ctx, h.owner, h.business.ID, id, h.orders.PickupCode(id)))
				}
				broken := errors.New("the process ended before the commit")
				err := h.db.Tx(t.Context(), func(ctx context.Context) error {
					if err := collect(ctx); err != nil {
						return err
					}
					return broken
				})
				if !errors.Is(err, broken) && !errs.Is(err, errs.Unavailable) {
					t.Errorf("handing over, then ended: %v", err)
				}
				if err := patiently(func() error { return collect(t.Context()) }); err != nil {
					t.Errorf("handing over: %v", err)
				}
			})
		}
		wg.Wait()
		var numbers []int64
		h.must(h.db.Conn(t.Context()).Raw("SELECT number FROM invoices WHERE business_id = ? ORDER BY number", h.business.ID).Scan(&numbers).Error)
		if len(numbers) != byCard+atCounter {
			t.Fatalf("%d invoices", len(numbers))
		}
		for i, number := range numbers {
			if number != int64(i+1) {
				t.Fatalf("number %d in place %d", number, i+1)
			}
		}
	})
}

// patiently repeats what a busy database refused, as the job does.
func patiently(fn func() error) error {
	err := fn()
	for range 50 {
		if !errs.Is(err, errs.Unavailable) {
			break
		}
		err = fn()
	}
	return err
}

// TestReceipt looks at what a receipt says after a smaller capture and a refund,
// and that an order has one exactly when it was paid.
func TestReceipt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.acceptsFirst()
		bread, cake := h.product("Bread", "2.95", 9), h.product("Cake", "24.50", 5)
		id := h.take(order.PlaceLine{VariantID: bread, Quantity: 3}, order.PlaceLine{VariantID: cake, Quantity: 1}).Order.ID
		_, err := h.orders.Receipt(t.Context(), h.order(id))
		wantErr(t, err, errs.NotFound, "not_found")
		h.must(second(h.orders.AcceptShort(t.Context(), h.owner, h.business.ID, id, missing(1, 1))))
		h.deliver()
		h.must(h.giveBack(id, 2, 1))
		o := h.order(id)
		r, err := h.orders.Receipt(t.Context(), o)
		h.must(err)
		if r.Number != 1 || o.Invoice != 1 || r.Paid != o.Payment.Captured || r.Paid != eur(590+2450) || r.Back != eur(2450) {
			t.Errorf("receipt %d: paid %v of %v, back %v", r.Number, r.Paid, o.Payment.Captured, r.Back)
		}
		if r.Seller.Name != "Quay Ltd" || r.Seller.Address.Street != "Quay Street" || r.Lines[0].Quantity != 2 || r.Lines[0].Total != eur(590) {
			t.Errorf("receipt %+v", r)
		}
		// 7 % in 5.90 is 0.386, in three loaves' 0.58 as two thirds 0.38; in 24.50 it is 1.60.
		if len(r.Taxes) != 1 || r.Taxes[0].Tax != eur(38+160) || r.Taxes[0].Net.Add(r.Taxes[0].Tax) != r.Paid {
			t.Errorf("taxes %+v", r.Taxes)
		}
		due := h.basket(order.PayAtPickup, order.PlaceLine{VariantID: bread, Quantity: 1}).Order.ID
		h.must(second(h.orders.Accept(t.Context(), h.owner, h.business.ID, due)))
		if h.order(due).Invoice != 0 {
			t.Error("a receipt before it was paid")
		}
		h.finish(due)
		if n := h.order(due).Invoice; n != 2 {
			t.Errorf("the second receipt has number %d", n)
		}
	})
}

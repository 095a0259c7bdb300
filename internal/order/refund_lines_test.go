package order_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// giveBack refunds pieces of a line.
func (h *house) giveBack(id string, line int, quantity int64) error {
	h.t.Helper()
	_, err := h.orders.Refund(h.t.Context(), h.owner, h.business.ID, id, order.RefundInput{
		Reason: "cold", Lines: []order.Pieces{{Line: line, Quantity: quantity}},
	})
	return err
}

// TestEveryPieceGivesTheCharge refunds orders piece by piece in random order and
// grouping, some of it in the provider's dashboard and some of it failing: in the
// end exactly the charge is back, to the cent, on every line.
func TestEveryPieceGivesTheCharge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.feeRule(250, 0)
		bread, cake, bun := h.product("Bread", "2.95", 900), h.product("Cake", "24.50", 900), h.product("Bun", "0.33", 900)
		for seed := range uint64(8) {
			rng := rand.New(rand.NewPCG(seed, 5))
			id := h.take(order.PlaceLine{VariantID: bread, Quantity: 3}, order.PlaceLine{VariantID: cake, Quantity: 1}, order.PlaceLine{VariantID: bun, Quantity: 7}).Order.ID
			if seed%2 == 1 {
				_, err := h.tap.Gateway.Refund(t.Context(), payment.Key(fmt.Sprint("dashboard ", seed)), payment.RefundInput{
					Account: h.account, Intent: h.intent(id), Amount: 1 + rng.Int64N(700),
				})
				h.must(err)
				h.deliver()
			}
			failed := false
			for range 40 {
				o := h.order(id)
				if o.Payment.Refunded == o.Totals.Total {
					break
				}
				line := o.Lines[rng.IntN(len(o.Lines))]
				left := line.QtyCharged - line.QtyRefunded
				if left == 0 {
					continue
				}
				err := h.giveBack(id, line.N, 1+rng.Int64N(left))
				if err != nil && !errs.Has(err, "nothing_to_refund") {
					t.Fatal(err)
				}
				if newest := h.order(id).Refunds; !failed && err == nil && rng.IntN(3) == 0 {
					failed = true
					refunds, err := h.tap.Gateway.Refunds(t.Context(), payment.Ref{Account: h.account, ID: h.intent(id)})
					h.must(err)
					if newest[len(newest)-1].Origin == "business" {
						h.control("POST", "refunds/"+refunds[0].ID+"/fail", "")
						h.deliver()
					}
				}
			}
			h.must(second(h.orders.Refund(t.Context(), h.owner, h.business.ID, id, order.RefundInput{})))
			h.deliver()
			o := h.order(id)
			h.wantBack(id, o.Totals.Total.Minor)
			tax := int64(0)
			for _, l := range o.Lines {
				if l.Refunded != l.Total {
					t.Errorf("seed %d: line %d gave %v of %v", seed, l.N, l.Refunded, l.Total)
				}
				tax += l.Tax.Minor
			}
			if books := h.books(id); books[ledger.Buyer] != 0 || books[ledger.Operator] != 0 {
				t.Errorf("seed %d: books %v", seed, books)
			}
			for _, r := range o.Refunds {
				if r.State == order.RefundSucceeded {
					for _, part := range r.Lines {
						tax -= part.Tax.Minor
					}
				}
			}
			if !failed && tax != 0 {
				t.Errorf("seed %d: %d of the tax is left", seed, tax)
			}
		}
	})
}

// TestPieceIsClaimedOnce asks for the last piece of a line from many sides at
// once, with one token and with several.
func TestPieceIsClaimedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		id := h.take(order.PlaceLine{VariantID: h.product("Bread", "2.95", 9), Quantity: 3}).Order.ID
		same := order.RefundInput{Lines: []order.Pieces{{Line: 1, Quantity: 1}}, ClientToken: "double click"}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := h.orders.Refund(t.Context(), h.owner, h.business.ID, id, same); err != nil {
					t.Errorf("double click: %v", err)
				}
			})
		}
		wg.Wait()
		h.wantBack(id, 295)
		// Two owners looked at the same page.
		seen := int64(295)
		granted, refused := 0, 0
		var mu sync.Mutex
		for i := range 4 {
			wg.Go(func() {
				_, err := h.orders.Refund(t.Context(), h.owner, h.business.ID, id, order.RefundInput{
					Lines: []order.Pieces{{Line: 1, Quantity: 1}}, ClientToken: fmt.Sprint("owner ", i), Seen: &seen,
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					granted++
				case errs.Has(err, "refund_changed"):
					refused++
				default:
					t.Errorf("two owners: %v", err)
				}
			})
		}
		wg.Wait()
		if granted != 1 || refused != 3 {
			t.Errorf("%d granted, %d refused", granted, refused)
		}
		h.wantBack(id, 590)
		h.must(h.giveBack(id, 1, 1))
		wantErr(t, h.giveBack(id, 1, 1), errs.Invalid, "invalid_fields")
		h.wantBack(id, 885)
		wantErr(t, h.giveBack(id, 2, 1), errs.Invalid, "invalid_fields")
	})
}

// TestPieceBackThroughBurntKey has the provider remember a failure under the key
// of a refund of one piece, whether it was made or not: it goes back once.
func TestPieceBackThroughBurntKey(t *testing.T) {
	for _, done := range []bool{true, false} {
		dbtest.Each(t, func(t *testing.T, db *database.DB) {
			h := newHouse(t, db)
			id := h.take(order.PlaceLine{VariantID: h.product("Bread", "2.95", 9), Quantity: 3}).Order.ID
			h.control(http.MethodPost, "faults", fmt.Sprintf(`{"kind": "sticky", "method": "POST", "path": "/v1/refunds", "done": %v, "times": 1}`, done))
			h.must(h.giveBack(id, 1, 1))
			for range 3 {
				h.clock.Advance(time.Minute)
				h.reconcile()
			}
			h.wantBack(id, 295)
		})
	}
}

// TestStuckRefunds: money that did not go back by itself is a person's matter
// until it has.
func TestStuckRefunds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		id := h.take(order.PlaceLine{VariantID: h.product("Bread", "2.95", 9), Quantity: 3}).Order.ID
		h.must(h.giveBack(id, 1, 2))
		refunds, err := h.tap.Gateway.Refunds(t.Context(), payment.Ref{Account: h.account, ID: h.intent(id)})
		h.must(err)
		h.control("POST", "refunds/"+refunds[0].ID+"/fail", "")
		h.deliver()
		wantStuck := func(n int64) {
			t.Helper()
			if got, err := h.orders.StuckRefunds(t.Context()); err != nil || got != n || h.order(id).Stuck() != (n > 0) {
				t.Errorf("%d stuck, want %d (%v)", got, n, err)
			}
		}
		wantStuck(1)
		if l := h.order(id).Lines[0]; l.QtyRefunded != 0 || l.Refunded.Minor != 0 || h.mailed(id, "refund_failed") != 1 {
			t.Errorf("line %+v", l)
		}
		h.must(h.giveBack(id, 1, 2))
		wantStuck(0)
		h.wantBack(id, 590)
	})
}

// TestOutsideWithoutItsEvent refunds in the dashboard while no event comes: the
// daily comparison brings it in.
func TestOutsideWithoutItsEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		id := h.take(order.PlaceLine{VariantID: h.product("Bread", "2.95", 9), Quantity: 3}).Order.ID
		h.silent()
		_, err := h.tap.Gateway.Refund(t.Context(), "dashboard", payment.RefundInput{Account: h.account, Intent: h.intent(id), Amount: 300})
		h.must(err)
		h.clock.Advance(2 * time.Hour)
		_, err = h.orders.Compare(t.Context(), 24*time.Hour)
		h.must(err)
		h.work()
		h.wantBack(id, 300)
		if r := h.order(id).Refunds[0]; r.Origin != "external" || len(r.Lines) != 1 || r.Lines[0].Quantity != 0 || r.Lines[0].Amount != eur(300) {
			t.Errorf("refund %+v", r)
		}
	})
}

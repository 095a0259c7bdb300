package order_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/order"
)

// member is a buyer with an account.
func (h *house) member() order.Buyer {
	h.t.Helper()
	id := ident.Random()
	h.must(h.db.Tx(h.t.Context(), func(ctx context.Context) error {
		return h.db.Conn(ctx).Exec(`INSERT INTO users (id, email, email_key, name, locale, password_hash, password_changed_at, created_at)
			VALUES (?, ?, ?, 'A. Shopper', 'en', '-', ?, ?)`, id, id+"@example.org", id+"@example.org", h.clock.Now(), h.clock.Now()).Error
	}))
	return order.Buyer{UserID: id}
}

// drop makes a variant of so many pieces a drop that begins in a minute.
func (h *house) drop(pieces, limit, perBuyer int64, change ...func(*catalog.DropInput)) (variant string) {
	h.t.Helper()
	variant = h.product("Print", "2.95", pieces)
	in := catalog.DropInput{Cap: catalog.Count(limit), PerBuyer: catalog.Count(perBuyer), StartsAt: h.clock.Now().Add(time.Minute), AtPickup: true}
	for _, fn := range change {
		fn(&in)
	}
	_, err := h.catalog.SetDrop(h.t.Context(), h.owner, h.business.ID, variant, in)
	h.must(err)
	return variant
}

func (h *house) dropOf(variant string) catalog.Drop {
	h.t.Helper()
	wares, err := h.stock.Wares(h.t.Context(), []string{variant})
	h.must(err)
	if wares[variant].Drop == nil {
		h.t.Fatal("the variant has no drop")
	}
	return *wares[variant].Drop
}

// wantDrop checks what is taken and sold of a drop, and that the buyers' shares
// and the holds add up to it.
func (h *house) wantDrop(variant string, taken, sold int64) catalog.Drop {
	h.t.Helper()
	d := h.dropOf(variant)
	var shares, holds int64
	conn := h.db.Conn(h.t.Context())
	h.must(conn.Raw("SELECT COALESCE(SUM(taken), 0) FROM drop_buyers WHERE drop_id = ?", d.ID).Scan(&shares).Error)
	h.must(conn.Raw("SELECT COALESCE(SUM(qty - returned), 0) FROM reservations r JOIN orders o ON o.id = r.order_id WHERE drop_id = ? AND r.state IN ('active', 'consumed') AND o.state NOT IN ('declined', 'cancelled')", d.ID).
		Scan(&holds).Error)
	if got, want := [4]int64{d.Taken, d.Sold, shares, holds}, [4]int64{taken, sold, taken, taken}; got != want {
		h.t.Fatalf("taken, sold, shares of buyers, holds = %v, want %v", got, want)
	}
	return d
}

// TestCrowdAtADrop lets five times as many people as there are pieces ask for
// one at the moment a drop begins, each twice with one key and once more with
// another: every piece goes once, and nobody has two.
func TestCrowdAtADrop(t *testing.T) {
	for name, group := range map[string]int{"together": 128, "one by one": 1} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				h.orders.Group = group
				const limit, people = 40, 200
				print := h.drop(500, limit, 1)
				h.clock.Advance(time.Minute)
				wish := h.wish(print, 1, order.PayCard)
				var buyers []order.Buyer
				var wishes []order.PlaceInput
				for range people {
					who, first, second := h.member(), wish, wish
					first.ClientToken, second.ClientToken = ident.Token(), ident.Token()
					buyers, wishes = append(buyers, who, who, who), append(wishes, first, first, second)
				}
				placed, failed := h.crowd(buyers, wishes)
				owners := map[string]map[string]bool{}
				for i, err := range failed {
					switch {
					case err == nil:
						if owners[buyers[i].UserID] == nil {
							owners[buyers[i].UserID] = map[string]bool{}
						}
						owners[buyers[i].UserID][placed[i].Order.ID] = true
					case !errs.Has(err, "sold_out") && !errs.Has(err, "drop_unpaid"):
						t.Fatal(err)
					}
				}
				for who, orders := range owners {
					if len(orders) != 1 {
						t.Errorf("%s has %d orders", who, len(orders))
					}
				}
				if len(owners) != limit {
					t.Errorf("%d people have a piece of %d", len(owners), limit)
				}
				h.wantLevel(print, 500, limit, 0)
				if d := h.wantDrop(print, limit, 0); d.State != catalog.DropSoldOut || d.Phase(h.clock.Now()) != catalog.DropHeld {
					t.Errorf("drop is %s, %s", d.State, d.Phase(h.clock.Now()))
				}
			})
		})
	}
}

// TestShareOfOneBuyer has one person ask for a drop in many orders at once.
func TestShareOfOneBuyer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		print := h.drop(50, 40, 2)
		h.clock.Advance(time.Minute)
		who, wish := h.member(), h.wish(print, 1, order.PayAtPickup)
		codes := map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				in := wish
				in.ClientToken = ident.Token()
				_, err := h.orders.Place(t.Context(), who, in)
				mu.Lock()
				defer mu.Unlock()
				code := ""
				if err != nil {
					code = errs.Of(err).Code
				}
				codes[code]++
			})
		}
		wg.Wait()
		if codes[""] != 2 || codes["drop_limit"]+codes["too_many_unpaid"] != 18 {
			t.Errorf("answers %v", codes)
		}
		h.wantDrop(print, 2, 2)
		three := h.wish(print, 3, order.PayAtPickup)
		_, err := h.orders.Place(t.Context(), h.member(), three)
		wantErr(t, err, errs.Conflict, "drop_limit")
		// One unpaid hold: the second waits until the first is paid.
		other := h.member()
		first, page := h.checkoutAs(other, print, 1)
		_, err = h.orders.Place(t.Context(), other, h.wish(print, 1, order.PayCard))
		wantErr(t, err, errs.Conflict, "drop_unpaid")
		if status := h.pay(page, goodCard); status != 303 {
			t.Fatalf("paying: %d", status)
		}
		h.deliver()
		h.wantState(first.Order.ID, order.Placed, order.Paid)
		h.place(other, h.wish(print, 1, order.PayCard))
		h.wantDrop(print, 4, 3)
	})
}

// TestDropHasItsTime asks before, during and after a drop, as nobody in
// particular, and for what it says of itself at the end.
func TestDropHasItsTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		end := h.clock.Now().Add(time.Hour)
		print := h.drop(5, 2, 2, func(in *catalog.DropInput) { in.EndsAt, in.AtPickup = end, false })
		ask := order.PlaceInput{
			BusinessID: h.business.ID, Lines: []order.PlaceLine{{VariantID: print, Quantity: 1}}, Fulfilment: order.Fulfilment{Kind: order.Pickup},
			Contact: order.Contact{Name: "A. Shopper", Email: "a@example.org"}, Payment: order.PayCard, ExpectedTotal: eur(295),
		}
		_, err := h.orders.Quote(t.Context(), ask)
		wantErr(t, err, errs.Conflict, "drop_not_open")
		_, err = h.orders.Place(t.Context(), h.member(), ask)
		wantErr(t, err, errs.Conflict, "drop_not_open")
		h.clock.Advance(time.Minute)
		_, err = h.orders.Place(t.Context(), guest(), ask)
		wantErr(t, err, errs.Conflict, "drop_sign_in")
		atCounter := ask
		atCounter.Payment = order.PayAtPickup
		_, err = h.orders.Place(t.Context(), h.member(), atCounter)
		wantErr(t, err, errs.Conflict, "method_closed")
		h.wantDrop(print, 0, 0)

		h.clock.Advance(6*time.Minute + 12*time.Second)
		_, page := h.checkoutAs(h.member(), print, 2)
		if after, told := h.dropOf(print).GoneAfter(); told {
			t.Errorf("gone after %s is told before it is paid", after)
		}
		h.clock.Advance(time.Minute)
		if status := h.pay(page, goodCard); status != 303 {
			t.Fatalf("paying: %d", status)
		}
		h.deliver()
		d := h.wantDrop(print, 2, 2)
		if after, told := d.GoneAfter(); !told || after != 6*time.Minute+12*time.Second || d.Phase(h.clock.Now()) != catalog.DropGone {
			t.Errorf("gone after %s (%t), %s", after, told, d.Phase(h.clock.Now()))
		}
		_, err = h.orders.Place(t.Context(), h.member(), ask)
		wantErr(t, err, errs.Conflict, "sold_out")

		other := h.drop(5, 2, 2, func(in *catalog.DropInput) { in.EndsAt = end })
		h.clock.Advance(time.Hour)
		ask.Lines[0].VariantID = other
		_, err = h.orders.Place(t.Context(), h.member(), ask)
		wantErr(t, err, errs.Conflict, "drop_over")
		h.wantDrop(other, 0, 0)
	})
}

// TestDropGetsBackWhatEnds ends orders of a drop in every way: the drop and the
// buyer's share have exactly their pieces again.
func TestDropGetsBackWhatEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		print := h.drop(10, 3, 3)
		h.clock.Advance(time.Minute)
		who := h.member()
		empty := func(what string) {
			t.Helper()
			if d := h.wantDrop(print, 0, 0); d.State != catalog.DropOpen || d.GoneAt != nil || d.Left() != 3 {
				t.Errorf("after %s the drop is %+v", what, d)
			}
			h.wantLevel(print, 10, 0, 0)
		}
		placed, _ := h.checkoutAs(who, print, 3)
		if d := h.wantDrop(print, 3, 0); d.State != catalog.DropSoldOut {
			t.Errorf("the drop is %s", d.State)
		}
		h.clock.Advance(hold)
		h.reconcile()
		h.wantState(placed.Order.ID, order.Expired, order.PayExpired)
		empty("expiring")

		placed, _ = h.checkoutAs(who, print, 3)
		_, err := h.orders.Cancel(t.Context(), placed.Order.ID, order.Access{Token: placed.Token})
		h.must(err)
		empty("cancelling unpaid")

		placed = h.place(who, h.wish(print, 3, order.PayAtPickup))
		h.wantDrop(print, 3, 3)
		_, err = h.orders.Decline(t.Context(), h.owner, h.business.ID, placed.Order.ID, "too_busy", false)
		h.must(err)
		empty("declining")

		placed = h.place(who, h.wish(print, 3, order.PayAtPickup))
		_, err = h.orders.AcceptShort(t.Context(), h.owner, h.business.ID, placed.Order.ID, order.Missing{Pieces: []order.Pieces{{Line: 1, Quantity: 1}}})
		h.must(err)
		h.wantDrop(print, 2, 2)
		_, err = h.orders.Abort(t.Context(), h.owner, h.business.ID, placed.Order.ID, "too_busy", false)
		h.must(err)
		empty("taking off and aborting")
	})
}

// TestLatePaymentOfADrop pays when the hold is over: the caps count as ever.
func TestLatePaymentOfADrop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		print := h.drop(20, 4, 2)
		h.clock.Advance(time.Minute)
		fine := h.paidLateAs(h.member(), print, 2, func() {})
		h.wantState(fine.Order.ID, order.Placed, order.Paid)
		h.wantDrop(print, 2, 2)

		// Another one has the last piece of the drop, though the shelf is full.
		late := h.paidLateAs(h.member(), print, 2, func() { h.place(h.member(), h.wish(print, 1, order.PayAtPickup)) })
		h.wantState(late.Order.ID, order.Expired, order.Late)
		h.wantDrop(print, 3, 3)

		// The same buyer has had their share meanwhile.
		second, greedy := h.drop(20, 10, 2), h.member()
		h.clock.Advance(time.Minute)
		late = h.paidLateAs(greedy, second, 1, func() { h.place(greedy, h.wish(second, 2, order.PayAtPickup)) })
		h.wantState(late.Order.ID, order.Expired, order.Late)
		h.wantDrop(second, 2, 2)
		h.wantLevel(second, 20, 0, 2)
	})
}

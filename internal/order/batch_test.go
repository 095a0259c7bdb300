package order_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/order"
)

// crowd places the wishes all at once, each by a buyer of its own.
func (h *house) crowd(buyers []order.Buyer, wishes []order.PlaceInput) ([]order.Placement, []error) {
	placed, failed := make([]order.Placement, len(wishes)), make([]error, len(wishes))
	var wg sync.WaitGroup
	for i := range wishes {
		wg.Go(func() { placed[i], failed[i] = h.orders.Place(h.t.Context(), buyers[i], wishes[i]) })
	}
	wg.Wait()
	return placed, failed
}

// TestCrowdGetsExactlyWhatThereIs has five times as many shoppers as pieces,
// every one of them asking twice with one key: each piece is sold once, and no
// key is told both yes and no.
func TestCrowdGetsExactlyWhatThereIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		const pieces, shoppers = 40, 200
		bread := h.product("Bread", "2.95", pieces)
		wish := h.wish(bread, 1, order.PayCard)
		var buyers []order.Buyer
		var wishes []order.PlaceInput
		for range shoppers {
			who, in := guest(), wish
			in.ClientToken = ident.Token()
			buyers, wishes = append(buyers, who, who), append(wishes, in, in)
		}
		placed, failed := h.crowd(buyers, wishes)
		sold, grouped := map[string]bool{}, false
		for i := 0; i < len(wishes); i += 2 {
			switch a, b := failed[i], failed[i+1]; {
			case a == nil && b == nil:
				if placed[i].Order.ID != placed[i+1].Order.ID || placed[i].Token != placed[i+1].Token {
					t.Fatalf("one key made %s and %s", placed[i].Order.ID, placed[i+1].Order.ID)
				}
				if placed[i].Replayed == placed[i+1].Replayed {
					t.Error("both or none of two answers to one key is a repetition")
				}
				sold[placed[i].Order.ID] = true
				grouped = grouped || placed[i].Crowded || placed[i+1].Crowded
			case !errs.Has(a, "sold_out") || !errs.Has(b, "sold_out"):
				t.Fatalf("one key was told %v and %v", a, b)
			}
		}
		if len(sold) != pieces || !grouped {
			t.Errorf("%d orders of %d pieces, grouped %t", len(sold), pieces, grouped)
		}
		h.wantLevel(bread, pieces, pieces, 0)
		for id := range sold {
			o := h.wantState(id, order.PendingPayment, order.Creating)
			if len(o.Lines) != 1 || o.Lines[0].Quantity != 1 || o.Totals.Total != eur(295) {
				t.Fatalf("order %+v", o)
			}
		}
		// What the crowd was told is what stands in the tables.
		for i, p := range placed {
			if failed[i] != nil {
				continue
			}
			if read := h.order(p.Order.ID); read.CreatedAt != p.Order.CreatedAt || !read.HoldExpiresAt.Equal(*p.Order.HoldExpiresAt) || read.SlotFrom != p.Order.SlotFrom || read.Payment.ID != p.Order.Payment.ID {
				t.Fatalf("told %+v, stored %+v", p.Order, read)
			}
		}
	})
}

// TestBadOrderCostsNoOther puts orders that the database refuses among good
// ones: only those fail.
func TestBadOrderCostsNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		const pieces = 60
		bread := h.product("Bread", "2.95", pieces)
		wish := h.wish(bread, 1, order.PayCard)
		var buyers []order.Buyer
		var wishes []order.PlaceInput
		for i := range 30 {
			who, in := guest(), wish
			in.ClientToken = ident.Token()
			if i%7 == 3 {
				who = order.Buyer{UserID: ident.Random()} // nobody has this id
			}
			if i%7 == 5 {
				in.ExpectedTotal = eur(1)
			}
			buyers, wishes = append(buyers, who), append(wishes, in)
		}
		_, failed := h.crowd(buyers, wishes)
		good := 0
		for i, err := range failed {
			switch {
			case i%7 == 3:
				if err == nil {
					t.Errorf("order %d of nobody was placed", i)
				}
			case i%7 == 5:
				wantErr(t, err, errs.Conflict, "total_changed")
			case err != nil:
				t.Errorf("order %d: %v", i, err)
			default:
				good++
			}
		}
		h.wantLevel(bread, pieces, int64(good), 0)
	})
}

// TestWhoLeavesTheQueueGetsNothing has shoppers hang up while they wait: an
// order exists exactly for those who were told so, or whose order was being
// written already.
func TestWhoLeavesTheQueueGetsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		const shoppers = 60
		bread := h.product("Bread", "2.95", shoppers)
		wish := h.wish(bread, 1, order.PayAtPickup)
		var wg sync.WaitGroup
		var told atomic.Int64
		gone, leave := context.WithCancel(t.Context())
		leave()
		for i := range shoppers {
			wg.Go(func() {
				ctx := t.Context()
				if i%2 == 1 {
					ctx = gone
				}
				in := wish
				in.ClientToken = ident.Token()
				switch _, err := h.orders.Place(ctx, guest(), in); {
				case err == nil:
					told.Add(1)
				case ctx == t.Context():
					t.Error(err)
				}
			})
		}
		wg.Wait()
		// Nobody may hold pieces without an order, nor have an order without being
		// told or gone.
		var orders int64
		h.must(db.Conn(t.Context()).Raw("SELECT COUNT(*) FROM orders").Scan(&orders).Error)
		if orders < told.Load() || orders > shoppers {
			t.Errorf("%d orders, %d were told", orders, told.Load())
		}
		h.wantLevel(bread, shoppers, 0, orders)
		var numbers int64
		h.must(db.Conn(t.Context()).Raw("SELECT COALESCE(MAX(number), 0) FROM orders").Scan(&numbers).Error)
		if numbers != orders {
			t.Errorf("%s", fmt.Sprint(orders, " orders are numbered up to ", numbers))
		}
	})
}

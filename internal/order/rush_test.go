package order_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/order"
)

// TestRush has a hundred attempts for each piece: three with one key on average,
// at once or later, some of whom hang up while they wait. Each piece is sold
// once, and no key is told both yes and no. NEARBY_TORTURE=1 asks for 100,000
// attempts for 1,000 pieces, five times.
func TestRush(t *testing.T) {
	attempts, pieces := unlessTortured(10_000, 100_000), unlessTortured(100, 1000)
	for seed := range uint64(unlessTortured(1, 5)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) { rush(t, db, rand.New(rand.NewPCG(seed, 31)), attempts, pieces) })
		})
	}
}

// wanting is a shopper with a key, and what the key was told.
type wanting struct {
	buyer order.Buyer
	key   string

	mu      sync.Mutex
	orders  map[string]bool
	refused bool
}

func rush(t *testing.T, db *database.DB, rng *rand.Rand, attempts, pieces int) {
	const clerks = 200 // who ask at the same time
	h := newHouse(t, db)
	bread := h.product("Bread", "2.95", int64(pieces))
	wish := h.wish(bread, 1, order.PayAtPickup)
	shoppers := make([]*wanting, attempts/3)
	for i := range shoppers {
		shoppers[i] = &wanting{buyer: guest(), key: ident.Token(), orders: map[string]bool{}}
	}
	type attempt struct {
		by    *wanting
		stays time.Duration // 0 for as long as it takes
	}
	queue := make(chan attempt)
	var everybody sync.WaitGroup
	for range clerks {
		everybody.Go(func() {
			for a := range queue {
				ctx, leave := t.Context(), func() {}
				if a.stays > 0 {
					ctx, leave = context.WithTimeout(ctx, a.stays)
				}
				in := wish
				in.ClientToken = a.by.key
				placed, err := h.orders.Place(ctx, a.by.buyer, in)
				leave()
				a.by.mu.Lock()
				switch {
				case err == nil:
					a.by.orders[placed.Order.ID] = true
				case errs.Has(err, "sold_out"):
					a.by.refused = true
				case errs.Has(err, "crowded"), a.stays > 0 && (errors.Is(err, context.DeadlineExceeded) || errs.KindOf(err) == errs.Unavailable):
				default:
					t.Errorf("an attempt was told %v", err)
				}
				a.by.mu.Unlock()
			}
		})
	}
	for range attempts {
		a := attempt{by: shoppers[rng.IntN(len(shoppers))]}
		if rng.IntN(5) == 0 {
			a.stays = time.Duration(1+rng.IntN(20_000)) * time.Microsecond
		}
		queue <- a
	}
	close(queue)
	everybody.Wait()

	told := map[string]bool{}
	for _, s := range shoppers {
		if len(s.orders) > 1 || len(s.orders) == 1 && s.refused {
			t.Errorf("one key was told of %d orders, and refused: %t", len(s.orders), s.refused)
		}
		for id := range s.orders {
			told[id] = true
		}
	}
	var sold, numbered int64
	h.must(db.Conn(t.Context()).Raw("SELECT COUNT(*) FROM orders").Scan(&sold).Error)
	h.must(db.Conn(t.Context()).Raw("SELECT COUNT(DISTINCT number) FROM orders").Scan(&numbered).Error)
	if sold != int64(pieces) || numbered != sold || len(told) > pieces {
		t.Errorf("%d orders with %d numbers for %d pieces, %d were told", sold, numbered, pieces, len(told))
	}
	h.wantLevel(bread, int64(pieces), 0, int64(pieces))
	t.Logf("%d attempts with %d keys: %d sold, %d told so", attempts, len(shoppers), sold, len(told))
}

package torture

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nearby/internal/app"
	"nearby/internal/ident"
	"nearby/internal/server/servertest"
)

// Two hundred shoppers want one each of ten pieces, at the same moment.
func TestLastPieces(t *testing.T) {
	const shoppers, pieces = 200, 10
	each(t, func(t *testing.T, database string) {
		w := newWorld(t, database, pieces)
		p := w.serve()
		caller := w.caller(shoppers)
		begin := make(chan struct{})
		var everybody sync.WaitGroup
		var mu sync.Mutex
		var facts []*fact
		var late atomic.Int64
		for i := range shoppers {
			everybody.Go(func() {
				<-begin
				f, err := buy(t.Context(), caller, w.shop, fmt.Sprintf("shopper%d@crowd.example", i))
				switch problem := servertest.ProblemOf(err); {
				case err == nil:
					mu.Lock()
					facts = append(facts, f)
					mu.Unlock()
				case problem != nil && problem.Code == "sold_out":
					late.Add(1)
				default:
					t.Errorf("shopper %d: %v", i, err)
				}
			})
		}
		close(begin)
		everybody.Wait()
		if len(facts) != pieces || late.Load() != shoppers-pieces {
			t.Errorf("%d got one and %d were too late; want %d and %d", len(facts), late.Load(), pieces, shoppers-pieces)
		}
		for _, f := range facts {
			w.await(caller, f, "placed")
		}
		var product struct {
			Variants []struct{ Available *int64 }
		}
		if err := caller.Do(t.Context(), "GET", "/api/v1/products/"+w.shop.Product.ID, nil, &product); err != nil {
			t.Fatal(err)
		}
		if n := product.Variants[0].Available; n == nil || *n != 0 {
			t.Errorf("the product says that %v are left", n)
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		w.check(facts)
		w.rooms(nil, func(_ context.Context, a *app.App) {
			if n := query[int64](t, a, "SELECT COUNT(*) FROM orders WHERE state = 'accepted'"); n != pieces {
				t.Errorf("%d orders are paid", n)
			}
		})
	})
}

// buy orders one piece and pays for it.
func buy(ctx context.Context, caller servertest.Caller, shop servertest.Shop, email string) (*fact, error) {
	placed, err := caller.Place(ctx, shop, servertest.Wish{Quantity: 1, Payment: "card", Email: email, Key: ident.Random()})
	if err != nil {
		return nil, err
	}
	page, err := caller.Checkout(ctx, placed)
	if err == nil {
		err = servertest.Pay(ctx, page, servertest.GoodCard)
	}
	return &fact{Placed: placed, card: true, paid: err == nil}, err
}

// await waits until the order has come to a state.
func (w *world) await(caller servertest.Caller, f *fact, state string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	for {
		now, err := caller.Order(ctx, f.Placed)
		if err != nil {
			w.t.Errorf("order %s does not become %s: %v", f.ID, state, err)
			return
		}
		if now.State == state {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

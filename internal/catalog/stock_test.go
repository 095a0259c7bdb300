package catalog_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// shelf is a counted variant with pieces of it in the house.
type shelf struct {
	*catalog.Stock
	t       *testing.T
	db      *database.DB
	house   *house
	variant string
	id      string
}

func newShelf(t *testing.T, db *database.DB, pieces int64) *shelf {
	t.Helper()
	h := newHouse(t, db)
	p := h.add(t, catalog.ProductInput{Title: "Mug", Offer: counted("24,00", pieces)})
	s := &shelf{Stock: catalog.NewStock(db, h.clock.Now, ident.Random), t: t, db: db, house: h, variant: p.Variants[0].ID}
	s.id = s.level().StockID
	return s
}

func (s *shelf) level() catalog.Level {
	s.t.Helper()
	levels, err := s.Levels(s.t.Context(), []string{s.variant})
	if err != nil {
		s.t.Fatal(err)
	}
	return levels[s.variant]
}

func (s *shelf) want(onHand, held, committed int64) {
	s.t.Helper()
	l := s.level()
	if got, want := [3]int64{l.OnHand, l.Held, l.Committed}, [3]int64{onHand, held, committed}; got != want {
		s.t.Fatalf("on hand, held, committed = %v, want %v", got, want)
	}
	var hand, committedSum int64
	row := s.db.Conn(s.t.Context()).Raw("SELECT SUM(d_on_hand), SUM(d_committed) FROM stock_moves WHERE stock_id = ?", s.id).Row()
	if err := row.Scan(&hand, &committedSum); err != nil || hand != onHand || committedSum != committed {
		s.t.Fatalf("moves sum to %d on hand and %d committed, %v", hand, committedSum, err)
	}
}

// in runs fn in a transaction.
func (s *shelf) in(fn func(ctx context.Context) error) error {
	return s.db.Tx(s.t.Context(), fn)
}

func (s *shelf) hold(n int64) bool {
	s.t.Helper()
	ok := false
	if err := s.in(func(ctx context.Context) (err error) { ok, err = s.Hold(ctx, s.id, n); return err }); err != nil {
		s.t.Fatal(err)
	}
	return ok
}

func TestStockMoves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShelf(t, db, 5)
		must := func(fn func(ctx context.Context) error) {
			t.Helper()
			if err := s.in(fn); err != nil {
				t.Fatal(err)
			}
		}
		refused := func(code string, fn func(ctx context.Context) error) {
			t.Helper()
			if err := s.in(fn); !errs.Has(err, code) {
				t.Fatalf("error = %v, want %s", err, code)
			}
		}
		if !s.hold(5) || s.hold(1) || s.hold(6) {
			t.Fatal("five pieces were not held once")
		}
		s.want(5, 5, 0)
		must(func(ctx context.Context) error { return s.Release(ctx, s.id, 2) })
		must(func(ctx context.Context) error { return s.Commit(ctx, "order-1", s.id, 2) })
		must(func(ctx context.Context) error { return s.Commit(ctx, "order-2", s.id, 1) })
		s.want(5, 0, 3)
		refused("stock_mismatch", func(ctx context.Context) error { return s.Release(ctx, s.id, 1) })
		refused("stock_mismatch", func(ctx context.Context) error { return s.Commit(ctx, "order-3", s.id, 1) })
		if !s.hold(2) {
			t.Fatal("what was released is not for sale")
		}
		refused("already_exists", func(ctx context.Context) error { return s.Commit(ctx, "order-1", s.id, 2) })
		s.want(5, 2, 3)
		must(func(ctx context.Context) error { return s.HandOver(ctx, "staff", "order-1", s.id, 2) })
		s.want(3, 2, 1)
		must(func(ctx context.Context) error { return s.Return(ctx, "staff", "order-2", s.id, "", 1, true) })
		s.want(2, 2, 0)
		refused("stock_mismatch", func(ctx context.Context) error { return s.HandOver(ctx, "staff", "order-2", s.id, 1) })
		refused("reserved", func(ctx context.Context) error {
			return s.Set(ctx, "staff", s.house.business.ID, s.variant, 1, "counted")
		})
		must(func(ctx context.Context) error {
			return s.Set(ctx, "staff", s.house.business.ID, s.variant, 10, "delivery")
		})
		s.want(10, 2, 0)
		refused("bad_quantity", func(ctx context.Context) error {
			return s.Set(ctx, "staff", s.house.business.ID, s.variant, -1, "")
		})
		must(func(ctx context.Context) error { return s.Release(ctx, s.id, 2) })
		must(func(ctx context.Context) error { return s.Set(ctx, "staff", s.house.business.ID, s.variant, 0, "") })
		s.want(0, 0, 0)
		if s.hold(1) {
			t.Error("something was held of nothing")
		}
	})
}

func TestStockMovesNeedATransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShelf(t, db, 5)
		defer func() {
			if recover() == nil {
				t.Error("a piece was held outside a transaction")
			}
		}()
		_, _ = s.Hold(t.Context(), s.id, 1)
	})
}

// TestHoldRace lets many holds at too few pieces, enough of them that every
// connection is at it while there are some. At the end exactly what was granted
// is held, and never more than there is.
func TestHoldRace(t *testing.T) {
	const pieces = 120
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShelf(t, db, pieces)
		var granted, refused atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 25 {
					ok := false
					err := s.in(func(ctx context.Context) (err error) { ok, err = s.Hold(ctx, s.id, 1); return err })
					switch {
					case err != nil:
						t.Errorf("hold: %v", err)
					case ok:
						granted.Add(1)
					default:
						refused.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if granted.Load() != pieces || granted.Load()+refused.Load() != 200 {
			t.Errorf("%d granted, %d refused", granted.Load(), refused.Load())
		}
		s.want(pieces, pieces, 0)
	})
}

func TestWares(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShelf(t, db, 5)
		uncounted := s.house.add(t, catalog.ProductInput{Title: "Card", Offer: offer("1.50")}).Variants[0].ID
		wares, err := s.Wares(t.Context(), []string{s.variant, uncounted, ident.Random()})
		if err != nil || len(wares) != 2 {
			t.Fatalf("wares = %v, %v", wares, err)
		}
		mug, card := wares[s.variant], wares[uncounted]
		if mug.OnSale || mug.Sells(1) {
			t.Error("a draft is on sale")
		}
		if !mug.Counted || mug.Available != 5 || mug.StockID != s.id || mug.Price != eur(2400) || mug.BusinessID != s.house.business.ID || mug.Title != "Mug" {
			t.Errorf("mug = %+v", mug)
		}
		if card.Counted || card.StockID != "" {
			t.Errorf("card = %+v", card)
		}
		for _, id := range []string{mug.ProductID, card.ProductID} {
			if _, err := s.house.SetState(t.Context(), s.house.owner, s.house.business.ID, id, catalog.Active, 1); err != nil {
				t.Fatal(err)
			}
		}
		wares, err = s.Wares(t.Context(), []string{s.variant, uncounted})
		if err != nil || !wares[s.variant].Sells(5) || wares[s.variant].Sells(6) || !wares[uncounted].Sells(999) {
			t.Errorf("wares = %+v, %v", wares, err)
		}
	})
}

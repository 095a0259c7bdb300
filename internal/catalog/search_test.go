package catalog_test

import (
	"context"
	"fmt"
	"testing"

	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/geo"
	"nearby/internal/ident"
)

// Orders move stock, and search knows when the last piece went and when the
// first one came back; what happens in between costs it nothing.
func TestSearchFollowsTheLastPiece(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		lat, lng := 52.5, 13.4
		_, err := h.businesses.Update(t.Context(), h.owner, h.business.ID, 0, directory.Profile{
			Name: "Kiln and Quay", Category: "bakery", Lat: &lat, Lng: &lng, Address: directory.Address{Country: "DE"},
		})
		if err != nil {
			t.Fatal(err)
		}
		err = h.businesses.Change(t.Context(), h.business.ID, func(b *directory.Business) error {
			b.State = directory.Verified
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		p := h.publish(t, h.add(t, catalog.ProductInput{Title: "Candle", Offer: counted("22", 3)}))
		wares, err := h.Variants(t.Context(), []string{p.Variants[0].ID})
		if err != nil {
			t.Fatal(err)
		}
		id, stock, order := wares[p.Variants[0].ID].StockID, h.Stock(), ident.Random()
		hold := func(n int64) func(context.Context) error {
			return func(ctx context.Context) error {
				if ok, err := stock.Hold(ctx, id, n); err != nil || !ok {
					return fmt.Errorf("held %v, %w", ok, err)
				}
				return nil
			}
		}
		for _, step := range []struct {
			what    string
			move    func(ctx context.Context) error
			inStock bool
			told    int64 // rows in the feed of changes
		}{
			{"hold one", hold(1), true, 0},
			{"hold all but the last", hold(1), true, 0},
			{"hold the last", hold(1), false, 1},
			{"commit", func(ctx context.Context) error { return stock.Commit(ctx, order, id, 3) }, false, 0},
			{"hand one over", func(ctx context.Context) error { return stock.HandOver(ctx, "", order, id, 1) }, false, 0},
			{"one is lost", func(ctx context.Context) error { return stock.Return(ctx, "", order, id, "", 1, true) }, false, 0},
			{"one comes back", func(ctx context.Context) error { return stock.Return(ctx, "", order, id, "", 1, false) }, true, 1},
			{"hold it again", hold(1), false, 1},
			{"let it go", func(ctx context.Context) error { return stock.Release(ctx, id, 1) }, true, 1},
			{"more are made", func(ctx context.Context) error {
				return stock.Set(ctx, "", h.business.ID, p.Variants[0].ID, 9, "")
			}, true, 0},
			{"all are broken", func(ctx context.Context) error {
				return stock.Set(ctx, "", h.business.ID, p.Variants[0].ID, 0, "")
			}, false, 1},
			{"hold what is not there", func(ctx context.Context) error {
				if ok, err := stock.Hold(ctx, id, 1); ok || err != nil {
					return fmt.Errorf("held %v, %w", ok, err)
				}
				return nil
			}, false, 0},
		} {
			before := changes(t, db)
			inTx(t, db, step.move)
			if n := changes(t, db) - before; n != step.told {
				t.Errorf("%s: search was told %d times, want %d", step.what, n, step.told)
			}
			page, err := h.businesses.Nearby(t.Context(), directory.Query{Center: geo.Point{Lat: lat, Lng: lng}, InStock: true})
			if err != nil || (len(page.Items) == 1) != step.inStock {
				t.Errorf("%s: %d found in stock, %v", step.what, len(page.Items), err)
			}
		}
	})
}

func changes(t *testing.T, db *database.DB) int64 {
	t.Helper()
	var n int64
	if err := db.Conn(t.Context()).Table("directory_changes").Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

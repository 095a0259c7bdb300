package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

func TestAddAndGet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		photo := h.upload(t, 90)
		in := mug()
		in.Photos = []catalog.PhotoInput{{Hash: photo.Hash, Alt: "A mug on a table"}, {Hash: photo.Hash, Alt: "again"}}
		added := h.add(t, in)
		got, err := h.Get(t.Context(), h.business.ID, added.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(added, got); diff != "" {
			t.Errorf("what Add returned is not what Get reads: %s", diff)
		}
		if got.Slug != "speckled-mug" || got.State != catalog.Draft || got.Version != 1 || got.Currency != "EUR" || !got.TaxIncluded || got.LowStock != 3 {
			t.Errorf("product = %+v", got)
		}
		var titles []string
		for _, v := range got.Variants {
			titles = append(titles, v.Title())
			if v.Price != eur(2400) || !v.Priced || !v.Counted || *v.Available() != 5 {
				t.Errorf("variant = %+v", v)
			}
		}
		if diff := cmp.Diff([]string{"S / Oat", "S / Ink", "L / Oat", "L / Ink"}, titles); diff != "" {
			t.Error(diff)
		}
		want := []catalog.Photo{{Hash: photo.Hash, Alt: "A mug on a table", Width: 40, Height: 30, Color: photo.Color}}
		if diff := cmp.Diff(want, got.Photos); diff != "" {
			t.Error(diff)
		}
		second, third := h.add(t, mug()), h.add(t, catalog.ProductInput{Title: "東京"})
		if second.Slug != "speckled-mug-2" || third.Slug != "product" {
			t.Errorf("slugs %q, %q", second.Slug, third.Slug)
		}
		if h.add(t, catalog.ProductInput{Title: "New"}).Slug != "new-2" {
			t.Error("a product took a reserved address")
		}
		if diff := cmp.Diff([]string{"product.add"}, h.actions(t, added.ID)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAddNamesEveryWrongField(t *testing.T) {
	long := strings.Repeat("x", 121)
	three := []catalog.Option{{Name: "Size", Values: []string{"S", "L"}}}
	tests := []struct {
		name string
		in   catalog.ProductInput
		want []string
	}{
		{"nothing", catalog.ProductInput{}, []string{"title required"}},
		{"everything", catalog.ProductInput{
			Title: long, Description: "a\x00b", Section: strings.Repeat("y", 61), TaxMpct: 100_001, LowStock: catalog.TypedNumber("few"),
			Offer: catalog.Offer{
				SKU: strings.Repeat("z", 41), Barcode: "4006381333930", Price: catalog.Typed("lots"), CompareAt: catalog.Typed("-1"),
				Weight: catalog.TypedNumber("1.5"), Counted: true, Stock: catalog.TypedNumber("-3"),
			},
			Photos: []catalog.PhotoInput{{Hash: "../../etc/passwd", Alt: strings.Repeat("a", 161)}},
		}, []string{
			"barcode bad_barcode", "compare_at bad_amount", "description bad_text", "low_stock bad_number", "photos.0.alt too_long",
			"photos.0.hash not_found", "price bad_amount", "section too_long", "sku too_long", "stock bad_number", "tax_mpct out_of_range",
			"title too_long", "weight bad_number",
		}},
		{"price too high", catalog.ProductInput{Title: "Yacht", Offer: offer("100.000,00")}, []string{"price too_much"}},
		{"price too precise", catalog.ProductInput{Title: "Nail", Offer: offer("0.001")}, []string{"price too_precise"}},
		{"another currency", catalog.ProductInput{Title: "Mug", Offer: catalog.Offer{Price: catalog.Exact(usd(100))}}, []string{"price wrong_currency"}},
		{"not cheaper", catalog.ProductInput{Title: "Mug", Offer: catalog.Offer{Price: catalog.Typed("5"), CompareAt: catalog.Typed("5,00")}}, []string{"compare_at not_higher"}},
		{"hidden characters", catalog.ProductInput{Title: "Mug\u202egum"}, []string{"title bad_text"}},
		{"four options", catalog.ProductInput{Title: "Mug", Options: slices.Repeat(three, 4)}, []string{"options too_many"}},
		{"an option twice", catalog.ProductInput{
			Title: "Mug", Options: []catalog.Option{{Name: "Size", Values: []string{"S", "s"}}, {Name: "size", Values: []string{"L"}}, {Name: " "}}, Fill: true,
		}, []string{"options.0.values twice", "options.1.name twice", "options.2.name required", "options.2.values bad_count", "variants required"}},
		{"too many values", catalog.ProductInput{Title: "Mug", Options: []catalog.Option{{Name: "Size", Values: numbers(21)}}, Fill: true}, []string{"options.0.values bad_count"}},
		{"too many combinations", catalog.ProductInput{
			Title: "Mug", Fill: true,
			Options: []catalog.Option{{Name: "A", Values: numbers(20)}, {Name: "B", Values: numbers(20)}, {Name: "C", Values: numbers(20)}},
		}, []string{"options too_many", "variants required"}},
		{"variants", catalog.ProductInput{Title: "Mug", Options: three, Variants: []catalog.VariantInput{
			{Options: []string{"S"}, Offer: catalog.Offer{SKU: "A"}},
			{Options: []string{"S"}, Offer: catalog.Offer{SKU: "A"}},
			{Options: []string{"XL"}},
			{ID: ident.Random(), Options: []string{"L", "L"}, Offer: offer("?")},
		}}, []string{
			"variants.1.options twice", "variants.1.sku sku_taken", "variants.2.options unknown_value",
			"variants.3.id unknown", "variants.3.options unknown_value", "variants.3.price bad_amount",
		}},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, err := h.Add(t.Context(), h.owner, h.business.ID, tt.in)
				if !errs.Is(err, errs.Invalid) {
					t.Fatalf("error = %v", err)
				}
				if diff := cmp.Diff(tt.want, fields(err)); diff != "" {
					t.Error(diff)
				}
			})
		}
		page, err := h.List(t.Context(), h.business.ID, catalog.Filter{}, "")
		if err != nil || len(page.Products) > 0 {
			t.Errorf("half-written products: %d, %v", len(page.Products), err)
		}
	})
}

func numbers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return list
}

func TestSKUIsUniqueInItsBusiness(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		simple := func(title, sku string) catalog.ProductInput {
			return catalog.ProductInput{Title: title, Offer: catalog.Offer{SKU: sku}}
		}
		first := h.add(t, simple("Mug", "KQ-1"))
		h.add(t, simple("Bowl", ""))
		h.add(t, simple("Plate", "")) // none is no SKU
		_, err := h.Add(t.Context(), h.owner, h.business.ID, simple("Cup", "KQ-1"))
		if diff := cmp.Diff([]string{"sku sku_taken"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		owner, business := h.newBusiness(t, "Other")
		if _, err := h.Add(t.Context(), owner, business.ID, simple("Mug", "KQ-1")); err != nil {
			t.Errorf("another business's SKU: %v", err)
		}
		// A variant that is gone frees its SKU, and two variants may swap theirs.
		if _, err := h.Update(t.Context(), h.owner, h.business.ID, first.ID, simple("Mug", "KQ-2"), 0); err != nil {
			t.Fatal(err)
		}
		h.add(t, simple("Cup", "KQ-1"))
		in := catalog.ProductInput{Title: "Set", Options: []catalog.Option{{Name: "Size", Values: []string{"S", "L"}}}}
		for i, size := range []string{"S", "L"} {
			in.Variants = append(in.Variants, catalog.VariantInput{Options: []string{size}, Offer: catalog.Offer{SKU: fmt.Sprint("SET-", i)}})
		}
		set := h.add(t, in)
		in.Variants[0].SKU, in.Variants[1].SKU = "SET-1", "SET-0"
		swapped, err := h.Update(t.Context(), h.owner, h.business.ID, set.ID, in, set.Version)
		if err != nil || swapped.Variants[0].SKU != "SET-1" || swapped.Variants[0].ID != set.Variants[0].ID {
			t.Errorf("swapped = %+v, %v %v", swapped.Variants, err, fields(err))
		}
	})
}

func TestUpdate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		p := h.add(t, mug())
		h.clock.Advance(time.Minute)
		in := mug()
		in.Title, in.Photos = "Speckled mug, large", nil
		in.Options[0].Values = []string{"L", "XL"} // S goes, XL comes
		in.Stock = catalog.Number{}
		updated, err := h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, 1)
		if err != nil {
			t.Fatal(err, fields(err))
		}
		if updated.Version != 2 || updated.Slug != "speckled-mug" || !updated.UpdatedAt.After(updated.CreatedAt) || len(updated.Variants) != 4 {
			t.Errorf("updated = %+v", updated)
		}
		if got := updated.Variants[0]; got.ID != p.Variants[2].ID || got.Title() != "L / Oat" || got.OnHand != 5 {
			t.Errorf("the large one was not kept: %+v", got)
		}
		if got := updated.Variants[2]; got.Title() != "XL / Oat" || got.OnHand != 0 {
			t.Errorf("new variant = %+v", got)
		}
		read, err := h.Get(t.Context(), h.business.ID, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(updated, read); diff != "" {
			t.Error(diff)
		}
		// Orders still find the variant that is gone.
		items, err := h.Variants(t.Context(), []string{p.Variants[0].ID})
		if gone := items[p.Variants[0].ID]; err != nil || gone.Title != "Speckled mug, large" || gone.OnSale {
			t.Errorf("gone = %+v, %v", gone, err)
		}
		if _, err := h.SetStock(t.Context(), h.owner, h.business.ID, p.Variants[0].ID, catalog.Count(9), ""); !errs.Is(err, errs.NotFound) {
			t.Errorf("stock of a variant that is gone: %v", err)
		}
		if _, err := h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, 1); !errs.Is(err, errs.Precondition) {
			t.Errorf("stale version: %v", err)
		}
		again, err := h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, 2)
		if err != nil || again.Version != 2 {
			t.Errorf("a change of nothing made version %d, %v", again.Version, err)
		}
		if diff := cmp.Diff([]string{"product.add", "product.update"}, h.actions(t, p.ID)); diff != "" {
			t.Error(diff)
		}
		if _, err := h.log.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestUpdateKeepsStockThatMoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		in := catalog.ProductInput{Title: "Candle", Offer: counted("22", 10)}
		p := h.add(t, in)
		stock := catalog.NewStock(db, h.clock.Now, ident.Random)
		items, err := h.Variants(t.Context(), []string{p.Variants[0].ID})
		if err != nil {
			t.Fatal(err)
		}
		stockID := items[p.Variants[0].ID].StockID
		inTx(t, db, func(ctx context.Context) error {
			if ok, err := stock.Hold(ctx, stockID, 4); err != nil || !ok {
				return fmt.Errorf("held %v, %w", ok, err)
			}
			if err := stock.Commit(ctx, ident.Random(), stockID, 4); err != nil {
				return err
			}
			return stock.HandOver(ctx, "", ident.Random(), stockID, 1)
		})
		// The form was opened when there were 10 and sends that back.
		in.Title, in.StockWas, in.Stock = "Beeswax candle", catalog.TypedNumber("10"), catalog.TypedNumber("10")
		got, err := h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, p.Version)
		if err != nil || got.Variants[0].OnHand != 9 || *got.Variants[0].Available() != 6 {
			t.Errorf("variant = %+v, %v", got.Variants, err)
		}
		in.Stock = catalog.TypedNumber("2") // three are promised
		_, err = h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, 0)
		if diff := cmp.Diff([]string{"stock reserved"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		in.Stock = catalog.TypedNumber("3")
		got, err = h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, 0)
		if err != nil || *got.Variants[0].Available() != 0 {
			t.Errorf("variant = %+v, %v", got.Variants, err)
		}
		var moved struct{ OnHand, Committed int64 }
		err = db.Conn(t.Context()).Raw(`SELECT SUM(d_on_hand) AS on_hand, SUM(d_committed) AS committed FROM stock_moves WHERE stock_id = ?`, stockID).Scan(&moved).Error
		if err != nil || moved.OnHand != 3 || moved.Committed != 3 {
			t.Errorf("the movements sum to %+v, %v", moved, err)
		}
	})
}

func TestStates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		draft := h.add(t, catalog.ProductInput{Title: "Mug"})
		_, err := h.SetState(t.Context(), h.owner, h.business.ID, draft.ID, catalog.Active, 0)
		if diff := cmp.Diff([]string{"price required"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		if _, err := h.SetPrice(t.Context(), h.owner, h.business.ID, draft.Variants[0].ID, catalog.Typed("€24")); err != nil {
			t.Fatal(err)
		}
		set := func(to catalog.State, want errs.Kind) {
			t.Helper()
			p, err := h.SetState(t.Context(), h.owner, h.business.ID, draft.ID, to, 0)
			if want == 0 && (err != nil || p.State != to) || want != 0 && !errs.Is(err, want) {
				t.Errorf("to %q: state %q, %v", to, p.State, err)
			}
		}
		public := func(want bool) {
			t.Helper()
			_, err := h.Public(t.Context(), draft.ID)
			_, errSlug := h.BySlug(t.Context(), h.business.ID, "mug")
			if want != (err == nil) || want != (errSlug == nil) || !want && (!errs.Is(err, errs.NotFound) || !errs.Is(errSlug, errs.NotFound)) {
				t.Errorf("public %v: %v, %v", want, err, errSlug)
			}
		}
		public(false)
		set(catalog.Active, 0)
		set(catalog.Active, 0) // again is no change
		public(true)
		set(catalog.Draft, 0)
		public(false)
		set(catalog.Active, 0)
		set(catalog.Archived, 0)
		public(false)
		set(catalog.Active, 0) // undo
		set(catalog.Archived, 0)
		set(catalog.Draft, 0)
		set("sold", errs.Invalid)
		want := []string{
			"product.add", "product.price", "product.active", "product.draft", "product.active", "product.archived",
			"product.active", "product.archived", "product.draft",
		}
		if diff := cmp.Diff(want, h.actions(t, draft.ID)); diff != "" {
			t.Error(diff)
		}
		// What is on sale keeps what being on sale needs.
		set(catalog.Active, 0)
		_, err = h.Update(t.Context(), h.owner, h.business.ID, draft.ID, catalog.ProductInput{Title: "Mug"}, 0)
		if diff := cmp.Diff([]string{"price required"}, fields(err)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestLife walks the whole table: state by event by role.
func TestLife(t *testing.T) {
	want := map[catalog.State]map[catalog.Event]catalog.State{
		catalog.Draft:    {catalog.Publish: catalog.Active, catalog.Archive: catalog.Archived},
		catalog.Active:   {catalog.Hide: catalog.Draft, catalog.Archive: catalog.Archived},
		catalog.Archived: {catalog.Publish: catalog.Active, catalog.Restore: catalog.Draft},
	}
	roles := []account.Role{account.Shopper, account.Owner, account.Staff, account.Verifier, account.Operator, account.System, account.Public}
	for state, events := range want {
		for _, event := range []catalog.Event{catalog.Publish, catalog.Hide, catalog.Archive, catalog.Restore} {
			for _, role := range roles {
				next, err := catalog.Life.Next(state, event, role)
				to, possible := events[event]
				allowed := slices.Contains([]account.Role{account.Owner, account.Staff, account.Operator, account.System}, role)
				switch {
				case possible && allowed:
					if err != nil || next != to {
						t.Errorf("%s in %s by %s: %s, %v", event, state, role, next, err)
					}
				case possible:
					if !errs.Is(err, errs.Forbidden) {
						t.Errorf("%s in %s by %s: %v", event, state, role, err)
					}
				case !errs.Has(err, "not_allowed"):
					t.Errorf("%s in %s by %s: %v", event, state, role, err)
				}
			}
		}
	}
}

func TestPriceAndStock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		p := h.add(t, catalog.ProductInput{Title: "Mug", Offer: catalog.Offer{Price: catalog.Typed("24"), CompareAt: catalog.Typed("30")}})
		v := p.Variants[0].ID
		price := func(text string) (catalog.Product, error) {
			return h.SetPrice(t.Context(), h.owner, h.business.ID, v, catalog.Typed(text))
		}
		if p, err := price("1.234,50"); err != nil || p.Variants[0].Price != eur(123450) || p.Variants[0].CompareAt != nil || p.Version != 2 {
			t.Errorf("%+v, %v", p, err)
		}
		_, err := price("")
		if diff := cmp.Diff([]string{"price bad_amount"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		stock := func(text string) (catalog.Product, error) {
			return h.SetStock(t.Context(), h.owner, h.business.ID, v, catalog.TypedNumber(text), "counted")
		}
		for _, text := range []string{"-1", "1.5", "many", "1000000", "99999999999999999999"} {
			_, err := stock(text)
			if diff := cmp.Diff([]string{"stock bad_number"}, fields(err)); diff != "" {
				t.Errorf("%q: %s", text, diff)
			}
		}
		if p, err := stock(" 7 "); err != nil || !p.Variants[0].Counted || *p.Variants[0].Available() != 7 || p.Version != 2 {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err := stock("0"); err != nil || p.InStock() {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err := stock(""); err != nil || p.Variants[0].Counted || p.Variants[0].Available() != nil || !p.InStock() {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err := stock("3"); err != nil || *p.Variants[0].Available() != 3 {
			t.Errorf("%+v, %v", p, err)
		}
		items, err := h.Variants(t.Context(), []string{v})
		if err != nil {
			t.Fatal(err)
		}
		inTx(t, db, func(ctx context.Context) error {
			_, err := catalog.NewStock(db, h.clock.Now, ident.Random).Hold(ctx, items[v].StockID, 2)
			return err
		})
		_, err = stock("1")
		if diff := cmp.Diff([]string{"stock reserved"}, fields(err)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPhotos(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		p := h.add(t, catalog.ProductInput{Title: "Mug"})
		var hashes []string
		for shade := range 11 {
			hash := h.upload(t, uint8(20*shade)).Hash
			hashes = append(hashes, hash)
			_, err := h.AddPhoto(t.Context(), h.owner, h.business.ID, p.ID, hash, fmt.Sprint("view ", shade))
			if shade < 10 && err != nil {
				t.Fatal(err)
			}
			if shade == 10 {
				if diff := cmp.Diff([]string{"photos too_many"}, fields(err)); diff != "" {
					t.Error(diff)
				}
			}
		}
		order := func(want ...int) {
			t.Helper()
			p, err := h.Get(t.Context(), h.business.ID, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, photo := range p.Photos {
				got = append(got, slices.Index(hashes, photo.Hash))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		must := func(_ catalog.Product, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range []int{3, 4, 5, 6, 7, 8, 9} {
			must(h.RemovePhoto(t.Context(), h.owner, h.business.ID, p.ID, hashes[i]))
		}
		order(0, 1, 2)
		must(h.MovePhoto(t.Context(), h.owner, h.business.ID, p.ID, hashes[2], 0))
		order(2, 0, 1)
		must(h.MovePhoto(t.Context(), h.owner, h.business.ID, p.ID, hashes[2], 99))
		order(0, 1, 2)
		must(h.MovePhoto(t.Context(), h.owner, h.business.ID, p.ID, hashes[1], -5))
		order(1, 0, 2)
		must(h.SetAlt(t.Context(), h.owner, h.business.ID, p.ID, hashes[0], " From  above "))
		got, err := h.Get(t.Context(), h.business.ID, p.ID)
		if err != nil || got.Photos[1].Alt != "From above" {
			t.Errorf("photos %+v, %v", got.Photos, err)
		}
		_, err = h.SetAlt(t.Context(), h.owner, h.business.ID, p.ID, hashes[0], strings.Repeat("a", 161))
		if diff := cmp.Diff([]string{"alt too_long"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		if _, err := h.AddPhoto(t.Context(), h.owner, h.business.ID, p.ID, strings.Repeat("0", 64), ""); !errs.Is(err, errs.NotFound) {
			t.Errorf("unknown photo: %v", err)
		}
		if _, err := h.MovePhoto(t.Context(), h.owner, h.business.ID, p.ID, hashes[9], 0); !errs.Is(err, errs.NotFound) {
			t.Errorf("photo of nobody: %v", err)
		}
	})
}

// TestStrangers tries every method that changes something with people who may
// not, and with ids of another business.
func TestStrangers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		p := h.publish(t, h.add(t, catalog.ProductInput{Title: "Mug", Offer: counted("24", 5)}))
		photo := h.upload(t, 50)
		if _, err := h.AddPhoto(t.Context(), h.owner, h.business.ID, p.ID, photo.Hash, ""); err != nil {
			t.Fatal(err)
		}
		stranger, theirs := h.newBusiness(t, "Other")
		staff := h.user(t, "staff", account.Staff)
		inTx(t, db, func(ctx context.Context) error {
			return h.accounts.Join(ctx, audit.System, h.business.ID, staff.ID, account.MemberStaff)
		})
		before, err := h.Get(t.Context(), h.business.ID, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		variant := p.Variants[0].ID
		calls := map[string]func(actor audit.Actor, businessID, productID, variantID string) error{
			"upload": func(a audit.Actor, b, _, _ string) error {
				_, err := h.Upload(t.Context(), a, b, bytes.NewReader(nil))
				return err
			},
			"add": func(a audit.Actor, b, _, _ string) error {
				_, err := h.Add(t.Context(), a, b, mug())
				return err
			},
			"update": func(a audit.Actor, b, p, _ string) error {
				_, err := h.Update(t.Context(), a, b, p, mug(), 0)
				return err
			},
			"state": func(a audit.Actor, b, p, _ string) error {
				_, err := h.SetState(t.Context(), a, b, p, catalog.Archived, 0)
				return err
			},
			"price": func(a audit.Actor, b, _, v string) error {
				_, err := h.SetPrice(t.Context(), a, b, v, catalog.Typed("1"))
				return err
			},
			"stock": func(a audit.Actor, b, _, v string) error {
				_, err := h.SetStock(t.Context(), a, b, v, catalog.Count(0), "")
				return err
			},
			"photo": func(a audit.Actor, b, p, _ string) error {
				_, err := h.AddPhoto(t.Context(), a, b, p, photo.Hash, "x")
				return err
			},
			"remove photo": func(a audit.Actor, b, p, _ string) error {
				_, err := h.RemovePhoto(t.Context(), a, b, p, photo.Hash)
				return err
			},
			"move photo": func(a audit.Actor, b, p, _ string) error {
				_, err := h.MovePhoto(t.Context(), a, b, p, photo.Hash, 0)
				return err
			},
			"alt": func(a audit.Actor, b, p, _ string) error {
				_, err := h.SetAlt(t.Context(), a, b, p, photo.Hash, "x")
				return err
			},
		}
		strange := []string{ident.Random(), "", "'; DROP TABLE products; --", "00000000-0000-0000-0000-000000000000"}
		for name, call := range calls {
			if err := call(stranger, h.business.ID, p.ID, variant); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s by a stranger: %v", name, err)
			}
			if err := call(audit.Public, h.business.ID, p.ID, variant); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s by nobody: %v", name, err)
			}
			if name != "upload" && name != "add" {
				if err := call(stranger, theirs.ID, p.ID, variant); !errs.Is(err, errs.NotFound) {
					t.Errorf("%s through one's own business: %v", name, err)
				}
				for _, id := range strange {
					if err := call(h.owner, h.business.ID, id, id); !errs.Is(err, errs.NotFound) {
						t.Errorf("%s on %q: %v", name, id, err)
					}
				}
			}
			for _, id := range strange {
				if err := call(h.owner, id, p.ID, variant); !errs.Is(err, errs.NotFound) {
					t.Errorf("%s in business %q: %v", name, id, err)
				}
			}
			if name == "stock" {
				continue // everybody who works orders may count
			}
			if err := call(staff, h.business.ID, p.ID, variant); !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s by staff: %v", name, err)
			}
		}
		if _, err := h.Get(t.Context(), theirs.ID, p.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("read through another business: %v", err)
		}
		after, err := h.Get(t.Context(), h.business.ID, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("strangers changed something: %s", diff)
		}
		if _, err := h.SetStock(t.Context(), staff, h.business.ID, variant, catalog.Count(2), ""); err != nil {
			t.Errorf("staff counting: %v", err)
		}
	})
}

func TestOneOfManyEditorsWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		p := h.add(t, catalog.ProductInput{Title: "Mug"})
		var mu sync.Mutex
		won := 0
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				in := catalog.ProductInput{Title: fmt.Sprint("Mug ", i)}
				_, err := h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, p.Version)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errs.Is(err, errs.Precondition) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Errorf("%d editors won", won)
		}
		// The same title and SKU at once: each gets its own address, one the SKU.
		added := 0
		for range 12 {
			all.Go(func() {
				_, err := h.Add(t.Context(), h.owner, h.business.ID, catalog.ProductInput{Title: "Bowl", Offer: catalog.Offer{SKU: "KQ-BWL"}})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					added++
				} else if !slices.Equal(fields(err), []string{"sku sku_taken"}) {
					t.Error(err, fields(err))
				}
			})
			all.Go(func() {
				if _, err := h.Add(t.Context(), h.owner, h.business.ID, catalog.ProductInput{Title: "Plate"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		counts, err := h.Counts(t.Context(), h.business.ID)
		if err != nil || added != 1 || counts.Draft != 14 {
			t.Errorf("%d bowls, %+v, %v", added, counts, err)
		}
	})
}

// TestManyVariants keeps 414 variants fast: one shop system took minutes.
func TestManyVariants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		in := screws(414)
		start := time.Now()
		p := h.add(t, in)
		t.Logf("added in %v", time.Since(start))
		for i := range in.Variants {
			in.Variants[i].ID, in.Variants[i].Price, in.Variants[i].Stock = p.Variants[i].ID, catalog.Typed("0.30"), catalog.Count(int64(i+1))
		}
		start = time.Now()
		p, err := h.Update(t.Context(), h.owner, h.business.ID, p.ID, in, p.Version)
		if err != nil {
			t.Fatal(err, fields(err))
		}
		took := time.Since(start)
		t.Logf("every variant changed in %v", took)
		if took > 5*time.Second { // generous: the machine may be busy
			t.Errorf("saving 414 variants took %v", took)
		}
		if last := p.Variants[413]; last.Price != eur(30) || last.OnHand != 414 || last.SKU != "SCR-413" {
			t.Errorf("last variant = %+v", last)
		}
		read, err := h.Get(t.Context(), h.business.ID, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, read); diff != "" {
			t.Error(diff)
		}
		if _, err := h.Add(t.Context(), h.owner, h.business.ID, screws(501)); !slices.Contains(fields(err), "variants too_many") {
			t.Errorf("501 variants: %v", err)
		}
	})
}

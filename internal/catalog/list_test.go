package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

func titles(products []catalog.Product) []string {
	var list []string
	for _, p := range products {
		list = append(list, p.Title)
	}
	return list
}

// shop is a business with five products, of which three are on sale.
func shop(t *testing.T, h *house) map[string]catalog.Product {
	t.Helper()
	products := map[string]catalog.Product{}
	for _, in := range []catalog.ProductInput{
		{Title: "Serving bowl", Section: "For the table", Offer: catalog.Offer{Price: catalog.Typed("48.50"), Counted: true, Stock: catalog.Count(2), SKU: "KQ-BWL-26"}},
		{Title: "Bud vase", Section: "For the house", Offer: counted("32", 19)},
		{Title: "Teapot, brass handle", Offer: offer("120")},
		{Title: "Café crème bowl", Section: "For the table", Offer: counted("12", 0)},
		{Title: "Old plate", Section: "Seconds", Offer: counted("5", 1)},
	} {
		products[in.Title] = h.add(t, in)
	}
	for _, title := range []string{"Serving bowl", "Bud vase", "Teapot, brass handle"} {
		products[title] = h.publish(t, products[title])
	}
	_, err := h.SetState(t.Context(), h.owner, h.business.ID, products["Old plate"].ID, catalog.Archived, 0)
	if err != nil {
		t.Fatal(err)
	}
	return products
}

func TestList(t *testing.T) {
	tests := []struct {
		name   string
		filter catalog.Filter
		want   []string
	}{
		{"all but archived", catalog.Filter{}, []string{"Café crème bowl", "Teapot, brass handle", "Bud vase", "Serving bowl"}},
		{"drafts", catalog.Filter{State: catalog.Draft}, []string{"Café crème bowl"}},
		{"archived", catalog.Filter{State: catalog.Archived}, []string{"Old plate"}},
		{"a word in whatever form", catalog.Filter{Text: "BOWL cafe"}, []string{"Café crème bowl"}},
		{"the beginning of a word", catalog.Filter{Text: "bow"}, []string{"Café crème bowl", "Serving bowl"}},
		{"a SKU", catalog.Filter{Text: "kq-bwl"}, []string{"Serving bowl"}},
		{"no such word", catalog.Filter{Text: "' OR 1=1 --"}, nil},
		{"nothing but signs", catalog.Filter{Text: "%_%"}, []string{"Café crème bowl", "Teapot, brass handle", "Bud vase", "Serving bowl"}},
		{"broken text", catalog.Filter{Text: "\xff\xfe\x00"}, []string{"Café crème bowl", "Teapot, brass handle", "Bud vase", "Serving bowl"}},
		{"a section", catalog.Filter{Section: "For the table"}, []string{"Café crème bowl", "Serving bowl"}},
		{"low stock", catalog.Filter{LowStock: true}, []string{"Serving bowl"}},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		shop(t, h)
		for _, tt := range tests {
			page, err := h.List(t.Context(), h.business.ID, tt.filter, "")
			if err != nil || page.Next != "" {
				t.Errorf("%s: next %q, %v", tt.name, page.Next, err)
			}
			if diff := cmp.Diff(tt.want, titles(page.Products)); diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
		}
		if _, err := h.List(t.Context(), h.business.ID, catalog.Filter{}, "x' OR 1=1"); !errs.Is(err, errs.Malformed) {
			t.Errorf("bad cursor: %v", err)
		}
		counts, err := h.Counts(t.Context(), h.business.ID)
		if diff := cmp.Diff(catalog.Counts{Draft: 1, Active: 3, Archived: 1, Low: 1}, counts); diff != "" || err != nil {
			t.Error(diff, err)
		}
		sections, err := h.Sections(t.Context(), h.business.ID)
		if diff := cmp.Diff([]string{"For the house", "For the table"}, sections); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestListPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		for i := range 120 {
			h.add(t, catalog.ProductInput{Title: fmt.Sprint("Mug ", i)})
		}
		var got []string
		cursor := ""
		for range 3 {
			page, err := h.List(t.Context(), h.business.ID, catalog.Filter{}, cursor)
			if err != nil {
				t.Fatal(err)
			}
			got, cursor = append(got, titles(page.Products)...), page.Next
			h.add(t, catalog.ProductInput{Title: "Latecomer"}) // comes before what was read
		}
		if len(got) != 120 || cursor != "" || got[0] != "Mug 119" || got[119] != "Mug 0" {
			t.Errorf("%d products from %q to %q, next %q", len(got), got[0], got[len(got)-1], cursor)
		}
	})
}

func TestListPublic(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		products := shop(t, h)
		shelves, err := h.ListPublic(t.Context(), h.business.ID)
		want := []catalog.Shelf{
			{Section: "For the table", Products: []catalog.Product{products["Serving bowl"]}},
			{Section: "For the house", Products: []catalog.Product{products["Bud vase"]}},
			{Products: []catalog.Product{products["Teapot, brass handle"]}},
		}
		if diff := cmp.Diff(want, shelves); diff != "" || err != nil {
			t.Error(diff, err)
		}
		_, other := h.newBusiness(t, "Other")
		if shelves, err := h.ListPublic(t.Context(), other.ID); err != nil || len(shelves) > 0 {
			t.Errorf("another business: %+v, %v", shelves, err)
		}
	})
}

func TestVariants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		in := mug()
		first, second := h.upload(t, 10), h.upload(t, 20)
		in.Photos = []catalog.PhotoInput{{Hash: second.Hash, Alt: "front"}, {Hash: first.Hash}}
		p := h.add(t, in)
		bag := h.publish(t, h.add(t, catalog.ProductInput{Title: "Gift bag", Offer: offer("1.50"), TaxMpct: 7_000, TaxExcluded: true}))
		id := p.Variants[1].ID
		items, err := h.Variants(t.Context(), []string{id, bag.Variants[0].ID, ident.Random(), "nonsense"})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]catalog.Ware{
			id: {
				VariantID: id, ProductID: p.ID, BusinessID: h.business.ID, Slug: "speckled-mug", Title: "Speckled mug",
				Options: []string{"S", "Ink"}, Price: eur(2400), TaxMpct: 19_000, TaxIncluded: true,
				Counted: true, Available: 5, Photo: &catalog.Photo{Hash: second.Hash, Alt: "front", Width: 40, Height: 30, Color: second.Color},
			},
			bag.Variants[0].ID: {
				VariantID: bag.Variants[0].ID, ProductID: bag.ID, BusinessID: h.business.ID, Slug: "gift-bag", Title: "Gift bag",
				Price: eur(150), TaxMpct: 7_000, OnSale: true,
			},
		}
		if diff := cmp.Diff(want, items, cmpopts.IgnoreFields(catalog.Ware{}, "StockID"), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		if !ident.Valid(items[id].StockID) || items[bag.Variants[0].ID].StockID != "" {
			t.Errorf("stock ids %q, %q", items[id].StockID, items[bag.Variants[0].ID].StockID)
		}
		h.publish(t, p)
		if items, err = h.Variants(t.Context(), []string{id}); err != nil || !items[id].OnSale {
			t.Errorf("%+v, %v", items, err)
		}
	})
}

func TestSearchable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		products := shop(t, h)
		_, empty := h.newBusiness(t, "Empty")
		extras, err := h.Searchable(t.Context(), []string{h.business.ID, empty.ID, ident.Random()})
		want := map[string]directory.Extra{h.business.ID: {InStock: true, Words: []string{
			"serving", "bowl", "for", "the", "table", "kq", "bwl", "26", "bud", "vase", "house", "teapot", "brass", "handle",
		}}}
		if diff := cmp.Diff(want, extras); diff != "" || err != nil {
			t.Error(diff, err)
		}
		for _, title := range []string{"Serving bowl", "Bud vase", "Teapot, brass handle"} {
			variant := products[title].Variants[0].ID
			if _, err := h.SetStock(t.Context(), h.owner, h.business.ID, variant, catalog.Count(0), ""); err != nil {
				t.Fatal(err)
			}
		}
		if extras, err = h.Searchable(t.Context(), []string{h.business.ID}); err != nil || extras[h.business.ID].InStock {
			t.Errorf("sold out: %+v, %v", extras, err)
		}
	})
}

func TestTypedValues(t *testing.T) {
	var in catalog.ProductInput
	err := json.Unmarshal([]byte(`{"title": "Mug", "price": {"amount": 2400, "currency": "EUR"}, "compare_at": null, "stock": 3, "counted": true}`), &in)
	if err != nil || in.Price.String() != "24.00" || !in.CompareAt.Empty() || in.Stock.String() != "3" || !in.Counted {
		t.Errorf("%+v, %v", in, err)
	}
	for _, bad := range []string{`{"price": "24"}`, `{"price": 24}`, `{"price": {"amount": 1.5}}`, `{"price": {"cents": 1}}`, `{"stock": "3"}`, `{"stock": 1.5}`} {
		if err := json.Unmarshal([]byte(bad), &in); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	var price catalog.Price
	var number catalog.Number
	if err := price.UnmarshalText([]byte(" 24,00 € ")); err != nil || price.String() != " 24,00 € " || price.Empty() {
		t.Errorf("price %q, %v", price, err)
	}
	if err := number.UnmarshalText([]byte("  ")); err != nil || !number.Empty() {
		t.Errorf("number %q, %v", number, err)
	}
}

// FuzzInput adds products made of anything: each is refused as Invalid or read
// back as it was added.
func FuzzInput(f *testing.F) {
	f.Add("Mug", "oat\nglaze", "24,00", "Size", "S|L", "7")
	f.Add("\x00", "\u202e", "1e9", "", "||", "-1")
	f.Add("Ａ", "a\r\nb", "٢٤", "s\u0301", "ß|ss", "9223372036854775808")
	h := newHouse(f, dbtest.SQLite(f))
	f.Fuzz(func(t *testing.T, title, description, price, option, values, stock string) {
		in := catalog.ProductInput{
			Title: title, Description: description, Section: option, Fill: true,
			Offer:   catalog.Offer{Price: catalog.Typed(price), Counted: true, Stock: catalog.TypedNumber(stock)},
			Options: []catalog.Option{{Name: option, Values: strings.Split(values, "|")}},
		}
		added, err := h.Add(t.Context(), h.owner, h.business.ID, in)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		read, err := h.Get(context.Background(), h.business.ID, added.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(added, read); diff != "" {
			t.Error(diff)
		}
	})
}

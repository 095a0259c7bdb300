package catalog

import (
	"context"
	"slices"
	"strings"

	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/text"
)

// maxWords bounds the words of its products that one business is found by.
const maxWords = 400

// pageSize is how many products one page of a list holds.
const pageSize = 50

// Filter narrows a list of products.
type Filter struct {
	State    State  // "" is every one but archived
	Text     string // words of title, section or SKU
	Section  string // "" is every one
	LowStock bool   // only what is nearly gone
}

// Page is one page of a list, and where the next one begins ("" is the end).
type Page struct {
	Products []Product
	Next     string
}

// Counts are the numbers on the tabs of an owner's catalog. Low counts the
// products on sale of which a variant is nearly or wholly gone.
type Counts struct{ Draft, Active, Archived, Low int }

// Get reads a product of a business in whatever state, or NotFound.
func (s *Service) Get(ctx context.Context, businessID, productID string) (Product, error) {
	return s.store.get(ctx, businessID, productID)
}

// BySlug reads a product that is on sale by its part of the address, or
// NotFound. Whether its business may be shown is for directory to say.
func (s *Service) BySlug(ctx context.Context, businessID, slug string) (Product, error) {
	return s.store.active(ctx, "business_id = ? AND slug = ?", businessID, slug)
}

// Public reads a product that is on sale by its id, or NotFound. Whether its
// business may be shown is for directory to say.
func (s *Service) Public(ctx context.Context, productID string) (Product, error) {
	return s.store.active(ctx, "id = ?", productID)
}

// List reads the products of a business for its people, newest first. cursor is
// Next of the page before, "" for the first.
func (s *Service) List(ctx context.Context, businessID string, f Filter, cursor string) (Page, error) {
	if cursor != "" && !ident.Valid(cursor) {
		return Page{}, errs.New(errs.Malformed, "bad_cursor", "This is not the address of a page.")
	}
	products, err := s.store.list(ctx, businessID, f, text.Words(clip(f.Text, 100)), cursor, pageSize+1)
	if err != nil || len(products) <= pageSize {
		return Page{Products: products}, err
	}
	return Page{Products: products[:pageSize], Next: products[pageSize-1].ID}, nil
}

func clip(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}

// Shelf is one section of a business's page. Products without a section are on
// the last one, which has no name.
type Shelf struct {
	Section  string
	Products []Product
}

// ListPublic reads everything a business has on sale, by section, sections and
// products in the order in which they were made.
func (s *Service) ListPublic(ctx context.Context, businessID string) ([]Shelf, error) {
	products, err := s.store.onSale(ctx, businessID)
	if err != nil {
		return nil, err
	}
	var shelves []Shelf
	var rest Shelf
	for _, p := range products {
		if p.Section == "" {
			rest.Products = append(rest.Products, p)
			continue
		}
		at := slices.IndexFunc(shelves, func(sh Shelf) bool { return sh.Section == p.Section })
		if at < 0 {
			at = len(shelves)
			shelves = append(shelves, Shelf{Section: p.Section})
		}
		shelves[at].Products = append(shelves[at].Products, p)
	}
	if len(rest.Products) > 0 {
		shelves = append(shelves, rest)
	}
	return shelves, nil
}

// Sections lists the sections that a business uses, in alphabetical order.
func (s *Service) Sections(ctx context.Context, businessID string) ([]string, error) {
	return s.store.sections(ctx, businessID)
}

// Counts counts the products of a business.
func (s *Service) Counts(ctx context.Context, businessID string) (Counts, error) {
	return s.store.counts(ctx, businessID)
}

// Variants reads variants by their ids; see Stock.Wares.
func (s *Service) Variants(ctx context.Context, variantIDs []string) (map[string]Ware, error) {
	return s.stock.Wares(ctx, variantIDs)
}

// Searchable tells search what each business has on sale; give it to
// directory.Service.SetSearchable.
func (s *Service) Searchable(ctx context.Context, businessIDs []string) (map[string]directory.Extra, error) {
	rows, err := s.store.searchable(ctx, businessIDs)
	if err != nil {
		return nil, err
	}
	extras := map[string]directory.Extra{}
	for _, row := range rows {
		extra := extras[row.BusinessID]
		extra.InStock = extra.InStock || row.InStock
		for word := range strings.FieldsSeq(row.Search) {
			if len(extra.Words) < maxWords && !slices.Contains(extra.Words, word) {
				extra.Words = append(extra.Words, word)
			}
		}
		extras[row.BusinessID] = extra
	}
	return extras, nil
}

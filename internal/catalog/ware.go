package catalog

import (
	"context"
	"encoding/json"
	"slices"

	"nearby/internal/database"
	"nearby/internal/money"
)

// Ware is a variant as an order sees it now: what it is called, what it
// costs, and how many can be sold.
type Ware struct {
	VariantID   string
	ProductID   string
	BusinessID  string
	Slug        string // of the product
	Title       string
	Options     []string
	Price       money.Amount
	TaxMpct     int64
	TaxIncluded bool
	OnSale      bool   // the product is active, the variant offered and priced
	Counted     bool   // its pieces are counted
	StockID     string // "" when not counted, or counted and never stocked
	Available   int64  // when counted
}

// Sells reports whether n pieces can be sold.
func (w Ware) Sells(n int64) bool { return w.OnSale && (!w.Counted || w.Available >= n) }

type wareRow struct {
	VariantID   string
	ProductID   string
	BusinessID  string
	Slug        string
	Title       string
	Options     string
	Price       *int64
	Currency    string
	TaxMpct     int64
	TaxIncluded bool
	OnSale      bool
	Counted     bool
	StockID     *string
	Available   *int64
}

// Wares reads variants for an order, by variant id. One that does not exist
// is not in the answer.
func (s *Stock) Wares(ctx context.Context, variantIDs []string) (map[string]Ware, error) {
	wares := map[string]Ware{}
	for ids := range slices.Chunk(variantIDs, 500) {
		var rows []wareRow
		err := s.db.Conn(ctx).Raw(`SELECT v.id AS variant_id, p.id AS product_id, p.business_id, p.slug, p.title, v.options, v.price, p.currency,
				p.tax_mpct, p.tax_included, v.counted, s.id AS stock_id, s.on_hand - s.held - s.committed AS available,
				(p.state = 'active' AND v.retired_at IS NULL AND v.price IS NOT NULL) AS on_sale
			FROM variants v JOIN products p ON p.id = v.product_id LEFT JOIN stock s ON s.variant_id = v.id
			WHERE v.id IN ?`, ids).Scan(&rows).Error
		if err != nil {
			return nil, database.Err(err, "variant")
		}
		for _, r := range rows {
			w := Ware{
				VariantID: r.VariantID, ProductID: r.ProductID, BusinessID: r.BusinessID, Slug: r.Slug, Title: r.Title,
				Price: money.New(0, r.Currency), TaxMpct: r.TaxMpct, TaxIncluded: r.TaxIncluded, OnSale: r.OnSale, Counted: r.Counted,
			}
			if err := json.Unmarshal([]byte(r.Options), &w.Options); err != nil {
				return nil, database.Err(err, "variant")
			}
			if r.Price != nil {
				w.Price.Minor = *r.Price
			}
			if r.Counted && r.StockID != nil && r.Available != nil {
				w.StockID, w.Available = *r.StockID, *r.Available
			}
			wares[w.VariantID] = w
		}
	}
	return wares, nil
}

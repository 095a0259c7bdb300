package catalog

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"nearby/internal/database"
	"nearby/internal/ident"
	"nearby/internal/money"
)

// Ware is a variant as carts and orders see it now: what it is called, what it
// costs, and how many can be sold.
type Ware struct {
	VariantID   string
	ProductID   string
	BusinessID  string
	Slug        string   // of the product
	Title       string   // of the product
	Options     []string // one value for each option of the product
	Price       money.Amount
	TaxMpct     int64 // thousandths of a per cent
	TaxIncluded bool
	Weight      int64  // grams, 0 is unknown
	OnSale      bool   // the product is active, the variant offered and priced
	Counted     bool   // its pieces are counted
	StockID     string // "" when not counted, or counted and never stocked
	Available   int64  // when counted
	Drop        *Drop  // by which alone it is sold, nil for none
	Photo       *Photo // the product's first, nil for none
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
	Weight      int64
	OnSale      bool
	Counted     bool
	StockID     *string
	Available   *int64
	PhotoHash   *string
	PhotoAlt    string
	PhotoWidth  int
	PhotoHeight int
	PhotoColor  string
	Drop        dropRow `gorm:"embedded"`
}

// wareQuery reads wares with their stock and first photo in one go: an order
// runs it inside its transaction.
const wareQuery = `SELECT v.id AS variant_id, p.id AS product_id, p.business_id, p.slug, p.title, v.options, v.price, p.currency,
		p.tax_mpct, p.tax_included, v.weight, v.counted, s.id AS stock_id, s.on_hand - s.held - s.committed AS available,
		(p.state = 'active' AND v.retired_at IS NULL AND v.price IS NOT NULL) AS on_sale,
		h.hash AS photo_hash, COALESCE(h.alt, '') AS photo_alt, COALESCE(h.width, 0) AS photo_width,
		COALESCE(h.height, 0) AS photo_height, COALESCE(h.color, '') AS photo_color,
		` + dropColumns + `
	FROM variants v JOIN products p ON p.id = v.product_id
	LEFT JOIN stock s ON s.variant_id = v.id
	` + dropJoin + `
	LEFT JOIN product_photos h ON h.product_id = p.id AND h.hash =
		(SELECT f.hash FROM product_photos f WHERE f.product_id = p.id ORDER BY f.position, f.hash LIMIT 1)
	WHERE v.id IN ?`

// Wares reads variants by their ids, of whatever business and also those that
// are no longer on sale. An unknown id is left out.
func (s *Stock) Wares(ctx context.Context, variantIDs []string) (map[string]Ware, error) {
	wares := make(map[string]Ware, len(variantIDs))
	known := slices.DeleteFunc(slices.Clone(variantIDs), func(id string) bool { return !ident.Valid(id) })
	for ids := range slices.Chunk(known, 500) {
		var rows []wareRow
		if err := s.db.Conn(ctx).Raw(wareQuery, ids).Scan(&rows).Error; err != nil {
			return nil, database.Err(err, "variant")
		}
		for _, r := range rows {
			ware, err := r.ware(s.clock())
			if err != nil {
				return nil, database.Err(err, "variant")
			}
			wares[r.VariantID] = ware
		}
	}
	return wares, nil
}

func (r wareRow) ware(now time.Time) (Ware, error) {
	w := Ware{
		VariantID: r.VariantID, ProductID: r.ProductID, BusinessID: r.BusinessID, Slug: r.Slug, Title: r.Title,
		Price: money.New(0, r.Currency), TaxMpct: r.TaxMpct, TaxIncluded: r.TaxIncluded, Weight: r.Weight,
		OnSale: r.OnSale, Counted: r.Counted,
	}
	if r.Price != nil {
		w.Price.Minor = *r.Price
	}
	w.Drop = r.Drop.drop()
	w.Counted = w.Counted || w.Drop != nil
	if w.Counted && r.StockID != nil && r.Available != nil {
		w.StockID, w.Available = *r.StockID, *r.Available
	}
	if w.Drop != nil {
		w.Available = w.Drop.sellable(w.Available, w.Drop.Phase(now))
	}
	if r.PhotoHash != nil {
		w.Photo = &Photo{Hash: *r.PhotoHash, Alt: r.PhotoAlt, Width: r.PhotoWidth, Height: r.PhotoHeight, Color: r.PhotoColor}
	}
	return w, json.Unmarshal([]byte(r.Options), &w.Options)
}

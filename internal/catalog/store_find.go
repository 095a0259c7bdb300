package catalog

import (
	"context"
	"strings"

	"nearby/internal/database"
	"nearby/internal/money"
)

type findRow struct {
	BusinessID string
	Slug       string
	Title      string
	Currency   string
	Price      int64
	PhotoHash  *string
	Total      int
	Uncounted  int   // variants whose pieces are not counted
	Pieces     int64 // of those that are
}

// finds numbers the products of each business in the order in which they were
// made and takes the first ones.
func (st store) finds(ctx context.Context, businessIDs, words []string, most int) (map[string]Finds, error) {
	where := strings.Repeat(" AND p.search LIKE ?", len(words))
	now := st.clock()
	args := []any{now, now, businessIDs}
	for _, word := range words {
		args = append(args, "%"+word+"%") // words hold letters and digits only
	}
	var rows []findRow
	err := st.db.Conn(ctx).Raw(`SELECT business_id, slug, title, currency, total,
		(SELECT MIN(v.price) FROM variants v WHERE v.product_id = f.id AND v.retired_at IS NULL AND v.price IS NOT NULL) AS price,
		(SELECT COUNT(*) FROM variants v WHERE v.product_id = f.id AND v.retired_at IS NULL AND v.price IS NOT NULL AND NOT v.counted) AS uncounted,
		(SELECT COALESCE(SUM(`+sellableNow+`), 0) FROM variants v JOIN stock s ON s.variant_id = v.id `+dropJoin+`
			WHERE v.product_id = f.id AND v.retired_at IS NULL AND v.price IS NOT NULL AND v.counted) AS pieces,
		(SELECT h.hash FROM product_photos h WHERE h.product_id = f.id ORDER BY h.position LIMIT 1) AS photo_hash
		FROM (SELECT p.id, p.business_id, p.slug, p.title, p.currency,
			ROW_NUMBER() OVER (PARTITION BY p.business_id ORDER BY p.id) AS place, COUNT(*) OVER (PARTITION BY p.business_id) AS total
			FROM products p WHERE p.business_id IN ? AND p.state = 'active'`+where+`) f
		WHERE place <= ? ORDER BY business_id, place`, append(args, most)...).Scan(&rows).Error
	if err != nil {
		return nil, database.Err(err, "product")
	}
	finds := map[string]Finds{}
	for _, r := range rows {
		f := finds[r.BusinessID]
		f.Total = r.Total
		product := Find{Slug: r.Slug, Title: r.Title, Price: money.New(r.Price, r.Currency)}
		product.InStock = r.Uncounted > 0 || r.Pieces > 0
		if r.Uncounted == 0 {
			product.Available = &r.Pieces
		}
		if r.PhotoHash != nil {
			product.PhotoHash = *r.PhotoHash
		}
		f.Products = append(f.Products, product)
		finds[r.BusinessID] = f
	}
	return finds, nil
}

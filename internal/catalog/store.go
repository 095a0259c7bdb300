package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/money"
	"nearby/internal/text"
)

// store is the SQL of the room, but for what Stock moves.
type store struct {
	db    *database.DB
	clock clock.Clock
}

type productRow struct {
	ID          string
	BusinessID  string
	Slug        string
	Title       string
	Description string
	Section     string
	State       State
	Currency    string
	TaxMpct     int64
	TaxIncluded bool
	LowStock    int64
	Options     string
	Search      string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64
}

func (productRow) TableName() string { return "products" }

type variantRow struct {
	ID         string
	ProductID  string
	BusinessID string
	Position   int64
	Options    string
	SKU        string `gorm:"column:sku"`
	Barcode    string
	Price      *int64
	CompareAt  *int64
	Counted    bool
	Weight     int64
}

func (variantRow) TableName() string { return "variants" }

type photoRow struct {
	ProductID string
	Hash      string
	Position  int64
	Alt       string
	Width     int
	Height    int
	Color     string
}

func (photoRow) TableName() string { return "product_photos" }

// lock makes the transaction the only writer of a business's catalog. The
// weaker of PostgreSQL's two row locks lets orders of the business go on.
func (st store) lock(ctx context.Context, businessID string) error {
	conn := st.db.Conn(ctx).Table("businesses").Select("id").Where("id = ?", businessID)
	if st.db.IsPostgres() {
		conn = conn.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
	}
	var found string
	return database.Err(conn.Take(&found).Error, "business")
}

func (st store) get(ctx context.Context, businessID, productID string) (Product, error) {
	return st.one(ctx, "business_id = ? AND id = ?", businessID, productID)
}

func (st store) active(ctx context.Context, where string, args ...any) (Product, error) {
	return st.one(ctx, "state = 'active' AND "+where, args...)
}

func (st store) one(ctx context.Context, where string, args ...any) (Product, error) {
	products, err := st.products(st.db.Conn(ctx).Where(where, args...).Limit(1), ctx)
	if err == nil && len(products) == 0 {
		err = errs.Missing("product")
	}
	if err != nil {
		return Product{}, err
	}
	return products[0], nil
}

func (st store) onSale(ctx context.Context, businessID string) ([]Product, error) {
	return st.products(st.db.Conn(ctx).Where("business_id = ? AND state = 'active'", businessID).Order("id"), ctx)
}

// lowStock selects products of which a counted variant is nearly gone.
const lowStock = `EXISTS (SELECT 1 FROM variants v JOIN stock s ON s.variant_id = v.id WHERE v.product_id = products.id
	AND v.retired_at IS NULL AND v.counted AND s.on_hand - s.held - s.committed <= products.low_stock)`

func (st store) list(ctx context.Context, businessID string, f Filter, words []string, after string, limit int) ([]Product, error) {
	query := st.db.Conn(ctx).Where("business_id = ?", businessID)
	if f.State != "" {
		query = query.Where("state = ?", f.State)
	} else {
		query = query.Where("state <> ?", Archived)
	}
	if f.Section != "" {
		query = query.Where("section = ?", f.Section)
	}
	if f.LowStock {
		query = query.Where("state = 'active' AND " + lowStock)
	}
	for _, word := range words {
		query = query.Where(`search LIKE ?`, "%"+word+"%") // words hold letters and digits only
	}
	if after != "" {
		query = query.Where("id < ?", after)
	}
	return st.products(query.Order("id DESC").Limit(limit), ctx)
}

// products reads the products of a query, whole, in three queries.
func (st store) products(query *gorm.DB, ctx context.Context) ([]Product, error) {
	var rows []productRow
	if err := query.Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, database.Err(err, "product")
	}
	products := make([]Product, len(rows))
	at := make(map[string]*Product, len(rows))
	ids := make([]string, len(rows))
	for i, r := range rows {
		p, err := r.product()
		if err != nil {
			return nil, err
		}
		products[i], ids[i] = p, r.ID
		at[r.ID] = &products[i]
	}
	variants, err := st.variants(ctx, "v.retired_at IS NULL AND v.product_id IN ?", ids)
	if err != nil {
		return nil, err
	}
	for _, r := range variants {
		p := at[r.Row.ProductID]
		v, err := r.variant(p.Currency, st.clock())
		if err != nil {
			return nil, err
		}
		p.Variants = append(p.Variants, v)
	}
	var photos []photoRow
	if err := st.db.Conn(ctx).Where("product_id IN ?", ids).Order("product_id, position").Find(&photos).Error; err != nil {
		return nil, database.Err(err, "photo")
	}
	for _, r := range photos {
		p := at[r.ProductID]
		p.Photos = append(p.Photos, Photo{Hash: r.Hash, Alt: r.Alt, Width: r.Width, Height: r.Height, Color: r.Color})
	}
	return products, nil
}

// stockedRow is a variant with its stock, which a business has at one location.
type stockedRow struct {
	Row       variantRow `gorm:"embedded"`
	StockID   string
	OnHand    int64
	Held      int64
	Committed int64
	Drop      dropRow `gorm:"embedded"`
}

func (st store) variants(ctx context.Context, where string, args ...any) ([]stockedRow, error) {
	var rows []stockedRow
	err := st.db.Conn(ctx).Table("variants AS v").
		Select(`v.id, v.product_id, v.business_id, v.options, v.sku, v.barcode, v.price, v.compare_at, v.counted, v.weight,
			COALESCE(s.id, '') AS stock_id,
			COALESCE(s.on_hand, 0) AS on_hand, COALESCE(s.held, 0) AS held, COALESCE(s.committed, 0) AS committed, `+dropColumns).
		Joins("LEFT JOIN stock AS s ON s.variant_id = v.id").Joins(dropJoin).
		Where(where, args...).Order("v.product_id, v.position, v.id").Find(&rows).Error
	return rows, database.Err(err, "variant")
}

func (st store) productOf(ctx context.Context, businessID, variantID string) (string, error) {
	var found string
	err := st.db.Conn(ctx).Model(&variantRow{}).Select("product_id").
		Where("business_id = ? AND id = ? AND retired_at IS NULL", businessID, variantID).Take(&found).Error
	return found, database.Err(err, "variant")
}

func (st store) setCounted(ctx context.Context, variantID string, counted bool) error {
	err := st.db.Conn(ctx).Model(&variantRow{}).Where("id = ?", variantID).Update("counted", counted).Error
	return database.Err(err, "variant")
}

// slugs are those in use that slug or a numbered form of it could meet.
func (st store) slugs(ctx context.Context, businessID, slug string) (map[string]bool, error) {
	var found []string
	err := st.db.Conn(ctx).Model(&productRow{}).Where("business_id = ? AND (slug = ? OR slug LIKE ?)", businessID, slug, slug+"-%").
		Pluck("slug", &found).Error
	taken := make(map[string]bool, len(found))
	for _, slug := range found {
		taken[slug] = true
	}
	return taken, database.Err(err, "product")
}

// takenSKUs are those SKUs of p that other products of the business have, with
// the title of the product.
func (st store) takenSKUs(ctx context.Context, p Product) (map[string]string, error) {
	var skus []string
	for _, v := range p.Variants {
		if v.SKU != "" {
			skus = append(skus, v.SKU)
		}
	}
	if len(skus) == 0 {
		return nil, nil
	}
	var rows []struct{ SKU, Title string }
	err := st.db.Conn(ctx).Table("variants AS v").Select("v.sku, p.title").Joins("JOIN products AS p ON p.id = v.product_id").
		Where("v.business_id = ? AND v.retired_at IS NULL AND v.product_id <> ? AND v.sku IN ?", p.BusinessID, p.ID, skus).Find(&rows).Error
	taken := make(map[string]string, len(rows))
	for _, r := range rows {
		taken[r.SKU] = r.Title
	}
	return taken, database.Err(err, "variant")
}

func (st store) sections(ctx context.Context, businessID string) ([]string, error) {
	var found []string
	err := st.db.Conn(ctx).Model(&productRow{}).Where("business_id = ? AND state <> ? AND section <> ''", businessID, Archived).
		Distinct().Order("section").Pluck("section", &found).Error
	return found, database.Err(err, "product")
}

func (st store) counts(ctx context.Context, businessID string) (Counts, error) {
	var c Counts
	err := st.db.Conn(ctx).Model(&productRow{}).Where("business_id = ?", businessID).
		Select(`COUNT(CASE WHEN state = 'draft' THEN 1 END) AS draft, COUNT(CASE WHEN state = 'active' THEN 1 END) AS active,
			COUNT(CASE WHEN state = 'archived' THEN 1 END) AS archived,
			COUNT(CASE WHEN state = 'active' AND ` + lowStock + ` THEN 1 END) AS low`).Take(&c).Error
	return c, database.Err(err, "product")
}

type searchRow struct {
	BusinessID string
	Search     string
	InStock    bool
}

func (st store) searchable(ctx context.Context, businessIDs []string) ([]searchRow, error) {
	var all []searchRow
	now := st.clock()
	for ids := range slices.Chunk(businessIDs, 1000) {
		var rows []searchRow
		err := st.db.Conn(ctx).Model(&productRow{}).Where("state = 'active' AND business_id IN ?", ids).
			Select(`business_id, search, EXISTS (SELECT 1 FROM variants v LEFT JOIN stock s ON s.variant_id = v.id `+dropJoin+`
				WHERE v.product_id = products.id AND v.retired_at IS NULL AND v.price IS NOT NULL
				AND (NOT v.counted OR `+sellableNow+` > 0)) AS in_stock`, now, now).
			Order("business_id, id").Find(&rows).Error
		if err != nil {
			return nil, database.Err(err, "product")
		}
		all = append(all, rows...)
	}
	return all, nil
}

func rowOf(p Product) productRow {
	words := p.Title + " " + p.Section
	for _, v := range p.Variants {
		words += " " + v.SKU
	}
	var unique []string
	seen := map[string]bool{}
	for _, word := range text.Words(words) {
		if !seen[word] {
			seen[word] = true
			unique = append(unique, word)
		}
	}
	return productRow{
		ID: p.ID, BusinessID: p.BusinessID, Slug: p.Slug, Title: p.Title, Description: p.Description, Section: p.Section,
		State: p.State, Currency: p.Currency, TaxMpct: p.TaxMpct, TaxIncluded: p.TaxIncluded, LowStock: p.LowStock,
		Options: encode(p.Options), Search: strings.Join(unique, " "),
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, Version: p.Version,
	}
}

func (r productRow) product() (Product, error) {
	p := Product{
		ID: r.ID, BusinessID: r.BusinessID, Slug: r.Slug, Title: r.Title, Description: r.Description, Section: r.Section,
		State: r.State, Currency: r.Currency, TaxMpct: r.TaxMpct, TaxIncluded: r.TaxIncluded, LowStock: r.LowStock,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
	return p, decode(r.Options, &p.Options)
}

func rowOfVariant(p Product, at int) variantRow {
	v := p.Variants[at]
	row := variantRow{
		ID: v.ID, ProductID: p.ID, BusinessID: p.BusinessID, Position: int64(at), Options: encode(v.Options),
		SKU: v.SKU, Barcode: v.Barcode, Counted: v.Counted, Weight: v.Weight,
	}
	if v.Priced {
		row.Price = &v.Price.Minor
	}
	if v.CompareAt != nil {
		row.CompareAt = &v.CompareAt.Minor
	}
	return row
}

func (r stockedRow) variant(currency string, now time.Time) (Variant, error) {
	row := r.Row
	v := Variant{
		ID: row.ID, SKU: row.SKU, Barcode: row.Barcode, Price: money.New(0, currency), Weight: row.Weight,
		Counted: row.Counted, OnHand: r.OnHand, Held: r.Held, Committed: r.Committed,
	}
	if d := r.Drop.drop(); d != nil {
		v.Drop, v.Phase, v.Counted = d, d.Phase(now), true
	}
	if row.Price != nil {
		v.Price, v.Priced = money.New(*row.Price, currency), true
	}
	if row.CompareAt != nil {
		compare := money.New(*row.CompareAt, currency)
		v.CompareAt = &compare
	}
	return v, decode(row.Options, &v.Options)
}

func encode[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings only
	}
	return string(text)
}

func decode[T any](text string, list *[]T) error {
	if text == "[]" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), list); err != nil {
		return errs.New(errs.Internal, "internal", "Something went wrong on our side.").Because(fmt.Errorf("catalog: options %q: %w", text, err))
	}
	return nil
}

package order

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
	"nearby/internal/errs"
)

type cartRow struct {
	ID         string `gorm:"primaryKey"`
	Buyer      string
	BusinessID string
	CreatedAt  time.Time
	UpdatedAt  time.Time `gorm:"autoUpdateTime:false"`

	lines []cartLineRow
}

func (cartRow) TableName() string { return "carts" }

type cartLineRow struct {
	CartID    string
	VariantID string
	Qty       int64
	AddedAt   time.Time
}

func (cartLineRow) TableName() string { return "cart_lines" }

func (s store) carts(ctx context.Context, buyer string) ([]cartRow, error) {
	var rows []cartRow
	err := s.db.Conn(ctx).Where("buyer = ?", buyer).Order("updated_at DESC, id DESC").Limit(maxCarts).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, database.Err(err, "cart")
	}
	ids, at := make([]string, len(rows)), map[string]int{}
	for i, r := range rows {
		ids[i], at[r.ID] = r.ID, i
	}
	var lines []cartLineRow
	if err := s.db.Conn(ctx).Where("cart_id IN ?", ids).Order("added_at, variant_id").Find(&lines).Error; err != nil {
		return nil, database.Err(err, "cart")
	}
	for _, l := range lines {
		r := &rows[at[l.CartID]]
		r.lines = append(r.lines, l)
	}
	return rows, nil
}

func (s store) cartCount(ctx context.Context, buyer string) (int64, error) {
	var n int64
	err := s.db.Conn(ctx).Raw(`SELECT COALESCE(SUM(l.qty), 0) FROM cart_lines l JOIN carts c ON c.id = l.cart_id WHERE c.buyer = ?`, buyer).
		Scan(&n).Error
	return n, database.Err(err, "cart")
}

// setLine makes the cart if need be and writes what count makes of the line's
// present quantity.
func (s store) setLine(ctx context.Context, id, buyer, businessID, variantID string, now time.Time, count func(int64) int64) error {
	conn := s.db.Conn(ctx)
	cart := cartRow{ID: id, Buyer: buyer, BusinessID: businessID, CreatedAt: now, UpdatedAt: now}
	err := conn.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "buyer"}, {Name: "business_id"}}, DoUpdates: clause.AssignmentColumns([]string{"updated_at"}),
	}).Create(&cart).Error
	if err != nil {
		return database.Err(err, "cart")
	}
	var found cartRow
	if err := database.Locked(conn).Where("buyer = ? AND business_id = ?", buyer, businessID).Take(&found).Error; err != nil {
		return database.Err(err, "cart")
	}
	var lines []cartLineRow
	if err := conn.Where("cart_id = ?", found.ID).Find(&lines).Error; err != nil {
		return database.Err(err, "cart")
	}
	have := int64(0)
	for _, l := range lines {
		if l.VariantID == variantID {
			have = l.Qty
		}
	}
	want := count(have)
	switch {
	case want > maxQuantity:
		return badQuantity
	case have == 0 && len(lines) >= maxLines:
		return errs.New(errs.Conflict, "cart_full", "This cart is full.")
	}
	err = conn.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "cart_id"}, {Name: "variant_id"}}, DoUpdates: clause.AssignmentColumns([]string{"qty"}),
	}).Create(&cartLineRow{CartID: found.ID, VariantID: variantID, Qty: want, AddedAt: now}).Error
	return database.Err(err, "cart")
}

func (s store) removeLine(ctx context.Context, buyer, businessID, variantID string) error {
	err := s.db.Conn(ctx).Exec(`DELETE FROM cart_lines WHERE variant_id = ?
		AND cart_id IN (SELECT id FROM carts WHERE buyer = ? AND business_id = ?)`, variantID, buyer, businessID).Error
	return database.Err(err, "cart")
}

func (s store) dropCarts(ctx context.Context, buyer string) error {
	conn := s.db.Conn(ctx)
	if err := conn.Exec(`DELETE FROM cart_lines WHERE cart_id IN (SELECT id FROM carts WHERE buyer = ?)`, buyer).Error; err != nil {
		return database.Err(err, "cart")
	}
	return database.Err(conn.Exec(`DELETE FROM carts WHERE buyer = ?`, buyer).Error, "cart")
}

// emptyCart takes what an order bought out of its buyer's cart.
func (s store) emptyCart(ctx context.Context, o orderRow) error {
	err := s.db.Conn(ctx).Exec(`DELETE FROM cart_lines WHERE variant_id IN (SELECT variant_id FROM order_lines WHERE order_id = ? AND kind = 'goods')
		AND cart_id IN (SELECT id FROM carts WHERE buyer = ? AND business_id = ?)`, o.ID, o.Buyer, o.BusinessID).Error
	return database.Err(err, "cart")
}

func (s store) sweepCarts(ctx context.Context, before time.Time) error {
	err := s.db.Conn(ctx).Exec(`DELETE FROM cart_lines WHERE cart_id IN (SELECT id FROM carts WHERE updated_at < ?)`, before).Error
	if err != nil {
		return database.Err(err, "cart")
	}
	return database.Err(s.db.Conn(ctx).Exec(`DELETE FROM carts WHERE updated_at < ?`, before).Error, "cart")
}

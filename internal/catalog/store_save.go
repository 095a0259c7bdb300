package catalog

import (
	"context"
	"slices"
	"time"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

type stockRow struct {
	ID         string
	BusinessID string
	VariantID  string
	LocationID string
	OnHand     int64
	Held       int64
	Committed  int64
	Version    int64
}

func (stockRow) TableName() string { return "stock" }

type moveRow struct {
	ID         string
	StockID    string
	Kind       string
	DOnHand    int64
	DCommitted int64
	Ref        string
	ActorID    string
	Reason     string
	At         time.Time
}

func (moveRow) TableName() string { return "stock_moves" }

// mover is who moves stock, and when.
type mover struct {
	actorID string
	now     time.Time
	ids     ident.Source
}

// batch is how many rows one INSERT carries: wide rows stay below SQLite's
// bound of 32,766 values.
const batch = 500

func (st store) insert(ctx context.Context, p Product, by mover) error {
	row := rowOf(p)
	if err := st.db.Conn(ctx).Create(&row).Error; err != nil {
		return database.Err(err, "product")
	}
	if err := st.saveVariants(ctx, nil, p, by); err != nil {
		return err
	}
	return st.insertPhotos(ctx, p)
}

// save writes what differs between two states of a product.
func (st store) save(ctx context.Context, before, p Product, by mover) error {
	row := rowOf(p)
	result := st.db.Conn(ctx).Model(&productRow{}).Where("id = ? AND version = ?", p.ID, before.Version).
		Select("Title", "Description", "Section", "State", "TaxMpct", "TaxIncluded", "LowStock", "Options", "Search", "UpdatedAt", "Version").
		Updates(&row)
	if result.Error != nil {
		return database.Err(result.Error, "product")
	}
	if result.RowsAffected == 0 {
		return errs.New(errs.Precondition, "changed_meanwhile", "Somebody changed this product in the meantime. Please look at it again.")
	}
	if err := st.saveVariants(ctx, before.Variants, p, by); err != nil {
		return err
	}
	if slices.Equal(before.Photos, p.Photos) {
		return nil
	}
	if err := st.db.Conn(ctx).Where("product_id = ?", p.ID).Delete(&photoRow{}).Error; err != nil {
		return database.Err(err, "photo")
	}
	return st.insertPhotos(ctx, p)
}

func (st store) insertPhotos(ctx context.Context, p Product) error {
	if len(p.Photos) == 0 {
		return nil
	}
	rows := make([]photoRow, len(p.Photos))
	for i, photo := range p.Photos {
		rows[i] = photoRow{
			ProductID: p.ID, Hash: photo.Hash, Position: int64(i), Alt: photo.Alt,
			Width: photo.Width, Height: photo.Height, Color: photo.Color,
		}
	}
	return database.Err(st.db.Conn(ctx).Create(&rows).Error, "photo")
}

// saveVariants retires the variants that p has no more, updates those that
// differ and inserts the new ones, each with its stock.
func (st store) saveVariants(ctx context.Context, before []Variant, p Product, by mover) error {
	was := make(map[string]int, len(before))
	for i, v := range before {
		was[v.ID] = i
	}
	var fresh []variantRow
	var changed []variantRow
	var counted []Variant // whose pieces are another number now
	var freeSKUs []string
	for i, v := range p.Variants {
		at, known := was[v.ID]
		delete(was, v.ID)
		row := rowOfVariant(p, i)
		switch {
		case !known:
			fresh = append(fresh, row)
		case at != i || !sameOffer(before[at], v):
			changed = append(changed, row)
			if before[at].SKU != v.SKU {
				freeSKUs = append(freeSKUs, v.ID)
			}
		}
		if v.Counted && (!known || before[at].OnHand != v.OnHand || !before[at].Counted) {
			counted = append(counted, v)
		}
	}
	retired := make([]string, 0, len(was))
	for id := range was {
		retired = append(retired, id)
	}
	conn := st.db.Conn(ctx)
	if len(retired) > 0 {
		if err := conn.Model(&variantRow{}).Where("id IN ?", retired).Update("retired_at", by.now).Error; err != nil {
			return database.Err(err, "variant")
		}
	}
	if len(freeSKUs) > 0 { // so that two variants can swap theirs
		if err := conn.Model(&variantRow{}).Where("id IN ?", freeSKUs).Update("sku", "").Error; err != nil {
			return database.Err(err, "variant")
		}
	}
	for _, row := range changed {
		err := conn.Model(&variantRow{}).Where("id = ?", row.ID).
			Select("Position", "Options", "SKU", "Barcode", "Price", "CompareAt", "Counted", "Weight").Updates(&row).Error
		if err != nil {
			return database.Err(err, "variant")
		}
	}
	if len(fresh) > 0 {
		if err := conn.CreateInBatches(&fresh, batch).Error; err != nil {
			return database.Err(err, "variant")
		}
	}
	return st.count(ctx, p.BusinessID, counted, by)
}

// count sets the pieces of many variants at once. Like Stock.Set it never goes
// below what open orders need, and every change leaves a movement.
func (st store) count(ctx context.Context, businessID string, variants []Variant, by mover) error {
	if len(variants) == 0 {
		return nil
	}
	conn := st.db.Conn(ctx)
	var location string
	if err := conn.Table("locations").Select("id").Where("business_id = ?", businessID).Take(&location).Error; err != nil {
		return database.Err(err, "location")
	}
	ids := make([]string, len(variants))
	for i, v := range variants {
		ids[i] = v.ID
	}
	var rows []stockRow
	if err := database.Locked(conn).Where("variant_id IN ?", ids).Order("id").Find(&rows).Error; err != nil {
		return database.Err(err, "stock")
	}
	existing := make(map[string]stockRow, len(rows))
	for _, r := range rows {
		existing[r.VariantID] = r
	}
	var fresh []stockRow
	var moves []moveRow
	for _, v := range variants {
		row, known := existing[v.ID]
		change := v.OnHand - row.OnHand
		kind := "receive"
		if change < 0 {
			kind = "adjust"
		}
		if !known {
			row = stockRow{ID: by.ids(), BusinessID: businessID, VariantID: v.ID, LocationID: location, OnHand: v.OnHand, Version: 1}
			fresh = append(fresh, row)
		} else if change != 0 {
			result := conn.Exec(`UPDATE stock SET on_hand = ?, version = version + 1 WHERE id = ? AND held + committed <= ?`, v.OnHand, row.ID, v.OnHand)
			if result.Error != nil {
				return database.Err(result.Error, "stock")
			}
			if result.RowsAffected == 0 {
				return errs.New(errs.Conflict, "reserved", "Open orders need more pieces than that.")
			}
		}
		if change != 0 {
			moves = append(moves, moveRow{ID: by.ids(), StockID: row.ID, Kind: kind, DOnHand: change, ActorID: by.actorID, Reason: "catalog", At: by.now})
		}
	}
	if len(fresh) > 0 {
		if err := conn.CreateInBatches(&fresh, batch).Error; err != nil {
			return database.Err(err, "stock")
		}
	}
	if len(moves) > 0 {
		return database.Err(conn.CreateInBatches(&moves, batch).Error, "stock move")
	}
	return nil
}

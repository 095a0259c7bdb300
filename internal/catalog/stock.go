package catalog

import (
	"context"
	"slices"

	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// maxPieces bounds a count of pieces, far above any shelf.
const maxPieces = 1_000_000_000

// Level is how many pieces of a variant there are: OnHand in all, of them Held
// by orders that wait for payment and Committed to orders that are placed.
type Level struct {
	StockID    string
	BusinessID string
	VariantID  string
	OnHand     int64
	Held       int64
	Committed  int64
}

// Available is what can still be sold.
func (l Level) Available() int64 { return l.OnHand - l.Held - l.Committed }

// Stock moves pieces, always by one guarded update whose row count decides, so
// that no two orders ever get the same piece. A variant without a stock row is
// not counted and never runs out.
type Stock struct {
	db    *database.DB
	clock clock.Clock
	ids   ident.Source
	touch func(ctx context.Context, businessID string) // nil: nobody follows
	audit *audit.Log                                   // of drops that move by themselves; nil: none is kept
}

// NewStock makes a Stock over db that search does not follow; that of a Service
// is followed.
func NewStock(db *database.DB, now clock.Clock, ids ident.Source) *Stock {
	return &Stock{db: db, clock: now, ids: ids}
}

// Levels reads the counted ones of the variants, by variant id.
func (s *Stock) Levels(ctx context.Context, variantIDs []string) (map[string]Level, error) {
	levels := map[string]Level{}
	for ids := range slices.Chunk(variantIDs, 500) {
		var rows []Level
		err := s.db.Conn(ctx).Raw(`SELECT id AS stock_id, business_id, variant_id, on_hand, held, committed FROM stock WHERE variant_id IN ?`, ids).
			Scan(&rows).Error
		if err != nil {
			return nil, database.Err(err, "stock")
		}
		for _, row := range rows {
			levels[row.VariantID] = row
		}
	}
	return levels, nil
}

// Set counts the pieces of a variant: n are there now, those of open orders
// included. The first call for a variant begins to count it. Errors: Invalid
// "bad_quantity"; Conflict "reserved" when open orders need more than n.
func (s *Stock) Set(ctx context.Context, actorID, businessID, variantID string, n int64, reason string) error {
	if n < 0 || n > maxPieces {
		return errs.New(errs.Invalid, "bad_quantity", "The number of pieces must lie between 0 and a thousand million.")
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		level, err := s.row(ctx, businessID, variantID)
		if err != nil || level.OnHand == n {
			return err
		}
		done, err := s.move(ctx, n-level.OnHand, `UPDATE stock SET on_hand = ?, version = version + 1 WHERE id = ? AND held + committed <= ?`, n, level.StockID, n)
		if err != nil {
			return err
		}
		if !done {
			e := errs.New(errs.Conflict, "reserved", "Open orders need more pieces than that.")
			return e.With(map[string]any{"reserved": level.Held + level.Committed})
		}
		kind := "adjust"
		if n > level.OnHand {
			kind = "receive"
		}
		return s.note(ctx, movement{stockID: level.StockID, kind: kind, onHand: n - level.OnHand, actorID: actorID, reason: reason})
	})
}

// row locks the stock row of a variant and makes it when there is none.
func (s *Stock) row(ctx context.Context, businessID, variantID string) (Level, error) {
	conn := s.db.Conn(ctx)
	err := conn.Exec(`INSERT INTO stock (id, business_id, variant_id, location_id, on_hand, held, committed, version)
		SELECT ?, business_id, ?, id, 0, 0, 0, 1 FROM locations WHERE business_id = ?
		ON CONFLICT (variant_id, location_id) DO NOTHING`, s.ids(), variantID, businessID).Error
	if err != nil {
		return Level{}, database.Err(err, "stock")
	}
	var level Level
	lock := ""
	if s.db.IsPostgres() {
		lock = " FOR UPDATE"
	}
	err = conn.Raw(`SELECT id AS stock_id, business_id, variant_id, on_hand, held, committed FROM stock
		WHERE variant_id = ? AND business_id = ?`+lock, variantID, businessID).Scan(&level).Error
	if err == nil && level.StockID == "" {
		return Level{}, errs.Missing("business")
	}
	return level, database.Err(err, "stock")
}

// Lock keeps others from moving the rows until the transaction ends, and reads
// how many pieces of each can be sold. Rows are taken in ascending order, so
// that two transactions never wait for each other.
func (s *Stock) Lock(ctx context.Context, stockIDs []string) (map[string]int64, error) {
	if !database.InTx(ctx) {
		panic("catalog: stock locked outside a transaction")
	}
	free := map[string]int64{}
	if len(stockIDs) == 0 {
		return free, nil
	}
	var rows []struct {
		ID        string
		Available int64
	}
	err := database.Locked(s.db.Conn(ctx).Table("stock").Select("id, on_hand - held - committed AS available")).
		Where("id IN ?", stockIDs).Order("id").Scan(&rows).Error
	for _, r := range rows {
		free[r.ID] = r.Available
	}
	return free, database.Err(err, "stock")
}

// Hold keeps qty pieces for an order that waits for payment; false when there
// are not enough.
func (s *Stock) Hold(ctx context.Context, stockID string, qty int64) (bool, error) {
	return s.move(ctx, -qty, `UPDATE stock SET held = held + ?, version = version + 1 WHERE id = ? AND on_hand - held - committed >= ?`, qty, stockID, qty)
}

// Release gives held pieces back for sale.
func (s *Stock) Release(ctx context.Context, stockID string, qty int64) error {
	return s.must(ctx, "release", qty, `UPDATE stock SET held = held - ?, version = version + 1 WHERE id = ? AND held >= ?`, qty, stockID, qty)
}

// Commit turns held pieces into pieces of a placed order.
func (s *Stock) Commit(ctx context.Context, orderID, stockID string, qty int64) error {
	err := s.must(ctx, "commit", 0, `UPDATE stock SET held = held - ?, committed = committed + ?, version = version + 1 WHERE id = ? AND held >= ?`,
		qty, qty, stockID, qty)
	if err != nil {
		return err
	}
	return s.note(ctx, movement{stockID: stockID, kind: "commit", committed: qty, orderID: orderID})
}

// HandOver takes committed pieces out of the house.
func (s *Stock) HandOver(ctx context.Context, actorID, orderID, stockID string, qty int64) error {
	err := s.must(ctx, "hand over", 0, `UPDATE stock SET committed = committed - ?, on_hand = on_hand - ?, version = version + 1 WHERE id = ? AND committed >= ?`,
		qty, qty, stockID, qty)
	if err != nil {
		return err
	}
	return s.note(ctx, movement{stockID: stockID, kind: "handover", onHand: -qty, committed: -qty, orderID: orderID, actorID: actorID})
}

// Return gives committed pieces back for sale, or takes them off the shelf
// when gone is set: the order ended and they are not there after all. ref tells
// several returns of one order apart.
func (s *Stock) Return(ctx context.Context, actorID, orderID, stockID, ref string, qty int64, gone bool) error {
	m := movement{stockID: stockID, kind: "return", committed: -qty, orderID: orderID, ref: ref, actorID: actorID}
	if gone {
		m.kind, m.onHand = "loss", -qty
	}
	err := s.must(ctx, "return", qty+m.onHand, `UPDATE stock SET committed = committed - ?, on_hand = on_hand + ?, version = version + 1 WHERE id = ? AND committed >= ?`,
		qty, m.onHand, stockID, qty)
	if err != nil {
		return err
	}
	return s.note(ctx, m)
}

// move runs one guarded update in the caller's transaction; whether it found
// its row says whether it happened. freed is by how many pieces it changes what
// can be sold. Search follows only when the last piece went or the first one
// came, so the many moves of a sale in between cost it nothing.
func (s *Stock) move(ctx context.Context, freed int64, statement string, args ...any) (bool, error) {
	if !database.InTx(ctx) {
		panic("catalog: stock moves outside a transaction")
	}
	var rows []struct {
		BusinessID string
		Available  int64
	}
	err := s.db.Conn(ctx).Raw(statement+" RETURNING business_id, on_hand - held - committed AS available", args...).Scan(&rows).Error
	if err != nil || len(rows) != 1 {
		return false, database.Err(err, "stock")
	}
	after := rows[0].Available
	if before := after - freed; s.touch != nil && (before > 0) != (after > 0) {
		s.touch(ctx, rows[0].BusinessID)
	}
	return true, nil
}

// must is move for what an order already owns: failing means our books are
// wrong, and the transaction must not commit.
func (s *Stock) must(ctx context.Context, what string, freed int64, statement string, args ...any) error {
	done, err := s.move(ctx, freed, statement, args...)
	if err == nil && !done {
		return errs.New(errs.Internal, "stock_mismatch", "Something went wrong on our side.").With(map[string]any{"move": what})
	}
	return err
}

type movement struct {
	stockID, kind, orderID, ref, actorID, reason string
	onHand, committed                            int64
}

// note appends a movement. Its unique key (order, stock, kind, ref) keeps one
// order from moving the same pieces twice.
func (s *Stock) note(ctx context.Context, m movement) error {
	var orderID any
	if m.orderID != "" {
		orderID = m.orderID
	}
	err := s.db.Conn(ctx).Exec(`INSERT INTO stock_moves (id, stock_id, kind, d_on_hand, d_committed, order_id, ref, actor_id, reason, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.ids(), m.stockID, m.kind, m.onHand, m.committed, orderID, m.ref, m.actorID, m.reason, s.clock()).Error
	return database.Err(err, "stock move")
}

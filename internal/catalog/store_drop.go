package catalog

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/errs"
)

// dropRow is the drop of a joined query, all nil where there is none.
type dropRow struct {
	DropID          *string
	DropStockID     string
	DropBusinessID  string
	DropCap         int64
	DropPerBuyer    int64
	DropTaken       int64
	DropSold        int64
	DropStartsAt    *time.Time
	DropEndsAt      *time.Time
	DropAtPickup    bool
	DropState       DropState
	DropFirstSoldAt *time.Time
	DropSoldOutAt   *time.Time
}

// dropColumns are those of the drop d in a query that scans a dropRow, and
// dropJoin finds it: the one of the stock row s that is not closed.
const (
	dropColumns = `d.id AS drop_id, COALESCE(d.stock_id, '') AS drop_stock_id, COALESCE(d.business_id, '') AS drop_business_id, COALESCE(d.cap, 0) AS drop_cap, COALESCE(d.per_buyer_cap, 0) AS drop_per_buyer,
		COALESCE(d.taken, 0) AS drop_taken, COALESCE(d.sold, 0) AS drop_sold, d.starts_at AS drop_starts_at, d.ends_at AS drop_ends_at,
		COALESCE(d.at_pickup, FALSE) AS drop_at_pickup, COALESCE(d.state, '') AS drop_state, d.first_sold_at AS drop_first_sold_at,
		d.sold_out_at AS drop_sold_out_at`
	dropJoin = `LEFT JOIN drops AS d ON d.stock_id = s.id AND d.state <> 'closed'`
)

// sellableNow is how many pieces of the stock row s can be sold at a moment,
// which is asked for twice, with the drop d or without one.
const sellableNow = `CASE WHEN d.id IS NULL THEN s.on_hand - s.held - s.committed WHEN d.starts_at > ? OR d.ends_at <= ? THEN 0
	WHEN d.cap - d.taken < s.on_hand - s.held - s.committed THEN d.cap - d.taken ELSE s.on_hand - s.held - s.committed END`

func (r dropRow) drop() *Drop {
	if r.DropID == nil {
		return nil
	}
	return &Drop{
		ID: *r.DropID, BusinessID: r.DropBusinessID, StockID: r.DropStockID, Cap: r.DropCap, PerBuyer: r.DropPerBuyer, Taken: r.DropTaken, Sold: r.DropSold, StartsAt: r.DropStartsAt.UTC(),
		EndsAt: utc(r.DropEndsAt), AtPickup: r.DropAtPickup, State: r.DropState, FirstSoldAt: utc(r.DropFirstSoldAt), GoneAt: utc(r.DropSoldOutAt),
	}
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	u := at.UTC()
	return &u
}

// Drops reads drops as they stand, also closed ones. In a transaction that
// holds the locks of their stock rows nobody else changes them.
func (s *Stock) Drops(ctx context.Context, ids []string) (map[string]Drop, error) {
	drops := map[string]Drop{}
	if len(ids) == 0 {
		return drops, nil
	}
	var rows []dropRow
	err := s.db.Conn(ctx).Raw(`SELECT `+dropColumns+` FROM drops AS d WHERE d.id IN ?`, ids).Scan(&rows).Error
	for _, r := range rows {
		drops[*r.DropID] = *r.drop()
	}
	return drops, database.Err(err, "drop")
}

// TakenBy is how many pieces of each drop the buyers have, held or bought, by
// drop and buyer.
func (s *Stock) TakenBy(ctx context.Context, dropIDs, buyers []string) (map[string]map[string]int64, error) {
	taken := map[string]map[string]int64{}
	for _, id := range dropIDs {
		taken[id] = map[string]int64{}
	}
	if len(dropIDs) == 0 || len(buyers) == 0 {
		return taken, nil
	}
	var rows []struct {
		DropID string
		Buyer  string
		Taken  int64
	}
	err := s.db.Conn(ctx).Raw(`SELECT drop_id, buyer, taken FROM drop_buyers WHERE drop_id IN ? AND buyer IN ?`, dropIDs, buyers).Scan(&rows).Error
	for _, r := range rows {
		taken[r.DropID][r.Buyer] = r.Taken
	}
	return taken, database.Err(err, "drop")
}

// TakeDrop counts new holds of a drop, pieces by buyer, in the transaction that
// holds them and its stock row. False, and the transaction must not commit, when
// they exceed a cap: the callers have looked, and the database has the last word.
func (s *Stock) TakeDrop(ctx context.Context, id string, buyers map[string]int64) (bool, error) {
	d, err := s.dropOf(ctx, id)
	if err != nil {
		return false, err
	}
	n := int64(0)
	for _, pieces := range buyers {
		if n += pieces; pieces > d.PerBuyer {
			return false, nil
		}
	}
	event, gone := DropTake, any(nil)
	if d.Taken+n == d.Cap {
		event, gone = DropEmpty, s.clock()
	}
	ok, err := s.moveDrop(ctx, d, event, `taken = taken + ?, sold_out_at = ?`, []any{n, gone}, `taken + ? <= cap`, n)
	if err != nil || !ok {
		return false, err
	}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(buyers)), batch) {
		var args []any
		for _, buyer := range chunk {
			args = append(args, id, buyer, buyers[buyer])
		}
		rows := strings.Repeat(", (?, ?, ?)", len(chunk))[2:]
		result := s.db.Conn(ctx).Exec(`INSERT INTO drop_buyers (drop_id, buyer, taken) VALUES `+rows+` ON CONFLICT (drop_id, buyer)
			DO UPDATE SET taken = drop_buyers.taken + excluded.taken WHERE drop_buyers.taken + excluded.taken <= ?`, append(args, d.PerBuyer)...)
		if result.Error != nil || result.RowsAffected != int64(len(chunk)) {
			return false, database.Err(result.Error, "drop")
		}
	}
	return true, nil
}

// SellDrop notes that taken pieces belong to a placed order now.
func (s *Stock) SellDrop(ctx context.Context, id string, n int64) error {
	result := s.db.Conn(ctx).Exec(`UPDATE drops SET sold = sold + ?, first_sold_at = COALESCE(first_sold_at, ?) WHERE id = ? AND sold + ? <= taken`,
		n, s.clock(), id, n)
	return onlyOne(result.RowsAffected, result.Error, "sell of a drop")
}

// GiveBackDrop gives a buyer's pieces back to a drop, to whoever comes next:
// held ones, or with sold those of a placed order.
func (s *Stock) GiveBackDrop(ctx context.Context, id, buyer string, n int64, sold bool) error {
	d, err := s.dropOf(ctx, id)
	if err != nil {
		return err
	}
	bought := int64(0)
	if sold {
		bought = n
	}
	ok, err := s.moveDrop(ctx, d, DropReturn, `taken = taken - ?, sold = sold - ?, sold_out_at = NULL`, []any{n, bought}, `taken - sold >= ? AND sold >= ?`, n-bought, bought)
	if err != nil {
		return err
	}
	if !ok {
		return onlyOne(0, nil, "return to a drop")
	}
	result := s.db.Conn(ctx).Exec(`UPDATE drop_buyers SET taken = taken - ? WHERE drop_id = ? AND buyer = ? AND taken >= ?`, n, id, buyer, n)
	return onlyOne(result.RowsAffected, result.Error, "return by a buyer")
}

// onlyOne is the error of a guarded update that had to find its one row.
func onlyOne(rows int64, err error, what string) error {
	if err == nil && rows != 1 {
		return errs.New(errs.Internal, "stock_mismatch", "Something went wrong on our side.").With(map[string]any{"move": what})
	}
	return database.Err(err, "drop")
}

// dropOf reads a drop whose stock row the transaction holds.
func (s *Stock) dropOf(ctx context.Context, id string) (Drop, error) {
	if !database.InTx(ctx) {
		panic("catalog: a drop moves outside a transaction")
	}
	drops, err := s.Drops(ctx, []string{id})
	if err != nil {
		return Drop{}, err
	}
	d, known := drops[id]
	if !known {
		return Drop{}, errs.Missing("drop")
	}
	return d, nil
}

// moveDrop moves the figures of a drop that the transaction has read under the
// lock of its stock row; false when the guard forbids it. A new state is
// audited, and search follows it.
func (s *Stock) moveDrop(ctx context.Context, d Drop, event DropEvent, set string, args []any, guard string, guards ...any) (bool, error) {
	next, err := DropLife.Next(d.State, event, account.System)
	if err != nil {
		return false, err
	}
	args = append(append(append(args, next, d.ID), d.State), guards...)
	result := s.db.Conn(ctx).Exec(`UPDATE drops SET `+set+`, state = ? WHERE id = ? AND state = ? AND `+guard, args...)
	if result.Error != nil || result.RowsAffected != 1 || next == d.State {
		return result.RowsAffected == 1, database.Err(result.Error, "drop")
	}
	return true, s.dropMoved(ctx, audit.System, "drop."+string(event), d, map[string]any{"from": d.State, "to": next})
}

// dropMoved audits a change of a drop and has search follow.
func (s *Stock) dropMoved(ctx context.Context, actor audit.Actor, action string, d Drop, detail map[string]any) error {
	if s.touch != nil {
		s.touch(ctx, d.BusinessID)
	}
	if s.audit == nil {
		return nil
	}
	return s.audit.Add(ctx, audit.Entry{Actor: actor, Action: action, Object: "drop", ObjectID: d.ID, BusinessID: d.BusinessID, Detail: detail})
}

func (st store) insertDrop(ctx context.Context, d Drop) error {
	err := st.db.Conn(ctx).Exec(`INSERT INTO drops (id, business_id, stock_id, cap, per_buyer_cap, taken, sold, starts_at, ends_at, at_pickup, state)
		VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?)`,
		d.ID, d.BusinessID, d.StockID, d.Cap, d.PerBuyer, d.StartsAt, d.EndsAt, d.AtPickup, d.State).Error
	return database.Err(err, "drop")
}

// updateDrop writes what an owner may change; taken is what the change was
// decided on.
func (st store) updateDrop(ctx context.Context, d Drop, taken int64) error {
	result := st.db.Conn(ctx).Exec(`UPDATE drops SET cap = ?, per_buyer_cap = ?, starts_at = ?, ends_at = ?, at_pickup = ?, state = ?, sold_out_at = ?
		WHERE id = ? AND taken = ? AND state <> 'closed'`,
		d.Cap, d.PerBuyer, d.StartsAt, d.EndsAt, d.AtPickup, d.State, d.GoneAt, d.ID, taken)
	return onlyOne(result.RowsAffected, result.Error, "change of a drop")
}

func (st store) closeDrop(ctx context.Context, d Drop, to DropState) error {
	result := st.db.Conn(ctx).Exec(`UPDATE drops SET state = ? WHERE id = ? AND state = ?`, to, d.ID, d.State)
	return onlyOne(result.RowsAffected, result.Error, "close of a drop")
}

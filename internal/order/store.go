package order

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
	"nearby/internal/errs"
)

type store struct{ db *database.DB }

// trade is one order with its payments, all locked by this transaction in the
// order payments, order.
type trade struct {
	order orderRow
	pays  []payRow // ascending by attempt
}

// live is the payment that can still bring money or has; nil when there is none.
func (t *trade) live() *payRow {
	for i := range t.pays {
		if t.pays[i].State.live() {
			return &t.pays[i]
		}
	}
	return nil
}

func (t *trade) pay(id string) *payRow {
	for i := range t.pays {
		if t.pays[i].ID == id {
			return &t.pays[i]
		}
	}
	return nil
}

func (t *trade) last() *payRow {
	if len(t.pays) == 0 {
		return nil
	}
	return &t.pays[len(t.pays)-1]
}

// lock reads an order and its payments for a change. The payments are read again
// once the order is held: another attempt may have been begun while this one
// waited for the locks.
func (s store) lock(ctx context.Context, orderID string) (*trade, error) {
	conn := s.db.Conn(ctx)
	t := &trade{}
	if s.db.IsPostgres() {
		if err := conn.Exec("SELECT 1 FROM payments WHERE order_id = ? ORDER BY attempt FOR UPDATE", orderID).Error; err != nil {
			return nil, database.Err(err, "payment")
		}
	}
	if err := database.Locked(conn).Where("id = ?", orderID).Take(&t.order).Error; err != nil {
		return nil, database.Err(err, "order")
	}
	err := database.Locked(conn).Where("order_id = ?", orderID).Order("attempt").Find(&t.pays).Error
	return t, database.Err(err, "payment")
}

// lockPlacing keeps the business from changing its mind until this transaction
// ends: a suspension that was acknowledged lets no order through, and one that
// comes later finds the order.
func (s store) lockPlacing(ctx context.Context, businessID string) error {
	if !s.db.IsPostgres() {
		return nil // one writer at a time
	}
	err := s.db.Conn(ctx).Exec("SELECT 1 FROM businesses WHERE id = ? FOR SHARE", businessID).Error
	return database.Err(err, "business")
}

// made finds the orders that the buyers' tokens made already.
func (s store) made(ctx context.Context, keys [][]any) ([]orderRow, error) {
	var rows []orderRow
	err := s.db.Conn(ctx).Select("id, buyer, client_token, request_hash").Where("(buyer, client_token) IN ?", keys).Find(&rows).Error
	return rows, database.Err(err, "order")
}

func (s store) byToken(ctx context.Context, buyer, token string) (orderRow, error) {
	var r orderRow
	err := s.db.Conn(ctx).Where("buyer = ? AND client_token = ?", buyer, token).Take(&r).Error
	return r, database.Err(err, "order")
}

// insert writes new orders with everything that belongs to them.
func (s store) insert(ctx context.Context, orders []orderRow, lines []lineRow, reservations []reservationRow, pays []payRow) error {
	conn := s.db.Conn(ctx)
	if err := conn.CreateInBatches(&orders, insertRows).Error; err != nil {
		return database.Err(err, "order")
	}
	if err := conn.CreateInBatches(&lines, insertRows).Error; err != nil {
		return database.Err(err, "order line")
	}
	if len(reservations) > 0 {
		if err := conn.CreateInBatches(&reservations, insertRows).Error; err != nil {
			return database.Err(err, "reservation")
		}
	}
	if len(pays) == 0 {
		return nil
	}
	return database.Err(conn.CreateInBatches(&pays, insertRows).Error, "payment")
}

// insertRows keeps a statement below the number of values a database takes.
const insertRows = 200

func (s store) insertPay(ctx context.Context, p payRow) error {
	return database.Err(s.db.Conn(ctx).Create(&p).Error, "payment")
}

// waiting counts the unpaid orders of each buyer by the way to pay.
func (s store) waiting(ctx context.Context, buyers []string) (map[string]map[Method]int64, error) {
	var rows []struct {
		Buyer  string
		Method Method
		N      int64
	}
	err := s.db.Conn(ctx).Model(&orderRow{}).Select("buyer, method, COUNT(*) AS n").Where("buyer IN ?", buyers).
		Where("method = ? AND state IN ? OR method = ? AND state IN ?", Card, []State{PendingPayment, Expiring}, Counter, []State{Placed, Accepted, Preparing, Ready}).
		Group("buyer, method").Scan(&rows).Error
	counts := map[string]map[Method]int64{}
	for _, r := range rows {
		if counts[r.Buyer] == nil {
			counts[r.Buyer] = map[Method]int64{}
		}
		counts[r.Buyer][r.Method] = r.N
	}
	return counts, database.Err(err, "order")
}

// holding are the buyers who hold unpaid pieces of a drop, by drop.
func (s store) holding(ctx context.Context, dropIDs, buyers []string) (map[string]map[string]bool, error) {
	var rows []reservationRow
	err := s.db.Conn(ctx).Select("DISTINCT drop_id, buyer").Where("state = 'active' AND drop_id IN ? AND buyer IN ?", dropIDs, buyers).Find(&rows).Error
	who := map[string]map[string]bool{}
	for _, r := range rows {
		who[*r.DropID] = also(who[*r.DropID], r.Buyer)
	}
	return who, database.Err(err, "reservation")
}

// update changes columns of a locked order and counts its version on. No row
// means that the lock was not held: a fault of the program.
func (s store) update(ctx context.Context, r *orderRow, set map[string]any) error {
	set["version"] = r.Version + 1
	result := s.db.Conn(ctx).Model(&orderRow{}).Where("id = ? AND version = ?", r.ID, r.Version).Updates(set)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "order_not_locked", "Something went wrong on our side.")
	}
	r.Version++
	return database.Err(result.Error, "order")
}

func (s store) updatePay(ctx context.Context, p *payRow, set map[string]any) error {
	set["version"] = p.Version + 1
	result := s.db.Conn(ctx).Model(&payRow{}).Where("id = ? AND version = ?", p.ID, p.Version).Updates(set)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "payment_not_locked", "Something went wrong on our side.")
	}
	p.Version++
	return database.Err(result.Error, "payment")
}

func (s store) pay(ctx context.Context, id string) (payRow, error) {
	var p payRow
	err := s.db.Conn(ctx).Where("id = ?", id).Take(&p).Error
	return p, database.Err(err, "payment")
}

// payBy finds a payment by a provider's id under its account; column is one of
// session_id, payment_intent_id, charge_id.
func (s store) payBy(ctx context.Context, column, account, id string) (payRow, error) {
	var p payRow
	err := s.db.Conn(ctx).Where(clause.Eq{Column: clause.Column{Name: column}, Value: id}).Where("account = ?", account).Take(&p).Error
	return p, database.Err(err, "payment")
}

func (s store) payments(ctx context.Context, orderID string) ([]payRow, error) {
	var rows []payRow
	err := s.db.Conn(ctx).Where("order_id = ?", orderID).Order("attempt").Find(&rows).Error
	return rows, database.Err(err, "payment")
}

// freeze stores what is sent for a payment, once for its gen; false when it is
// stored already.
func (s store) freeze(ctx context.Context, p payRow, params string, sent, expires, check time.Time) (bool, error) {
	result := s.db.Conn(ctx).Model(&payRow{}).Where("id = ? AND gen = ? AND state = ? AND params_json IS NULL", p.ID, p.Gen, Creating).
		Updates(map[string]any{"params_json": params, "sent_at": sent, "expires_at": expires, "next_check_at": check, "version": p.Version + 1})
	return result.RowsAffected == 1, database.Err(result.Error, "payment")
}

// number is the business's next order number. Taken last in the transaction
// that places the order, it leaves no gaps.
func (s store) number(ctx context.Context, businessID string) (int64, error) {
	var n int64
	err := s.db.Conn(ctx).Raw(`INSERT INTO order_numbers (business_id, next) VALUES (?, 2)
		ON CONFLICT (business_id) DO UPDATE SET next = order_numbers.next + 1 RETURNING next - 1`, businessID).Scan(&n).Error
	return n, database.Err(err, "order number")
}

// reservations lists an order's holds by ascending stock id, the order in
// which stock rows are taken.
func (s store) reservations(ctx context.Context, orderID string) ([]reservationRow, error) {
	var rows []reservationRow
	err := database.Locked(s.db.Conn(ctx)).Where("order_id = ?", orderID).Order("stock_id").Find(&rows).Error
	return rows, database.Err(err, "reservation")
}

// endReservation moves a hold on; it must be in the state from.
func (s store) endReservation(ctx context.Context, r reservationRow, from, to, reason string, now time.Time) error {
	result := s.db.Conn(ctx).Model(&reservationRow{}).Where("order_id = ? AND stock_id = ? AND state = ?", r.OrderID, r.StockID, from).
		Updates(map[string]any{"state": to, "ended_at": now, "end_reason": reason})
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "reservation_moved", "Something went wrong on our side.")
	}
	return database.Err(result.Error, "reservation")
}

func (s store) lines(ctx context.Context, orderID string) ([]lineRow, error) {
	var rows []lineRow
	err := s.db.Conn(ctx).Where("order_id = ?", orderID).Order("n").Find(&rows).Error
	return rows, database.Err(err, "order line")
}

// takeOff notes that pieces of a line will not be handed over; uncharged, that
// no money is taken for them either. The line must be as it was read.
func (s store) takeOff(ctx context.Context, l lineRow, qty int64, uncharged bool) error {
	set := map[string]any{"qty_accepted": l.QtyAccepted - qty}
	if uncharged {
		set["qty_charged"] = l.QtyCharged - qty
	}
	result := s.db.Conn(ctx).Model(&lineRow{}).
		Where("order_id = ? AND n = ? AND qty_accepted = ? AND qty_charged = ?", l.OrderID, l.N, l.QtyAccepted, l.QtyCharged).Updates(set)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "line_not_locked", "Something went wrong on our side.")
	}
	return database.Err(result.Error, "order line")
}

// returned notes that pieces of a placed order went back to the shelf.
func (s store) returned(ctx context.Context, r reservationRow, qty int64) error {
	result := s.db.Conn(ctx).Exec(`UPDATE reservations SET returned = returned + ?
		WHERE order_id = ? AND stock_id = ? AND state = 'consumed' AND returned + ? <= qty`, qty, r.OrderID, r.StockID, qty)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "reservation_moved", "Something went wrong on our side.")
	}
	return database.Err(result.Error, "reservation")
}

// handed notes that all units of an order's goods left the house.
func (s store) handed(ctx context.Context, orderID string) error {
	err := s.db.Conn(ctx).Model(&lineRow{}).Where("order_id = ?", orderID).Update("qty_handed", clause.Column{Name: "qty_accepted"}).Error
	return database.Err(err, "order line")
}

// feeRule finds the operator's share for a business: its own rule, its
// category's, the default, or none.
func (s store) feeRule(ctx context.Context, businessID, category, currency string, now time.Time) (feeRule, error) {
	var rows []struct {
		ID            string
		Bps           int64
		Fixed         int64
		FixedCurrency *string
		Base          string
	}
	err := s.db.Conn(ctx).Table("fee_rules").
		Where("valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)", now, now).
		Where("(scope = 'business' AND scope_id = ?) OR (scope = 'category' AND scope_id = ?) OR scope = 'default'", businessID, category).
		Order("CASE scope WHEN 'business' THEN 1 WHEN 'category' THEN 2 ELSE 3 END, valid_from DESC").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return feeRule{Base: "goods"}, database.Err(err, "fee rule")
	}
	r := feeRule{ID: rows[0].ID, Bps: rows[0].Bps, Fixed: rows[0].Fixed, Base: rows[0].Base}
	if value(rows[0].FixedCurrency) != currency {
		r.Fixed = 0
	}
	return r, nil
}

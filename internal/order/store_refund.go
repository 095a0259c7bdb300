package order

import (
	"context"
	"time"

	"nearby/internal/database"
	"nearby/internal/errs"
)

// claimRefund reserves an amount of a payment for a refund; false when there
// is not so much left. It is what keeps two refunds from giving back the same
// money.
func (s store) claimRefund(ctx context.Context, p *payRow, amount int64) (bool, error) {
	result := s.db.Conn(ctx).Exec(`UPDATE payments SET refund_reserved = refund_reserved + ?, version = version + 1
		WHERE id = ? AND state IN ('paid', 'late', 'collected') AND captured - refund_reserved >= ?`, amount, p.ID, amount)
	if result.Error == nil && result.RowsAffected == 1 {
		p.Version++
		return true, nil
	}
	return false, database.Err(result.Error, "payment")
}

// claimLine moves a refund's share of a line: sign 1 claims it, −1 gives it
// back. No more goes back of a line than was charged for it.
func (s store) claimLine(ctx context.Context, orderID string, part refundLineRow, sign int64) error {
	result := s.db.Conn(ctx).Exec(`UPDATE order_lines SET refunded = refunded + ?, qty_refunded = qty_refunded + ?
		WHERE order_id = ? AND n = ? AND refunded + ? BETWEEN 0 AND total AND qty_refunded + ? BETWEEN 0 AND qty_charged`,
		sign*part.Amount, sign*part.Qty, orderID, part.LineN, sign*part.Amount, sign*part.Qty)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Conflict, "nothing_to_refund", "This line has been given back already.")
	}
	return database.Err(result.Error, "order line")
}

func (s store) insertRefund(ctx context.Context, r refundRow, parts []refundLineRow) error {
	if err := s.db.Conn(ctx).Create(&r).Error; err != nil {
		return database.Err(err, "refund")
	}
	if len(parts) == 0 {
		return nil
	}
	return database.Err(s.db.Conn(ctx).Create(&parts).Error, "refund")
}

// refundAsked reports whether a request with this token was granted already.
func (s store) refundAsked(ctx context.Context, token string) (bool, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&refundRow{}).Where("client_token = ?", token).Count(&n).Error
	return n > 0, database.Err(err, "refund")
}

// flagged counts the orders with one of the flags.
func (s store) flagged(ctx context.Context, flags []string) (int64, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&orderRow{}).Where("flag <> '' AND flag IN ?", flags).Count(&n).Error
	return n, database.Err(err, "order")
}

func (s store) refund(ctx context.Context, id string) (refundRow, error) {
	var r refundRow
	err := s.db.Conn(ctx).Where("id = ?", id).Take(&r).Error
	return r, database.Err(err, "refund")
}

func (s store) lockRefund(ctx context.Context, id string) (refundRow, error) {
	var r refundRow
	err := database.Locked(s.db.Conn(ctx)).Where("id = ?", id).Take(&r).Error
	return r, database.Err(err, "refund")
}

// refundBy finds a refund of a payment by our id in its metadata, or by the
// provider's.
func (s store) refundBy(ctx context.Context, payID, ours, account, theirs string) (refundRow, error) {
	var r refundRow
	err := s.db.Conn(ctx).Where("payment_id = ? AND (id = ? OR (account = ? AND stripe_id = ?))", payID, ours, account, theirs).Take(&r).Error
	return r, database.Err(err, "refund")
}

// refundOf finds a refund by the provider's id; without one it is empty.
func (s store) refundOf(ctx context.Context, account, theirs string) (refundRow, error) {
	var rows []refundRow
	err := s.db.Conn(ctx).Where("account = ? AND stripe_id = ?", account, theirs).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return refundRow{}, database.Err(err, "refund")
	}
	return rows[0], nil
}

func (s store) refundLines(ctx context.Context, id string) ([]refundLineRow, error) {
	var rows []refundLineRow
	err := s.db.Conn(ctx).Where("refund_id = ?", id).Order("line_n").Find(&rows).Error
	return rows, database.Err(err, "refund")
}

func (s store) updateRefund(ctx context.Context, r *refundRow, set map[string]any) error {
	set["version"] = r.Version + 1
	result := s.db.Conn(ctx).Model(&refundRow{}).Where("id = ? AND version = ?", r.ID, r.Version).Updates(set)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "refund_not_locked", "Something went wrong on our side.")
	}
	r.Version++
	return database.Err(result.Error, "refund")
}

// dueRefunds lists refunds whose next step is due, oldest first; orderID ""
// means those of all orders.
func (s store) dueRefunds(ctx context.Context, orderID string, now time.Time, limit int) ([]refundRow, error) {
	query := s.db.Conn(ctx).Where("next_check_at <= ?", now)
	if orderID != "" {
		query = query.Where("payment_id IN (SELECT id FROM payments WHERE order_id = ?)", orderID)
	}
	var rows []refundRow
	err := query.Order("next_check_at").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "refund")
}

package order

import (
	"context"
	"time"

	"nearby/internal/database"
)

func (s store) order(ctx context.Context, id string) (orderRow, error) {
	var r orderRow
	err := s.db.Conn(ctx).Where("id = ?", id).Take(&r).Error
	return r, database.Err(err, "order")
}

// whole reads everything about the orders that pages show.
func (s store) whole(ctx context.Context, rows []orderRow) ([]Order, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	conn := s.db.Conn(ctx)
	var lines []lineRow
	if err := conn.Where("order_id IN ?", ids).Order("order_id, n").Find(&lines).Error; err != nil {
		return nil, database.Err(err, "order line")
	}
	var pays []payRow
	if err := conn.Where("order_id IN ?", ids).Order("order_id, attempt").Find(&pays).Error; err != nil {
		return nil, database.Err(err, "payment")
	}
	var refunds []refundRow
	err := conn.Where("payment_id IN (SELECT id FROM payments WHERE order_id IN ?)", ids).Order("created_at, id").Find(&refunds).Error
	if err != nil {
		return nil, database.Err(err, "refund")
	}
	partsOf := map[string][]refundLineRow{}
	if len(refunds) > 0 {
		refundIDs := make([]string, len(refunds))
		for i, f := range refunds {
			refundIDs[i] = f.ID
		}
		var parts []refundLineRow
		if err := conn.Where("refund_id IN ?", refundIDs).Order("refund_id, line_n").Find(&parts).Error; err != nil {
			return nil, database.Err(err, "refund")
		}
		for _, part := range parts {
			partsOf[part.RefundID] = append(partsOf[part.RefundID], part)
		}
	}
	invoiceOf := map[string]int64{}
	var invoices []invoiceRow
	if err := conn.Where("order_id IN ?", ids).Find(&invoices).Error; err != nil {
		return nil, database.Err(err, "invoice")
	}
	for _, invoice := range invoices {
		invoiceOf[invoice.OrderID] = invoice.Number
	}
	orderOf := map[string]string{}
	linesOf, paysOf, refundsOf := map[string][]lineRow{}, map[string][]payRow{}, map[string][]refundRow{}
	for _, l := range lines {
		linesOf[l.OrderID] = append(linesOf[l.OrderID], l)
	}
	for _, p := range pays {
		paysOf[p.OrderID] = append(paysOf[p.OrderID], p)
		orderOf[p.ID] = p.OrderID
	}
	for _, f := range refunds {
		id := orderOf[f.PaymentID]
		refundsOf[id] = append(refundsOf[id], f)
	}
	orders := make([]Order, len(rows))
	for i, r := range rows {
		orders[i] = r.order(linesOf[r.ID], paysOf[r.ID], refundsOf[r.ID], partsOf)
		orders[i].Invoice = invoiceOf[r.ID]
	}
	return orders, nil
}

// list pages through orders, newest first, after the order with the id of the
// cursor.
func (s store) list(ctx context.Context, column, id string, states []State, after string, limit int) ([]orderRow, error) {
	where := map[string]string{"business": "business_id = ?", "buyer": "buyer = ?"}[column]
	query := s.db.Conn(ctx).Where(where, id)
	if len(states) > 0 {
		query = query.Where("state IN ?", states)
	}
	if after != "" {
		query = query.Where("id < ?", after)
	}
	var rows []orderRow
	err := query.Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "order")
}

// counts says how many orders of a business are in each state.
func (s store) counts(ctx context.Context, businessID string) (map[State]int64, error) {
	var rows []struct {
		State State
		N     int64
	}
	err := s.db.Conn(ctx).Model(&orderRow{}).Select("state, COUNT(*) AS n").Where("business_id = ?", businessID).Group("state").Scan(&rows).Error
	counts := map[State]int64{}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, database.Err(err, "order")
}

// byCode finds the ready order that a pickup code belongs to.
func (s store) byCode(ctx context.Context, businessID, hash string) ([]orderRow, error) {
	var rows []orderRow
	err := s.db.Conn(ctx).Where("business_id = ? AND pickup_code_hash = ? AND state IN ?", businessID, hash, []State{Ready, OutForDelivery}).
		Order("id").Limit(2).Find(&rows).Error
	return rows, database.Err(err, "order")
}

// pendingOf lists a business's orders that wait for payment.
func (s store) pendingOf(ctx context.Context, businessID string) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&orderRow{}).Where("business_id = ? AND state = ?", businessID, PendingPayment).Order("id").Pluck("id", &ids).Error
	return ids, database.Err(err, "order")
}

// duePays lists payments whose next look is due, oldest first.
func (s store) duePays(ctx context.Context, now time.Time, limit int) ([]payRow, error) {
	var rows []payRow
	err := s.db.Conn(ctx).Where("next_check_at <= ?", now).Order("next_check_at").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "payment")
}

// overdue lists placed orders that the business should have accepted by now.
func (s store) overdue(ctx context.Context, now time.Time, limit int) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&orderRow{}).Where("state = ? AND accept_by <= ?", Placed, now).Order("accept_by").Limit(limit).Pluck("id", &ids).Error
	return ids, database.Err(err, "order")
}

// claim moves the next look of a payment or refund on, so that one process has
// it; false when another was first.
func (s store) claim(ctx context.Context, model any, id string, was, until time.Time) (bool, error) {
	mine := false
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		result := s.db.Conn(ctx).Model(model).Where("id = ? AND next_check_at = ?", id, was).Update("next_check_at", until)
		mine = result.RowsAffected == 1
		return database.Err(result.Error, "payment")
	})
	return mine, err
}

// nextDue is when the next payment, refund or dispute wants a look; zero when none does.
func (s store) nextDue(ctx context.Context) (time.Time, error) {
	var next time.Time
	for _, model := range []any{&payRow{}, &refundRow{}, &disputeRow{}} {
		var found []time.Time
		err := s.db.Conn(ctx).Model(model).Where("next_check_at IS NOT NULL").Order("next_check_at").Limit(1).Pluck("next_check_at", &found).Error
		if err != nil {
			return time.Time{}, database.Err(err, "payment")
		}
		if len(found) > 0 && (next.IsZero() || found[0].Before(next)) {
			next = found[0]
		}
	}
	return next, nil
}

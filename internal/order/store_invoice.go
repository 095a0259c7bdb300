package order

import (
	"context"
	"time"

	"nearby/internal/database"
)

type invoiceRow struct {
	BusinessID string
	Number     int64
	OrderID    string
	IssuedAt   time.Time
}

func (invoiceRow) TableName() string { return "invoices" }

// issue writes the invoice of an order under the business's next number, which
// stays locked until the transaction ends.
func (s store) issue(ctx context.Context, businessID, orderID string, now time.Time) error {
	var n int64
	err := s.db.Conn(ctx).Raw(`INSERT INTO invoice_numbers (business_id, next) VALUES (?, 2)
		ON CONFLICT (business_id) DO UPDATE SET next = invoice_numbers.next + 1 RETURNING next - 1`, businessID).Scan(&n).Error
	if err != nil {
		return database.Err(err, "invoice")
	}
	return database.Err(s.db.Conn(ctx).Create(&invoiceRow{businessID, n, orderID, now}).Error, "invoice")
}

func (s store) invoice(ctx context.Context, orderID string) (invoiceRow, error) {
	var r invoiceRow
	err := s.db.Conn(ctx).Where("order_id = ?", orderID).Take(&r).Error
	return r, database.Err(err, "invoice")
}

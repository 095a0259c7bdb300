package ledger

import (
	"context"
	"time"

	"nearby/internal/database"
	"nearby/internal/money"
)

// own are the books that belong to the business.
var own = []Book{Balance, Till}

func (l *Ledger) takings(ctx context.Context, businessID string, from, until time.Time) ([]Taking, error) {
	var rows []row
	err := l.db.Conn(ctx).Where("business_id = ? AND at >= ? AND at < ?", businessID, from, until).
		Where("kind IN ? AND book IN ?", []Kind{Sale, CounterSale}, own).Order("at, entry_id").Find(&rows).Error
	list := make([]Taking, len(rows))
	for i, r := range rows {
		list[i] = Taking{At: r.At, Amount: money.New(r.Amount, r.Currency)}
		if r.OrderID != nil {
			list[i].OrderID = *r.OrderID
		}
	}
	return list, database.Err(err, "ledger entry")
}

func (l *Ledger) totals(ctx context.Context, orderIDs []string) (map[string][]Total, error) {
	var rows []struct {
		OrderID  string
		Kind     Kind
		Currency string
		Minor    int64
	}
	err := l.db.Conn(ctx).Model(&row{}).Select("order_id, kind, currency, SUM(amount) AS minor").
		Where("order_id IN ? AND book IN ?", orderIDs, own).Group("order_id, kind, currency").Order("order_id, kind, currency").Scan(&rows).Error
	if err != nil {
		return nil, database.Err(err, "ledger entry")
	}
	totals := map[string][]Total{}
	for _, r := range rows {
		totals[r.OrderID] = append(totals[r.OrderID], Total{Kind: r.Kind, Amount: money.New(r.Minor, r.Currency)})
	}
	return totals, nil
}

func (l *Ledger) ofAccount(ctx context.Context, account string, from, until time.Time) ([]Booking, error) {
	var rows []row
	err := l.db.Conn(ctx).Where("account = ? AND book = ? AND kind IN ? AND at >= ? AND at < ?", account, Balance, []Kind{Sale, Refund, RefundFailed}, from, until).
		Order("at, entry_id").Limit(maxBookings).Find(&rows).Error
	list := make([]Booking, len(rows))
	for i, r := range rows {
		list[i] = Booking{Kind: r.Kind, SourceID: r.SourceID, Amount: money.New(r.Amount, r.Currency)}
		if r.OrderID != nil {
			list[i].OrderID = *r.OrderID
		}
	}
	return list, database.Err(err, "ledger entry")
}

func (l *Ledger) ofSources(ctx context.Context, account string, sources []string) (map[Kind]money.Amount, error) {
	var rows []struct {
		Kind     Kind
		Currency string
		Minor    int64
	}
	err := l.db.Conn(ctx).Model(&row{}).Select("kind, currency, SUM(amount) AS minor").
		Where("account = ? AND kind IN ? AND source_id IN ? AND book = ?", account, []Kind{Sale, AppFee, StripeFee, Refund, RefundFailed, Dispute, DisputeWon, DisputeFee}, sources, Balance).
		Group("kind, currency").Order("kind, currency").Scan(&rows).Error
	sums := map[Kind]money.Amount{}
	for _, r := range rows {
		sums[r.Kind] = money.New(r.Minor, r.Currency)
	}
	return sums, database.Err(err, "ledger entry")
}

package ledger

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
)

type row struct {
	EntryID    string
	Leg        int
	Kind       Kind
	BusinessID string
	OrderID    *string
	Book       Book
	Amount     int64
	Currency   string
	Account    string
	SourceID   string
	At         time.Time
}

func (row) TableName() string { return "ledger_entries" }

func (l *Ledger) insert(ctx context.Context, id string, e Entry, pair [2]Book) error {
	now := l.clock()
	rows := make([]row, 2)
	for i, sign := range []int64{-1, 1} {
		rows[i] = row{
			EntryID: id, Leg: i + 1, Kind: e.Kind, BusinessID: e.BusinessID, Book: pair[i], Amount: sign * e.Amount.Minor,
			Currency: e.Amount.Currency, Account: e.Account, SourceID: e.SourceID, At: now,
		}
		if e.OrderID != "" {
			rows[i].OrderID = &e.OrderID
		}
	}
	result := l.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "account"}, {Name: "kind"}, {Name: "source_id"}, {Name: "leg"}},
		DoNothing: true,
	}).Create(&rows)
	return database.Err(result.Error, "ledger entry")
}

func (l *Ledger) sums(ctx context.Context, where string, arg any) ([]Sum, error) {
	var sums []Sum
	err := l.db.Conn(ctx).Model(&row{}).Select("book, currency, SUM(amount) AS minor").Where(where, arg).
		Group("book, currency").Order("currency, book").Scan(&sums).Error
	return sums, database.Err(err, "ledger entry")
}

func (l *Ledger) unbalanced(ctx context.Context) (int64, error) {
	var n int64
	err := l.db.Conn(ctx).Raw(`SELECT COUNT(*) FROM
		(SELECT entry_id FROM ledger_entries GROUP BY entry_id HAVING SUM(amount) <> 0 OR COUNT(*) <> 2 OR MIN(currency) <> MAX(currency)) AS bad`).
		Scan(&n).Error
	return n, database.Err(err, "ledger entry")
}

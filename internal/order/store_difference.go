package order

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/money"
)

type diffRow struct {
	ID        string `gorm:"primaryKey"`
	Account   string
	Kind      string
	SourceID  string
	OrderID   *string
	Ours      int64
	Theirs    int64
	Currency  string
	State     DiffState
	Note      string
	FoundAt   time.Time
	ChangedAt time.Time
	Version   int64
}

func (diffRow) TableName() string { return "differences" }

func (r diffRow) difference() Difference {
	return Difference{
		ID: r.ID, Account: r.Account, Kind: r.Kind, Source: r.SourceID, OrderID: value(r.OrderID), Ours: money.New(r.Ours, r.Currency),
		Theirs: money.New(r.Theirs, r.Currency), State: r.State, Note: r.Note, FoundAt: r.FoundAt,
	}
}

// insertDifference reports whether the difference is a new one.
func (s store) insertDifference(ctx context.Context, r diffRow) (bool, error) {
	result := s.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "account"}, {Name: "kind"}, {Name: "source_id"}}, DoNothing: true,
	}).Create(&r)
	return result.RowsAffected == 1, database.Err(result.Error, "difference")
}

func (s store) lockDifference(ctx context.Context, id string) (diffRow, error) {
	var r diffRow
	err := database.Locked(s.db.Conn(ctx)).Where("id = ?", id).Take(&r).Error
	return r, database.Err(err, "difference")
}

func (s store) lockDifferenceOf(ctx context.Context, account, kind, source string) (diffRow, error) {
	var r diffRow
	err := database.Locked(s.db.Conn(ctx)).Where("account = ? AND kind = ? AND source_id = ?", account, kind, source).Take(&r).Error
	return r, database.Err(err, "difference")
}

func (s store) updateDifference(ctx context.Context, r *diffRow, set map[string]any) error {
	set["version"] = r.Version + 1
	result := s.db.Conn(ctx).Model(&diffRow{}).Where("id = ? AND version = ?", r.ID, r.Version).Updates(set)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "difference_not_locked", "Something went wrong on our side.")
	}
	r.Version++
	return database.Err(result.Error, "difference")
}

func (s store) openDifferences(ctx context.Context, limit int) ([]Difference, error) {
	var rows []diffRow
	err := s.db.Conn(ctx).Where("state = ?", DiffOpen).Order("found_at, id").Limit(limit).Find(&rows).Error
	list := make([]Difference, len(rows))
	for i, r := range rows {
		list[i] = r.difference()
	}
	return list, database.Err(err, "difference")
}

func (s store) countDifferences(ctx context.Context) (int64, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&diffRow{}).Where("state = ?", DiffOpen).Count(&n).Error
	return n, database.Err(err, "difference")
}

// openAbout lists the open differences about objects of an account.
func (s store) openAbout(ctx context.Context, account string, sources []string) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&diffRow{}).Where("account = ? AND state = ? AND source_id IN ?", account, DiffOpen, sources).Order("id").Pluck("id", &ids).Error
	return ids, database.Err(err, "difference")
}

// openSources lists the objects of an account that movements may explain.
func (s store) openSources(ctx context.Context, account string, limit int) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&diffRow{}).Where("account = ? AND state = ? AND kind <> ?", account, DiffOpen, diffPage).
		Distinct().Order("source_id").Limit(limit).Pluck("source_id", &ids).Error
	return ids, database.Err(err, "difference")
}

// payOfIntents finds an account's payments by their intents.
func (s store) payOfIntents(ctx context.Context, account string, intents []string) (map[string]payRow, error) {
	found := map[string]payRow{}
	if len(intents) == 0 {
		return found, nil
	}
	var rows []payRow
	err := s.db.Conn(ctx).Where("account = ? AND payment_intent_id IN ?", account, intents).Find(&rows).Error
	for _, r := range rows {
		found[value(r.PaymentIntentID)] = r
	}
	return found, database.Err(err, "payment")
}

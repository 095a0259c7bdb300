package payout

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
)

type row struct {
	ID               string `gorm:"primaryKey"`
	Account          *string
	OwnerID          string
	BusinessID       string
	Country          string
	Gen              int
	State            State
	ChargesEnabled   bool
	PayoutsEnabled   bool
	DetailsSubmitted bool
	CardPayments     string
	CurrentlyDue     string
	PastDue          string
	DisabledReason   string
	Deadline         *time.Time
	DefaultCurrency  string
	Livemode         bool
	Platform         string
	NextCheckAt      *time.Time
	SyncedAt         *time.Time
	EventAt          *time.Time
	LostAt           *time.Time
	CreatedAt        time.Time
	Version          int64
}

func (row) TableName() string { return "payout_accounts" }

func (r row) account() string {
	if r.Account == nil {
		return ""
	}
	return *r.Account
}

func (r row) status() Status {
	return Status{
		State: r.State, ChargesEnabled: r.ChargesEnabled, PayoutsEnabled: r.PayoutsEnabled, CurrentlyDue: list(r.CurrentlyDue),
		PastDue: list(r.PastDue), DisabledReason: r.DisabledReason, Deadline: r.Deadline, Currency: r.DefaultCurrency, SyncedAt: r.SyncedAt,
	}
}

func list(text string) []string {
	var names []string
	_ = json.Unmarshal([]byte(text), &names) // written by text below
	return names
}

func text(names []string) string {
	if names == nil {
		return "[]"
	}
	raw, _ := json.Marshal(names) // strings cannot fail
	return string(raw)
}

type store struct{ db *database.DB }

// linked reads the account a business sells through; NotFound when there is none.
func (s store) linked(ctx context.Context, businessID string) (row, error) {
	var r row
	err := s.db.Conn(ctx).Where("id = (SELECT payout_account_id FROM payout_links WHERE business_id = ?)", businessID).Take(&r).Error
	return r, database.Err(err, "payout account")
}

func (s store) get(ctx context.Context, id string) (row, error) {
	var r row
	err := s.db.Conn(ctx).Where("id = ?", id).Take(&r).Error
	return r, database.Err(err, "payout account")
}

// lock reads a row under a lock; column is "id" or "account".
func (s store) lock(ctx context.Context, id string) (row, error) {
	var r row
	err := database.Locked(s.db.Conn(ctx)).Where("id = ?", id).Take(&r).Error
	return r, database.Err(err, "payout account")
}

func (s store) byAccount(ctx context.Context, account string) (row, error) {
	var r row
	err := s.db.Conn(ctx).Where("account = ?", account).Take(&r).Error
	return r, database.Err(err, "payout account")
}

func (s store) insert(ctx context.Context, r row) error {
	return database.Err(s.db.Conn(ctx).Create(&r).Error, "payout account")
}

// save writes the named columns of a locked row and counts its version on.
func (s store) save(ctx context.Context, r row, set map[string]any) error {
	set["version"] = r.Version + 1
	result := s.db.Conn(ctx).Model(&row{}).Where("id = ? AND version = ?", r.ID, r.Version).Updates(set)
	if result.Error == nil && result.RowsAffected == 0 {
		return database.Err(errLost, "payout account")
	}
	return database.Err(result.Error, "payout account")
}

type linkRow struct {
	BusinessID      string `gorm:"primaryKey"`
	PayoutAccountID string
	LinkedAt        time.Time
	LinkedBy        string
}

func (linkRow) TableName() string { return "payout_links" }

// link has a business sell through an account.
func (s store) link(ctx context.Context, l linkRow) error {
	err := s.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "business_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"payout_account_id", "linked_at", "linked_by"}),
	}).Create(&l).Error
	return database.Err(err, "payout account")
}

// businesses lists who sells through an account.
func (s store) businesses(ctx context.Context, id string) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&linkRow{}).Where("payout_account_id = ?", id).Order("business_id").Pluck("business_id", &ids).Error
	return ids, database.Err(err, "payout account")
}

// due lists rows whose next look is due, oldest first.
func (s store) due(ctx context.Context, now time.Time, limit int) ([]row, error) {
	var rows []row
	err := s.db.Conn(ctx).Where("next_check_at <= ?", now).Order("next_check_at").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "payout account")
}

// claim moves the next look of a row on, so that one process has it; false
// when another was first.
func (s store) claim(ctx context.Context, r row, until time.Time) (bool, error) {
	mine := false
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		result := s.db.Conn(ctx).Model(&row{}).Where("id = ? AND next_check_at = ?", r.ID, r.NextCheckAt).Update("next_check_at", until)
		mine = result.RowsAffected == 1
		return database.Err(result.Error, "payout account")
	})
	return mine, err
}

// together lists the other businesses that are paid to the account of one.
func (st store) together(ctx context.Context, businessID string) ([]string, error) {
	var ids []string
	err := st.db.Conn(ctx).Raw(`SELECT other.business_id FROM payout_links mine
		JOIN payout_links other ON other.payout_account_id = mine.payout_account_id AND other.business_id <> mine.business_id
		WHERE mine.business_id = ? ORDER BY other.business_id LIMIT 100`, businessID).Scan(&ids).Error
	return ids, database.Err(err, "payout account")
}

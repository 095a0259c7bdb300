package check

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/account"
	"nearby/internal/database"
)

type checkRow struct {
	ID         string
	BusinessID string
	Method     Name
	State      State
	Subject    string
	Target     string
	Way        string
	Reason     string
	Note       string
	ByID       string
	ByRole     string
	Tries      int
	BegunAt    time.Time
	ExpiresAt  *time.Time
	PassedAt   *time.Time
	ValidUntil *time.Time
	PrintedAt  *time.Time
	EndedAt    *time.Time
}

func (checkRow) TableName() string { return "checks" }

func (r checkRow) check() Check {
	return Check{
		ID: r.ID, BusinessID: r.BusinessID, Method: r.Method, State: r.State, Subject: r.Subject, Target: r.Target, Way: r.Way, Reason: r.Reason,
		Note: r.Note, By: account.Actor{ID: r.ByID, Role: r.ByRole}, Tries: r.Tries, BegunAt: r.BegunAt, ExpiresAt: orZero(r.ExpiresAt),
		PassedAt: orZero(r.PassedAt), ValidUntil: orZero(r.ValidUntil), PrintedAt: orZero(r.PrintedAt),
	}
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// watchRow is a business that was listed by its checks.
type watchRow struct {
	BusinessID  string
	Policy      string
	NextAt      time.Time
	DueSince    *time.Time
	LimitedAt   *time.Time
	RemindedFor *time.Time
	Reminded    int
}

func (watchRow) TableName() string { return "check_watch" }

// store is all the SQL of the room.
type store struct{ db *database.DB }

// add writes a new check. One that ended at once ended when it began.
func (st store) add(ctx context.Context, c Check) error {
	row := checkRow{
		ID: c.ID, BusinessID: c.BusinessID, Method: c.Method, State: c.State, Subject: c.Subject, Target: c.Target, Way: c.Way, Reason: c.Reason,
		Note: c.Note, ByID: c.By.ID, ByRole: c.By.Role, BegunAt: c.BegunAt, ExpiresAt: orNull(c.ExpiresAt), PassedAt: orNull(c.PassedAt),
		ValidUntil: orNull(c.ValidUntil),
	}
	if c.State == Failed {
		row.EndedAt = &c.BegunAt
	}
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "check")
}

func (st store) get(ctx context.Context, id string) (Check, error) {
	var row checkRow
	err := st.db.Conn(ctx).Where("id = ?", id).Take(&row).Error
	return row.check(), database.Err(err, "check")
}

// one is the check of a business by a method in a state; NotFound without one.
func (st store) one(ctx context.Context, businessID string, method Name, state State) (Check, error) {
	var row checkRow
	err := st.db.Conn(ctx).Where("business_id = ? AND method = ? AND state = ?", businessID, method, state).Take(&row).Error
	return row.check(), database.Err(err, "check")
}

// newest lists the newest checks of a business, whatever became of them.
func (st store) newest(ctx context.Context, businessID string, limit int) ([]Check, error) {
	return st.list(ctx, limit, "business_id = ?", businessID)
}

// live lists the checks of a business that are open or have passed.
func (st store) live(ctx context.Context, businessID string) ([]Check, error) {
	return st.list(ctx, 100, "business_id = ? AND state IN ('requested', 'passed')", businessID)
}

// stale lists codes that nobody typed in time.
func (st store) stale(ctx context.Context, now time.Time) ([]Check, error) {
	return st.list(ctx, 500, "state = 'requested' AND expires_at <= ?", now)
}

// postcards lists those that are on their way, the printed ones or the others.
func (st store) postcards(ctx context.Context, printed bool, limit int) ([]Check, error) {
	return st.list(ctx, limit, "state = 'requested' AND method = 'postcard' AND (printed_at IS NOT NULL) = ?", printed)
}

func (st store) list(ctx context.Context, limit int, where string, args ...any) ([]Check, error) {
	var rows []checkRow
	err := st.db.Conn(ctx).Where(where, args...).Order("begun_at DESC, id DESC").Limit(limit).Find(&rows).Error
	list := make([]Check, len(rows))
	for i, r := range rows {
		list[i] = r.check()
	}
	return list, database.Err(err, "check")
}

// begun counts the checks of a business by a method since a moment.
func (st store) begun(ctx context.Context, businessID string, method Name, since time.Time) (int, error) {
	var n int64
	err := st.db.Conn(ctx).Table("checks").Where("business_id = ? AND method = ? AND begun_at > ?", businessID, method, since).Count(&n).Error
	return int(n), database.Err(err, "check")
}

// spend takes one try from an open check before its answer is looked at; false
// when there is none left.
func (st store) spend(ctx context.Context, id string, most int, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Exec("UPDATE checks SET tries = tries + 1 WHERE id = ? AND state = 'requested' AND tries < ? AND expires_at > ?", id, most, now)
	return done.RowsAffected == 1, database.Err(done.Error, "check")
}

// move brings a check from one state to another; false when it was elsewhere.
func (st store) move(ctx context.Context, id string, from, to State, set map[string]any, now time.Time) (bool, error) {
	values := map[string]any{"state": to}
	if to != Passed {
		values["ended_at"] = now
	}
	for column, value := range set {
		values[column] = value
	}
	done := st.db.Conn(ctx).Table("checks").Where("id = ? AND state = ?", id, from).Updates(values)
	return done.RowsAffected == 1, database.Err(done.Error, "check")
}

// renew lets a passed check count for longer.
func (st store) renew(ctx context.Context, id string, was, until time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("checks").Where("id = ? AND state = 'passed' AND valid_until = ?", id, was).Update("valid_until", until)
	return done.RowsAffected == 1, database.Err(done.Error, "check")
}

// printed marks a postcard; false when somebody printed it already, or it ended.
func (st store) printed(ctx context.Context, id string, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("checks").Where("id = ? AND state = 'requested' AND printed_at IS NULL", id).Update("printed_at", now)
	return done.RowsAffected == 1, database.Err(done.Error, "check")
}

// watch begins to look after a business, or goes on by another policy.
func (st store) watch(ctx context.Context, w watchRow) error {
	err := st.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "business_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"policy", "next_at", "due_since", "limited_at", "reminded_for", "reminded"}),
	}).Create(&w).Error
	return database.Err(err, "check")
}

// watched reads what is kept of a business; NotFound when nobody looks after it.
func (st store) watched(ctx context.Context, businessID string) (watchRow, error) {
	var row watchRow
	err := st.db.Conn(ctx).Where("business_id = ?", businessID).Take(&row).Error
	return row, database.Err(err, "check")
}

// hurry has a business looked at in the next round.
func (st store) hurry(ctx context.Context, businessID string, now time.Time) error {
	err := st.db.Conn(ctx).Table("check_watch").Where("business_id = ? AND next_at > ?", businessID, now).Update("next_at", now).Error
	return database.Err(err, "check")
}

// due lists the businesses that must be looked at.
func (st store) due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	var ids []string
	err := st.db.Conn(ctx).Table("check_watch").Where("next_at <= ?", now).Order("next_at, business_id").Limit(limit).Pluck("business_id", &ids).Error
	return ids, database.Err(err, "check")
}

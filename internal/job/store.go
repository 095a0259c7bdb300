package job

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"nearby/internal/database"
)

type row struct {
	ID         string `gorm:"primaryKey"`
	Kind       string
	Key        string
	Args       string
	State      string
	RunAt      time.Time
	LeaseUntil *time.Time
	Tries      int
	Gen        int64
	LastError  string
	CreatedAt  time.Time
}

func (row) TableName() string { return "jobs" }

// insert adds r; a waiting job of the same kind and key is brought forward
// instead, and its gen moves so that a worker now running it does not delete it.
func (q *Queue) insert(ctx context.Context, r row) error {
	conn := q.db.Conn(ctx)
	if r.Key != "" {
		conn = conn.Clauses(clause.OnConflict{
			Columns:     []clause.Column{{Name: "kind"}, {Name: "key"}},
			TargetWhere: clause.Where{Exprs: []clause.Expression{gorm.Expr("key <> ''")}},
			DoUpdates: clause.Set{
				{Column: clause.Column{Name: "run_at"}, Value: gorm.Expr("CASE WHEN excluded.run_at < jobs.run_at OR jobs.lease_until IS NOT NULL THEN excluded.run_at ELSE jobs.run_at END")},
				{Column: clause.Column{Name: "args"}, Value: gorm.Expr("excluded.args")},
				{Column: clause.Column{Name: "state"}, Value: "waiting"},
				{Column: clause.Column{Name: "tries"}, Value: 0},
				{Column: clause.Column{Name: "gen"}, Value: gorm.Expr("jobs.gen + 1")},
			},
		})
	}
	return database.Err(conn.Create(&r).Error, "job")
}

const due = "state = 'waiting' AND run_at <= ? AND (lease_until IS NULL OR lease_until <= ?)"

// claim leases at most n due jobs to this process, oldest first.
func (q *Queue) claim(ctx context.Context, n int) ([]row, error) {
	if n <= 0 {
		return nil, nil
	}
	now := q.clock()
	// Looking first keeps an idle process from taking SQLite's only write lock.
	var seen []row
	if err := q.db.Conn(ctx).Select("id").Where(due, now, now).Limit(1).Find(&seen).Error; err != nil || len(seen) == 0 {
		return nil, database.Err(err, "job")
	}
	var rows []row
	err := q.db.Tx(ctx, func(ctx context.Context) error {
		rows = nil
		conn := q.db.Conn(ctx)
		if err := database.SkipLocked(conn).Where(due, now, now).Order("run_at, id").Limit(n).Find(&rows).Error; err != nil {
			return database.Err(err, "job")
		}
		ids := make([]string, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		if len(ids) == 0 {
			return nil
		}
		return database.Err(conn.Model(&row{}).Where("id IN ?", ids).Update("lease_until", now.Add(lease)).Error, "job")
	})
	if err != nil {
		return nil, err // nothing was leased, so nothing may be worked
	}
	return rows, nil
}

// finish deletes the job, unless it was asked for again while it ran.
func (q *Queue) finish(ctx context.Context, r row) error {
	return q.db.Tx(ctx, func(ctx context.Context) error {
		conn := q.db.Conn(ctx)
		result := conn.Where("id = ? AND gen = ?", r.ID, r.Gen).Delete(&row{})
		if result.Error != nil || result.RowsAffected > 0 {
			return database.Err(result.Error, "job")
		}
		return database.Err(conn.Model(&row{}).Where("id = ?", r.ID).Update("lease_until", nil).Error, "job")
	})
}

// again puts the job back to run at the given time, or parks it. A request
// that came while it ran keeps its own, fresh time.
func (q *Queue) again(ctx context.Context, r row, tries int, at time.Time, reason string, parked bool) error {
	state := "waiting"
	if parked {
		state = "parked"
	}
	return q.db.Tx(ctx, func(ctx context.Context) error {
		conn := q.db.Conn(ctx)
		result := conn.Model(&row{}).Where("id = ? AND gen = ?", r.ID, r.Gen).Updates(map[string]any{
			"run_at": at, "tries": tries, "last_error": reason, "state": state, "lease_until": nil,
		})
		if result.Error != nil || result.RowsAffected > 0 {
			return database.Err(result.Error, "job")
		}
		return database.Err(conn.Model(&row{}).Where("id = ?", r.ID).Update("lease_until", nil).Error, "job")
	})
}

func (q *Queue) nextDue(ctx context.Context) (time.Time, error) {
	var rows []row
	err := q.db.Conn(ctx).Select("run_at", "lease_until").Where("state = 'waiting' AND lease_until IS NULL").Order("run_at").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return time.Time{}, database.Err(err, "job")
	}
	return rows[0].RunAt, nil
}

// Figures are the numbers an operator watches.
type Figures struct {
	Waiting, Parked int64
	OldestDue       time.Time // zero when nothing is overdue
}

// Figures counts the jobs by state.
func (q *Queue) Figures(ctx context.Context) (Figures, error) {
	var f Figures
	conn := q.db.Conn(ctx)
	if err := conn.Model(&row{}).Where("state = 'waiting'").Count(&f.Waiting).Error; err != nil {
		return f, database.Err(err, "job")
	}
	if err := conn.Model(&row{}).Where("state = 'parked'").Count(&f.Parked).Error; err != nil {
		return f, database.Err(err, "job")
	}
	next, err := q.nextDue(ctx)
	if !next.IsZero() && next.Before(q.clock()) {
		f.OldestDue = next
	}
	return f, err
}

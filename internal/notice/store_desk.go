package notice

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

func (st store) get(ctx context.Context, id string) (Notice, error) {
	if !ident.Valid(id) {
		return Notice{}, errs.Missing("report")
	}
	return st.one(ctx, "id = ?", id)
}

// first is the open report that a new one about the same repeats.
func (st store) first(ctx context.Context, n Notice) (Notice, error) {
	var r row
	query := st.db.Conn(ctx).Where("business_id = ? AND kind = ? AND state IN ('received', 'assessing') AND merged_into IS NULL", n.BusinessID, n.Kind)
	if n.ProductID == "" {
		query = query.Where("product_id IS NULL")
	} else {
		query = query.Where("product_id = ?", n.ProductID)
	}
	err := query.Order("created_at, id").Limit(1).Take(&r).Error
	return r.notice(), database.Err(err, "report")
}

func (st store) favour(ctx context.Context, id string) error {
	return database.Err(st.db.Conn(ctx).Table("notices").Where("id = ?", id).Update("trusted", true).Error, "report")
}

func (st store) queue(ctx context.Context, limit int) ([]Waiter, error) {
	var rows []struct {
		Notice  row `gorm:"embedded"`
		Name    string
		Repeats int
	}
	err := st.db.Conn(ctx).Table("notices AS n").Joins("JOIN businesses AS b ON b.id = n.business_id").
		Select("n.*, b.name, (SELECT COUNT(*) FROM notices r WHERE r.merged_into = n.id) AS repeats").
		Where("n.state IN ('received', 'assessing') AND n.merged_into IS NULL").
		Order("n.trusted DESC, n.due_at, n.id").Limit(limit).Find(&rows).Error
	list := make([]Waiter, len(rows))
	for i, r := range rows {
		list[i] = Waiter{Notice: r.Notice.notice(), Name: r.Name, Repeats: r.Repeats}
	}
	return list, database.Err(err, "report")
}

func (st store) repeats(ctx context.Context, id string) ([]Notice, error) {
	var rows []row
	err := st.db.Conn(ctx).Where("merged_into = ?", id).Order("created_at, id").Limit(queueLength).Find(&rows).Error
	list := make([]Notice, len(rows))
	for i, r := range rows {
		list[i] = r.notice()
	}
	return list, database.Err(err, "report")
}

// chain is a report with those that repeat it.
func (st store) chain(ctx context.Context, id string) *gorm.DB {
	return st.db.Conn(ctx).Table("notices").Where("(id = ? OR merged_into = ?)", id, id)
}

// lease gives a report to a verifier if it is free, was his already, or the time
// of whoever held it is over. The row count decides.
func (st store) lease(ctx context.Context, id, verifierID string, to State, now, until time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("notices").
		Where("id = ? AND (state = 'received' OR state = 'assessing' AND (lease_until <= ? OR lease_by = ?))", id, now, verifierID).
		Updates(map[string]any{"state": to, "lease_by": verifierID, "lease_until": until, "version": gorm.Expr("version + 1")})
	if done.Error != nil || done.RowsAffected != 1 {
		return false, database.Err(done.Error, "report")
	}
	return true, database.Err(st.chain(ctx, id).Where("state = 'received'").Update("state", to).Error, "report")
}

func (st store) release(ctx context.Context, id, verifierID string, to State) (bool, error) {
	done := st.db.Conn(ctx).Table("notices").Where("id = ? AND state = 'assessing' AND lease_by = ?", id, verifierID).
		Updates(map[string]any{"state": to, "lease_by": "", "lease_until": nil, "version": gorm.Expr("version + 1")})
	if done.Error != nil || done.RowsAffected != 1 {
		return false, database.Err(done.Error, "report")
	}
	return true, database.Err(st.chain(ctx, id).Where("state = 'assessing'").Update("state", to).Error, "report")
}

// decide ends a report that the verifier holds at this moment, and those that
// repeat it.
func (st store) decide(ctx context.Context, id, verifierID string, to State, d Decision, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("notices").Where("id = ? AND state = 'assessing' AND lease_by = ? AND lease_until > ?", id, verifierID, now).
		Updates(map[string]any{"lease_by": "", "lease_until": nil})
	if done.Error != nil || done.RowsAffected != 1 {
		return false, database.Err(done.Error, "report")
	}
	err := st.chain(ctx, id).Where("state = 'assessing'").Updates(map[string]any{
		"state": to, "outcome": d.Outcome, "words": d.Words, "decided_by": verifierID, "decided_at": now, "version": gorm.Expr("version + 1"),
	}).Error
	return true, database.Err(err, "report")
}

// reopen lets a report and those that repeat it wait again. Who decided stays
// written down.
func (st store) reopen(ctx context.Context, id string, to State, due time.Time) error {
	err := st.chain(ctx, id).Where("state IN ('actioned', 'no_action')").Updates(map[string]any{
		"state": to, "outcome": "", "words": "", "decided_at": nil, "due_at": due, "version": gorm.Expr("version + 1"),
	}).Error
	return database.Err(err, "report")
}

// record counts what became of earlier reports of the same reporter.
func (st store) record(ctx context.Context, n Notice, since time.Time) (Record, error) {
	if n.reporterKey == "" {
		return Record{}, nil
	}
	record, _, err := st.track(ctx, n.reporterKey, since)
	if err != nil || n.reporterID == "" {
		return record, err
	}
	var organisations []string
	err = st.db.Conn(ctx).Table("trusted_flaggers").Where("user_id = ?", n.reporterID).Pluck("organisation", &organisations).Error
	if len(organisations) > 0 {
		record.TrustedFlaggerOf = organisations[0]
	}
	return record, database.Err(err, "flagger")
}

// track counts the outcomes of a reporter since a time, and says when the last
// report came.
func (st store) track(ctx context.Context, key string, since time.Time) (Record, time.Time, error) {
	var rows []row
	err := st.db.Conn(ctx).Select("state, created_at").Where("reporter_key = ? AND created_at >= ?", key, since).
		Order("created_at DESC").Limit(1000).Find(&rows).Error
	record, last := Record{Known: true}, time.Time{}
	for i, r := range rows {
		if i == 0 {
			last = r.CreatedAt.UTC()
		}
		switch State(r.State) {
		case Actioned:
			record.Acted++
		case NoAction:
			record.NoAction++
		}
	}
	return record, last, database.Err(err, "report")
}

// addressed lists the reports of a chain whose reporter left an address.
func (st store) addressed(ctx context.Context, id string) ([]string, error) {
	var ids []string
	err := st.chain(ctx, id).Where("email IS NOT NULL").Order("id").Pluck("id", &ids).Error
	return ids, database.Err(err, "report")
}

func (st store) recipient(ctx context.Context, id string) (Recipient, error) {
	var r row
	if err := st.db.Conn(ctx).Where("id = ? AND email IS NOT NULL", id).Take(&r).Error; err != nil {
		return Recipient{}, database.Err(err, "report")
	}
	return Recipient{Notice: r.notice(), Email: *r.Email, Locale: r.Locale}, nil
}

type flaggerRow struct {
	UserID       string `gorm:"primaryKey"`
	Organisation string
	Since        time.Time
}

func (flaggerRow) TableName() string { return "trusted_flaggers" }

func (st store) trusts(ctx context.Context, userID string) (bool, error) {
	var n int64
	err := st.db.Conn(ctx).Model(&flaggerRow{}).Where("user_id = ?", userID).Count(&n).Error
	return n > 0, database.Err(err, "flagger")
}

func (st store) trust(ctx context.Context, userID, organisation string, at time.Time) error {
	row := flaggerRow{UserID: userID, Organisation: organisation, Since: at}
	err := st.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "user_id"}}, DoUpdates: clause.AssignmentColumns([]string{"organisation"}),
	}).Create(&row).Error
	return database.Err(err, "flagger")
}

func (st store) distrust(ctx context.Context, userID string) error {
	done := st.db.Conn(ctx).Where("user_id = ?", userID).Delete(&flaggerRow{})
	if done.Error == nil && done.RowsAffected == 0 {
		return errs.Missing("flagger")
	}
	return database.Err(done.Error, "flagger")
}

// outcomes counts the reports since a time, by kind and by what came of them.
func (st store) outcomes(ctx context.Context, since time.Time) (map[Kind]map[Outcome]int, error) {
	var rows []struct {
		Kind    Kind
		Outcome Outcome
		N       int
	}
	err := st.db.Conn(ctx).Raw(`SELECT kind, outcome, COUNT(*) AS n FROM notices WHERE created_at >= ? GROUP BY kind, outcome`, since).Scan(&rows).Error
	counts := map[Kind]map[Outcome]int{}
	for _, r := range rows {
		if counts[r.Kind] == nil {
			counts[r.Kind] = map[Outcome]int{}
		}
		counts[r.Kind][r.Outcome] = r.N
	}
	return counts, database.Err(err, "notice")
}

package complaint

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
	"nearby/internal/ident"
)

// store is all the SQL of the room.
type store struct{ db *database.DB }

type row struct {
	ID         string
	Subject    Subject
	SubjectID  string
	BusinessID string
	FiledBy    string
	FirstBy    string
	State      State
	DueAt      time.Time
	LeaseBy    string
	LeaseUntil *time.Time
	DecidedBy  string
	Words      string
	Policy     string
	FiledAt    time.Time
	DecidedAt  *time.Time
}

func (row) TableName() string { return "complaints" }

func (r row) complaint() Complaint {
	c := Complaint{
		ID: r.ID, Subject: r.Subject, SubjectID: r.SubjectID, BusinessID: r.BusinessID, FiledBy: r.FiledBy, FirstBy: r.FirstBy, State: r.State,
		DueAt: r.DueAt.UTC(), LeaseBy: r.LeaseBy, DecidedBy: r.DecidedBy, Words: r.Words, Policy: r.Policy, FiledAt: r.FiledAt.UTC(), DecidedAt: r.DecidedAt,
	}
	if r.LeaseUntil != nil {
		c.LeaseUntil = r.LeaseUntil.UTC()
	}
	return c
}

// insert writes a complaint; false when there is one about the decision.
func (st store) insert(ctx context.Context, c Complaint) (bool, error) {
	r := row{
		ID: c.ID, Subject: c.Subject, SubjectID: c.SubjectID, BusinessID: c.BusinessID, FiledBy: c.FiledBy, FirstBy: c.FirstBy, State: c.State,
		DueAt: c.DueAt, Policy: c.Policy, FiledAt: c.FiledAt,
	}
	done := st.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
	return done.RowsAffected == 1, database.Err(done.Error, "complaint")
}

func (st store) get(ctx context.Context, id string) (Complaint, error) { return st.one(ctx, id, false) }

func (st store) lock(ctx context.Context, id string) (Complaint, error) { return st.one(ctx, id, true) }

func (st store) one(ctx context.Context, id string, lock bool) (Complaint, error) {
	if !ident.Valid(id) {
		return Complaint{}, errMissing
	}
	query := st.db.Conn(ctx)
	if lock {
		query = database.Locked(query)
	}
	var r row
	err := query.Where("id = ?", id).Take(&r).Error
	return r.complaint(), database.Err(err, "complaint")
}

func (st store) of(ctx context.Context, subject Subject, subjectID string) (Complaint, error) {
	var r row
	err := st.db.Conn(ctx).Where("subject = ? AND subject_id = ?", subject, subjectID).Take(&r).Error
	return r.complaint(), database.Err(err, "complaint")
}

func (st store) queue(ctx context.Context) ([]Waiter, error) {
	var rows []struct {
		Complaint row `gorm:"embedded"`
		Name      string
	}
	err := st.db.Conn(ctx).Table("complaints AS c").Joins("JOIN businesses AS b ON b.id = c.business_id").Select("c.*, b.name").
		Where("c.decided_at IS NULL").Order("c.due_at, c.id").Limit(mostOf).Find(&rows).Error
	list := make([]Waiter, len(rows))
	for i, r := range rows {
		list[i] = Waiter{Complaint: r.Complaint.complaint(), Name: r.Name}
	}
	return list, database.Err(err, "complaint")
}

func (st store) lease(ctx context.Context, id, judgeID string, now, until time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("complaints").
		Where("id = ? AND (state = 'filed' OR state = 'assigned' AND (lease_until <= ? OR lease_by = ?))", id, now, judgeID).
		Updates(map[string]any{"state": Assigned, "lease_by": judgeID, "lease_until": until})
	return done.RowsAffected == 1, database.Err(done.Error, "complaint")
}

func (st store) release(ctx context.Context, id, judgeID string) (bool, error) {
	done := st.db.Conn(ctx).Table("complaints").Where("id = ? AND state = 'assigned' AND lease_by = ?", id, judgeID).
		Updates(map[string]any{"state": Filed, "lease_by": "", "lease_until": nil})
	return done.RowsAffected == 1, database.Err(done.Error, "complaint")
}

func (st store) decide(ctx context.Context, id, judgeID string, to State, words string, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("complaints").Where("id = ? AND state = 'assigned' AND lease_by = ? AND lease_until > ?", id, judgeID, now).
		Updates(map[string]any{"state": to, "lease_by": "", "lease_until": nil, "decided_by": judgeID, "words": words, "decided_at": now})
	return done.RowsAffected == 1, database.Err(done.Error, "complaint")
}

type messageRow struct {
	ID          string
	ComplaintID string
	Side        string
	Body        string
	At          time.Time
}

func (messageRow) TableName() string { return "complaint_messages" }

func (st store) say(ctx context.Context, id, complaintID string, desk bool, text string, at time.Time) error {
	r := messageRow{ID: id, ComplaintID: complaintID, Side: "complainant", Body: text, At: at}
	if desk {
		r.Side = "desk"
	}
	return database.Err(st.db.Conn(ctx).Create(&r).Error, "message")
}

func (st store) thread(ctx context.Context, complaintID string) ([]Message, error) {
	var rows []messageRow
	err := st.db.Conn(ctx).Where("complaint_id = ?", complaintID).Order("at, id").Limit(mostOf).Find(&rows).Error
	list := make([]Message, len(rows))
	for i, r := range rows {
		list[i] = Message{Desk: r.Side == "desk", Text: r.Body, At: r.At.UTC()}
	}
	return list, database.Err(err, "message")
}

func (st store) figures(ctx context.Context, since time.Time) (f Figures, err error) {
	err = st.db.Conn(ctx).Raw(`SELECT COUNT(*) AS filed, COALESCE(SUM(CASE WHEN state = ? THEN 1 END), 0) AS upheld,
		COALESCE(SUM(CASE WHEN state = ? THEN 1 END), 0) AS overturned FROM complaints WHERE filed_at >= ?`, Upheld, Overturned, since).Scan(&f).Error
	return f, database.Err(err, "complaint")
}

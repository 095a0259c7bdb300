package verification

import (
	"context"
	"encoding/json"
	"time"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

type requestRow struct {
	ID          string
	BusinessID  string
	SubmittedBy string
	State       State
	Claim       string
	Policy      string
	SubmittedAt time.Time
	LeaseBy     string
	LeaseUntil  *time.Time
	EndedAt     *time.Time
}

func (requestRow) TableName() string { return "verification_requests" }

func (r requestRow) request() (Request, error) {
	request := Request{
		ID: r.ID, BusinessID: r.BusinessID, SubmittedBy: r.SubmittedBy, State: r.State, Policy: r.Policy,
		SubmittedAt: r.SubmittedAt, LeaseBy: r.LeaseBy, LeaseUntil: orZero(r.LeaseUntil), EndedAt: orZero(r.EndedAt),
	}
	if err := json.Unmarshal([]byte(r.Claim), &request.Claim); err != nil {
		return Request{}, errs.New(errs.Internal, "bad_claim", "A stored request cannot be read.").Because(err)
	}
	return request, nil
}

type decisionRow struct {
	ID         string
	BusinessID string
	RequestID  string
	Kind       Kind
	ByID       string
	ByRole     string
	Policy     string
	Reasons    string
	Words      string
	Note       string
	Seen       string
	ReviewAt   *time.Time
	At         time.Time
}

func (decisionRow) TableName() string { return "verification_decisions" }

func (r decisionRow) decision() (Decision, error) {
	d := Decision{
		ID: r.ID, BusinessID: r.BusinessID, RequestID: r.RequestID, Kind: r.Kind, By: account.Actor{ID: r.ByID, Role: r.ByRole},
		Policy: r.Policy, Words: r.Words, Note: r.Note, Seen: r.Seen, ReviewAt: orZero(r.ReviewAt), At: r.At,
	}
	if err := json.Unmarshal([]byte(r.Reasons), &d.Reasons); err != nil {
		return Decision{}, errs.New(errs.Internal, "bad_decision", "A stored decision cannot be read.").Because(err)
	}
	return d, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// queueRow is an open request with what the queue shows of its business.
type queueRow struct {
	Request  requestRow `gorm:"embedded"`
	Name     string
	Category string
	City     string
	Before   int // decisions about the business so far
}

// store is all the SQL of the room.
type store struct{ db *database.DB }

const requestColumns = "r.id, r.business_id, r.submitted_by, r.state, r.claim, r.policy, r.submitted_at, r.lease_by, r.lease_until, r.ended_at"

func (st store) add(ctx context.Context, r Request, claim string) error {
	row := requestRow{
		ID: r.ID, BusinessID: r.BusinessID, SubmittedBy: r.SubmittedBy, State: r.State, Claim: claim, Policy: r.Policy, SubmittedAt: r.SubmittedAt,
	}
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "request")
}

// get reads a request. Under the lock of its business the row cannot change.
func (st store) get(ctx context.Context, id string) (requestRow, error) {
	var row requestRow
	if !ident.Valid(id) {
		return row, errs.Missing("request")
	}
	err := st.db.Conn(ctx).Where("id = ?", id).Take(&row).Error
	return row, database.Err(err, "request")
}

func (st store) open(ctx context.Context, businessID string) (requestRow, error) {
	var row requestRow
	err := st.db.Conn(ctx).Where("business_id = ? AND ended_at IS NULL", businessID).Take(&row).Error
	return row, database.Err(err, "request")
}

// lease gives a request to a verifier if it is free, was his already, or the
// time of whoever held it is over. The row count decides: false when somebody
// else has it.
func (st store) lease(ctx context.Context, id, verifierID string, now, until time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("verification_requests").
		Where("id = ? AND (state = ? OR state = ? AND (lease_until <= ? OR lease_by = ?))", id, Waiting, InReview, now, verifierID).
		Updates(map[string]any{"state": InReview, "lease_by": verifierID, "lease_until": until})
	return done.RowsAffected == 1, database.Err(done.Error, "request")
}

// release frees a request that is held by the verifier, or by anybody whose
// time is over when verifierID is "".
func (st store) release(ctx context.Context, id, verifierID string, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("verification_requests").
		Where("id = ? AND state = ? AND (lease_by = ? OR ? = '' AND lease_until <= ?)", id, InReview, verifierID, verifierID, now).
		Updates(map[string]any{"state": Waiting, "lease_by": "", "lease_until": nil})
	return done.RowsAffected == 1, database.Err(done.Error, "request")
}

// over lists the requests whose lease is over, without their claims.
func (st store) over(ctx context.Context, now time.Time) ([]requestRow, error) {
	var rows []requestRow
	err := st.db.Conn(ctx).Select("id, business_id").Where("ended_at IS NULL AND lease_until <= ?", now).Order("lease_until").Find(&rows).Error
	return rows, database.Err(err, "request")
}

// decide ends a request that the verifier holds at this moment.
func (st store) decide(ctx context.Context, id, verifierID string, to State, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Table("verification_requests").
		Where("id = ? AND state = ? AND lease_by = ? AND lease_until > ?", id, InReview, verifierID, now).
		Updates(map[string]any{"state": to, "lease_by": "", "lease_until": nil, "ended_at": now})
	return done.RowsAffected == 1, database.Err(done.Error, "request")
}

// withdraw ends whatever request of the business is open.
func (st store) withdraw(ctx context.Context, businessID string, now time.Time) error {
	err := st.db.Conn(ctx).Table("verification_requests").Where("business_id = ? AND ended_at IS NULL", businessID).
		Updates(map[string]any{"state": Withdrawn, "lease_by": "", "lease_until": nil, "ended_at": now}).Error
	return database.Err(err, "request")
}

func (st store) queue(ctx context.Context, limit int) ([]queueRow, error) {
	var rows []queueRow
	err := st.db.Conn(ctx).Table("verification_requests AS r").
		Joins("JOIN businesses AS b ON b.id = r.business_id").Joins("JOIN locations AS l ON l.business_id = r.business_id").
		Select(requestColumns + ", b.name, b.category, l.city, (SELECT COUNT(*) FROM verification_decisions d WHERE d.business_id = r.business_id) AS before").
		Where("r.ended_at IS NULL AND b.state IN ('submitted', 'in_review')").
		Order("r.submitted_at, r.id").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "request")
}

// ahead is how many open requests are older.
func (st store) ahead(ctx context.Context, r requestRow) (int64, error) {
	var n int64
	err := st.db.Conn(ctx).Table("verification_requests").
		Where("ended_at IS NULL AND (submitted_at < ? OR submitted_at = ? AND id < ?)", r.SubmittedAt, r.SubmittedAt, r.ID).Count(&n).Error
	return n, database.Err(err, "request")
}

// waits are how long the last decided requests took, in no order.
func (st store) waits(ctx context.Context, last int) ([]time.Duration, error) {
	var rows []requestRow
	err := st.db.Conn(ctx).Select("submitted_at, ended_at").Where("ended_at IS NOT NULL AND state <> ?", Withdrawn).
		Order("ended_at DESC").Limit(last).Find(&rows).Error
	list := make([]time.Duration, len(rows))
	for i, r := range rows {
		list[i] = r.EndedAt.Sub(r.SubmittedAt)
	}
	return list, database.Err(err, "request")
}

func (st store) addDecision(ctx context.Context, d Decision) error {
	reasons, err := json.Marshal(append([]Reason{}, d.Reasons...))
	if err != nil {
		return err
	}
	row := decisionRow{
		ID: d.ID, BusinessID: d.BusinessID, RequestID: d.RequestID, Kind: d.Kind, ByID: d.By.ID, ByRole: d.By.Role, Policy: d.Policy,
		Reasons: string(reasons), Words: d.Words, Note: d.Note, Seen: d.Seen, ReviewAt: orNull(d.ReviewAt), At: d.At,
	}
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "decision")
}

// decisions lists those about a business, the newest first.
func (st store) decisions(ctx context.Context, businessID string) ([]Decision, error) {
	var rows []decisionRow
	if err := st.db.Conn(ctx).Where("business_id = ?", businessID).Order("at DESC, id DESC").Limit(200).Find(&rows).Error; err != nil {
		return nil, database.Err(err, "decision")
	}
	return decisions(rows)
}

func decisions(rows []decisionRow) ([]Decision, error) {
	list := make([]Decision, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = r.decision(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

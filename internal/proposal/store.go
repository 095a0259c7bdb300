package proposal

import (
	"context"
	"encoding/json"
	"time"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// store is all the SQL of the room. The row counts of its
// updates decide who was first.
type store struct{ db *database.DB }

type row struct {
	ID          string
	BusinessID  string
	ProposedBy  string
	State       State
	Was         string
	Wanted      string
	Policy      string
	SubmittedAt time.Time
	LeaseBy     string
	LeaseUntil  *time.Time
	EndedAt     *time.Time
	DecidedBy   string
	Reasons     string
	Words       string
	Note        string
}

func (row) TableName() string { return "change_proposals" }

func (r row) proposal() (Proposal, error) {
	p := Proposal{
		ID: r.ID, BusinessID: r.BusinessID, ProposedBy: r.ProposedBy, State: r.State, Policy: r.Policy, SubmittedAt: r.SubmittedAt,
		LeaseBy: r.LeaseBy, DecidedBy: r.DecidedBy, Words: r.Words, Note: r.Note,
	}
	if r.LeaseUntil != nil {
		p.LeaseUntil = *r.LeaseUntil
	}
	if r.EndedAt != nil {
		p.EndedAt = *r.EndedAt
	}
	for text, into := range map[string]any{r.Was: &p.Was, r.Wanted: &p.Wanted, r.Reasons: &p.Reasons} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return p, errs.New(errs.Internal, "bad_change", "A stored change cannot be read.").Because(err)
		}
	}
	return p, nil
}

func (st store) add(ctx context.Context, p Proposal) error {
	was, err := json.Marshal(p.Was)
	if err != nil {
		return err
	}
	wanted, err := json.Marshal(p.Wanted)
	if err != nil {
		return err
	}
	r := row{
		ID: p.ID, BusinessID: p.BusinessID, ProposedBy: p.ProposedBy, State: p.State, Was: string(was), Wanted: string(wanted), Policy: p.Policy,
		SubmittedAt: p.SubmittedAt, Reasons: "[]",
	}
	return database.Err(st.db.Conn(ctx).Create(&r).Error, "change")
}

func (st store) get(ctx context.Context, id string) (Proposal, error) {
	if !ident.Valid(id) {
		return Proposal{}, errs.Missing("change")
	}
	return st.one(ctx, "id = ?", id)
}

func (st store) open(ctx context.Context, businessID string) (Proposal, error) {
	return st.one(ctx, "business_id = ? AND ended_at IS NULL", businessID)
}

func (st store) one(ctx context.Context, where, value string) (Proposal, error) {
	var r row
	if err := st.db.Conn(ctx).Where(where, value).Take(&r).Error; err != nil {
		return Proposal{}, database.Err(err, "change")
	}
	return r.proposal()
}

// list gives the proposals of a business, the newest first.
func (st store) list(ctx context.Context, businessID string, limit int) ([]Proposal, error) {
	var rows []row
	err := st.db.Conn(ctx).Where("business_id = ?", businessID).Order("submitted_at DESC, id DESC").Limit(limit).Find(&rows).Error
	return proposals(rows, err)
}

// queue gives the open proposals of listed businesses, the oldest first.
func (st store) queue(ctx context.Context, limit int) ([]waiting, error) {
	var rows []waiting
	err := st.db.Conn(ctx).Table("change_proposals AS p").Joins("JOIN businesses AS b ON b.id = p.business_id").
		Select("p.*, b.name").Where("p.ended_at IS NULL AND b.state IN ('verified', 'verified_due', 'limited')").
		Order("p.submitted_at, p.id").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "change")
}

// waiting is an open proposal with the public name of its business.
type waiting struct {
	Row  row `gorm:"embedded"`
	Name string
}

// stranded gives the open proposals of businesses that were taken back to draft
// or closed: what they would change is edited freely now.
func (st store) stranded(ctx context.Context, limit int) ([]Proposal, error) {
	var rows []row
	err := st.db.Conn(ctx).Table("change_proposals AS p").Joins("JOIN businesses AS b ON b.id = p.business_id").Select("p.*").
		Where("p.ended_at IS NULL AND b.state NOT IN ('verified', 'verified_due', 'limited', 'suspended')").
		Order("p.id").Limit(limit).Find(&rows).Error
	return proposals(rows, err)
}

func proposals(rows []row, err error) ([]Proposal, error) {
	if err != nil {
		return nil, database.Err(err, "change")
	}
	list := make([]Proposal, len(rows))
	for i, r := range rows {
		if list[i], err = r.proposal(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// lease gives an open proposal to a verifier if it is free, was his already, or
// the time of whoever held it is over; false when somebody else has it.
func (st store) lease(ctx context.Context, id, verifierID string, now, until time.Time) (bool, error) {
	done := st.db.Conn(ctx).Model(&row{}).
		Where("id = ? AND (state = ? OR state = ? AND (lease_until <= ? OR lease_by = ?))", id, Pending, InReview, now, verifierID).
		Updates(map[string]any{"state": InReview, "lease_by": verifierID, "lease_until": until})
	return done.RowsAffected == 1, database.Err(done.Error, "change")
}

// release frees a proposal that the verifier holds.
func (st store) release(ctx context.Context, id, verifierID string) (bool, error) {
	done := st.db.Conn(ctx).Model(&row{}).Where("id = ? AND state = ? AND lease_by = ?", id, InReview, verifierID).
		Updates(map[string]any{"state": Pending, "lease_by": "", "lease_until": nil})
	return done.RowsAffected == 1, database.Err(done.Error, "change")
}

// decide ends a proposal that the verifier holds at this moment.
func (st store) decide(ctx context.Context, id, verifierID string, to State, in Decline, now time.Time) (bool, error) {
	reasons, err := json.Marshal(append([]string{}, in.Codes...))
	if err != nil {
		return false, err
	}
	done := st.db.Conn(ctx).Model(&row{}).
		Where("id = ? AND state = ? AND lease_by = ? AND lease_until > ?", id, InReview, verifierID, now).
		Updates(map[string]any{
			"state": to, "lease_by": "", "lease_until": nil, "ended_at": now, "decided_by": verifierID,
			"reasons": string(reasons), "words": in.Words, "note": in.Note,
		})
	return done.RowsAffected == 1, database.Err(done.Error, "change")
}

// end closes an open proposal without a decision.
func (st store) end(ctx context.Context, id string, to State, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Model(&row{}).Where("id = ? AND ended_at IS NULL", id).
		Updates(map[string]any{"state": to, "lease_by": "", "lease_until": nil, "ended_at": now})
	return done.RowsAffected == 1, database.Err(done.Error, "change")
}

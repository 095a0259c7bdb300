package measure

import (
	"context"
	"encoding/json"
	"time"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// store is all the SQL of the room.
type store struct{ db *database.DB }

type row struct {
	ID          string
	BusinessID  string
	NoticeID    *string
	Kind        Kind
	Fields      string
	Codes       string
	Facts       string
	Ground      string
	Rule        string
	Detected    string
	Policy      string
	ByID        string
	ByRole      string
	StartsAt    time.Time
	EndsAt      *time.Time
	State       State
	ClosedAt    *time.Time
	ClosedBy    string
	ClosedWords string
	Version     int64
}

func (row) TableName() string { return "measures" }

func (r row) measure() (Measure, error) {
	m := Measure{
		ID: r.ID, BusinessID: r.BusinessID, Kind: r.Kind, Facts: r.Facts, Ground: r.Ground, Rule: r.Rule, Detected: r.Detected, Policy: r.Policy,
		By: account.Actor{ID: r.ByID, Role: r.ByRole}, StartsAt: r.StartsAt.UTC(), EndsAt: utc(r.EndsAt), State: r.State, ClosedAt: utc(r.ClosedAt),
		ClosedBy: r.ClosedBy, Words: r.ClosedWords, Version: r.Version,
	}
	if r.NoticeID != nil {
		m.NoticeID = *r.NoticeID
	}
	if err := json.Unmarshal([]byte(r.Fields), &m.Fields); err != nil {
		return Measure{}, unreadable(err)
	}
	var codes []json.RawMessage
	if err := json.Unmarshal([]byte(r.Codes), &codes); err != nil {
		return Measure{}, unreadable(err)
	}
	for _, raw := range codes {
		code, err := readCode(raw)
		if err != nil {
			return Measure{}, unreadable(err)
		}
		m.Codes = append(m.Codes, code)
	}
	return m, nil
}

// readCode reads a code: a text, or of an old suspension {"code": …}.
func readCode(raw json.RawMessage) (code string, err error) {
	if json.Unmarshal(raw, &code) == nil {
		return code, nil
	}
	var old struct {
		Code string `json:"code"`
	}
	err = json.Unmarshal(raw, &old)
	return old.Code, err
}

func unreadable(err error) error {
	return errs.New(errs.Internal, "bad_measure", "A stored measure cannot be read.").Because(err)
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func (st store) insert(ctx context.Context, m Measure) error {
	fields, err := json.Marshal(append([]string{}, m.Fields...))
	if err != nil {
		return err
	}
	codes, err := json.Marshal(append([]string{}, m.Codes...))
	if err != nil {
		return err
	}
	r := row{
		ID: m.ID, BusinessID: m.BusinessID, Kind: m.Kind, Fields: string(fields), Codes: string(codes), Facts: m.Facts, Ground: m.Ground, Rule: m.Rule,
		Detected: m.Detected, Policy: m.Policy, ByID: m.By.ID, ByRole: m.By.Role, StartsAt: m.StartsAt, EndsAt: m.EndsAt, State: m.State, Version: m.Version,
	}
	if m.NoticeID != "" {
		r.NoticeID = &m.NoticeID
	}
	return database.Err(st.db.Conn(ctx).Create(&r).Error, "measure")
}

func (st store) get(ctx context.Context, id string) (Measure, error) {
	if !ident.Valid(id) {
		return Measure{}, errMissing
	}
	var r row
	if err := st.db.Conn(ctx).Where("id = ?", id).Take(&r).Error; err != nil {
		return Measure{}, database.Err(err, "measure")
	}
	return r.measure()
}

// close writes how a measure came to its end, if nobody has changed it since it
// was read.
func (st store) close(ctx context.Context, m Measure) (bool, error) {
	done := st.db.Conn(ctx).Table("measures").Where("id = ? AND version = ?", m.ID, m.Version).Updates(map[string]any{
		"state": m.State, "closed_at": m.ClosedAt, "closed_by": m.ClosedBy, "closed_words": m.Words, "version": m.Version + 1,
	})
	return done.RowsAffected == 1, database.Err(done.Error, "measure")
}

// mostOf bounds the measures of one business that are read at once.
const mostOf = 200

func (st store) of(ctx context.Context, businessID string) ([]Measure, error) {
	return st.list(ctx, mostOf, "business_id = ?", businessID)
}

func (st store) imposed(ctx context.Context, since time.Time) (map[Kind]int, error) {
	var rows []struct {
		Kind Kind
		N    int
	}
	err := st.db.Conn(ctx).Raw(`SELECT kind, COUNT(*) AS n FROM measures WHERE starts_at >= ? GROUP BY kind`, since).Scan(&rows).Error
	counts := map[Kind]int{}
	for _, r := range rows {
		counts[r.Kind] = r.N
	}
	return counts, database.Err(err, "measure")
}

func (st store) list(ctx context.Context, most int, where string, args ...any) ([]Measure, error) {
	var rows []row
	if err := st.db.Conn(ctx).Where(where, args...).Order("starts_at DESC, id DESC").Limit(most).Find(&rows).Error; err != nil {
		return nil, database.Err(err, "measure")
	}
	list := make([]Measure, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = r.measure(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

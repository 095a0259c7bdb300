package notice

import (
	"cmp"
	"context"
	"time"

	"nearby/internal/database"
	"nearby/internal/errs"
)

type store struct{ db *database.DB }

type row struct {
	ID         string `gorm:"primaryKey"`
	Receipt    string
	Token      string
	BusinessID string
	ProductID  *string
	Kind       string
	Body       string
	Email      *string
	ReporterID *string
	State      string
	DueAt      time.Time
	CreatedAt  time.Time
	DecidedAt  *time.Time
	MergedInto *string
	Trusted    bool

	ReporterKey string
	Locale      string
	LeaseBy     string
	LeaseUntil  *time.Time
	Outcome     Outcome
	DecidedBy   string
	Words       string
	Version     int64
}

func (row) TableName() string { return "notices" }

func (r row) notice() Notice {
	n := Notice{
		ID: r.ID, Receipt: r.Receipt, BusinessID: r.BusinessID, Kind: Kind(r.Kind), Text: r.Body, State: State(r.State),
		DueAt: r.DueAt, CreatedAt: r.CreatedAt, DecidedAt: r.DecidedAt, Trusted: r.Trusted, LeaseBy: r.LeaseBy, Outcome: r.Outcome,
		DecidedBy: r.DecidedBy, Words: r.Words, Version: r.Version, reporterKey: r.ReporterKey,
	}
	if r.LeaseUntil != nil {
		n.LeaseUntil = r.LeaseUntil.UTC()
	}
	if r.MergedInto != nil {
		n.MergedInto = *r.MergedInto
	}
	if r.ReporterID != nil {
		n.reporterID = *r.ReporterID
	}
	if r.ProductID != nil {
		n.ProductID = *r.ProductID
	}
	return n
}

// given is a pointer to a value that was given, nil for an empty one.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (st store) insert(ctx context.Context, n Notice, in Input) error {
	r := row{
		ID: n.ID, Receipt: n.Receipt, Token: in.ClientToken, BusinessID: n.BusinessID, ProductID: given(n.ProductID), Kind: string(n.Kind),
		Body: n.Text, Email: given(in.Email), ReporterID: given(n.reporterID), State: string(n.State), DueAt: n.DueAt, CreatedAt: n.CreatedAt,
		MergedInto: given(n.MergedInto), Trusted: n.Trusted, ReporterKey: n.reporterKey, Locale: cmp.Or(in.Locale, "en"),
	}
	return database.Err(st.db.Conn(ctx).Create(&r).Error, "report")
}

func (st store) one(ctx context.Context, where string, value string) (Notice, error) {
	var r row
	err := st.db.Conn(ctx).Where(where, value).Take(&r).Error
	return r.notice(), database.Err(err, "report")
}

func (st store) byReceipt(ctx context.Context, receipt string) (Notice, error) {
	return st.one(ctx, "receipt = ?", receipt)
}

func (st store) byToken(ctx context.Context, token string) (Notice, error) {
	if token == "" {
		return Notice{}, errs.Missing("report")
	}
	return st.one(ctx, "token = ?", token)
}

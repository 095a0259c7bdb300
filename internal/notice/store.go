package notice

import (
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
	Version    int64
}

func (row) TableName() string { return "notices" }

func (r row) notice() Notice {
	n := Notice{
		ID: r.ID, Receipt: r.Receipt, BusinessID: r.BusinessID, Kind: Kind(r.Kind), Text: r.Body, State: State(r.State),
		DueAt: r.DueAt, CreatedAt: r.CreatedAt, DecidedAt: r.DecidedAt, Version: r.Version,
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

func (st store) insert(ctx context.Context, n Notice, in Input, reporterID string) error {
	r := row{
		ID: n.ID, Receipt: n.Receipt, Token: in.ClientToken, BusinessID: n.BusinessID, ProductID: given(n.ProductID), Kind: string(n.Kind),
		Body: n.Text, Email: given(in.Email), ReporterID: given(reporterID), State: string(n.State), DueAt: n.DueAt, CreatedAt: n.CreatedAt,
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

func (st store) waiting(ctx context.Context, limit int) ([]Notice, error) {
	var rows []row
	err := st.db.Conn(ctx).Where("state IN ('received', 'assessing')").Order("due_at, id").Limit(limit).Find(&rows).Error
	list := make([]Notice, len(rows))
	for i, r := range rows {
		list[i] = r.notice()
	}
	return list, database.Err(err, "report")
}

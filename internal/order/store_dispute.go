package order

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/money"
	"nearby/internal/payment"
)

// disputeRow is a row of disputes, known by account and id.
type disputeRow struct {
	Account      string `gorm:"primaryKey"`
	ID           string `gorm:"primaryKey"`
	PaymentID    string
	Amount       int64
	Currency     string
	Reason       string
	State        DisputeState
	DueBy        *time.Time
	EvidenceJSON *string
	SubmittedAt  *time.Time
	BalanceJSON  string // what it did to the balance, as it was read
	NextCheckAt  *time.Time
	SyncedAt     time.Time
	OpenedAt     *time.Time
	Asked        bool
	Withdrawn    int64
	Reinstated   int64
	Fee          int64
	Settles      string
	AnsweredBy   string
	Gen          int
	Tries        int
	LastError    *string
	Reminded     int
	Version      int64
}

func (disputeRow) TableName() string { return "disputes" }

// dispute is the row as others see it. An answer counts from when it is to be
// sent: it cannot be changed any more.
func (r disputeRow) dispute(now time.Time) Dispute {
	settles := r.Settles
	if settles == "" {
		settles = r.Currency
	}
	d := Dispute{
		ID: r.ID, Amount: money.New(r.Amount, r.Currency), Reason: r.Reason, State: r.State, Inquiry: r.Asked && r.Withdrawn == 0, DueBy: r.DueBy,
		OpenedAt: value(r.OpenedAt), SubmittedAt: r.SubmittedAt, Taken: money.New(r.Withdrawn, settles), Back: money.New(r.Reinstated, settles),
		Fee: money.New(r.Fee, settles), Failed: r.LastError != nil && r.EvidenceJSON == nil,
	}
	if r.EvidenceJSON != nil {
		d.Answer = &payment.Evidence{}
		_ = json.Unmarshal([]byte(*r.EvidenceJSON), d.Answer) // written by us
	}
	d.CanAnswer = (d.State == Inquiry || d.State == NeedsResponse) && d.Answer == nil && (d.DueBy == nil || now.Before(*d.DueBy))
	return d
}

// lockDispute finds a dispute for a change; false when it is not known yet.
func (s store) lockDispute(ctx context.Context, account, id string) (disputeRow, bool, error) {
	var rows []disputeRow
	err := database.Locked(s.db.Conn(ctx)).Where("account = ? AND id = ?", account, id).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return disputeRow{}, false, database.Err(err, "dispute")
	}
	return rows[0], true, nil
}

func (s store) insertDispute(ctx context.Context, r disputeRow) error {
	return database.Err(s.db.Conn(ctx).Create(&r).Error, "dispute")
}

func (s store) updateDispute(ctx context.Context, r *disputeRow, set map[string]any) error {
	set["version"] = r.Version + 1
	result := s.db.Conn(ctx).Model(&disputeRow{}).Where("account = ? AND id = ? AND version = ?", r.Account, r.ID, r.Version).Updates(set)
	if result.Error == nil && result.RowsAffected != 1 {
		return errs.New(errs.Internal, "dispute_not_locked", "Something went wrong on our side.")
	}
	r.Version++
	return database.Err(result.Error, "dispute")
}

// disputesOf lists the disputes of an order, newest first.
func (s store) disputesOf(ctx context.Context, orderID string) ([]disputeRow, error) {
	var rows []disputeRow
	err := s.db.Conn(ctx).Where("payment_id IN (SELECT id FROM payments WHERE order_id = ?)", orderID).Order("opened_at DESC, id").Limit(20).Find(&rows).Error
	return rows, database.Err(err, "dispute")
}

// disputed reports whether a bank has taken money of a payment back.
func (s store) disputed(ctx context.Context, payID string) (bool, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&disputeRow{}).Where("payment_id = ? AND withdrawn > reinstated", payID).Count(&n).Error
	return n > 0, database.Err(err, "dispute")
}

// openDisputes lists the disputes of a business that are not decided, most
// urgent first.
func (s store) openDisputes(ctx context.Context, businessID string, now time.Time, limit int) ([]OpenDispute, error) {
	var rows []struct {
		Row     disputeRow `gorm:"embedded"`
		OrderID string
		Number  *int64
	}
	err := s.undecided(ctx).Select("disputes.*, orders.id AS order_id, orders.number AS number").
		Joins("JOIN payments ON payments.id = disputes.payment_id").Joins("JOIN orders ON orders.id = payments.order_id").
		Where("orders.business_id = ?", businessID).Order("disputes.due_by, disputes.id").Limit(limit).Find(&rows).Error
	list := make([]OpenDispute, len(rows))
	for i, r := range rows {
		list[i] = OpenDispute{Dispute: r.Row.dispute(now), OrderID: r.OrderID, Number: value(r.Number)}
	}
	return list, database.Err(err, "dispute")
}

// countDisputes counts those that wait for a business's answer.
func (s store) countDisputes(ctx context.Context) (int64, error) {
	var n int64
	err := s.undecided(ctx).Where("disputes.evidence_json IS NULL AND disputes.state <> ?", UnderReview).Count(&n).Error
	return n, database.Err(err, "dispute")
}

func (s store) undecided(ctx context.Context) *gorm.DB {
	return s.db.Conn(ctx).Model(&disputeRow{}).Where("disputes.state IN ?", []DisputeState{Inquiry, NeedsResponse, UnderReview})
}

// dueDisputes lists disputes whose next look is due, oldest first.
func (s store) dueDisputes(ctx context.Context, now time.Time, limit int) ([]disputeRow, error) {
	var rows []disputeRow
	err := s.db.Conn(ctx).Where("next_check_at <= ?", now).Order("next_check_at").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "dispute")
}

// claimDispute moves the next look on, so that one process has it; false when
// another was first.
func (s store) claimDispute(ctx context.Context, r disputeRow, until time.Time) (bool, error) {
	mine := false
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		result := s.db.Conn(ctx).Model(&disputeRow{}).Where("account = ? AND id = ? AND next_check_at = ?", r.Account, r.ID, *r.NextCheckAt).
			Update("next_check_at", until)
		mine = result.RowsAffected == 1
		return database.Err(result.Error, "dispute")
	})
	return mine, err
}

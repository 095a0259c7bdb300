package verification

import (
	"context"
	"time"

	"nearby/internal/database"
)

func (st store) figures(ctx context.Context, since time.Time) (Figures, error) {
	var f Figures
	conn := st.db.Conn(ctx)
	err := conn.Raw(`SELECT (SELECT COUNT(*) FROM verification_requests WHERE ended_at IS NULL) AS waiting,
		(SELECT COUNT(*) FROM verification_requests WHERE submitted_at >= ?) AS applications,
		COALESCE(SUM(CASE WHEN kind = 'approve' THEN 1 END), 0) AS approved, COALESCE(SUM(CASE WHEN kind = 'ask' THEN 1 END), 0) AS asked,
		COALESCE(SUM(CASE WHEN kind = 'reject' THEN 1 END), 0) AS rejected
		FROM verification_decisions WHERE at >= ?`, since, since).Scan(&f).Error
	return f, database.Err(err, "figures")
}

func (st store) approved(ctx context.Context, businessID string) (bool, error) {
	var n int64
	err := st.db.Conn(ctx).Raw(`SELECT COUNT(*) FROM verification_decisions WHERE business_id = ? AND kind = 'approve'`, businessID).Scan(&n).Error
	return n > 0, database.Err(err, "decision")
}

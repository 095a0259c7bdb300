package verification

import (
	"context"
	"encoding/json"
	"fmt"
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

// rejections counts the reasons of rejections since a time, by code. The database
// puts equal ones together, so what comes back stays small.
func (st store) rejections(ctx context.Context, since time.Time) (map[string]int, error) {
	var rows []struct {
		Reasons string
		N       int
	}
	err := st.db.Conn(ctx).Raw(`SELECT reasons, COUNT(*) AS n FROM verification_decisions WHERE kind = 'reject' AND at >= ? GROUP BY reasons`, since).
		Scan(&rows).Error
	if err != nil {
		return nil, database.Err(err, "figures")
	}
	counts := map[string]int{}
	for _, r := range rows {
		var reasons []Reason
		if err := json.Unmarshal([]byte(r.Reasons), &reasons); err != nil {
			return nil, fmt.Errorf("the reasons of a rejection: %w", err)
		}
		for _, reason := range reasons {
			counts[reason.Code] += r.N
		}
	}
	return counts, nil
}

func (st store) approved(ctx context.Context, businessID string) (bool, error) {
	var n int64
	err := st.db.Conn(ctx).Raw(`SELECT COUNT(*) FROM verification_decisions WHERE business_id = ? AND kind = 'approve'`, businessID).Scan(&n).Error
	return n > 0, database.Err(err, "decision")
}

package verification

import (
	"context"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

func (st store) decision(ctx context.Context, id string) (Decision, error) {
	if !ident.Valid(id) {
		return Decision{}, errs.Missing("decision")
	}
	var r decisionRow
	if err := st.db.Conn(ctx).Where("id = ?", id).Take(&r).Error; err != nil {
		return Decision{}, database.Err(err, "decision")
	}
	return r.decision()
}

// reopen puts a refused request back into the queue.
func (st store) reopen(ctx context.Context, id string) (bool, error) {
	done := st.db.Conn(ctx).Table("verification_requests").Where("id = ? AND state = ?", id, Rejected).
		Updates(map[string]any{"state": Waiting, "ended_at": nil})
	return done.RowsAffected == 1, database.Err(done.Error, "request")
}

func (st store) refusedBy(ctx context.Context, requestID, verifierID string) (bool, error) {
	var n int64
	err := st.db.Conn(ctx).Table("verification_decisions").Where("request_id = ? AND by_id = ? AND kind = ?", requestID, verifierID, KindReject).Count(&n).Error
	return n > 0, database.Err(err, "decision")
}

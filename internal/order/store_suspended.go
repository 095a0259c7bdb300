package order

import (
	"context"
	"time"

	"nearby/internal/database"
)

// openOf lists a business's orders that it still owes something for.
func (s store) openOf(ctx context.Context, businessID string) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&orderRow{}).Where("business_id = ? AND state IN ?", businessID, openStates).Order("id").Pluck("id", &ids).Error
	return ids, database.Err(err, "order")
}

// settleBy sets the end of an open order once for each suspension; false when
// that was done before, or the order is not open any more.
func (s store) settleBy(ctx context.Context, id, measureID string, by time.Time) (bool, error) {
	done := s.db.Conn(ctx).Model(&orderRow{}).Where("id = ? AND settle_for <> ? AND state IN ?", id, measureID, openStates).
		Updates(map[string]any{"settle_by": by, "settle_for": measureID})
	return done.RowsAffected == 1, database.Err(done.Error, "order")
}

// settled takes the end off again.
func (s store) settled(ctx context.Context, id string) error {
	err := s.db.Conn(ctx).Model(&orderRow{}).Where("id = ?", id).Updates(map[string]any{"settle_by": nil, "settle_for": ""}).Error
	return database.Err(err, "order")
}

// settling lists the open orders whose end a suspension has set.
func (s store) settling(ctx context.Context, measureID string) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&orderRow{}).Where("settle_for = ? AND state IN ?", measureID, openStates).Order("id").Pluck("id", &ids).Error
	return ids, database.Err(err, "order")
}

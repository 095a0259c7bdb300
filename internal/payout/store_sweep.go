package payout

import (
	"context"
	"time"

	"nearby/internal/database"
)

func (s store) dueSweeps(ctx context.Context, before, active, now time.Time, limit int) ([]Swept, error) {
	var rows []Swept
	err := database.SkipLocked(s.db.Conn(ctx)).Table("payout_accounts").Select("account, business_id, swept_at AS since").
		Where("account IS NOT NULL AND state <> ? AND (swept_at IS NULL OR swept_at <= ?)", Disconnected, before).
		Where("sweep_until IS NULL OR sweep_until <= ?", now).
		Where("EXISTS (SELECT 1 FROM payments WHERE payments.account = payout_accounts.account AND payments.created_at >= ?)", active).
		Order("COALESCE(swept_at, created_at), id").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "payout account")
}

func (s store) claimSweeps(ctx context.Context, accounts []string, until time.Time) error {
	err := s.db.Conn(ctx).Table("payout_accounts").Where("account IN ?", accounts).Update("sweep_until", until).Error
	return database.Err(err, "payout account")
}

func (s store) sweepDone(ctx context.Context, account string, at time.Time) error {
	set := map[string]any{"sweep_until": nil, "swept_at": at}
	err := s.db.Conn(ctx).Table("payout_accounts").Where("account = ?", account).Updates(set).Error
	return database.Err(err, "payout account")
}

package payout

import (
	"context"
	"time"
)

// Swept is an account that is to be compared with the provider's books.
type Swept struct {
	Account    string
	BusinessID string     // the one it was opened for
	Since      *time.Time // when it was compared last; nil: never
}

// sweepFor is how long one process has an account to itself while it compares.
const sweepFor = 10 * time.Minute

// DueSweeps takes the accounts that were not compared since before and had a
// payment after active, longest ago first, at most limit of them. They are the
// caller's until he calls SweepDone or ten minutes have passed.
func (s *Service) DueSweeps(ctx context.Context, before, active time.Time, limit int) ([]Swept, error) {
	var mine []Swept
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		mine, err = s.store.dueSweeps(ctx, before, active, s.Clock(), limit)
		if err != nil || len(mine) == 0 {
			return err
		}
		ids := make([]string, len(mine))
		for i, a := range mine {
			ids[i] = a.Account
		}
		return s.store.claimSweeps(ctx, ids, s.Clock().Add(sweepFor))
	})
	return mine, err
}

// SweepDone says that an account was compared up to the moment at.
func (s *Service) SweepDone(ctx context.Context, accountID string, at time.Time) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.sweepDone(ctx, accountID, at) })
}

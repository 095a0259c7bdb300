package order

import (
	"context"

	"nearby/internal/directory"
	"nearby/internal/errs"
)

// Why a business takes no order now, for its page.
const (
	ClosedUnverified = "unverified"
	ClosedLimited    = "limited"
	ClosedPaused     = "paused"
	ClosedPayments   = "payments" // neither cards nor payment at pickup
)

// Closed tells why a business takes no orders now, "" when it does. Placing
// checks again inside its transaction.
func (s *Service) Closed(ctx context.Context, b directory.Business) (string, error) {
	switch {
	case !b.Listed():
		return ClosedUnverified, nil
	case b.PausedAt(s.Clock()):
		return ClosedPaused, nil
	case !b.Orderable(s.Clock()):
		return ClosedLimited, nil
	case b.PayAtPickup && b.Pickup:
		return "", nil
	}
	_, err := s.Payout.Orderable(ctx, b.ID)
	if errs.Is(err, errs.Conflict) {
		return ClosedPayments, nil
	}
	return "", err
}

// Known finds the order that was made with a client's token; ok is false when
// there is none.
func (s *Service) Known(ctx context.Context, buyer Buyer, token string) (placed Placement, ok bool, err error) {
	if token == "" || buyer.key() == "" {
		return Placement{}, false, nil
	}
	r, err := s.store.byToken(ctx, buyer.key(), token)
	if errs.Is(err, errs.NotFound) {
		return Placement{}, false, nil
	}
	if err != nil {
		return Placement{}, false, err
	}
	o, err := s.Get(ctx, r.ID)
	return Placement{Order: o, Token: s.Token(r.ID), Replayed: true}, err == nil, err
}

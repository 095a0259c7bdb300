package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"nearby/internal/audit"
	"nearby/internal/directory"
	"nearby/internal/job"
)

// JobSuspended is the kind of job that is left in the transaction of a measure
// that keeps a business from selling; its argument is a Suspension.
const JobSuspended = "order.suspended"

// jobSettle ends what a suspended business has not completed in time; its
// argument is a Suspension.
const jobSettle = "order.settle"

// Suspension names the measure after which a business may not sell. With Settle
// its open orders must come to an end too.
type Suspension struct {
	BusinessID string `json:"business_id"`
	MeasureID  string `json:"measure_id"`
	Settle     bool   `json:"settle"`
}

// SettleIn is how long a suspended business has to complete its open orders.
// What is open then is cancelled and its money goes back.
const SettleIn = 72 * time.Hour

// openStates are those in which the business still owes something.
var openStates = []State{Placed, Accepted, Preparing, Ready, OutForDelivery, DeliveryFailed}

// OpenOf is how many orders of a business are neither finished nor ended.
func (s *Service) OpenOf(ctx context.Context, businessID string) (int64, error) {
	counts, err := s.store.counts(ctx, businessID)
	open := counts[PendingPayment] + counts[Expiring] + counts[Review]
	for _, state := range openStates {
		open += counts[state]
	}
	return open, err
}

// suspended is the job after a suspension: unpaid orders are stopped, buyers of
// open ones told, and their end is set.
func (s *Service) suspended(ctx context.Context, raw json.RawMessage) error {
	a, err := suspension(raw)
	if err != nil {
		return err
	}
	if err := s.Suspended(ctx, a.BusinessID); err != nil || !a.Settle {
		return err
	}
	b, err := s.Directory.Get(ctx, a.BusinessID)
	if err != nil || !b.Under(a.MeasureID) {
		return err // lifted before anybody was told
	}
	ids, err := s.store.openOf(ctx, a.BusinessID)
	if err != nil {
		return err
	}
	by := s.Clock().Add(SettleIn)
	for _, id := range ids {
		err := s.write(ctx, func(ctx context.Context) error {
			marked, err := s.store.settleBy(ctx, id, a.MeasureID, by)
			if err != nil || !marked {
				return err
			}
			return s.mail(ctx, "order_suspended", id)
		})
		if err != nil {
			return fmt.Errorf("order %s: %w", id, err)
		}
	}
	return s.write(ctx, func(ctx context.Context) error {
		return s.Jobs.Add(ctx, job.Job{Kind: jobSettle, Key: a.MeasureID, Args: a, At: by})
	})
}

// settle is the job when a suspended business has had its time. Orders that a
// later suspension has given a new time are left to that one's job.
func (s *Service) settle(ctx context.Context, raw json.RawMessage) error {
	a, err := suspension(raw)
	if err != nil {
		return err
	}
	b, err := s.Directory.Get(ctx, a.BusinessID)
	if err != nil {
		return err
	}
	ids, err := s.store.settling(ctx, a.MeasureID)
	if err != nil {
		return err
	}
	wait := false
	for _, id := range ids {
		err := s.write(ctx, func(ctx context.Context) error {
			t, err := s.store.lock(ctx, id)
			if err != nil {
				return err
			}
			if t.order.SettleFor != a.MeasureID || !slices.Contains(openStates, t.order.State) {
				return nil
			}
			if b.State != directory.Suspended && b.State != directory.Terminated {
				return s.store.settled(ctx, id)
			}
			if p := t.live(); p != nil && p.State == Capturing {
				wait = true // what becomes of the money is known in a moment
				return nil
			}
			return s.end(ctx, t, Cancel, audit.System, ending{reason: stopSuspended, origin: "auto", template: "order_cancelled"})
		})
		if err != nil {
			return fmt.Errorf("order %s: %w", id, err)
		}
		s.workOrder(ctx, id)
	}
	if wait {
		return job.Later(time.Minute)
	}
	return nil
}

func suspension(raw json.RawMessage) (a Suspension, err error) {
	if err := json.Unmarshal(raw, &a); err != nil || a.BusinessID == "" {
		return a, errors.Join(errors.New("order: job without a business"), err)
	}
	return a, nil
}

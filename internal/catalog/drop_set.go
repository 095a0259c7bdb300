package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/job"
)

const (
	dropAhead = 366 * 24 * time.Hour // how far ahead a drop may begin, and how long it may last
	jobDrop   = "drop_turns"         // search looks at a business when a drop of it begins or ends
)

// DropInput is what an owner says about a drop.
type DropInput struct {
	Cap      Number
	PerBuyer Number
	StartsAt time.Time // zero: not given
	EndsAt   time.Time // zero: open end
	AtPickup bool
}

var errInDrop = errs.Fields([]errs.Field{{Name: "stock", Code: "in_drop", Message: "This is sold as a drop, so its pieces are counted. End the drop first."}})

// FollowDrops has search look again when drops begin and end.
func (s *Service) FollowDrops(jobs *job.Queue) {
	s.jobs = jobs
	jobs.Handle(jobDrop, func(ctx context.Context, raw json.RawMessage) error {
		var businessID string
		if err := json.Unmarshal(raw, &businessID); err != nil {
			return err
		}
		return s.db.Tx(ctx, func(ctx context.Context) error {
			s.businesses.Touch(ctx, businessID)
			return nil
		})
	})
}

// SetDrop plans the drop of a variant or changes the one that it has. Once a
// drop has begun its beginning stays; once it is over, or sold out and given a
// later beginning, the next one takes its place. Errors: as Add, Invalid with
// every wrong field: "cap" also below what is taken, "starts_at", "ends_at",
// "variant" of which the pieces are not counted.
func (s *Service) SetDrop(ctx context.Context, actor audit.Actor, businessID, variantID string, in DropInput) (Product, error) {
	return s.changeDrop(ctx, actor, businessID, variantID, func(ctx context.Context, p Product, v Variant) error {
		d, err := in.drop(s.clock())
		if err != nil {
			return err
		}
		if !v.Counted {
			return wrongDrop("variant", "not_counted", "Count the pieces of this first, then it can be a drop.")
		}
		level, err := s.stock.row(ctx, businessID, variantID)
		if err != nil {
			return err
		}
		d.BusinessID, d.StockID = businessID, level.StockID
		before, err := s.liveDrop(ctx, variantID) // under the lock
		if err != nil {
			return err
		}
		detail := map[string]any{"product": p.ID, "variant": variantID, "cap": d.Cap, "per_buyer": d.PerBuyer, "starts_at": d.StartsAt, "ends_at": d.EndsAt}
		phase := Phase("")
		if before != nil {
			phase = before.Phase(s.clock())
		}
		switch {
		case before == nil:
			return s.planDrop(ctx, actor, d, detail)
		case phase == DropOver, phase == DropGone && !d.StartsAt.Equal(before.StartsAt):
			if err := s.closeDrop(ctx, actor, *before); err != nil {
				return err
			}
			return s.planDrop(ctx, actor, d, detail)
		case phase != DropAhead && !d.StartsAt.Equal(before.StartsAt):
			return wrongDrop("starts_at", "drop_begun", "The drop has begun; its beginning stays as it is.")
		case phase == DropAhead && d.StartsAt.Before(s.clock()):
			return wrongDrop("starts_at", "past", "Choose a time that is still to come.")
		}
		return s.editDrop(ctx, actor, *before, d, detail)
	})
}

// EndDrop closes the drop of a variant, which is sold like any other from then
// on; what is held or sold stays so. Without a drop it is no change.
func (s *Service) EndDrop(ctx context.Context, actor audit.Actor, businessID, variantID string) (Product, error) {
	return s.changeDrop(ctx, actor, businessID, variantID, func(ctx context.Context, _ Product, _ Variant) error {
		if _, err := s.stock.row(ctx, businessID, variantID); err != nil {
			return err
		}
		d, err := s.liveDrop(ctx, variantID)
		if err != nil || d == nil {
			return err
		}
		return s.closeDrop(ctx, actor, *d)
	})
}

func (s *Service) changeDrop(ctx context.Context, actor audit.Actor, businessID, variantID string,
	fn func(context.Context, Product, Variant) error,
) (Product, error) {
	var p Product
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.enter(ctx, actor, businessID, account.RightCatalog); err != nil {
			return err
		}
		productID, err := s.store.productOf(ctx, businessID, variantID)
		if err != nil {
			return err
		}
		if p, err = s.store.get(ctx, businessID, productID); err != nil {
			return err
		}
		v, ok := p.Variant(variantID)
		if !ok {
			return errs.Missing("variant")
		}
		if err := fn(ctx, p, v); err != nil {
			return err
		}
		p, err = s.store.get(ctx, businessID, productID)
		return err
	})
	return p, err
}

// liveDrop is the drop of a variant that is not closed, nil for none.
func (s *Service) liveDrop(ctx context.Context, variantID string) (*Drop, error) {
	wares, err := s.stock.Wares(ctx, []string{variantID})
	return wares[variantID].Drop, err
}

// drop checks an input.
func (in DropInput) drop(now time.Time) (Drop, error) {
	var w wrongs
	d := Drop{State: DropPlanned, AtPickup: in.AtPickup, StartsAt: in.StartsAt.UTC().Truncate(time.Second)}
	var ok bool
	if d.Cap, ok = in.Cap.within(maxStock); !ok || d.Cap < 1 {
		w.add("cap", "bad_number", "A drop has between 1 and 999,999 pieces.")
		d.Cap = maxStock
	}
	if d.PerBuyer, ok = in.PerBuyer.within(maxStock); !ok || d.PerBuyer < 1 || d.PerBuyer > d.Cap {
		w.add("per_buyer", "bad_number", "Each person may have between 1 piece and all of them.")
	}
	switch {
	case in.StartsAt.IsZero():
		w.add("starts_at", "required", "Say when the drop begins.")
	case d.StartsAt.After(now.Add(dropAhead)):
		w.add("starts_at", "too_far", "A drop begins within a year.")
	}
	if !in.EndsAt.IsZero() {
		ends := in.EndsAt.UTC().Truncate(time.Second)
		d.EndsAt = &ends
		switch {
		case !ends.After(d.StartsAt) || !ends.After(now):
			w.add("ends_at", "bad_time", "The end lies after the beginning, and is still to come.")
		case ends.After(d.StartsAt.Add(dropAhead)):
			w.add("ends_at", "too_far", "A drop lasts at most a year.")
		}
	}
	return d, errs.Fields(w)
}

func wrongDrop(field, code, message string) error {
	return errs.Fields([]errs.Field{{Name: field, Code: code, Message: message}})
}

func (s *Service) planDrop(ctx context.Context, actor audit.Actor, d Drop, detail map[string]any) error {
	if d.StartsAt.Before(s.clock().Add(-time.Minute)) {
		return wrongDrop("starts_at", "past", "Choose a time that is still to come.")
	}
	state, err := DropLife.Next("", DropPlan, actor.Role)
	if err != nil {
		return err
	}
	d.ID, d.State = s.ids(), state
	if err := s.store.insertDrop(ctx, d); err != nil {
		return err
	}
	if err := s.turnDrop(ctx, d); err != nil {
		return err
	}
	return s.stock.dropMoved(ctx, actor, "drop.plan", d, detail)
}

// editDrop writes what may change of a drop while it lasts.
func (s *Service) editDrop(ctx context.Context, actor audit.Actor, before, d Drop, detail map[string]any) error {
	d.ID, d.State = before.ID, before.State
	if d.Cap < before.Taken {
		return wrongDrop("cap", "below_taken", fmt.Sprintf("%d pieces are taken already.", before.Taken))
	}
	event := DropEvent("")
	switch full := d.Cap == before.Taken; {
	case full && before.State == DropOpen:
		event = DropEmpty
	case !full && before.State == DropSoldOut:
		event = DropReturn
	}
	if d.GoneAt = before.GoneAt; event != "" {
		var err error
		if d.State, err = DropLife.Next(before.State, event, account.System); err != nil {
			return err
		}
		if d.GoneAt = nil; event == DropEmpty {
			at := s.clock()
			d.GoneAt = &at
		}
	}
	if err := s.store.updateDrop(ctx, d, before.Taken); err != nil {
		return err
	}
	if err := s.turnDrop(ctx, d); err != nil {
		return err
	}
	if d.State != before.State {
		detail["from"], detail["to"] = before.State, d.State
	}
	return s.stock.dropMoved(ctx, actor, "drop.change", d, detail)
}

func (s *Service) closeDrop(ctx context.Context, actor audit.Actor, d Drop) error {
	next, err := DropLife.Next(d.State, DropClose, actor.Role)
	if err != nil {
		return err
	}
	if err := s.store.closeDrop(ctx, d, next); err != nil {
		return err
	}
	return s.stock.dropMoved(ctx, actor, "drop.close", d, map[string]any{"from": d.State, "to": next, "taken": d.Taken, "sold": d.Sold})
}

// turnDrop has search look at the business when the drop begins and when it ends.
func (s *Service) turnDrop(ctx context.Context, d Drop) error {
	if s.jobs == nil {
		return nil
	}
	if err := s.jobs.Add(ctx, job.Job{Kind: jobDrop, Args: d.BusinessID, At: d.StartsAt}); err != nil || d.EndsAt == nil {
		return err
	}
	return s.jobs.Add(ctx, job.Job{Kind: jobDrop, Args: d.BusinessID, At: *d.EndsAt})
}

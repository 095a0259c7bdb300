package order

import (
	"context"
	"strconv"
	"time"

	"nearby/internal/catalog"
	"nearby/internal/errs"
)

var (
	errDropAhead   = errs.New(errs.Conflict, "drop_not_open", "The sale of this has not begun.")
	errDropOver    = errs.New(errs.Conflict, "drop_over", "The sale of this is over.")
	errDropAccount = errs.New(errs.Conflict, "drop_sign_in", "There is a limit for each person, so this is sold to people with an account. Please sign in; your cart stays.")
	errDropUnpaid  = errs.New(errs.Conflict, "drop_unpaid", "You have some of this on hold already. Pay or cancel that order first.")
)

// dropsOpen refuses an order with something whose drop has not begun or is over.
func dropsOpen(sh shelf, in PlaceInput, now time.Time) error {
	for _, l := range in.Lines {
		d := sh.wares[l.VariantID].Drop
		if d == nil {
			continue
		}
		switch d.Phase(now) {
		case catalog.DropAhead:
			return errDropAhead.With(map[string]any{"variant_id": l.VariantID, "starts_at": d.StartsAt})
		case catalog.DropOver:
			return errDropOver.With(map[string]any{"variant_id": l.VariantID})
		}
	}
	return nil
}

// atPickup reports whether everything may be paid when it is collected.
func atPickup(hold []wanted) bool {
	for _, w := range hold {
		if w.ware.Drop != nil && !w.ware.Drop.AtPickup {
			return false
		}
	}
	return true
}

// dropBook is what the drops of a bundle's orders say, under the locks of their
// stock rows, and what the bundle takes of them.
type dropBook struct {
	drops  map[string]catalog.Drop     // by stock row
	had    map[string]map[string]int64 // pieces by drop and buyer
	unpaid map[string]map[string]bool  // who holds some unpaid, by drop
	takes  map[string]map[string]int64 // pieces that are taken now, by drop and buyer
}

// openDrops reads the drops of a shelf whose stock rows are locked, and lowers
// what is free to what they leave.
func (s *Service) openDrops(ctx context.Context, sh shelf, free map[string]int64, buyers []string) (dropBook, error) {
	book := dropBook{drops: map[string]catalog.Drop{}, takes: map[string]map[string]int64{}}
	var ids []string
	for _, w := range sh.wares {
		if w.Drop != nil {
			ids = append(ids, w.Drop.ID)
		}
	}
	if len(ids) == 0 {
		return book, nil
	}
	ids = distinct(ids)
	drops, err := s.Stock.Drops(ctx, ids)
	if err != nil {
		return book, err
	}
	for _, d := range drops {
		book.drops[d.StockID] = d
		free[d.StockID] = min(free[d.StockID], d.Left())
	}
	if book.had, err = s.Stock.TakenBy(ctx, ids, buyers); err != nil {
		return book, err
	}
	book.unpaid, err = s.store.holding(ctx, ids, buyers)
	return book, err
}

// admit refuses a buyer who has had their share of a drop. Pieces are counted
// for an account, whose e-mail address was confirmed when it was made.
func (b dropBook) admit(buyer Buyer, pieces map[string]int64) error {
	for _, stockID := range sortedKeys(pieces) {
		d, limited := b.drops[stockID]
		if !limited {
			continue
		}
		had := b.had[d.ID][buyer.key()]
		switch {
		case buyer.UserID == "":
			return errDropAccount
		case b.unpaid[d.ID][buyer.key()]:
			return errDropUnpaid
		case had+pieces[stockID] > d.PerBuyer:
			return errs.New(errs.Conflict, "drop_limit", "Each person may have "+strconv.FormatInt(d.PerBuyer, 10)+" of this, and you have "+strconv.FormatInt(had, 10)+".").
				With(map[string]any{"per_buyer": d.PerBuyer, "taken": had})
		}
	}
	return nil
}

// take notes what an admitted order takes and gives its reservations' drops.
func (b dropBook) take(buyer, stockID string, n int64, method Method) *string {
	d, limited := b.drops[stockID]
	if !limited {
		return nil
	}
	if b.takes[d.ID] == nil {
		b.takes[d.ID] = map[string]int64{}
	}
	b.takes[d.ID][buyer] += n
	b.had[d.ID][buyer] += n
	if method == Card {
		b.unpaid[d.ID] = also(b.unpaid[d.ID], buyer)
	}
	return &d.ID
}

func also(set map[string]bool, key string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
	}
	set[key] = true
	return set
}

// takeDrops writes what a bundle takes, in ascending order of the drops.
func (s *Service) takeDrops(ctx context.Context, b dropBook) error {
	for _, id := range sortedKeys(b.takes) {
		ok, err := s.Stock.TakeDrop(ctx, id, b.takes[id])
		if err != nil {
			return err
		}
		if !ok { // it cannot be under the lock; the database has the last word
			return errs.New(errs.Internal, "stock_mismatch", "Something went wrong on our side.").With(map[string]any{"move": "drop"})
		}
		s.changed(ctx, id)
	}
	return nil
}

// release gives the pieces of one hold back for sale, and to its drop.
func (s *Service) release(ctx context.Context, r reservationRow) error {
	if err := s.Stock.Release(ctx, r.StockID, r.Qty); err != nil {
		return err
	}
	return s.backToDrop(ctx, r, r.Qty, false)
}

// backToDrop gives pieces back to the drop that they were taken of, if any. The
// transaction has moved their stock row.
func (s *Service) backToDrop(ctx context.Context, r reservationRow, n int64, sold bool) error {
	if r.DropID == nil {
		return nil
	}
	s.changed(ctx, *r.DropID)
	return s.Stock.GiveBackDrop(ctx, *r.DropID, r.Buyer, n, sold)
}

// rehold holds the pieces of a released reservation again; false, and nothing
// held, when they are gone or a cap of its drop is reached.
func (s *Service) rehold(ctx context.Context, r reservationRow) (bool, error) {
	ok, err := s.Stock.Hold(ctx, r.StockID, r.Qty)
	if err != nil || !ok || r.DropID == nil {
		return ok, err
	}
	id := *r.DropID
	drops, err := s.Stock.Drops(ctx, []string{id})
	if err != nil {
		return false, err
	}
	had, err := s.Stock.TakenBy(ctx, []string{id}, []string{r.Buyer})
	if err != nil {
		return false, err
	}
	if d := drops[id]; d.Left() < r.Qty || had[id][r.Buyer]+r.Qty > d.PerBuyer {
		return false, s.Stock.Release(ctx, r.StockID, r.Qty)
	}
	return true, s.takeDrops(ctx, dropBook{takes: map[string]map[string]int64{id: {r.Buyer: r.Qty}}})
}

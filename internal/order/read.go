package order

import (
	"context"
	"crypto/hmac"
	"strings"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// Get reads an order for the program itself; it asks nobody's leave.
func (s *Service) Get(ctx context.Context, orderID string) (Order, error) {
	if !ident.Valid(orderID) {
		return Order{}, errs.Missing("order")
	}
	r, err := s.store.order(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	list, err := s.store.whole(ctx, []orderRow{r})
	if err != nil {
		return Order{}, err
	}
	return list[0], nil
}

// ForShopper reads an order for its buyer or for whoever has the token of its
// link; for anybody else it is NotFound.
func (s *Service) ForShopper(ctx context.Context, orderID string, access Access) (Order, error) {
	if !ident.Valid(orderID) {
		return Order{}, errs.Missing("order")
	}
	r, err := s.store.order(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	mine := access.key() != "" && hmac.Equal([]byte(access.key()), []byte(r.Buyer))
	if !mine && !s.tokenFits(r.LinkHash, access.Token) {
		return Order{}, errs.Missing("order")
	}
	return s.Get(ctx, orderID)
}

// ForBusiness reads an order for a member of its business; for anybody else it
// is NotFound.
func (s *Service) ForBusiness(ctx context.Context, actor audit.Actor, businessID, orderID string) (Order, error) {
	if _, err := s.Accounts.Require(ctx, actor, businessID, account.RightOrders); err != nil {
		return Order{}, err
	}
	o, err := s.Get(ctx, orderID)
	if err == nil && (o.BusinessID != businessID) {
		return Order{}, errs.Missing("order")
	}
	return o, err
}

// Page is a part of a list; Next is the cursor of the part after it, "" ends.
type Page struct {
	Items []Order
	Next  string
}

const maxPage = 50

// ListForBusiness pages through a business's orders, newest first; no states
// means all. limit is 1 to 50, 0 is 20. Errors: Invalid "bad_cursor".
func (s *Service) ListForBusiness(ctx context.Context, actor audit.Actor, businessID string, states []State, cursor string, limit int) (Page, error) {
	if _, err := s.Accounts.Require(ctx, actor, businessID, account.RightOrders); err != nil {
		return Page{}, err
	}
	return s.page(ctx, "business", businessID, states, cursor, limit)
}

// ListForShopper pages through a buyer's orders, newest first.
func (s *Service) ListForShopper(ctx context.Context, buyer Buyer, cursor string, limit int) (Page, error) {
	if buyer.key() == "" {
		return Page{}, nil
	}
	return s.page(ctx, "buyer", buyer.key(), nil, cursor, limit)
}

func (s *Service) page(ctx context.Context, column, id string, states []State, cursor string, limit int) (Page, error) {
	if cursor != "" && !ident.Valid(cursor) {
		return Page{}, errs.New(errs.Invalid, "bad_cursor", "This cursor is not one of ours.")
	}
	if limit <= 0 {
		limit = 20
	}
	limit = min(limit, maxPage)
	rows, err := s.store.list(ctx, column, id, states, strings.ToLower(cursor), limit+1)
	if err != nil {
		return Page{}, err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	items, err := s.store.whole(ctx, rows)
	return Page{items, next}, err
}

// Counts says how many orders of a business are in each state.
func (s *Service) Counts(ctx context.Context, actor audit.Actor, businessID string) (map[State]int64, error) {
	if _, err := s.Accounts.Require(ctx, actor, businessID, account.RightOrders); err != nil {
		return nil, err
	}
	return s.store.counts(ctx, businessID)
}

// Landed is the shopper's return from the payment page: the order's own page is
// read, whatever the address said. It is a courtesy that spares a moment's wait;
// failures are the job's to repeat.
func (s *Service) Landed(ctx context.Context, orderID string, access Access) (Order, error) {
	o, err := s.ForShopper(ctx, orderID, access)
	if err != nil || o.Payment == nil || o.Payment.Method != Card || s.Gateway == nil {
		return o, err
	}
	switch o.Payment.State {
	case Payable, Processing, PayExpired, Failed:
		if err := s.Sync(ctx, o.Payment.ID); err != nil && !errs.Is(err, errs.Unavailable) {
			return o, err
		}
		return s.Get(ctx, orderID)
	}
	return o, nil
}

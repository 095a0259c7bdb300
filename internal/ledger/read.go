package ledger

import (
	"context"
	"time"

	"nearby/internal/money"
)

// Taking is one sale as it was booked.
type Taking struct {
	At      time.Time
	OrderID string
	Amount  money.Amount
}

// Takings lists what a business sold from one moment until before another, by
// card and at the counter, oldest first. Refunds are not taken off.
func (l *Ledger) Takings(ctx context.Context, businessID string, from, until time.Time) ([]Taking, error) {
	return l.takings(ctx, businessID, from, until)
}

// Total is what entries of one kind did to a business's own books, its balance
// at the provider and its till: positive is money in.
type Total struct {
	Kind   Kind
	Amount money.Amount
}

// OfOrders are the totals of each of the orders by their ids. An order without
// an entry is not in the answer.
func (l *Ledger) OfOrders(ctx context.Context, orderIDs []string) (map[string][]Total, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	return l.totals(ctx, orderIDs)
}

// Booking is what one entry did to an account's balance at the provider:
// positive is money in.
type Booking struct {
	Kind     Kind
	SourceID string
	OrderID  string
	Amount   money.Amount
}

// maxBookings bounds OfAccount.
const maxBookings = 5000

// OfAccount lists sales and refunds (not disputes) on an account from one moment until before
// another, oldest first, at most five thousand.
func (l *Ledger) OfAccount(ctx context.Context, account string, from, until time.Time) ([]Booking, error) {
	return l.ofAccount(ctx, account, from, until)
}

// OfSources sums by kind what entries about the objects did to an account's
// balance.
func (l *Ledger) OfSources(ctx context.Context, account string, sources []string) (map[Kind]money.Amount, error) {
	return l.ofSources(ctx, account, sources)
}

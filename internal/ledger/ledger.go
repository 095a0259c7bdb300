// Package ledger keeps the books: every movement of money as an entry of two
// legs that sum to nothing, written in the transaction of the state it
// explains and never changed.
package ledger

import (
	"context"
	"errors"
	"fmt"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/ident"
	"nearby/internal/money"
)

// Kind says what an entry records.
type Kind string

const (
	Sale          Kind = "sale"           // a card payment arrived
	CounterSale   Kind = "counter_sale"   // staff took money at the counter
	AppFee        Kind = "app_fee"        // the operator's share
	AppFeeRefund  Kind = "app_fee_refund" // and what of it went back
	StripeFee     Kind = "stripe_fee"     // the provider's share
	Refund        Kind = "refund"         // money went back to the shopper
	RefundFailed  Kind = "refund_failed"  // and came back
	CounterRefund Kind = "counter_refund" // staff gave cash back
	Dispute       Kind = "dispute"
	DisputeWon    Kind = "dispute_won"
	DisputeFee    Kind = "dispute_fee"
	Payout        Kind = "payout"
	PayoutFailed  Kind = "payout_failed"
	Other         Kind = "other" // for a person to look at
)

// Book is an account of the books: who owes or owns.
type Book string

const (
	Buyer    Book = "buyer"    // paid in (negative) and got back (positive)
	Balance  Book = "balance"  // the business's balance at the provider
	Operator Book = "operator" // the operator's fees
	Provider Book = "stripe"   // the provider's fees
	Till     Book = "till"     // cash at the counter
	Bank     Book = "bank"     // paid out
	Rest     Book = "other"
)

// legs is, for each kind, the book that gives and the book that takes.
var legs = map[Kind][2]Book{
	Sale: {Buyer, Balance}, CounterSale: {Buyer, Till}, AppFee: {Balance, Operator}, AppFeeRefund: {Operator, Balance},
	StripeFee: {Balance, Provider}, Refund: {Balance, Buyer}, RefundFailed: {Buyer, Balance}, CounterRefund: {Till, Buyer},
	Dispute: {Balance, Buyer}, DisputeWon: {Buyer, Balance}, DisputeFee: {Balance, Provider}, Payout: {Balance, Bank},
	PayoutFailed: {Bank, Balance}, Other: {Rest, Balance},
}

// Entry is one movement. SourceID names what caused it (a charge, a refund, a
// payment row) under Account, "" for the counter; the same source is booked
// once per kind. An amount may be negative only for Other.
type Entry struct {
	Kind       Kind
	BusinessID string
	OrderID    string
	Amount     money.Amount
	Account    string
	SourceID   string
}

// Ledger writes and sums entries.
type Ledger struct {
	db    *database.DB
	clock clock.Clock
	ids   ident.Source
}

// New makes a ledger over db.
func New(db *database.DB, now clock.Clock, ids ident.Source) *Ledger {
	return &Ledger{db: db, clock: now, ids: ids}
}

// Add books e in the transaction of ctx, which it needs. An entry of the same
// kind and source that exists already is left alone, and amounts of zero are
// not booked: both make a repeated settlement harmless.
func (l *Ledger) Add(ctx context.Context, e Entry) error {
	pair, known := legs[e.Kind]
	switch {
	case !database.InTx(ctx):
		return errors.New("ledger: entry outside a transaction")
	case !known || e.BusinessID == "" || e.SourceID == "" || e.Amount.Currency == "":
		return fmt.Errorf("ledger: entry %q of %q is incomplete", e.Kind, e.SourceID)
	case e.Amount.Minor < 0 && e.Kind != Other:
		return fmt.Errorf("ledger: %s of %v", e.Kind, e.Amount)
	case e.Amount.Minor == 0:
		return nil
	}
	return l.insert(ctx, l.ids(), e, pair)
}

// Sum is one book's balance in one currency.
type Sum struct {
	Book     Book
	Currency string
	Minor    int64
}

// Sums are the balances of a business's books. Over all books of a currency
// they make zero.
func (l *Ledger) Sums(ctx context.Context, businessID string) ([]Sum, error) {
	return l.sums(ctx, "business_id = ?", businessID)
}

// OfOrder are the books of one order.
func (l *Ledger) OfOrder(ctx context.Context, orderID string) ([]Sum, error) {
	return l.sums(ctx, "order_id = ?", orderID)
}

// Check looks for entries whose legs do not sum to nothing and returns their
// number; anything but 0 is an alarm.
func (l *Ledger) Check(ctx context.Context) (int64, error) { return l.unbalanced(ctx) }

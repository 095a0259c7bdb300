package payment

import (
	"context"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// maxMovements bounds one list of movements: ten pages of a hundred.
const maxMovements = 10

// Movements lists changes of an account's balance, newest first; a busy account
// gives at most a thousand.
func (s *Stripe) Movements(ctx context.Context, account string, filter MovementFilter) ([]Movement, error) {
	var found []Movement
	after := ""
	for range maxMovements {
		params := &stripe.BalanceTransactionListParams{}
		if err := onList(ctx, opMovements, account, &params.ListParams); err != nil {
			return nil, err
		}
		optional(&params.Source, filter.Source)
		optional(&params.StartingAfter, after)
		if !filter.Since.IsZero() {
			params.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: filter.Since.Unix()}
		}
		params.AddExpand("data.source")
		list := s.api.BalanceTransactions.List(params)
		for list.Next() {
			in := list.BalanceTransaction()
			found = append(found, movementOf(account, in))
			after = in.ID
		}
		if err := list.Err(); err != nil {
			return nil, failure(opMovements, err)
		}
		if !list.Meta().HasMore {
			break
		}
	}
	return found, nil
}

func movementOf(account string, in *stripe.BalanceTransaction) Movement {
	out := Movement{
		Ref: Ref{account, in.ID}, Type: string(in.Type), Amount: in.Amount, Fee: in.Fee, Currency: upper(in.Currency), CreatedAt: at(in.Created),
	}
	if out.Type == "adjustment" && strings.HasPrefix(string(in.ReportingCategory), "dispute") {
		out.Type = string(in.ReportingCategory) // the provider calls corrections of every kind adjustments
	}
	source := in.Source
	if source == nil {
		return out
	}
	out.Source = source.ID
	switch {
	case source.Charge != nil && source.Charge.PaymentIntent != nil:
		out.Intent = source.Charge.PaymentIntent.ID
	case source.Refund != nil && source.Refund.PaymentIntent != nil:
		out.Intent = source.Refund.PaymentIntent.ID
	case source.Dispute != nil && source.Dispute.PaymentIntent != nil:
		out.Intent = source.Dispute.PaymentIntent.ID
	}
	return out
}

// MovementFilter narrows Movements: since a time, or of one object.
type MovementFilter struct {
	Since  time.Time
	Source string
}

// Movement is one change of an account's balance: Amount − Fee is what it
// changed by. A movement that is about no payment has no Intent.
type Movement struct {
	Ref
	Type      string // charge, refund, payout, dispute, dispute_reversal, …
	Source    string // the object it is about
	Intent    string // of a charge or refund
	Amount    int64
	Fee       int64
	Currency  string // upper case
	CreatedAt time.Time
}

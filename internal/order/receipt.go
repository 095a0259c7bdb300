package order

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nearby/internal/directory"
	"nearby/internal/money"
)

// Seller is who sold, as shown when the order was placed.
type Seller struct {
	Name     string            `json:"name"` // legal name, else that of the business
	Register string            `json:"register"`
	Address  directory.Address `json:"address"`
	Email    string            `json:"email"`
	Phone    string            `json:"phone"`
}

// Receipt is what was paid for, under a number that counts per business without
// gaps.
type Receipt struct {
	Number int64
	Issued time.Time
	Seller Seller
	Order  Order
	Lines  []ReceiptLine
	Taxes  []TaxSum     // by rate, ascending
	Paid   money.Amount // the sum of the lines
	Back   money.Amount // what has gone back of it
}

// ReceiptLine is a line as far as it was paid for.
type ReceiptLine struct {
	Line
	Quantity int64
	Discount money.Amount
	Tax      money.Amount
	Total    money.Amount
}

// TaxSum is the tax of one rate on a receipt.
type TaxSum struct {
	Mpct int64        // thousandths of a per cent
	Net  money.Amount // without the tax
	Tax  money.Amount
}

// issue gives an order that has just been paid its invoice number. It is the
// last thing its transaction locks, so that others wait no longer than for a
// commit; what is rolled back leaves no gap.
func (s *Service) issue(ctx context.Context, t *trade) error {
	return s.store.issue(ctx, t.order.BusinessID, t.order.ID, s.Clock())
}

// Receipt is the receipt of an order that the caller may read. Errors: NotFound
// while nothing was paid.
func (s *Service) Receipt(ctx context.Context, o Order) (Receipt, error) {
	row, err := s.store.invoice(ctx, o.ID)
	if err != nil {
		return Receipt{}, err
	}
	placed, err := s.store.order(ctx, o.ID)
	if err != nil {
		return Receipt{}, err
	}
	var terms struct{ Trader Seller }
	if err := json.Unmarshal([]byte(placed.TermsJSON), &terms); err != nil {
		return Receipt{}, fmt.Errorf("order %s: terms: %w", o.ID, err)
	}
	r := Receipt{Number: row.Number, Issued: row.IssuedAt, Seller: terms.Trader, Order: o, Paid: money.New(0, placed.Currency)}
	r.Back = r.Paid
	if o.Payment != nil {
		r.Back = o.Payment.Refunded
	}
	for _, l := range o.Lines {
		if l.QtyCharged == 0 {
			continue
		}
		line := ReceiptLine{
			Line: l, Quantity: l.QtyCharged, Discount: l.Discount.PartExact(l.QtyCharged, l.Quantity),
			Tax: l.Tax.PartExact(l.QtyCharged, l.Quantity), Total: l.Total.Part(l.QtyCharged, l.Quantity),
		}
		r.Lines = append(r.Lines, line)
		r.Paid = r.Paid.Add(line.Total)
		r.tax(line)
	}
	slices.SortFunc(r.Taxes, func(a, b TaxSum) int { return int(a.Mpct - b.Mpct) })
	return r, nil
}

func (r *Receipt) tax(l ReceiptLine) {
	net := l.Total.Sub(l.Tax)
	for i := range r.Taxes {
		if sum := &r.Taxes[i]; sum.Mpct == l.TaxMpct {
			sum.Net, sum.Tax = sum.Net.Add(net), sum.Tax.Add(l.Tax)
			return
		}
	}
	r.Taxes = append(r.Taxes, TaxSum{l.TaxMpct, net, l.Tax})
}

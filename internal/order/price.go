package order

import (
	"fmt"
	"strings"

	"nearby/internal/catalog"
	"nearby/internal/errs"
	"nearby/internal/money"
)

// wanted is one thing to buy at its present price.
type wanted struct {
	ware     catalog.Ware
	quantity int64
}

// price makes the lines and totals of a purchase: each line taxed by itself,
// delivery as a line of its own, and the total the sum of the lines. The
// discount is spread over the goods by their gross. Delivery is taxed like the
// dearest of the goods, whose fate it shares. It fails with Invalid
// "bad_amount" when something exceeds what can be charged.
func price(currency string, goods []wanted, discount, deliveryFee int64) ([]Line, Totals, error) {
	of := func(minor int64) money.Amount { return money.New(minor, currency) }
	lines := make([]Line, 0, len(goods)+1)
	weights := make([]int64, len(goods))
	for i, w := range goods {
		gross := w.ware.Price.Times(w.quantity)
		if gross.Minor > money.Max {
			return nil, Totals{}, tooMuch()
		}
		weights[i] = gross.Minor
		lines = append(lines, Line{
			Kind: goodsLine, ProductID: w.ware.ProductID, VariantID: w.ware.VariantID, Name: w.ware.Title, Options: w.ware.Options,
			Quantity: w.quantity, UnitPrice: w.ware.Price, Gross: gross, TaxMpct: w.ware.TaxMpct, TaxIncluded: w.ware.TaxIncluded,
			stockID: w.ware.StockID,
		})
	}
	for i, share := range of(discount).Allocate(weights) {
		lines[i].Discount = share
	}
	if deliveryFee > 0 {
		dearest := 0
		for i := range goods {
			if lines[dearest].Gross.Less(lines[i].Gross) {
				dearest = i
			}
		}
		lines = append(lines, Line{
			Kind: "delivery", Name: "Delivery", Quantity: 1, UnitPrice: of(deliveryFee), Gross: of(deliveryFee), Discount: of(0),
			TaxMpct: lines[dearest].TaxMpct, TaxIncluded: lines[dearest].TaxIncluded,
		})
	}
	t := Totals{Goods: of(0), Discount: of(discount), Delivery: of(0), TaxAdded: of(0), TaxContained: of(0), Total: of(0)}
	for i := range lines {
		l := &lines[i]
		l.N, l.Refunded, l.QtyAccepted, l.QtyCharged = i+1, of(0), l.Quantity, l.Quantity
		net := l.Gross.Sub(l.Discount)
		if l.TaxIncluded {
			l.Tax, l.Total = net.TaxWithin(l.TaxMpct), net
			t.TaxContained = t.TaxContained.Add(l.Tax)
		} else {
			l.Tax = net.TaxUpon(l.TaxMpct)
			l.Total = net.Add(l.Tax)
			t.TaxAdded = t.TaxAdded.Add(l.Tax)
		}
		if l.Kind == goodsLine {
			t.Goods = t.Goods.Add(l.Gross)
		} else {
			t.Delivery = t.Delivery.Add(l.Gross)
		}
		t.Total = t.Total.Add(l.Total)
	}
	if t.Total.Minor > money.Max {
		return nil, Totals{}, tooMuch()
	}
	return lines, t, t.Total.Chargeable()
}

func tooMuch() error {
	return errs.New(errs.Invalid, "bad_amount", "This is more than can be ordered at once.")
}

// Title is the line's name with its options: "Tart (Large / Lemon)".
func (l Line) Title() string {
	if len(l.Options) == 0 {
		return l.Name
	}
	return fmt.Sprintf("%s (%s)", l.Name, strings.Join(l.Options, " / "))
}

// feeRule is the operator's share that holds for an order, frozen on it.
type feeRule struct {
	ID    string
	Bps   int64
	Fixed int64
	Base  string // goods, total
}

// fee is the operator's share of an order.
func (r feeRule) fee(t Totals) money.Amount {
	base := t.Goods.Sub(t.Discount)
	if r.Base == "total" {
		base = t.Total
	}
	return money.Fee(base, r.Bps, r.Fixed, t.Total)
}

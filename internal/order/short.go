package order

import (
	"context"
	"strconv"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/money"
)

// Pieces are some of a line of an order.
type Pieces struct {
	Line     int   `json:"line"` // its number in the order, from 1
	Quantity int64 `json:"quantity"`
}

// Missing is what a business cannot give of an order.
type Missing struct {
	Pieces []Pieces
	Gone   bool // they are not there at all: not for sale again
}

var (
	errNothingLeft = errs.New(errs.Conflict, "nothing_left", "Nothing would be left of the order. Decline or cancel it instead.")
	errNoSuchLine  = errs.Field{Name: "lines", Code: "unknown_line", Message: "The order has no such line."}
	errTooMany     = errs.Field{Name: "lines", Code: "bad_quantity", Message: "So many pieces are not left of this line."}
)

// TakeOff takes pieces that cannot be had after all off an order that was
// accepted and not handed over yet. What was paid for them goes back, what was
// to be paid is less, and they are for sale again unless they are gone. The
// shopper is told line by line. Errors: Invalid field "lines"; Conflict
// "nothing_left" when it would be all of the order, "not_captured" while its
// money is being taken, "not_allowed".
func (s *Service) TakeOff(ctx context.Context, actor audit.Actor, businessID, orderID string, missing Missing) (Order, error) {
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		if err := s.takeOff(ctx, t, actor, missing); err != nil {
			return err
		}
		return s.mail(ctx, "order_short", orderID)
	})
}

func (s *Service) takeOff(ctx context.Context, t *trade, actor audit.Actor, missing Missing) error {
	p := t.live()
	if p != nil && p.State != Authorized && p.State != Due && p.State != Paid {
		return errNotCaptured // how much of it is taken is fixed already
	}
	lines, err := s.store.lines(ctx, t.order.ID)
	if err != nil {
		return err
	}
	off, err := picked(lines, missing.Pieces, func(l lineRow) int64 {
		if l.Kind != goodsLine {
			return 0
		}
		return l.QtyAccepted
	})
	if err != nil {
		return err
	}
	uncharged := p != nil && (p.State == Authorized || p.State == Due)
	kept := int64(0)
	pieces := map[string]int64{} // by stock row
	var parts []refundLineRow
	for i := range lines {
		l := &lines[i]
		n := off[l.N]
		if l.Kind == goodsLine {
			kept += l.QtyAccepted - n
		}
		if n == 0 {
			continue
		}
		if err := s.store.takeOff(ctx, *l, n, uncharged); err != nil {
			return err
		}
		l.QtyAccepted -= n
		if uncharged {
			l.QtyCharged -= n
		} else if part := l.share(min(n, l.QtyCharged-l.QtyRefunded), t.order.Currency); part.Amount > 0 {
			parts = append(parts, part)
		}
		if l.StockID != nil {
			pieces[*l.StockID] += n
		}
	}
	if kept == 0 {
		return errNothingLeft
	}
	if err := s.moveOrder(ctx, t, TakeOff, actor, nil, map[string]any{"lines": missing.Pieces, "gone": missing.Gone}); err != nil {
		return err
	}
	switch {
	case uncharged:
		if err := s.lessen(ctx, t, p, lines); err != nil {
			return err
		}
	case p != nil && len(parts) > 0:
		if err := s.request(ctx, t, p, sumOf(parts), parts, giving{origin: "business", reason: "missing", by: actorName(actor)}); err != nil {
			return err
		}
	}
	return s.reshelve(ctx, t, actor, pieces, missing.Gone)
}

// picked are the pieces of each line by its number; rest says how many of a line
// there are to choose from.
func picked(lines []lineRow, pieces []Pieces, rest func(lineRow) int64) (map[int]int64, error) {
	if len(pieces) == 0 {
		return nil, errs.Fields([]errs.Field{errNoSuchLine})
	}
	known := map[int]lineRow{}
	for _, l := range lines {
		known[l.N] = l
	}
	chosen := map[int]int64{}
	for i, piece := range pieces {
		l, ok := known[piece.Line]
		wrong := errTooMany
		switch {
		case !ok || chosen[piece.Line] != 0:
			wrong = errNoSuchLine
		case piece.Quantity >= 1 && piece.Quantity <= rest(l):
			chosen[piece.Line] = piece.Quantity
			continue
		}
		wrong.Name += "." + strconv.Itoa(i)
		return nil, errs.Fields([]errs.Field{wrong})
	}
	return chosen, nil
}

// lessen lowers what is to be taken of a payment to what is left on the lines,
// and the operator's share of it by the rule that is frozen on the order.
func (s *Service) lessen(ctx context.Context, t *trade, p *payRow, lines []lineRow) error {
	of := func(minor int64) money.Amount { return money.New(minor, t.order.Currency) }
	amount, net := of(0), of(0)
	for _, l := range lines {
		amount = amount.Add(of(l.Total).Part(l.QtyCharged, l.Qty))
		if l.Kind == goodsLine {
			net = net.Add(of(l.Gross-l.Discount).Part(l.QtyCharged, l.Qty))
		}
	}
	if amount.Zero() {
		return errNothingLeft
	}
	base := net
	if t.order.FeeBase == "total" {
		base = amount
	}
	fee := money.Fee(base, t.order.FeeBps, t.order.FeeFixed, amount)
	if p.Fee > 0 && fee.Zero() {
		fee = fee.Smallest() // the provider takes no fee of nothing for one that was announced
	}
	p.TakeAmount, p.TakeFee = &amount.Minor, &fee.Minor
	return s.store.updatePay(ctx, p, map[string]any{"take_amount": amount.Minor, "take_fee": fee.Minor})
}

// reshelve gives pieces of a placed order back for sale, or takes them off the
// shelf with gone.
func (s *Service) reshelve(ctx context.Context, t *trade, actor audit.Actor, pieces map[string]int64, gone bool) error {
	reservations, err := s.store.reservations(ctx, t.order.ID)
	if err != nil {
		return err
	}
	for _, r := range reservations {
		n := pieces[r.StockID]
		if n == 0 {
			continue
		}
		if err := s.store.returned(ctx, r, n); err != nil {
			return err
		}
		if err := s.Stock.Return(ctx, actor.ID, t.order.ID, r.StockID, s.IDs(), n, gone); err != nil {
			return err
		}
		if err := s.backToDrop(ctx, r, n, true); err != nil {
			return err
		}
	}
	return nil
}

// share is what goes back for k more pieces of a line, and the tax in it. What
// pieces cost is fixed by the line's total, so that all of them give exactly what
// was charged, in any order and any grouping.
func (l lineRow) share(k int64, currency string) refundLineRow {
	total := money.New(l.Total, currency)
	left := total.Part(l.QtyCharged, l.Qty).Minor - l.Refunded
	amount := left
	if l.QtyRefunded+k < l.QtyCharged {
		amount = min(left, total.Part(l.QtyRefunded+k, l.Qty).Sub(total.Part(l.QtyRefunded, l.Qty)).Minor)
	}
	return l.part(amount, k, currency)
}

// part is an amount of a line that goes back, for so many pieces of it, with the
// tax in it.
func (l lineRow) part(amount, pieces int64, currency string) refundLineRow {
	part := refundLineRow{LineN: l.N, Qty: pieces, Amount: amount}
	if l.Total > 0 {
		tax := money.New(l.Tax, currency)
		part.Tax = tax.PartExact(l.Refunded+amount, l.Total).Sub(tax.PartExact(l.Refunded, l.Total)).Minor
	}
	return part
}

func sumOf(parts []refundLineRow) int64 {
	var sum int64
	for _, part := range parts {
		sum += part.Amount
	}
	return sum
}

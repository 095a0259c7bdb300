package order

import (
	"cmp"
	"context"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/ledger"
)

// RefundInput asks for money of an order to go back.
type RefundInput struct {
	Reason      string
	Lines       []Pieces // what it is for; empty: everything that is left
	ClientToken string   // a repeated one has no second effect
	Seen        *int64   // minor units that had been asked back when the asker looked; nil: whatever
}

var (
	errDisputed      = errs.New(errs.Conflict, "disputed", "The shopper's bank has taken this payment back. It cannot be refunded as well.")
	errNothingBack   = errs.New(errs.Conflict, "nothing_to_refund", "There is no payment to give back.")
	errRefundChanged = errs.New(errs.Conflict, "refund_changed", "More of this order has been given back since you looked. Please look again.")
)

// Refund gives back what is left of a paid order, or of some pieces of it,
// whatever its state, without moving it: pieces that were not handed over yet
// still will be, which is what TakeOff is for. Asking twice gives back once.
// Errors: NotFound, Forbidden; Invalid field "lines"; Conflict
// "nothing_to_refund", "refund_changed", "disputed".
func (s *Service) Refund(ctx context.Context, actor audit.Actor, businessID, orderID string, in RefundInput) (Order, error) {
	if !plain(in.Reason, 200) || !plain(in.ClientToken, 200) {
		return Order{}, errs.Fields([]errs.Field{{Name: "reason", Code: "bad_text", Message: "Keep the reason short and plain."}})
	}
	return s.change(ctx, actor, businessID, orderID, account.RightRefund, func(ctx context.Context, t *trade, actor audit.Actor) error {
		p := t.live()
		if p == nil || p.State != Paid && p.State != Collected {
			return errNothingBack
		}
		give := giving{origin: "business", reason: in.Reason, by: actor.ID}
		if in.ClientToken != "" {
			give.token = ident.Hash("refund\x00" + orderID + "\x00" + in.ClientToken)
			if known, err := s.store.refundAsked(ctx, give.token); err != nil || known {
				return err
			}
		}
		if withBank, err := s.store.disputed(ctx, p.ID); err != nil {
			return err
		} else if withBank {
			return errDisputed
		}
		if in.Seen != nil && *in.Seen != p.RefundReserved {
			return errRefundChanged
		}
		if len(in.Lines) == 0 && p.RefundReserved == p.Captured {
			return nil // it is on its way already
		}
		was := p.RefundReserved
		err := s.requestLines(ctx, t, p, in.Lines, give)
		if err != nil {
			return err
		}
		s.changed(ctx, orderID, businessID)
		return s.Audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "order.refund", Object: "order", ObjectID: orderID, BusinessID: businessID,
			Detail: map[string]any{"amount": p.RefundReserved - was, "currency": p.Currency, "lines": in.Lines},
		})
	})
}

// giving is why money goes back and who wants it.
type giving struct {
	origin string // shopper business operator auto external
	reason string
	by     string
	token  string // of the request; "": one of its own
}

// requestLines claims some pieces of an order's lines, all that is left when
// there are none, and writes the refund that will carry their price back.
func (s *Service) requestLines(ctx context.Context, t *trade, p *payRow, pieces []Pieces, give giving) error {
	if len(pieces) == 0 {
		return s.requestAll(ctx, t, p, give)
	}
	lines, err := s.store.lines(ctx, t.order.ID)
	if err != nil {
		return err
	}
	chosen, err := picked(lines, pieces, func(l lineRow) int64 { return l.QtyCharged - l.QtyRefunded })
	if err != nil {
		return err
	}
	var parts []refundLineRow
	for _, l := range lines {
		if n := chosen[l.N]; n > 0 {
			if part := l.share(n, t.order.Currency); part.Amount > 0 {
				parts = append(parts, part)
			}
		}
	}
	if len(parts) == 0 {
		return errNothingBack // free pieces, or it went back outside
	}
	return s.request(ctx, t, p, sumOf(parts), parts, give)
}

// requestAll claims everything that is left of a payment and of the order's
// lines, and writes the refund that will carry it back.
func (s *Service) requestAll(ctx context.Context, t *trade, p *payRow, give giving) error {
	amount := p.Captured - p.RefundReserved
	if amount == 0 {
		return nil
	}
	lines, err := s.store.lines(ctx, t.order.ID)
	if err != nil {
		return err
	}
	var parts []refundLineRow
	var sum int64
	for _, l := range lines {
		part := l.share(l.QtyCharged-l.QtyRefunded, t.order.Currency)
		if part.Amount == 0 {
			continue
		}
		sum += part.Amount
		parts = append(parts, part)
	}
	if sum != amount {
		// A refund from before refunds were on lines: only the payment knows what is
		// left.
		parts = nil
	}
	return s.request(ctx, t, p, amount, parts, give)
}

// requestLate sends a payment back that came when there was nothing left to
// sell. It touches no lines: they may be another attempt's.
func (s *Service) requestLate(ctx context.Context, t *trade, p *payRow) error {
	if err := s.mail(ctx, "order_paid_late", t.order.ID); err != nil {
		return err
	}
	return s.request(ctx, t, p, p.Captured-p.RefundReserved, nil, giving{origin: "auto", reason: "late_no_stock", by: account.System})
}

func (s *Service) request(ctx context.Context, t *trade, p *payRow, amount int64, parts []refundLineRow, give giving) error {
	ok, err := s.store.claimRefund(ctx, p, amount)
	if err != nil {
		return err
	}
	if !ok {
		return errs.New(errs.Conflict, "nothing_to_refund", "This payment has been given back already.")
	}
	p.RefundReserved += amount
	event := RefundAsk
	if p.Method == Counter {
		event = RefundCash
	}
	state, err := RefundLife.Next("", event, account.System)
	if err != nil {
		return err
	}
	now := s.Clock()
	id := s.IDs()
	r := refundRow{
		ID: id, PaymentID: p.ID, Account: p.Account, Amount: amount, Origin: give.origin, Reason: give.reason, ClientToken: cmp.Or(give.token, id),
		Gen: 1, State: state, DueBy: now.Add(refundWithin), RequestedBy: give.by, CreatedAt: now, Version: 1,
	}
	if p.Method == Card {
		r.NextCheckAt = &now
	}
	if err := s.claimed(ctx, t, r, parts); err != nil {
		return err
	}
	if p.Method == Card {
		s.soon(ctx)
		return nil
	}
	if err := s.store.updatePay(ctx, p, map[string]any{"refunded": p.Refunded + amount}); err != nil {
		return err
	}
	p.Refunded += amount
	return s.book(ctx, t, p, ledger.CounterRefund, amount, p.Currency, id)
}

// claimed writes a refund whose amount is claimed from its payment, with the
// parts of the lines that it is made of.
func (s *Service) claimed(ctx context.Context, t *trade, r refundRow, parts []refundLineRow) error {
	for i := range parts {
		parts[i].RefundID = r.ID
	}
	if err := s.store.insertRefund(ctx, r, parts); err != nil {
		return err
	}
	for _, part := range parts {
		if err := s.store.claimLine(ctx, t.order.ID, part, 1); err != nil {
			return err
		}
	}
	return nil
}

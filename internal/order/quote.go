package order

import (
	"context"
	"time"

	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/money"
)

// Quote is what an order would cost and when it would be ready, at this moment.
type Quote struct {
	Business directory.Business
	Lines    []Line
	Totals   Totals
	SlotFrom time.Time
	SlotTo   time.Time
	Methods  []string // card, at_pickup; what is possible now
	Short    []Short  // lines of which there are not enough
	hold     []wanted
	account  string
	fee      feeRule
}

// Short is a line of which fewer can be sold than wanted.
type Short struct {
	VariantID string `json:"variant_id"`
	Wanted    int64  `json:"wanted"`
	Available int64  `json:"available"`
}

// Quote prices an order without making one. Errors: NotFound for a business
// that is not public, Conflict "not_orderable", Invalid with wrong fields.
// Lines that are short are named in the quote.
func (s *Service) Quote(ctx context.Context, in PlaceInput) (Quote, error) {
	in = in.clean()
	if err := errs.Fields(in.wrongLines()); err != nil {
		return Quote{}, err
	}
	return s.quote(ctx, in)
}

// quote works in and outside of a transaction.
func (s *Service) quote(ctx context.Context, in PlaceInput) (Quote, error) {
	b, err := s.Directory.Get(ctx, in.BusinessID)
	if err != nil {
		return Quote{}, err
	}
	switch {
	case !b.Listed():
		return Quote{}, errs.Missing("business")
	case !b.Orderable():
		return Quote{}, errs.New(errs.Conflict, "not_orderable", "This business takes no orders at the moment.")
	case in.Fulfilment.Kind == Pickup && !b.Pickup, in.Fulfilment.Kind == Delivery && !b.Delivery:
		return Quote{}, errs.New(errs.Conflict, "kind_closed", "This business does not offer that at the moment.")
	}
	q := Quote{Business: b}
	if err := s.priceLines(ctx, in, &q); err != nil {
		return Quote{}, err
	}
	q.SlotFrom, q.SlotTo, err = slot(b.Hours, time.Duration(b.PrepMinutes)*time.Minute, in.Fulfilment.Slot, s.Clock())
	if err != nil {
		return Quote{}, err
	}
	if q.fee, err = s.store.feeRule(ctx, b.ID, b.Category, b.Currency, s.Clock()); err != nil {
		return Quote{}, err
	}
	return q, s.methods(ctx, in, &q)
}

// priceLines looks up what the lines cost now and which of them are short.
func (s *Service) priceLines(ctx context.Context, in PlaceInput, q *Quote) error {
	ids := make([]string, len(in.Lines))
	for i, l := range in.Lines {
		ids[i] = l.VariantID
	}
	wares, err := s.Stock.Wares(ctx, ids)
	if err != nil {
		return err
	}
	var wrong []errs.Field
	for i, l := range in.Lines {
		ware, known := wares[l.VariantID]
		if !known || ware.BusinessID != in.BusinessID || !ware.OnSale || ware.Price.Currency != q.Business.Currency {
			wrong = append(wrong, lineField(i, "variant_id", "not_for_sale", "This is not sold any more."))
			continue
		}
		if !ware.Sells(l.Quantity) {
			q.Short = append(q.Short, Short{l.VariantID, l.Quantity, max(0, ware.Available)})
		}
		q.hold = append(q.hold, wanted{ware, l.Quantity})
	}
	if err := errs.Fields(wrong); err != nil {
		return err
	}
	fee := int64(0)
	if in.Fulfilment.Kind == Delivery {
		fee = q.Business.DeliveryFee
	}
	q.Lines, q.Totals, err = price(q.Business.Currency, q.hold, 0, fee)
	if err == nil && in.Fulfilment.Kind == Delivery && q.Totals.Goods.Minor < q.Business.DeliveryMinimum {
		least := money.New(q.Business.DeliveryMinimum, q.Business.Currency)
		return errs.New(errs.Conflict, "below_minimum", "This business delivers from "+least.Format(in.Locale)+".").With(map[string]any{"minimum": least})
	}
	return err
}

// methods finds the ways to pay that are possible for a quote.
func (s *Service) methods(ctx context.Context, in PlaceInput, q *Quote) error {
	if q.Totals.Total.Zero() {
		q.Methods = []string{PayCard, PayAtPickup}
		return nil
	}
	account, err := s.Payout.Orderable(ctx, q.Business.ID)
	if err != nil && !errs.Is(err, errs.Conflict) {
		return err
	}
	currency, _ := money.Lookup(q.Totals.Total.Currency)
	if err == nil && q.Totals.Total.Minor >= max(currency.Minimum, 1) {
		q.Methods, q.account = append(q.Methods, PayCard), account
	}
	if q.Business.PayAtPickup && in.Fulfilment.Kind == Pickup {
		q.Methods = append(q.Methods, PayAtPickup)
	}
	return nil
}

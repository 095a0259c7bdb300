package order

import (
	"context"
	"slices"
	"time"

	"nearby/internal/catalog"
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
	sh, err := s.shelf(ctx, in.BusinessID, in.variants())
	if err != nil {
		return Quote{}, err
	}
	return s.quoteFrom(sh, in)
}

// shelf is what the orders of one business are priced from, read once however
// many orders there are.
type shelf struct {
	business directory.Business
	wares    map[string]catalog.Ware // by variant
	fee      feeRule
	account  string // that takes cards now; "" when cards are closed
}

// stockIDs are the counted rows of the shelf, ascending.
func (sh shelf) stockIDs() []string {
	var ids []string
	for _, w := range sh.wares {
		if w.StockID != "" {
			ids = append(ids, w.StockID)
		}
	}
	return distinct(ids)
}

// count puts on each ware how many of it are free.
func (sh shelf) count(free map[string]int64) {
	for id, w := range sh.wares {
		if w.StockID != "" && w.Available != free[w.StockID] {
			w.Available = free[w.StockID]
			sh.wares[id] = w
		}
	}
}

// variantOf is the thing that a stock row counts.
func (q Quote) variantOf(stockID string) string {
	for _, w := range q.hold {
		if w.ware.StockID == stockID {
			return w.ware.VariantID
		}
	}
	return ""
}

// distinct sorts and leaves out what is there twice.
func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (s *Service) shelf(ctx context.Context, businessID string, variantIDs []string) (sh shelf, err error) {
	if sh.business, err = s.Directory.Get(ctx, businessID); err != nil {
		return sh, err
	}
	if !sh.business.Listed() {
		return sh, errs.Missing("business")
	}
	if sh.wares, err = s.Stock.Wares(ctx, variantIDs); err != nil {
		return sh, err
	}
	b := sh.business
	if sh.fee, err = s.store.feeRule(ctx, b.ID, b.Category, b.Currency, s.Clock()); err != nil {
		return sh, err
	}
	sh.account, err = s.Payout.Orderable(ctx, b.ID)
	if errs.Is(err, errs.Conflict) {
		sh.account, err = "", nil
	}
	return sh, err
}

// quoteFrom prices an order from what is on the shelf.
func (s *Service) quoteFrom(sh shelf, in PlaceInput) (Quote, error) {
	b := sh.business
	switch {
	case !b.Orderable(s.Clock()):
		return Quote{}, errs.New(errs.Conflict, "not_orderable", "This business takes no orders at the moment.")
	case in.Fulfilment.Kind == Pickup && !b.Pickup, in.Fulfilment.Kind == Delivery && !b.Delivery:
		return Quote{}, errs.New(errs.Conflict, "kind_closed", "This business does not offer that at the moment.")
	}
	if err := dropsOpen(sh, in, s.Clock()); err != nil {
		return Quote{}, err
	}
	q := Quote{Business: b, fee: sh.fee}
	if err := priceLines(sh, in, &q); err != nil {
		return Quote{}, err
	}
	var err error
	if q.SlotFrom, q.SlotTo, err = slot(windowOf(b, in.Fulfilment.Kind), time.Duration(b.PrepMinutes)*time.Minute, in.Fulfilment.Slot, s.Clock()); err != nil {
		return Quote{}, err
	}
	methods(sh, in, &q)
	return q, nil
}

// priceLines finds what the lines cost now and which of them are short.
func priceLines(sh shelf, in PlaceInput, q *Quote) error {
	var wrong []errs.Field
	for i, l := range in.Lines {
		ware, known := sh.wares[l.VariantID]
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
	var err error
	q.Lines, q.Totals, err = price(q.Business.Currency, q.hold, 0, fee)
	if err == nil && in.Fulfilment.Kind == Delivery && q.Totals.Goods.Minor < q.Business.DeliveryMinimum {
		least := money.New(q.Business.DeliveryMinimum, q.Business.Currency)
		return errs.New(errs.Conflict, "below_minimum", "This business delivers from "+least.Format(in.Locale)+".").With(map[string]any{"minimum": least})
	}
	return err
}

// methods finds the ways to pay that are possible for a quote.
func methods(sh shelf, in PlaceInput, q *Quote) {
	if q.Totals.Total.Zero() {
		q.Methods = []string{PayCard, PayAtPickup}
		return
	}
	currency, _ := money.Lookup(q.Totals.Total.Currency)
	if sh.account != "" && q.Totals.Total.Minor >= max(currency.Minimum, 1) {
		q.Methods, q.account = append(q.Methods, PayCard), sh.account
	}
	if q.Business.PayAtPickup && in.Fulfilment.Kind == Pickup && atPickup(q.hold) {
		q.Methods = append(q.Methods, PayAtPickup)
	}
}

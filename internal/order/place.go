package order

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

const (
	maxLines       = 200
	maxQuantity    = 999
	maxUnpaid      = 3 // orders of one buyer that wait for payment
	maxCounterOpen = 3 // orders of one buyer to be paid at the counter
	firstCheck     = 30 * time.Second
	writeTime      = 5 * time.Second
)

// Placement is a new order with the secret of its link.
type Placement struct {
	Order Order
	Token string
}

// Place makes an order: in one transaction the stock is held, prices are
// frozen and the order and its payment are written. No call is made; for a card
// payment call Open next. The same ClientToken gives the same order; with
// another request it is Invalid "idempotency_key_reused". Errors: those of
// Quote; Conflict "total_changed" with both totals, "sold_out" with what is
// left, "method_closed", "too_many_unpaid".
func (s *Service) Place(ctx context.Context, buyer Buyer, in PlaceInput) (Placement, error) {
	in = in.clean()
	if in.ClientToken == "" {
		in.ClientToken = s.IDs()
	}
	if err := errs.Fields(in.wrong(buyer)); err != nil {
		return Placement{}, err
	}
	hash := in.hash()
	if known, err := s.known(ctx, buyer, in.ClientToken, hash); err != nil || known.Order.ID != "" {
		return known, err
	}
	platform := ""
	if s.Gateway != nil && in.Payment == PayCard {
		var err error
		if platform, err = s.Gateway.Platform(ctx); err != nil {
			return Placement{}, errCards.Because(err)
		}
	}
	var id string
	err := s.write(ctx, func(ctx context.Context) (err error) {
		id, err = s.place(ctx, buyer, in, hash, platform)
		return err
	})
	if err != nil {
		// The same wish may have won a moment earlier: of the token, or of the last
		// piece.
		if known, knownErr := s.known(ctx, buyer, in.ClientToken, hash); knownErr != nil || known.Order.ID != "" {
			return known, knownErr
		}
		return Placement{}, err
	}
	o, err := s.Get(ctx, id)
	return Placement{o, s.Token(id)}, err
}

var errCards = errs.New(errs.Unavailable, "provider_unreachable", "Card payments are not possible for a moment. Please try again soon.")

// known is the order that a client token made already, if it did.
func (s *Service) known(ctx context.Context, buyer Buyer, token, hash string) (Placement, error) {
	r, err := s.store.byToken(ctx, buyer.key(), token)
	if errs.Is(err, errs.NotFound) {
		return Placement{}, nil
	}
	if err != nil {
		return Placement{}, err
	}
	if r.RequestHash != hash {
		return Placement{}, errs.New(errs.Invalid, "idempotency_key_reused", "This key was used for another order.")
	}
	o, err := s.Get(ctx, r.ID)
	return Placement{o, s.Token(r.ID)}, err
}

// place is the transaction of Place.
func (s *Service) place(ctx context.Context, buyer Buyer, in PlaceInput, hash, platform string) (string, error) {
	if err := s.store.lockPlacing(ctx, in.BusinessID); err != nil {
		return "", err
	}
	q, err := s.quote(ctx, in)
	if err != nil {
		return "", err
	}
	if q.Totals.Total != in.ExpectedTotal {
		return "", errs.New(errs.Conflict, "total_changed", "The total has changed. Please look at it again.").
			With(map[string]any{"expected_total": in.ExpectedTotal, "total": q.Totals.Total})
	}
	method, err := s.chooseMethod(ctx, buyer, in, q)
	if err != nil {
		return "", err
	}
	if len(q.Short) > 0 {
		return "", soldOut(q.Short)
	}
	now := s.Clock()
	id := s.IDs()
	reservations, err := s.hold(ctx, id, buyer.key(), q.hold, now)
	if err != nil {
		return "", err
	}
	r, err := s.newOrder(id, buyer, in, hash, q, method)
	if err != nil {
		return "", err
	}
	lines := make([]lineRow, len(q.Lines))
	for i, l := range q.Lines {
		lines[i] = lineOf(id, l)
	}
	if err := s.store.insert(ctx, r, lines, reservations, s.newPayment(r, q, platform, 1)); err != nil {
		return "", err
	}
	err = s.Audit.Add(ctx, audit.Entry{
		Actor: buyer.actor(), Action: "order.place", Object: "order", ObjectID: id, BusinessID: r.BusinessID,
		Detail: map[string]any{"state": r.State, "method": method, "total": r.Total, "currency": r.Currency},
	})
	if err != nil {
		return "", err
	}
	s.changed(ctx, id, r.BusinessID)
	if method == Card {
		return id, nil
	}
	t, err := s.store.lock(ctx, id)
	if err != nil {
		return "", err
	}
	return id, s.placed(ctx, t, q.Business)
}

func (s *Service) chooseMethod(ctx context.Context, buyer Buyer, in PlaceInput, q Quote) (Method, error) {
	if q.Totals.Total.Zero() {
		return Free, nil
	}
	if !slices.Contains(q.Methods, in.Payment) {
		e := errs.New(errs.Conflict, "method_closed", "This way to pay is not possible here at the moment.")
		e.Allowed = q.Methods
		return "", e
	}
	method, states, most := Card, []State{PendingPayment, Expiring}, int64(maxUnpaid)
	if in.Payment == PayAtPickup {
		method, states, most = Counter, []State{Placed, Accepted, Preparing, Ready}, maxCounterOpen
	}
	n, err := s.store.waiting(ctx, buyer.key(), method, states)
	if err == nil && n >= most {
		return "", errs.New(errs.Conflict, "too_many_unpaid", "You have unpaid orders. Pay or cancel one of them first.")
	}
	return method, err
}

// hold takes the pieces of an order, summed per stock row, rows in ascending
// order so that two orders never wait for each other.
func (s *Service) hold(ctx context.Context, orderID, buyer string, goods []wanted, now time.Time) ([]reservationRow, error) {
	sums, variants := map[string]int64{}, map[string]string{}
	for _, w := range goods {
		if w.ware.StockID != "" {
			sums[w.ware.StockID] += w.quantity
			variants[w.ware.StockID] = w.ware.VariantID
		}
	}
	var rows []reservationRow
	for _, id := range sortedKeys(sums) {
		ok, err := s.Stock.Hold(ctx, id, sums[id])
		if err != nil {
			return nil, err
		}
		if !ok {
			level, err := s.Stock.Levels(ctx, []string{variants[id]})
			if err != nil {
				return nil, err
			}
			return nil, soldOut([]Short{{variants[id], sums[id], max(0, level[variants[id]].Available())}})
		}
		rows = append(rows, reservationRow{OrderID: orderID, StockID: id, Qty: sums[id], State: "active", Buyer: buyer, MadeAt: now})
	}
	return rows, nil
}

func soldOut(short []Short) error {
	return errs.New(errs.Conflict, "sold_out", "There is not enough left of something in your cart.").With(map[string]any{"short": short})
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// newOrder is the row of a new order, everything frozen that it will need.
func (s *Service) newOrder(id string, buyer Buyer, in PlaceInput, hash string, q Quote, method Method) (orderRow, error) {
	event := map[Method]Event{Card: PlaceCard, Counter: PlaceCounter, Free: PlaceFree}[method]
	state, err := Life.Next("", event, account.Shopper)
	if err != nil {
		return orderRow{}, err
	}
	now := s.Clock()
	t := q.Totals
	r := orderRow{
		ID: id, BusinessID: q.Business.ID, BuyerID: pointer(buyer.UserID), ContactName: in.Contact.Name, ContactEmail: pointer(in.Contact.Email),
		ContactPhone: pointer(in.Contact.Phone), Buyer: buyer.key(), ClientToken: in.ClientToken, RequestHash: hash,
		LinkHash: ident.Hash(s.Token(id)), Locale: in.Locale, State: state, Kind: in.Fulfilment.Kind, Method: method, CaptureOn: "placement",
		SlotFrom: q.SlotFrom, SlotTo: q.SlotTo, Zone: q.Business.Zone, Note: in.Note, Currency: t.Total.Currency, Goods: t.Goods.Minor,
		Discount: t.Discount.Minor, Delivery: t.Delivery.Minor, TaxAdded: t.TaxAdded.Minor, TaxContained: t.TaxContained.Minor, Total: t.Total.Minor,
		TermsJSON: termsOf(q.Business), FeeBase: q.fee.Base, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if in.Fulfilment.Kind == Delivery {
		raw, err := json.Marshal(in.Fulfilment.Address)
		if err != nil {
			return orderRow{}, err
		}
		r.AddressJSON = pointer(string(raw))
	}
	if method == Card {
		r.FeeRuleID, r.FeeBps, r.FeeFixed, r.Fee = pointer(q.fee.ID), q.fee.Bps, q.fee.Fixed, q.fee.fee(t).Minor
		r.HoldExpiresAt = pointer(now.Add(s.HoldFor))
	}
	return r, nil
}

// newPayment is the row of an attempt to pay; nil for a free order.
func (s *Service) newPayment(r orderRow, q Quote, platform string, attempt int) *payRow {
	p := &payRow{
		ID: s.IDs(), OrderID: r.ID, Attempt: attempt, Method: r.Method, Currency: r.Currency, Amount: r.Total,
		Capture: "automatic", Gen: 1, ActGen: 1, CreatedAt: s.Clock(), Version: 1,
	}
	switch r.Method {
	case Card:
		p.State, p.Account, p.Fee, p.Platform, p.Livemode = Creating, q.account, r.Fee, platform, s.Gateway.Live()
		p.NextCheckAt = pointer(s.Clock().Add(firstCheck))
	case Counter:
		p.State = Due
	default:
		return nil
	}
	return p
}

// termsOf is who sells, as shown when the order was placed.
func termsOf(b directory.Business) string {
	name := b.LegalName
	if name == "" {
		name = b.Name
	}
	raw, err := json.Marshal(map[string]any{
		"trader": map[string]any{"name": name, "register": b.RegisterNumber, "address": b.Address, "email": b.Email, "phone": b.Phone},
	})
	if err != nil {
		slog.Error("terms not kept", "business", b.ID, "error", err)
		return "{}"
	}
	return string(raw)
}

// write runs a transaction of money to its end even when the caller has gone.
func (s *Service) write(ctx context.Context, fn func(ctx context.Context) error) error {
	if !database.InTx(ctx) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), writeTime)
		defer cancel()
	}
	return s.DB.Tx(ctx, fn)
}

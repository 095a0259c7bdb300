package order

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"nearby/internal/account"
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
	Order    Order
	Token    string
	Replayed bool // the client's token had made it before
	Crowded  bool // many order the same at this moment: its payment page follows in a while
}

// Place makes an order: in one transaction the stock is held, prices are
// frozen and the order and its payment are written. Orders of the same thing
// that wait at the same moment share it. No call is made; for a card
// payment call Open next. The same ClientToken gives the same order; with
// another request it is Invalid "idempotency_key_reused". Errors: those of
// Quote; Conflict "total_changed" with both totals, "sold_out" with what is
// left, "method_closed", "too_many_unpaid";
// Unavailable "crowded" when too many wait for the same thing.
func (s *Service) Place(ctx context.Context, buyer Buyer, in PlaceInput) (Placement, error) {
	in = in.clean()
	if in.ClientToken == "" {
		in.ClientToken = s.IDs()
	}
	if err := errs.Fields(in.wrong(buyer)); err != nil {
		return Placement{}, err
	}
	a := &ask{buyer: buyer, in: in, hash: in.hash()}
	if s.Gateway != nil && in.Payment == PayCard {
		var err error
		if a.platform, err = s.Gateway.Platform(ctx); err != nil {
			if known, knownErr := s.known(ctx, buyer, in.ClientToken, a.hash); knownErr != nil || known.Order.ID != "" {
				return known, knownErr
			}
			return Placement{}, errCards.Because(err)
		}
	}
	if err := s.join(ctx, a); err != nil {
		// The same wish may have won a moment earlier: of the token, or of the last
		// piece.
		if known, knownErr := s.known(ctx, buyer, in.ClientToken, a.hash); knownErr != nil || known.Order.ID != "" {
			return known, knownErr
		}
		return Placement{}, err
	}
	if a.fresh != nil {
		return Placement{Order: *a.fresh, Token: s.Token(a.id), Crowded: a.crowded}, nil
	}
	o, err := s.Get(ctx, a.id)
	return Placement{Order: o, Token: s.Token(a.id), Replayed: a.replayed}, err
}

var errCards = errs.New(errs.Unavailable, "provider_unreachable", "Card payments are not possible for a moment. Please try again soon.")

var errReused = errs.New(errs.Invalid, "idempotency_key_reused", "This key was used for another order.")

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
		return Placement{}, errReused
	}
	o, err := s.Get(ctx, r.ID)
	return Placement{Order: o, Token: s.Token(r.ID), Replayed: true}, err
}

// chooseMethod is how an order is paid; waiting are the unpaid orders that its
// buyer has.
func chooseMethod(in PlaceInput, q Quote, waiting map[Method]int64) (Method, error) {
	if q.Totals.Total.Zero() {
		return Free, nil
	}
	if !slices.Contains(q.Methods, in.Payment) {
		e := errs.New(errs.Conflict, "method_closed", "This way to pay is not possible here at the moment.")
		e.Allowed = q.Methods
		return "", e
	}
	method, most := Card, int64(maxUnpaid)
	if in.Payment == PayAtPickup {
		method, most = Counter, maxCounterOpen
	}
	if waiting[method] >= most {
		return "", errs.New(errs.Conflict, "too_many_unpaid", "You have unpaid orders. Pay or cancel one of them first.")
	}
	return method, nil
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
		if q.Business.AcceptFirst {
			r.CaptureOn = captureOnAccept
		}
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
		if r.CaptureOn == captureOnAccept {
			p.Capture = "manual"
		}
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
		"trader": Seller{Name: name, Register: b.RegisterNumber, Address: b.Address, Email: b.Email, Phone: b.Phone},
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

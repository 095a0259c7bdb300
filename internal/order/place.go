package order

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/money"
)

const (
	maxLines       = 200
	maxQuantity    = 999
	maxUnpaid      = 3 // orders of one buyer that wait for payment
	maxCounterOpen = 3 // orders of one buyer to be paid at the counter
	firstCheck     = 30 * time.Second
	writeTime      = 5 * time.Second
)

// PlaceInput is what a shopper asks for. Prices, fees and accounts are never
// taken from it; ExpectedTotal is only compared.
type PlaceInput struct {
	BusinessID    string       `form:"business_id" json:"business_id"`
	Lines         []PlaceLine  `form:"lines" json:"lines"`
	Fulfilment    Fulfilment   `form:"fulfilment" json:"fulfilment"`
	Contact       Contact      `form:"contact" json:"contact"`
	Payment       string       `form:"payment" json:"payment"` // card, at_pickup
	Note          string       `form:"note" json:"note"`
	ExpectedTotal money.Amount `form:"-" json:"expected_total"`
	Locale        string       `form:"-" json:"-"` // of the page and of messages
	ClientToken   string       `form:"-" json:"-"` // one per wish to order; a repeated one gets the same order
}

// PlaceLine is a variant and how many of it.
type PlaceLine struct {
	VariantID string `form:"variant_id" json:"variant_id"`
	Quantity  int64  `form:"quantity" json:"quantity"`
}

// Fulfilment is how and when the goods change hands. A zero Slot is as soon as
// possible.
type Fulfilment struct {
	Kind    Kind               `form:"kind" json:"kind"`
	Slot    time.Time          `form:"slot" json:"slot"`
	Address *directory.Address `form:"address" json:"address,omitempty"`
}

// The ways to pay that a shopper can choose.
const (
	PayCard     = "card"
	PayAtPickup = "at_pickup"
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

// Placement is a new order with the secret of its link.
type Placement struct {
	Order Order
	Token string
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

func (in PlaceInput) clean() PlaceInput {
	in.Contact.Name = strings.Join(strings.Fields(in.Contact.Name), " ")
	in.Contact.Phone = strings.TrimSpace(in.Contact.Phone)
	in.Contact.Email = strings.TrimSpace(in.Contact.Email)
	in.Note = strings.TrimSpace(strings.ReplaceAll(in.Note, "\r\n", "\n"))
	if len(in.Locale) < 2 || len(in.Locale) > 12 || !plain(in.Locale, 12) {
		in.Locale = "en"
	}
	if in.Fulfilment.Kind != Delivery {
		in.Fulfilment.Address = nil
	}
	if email, ok := account.NormalizeEmail(in.Contact.Email); ok {
		in.Contact.Email = email
	}
	return in
}

// hash tells two requests under one key apart. The token is not part of it.
func (in PlaceInput) hash() string {
	raw, err := json.Marshal(in)
	if err != nil {
		panic(err) // plain values only
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func lineField(i int, name, code, message string) errs.Field {
	return errs.Field{Name: "lines." + strconv.Itoa(i) + "." + name, Code: code, Message: message}
}

func (in PlaceInput) wrongLines() []errs.Field {
	var wrong []errs.Field
	add := func(name, code, message string) {
		wrong = append(wrong, errs.Field{Name: name, Code: code, Message: message})
	}
	if !ident.Valid(in.BusinessID) {
		add("business_id", "bad_id", "Name the business.")
	}
	if in.Fulfilment.Kind != Pickup && in.Fulfilment.Kind != Delivery {
		add("fulfilment.kind", "unknown_kind", "Choose pickup or delivery.")
	}
	if len(in.Lines) == 0 || len(in.Lines) > maxLines {
		add("lines", "bad_count", "An order has between 1 and 200 lines.")
		return wrong
	}
	seen := map[string]bool{}
	for i, l := range in.Lines {
		switch {
		case !ident.Valid(l.VariantID):
			wrong = append(wrong, lineField(i, "variant_id", "bad_id", "Name what to buy."))
		case seen[l.VariantID]:
			wrong = append(wrong, lineField(i, "variant_id", "twice", "This is in the list already."))
		}
		seen[l.VariantID] = true
		if l.Quantity < 1 || l.Quantity > maxQuantity {
			wrong = append(wrong, lineField(i, "quantity", "bad_quantity", "Order between 1 and 999 of it."))
		}
	}
	return wrong
}

func (in PlaceInput) wrong(buyer Buyer) []errs.Field {
	wrong := in.wrongLines()
	add := func(name, code, message string) {
		wrong = append(wrong, errs.Field{Name: name, Code: code, Message: message})
	}
	if buyer.key() == "" {
		add("contact", "no_buyer", "Who is ordering?")
	}
	if in.Payment != PayCard && in.Payment != PayAtPickup {
		add("payment", "unknown_method", "Choose card or at_pickup.")
	}
	c := in.Contact
	if _, ok := account.CleanName(c.Name); !ok || utf8.RuneCountInString(c.Name) > 120 {
		add("contact.name", "bad_name", "Tell the business your name.")
	}
	if c.Email == "" && c.Phone == "" && buyer.UserID == "" {
		add("contact.email", "no_contact", "Leave an e-mail address or a phone number.")
	}
	if _, ok := account.NormalizeEmail(c.Email); c.Email != "" && !ok {
		add("contact.email", "bad_email", "This is no e-mail address.")
	}
	if c.Phone != "" && !phoneLike(c.Phone) {
		add("contact.phone", "bad_phone", "This is no phone number.")
	}
	if !plain(strings.ReplaceAll(in.Note, "\n", " "), 500) {
		add("note", "bad_text", "Keep the note under 500 characters of plain text.")
	}
	if !plain(in.ClientToken, 200) {
		add("client_token", "bad_text", "The key is too long.")
	}
	if in.Fulfilment.Kind == Delivery {
		wrong = append(wrong, wrongAddress(in.Fulfilment.Address)...)
	}
	return wrong
}

func wrongAddress(a *directory.Address) []errs.Field {
	if a == nil || a.Street == "" || a.City == "" {
		return []errs.Field{{Name: "fulfilment.address", Code: "no_address", Message: "Where should it be delivered?"}}
	}
	for _, part := range []string{a.Street, a.HouseNumber, a.Unit, a.Postcode, a.District, a.City, a.Region, a.Country} {
		if !plain(part, 120) {
			return []errs.Field{{Name: "fulfilment.address", Code: "bad_text", Message: "Write the address in plain text."}}
		}
	}
	return nil
}

// plain reports whether text can be stored and shown as one line of at most
// limit characters.
func plain(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit && !strings.ContainsFunc(text, unicode.IsControl)
}

func phoneLike(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+ -/().", r):
			return false
		}
	}
	return digits >= 5 && digits <= 20
}

package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/order"
)

func (a *api) shopping() {
	const tag = "Orders"
	wish := map[string]any{
		"business_id": exampleBusiness,
		"lines":       []any{map[string]any{"variant_id": exampleVariant, "quantity": 2}},
		"fulfilment":  map[string]any{"kind": "pickup"},
		"contact":     map[string]any{"name": "A. Shopper", "email": "a@example.org"},
		"payment":     "card",
	}
	placing := map[string]any{"expected_total": map[string]any{"amount": 500, "currency": "EUR"}}
	for name, value := range wish {
		placing[name] = value
	}
	add(a, operation{
		id: "quote-order", method: http.MethodPost, path: "/quotes", tag: tag, who: everybody, limit: "search",
		summary: "What an order would cost, when it would be ready, and how it can be paid",
		about:   "Nothing is held by it.", example: wish,
	}, a.quote)
	add(a, operation{
		id: "place-order", method: http.MethodPost, path: "/orders", tag: tag, who: anybody, scope: "orders:write", limit: "checkout",
		status: http.StatusCreated, repeat: byRoom,
		summary: "Place an order",
		about: "Prices are the server's; expected_total is only compared: 409 total_changed names both. Stock is held at once. " +
			"Pay at checkout_url, which is null while the provider cannot be reached and then follows on GET. " +
			"Guests need no token: an Idempotency-Key is then all that tells one buyer from another, so make it random (a UUID). " +
			"The token of the answer opens this order and no other.",
		example: placing,
	}, a.placeOrder)
	add(a, operation{
		id: "list-orders", method: http.MethodGet, path: "/orders", tag: tag, who: holder, scope: "orders:read", limit: "token",
		summary: "Your own orders, newest first",
	}, a.ownOrders)
	add(a, operation{
		id: "get-order", method: http.MethodGet, path: "/orders/{order_id}", tag: tag, who: anybody, scope: "orders:read",
		summary: "An order, for its shopper or the people of its business",
		about:   "Show the order's token as Authorization: Bearer …, in the header Order-Token, or as the parameter t; or send the API token of its shopper or of the business.",
	}, a.order)
	add(a, operation{
		id: "cancel-order", method: http.MethodPost, path: "/orders/{order_id}/cancel", tag: tag, who: anybody, scope: "orders:write", repeat: apart,
		summary: "Cancel an order as its shopper",
		about:   "An unpaid order ends as soon as its payment page is closed, a placed one at once and the money goes back. 409 not_allowed once the business has accepted.",
	}, a.cancelOrder)
}

// OrderWish is what a shopper asks for.
type OrderWish struct {
	BusinessID string      `json:"business_id"`
	Lines      []OrderLine `json:"lines" minItems:"1" maxItems:"200"`
	Fulfilment Fulfilment  `json:"fulfilment"`
	Contact    *Contact    `json:"contact,omitempty"`
	Payment    string      `json:"payment" enum:"card,at_pickup"`
	Note       string      `json:"note,omitempty" maxLength:"1000"`
}

// OrderLine is a variant and how many of it.
type OrderLine struct {
	VariantID string `json:"variant_id"`
	Quantity  int64  `json:"quantity" minimum:"1" maximum:"999"`
}

// Fulfilment is how and when the goods change hands.
type Fulfilment struct {
	Kind    string     `json:"kind" enum:"pickup,delivery"`
	Slot    *time.Time `json:"slot,omitempty" doc:"As soon as possible when left out."`
	Address *Address   `json:"address,omitempty" doc:"Of a delivery."`
}

// Contact is whom to tell about an order.
type Contact struct {
	Name  string `json:"name,omitempty" maxLength:"400"`
	Email string `json:"email,omitempty" maxLength:"254"`
	Phone string `json:"phone,omitempty" maxLength:"60"`
}

func (w OrderWish) input() order.PlaceInput {
	in := order.PlaceInput{
		BusinessID: w.BusinessID, Payment: w.Payment, Note: w.Note,
		Lines:      each(w.Lines, func(l OrderLine) order.PlaceLine { return order.PlaceLine(l) }),
		Fulfilment: order.Fulfilment{Kind: order.Kind(w.Fulfilment.Kind)},
	}
	if w.Contact != nil {
		in.Contact = order.Contact(*w.Contact)
	}
	if w.Fulfilment.Slot != nil {
		in.Fulfilment.Slot = w.Fulfilment.Slot.UTC()
	}
	if w.Fulfilment.Address != nil {
		address := directory.Address(*w.Fulfilment.Address)
		in.Fulfilment.Address = &address
	}
	return in
}

// Totals are what an order costs: total = goods − discount + delivery +
// tax_added.
type Totals struct {
	Goods        Amount `json:"goods"`
	Discount     Amount `json:"discount"`
	Delivery     Amount `json:"delivery"`
	TaxAdded     Amount `json:"tax_added"`
	TaxContained Amount `json:"tax_contained" doc:"For information."`
	Total        Amount `json:"total"`
}

func totalsView(t order.Totals) Totals {
	return Totals{
		Goods: amount(t.Goods), Discount: amount(t.Discount), Delivery: amount(t.Delivery), TaxAdded: amount(t.TaxAdded),
		TaxContained: amount(t.TaxContained), Total: amount(t.Total),
	}
}

// Line is one line of an order, as it was when it was placed.
type Line struct {
	Kind      string   `json:"kind" enum:"goods,delivery"`
	ProductID *string  `json:"product_id"`
	VariantID *string  `json:"variant_id"`
	Title     string   `json:"title"`
	Options   []string `json:"options"`
	Quantity  int64    `json:"quantity"`
	Accepted  int64    `json:"accepted" doc:"Pieces the business gives: fewer than quantity when some were missing."`
	UnitPrice Amount   `json:"unit_price"`
	Discount  Amount   `json:"discount"`
	Tax       Amount   `json:"tax"`
	Total     Amount   `json:"total"`
	Refunded  Amount   `json:"refunded"`
}

func lineView(l order.Line) Line {
	return Line{
		Kind: l.Kind, ProductID: some(l.ProductID), VariantID: some(l.VariantID), Title: l.Title(), Options: words(l.Options), Quantity: l.Quantity, Accepted: l.QtyAccepted,
		UnitPrice: amount(l.UnitPrice), Discount: amount(l.Discount), Tax: amount(l.Tax), Total: amount(l.Total), Refunded: amount(l.Refunded),
	}
}

// Quote is what an order would cost now.
type Quote struct {
	BusinessID string    `json:"business_id"`
	Lines      []Line    `json:"lines"`
	Totals     Totals    `json:"totals"`
	Total      Amount    `json:"total" doc:"Send it as expected_total."`
	SlotFrom   time.Time `json:"slot_from"`
	SlotTo     time.Time `json:"slot_to"`
	Methods    []string  `json:"methods" doc:"card, at_pickup: what is possible now."`
	Short      []Short   `json:"short" doc:"Lines of which there are not enough."`
}

// Short is a line of which fewer can be sold than wanted.
type Short struct {
	VariantID string `json:"variant_id"`
	Wanted    int64  `json:"wanted"`
	Available int64  `json:"available"`
}

type quoteInput struct{ Body OrderWish }

func (a *api) quote(ctx context.Context, _ *caller, in *quoteInput) (answer[Quote], error) {
	q, err := a.Order.Quote(ctx, in.Body.input())
	if err != nil {
		return answer[Quote]{}, err
	}
	return answer[Quote]{Body: Quote{
		BusinessID: q.Business.ID, Lines: each(q.Lines, lineView), Totals: totalsView(q.Totals), Total: amount(q.Totals.Total),
		SlotFrom: q.SlotFrom.UTC(), SlotTo: q.SlotTo.UTC(), Methods: words(q.Methods), Short: each(q.Short, func(s order.Short) Short { return Short(s) }),
	}}, nil
}

type placeInput struct {
	Body struct {
		OrderWish
		ExpectedTotal Amount `json:"expected_total" doc:"The total that the shopper was shown."`
	}
}

// Order is one purchase from one business.
type Order struct {
	ID            string     `json:"id"`
	Token         string     `json:"token,omitempty" doc:"Opens this order; only in the answer that placed it."`
	BusinessID    string     `json:"business_id"`
	Number        *int64     `json:"number" doc:"Counts per business; null until placed."`
	InvoiceNumber *int64     `json:"invoice_number" doc:"Of its receipt; counts per business without gaps, null until paid."`
	State         string     `json:"state" doc:"pending_payment, expiring, expired, cancelled, review, placed, accepted, declined, preparing, ready, out_for_delivery, delivery_failed, completed, no_show or closed."`
	Fulfilment    Handover   `json:"fulfilment"`
	Contact       Contact    `json:"contact"`
	Note          string     `json:"note"`
	Lines         []Line     `json:"lines"`
	Totals        Totals     `json:"totals"`
	Total         Amount     `json:"total"`
	Payment       Payment    `json:"payment"`
	Refunds       []Refund   `json:"refunds" doc:"Oldest first."`
	PickupCode    *string    `json:"pickup_code" doc:"What the shopper says at the counter; null for everybody else, and when it is over."`
	HoldExpiresAt *time.Time `json:"hold_expires_at" doc:"Until when its stock is held for payment."`
	CheckoutURL   *string    `json:"checkout_url" doc:"Where to pay; null when it cannot be paid now."`
	AcceptBy      *time.Time `json:"accept_by" doc:"Until when the business must have accepted."`
	EndReason     string     `json:"end_reason"`
	DeclineReason string     `json:"decline_reason"`
	CreatedAt     time.Time  `json:"created_at"`
	PlacedAt      *time.Time `json:"placed_at"`
	AcceptedAt    *time.Time `json:"accepted_at"`
	ReadyAt       *time.Time `json:"ready_at"`
	DoneAt        *time.Time `json:"done_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
}

// Handover is how and when the goods of an order change hands.
type Handover struct {
	Kind     string         `json:"kind" enum:"pickup,delivery"`
	SlotFrom time.Time      `json:"slot_from"`
	SlotTo   time.Time      `json:"slot_to"`
	TimeZone string         `json:"time_zone"`
	Address  Maybe[Address] `json:"address"`
}

// Payment is what became of the money.
type Payment struct {
	Method     string  `json:"method" enum:"card,at_pickup,none"`
	State      string  `json:"state" doc:"creating, open, processing, authorized, paid, failed, expired, due, collected, waived …; none for a free order."`
	Amount     Amount  `json:"amount" doc:"What is or will be taken: less than the order's total when something was missing."`
	Refunded   Amount  `json:"refunded"`
	CardBrand  *string `json:"card_brand"`
	CardLast4  *string `json:"card_last4"`
	ReceiptURL *string `json:"receipt_url"`
}

// Refund is money on its way back.
type Refund struct {
	ID        string    `json:"id"`
	Amount    Amount    `json:"amount"`
	Origin    string    `json:"origin"`
	Reason    string    `json:"reason"`
	State     string    `json:"state"`
	Lines     []Part    `json:"lines" doc:"What it is for."`
	CreatedAt time.Time `json:"created_at"`
}

// Part is what goes back of one line.
type Part struct {
	Line     int    `json:"line" doc:"Its place among the order's lines, from 1."`
	Quantity int64  `json:"quantity" doc:"Pieces; 0 when it was given back outside and for none in particular."`
	Amount   Amount `json:"amount"`
	Tax      Amount `json:"tax" doc:"In the amount."`
}

var methods = map[order.Method]string{order.Card: order.PayCard, order.Counter: order.PayAtPickup, order.Free: "none"}

func orderView(o order.Order) Order {
	v := Order{
		ID: o.ID, BusinessID: o.BusinessID, State: string(o.State), Contact: Contact(o.Contact), Note: o.Note, Lines: each(o.Lines, lineView),
		Fulfilment: Handover{Kind: string(o.Kind), SlotFrom: o.SlotFrom.UTC(), SlotTo: o.SlotTo.UTC(), TimeZone: o.Zone},
		Totals:     totalsView(o.Totals), Total: amount(o.Totals.Total),
		Payment:       Payment{Method: methods[o.Method], State: "none", Amount: amount(o.Totals.Total), Refunded: Amount{0, o.Totals.Total.Currency}},
		HoldExpiresAt: momentOf(o.HoldExpiresAt), AcceptBy: momentOf(o.AcceptBy), EndReason: o.EndReason, DeclineReason: o.DeclineReason,
		CreatedAt: o.CreatedAt.UTC(), PlacedAt: momentOf(o.PlacedAt), AcceptedAt: momentOf(o.AcceptedAt), ReadyAt: momentOf(o.ReadyAt),
		DoneAt: momentOf(o.DoneAt), UpdatedAt: o.UpdatedAt.UTC(),
		Refunds: each(o.Refunds, func(r order.Refund) Refund {
			return Refund{
				ID: r.ID, Amount: amount(r.Amount), Origin: r.Origin, Reason: r.Reason, State: string(r.State), CreatedAt: r.CreatedAt.UTC(),
				Lines: each(r.Lines, func(p order.RefundPart) Part { return Part{p.Line, p.Quantity, amount(p.Amount), amount(p.Tax)} }),
			}
		}),
	}
	if o.Number > 0 {
		v.Number = &o.Number
	}
	if o.Invoice > 0 {
		v.InvoiceNumber = &o.Invoice
	}
	if o.Address != nil {
		address := addressView(*o.Address)
		v.Fulfilment.Address = maybe(&address)
	}
	if p := o.Payment; p != nil {
		v.Payment.State, v.Payment.Amount, v.Payment.Refunded = string(p.State), amount(p.Amount), amount(p.Refunded)
		v.Payment.CardBrand, v.Payment.CardLast4, v.Payment.ReceiptURL = some(p.CardBrand), some(p.CardLast4), some(p.ReceiptURL)
	}
	return v
}

// shopperView adds what only the shopper of an order sees. The payment page is
// opened where the order waits for it; when the provider cannot be reached, it
// follows later.
func (a *api) shopperView(ctx context.Context, o order.Order) Order {
	address := ""
	if p := o.Payment; o.State == order.PendingPayment && p != nil && (p.State == order.Creating || p.State == order.Payable) {
		var err error
		if address, err = a.Order.Open(ctx, o.ID); err == nil && p.State == order.Creating {
			if opened, readErr := a.Order.Get(ctx, o.ID); readErr == nil {
				o = opened
			}
		}
		if err != nil && !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.Conflict) {
			slog.Error("payment page not opened", "order", o.ID, "error", err)
		}
	}
	v := orderView(o)
	v.CheckoutURL = some(address)
	if o.PlacedAt != nil && o.DoneAt == nil {
		v.PickupCode = some(a.Order.PickupCode(o.ID))
	}
	return v
}

// buyer is who orders: a user, or a guest known by nothing but the key of the
// request.
func (a *api) buyer(c *caller) order.Buyer {
	if c.known {
		return order.Buyer{UserID: c.token.User.ID}
	}
	if c.key == "" {
		return order.Buyer{GuestID: ident.Hash(ident.Token())}
	}
	return order.Buyer{GuestID: ident.Hash("api\x00" + c.key)}
}

func (a *api) placeOrder(ctx context.Context, c *caller, in *placeInput) (answer[Order], error) {
	who := a.buyer(c)
	wish := in.Body.input()
	wish.ExpectedTotal, wish.Locale = in.Body.ExpectedTotal.money(), languageOf(c.lang)
	if c.key != "" {
		wish.ClientToken = ident.Hash(c.key)
	}
	placed, err := a.Order.Place(ctx, who, wish)
	if err != nil {
		return answer[Order]{}, err
	}
	view := orderView(placed.Order)
	if !placed.Crowded { // else the page follows: asking for the order opens it
		view = a.shopperView(ctx, placed.Order)
	}
	view.Token = placed.Token
	return answer[Order]{Body: view, Location: prefix + "/orders/" + placed.Order.ID, Replayed: placed.Replayed}, nil
}

type orderInput struct {
	OrderID string `path:"order_id"`
	T       string `query:"t" maxLength:"100" doc:"The order's token."`
	Token   string `query:"token" maxLength:"100" doc:"Another name of t." hidden:"true"`
	Header  string `header:"Order-Token" maxLength:"100" doc:"The order's token."`
}

// access is how the caller shows that an order is theirs.
func (in orderInput) access(c *caller) order.Access {
	access := order.Access{Buyer: order.Buyer{UserID: c.token.User.ID}}
	for _, token := range []string{c.bearer, in.Header, in.T, in.Token} {
		if token != "" {
			access.Token = token
			break
		}
	}
	return access
}

// order is an order for its shopper, else for the people of its business.
func (a *api) order(ctx context.Context, c *caller, in *orderInput) (answer[Order], error) {
	if err := known("order", in.OrderID); err != nil {
		return answer[Order]{}, err
	}
	o, err := a.Order.ForShopper(ctx, in.OrderID, in.access(c))
	if err == nil {
		return answer[Order]{Body: a.shopperView(ctx, o)}, nil
	}
	if !c.known || !errs.Is(err, errs.NotFound) {
		return answer[Order]{}, err
	}
	if o, err = a.Order.Get(ctx, in.OrderID); err != nil {
		return answer[Order]{}, err
	}
	o, err = a.Order.ForBusiness(ctx, c.owner(), o.BusinessID, o.ID)
	return answer[Order]{Body: orderView(o)}, err
}

func (a *api) cancelOrder(ctx context.Context, c *caller, in *orderInput) (answer[Order], error) {
	if err := known("order", in.OrderID); err != nil {
		return answer[Order]{}, err
	}
	o, err := a.Order.Cancel(ctx, in.OrderID, in.access(c))
	if err != nil {
		return answer[Order]{}, err
	}
	return answer[Order]{Body: a.shopperView(ctx, o)}, nil
}

// Paging is a part of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (a *api) ownOrders(ctx context.Context, c *caller, in *Paging) (answer[List[Order]], error) {
	page, err := a.Order.ListForShopper(ctx, order.Buyer{UserID: c.token.User.ID}, in.Cursor, in.Limit)
	return listOf(each(page.Items, orderView), page.Next), err
}

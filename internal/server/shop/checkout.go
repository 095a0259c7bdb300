package shop

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/money"
	"nearby/internal/order"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// maxSlots bounds the times a shopper may choose from.
const maxSlots = 24

// checkoutForm shows what a cart will cost and asks who, how and where. An id
// of an order leads on to its payment or its page.
func (h *Handlers) checkoutForm(r *route.Request) (route.Answer, error) {
	if ident.Valid(r.Param("id")) {
		return route.See{Path: "/o/" + r.Param("id") + "/pay?t=" + r.QueryParam("t")}, nil
	}
	b, err := h.Directory.Public(r.Req().Context(), r.Param("id"))
	if err != nil {
		return nil, err
	}
	cart, err := h.Order.Cart(r.Req().Context(), buyer(r), b.ID)
	if err != nil {
		return nil, err
	}
	if len(cart.Lines) == 0 {
		return route.See{Path: "/cart"}, nil
	}
	form := pages.CheckoutForm{Kind: string(order.Pickup), Name: r.User().Name, Email: r.User().Email}
	if !b.Pickup {
		form.Kind = string(order.Delivery)
	}
	page, err := h.checkoutPage(r, b, cart, form)
	if errs.Is(err, errs.Conflict) {
		return route.See{Path: "/cart"}, nil // the cart says what is wrong
	}
	if err != nil {
		return nil, err
	}
	if page.Token, err = h.checkoutToken(r, cart); err != nil {
		return nil, err
	}
	return route.HTML{Name: "shop/checkout", Page: page}, nil
}

// checkoutToken is the one-time token of the form. A cart keeps it while its
// order waits for payment: whoever comes back from the payment page goes on with
// that order instead of making a second one.
func (h *Handlers) checkoutToken(r *route.Request, cart order.Cart) (string, error) {
	token := ident.Hash(cart.Business.ID + cart.UpdatedAt.Format(time.RFC3339Nano))
	placed, made, err := h.Order.Known(r.Req().Context(), buyer(r), token)
	if made && placed.Order.State != order.PendingPayment {
		token = ident.Token() // that one has ended; this will be another
	}
	return token, err
}

// input is the order that a cart and a form ask for.
func (h *Handlers) input(r *route.Request, b directory.Business, cart order.Cart, form pages.CheckoutForm) order.PlaceInput {
	in := order.PlaceInput{
		BusinessID: b.ID, Fulfilment: order.Fulfilment{Kind: order.Kind(form.Kind)}, Note: form.Note, Locale: r.Lang, Payment: form.Payment,
		Contact: order.Contact{Name: form.Name, Email: form.Email, Phone: form.Phone},
	}
	if at, err := time.Parse(time.RFC3339, form.Slot); err == nil {
		in.Fulfilment.Slot = at
	}
	if in.Fulfilment.Kind == order.Delivery {
		in.Fulfilment.Address = &directory.Address{Street: form.Street, Postcode: form.Postcode, City: form.City, Country: b.Address.Country}
	}
	for _, line := range cart.Lines {
		if line.Problem != "not_for_sale" {
			in.Lines = append(in.Lines, order.PlaceLine{VariantID: line.Ware.VariantID, Quantity: line.Quantity})
		}
	}
	return in
}

func (h *Handlers) checkoutPage(r *route.Request, b directory.Business, cart order.Cart, form pages.CheckoutForm) (*pages.Checkout, error) {
	now := r.Now()
	quote, err := h.Order.Quote(r.Req().Context(), h.input(r, b, cart, form))
	if err != nil {
		return nil, err
	}
	kind, _ := category.BySlug(b.Category)
	shown, err := h.cart(r, cart)
	if err != nil {
		return nil, err
	}
	page := &pages.Checkout{
		Business: b.Name, BusinessURL: "/b/" + b.Slug, Action: "/checkout/" + b.Slug, Hue: kind.Hue, Form: form, Lines: shown.Lines,
		Total: view.Total(quote.Totals, 0), TaxIncluded: view.TaxIncluded(quote.Lines), ShownTotal: strconv.FormatInt(quote.Totals.Total.Minor, 10),
		Pickup: b.Pickup, Delivery: b.Delivery, DeliveryFee: money.New(b.DeliveryFee, b.Currency),
		Card: slices.Contains(quote.Methods, order.PayCard), AtPickup: slices.Contains(quote.Methods, order.PayAtPickup),
		PickupAddress: view.AddressLines(b.Address), Open: view.Open(b.Hours.At(now), b.Zone, now), Slots: slots(r, b, form.Slot, now),
	}
	page.Title, page.Tab, page.Robots, page.Back = r.Text("checkout.title"), "cart", "noindex", "/cart"
	if r.Session == nil && slices.ContainsFunc(cart.Lines, func(l order.CartLine) bool { return l.Ware.Drop != nil }) {
		page.SignInURL = "/sign-in?back=" + url.QueryEscape(page.Action)
	}
	if page.Form.Payment == "" && len(quote.Methods) > 0 {
		page.Form.Payment = quote.Methods[0]
	}
	return page, nil
}

// slots are the half hours at which an order can be had, the first of them as
// soon as possible.
func slots(r *route.Request, b directory.Business, chosen string, now time.Time) []pages.Option {
	options := []pages.Option{{Value: "", Label: r.Text("checkout.soonest"), Selected: chosen == ""}}
	zone := view.Zone(b.Zone)
	at := now.Add(time.Duration(b.PrepMinutes)*time.Minute + 30*time.Minute).Truncate(30 * time.Minute)
	for end := now.AddDate(0, 0, 3); at.Before(end) && len(options) <= maxSlots; at = at.Add(30 * time.Minute) {
		pickup, delivery := b.Pickup && order.Offered(b, order.Pickup, at), b.Delivery && order.Offered(b, order.Delivery, at)
		if !pickup && !delivery {
			continue
		}
		label, value := r.When(at.In(zone)), at.Format(time.RFC3339)
		if b.Pickup && b.Delivery && pickup != delivery {
			kind := order.Pickup
			if delivery {
				kind = order.Delivery
			}
			label += " · " + r.Word("order.kind", string(kind))
		}
		options = append(options, pages.Option{Value: value, Label: label, Selected: value == chosen})
	}
	return options
}

func checkoutFormOf(r *route.Request) pages.CheckoutForm {
	return pages.CheckoutForm{
		Name: r.FormValue("name"), Email: r.FormValue("email"), Phone: r.FormValue("phone"), Kind: r.FormValue("kind"), Slot: r.FormValue("slot"),
		Street: r.FormValue("street"), Postcode: r.FormValue("postcode"), City: r.FormValue("city"), Note: r.FormValue("note"), Payment: r.FormValue("payment"),
	}
}

// checkout places the order and leads to its payment page. The form's token
// makes a double click, Back and a second tab one order.
func (h *Handlers) checkout(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	b, err := h.Directory.Public(ctx, r.Param("id"))
	if err != nil {
		return nil, err
	}
	who, form, token := newBuyer(r), checkoutFormOf(r), r.FormValue("token")
	cart, err := h.Order.Cart(ctx, who, b.ID)
	if err != nil {
		return nil, err
	}
	in := h.input(r, b, cart, form)
	in.ClientToken = token
	shown, err := strconv.ParseInt(r.FormValue("shown_total"), 10, 64)
	if err != nil {
		return nil, errs.New(errs.Malformed, "malformed", "This form is not complete. Please load the page again.")
	}
	in.ExpectedTotal = money.New(shown, b.Currency)
	if len(in.Lines) == 0 {
		// The first of two clicks has emptied the cart: the same token knows its order.
		if placed, ok, err := h.Order.Known(ctx, who, token); err != nil || ok {
			return h.toPayment(r, placed, err)
		}
		return route.See{Path: "/cart"}, nil
	}
	placed, err := h.Order.Place(ctx, who, in)
	if errs.Has(err, "idempotency_key_reused") {
		placed, err = h.replace(ctx, who, in)
	}
	if err != nil {
		return h.notPlaced(r, b, cart, form, in.ExpectedTotal, err)
	}
	return h.toPayment(r, placed, nil)
}

// replace places an order anew whose shopper came back from the payment page and
// changed the form: the one that waits is called off first.
func (h *Handlers) replace(ctx context.Context, who order.Buyer, in order.PlaceInput) (order.Placement, error) {
	before, made, err := h.Order.Known(ctx, who, in.ClientToken)
	if err != nil {
		return order.Placement{}, err
	}
	if made && before.Order.State == order.PendingPayment {
		if before.Order, err = h.Order.Cancel(ctx, before.Order.ID, order.Access{Buyer: who}); err != nil {
			return order.Placement{}, err
		}
	}
	switch before.Order.State {
	case order.Expiring, order.Expired, order.Cancelled, order.Declined:
	default:
		return before, nil // paid meanwhile
	}
	// Derived, so that a double click on the changed form is one order too.
	in.ClientToken = ident.Hash(in.ClientToken + fmt.Sprint(in.Contact, in.Fulfilment.Kind, in.Fulfilment.Slot, in.Payment, in.Note, in.ExpectedTotal))
	return h.Order.Place(ctx, who, in)
}

// toPayment leads to the provider's page, or to the order's own where nothing
// is to be paid now or the provider does not answer yet.
func (h *Handlers) toPayment(r *route.Request, placed order.Placement, err error) (route.Answer, error) {
	if err != nil {
		return nil, err
	}
	page := "/o/" + placed.Order.ID + "?t=" + placed.Token
	if placed.Order.State != order.PendingPayment {
		return route.See{Path: page}, nil
	}
	address, err := h.Order.Open(r.Req().Context(), placed.Order.ID)
	if err != nil {
		return route.See{Path: page}, nil //nolint:nilerr // the page has a button, and a job tries too
	}
	return route.Leave{URL: address}, nil
}

// notPlaced shows the form again with what is wrong, everything typed kept.
func (h *Handlers) notPlaced(r *route.Request, b directory.Business, cart order.Cart, form pages.CheckoutForm, shown money.Amount, cause error) (route.Answer, error) {
	wrong, invalid := view.Errors(cause)
	e := errs.Of(cause)
	if !invalid && e.Kind != errs.Conflict {
		return nil, cause
	}
	switch e.Code {
	case "sold_out", "not_orderable", "drop_not_open", "drop_over": // the cart says what is wrong
		return route.See{Path: "/cart"}, nil
	}
	page, err := h.checkoutPage(r, b, cart, form)
	if err != nil {
		return nil, err
	}
	page.Token = ident.Token()
	switch {
	case e.Code == "total_changed":
		page.Changed = &pages.TotalChange{Old: shown, New: page.Total.Total}
	case invalid:
		page.Errors = renamed(wrong)
	case strings.HasPrefix(e.Code, "drop_"):
		page.Errors = pages.Errors{{Message: e.Message}}
	default:
		page.Errors = pages.Errors{{Name: "kind", Message: e.Message}}
	}
	return route.Wrong("shop/checkout", page), nil
}

// fieldNames are the form's names for the fields of the room's input.
var fieldNames = map[string]string{
	"contact.name": "name", "contact.email": "email", "contact.phone": "phone", "fulfilment.kind": "kind", "fulfilment.slot": "slot",
	"fulfilment.address.street": "street", "fulfilment.address.postcode": "postcode", "fulfilment.address.city": "city", "fulfilment.address": "street",
}

func renamed(wrong pages.Errors) pages.Errors {
	for i := range wrong {
		if name, ok := fieldNames[wrong[i].Name]; ok {
			wrong[i].Name = name
		}
	}
	return wrong
}

// payOrder leads to the payment page of an order that still waits for it.
func (h *Handlers) payOrder(r *route.Request) (route.Answer, error) {
	o, err := h.Order.ForShopper(r.Req().Context(), r.Param("order"), access(r, r.QueryParam("t")))
	if err != nil {
		return nil, err
	}
	r.Writer().Header().Set("Referrer-Policy", "no-referrer")
	return h.toPayment(r, order.Placement{Order: o, Token: h.Order.Token(o.ID)}, nil)
}

// access is how the visitor may prove that an order is theirs.
func access(r *route.Request, token string) order.Access {
	return order.Access{Buyer: buyer(r), Token: token}
}

func (h *Handlers) cancelOrder(r *route.Request) (route.Answer, error) {
	token := r.FormValue("t")
	o, err := h.Order.Cancel(r.Req().Context(), r.Param("order"), access(r, token))
	if err != nil {
		return nil, err
	}
	return route.See{Path: orderPath(o.ID, token)}, nil
}

// orderPath is the address of an order's page; the token is left out where a
// cookie opens it too.
func orderPath(id, token string) string {
	if token == "" {
		return "/o/" + id
	}
	return "/o/" + id + "?t=" + token
}

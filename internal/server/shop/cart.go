package shop

import (
	"net/http"
	"strconv"

	"nearby/internal/catalog"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/order"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

func (h *Handlers) orderRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/cart", Handle: h.carts},
		{Method: http.MethodPost, Path: "/cart", Handle: h.setLine},
		{Method: http.MethodPost, Path: "/cart/add", Handle: h.addToCart},
		{Method: http.MethodGet, Path: "/checkout/:id", Handle: h.checkoutForm},
		{Method: http.MethodPost, Path: "/checkout/:id", Handle: h.checkout, Limit: "checkout"},
		{Method: http.MethodGet, Path: "/orders", Handle: h.orders},
		{Method: http.MethodGet, Path: "/o/:order", Handle: h.order},
		{Method: http.MethodGet, Path: "/o/:order/receipt", Handle: h.receipt},
		{Method: http.MethodGet, Path: "/o/:order/events", Handle: h.orderEvents, Stream: true},
		{Method: http.MethodPost, Path: "/o/:order/cancel", Handle: h.cancelOrder},
		{Method: http.MethodGet, Path: "/o/:order/pay", Handle: h.payOrder},
	}
}

// buyer is who shops, as far as it is known yet.
func buyer(r *route.Request) order.Buyer {
	if r.Session != nil {
		return order.Buyer{UserID: r.Session.User.ID}
	}
	return order.Buyer{GuestID: r.GuestID()}
}

// newBuyer is buyer for something that must be kept: a guest becomes known.
func newBuyer(r *route.Request) order.Buyer {
	if r.Session != nil {
		return order.Buyer{UserID: r.Session.User.ID}
	}
	return order.Buyer{GuestID: r.NeedGuestID()}
}

// cartOf is the cart at one business for its page, nil when it is empty, and
// how many pieces of each variant are in it.
func (h *Handlers) cartOf(r *route.Request, businessID string) (*pages.Cart, map[string]int, error) {
	cart, err := h.Order.Cart(r.Req().Context(), buyer(r), businessID)
	if err != nil || len(cart.Lines) == 0 {
		return nil, nil, err
	}
	pieces := map[string]int{}
	for _, line := range cart.Lines {
		pieces[line.Ware.VariantID] = int(line.Quantity)
	}
	shown, err := h.cart(r, cart)
	return &shown, pieces, err
}

func (h *Handlers) cart(r *route.Request, cart order.Cart) (pages.Cart, error) {
	b, now := cart.Business, r.Now()
	kind, _ := category.BySlug(b.Category)
	shown := pages.Cart{
		Business: b.Name, BusinessURL: "/b/" + b.Slug, Slug: b.Slug, Hue: kind.Hue, Open: view.Open(b.Hours.At(now), b.Zone, now),
		Count: int(cart.Count), Total: cart.Total, TaxIncluded: true, CheckoutURL: "/checkout/" + b.Slug,
	}
	for _, line := range cart.Lines {
		ware := line.Ware
		item := pages.Line{
			Variant: ware.VariantID, Name: ware.Title, Choice: catalog.Variant{Options: ware.Options}.Title(), Hue: kind.Hue,
			Quantity: int(line.Quantity), Price: ware.Price, Total: line.Total, URL: "/b/" + b.Slug + "/p/" + ware.Slug,
		}
		if ware.Counted {
			item.Max = int(max(0, ware.Available))
		}
		if ware.Photo != nil {
			item.Photo = view.Thumb(ware.Photo.Hash, "")
		}
		switch {
		case line.Problem == "not_for_sale":
			item.Problem = "gone"
		case line.Problem == "ahead" || line.Problem == "over":
			item.Problem = line.Problem
		case line.Problem == "short" && ware.Available <= 0:
			item.Problem = "sold_out"
		case line.Problem == "short":
			item.Problem = "too_many"
		}
		shown.TaxIncluded = shown.TaxIncluded && ware.TaxIncluded
		shown.Lines = append(shown.Lines, item)
	}
	blocked, err := h.closed(r, b)
	shown.Blocked, shown.BlockedUntil = blocked, pauseEnd(b)
	return shown, err
}

func (h *Handlers) carts(r *route.Request) (route.Answer, error) {
	carts, err := h.Order.Carts(r.Req().Context(), buyer(r))
	if err != nil {
		return nil, err
	}
	page := &pages.Carts{}
	page.Title, page.Tab, page.Robots = r.Text("cart.title"), "cart", "noindex"
	for _, cart := range carts {
		shown, err := h.cart(r, cart)
		if err != nil {
			return nil, err
		}
		page.Carts = append(page.Carts, shown)
	}
	return route.HTML{Name: "shop/cart", Page: page}, nil
}

// variantOf finds the variant a form names and the business that sells it.
func (h *Handlers) variantOf(r *route.Request) (catalog.Ware, error) {
	id := r.FormValue("variant")
	items, err := h.Catalog.Variants(r.Req().Context(), []string{id})
	if err != nil {
		return catalog.Ware{}, err
	}
	item, ok := items[id]
	if !ok {
		return catalog.Ware{}, errProduct
	}
	return item, nil
}

func quantity(r *route.Request) int64 {
	n, err := strconv.ParseInt(r.FormValue("quantity"), 10, 64)
	if err != nil {
		return -1 // refused below with the right words
	}
	return n
}

func (h *Handlers) setLine(r *route.Request) (route.Answer, error) {
	item, err := h.variantOf(r)
	if err != nil {
		return nil, err
	}
	if err := h.Order.SetLine(r.Req().Context(), newBuyer(r), item.BusinessID, item.VariantID, quantity(r)); err != nil {
		return nil, err
	}
	return route.See{Path: route.SafePath(r.FormValue("back"), "/cart")}, nil
}

func (h *Handlers) addToCart(r *route.Request) (route.Answer, error) {
	item, err := h.variantOf(r)
	if err != nil {
		return nil, err
	}
	err = h.Order.AddToCart(r.Req().Context(), newBuyer(r), item.BusinessID, item.VariantID, quantity(r))
	if wrong, ok := view.Errors(err); ok {
		return h.wrongQuantity(r, item, wrong)
	}
	if err != nil {
		return nil, err
	}
	r.Flash("cart.added")
	return route.See{Path: route.SafePath(r.FormValue("back"), "/cart")}, nil
}

// wrongQuantity shows the product again with what was wrong.
func (h *Handlers) wrongQuantity(r *route.Request, item catalog.Ware, wrong pages.Errors) (route.Answer, error) {
	ctx := r.Req().Context()
	b, err := h.Directory.Public(ctx, item.BusinessID)
	if err != nil {
		return nil, err
	}
	p, err := h.Catalog.BySlug(ctx, b.ID, item.Slug)
	if err != nil {
		return nil, err
	}
	page, err := h.productPage(r, b, p)
	if err != nil {
		return nil, err
	}
	page.Errors = wrong
	return route.Wrong("shop/product", page), nil
}

// orderLinks are orders in a list, each leading to its page.
func (h *Handlers) orderLinks(r *route.Request, orders []order.Order) ([]pages.OrderLink, error) {
	links := make([]pages.OrderLink, 0, len(orders))
	for _, o := range orders {
		b, err := h.Directory.Get(r.Req().Context(), o.BusinessID)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
		link := view.OrderLink(o)
		link.Business, link.URL = b.Name, "/o/"+o.ID
		links = append(links, link)
	}
	return links, nil
}

func (h *Handlers) orders(r *route.Request) (route.Answer, error) {
	page := &pages.Orders{}
	page.Title, page.Tab, page.Robots = r.Text("nav.orders"), "orders", "noindex"
	found, err := h.Order.ListForShopper(r.Req().Context(), buyer(r), r.QueryParam("cursor"), 20)
	if err != nil {
		return nil, err
	}
	if page.Orders, err = h.orderLinks(r, found.Items); err != nil {
		return nil, err
	}
	if found.Next != "" {
		page.Pager.Next = "/orders?cursor=" + found.Next
	}
	return route.HTML{Name: "shop/orders", Page: page}, nil
}

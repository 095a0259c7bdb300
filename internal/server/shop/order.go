package shop

import (
	"io"
	"time"

	"nearby/internal/directory/category"
	"nearby/internal/order"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// order is the page of one order, for its buyer or whoever has its link.
func (h *Handlers) order(r *route.Request) (route.Answer, error) {
	token := r.QueryParam("t")
	var o order.Order
	var err error
	if r.QueryParam("paid") != "" {
		// Back from the payment page. The address proves nothing; it is a hint to
		// look, and then to continue at the address without it.
		if o, err = h.Order.Landed(r.Req().Context(), r.Param("order"), access(r, token)); err == nil {
			return route.See{Path: orderPath(o.ID, token)}, nil
		}
	} else {
		o, err = h.Order.ForShopper(r.Req().Context(), r.Param("order"), access(r, token))
	}
	if err != nil {
		return nil, err
	}
	page, err := h.orderPage(r, o, token)
	if err != nil {
		return nil, err
	}
	r.Writer().Header().Set("Referrer-Policy", "no-referrer")
	return route.HTML{Name: "shop/order", Block: "shop/order/live", Page: page}, nil
}

func (h *Handlers) orderPage(r *route.Request, o order.Order, token string) (*pages.Order, error) {
	b, err := h.Directory.Get(r.Req().Context(), o.BusinessID)
	if err != nil {
		return nil, err
	}
	kind, _ := category.BySlug(b.Category)
	zone := view.Zone(o.Zone)
	page := &pages.Order{
		Number: view.OrderNumber(o), State: view.State(o), Tone: view.Tone(o), Lead: lead(o), Business: b.Name, BusinessURL: "/b/" + b.Slug,
		Hue: kind.Hue, Address: view.AddressLines(b.Address), Phone: view.Phone(b.Phone), PhoneURL: b.Phone, Directions: directions(b),
		Kind: string(o.Kind), Payment: view.Payment(o), Steps: view.OrderSteps(o), Lines: view.OrderLines(o.Lines, kind.Hue),
		Total: view.OrderTotal(o), TaxIncluded: view.TaxIncluded(o.Lines), Reason: reason(r, o), Secret: token,
		ReloadURL: orderPath(o.ID, token), Checked: r.Now().In(zone),
	}
	page.Title, page.Tab, page.Robots, page.Back = r.Text("order.title"), "orders", "noindex", "/orders"
	if page.Number != "" {
		page.Title = r.Text("order.number", "Number", page.Number)
	}
	if o.Address != nil {
		page.DeliverTo = view.AddressLines(*o.Address)
	}
	if o.PlacedAt != nil {
		page.PlacedAt = o.PlacedAt.In(zone)
	}
	if o.SettleBy != nil && o.Open() && !b.Listed() {
		page.SettleBy = o.SettleBy.In(zone)
	}
	if o.HoldExpiresAt != nil && o.State == order.PendingPayment {
		page.HoldUntil = o.HoldExpiresAt.In(zone)
	}
	if view.Reserved(o) && o.AcceptBy != nil {
		page.ReservedUntil = o.AcceptBy.In(zone)
		page.ReservedToday = page.ReservedUntil.Format(time.DateOnly) == page.Checked.Format(time.DateOnly)
	}
	switch o.State {
	case order.PendingPayment:
		page.PayURL = suffixed("/o/"+o.ID+"/pay", token)
	case order.Accepted, order.Preparing, order.Ready, order.Placed:
		page.ReadyAt = o.SlotFrom.In(zone)
	}
	if o.Kind == order.Pickup && (o.State == order.Accepted || o.State == order.Preparing || o.State == order.Ready) {
		page.Code = h.Order.PickupCode(o.ID)
	}
	if o.State == order.PendingPayment || o.State == order.Placed {
		page.CancelURL = "/o/" + o.ID + "/cancel"
	}
	if o.Invoice > 0 {
		page.ReceiptURL = suffixed("/o/"+o.ID+"/receipt", token)
	}
	if live(o) {
		page.EventsURL = suffixed("/o/"+o.ID+"/events", token)
		page.Refresh = 30
	}
	return page, nil
}

// receipt is the receipt of an order, for whoever may see the order.
func (h *Handlers) receipt(r *route.Request) (route.Answer, error) {
	token := r.QueryParam("t")
	o, err := h.Order.ForShopper(r.Req().Context(), r.Param("order"), access(r, token))
	if err != nil {
		return nil, err
	}
	receipt, err := h.Order.Receipt(r.Req().Context(), o)
	if err != nil {
		return nil, err
	}
	page := view.Receipt(receipt)
	page.Title, page.Tab, page.Robots = r.Text("receipt.title", "Number", page.Number), "orders", "noindex"
	page.Back, page.OrderURL = orderPath(o.ID, token), orderPath(o.ID, token)
	r.Writer().Header().Set("Referrer-Policy", "no-referrer")
	return route.HTML{Name: "shop/receipt", Page: page}, nil
}

func suffixed(path, token string) string {
	if token == "" {
		return path
	}
	return path + "?t=" + token
}

// live reports whether an order may still change by itself.
func live(o order.Order) bool {
	switch o.State {
	case order.Completed, order.Closed, order.Cancelled, order.Declined, order.Expired:
		for _, refund := range o.Refunds {
			if refund.State == order.RefundRequested || refund.State == order.RefundPending || refund.State == order.RefundWaiting {
				return true
			}
		}
		return false
	}
	return true
}

// lead is the word for what happens next.
func lead(o order.Order) string {
	paid := o.Method == order.Card
	switch o.State {
	case order.PendingPayment:
		if o.Payment != nil && o.Payment.State == order.Processing {
			return "waiting_bank"
		}
		return "pay"
	case order.Expiring, order.Review:
		return "waiting_bank"
	case order.Placed:
		if o.Payment != nil && o.Payment.State == order.Authorized {
			return "reserved"
		}
		return "waiting_shop"
	case order.Accepted, order.Preparing:
		return "packing"
	case order.Ready:
		return "collect"
	case order.Completed, order.Closed:
		return "done"
	case order.Expired:
		return "expired"
	case order.Declined, order.Cancelled, order.NoShow:
		if paid && o.PlacedAt != nil && o.Payment != nil && o.Payment.Captured.Zero() {
			return "released"
		}
		if paid && o.PlacedAt != nil {
			return "refunded"
		}
		return "cancelled"
	}
	return ""
}

// reason is why an order ended, in words.
func reason(r *route.Request, o order.Order) string {
	if o.State == order.Declined && o.DeclineReason != "" {
		return r.Word("order.decline", o.DeclineReason)
	}
	if (o.State == order.Cancelled || o.State == order.Declined) && o.EndReason != "" && o.EndReason != "shopper" {
		return r.Word("order.end", o.EndReason)
	}
	return ""
}

// orderEvents sends the page's live part whenever the order changes. It begins
// with the present state, so that no change between page and stream is missed.
func (h *Handlers) orderEvents(r *route.Request) (route.Answer, error) {
	token := r.QueryParam("t")
	o, err := h.Order.ForShopper(r.Req().Context(), r.Param("order"), access(r, token))
	if err != nil {
		return nil, err
	}
	if !live(o) {
		return route.Nothing{}, nil // 204 tells the browser not to come back
	}
	return route.Live{
		Watch: func() (<-chan struct{}, func()) { return h.Order.Watch(o.ID) },
		Render: func(w io.Writer) (bool, error) {
			now, err := h.Order.ForShopper(r.Req().Context(), o.ID, access(r, token))
			if err != nil {
				return false, err
			}
			page, err := h.orderPage(r, now, token)
			if err != nil {
				return false, err
			}
			return live(now), r.Render(w, "shop/order/live", page)
		},
	}, nil
}

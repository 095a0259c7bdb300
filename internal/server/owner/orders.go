package owner

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/order"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// tabs of the inbox and the states behind each.
var inboxTabs = []struct {
	word   string
	states []order.State
}{
	{"todo", todo},
	{"done", []order.State{order.Completed, order.Closed, order.NoShow}},
	{"ended", []order.State{order.Declined, order.Cancelled}},
	{"unpaid", []order.State{order.PendingPayment, order.Expiring, order.Expired, order.Review}},
}

func (h *Handlers) orders(r *route.Request, p place) (route.Answer, error) {
	page, err := h.inbox(r, p)
	return route.HTML{Name: "owner/orders", Block: "owner/orders/list", Page: page}, err
}

func (h *Handlers) inbox(r *route.Request, p place) (*pages.Inbox, error) {
	ctx, actor := r.Req().Context(), r.As(account.Owner)
	page := &pages.Inbox{}
	head(r, &page.Base, "manage.orders")
	var err error
	if page.Desk, err = h.desk(r, p, "orders"); err != nil {
		return nil, err
	}
	if page.Disputes, err = h.disputeLinks(r, p); err != nil {
		return nil, err
	}
	counts, err := h.Order.Counts(ctx, actor, p.ID)
	if err != nil {
		return nil, err
	}
	shown := inboxTabs[0]
	for _, tab := range inboxTabs {
		if tab.word == r.QueryParam("show") {
			shown = tab
		}
	}
	self := p.path("/orders")
	for _, tab := range inboxTabs {
		link := pages.Link{Label: r.Word("manage.tab", tab.word), URL: self + "?show=" + tab.word, Current: tab.word == shown.word}
		for _, state := range tab.states {
			link.Count += int(counts[state])
		}
		page.Tabs = append(page.Tabs, link)
	}
	found, err := h.Order.ListForBusiness(ctx, actor, p.ID, shown.states, r.QueryParam("cursor"), 0)
	if err != nil {
		return nil, err
	}
	page.Orders = links(found.Items, p)
	if found.Next != "" {
		page.Pager.Next = self + "?show=" + shown.word + "&cursor=" + found.Next
	}
	if r.QueryParam("cursor") != "" {
		page.Pager.Previous = self + "?show=" + shown.word
	} else if shown.word == inboxTabs[0].word {
		page.EventsURL, page.Refresh = self+"/events", 60
	}
	return page, nil
}

func (h *Handlers) ordersEvents(r *route.Request, p place) (route.Answer, error) {
	return h.stream(p.ID, func(w io.Writer) (bool, error) {
		page, err := h.inbox(r, p)
		if err != nil {
			return false, err
		}
		return true, r.Render(w, "owner/orders/list", page)
	}), nil
}

func (h *Handlers) order(r *route.Request, p place) (route.Answer, error) {
	page, err := h.orderPage(r, p)
	return route.HTML{Name: "owner/order", Block: "owner/order/live", Page: page}, err
}

func (h *Handlers) orderEvents(r *route.Request, p place) (route.Answer, error) {
	page, err := h.orderPage(r, p)
	if err != nil {
		return nil, err
	}
	token := page.Token
	return h.stream(r.Param("order"), func(w io.Writer) (bool, error) {
		page, err := h.orderPage(r, p)
		if err != nil {
			return false, err
		}
		page.Token = token // else every look would be a change
		return true, r.Render(w, "owner/order/live", page)
	}), nil
}

func (h *Handlers) orderPage(r *route.Request, p place) (*pages.OwnerOrder, error) {
	o, err := h.Order.ForBusiness(r.Req().Context(), r.As(account.Owner), p.ID, r.Param("order"))
	if err != nil {
		return nil, err
	}
	zone := view.Zone(o.Zone)
	page := &pages.OwnerOrder{
		Number: view.OrderNumber(o), State: view.State(o), Tone: view.Tone(o), Kind: string(o.Kind), Payment: view.Payment(o),
		PlacedAt: o.CreatedAt.In(zone), Name: o.Contact.Name, Email: o.Contact.Email, Phone: view.Phone(o.Contact.Phone), PhoneURL: o.Contact.Phone,
		Note: o.Note, Steps: view.OrderSteps(o), Lines: view.OrderLines(o.Lines, p.kind.Hue), Token: ident.Token(),
		Form: pages.OrderForm{Give: map[int]string{}}, ActionURL: p.path("/orders/" + o.ID), Reasons: declineReasons(r, ""), Prove: unproven(r),
	}
	head(r, &page.Base, "manage.orders")
	page.Title = r.Text("order.number", "Number", page.Number)
	if page.Desk, err = h.desk(r, p, "orders"); err != nil {
		return nil, err
	}
	if o.SettleBy != nil && o.Open() && !p.Listed() {
		page.SettleBy = o.SettleBy.In(zone)
	}
	if o.AcceptBy != nil {
		page.AcceptBy = o.AcceptBy.In(zone)
	}
	if o.PlacedAt != nil {
		page.PlacedAt = o.PlacedAt.In(zone)
	}
	if o.Address != nil {
		page.DeliverTo = view.AddressLines(*o.Address)
	}
	if o.Open() {
		page.ReadyBy = o.SlotFrom.In(zone)
		page.EventsURL, page.Refresh = page.ActionURL+"/events", 30
	}
	if o.Invoice > 0 {
		page.ReceiptURL = page.ActionURL + "/receipt"
	}
	h.allow(page, o, p)
	if err := h.disputes(r, p, o, page); err != nil {
		return nil, err
	}
	return page, h.picture(r, page)
}

// allow says what can be done with the order now.
func (h *Handlers) allow(page *pages.OwnerOrder, o order.Order, p place) {
	may := func(events ...order.Event) bool {
		for _, event := range events {
			if _, err := order.Life.Next(o.State, event, account.Owner); err == nil {
				return true
			}
		}
		return false
	}
	page.CanAccept, page.CanDecline, page.CanStart = may(order.Accept), may(order.Decline), may(order.Start)
	page.CanReady = may(order.MakeReady, order.Dispatch)
	page.CanComplete, page.CodeHint = may(order.HandOver, order.Deliver), true
	page.CanMiss, page.CanAbort = may(order.MissPickup), may(order.Cancel)
	left, captured := refundable(o)
	page.Refundable = left
	page.CanRefund = captured && left.Minor > 0 && p.role.May(account.RightRefund)
	if o.Stuck() {
		page.Stuck = o.Flag
	}
	if captured {
		page.Seen = strconv.FormatInt(o.Payment.Captured.Minor-left.Minor, 10)
	}
	for _, line := range o.Lines {
		if n := line.QtyCharged - line.QtyRefunded; n > 0 && line.Left().Minor > 0 {
			page.Back = append(page.Back, pages.BackLine{N: line.N, Name: lineName(line), Left: int(n), Price: line.Left(), Value: "0"})
		}
	}
	page.Total, page.Reserved = view.OrderTotal(o), view.Reserved(o)
	page.CanTakeOff = may(order.TakeOff)
	page.CanShort = page.CanAccept || page.CanTakeOff
	for _, line := range page.Lines {
		if page.Form.Give[line.N] == "" {
			page.Form.Give[line.N] = strconv.Itoa(line.Left)
		}
	}
}

// picture puts the photos of the products beside the lines.
func (h *Handlers) picture(r *route.Request, page *pages.OwnerOrder) error {
	ids := make([]string, len(page.Lines))
	for i, line := range page.Lines {
		ids[i] = line.Variant
	}
	items, err := h.Catalog.Variants(r.Req().Context(), ids)
	if err != nil {
		return err
	}
	for i, line := range page.Lines {
		item, known := items[line.Variant]
		if known && item.Photo != nil {
			page.Lines[i].Photo = view.Thumb(item.Photo.Hash, "")
		}
		if known {
			page.Lines[i].URL = page.Desk.Path("/catalog/" + item.ProductID)
		}
	}
	return nil
}

func declineReasons(r *route.Request, chosen string) []pages.Option {
	var list []pages.Option
	for _, reason := range order.DeclineReasons() {
		list = append(list, pages.Option{Value: reason, Label: r.Word("order.decline", reason), Selected: reason == chosen})
	}
	return list
}

// act does one thing to the order of the address and shows the order again,
// with what was wrong if something was.
func (h *Handlers) act(r *route.Request, p place, done string, fn func(orderID string) (order.Order, error)) (route.Answer, error) {
	_, err := fn(r.Param("order"))
	if err == nil {
		r.Flash(done)
		return route.See{Path: p.path("/orders/" + r.Param("order"))}, nil
	}
	wrong, isInvalid := view.Errors(err)
	if !isInvalid && !errs.Is(err, errs.Conflict) {
		return nil, err
	}
	page, failed := h.orderPage(r, p)
	if failed != nil {
		return nil, errors.Join(failed, err)
	}
	page.Form.Reason, page.Form.Code, page.Form.Note = r.FormValue("reason"), r.FormValue("code"), r.FormValue("refund_note")
	for _, line := range page.Lines {
		if typed := r.FormValue(giveField(line.N)); typed != "" {
			page.Form.Give[line.N] = typed
		}
	}
	page.Form.Gone = r.FormValue("gone") != ""
	for i, d := range page.Disputes {
		if d.ID == r.Param("dispute") {
			page.Disputes[i].Words = r.FormValue("words")
		}
	}
	for i, line := range page.Back {
		if typed := r.FormValue(backField(line.N)); typed != "" {
			page.Back[i].Value = typed
		}
	}
	page.Reasons = declineReasons(r, page.Form.Reason)
	page.EventsURL, page.Refresh = "", 0 // news would take the place of what was wrong
	if isInvalid {
		page.Errors = wrong
		for i := range page.Disputes {
			page.Disputes[i].Errors = wrong
		}
		return route.Wrong("owner/order", page), nil
	}
	// Somebody else was faster, or the shopper cancelled: the page shows how it is.
	page.Errors, page.Failed = pages.Errors{{Message: errs.Of(err).Message}}, true
	return route.HTML{Name: "owner/order", Page: page, Status: errs.Conflict.Status()}, nil
}

func (h *Handlers) accept(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_accept", func(id string) (order.Order, error) {
		return h.Order.Accept(r.Req().Context(), r.As(account.Owner), p.ID, id)
	})
}

func (h *Handlers) start(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_start", func(id string) (order.Order, error) {
		return h.Order.Start(r.Req().Context(), r.As(account.Owner), p.ID, id)
	})
}

func (h *Handlers) ready(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_ready", func(id string) (order.Order, error) {
		return h.Order.Ready(r.Req().Context(), r.As(account.Owner), p.ID, id)
	})
}

func (h *Handlers) complete(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_complete", func(id string) (order.Order, error) {
		return h.Order.HandOver(r.Req().Context(), r.As(account.Owner), p.ID, id, strings.TrimSpace(r.FormValue("code")))
	})
}

func (h *Handlers) missed(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_missed", func(id string) (order.Order, error) {
		return h.Order.Missed(r.Req().Context(), r.As(account.Owner), p.ID, id)
	})
}

func (h *Handlers) decline(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_decline", func(id string) (order.Order, error) {
		return h.Order.Decline(r.Req().Context(), r.As(account.Owner), p.ID, id, r.FormValue("reason"), r.FormValue("gone") != "")
	})
}

func (h *Handlers) abort(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_abort", func(id string) (order.Order, error) {
		return h.Order.Abort(r.Req().Context(), r.As(account.Owner), p.ID, id, r.FormValue("reason"), r.FormValue("gone") != "")
	})
}

// completeByCode hands over whichever ready order the code belongs to.
func (h *Handlers) completeByCode(r *route.Request, p place) (route.Answer, error) {
	code := strings.TrimSpace(r.FormValue("code"))
	o, err := h.Order.HandOver(r.Req().Context(), r.As(account.Owner), p.ID, "", code)
	if wrong, ok := view.Errors(err); ok {
		page, err := h.inbox(r, p)
		if err != nil {
			return nil, err
		}
		page.Code, page.Errors, page.Refresh = code, wrong, 0
		return route.Wrong("owner/orders", page), nil
	}
	if err != nil {
		return nil, err
	}
	r.Flash("order.done_complete")
	return route.See{Path: p.path("/orders/" + o.ID)}, nil
}

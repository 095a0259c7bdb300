package owner

import (
	"strconv"
	"strings"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/money"
	"nearby/internal/order"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// short accepts an order without what is missing, or takes that off an accepted
// one.
func (h *Handlers) short(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_short", func(id string) (order.Order, error) {
		ctx, actor := r.Req().Context(), r.As(account.Owner)
		o, err := h.Order.ForBusiness(ctx, actor, p.ID, id)
		if err != nil {
			return o, err
		}
		missing := order.Missing{Gone: r.FormValue("gone") != ""}
		var wrong []errs.Field
		for _, line := range o.Lines {
			typed := strings.TrimSpace(r.FormValue(giveField(line.N)))
			if typed == "" {
				continue // not on the form
			}
			give, err := strconv.ParseInt(typed, 10, 64)
			if err != nil || give < 0 || give > line.QtyAccepted {
				wrong = append(wrong, errs.Field{Name: giveField(line.N), Code: "bad_quantity", Message: r.Text("order.give_bad", "N", int(line.QtyAccepted))})
			} else if give < line.QtyAccepted {
				missing.Pieces = append(missing.Pieces, order.Pieces{Line: line.N, Quantity: line.QtyAccepted - give})
			}
		}
		switch {
		case len(wrong) > 0:
			return o, errs.Fields(wrong)
		case o.State == order.Placed:
			return h.Order.AcceptShort(ctx, actor, p.ID, id, missing)
		}
		return h.Order.TakeOff(ctx, actor, p.ID, id, missing)
	})
}

// giveField is the name of the field that says how many pieces of a line there
// are.
func giveField(line int) string { return "give." + strconv.Itoa(line) }

func (h *Handlers) refund(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "order.done_refund", func(id string) (order.Order, error) {
		note := strings.TrimSpace(r.FormValue("refund_note"))
		if note == "" {
			return order.Order{}, errs.Fields([]errs.Field{{Name: "refund_note", Code: "required", Message: r.Text("order.say_why")}})
		}
		if err := h.prove(r); err != nil {
			return order.Order{}, err
		}
		in := order.RefundInput{Reason: note, ClientToken: r.FormValue("token")}
		if seen, err := strconv.ParseInt(r.FormValue("seen"), 10, 64); err == nil {
			in.Seen = &seen
		}
		if r.FormValue("all") == "" {
			var err error
			if in.Lines, err = h.piecesBack(r, p, id); err != nil {
				return order.Order{}, err
			}
		}
		o, err := h.Order.Refund(r.Req().Context(), r.As(account.Owner), p.ID, id, in)
		if wrong, ok := view.Errors(err); ok {
			err = errs.Fields([]errs.Field{{Name: "refund_note", Code: errs.Of(err).Code, Message: wrong[0].Message}})
		}
		return o, err
	})
}

// piecesBack reads how many pieces of each line are to be refunded.
func (h *Handlers) piecesBack(r *route.Request, p place, id string) ([]order.Pieces, error) {
	o, err := h.Order.ForBusiness(r.Req().Context(), r.As(account.Owner), p.ID, id)
	if err != nil {
		return nil, err
	}
	var chosen []order.Pieces
	var wrong []errs.Field
	first := ""
	for _, line := range o.Lines {
		typed := strings.TrimSpace(r.FormValue(backField(line.N)))
		if typed == "" {
			continue // not on the form
		}
		if first == "" {
			first = backField(line.N)
		}
		left := line.QtyCharged - line.QtyRefunded
		n, err := strconv.ParseInt(typed, 10, 64)
		switch {
		case err != nil || n < 0 || n > left:
			wrong = append(wrong, errs.Field{Name: backField(line.N), Code: "bad_quantity", Message: r.Text("order.give_bad", "N", int(left))})
		case n > 0:
			chosen = append(chosen, order.Pieces{Line: line.N, Quantity: n})
		}
	}
	if len(wrong) == 0 && len(chosen) == 0 {
		wrong = append(wrong, errs.Field{Name: first, Code: "required", Message: r.Text("order.back_none")})
	}
	return chosen, errs.Fields(wrong)
}

// backField is the name of the field that says how many pieces of a line to
// refund.
func backField(line int) string { return "back." + strconv.Itoa(line) }

// receipt is the receipt of an order, as its shopper sees it.
func (h *Handlers) receipt(r *route.Request, p place) (route.Answer, error) {
	o, err := h.Order.ForBusiness(r.Req().Context(), r.As(account.Owner), p.ID, r.Param("order"))
	if err != nil {
		return nil, err
	}
	receipt, err := h.Order.Receipt(r.Req().Context(), o)
	if err != nil {
		return nil, err
	}
	page := view.Receipt(receipt)
	head(r, &page.Base, "manage.orders")
	page.Title = r.Text("receipt.title", "Number", page.Number)
	page.Back, page.OrderURL = p.path("/orders/"+o.ID), p.path("/orders/"+o.ID)
	return route.HTML{Name: "shop/receipt", Page: page}, nil
}

// lineName is what a line is called on the owner's side; "" for the delivery.
func lineName(line order.Line) string {
	if line.Kind == "delivery" {
		return ""
	}
	return line.Title()
}

// refundable is what is left of a payment that arrived; false when none did.
func refundable(o order.Order) (money.Amount, bool) {
	left := o.Totals.Total
	left.Minor = 0
	if o.Payment == nil || o.Payment.State != order.Paid && o.Payment.State != order.Collected {
		return left, false
	}
	left = o.Payment.Captured
	for _, refund := range o.Refunds {
		switch refund.State {
		case order.RefundFailed, order.RefundCanceled:
		default:
			left.Minor -= refund.Amount.Minor
		}
	}
	return left, true
}

package api

import (
	"context"
	"net/http"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/order"
)

func (a *api) counter() {
	const tag = "Counter"
	line := func(word, summary, about string, example any) operation {
		return operation{
			id: word + "-order", method: http.MethodPost, path: "/orders/{order_id}/" + word, tag: tag, who: holder, scope: "orders:write",
			limit: "token", repeat: apart, summary: summary, about: about, example: example,
		}
	}
	add(a, operation{
		id: "list-business-orders", method: http.MethodGet, path: "/businesses/{id}/orders", tag: tag, who: holder, scope: "orders:read", limit: "token",
		summary: "The orders of a business, newest first",
		query:   map[string]any{"state": "placed,accepted", "limit": 2},
	}, a.businessOrders)
	missing := map[string]any{"missing": []any{map[string]any{"line": 1, "quantity": 1}}}
	add(a, line("accept", "Say yes to a placed order", "A card that was only authorised is charged now. With missing, these pieces are taken off the order and not charged.",
		missing), a.accept)
	add(a, line("take-off", "Take pieces that cannot be had off an accepted order", "What was paid for them goes back, and they are for sale again unless gone. "+
		"409 nothing_left when it would be all of the order: abort it instead.", missing), a.takeOff)
	add(a, line("start", "Say that the business is at work on it", "", nil), act(a, a.Order.Start))
	add(a, line("ready", "Say that it can be collected, or is on its way", "", nil), act(a, a.Order.Ready))
	add(a, line("no-show", "Say that nobody came for it", "", nil), act(a, a.Order.Missed))
	why := map[string]any{"reason": "sold_out", "gone": true}
	add(a, line("decline", "Say no to a placed order", "The money goes back. With gone the pieces are taken off the shelf.", why), ending(a, a.Order.Decline))
	add(a, line("abort", "Cancel an accepted order that cannot be fulfilled", "The money goes back.", why), ending(a, a.Order.Abort))
	add(a, line("complete", "Hand over to whoever says the pickup code", "", map[string]any{"code": exampleCode}), a.complete)
	add(a, line("refund", "Give back some pieces of an order, or all that is left of its payment",
		"What pieces cost was fixed when they were bought, so that all of them give the charge to the last cent. "+
			"The order stays where it is: take-off is for pieces that are not handed over. Asking twice with one Idempotency-Key gives back once.",
		map[string]any{"reason": "Came cold", "lines": []any{map[string]any{"line": 1, "quantity": 1}}}), a.refund)
}

type businessOrdersInput struct {
	BusinessPath
	State []string `query:"state" maxItems:"15" doc:"States with commas between; none means all." example:"placed,accepted"`
	Paging
}

func (a *api) businessOrders(ctx context.Context, c *caller, in *businessOrdersInput) (answer[List[Order]], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[List[Order]]{}, err
	}
	var states []order.State
	for _, word := range in.State {
		if !isState(word) {
			return answer[List[Order]]{}, errs.Fields([]errs.Field{{Name: "state", Code: "unknown_value", Message: "One of these is not the state of an order."}})
		}
		states = append(states, order.State(word))
	}
	page, err := a.Order.ListForBusiness(ctx, c.owner(), b.ID, states, in.Cursor, in.Limit)
	return listOf(each(page.Items, orderView), page.Next), err
}

func isState(word string) bool {
	for _, s := range order.States {
		if string(s) == word {
			return true
		}
	}
	return false
}

// OrderPath names an order.
type OrderPath struct {
	OrderID string `path:"order_id"`
}

// house is the business of an order. Whether the caller works there is checked
// by what is done next.
func (a *api) house(ctx context.Context, c *caller, orderID string) (string, error) {
	if err := known("order", orderID); err != nil {
		return "", err
	}
	o, err := a.Order.Get(ctx, orderID)
	if err != nil {
		return "", err
	}
	_, err = a.Account.Require(ctx, c.owner(), o.BusinessID, account.RightOrders)
	if errs.Is(err, errs.NotFound) {
		err = errs.Missing("order")
	}
	return o.BusinessID, err
}

type step func(ctx context.Context, actor account.Actor, businessID, orderID string) (order.Order, error)

// act is an operation that moves an order without further words.
func act(a *api, do step) func(context.Context, *caller, *OrderPath) (answer[Order], error) {
	return func(ctx context.Context, c *caller, in *OrderPath) (answer[Order], error) {
		businessID, err := a.house(ctx, c, in.OrderID)
		if err != nil {
			return answer[Order]{}, err
		}
		o, err := do(ctx, c.owner(), businessID, in.OrderID)
		if err != nil {
			return answer[Order]{}, err
		}
		return answer[Order]{Body: orderView(o)}, nil
	}
}

// Pieces are some of a line of an order.
type Pieces struct {
	Line     int   `json:"line" minimum:"1" doc:"Its place among the order's lines, from 1."`
	Quantity int64 `json:"quantity" minimum:"1" maximum:"999"`
}

func piecesOf(list []Pieces) []order.Pieces {
	return each(list, func(p Pieces) order.Pieces { return order.Pieces(p) })
}

type acceptInput struct {
	OrderPath
	Body *struct {
		Missing []Pieces `json:"missing,omitempty" maxItems:"200" doc:"What cannot be had."`
		Gone    bool     `json:"gone,omitempty" doc:"The missing pieces are not there: they are not for sale again."`
	}
}

func (a *api) accept(ctx context.Context, c *caller, in *acceptInput) (answer[Order], error) {
	return act(a, func(ctx context.Context, actor account.Actor, businessID, orderID string) (order.Order, error) {
		missing := order.Missing{}
		if in.Body != nil {
			missing = order.Missing{Pieces: piecesOf(in.Body.Missing), Gone: in.Body.Gone}
		}
		return a.Order.AcceptShort(ctx, actor, businessID, orderID, missing)
	})(ctx, c, &in.OrderPath)
}

type takeOffInput struct {
	OrderPath
	Body struct {
		Missing []Pieces `json:"missing" minItems:"1" maxItems:"200" doc:"What cannot be had."`
		Gone    bool     `json:"gone,omitempty" doc:"It is not there: not for sale again."`
	}
}

func (a *api) takeOff(ctx context.Context, c *caller, in *takeOffInput) (answer[Order], error) {
	return act(a, func(ctx context.Context, actor account.Actor, businessID, orderID string) (order.Order, error) {
		return a.Order.TakeOff(ctx, actor, businessID, orderID, order.Missing{Pieces: piecesOf(in.Body.Missing), Gone: in.Body.Gone})
	})(ctx, c, &in.OrderPath)
}

type endingInput struct {
	OrderPath
	Body struct {
		Reason string `json:"reason" enum:"sold_out,too_busy,closing,wrong_price,other"`
		Gone   bool   `json:"gone,omitempty" doc:"The goods are not there: they are not for sale again."`
	}
}

type end func(ctx context.Context, actor account.Actor, businessID, orderID, reason string, gone bool) (order.Order, error)

// ending is an operation that ends an order with a reason.
func ending(a *api, do end) func(context.Context, *caller, *endingInput) (answer[Order], error) {
	return func(ctx context.Context, c *caller, in *endingInput) (answer[Order], error) {
		return act(a, func(ctx context.Context, actor account.Actor, businessID, orderID string) (order.Order, error) {
			return do(ctx, actor, businessID, orderID, in.Body.Reason, in.Body.Gone)
		})(ctx, c, &in.OrderPath)
	}
}

type completeInput struct {
	OrderPath
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"20" doc:"As the shopper says it."`
	}
}

func (a *api) complete(ctx context.Context, c *caller, in *completeInput) (answer[Order], error) {
	return act(a, func(ctx context.Context, actor account.Actor, businessID, orderID string) (order.Order, error) {
		return a.Order.HandOver(ctx, actor, businessID, orderID, in.Body.Code)
	})(ctx, c, &in.OrderPath)
}

type refundInput struct {
	OrderPath
	Body struct {
		Reason string   `json:"reason,omitempty" maxLength:"200"`
		Lines  []Pieces `json:"lines,omitempty" maxItems:"200" doc:"What it is for, delivery too; everything that is left when it is missing."`
	}
}

func (a *api) refund(ctx context.Context, c *caller, in *refundInput) (answer[Order], error) {
	return act(a, func(ctx context.Context, actor account.Actor, businessID, orderID string) (order.Order, error) {
		return a.Order.Refund(ctx, actor, businessID, orderID, order.RefundInput{Reason: in.Body.Reason, Lines: piecesOf(in.Body.Lines), ClientToken: c.key})
	})(ctx, c, &in.OrderPath)
}

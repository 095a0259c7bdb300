package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nearby/internal/money"
	"nearby/internal/order"
	"nearby/internal/server/pages"
)

// State is the word for an order's state: what is paid at the counter is not
// called paid before it is.
func State(o order.Order) string {
	switch {
	case o.State == order.Placed && o.Method != order.Card:
		return "placed_unpaid"
	case o.State == order.Placed && Reserved(o):
		return "placed_reserved"
	case o.State == order.Completed && o.Kind == order.Delivery:
		return "delivered"
	case o.State == order.Completed || o.State == order.Closed:
		return "collected"
	case o.State == order.NoShow:
		return "not_collected"
	case o.State == order.DeliveryFailed:
		return "delivery_failed"
	case o.State == order.Declined && (o.Method != order.Card || o.Payment == nil || o.Payment.Captured.Zero()):
		return "declined_unpaid"
	}
	return string(o.State)
}

// Reserved reports whether the money of an order is only reserved on its card.
func Reserved(o order.Order) bool { return o.Payment != nil && o.Payment.State == order.Authorized }

// Tone is the colour of an order's state.
func Tone(o order.Order) string {
	switch o.State {
	case order.PendingPayment, order.Expiring, order.Review, order.Placed:
		return "soon"
	case order.Accepted, order.Preparing, order.Ready, order.OutForDelivery, order.Completed, order.Closed:
		return "open"
	case order.Expired, order.Cancelled, order.Declined, order.NoShow, order.DeliveryFailed:
		return "stop"
	}
	return ""
}

// OrderNumber is what people call an order by; "" before it is placed.
func OrderNumber(o order.Order) string {
	if o.Number == 0 {
		return ""
	}
	return strconv.FormatInt(o.Number, 10)
}

// Payment is the word for how an order is paid.
func Payment(o order.Order) string {
	if o.Method == order.Card {
		return order.PayCard
	}
	return order.PayAtPickup
}

// OrderLink is an order in a list, without its address and the other side's
// name.
func OrderLink(o order.Order) pages.OrderLink {
	link := pages.OrderLink{
		Number: OrderNumber(o), State: State(o), Tone: Tone(o), At: o.CreatedAt.In(Zone(o.Zone)), Kind: string(o.Kind), Payment: Payment(o),
		Total: o.Totals.Total, Due: o.SlotFrom.In(Zone(o.Zone)),
	}
	var parts []string
	for _, line := range o.Lines {
		if line.Kind != "goods" {
			continue
		}
		link.Items += int(line.Quantity)
		if line.Quantity > 1 {
			parts = append(parts, fmt.Sprintf("%d × %s", line.Quantity, line.Name))
		} else {
			parts = append(parts, line.Name)
		}
	}
	link.Summary = strings.Join(parts, ", ")
	return link
}

// OrderLines are the goods of an order as they were when it was placed.
func OrderLines(lines []order.Line, hue int) []pages.Line {
	var list []pages.Line
	for _, line := range lines {
		if line.Kind != "goods" {
			continue
		}
		list = append(list, pages.Line{
			N: line.N, Variant: line.VariantID, Name: line.Name, Choice: strings.Join(line.Options, " / "), Hue: hue, Quantity: int(line.Quantity),
			Missing: int(line.Quantity - line.QtyAccepted), Left: int(line.QtyAccepted), Back: int(line.QtyRefunded), Price: line.UnitPrice, Total: line.Total,
		})
	}
	return list
}

// Total is the foot of an order. Tax that the prices contain is shown for
// information; tax on top is part of the sum.
func Total(t order.Totals, refunded int64) pages.Total {
	total := pages.Total{Subtotal: t.Goods, Delivery: t.Delivery, HasDelivery: t.Delivery.Minor > 0, Tax: t.TaxAdded, HasTax: t.TaxAdded.Minor > 0, Total: t.Total}
	if t.TaxContained.Minor > 0 && !total.HasTax {
		total.Tax, total.HasTax = t.TaxContained, true
	}
	if refunded > 0 {
		total.Refunded, total.HasRefund = t.Total, true
		total.Refunded.Minor = refunded
	}
	return total
}

// OrderTotal is the foot of an order: also what was taken off it, and what went
// back.
func OrderTotal(o order.Order) pages.Total {
	refunded := int64(0)
	if o.Payment != nil {
		refunded = o.Payment.Refunded.Minor
	}
	total := Total(o.Totals, refunded)
	if p := o.Payment; p != nil && p.Amount.Less(o.Totals.Total) {
		total.Charged, total.Missing, total.HasMissing = p.Amount, o.Totals.Total.Sub(p.Amount), true
	}
	return total
}

// Cost is what an order costs its shopper now, without what was missing and what
// went or goes back.
func Cost(o order.Order) money.Amount {
	cost := o.Totals.Total
	if o.Payment != nil {
		cost = o.Payment.Amount
	}
	for _, refund := range o.Refunds {
		if refund.State != order.RefundFailed && refund.State != order.RefundCanceled {
			cost = cost.Sub(refund.Amount)
		}
	}
	return cost
}

// TaxIncluded reports whether the prices of all lines contain their tax.
func TaxIncluded(lines []order.Line) bool {
	for _, line := range lines {
		if !line.TaxIncluded {
			return false
		}
	}
	return true
}

// OrderSteps is the way an order has gone, and the next step it waits for.
func OrderSteps(o order.Order) []pages.Step {
	zone := Zone(o.Zone)
	steps := []pages.Step{{Word: "created", At: o.CreatedAt.In(zone), Done: true}}
	if o.PlacedAt != nil {
		word := "placed"
		if o.Method == order.Card {
			word = "paid"
		}
		if o.AcceptFirst {
			word = "reserved"
		}
		steps = append(steps, pages.Step{Word: word, At: o.PlacedAt.In(zone), Done: true})
	}
	if o.AcceptedAt != nil {
		steps = append(steps, pages.Step{Word: "accepted", At: o.AcceptedAt.In(zone), Done: true})
	}
	if o.ReadyAt != nil {
		word := "ready"
		if o.Kind == order.Delivery {
			word = "on_the_way"
		}
		steps = append(steps, pages.Step{Word: word, At: o.ReadyAt.In(zone), Done: true})
	}
	if last := ended[o.State]; last != "" {
		step := pages.Step{Word: last, At: o.UpdatedAt.In(zone), Done: true}
		if o.DoneAt != nil {
			step.At = o.DoneAt.In(zone)
		}
		steps = append(steps, step)
	}
	for _, refund := range o.Refunds {
		if refund.State == order.RefundSucceeded || refund.State == order.RefundPending {
			steps = append(steps, pages.Step{Word: "refunded", At: refund.CreatedAt.In(zone), Done: true})
			break
		}
	}
	// What happened stands in the order of time, and what is still to come last.
	slices.SortStableFunc(steps, func(a, b pages.Step) int { return a.At.Compare(b.At) })
	if next := ahead[o.State]; next != "" {
		steps = append(steps, pages.Step{Word: next, Now: true})
	}
	return steps
}

// ended and ahead are the words for a last step and for the one awaited.
var (
	ended = map[order.State]string{
		order.Completed: "completed", order.Closed: "completed", order.Declined: "declined", order.Cancelled: "cancelled",
		order.Expired: "expired", order.NoShow: "not_collected",
	}
	ahead = map[order.State]string{
		order.PendingPayment: "paid", order.Placed: "accepted", order.Accepted: "preparing", order.Preparing: "ready",
		order.Ready: "completed", order.OutForDelivery: "completed",
	}
)

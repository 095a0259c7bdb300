package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Order is something somebody ordered, and how far it has come.
type Order struct {
	Business string
	Buyer    string // key of a person
	Guest    string // id of the buyer's cookie; "" for somebody who signed in
	Card     bool   // paid by card; else at pickup
	Lines    []Line
	State    string // placed, accepted, ready, completed, declined, cancelled, or unpaid
}

// unpaid is the state of an order whose shopper went away from the payment
// page: it expires a quarter of an hour later.
const unpaid = "pending_payment"

// Line is some of a variant, found by its SKU.
type Line struct {
	SKU      string
	Quantity int64
}

// busy lists who has orders on the day of the visit, and how far each has come.
var busy = []struct {
	business string
	states   []string
}{
	{"Kiln & Quay", []string{"placed", "placed", "accepted", "ready", "completed", "completed", "declined", "cancelled", unpaid}},
	{"Slow Pour", []string{"placed", "accepted", "ready", "completed", "completed", "cancelled"}},
	{"Tide & Tulip", []string{"placed", "ready", "completed", "declined"}},
	{"Halvorsen Bakery", []string{"placed", "placed", "accepted", "ready", "completed", "completed", "completed"}},
	{"Second Chapter", []string{"placed", "accepted", "completed", "cancelled"}},
	{"Ama’s Greens", []string{"placed", "accepted", "ready", "completed"}},
	{"The Rind", []string{"ready", "completed", "completed"}},
	{"Mere Cycles", []string{"accepted", "completed"}},
	{"Spoke Works", []string{"placed", "ready", "completed"}},
	{"Forno Blu", []string{"accepted", "completed", "completed", "declined"}},
	{"Wild Stem", []string{"placed", "completed"}},
	{"Quill & Quire", []string{"completed", unpaid}},
}

// buyers are the people who order.
var buyers = []string{"shopper", "shopper2", "shopper3", "shopper4"}

// mostOpen is how many orders of one shopper stay open. The rooms allow three at
// a time; one is left for those that are on their way to an end.
const mostOpen = 2

func open(state string) bool { return state == "placed" || state == "accepted" || state == "ready" }

// orders plans the orders of the busy businesses out of what they have on sale.
func orders(businesses []Business, random *rand.Rand) ([]Order, error) {
	var out []Order
	mine := 0 // open orders of the one who has an account
	for _, day := range busy {
		at := slices.IndexFunc(businesses, func(b Business) bool { return b.Name == day.business })
		if at < 0 {
			return nil, fmt.Errorf("nobody is called %q", day.business)
		}
		shelf := plenty(businesses[at])
		for _, state := range day.states {
			o := Order{
				Business: day.business, Buyer: buyers[len(out)%len(buyers)], State: state,
				// Only somebody who set out to pay by card can have left the payment page.
				Card: state == unpaid || random.IntN(2) == 0,
			}
			if o.Buyer != buyers[0] || state == unpaid || open(state) && mine == mostOpen {
				o.Guest = fmt.Sprintf("guest-of-portmere-%03d", len(out))
			}
			if o.Guest == "" && open(state) {
				mine++
			}
			for _, pick := range random.Perm(len(shelf))[:min(len(shelf), 1+random.IntN(3))] {
				o.Lines = append(o.Lines, Line{SKU: shelf[pick], Quantity: 1 + random.Int64N(2)})
			}
			out = append(out, o)
		}
	}
	return out, nil
}

// plenty lists variants of which a few orders leave enough.
func plenty(b Business) []string {
	const enough = 8
	var skus []string
	for _, p := range b.Products {
		if p.State != "active" {
			continue
		}
		for _, v := range p.Variants {
			if v.Price < 60_00 && (!v.Counted || v.Stock >= enough) {
				skus = append(skus, v.SKU)
			}
		}
	}
	return skus
}

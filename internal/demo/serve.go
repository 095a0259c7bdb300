package demo

import (
	"context"
	"fmt"
	"slices"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/order"
)

// addOrders makes the orders, one after the other: a business counts them.
// Without a provider all are paid at pickup, and nobody leaves a payment page.
func (f *filler) addOrders(ctx context.Context) error {
	for i, o := range f.plan.Orders {
		o.Card = o.Card && f.takesCards()
		if o.Card || o.State != unpaid {
			if err := f.addOrder(ctx, i, o); err != nil {
				return fmt.Errorf("order %d at %s: %w", i, o.Business, err)
			}
		}
		f.step()
	}
	return nil
}

// addOrder places one order and brings it to the state of the plan, by the
// steps the shopper and the business take. number makes it the same order when
// an interrupted Fill comes by again.
func (f *filler) addOrder(ctx context.Context, number int, o Order) error {
	b, err := f.business(ctx, o.Business)
	if err != nil {
		return err
	}
	buyer, contact := f.buyer(o)
	in := order.PlaceInput{
		BusinessID: b.ID, Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: contact,
		Payment: order.PayAtPickup, Locale: "en", ClientToken: fmt.Sprintf("portmere-%03d", number),
	}
	if o.Card {
		in.Payment = order.PayCard
	}
	if in.Lines, err = f.orderLines(ctx, b.ID, o); err != nil {
		return err
	}
	quote, err := f.Order.Quote(ctx, in)
	if err != nil {
		return err
	}
	in.ExpectedTotal = quote.Totals.Total
	placed, err := f.Order.Place(ctx, buyer, in)
	if err != nil {
		return err
	}
	if placed.Order.State == order.PendingPayment {
		if err := f.checkOut(ctx, placed, o); err != nil {
			return err
		}
	}
	return f.handle(ctx, placed, o)
}

// buyer is who orders: somebody with an account, or a guest.
func (f *filler) buyer(o Order) (order.Buyer, order.Contact) {
	who := person(f.plan.People, o.Buyer)
	contact := order.Contact{Name: who.Name, Email: who.Email}
	if o.Guest != "" {
		return order.Buyer{GuestID: o.Guest}, contact
	}
	return order.Buyer{UserID: f.people[o.Buyer].ID}, contact
}

// business finds a business of the plan by its name.
func (f *filler) business(ctx context.Context, name string) (directory.Business, error) {
	at := slices.IndexFunc(f.plan.Businesses, func(b Business) bool { return b.Name == name })
	owned, err := f.Directory.OwnedBy(ctx, f.people[f.plan.Businesses[at].Owner].ID)
	if err != nil {
		return directory.Business{}, err
	}
	for _, b := range owned {
		if b.Name == name {
			return b, nil
		}
	}
	return directory.Business{}, errs.Missing("business")
}

// orderLines finds the variants of an order by their SKUs.
func (f *filler) orderLines(ctx context.Context, businessID string, o Order) ([]order.PlaceLine, error) {
	shelves, err := f.Catalog.ListPublic(ctx, businessID)
	if err != nil {
		return nil, err
	}
	variants := map[string]string{}
	for _, shelf := range shelves {
		for _, p := range shelf.Products {
			for _, v := range p.Variants {
				variants[v.SKU] = v.ID
			}
		}
	}
	var lines []order.PlaceLine
	for _, l := range o.Lines {
		if variants[l.SKU] == "" {
			return nil, fmt.Errorf("nothing is called %s", l.SKU)
		}
		lines = append(lines, order.PlaceLine{VariantID: variants[l.SKU], Quantity: l.Quantity})
	}
	return lines, nil
}

// checkOut pays an order by card, unless its shopper wanders off.
func (f *filler) checkOut(ctx context.Context, placed order.Placement, o Order) error {
	page, err := f.Order.Open(ctx, placed.Order.ID)
	if errs.Has(err, "not_payable") {
		return nil // an interrupted Fill placed it, and its time ran out
	}
	if err != nil || o.State == unpaid {
		return err
	}
	if err := payOn(ctx, page, person(f.plan.People, o.Buyer)); err != nil {
		return err
	}
	_, err = f.Order.Landed(ctx, placed.Order.ID, order.Access{Token: placed.Token})
	return err
}

// handle does what the business, or the shopper, does with a placed order.
func (f *filler) handle(ctx context.Context, placed order.Placement, o Order) error {
	at := slices.IndexFunc(f.plan.Businesses, func(b Business) bool { return b.Name == o.Business })
	owner := f.people[f.plan.Businesses[at].Owner].As(account.Owner)
	id, businessID := placed.Order.ID, placed.Order.BusinessID
	now, err := f.Order.Get(ctx, id)
	if err != nil || string(now.State) == o.State || !now.Open() {
		return err
	}
	switch o.State {
	case "declined":
		_, err = f.Order.Decline(ctx, owner, businessID, id, "too_busy", false)
		return err
	case "cancelled":
		_, err = f.Order.Cancel(ctx, id, order.Access{Token: placed.Token})
		return err
	}
	steps := []struct {
		to   order.State
		take func() error
	}{
		{order.Placed, func() error { return nil }},
		{order.Accepted, func() error { _, err := f.Order.Accept(ctx, owner, businessID, id); return err }},
		{order.Ready, func() error { _, err := f.Order.Ready(ctx, owner, businessID, id); return err }},
		{order.Completed, func() error {
			_, err := f.Order.HandOver(ctx, owner, businessID, id, f.Order.PickupCode(id))
			return err
		}},
	}
	reached := false
	for _, step := range steps {
		if reached {
			if err := step.take(); err != nil {
				return err
			}
		}
		reached = reached || step.to == now.State
		if string(step.to) == o.State {
			return nil
		}
	}
	return nil
}

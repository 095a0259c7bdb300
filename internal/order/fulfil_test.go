package order_test

import (
	"testing"

	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
)

// readyAtCounter brings an order for the counter to where it can be collected.
func (h *house) readyAtCounter(variant string, qty int64) order.Order {
	h.t.Helper()
	placed := h.place(guest(), h.wish(variant, qty, order.PayAtPickup))
	_, err := h.orders.Accept(h.t.Context(), h.owner, h.business.ID, placed.Order.ID)
	h.must(err)
	o, err := h.orders.Ready(h.t.Context(), h.owner, h.business.ID, placed.Order.ID)
	h.must(err)
	return o
}

// TestCounter walks orders that are paid when they are collected, on a site
// without card payments.
func TestCounter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, withoutCards)
		bread := h.product("Bread", "2.95", 10)
		in := h.wish(bread, 1, order.PayCard)
		_, err := h.orders.Place(t.Context(), guest(), in)
		wantErr(t, err, errs.Conflict, "method_closed")
		if allowed := errs.Of(err).Allowed; len(allowed) != 1 || allowed[0] != order.PayAtPickup {
			t.Errorf("allowed instead: %v", allowed)
		}
		o := h.readyAtCounter(bread, 3)
		h.wantState(o.ID, order.Ready, order.Due)
		h.wantLevel(bread, 10, 0, 3)
		if _, err := h.orders.Open(t.Context(), o.ID); !errs.Has(err, "not_payable") {
			t.Errorf("opening a page: %v", err)
		}
		_, err = h.orders.HandOver(t.Context(), h.owner, h.business.ID, o.ID, h.orders.PickupCode(o.ID))
		h.must(err)
		o = h.wantState(o.ID, order.Completed, order.Collected)
		h.wantLevel(bread, 7, 0, 0)
		if books := h.books(o.ID); books[ledger.Till] != 885 || books[ledger.Buyer] != -885 {
			t.Errorf("books %v", books)
		}
		o, err = h.orders.Refund(t.Context(), h.owner, h.business.ID, o.ID, order.RefundInput{Reason: "stale"})
		h.must(err)
		if o.Refunds[0].State != order.RefundSucceeded || o.Payment.Refunded != eur(885) || h.books(o.ID)[ledger.Till] != 0 {
			t.Errorf("cash back: %+v, books %v", o.Refunds, h.books(o.ID))
		}
		missed := h.readyAtCounter(bread, 2)
		_, err = h.orders.Missed(t.Context(), h.owner, h.business.ID, missed.ID)
		h.must(err)
		h.wantState(missed.ID, order.NoShow, order.Waived)
		h.wantLevel(bread, 7, 0, 0)
		h.reconcile()
	})
}

func TestCounterCancelledAndDeclined(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, withoutCards)
		bread := h.product("Bread", "2.95", 10)
		first := h.place(guest(), h.wish(bread, 1, order.PayAtPickup))
		_, err := h.orders.Cancel(t.Context(), first.Order.ID, order.Access{Token: first.Token})
		h.must(err)
		h.wantState(first.Order.ID, order.Cancelled, order.Waived)
		second := h.place(guest(), h.wish(bread, 1, order.PayAtPickup))
		_, err = h.orders.Decline(t.Context(), h.owner, h.business.ID, second.Order.ID, "closing", false)
		h.must(err)
		h.wantState(second.Order.ID, order.Declined, order.Waived)
		h.wantLevel(bread, 10, 0, 0)
		if _, err := h.orders.Cancel(t.Context(), second.Order.ID, order.Access{Token: second.Token}); !errs.Has(err, "not_allowed") {
			t.Errorf("cancelling a declined order: %v", err)
		}
	})
}

func TestFreeOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		sample := h.product("Sample", "0", 5)
		placed := h.place(guest(), h.wish(sample, 2, order.PayCard))
		o := h.order(placed.Order.ID)
		if o.State != order.Placed || o.Payment != nil || o.Method != order.Free || o.Number != 1 {
			t.Errorf("free order: %+v", o)
		}
		h.wantLevel(sample, 5, 0, 2)
	})
}

// TestBelowTheMinimum offers no card for what the provider would refuse.
func TestBelowTheMinimum(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		match := h.product("Match", "0.49", 5)
		_, err := h.orders.Place(t.Context(), guest(), h.wish(match, 1, order.PayCard))
		wantErr(t, err, errs.Conflict, "method_closed")
		h.place(guest(), h.wish(match, 1, order.PayAtPickup))
		h.place(guest(), h.wish(match, 2, order.PayCard))
	})
}

// TestOtherCurrencies walks orders in currencies without decimals and with
// three, to the money and back.
func TestOtherCurrencies(t *testing.T) {
	for _, tt := range []struct {
		currency, country, price string
		total                    int64
	}{
		{"JPY", "JP", "335", 1005},
		{"KWD", "DE", "1.270", 3810},
	} {
		t.Run(tt.currency, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db, inCurrency(tt.currency, tt.country))
				o := h.buy(h.product("Bread", tt.price, 5), 3)
				if o.Totals.Total.Minor != tt.total || o.Totals.Total.Currency != tt.currency || o.Payment.Captured.Minor != tt.total {
					t.Fatalf("order %+v", o.Totals)
				}
				_, err := h.orders.Decline(t.Context(), h.owner, h.business.ID, o.ID, "other", false)
				h.must(err)
				h.work()
				h.wantRefunded(o.ID, tt.total)
			})
		})
	}
}

func TestDelivery(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 50)
		h.must(h.directory.Change(t.Context(), h.business.ID, func(b *directory.Business) error {
			b.Delivery, b.DeliveryFee, b.DeliveryMinimum = true, 390, 500
			return nil
		}))
		in := h.wish(bread, 2, order.PayCard)
		in.Fulfilment = order.Fulfilment{Kind: order.Delivery, Address: &directory.Address{Street: "Pier", HouseNumber: "1", City: "Portmere"}}
		q, err := h.orders.Quote(t.Context(), in)
		h.must(err)
		if q.Totals.Total != eur(980) || q.Totals.Delivery != eur(390) || len(q.Methods) != 1 {
			t.Fatalf("quote %+v, methods %v", q.Totals, q.Methods)
		}
		in.ExpectedTotal = q.Totals.Total
		placed := h.place(guest(), in)
		page, err := h.orders.Open(t.Context(), placed.Order.ID)
		h.must(err)
		h.pay(page, goodCard)
		h.deliver()
		id, ctx := placed.Order.ID, t.Context()
		for _, step := range []func() (order.Order, error){
			func() (order.Order, error) { return h.orders.Accept(ctx, h.owner, h.business.ID, id) },
			func() (order.Order, error) { return h.orders.Ready(ctx, h.owner, h.business.ID, id) },
			func() (order.Order, error) {
				return h.orders.HandOver(ctx, h.owner, h.business.ID, id, h.orders.PickupCode(id))
			},
		} {
			_, err := step()
			h.must(err)
		}
		o := h.wantState(id, order.Completed, order.Paid)
		if o.Address == nil || o.Address.Street != "Pier" {
			t.Errorf("address %+v", o.Address)
		}
		in.Lines[0].Quantity = 1
		_, err = h.orders.Quote(ctx, in)
		wantErr(t, err, errs.Conflict, "below_minimum")
	})
}

func TestWhoSeesAnOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 50)
		buyer := order.Buyer{UserID: h.user("shopper").ID, GuestID: "a-cookie"}
		placed := h.place(buyer, h.wish(bread, 1, order.PayCard))
		id, ctx := placed.Order.ID, t.Context()
		for name, access := range map[string]order.Access{"buyer": {Buyer: buyer}, "link": {Token: placed.Token}} {
			if o, err := h.orders.ForShopper(ctx, id, access); err != nil || o.ID != id {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, access := range map[string]order.Access{
			"nobody": {}, "another user": {Buyer: order.Buyer{UserID: h.user("another").ID}}, "another link": {Token: h.orders.Token("x")},
			"the guest before": {Buyer: order.Buyer{GuestID: "a-cookie"}},
		} {
			_, err := h.orders.ForShopper(ctx, id, access)
			wantErr(t, err, errs.NotFound, "not_found")
			_, err = h.orders.Landed(ctx, id, access)
			wantErr(t, err, errs.NotFound, "not_found")
			_ = name
		}
		_, err := h.orders.ForShopper(ctx, "' OR 1=1 --", order.Access{Token: placed.Token})
		wantErr(t, err, errs.NotFound, "not_found")
		if _, err := h.orders.ForBusiness(ctx, h.owner, h.business.ID, id); err != nil {
			t.Error(err)
		}
		rival := h.user("rival")
		other := h.open(rival, "Rival", options{currency: "EUR", country: "DE"})
		for _, business := range []string{h.business.ID, other.ID} {
			_, err = h.orders.ForBusiness(ctx, rival, business, id)
			wantErr(t, err, errs.NotFound, "not_found")
		}
		list, err := h.orders.ListForShopper(ctx, buyer, "", 0)
		if err != nil || len(list.Items) != 1 {
			t.Errorf("list = %+v, %v", list, err)
		}
		if list, err := h.orders.ListForShopper(ctx, order.Buyer{}, "", 0); err != nil || len(list.Items) != 0 {
			t.Errorf("nobody's list = %+v, %v", list, err)
		}
	})
}

func TestPaging(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, withoutCards)
		bread := h.product("Bread", "2.95", -1)
		var want []string
		for range 7 {
			want = append(want, h.place(guest(), h.wish(bread, 1, order.PayAtPickup)).Order.ID)
		}
		var got []string
		for cursor := ""; ; {
			page, err := h.orders.ListForBusiness(t.Context(), h.owner, h.business.ID, nil, cursor, 3)
			h.must(err)
			for _, o := range page.Items {
				got = append(got, o.ID)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d of %d orders", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[len(want)-1-i] {
				t.Fatalf("order of pages is wrong at %d", i)
			}
		}
		_, err := h.orders.ListForBusiness(t.Context(), h.owner, h.business.ID, nil, "x", 3)
		wantErr(t, err, errs.Invalid, "bad_cursor")
		_, err = h.orders.ListForBusiness(t.Context(), audit.Actor{ID: "nobody", Role: "owner"}, h.business.ID, nil, "", 3)
		wantErr(t, err, errs.NotFound, "not_found")
	})
}

func TestWatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, withoutCards)
		placed := h.place(guest(), h.wish(h.product("Bread", "2.95", 5), 1, order.PayAtPickup))
		mine, stop := h.orders.Watch(placed.Order.ID)
		house, stopHouse := h.orders.Watch(h.business.ID)
		other, stopOther := h.orders.Watch("another")
		defer stopOther()
		_, err := h.orders.Accept(t.Context(), h.owner, h.business.ID, placed.Order.ID)
		h.must(err)
		for name, c := range map[string]<-chan struct{}{"order": mine, "business": house} {
			select {
			case <-c:
			default:
				t.Errorf("the watcher of the %s was not told", name)
			}
		}
		stop()
		stopHouse()
		_, err = h.orders.Ready(t.Context(), h.owner, h.business.ID, placed.Order.ID)
		h.must(err)
		select {
		case <-mine:
			t.Error("told after it had stopped watching")
		case <-other:
			t.Error("told of another order")
		default:
		}
	})
}

func TestCart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		bread, cake := h.product("Bread", "2.95", 50), h.product("Cake", "24.50", 1)
		anna := order.Buyer{GuestID: "anna"}
		h.must(h.orders.AddToCart(ctx, anna, h.business.ID, bread, 2))
		h.must(h.orders.AddToCart(ctx, anna, h.business.ID, bread, 1))
		h.must(h.orders.AddToCart(ctx, anna, h.business.ID, cake, 2))
		c, err := h.orders.Cart(ctx, anna, h.business.ID)
		h.must(err)
		if c.Count != 5 || len(c.Lines) != 2 || c.Lines[0].Quantity != 3 || c.Lines[1].Problem != "short" || c.Total != eur(885+4900) {
			t.Errorf("cart = %+v", c)
		}
		h.must(h.orders.SetLine(ctx, anna, h.business.ID, cake, 0))
		h.must(h.orders.SetLine(ctx, anna, h.business.ID, bread, 4))
		if n, err := h.orders.CartCount(ctx, anna); n != 4 || err != nil {
			t.Errorf("count = %d, %v", n, err)
		}
		user := h.user("shopper").ID
		h.must(h.orders.AddToCart(ctx, order.Buyer{UserID: user}, h.business.ID, bread, 1))
		h.must(h.orders.Adopt(ctx, "anna", user))
		h.must(h.orders.Adopt(ctx, "anna", user))
		if n, err := h.orders.CartCount(ctx, order.Buyer{UserID: user, GuestID: "anna"}); n != 5 || err != nil {
			t.Errorf("count after signing in = %d, %v", n, err)
		}
		if n, err := h.orders.CartCount(ctx, anna); n != 0 || err != nil {
			t.Errorf("the guest's cart still has %d, %v", n, err)
		}
		for name, err := range map[string]error{
			"none":      h.orders.AddToCart(ctx, anna, h.business.ID, bread, 0),
			"less":      h.orders.AddToCart(ctx, anna, h.business.ID, bread, -1),
			"too many":  h.orders.AddToCart(ctx, anna, h.business.ID, bread, 1000),
			"unknown":   h.orders.AddToCart(ctx, anna, h.business.ID, h.business.ID, 1),
			"elsewhere": h.orders.AddToCart(ctx, anna, bread, bread, 1),
			"nobody":    h.orders.AddToCart(ctx, order.Buyer{}, h.business.ID, bread, 1),
		} {
			if err == nil || errs.KindOf(err) == errs.Internal {
				t.Errorf("%s: %v", name, err)
			}
		}
		// What is bought leaves the cart.
		buyer := order.Buyer{UserID: user}
		h.place(buyer, h.wish(bread, 5, order.PayAtPickup))
		if n, err := h.orders.CartCount(ctx, buyer); n != 0 || err != nil {
			t.Errorf("after buying the cart has %d, %v", n, err)
		}
		h.must(h.orders.SweepCarts(ctx, testNow.AddDate(0, 0, 1)))
	})
}

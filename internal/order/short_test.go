package order_test

import (
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
)

// basket places an order of several things; each is a variant and how many.
func (h *house) basket(how string, lines ...order.PlaceLine) order.Placement {
	h.t.Helper()
	in := h.wish(lines[0].VariantID, lines[0].Quantity, how)
	in.Lines = lines
	q, err := h.orders.Quote(h.t.Context(), in)
	h.must(err)
	in.ExpectedTotal = q.Totals.Total
	return h.place(guest(), in)
}

// take pays a basket by card.
func (h *house) take(lines ...order.PlaceLine) order.Placement {
	h.t.Helper()
	placed := h.basket(order.PayCard, lines...)
	page, err := h.orders.Open(h.t.Context(), placed.Order.ID)
	h.must(err)
	if status := h.pay(page, goodCard); status != 303 {
		h.t.Fatalf("paying: %d", status)
	}
	h.deliver()
	return placed
}

func missing(line int, quantity int64) order.Missing {
	return order.Missing{Pieces: []order.Pieces{{Line: line, Quantity: quantity}}}
}

// TestAcceptShort captures only what is there: the money, the operator's share,
// the stock and the books follow the pieces.
func TestAcceptShort(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.feeRule(250, 0)
		h.acceptsFirst()
		bread, cake := h.product("Bread", "2.95", 9), h.product("Cake", "24.50", 5)
		id := h.take(order.PlaceLine{VariantID: bread, Quantity: 3}, order.PlaceLine{VariantID: cake, Quantity: 1}).Order.ID
		if n := h.mailed(id, "order_reserved"); n != 1 {
			t.Errorf("%d letters about the reservation", n)
		}
		_, err := h.orders.AcceptShort(t.Context(), h.owner, h.business.ID, id, order.Missing{
			Pieces: []order.Pieces{{Line: 1, Quantity: 1}, {Line: 2, Quantity: 1}},
		})
		h.must(err)
		h.deliver()
		o := h.wantState(id, order.Accepted, order.Paid)
		if o.Payment.Captured != eur(590) || o.Payment.Amount != eur(590) || o.Totals.Total != eur(3335) {
			t.Errorf("captured %v of %v, total %v", o.Payment.Captured, o.Payment.Amount, o.Totals.Total)
		}
		if books := h.books(id); books[ledger.Buyer] != -590 || books[ledger.Operator] != 14 || books[ledger.Balance] != h.balance("EUR") {
			t.Errorf("books %v, balance %d", books, h.balance("EUR"))
		}
		h.wantLevel(bread, 9, 0, 2)
		h.wantLevel(cake, 5, 0, 0)
		if h.mailed(id, "order_short") != 1 || h.mailed(id, "order_charged") != 0 {
			t.Error("the shopper was not told what is missing")
		}
		// The rest goes back as one, to the last cent.
		_, err = h.orders.Refund(t.Context(), h.owner, h.business.ID, id, order.RefundInput{})
		h.must(err)
		h.wantBack(id, 590)
		_, err = h.orders.Ready(t.Context(), h.owner, h.business.ID, id)
		h.must(err)
		_, err = h.orders.HandOver(t.Context(), h.owner, h.business.ID, id, h.orders.PickupCode(id))
		h.must(err)
		h.wantLevel(bread, 7, 0, 0)
		h.wantLevel(cake, 5, 0, 0)
	})
}

// TestAcceptShortThenAbort gives back what was captured, and the stock of what
// was kept.
func TestAcceptShortThenAbort(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.acceptsFirst()
		bread := h.product("Bread", "2.95", 9)
		id := h.authorise(bread, 3).Order.ID
		h.must(second(h.orders.AcceptShort(t.Context(), h.owner, h.business.ID, id, order.Missing{Pieces: []order.Pieces{{Line: 1, Quantity: 2}}, Gone: true})))
		h.wantLevel(bread, 7, 0, 1)
		h.must(second(h.orders.Abort(t.Context(), h.owner, h.business.ID, id, "other", false)))
		h.clock.Advance(time.Minute)
		h.reconcile()
		h.wantBack(id, 295)
		h.wantLevel(bread, 7, 0, 0)
		if h.books(id)[ledger.Buyer] != 0 {
			t.Error("the shopper is out of money")
		}
	})
}

// TestTakeOff takes pieces off accepted orders, however they are paid.
func TestTakeOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.feeRule(250, 0)
		bread, cake := h.product("Bread", "2.95", 90), h.product("Cake", "24.50", 50)
		lines := []order.PlaceLine{{VariantID: bread, Quantity: 3}, {VariantID: cake, Quantity: 1}}

		paid := h.take(lines...).Order.ID
		_, err := h.orders.TakeOff(t.Context(), h.owner, h.business.ID, paid, missing(1, 1))
		wantErr(t, err, errs.Conflict, "not_allowed") // it is not accepted yet
		h.must(second(h.orders.Accept(t.Context(), h.owner, h.business.ID, paid)))
		h.must(second(h.orders.TakeOff(t.Context(), h.owner, h.business.ID, paid, missing(1, 2))))
		h.wantBack(paid, 590)
		if l := h.order(paid).Lines[0]; l.QtyAccepted != 1 || l.QtyRefunded != 2 || l.Refunded != eur(590) {
			t.Errorf("line %+v", l)
		}
		h.must(second(h.orders.Refund(t.Context(), h.owner, h.business.ID, paid, order.RefundInput{})))
		h.wantBack(paid, 3335)
		h.finish(paid)

		due := h.basket(order.PayAtPickup, lines...).Order.ID
		h.must(second(h.orders.AcceptShort(t.Context(), h.owner, h.business.ID, due, missing(2, 1))))
		h.must(second(h.orders.TakeOff(t.Context(), h.owner, h.business.ID, due, missing(1, 1))))
		h.finish(due)
		if o := h.wantState(due, order.Completed, order.Collected); o.Payment.Captured != eur(590) {
			t.Errorf("collected %v", o.Payment.Captured)
		}
		if books := h.books(due); books[ledger.Till] != 590 {
			t.Errorf("books %v", books)
		}
		h.wantLevel(bread, 90-1-2, 0, 0)
		h.wantLevel(cake, 50-1, 0, 0)

		whole := h.basket(order.PayAtPickup, lines...).Order.ID
		all := order.Missing{Pieces: []order.Pieces{{Line: 1, Quantity: 3}, {Line: 2, Quantity: 1}}}
		_, err = h.orders.AcceptShort(t.Context(), h.owner, h.business.ID, whole, all)
		wantErr(t, err, errs.Conflict, "nothing_left")
		for _, wrong := range []order.Missing{{}, missing(3, 1), missing(1, 4), missing(1, 0), {Pieces: []order.Pieces{{Line: 1, Quantity: 1}, {Line: 1, Quantity: 1}}}} {
			_, err = h.orders.TakeOff(t.Context(), h.owner, h.business.ID, whole, wrong)
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
		h.wantState(whole, order.Placed, order.Due)
	})
}

// TestShortInOtherCurrencies captures a part and refunds the rest by piece where
// there are no decimals and where there are three, in steps of ten.
func TestShortInOtherCurrencies(t *testing.T) {
	for _, tt := range []struct {
		currency, country, price string
		captured, piece          int64
	}{
		{"JPY", "JP", "335", 670, 335},
		{"KWD", "DE", "1.270", 2540, 1270},
	} {
		t.Run(tt.currency, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db, inCurrency(tt.currency, tt.country))
				h.acceptsFirst()
				id := h.authorise(h.product("Bread", tt.price, 5), 3).Order.ID
				h.must(second(h.orders.AcceptShort(t.Context(), h.owner, h.business.ID, id, missing(1, 1))))
				h.deliver()
				if o := h.wantState(id, order.Accepted, order.Paid); o.Payment.Captured.Minor != tt.captured || o.Payment.Captured.Currency != tt.currency {
					t.Errorf("captured %v", o.Payment.Captured)
				}
				h.must(h.giveBack(id, 1, 1))
				h.wantBack(id, tt.piece)
				h.must(second(h.orders.Refund(t.Context(), h.owner, h.business.ID, id, order.RefundInput{})))
				h.wantBack(id, tt.captured)
			})
		})
	}
}

// wantBack checks that so much has gone back of an order, in any number of
// refunds, and that the books say so.
func (h *house) wantBack(id string, amount int64) {
	h.t.Helper()
	o := h.order(id)
	sum, lines := int64(0), int64(0)
	for _, r := range o.Refunds {
		if r.State == order.RefundSucceeded {
			sum += r.Amount.Minor
		}
	}
	for _, l := range o.Lines {
		lines += l.Refunded.Minor
	}
	if _, refunded := h.atProvider(id); sum != amount || lines != amount || refunded != amount || o.Payment.Refunded.Minor != amount {
		h.t.Fatalf("back: %d in refunds, %d on the lines, %d at the provider, %v on the payment; want %d", sum, lines, refunded, o.Payment.Refunded, amount)
	}
	if books := h.books(id); books[ledger.Buyer] != amount-o.Payment.Captured.Minor {
		h.t.Errorf("books %v", books)
	}
}

// finish hands an accepted order over.
func (h *house) finish(id string) {
	h.t.Helper()
	h.must(second(h.orders.Ready(h.t.Context(), h.owner, h.business.ID, id)))
	h.must(second(h.orders.HandOver(h.t.Context(), h.owner, h.business.ID, id, h.orders.PickupCode(id))))
}

func second[T any](_ T, err error) error { return err }

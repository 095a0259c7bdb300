package order_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/ledger"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// TestRandomMoney throws faults, lost events, time and people at orders of
// several lines, at a business that accepts first and at one that does not: pieces
// are missing, taken off, refunded by line, refunded outside, and refunds come
// back. Five minutes after the last disturbance, without any event, the provider,
// our rows, the lines and the books say the same. Each schedule is named by its
// seed; NEARBY_SCHEDULES asks for more of them.
func TestRandomMoney(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, func(o *options) { o.acceptFor = 15 * time.Minute })
		h.feeRule(250, 0)
		const pieces = 10_000
		bread, cake := h.product("Bread", "2.95", pieces), h.product("Cake", "24.50", pieces)
		var done [2]int64 // pieces that left the house
		for seed := range uint64(schedules()) {
			rng := rand.New(rand.NewPCG(seed, 23))
			if seed == uint64(schedules())/2 {
				h.acceptsFirst()
			}
			id := h.randomMoney(rng, bread, cake)
			h.agree(id)
			o := h.order(id)
			for i, line := range o.Lines {
				if o.State == order.Completed {
					done[i] += line.QtyAccepted
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d: order is %s with payment %s", seed, o.State, o.Payment.State)
			}
			h.quiet(id)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		h.wantLevel(bread, pieces-done[0], 0, 0)
		h.wantLevel(cake, pieces-done[1], 0, 0)
	})
}

// randomMoney plays one schedule, ends all disturbance, and waits five minutes in
// which no event comes.
func (h *house) randomMoney(rng *rand.Rand, bread, cake string) string {
	h.t.Helper()
	ctx := h.t.Context()
	placed := h.basket(order.PayCard, order.PlaceLine{VariantID: bread, Quantity: 1 + rng.Int64N(4)}, order.PlaceLine{VariantID: cake, Quantity: 1 + rng.Int64N(2)})
	id, page := placed.Order.ID, ""
	some := func() []order.Pieces { return []order.Pieces{{Line: 1 + rng.IntN(2), Quantity: 1 + rng.Int64N(3)}} }
	faults := []string{"error", "sticky", "cut", "html", "rate_limit"}
	paths := []string{
		"/v1/checkout/sessions", "/v1/checkout/sessions/*", "/v1/checkout/sessions/*/expire", "/v1/refunds", "/v1/application_fees/*",
		"/v1/payment_intents/*/capture", "/v1/payment_intents/*/cancel",
	}
	for range 16 {
		switch rng.IntN(14) {
		case 0:
			h.control(http.MethodPost, "faults", fmt.Sprintf(`{"kind": %q, "path": %q, "done": %v, "times": %d}`,
				faults[rng.IntN(len(faults))], paths[rng.IntN(len(paths))], rng.IntN(2) == 0, 1+rng.IntN(2)))
		case 1:
			h.control(http.MethodPost, "webhooks/mode", fmt.Sprintf(`{"drop": %v, "duplicate": %v}`, rng.IntN(2) == 0, rng.IntN(2) == 0))
		case 2, 3:
			if address, err := h.orders.Open(ctx, id); err == nil {
				page = address
			}
			if page != "" {
				h.pay(page, goodCard)
			}
		case 4:
			_, _ = h.orders.Landed(ctx, id, order.Access{Token: placed.Token})
		case 5:
			h.clock.Advance(time.Duration(1+rng.IntN(4)) * time.Minute)
			h.deliver()
		case 6:
			h.reconcile()
		case 7, 8:
			missing := order.Missing{Gone: false}
			if rng.IntN(2) == 0 {
				missing.Pieces = some()
			}
			_, _ = h.orders.AcceptShort(ctx, h.owner, h.business.ID, id, missing)
		case 9:
			_, _ = h.orders.TakeOff(ctx, h.owner, h.business.ID, id, order.Missing{Pieces: some()})
		case 10, 11:
			_, _ = h.orders.Refund(ctx, h.owner, h.business.ID, id, order.RefundInput{Lines: some()})
		case 12:
			h.outside(rng, id)
		case 13:
			switch rng.IntN(6) {
			case 0:
				_, _ = h.orders.Cancel(ctx, id, order.Access{Token: placed.Token})
			case 1:
				_, _ = h.orders.Decline(ctx, h.owner, h.business.ID, id, "other", false)
			case 2:
				_, _ = h.orders.Abort(ctx, h.owner, h.business.ID, id, "other", false)
			case 3:
				_, _ = h.orders.Refund(ctx, h.owner, h.business.ID, id, order.RefundInput{})
			default:
				_, _ = h.orders.Ready(ctx, h.owner, h.business.ID, id)
				_, _ = h.orders.HandOver(ctx, h.owner, h.business.ID, id, h.orders.PickupCode(id))
			}
		}
	}
	h.control("DELETE", "faults", "")
	h.silent()
	for range 5 {
		h.clock.Advance(time.Minute)
		h.reconcile()
	}
	return id
}

// outside refunds a part in the provider's dashboard, or lets a refund that
// succeeded come back. What nobody but an event tells is told by one.
func (h *house) outside(rng *rand.Rand, id string) {
	h.t.Helper()
	h.control(http.MethodPost, "webhooks/mode", `{}`)
	p := h.order(id).Payment
	if p.State != order.Paid {
		return
	}
	intent := payment.Ref{Account: h.account, ID: h.intent(id)}
	if rng.IntN(2) == 0 {
		_, _ = h.tap.Gateway.Refund(h.t.Context(), payment.Key(fmt.Sprint("dashboard ", rng.Uint64())), payment.RefundInput{
			Account: intent.Account, Intent: intent.ID, Amount: 1 + rng.Int64N(400),
		})
	} else if refunds, err := h.tap.Gateway.Refunds(h.t.Context(), intent); err == nil && len(refunds) > 0 && refunds[0].Status == payment.RefundSucceeded {
		h.control("POST", "refunds/"+refunds[0].ID+"/fail", "")
	}
	h.deliver()
}

// agree compares the provider, our rows, the lines and the books of an order.
func (h *house) agree(id string) {
	h.t.Helper()
	o := h.order(id)
	received, refunded := h.atProvider(id)
	if o.Payment.Captured.Minor != received || o.Payment.Refunded.Minor != refunded {
		h.t.Errorf("our rows say %v − %v, the provider %d − %d", o.Payment.Captured, o.Payment.Refunded, received, refunded)
	}
	var onLines, inRefunds, charged int64
	for _, l := range o.Lines {
		onLines += l.Refunded.Minor
		charged += l.Left().Add(l.Refunded).Minor
	}
	for _, r := range o.Refunds {
		switch r.State {
		case order.RefundSucceeded:
			inRefunds += r.Amount.Minor
		case order.RefundFailed, order.RefundCanceled:
		default:
			h.t.Errorf("a refund is still %s", r.State)
		}
	}
	if inRefunds != refunded || received > 0 && onLines != refunded {
		h.t.Errorf("%d refunded at the provider, %d in refunds, %d on the lines", refunded, inRefunds, onLines)
	}
	if received > 0 && charged != received {
		h.t.Errorf("%d received for lines of %d", received, charged)
	}
	if books := h.books(id); books[ledger.Buyer] != refunded-received {
		h.t.Errorf("books %v, the provider has %d − %d", books, received, refunded)
	}
	if promised := o.Open() || o.State == order.Completed; !promised && received != refunded {
		stuck := o.Stuck() // the bank sent it back: a person's matter, and known as one
		if !stuck {
			h.t.Errorf("%d of %d is kept for an order that is %s", received-refunded, received, o.State)
		}
	}
}

// quiet lets time pass until nothing is open about an order any more.
func (h *house) quiet(id string) {
	h.t.Helper()
	h.heal(time.Hour)
	if o := h.order(id); o.State == order.Accepted || o.State == order.Ready {
		if o.State == order.Accepted {
			h.must(second(h.orders.Ready(h.t.Context(), h.owner, h.business.ID, id)))
		}
		h.must(second(h.orders.Abort(h.t.Context(), h.owner, h.business.ID, id, "other", false)))
		h.heal(10 * time.Minute)
	}
	h.agree(id)
	if due := h.pending(); len(due) != 0 {
		h.t.Errorf("rows are still open: %q", due)
	}
}

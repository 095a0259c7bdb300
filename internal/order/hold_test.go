package order_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
	"nearby/internal/payment"
)

const hold = 15 * time.Minute

func TestHoldEndsWhenThePageIsClosed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, page := h.checkout(bread, 3)
		h.clock.Advance(hold - time.Second)
		h.reconcile()
		h.wantState(placed.Order.ID, order.PendingPayment, order.Payable)
		h.clock.Advance(time.Second)
		h.reconcile()
		o := h.wantState(placed.Order.ID, order.Expired, order.PayExpired)
		h.wantLevel(bread, 3, 0, 0)
		if o.EndReason != "timeout" || h.mailed(o.ID, "order_expired") != 1 {
			t.Errorf("end reason %q, messages %d", o.EndReason, h.mailed(o.ID, "order_expired"))
		}
		if status := h.pay(page, goodCard); status != 410 {
			t.Errorf("paying a closed page: %d", status)
		}
		_, err := h.orders.Open(t.Context(), o.ID)
		wantErr(t, err, errs.Conflict, "not_payable")
	})
}

// TestStockIsNeverFreeOnOurClock keeps the provider away when the hold ends:
// nothing is released until it has answered.
func TestStockIsNeverFreeOnOurClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, _ := h.checkout(bread, 3)
		h.tap.Hook = func(context.Context, string, func() error) error { return payment.Fail(payment.Unknown, "any", "down") }
		for range 10 {
			h.clock.Advance(10 * time.Minute)
			h.reconcile()
		}
		h.wantState(placed.Order.ID, order.Expiring, order.Payable)
		h.wantLevel(bread, 3, 3, 0)
		h.tap.Hook = nil
		h.clock.Advance(10 * time.Minute)
		h.reconcile()
		h.wantState(placed.Order.ID, order.Expired, order.PayExpired)
		h.wantLevel(bread, 3, 0, 0)
	})
}

// TestAnswerOfExpireIsNotBelieved closes a page that was paid a moment before:
// expiring is refused, and reading it places the order.
func TestAnswerOfExpireIsNotBelieved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, page := h.checkout(bread, 3)
		h.silent()
		h.tap.Hook = func(_ context.Context, op string, call func() error) error {
			if op == "expire" {
				if status := h.pay(page, goodCard); status != 303 {
					t.Errorf("paying at the last second: %d", status)
				}
				_ = call()
				return nil // as if it had worked
			}
			return call()
		}
		h.clock.Advance(hold)
		h.reconcile()
		h.wantState(placed.Order.ID, order.Placed, order.Paid)
		h.wantLevel(bread, 3, 0, 3)
	})
}

// TestExpireAgainstPay races the end of the hold with a payment: the shopper
// has paid exactly when the order is placed. NEARBY_TORTURE=1 asks for 200 races.
func TestExpireAgainstPay(t *testing.T) {
	races := unlessTortured(25, 200)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", int64(races))
		placedOrders := 0
		for i := range races {
			placed, page := h.checkout(bread, 1)
			h.clock.Advance(hold)
			var wg sync.WaitGroup
			status := 0
			closing := make(chan struct{})
			h.tap.Hook = func(_ context.Context, op string, call func() error) error {
				if op == "expire" && i%3 > 0 {
					close(closing)
				}
				return call()
			}
			wg.Go(func() {
				if i%3 > 0 { // two of three meet the call that closes the page
					<-closing
				}
				status = h.pay(page, goodCard)
			})
			wg.Go(func() {
				if _, err := h.orders.Reconcile(t.Context()); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			h.deliver()
			h.clock.Advance(time.Minute)
			h.reconcile()
			o := h.order(placed.Order.ID)
			switch {
			case status == 303 && o.State == order.Placed && o.Payment.State == order.Paid:
				placedOrders++
			case status == 410 && o.State == order.Expired && o.Payment.State == order.PayExpired:
			default:
				t.Fatalf("paying answered %d, the order is %s with payment %s", status, o.State, o.Payment.State)
			}
		}
		h.wantLevel(bread, int64(races), 0, int64(placedOrders))
	})
}

// liar shows a page as expired although it is open: how a late payment comes
// about.
type liar struct {
	payment.Gateway
	lie bool
}

func (l *liar) Session(ctx context.Context, ref payment.Ref) (payment.Session, error) {
	s, err := l.Gateway.Session(ctx, ref)
	if l.lie && err == nil && s.Status == payment.SessionOpen {
		s.Status = payment.SessionExpired
	}
	return s, err
}

// paidLate brings an order to where its hold is over and its page still open,
// and pays it then.
func (h *house) paidLate(variant string, qty int64, between func()) order.Placement {
	h.t.Helper()
	return h.paidLateAs(guest(), variant, qty, between)
}

func (h *house) paidLateAs(buyer order.Buyer, variant string, qty int64, between func()) order.Placement {
	h.t.Helper()
	placed, page := h.checkoutAs(buyer, variant, qty)
	h.silent()
	l := &liar{Gateway: h.tap.Gateway, lie: true}
	h.tap.Gateway = l
	h.tap.Hook = func(_ context.Context, op string, call func() error) error {
		if op == "expire" {
			return nil
		}
		return call()
	}
	h.clock.Advance(hold)
	h.reconcile()
	h.wantState(placed.Order.ID, order.Expired, order.PayExpired)
	l.lie = false
	h.tap.Hook = nil
	between()
	if status := h.pay(page, goodCard); status != 303 {
		h.t.Fatalf("paying late: %d", status)
	}
	h.control("POST", "webhooks/mode", `{}`)
	h.must(h.orders.Sync(h.t.Context(), placed.Order.Payment.ID))
	return placed
}

func TestLatePaymentWithStock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed := h.paidLate(bread, 2, func() {})
		o := h.wantState(placed.Order.ID, order.Placed, order.Paid)
		h.wantLevel(bread, 3, 0, 2)
		if o.EndReason != "" || o.Number != 1 || len(o.Refunds) != 0 {
			t.Errorf("late but fine: %+v", o)
		}
	})
}

// TestLatePaymentWithoutStock sells the pieces to somebody else meanwhile: that
// one keeps them, and the late money goes back within a minute.
func TestLatePaymentWithoutStock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		var other order.Placement
		placed := h.paidLate(bread, 2, func() { other = h.place(guest(), h.wish(bread, 2, order.PayAtPickup)) })
		h.wantState(placed.Order.ID, order.Expired, order.Late)
		h.reconcile()
		o := h.wantState(placed.Order.ID, order.Expired, order.Late)
		if o.EndReason != "late_no_stock" || len(o.Refunds) != 1 || o.Refunds[0].State != order.RefundSucceeded || o.Payment.Refunded != eur(590) {
			t.Errorf("refunds %+v of payment %+v", o.Refunds, o.Payment)
		}
		if n := h.mailed(o.ID, "order_paid_late"); n != 1 {
			t.Errorf("%d messages order_paid_late", n)
		}
		h.wantState(other.Order.ID, order.Placed, order.Due)
		h.wantLevel(bread, 3, 0, 2)
		if books := h.books(o.ID); books[ledger.Buyer] != 0 {
			t.Errorf("books = %v", books)
		}
	})
}

func TestCancelUnpaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, page := h.checkout(bread, 3)
		access := order.Access{Token: placed.Token}
		_, err := h.orders.Cancel(t.Context(), placed.Order.ID, order.Access{Token: h.orders.Token("another")})
		wantErr(t, err, errs.NotFound, "not_found")
		o, err := h.orders.Cancel(t.Context(), placed.Order.ID, access)
		h.must(err)
		if o.State != order.Cancelled || o.EndReason != "shopper" || o.Payment.State != order.PayExpired {
			t.Fatalf("order %s (%s), payment %s", o.State, o.EndReason, o.Payment.State)
		}
		h.wantLevel(bread, 3, 0, 0)
		if status := h.pay(page, goodCard); status != 410 {
			t.Errorf("paying a cancelled order: %d", status)
		}
		if again, err := h.orders.Cancel(t.Context(), o.ID, access); err != nil || again.Version != o.Version {
			t.Errorf("cancelling twice: version %d, %v", again.Version, err)
		}
		// Never opened: there is nothing to close.
		never := h.place(guest(), h.wish(bread, 1, order.PayCard))
		calls := h.control("GET", "calls", "")
		_, err = h.orders.Cancel(t.Context(), never.Order.ID, order.Access{Token: never.Token})
		h.must(err)
		h.wantState(never.Order.ID, order.Cancelled, order.Failed)
		if now := h.control("GET", "calls", ""); now != calls {
			t.Error("cancelling an order without a page made a call")
		}
	})
}

// TestCancelWhilePaying pays between the wish to cancel and its effect: the
// order is cancelled and the money goes back, once.
func TestCancelWhilePaying(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, page := h.checkout(bread, 3)
		h.tap.Hook = func(_ context.Context, op string, call func() error) error {
			if op == "expire" {
				if status := h.pay(page, goodCard); status != 303 {
					t.Errorf("paying: %d", status)
				}
			}
			return call()
		}
		_, err := h.orders.Cancel(t.Context(), placed.Order.ID, order.Access{Token: placed.Token})
		h.must(err)
		h.deliver()
		h.reconcile()
		o := h.wantState(placed.Order.ID, order.Cancelled, order.Paid)
		if len(o.Refunds) != 1 || o.Refunds[0].State != order.RefundSucceeded || o.Payment.Refunded != eur(885) || o.EndReason != "shopper" {
			t.Errorf("refunds %+v, end %q", o.Refunds, o.EndReason)
		}
		h.wantLevel(bread, 3, 0, 0)
		if o.Number != 0 || h.mailed(o.ID, "order_new") != 0 {
			t.Error("the business was told of an order that never was")
		}
	})
}

func TestDeclinedThenPaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, page := h.checkout(bread, 1)
		for _, card := range []string{declined, "4000000000009995", "4000000000000127"} {
			if status := h.pay(page, card); status != 402 {
				t.Fatalf("card %s: %d", card, status)
			}
		}
		h.deliver()
		h.wantState(placed.Order.ID, order.PendingPayment, order.Payable)
		if again, err := h.orders.Open(t.Context(), placed.Order.ID); err != nil || again != page {
			t.Fatalf("the page moved to %q, %v", again, err)
		}
		if status := h.pay(page, "4000002760003184"); status != 303 { // asks for 3-D Secure
			t.Fatalf("3-D Secure: %d", status)
		}
		h.deliver()
		h.wantState(placed.Order.ID, order.Placed, order.Paid)
	})
}

// TestAccountLeaves disconnects the account of an open page: it cannot be asked
// any more, so the stock waits for the page's own end and a little more.
func TestAccountLeaves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, _ := h.checkout(bread, 3)
		h.control("POST", "accounts/"+h.account+"/deauthorize", "")
		h.deliver()
		status, err := h.payout.Status(t.Context(), h.business.ID)
		h.must(err)
		if status.State != "disconnected" {
			t.Errorf("account is %s", status.State)
		}
		h.clock.Advance(hold)
		h.reconcile()
		h.wantState(placed.Order.ID, order.Expiring, order.Payable)
		h.wantLevel(bread, 3, 3, 0)
		h.clock.Advance(35*time.Minute - hold + 9*time.Minute)
		h.reconcile()
		h.wantLevel(bread, 3, 3, 0)
		h.clock.Advance(time.Minute)
		h.reconcile()
		o := h.order(placed.Order.ID)
		if o.Payment.State != order.Lost || o.Flag != "provider_unreachable" || o.State != order.Cancelled {
			t.Errorf("order %s, payment %s, flag %q", o.State, o.Payment.State, o.Flag)
		}
		h.wantLevel(bread, 3, 0, 0)
	})
}

package order_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// TestReturnPageProvesNothing comes back from the payment page without having
// paid, with the page's own id in the address: the order waits as before.
func TestReturnPageProvesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, page := h.checkout(bread, 2)
		for _, before := range []func(){func() {}, func() { h.pay(page, declined) }} {
			before()
			o, err := h.orders.Landed(t.Context(), placed.Order.ID, order.Access{Token: placed.Token})
			h.must(err)
			if o.State != order.PendingPayment || o.Number != 0 {
				t.Fatalf("the return page made the order %s with number %d", o.State, o.Number)
			}
		}
		h.deliver()
		o := h.wantState(placed.Order.ID, order.PendingPayment, order.Payable)
		h.wantLevel(bread, 3, 2, 0)
		if len(h.books(o.ID)) != 0 || h.mailed(o.ID, "order_placed") != 0 {
			t.Errorf("something was booked or said: %v", h.books(o.ID))
		}
	})
}

// TestResultThatComesDaysLater pays in a way whose result the bank tells later:
// the pieces stay held beyond the hold, and go with the result.
func TestResultThatComesDaysLater(t *testing.T) {
	for _, result := range []struct {
		word  string
		state order.State
		pay   order.PayState
		held  int64
		sold  int64
	}{
		{"succeed", order.Placed, order.Paid, 0, 2},
		{"fail", order.Expired, order.Failed, 0, 0},
	} {
		t.Run(result.word, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				bread := h.product("Bread", "2.95", 3)
				placed, page := h.checkout(bread, 2)
				status, _ := h.post(page, url.Values{
					"number": {goodCard}, "exp": {"12 / 34"}, "cvc": {"123"}, "name": {"A. Shopper"}, "email": {"a@example.org"}, "pay": {"later"},
				})
				if status != http.StatusSeeOther {
					t.Fatalf("paying: %d", status)
				}
				h.deliver()
				h.clock.Advance(20 * time.Hour)
				h.reconcile()
				h.wantState(placed.Order.ID, order.PendingPayment, order.Processing)
				h.wantLevel(bread, 3, 2, 0)
				sessions, err := h.tap.FindSessions(t.Context(), h.account, payment.SessionFilter{})
				h.must(err)
				session, err := h.tap.Session(t.Context(), sessions[0].Ref)
				h.must(err)
				h.control("POST", "payment_intents/"+session.Intent.ID+"/"+result.word, "")
				h.deliver()
				h.clock.Advance(hold)
				h.reconcile()
				h.wantState(placed.Order.ID, result.state, result.pay)
				h.wantLevel(bread, 3, result.held, result.sold)
				h.books(placed.Order.ID)
			})
		})
	}
}

// TestAccountChangesBetweenAttempts gives the business another account while an
// order waits: the attempt that was begun keeps the account it was begun on,
// and the next one is made on the new account.
func TestAccountChangesBetweenAttempts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 9)
		first, page := h.checkout(bread, 1)
		halfway := h.place(guest(), h.wish(bread, 1, order.PayCard)) // its call is still to be made
		old := h.account
		h.relink()
		after, _ := h.checkout(bread, 1)
		if status := h.pay(page, goodCard); status != http.StatusSeeOther {
			t.Fatalf("paying on the old account: %d", status)
		}
		_, err := h.orders.Open(t.Context(), halfway.Order.ID)
		h.must(err)
		h.deliver()
		h.wantState(first.Order.ID, order.Placed, order.Paid)
		for id, want := range map[string]string{first.Order.ID: old, halfway.Order.ID: old, after.Order.ID: h.account} {
			if got := h.accountOf(id); got != want {
				t.Errorf("order %s is on account %s, want %s", id, got, want)
			}
		}
	})
}

// relink onboards a second account and puts it in the place of the first.
func (h *house) relink() {
	h.t.Helper()
	rival := h.user("second")
	other := h.open(rival, "Second", options{currency: "EUR", country: "DE"})
	account := h.onboard(other.ID, rival)
	h.must(h.db.Tx(h.t.Context(), func(ctx context.Context) error {
		return h.db.Conn(ctx).Exec(`UPDATE payout_links SET payout_account_id =
			(SELECT id FROM payout_accounts WHERE account = ?) WHERE business_id = ?`, account, h.business.ID).Error
	}))
	h.account = account
}

// accountOf is the account of an order's latest attempt.
func (h *house) accountOf(orderID string) string {
	h.t.Helper()
	var account string
	h.must(h.db.Conn(h.t.Context()).Raw("SELECT account FROM payments WHERE order_id = ? ORDER BY attempt DESC LIMIT 1", orderID).Scan(&account).Error)
	return account
}

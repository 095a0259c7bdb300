package order_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ledger"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// buy brings an order to where it is placed and paid.
func (h *house) buy(variant string, qty int64) order.Order {
	h.t.Helper()
	placed, page := h.checkout(variant, qty)
	if status := h.pay(page, goodCard); status != 303 {
		h.t.Fatalf("paying: %d", status)
	}
	h.deliver()
	return h.wantState(placed.Order.ID, order.Placed, order.Paid)
}

// wantRefunded checks that a whole order went back, at the provider and in the
// books.
func (h *house) wantRefunded(id string, amount int64) order.Order {
	h.t.Helper()
	o := h.order(id)
	if len(o.Refunds) != 1 || o.Refunds[0].State != order.RefundSucceeded || o.Refunds[0].Amount.Minor != amount || o.Payment.Refunded.Minor != amount {
		h.t.Fatalf("refunds %+v of payment %+v", o.Refunds, o.Payment)
	}
	for _, l := range o.Lines {
		if l.Refunded != l.Total || l.QtyRefunded != l.Quantity {
			h.t.Errorf("line %d: refunded %v of %v", l.N, l.Refunded, l.Total)
		}
	}
	books := h.books(id)
	if books[ledger.Buyer] != 0 || books[ledger.Balance]+books[ledger.Provider]+books[ledger.Operator] != 0 {
		h.t.Errorf("books %v", books)
	}
	if n := h.mailed(id, "order_refunded"); n != 1 {
		h.t.Errorf("%d messages order_refunded", n)
	}
	return o
}

// TestEveryWayBack ends a paid order in each way that gives the money back.
func TestEveryWayBack(t *testing.T) {
	ways := map[string]struct {
		do    func(h *house, o order.Order) (order.Order, error)
		state order.State
		left  [3]int64 // on hand, held, committed of 5 pieces, 2 ordered
	}{
		"shopper cancels": {func(h *house, o order.Order) (order.Order, error) {
			return h.orders.Cancel(h.t.Context(), o.ID, order.Access{Token: h.orders.Token(o.ID)})
		}, order.Cancelled, [3]int64{5, 0, 0}},
		"business declines": {func(h *house, o order.Order) (order.Order, error) {
			return h.orders.Decline(h.t.Context(), h.owner, h.business.ID, o.ID, "too_busy", false)
		}, order.Declined, [3]int64{5, 0, 0}},
		"business declines, goods gone": {func(h *house, o order.Order) (order.Order, error) {
			return h.orders.Decline(h.t.Context(), h.owner, h.business.ID, o.ID, "sold_out", true)
		}, order.Declined, [3]int64{3, 0, 0}},
		"business gives up after accepting": {func(h *house, o order.Order) (order.Order, error) {
			_, err := h.orders.Accept(h.t.Context(), h.owner, h.business.ID, o.ID)
			h.must(err)
			return h.orders.Abort(h.t.Context(), h.owner, h.business.ID, o.ID, "other", false)
		}, order.Cancelled, [3]int64{5, 0, 0}},
		"nobody accepts": {func(h *house, o order.Order) (order.Order, error) {
			h.clock.Set(*o.AcceptBy)
			h.reconcile()
			return h.order(o.ID), nil
		}, order.Declined, [3]int64{5, 0, 0}},
		"refund without ending": {func(h *house, o order.Order) (order.Order, error) {
			return h.orders.Refund(h.t.Context(), h.owner, h.business.ID, o.ID, order.RefundInput{Reason: "goodwill"})
		}, order.Placed, [3]int64{5, 0, 2}},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				h.feeRule(250, 10)
				bread := h.product("Bread", "2.95", 5)
				bought := h.buy(bread, 2)
				if bought.Fee != eur(24) {
					t.Fatalf("fee = %v", bought.Fee)
				}
				if books := h.books(bought.ID); books[ledger.Operator] != 24 {
					t.Errorf("books after the sale: %v", books)
				}
				o, err := way.do(h, bought)
				h.must(err)
				if o.State != way.state {
					t.Errorf("order is %s, want %s", o.State, way.state)
				}
				h.work()
				h.wantRefunded(o.ID, 590)
				if books := h.books(o.ID); books[ledger.Operator] != 0 {
					t.Errorf("the operator's fee did not go back: %v", books)
				}
				h.wantLevel(bread, way.left[0], way.left[1], way.left[2])
				h.deliver() // the refund's own events change nothing any more
				h.wantRefunded(o.ID, 590)
				if h.balance("EUR") != h.books(o.ID)[ledger.Balance] {
					t.Errorf("balance at the provider %d, in the books %d", h.balance("EUR"), h.books(o.ID)[ledger.Balance])
				}
			})
		})
	}
}

// feeRule makes the operator take a share of every order.
func (h *house) feeRule(bps, fixed int64) {
	h.t.Helper()
	h.must(h.db.Tx(h.t.Context(), func(ctx context.Context) error {
		return h.db.Conn(ctx).Exec(`INSERT INTO fee_rules (id, scope, scope_id, bps, fixed, fixed_currency, base, valid_from, made_by)
			VALUES ('rule', 'default', '', ?, ?, 'EUR', 'goods', ?, 'operator')`, bps, fixed, testNow.Add(-time.Hour)).Error
	}))
}

// TestRefundOnce asks for one refund from many sides at once.
func TestRefundOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.buy(h.product("Bread", "2.95", 5), 2)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := h.orders.Refund(t.Context(), h.owner, h.business.ID, o.ID, order.RefundInput{}); err != nil {
					t.Errorf("refund: %v", err)
				}
			})
			wg.Go(func() {
				_, err := h.orders.Decline(t.Context(), h.owner, h.business.ID, o.ID, "other", false)
				if err != nil && !errs.Has(err, "not_allowed") {
					t.Errorf("decline: %v", err)
				}
			})
		}
		wg.Wait()
		h.deliver()
		h.wantRefunded(o.ID, 590)
		if refunds := strings.Count(h.control("GET", "calls", ""), `"/v1/refunds"`); refunds == 0 {
			t.Error("no refund was asked for")
		}
	})
}

func TestOnlyTheRightPeopleRefund(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.buy(h.product("Bread", "2.95", 5), 2)
		staff, stranger := h.user("staff"), h.user("stranger")
		h.must(h.accounts.Join(t.Context(), audit.System, h.business.ID, staff.ID, "staff"))
		_, err := h.orders.Refund(t.Context(), staff, h.business.ID, o.ID, order.RefundInput{})
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, err = h.orders.Refund(t.Context(), stranger, h.business.ID, o.ID, order.RefundInput{})
		wantErr(t, err, errs.NotFound, "not_found")
		other := h.open(stranger, "Rival", options{currency: "EUR", country: "DE"})
		_, err = h.orders.Refund(t.Context(), stranger, other.ID, o.ID, order.RefundInput{})
		wantErr(t, err, errs.NotFound, "not_found")
		_, err = h.orders.Accept(t.Context(), stranger, other.ID, o.ID)
		wantErr(t, err, errs.NotFound, "not_found")
		unpaid, _ := h.checkout(h.product("Cake", "5.00", 5), 1)
		_, err = h.orders.Refund(t.Context(), h.owner, h.business.ID, unpaid.Order.ID, order.RefundInput{})
		wantErr(t, err, errs.Conflict, "nothing_to_refund")
		_, err = h.orders.Decline(t.Context(), h.owner, h.business.ID, o.ID, "because", false)
		wantErr(t, err, errs.Invalid, "invalid_fields")
	})
}

// TestRefundWaitsForFunds drains the business's balance before the refund: it
// waits, is tried again, and succeeds once there is money.
func TestRefundWaitsForFunds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 50)
		o := h.buy(bread, 2)
		h.control("POST", "accounts/"+h.account+"/drain", `{"refunds": "refuse"}`)
		_, err := h.orders.Refund(t.Context(), h.owner, h.business.ID, o.ID, order.RefundInput{})
		h.must(err)
		if got := h.order(o.ID).Refunds[0].State; got != order.RefundWaiting {
			t.Fatalf("refund is %s", got)
		}
		h.clock.Advance(6 * time.Hour)
		h.reconcile()
		if got := h.order(o.ID).Refunds[0].State; got != order.RefundWaiting {
			t.Fatalf("refund is %s", got)
		}
		h.buy(bread, 20) // brings money
		h.clock.Advance(6 * time.Hour)
		h.reconcile()
		h.wantRefunded(o.ID, 590)
	})
}

// TestPendingRefund has the provider keep a refund pending until there is money.
func TestPendingRefund(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.buy(h.product("Bread", "2.95", 50), 2)
		h.control("POST", "accounts/"+h.account+"/drain", `{"refunds": "pending"}`)
		_, err := h.orders.Refund(t.Context(), h.owner, h.business.ID, o.ID, order.RefundInput{})
		h.must(err)
		got := h.order(o.ID)
		if got.Refunds[0].State != order.RefundPending || got.Payment.Refunded.Minor != 0 {
			t.Fatalf("refund is %s, refunded %v", got.Refunds[0].State, got.Payment.Refunded)
		}
		refunds, err := h.tap.Gateway.Refunds(t.Context(), payment.Ref{Account: h.account, ID: h.intent(o.ID)})
		h.must(err)
		h.control("POST", "refunds/"+refunds[0].ID+"/succeed", "")
		h.deliver()
		h.wantRefunded(o.ID, 590)
	})
}

// intent is the provider's id of an order's payment.
func (h *house) intent(orderID string) string {
	h.t.Helper()
	var id string
	h.must(h.db.Conn(h.t.Context()).Raw("SELECT payment_intent_id FROM payments WHERE order_id = ?", orderID).Scan(&id).Error)
	return id
}

// TestRefundFailsLater lets a refund that succeeded come back: the claim is
// free again, the books are right, both sides are told, and it can be asked
// for once more.
func TestRefundFailsLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.buy(h.product("Bread", "2.95", 50), 2)
		_, err := h.orders.Refund(t.Context(), h.owner, h.business.ID, o.ID, order.RefundInput{})
		h.must(err)
		refunds, err := h.tap.Gateway.Refunds(t.Context(), payment.Ref{Account: h.account, ID: h.intent(o.ID)})
		h.must(err)
		h.control("POST", "refunds/"+refunds[0].ID+"/fail", "")
		h.deliver()
		got := h.order(o.ID)
		if got.Refunds[0].State != order.RefundFailed || got.Payment.Refunded.Minor != 0 || got.Lines[0].Refunded.Minor != 0 || h.mailed(o.ID, "refund_failed") != 1 {
			t.Fatalf("refund %+v, payment %+v", got.Refunds[0], got.Payment)
		}
		if books := h.books(o.ID); books[ledger.Buyer] != -590 {
			t.Errorf("books %v", books)
		}
		_, err = h.orders.Refund(t.Context(), h.owner, h.business.ID, o.ID, order.RefundInput{})
		h.must(err)
		if got := h.order(o.ID); len(got.Refunds) != 2 || got.Refunds[1].State != order.RefundSucceeded || h.books(o.ID)[ledger.Buyer] != 0 {
			t.Errorf("second refund: %+v", got.Refunds)
		}
	})
}

// TestRefundOutside has the business refund in the provider's own dashboard.
func TestRefundOutside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.buy(h.product("Bread", "2.95", 50), 2)
		_, err := h.tap.Gateway.Refund(t.Context(), "a key of the dashboard", payment.RefundInput{Account: h.account, Intent: h.intent(o.ID), Amount: 200})
		h.must(err)
		for range 2 {
			h.deliver()
			h.must(h.orders.SyncRefunds(t.Context(), o.Payment.ID))
		}
		got := h.order(o.ID)
		if len(got.Refunds) != 1 || got.Refunds[0].Origin != "external" || got.Refunds[0].State != order.RefundSucceeded || got.Payment.Refunded != eur(200) {
			t.Fatalf("refunds %+v, payment %+v", got.Refunds, got.Payment)
		}
		_, err = h.orders.Decline(t.Context(), h.owner, h.business.ID, o.ID, "other", false)
		h.must(err)
		got = h.order(o.ID)
		if len(got.Refunds) != 2 || got.Refunds[1].Amount != eur(390) || got.Payment.Refunded != eur(590) || h.books(o.ID)[ledger.Buyer] != 0 {
			t.Errorf("refunds %+v, payment %+v", got.Refunds, got.Payment)
		}
	})
}

func TestRefundWhenTheAccountHasLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.buy(h.product("Bread", "2.95", 50), 2)
		h.control("POST", "accounts/"+h.account+"/deauthorize", "")
		_, err := h.orders.Decline(t.Context(), h.owner, h.business.ID, o.ID, "other", false)
		h.must(err)
		h.work()
		got := h.order(o.ID)
		if got.Refunds[0].State != order.RefundManual || got.State != order.Declined || h.mailed(o.ID, "refund_manual") != 1 {
			t.Errorf("order %s, refund %+v", got.State, got.Refunds[0])
		}
	})
}

package order_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/inbox"
	"nearby/internal/order"
	"nearby/internal/payment"
)

// TestEventsInAnyOrder delivers every event of several payments 0 to 3 times in
// a random order, mixed with those of other payments: one result.
func TestEventsInAnyOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 100)
		h.silent()
		var ids []string
		for i := range 6 {
			placed, page := h.checkout(bread, 1)
			ids = append(ids, placed.Order.ID)
			if i%2 == 0 {
				h.pay(page, declined)
			}
			h.pay(page, goodCard)
		}
		events, _, err := h.tap.Gateway.Events(t.Context(), h.account, testNow.Add(-time.Hour), "")
		h.must(err)
		if len(events) < 12 {
			t.Fatalf("only %d events", len(events))
		}
		rng := rand.New(rand.NewPCG(7, 7))
		var stream []payment.Event
		for _, e := range events {
			for range rng.IntN(4) {
				stream = append(stream, e)
			}
		}
		rng.Shuffle(len(stream), func(i, j int) { stream[i], stream[j] = stream[j], stream[i] })
		for i, e := range stream {
			h.must(h.inbox.Receive(t.Context(), e, inbox.Webhook))
			if i%5 == 0 {
				h.work()
			}
		}
		h.work()
		h.clock.Advance(hold) // what no event told is the job's to find
		h.reconcile()
		for _, id := range ids {
			o := h.wantState(id, order.Placed, order.Paid)
			if n := h.mailed(id, "order_placed"); n != 1 {
				t.Errorf("%d messages for order %d", n, o.Number)
			}
			h.books(id)
		}
		h.wantLevel(bread, 100, 0, 6)
	})
}

// TestEventBeforeAnswer loses the answer of the call that made the page; the
// shopper pays all the same (a replay would show the page), and one event of it
// arrives while the payment is still being created.
func TestEventBeforeAnswer(t *testing.T) {
	for _, kind := range []string{"checkout.session.completed", "payment_intent.succeeded"} {
		t.Run(kind, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				bread := h.product("Bread", "2.95", 3)
				placed := h.place(guest(), h.wish(bread, 1, order.PayCard))
				h.tap.Hook = func(_ context.Context, op string, call func() error) error {
					err := call()
					if op == "open" && err == nil {
						err = payment.Fail(payment.Unknown, op, "cut")
					}
					return err
				}
				if _, err := h.orders.Open(t.Context(), placed.Order.ID); err == nil {
					t.Fatal("the lost answer was not noticed")
				}
				h.wantState(placed.Order.ID, order.PendingPayment, order.Creating)
				h.tap.Hook = nil
				sessions, err := h.tap.FindSessions(t.Context(), h.account, payment.SessionFilter{})
				h.must(err)
				h.silent()
				if status := h.pay(h.api.URL+"/c/pay/"+sessions[0].ID, goodCard); status != 303 {
					t.Fatalf("paying: %d", status)
				}
				h.must(h.inbox.Receive(t.Context(), h.event(kind), inbox.Webhook))
				h.work()
				h.wantState(placed.Order.ID, order.Placed, order.Paid)
				h.wantLevel(bread, 3, 0, 1)
			})
		})
	}
}

// event is the newest event of a type that the sandbox made for the business.
func (h *house) event(kind string) payment.Event {
	h.t.Helper()
	events, _, err := h.tap.Gateway.Events(h.t.Context(), h.account, testNow.Add(-time.Hour), "")
	h.must(err)
	for _, e := range events {
		if e.Type == kind {
			return e
		}
	}
	h.t.Fatalf("no %s among %d events", kind, len(events))
	return payment.Event{}
}

// TestForeignEvents receives what is not ours, not this mode's, or lies about
// its account: nothing moves.
func TestForeignEvents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		rival := h.user("rival")
		other := h.open(rival, "Rival", options{currency: "EUR", country: "DE"})
		otherAccount := h.onboard(other.ID, rival)
		bread := h.product("Bread", "2.95", 3)
		placed, page := h.checkout(bread, 1)
		h.silent()
		h.pay(page, goodCard)
		paid := h.event("checkout.session.completed")
		for name, edit := range map[string]func(*payment.Event){
			"another business's account": func(e *payment.Event) { e.Account = otherAccount },
			"an unknown account":         func(e *payment.Event) { e.Account = "acct_nobody" },
			"the operator's account":     func(e *payment.Event) { e.Account = "" },
			"live":                       func(e *payment.Event) { e.Live = true },
			"no such session":            func(e *payment.Event) { e.ObjectID = "cs_test_none" },
			"another type":               func(e *payment.Event) { e.Type = "customer.created" },
		} {
			e := paid
			e.ID = "evt_" + strings.ReplaceAll(name, " ", "_")
			edit(&e)
			h.must(h.inbox.Receive(t.Context(), e, inbox.Webhook))
			h.work()
			if o := h.order(placed.Order.ID); o.State != order.PendingPayment {
				t.Fatalf("%s: the order is %s", name, o.State)
			}
		}
		h.must(h.inbox.Receive(t.Context(), paid, inbox.Webhook))
		h.work()
		h.wantState(placed.Order.ID, order.Placed, order.Paid)
	})
}

// doctor changes pages as nobody should be able to.
type doctor struct {
	payment.Gateway
	edit func(*payment.Session)
}

func (d *doctor) Session(ctx context.Context, ref payment.Ref) (payment.Session, error) {
	s, err := d.Gateway.Session(ctx, ref)
	if err == nil && s.Status == payment.SessionComplete {
		d.edit(&s)
	}
	return s, err
}

// TestDifferencesGoToReview pays pages that are not quite what was asked for.
// Nothing is handed over, the stock stays held, and looking again changes
// nothing.
func TestDifferencesGoToReview(t *testing.T) {
	fee := int64(1)
	edits := map[string]func(*payment.Session){
		"amount":         func(s *payment.Session) { s.Total-- },
		"intent amount":  func(s *payment.Session) { s.Intent.Amount-- },
		"received":       func(s *payment.Session) { s.Intent.Received-- },
		"currency":       func(s *payment.Session) { s.Currency = "USD" },
		"fee":            func(s *payment.Session) { s.Intent.Fee = &fee },
		"reference":      func(s *payment.Session) { s.ClientReference = "another" },
		"order":          func(s *payment.Session) { s.Metadata[payment.MetaOrder] = "another" },
		"payment":        func(s *payment.Session) { s.Metadata[payment.MetaPayment] = "another" },
		"install":        func(s *payment.Session) { s.Metadata[payment.MetaInstall] = "another" },
		"livemode":       func(s *payment.Session) { s.Live = true },
		"transfer":       func(s *payment.Session) { s.Intent.Transfer = true },
		"on behalf of":   func(s *payment.Session) { s.Intent.OnBehalfOf = "acct_x" },
		"session":        func(s *payment.Session) { s.ID = "cs_test_another" },
		"intent":         func(s *payment.Session) { s.Intent = nil },
		"nothing to pay": func(s *payment.Session) { s.PaymentStatus = payment.StatusNoneNeeded },
		"only authorised": func(s *payment.Session) {
			s.PaymentStatus, s.Intent.Status = payment.StatusUnpaid, payment.IntentCapturable
		},
		"unknown status": func(s *payment.Session) { s.Status = "new" },
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 100)
		real := h.tap.Gateway
		held := int64(0)
		for name, edit := range edits {
			h.tap.Gateway = real
			placed, page := h.checkout(bread, 1)
			h.pay(page, goodCard)
			h.tap.Gateway = &doctor{real, edit}
			h.deliver()
			h.must(h.orders.Sync(t.Context(), placed.Order.Payment.ID))
			o := h.order(placed.Order.ID)
			if o.State != order.Review || o.Payment.State != order.InReview || o.Number != 0 {
				t.Errorf("%s: order %s, payment %s", name, o.State, o.Payment.State)
			}
			held++
			h.wantLevel(bread, 100, held, 0)
		}
	})
}

// TestMissingPageIsNeverUnpaid cannot find a page that must exist: a wrong
// account or mode, and a matter for a person.
func TestMissingPageIsNeverUnpaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 3)
		placed, _ := h.checkout(bread, 1)
		h.tap.Hook = func(_ context.Context, op string, call func() error) error {
			if op == "session" {
				return payment.Fail(payment.Refused, op, "resource_missing")
			}
			return call()
		}
		h.must(h.orders.Sync(t.Context(), placed.Order.Payment.ID))
		h.wantState(placed.Order.ID, order.Review, order.InReview)
		h.wantLevel(bread, 3, 1, 0)
	})
}

// TestSameIDsUnderTwoAccounts lets the provider give two businesses objects of
// the same id: nothing crosses.
func TestSameIDsUnderTwoAccounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, withTwinIDs)
		rival := h.user("rival")
		other := h.open(rival, "Rival", options{currency: "EUR", country: "DE"})
		h.onboard(other.ID, rival)
		mine, theirs := h.product("Bread", "2.95", 3), h.productOf(other.ID, rival, "Cake", "5.00", 3)
		first, page := h.checkout(mine, 1)
		in := h.wish(mine, 1, order.PayCard)
		in.BusinessID, in.Lines[0].VariantID, in.ExpectedTotal = other.ID, theirs, eur(500)
		second := h.place(guest(), in)
		_, err := h.orders.Open(t.Context(), second.Order.ID)
		h.must(err)
		if status := h.pay(page, goodCard); status != 303 {
			t.Fatalf("paying: %d", status)
		}
		h.deliver()
		states := []order.State{h.order(first.Order.ID).State, h.order(second.Order.ID).State}
		if !(states[0] == order.Placed && states[1] == order.PendingPayment) && !(states[0] == order.PendingPayment && states[1] == order.Placed) {
			t.Errorf("one payment made the orders %v", states)
		}
		// An event is looked at under the account that it came from.
		asked := &asking{Gateway: h.tap.Gateway}
		h.tap.Gateway = asked
		for _, account := range []string{h.accountOf(first.Order.ID), h.accountOf(second.Order.ID)} {
			h.must(h.orders.SyncSession(t.Context(), inbox.Event{Account: account, ObjectID: "cs_test_a1b2c3d4e5f6g7h8"}))
			if asked.account != account {
				t.Errorf("an event of %s was looked up under %s", account, asked.account)
			}
		}
	})
}

// asking remembers under which account a page was last read.
type asking struct {
	payment.Gateway
	account string
}

func (a *asking) Session(ctx context.Context, ref payment.Ref) (payment.Session, error) {
	a.account = ref.Account
	return a.Gateway.Session(ctx, ref)
}

// TestMailArgumentsHoldNoPersonalData looks at what is stored for messages.
func TestMailArgumentsHoldNoPersonalData(t *testing.T) {
	raw, err := json.Marshal(order.Mail{Template: "order_placed", OrderID: "id"})
	if err != nil || string(raw) != `{"template":"order_placed","order_id":"id"}` {
		t.Errorf("args = %s, %v", raw, err)
	}
}

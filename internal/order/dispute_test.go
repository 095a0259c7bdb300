package order_test

import (
	"context"
	"encoding/json"
	"net/http"
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

const (
	disputeFee   = 1500 // the sandbox's
	winningWords = "winning_evidence"
)

func TestLifeOfADispute(t *testing.T) {
	walk(t, order.DisputeLife, order.DisputeStates, order.DisputeEvents)
}

// dispute has the shopper's bank dispute what an order cost.
func (h *house) dispute(orderID string, inquiry bool) (id string) {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{"account": h.account, "payment_intent": h.intent(orderID), "reason": "product_not_received", "inquiry": inquiry})
	h.must(err)
	var made struct{ ID string }
	h.must(json.Unmarshal([]byte(h.control("POST", "disputes", string(body))), &made))
	return made.ID
}

// disputed is the only dispute of an order.
func (h *house) disputed(orderID string) order.Dispute {
	h.t.Helper()
	list, err := h.orders.Disputes(h.t.Context(), orderID)
	h.must(err)
	if len(list) != 1 {
		h.t.Fatalf("%d disputes", len(list))
	}
	return list[0]
}

func (h *house) answer(orderID, disputeID, words string) (order.Dispute, error) {
	return h.orders.AnswerDispute(h.t.Context(), h.owner, h.business.ID, orderID, disputeID, words)
}

// handedOver is an order that was paid by card and collected with its code.
func (h *house) handedOver(variant string, qty int64) order.Order {
	h.t.Helper()
	o := h.buy(variant, qty)
	h.must(second(h.orders.Accept(h.t.Context(), h.owner, h.business.ID, o.ID)))
	h.must(second(h.orders.Ready(h.t.Context(), h.owner, h.business.ID, o.ID)))
	h.must(second(h.orders.HandOver(h.t.Context(), h.owner, h.business.ID, o.ID, h.orders.PickupCode(o.ID))))
	return h.order(o.ID)
}

// TestDispute walks every way of a dispute to its end, heard of by events or by
// looking only: the books hold what the bank did, and the business is told.
func TestDispute(t *testing.T) {
	type step func(h *house, o order.Order, id string)
	word := func(word string) step {
		return func(h *house, _ order.Order, id string) { h.control("POST", "disputes/"+id+"/"+word, "") }
	}
	reply := func(words string) step {
		return func(h *house, o order.Order, id string) {
			d, err := h.answer(o.ID, id, words)
			h.must(err)
			if d.State != order.UnderReview || d.SubmittedAt == nil || d.Answer.Words != words {
				h.t.Errorf("after the answer: %+v", d)
			}
			h.clock.Advance(2 * time.Minute) // the bank decides
		}
	}
	wait := func(h *house, _ order.Order, _ string) {
		h.clock.Advance(8 * 24 * time.Hour)
		h.balance("EUR") // the sandbox's time goes on when it is asked
	}
	tests := []struct {
		name    string
		inquiry bool
		end     step
		state   order.DisputeState
		letters string
		back    int64 // to the shopper by the bank
		fee     int64
	}{
		{"won by evidence", false, reply(winningWords), order.DisputeWon, "dispute_won", 0, disputeFee},
		{"lost in spite of evidence", false, reply("The shopper has collected it."), order.DisputeLost, "dispute_lost", 590, disputeFee},
		{"lost by silence", false, wait, order.DisputeLost, "dispute_lost", 590, disputeFee},
		{"won", false, word("won"), order.DisputeWon, "dispute_won", 0, disputeFee},
		{"lost", false, word("lost"), order.DisputeLost, "dispute_lost", 590, disputeFee},
		{"inquiry that ends", true, word("warning_closed"), order.DisputeClosed, "dispute_won", 0, 0},
		{"inquiry that is answered", true, reply("The shopper has collected it."), order.DisputeClosed, "dispute_won", 0, 0},
		{"inquiry that grows", true, word("escalate"), order.NeedsResponse, "dispute_opened", 590, disputeFee},
	}
	for _, tt := range tests {
		for _, heard := range []string{"events", "job"} {
			if heard == "job" && tt.inquiry {
				continue // the same way of hearing
			}
			t.Run(tt.name+" by "+heard, func(t *testing.T) {
				dbtest.Each(t, func(t *testing.T, db *database.DB) {
					h := newHouse(t, db)
					o := h.handedOver(h.product("Bread", "2.95", 5), 2)
					before := h.balance("EUR")
					id := h.dispute(o.ID, tt.inquiry)
					h.deliver()
					d := h.disputed(o.ID)
					if !d.Open() || d.Amount != eur(590) || d.DueBy == nil || !d.DueBy.Equal(h.clock.Now().Add(7*24*time.Hour).Truncate(time.Second)) || d.Inquiry != tt.inquiry {
						t.Fatalf("dispute %+v", d)
					}
					first := map[bool]string{true: "dispute_asked", false: "dispute_opened"}[tt.inquiry]
					if h.mailed(o.ID, first) != 1 {
						t.Errorf("%d letters %s", h.mailed(o.ID, first), first)
					}
					if heard == "job" {
						h.silent()
					}
					tt.end(h, o, id)
					if heard == "job" {
						h.clock.Advance(24 * time.Hour)
						h.reconcile()
						h.clock.Advance(2 * time.Minute)
						h.reconcile()
					}
					h.deliver()
					h.clock.Advance(time.Hour) // events whose signature grew old are sent again
					h.deliver()
					d = h.disputed(o.ID)
					if d.State != tt.state || h.mailed(o.ID, tt.letters) != 1 {
						t.Errorf("ended %s with %d letters %s", d.State, h.mailed(o.ID, tt.letters), tt.letters)
					}
					books, sale := h.books(o.ID), o.Payment.ProviderFee.Minor
					if books[ledger.Buyer] != tt.back-590 || books[ledger.Provider] != sale+tt.fee {
						t.Errorf("books %v", books)
					}
					if got, want := h.balance("EUR")-before, -tt.back-tt.fee; got != want || books[ledger.Balance] != 590-sale+want {
						t.Errorf("the balance moved by %d there and is %d here, want %d", got, books[ledger.Balance], want)
					}
					if d.Taken.Sub(d.Back) != eur(tt.back) || d.Fee != eur(tt.fee) {
						t.Errorf("taken %s, back %s, fee %s", d.Taken.Format("en"), d.Back.Format("en"), d.Fee.Format("en"))
					}
					if o := h.order(o.ID); o.State != order.Completed || o.Payment.Refunded.Minor != 0 {
						t.Errorf("the order is %s with %v refunded", o.State, o.Payment.Refunded)
					}
					if strings.Contains(h.control("GET", "calls", ""), "/reversals") {
						t.Error("a transfer was reversed")
					}
				})
			})
		}
	}
}

// TestDisputeIsFoundWithoutItsEvent loses every event of a dispute: comparing
// the books finds it.
func TestDisputeIsFoundWithoutItsEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.handedOver(h.product("Bread", "2.95", 5), 2)
		h.silent()
		h.dispute(o.ID, false)
		if open := h.compare(); len(open) > 0 {
			t.Errorf("differences: %+v", open)
		}
		if d := h.disputed(o.ID); d.State != order.NeedsResponse || h.mailed(o.ID, "dispute_opened") != 1 {
			t.Errorf("dispute %+v", d)
		}
		if ours, theirs := h.books(o.ID)[ledger.Balance], h.balance("EUR"); ours != theirs {
			t.Errorf("balance %d here and %d there", ours, theirs)
		}
	})
}

// TestAnswerToADispute looks at the evidence that reaches the bank, who may send
// it, and that it is sent once.
func TestAnswerToADispute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.handedOver(h.product("Bread", "2.95", 5), 2)
		id := h.dispute(o.ID, false)
		h.deliver()
		const words = "A. Shopper collected both loaves herself.\r\nShe said the code."
		staff, stranger := h.user("staff"), h.user("stranger")
		h.must(h.accounts.Join(t.Context(), audit.System, h.business.ID, staff.ID, "staff"))
		_, err := h.orders.AnswerDispute(t.Context(), staff, h.business.ID, o.ID, id, words)
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, err = h.orders.AnswerDispute(t.Context(), stranger, h.business.ID, o.ID, id, words)
		wantErr(t, err, errs.NotFound, "not_found")
		_, err = h.answer(o.ID, "dp_none", words)
		wantErr(t, err, errs.NotFound, "not_found")
		for _, bad := range []string{"", "too short", "a\x00b and twenty letters", strings.Repeat("a", 5001)} {
			_, err = h.answer(o.ID, id, bad)
			wantErr(t, err, errs.Invalid, "invalid_fields")
		}
		open, err := h.orders.DisputesOfBusiness(t.Context(), h.owner, h.business.ID)
		h.must(err)
		if len(open) != 1 || open[0].OrderID != o.ID || open[0].Number != o.Number || open[0].Amount != eur(590) || !open[0].CanAnswer {
			t.Errorf("open disputes %+v", open)
		}
		if n, err := h.orders.UnansweredDisputes(t.Context()); n != 1 || err != nil {
			t.Errorf("%d unanswered, %v", n, err)
		}

		var wg sync.WaitGroup
		sent, refused := 0, 0
		var mu sync.Mutex
		for range 4 {
			wg.Go(func() {
				_, err := h.answer(o.ID, id, words)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					sent++
				case errs.Has(err, "not_answerable"):
					refused++
				default:
					t.Errorf("answer: %v", err)
				}
			})
		}
		wg.Wait()
		if sent != 1 || refused != 3 {
			t.Errorf("%d answers sent, %d refused", sent, refused)
		}
		found, err := h.tap.Disputes(t.Context(), payment.Ref{Account: h.account, ID: h.intent(o.ID)})
		h.must(err)
		if len(found) != 1 || found[0].Status != payment.DisputeReviewed {
			t.Errorf("at the provider %+v", found)
		}
		e := h.disputed(o.ID).Answer
		for what, has := range map[string][2]string{
			"product": {e.Product, "2 x Bread: €5.90"}, "receipt": {e.Product, "Receipt number 1."}, "name": {e.Name, "A. Shopper"}, "email": {e.Email, "a@example.org"},
			"date": {e.ServiceDate, "4 May 2026"}, "proof": {e.Log, "said the secret pickup code"}, "payment": {e.Log, "The card payment succeeded."},
			"seller": {e.RefundPolicy, "Quay Ltd, Quay Street 4, 10115 Portmere"}, "words": {e.Words, words},
		} {
			if !strings.Contains(has[0], has[1]) {
				t.Errorf("%s: %q lacks %q", what, has[0], has[1])
			}
		}
		if code := h.orders.PickupCode(o.ID); strings.Contains(e.Log, code) {
			t.Error("the evidence tells the pickup code")
		}
		if strings.Count(e.Log, "\n") < 5 {
			t.Errorf("history: %s", e.Log)
		}
		if n, err := h.orders.UnansweredDisputes(t.Context()); n != 0 || err != nil {
			t.Errorf("%d unanswered, %v", n, err)
		}
	})
}

// TestAnswerIsSentAgain loses the provider's answer before and after its effect,
// kills the process at the call, and has the provider remember a failure: the
// bank has the evidence once, and the same words.
func TestAnswerIsSentAgain(t *testing.T) {
	lost := func(after bool) func(h *house) {
		return func(h *house) {
			failed := false
			h.tap.Hook = func(_ context.Context, op string, call func() error) error {
				if op != "answer" || failed {
					return call()
				}
				failed = true
				if after {
					_ = call()
				}
				return payment.Fail(payment.Unknown, op, "cut")
			}
		}
	}
	sticky := func(done string) func(h *house) {
		return func(h *house) {
			h.control(http.MethodPost, "faults", `{"kind": "sticky", "method": "POST", "path": "/v1/disputes/*", "done": `+done+`, "times": 1}`)
		}
	}
	for name, fault := range map[string]func(h *house){
		"cut before": lost(false), "cut after": lost(true), "sticky, done": sticky("true"), "sticky, not done": sticky("false"),
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				h := newHouse(t, db)
				o := h.handedOver(h.product("Bread", "2.95", 5), 2)
				id := h.dispute(o.ID, false)
				h.deliver()
				h.silent()
				fault(h)
				_, err := h.answer(o.ID, id, "The shopper has collected it.")
				h.must(err)
				for range 4 {
					h.clock.Advance(10 * time.Second)
					h.reconcile()
				}
				d := h.disputed(o.ID)
				if d.State != order.UnderReview || d.SubmittedAt == nil || d.Answer == nil || h.mailed(o.ID, "dispute_refused") != 0 {
					t.Errorf("dispute %+v", d)
				}
			})
		})
	}
}

// TestDisputeDeadline reminds twice, once each, and refuses an answer that
// comes too late.
func TestDisputeDeadline(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.handedOver(h.product("Bread", "2.95", 5), 2)
		id := h.dispute(o.ID, false)
		h.deliver()
		h.silent()
		for day, want := range []int{0, 0, 0, 0, 1, 1, 2} {
			for range 3 {
				h.reconcile()
			}
			if n := h.mailed(o.ID, "dispute_reminder"); n != want {
				t.Errorf("after %d days %d reminders, want %d", day, n, want)
			}
			h.clock.Advance(24 * time.Hour)
		}
		_, err := h.answer(o.ID, id, "The shopper has collected it.")
		wantErr(t, err, errs.Conflict, "not_answerable")
		h.clock.Advance(2 * time.Hour)
		h.reconcile()
		if d := h.disputed(o.ID); d.State != order.DisputeLost {
			t.Errorf("in the end %s", d.State)
		}
	})
}

// TestDisputedIsNotRefunded keeps a business from giving back what the bank has
// taken already; while the bank only asks, a refund is the way out.
func TestDisputedIsNotRefunded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		o := h.handedOver(h.product("Bread", "2.95", 5), 2)
		id := h.dispute(o.ID, true)
		h.deliver()
		h.must(h.giveBack(o.ID, 1, 1))
		h.wantBack(o.ID, 295)
		h.control("POST", "disputes/"+id+"/escalate", "")
		h.deliver()
		wantErr(t, h.giveBack(o.ID, 1, 1), errs.Conflict, "disputed")
		h.control("POST", "disputes/"+id+"/won", "")
		h.deliver()
		h.must(h.giveBack(o.ID, 1, 1))
		h.wantBack(o.ID, 590)
	})
}

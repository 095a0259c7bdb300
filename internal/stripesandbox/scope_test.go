package stripesandbox

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func TestAccountsDoNotSeeEachOther(t *testing.T) {
	w := newWorld(t)
	mine, other := w.business(), w.business()
	s := w.paid(mine, fine)
	i := s.PaymentIntent
	r, err := w.stripe.Refunds.New(refundParams(mine, i.ID, 100))
	w.must(err)
	w.pass(4 * 24 * time.Hour)
	payouts := w.stripe.Payouts.List(&stripe.PayoutListParams{ListParams: listUnder(mine)})
	events := w.stripe.Events.List(&stripe.EventListParams{ListParams: listUnder(mine)})
	if !payouts.Next() || !events.Next() {
		t.Fatal("nothing to look for")
	}
	d := w.steer("disputes", object{"account": mine, "charge": i.LatestCharge.ID})["id"].(string)
	reach := map[string]func(account string) error{
		"session": func(a string) error {
			_, err := w.stripe.CheckoutSessions.Get(s.ID, &stripe.CheckoutSessionParams{Params: under(a)})
			return err
		},
		"expire": func(a string) error {
			_, err := w.stripe.CheckoutSessions.Expire(s.ID, &stripe.CheckoutSessionExpireParams{Params: under(a)})
			return err
		},
		"line items": func(a string) error {
			return w.stripe.CheckoutSessions.ListLineItems(&stripe.CheckoutSessionListLineItemsParams{ListParams: listUnder(a), Session: &s.ID}).Err()
		},
		"sessions of an intent": func(a string) error {
			return w.stripe.CheckoutSessions.List(&stripe.CheckoutSessionListParams{ListParams: listUnder(a), PaymentIntent: &i.ID}).Err()
		},
		"sessions after": func(a string) error {
			p := &stripe.CheckoutSessionListParams{ListParams: listUnder(a)}
			p.StartingAfter = &s.ID
			return w.stripe.CheckoutSessions.List(p).Err()
		},
		"intent": func(a string) error {
			_, err := w.stripe.PaymentIntents.Get(i.ID, &stripe.PaymentIntentParams{Params: under(a)})
			return err
		},
		"capture": func(a string) error {
			_, err := w.stripe.PaymentIntents.Capture(i.ID, &stripe.PaymentIntentCaptureParams{Params: under(a)})
			return err
		},
		"cancel": func(a string) error {
			_, err := w.stripe.PaymentIntents.Cancel(i.ID, &stripe.PaymentIntentCancelParams{Params: under(a)})
			return err
		},
		"charge": func(a string) error {
			_, err := w.stripe.Charges.Get(i.LatestCharge.ID, &stripe.ChargeParams{Params: under(a)})
			return err
		},
		"refund": func(a string) error {
			_, err := w.stripe.Refunds.Get(r.ID, &stripe.RefundParams{Params: under(a)})
			return err
		},
		"new refund": func(a string) error {
			_, err := w.stripe.Refunds.New(refundParams(a, i.ID, 1))
			return err
		},
		"refunds of an intent": func(a string) error {
			return w.stripe.Refunds.List(&stripe.RefundListParams{ListParams: listUnder(a), PaymentIntent: &i.ID}).Err()
		},
		"dispute": func(a string) error {
			_, err := w.stripe.Disputes.Get(d, &stripe.DisputeParams{Params: under(a)})
			return err
		},
		"evidence": func(a string) error {
			_, err := w.stripe.Disputes.Update(d, &stripe.DisputeParams{Params: under(a), Submit: stripe.Bool(true)})
			return err
		},
		"disputes of a charge": func(a string) error {
			return w.stripe.Disputes.List(&stripe.DisputeListParams{ListParams: listUnder(a), Charge: &i.LatestCharge.ID}).Err()
		},
		"balance transaction": func(a string) error {
			_, err := w.stripe.BalanceTransactions.Get(i.LatestCharge.BalanceTransaction.ID, &stripe.BalanceTransactionParams{Params: under(a)})
			return err
		},
		"payout": func(a string) error {
			_, err := w.stripe.Payouts.Get(payouts.Payout().ID, &stripe.PayoutParams{Params: under(a)})
			return err
		},
		"transactions of a payout": func(a string) error {
			id := payouts.Payout().ID
			return w.stripe.BalanceTransactions.List(&stripe.BalanceTransactionListParams{ListParams: listUnder(a), Payout: &id}).Err()
		},
		"event": func(a string) error {
			_, err := w.stripe.Events.Get(events.Event().ID, &stripe.EventParams{Params: under(a)})
			return err
		},
	}
	for name, call := range reach {
		t.Run(name, func(t *testing.T) {
			for _, whose := range []string{other, w.operatorID()} {
				w.refusal(call(whose), http.StatusNotFound, "resource_missing")
			}
		})
	}
	for whose, want := range map[string]int64{other: 0, w.operatorID(): 25 - 2} {
		if got := w.balance(whose); got != want {
			t.Errorf("balance of %s: %d, want %d", whose, got, want)
		}
	}
	w.steer("accounts/"+mine+"/deauthorize", nil)
	for name, call := range reach {
		t.Run(name+" of one who left", func(t *testing.T) {
			for _, whose := range []string{mine, "acct_unknown"} {
				w.refusal(call(whose), http.StatusForbidden, "account_invalid")
			}
		})
	}
	_, err = w.stripe.Accounts.GetByID(mine, nil)
	w.refusal(err, http.StatusForbidden, "account_invalid")
	if told := w.events(mine); told[len(told)-1] != "account.application.deauthorized" {
		t.Errorf("last event %s", told[len(told)-1])
	}
}

func (w *world) operatorID() string {
	w.t.Helper()
	a, err := w.stripe.Accounts.Get()
	w.must(err)
	return a.ID
}

func TestSameIDsInTwoAccounts(t *testing.T) {
	var mu sync.Mutex
	made := map[string]int{}
	w := newWorld(t, func(o *Options) {
		o.NewID = func(prefix string) string {
			if prefix != "cs_test_" && prefix != "pi_" {
				return randomID(prefix)
			}
			mu.Lock()
			defer mu.Unlock()
			made[prefix]++
			return prefix + strings.Repeat("0", 20) + map[bool]string{true: "a", false: "b"}[made[prefix] <= 2]
		}
	})
	one, two := w.business(), w.business()
	first, second := w.open(sessionParams(one)), w.open(sessionParams(two))
	if first.ID != second.ID {
		t.Fatal("the ids differ")
	}
	w.expect(w.pay(first.URL, fine), http.StatusSeeOther, "")
	if a, b := w.session(one, first.ID), w.session(two, first.ID); a.Status != "complete" || b.Status != "open" {
		t.Errorf("the one paid is %s, the other %s", a.Status, b.Status)
	}
}

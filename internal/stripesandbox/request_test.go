package stripesandbox

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func keyed(p *stripe.CheckoutSessionParams, key string) *stripe.CheckoutSessionParams {
	p.IdempotencyKey = &key
	return p
}

func (w *world) sessions(account string) int {
	w.t.Helper()
	n := 0
	list := w.stripe.CheckoutSessions.List(&stripe.CheckoutSessionListParams{ListParams: listUnder(account)})
	for list.Next() {
		n++
	}
	w.must(list.Err())
	return n
}

func TestIdempotencyReplaysTheFirstResult(t *testing.T) {
	w := newWorld(t)
	acct, other := w.business(), w.business()
	first := w.open(keyed(sessionParams(acct), "k1"))
	again := w.open(keyed(sessionParams(acct), "k1"))
	if again.ID != first.ID || again.LastResponse.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("replay gave %s for %s, header %v", again.ID, first.ID, again.LastResponse.Header)
	}
	if again.LastResponse.Header.Get("Original-Request") != first.LastResponse.RequestID {
		t.Error("the replay does not name the first request")
	}
	if elsewhere := w.open(keyed(sessionParams(other), "k1")); elsewhere.ID == first.ID {
		t.Error("the key reached into another account")
	}

	changed := keyed(sessionParams(acct), "k1")
	changed.Metadata["order"] = "order-2"
	_, err := w.stripe.CheckoutSessions.New(changed)
	if e := w.refusal(err, http.StatusBadRequest, ""); e.Type != stripe.ErrorTypeIdempotency {
		t.Errorf("other parameters: %s", e.Type)
	}
	expire := &stripe.CheckoutSessionExpireParams{Params: under(acct)}
	expire.SetIdempotencyKey("k1")
	_, err = w.stripe.CheckoutSessions.Expire(first.ID, expire)
	if e := w.refusal(err, http.StatusBadRequest, ""); e.Type != stripe.ErrorTypeIdempotency {
		t.Errorf("other endpoint: %s", e.Type)
	}
	if n := w.sessions(acct); n != 1 {
		t.Errorf("%d sessions", n)
	}

	w.pass(keyLife)
	late := keyed(sessionParams(acct), "k1")
	late.ExpiresAt = nil
	if w.open(late).ID == first.ID {
		t.Error("the key outlived its time")
	}
}

func TestIdempotencyOfRefusals(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	// A parameter refused leaves the key free for the right one.
	wrong := keyed(sessionParams(acct), "k1")
	wrong.SuccessURL = nil
	_, err := w.stripe.CheckoutSessions.New(wrong)
	w.refusal(err, http.StatusBadRequest, "parameter_missing")
	w.open(keyed(sessionParams(acct), "k1"))

	// What the state refused is remembered, also when the state has changed.
	i := w.paid(acct, fine).PaymentIntent
	w.steer("accounts/"+acct+"/drain", nil)
	refund := refundParams(acct, i.ID, 500)
	refund.SetIdempotencyKey("r1")
	_, err = w.stripe.Refunds.New(refund)
	w.refusal(err, http.StatusBadRequest, "balance_insufficient")
	w.steer("accounts/"+acct+"/drain", object{"refunds": "debit"})
	_, err = w.stripe.Refunds.New(refund)
	w.refusal(err, http.StatusBadRequest, "balance_insufficient")
	refund.SetIdempotencyKey("r2")
	_, err = w.stripe.Refunds.New(refund)
	w.must(err)
}

func TestIdempotencyKeyInUse(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	w.steer("faults", object{"kind": "slow", "path": "/v1/checkout/sessions", "delay_ms": 60_000})
	var wait sync.WaitGroup
	var slow *stripe.CheckoutSession
	var slowErr error
	wait.Go(func() { slow, slowErr = w.stripe.CheckoutSessions.New(keyed(sessionParams(acct), "k1")) })
	for { // until the first call is held back
		if calls := w.sandbox.Calls(); calls[len(calls)-1].Fault == FaultSlow {
			break
		}
	}
	_, err := w.stripe.CheckoutSessions.New(keyed(sessionParams(acct), "k1"))
	w.refusal(err, http.StatusConflict, "idempotency_key_in_use")
	if status, _ := w.tryToSteer(http.MethodDelete, "faults", nil); status != http.StatusOK {
		t.Fatal(status)
	}
	wait.Wait()
	w.must(slowErr)
	if again := w.open(keyed(sessionParams(acct), "k1")); again.ID != slow.ID {
		t.Error("after that the key does not answer the first result")
	}
}

func TestFaults(t *testing.T) {
	const path = "/v1/checkout/sessions"
	type outcome struct {
		status  int  // 0: not Stripe's error at all
		made    int  // sessions after the fault
		retry   int  // status of the same call again; 0: it works
		madeNow int  // sessions after that
		same    bool // the retry was a replay
	}
	for name, c := range map[string]struct {
		fault object
		want  outcome
	}{
		"refused before":        {object{"kind": "error", "status": 503}, outcome{503, 0, 0, 1, false}},
		"answer lost":           {object{"kind": "error", "done": true}, outcome{500, 1, 0, 1, true}},
		"sticky, not done":      {object{"kind": "sticky"}, outcome{500, 0, 500, 0, true}},
		"sticky, done":          {object{"kind": "sticky", "done": true}, outcome{500, 1, 500, 1, true}},
		"cut before":            {object{"kind": "cut"}, outcome{0, 0, 0, 1, false}},
		"cut after":             {object{"kind": "cut", "done": true}, outcome{0, 1, 0, 1, true}},
		"page instead":          {object{"kind": "html"}, outcome{0, 0, 0, 1, false}},
		"page instead, done":    {object{"kind": "html", "done": true}, outcome{0, 1, 0, 1, true}},
		"too many":              {object{"kind": "rate_limit"}, outcome{429, 0, 0, 1, false}},
		"slow":                  {object{"kind": "slow"}, outcome{200, 1, 0, 1, true}},
		"of another method":     {object{"kind": "error", "method": "DELETE"}, outcome{200, 1, 0, 1, true}},
		"of another account":    {object{"kind": "error", "account": "acct_other"}, outcome{200, 1, 0, 1, true}},
		"of another path":       {object{"kind": "error", "path": path + "/*"}, outcome{200, 1, 0, 1, true}},
		"twice, by the pattern": {object{"kind": "error", "path": "/v1/*/sessions", "times": 2}, outcome{500, 0, 500, 0, false}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			acct := w.business()
			for field, value := range map[string]any{"method": "POST", "path": path} {
				if _, ok := c.fault[field]; !ok {
					c.fault[field] = value
				}
			}
			w.steer("faults", c.fault)
			status := func() int {
				_, err := w.stripe.CheckoutSessions.New(keyed(sessionParams(acct), "k1"))
				var e *stripe.Error
				switch {
				case err == nil:
					return http.StatusOK
				case errors.As(err, &e):
					return e.HTTPStatusCode
				default:
					return 0
				}
			}
			got := outcome{status: status(), made: w.count(acct), retry: status()}
			if got.retry == http.StatusOK {
				got.retry = 0
			}
			calls := w.sandbox.Calls()
			got.madeNow, got.same = w.count(acct), calls[len(calls)-1].Replayed
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// count is the sessions of an account, read behind the API's back.
func (w *world) count(account string) int {
	w.sandbox.mu.Lock()
	defer w.sandbox.mu.Unlock()
	return count[session](w.sandbox.begin(), account, "")
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]object{
		"unknown kind":   {"kind": "gremlin"},
		"no 5xx":         {"kind": "error", "status": 200},
		"negative times": {"kind": "error", "times": -1},
		"broken pattern": {"kind": "error", "path": "["},
		"unknown field":  {"kind": "error", "colour": "red"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, _ := w.tryToSteer(http.MethodPost, "faults", f); status != http.StatusBadRequest {
				t.Errorf("status %d", status)
			}
		})
	}
}

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

func TestWhoMayCall(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	call := func(method, path string, header ...string) (int, string) {
		r, err := http.NewRequest(method, w.url+path, http.NoBody)
		w.must(err)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		w.must(err)
		w.read(answer)
		return answer.StatusCode, answer.Header.Get("Request-Id")
	}
	const bearer = "Bearer " + testKey
	for name, c := range map[string]struct {
		method, path string
		header       []string
		status       int
	}{
		"no key":           {"GET", "/v1/balance", nil, 401},
		"wrong key":        {"GET", "/v1/balance", []string{"Authorization", bearer + "x"}, 401},
		"key":              {"GET", "/v1/balance", []string{"Authorization", bearer}, 200},
		"other version":    {"GET", "/v1/balance", []string{"Authorization", bearer, "Stripe-Version", "2020-08-27"}, 400},
		"unknown endpoint": {"GET", "/v1/customers", []string{"Authorization", bearer}, 404},
		"unknown method":   {"DELETE", "/v1/balance", []string{"Authorization", bearer}, 404},
		"platform's own":   {"GET", "/v1/application_fees", []string{"Authorization", bearer, "Stripe-Account", acct}, 400},
		"bad limit":        {"GET", "/v1/events?limit=0", []string{"Authorization", bearer}, 400},
		"bad number":       {"GET", "/v1/events?limit=x", []string{"Authorization", bearer}, 400},
		"null character":   {"GET", "/v1/events?type=%00", []string{"Authorization", bearer}, 400},
		"bad query":        {"GET", "/v1/events?%zz", []string{"Authorization", bearer}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			status, id := call(c.method, c.path, c.header...)
			if status != c.status || id == "" {
				t.Errorf("status %d, request id %q", status, id)
			}
		})
	}
}

// TestOneOutcome: paying and expiring at the same moment has exactly one
// winner, whatever the order.
func TestOneOutcome(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	for range 30 {
		s := w.open(sessionParams(acct))
		var both sync.WaitGroup
		var expired error
		var page *http.Response
		both.Go(func() {
			_, expired = w.stripe.CheckoutSessions.Expire(s.ID, &stripe.CheckoutSessionExpireParams{Params: under(acct)})
		})
		both.Go(func() { page = w.pay(s.URL, fine) })
		both.Wait()
		got := w.session(acct, s.ID)
		switch {
		case expired == nil && page.StatusCode == http.StatusGone && got.Status == "expired" && got.PaymentStatus == "unpaid":
		case expired != nil && page.StatusCode == http.StatusSeeOther && got.Status == "complete" && got.PaymentStatus == "paid":
		default:
			t.Fatalf("expire: %v, page: %d, session %s %s", expired, page.StatusCode, got.Status, got.PaymentStatus)
		}
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	i := w.paid(acct, fine).PaymentIntent
	var all sync.WaitGroup
	results := make(chan error, 20)
	for range 20 {
		all.Go(func() {
			p := refundParams(acct, i.ID, 100)
			_, err := newClient(w.url).Refunds.New(p)
			results <- err
		})
	}
	all.Wait()
	close(results)
	given := 0
	for err := range results {
		if err == nil {
			given++
		}
	}
	if given != 10 {
		t.Errorf("%d refunds of a tenth were given", given)
	}
}

package stripesandbox

import (
	"errors"
	"net/http"
	"sync"
	"testing"

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

package stripesandbox

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func TestStateSurvivesARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file?.db")
	keep := func(o *Options) { o.Data = file }
	w := newWorld(t, keep)
	operator := w.operatorID()
	acct := w.business()
	paid := w.paid(acct, "4000000000000259")
	open := w.open(keyed(sessionParams(acct), "k1"))
	w.events(acct) // all of it has arrived before
	w.steer("webhooks/mode", object{"hold": true})
	w.steer("accounts/"+acct+"/restrict", nil)
	w.pass(time.Second)
	if _, err := New(Options{Key: testKey, Data: file}); err == nil {
		t.Fatal("two sandboxes share one file")
	}
	w.must(w.sandbox.Close())

	w2 := newWorld(t, keep)
	if got := w2.operatorID(); got != operator {
		t.Errorf("the operator was %s, is %s", operator, got)
	}
	if got := w2.session(acct, paid.ID); got.PaymentIntent.Status != "succeeded" {
		t.Errorf("paid session: %+v", got)
	}
	if got := w2.open(keyed(sessionParams(acct), "k1")); got.ID != open.ID {
		t.Error("the key is forgotten")
	}
	if events := w2.events(acct); len(events) != 3 || events[0] != "account.updated" {
		t.Errorf("what was held arrives after all: %v", events)
	}
	if got := w2.ask("clock")["offset_seconds"]; got != 1.0 {
		t.Errorf("the clock is %v seconds on", got)
	}
	w2.pass(troubleAfter)
	if d := w2.dispute(acct); d.Status != "needs_response" {
		t.Errorf("the timer is forgotten: %s", d.Status)
	}
	w2.pass(35 * time.Minute)
	if got := w2.session(acct, open.ID); got.Status != "expired" {
		t.Errorf("open session: %s", got.Status)
	}
}

func TestReset(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Data = filepath.Join(t.TempDir(), "sandbox.db") })
	operator, acct := w.operatorID(), w.business()
	s := w.open(sessionParams(acct))
	w.pass(time.Minute)
	w.steer("faults", object{"kind": "error"})
	w.steer("reset", nil)
	if got := w.operatorID(); got != operator {
		t.Errorf("the operator was %s, is %s", operator, got)
	}
	if calls := w.sandbox.Calls(); len(calls) != 1 {
		t.Errorf("%d calls remembered", len(calls))
	}
	_, err := w.stripe.Accounts.GetByID(acct, nil)
	w.refusal(err, http.StatusForbidden, "account_invalid")
	w.expect(w.get(s.URL), http.StatusNotFound, "")
	if got := w.ask("clock")["offset_seconds"]; got != 0.0 {
		t.Errorf("the clock is %v seconds on", got)
	}
}

// TestALeapPlaysLikeWaiting: what becomes due during a leap of the clock
// happens at its own moment, in order.
func TestALeapPlaysLikeWaiting(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	w.paid(acct, "4000000000000259")
	open := w.open(sessionParams(acct))
	w.pass(30 * 24 * time.Hour)
	created := map[string]int64{}
	var order []string
	list := w.stripe.Events.List(&stripe.EventListParams{ListParams: listUnder(acct)})
	for list.Next() {
		created[string(list.Event().Type)] = list.Event().Created
		order = append(order, string(list.Event().Type))
	}
	slices.Reverse(order)
	for typ, at := range map[string]time.Time{
		"charge.dispute.created":   testStart.Add(troubleAfter),
		"checkout.session.expired": time.Unix(open.ExpiresAt, 0),
		"charge.dispute.closed":    testStart.Add(troubleAfter + answerWithin),
	} {
		if created[typ] != at.Unix() {
			t.Errorf("%s at %v, want %v", typ, time.Unix(created[typ], 0).UTC(), at.UTC())
		}
	}
	if slices.Index(order, "charge.dispute.created") > slices.Index(order, "checkout.session.expired") {
		t.Errorf("order %v", order)
	}
	status, _ := w.tryToSteer(http.MethodPost, "clock/advance", object{"seconds": -1})
	if status != http.StatusBadRequest {
		t.Errorf("the clock went back: %d", status)
	}
}

func TestOptions(t *testing.T) {
	hook := func(url, secret string) Options {
		return Options{Key: testKey, Webhooks: []Webhook{{URL: url, Secret: secret}}}
	}
	for name, c := range map[string]struct {
		o  Options
		ok bool
	}{
		"good":               {hook("http://127.0.0.1:1/hook", testSecret), true},
		"stripe's key":       {Options{Key: "sk_test_4eC39HqLyjWDarjtT1zdp7dc"}, false},
		"live key":           {Options{Key: "sk_live_sandbox"}, false},
		"underscore":         {Options{Key: "sk_test_sandbox_1"}, false},
		"no key":             {Options{}, false},
		"far receiver":       {hook("http://example.com/hook", testSecret), false},
		"private receiver":   {hook("http://192.168.0.1/hook", testSecret), false},
		"no receiver":        {hook("hook", testSecret), false},
		"no secret":          {hook("http://localhost/hook", ""), false},
		"secret of no shape": {hook("http://[::1]/hook", "secret-secret"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.o.Check(); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

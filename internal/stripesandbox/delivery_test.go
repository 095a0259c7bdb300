package stripesandbox

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
)

// sessionEvents waits for everything due and lists the sessions told of.
func sessionEvents(w *world) []string {
	w.t.Helper()
	var ids []string
	w.events("")
	for _, e := range w.inbox.all() {
		if strings.HasPrefix(string(e.Type), "checkout.session.") {
			ids = append(ids, e.GetObjectValue("id"))
		}
	}
	return ids
}

func TestDeliveryIsTriedAgain(t *testing.T) {
	for name, refuse := range map[string]int{"failure": 500, "redirect": 302, "not found": 404} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			acct := w.business()
			w.events(acct)
			w.inbox.answers(func(_ stripe.Event, attempt int) int {
				if attempt <= 2 {
					return refuse
				}
				return http.StatusOK
			})
			s := w.paid(acct, fine)
			if got := sessionEvents(w); got != nil {
				t.Fatalf("arrived at the first try: %v", got)
			}
			w.pass(retryAfter[0] - time.Second)
			if got := sessionEvents(w); got != nil {
				t.Fatal("tried again too early")
			}
			w.pass(time.Second)
			w.events("")
			w.pass(retryAfter[1])
			if diff := cmp.Diff([]string{s.ID}, sessionEvents(w)); diff != "" {
				t.Errorf("after two failures: %s", diff)
			}
			out := w.ask("webhooks")
			if out["waiting"].(float64) != 0 {
				t.Errorf("%v wait still", out["waiting"])
			}
		})
	}
}

func TestDeliveryIsGivenUp(t *testing.T) {
	w := newWorld(t)
	w.inbox.answers(func(stripe.Event, int) int { return http.StatusServiceUnavailable })
	w.business() // three events
	w.events("")
	for _, wait := range retryAfter {
		w.pass(wait)
		w.events("")
	}
	out := w.ask("webhooks")
	if tries := len(out["attempts"].([]any)); tries != 3*(1+len(retryAfter)) || out["waiting"].(float64) != 0 {
		t.Errorf("%d tries, %v wait", tries, out["waiting"])
	}
}

func TestWebhookModes(t *testing.T) {
	t.Run("drop, then redeliver", func(t *testing.T) {
		w := newWorld(t)
		acct := w.business()
		w.steer("webhooks/mode", object{"drop": true})
		s := w.paid(acct, fine)
		w.steer("webhooks/mode", object{})
		if got := sessionEvents(w); got != nil {
			t.Fatalf("not dropped: %v", got)
		}
		list := w.stripe.Events.List(&stripe.EventListParams{ListParams: listUnder(acct), Type: stripe.String("checkout.session.completed")})
		if !list.Next() || list.Event().PendingWebhooks != 0 {
			t.Fatal("the API does not know the event")
		}
		w.steer("webhooks/redeliver/"+acct+"/"+list.Event().ID, nil)
		if diff := cmp.Diff([]string{s.ID}, sessionEvents(w)); diff != "" {
			t.Error(diff)
		}
		fees := w.stripe.Events.List(&stripe.EventListParams{Types: stripe.StringSlice([]string{"application_fee.created"})})
		if !fees.Next() {
			t.Fatal("the operator has no event")
		}
		w.steer("webhooks/redeliver/operator/"+fees.Event().ID, nil)
		if diff := cmp.Diff([]string{"application_fee.created"}, w.events("")); diff != "" {
			t.Error(diff)
		}
		if status, _ := w.tryToSteer(http.MethodPost, "webhooks/redeliver/operator/"+list.Event().ID, nil); status != http.StatusNotFound {
			t.Errorf("a business's event as the operator's: %d", status)
		}
	})
	t.Run("duplicate", func(t *testing.T) {
		w := newWorld(t)
		acct := w.business()
		w.steer("webhooks/mode", object{"duplicate": true})
		s := w.paid(acct, fine)
		if diff := cmp.Diff([]string{s.ID, s.ID}, sessionEvents(w)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("hold, then shuffle", func(t *testing.T) {
		w := newWorld(t)
		acct := w.business()
		w.events(acct)
		w.steer("webhooks/mode", object{"hold": true})
		var want []string
		for range 20 {
			want = append(want, w.paid(acct, fine).ID)
		}
		if got := sessionEvents(w); got != nil {
			t.Fatalf("not held: %v", got)
		}
		w.steer("webhooks/mode", object{"shuffle": true, "seed": 7})
		got := sessionEvents(w)
		if slices.Equal(got, want) {
			t.Error("not shuffled")
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("something was lost:\n%s", diff)
		}
	})
	t.Run("delay", func(t *testing.T) {
		w := newWorld(t)
		acct := w.business()
		w.steer("webhooks/mode", object{"delay_ms": 5000})
		s := w.paid(acct, fine)
		w.pass(4 * time.Second)
		if got := sessionEvents(w); got != nil {
			t.Fatalf("not delayed: %v", got)
		}
		w.pass(time.Second)
		if diff := cmp.Diff([]string{s.ID}, sessionEvents(w)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEndpointsOfTheAPI(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Webhooks = nil })
	acct := w.business()
	connect := newEndpoint(w, true, "checkout.session.completed")
	own := newEndpoint(w, false, "*")
	w.paid(acct, fine)
	w.steer("webhooks/flush", nil)
	if diff := cmp.Diff([]string{"checkout.session.completed"}, connect.types()); diff != "" {
		t.Errorf("connect endpoint (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"application_fee.created"}, own.types()); diff != "" {
		t.Errorf("operator's endpoint (-want +got):\n%s", diff)
	}
	list := w.stripe.WebhookEndpoints.List(&stripe.WebhookEndpointListParams{})
	for list.Next() {
		if list.WebhookEndpoint().Secret != "" {
			t.Error("the list tells secrets")
		}
		_, err := w.stripe.WebhookEndpoints.Del(list.WebhookEndpoint().ID, nil)
		w.must(err)
	}
	w.paid(acct, fine)
	w.steer("webhooks/flush", nil)
	if n := len(connect.types()); n != 1 {
		t.Errorf("a deleted endpoint got %d events", n)
	}
	_, err := w.stripe.WebhookEndpoints.New(&stripe.WebhookEndpointParams{
		URL: stripe.String("https://example.com/hook"), EnabledEvents: stripe.StringSlice([]string{"*"}),
	})
	w.refusal(err, http.StatusBadRequest, "url_invalid") // the sandbox sends nothing off this machine
}

// newEndpoint makes an endpoint through the API, and the inbox behind it.
func newEndpoint(w *world, connect bool, types ...string) *inbox {
	w.t.Helper()
	in := newInbox(w.t, "")
	e, err := w.stripe.WebhookEndpoints.New(&stripe.WebhookEndpointParams{
		URL: &in.url, Connect: &connect, EnabledEvents: stripe.StringSlice(types), APIVersion: stripe.String(stripe.APIVersion),
	})
	w.must(err)
	in.learns(e.Secret)
	return in
}

func (in *inbox) types() []string {
	var out []string
	for _, e := range in.all() {
		out = append(out, string(e.Type))
	}
	return out
}

func TestSignature(t *testing.T) {
	body := []byte(`{"id":"evt_1","object":"event","api_version":"2023-10-16"}`)
	at := time.Now()
	header := sign(body, testSecret, at)
	if _, err := webhook.ConstructEvent(body, header, testSecret); err != nil {
		t.Errorf("Stripe's own check refuses it: %v", err)
	}
	for name, wrong := range map[string]func() error{
		"one byte more": func() error { return webhook.ValidatePayload(append(body, ' '), header, testSecret) },
		"other secret":  func() error { return webhook.ValidatePayload(body, header, testSecret+"x") },
		"old": func() error {
			return webhook.ValidatePayload(body, sign(body, testSecret, at.Add(-time.Hour)), testSecret)
		},
	} {
		if wrong() == nil {
			t.Errorf("%s passes", name)
		}
	}
}

package torture

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"testing"

	"nearby/internal/ident"
)

// Every event comes none to three times, in any order, twins at the same
// moment included: the result is the same.
func TestWebhooksInAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, database string) {
		w := newWorld(t, database, plenty)
		p := w.serve()
		caller := w.caller(8)
		random := rand.New(rand.NewPCG(15, 16))

		// Nothing arrives by itself.
		w.sandbox("POST", "/_sandbox/webhooks/mode", map[string]any{"drop": true}, nil)
		var facts []*fact
		for i := range rounds(30, 10) {
			f, err := buy(t.Context(), caller, w.shop, fmt.Sprintf("shopper%d@events.example", i))
			if err != nil {
				t.Fatal(err)
			}
			facts = append(facts, f)
			if i%5 == 0 {
				if _, err := caller.Cancel(t.Context(), f.Placed, ident.Random()); err != nil {
					t.Errorf("cancelling %s: %v", f.ID, err)
				}
				f.cancelled = true
			}
		}
		w.sandbox("POST", "/_sandbox/webhooks/mode", map[string]any{"hold": true}, nil)
		orders := map[string]string{} // by payment intent
		for _, s := range listAll(w, "/v1/checkout/sessions", func(s session) string { return s.ID }) {
			orders[s.Intent] = s.Metadata["order"]
		}
		silent := map[string]bool{} // nothing ever comes of these: the job must see them
		for i, f := range facts {
			silent[f.ID] = i%3 == 1
		}
		events := listAll(w, "/v1/events", func(e event) string { return e.ID })
		var queue []string
		told := map[string]bool{} // the event of its payment comes
		for _, e := range events {
			id := e.order(orders)
			if silent[id] {
				continue
			}
			times := random.IntN(4)
			for range times {
				queue = append(queue, e.ID)
			}
			if times > 0 && e.Type == "checkout.session.completed" {
				told[id] = true
			}
		}
		random.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
		for _, id := range queue {
			w.sandbox("POST", "/_sandbox/webhooks/redeliver/"+w.account+"/"+id, nil, nil)
		}
		w.sandbox("POST", "/_sandbox/webhooks/mode", map[string]any{"shuffle": true, "seed": 17}, nil)
		w.sandbox("POST", "/_sandbox/webhooks/flush", nil, nil)
		t.Logf("%d events, %d deliveries", len(events), len(queue))
		for _, f := range facts {
			if told[f.ID] && !f.cancelled {
				w.await(caller, f, "placed")
			}
		}
		if len(told) == 0 {
			t.Error("no event of a payment came: this proves little")
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		w.check(facts)
	})
}

// event is an event of the shop's account at the sandbox.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Object struct {
			ID       string            `json:"id"`
			Intent   string            `json:"payment_intent"`
			Metadata map[string]string `json:"metadata"`
		} `json:"object"`
	} `json:"data"`
}

// order is the order that the event is about; intents are payment intents with
// their orders.
func (e event) order(intents map[string]string) string {
	o := e.Data.Object
	return cmp.Or(o.Metadata["order"], intents[o.ID], intents[o.Intent])
}

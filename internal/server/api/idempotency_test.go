package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/order"
	"nearby/internal/server"
)

// TestSameKeyHasOneEffect sends the same request ten times at once, with one
// key: one effect, and the same answer for all.
func TestSameKeyHasOneEffect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, server.Config{})
		h.furnish()
		bakery := prefix + "/businesses/harbour-bakery"
		products := func() int {
			page, err := h.deps.Catalog.List(h.ctx(), h.bakery.ID, catalog.Filter{Text: "Pumpkin"}, "")
			h.must(err)
			return len(page.Products)
		}
		orders := func() int {
			page, err := h.deps.Order.ListForBusiness(h.ctx(), h.owner.As("owner"), h.bakery.ID, []order.State{order.PendingPayment}, "", 50)
			h.must(err)
			return len(page.Items)
		}
		pending := orders()
		wish := h.real(fmt.Sprintf(`{"business_id":%q,"lines":[{"variant_id":%q,"quantity":2}],"fulfilment":{"kind":"pickup"},`+
			`"contact":{"name":"A. Shopper","email":"a@example.org"},"payment":"card","expected_total":{"amount":500,"currency":"EUR"}}`, exampleBusiness, exampleVariant))
		for _, test := range []struct {
			name, target, body, other, token string
			status                           int
			effects                          func() int
			want                             int
		}{
			{"kept with the effect", bakery + "/products", `{"title":"Pumpkin bread"}`, `{"title":"Pumpkin pie"}`, "owner", 201, products, 1},
			{"kept after the effect", prefix + "/orders/" + h.ids[exampleID(19)] + "/refund", `{"reason":"cold"}`, `{"reason":"old"}`, "owner", 200, func() int {
				o, err := h.deps.Order.Get(h.ctx(), h.ids[exampleID(19)])
				h.must(err)
				return len(o.Refunds)
			}, 1},
			{"kept by the room, for a guest", prefix + "/orders", wish, strings.Replace(wish, "A. Shopper", "B. Shopper", 1), "", 201, orders, pending + 1},
		} {
			t.Run(test.name, func(t *testing.T) {
				header := append(h.as(test.token), "Idempotency-Key", "one wish "+test.name, "Content-Type", "application/json")
				got := make([]*httptest.ResponseRecorder, 10)
				var all sync.WaitGroup
				for i := range got {
					all.Go(func() { got[i] = h.call("POST", test.target, []byte(test.body), header...) })
				}
				all.Wait()
				var ids []string
				for _, w := range got {
					var answer struct{ ID string }
					h.must(json.Unmarshal(w.Body.Bytes(), &answer))
					if w.Code != test.status || answer.ID == "" {
						t.Fatalf("status %d: %s", w.Code, w.Body)
					}
					ids = append(ids, answer.ID)
				}
				if slices.Sort(ids); len(slices.Compact(ids)) != 1 {
					t.Errorf("different answers: %v", ids)
				}
				if n := test.effects(); n != test.want {
					t.Errorf("%d effects, want %d", n, test.want)
				}
				again := h.call("POST", test.target, []byte(test.body), header...)
				if again.Code != test.status || again.Header().Get("Idempotent-Replayed") != "true" {
					t.Errorf("again: status %d, replayed %q: %s", again.Code, again.Header().Get("Idempotent-Replayed"), again.Body)
				}
				w := h.call("POST", test.target, []byte(test.other), header...)
				wantProblem(t, w.Code, w.Header(), w.Body.Bytes(), 422, "idempotency_key_reused", "")
				if n := test.effects(); n != test.want {
					t.Errorf("after another body: %d effects, want %d", n, test.want)
				}
			})
		}
	})
}

func TestKeysAreTheirCallersAndEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, server.Config{})
		h.furnish()
		add := func(who, slug, body string) *httptest.ResponseRecorder {
			return h.call("POST", prefix+"/businesses/"+slug+"/products", []byte(body), append(h.as(who), "Idempotency-Key", "k")...)
		}
		replayed := func(w *httptest.ResponseRecorder) bool { return w.Header().Get("Idempotent-Replayed") == "true" }
		if w := add("owner", "harbour-bakery", `{"title":""}`); w.Code != 422 {
			t.Fatalf("a wrong one: %d", w.Code)
		}
		first := add("owner", "harbour-bakery", `{"title":"Bun"}`) // what failed left the key free
		if first.Code != 201 || replayed(first) {
			t.Fatalf("first: %d %s", first.Code, first.Body)
		}
		if w := add("stranger", "strangers-store", `{"title":"Hook"}`); w.Code != 201 || replayed(w) {
			t.Errorf("the key of somebody else: %d %s", w.Code, w.Body)
		}
		h.clock.Advance(71 * time.Hour)
		if w := add("owner", "harbour-bakery", `{"title":"Bun"}`); !replayed(w) || w.Body.String() != first.Body.String() || w.Header().Get("ETag") != first.Header().Get("ETag") {
			t.Errorf("after 71 hours: %d %v %s", w.Code, w.Header(), w.Body)
		}
		h.clock.Advance(2 * time.Hour)
		if w := add("owner", "harbour-bakery", `{"title":"Bun"}`); w.Code != 201 || replayed(w) {
			t.Errorf("after 73 hours: %d %s", w.Code, w.Body)
		}
	})
}

func TestARequestThatDiedIsFreeAgain(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.furnish()
	body, target := []byte(`{"reason":"cold"}`), prefix+"/orders/"+h.ids[exampleID(19)]+"/refund"
	var typed refundInput
	typed.OrderID, typed.Body.Reason = h.ids[exampleID(19)], "cold"
	in, err := json.Marshal(typed)
	h.must(err)
	w := wishOf("refund-order", h.owner.ID, "k", in)
	h.must(h.db.Tx(h.ctx(), func(ctx context.Context) error { return h.api.once.begin(ctx, w) }))
	h.clock.Advance(deadAfter + time.Second)
	got := h.call("POST", target, body, append(h.as("owner"), "Idempotency-Key", "k")...)
	if got.Code != 200 || got.Header().Get("Idempotent-Replayed") != "" {
		t.Fatalf("status %d: %s", got.Code, got.Body)
	}
}

func TestEditsNeedThePresentVersion(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.furnish()
	for _, target := range []string{"/businesses/harbour-bakery", "/businesses/harbour-bakery/products/" + h.ids[exampleProduct]} {
		body := `{"description":"First."}`
		read := h.call("GET", prefix+target, nil, h.as("owner")...)
		tag := read.Header().Get("ETag")
		if read.Code != 200 || tag == "" {
			t.Fatalf("%s: %d, ETag %q", target, read.Code, tag)
		}
		edit := func(match string) *httptest.ResponseRecorder {
			return h.call("PATCH", prefix+target, []byte(body), append(h.as("owner"), "If-Match", match)...)
		}
		first := edit(tag)
		if first.Code != 200 || first.Header().Get("ETag") == tag {
			t.Fatalf("%s: %d, ETag %q: %s", target, first.Code, first.Header().Get("ETag"), first.Body)
		}
		stale := edit(tag)
		wantProblem(t, stale.Code, stale.Header(), stale.Body.Bytes(), 412, "changed_meanwhile", "")
		if got := stale.Header().Get("ETag"); got != first.Header().Get("ETag") || !strings.Contains(stale.Body.String(), `"current"`) {
			t.Errorf("%s: stale ETag %q, want %q: %s", target, got, first.Header().Get("ETag"), stale.Body)
		}
		if w := edit("*"); w.Code != 200 {
			t.Errorf("%s: with * %d: %s", target, w.Code, w.Body)
		}
	}
}

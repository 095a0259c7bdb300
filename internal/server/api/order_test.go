package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/order"
	"nearby/internal/server"
)

func (h *house) wish(total int64, payment string) string {
	return h.real(fmt.Sprintf(`{"business_id":%q,"lines":[{"variant_id":%q,"quantity":2}],"fulfilment":{"kind":"pickup"},`+
		`"contact":{"name":"A. Shopper","email":"a@example.org"},"payment":%q,"expected_total":{"amount":%d,"currency":"EUR"}}`,
		exampleBusiness, exampleVariant, payment, total))
}

// TestGuestOrdersAndPays walks a guest's order from its quote to its end.
func TestGuestOrdersAndPays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, server.Config{})
		h.furnish()
		w := h.call("POST", prefix+"/orders", []byte(h.wish(499, "card")))
		var changed struct {
			Code          string
			ExpectedTotal Amount `json:"expected_total"`
			Total         Amount
		}
		h.must(json.Unmarshal(w.Body.Bytes(), &changed))
		if w.Code != 409 || changed.Code != "total_changed" || changed.ExpectedTotal.Amount != 499 || changed.Total.Amount != 500 {
			t.Fatalf("another total: %d %s", w.Code, w.Body)
		}
		w = h.call("POST", prefix+"/orders", []byte(h.wish(500, "card")))
		var o Order
		h.must(json.Unmarshal(w.Body.Bytes(), &o))
		if w.Code != 201 || o.State != "pending_payment" || len(o.Token) != 43 || o.CheckoutURL == nil || o.HoldExpiresAt == nil || o.Total.Amount != 500 || len(o.Lines) != 1 {
			t.Fatalf("placed: %d %s", w.Code, w.Body)
		}
		if got := w.Header().Get("Location"); got != prefix+"/orders/"+o.ID {
			t.Errorf("Location %q", got)
		}
		target := prefix + "/orders/" + o.ID
		for name, proof := range map[string][]string{
			"bearer": {"Authorization", "Bearer " + o.Token}, "header": {"Order-Token", o.Token}, "t": {"", "?t=" + o.Token}, "token": {"", "?token=" + o.Token},
		} {
			path := target
			if proof[0] == "" {
				path, proof = target+proof[1], nil
			}
			w := h.call("GET", path, nil, proof...)
			if w.Code != 200 || !strings.Contains(w.Body.String(), *o.CheckoutURL) || strings.Contains(w.Body.String(), o.Token) {
				t.Errorf("with %s: %d %s", name, w.Code, w.Body)
			}
		}
		for _, proof := range [][]string{nil, {"Order-Token", strings.Repeat("x", 43)}, {"Authorization", "Bearer " + strings.Repeat("x", 43)}} {
			if w := h.call("GET", target, nil, proof...); w.Code != 404 {
				t.Errorf("with %v: %d", proof, w.Code)
			}
		}
		if w := h.call("POST", target+"/cancel", nil, "Order-Token", o.Token); w.Code != 200 || !strings.Contains(w.Body.String(), `"state":"cancelled"`) {
			t.Errorf("cancelled: %d %s", w.Code, w.Body)
		}
	})
}

// TestProviderOutOfReach takes the payment provider away while an order is
// placed: the order stands, its page follows.
func TestProviderOutOfReach(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.furnish()
	h.tap.Hook = func(context.Context, string, func() error) error {
		return errs.New(errs.Unavailable, "provider_unreachable", "It does not answer.")
	}
	w := h.call("POST", prefix+"/orders", []byte(h.wish(500, "card")))
	var o Order
	h.must(json.Unmarshal(w.Body.Bytes(), &o))
	if w.Code != 201 || o.CheckoutURL != nil || o.State != string(order.PendingPayment) || !strings.Contains(w.Body.String(), `"checkout_url":null`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.tap.Hook = nil
	_, err := h.deps.Order.Reconcile(h.ctx())
	h.must(err)
	w = h.call("GET", prefix+"/orders/"+o.ID, nil, "Order-Token", o.Token)
	if h.must(json.Unmarshal(w.Body.Bytes(), &o)); o.CheckoutURL == nil {
		t.Errorf("the page did not follow: %s", w.Body)
	}
}

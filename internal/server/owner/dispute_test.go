package owner_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/server/servertest"
)

// TestDisputeIsAnswered walks through a dispute as the owner sees it: the
// letter, the list, the order with deadline and evidence, a bad answer, and the
// one that goes to the bank.
func TestDisputeIsAnswered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand())
		shop := site.AddShop(servertest.NewShop{})
		owner := site.SignIn(shop.Owner)
		id := paidByCard(t, site, shop, 2, "en").Order.ID
		as := shop.Owner.As(account.Owner)
		for _, next := range []func() (order.Order, error){
			func() (order.Order, error) { return site.Order.Accept(t.Context(), as, shop.ID, id) },
			func() (order.Order, error) { return site.Order.Ready(t.Context(), as, shop.ID, id) },
			func() (order.Order, error) {
				return site.Order.HandOver(t.Context(), as, shop.ID, id, site.Order.PickupCode(id))
			},
		} {
			if _, err := next(); err != nil {
				t.Fatal(err)
			}
		}
		askBack(t, site, shop, id)
		site.Settle()
		if sent := letters(site, "the shopper's bank took the money back"); len(sent) != 1 || !strings.Contains(sent[0], "/orders/"+id) {
			t.Errorf("letters about the dispute: %q", sent)
		}
		says(t, owner.See("/manage/"+shop.Slug+"/orders"), "A bank asks for money back", "answer until")
		path := "/manage/" + shop.Slug + "/orders/" + id
		page := owner.See(path)
		says(t, page, "The shopper's bank asks for €9.60", "The shopper says that the goods never came.", "Answer until", "and a fee of €15.00",
			"a person who said the secret pickup code", "Receipt number 1.")
		action := path + "/disputes/"
		wrong := status(t, owner.Fill(page, action, url.Values{"words": {"no"}}), http.StatusUnprocessableEntity)
		if says(t, wrong, "Say what happened, in 10 to 5,000 characters."); wrong.Value("words") != "no" {
			t.Errorf("typed again: %q", wrong.Value("words"))
		}
		done := owner.Fill(page, action, url.Values{"words": {"She collected both loaves.\nShe said the code."}})
		says(t, done, "Sent. The bank decides", "Your answer is with the bank", "Answered on", "She collected both loaves.")
		if strings.Contains(done.Text(), "Send to the bank") {
			t.Error("it can be answered twice")
		}
		again := status(t, owner.Fill(page, action, url.Values{"words": {"She collected both loaves."}}), http.StatusConflict)
		says(t, again, "This dispute cannot be answered any more.")
		says(t, owner.See("/manage/"+shop.Slug+"/orders"), "answered, the bank decides")
	})
}

// askBack has the bank of an order's shopper dispute the payment.
func askBack(t *testing.T, site *servertest.Site, shop servertest.Shop, orderID string) {
	t.Helper()
	accountID, err := site.Payout.Orderable(t.Context(), shop.ID)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := site.Gateway.FindSessions(t.Context(), accountID, payment.SessionFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if s.Metadata[payment.MetaOrder] != orderID {
			continue
		}
		page, err := site.Gateway.Session(t.Context(), s.Ref)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		body := fmt.Sprintf(`{"account": %q, "payment_intent": %q, "reason": "product_not_received"}`, accountID, page.Intent.ID)
		site.Sandbox.Control().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/_sandbox/disputes", strings.NewReader(body)))
		if w.Code >= 300 {
			t.Fatalf("dispute: %d %s", w.Code, w.Body)
		}
		return
	}
	t.Fatal("the order has no payment page")
}

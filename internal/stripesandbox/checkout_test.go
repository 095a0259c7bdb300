package stripesandbox

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
)

func TestPayAndEverythingThatFollows(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	s := w.open(sessionParams(acct))
	if s.PaymentIntent != nil || s.Status != "open" || s.PaymentStatus != "unpaid" || s.AmountTotal != 1000 {
		t.Fatalf("new session: %+v", s)
	}
	page := w.expect(w.get(s.URL), http.StatusOK, "10.00 EUR")
	for _, must := range []string{"no real money", "Bakery &lt;b&gt;Müller", "2 × Bread", "http://app.test/cart", "4000 0000 0000 9995"} {
		if !strings.Contains(page, must) {
			t.Errorf("the page does not say %q", must)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "style=") {
		t.Error("the page has inline script or style")
	}
	w.expect(w.pay(s.URL, fine), http.StatusSeeOther, "http://app.test/paid?session="+s.ID)

	got := w.session(acct, s.ID)
	i := got.PaymentIntent
	c := i.LatestCharge
	type facts struct {
		Status, Payment, Intent, Name, Email     string
		Amount, Fee, Received, Captured, TxnFee  int64
		Last4, Description, Suffix, Order, Brand string
		URL                                      string
	}
	want := facts{
		Status: "complete", Payment: "paid", Intent: "succeeded", Name: "Ada", Email: "ada@example.test",
		Amount: 1000, Fee: 25, Received: 1000, Captured: 1000, TxnFee: 59 + 25,
		Last4: "4242", Description: "Order 1", Suffix: "ORDER 1", Order: "order-1", Brand: "visa",
	}
	if diff := cmp.Diff(want, facts{
		string(got.Status), string(got.PaymentStatus), string(i.Status), got.CustomerDetails.Name, got.CustomerDetails.Email,
		i.Amount, i.ApplicationFeeAmount, i.AmountReceived, c.AmountCaptured, c.BalanceTransaction.Fee,
		c.PaymentMethodDetails.Card.Last4, i.Description, i.StatementDescriptorSuffix, i.Metadata["order"],
		string(c.PaymentMethodDetails.Card.Brand), got.URL,
	}); diff != "" {
		t.Errorf("paid session (-want +got):\n%s", diff)
	}

	fee, err := w.stripe.ApplicationFees.Get(c.ApplicationFee.ID, nil)
	w.must(err)
	if fee.Amount != 25 || fee.Account.ID != acct || fee.Charge.ID != c.ID {
		t.Errorf("application fee: %+v", fee)
	}
	if diff := cmp.Diff([]string{
		"account.updated", "capability.updated", "capability.updated", "payment_intent.created", "charge.succeeded",
		"payment_intent.succeeded", "checkout.session.completed",
	}, w.events(acct)); diff != "" {
		t.Errorf("events of the business (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"application_fee.created"}, w.events("")); diff != "" {
		t.Errorf("events of the operator (-want +got):\n%s", diff)
	}

	w.expect(w.get(c.ReceiptURL), http.StatusOK, "10.00 EUR")
	w.expect(w.get(s.URL), http.StatusGone, "complete")
	w.expect(w.pay(s.URL, fine), http.StatusGone, "complete")
}

func TestCards(t *testing.T) {
	for number, want := range map[string]struct {
		status  int
		says    string
		code    string
		decline string
	}{
		"4242424242424242":    {status: http.StatusSeeOther, says: "app.test/paid"},
		"5555-5555-5555-4444": {status: http.StatusSeeOther, says: "app.test/paid"},
		"4000000000000259":    {status: http.StatusSeeOther, says: "app.test/paid"},
		"4000000000001976":    {status: http.StatusSeeOther, says: "app.test/paid"},
		"4000000000005423":    {status: http.StatusSeeOther, says: "app.test/paid"},
		"4000000000005126":    {status: http.StatusSeeOther, says: "app.test/paid"},
		"4000000000007726":    {status: http.StatusSeeOther, says: "app.test/paid"},
		"4000002500003155":    {status: http.StatusSeeOther, says: "/c/3ds/pi_"},
		"4000002760003184":    {status: http.StatusSeeOther, says: "/c/3ds/pi_"},
		"4000000000000002":    {http.StatusPaymentRequired, "declined", "card_declined", "generic_decline"},
		"4000000000009995":    {http.StatusPaymentRequired, "insufficient funds", "card_declined", "insufficient_funds"},
		"4000000000000069":    {http.StatusPaymentRequired, "expired", "expired_card", "expired_card"},
		"4000000000000127":    {http.StatusPaymentRequired, "security code", "incorrect_cvc", "incorrect_cvc"},
		"4000000000000119":    {http.StatusPaymentRequired, "processing", "processing_error", "processing_error"},
	} {
		t.Run(number, func(t *testing.T) {
			w := newWorld(t)
			acct := w.business()
			s := w.open(sessionParams(acct))
			w.expect(w.pay(s.URL, number), want.status, want.says)
			got := w.session(acct, s.ID)
			if want.code == "" {
				return
			}
			e := got.PaymentIntent.LastPaymentError
			if string(e.Code) != want.code || string(e.DeclineCode) != want.decline {
				t.Errorf("error %q %q, want %q %q", e.Code, e.DeclineCode, want.code, want.decline)
			}
			if got.Status != "open" || got.PaymentIntent.LatestCharge.Status != "failed" {
				t.Errorf("session %s, charge %s", got.Status, got.PaymentIntent.LatestCharge.Status)
			}
			w.expect(w.get(s.URL), http.StatusOK, "role=\"alert\"")
			w.expect(w.get(s.URL), http.StatusOK, `value="ada@example.test"`)

			w.expect(w.pay(s.URL, fine), http.StatusSeeOther, "app.test/paid")
			after := w.session(acct, s.ID)
			if after.PaymentIntent.ID != got.PaymentIntent.ID || after.PaymentIntent.Status != "succeeded" || after.PaymentIntent.LastPaymentError != nil {
				t.Errorf("after a good card: %+v", after.PaymentIntent)
			}
		})
	}
}

func TestUnknownCardsLeaveNoTrace(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	s := w.open(sessionParams(acct))
	const real = "4111111111111111"
	for name, more := range map[string][]string{
		"unlisted number":   {"number", real},
		"letters":           {"number", "hello"},
		"no number":         {"number", ""},
		"past expiry":       {"exp", "02/26"},
		"no expiry":         {"exp", "soon"},
		"month 13":          {"exp", "13/40"},
		"short code":        {"cvc", "12"},
		"letters for code":  {"cvc", "abc"},
		"no e-mail":         {"email", "ada"},
		"name out of bound": {"name", strings.Repeat("x", 501)},
	} {
		t.Run(name, func(t *testing.T) {
			page := w.expect(w.pay(s.URL, fine, more...), http.StatusUnprocessableEntity, "role=\"alert\"")
			if strings.Contains(page, real) {
				t.Error("the page repeats the number")
			}
		})
	}
	if got := w.session(acct, s.ID); got.PaymentIntent != nil || got.CustomerDetails != nil {
		t.Errorf("something was kept: %+v", got)
	}
	for k, d := range w.sandbox.store.docs {
		if strings.Contains(string(d.body), real) {
			t.Errorf("%v holds the number", k)
		}
	}
	w.expect(w.pay(s.URL, fine, "exp", "03/26"), http.StatusSeeOther, "") // good until the end of the month
}

func TestThreeDSecure(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	s := w.open(sessionParams(acct))
	bank := w.url + w.expect(w.pay(s.URL, "4000002760003184"), http.StatusSeeOther, "/c/3ds/")
	w.expect(w.get(bank), http.StatusOK, "ending in 3184")
	if i := w.session(acct, s.ID).PaymentIntent; i.Status != "requires_action" || i.NextAction.RedirectToURL.URL != bank {
		t.Fatalf("intent: %+v", i)
	}

	back := w.url + w.expect(w.post(bank, map[string][]string{"result": {"fail"}}), http.StatusSeeOther, "/c/pay/"+s.ID)
	w.expect(w.get(back), http.StatusOK, "unable to authenticate")
	if i := w.session(acct, s.ID).PaymentIntent; i.Status != "requires_payment_method" || i.LastPaymentError.Code != "payment_intent_authentication_failure" {
		t.Fatalf("intent: %+v", i)
	}
	w.expect(w.post(bank, map[string][]string{"result": {"complete"}}), http.StatusGone, "no longer")

	w.expect(w.pay(s.URL, "4000002500003155"), http.StatusSeeOther, "/c/3ds/")
	w.expect(w.post(bank, map[string][]string{"result": {"complete"}}), http.StatusSeeOther, "app.test/paid?session="+s.ID)
	if i := w.session(acct, s.ID).PaymentIntent; i.Status != "succeeded" || i.LatestCharge.PaymentMethodDetails.Card.ThreeDSecure.Result != "authenticated" {
		t.Errorf("intent: %+v", i)
	}
}

func TestThreeDSecureAfterExpiry(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	s := w.open(sessionParams(acct))
	bank := w.url + w.expect(w.pay(s.URL, "4000002760003184"), http.StatusSeeOther, "/c/3ds/")
	_, err := w.stripe.CheckoutSessions.Expire(s.ID, &stripe.CheckoutSessionExpireParams{Params: under(acct)})
	w.must(err)
	w.expect(w.post(bank, map[string][]string{"result": {"complete"}}), http.StatusGone, "")
	if got := w.session(acct, s.ID); got.Status != "expired" || got.PaymentIntent.Status != "canceled" {
		t.Errorf("session %s, intent %s", got.Status, got.PaymentIntent.Status)
	}
}

func TestResultThatComesLater(t *testing.T) {
	for name, c := range map[string]struct {
		move    func(w *world, intent string)
		status  string
		payment string
		event   string
	}{
		"succeeds by itself": {func(w *world, _ string) { w.pass(25 * time.Hour) }, "succeeded", "paid", "checkout.session.async_payment_succeeded"},
		"succeeds when told": {func(w *world, i string) { w.steer("payment_intents/"+i+"/succeed", nil) }, "succeeded", "paid", "checkout.session.async_payment_succeeded"},
		"fails":              {func(w *world, i string) { w.steer("payment_intents/"+i+"/fail", nil) }, "requires_payment_method", "unpaid", "checkout.session.async_payment_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			acct := w.business()
			s := w.open(sessionParams(acct))
			w.expect(w.pay(s.URL, fine, "pay", "later"), http.StatusSeeOther, "app.test/paid")
			got := w.session(acct, s.ID)
			if got.Status != "complete" || got.PaymentStatus != "unpaid" || got.PaymentIntent.Status != "processing" {
				t.Fatalf("session %s %s, intent %s", got.Status, got.PaymentStatus, got.PaymentIntent.Status)
			}
			c.move(w, got.PaymentIntent.ID)
			got = w.session(acct, s.ID)
			if string(got.PaymentIntent.Status) != c.status || string(got.PaymentStatus) != c.payment {
				t.Errorf("intent %s, session %s", got.PaymentIntent.Status, got.PaymentStatus)
			}
			if events := w.events(acct); events[len(events)-1] != c.event {
				t.Errorf("events %v", events)
			}
		})
	}
}

func TestSessionRefusals(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	for name, c := range map[string]struct {
		change func(*stripe.CheckoutSessionParams)
		param  string
		code   string
	}{
		"too soon": {func(p *stripe.CheckoutSessionParams) {
			p.ExpiresAt = stripe.Int64(testStart.Add(29 * time.Minute).Unix())
		}, "expires_at", ""},
		"too late": {func(p *stripe.CheckoutSessionParams) {
			p.ExpiresAt = stripe.Int64(testStart.Add(25 * time.Hour).Unix())
		}, "expires_at", ""},
		"no lines":       {func(p *stripe.CheckoutSessionParams) { p.LineItems = nil }, "line_items", "parameter_missing"},
		"no success url": {func(p *stripe.CheckoutSessionParams) { p.SuccessURL = nil }, "success_url", "parameter_missing"},
		"script address": {func(p *stripe.CheckoutSessionParams) { p.SuccessURL = stripe.String("javascript:alert(1)") }, "success_url", "url_invalid"},
		"subscription":   {func(p *stripe.CheckoutSessionParams) { p.Mode = stripe.String("subscription") }, "mode", ""},
		"not a card":     {func(p *stripe.CheckoutSessionParams) { p.PaymentMethodTypes = stripe.StringSlice([]string{"ideal"}) }, "payment_method_types[0]", ""},
		"too small": {func(p *stripe.CheckoutSessionParams) {
			p.LineItems = p.LineItems[:1]
			p.LineItems[0] = line("Crumb", 49)
		}, "", "amount_too_small"},
		"too large":      {func(p *stripe.CheckoutSessionParams) { p.LineItems = append(p.LineItems, line("House", 99_999_999)) }, "", "amount_too_large"},
		"negative line":  {func(p *stripe.CheckoutSessionParams) { p.LineItems[0] = line("Loss", -1) }, "line_items[0][price_data][unit_amount]", ""},
		"two currencies": {func(p *stripe.CheckoutSessionParams) { p.LineItems[1].PriceData.Currency = stripe.String("usd") }, "line_items[1][price_data][currency]", ""},
		"fee of nothing": {func(p *stripe.CheckoutSessionParams) { p.PaymentIntentData.ApplicationFeeAmount = stripe.Int64(0) }, "payment_intent_data[application_fee_amount]", ""},
		"fee over all":   {func(p *stripe.CheckoutSessionParams) { p.PaymentIntentData.ApplicationFeeAmount = stripe.Int64(1001) }, "payment_intent_data[application_fee_amount]", ""},
		"no business":    {func(p *stripe.CheckoutSessionParams) { p.StripeAccount = nil }, "payment_intent_data[application_fee_amount]", "application_fees_not_allowed"},
		"on behalf of":   {func(p *stripe.CheckoutSessionParams) { p.PaymentIntentData.OnBehalfOf = stripe.String(acct) }, "payment_intent_data[on_behalf_of]", ""},
		"transfer": {func(p *stripe.CheckoutSessionParams) {
			p.PaymentIntentData.TransferData = &stripe.CheckoutSessionPaymentIntentDataTransferDataParams{Destination: stripe.String(acct)}
		}, "payment_intent_data[transfer_data]", ""},
		"long suffix": {func(p *stripe.CheckoutSessionParams) {
			p.PaymentIntentData.StatementDescriptorSuffix = stripe.String(strings.Repeat("X", 23))
		}, "payment_intent_data[statement_descriptor_suffix]", ""},
		"unknown param":  {func(p *stripe.CheckoutSessionParams) { p.AllowPromotionCodes = stripe.Bool(true) }, "allow_promotion_codes", "parameter_unknown"},
		"unknown expand": {func(p *stripe.CheckoutSessionParams) { p.AddExpand("setup_intent") }, "expand", ""},
		"long metadata":  {func(p *stripe.CheckoutSessionParams) { p.Metadata["x"] = strings.Repeat("x", 501) }, "metadata", ""},
		"uneven in dinars": {func(p *stripe.CheckoutSessionParams) {
			p.LineItems = p.LineItems[:1]
			p.LineItems[0].PriceData.Currency = stripe.String("kwd")
			p.LineItems[0].PriceData.UnitAmount = stripe.Int64(1005)
		}, "", "invalid_charge_amount"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sessionParams(acct)
			c.change(p)
			_, err := w.stripe.CheckoutSessions.New(p)
			if e := w.refusal(err, http.StatusBadRequest, c.code); e.Param != c.param {
				t.Errorf("param %q, want %q", e.Param, c.param)
			}
		})
	}
	if list := w.stripe.CheckoutSessions.List(&stripe.CheckoutSessionListParams{ListParams: listUnder(acct)}); list.Next() {
		t.Error("a refused session was kept")
	}
}

func TestSessionNeedsAnActiveAccount(t *testing.T) {
	w := newWorld(t)
	acct := w.newAccount()
	_, err := w.stripe.CheckoutSessions.New(sessionParams(acct))
	w.refusal(err, http.StatusBadRequest, "")
	w.steer("accounts/"+acct+"/activate", nil)
	w.open(sessionParams(acct))
	w.steer("accounts/"+acct+"/restrict", object{"charges_enabled": true, "currently_due": []string{"company.tax_id"}})
	w.open(sessionParams(acct))
	w.steer("accounts/"+acct+"/restrict", nil)
	_, err = w.stripe.CheckoutSessions.New(sessionParams(acct))
	w.refusal(err, http.StatusBadRequest, "")
}

func TestExpire(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	paid := w.paid(acct, fine)
	byCall, byTime := w.open(sessionParams(acct)), w.open(sessionParams(acct))
	expire := func(id string) error {
		_, err := w.stripe.CheckoutSessions.Expire(id, &stripe.CheckoutSessionExpireParams{Params: under(acct)})
		return err
	}
	w.must(expire(byCall.ID))
	w.refusal(expire(byCall.ID), http.StatusBadRequest, "")
	w.expect(w.get(byCall.URL), http.StatusGone, "expired")
	w.expect(w.pay(byCall.URL, fine), http.StatusGone, "expired")

	w.clock.Advance(35*time.Minute - time.Second)
	if got := w.session(acct, byTime.ID); got.Status != "open" {
		t.Fatalf("a second before its end: %s", got.Status)
	}
	w.clock.Advance(time.Second)
	if got := w.session(acct, byTime.ID); got.Status != "expired" || got.URL != "" {
		t.Errorf("at its end: %s %s", got.Status, got.URL)
	}
	events := w.events(acct)
	if diff := cmp.Diff([]string{"checkout.session.expired", "checkout.session.expired"}, events[len(events)-2:]); diff != "" {
		t.Error(diff)
	}
	w.refusal(expire(paid.ID), http.StatusBadRequest, "")
}

func TestListsTurnPages(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	var ids []string // newest first
	for range 5 {
		ids = append([]string{w.open(sessionParams(acct)).ID}, ids...)
	}
	list := func(change func(*stripe.CheckoutSessionListParams)) (got []string, more bool) {
		p := &stripe.CheckoutSessionListParams{ListParams: listUnder(acct)}
		p.Limit = stripe.Int64(2)
		change(p)
		all := w.stripe.CheckoutSessions.List(p)
		for all.Next() {
			got = append(got, all.CheckoutSession().ID)
		}
		w.must(all.Err())
		return got, all.Meta().HasMore
	}
	// The client turns a page before something round: oldest first.
	for name, c := range map[string]struct {
		change func(*stripe.CheckoutSessionListParams)
		want   []string
		more   bool
	}{
		"first page":  {func(*stripe.CheckoutSessionListParams) {}, ids[:2], true},
		"second page": {func(p *stripe.CheckoutSessionListParams) { p.StartingAfter = &ids[1] }, ids[2:4], true},
		"last page":   {func(p *stripe.CheckoutSessionListParams) { p.StartingAfter = &ids[3] }, ids[4:], false},
		"page before": {func(p *stripe.CheckoutSessionListParams) { p.EndingBefore = &ids[3] }, []string{ids[2], ids[1]}, true},
		"exactly all": {func(p *stripe.CheckoutSessionListParams) { p.Limit = stripe.Int64(5) }, ids, false},
		"created since": {func(p *stripe.CheckoutSessionListParams) {
			p.CreatedRange = &stripe.RangeQueryParams{GreaterThan: testStart.Unix()}
		}, nil, false},
		"of a status": {func(p *stripe.CheckoutSessionListParams) { p.Status = stripe.String("complete") }, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, more := list(c.change)
			if diff := cmp.Diff(c.want, got); diff != "" || more != c.more {
				t.Errorf("more %v, want %v\n%s", more, c.more, diff)
			}
		})
	}

	paid := w.paid(acct, fine)
	got, _ := list(func(p *stripe.CheckoutSessionListParams) {
		p.PaymentIntent = stripe.String(paid.PaymentIntent.ID)
		p.AddExpand("data.payment_intent.latest_charge")
		p.AddExpand("data.line_items")
	})
	if diff := cmp.Diff([]string{paid.ID}, got); diff != "" {
		t.Error(diff)
	}
	items := w.stripe.CheckoutSessions.ListLineItems(&stripe.CheckoutSessionListLineItemsParams{ListParams: listUnder(acct), Session: &paid.ID})
	var names []string
	for items.Next() {
		names = append(names, items.LineItem().Description)
	}
	if diff := cmp.Diff([]string{"2 × Bread", "Cake"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestGivenEmailStays: the shopper cannot change an address the app has given.
func TestGivenEmailStays(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	p := sessionParams(acct)
	p.CustomerEmail = stripe.String("known@example.test")
	s := w.open(p)
	w.expect(w.get(s.URL), http.StatusOK, "readonly")
	w.expect(w.pay(s.URL, fine), http.StatusSeeOther, "")
	if got := w.session(acct, s.ID).CustomerDetails.Email; got != "known@example.test" {
		t.Errorf("paid by %s", got)
	}
}

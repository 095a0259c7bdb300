package stripesandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
)

func (w *world) onboardingLink(account string) string {
	w.t.Helper()
	link, err := w.stripe.AccountLinks.New(&stripe.AccountLinkParams{
		Account: &account, Type: stripe.String("account_onboarding"),
		ReturnURL: stripe.String("http://app.test/return"), RefreshURL: stripe.String("http://app.test/refresh"),
	})
	w.must(err)
	return link.URL
}

func TestOnboarding(t *testing.T) {
	for action, want := range map[string]struct {
		submitted, charges bool
		capability         string
		events             []string
	}{
		"finish":     {true, true, "active", []string{"account.updated", "capability.updated", "capability.updated"}},
		"review":     {true, false, "pending", []string{"account.updated", "capability.updated", "capability.updated"}},
		"incomplete": {false, false, "inactive", nil},
	} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t)
			acct := w.newAccount()
			a, err := w.stripe.Accounts.GetByID(acct, nil)
			w.must(err)
			if a.ChargesEnabled || a.DetailsSubmitted || len(a.Requirements.CurrentlyDue) == 0 {
				t.Fatalf("new account: %+v", a)
			}
			link := w.onboardingLink(acct)
			w.expect(w.get(link), http.StatusOK, "Bakery &lt;b&gt;Müller")
			w.expect(w.get(link), http.StatusSeeOther, "http://app.test/refresh") // opens once
			query := strings.SplitN(link, "link=", 2)[1]
			w.expect(w.post(link, url.Values{"action": {action}, "link": {query}}), http.StatusSeeOther, "http://app.test/return")
			w.expect(w.post(link, url.Values{"action": {"finish"}, "link": {query}}), http.StatusSeeOther, "http://app.test/refresh")

			a, err = w.stripe.Accounts.GetByID(acct, nil)
			w.must(err)
			if a.DetailsSubmitted != want.submitted || a.ChargesEnabled != want.charges || string(a.Capabilities.CardPayments) != want.capability {
				t.Errorf("submitted %v, charges %v, card_payments %s", a.DetailsSubmitted, a.ChargesEnabled, a.Capabilities.CardPayments)
			}
			if diff := cmp.Diff(want.events, w.events(acct)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnboardingLinksRunOut(t *testing.T) {
	w := newWorld(t)
	acct, other := w.newAccount(), w.newAccount()
	link := w.onboardingLink(acct)
	w.expect(w.get(strings.Replace(link, acct, other, 1)), http.StatusNotFound, "")
	w.pass(linkLife + time.Second)
	w.expect(w.get(link), http.StatusSeeOther, "http://app.test/refresh")
	w.expect(w.get(w.url+"/setup/e/"+acct), http.StatusNotFound, "")
}

func TestDashboard(t *testing.T) {
	w := newWorld(t)
	acct := w.newAccount()
	_, err := w.stripe.LoginLinks.New(&stripe.LoginLinkParams{Account: &acct})
	w.refusal(err, http.StatusBadRequest, "")
	w.steer("accounts/"+acct+"/activate", nil)
	s := w.paid(acct, fine)
	link, err := w.stripe.LoginLinks.New(&stripe.LoginLinkParams{Account: &acct})
	w.must(err)
	w.expect(w.get(link.URL), http.StatusOK, "Refund 10.00 EUR")

	refund := url.Values{"charge": {s.PaymentIntent.LatestCharge.ID}}
	w.expect(w.post(link.URL, refund), http.StatusSeeOther, "/express/"+acct)
	w.expect(w.post(link.URL, refund), http.StatusConflict, "already been refunded")
	if c := w.session(acct, s.ID).PaymentIntent.LatestCharge; !c.Refunded {
		t.Error("the charge is not refunded")
	}
	foreign := w.paid(w.business(), fine).PaymentIntent.LatestCharge.ID
	w.expect(w.post(link.URL, url.Values{"charge": {foreign}}), http.StatusNotFound, "")
	w.pass(linkLife + time.Second)
	w.expect(w.get(link.URL), http.StatusGone, "")
	w.expect(w.post(link.URL, refund), http.StatusGone, "")
}

func TestAccountUpdateAndRestriction(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	a, err := w.stripe.Accounts.Update(acct, &stripe.AccountParams{
		Metadata:        map[string]string{"business": "b1"},
		BusinessProfile: &stripe.AccountBusinessProfileParams{URL: stripe.String("https://bakery.example")},
	})
	w.must(err)
	if a.BusinessProfile.URL != "https://bakery.example" || a.BusinessProfile.Name == "" || a.Metadata["business"] != "b1" || !a.ChargesEnabled {
		t.Errorf("updated: %+v", a)
	}
	deadline := testStart.Add(48 * time.Hour).Unix()
	w.steer("accounts/"+acct+"/restrict", object{"charges_enabled": true, "currently_due": []string{"company.tax_id"}, "deadline": deadline})
	a, err = w.stripe.Accounts.GetByID(acct, nil)
	w.must(err)
	if !a.ChargesEnabled || a.Requirements.CurrentDeadline != deadline || a.Requirements.CurrentlyDue[0] != "company.tax_id" {
		t.Errorf("something due: %+v", a.Requirements)
	}
	w.steer("accounts/"+acct+"/restrict", nil)
	a, err = w.stripe.Accounts.GetByID(acct, nil)
	w.must(err)
	if a.ChargesEnabled || a.Requirements.DisabledReason == "" || a.Capabilities.CardPayments != "inactive" {
		t.Errorf("restricted: %+v", a)
	}

	for name, p := range map[string]*stripe.AccountParams{
		"custom":          {Type: stripe.String("custom")},
		"unknown country": {Type: stripe.String("express"), Country: stripe.String("XX")},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := w.stripe.Accounts.New(p); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestOwnAccount(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	operator, err := w.stripe.Accounts.Get()
	w.must(err)
	if operator.ID == acct || operator.ID == "" {
		t.Errorf("the operator is %q", operator.ID)
	}
	again, err := w.stripe.Accounts.GetByID(operator.ID, nil)
	w.must(err)
	if again.ID != operator.ID {
		t.Errorf("by id: %q", again.ID)
	}
}

func TestPayouts(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	s := w.paid(acct, fine)
	w.pass(24 * time.Hour)
	if w.stripe.Payouts.List(&stripe.PayoutListParams{ListParams: listUnder(acct)}).Next() {
		t.Fatal("paid out while pending")
	}
	w.pass(2 * 24 * time.Hour)
	list := w.stripe.Payouts.List(&stripe.PayoutListParams{ListParams: listUnder(acct)})
	if !list.Next() {
		t.Fatal("no payout")
	}
	p := list.Payout()
	if p.Amount != 916 || p.Status != "in_transit" || w.balance(acct) != 0 {
		t.Errorf("payout %s of %d, balance %d", p.Status, p.Amount, w.balance(acct))
	}
	var sources []string
	inPayout := &stripe.BalanceTransactionListParams{ListParams: listUnder(acct), Payout: &p.ID}
	inPayout.AddExpand("data.source")
	for m := w.stripe.BalanceTransactions.List(inPayout); m.Next(); {
		sources = append(sources, m.BalanceTransaction().Source.ID)
	}
	if diff := cmp.Diff([]string{p.ID, s.PaymentIntent.LatestCharge.ID}, sources); diff != "" {
		t.Errorf("what it pays out (-want +got):\n%s", diff)
	}
	w.pass(24 * time.Hour)
	p, err := w.stripe.Payouts.Get(p.ID, &stripe.PayoutParams{Params: under(acct)})
	w.must(err)
	if p.Status != "paid" {
		t.Errorf("after a day: %s", p.Status)
	}
	w.steer("payouts/"+p.ID+"/fail", nil)
	get := &stripe.PayoutParams{Params: under(acct)}
	get.AddExpand("failure_balance_transaction")
	p, err = w.stripe.Payouts.Get(p.ID, get)
	w.must(err)
	if p.Status != "failed" || p.FailureBalanceTransaction.Amount != 916 || w.balance(acct) != 916 {
		t.Errorf("sent back: %s, balance %d", p.Status, w.balance(acct))
	}
	events := slices.DeleteFunc(w.events(acct), func(typ string) bool { return !strings.HasPrefix(typ, "payout") })
	if diff := cmp.Diff([]string{"payout.created", "payout.paid", "payout.failed"}, events); diff != "" {
		t.Error(diff)
	}
}

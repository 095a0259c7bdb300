package stripesandbox

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// setupView is what the onboarding page shows.
type setupView struct {
	Account account
	Name    string
	Link    string
}

func setupPage(t *tx, r *http.Request) screen {
	link, a, ok := linkFor(t, r, false)
	if !ok {
		return noPage
	}
	if link.Opened || t.now.Unix() > link.ExpiresAt {
		return goTo(link.Refresh) // Stripe's links open once, and not for long
	}
	link.Opened = true
	put(t, link)
	return show("setup.html", setupView{a, a.name(), link.ID}, link.ReturnURL)
}

// linkFor is the link a page was opened by, with the account it leads to.
func linkFor(t *tx, r *http.Request, dashboard bool) (accountLink, account, bool) {
	link, found := find[accountLink](t, "", r.Form.Get("link"))
	a, err := t.connected(link.For)
	return link, a, found && err == nil && link.Dashboard == dashboard && link.For == r.PathValue("id")
}

func setupForm(t *tx, r *http.Request) screen {
	link, before, ok := linkFor(t, r, false)
	if !ok {
		return noPage
	}
	if !link.Opened || link.Done {
		return goTo(link.Refresh)
	}
	link.Done = true
	put(t, link)
	switch after := before; r.PostForm.Get("action") {
	case "finish":
		t.accountChanged(before, after.enable(t))
	case "review": // all is told, but not checked yet
		after = after.enable(t)
		after.Charges, after.Payouts = false, false
		after.Capabilities = allCapabilities(after.Capabilities, "pending")
		after.Disabled = "requirements.pending_verification"
		t.accountChanged(before, after)
	}
	return goTo(link.ReturnURL)
}

// dashboardView is what a business sees of its account.
type dashboardView struct {
	Name    string
	Link    string
	Account account
	Balance []string
	Pending []string
	Payouts []payout
	Charges []chargeRow
	Problem string
}

type chargeRow struct {
	Charge   charge
	Made     string
	Paid     string
	Left     string
	CanGive  bool
	Disputed bool
}

const maxRows = 25

func dashboardPage(t *tx, r *http.Request) screen {
	link, a, ok := linkFor(t, r, true)
	switch {
	case !ok:
		return noPage
	case t.now.Unix() > link.ExpiresAt:
		return gone("This link has run out. Ask for a new one where you found it.")
	}
	return show("dashboard.html", newDashboard(t, a, link))
}

func newDashboard(t *tx, a account, link accountLink) dashboardView {
	v := dashboardView{Name: a.name(), Link: link.ID, Account: a}
	available, pending := t.sums(a.ID)
	v.Balance, v.Pending = formatted(available), formatted(pending)
	for p := range all[payout](t, a.ID) {
		if len(v.Payouts) == maxRows {
			break
		}
		v.Payouts = append(v.Payouts, p)
	}
	for c := range all[charge](t, a.ID) {
		if len(v.Charges) == maxRows {
			break
		}
		if c.Status != "succeeded" {
			continue
		}
		v.Charges = append(v.Charges, chargeRow{
			Charge: c, Made: time.Unix(c.Created, 0).UTC().Format("2 Jan 2006 15:04"), Paid: format(c.Amount, c.Currency),
			Left: format(c.left(), c.Currency), CanGive: c.Captured > 0 && c.left() > 0, Disputed: c.Disputed,
		})
	}
	return v
}

func formatted(sums map[string]int64) []string {
	var out []string
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, format(sums[currency], currency))
	}
	return out
}

// dashboardForm refunds what is left of a charge, as a business may without
// the app's knowledge. The operator's fee stays where it is.
func dashboardForm(t *tx, r *http.Request) screen {
	link, a, ok := linkFor(t, r, true)
	switch {
	case !ok:
		return noPage
	case t.now.Unix() > link.ExpiresAt:
		return gone("This link has run out. Ask for a new one where you found it.")
	}
	c, ok := find[charge](t, a.ID, r.PostForm.Get("charge"))
	if !ok {
		return noPage
	}
	_, err := t.refund(c, refund{
		scope: scope{a.ID, t.s.newID("re_")}, Created: t.now.Unix(), Amount: c.left(),
		Reason: "requested_by_customer", Metadata: map[string]string{},
	})
	if err != nil {
		v := newDashboard(t, a, link)
		v.Problem = err.Error()
		return show("dashboard.html", v).with(http.StatusConflict)
	}
	return goTo("/express/" + a.ID + "?link=" + link.ID)
}

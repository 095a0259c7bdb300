package stripesandbox

import (
	"cmp"
	"net/http"
	"strings"
)

// payView is what the payment page shows.
type payView struct {
	Business string
	Session  session
	Total    string
	Lines    []payLine
	Name     string
	Email    string
	Problem  string
	Later    bool // the result may be left open
	Cards    []testCard
}

type payLine struct{ Name, Total string }

func payPage(t *tx, r *http.Request) screen {
	s, closed := openSession(t, r.PathValue("id"))
	if closed != nil {
		return *closed
	}
	v := newPayView(t, s)
	if i, ok := find[intent](t, s.Account, s.Intent); ok && i.LastError != nil {
		v.Problem = i.LastError.Message
	}
	return v.screen()
}

// openSession is the session a page belongs to, or what to answer when it
// cannot be paid.
func openSession(t *tx, id string) (session, *screen) {
	s, ok := anywhere[session](t, id)
	if !ok {
		return s, &noPage
	}
	if s.Status != "open" {
		closed := gone("This payment page is no longer open: the session is " + s.Status + ".")
		return s, &closed
	}
	return s, nil
}

func newPayView(t *tx, s session) payView {
	v := payView{
		Business: businessName(t, s.Account), Session: s, Total: format(s.Total, s.Currency),
		Name: s.Payer.Name, Email: cmp.Or(s.Email, s.Payer.Email), Later: s.Plan.Capture != "manual", Cards: testCards,
	}
	for _, i := range s.Items {
		v.Lines = append(v.Lines, payLine{i.Name, format(i.total(), s.Currency)})
	}
	return v
}

func (v payView) screen() screen { return show("pay.html", v, v.Session.SuccessURL) }

func businessName(t *tx, accountID string) string {
	if a, ok := find[account](t, "", accountID); ok {
		return a.name()
	}
	return "Sandbox operator"
}

func payForm(t *tx, r *http.Request) screen {
	s, closed := openSession(t, r.PathValue("id"))
	if closed != nil {
		return *closed
	}
	v := newPayView(t, s)
	v.Name = r.PostForm.Get("name")
	v.Email = cmp.Or(s.Email, strings.TrimSpace(r.PostForm.Get("email")))
	c, err := readCard(r.PostForm.Get("number"), r.PostForm.Get("exp"), r.PostForm.Get("cvc"), t.now)
	switch {
	case err != nil:
		v.Problem = "Please check the card: " + err.Error() + "."
	case !strings.Contains(v.Email, "@"):
		v.Problem = "Please give an e-mail address for the receipt."
	case len(v.Email) > 500 || len(v.Name) > 500:
		v.Problem = "Name and e-mail hold at most 500 characters."
	}
	if v.Problem != "" {
		return v.screen().with(http.StatusUnprocessableEntity)
	}
	later := v.Later && r.PostForm.Get("pay") == "later"
	i := t.pay(s, c, payer{v.Name, v.Email}, later)
	switch i.Status {
	case "requires_payment_method":
		v.Problem = i.LastError.Message
		return v.screen().with(http.StatusPaymentRequired)
	case "requires_action":
		return goTo("/c/3ds/" + i.ID)
	default:
		return goTo(fill(s.SuccessURL, s.ID))
	}
}

// secureView is what the bank's 3-D Secure page shows.
type secureView struct {
	Business string
	Intent   intent
	Total    string
}

func securePage(t *tx, r *http.Request) screen {
	i, s, closed := waitingIntent(t, r.PathValue("id"))
	if closed != nil {
		return *closed
	}
	return show("secure.html", secureView{businessName(t, i.Account), i, format(i.Amount, i.Currency)}, s.SuccessURL)
}

// waitingIntent is the intent that waits for the shopper's answer, with its
// session, or what to answer when none does.
func waitingIntent(t *tx, id string) (intent, session, *screen) {
	i, ok := anywhere[intent](t, id)
	if !ok {
		return i, session{}, &noPage
	}
	s, _ := find[session](t, i.Account, i.Session)
	if i.Status != "requires_action" || s.Status != "open" {
		closed := gone("This payment no longer waits for an answer.")
		return i, s, &closed
	}
	return i, s, nil
}

func secureForm(t *tx, r *http.Request) screen {
	i, s, closed := waitingIntent(t, r.PathValue("id"))
	if closed != nil {
		return *closed
	}
	i = t.authenticate(i, s, r.PostForm.Get("result") == "complete")
	if i.Status == "requires_payment_method" {
		return goTo("/c/pay/" + s.ID)
	}
	return goTo(fill(s.SuccessURL, s.ID))
}

// receiptView is what a receipt shows.
type receiptView struct {
	Business string
	Charge   charge
	Paid     string
	Refunded string
}

func receiptPage(t *tx, r *http.Request) screen {
	c, ok := anywhere[charge](t, r.PathValue("id"))
	if !ok || c.Status != "succeeded" {
		return noPage
	}
	v := receiptView{Business: businessName(t, c.Account), Charge: c, Paid: format(c.Captured, c.Currency)}
	if back := c.Refunded - (c.Amount - c.Captured); c.Captured > 0 && back > 0 {
		v.Refunded = format(back, c.Currency)
	}
	return show("receipt.html", v)
}

package stripesandbox

import "net/http"

// named is the object a control request names by its id. Should several
// accounts have one of that id, "?account=" says whose is meant.
func named[T record](t *tx, r *http.Request) (T, error) {
	id := r.PathValue("id")
	if whose := r.URL.Query().Get("account"); whose != "" {
		return need[T](t, whose, id, "id")
	}
	o, ok := anywhere[T](t, id)
	if !ok {
		return o, missing(o.kind(), id, "id")
	}
	return o, nil
}

// namedAccount is the account a control request names.
func namedAccount(t *tx, r *http.Request) (account, error) {
	return need[account](t, "", r.PathValue("id"), "id")
}

// activateAccount makes an account as good as onboarded and checked.
func activateAccount(t *tx, r *http.Request) (any, error) {
	before, err := namedAccount(t, r)
	if err != nil {
		return nil, err
	}
	after := before.enable(t)
	t.accountChanged(before, after)
	return after.view(t), nil
}

// restrictAccount makes something due on an account. Unless charges stay
// enabled it can take no more payments.
func restrictAccount(t *tx, r *http.Request) (any, error) {
	before, err := namedAccount(t, r)
	if err != nil {
		return nil, err
	}
	var in struct {
		Due      []string `json:"currently_due"`
		Deadline int64    `json:"deadline"` // Unix seconds
		Charges  bool     `json:"charges_enabled"`
	}
	if err := body(r, &in); err != nil {
		return nil, err
	}
	after := before.restrict(in.Due, in.Deadline, in.Charges)
	t.accountChanged(before, after)
	return after.view(t), nil
}

// deauthorizeAccount is the business disconnecting: from then on every call
// under its account is refused. Its open pages can still be paid.
func deauthorizeAccount(t *tx, r *http.Request) (any, error) {
	a, err := namedAccount(t, r)
	if err != nil {
		return nil, err
	}
	t.emit(a.ID, "account.application.deauthorized", object{"id": "ca_sandbox", "object": "application", "name": "Sandbox operator"})
	a.Revoked = true
	put(t, a)
	return object{"id": a.ID, "deauthorized": true}, nil
}

// drainAccount pays the whole balance out, pending or not, and says what
// becomes of refunds the balance does not cover.
func drainAccount(t *tx, r *http.Request) (any, error) {
	a, err := namedAccount(t, r)
	if err != nil {
		return nil, err
	}
	in := struct {
		Refunds string `json:"refunds"`
	}{lowBalanceRefuse}
	if err := body(r, &in); err != nil {
		return nil, err
	}
	switch in.Refunds {
	case lowBalanceRefuse, lowBalancePending, lowBalanceDebit:
	default:
		return nil, invalid("refunds", "refunds must be one of refuse, pending, debit")
	}
	a.LowBalance = in.Refunds
	put(t, a)
	for m := range all[movement](t, a.ID) {
		if !m.available(t.now) {
			m.AvailableOn = t.now.Unix()
			put(t, m)
		}
	}
	sent := []any{}
	available, _ := t.sums(a.ID)
	for currency, amount := range available {
		if amount > 0 {
			sent = append(sent, t.sendPayout(a, currency, amount).view(t))
		}
	}
	return object{"payouts": sent}, nil
}

// makeDispute disputes a charge, or the latest charge of an intent.
func makeDispute(t *tx, r *http.Request) (any, error) {
	in := struct {
		Account string `json:"account"`
		Charge  string `json:"charge"`
		Intent  string `json:"payment_intent"`
		Reason  string `json:"reason"`
		Inquiry bool   `json:"inquiry"`
	}{Reason: "fraudulent"}
	if err := body(r, &in); err != nil {
		return nil, err
	}
	if in.Charge == "" {
		i, err := need[intent](t, in.Account, in.Intent, "payment_intent")
		if err != nil {
			return nil, err
		}
		in.Charge = i.Charge
	}
	c, err := need[charge](t, in.Account, in.Charge, "charge")
	switch {
	case err != nil:
		return nil, err
	case c.Captured == 0 || c.left() == 0 || c.Disputed:
		return nil, refused("", "Charge %s has nothing that could be disputed.", c.ID)
	}
	return t.openDispute(c, in.Reason, in.Inquiry).view(t), nil
}

// moveDispute is the bank's next word: escalate an inquiry, or close with
// won, lost or warning_closed.
func moveDispute(t *tx, r *http.Request) (any, error) {
	d, err := named[dispute](t, r)
	if err != nil {
		return nil, err
	}
	word := r.PathValue("word")
	switch {
	case word != "escalate" && word != "won" && word != "lost" && word != "warning_closed":
		return nil, noWord(word)
	case !d.open() || d.inquiry() != (word == "escalate" || word == "warning_closed"):
		return nil, refused("", "A dispute that is %s cannot become %s.", d.Status, word)
	case word == "escalate":
		return t.escalate(d).view(t), nil
	default:
		return t.closeDispute(d, word).view(t), nil
	}
}

// moveRefund ends a refund: fail, or succeed for one that is pending.
func moveRefund(t *tx, r *http.Request) (any, error) {
	f, err := named[refund](t, r)
	if err != nil {
		return nil, err
	}
	switch word := r.PathValue("word"); {
	case word == "fail" && f.Status != "failed" && f.Movement != "":
		return t.failRefund(f, "lost_or_stolen_card").view(t), nil
	case word == "succeed" && f.Status == "pending":
		f.Status = "succeeded"
		t.refundMoved(f)
		return f.view(t), nil
	case word != "fail" && word != "succeed":
		return nil, noWord(word)
	default:
		return nil, refused("", "A refund that is %s cannot %s.", f.Status, word)
	}
}

// sendBackPayout is the bank sending a payout back.
func sendBackPayout(t *tx, r *http.Request) (any, error) {
	p, err := named[payout](t, r)
	if err != nil {
		return nil, err
	}
	if p.Status == "failed" {
		return nil, refused("", "The payout has failed already.")
	}
	return t.failPayout(p).view(t), nil
}

// moveIntent is the late result of a payment: succeed or fail. Lapse lets go
// of an authorisation before its time.
func moveIntent(t *tx, r *http.Request) (any, error) {
	i, err := named[intent](t, r)
	if err != nil {
		return nil, err
	}
	switch word := r.PathValue("word"); {
	case (word == "succeed" || word == "fail") && i.Status == "processing":
		t.settle(i, word == "succeed")
	case word == "lapse" && i.Status == "requires_capture":
		authorizationLapsed(t, i.Account, i.ID)
	case word != "succeed" && word != "fail" && word != "lapse":
		return nil, noWord(word)
	default:
		return nil, refused("", "A payment that is %s cannot %s.", i.Status, word)
	}
	i, _ = find[intent](t, i.Account, i.ID)
	return i.view(t), nil
}

func noWord(word string) *apiError {
	e := invalid("", "There is nothing called %s to do here.", word)
	e.Status = http.StatusNotFound
	return e
}

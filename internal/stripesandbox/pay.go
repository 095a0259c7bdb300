package stripesandbox

import (
	"time"
)

// How long after a payment the test cards' later effects come.
const (
	troubleAfter = 10 * time.Second // dispute, inquiry, fraud warning
	settleAfter  = 24 * time.Hour   // a payment whose result comes later
)

// pay confirms the session's intent with the card the shopper typed. What it
// answers is the intent after that: succeeded, requires_capture, processing,
// requires_action, or requires_payment_method after a decline.
func (t *tx) pay(s session, c card, by payer, later bool) intent {
	i, isNew := t.intentOf(s)
	i.Card, i.Method, i.LastError = c, t.s.newID("pm_"), nil
	i.Metadata = s.Plan.Metadata
	s.Intent, s.Payer = i.ID, by
	put(t, s)
	if isNew {
		t.emit(i.Account, "payment_intent.created", i.view(t))
	}
	switch {
	case c.decline() != nil:
		return t.decline(i, s, *c.decline())
	case c.Effect == authenticates:
		i.Status = "requires_action"
		put(t, i)
		t.emit(i.Account, "payment_intent.requires_action", i.view(t))
		return i
	case later:
		return t.process(i, s)
	default:
		return t.accept(i, s, false)
	}
}

// intentOf is the intent of a session, made when the shopper first confirms.
func (t *tx) intentOf(s session) (i intent, isNew bool) {
	if i, ok := find[intent](t, s.Account, s.Intent); ok {
		return i, false
	}
	return intent{
		scope: scope{s.Account, t.s.newID("pi_")}, Session: s.ID, Created: t.now.Unix(), Amount: s.Total,
		Currency: s.Currency, Plan: s.Plan, Metadata: s.Plan.Metadata, Status: "requires_payment_method", Origin: s.Origin,
	}, true
}

// authenticate is the shopper's answer on the 3-D Secure page.
func (t *tx) authenticate(i intent, s session, agreed bool) intent {
	if agreed {
		return t.accept(i, s, true)
	}
	i.Status, i.Method = "requires_payment_method", ""
	i.LastError = &cardError{
		Code:    "payment_intent_authentication_failure",
		Message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
	}
	put(t, i)
	t.emit(i.Account, "payment_intent.payment_failed", i.view(t))
	return i
}

// decline records a failed try. The session stays open, its intent is the
// same at the next try.
func (t *tx) decline(i intent, s session, why cardError) intent {
	c := t.newCharge(i, s.Payer)
	why.Charge = c.ID
	c.Status, c.Error = "failed", &why
	put(t, c)
	t.emit(c.Account, "charge.failed", c.view(t))

	i.Status, i.Method, i.Charge, i.LastError = "requires_payment_method", "", c.ID, &why
	put(t, i)
	t.emit(i.Account, "payment_intent.payment_failed", i.view(t))
	return i
}

// accept takes the sum, or authorises it when it is captured later.
func (t *tx) accept(i intent, s session, secure bool) intent {
	c := t.newCharge(i, s.Payer)
	c.Secure = secure
	i.Charge = c.ID
	if i.Plan.Capture == "manual" {
		until := t.now.Add(captureLife)
		c.Before = until.Unix()
		i.Status = "requires_capture"
		put(t, c)
		put(t, i)
		t.at(until, "intent.lapse", i.Account, i.ID)
		t.emit(i.Account, "charge.succeeded", c.view(t))
		t.emit(i.Account, "payment_intent.amount_capturable_updated", i.view(t))
		t.complete(s, "unpaid")
		return i
	}
	c = t.collect(c, c.Amount)
	t.emit(c.Account, "charge.succeeded", c.view(t))
	i = t.succeed(i, c)
	t.complete(s, "paid")
	return i
}

// process leaves the result open: it comes after settleAfter.
func (t *tx) process(i intent, s session) intent {
	c := t.newCharge(i, s.Payer)
	c.Status = "pending"
	i.Status, i.Charge = "processing", c.ID
	put(t, c)
	put(t, i)
	t.after(settleAfter, "intent.settle", i.Account, i.ID)
	t.emit(c.Account, "charge.pending", c.view(t))
	t.emit(i.Account, "payment_intent.processing", i.view(t))
	t.complete(s, "unpaid")
	return i
}

func settleLater(t *tx, account, id string) {
	if i, ok := find[intent](t, account, id); ok && i.Status == "processing" {
		t.settle(i, true)
	}
}

// settle is the late result of a payment that was left open.
func (t *tx) settle(i intent, paid bool) {
	s, _ := find[session](t, i.Account, i.Session)
	c, _ := find[charge](t, i.Account, i.Charge)
	if !paid {
		why := cardError{Code: "card_declined", Decline: "generic_decline", Message: messages[declines], Charge: c.ID}
		c.Status, c.Error = "failed", &why
		put(t, c)
		t.emit(c.Account, "charge.failed", c.view(t))
		i.Status, i.Method, i.LastError = "requires_payment_method", "", &why
		put(t, i)
		t.emit(i.Account, "payment_intent.payment_failed", i.view(t))
		t.emit(s.Account, "checkout.session.async_payment_failed", s.view(t))
		return
	}
	c.Status = "succeeded"
	c = t.collect(c, c.Amount)
	t.emit(c.Account, "charge.succeeded", c.view(t))
	t.succeed(i, c)
	s.PaymentStatus = "paid"
	put(t, s)
	t.emit(s.Account, "checkout.session.async_payment_succeeded", s.view(t))
}

// capture takes the sum, or a part of it, that was authorised.
func (t *tx) capture(i intent, amount int64) intent {
	c, _ := find[charge](t, i.Account, i.Charge)
	c.Plan.Fee, c.Before = i.Plan.Fee, 0
	c = t.collect(c, amount)
	t.emit(c.Account, "charge.captured", c.view(t))
	return t.succeed(i, c)
}

// collect books the sum to the balance of the account, less Stripe's fee and
// the operator's. What was not captured is let go.
func (t *tx) collect(c charge, amount int64) charge {
	c.Captured, c.Refunded = amount, c.Amount-amount
	own := stripeFee(amount)
	m := movement{
		scope: scope{c.Account, t.s.newID("txn_")}, Type: "charge", Amount: amount, Currency: c.Currency, Source: c.ID,
		Fees: []feePart{{"stripe_fee", "Stripe processing fees", own}},
	}
	if c.Plan.Fee > 0 {
		m.Fees = append(m.Fees, feePart{"application_fee", "Application fee", c.Plan.Fee})
		c.Fee = t.chargeFee(c).ID
	}
	c.Movement = m.ID
	t.book(m)
	put(t, c)
	t.trouble(c)
	return c
}

func (t *tx) succeed(i intent, c charge) intent {
	i.Status, i.Received = "succeeded", c.Captured
	put(t, i)
	t.emit(i.Account, "payment_intent.succeeded", i.view(t))
	return i
}

func (t *tx) complete(s session, payment string) {
	s.Status, s.PaymentStatus = "complete", payment
	put(t, s)
	t.emit(s.Account, "checkout.session.completed", s.view(t))
}

// trouble sets what the card brings after it has paid.
func (t *tx) trouble(c charge) {
	switch c.Card.Effect {
	case isDisputed:
		t.after(troubleAfter, "charge.dispute", c.Account, c.ID)
	case isInquired:
		t.after(troubleAfter, "charge.inquiry", c.Account, c.ID)
	case warnsOfFraud:
		t.after(troubleAfter, "charge.warning", c.Account, c.ID)
	}
}

func warnOfFraud(t *tx, account, id string) {
	c, ok := find[charge](t, account, id)
	if !ok {
		return
	}
	t.emit(account, "radar.early_fraud_warning.created", object{
		"id": t.s.newID("issfr_"), "object": "radar.early_fraud_warning", "actionable": c.left() > 0,
		"charge": c.ID, "created": t.now.Unix(), "fraud_type": "misc", "livemode": false, "payment_intent": c.Intent,
	})
}

// stripeFee is what Stripe keeps of a charge: 2.9 % and 30 minor units, never
// more than the charge.
func stripeFee(amount int64) int64 { return min((amount*29+500)/1000+30, amount) }

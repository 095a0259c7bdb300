package stripesandbox

import "time"

// When the test cards' refunds move on, and how often one that waits for
// money looks again.
const (
	refundMovesAfter = 24 * time.Hour
	refundLooksAgain = time.Hour
)

// refund is money given back of a charge.
type refund struct {
	scope
	Charge   string            `json:"charge"`
	Intent   string            `json:"intent"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Status   string            `json:"status"` // succeeded, pending, failed
	Reason   string            `json:"reason"`
	Metadata map[string]string `json:"metadata"`
	Created  int64             `json:"created"`
	GiveFee  bool              `json:"give_fee"` // the operator's fee goes back in proportion
	Movement string            `json:"movement"`
	Returned string            `json:"returned"` // movement that took a failed one back
	Failure  string            `json:"failure"`
}

func (refund) kind() string { return "refund" }

func (r refund) view(*tx) object {
	v := object{
		"id": r.ID, "object": "refund", "amount": r.Amount, "balance_transaction": orNull(r.Movement), "charge": r.Charge,
		"created": r.Created, "currency": r.Currency, "metadata": r.Metadata, "payment_intent": orNull(r.Intent),
		"reason": orNull(r.Reason), "receipt_number": nil, "source_transfer_reversal": nil, "status": r.Status,
		"transfer_reversal": nil,
		"destination_details": object{"type": "card", "card": object{
			"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
		}},
	}
	if r.Status == "failed" {
		v["failure_reason"] = r.Failure
	}
	if r.Returned != "" {
		v["failure_balance_transaction"] = r.Returned
	}
	return v
}

func createRefund(rq *request) (object, error) {
	p := rq.params
	chargeID, intentID := p.text("charge"), p.text("payment_intent")
	r := refund{
		scope: scope{rq.account, rq.s.newID("re_")}, Created: rq.now.Unix(), Amount: p.number("amount", -1),
		Reason:   p.choice("reason", "", "duplicate", "fraudulent", "requested_by_customer"),
		Metadata: merged(nil, p.metadata("metadata")), GiveFee: p.flag("refund_application_fee", false),
	}
	if chargeID == "" && intentID == "" {
		p.fail(invalid("", "One of the following params should be provided for this request: payment_intent or charge.").code("parameter_missing"))
	}
	if p.has("reverse_transfer") {
		p.fail(invalid("reverse_transfer", "reverse_transfer is not used with direct charges."))
	}
	if p.has("amount") && r.Amount < 1 {
		p.fail(invalid("amount", "Invalid integer: must be at least 1").code("parameter_invalid_integer"))
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	c, err := rq.refundable(chargeID, intentID)
	if err != nil {
		return nil, err
	}
	if !p.has("amount") {
		r.Amount = c.left()
	}
	if r, err = rq.refund(c, r); err != nil {
		return nil, err
	}
	return r.view(rq.tx), nil
}

// refundable is the charge a refund is for, named by itself or by its intent.
func (rq *request) refundable(chargeID, intentID string) (charge, error) {
	if intentID == "" {
		return need[charge](rq.tx, rq.account, chargeID, "charge")
	}
	i, err := need[intent](rq.tx, rq.account, intentID, "payment_intent")
	if err != nil {
		return charge{}, err
	}
	if i.Status != "succeeded" {
		return charge{}, refused("", "This PaymentIntent (%s) does not have a successful charge to refund.", i.ID)
	}
	if chargeID != "" && chargeID != i.Charge {
		return charge{}, refused("", "The charge %s does not belong to %s.", chargeID, i.ID)
	}
	return need[charge](rq.tx, rq.account, i.Charge, "charge")
}

// refund gives r.Amount of the charge back, or refuses in Stripe's words.
func (t *tx) refund(c charge, r refund) (refund, error) {
	switch {
	case c.Status != "succeeded" || c.Captured == 0:
		return r, refused("charge_not_refundable", "Charge %s has not been captured and cannot be refunded.", c.ID)
	case c.Disputed && !t.stillRefundable(c):
		return r, refused("charge_disputed", "Charge %s has been charged back; cannot issue a refund.", c.ID)
	case c.left() == 0:
		return r, refused("charge_already_refunded", "Charge %s has already been refunded.", c.ID)
	case r.Amount > c.left():
		return r, refused("", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", format(r.Amount, c.Currency), format(c.left(), c.Currency))
	}
	r.Charge, r.Intent, r.Currency = c.ID, c.Intent, c.Currency
	r.Status = "succeeded"
	if t.funds(c.Account, c.Currency) < r.Amount {
		switch a, _ := find[account](t, "", c.Account); a.LowBalance {
		case lowBalanceRefuse:
			return r, refused("balance_insufficient", "Insufficient funds in your Stripe balance to refund this amount.")
		case lowBalancePending:
			r.Status = "pending"
			t.after(refundLooksAgain, "refund.fund", r.Account, r.ID)
		}
	}
	switch c.Card.Effect {
	case refundFailing:
		t.after(refundMovesAfter, "refund.fail", r.Account, r.ID)
	case refundDelaying:
		r.Status = "pending"
		t.after(refundMovesAfter, "refund.settle", r.Account, r.ID)
	}
	c.Refunded += r.Amount
	put(t, c)
	r = t.debit(c, r)
	put(t, r)
	t.emit(c.Account, "charge.refunded", c.view(t))
	t.emit(r.Account, "refund.created", r.view(t))
	return r, nil
}

// debit takes the refund out of the business's balance and gives it the
// operator's fee back, if that was asked for.
func (t *tx) debit(c charge, r refund) refund {
	m := movement{
		scope: scope{r.Account, t.s.newID("txn_")}, Type: "refund", Amount: -r.Amount, Currency: r.Currency,
		Source: r.ID, Description: "REFUND FOR CHARGE",
	}
	if f, ok := find[applicationFee](t, "", c.Fee); ok && r.GiveFee {
		refunded := c.Refunded - (c.Amount - c.Captured)
		if back := f.share(refunded) - f.Refunded; back > 0 {
			t.refundFee(f, back, map[string]string{})
			m.Fees = []feePart{{"application_fee", "Application fee refund", -back}}
		}
	}
	r.Movement = t.book(m).ID
	return r
}

// refundWaits ends the wait of a refund for money, if there is enough now.
func refundWaits(t *tx, account, id string) {
	r, ok := find[refund](t, account, id)
	if !ok || r.Status != "pending" {
		return
	}
	if t.funds(account, r.Currency) < 0 {
		t.after(refundLooksAgain, "refund.fund", account, id)
		return
	}
	refundSettles(t, account, id)
}

func refundSettles(t *tx, account, id string) {
	r, ok := find[refund](t, account, id)
	if !ok || r.Status != "pending" {
		return
	}
	r.Status = "succeeded"
	t.refundMoved(r)
}

func refundFails(t *tx, account, id string) {
	if r, ok := find[refund](t, account, id); ok && r.Status != "failed" {
		t.failRefund(r, "unknown")
	}
}

// failRefund is the shopper's bank sending the money back.
func (t *tx) failRefund(r refund, reason string) refund {
	c, _ := find[charge](t, r.Account, r.Charge)
	c.Refunded -= r.Amount
	put(t, c)
	r.Status, r.Failure = "failed", reason
	r.Returned = t.book(movement{
		scope: scope{r.Account, t.s.newID("txn_")}, Type: "refund_failure", Amount: r.Amount, Currency: r.Currency,
		Source: r.ID, Description: "REFUND FAILURE",
	}).ID
	t.refundMoved(r)
	return r
}

func (t *tx) refundMoved(r refund) {
	put(t, r)
	t.emit(r.Account, "charge.refund.updated", r.view(t))
	t.emit(r.Account, "refund.updated", r.view(t))
}

func getRefund(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	r, err := need[refund](rq.tx, rq.account, rq.id("id"), "refund")
	if err != nil {
		return nil, err
	}
	return r.view(rq.tx), nil
}

func listRefunds(rq *request) (object, error) {
	p := rq.params
	created, chargeID, intentID := p.timespan("created"), p.text("charge"), p.text("payment_intent")
	if err := rq.known(chargeID, intentID); err != nil {
		return nil, err
	}
	return page(rq, p.window(),
		func(r refund) bool {
			return created.holds(r.Created) && (chargeID == "" || r.Charge == chargeID) && (intentID == "" || r.Intent == intentID)
		},
		func(r refund) object { return r.view(rq.tx) })
}

// known refuses a charge or intent a list is asked for that this account does
// not have.
func (rq *request) known(chargeID, intentID string) error {
	if chargeID != "" {
		if _, err := need[charge](rq.tx, rq.account, chargeID, "charge"); err != nil {
			return err
		}
	}
	if intentID != "" {
		if _, err := need[intent](rq.tx, rq.account, intentID, "payment_intent"); err != nil {
			return err
		}
	}
	return nil
}

// chargeRefunds expands the refunds of a charge.
func chargeRefunds(rq *request, parent object, _ string) any {
	data := []any{}
	for r := range all[refund](rq.tx, rq.account) {
		if r.Charge == parent["id"] {
			data = append(data, r.view(rq.tx))
		}
	}
	return listOf("/v1/charges/"+parent["id"].(string)+"/refunds", data, false)
}

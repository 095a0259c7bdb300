package stripesandbox

import (
	"strings"
	"time"
)

const (
	disputeFee     = 1500 // minor units, taken when the money is withdrawn
	answerWithin   = 7 * 24 * time.Hour
	decidedAfter   = time.Minute
	winningWords   = "winning_evidence" // Stripe's words in test mode, in uncategorized_text
	needsResponse  = "needs_response"
	underReview    = "under_review"
	warningPrefix  = "warning_" // of the statuses of an inquiry
	maxEvidence    = 150_000
	disputeTimeout = "dispute.due"
)

// dispute is a shopper's bank asking a charge back. An inquiry (status
// warning_…) asks only, and withdraws nothing.
type dispute struct {
	scope
	Charge    string            `json:"charge"`
	Intent    string            `json:"intent"`
	Amount    int64             `json:"amount"`
	Currency  string            `json:"currency"`
	Status    string            `json:"status"`
	Reason    string            `json:"reason"`
	Created   int64             `json:"created"`
	Due       int64             `json:"due"`
	Brand     string            `json:"brand"`
	Evidence  map[string]string `json:"evidence"`
	Submitted int64             `json:"submitted"`
	Movements []string          `json:"movements"`
	Metadata  map[string]string `json:"metadata"`
}

func (dispute) kind() string { return "dispute" }

func (d dispute) inquiry() bool { return strings.HasPrefix(d.Status, warningPrefix) }

func (d dispute) open() bool {
	switch d.Status {
	case needsResponse, underReview, warningPrefix + needsResponse, warningPrefix + underReview:
		return true
	default:
		return false
	}
}

// evidenceFields is what a business may answer with, files aside.
var evidenceFields = []string{
	"access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
	"cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
	"customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
	"duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
	"refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
	"shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
}

func (d dispute) view(t *tx) object {
	movements := []any{}
	for _, id := range d.Movements {
		if m, ok := find[movement](t, d.Account, id); ok {
			movements = append(movements, m.view(t))
		}
	}
	evidence := object{}
	for _, name := range evidenceFields {
		evidence[name] = orNull(d.Evidence[name])
	}
	return object{
		"id": d.ID, "object": "dispute", "amount": d.Amount, "balance_transactions": movements, "charge": d.Charge,
		"created": d.Created, "currency": d.Currency, "evidence": evidence,
		"evidence_details": object{
			"due_by": orNull(d.Due), "has_evidence": len(d.Evidence) > 0,
			"past_due": d.Due > 0 && t.now.Unix() > d.Due, "submission_count": d.Submitted,
		},
		"is_charge_refundable": d.inquiry() || d.Status == "won", "livemode": false, "metadata": d.Metadata,
		"payment_intent":         orNull(d.Intent),
		"payment_method_details": object{"type": "card", "card": object{"brand": d.Brand, "network_reason_code": "10.4"}},
		"reason":                 d.Reason, "status": d.Status,
	}
}

// openDispute disputes what is left of a charge.
func (t *tx) openDispute(c charge, reason string, inquiry bool) dispute {
	due := t.now.Add(answerWithin)
	d := dispute{
		scope: scope{c.Account, t.s.newID("dp_")}, Charge: c.ID, Intent: c.Intent, Amount: c.left(), Currency: c.Currency,
		Status: needsResponse, Reason: reason, Created: t.now.Unix(), Due: due.Unix(), Brand: c.Card.Brand,
		Metadata: map[string]string{}, Evidence: map[string]string{},
	}
	if inquiry {
		d.Status = warningPrefix + needsResponse
	}
	c.Disputed = true
	put(t, c)
	put(t, d)
	t.at(due, disputeTimeout, d.Account, d.ID)
	t.emit(d.Account, "charge.dispute.created", d.view(t))
	if !inquiry {
		d = t.withdraw(d)
	}
	return d
}

// escalate turns an inquiry into a dispute that withdraws the money.
func (t *tx) escalate(d dispute) dispute {
	d.Status = needsResponse
	put(t, d)
	t.emit(d.Account, "charge.dispute.updated", d.view(t))
	return t.withdraw(d)
}

func (t *tx) withdraw(d dispute) dispute {
	m := t.book(movement{
		scope: scope{d.Account, t.s.newID("txn_")}, Type: "adjustment", Category: "dispute", Amount: -d.Amount,
		Currency: d.Currency, Source: d.ID, Description: "Chargeback withdrawal for " + d.Charge,
		Fees: []feePart{{"stripe_fee", "Dispute fee", disputeFee}},
	})
	d.Movements = append(d.Movements, m.ID)
	put(t, d)
	t.emit(d.Account, "charge.dispute.funds_withdrawn", d.view(t))
	return d
}

// closeDispute is the bank's word: won, lost or warning_closed.
func (t *tx) closeDispute(d dispute, status string) dispute {
	d.Status = status
	if status == "won" {
		m := t.book(movement{
			scope: scope{d.Account, t.s.newID("txn_")}, Type: "adjustment", Category: "dispute_reversal", Amount: d.Amount,
			Currency: d.Currency, Source: d.ID, Description: "Chargeback reversal for " + d.Charge,
		})
		d.Movements = append(d.Movements, m.ID)
	}
	put(t, d)
	t.emit(d.Account, "charge.dispute.closed", d.view(t))
	if status == "won" {
		t.emit(d.Account, "charge.dispute.funds_reinstated", d.view(t))
	}
	return d
}

// stillRefundable reports whether a disputed charge may be refunded: as long
// as the bank only inquires, and after the business has won.
func (t *tx) stillRefundable(c charge) bool {
	for d := range all[dispute](t, c.Account) {
		if d.Charge == c.ID && (d.Status == needsResponse || d.Status == underReview || d.Status == "lost") {
			return false
		}
	}
	return true
}

func disputeCharge(t *tx, account, id string) {
	if c, ok := find[charge](t, account, id); ok && !c.Disputed && c.left() > 0 {
		t.openDispute(c, "fraudulent", false)
	}
}

func inquireCharge(t *tx, account, id string) {
	if c, ok := find[charge](t, account, id); ok && !c.Disputed && c.left() > 0 {
		t.openDispute(c, "fraudulent", true)
	}
}

// disputeRunsOut closes a dispute nobody answered in time.
func disputeRunsOut(t *tx, account, id string) {
	d, ok := find[dispute](t, account, id)
	switch {
	case !ok:
	case d.Status == needsResponse:
		t.closeDispute(d, "lost")
	case d.Status == warningPrefix+needsResponse:
		t.closeDispute(d, "warning_closed")
	}
}

// disputeDecided is the bank's decision on the evidence: Stripe's test words
// win, anything else loses.
func disputeDecided(t *tx, account, id string) {
	d, ok := find[dispute](t, account, id)
	switch {
	case !ok:
	case d.Status == warningPrefix+underReview:
		t.closeDispute(d, "warning_closed")
	case d.Status == underReview && d.Evidence["uncategorized_text"] == winningWords:
		t.closeDispute(d, "won")
	case d.Status == underReview:
		t.closeDispute(d, "lost")
	}
}

func getDispute(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	d, err := need[dispute](rq.tx, rq.account, rq.id("id"), "dispute")
	if err != nil {
		return nil, err
	}
	return d.view(rq.tx), nil
}

func listDisputes(rq *request) (object, error) {
	p := rq.params
	created, chargeID, intentID := p.timespan("created"), p.text("charge"), p.text("payment_intent")
	if err := rq.known(chargeID, intentID); err != nil {
		return nil, err
	}
	return page(rq, p.window(),
		func(d dispute) bool {
			return created.holds(d.Created) && (chargeID == "" || d.Charge == chargeID) && (intentID == "" || d.Intent == intentID)
		},
		func(d dispute) object { return d.view(rq.tx) })
}

func updateDispute(rq *request) (object, error) {
	p := rq.params
	d, err := need[dispute](rq.tx, rq.account, rq.id("id"), "dispute")
	if err != nil {
		return nil, err
	}
	changes, size := map[string]string{}, 0
	for _, name := range evidenceFields {
		if field := "evidence[" + name + "]"; p.has(field) {
			changes[name] = p.text(field)
			size += len(changes[name])
		}
	}
	if size > maxEvidence {
		p.fail(invalid("evidence", "The combined character count of the evidence must be at most 150,000."))
	}
	submit := p.flag("submit", p.has("evidence"))
	d.Metadata = merged(d.Metadata, p.metadata("metadata"))
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(changes) > 0 || submit {
		if d.Status != needsResponse && d.Status != warningPrefix+needsResponse {
			return nil, refused("", "This dispute is already %s and its evidence can no longer be changed.", d.Status)
		}
		d.Evidence = merged(d.Evidence, changes)
	}
	if submit {
		d.Submitted++
		d.Status = strings.Replace(d.Status, needsResponse, underReview, 1)
		rq.after(decidedAfter, "dispute.decide", d.Account, d.ID)
	}
	put(rq.tx, d)
	rq.emit(d.Account, "charge.dispute.updated", d.view(rq.tx))
	return d.view(rq.tx), nil
}

package stripesandbox

import "time"

// payoutTakes is how long the bank needs.
const payoutTakes = 24 * time.Hour

// payout is money sent from an account's balance to its bank.
type payout struct {
	scope
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Status   string `json:"status"` // in_transit, paid, failed
	Created  int64  `json:"created"`
	Arrival  int64  `json:"arrival"`
	Bank     string `json:"bank"`
	Movement string `json:"movement"`
	Returned string `json:"returned"` // movement that gave a failed one back
}

func (payout) kind() string { return "payout" }

func (p payout) view(*tx) object {
	v := object{
		"id": p.ID, "object": "payout", "amount": p.Amount, "arrival_date": p.Arrival, "automatic": true,
		"balance_transaction": orNull(p.Movement), "created": p.Created, "currency": p.Currency,
		"description": "STRIPE PAYOUT", "destination": orNull(p.Bank), "failure_balance_transaction": orNull(p.Returned),
		"failure_code": nil, "failure_message": nil, "livemode": false, "metadata": object{}, "method": "standard",
		"original_payout": nil, "reconciliation_status": "completed", "reversed_by": nil, "source_type": "card",
		"statement_descriptor": nil, "status": p.Status, "type": "bank_account",
	}
	if p.Status == "failed" {
		v["failure_code"], v["failure_message"] = "account_closed", "The bank account has been closed."
	}
	return v
}

// payOut sends what is available in a currency to the business's bank.
func payOut(t *tx, accountID, currency string) {
	a, ok := find[account](t, "", accountID)
	if !ok || !a.Payouts || a.Revoked {
		return
	}
	available, _ := t.sums(accountID)
	if available[currency] <= 0 {
		return
	}
	t.sendPayout(a, currency, available[currency])
}

func (t *tx) sendPayout(a account, currency string, amount int64) payout {
	p := payout{
		scope: scope{a.ID, t.s.newID("po_")}, Amount: amount, Currency: currency, Status: "in_transit",
		Created: t.now.Unix(), Arrival: t.now.Add(payoutTakes).Unix(), Bank: a.Bank,
	}
	for m := range all[movement](t, a.ID) {
		if m.Payout == "" && m.Currency == currency && m.available(t.now) {
			m.Payout = p.ID
			put(t, m)
		}
	}
	p.Movement = t.book(movement{
		scope: scope{a.ID, t.s.newID("txn_")}, Type: "payout", Amount: -amount, Currency: currency,
		Source: p.ID, Description: "STRIPE PAYOUT", Payout: p.ID,
	}).ID
	put(t, p)
	t.after(payoutTakes, "payout.arrive", p.Account, p.ID)
	t.emit(p.Account, "payout.created", p.view(t))
	return p
}

func payoutArrives(t *tx, account, id string) {
	p, ok := find[payout](t, account, id)
	if !ok || p.Status != "in_transit" {
		return
	}
	p.Status = "paid"
	put(t, p)
	t.emit(account, "payout.paid", p.view(t))
}

// fail is the bank sending a payout back.
func (t *tx) failPayout(p payout) payout {
	p.Status = "failed"
	p.Returned = t.book(movement{
		scope: scope{p.Account, t.s.newID("txn_")}, Type: "payout_failure", Amount: p.Amount, Currency: p.Currency,
		Source: p.ID, Description: "STRIPE PAYOUT FAILED",
	}).ID
	put(t, p)
	t.emit(p.Account, "payout.failed", p.view(t))
	return p
}

func getPayout(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	p, err := need[payout](rq.tx, rq.account, rq.id("id"), "payout")
	if err != nil {
		return nil, err
	}
	return p.view(rq.tx), nil
}

func listPayouts(rq *request) (object, error) {
	p := rq.params
	created, arrival, status := p.timespan("created"), p.timespan("arrival_date"), p.choice("status", "", "pending", "paid", "failed", "canceled", "in_transit")
	return page(rq, p.window(),
		func(po payout) bool {
			return created.holds(po.Created) && arrival.holds(po.Arrival) && (status == "" || po.Status == status)
		},
		func(po payout) object { return po.view(rq.tx) })
}

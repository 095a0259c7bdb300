package stripesandbox

import "slices"

// applicationFee is the operator's share of a business's charge. It lives on
// the operator's account.
type applicationFee struct {
	scope
	Business string   `json:"business"`
	Charge   string   `json:"charge"`
	Of       int64    `json:"of"` // what the charge collected
	Amount   int64    `json:"amount"`
	Refunded int64    `json:"refunded"`
	Currency string   `json:"currency"`
	Created  int64    `json:"created"`
	Movement string   `json:"movement"`
	Returns  []string `json:"returns"` // ids of its refunds
}

func (applicationFee) kind() string { return "application_fee" }

func (f applicationFee) view(t *tx) object {
	refunds := []any{}
	for _, id := range slices.Backward(f.Returns) {
		if r, ok := find[feeRefund](t, "", id); ok {
			refunds = append(refunds, r.view(t))
		}
	}
	return object{
		"id": f.ID, "object": "application_fee", "account": f.Business, "amount": f.Amount,
		"amount_refunded": f.Refunded, "application": "ca_sandbox", "balance_transaction": orNull(f.Movement),
		"charge": f.Charge, "created": f.Created, "currency": f.Currency, "livemode": false,
		"originating_transaction": nil, "refunded": f.Refunded == f.Amount,
		"refunds": listOf("/v1/application_fees/"+f.ID+"/refunds", refunds, false),
	}
}

// feeRefund is a part of an application fee given back to the business.
type feeRefund struct {
	scope
	Fee      string            `json:"fee"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Created  int64             `json:"created"`
	Movement string            `json:"movement"`
	Metadata map[string]string `json:"metadata"`
}

func (feeRefund) kind() string { return "fee_refund" }

func (r feeRefund) view(*tx) object {
	return object{
		"id": r.ID, "object": "fee_refund", "amount": r.Amount, "balance_transaction": orNull(r.Movement),
		"created": r.Created, "currency": r.Currency, "fee": r.Fee, "metadata": r.Metadata,
	}
}

// chargeFee takes the operator's share of a charge that was collected.
func (t *tx) chargeFee(c charge) applicationFee {
	f := applicationFee{
		scope: scope{"", t.s.newID("fee_")}, Business: c.Account, Charge: c.ID, Of: c.Captured, Amount: c.Plan.Fee,
		Currency: c.Currency, Created: t.now.Unix(),
	}
	f.Movement = t.book(movement{
		scope: scope{"", t.s.newID("txn_")}, Type: "application_fee", Amount: f.Amount, Currency: f.Currency, Source: f.ID,
	}).ID
	put(t, f)
	t.emit("", "application_fee.created", f.view(t))
	return f
}

// share is how much of the fee goes back once refunded of what was collected
// has: the floor of the proportion, the rest with the last piece.
func (f applicationFee) share(refunded int64) int64 {
	if refunded >= f.Of {
		return f.Amount
	}
	return f.Amount * refunded / f.Of
}

// refundFee gives back a part of a fee, out of the operator's balance.
func (t *tx) refundFee(f applicationFee, amount int64, metadata map[string]string) feeRefund {
	r := feeRefund{
		scope: scope{"", t.s.newID("fr_")}, Fee: f.ID, Amount: amount, Currency: f.Currency,
		Created: t.now.Unix(), Metadata: metadata,
	}
	r.Movement = t.book(movement{
		scope: scope{"", t.s.newID("txn_")}, Type: "application_fee_refund", Amount: -amount, Currency: f.Currency, Source: r.ID,
	}).ID
	put(t, r)
	f.Refunded += amount
	f.Returns = append(f.Returns, r.ID)
	put(t, f)
	t.emit("", "application_fee.refunded", f.view(t))
	return r
}

func getApplicationFee(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	f, err := need[applicationFee](rq.tx, "", rq.id("id"), "id")
	if err != nil {
		return nil, err
	}
	return f.view(rq.tx), nil
}

func listApplicationFees(rq *request) (object, error) {
	created, of := rq.params.timespan("created"), rq.params.text("charge")
	return page(rq, rq.params.window(),
		func(f applicationFee) bool { return created.holds(f.Created) && (of == "" || f.Charge == of) },
		func(f applicationFee) object { return f.view(rq.tx) })
}

func createFeeRefund(rq *request) (object, error) {
	f, err := need[applicationFee](rq.tx, "", rq.id("id"), "id")
	if err != nil {
		return nil, err
	}
	p := rq.params
	amount := p.number("amount", f.Amount-f.Refunded)
	metadata := merged(nil, p.metadata("metadata"))
	if p.has("amount") && amount < 1 {
		p.fail(invalid("amount", "Invalid integer: must be at least 1"))
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if left := f.Amount - f.Refunded; amount > left || left == 0 {
		return nil, refused("", "Refund amount (%s) is greater than unrefunded amount on fee (%s)", format(amount, f.Currency), format(left, f.Currency))
	}
	r := rq.refundFee(f, amount, metadata)
	rq.book(movement{
		scope: scope{f.Business, rq.s.newID("txn_")}, Type: "adjustment", Category: "fee", Amount: amount,
		Currency: f.Currency, Source: r.ID, Description: "Application fee refund",
	})
	return r.view(rq.tx), nil
}

func listFeeRefunds(rq *request) (object, error) {
	f, err := need[applicationFee](rq.tx, "", rq.id("id"), "id")
	if err != nil {
		return nil, err
	}
	return page(rq, rq.params.window(),
		func(r feeRefund) bool { return r.Fee == f.ID },
		func(r feeRefund) object { return r.view(rq.tx) })
}

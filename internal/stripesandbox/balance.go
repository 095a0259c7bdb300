package stripesandbox

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// availableAfter is how long money stays pending before it can be paid out.
const availableAfter = 2 * 24 * time.Hour

// movement is a balance transaction: one change of an account's balance.
type movement struct {
	scope
	Type        string    `json:"type"`
	Category    string    `json:"category"` // "" = Type
	Amount      int64     `json:"amount"`
	Fees        []feePart `json:"fees"`
	Currency    string    `json:"currency"`
	Created     int64     `json:"created"`
	AvailableOn int64     `json:"available_on"`
	Source      string    `json:"source"`
	Description string    `json:"description"`
	Payout      string    `json:"payout"` // that paid it out; "": none yet
}

// feePart is one fee taken out of a movement; a negative one is given back.
type feePart struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	Amount      int64  `json:"amount"`
}

func (movement) kind() string { return "balance_transaction" }

func (m movement) fee() int64 {
	var sum int64
	for _, f := range m.Fees {
		sum += f.Amount
	}
	return sum
}

func (m movement) net() int64 { return m.Amount - m.fee() }

func (m movement) available(now time.Time) bool { return m.AvailableOn <= now.Unix() }

func (m movement) view(t *tx) object {
	fees := make([]any, len(m.Fees))
	for i, f := range m.Fees {
		fees[i] = object{
			"amount": f.Amount, "application": nil, "currency": m.Currency,
			"description": orNull(f.Description), "type": f.Type,
		}
	}
	status := "pending"
	if m.available(t.now) {
		status = "available"
	}
	return object{
		"id": m.ID, "object": "balance_transaction", "amount": m.Amount, "available_on": m.AvailableOn,
		"created": m.Created, "currency": m.Currency, "description": orNull(m.Description), "exchange_rate": nil,
		"fee": m.fee(), "fee_details": fees, "net": m.net(), "reporting_category": cmp.Or(m.Category, m.Type),
		"source": orNull(m.Source), "status": status, "type": m.Type,
	}
}

// book records a movement. Money that comes in is pending first and sets the
// day of its payout.
func (t *tx) book(m movement) movement {
	m.Created = t.now.Unix()
	on := t.now
	if m.Amount > 0 && m.Type == "charge" {
		on = on.Add(availableAfter)
		if m.Account != "" {
			t.at(nextMidnight(on), "payout.create", m.Account, m.Currency)
		}
	}
	m.AvailableOn = on.Unix()
	put(t, m)
	return m
}

// sums is the balance of an account by currency: what may be paid out, and
// what will be.
func (t *tx) sums(account string) (available, pending map[string]int64) {
	available, pending = map[string]int64{}, map[string]int64{}
	for m := range all[movement](t, account) {
		if m.available(t.now) {
			available[m.Currency] += m.net()
		} else {
			pending[m.Currency] += m.net()
		}
	}
	return available, pending
}

// funds is all an account has in a currency.
func (t *tx) funds(account, currency string) int64 {
	available, pending := t.sums(account)
	return available[currency] + pending[currency]
}

func getBalance(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	available, pending := rq.sums(rq.account)
	main := "eur"
	if a, ok := find[account](rq.tx, "", rq.account); ok {
		main = a.Currency
	}
	// Every currency is in both lists, that of the account always.
	for _, sums := range []map[string]int64{{main: 0}, available, pending} {
		for c := range sums {
			available[c] += 0
			pending[c] += 0
		}
	}
	return object{"object": "balance", "available": amounts(available), "pending": amounts(pending), "livemode": false}, nil
}

func amounts(sums map[string]int64) []any {
	out := []any{}
	for _, c := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, object{"amount": sums[c], "currency": c, "source_types": object{"card": sums[c]}})
	}
	return out
}

func getMovement(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	m, err := need[movement](rq.tx, rq.account, rq.id("id"), "id")
	if err != nil {
		return nil, err
	}
	return m.view(rq.tx), nil
}

func listMovements(rq *request) (object, error) {
	p := rq.params
	created, currency, source, typ, paidBy := p.timespan("created"), p.text("currency"), p.text("source"), p.text("type"), p.text("payout")
	if paidBy != "" {
		if _, err := need[payout](rq.tx, rq.account, paidBy, "payout"); err != nil {
			return nil, err
		}
	}
	return page(rq, p.window(),
		func(m movement) bool {
			return created.holds(m.Created) && (currency == "" || m.Currency == currency) &&
				(source == "" || m.Source == source) && (typ == "" || m.Type == typ) &&
				(paidBy == "" || m.Payout == paidBy)
		},
		func(m movement) object { return m.view(rq.tx) })
}

// movementSource expands the object a movement is about.
func movementSource(rq *request, parent object, field string) any {
	id, _ := parent[field].(string)
	for _, load := range []func() (object, bool){
		viewed(rq, id, charge.view), viewed(rq, id, refund.view), viewed(rq, id, dispute.view),
		viewed(rq, id, payout.view), viewed(rq, id, applicationFee.view), viewed(rq, id, feeRefund.view),
	} {
		if v, ok := load(); ok {
			return v
		}
	}
	return parent[field]
}

func viewed[T record](rq *request, id string, view func(T, *tx) object) func() (object, bool) {
	return func() (object, bool) {
		r, ok := find[T](rq.tx, rq.account, id)
		if !ok {
			return nil, false
		}
		return view(r, rq.tx), true
	}
}

func nextMidnight(t time.Time) time.Time {
	return t.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}

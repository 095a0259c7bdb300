package stripesandbox

const operatorID = "operator"

// operator is the account whose key the API takes: the platform. There is
// one, made at the first start.
type operator struct {
	scope
	Number  string `json:"number"` // its acct_… id
	Created int64  `json:"created"`
}

func (operator) kind() string { return "operator" }

func newOperator(t *tx) operator {
	return operator{scope{"", operatorID}, t.s.newID("acct_"), t.now.Unix()}
}

func (o operator) view() object {
	return object{
		"id": o.Number, "object": "account", "type": "standard", "country": "DE", "default_currency": "eur",
		"email": nil, "business_type": "company", "created": o.Created, "metadata": object{},
		"business_profile": profile{Name: "Sandbox operator"}.view(),
		"capabilities":     object{"card_payments": "active", "transfers": "active"},
		"charges_enabled":  true, "payouts_enabled": true, "details_submitted": true,
		"controller": object{"type": "account"},
		"settings":   accountSettings("Sandbox operator"),
	}
}

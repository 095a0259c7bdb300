package stripesandbox

import (
	"maps"
	"slices"
)

// account is a connected account: a business, known to Stripe as Express.
// It belongs to the operator's scope.
type account struct {
	scope
	Country      string            `json:"country"`
	Email        string            `json:"email"`
	BusinessType string            `json:"business_type"`
	Currency     string            `json:"currency"`
	Profile      profile           `json:"profile"`
	Metadata     map[string]string `json:"metadata"`
	Created      int64             `json:"created"`
	// Capabilities holds "inactive", "pending" or "active" for each one asked for.
	Capabilities map[string]string `json:"capabilities"`
	Submitted    bool              `json:"submitted"`
	Charges      bool              `json:"charges"`
	Payouts      bool              `json:"payouts"`
	Due          []string          `json:"due"`
	PastDue      []string          `json:"past_due"`
	Deadline     int64             `json:"deadline"`
	Disabled     string            `json:"disabled"` // the reason
	Bank         string            `json:"bank"`     // id of its bank account, "" before onboarding
	Revoked      bool              `json:"revoked"`  // the business has disconnected: nobody reaches it
	LowBalance   string            `json:"low_balance"`
}

type profile struct {
	Name        string `json:"name"`
	URL         string `json:"url"`
	MCC         string `json:"mcc"`
	Description string `json:"description"`
	Email       string `json:"email"`
	Phone       string `json:"phone"`
}

// What happens to a refund that the account's balance does not cover.
const (
	lowBalanceDebit   = "debit"   // the business's bank account covers it
	lowBalanceRefuse  = "refuse"  // the refund is refused
	lowBalancePending = "pending" // the refund waits for money
)

func (account) kind() string { return "account" }

// requirements is what onboarding asks for.
var requirements = []string{
	"business_profile.url", "external_account", "individual.dob.day", "individual.first_name",
	"individual.last_name", "tos_acceptance.date", "tos_acceptance.ip",
}

// accepts reports whether the account may take card payments.
func (a account) accepts() bool { return a.Charges && a.Capabilities["card_payments"] == "active" }

// name is what shoppers see.
func (a account) name() string {
	if a.Profile.Name != "" {
		return a.Profile.Name
	}
	return "Business " + a.ID
}

func (a account) view(*tx) object {
	return object{
		"id": a.ID, "object": "account", "type": "express", "country": a.Country, "email": orNull(a.Email),
		"business_type": orNull(a.BusinessType), "default_currency": a.Currency, "created": a.Created,
		"business_profile": a.Profile.view(), "capabilities": a.Capabilities, "metadata": a.Metadata,
		"charges_enabled": a.Charges, "payouts_enabled": a.Payouts, "details_submitted": a.Submitted,
		"controller":        object{"type": "application", "is_controller": true},
		"external_accounts": listOf("/v1/accounts/"+a.ID+"/external_accounts", a.bankAccounts(), false),
		"requirements":      a.requirements(), "future_requirements": noRequirements(),
		"settings":       accountSettings(a.name()),
		"tos_acceptance": object{},
	}
}

func (p profile) view() object {
	return object{
		"mcc": orNull(p.MCC), "name": orNull(p.Name), "product_description": orNull(p.Description),
		"support_address": nil, "support_email": orNull(p.Email), "support_phone": orNull(p.Phone),
		"support_url": nil, "url": orNull(p.URL),
	}
}

func (a account) requirements() object {
	v := noRequirements()
	v["currently_due"], v["eventually_due"], v["past_due"] = orEmpty(a.Due), orEmpty(a.Due), orEmpty(a.PastDue)
	v["current_deadline"], v["disabled_reason"] = orNull(a.Deadline), orNull(a.Disabled)
	return v
}

func noRequirements() object {
	none := []string{}
	return object{
		"alternatives": none, "current_deadline": nil, "currently_due": none, "disabled_reason": nil,
		"errors": none, "eventually_due": none, "past_due": none, "pending_verification": none,
	}
}

func (a account) bankAccounts() []any {
	if a.Bank == "" {
		return []any{}
	}
	return []any{object{
		"id": a.Bank, "object": "bank_account", "account": a.ID, "account_holder_name": nil,
		"account_holder_type": nil, "account_type": nil, "available_payout_methods": []string{"standard"},
		"bank_name": "SANDBOX BANK", "country": a.Country, "currency": a.Currency, "default_for_currency": true,
		"fingerprint": nil, "last4": "6789", "metadata": object{}, "routing_number": nil, "status": "new",
	}}
}

func accountSettings(name string) object {
	return object{
		"branding":      object{"icon": nil, "logo": nil, "primary_color": nil, "secondary_color": nil},
		"card_payments": object{"decline_on": object{"avs_failure": false, "cvc_failure": false}, "statement_descriptor_prefix": nil},
		"dashboard":     object{"display_name": name, "timezone": "Etc/UTC"},
		"payments":      object{"statement_descriptor": nil, "statement_descriptor_kana": nil, "statement_descriptor_kanji": nil},
		"payouts": object{
			"debit_negative_balances": true, "statement_descriptor": nil,
			"schedule": object{"delay_days": 2, "interval": "daily"},
		},
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// accountOf is the scope of a request by its Stripe-Account header: "" for
// the operator. An account that is not the operator's, or has disconnected,
// is refused.
func (t *tx) accountOf(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	if op, _ := find[operator](t, "", operatorID); op.Number == header {
		return "", nil
	}
	if _, err := t.connected(header); err != nil {
		return "", err
	}
	return header, nil
}

// connected is the account with this id, as long as it is within reach.
func (t *tx) connected(id string) (account, error) {
	a, ok := find[account](t, "", id)
	if !ok || a.Revoked {
		return account{}, accountInvalid(id)
	}
	return a, nil
}

// accountChanged keeps the account and tells of it: account.updated, and
// capability.updated for those that moved.
func (t *tx) accountChanged(before, after account) {
	put(t, after)
	t.emit(after.ID, "account.updated", after.view(t))
	for _, name := range []string{"card_payments", "transfers"} {
		if status := after.Capabilities[name]; status != "" && status != before.Capabilities[name] {
			t.emit(after.ID, "capability.updated", object{
				"id": name, "object": "capability", "account": after.ID, "requested": true,
				"requested_at": after.Created, "status": status,
				"requirements": object{
					"alternatives": []string{}, "current_deadline": nil, "currently_due": orEmpty(after.Due),
					"disabled_reason": orNull(after.Disabled), "errors": []string{}, "eventually_due": orEmpty(after.Due),
					"past_due": orEmpty(after.PastDue), "pending_verification": []string{},
				},
			})
		}
	}
}

// enable is the account after onboarding: everything told, nothing due.
func (a account) enable(t *tx) account {
	a.Submitted, a.Charges, a.Payouts = true, true, true
	a.Due, a.PastDue, a.Deadline, a.Disabled = nil, nil, 0, ""
	a.Capabilities = allCapabilities(a.Capabilities, "active")
	if a.Bank == "" {
		a.Bank = t.s.newID("ba_")
	}
	return a
}

// restrict is the account with something due: charges stay on when it may
// still take payments until the deadline.
func (a account) restrict(due []string, deadline int64, charges bool) account {
	if len(due) == 0 {
		due = []string{"individual.verification.document"}
	}
	a.Due, a.Deadline = due, deadline
	if !charges {
		a.Charges, a.Payouts, a.PastDue, a.Disabled = false, false, due, "requirements.past_due"
		a.Capabilities = allCapabilities(a.Capabilities, "inactive")
	}
	return a
}

func allCapabilities(asked map[string]string, status string) map[string]string {
	out := map[string]string{}
	for name := range asked {
		out[name] = status
	}
	return out
}

func getOwnAccount(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	if rq.account == "" {
		op, _ := find[operator](rq.tx, "", operatorID)
		return op.view(), nil
	}
	a, err := rq.connected(rq.account)
	if err != nil {
		return nil, err
	}
	return a.view(rq.tx), nil
}

func getAccount(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	if op, _ := find[operator](rq.tx, "", operatorID); op.Number == rq.id("id") {
		return op.view(), nil
	}
	a, err := rq.connected(rq.id("id"))
	if err != nil {
		return nil, err
	}
	return a.view(rq.tx), nil
}

func createAccount(rq *request) (object, error) {
	p := rq.params
	a := account{
		scope: scope{"", rq.s.newID("acct_")}, Created: rq.now.Unix(), Country: "DE",
		Metadata: map[string]string{}, Capabilities: map[string]string{},
		Due: slices.Clone(requirements), Disabled: "requirements.past_due", LowBalance: lowBalanceDebit,
	}
	if p.choice("type", "express", "custom", "standard") != "express" {
		p.fail(invalid("type", "The sandbox makes Express accounts only."))
	}
	if p.has("country") {
		a.Country = p.text("country")
	}
	currency, ok := currencyOf[a.Country]
	if !ok {
		p.fail(invalid("country", "Country '%s' is not supported.", a.Country).code("country_unsupported"))
	}
	a.Currency = currency
	a = a.edit(p)
	if err := p.check(); err != nil {
		return nil, err
	}
	put(rq.tx, a)
	return a.view(rq.tx), nil
}

func updateAccount(rq *request) (object, error) {
	before, err := rq.connected(rq.id("id"))
	if err != nil {
		return nil, err
	}
	after := before.edit(rq.params)
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	rq.accountChanged(before, after)
	return after.view(rq.tx), nil
}

// edit is the account with the fields that were sent.
func (a account) edit(p params) account {
	set := func(field *string, name string) {
		if p.has(name) {
			*field = p.text(name)
		}
	}
	set(&a.Email, "email")
	set(&a.Currency, "default_currency")
	set(&a.Profile.Name, "business_profile[name]")
	set(&a.Profile.URL, "business_profile[url]")
	set(&a.Profile.MCC, "business_profile[mcc]")
	set(&a.Profile.Description, "business_profile[product_description]")
	set(&a.Profile.Email, "business_profile[support_email]")
	set(&a.Profile.Phone, "business_profile[support_phone]")
	if p.has("business_type") {
		a.BusinessType = p.choice("business_type", "individual", "company", "government_entity", "non_profit")
	}
	a.Metadata = merged(a.Metadata, p.metadata("metadata"))
	a.Capabilities = maps.Clone(a.Capabilities)
	for _, name := range []string{"card_payments", "transfers"} {
		if p.flag("capabilities["+name+"][requested]", false) && a.Capabilities[name] == "" {
			a.Capabilities[name] = "inactive"
			if a.Charges {
				a.Capabilities[name] = "active"
			}
		}
	}
	return a
}

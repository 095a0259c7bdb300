package stripesandbox

// intent is a Payment Intent: the sum of one session and what became of it.
type intent struct {
	scope
	Session     string            `json:"session"`
	Created     int64             `json:"created"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	Plan        plan              `json:"plan"`
	Status      string            `json:"status"`
	Received    int64             `json:"received"`
	Charge      string            `json:"charge"` // the latest
	Method      string            `json:"method"` // id of the payment method
	Card        card              `json:"card"`   // the one typed last
	LastError   *cardError        `json:"last_error"`
	CanceledAt  int64             `json:"canceled_at"`
	CancelledBy string            `json:"cancelled_by"`
	Metadata    map[string]string `json:"metadata"`
	Origin      string            `json:"origin"` // of its 3-D Secure page
}

func (intent) kind() string { return "payment_intent" }

// open reports whether the shopper may still pay it.
func (i intent) open() bool {
	return i.Status == "requires_payment_method" || i.Status == "requires_action"
}

func (i intent) view(*tx) object {
	v := object{
		"id": i.ID, "object": "payment_intent", "amount": i.Amount, "amount_capturable": 0, "amount_received": i.Received,
		"amount_details": object{"tip": object{}}, "application": nil, "application_fee_amount": orNull(i.Plan.Fee),
		"automatic_payment_methods": nil, "canceled_at": orNull(i.CanceledAt), "cancellation_reason": orNull(i.CancelledBy),
		"capture_method": i.Plan.Capture, "client_secret": nil, "confirmation_method": "automatic", "created": i.Created,
		"currency": i.Currency, "customer": nil, "description": orNull(i.Plan.Description), "invoice": nil,
		"last_payment_error": nil, "latest_charge": orNull(i.Charge), "livemode": false, "metadata": i.Metadata,
		"next_action": nil, "on_behalf_of": nil, "payment_method": orNull(i.Method),
		"payment_method_configuration_details": nil,
		"payment_method_options":               object{"card": object{"installments": nil, "mandate_options": nil, "network": nil, "request_three_d_secure": "automatic"}},
		"payment_method_types":                 []string{"card"}, "processing": nil, "receipt_email": orNull(i.Plan.Receipt),
		"review": nil, "setup_future_usage": nil, "shipping": nil, "statement_descriptor": nil,
		"statement_descriptor_suffix": orNull(i.Plan.Suffix), "status": i.Status, "transfer_data": nil, "transfer_group": nil,
	}
	if i.LastError != nil {
		v["last_payment_error"] = i.LastError.view()
	}
	switch i.Status {
	case "requires_capture":
		v["amount_capturable"] = i.Amount
	case "requires_action":
		v["next_action"] = object{"type": "redirect_to_url", "redirect_to_url": object{
			"url": i.Origin + "/c/3ds/" + i.ID, "return_url": i.Origin + "/c/pay/" + i.Session,
		}}
	}
	return v
}

func getIntent(rq *request) (object, error) {
	rq.params.text("client_secret")
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	i, err := need[intent](rq.tx, rq.account, rq.id("id"), "intent")
	if err != nil {
		return nil, err
	}
	return i.view(rq.tx), nil
}

func captureIntent(rq *request) (object, error) {
	p := rq.params
	i, err := need[intent](rq.tx, rq.account, rq.id("id"), "intent")
	if err != nil {
		return nil, err
	}
	amount := p.number("amount_to_capture", i.Amount)
	p.flag("final_capture", true)
	i.Metadata = merged(i.Metadata, p.metadata("metadata"))
	if p.has("statement_descriptor_suffix") {
		i.Plan.Suffix = p.text("statement_descriptor_suffix")
	}
	if p.has("transfer_data") {
		p.fail(invalid("transfer_data", "transfer_data is not used with direct charges."))
	}
	if amount < 1 {
		p.fail(invalid("amount_to_capture", "Invalid integer: must be at least 1"))
	}
	if name := "application_fee_amount"; p.has(name) {
		i.Plan.Fee = p.number(name, 0)
		p.checkFee(name, i.Plan.Fee, amount, rq.account)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	switch {
	case i.Status != "requires_capture":
		return nil, refused("payment_intent_unexpected_state", "This PaymentIntent could not be captured because it has a status of %s. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", i.Status)
	case amount > i.Amount:
		return nil, refused("amount_too_large", "The amount to capture must not be greater than %s.", format(i.Amount, i.Currency))
	}
	// A fee that was not named again is not larger than what is captured.
	i.Plan.Fee = min(i.Plan.Fee, amount)
	return rq.capture(i, amount).view(rq.tx), nil
}

func cancelIntent(rq *request) (object, error) {
	p := rq.params
	reason := p.choice("cancellation_reason", "", "abandoned", "duplicate", "fraudulent", "requested_by_customer")
	if err := p.check(); err != nil {
		return nil, err
	}
	i, err := need[intent](rq.tx, rq.account, rq.id("id"), "intent")
	if err != nil {
		return nil, err
	}
	switch s, _ := find[session](rq.tx, i.Account, i.Session); {
	case i.Status == "succeeded" || i.Status == "canceled" || i.Status == "processing":
		return nil, refused("payment_intent_unexpected_state", "You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action.", i.Status)
	case s.Status == "open":
		return nil, refused("payment_intent_unexpected_state", "You cannot cancel PaymentIntents created by Checkout while their session is open. Expire the session instead.")
	}
	return rq.cancel(i, reason).view(rq.tx), nil
}

// cancel ends an intent and lets go of what was authorised.
func (t *tx) cancel(i intent, reason string) intent {
	authorised := i.Status == "requires_capture"
	i.Status, i.CanceledAt, i.CancelledBy = "canceled", t.now.Unix(), reason
	put(t, i)
	if c, ok := find[charge](t, i.Account, i.Charge); ok && authorised {
		t.release(c, reason)
	}
	t.emit(i.Account, "payment_intent.canceled", i.view(t))
	return i
}

// authorizationLapsed is what a bank does with an authorisation nobody
// captured in time.
func authorizationLapsed(t *tx, account, id string) {
	i, ok := find[intent](t, account, id)
	if !ok || i.Status != "requires_capture" {
		return
	}
	i = t.cancel(i, "automatic")
	if c, ok := find[charge](t, account, i.Charge); ok {
		t.emit(account, "charge.expired", c.view(t))
	}
}

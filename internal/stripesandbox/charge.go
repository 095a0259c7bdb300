package stripesandbox

import (
	"time"
)

// captureLife is how long an authorisation may wait for its capture.
const captureLife = 7 * 24 * time.Hour

// charge is one try to take an intent's sum from a card.
type charge struct {
	scope
	Intent   string            `json:"intent"`
	Created  int64             `json:"created"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Status   string            `json:"status"` // succeeded, pending, failed
	Captured int64             `json:"captured"`
	Refunded int64             `json:"refunded"` // includes what a partial capture let go
	Plan     plan              `json:"plan"`
	Metadata map[string]string `json:"metadata"`
	Card     card              `json:"card"`
	Method   string            `json:"method"`
	Payer    payer             `json:"payer"`
	Error    *cardError        `json:"error"`
	Secure   bool              `json:"secure"` // went through 3-D Secure
	Disputed bool              `json:"disputed"`
	Fee      string            `json:"fee"`      // application fee
	Movement string            `json:"movement"` // balance transaction
	Before   int64             `json:"before"`   // capture until; 0: not to be captured
	Origin   string            `json:"origin"`
}

func (charge) kind() string { return "charge" }

// left is what may still be refunded.
func (c charge) left() int64 { return c.Amount - c.Refunded }

func (c charge) view(*tx) object {
	v := object{
		"id": c.ID, "object": "charge", "amount": c.Amount, "amount_captured": c.Captured, "amount_refunded": c.Refunded,
		"application": nil, "application_fee": orNull(c.Fee), "application_fee_amount": orNull(c.Plan.Fee),
		"balance_transaction":             orNull(c.Movement),
		"billing_details":                 object{"address": emptyAddress(), "email": orNull(c.Payer.Email), "name": orNull(c.Payer.Name), "phone": nil},
		"calculated_statement_descriptor": "SANDBOX", "captured": c.Captured > 0, "created": c.Created, "currency": c.Currency,
		"customer": nil, "description": orNull(c.Plan.Description), "disputed": c.Disputed, "failure_balance_transaction": nil,
		"failure_code": nil, "failure_message": nil, "fraud_details": object{}, "invoice": nil, "livemode": false,
		"metadata": c.Metadata, "on_behalf_of": nil, "outcome": c.outcome(), "paid": c.Status == "succeeded",
		"payment_intent": c.Intent, "payment_method": c.Method, "payment_method_details": c.method(),
		"radar_options": object{}, "receipt_email": orNull(c.Plan.Receipt), "receipt_number": nil, "receipt_url": nil,
		"refunded": c.Refunded == c.Amount, "review": nil, "shipping": nil, "source_transfer": nil,
		"statement_descriptor": nil, "statement_descriptor_suffix": orNull(c.Plan.Suffix), "status": c.Status,
		"transfer_data": nil, "transfer_group": nil,
	}
	if c.Error != nil {
		v["failure_code"], v["failure_message"] = c.Error.Code, c.Error.Message
	}
	if c.Status == "succeeded" {
		v["receipt_url"] = c.Origin + "/receipts/" + c.ID
	}
	return v
}

func (c charge) outcome() object {
	v := object{
		"network_status": "approved_by_network", "reason": nil, "risk_level": "normal", "risk_score": 12,
		"seller_message": "Payment complete.", "type": "authorized",
	}
	if c.Error != nil {
		v["network_status"], v["type"] = "declined_by_network", "issuer_declined"
		v["reason"], v["seller_message"] = c.Error.Decline, "The bank did not accept the payment."
	}
	return v
}

func (c charge) method() object {
	check := "pass"
	if c.Card.Effect == hasWrongCVC {
		check = "fail"
	}
	details := object{
		"brand": c.Card.Brand, "country": "US", "exp_month": c.Card.ExpMonth, "exp_year": c.Card.ExpYear,
		"checks":      object{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": check},
		"fingerprint": "sandbox" + c.Card.Last4, "funding": "credit", "installments": nil, "last4": c.Card.Last4,
		"mandate": nil, "network": c.Card.Brand, "network_token": object{"used": false}, "three_d_secure": nil, "wallet": nil,
		"amount_authorized":         c.Amount,
		"extended_authorization":    object{"status": "disabled"},
		"incremental_authorization": object{"status": "unavailable"},
		"multicapture":              object{"status": "unavailable"},
		"overcapture":               object{"status": "unavailable", "maximum_amount_capturable": c.Amount},
	}
	if c.Secure {
		details["three_d_secure"] = object{
			"authentication_flow": "challenge", "electronic_commerce_indicator": "05", "exemption_indicator": nil,
			"result": "authenticated", "result_reason": nil, "transaction_id": nil, "version": "2.2.0",
		}
	}
	if c.Before > 0 {
		details["capture_before"] = c.Before
	}
	return object{"type": "card", "card": details}
}

func emptyAddress() object {
	return object{"city": nil, "country": nil, "line1": nil, "line2": nil, "postal_code": nil, "state": nil}
}

func getCharge(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	c, err := need[charge](rq.tx, rq.account, rq.id("id"), "charge")
	if err != nil {
		return nil, err
	}
	return c.view(rq.tx), nil
}

// newCharge is a try to take the intent's sum from the card typed in.
func (t *tx) newCharge(i intent, by payer) charge {
	return charge{
		scope: scope{i.Account, t.s.newID("ch_")}, Intent: i.ID, Created: t.now.Unix(), Amount: i.Amount,
		Currency: i.Currency, Status: "succeeded", Plan: i.Plan, Metadata: i.Metadata, Card: i.Card, Method: i.Method,
		Payer: by, Origin: i.Origin,
	}
}

// release lets go of an authorised sum: Stripe shows that as a refund of all.
func (t *tx) release(c charge, reason string) {
	c.Refunded, c.Before = c.Amount, 0
	put(t, c)
	put(t, refund{
		scope: scope{c.Account, t.s.newID("re_")}, Charge: c.ID, Intent: c.Intent, Amount: c.Amount, Currency: c.Currency,
		Created: t.now.Unix(), Status: "succeeded", Reason: releaseReason(reason), Metadata: map[string]string{},
	})
	t.emit(c.Account, "charge.refunded", c.view(t))
}

func releaseReason(cancelled string) string {
	switch cancelled {
	case "automatic":
		return "expired_uncaptured_charge"
	case "duplicate", "fraudulent", "requested_by_customer":
		return cancelled
	default:
		return ""
	}
}

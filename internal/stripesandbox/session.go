package stripesandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// session is a Checkout Session: one hosted page to pay one sum.
type session struct {
	scope
	Created       int64             `json:"created"`
	ExpiresAt     int64             `json:"expires_at"`
	Status        string            `json:"status"`         // open, complete, expired
	PaymentStatus string            `json:"payment_status"` // unpaid, paid
	Currency      string            `json:"currency"`
	Total         int64             `json:"total"`
	Items         []item            `json:"items"`
	SuccessURL    string            `json:"success_url"`
	CancelURL     string            `json:"cancel_url"`
	Origin        string            `json:"origin"` // of the hosted page
	Reference     string            `json:"reference"`
	Email         string            `json:"email"` // given at creation
	Locale        string            `json:"locale"`
	SubmitType    string            `json:"submit_type"`
	Metadata      map[string]string `json:"metadata"`
	Plan          plan              `json:"plan"`
	Intent        string            `json:"intent"` // "" before the shopper first confirms
	Payer         payer             `json:"payer"`
}

func (session) kind() string { return "checkout.session" }

// plan is what payment_intent_data says about the intent to come.
type plan struct {
	Fee         int64             `json:"fee"`
	Capture     string            `json:"capture"`
	Description string            `json:"description"`
	Suffix      string            `json:"suffix"`
	Receipt     string            `json:"receipt"`
	Metadata    map[string]string `json:"metadata"`
}

// payer is who paid, as typed on the hosted page.
type payer struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// item is one line of a session.
type item struct {
	ID       string `json:"id"`
	Price    string `json:"price"`
	Product  string `json:"product"`
	Name     string `json:"name"`
	Unit     int64  `json:"unit"`
	Quantity int64  `json:"quantity"`
}

func (i item) total() int64 { return i.Unit * i.Quantity }

func (i item) view(s session) object {
	return object{
		"id": i.ID, "object": "item", "description": i.Name, "currency": s.Currency, "quantity": i.Quantity,
		"amount_discount": 0, "amount_subtotal": i.total(), "amount_tax": 0, "amount_total": i.total(),
		"price": object{
			"id": i.Price, "object": "price", "active": false, "billing_scheme": "per_unit", "created": s.Created,
			"currency": s.Currency, "custom_unit_amount": nil, "livemode": false, "lookup_key": nil,
			"metadata": object{}, "nickname": nil, "product": i.Product, "recurring": nil,
			"tax_behavior": "unspecified", "tiers_mode": nil, "transform_quantity": nil, "type": "one_time",
			"unit_amount": i.Unit, "unit_amount_decimal": fmt.Sprint(i.Unit),
		},
	}
}

func (s session) view(*tx) object {
	v := object{
		"id": s.ID, "object": "checkout.session", "after_expiration": nil, "allow_promotion_codes": nil,
		"amount_subtotal": s.Total, "amount_total": s.Total,
		"automatic_tax":              object{"enabled": false, "liability": nil, "status": nil},
		"billing_address_collection": nil, "cancel_url": orNull(s.CancelURL),
		"client_reference_id": orNull(s.Reference), "client_secret": nil, "consent": nil, "consent_collection": nil,
		"created": s.Created, "currency": s.Currency, "currency_conversion": nil, "custom_fields": []any{},
		"custom_text": object{
			"after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil,
		},
		"customer": nil, "customer_creation": "if_required", "customer_details": s.payerView(),
		"customer_email": orNull(s.Email), "expires_at": s.ExpiresAt, "invoice": nil, "invoice_creation": nil,
		"livemode": false, "locale": orNull(s.Locale), "metadata": s.Metadata, "mode": "payment",
		"payment_intent": orNull(s.Intent), "payment_link": nil, "payment_method_collection": "if_required",
		"payment_method_configuration_details": nil, "payment_method_options": object{},
		"payment_method_types": []string{"card"}, "payment_status": s.PaymentStatus,
		"phone_number_collection": object{"enabled": false}, "recovered_from": nil, "setup_intent": nil,
		"shipping_address_collection": nil, "shipping_cost": nil, "shipping_details": nil,
		"shipping_options": []any{}, "status": s.Status, "submit_type": orNull(s.SubmitType), "subscription": nil,
		"success_url": s.SuccessURL, "total_details": object{"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
		"ui_mode": "hosted", "url": nil,
	}
	if s.Status == "open" {
		v["url"] = s.pageURL()
	}
	return v
}

func (s session) pageURL() string { return s.Origin + "/c/pay/" + s.ID }

func (s session) payerView() any {
	if s.Payer == (payer{}) && s.Email == "" {
		return nil
	}
	email := s.Payer.Email
	if email == "" {
		email = s.Email
	}
	return object{
		"address": nil, "email": orNull(email), "name": orNull(s.Payer.Name), "phone": nil,
		"tax_exempt": "none", "tax_ids": nil,
	}
}

// A session lives from 30 minutes to 24 hours.
const (
	sessionMin = 30 * time.Minute
	sessionMax = 24 * time.Hour
)

var locales = []string{
	"", "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr",
	"hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl",
	"sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
}

func createSession(rq *request) (object, error) {
	p := rq.params
	s := session{
		scope: scope{rq.account, rq.s.newID("cs_test_")}, Created: rq.now.Unix(), Status: "open", PaymentStatus: "unpaid",
		SuccessURL: p.required("success_url"), CancelURL: p.text("cancel_url"), Origin: rq.origin(),
		Reference: p.text("client_reference_id"), Email: p.text("customer_email"),
		Locale:     p.choice("locale", locales...),
		SubmitType: p.choice("submit_type", "", "auto", "book", "donate", "pay"),
		Metadata:   merged(nil, p.metadata("metadata")),
		ExpiresAt:  p.number("expires_at", rq.now.Add(sessionMax).Unix()),
	}
	if p.required("mode") != "payment" {
		p.fail(invalid("mode", "The sandbox knows mode=payment only."))
	}
	p.choice("ui_mode", "hosted")
	for i, kind := range p.list("payment_method_types") {
		if kind != "card" {
			p.fail(invalid(fmt.Sprintf("payment_method_types[%d]", i), "The sandbox takes cards only, not %s.", kind))
		}
	}
	p.pageURL("success_url")
	p.pageURL("cancel_url")
	if len(s.Reference) > 200 {
		p.fail(invalid("client_reference_id", "Invalid string: at most 200 characters"))
	}
	if s.Email != "" && !strings.Contains(s.Email, "@") {
		p.fail(invalid("customer_email", "Invalid email address: %s", s.Email).code("email_invalid"))
	}
	// Half a minute of grace for the time the request took.
	if life := time.Unix(s.ExpiresAt, 0).Sub(rq.now); life < sessionMin-30*time.Second {
		p.fail(invalid("expires_at", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."))
	} else if life > sessionMax {
		p.fail(invalid("expires_at", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."))
	}
	s.readItems(rq)
	s.readPlan(rq)
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := rq.checkAccepts(); err != nil {
		return nil, err
	}
	put(rq.tx, s)
	rq.at(time.Unix(s.ExpiresAt, 0).UTC(), "session.expire", s.Account, s.ID)
	return s.view(rq.tx), nil
}

// checkAccepts refuses a session on an account that cannot take cards now.
func (rq *request) checkAccepts() error {
	if rq.account == "" {
		return nil
	}
	a, err := rq.connected(rq.account)
	if err == nil && !a.accepts() {
		return refused("", "Your account cannot currently make charges: card_payments is not active for %s.", a.ID)
	}
	return err
}

func (s *session) readItems(rq *request) {
	p := rq.params
	lines := p.elements("line_items")
	if len(lines) == 0 {
		p.fail(invalid("line_items", "Missing required param: line_items.").code("parameter_missing"))
	}
	if len(lines) > 100 {
		p.fail(invalid("line_items", "Checkout Sessions hold at most 100 line items."))
	}
	for _, line := range lines {
		i := item{
			ID: rq.s.newID("li_"), Price: rq.s.newID("price_"), Product: rq.s.newID("prod_"),
			Name: line.required("price_data[product_data][name]"), Quantity: line.number("quantity", 1),
			Unit: line.number("price_data[unit_amount]", -1),
		}
		line.text("price_data[product_data][description]")
		line.list("price_data[product_data][images]")
		line.metadata("price_data[product_data][metadata]")
		line.choice("price_data[tax_behavior]", "", "exclusive", "inclusive", "unspecified")
		if i.Unit < 0 || i.Unit > maximum {
			p.fail(invalid(line.name("price_data[unit_amount]"), "Invalid integer: unit_amount must be between 0 and %d", maximum))
		}
		if i.Quantity < 1 || i.Quantity > 999_999 {
			p.fail(invalid(line.name("quantity"), "Invalid quantity"))
		}
		currency := strings.ToLower(line.required("price_data[currency]"))
		if s.Currency == "" {
			s.Currency = currency
		}
		if currency != s.Currency {
			p.fail(invalid(line.name("price_data[currency]"), "All line items must be in one currency."))
		}
		s.Items = append(s.Items, i)
		s.Total += i.total()
	}
	if len(s.Currency) != 3 {
		p.fail(invalid("line_items[0][price_data][currency]", "Invalid currency: %s", s.Currency))
	}
	p.checkAmount(s.Total, s.Currency)
}

func (s *session) readPlan(rq *request) {
	p := rq.params
	const data = "payment_intent_data"
	s.Plan = plan{
		Fee:         p.number(data+"[application_fee_amount]", 0),
		Capture:     p.choice(data+"[capture_method]", "automatic", "automatic_async", "manual"),
		Description: p.text(data + "[description]"),
		Suffix:      p.text(data + "[statement_descriptor_suffix]"),
		Receipt:     p.text(data + "[receipt_email]"),
		Metadata:    merged(nil, p.metadata(data+"[metadata]")),
	}
	if p.has(data + "[application_fee_amount]") {
		p.checkFee(data+"[application_fee_amount]", s.Plan.Fee, s.Total, rq.account)
	}
	if len(s.Plan.Suffix) > 22 {
		p.fail(invalid(data+"[statement_descriptor_suffix]", "The statement descriptor suffix must be at most 22 characters."))
	}
	for _, forbidden := range []string{"on_behalf_of", "transfer_data", "transfer_group"} {
		if name := data + "[" + forbidden + "]"; p.has(name) {
			p.fail(invalid(name, "%s is not used with direct charges.", forbidden))
		}
	}
}

// checkFee refuses an operator's fee that Stripe would not collect.
func (p params) checkFee(name string, fee, total int64, account string) {
	switch {
	case account == "":
		p.fail(invalid(name, "Can only apply an application_fee_amount when the request is made on behalf of another account (using an OAuth key or the Stripe-Account header).").code("application_fees_not_allowed"))
	case fee < 1:
		p.fail(invalid(name, "Invalid integer: must be at least 1"))
	case fee > total:
		p.fail(invalid(name, "The application_fee_amount must not be greater than the amount."))
	}
}

// pageURL checks an address a shopper or owner is sent to, if it was given.
func (p params) pageURL(name string) {
	if !p.has(name) {
		return
	}
	u, err := url.Parse(strings.ReplaceAll(p.text(name), "{CHECKOUT_SESSION_ID}", "ID"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		p.fail(invalid(name, "Not a valid URL").code("url_invalid"))
	}
}

func getSession(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	s, err := need[session](rq.tx, rq.account, rq.id("id"), "session")
	if err != nil {
		return nil, err
	}
	return s.view(rq.tx), nil
}

func listSessions(rq *request) (object, error) {
	p := rq.params
	created, intentID, status := p.timespan("created"), p.text("payment_intent"), p.choice("status", "", "open", "complete", "expired")
	email := p.text("customer_details[email]")
	if intentID != "" {
		if _, err := need[intent](rq.tx, rq.account, intentID, "payment_intent"); err != nil {
			return nil, err
		}
	}
	return page(rq, p.window(),
		func(s session) bool {
			return created.holds(s.Created) && (intentID == "" || s.Intent == intentID) &&
				(status == "" || s.Status == status) && (email == "" || s.Payer.Email == email)
		},
		func(s session) object { return s.view(rq.tx) })
}

func listLineItems(rq *request) (object, error) {
	w := rq.params.window()
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	s, err := need[session](rq.tx, rq.account, rq.id("id"), "session")
	if err != nil {
		return nil, err
	}
	return s.itemList(rq.http.URL.Path, w)
}

func (s session) itemList(url string, w window) (object, error) {
	items := s.Items
	if edge := w.after + w.before; edge != "" {
		i := slices.IndexFunc(items, func(i item) bool { return i.ID == edge })
		switch {
		case i < 0:
			return nil, missing("item", edge, "starting_after")
		case w.after != "":
			items = items[i+1:]
		default:
			items = items[max(0, i-w.limit):i]
		}
	}
	shown := items[:min(len(items), w.limit)]
	data := make([]any, len(shown))
	for i, it := range shown {
		data[i] = it.view(s)
	}
	return listOf(url, data, len(items) > len(shown)), nil
}

// sessionItems expands line_items: the first ten, as Stripe does.
func sessionItems(rq *request, parent object, _ string) any {
	s, _ := find[session](rq.tx, rq.account, parent["id"].(string))
	list, _ := s.itemList("/v1/checkout/sessions/"+s.ID+"/line_items", window{limit: 10}) // no edge, no error
	return list
}

func expireSession(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	s, err := need[session](rq.tx, rq.account, rq.id("id"), "session")
	if err != nil {
		return nil, err
	}
	if s.Status != "open" {
		return nil, refused("", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of %s.", s.Status)
	}
	return rq.expire(s).view(rq.tx), nil
}

// expire ends an open session; its intent can no longer be paid.
func (t *tx) expire(s session) session {
	s.Status = "expired"
	put(t, s)
	if i, ok := find[intent](t, s.Account, s.Intent); ok && i.open() {
		t.cancel(i, "automatic")
	}
	t.emit(s.Account, "checkout.session.expired", s.view(t))
	return s
}

func sessionRunOut(t *tx, account, id string) {
	if s, ok := find[session](t, account, id); ok && s.Status == "open" {
		t.expire(s)
	}
}

package stripesandbox

import (
	"fmt"
	"net/http"
)

// route is one endpoint of the API.
type route struct {
	method, path string
	returns      string // kind of object it answers; "[]kind" for a list
	platform     bool   // the operator's own: refuses the Stripe-Account header
	handle       func(*request) (object, error)
}

const (
	get    = http.MethodGet
	post   = http.MethodPost
	erase  = http.MethodDelete
	anyone = false // the operator, or a business by its header
	owned  = true  // the operator only
)

// routes is the part of Stripe's API the sandbox stands in for.
var routes = []route{
	{post, "/v1/checkout/sessions", "checkout.session", anyone, createSession},
	{get, "/v1/checkout/sessions", "[]checkout.session", anyone, listSessions},
	{get, "/v1/checkout/sessions/{id}", "checkout.session", anyone, getSession},
	{post, "/v1/checkout/sessions/{id}/expire", "checkout.session", anyone, expireSession},
	{get, "/v1/checkout/sessions/{id}/line_items", "[]item", anyone, listLineItems},

	{get, "/v1/payment_intents/{id}", "payment_intent", anyone, getIntent},
	{post, "/v1/payment_intents/{id}/capture", "payment_intent", anyone, captureIntent},
	{post, "/v1/payment_intents/{id}/cancel", "payment_intent", anyone, cancelIntent},
	{get, "/v1/charges/{id}", "charge", anyone, getCharge},

	{post, "/v1/refunds", "refund", anyone, createRefund},
	{get, "/v1/refunds", "[]refund", anyone, listRefunds},
	{get, "/v1/refunds/{id}", "refund", anyone, getRefund},

	{get, "/v1/disputes", "[]dispute", anyone, listDisputes},
	{get, "/v1/disputes/{id}", "dispute", anyone, getDispute},
	{post, "/v1/disputes/{id}", "dispute", anyone, updateDispute},

	{get, "/v1/balance", "balance", anyone, getBalance},
	{get, "/v1/balance_transactions", "[]balance_transaction", anyone, listMovements},
	{get, "/v1/balance_transactions/{id}", "balance_transaction", anyone, getMovement},
	{get, "/v1/payouts", "[]payout", anyone, listPayouts},
	{get, "/v1/payouts/{id}", "payout", anyone, getPayout},

	{get, "/v1/events", "[]event", anyone, listEvents},
	{get, "/v1/events/{id}", "event", anyone, getEvent},

	{get, "/v1/account", "account", anyone, getOwnAccount},
	{post, "/v1/accounts", "account", owned, createAccount},
	{get, "/v1/accounts/{id}", "account", owned, getAccount},
	{post, "/v1/accounts/{id}", "account", owned, updateAccount},
	{post, "/v1/account_links", "account_link", owned, createAccountLink},
	{post, "/v1/accounts/{id}/login_links", "login_link", owned, createLoginLink},

	{get, "/v1/application_fees", "[]application_fee", owned, listApplicationFees},
	{get, "/v1/application_fees/{id}", "application_fee", owned, getApplicationFee},
	{post, "/v1/application_fees/{id}/refunds", "fee_refund", owned, createFeeRefund},
	{get, "/v1/application_fees/{id}/refunds", "[]fee_refund", owned, listFeeRefunds},

	{post, "/v1/webhook_endpoints", "webhook_endpoint", owned, createEndpoint},
	{get, "/v1/webhook_endpoints", "[]webhook_endpoint", owned, listEndpoints},
	{get, "/v1/webhook_endpoints/{id}", "webhook_endpoint", owned, getEndpoint},
	{erase, "/v1/webhook_endpoints/{id}", "deleted_webhook_endpoint", owned, deleteEndpoint},
}

func (s *Sandbox) apiHandler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.HandleFunc(rt.method+" "+rt.path, s.serve(rt))
	}
	mux.HandleFunc("/v1/", s.unknown)
	mux.Handle("/", s.pages())
	return mux
}

func (s *Sandbox) unknown(w http.ResponseWriter, r *http.Request) {
	c := s.newCall(r)
	w.Header().Set("Request-Id", c.RequestID)
	s.send(w, c, s.failure(c, &apiError{
		Status: http.StatusNotFound, Type: "invalid_request_error",
		Message: fmt.Sprintf("Unrecognized request URL (%s: %s).", r.Method, r.URL.Path),
	}))
}

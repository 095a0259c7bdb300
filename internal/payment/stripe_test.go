package payment

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
)

var testSession = SessionInput{
	Account: "acct_123", Install: "inst", Order: "ord-1", Payment: "pay-1", Currency: "EUR",
	Lines: []SessionLine{{"3 × Bread", 752}, {"Cake", 2083}, {"Delivery", 390}}, Fee: 70,
	ExpiresAt: time.Now().Add(35 * time.Minute), Email: "a@example.org", Locale: "de",
	SuccessURL: "https://nearby.example/o/ord-1?s={CHECKOUT_SESSION_ID}", CancelURL: "https://nearby.example/o/ord-1",
	Description: "Order at Bakery", Suffix: "BAKERY",
}

// calls is every method of the Gateway that reaches the provider, with the
// request it must make. The account column is the heart of it: a call that
// forgets the header would charge the operator.
var calls = []struct {
	name, method, path, account string
	post                        bool // carries our idempotency key
	do                          func(context.Context, Gateway) error
}{
	{"OpenSession", "POST", "/v1/checkout/sessions", "acct_123", true, func(ctx context.Context, g Gateway) error {
		_, err := g.OpenSession(ctx, "k", testSession)
		return err
	}},
	{"ExpireSession", "POST", "/v1/checkout/sessions/cs_test_1/expire", "acct_123", true, func(ctx context.Context, g Gateway) error {
		return g.ExpireSession(ctx, "k", Ref{"acct_123", "cs_test_1"})
	}},
	{"Session", "GET", "/v1/checkout/sessions/cs_test_1", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Session(ctx, Ref{"acct_123", "cs_test_1"})
		return err
	}},
	{"FindSessions", "GET", "/v1/checkout/sessions", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, err := g.FindSessions(ctx, "acct_123", SessionFilter{Since: time.Unix(1, 0), Intent: "pi_1"})
		return err
	}},
	{"Capture", "POST", "/v1/payment_intents/pi_1/capture", "acct_123", true, func(ctx context.Context, g Gateway) error {
		return g.Capture(ctx, "k", Ref{"acct_123", "pi_1"}, 500, 12)
	}},
	{"Void", "POST", "/v1/payment_intents/pi_1/cancel", "acct_123", true, func(ctx context.Context, g Gateway) error {
		return g.Void(ctx, "k", Ref{"acct_123", "pi_1"})
	}},
	{"Refund", "POST", "/v1/refunds", "acct_123", true, func(ctx context.Context, g Gateway) error {
		_, err := g.Refund(ctx, "k", RefundInput{Account: "acct_123", Intent: "pi_1", Amount: 5, Install: "i", Order: "o", Refund: "r"})
		return err
	}},
	{"Refunds", "GET", "/v1/refunds", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Refunds(ctx, Ref{"acct_123", "pi_1"})
		return err
	}},
	{"Fee", "GET", "/v1/application_fees/fee_1", "", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Fee(ctx, "fee_1")
		return err
	}},
	{"Disputes", "GET", "/v1/disputes", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Disputes(ctx, Ref{"acct_123", "pi_1"})
		return err
	}},
	{"Answer", "POST", "/v1/disputes/dp_1", "acct_123", true, func(ctx context.Context, g Gateway) error {
		_, err := g.Answer(ctx, "k", Ref{"acct_123", "dp_1"}, Evidence{
			Product: "Bread", Name: "A. Shopper", Email: "a@example.org", ShippedTo: "Quay", ServiceDate: "4 May 2026", Cancellation: "c",
			RefundPolicy: "r", Log: "l", Words: "w",
		})
		return err
	}},
	{"OpenAccount", "POST", "/v1/accounts", "", true, func(ctx context.Context, g Gateway) error {
		_, err := g.OpenAccount(ctx, "k", AccountInput{Install: "i", Row: "r", Business: "b", Country: "DE", Email: "a@example.org", Name: "Bakery", URL: "https://nearby.example/b/x"})
		return err
	}},
	{"Account", "GET", "/v1/accounts/acct_123", "", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Account(ctx, "acct_123")
		return err
	}},
	{"OnboardingLink", "POST", "/v1/account_links", "", true, func(ctx context.Context, g Gateway) error {
		_, err := g.OnboardingLink(ctx, "k", LinkInput{"acct_123", LinkOnboarding, "https://nearby.example/r", "https://nearby.example/f"})
		return err
	}},
	{"DashboardLink", "POST", "/v1/accounts/acct_123/login_links", "", true, func(ctx context.Context, g Gateway) error {
		_, err := g.DashboardLink(ctx, "k", "acct_123")
		return err
	}},
	{"Balance", "GET", "/v1/balance", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Balance(ctx, "acct_123")
		return err
	}},
	{"Payouts", "GET", "/v1/payouts", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Payouts(ctx, "acct_123")
		return err
	}},
	{"Movements", "GET", "/v1/balance_transactions", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Movements(ctx, "acct_123", MovementFilter{Since: time.Unix(1, 0), Source: "ch_1"})
		return err
	}},
	{"Events", "GET", "/v1/events", "acct_123", false, func(ctx context.Context, g Gateway) error {
		_, _, err := g.Events(ctx, "acct_123", time.Unix(1, 0), "evt_0")
		return err
	}},
	{"Platform", "GET", "/v1/account", "", false, func(ctx context.Context, g Gateway) error {
		_, err := g.Platform(ctx)
		return err
	}},
}

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func gatewayOver(t *testing.T, base string, transport http.RoundTripper) *Stripe {
	t.Helper()
	verifier, err := NewVerifier("whsec_12345678")
	if err != nil {
		t.Fatal(err)
	}
	return newStripe(Config{Mode: ModeSandbox, Key: "sk_test_sandbox123", BaseURL: base}, verifier, transport, 0)
}

func TestEveryCallHasItsHeader(t *testing.T) {
	covered := map[string]bool{"Verify": true, "Live": true}
	for _, tt := range calls {
		covered[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			var got *http.Request
			g := gatewayOver(t, "http://stripe.test", roundTrip(func(r *http.Request) (*http.Response, error) {
				got = r
				return nil, errors.New("cut")
			}))
			if err := tt.do(t.Context(), g); OutcomeOf(err) != Unknown {
				t.Fatalf("err = %v, want Unknown", err)
			}
			want := []any{tt.method, "stripe.test", tt.path, tt.account, "2023-10-16", "Bearer sk_test_sandbox123", ""}
			have := []any{
				got.Method, got.URL.Host, got.URL.Path, got.Header.Get("Stripe-Account"), got.Header.Get("Stripe-Version"),
				got.Header.Get("Authorization"), got.Header.Get("X-Stripe-Client-Telemetry"),
			}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if key := got.Header.Get("Idempotency-Key"); tt.post && key != "k" || !tt.post && tt.method == "POST" {
				t.Errorf("idempotency key %q", key)
			}
		})
	}
	for m := range reflect.TypeFor[Gateway]().Methods() {
		if !covered[m.Name] {
			t.Errorf("Gateway.%s is not in the table", m.Name)
		}
	}
}

func TestEmptyAccountAndKeyAreRefused(t *testing.T) {
	g := gatewayOver(t, "http://stripe.test", roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("a request was sent: %s %s", r.Method, r.URL.Path)
		return nil, errors.New("cut")
	}))
	in := testSession
	in.Account = ""
	_, open := g.OpenSession(t.Context(), "k", in)
	_, noKey := g.OpenSession(t.Context(), "", testSession)
	_, read := g.Session(t.Context(), Ref{"", "cs_1"})
	_, find := g.FindSessions(t.Context(), "", SessionFilter{})
	_, refund := g.Refund(t.Context(), "k", RefundInput{})
	_, refunds := g.Refunds(t.Context(), Ref{})
	_, balance := g.Balance(t.Context(), "")
	_, _, events := g.Events(t.Context(), "", time.Time{}, "")
	in = testSession
	in.Fee = in.Total() + 1
	_, greedy := g.OpenSession(t.Context(), "k", in)
	for name, err := range map[string]error{
		"open": open, "open without key": noKey, "read": read, "find": find, "expire": g.ExpireSession(t.Context(), "k", Ref{}),
		"refund": refund, "refunds": refunds, "balance": balance, "events": events, "fee over the total": greedy,
	} {
		if OutcomeOf(err) != Refused {
			t.Errorf("%s: %v, want Refused", name, err)
		}
	}
}

// TestStripeMockAcceptsTheEndpoints makes both webhook endpoints at stripe-mock,
// which knows every event type of this version.
func TestStripeMockAcceptsTheEndpoints(t *testing.T) {
	g := gatewayOver(t, stripeMock(t), http.DefaultTransport)
	for _, businesses := range []bool{true, false} {
		_, err := g.openEndpoint(t.Context(), "https://nearby.example/webhooks/stripe", businesses)
		if CodeOf(err) != "no_secret" { // its answers have none; the request was accepted
			t.Errorf("businesses %t: %v", businesses, err)
		}
	}
	if _, err := g.endpoints(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestReleasesAreNoRefunds reads a list in which Stripe names what a smaller
// capture let go.
func TestReleasesAreNoRefunds(t *testing.T) {
	g := gatewayOver(t, "http://stripe.test", roundTrip(func(r *http.Request) (*http.Response, error) {
		body := `{"object": "list", "has_more": false, "url": "/v1/refunds", "data": [
			{"id": "re_1", "object": "refund", "amount": 5, "currency": "eur", "status": "succeeded", "reason": "partial_capture"},
			{"id": "re_2", "object": "refund", "amount": 7, "currency": "eur", "status": "succeeded", "reason": "requested_by_customer"},
			{"id": "re_3", "object": "refund", "amount": 9, "currency": "eur", "status": "succeeded", "reason": "expired_uncaptured_charge"}]}`
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}))
	found, err := g.Refunds(t.Context(), Ref{"acct_123", "pi_1"})
	if err != nil || len(found) != 1 || found[0].ID != "re_2" {
		t.Errorf("refunds %+v, %v", found, err)
	}
}

func TestSessionParameters(t *testing.T) {
	var form url.Values
	g := gatewayOver(t, "http://stripe.test", roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		form, _ = url.ParseQuery(string(body))
		return nil, errors.New("cut")
	}))
	send := func(in SessionInput) { _, _ = g.OpenSession(t.Context(), "k", in) }
	send(testSession)
	for name, want := range map[string]string{
		"mode": "payment", "client_reference_id": "ord-1", "metadata[install]": "inst", "payment_intent_data[metadata][payment]": "pay-1",
		"payment_intent_data[application_fee_amount]": "70", "payment_intent_data[capture_method]": "automatic",
		"line_items[0][quantity]": "1", "line_items[0][price_data][unit_amount]": "752", "line_items[0][price_data][currency]": "eur",
		"line_items[2][price_data][product_data][name]": "Delivery", "payment_method_types[0]": "card", "locale": "de",
		"success_url": "https://nearby.example/o/ord-1?s={CHECKOUT_SESSION_ID}", "submit_type": "pay",
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, never := range []string{"on_behalf_of", "transfer_data", "automatic_tax", "allow_promotion_codes", "after_expiration", "ui_mode", "shipping_options"} {
		for name := range form {
			if strings.Contains(name, never) {
				t.Errorf("%s is sent", name)
			}
		}
	}
	free := testSession
	free.Fee, free.Locale = 0, "ar"
	send(free)
	if form.Has("payment_intent_data[application_fee_amount]") || form.Get("locale") != "auto" {
		t.Errorf("fee of 0: %v, locale %s", form["payment_intent_data[application_fee_amount]"], form.Get("locale"))
	}
}

func TestOutcomes(t *testing.T) {
	fault := func(kind, code, param string) string {
		return `{"error":{"type":"` + kind + `","code":"` + code + `","param":"` + param + `","message":"no"}}`
	}
	tests := []struct {
		name     string
		status   int
		body     string
		replayed bool
		refund   bool
		want     Outcome
	}{
		{"bad request", 400, fault("invalid_request_error", "parameter_missing", "mode"), false, false, Refused},
		{"remembered bad request", 400, fault("invalid_request_error", "parameter_missing", "mode"), true, false, Refused},
		{"card error", 402, fault("card_error", "card_declined", ""), false, false, Refused},
		{"missing", 404, fault("invalid_request_error", "resource_missing", "id"), false, false, Refused},
		{"other parameters under the key", 400, fault("idempotency_error", "", ""), false, false, Burnt},
		{"key in use", 409, fault("idempotency_error", "idempotency_key_in_use", ""), false, false, Unknown},
		{"too many", 429, fault("invalid_request_error", "rate_limit", ""), false, false, Unknown},
		{"first 500", 500, fault("api_error", "", ""), false, false, Unknown},
		{"remembered 500", 500, fault("api_error", "", ""), true, false, Burnt},
		{"HTML 502", 502, "<html>bad gateway</html>", false, false, Unknown},
		{"empty 503", 503, "", false, false, Unknown},
		{"200 without JSON", 200, "<html>welcome</html>", false, false, Unknown},
		{"200 without object", 200, "{}", false, false, Unknown},
		{"redirect", 302, "", false, false, Unknown},
		{"bad key", 401, fault("invalid_request_error", "", ""), false, false, Blocked},
		{"right missing on the key", 403, fault("invalid_request_error", "", ""), false, false, Blocked},
		{"account left", 403, fault("invalid_request_error", "account_invalid", ""), false, false, Gone},
		{"balance too low", 400, fault("invalid_request_error", "balance_insufficient", ""), false, true, NoFunds},
		{"balance word elsewhere", 400, fault("invalid_request_error", "balance_insufficient", ""), false, false, Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := gatewayOver(t, "http://stripe.test", roundTrip(func(r *http.Request) (*http.Response, error) {
				rec := httptest.NewRecorder()
				rec.Header().Set("Stripe-Should-Retry", "false")
				if tt.replayed {
					rec.Header().Set("Idempotent-Replayed", "true")
				}
				rec.WriteHeader(tt.status)
				_, _ = rec.WriteString(tt.body)
				return rec.Result(), nil
			}))
			var err error
			if tt.refund {
				_, err = g.Refund(t.Context(), "k", RefundInput{Account: "acct_123", Intent: "pi_1", Amount: 5})
			} else {
				_, err = g.OpenSession(t.Context(), "k", testSession)
			}
			if err == nil || OutcomeOf(err) != tt.want {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
			if strings.Contains(err.Error(), `"message"`) {
				t.Errorf("the error repeats the provider's text: %v", err)
			}
		})
	}
	late := failureOf(t, 400, fault("invalid_request_error", "", "expires_at"))
	if !TooLate(late) || Missing(late) {
		t.Errorf("TooLate(%v) = %v", late, TooLate(late))
	}
	if gone := failureOf(t, 404, fault("invalid_request_error", "resource_missing", "id")); !Missing(gone) || TooLate(gone) {
		t.Errorf("Missing(%v) = %v", gone, Missing(gone))
	}
	if OutcomeOf(errors.New("anything")) != Unknown {
		t.Error("a foreign error is not Unknown")
	}
}

func failureOf(t *testing.T, status int, body string) error {
	t.Helper()
	g := gatewayOver(t, "http://stripe.test", roundTrip(func(*http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		rec.WriteHeader(status)
		_, _ = rec.WriteString(body)
		return rec.Result(), nil
	}))
	_, err := g.Session(t.Context(), Ref{"acct_123", "cs_1"})
	return err
}

// TestStripeMockAcceptsEveryCall replays every call at stripe-mock in strict
// mode, which checks path, parameters and version against the API's own
// description.
func TestStripeMockAcceptsEveryCall(t *testing.T) {
	g := gatewayOver(t, stripeMock(t), http.DefaultTransport)
	for _, tt := range calls {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.do(t.Context(), g); err != nil {
				t.Error(err)
			}
		})
	}
}

// stripeMock starts stripe-mock in strict mode and gives its address.
func stripeMock(t *testing.T) string {
	t.Helper()
	spec, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		t.Fatal(err)
	}
	stub, err := server.NewStubServer(fixtures, spec, true, false)
	if err != nil {
		t.Fatal(err)
	}
	mock := httptest.NewServer(http.HandlerFunc(stub.HandleRequest))
	t.Cleanup(mock.Close)
	return mock.URL
}

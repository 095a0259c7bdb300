package stripesandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
	"github.com/stripe/stripe-go/v76/webhook"

	"nearby/internal/clock"
)

const (
	testKey    = KeyPrefix + "KeyOfTheTests"
	testSecret = "whsec_secretOfTheTests"
	fine       = "4242 4242 4242 4242"
)

var testStart = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// world is a sandbox under contract, Stripe's own client that talks to it, a
// browser, and a receiver of its webhooks.
type world struct {
	t       *testing.T
	sandbox *Sandbox
	clock   *clock.Fake
	url     string // of API and pages
	control string
	stripe  *client.API
	browser *http.Client // follows no redirect
	inbox   *inbox
}

func newWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{
		t: t, clock: clock.NewFake(testStart), inbox: newInbox(t, testSecret),
		browser: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	o := Options{
		Key: testKey, Clock: w.clock.Now,
		Webhooks: []Webhook{{URL: w.inbox.url, Secret: testSecret, Businesses: true, Operator: true}},
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if w.sandbox, err = New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.sandbox.Close(); err != nil {
			t.Error(err)
		}
	})
	w.url = serve(t, underContract(t, w.sandbox.API()))
	w.control = serve(t, w.sandbox.Control())
	w.stripe = newClient(w.url)
	return w
}

func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// newClient is Stripe's client without retries: the tests see every answer.
func newClient(url string) *client.API {
	backend := func(kind stripe.SupportedBackend) stripe.Backend {
		return stripe.GetBackendWithConfig(kind, &stripe.BackendConfig{
			URL: stripe.String(url), MaxNetworkRetries: stripe.Int64(0), EnableTelemetry: stripe.Bool(false),
			LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		})
	}
	return client.New(testKey, &stripe.Backends{
		API: backend(stripe.APIBackend), Connect: backend(stripe.ConnectBackend), Uploads: backend(stripe.UploadsBackend),
	})
}

// under is the parameters every call of a business carries.
func under(account string) stripe.Params {
	return stripe.Params{StripeAccount: stripe.String(account)}
}

func listUnder(account string) stripe.ListParams {
	return stripe.ListParams{StripeAccount: stripe.String(account), Single: true, Limit: stripe.Int64(100)}
}

// business is a new account that can take payments.
func (w *world) business() string {
	w.t.Helper()
	a := w.newAccount()
	w.steer("accounts/"+a+"/activate", nil)
	return a
}

// newAccount is a new account before onboarding.
func (w *world) newAccount() string {
	w.t.Helper()
	a, err := w.stripe.Accounts.New(&stripe.AccountParams{
		Type: stripe.String("express"), Country: stripe.String("DE"), Email: stripe.String("owner@example.test"),
		BusinessType:    stripe.String("individual"),
		BusinessProfile: &stripe.AccountBusinessProfileParams{Name: stripe.String("Bakery <b>Müller</b>")},
		Capabilities: &stripe.AccountCapabilitiesParams{
			CardPayments: &stripe.AccountCapabilitiesCardPaymentsParams{Requested: stripe.Bool(true)},
			Transfers:    &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)},
		},
	})
	w.must(err)
	return a.ID
}

// sessionParams is an order of 10.00 EUR with 0.25 EUR for the operator.
func sessionParams(account string) *stripe.CheckoutSessionParams {
	return &stripe.CheckoutSessionParams{
		Params:            under(account),
		Mode:              stripe.String("payment"),
		ClientReferenceID: stripe.String("order-1"),
		SuccessURL:        stripe.String("http://app.test/paid?session={CHECKOUT_SESSION_ID}"),
		CancelURL:         stripe.String("http://app.test/cart"),
		ExpiresAt:         stripe.Int64(testStart.Add(35 * time.Minute).Unix()),
		PaymentMethodTypes: []*string{
			stripe.String("card"),
		},
		Locale: stripe.String("de"), SubmitType: stripe.String("pay"),
		LineItems: []*stripe.CheckoutSessionLineItemParams{line("2 × Bread", 700), line("Cake", 300)},
		Metadata:  map[string]string{"order": "order-1"},
		PaymentIntentData: &stripe.CheckoutSessionPaymentIntentDataParams{
			ApplicationFeeAmount: stripe.Int64(25), Metadata: map[string]string{"order": "order-1"},
			Description: stripe.String("Order 1"), StatementDescriptorSuffix: stripe.String("ORDER 1"),
		},
	}
}

func line(name string, amount int64) *stripe.CheckoutSessionLineItemParams {
	return &stripe.CheckoutSessionLineItemParams{
		Quantity: stripe.Int64(1),
		PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
			Currency: stripe.String("eur"), UnitAmount: stripe.Int64(amount),
			ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(name)},
		},
	}
}

func manually(p *stripe.CheckoutSessionParams) *stripe.CheckoutSessionParams {
	p.PaymentIntentData.CaptureMethod = stripe.String("manual")
	return p
}

func (w *world) open(p *stripe.CheckoutSessionParams) *stripe.CheckoutSession {
	w.t.Helper()
	s, err := w.stripe.CheckoutSessions.New(p)
	w.must(err)
	return s
}

// session reads a session with all the app looks at.
func (w *world) session(account, id string) *stripe.CheckoutSession {
	w.t.Helper()
	p := &stripe.CheckoutSessionParams{Params: under(account)}
	p.AddExpand("payment_intent.latest_charge.balance_transaction")
	s, err := w.stripe.CheckoutSessions.Get(id, p)
	w.must(err)
	return s
}

// paid is a session of a business that was paid with this card.
func (w *world) paid(account, number string) *stripe.CheckoutSession {
	w.t.Helper()
	s := w.open(sessionParams(account))
	w.expect(w.pay(s.URL, number), http.StatusSeeOther, "")
	return w.session(account, s.ID)
}

// pay fills in the payment page.
func (w *world) pay(page, number string, more ...string) *http.Response {
	form := url.Values{
		"number": {number}, "exp": {"12/40"}, "cvc": {"123"}, "name": {"Ada"}, "email": {"ada@example.test"}, "pay": {"now"},
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return w.post(page, form)
}

func (w *world) post(page string, form url.Values) *http.Response {
	w.t.Helper()
	r, err := w.browser.PostForm(page, form)
	w.must(err)
	return w.read(r)
}

func (w *world) get(page string) *http.Response {
	w.t.Helper()
	r, err := w.browser.Get(page)
	w.must(err)
	return w.read(r)
}

// read takes the body in, so that the connection is free again.
func (w *world) read(r *http.Response) *http.Response {
	w.t.Helper()
	body, err := io.ReadAll(r.Body)
	w.must(errors.Join(err, r.Body.Close()))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// expect checks a page's status and, of a redirect, where it leads; of any
// other page, what it must say.
func (w *world) expect(r *http.Response, status int, says string) string {
	w.t.Helper()
	body, err := io.ReadAll(r.Body)
	w.must(err)
	if r.StatusCode != status {
		w.t.Fatalf("%s %s: status %d, want %d\n%s", r.Request.Method, r.Request.URL, r.StatusCode, status, body)
	}
	got := string(body)
	if status == http.StatusSeeOther {
		got = r.Header.Get("Location")
	}
	if !strings.Contains(got, says) {
		w.t.Fatalf("%s %s: %q does not say %q", r.Request.Method, r.Request.URL, got, says)
	}
	return got
}

// steer posts to /_sandbox/ and gives the answer back.
func (w *world) steer(path string, in any) map[string]any {
	w.t.Helper()
	status, out := w.tryToSteer(http.MethodPost, path, in)
	if status != http.StatusOK {
		w.t.Fatalf("%s: %d %v", path, status, out)
	}
	return out
}

// ask reads from /_sandbox/.
func (w *world) ask(path string) map[string]any {
	w.t.Helper()
	status, out := w.tryToSteer(http.MethodGet, path, nil)
	if status != http.StatusOK {
		w.t.Fatalf("%s: %d", path, status)
	}
	return out
}

func (w *world) tryToSteer(method, path string, in any) (int, map[string]any) {
	w.t.Helper()
	var sent io.Reader = http.NoBody
	if in != nil {
		sent = bytes.NewReader(mustJSON(w.t, in))
	}
	r, err := http.NewRequest(method, w.control+"/_sandbox/"+path, sent)
	w.must(err)
	answer, err := http.DefaultClient.Do(r)
	w.must(err)
	var out map[string]any
	w.must(json.NewDecoder(w.read(answer).Body).Decode(&out))
	return answer.StatusCode, out
}

// pass lets time go by at the sandbox.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.steer("clock/advance", object{"seconds": d.Seconds()})
}

// events waits for everything due and lists the types that came for an
// account, oldest first.
func (w *world) events(account string) []string {
	w.t.Helper()
	w.steer("webhooks/flush", nil)
	var types []string
	for _, e := range w.inbox.all() {
		if e.Account == account {
			types = append(types, string(e.Type))
		}
	}
	return types
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refusal checks that err is Stripe's error with this status and code.
func (w *world) refusal(err error, status int, code string) *stripe.Error {
	w.t.Helper()
	var e *stripe.Error
	if !errors.As(err, &e) {
		w.t.Fatalf("got %v, want a refusal", err)
	}
	if e.HTTPStatusCode != status || string(e.Code) != code {
		w.t.Fatalf("refused with %d %q (%s), want %d %q", e.HTTPStatusCode, e.Code, e.Msg, status, code)
	}
	if e.RequestID == "" {
		w.t.Error("a refusal without a Request-Id")
	}
	return e
}

// inbox receives webhooks and holds each against signature and contract.
type inbox struct {
	url    string
	mu     sync.Mutex
	secret string
	events []stripe.Event
	answer func(e stripe.Event, attempt int) int // nil: 200
	seen   map[string]int
}

func newInbox(t *testing.T, secret string) *inbox {
	in := &inbox{secret: secret, seen: map[string]int{}}
	in.url = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		// The sandbox's clock may be far from this machine's: only the
		// signature is checked here.
		e, err := webhook.ConstructEventIgnoringTolerance(body, r.Header.Get("Stripe-Signature"), in.knows())
		if err != nil {
			t.Errorf("webhook: %v", err)
		}
		for _, problem := range stripeContract().checkEvent(body) {
			t.Errorf("event %s: %s", e.Type, problem)
		}
		status := in.take(e)
		if status >= 300 && status < 400 {
			w.Header().Set("Location", in.url)
		}
		w.WriteHeader(status)
	}))
	return in
}

// knows is the secret the inbox checks with; learns sets it.
func (in *inbox) knows() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.secret
}

func (in *inbox) learns(secret string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.secret = secret
}

func (in *inbox) take(e stripe.Event) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.seen[e.ID]++
	if in.answer != nil {
		if status := in.answer(e, in.seen[e.ID]); status != http.StatusOK {
			return status
		}
	}
	in.events = append(in.events, e)
	return http.StatusOK
}

func (in *inbox) all() []stripe.Event {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.events)
}

func (in *inbox) answers(with func(e stripe.Event, attempt int) int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.answer = with
}

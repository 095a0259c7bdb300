package order_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/catalog"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/ledger"
	"nearby/internal/money"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/payment/paymenttest"
	"nearby/internal/payout"
	"nearby/internal/stripesandbox"
)

const (
	hookSecret = "whsec_order_test_1234"
	goodCard   = "4242424242424242"
	declined   = "4000000000000002"
)

var (
	testKey = []byte("a key of thirty-two bytes or more")
	testNow = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC) // a Monday
)

// house is the rooms that sell, over the sandbox, with a business that takes
// cards.
type house struct {
	t         *testing.T
	db        *database.DB
	clock     *clock.Fake
	log       *audit.Log
	jobs      *job.Queue
	inbox     *inbox.Inbox
	accounts  *account.Service
	directory *directory.Service
	catalog   *catalog.Service
	stock     *catalog.Stock
	payout    *payout.Service
	ledger    *ledger.Ledger
	orders    *order.Service
	sandbox   *stripesandbox.Sandbox
	api       *httptest.Server
	tap       *paymenttest.Tap // nil while payments are off
	owner     account.Actor
	business  directory.Business
	account   string

	cut atomic.Bool // connections to the database are cut now and then

	mu    sync.Mutex
	mails []order.Mail
}

type option func(*options)

type options struct {
	off      bool
	currency string
	country  string

	acceptFor time.Duration
	twins     bool
}

// withTwinIDs has the provider number the objects of every kind alike, so that
// two accounts hold objects of the same id.
func withTwinIDs(o *options) { o.twins = true }

// TestMain keeps the log of what the tests break on purpose out of their output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// unlessTortured is how much of something a test does, usually and with
// NEARBY_TORTURE=1.
func unlessTortured(usually, fully int) int {
	if os.Getenv("NEARBY_TORTURE") != "" {
		return fully
	}
	return usually
}

func withoutCards(o *options) { o.off = true }

func inCurrency(code, country string) option {
	return func(o *options) { o.currency, o.country = code, country }
}

func newHouse(t *testing.T, db *database.DB, opts ...option) *house {
	t.Helper()
	o := options{currency: "EUR", country: "DE", acceptFor: 24 * time.Hour}
	for _, opt := range opts {
		opt(&o)
	}
	h := &house{t: t, db: db, clock: clock.NewFake(testNow)}
	var gateway payment.Gateway
	if !o.off {
		h.startSandbox(o.twins)
		gateway = h.tap
	}
	h.log = audit.New(db, h.clock.Now, testKey)
	h.jobs = job.New(db, h.clock.Now, ident.Random)
	h.accounts = account.New(db, h.log, h.jobs, h.clock.Now, ident.Random, testKey)
	h.directory = directory.New(db, h.accounts, h.log, h.clock.Now, ident.Random, testKey)
	h.catalog = catalog.New(db, h.accounts, h.directory, nil, h.log, h.clock.Now, ident.Random)
	h.stock = h.catalog.Stock()
	h.ledger = ledger.New(db, h.clock.Now, ident.Random)
	h.inbox = inbox.New(db, h.clock.Now, h.jobs, false)
	h.payout = payout.New(payout.Deps{
		DB: db, Clock: h.clock.Now, IDs: ident.Random, Audit: h.log, Jobs: h.jobs, Accounts: h.accounts, Directory: h.directory,
		Gateway: gateway, Install: "test-install", BaseURL: "https://nearby.example",
	})
	h.orders = order.New(order.Deps{
		DB: db, Clock: h.clock.Now, IDs: ident.Random, Audit: h.log, Jobs: h.jobs, Accounts: h.accounts, Directory: h.directory, Stock: h.stock,
		Payout: h.payout, Ledger: h.ledger, Gateway: gateway, Install: "test-install", BaseURL: "https://nearby.example", Secret: testKey,
		AcceptFor: o.acceptFor,
	})
	h.orders.Listen(h.inbox)
	h.payout.Listen(h.inbox)
	h.jobs.Handle("mail", func(_ context.Context, raw json.RawMessage) error {
		var m order.Mail
		err := json.Unmarshal(raw, &m)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.mails = append(h.mails, m)
		return err
	})
	h.owner = h.user("owner")
	h.business = h.open(h.owner, "Harbour Bakery", o)
	if !o.off {
		h.account = h.onboard(h.business.ID, h.owner)
	}
	return h
}

func (h *house) startSandbox(twins bool) {
	h.t.Helper()
	key := "sk_test_sandbox0123456789"
	o := stripesandbox.Options{Key: key, Clock: h.clock.Now}
	if twins {
		o.NewID = func(prefix string) string {
			switch prefix {
			case "cs_test_", "pi_", "ch_":
				return prefix + "a1b2c3d4e5f6g7h8"
			}
			return prefix + strings.ReplaceAll(ident.Random(), "-", "")
		}
	}
	sandbox, err := stripesandbox.New(o)
	h.must(err)
	h.sandbox = sandbox
	h.api = httptest.NewServer(sandbox.API())
	hook := httptest.NewServer(http.HandlerFunc(h.receive))
	h.t.Cleanup(func() {
		sandbox.Close()
		hook.Close()
		h.api.Close()
	})
	h.must(sandbox.SetWebhook(hook.URL, hookSecret))
	real, err := payment.NewStripe(payment.Config{
		Mode: payment.ModeSandbox, Key: key, BaseURL: h.api.URL,
		WebhookSecrets: []string{"whsec_operator_1234", hookSecret},
	})
	h.must(err)
	h.tap = &paymenttest.Tap{Gateway: real}
}

// receive is the webhook endpoint as the hook floor has it.
func (h *house) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		var event payment.Event
		if event, err = h.tap.Verify(body, r.Header.Get("Stripe-Signature"), h.clock.Now()); err == nil {
			err = h.inbox.Receive(context.WithoutCancel(r.Context()), event, inbox.Webhook)
		}
	}
	if err != nil {
		// A signature may age while a test moves the clock on; it is sent again.
		if away := h.cut.Load() && errs.KindOf(err) == errs.Unavailable; !away && !errs.Has(err, "bad_signature") {
			h.t.Errorf("webhook: %v", err)
		}
		w.WriteHeader(errs.KindOf(err).Status())
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%v %v", err, errs.Of(err).Fields)
	}
}

func (h *house) user(name string) account.Actor {
	h.t.Helper()
	user, err := h.accounts.Add(h.t.Context(), audit.System, account.NewUser{
		Email: name + "@example.org", Name: name, Password: "nine lives, one cat " + name,
	})
	h.must(err)
	return user.As(account.Owner)
}

// open makes a verified business.
func (h *house) open(owner account.Actor, name string, o options) directory.Business {
	h.t.Helper()
	lat, lng := 52.5, 13.4
	b, err := h.directory.Create(h.t.Context(), owner, directory.Profile{
		Name: name, Category: "bakery", Description: "Bread and buns.", Phone: "+49 30 75054321", Email: "hello@example.org",
		Address: directory.Address{Street: "Quay Street", HouseNumber: "4", Postcode: "10115", City: "Portmere", Country: o.country},
		Lat:     &lat, Lng: &lng, Hours: "24/7", LegalName: "Quay Ltd", Certified: true,
	})
	h.must(err)
	h.must(h.directory.Change(h.t.Context(), b.ID, func(b *directory.Business) error {
		b.State, b.Pickup, b.PayAtPickup, b.PrepMinutes, b.Currency = directory.Verified, true, true, 15, o.currency
		return nil
	}))
	b, err = h.directory.Get(h.t.Context(), b.ID)
	h.must(err)
	return b
}

// onboard walks the owner through the provider's forms.
func (h *house) onboard(businessID string, owner account.Actor) string {
	h.t.Helper()
	link, err := h.payout.Start(h.t.Context(), owner, businessID)
	h.must(err)
	page := h.get(link)
	token := between(page, `name="link" value="`, `"`)
	h.post(strings.SplitN(link, "?", 2)[0], url.Values{"action": {"finish"}, "link": {token}})
	h.deliver()
	status, err := h.payout.Status(h.t.Context(), businessID)
	h.must(err)
	if status.State != payout.Active {
		h.t.Fatalf("after onboarding the account is %+v", status)
	}
	accountID, err := h.payout.Orderable(h.t.Context(), businessID)
	h.must(err)
	return accountID
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (h *house) get(address string) string {
	h.t.Helper()
	resp, err := browser.Get(address)
	h.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	h.must(err)
	return string(body)
}

func (h *house) post(address string, form url.Values) (status int, location string) {
	h.t.Helper()
	resp, err := browser.PostForm(address, form)
	h.must(err)
	resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Location")
}

// pay fills in the payment page and returns the status of its answer: 303 for
// paid, 402 for declined, 410 for a page that is closed.
func (h *house) pay(page, card string) int {
	h.t.Helper()
	status, location := h.post(page, url.Values{"number": {card}, "exp": {"12 / 34"}, "cvc": {"123"}, "name": {"A. Shopper"}, "email": {"a@example.org"}})
	if status == http.StatusSeeOther && strings.Contains(location, "/c/3ds/") {
		status, _ = h.post(h.api.URL+location, url.Values{"result": {"complete"}})
	}
	return status
}

// deliver has the sandbox send its events and works everything they lead to.
func (h *house) deliver() {
	h.t.Helper()
	h.must(h.sandbox.Flush(h.t.Context()))
	h.work()
}

// work runs the jobs that are due.
func (h *house) work() {
	h.t.Helper()
	_, err := h.jobs.RunDue(h.t.Context())
	h.must(err)
}

// reconcile runs passes until nothing is due.
func (h *house) reconcile() {
	h.t.Helper()
	for range 20 {
		_, err := h.payout.Reconcile(h.t.Context())
		h.must(err)
		n, err := h.orders.Reconcile(h.t.Context())
		h.must(err)
		if n == 0 {
			break
		}
	}
	h.work()
}

// silent keeps the sandbox's events from being sent.
func (h *house) silent() {
	h.t.Helper()
	h.control("POST", "webhooks/mode", `{"drop": true}`)
}

// control calls the sandbox's other side.
func (h *house) control(method, path, body string) string {
	h.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "/_sandbox/"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	h.sandbox.Control().ServeHTTP(w, r)
	if w.Code >= 300 {
		h.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// product puts something on sale, n pieces of it, and returns its variant; n
// under 0 is not counted.
func (h *house) product(title, price string, n int64) string {
	h.t.Helper()
	return h.productOf(h.business.ID, h.owner, title, price, n)
}

func (h *house) productOf(businessID string, owner account.Actor, title, price string, n int64) string {
	h.t.Helper()
	in := catalog.ProductInput{Title: title, TaxMpct: 7000, Offer: catalog.Offer{Price: catalog.Typed(price)}}
	if n >= 0 {
		in.Counted, in.Stock = true, catalog.Count(n)
	}
	p, err := h.catalog.Add(h.t.Context(), owner, businessID, in)
	h.must(err)
	_, err = h.catalog.SetState(h.t.Context(), owner, businessID, p.ID, catalog.Active, p.Version)
	h.must(err)
	return p.Variants[0].ID
}

func (h *house) level(variant string) catalog.Level {
	h.t.Helper()
	levels, err := h.stock.Levels(h.t.Context(), []string{variant})
	h.must(err)
	return levels[variant]
}

// guest is a buyer without an account.
func guest() order.Buyer { return order.Buyer{GuestID: ident.Random()} }

// wish is an order of one line for pickup, with the total that the shopper was
// shown.
func (h *house) wish(variant string, qty int64, how string) order.PlaceInput {
	h.t.Helper()
	in := order.PlaceInput{
		BusinessID: h.business.ID, Lines: []order.PlaceLine{{VariantID: variant, Quantity: qty}}, Fulfilment: order.Fulfilment{Kind: order.Pickup},
		Contact: order.Contact{Name: "A. Shopper", Email: "a@example.org"}, Payment: how, ClientToken: ident.Token(),
	}
	q, err := h.orders.Quote(h.t.Context(), in)
	h.must(err)
	in.ExpectedTotal = q.Totals.Total
	return in
}

func (h *house) place(buyer order.Buyer, in order.PlaceInput) order.Placement {
	h.t.Helper()
	placed, err := h.orders.Place(h.t.Context(), buyer, in)
	h.must(err)
	return placed
}

// checkout places an order for a card and opens its page.
func (h *house) checkout(variant string, qty int64) (order.Placement, string) {
	h.t.Helper()
	return h.checkoutAs(guest(), variant, qty)
}

func (h *house) checkoutAs(buyer order.Buyer, variant string, qty int64) (order.Placement, string) {
	h.t.Helper()
	placed := h.place(buyer, h.wish(variant, qty, order.PayCard))
	page, err := h.orders.Open(h.t.Context(), placed.Order.ID)
	h.must(err)
	return placed, page
}

func (h *house) order(id string) order.Order {
	h.t.Helper()
	o, err := h.orders.Get(h.t.Context(), id)
	h.must(err)
	return o
}

// wantState checks an order and its payment.
func (h *house) wantState(id string, state order.State, pay order.PayState) order.Order {
	h.t.Helper()
	o := h.order(id)
	got := order.PayState("")
	if o.Payment != nil {
		got = o.Payment.State
	}
	if o.State != state || got != pay {
		h.t.Fatalf("order is %s with payment %s (end %q), want %s with %s", o.State, got, o.EndReason, state, pay)
	}
	return o
}

func (h *house) wantLevel(variant string, onHand, held, committed int64) {
	h.t.Helper()
	l := h.level(variant)
	if got, want := [3]int64{l.OnHand, l.Held, l.Committed}, [3]int64{onHand, held, committed}; got != want {
		h.t.Fatalf("stock on hand, held, committed = %v, want %v", got, want)
	}
}

// mailed counts the messages of a template about an order.
func (h *house) mailed(id, template string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, m := range h.mails {
		if m.OrderID == id && m.Template == template {
			n++
		}
	}
	return n
}

// books are an order's books as a map.
func (h *house) books(orderID string) map[ledger.Book]int64 {
	h.t.Helper()
	sums, err := h.ledger.OfOrder(h.t.Context(), orderID)
	h.must(err)
	books := map[ledger.Book]int64{}
	var total int64
	for _, s := range sums {
		books[s.Book] = s.Minor
		total += s.Minor
	}
	if total != 0 {
		h.t.Fatalf("books of the order sum to %d", total)
	}
	if bad, err := h.ledger.Check(h.t.Context()); err != nil || bad != 0 {
		h.t.Fatalf("%d unbalanced entries, %v", bad, err)
	}
	return books
}

// balance is what the sandbox says the business's account holds.
func (h *house) balance(currency string) int64 {
	h.t.Helper()
	b, err := h.tap.Gateway.Balance(h.t.Context(), h.account)
	h.must(err)
	return b.Available[currency] + b.Pending[currency]
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func wantErr(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || !errs.Has(err, code) {
		t.Fatalf("error = %v, want %s %s", err, kind, code)
	}
}

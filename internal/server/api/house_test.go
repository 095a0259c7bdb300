package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/check"
	"nearby/internal/check/checktest"
	"nearby/internal/clock"
	"nearby/internal/complaint"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/ledger"
	"nearby/internal/measure"
	"nearby/internal/money"
	"nearby/internal/notice"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/payment/paymenttest"
	"nearby/internal/payout"
	"nearby/internal/proposal"
	"nearby/internal/server"
	"nearby/internal/server/reply"
	"nearby/internal/server/route"
	"nearby/internal/stripesandbox"
	"nearby/internal/transparency"
	"nearby/internal/verification"
	"nearby/web"
)

var (
	testKey = []byte("a key of thirty-two bytes or more")
	testNow = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC) // a Monday
)

// TestMain keeps the log of what the tests break on purpose out of their output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// house is the whole program below one server, over the sandbox of the payment
// provider.
type house struct {
	t       testing.TB
	db      *database.DB
	clock   *clock.Fake
	deps    Deps
	payouts *payout.Service
	checks  *check.Service
	sandbox *stripesandbox.Sandbox
	bank    *httptest.Server
	tap     *paymenttest.Tap
	jobs    *job.Queue
	inbox   *inbox.Inbox
	handler http.Handler
	api     *api

	owner, kim, lee, stranger, shopper, verifier account.User
	bakery, store                                directory.Business
	tokens                                       map[string]string // secret by name of its user
	ids                                          map[string]string // real id of an example's
	photo                                        []byte
}

// open makes the rooms and the server, and nothing in them.
func open(t testing.TB, db *database.DB, config server.Config) *house {
	t.Helper()
	h := &house{t: t, db: db, clock: clock.NewFake(testNow), tokens: map[string]string{}, ids: map[string]string{}}
	h.startBank()
	now, ids, base := h.clock.Now, ident.Source(ident.Random), "http://127.0.0.1:8080"
	log := audit.New(db, now, testKey)
	h.jobs = job.New(db, now, ids)
	h.jobs.Handle("mail", func(context.Context, json.RawMessage) error { return nil })
	photos, err := blob.Open("file:" + t.TempDir())
	h.must(err)
	accounts := account.New(db, log, h.jobs, now, ids, testKey)
	places := directory.New(db, accounts, log, now, ids, testKey)
	products := catalog.New(db, accounts, places, photos, log, now, ids)
	places.SetSearchable(products.Searchable)
	h.inbox = inbox.New(db, now, h.jobs, false)
	h.payouts = payout.New(payout.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: h.jobs, Accounts: accounts, Directory: places, Gateway: h.tap, Install: "test", BaseURL: base,
	})
	h.inbox.Handle("account.", h.payouts.SyncEvent)
	checks, err := check.New(check.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: h.jobs, Accounts: accounts, Directory: places, Payout: h.payouts, Key: testKey,
	})
	h.must(err)
	orders := order.New(order.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: h.jobs, Accounts: accounts, Directory: places, Stock: catalog.NewStock(db, now, ids),
		Payout: h.payouts, Ledger: ledger.New(db, now, ids), Gateway: h.tap, Install: "test", BaseURL: base, Secret: testKey, AcceptFor: 24 * time.Hour,
	})
	orders.Listen(h.inbox)
	h.must(places.Load(context.Background()))
	config.BaseURL = &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}
	site, err := web.New(false)
	h.must(err)
	render, err := reply.New(site)
	h.must(err)
	floor := &route.Floor{Render: render, Account: accounts, Clock: now, BaseURL: config.BaseURL}
	running := server.New(config, now, floor, nil, func(context.Context) error { return nil })
	h.checks = checks
	desk := verification.New(db, accounts, places, checks, log, h.jobs, now, ids)
	measures := measure.New(measure.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: h.jobs, Accounts: accounts, Directory: places, Verification: desk, Order: orders,
	})
	notices := notice.New(notice.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: h.jobs, Accounts: accounts, Directory: places, Catalog: products, Verification: desk, Measures: measures,
	})
	complaints := complaint.New(complaint.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: h.jobs, Accounts: accounts, Directory: places, Verification: desk, Measures: measures, Notices: notices,
	})
	h.deps = Deps{
		DB: db, Account: accounts, Directory: places, Catalog: products, Order: orders, Payout: h.payouts, Photos: photos,
		Verification: desk, Measure: measures, Notice: notices, Complaint: complaints,
		Transparency: transparency.New(now, places, desk, measures, notices, complaints),
		Check:        checks, Proposal: proposal.New(db, accounts, places, desk, checks, log, h.jobs, now, ids),
		Floor: floor, Clock: now, BaseURL: config.BaseURL, Version: "test",
	}
	h.api = mount(running.Echo(), h.deps)
	h.handler = running.Handler()
	return h
}

func (h *house) startBank() {
	h.t.Helper()
	const key, secret = "sk_test_sandbox0123456789", "whsec_api_test_1234"
	sandbox, err := stripesandbox.New(stripesandbox.Options{Key: key, Clock: h.clock.Now})
	h.must(err)
	h.sandbox, h.bank = sandbox, httptest.NewServer(sandbox.API())
	hook := httptest.NewServer(http.HandlerFunc(h.receive))
	h.t.Cleanup(func() {
		sandbox.Close()
		hook.Close()
		h.bank.Close()
	})
	h.must(sandbox.SetWebhook(hook.URL, secret))
	gateway, err := payment.NewStripe(payment.Config{
		Mode: payment.ModeSandbox, Key: key, BaseURL: h.bank.URL, WebhookSecrets: []string{"whsec_operator_1234", secret},
	})
	h.must(err)
	h.tap = &paymenttest.Tap{Gateway: gateway}
}

func (h *house) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		var event payment.Event
		if event, err = h.tap.Verify(body, r.Header.Get("Stripe-Signature"), h.clock.Now()); err == nil {
			err = h.inbox.Receive(context.WithoutCancel(r.Context()), event, inbox.Webhook)
		}
	}
	if err != nil {
		w.WriteHeader(errs.KindOf(err).Status())
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%v %v", err, errs.Of(err).Fields)
	}
}

// furnish fills the rooms with what the examples are about.
func (h *house) furnish() {
	h.t.Helper()
	h.owner, h.kim, h.lee = h.user("olive"), h.user("kim"), h.user("lee")
	h.stranger, h.shopper, h.verifier = h.user("sam"), h.user("sue"), h.user("vera", account.Verifier)
	h.bakery = h.business(h.owner, "Harbour Bakery", 52.5, 13.4)
	h.list(h.bakery, h.owner)
	h.store = h.business(h.stranger, "Strangers Store", 52.52, 13.42)
	h.list(h.store, h.stranger)
	h.hire(h.kim, account.MemberStaff)
	h.hire(h.lee, account.MemberStaff)
	h.ids[exampleID(30)], h.ids[exampleID(31)], h.ids[exampleBusiness] = h.kim.ID, h.lee.ID, h.bakery.ID
	h.stock()
	h.life()
	h.onboard(h.bakery, h.owner)
	h.orders()
	h.requests()
	h.card()
	h.wishes()
	h.measures()
	n, err := h.deps.Notice.File(h.ctx(), audit.Public, notice.Input{Business: h.bakery.Slug, Kind: "wrong", Text: "The door is on the other side."})
	h.must(err)
	h.ids[exampleReceipt] = n.Receipt
	for i, kind := range []notice.Kind{"closed", "illegal", "fraud", "unsafe"} { // 72 and 73 are held by the verifier
		n, err := h.deps.Notice.File(h.ctx(), audit.Public, notice.Input{Business: h.store.Slug, Kind: kind, Text: "The door is on the other side."})
		h.must(err)
		h.ids[exampleID(70+i)] = n.ID
		if i >= 2 {
			h.must(h.deps.Notice.Take(h.ctx(), h.verifier.As(account.Verifier), n.ID))
		}
	}
	for name, u := range map[string]account.User{
		"owner": h.owner, "staff": h.kim, "stranger": h.stranger, "shopper": h.shopper, "verifier": h.verifier,
	} {
		h.tokens[name] = h.token(u, account.Scopes...)
	}
	h.photo = picture()
}

func (h *house) ctx() context.Context { return context.Background() }

func (h *house) user(name string, roles ...account.Role) account.User {
	h.t.Helper()
	u, err := h.deps.Account.Add(h.ctx(), audit.System, account.NewUser{
		Email: name + "@example.org", Name: strings.ToUpper(name[:1]) + name[1:], Password: "nine lives, one cat " + name, Roles: roles,
	})
	h.must(err)
	return u
}

func (h *house) token(u account.User, scopes ...string) string {
	h.t.Helper()
	_, secret, err := h.deps.Account.AddToken(h.ctx(), audit.System, u.ID, account.TokenInput{Name: "test", Scopes: scopes})
	h.must(err)
	return secret
}

// business makes a complete draft.
func (h *house) business(owner account.User, name string, lat, lng float64) directory.Business {
	h.t.Helper()
	b, err := h.deps.Directory.Create(h.ctx(), owner.As(account.Owner), directory.Profile{
		Name: name, Category: "bakery", Description: "Bread and buns.", Phone: "030 7505 4321", Email: "hello@example.org",
		Address: directory.Address{Street: "Quay Street", HouseNumber: "4", Postcode: "10115", City: "Portmere", Country: "DE"},
		Lat:     &lat, Lng: &lng, Hours: "Mo-Sa 07:00-18:00", LegalName: "Quay Ltd", Certified: true,
	})
	h.must(err)
	return b
}

// list has a business verified, and lets it sell.
func (h *house) list(b directory.Business, owner account.User) {
	h.t.Helper()
	as, desk := owner.As(account.Owner), h.verifier.As(account.Verifier)
	_, err := h.deps.Directory.SetSelling(h.ctx(), as, b.ID, 0, directory.Selling{Currency: "EUR", Pickup: true, PayAtPickup: true, PrepMinutes: 15})
	h.must(err)
	r, err := h.deps.Verification.Submit(h.ctx(), as, b.ID)
	h.must(err)
	_, err = h.deps.Verification.Take(h.ctx(), desk, r.ID)
	h.must(err)
	h.must(checktest.Prove(h.ctx(), h.checks, desk, b.ID))
	h.must(h.deps.Verification.Approve(h.ctx(), desk, r.ID, "Another shop of the same people."))
}

func (h *house) hire(u account.User, role account.MemberRole) {
	h.t.Helper()
	h.must(h.db.Tx(h.ctx(), func(ctx context.Context) error {
		return h.deps.Account.Join(ctx, h.owner.As(account.Owner), h.bakery.ID, u.ID, role)
	}))
}

// onboard walks an owner through the provider's forms.
func (h *house) onboard(b directory.Business, owner account.User) {
	h.t.Helper()
	link, err := h.payouts.Start(h.ctx(), owner.As(account.Owner), b.ID)
	h.must(err)
	page, err := http.Get(link)
	h.must(err)
	body, err := io.ReadAll(page.Body)
	h.must(err)
	h.must(page.Body.Close())
	_, rest, _ := strings.Cut(string(body), `name="link" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	done, err := client.PostForm(strings.SplitN(link, "?", 2)[0], url.Values{"action": {"finish"}, "link": {token}})
	h.must(err)
	h.must(done.Body.Close())
	h.must(h.sandbox.Flush(h.ctx()))
	_, err = h.jobs.RunDue(h.ctx())
	h.must(err)
	if status, err := h.payouts.Status(h.ctx(), b.ID); err != nil || status.State != payout.Active {
		h.t.Fatalf("after onboarding the account is %+v, %v", status, err)
	}
}

func (h *house) product(b directory.Business, owner account.User, title string, cents int64) catalog.Product {
	h.t.Helper()
	p, err := h.deps.Catalog.Add(h.ctx(), owner.As(account.Owner), b.ID, catalog.ProductInput{
		Title: title, TaxMpct: 7000, Section: "Bread", Offer: catalog.Offer{
			SKU: strings.ToUpper(title[:3]), Price: catalog.Exact(money.New(cents, "EUR")), Counted: true, Stock: catalog.Count(100),
		},
	})
	h.must(err)
	p, err = h.deps.Catalog.SetState(h.ctx(), owner.As(account.Owner), b.ID, p.ID, catalog.Active, p.Version)
	h.must(err)
	return p
}

func (h *house) stock() {
	h.t.Helper()
	loaf := h.product(h.bakery, h.owner, "Harbour loaf", 250)
	h.ids[exampleProduct], h.ids[exampleVariant] = loaf.ID, loaf.Variants[0].ID
	h.ids[exampleID(4)] = h.product(h.bakery, h.owner, "Rye", 480).ID
	stollen := h.product(h.bakery, h.owner, "Stollen", 900)
	h.ids[exampleID(5)], h.ids[exampleID(6)] = stollen.ID, stollen.Variants[0].ID
	h.product(h.store, h.stranger, "Nails", 300)
}

// life makes businesses in several states.
func (h *house) life() {
	h.t.Helper()
	as := h.owner.As(account.Owner)
	h.business(h.owner, "Quay Dairy", 52.501, 13.401)
	h.submit(h.business(h.owner, "Pier Pantry", 52.502, 13.402))
	mill := h.submit(h.business(h.owner, "Old Mill", 52.503, 13.403))
	desk := h.verifier.As(account.Verifier)
	_, err := h.deps.Verification.Take(h.ctx(), desk, mill)
	h.must(err)
	h.must(h.deps.Verification.Reject(h.ctx(), desk, mill, verification.RejectInput{Codes: []string{"cannot_verify"}, Words: "Nobody answered."}))
	h.clock.Advance(90 * 24 * time.Hour)
	h.clock.Set(testNow.Add(91 * 24 * time.Hour)) // a Monday again
	h.list(h.business(h.owner, "Corner Kiosk", 52.504, 13.404), h.owner)
	bar := h.business(h.owner, "Winter Bar", 52.505, 13.405)
	_, err = h.deps.Directory.Close(h.ctx(), as, bar.ID)
	h.must(err)
}

func (h *house) submit(b directory.Business) (requestID string) {
	h.t.Helper()
	r, err := h.deps.Verification.Submit(h.ctx(), h.owner.As(account.Owner), b.ID)
	h.must(err)
	return r.ID
}

// requests makes cases 20 to 25; the last three are held by the verifier.
func (h *house) requests() {
	h.t.Helper()
	for n := 20; n <= 25; n++ {
		h.clock.Advance(time.Minute)
		id := h.submit(h.business(h.owner, "Case "+string(rune('A'+n-20))+" Foods", 52.6+float64(n)/100, 13.6))
		h.ids[exampleID(n)] = id
		if n >= 22 {
			_, err := h.deps.Verification.Take(h.ctx(), h.verifier.As(account.Verifier), id)
			h.must(err)
		}
		if n == 23 {
			r, err := h.deps.Verification.Case(h.ctx(), h.verifier.As(account.Verifier), id)
			h.must(err)
			h.must(checktest.Prove(h.ctx(), h.checks, h.verifier.As(account.Verifier), r.Business.ID))
		}
	}
}

// card has a postcard sent, whose code is known.
func (h *house) card() {
	h.t.Helper()
	b := h.business(h.owner, "Tide Books", 52.71, 13.61)
	c, err := h.checks.Begin(h.ctx(), h.owner.As(account.Owner), b.ID, check.BeginInput{Method: check.Postcard})
	h.must(err)
	_, code, err := h.checks.Code(h.ctx(), c.ID)
	h.must(err)
	h.ids[exampleCard] = code
}

// wishes makes changes 40 to 45 of listed businesses; 42 to 44 are held by the
// verifier.
func (h *house) wishes() {
	h.t.Helper()
	as, desk := h.owner.As(account.Owner), h.verifier.As(account.Verifier)
	for n := 40; n <= 45; n++ {
		h.clock.Advance(time.Minute)
		b := h.business(h.owner, "Sign "+string(rune('A'+n-40))+" Shop", 52.8+float64(n)/100, 13.6)
		h.list(b, h.owner)
		b, err := h.deps.Directory.Get(h.ctx(), b.ID)
		h.must(err)
		p := b.Profile()
		p.Name, p.Address.HouseNumber = "New "+b.Name, "5"
		_, change, err := h.deps.Proposal.Update(h.ctx(), as, b.ID, 0, p)
		h.must(err)
		h.ids[exampleID(n)] = change.ID
		if n >= 42 && n <= 44 {
			h.must(h.deps.Proposal.Take(h.ctx(), desk, change.ID))
		}
	}
}

// measures takes measures 60 and 61 by another verifier than the one of the
// examples.
func (h *house) measures() {
	h.t.Helper()
	other := h.user("viola", account.Verifier)
	for n, b := range map[int]directory.Business{60: h.bakery, 61: h.store} {
		m, err := h.deps.Measure.Impose(h.ctx(), other.As(account.Verifier), b.ID, measure.Input{
			Kind: measure.Lock, Fields: []string{"name"}, Codes: []string{"misleading"}, Facts: "Three names in a week.", Ground: "terms",
			Rule: "A business uses its own name.", Detected: "review", EndsAt: h.clock.Now().Add(7 * 24 * time.Hour),
		})
		h.must(err)
		h.ids[exampleID(n)] = m.ID
	}
	// Complaints 80 to 85; the last four are held by the verifier.
	for n := 80; n <= 85; n++ {
		m, err := h.deps.Measure.Impose(h.ctx(), other.As(account.Verifier), h.bakery.ID, measure.Input{
			Kind: measure.Notice, Codes: []string{"complaints"}, Facts: "Three shoppers waited.", Ground: "terms", Rule: "Orders are ready when they say.",
			Detected: "notice", EndsAt: h.clock.Now().Add(7 * 24 * time.Hour),
		})
		h.must(err)
		c, err := h.deps.Complaint.File(h.ctx(), h.owner.As(account.Owner), h.bakery.ID, complaint.Measure, m.ID, "The oven was broken that day.")
		h.must(err)
		h.ids[exampleID(n)] = c.ID
		if n >= 82 {
			h.must(h.deps.Complaint.Take(h.ctx(), h.verifier.As(account.Verifier), c.ID))
		}
	}
}

func (h *house) place(how string, buyer order.Buyer) order.Placement {
	h.t.Helper()
	placed, err := h.deps.Order.Place(h.ctx(), buyer, order.PlaceInput{
		BusinessID: h.bakery.ID, Lines: []order.PlaceLine{{VariantID: h.ids[exampleVariant], Quantity: 2}},
		Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "A. Shopper", Email: "a@example.org"},
		Payment: how, ExpectedTotal: money.New(500, "EUR"), Locale: "en",
	})
	h.must(err)
	h.clock.Advance(time.Second)
	return placed
}

// orders makes orders 10 to 19, each where its operation needs it.
func (h *house) orders() {
	h.t.Helper()
	o, as := h.deps.Order, h.owner.As(account.Owner)
	do := func(n int, steps ...step) string {
		id := h.place(order.PayAtPickup, order.Buyer{GuestID: ident.Random()}).Order.ID
		for _, next := range steps {
			_, err := next(h.ctx(), as, h.bakery.ID, id)
			h.must(err)
		}
		h.ids[exampleID(n)] = id
		return id
	}
	h.ids[exampleID(10)] = h.place(order.PayCard, order.Buyer{UserID: h.shopper.ID}).Order.ID
	h.ids[exampleID(11)] = h.place(order.PayAtPickup, order.Buyer{UserID: h.shopper.ID}).Order.ID
	do(12)
	do(13, o.Accept)
	do(50, o.Accept)
	do(14, o.Accept)
	do(15, o.Accept, o.Ready)
	do(16)
	do(17, o.Accept)
	done := do(18, o.Accept, o.Ready)
	back := do(19, o.Accept, o.Ready)
	_, err := o.HandOver(h.ctx(), as, h.bakery.ID, back, o.PickupCode(back))
	h.must(err)
	h.ids[exampleCode] = o.PickupCode(done)
	h.dispute()
}

// dispute makes order 51: paid by card and handed over, and then asked back by
// the shopper's bank.
func (h *house) dispute() {
	h.t.Helper()
	o, as := h.deps.Order, h.owner.As(account.Owner)
	id := h.place(order.PayCard, order.Buyer{GuestID: ident.Random()}).Order.ID
	h.ids[exampleID(51)] = id
	page, err := o.Open(h.ctx(), id)
	h.must(err)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	paid, err := client.PostForm(page, url.Values{"number": {"4242424242424242"}, "exp": {"12 / 34"}, "cvc": {"123"}, "name": {"A. Shopper"}, "email": {"a@example.org"}})
	h.must(err)
	h.must(paid.Body.Close())
	placed, err := o.Get(h.ctx(), id)
	h.must(err)
	h.must(o.Sync(h.ctx(), placed.Payment.ID))
	for _, next := range []step{o.Accept, o.Ready} {
		_, err := next(h.ctx(), as, h.bakery.ID, id)
		h.must(err)
	}
	_, err = o.HandOver(h.ctx(), as, h.bakery.ID, id, o.PickupCode(id))
	h.must(err)
	account, err := h.payouts.Orderable(h.ctx(), h.bakery.ID)
	h.must(err)
	sessions, err := h.tap.FindSessions(h.ctx(), account, payment.SessionFilter{})
	h.must(err)
	for _, s := range sessions {
		if s.Metadata[payment.MetaOrder] == id {
			page, err := h.tap.Session(h.ctx(), s.Ref)
			h.must(err)
			asked := httptest.NewRecorder()
			body := fmt.Sprintf(`{"account": %q, "payment_intent": %q, "reason": "product_not_received"}`, account, page.Intent.ID)
			h.sandbox.Control().ServeHTTP(asked, httptest.NewRequest(http.MethodPost, "/_sandbox/disputes", strings.NewReader(body)))
			var made struct{ ID string }
			h.must(json.Unmarshal(asked.Body.Bytes(), &made))
			h.ids[exampleDispute] = made.ID
		}
	}
	h.must(o.SyncDisputes(h.ctx(), placed.Payment.ID))
}

func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for x := range 40 {
		for y := range 30 {
			img.Set(x, y, color.RGBA{R: 180, G: 120, B: 60, A: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// call sends a request to the server; header is name and value in turn.
func (h *house) call(method, target string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080/", bytes.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	u, err := url.Parse("http://127.0.0.1:8080" + path)
	if err != nil {
		u = &url.URL{Path: path}
	}
	u.RawQuery = query
	r.URL = u
	r.Host = "127.0.0.1:8080"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder{w}, r)
	return w
}

// recorder takes the deadlines that a connection would.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }

func (h *house) as(name string) []string {
	if h.tokens[name] == "" {
		return nil
	}
	return []string{"Authorization", "Bearer " + h.tokens[name]}
}

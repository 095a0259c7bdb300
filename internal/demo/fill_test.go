package demo_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/check/checktest"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/demo"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/ledger"
	"nearby/internal/measure"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/payout"
	"nearby/internal/stripesandbox"
	"nearby/internal/verification"
)

var key = []byte("a key of thirty-two bytes, or more")

// house is every room on a database, with what belongs to them.
type house struct {
	demo.Rooms
	audit *audit.Log
}

// open opens every room; with cards, a payment provider too.
func open(t *testing.T, db *database.DB, cards bool) house {
	t.Helper()
	now, ids := clock.System, ident.Random
	log := audit.New(db, now, key)
	jobs := job.New(db, now, ids)
	accounts := account.New(db, log, jobs, now, ids, key)
	businesses := directory.New(db, accounts, log, now, ids, key)
	if err := businesses.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	photos, err := blob.Open("file:" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { photos.Close() })
	var gateway payment.Gateway
	if cards {
		gateway = provider(t)
	}
	checks := checktest.New(db, accounts, businesses, log, jobs, now)
	products := catalog.New(db, accounts, businesses, photos, log, now, ids)
	tills := payout.New(payout.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: jobs, Accounts: accounts, Directory: businesses,
		Gateway: gateway, Install: "test", BaseURL: "http://127.0.0.1:1",
	})
	desk := verification.New(db, accounts, businesses, checks, log, jobs, now, ids)
	orders := order.New(order.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: jobs, Accounts: accounts, Directory: businesses,
		Stock: products.Stock(), Payout: tills, Ledger: ledger.New(db, now, ids), Gateway: gateway,
		Install: "test", BaseURL: "http://127.0.0.1:1", Secret: key,
	})
	return house{audit: log, Rooms: demo.Rooms{
		DB: db, Clock: now, Account: accounts, Directory: businesses, Photos: photos, Payout: tills, Catalog: products, Verification: desk, Order: orders,
		Measure: measure.New(measure.Deps{
			DB: db, Clock: now, IDs: ids, Audit: log, Jobs: jobs, Accounts: accounts, Directory: businesses, Verification: desk, Order: orders,
		}),
	}}
}

// provider starts a sandbox of the payment provider.
func provider(t *testing.T) payment.Gateway {
	t.Helper()
	const apiKey = stripesandbox.KeyPrefix + "OfTheDemo"
	sandbox, err := stripesandbox.New(stripesandbox.Options{Key: apiKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sandbox.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(sandbox.API())
	t.Cleanup(server.Close)
	gateway, err := payment.NewStripe(payment.Config{
		Mode: payment.ModeSandbox, Key: apiKey, BaseURL: server.URL, WebhookSecrets: []string{"whsec_ofTheOperator", "whsec_ofTheBusinesses"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return gateway
}

// census counts what of the town is there, read through the rooms.
func (h house) census(t *testing.T) map[string]int {
	t.Helper()
	plan, err := demo.NewPlan(demo.NewTown(), h.Clock())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, p := range plan.People {
		user, err := h.Account.ByEmail(t.Context(), p.Email)
		if err != nil {
			continue
		}
		found["people"]++
		owned, err := h.Directory.OwnedBy(t.Context(), user.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range owned {
			found["businesses"]++
			found["business "+string(b.State)]++
			h.countIn(t, user.As(account.Owner), b, found)
		}
	}
	return found
}

func (h house) countIn(t *testing.T, owner account.Actor, b directory.Business, found map[string]int) {
	t.Helper()
	products, err := h.Catalog.Counts(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	found["products"] += products.Active + products.Draft + products.Archived
	found["products active"] += products.Active
	orders, err := h.Order.Counts(t.Context(), owner, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	for state, n := range orders {
		found["order "+string(state)] += int(n)
	}
	till, err := h.Payout.Status(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if till.State.Sells() {
		found["tills"]++
	}
}

// wanted counts the same in the plan.
func wanted(t *testing.T, h house, cards bool) map[string]int {
	t.Helper()
	plan, err := demo.NewPlan(demo.NewTown(), h.Clock())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"people": len(plan.People), "businesses": len(plan.Businesses)}
	for _, b := range plan.Businesses {
		want["business "+b.State]++
		want["products"] += len(b.Products)
		for _, p := range b.Products {
			if p.State == "active" {
				want["products active"]++
			}
		}
		if cards && b.State == "verified" && len(b.Products) > 0 {
			want["tills"]++
		}
	}
	for _, o := range plan.Orders {
		if cards || o.State != "pending_payment" {
			want["order "+o.State]++
		}
	}
	return want
}

func TestFill(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, true)
		var mu sync.Mutex
		steps, last, total := 0, 0, 0
		signIns, err := demo.Fill(t.Context(), h.Rooms, func(done, all int) {
			mu.Lock()
			defer mu.Unlock()
			steps, last, total = steps+1, max(last, done), all
		})
		if err != nil {
			t.Fatal(err)
		}
		if steps != total || last != total {
			t.Errorf("%d steps up to %d were told, of %d", steps, last, total)
		}
		if diff := cmp.Diff(wanted(t, h, true), h.census(t)); diff != "" {
			t.Error(diff)
		}
		if n, err := h.audit.Verify(t.Context()); err != nil || n < 1000 {
			t.Errorf("the audit log has %d sound entries: %v", n, err)
		}
		h.checkSignIns(t, signIns)
		h.checkNearby(t)
		h.checkSecondFill(t, signIns)
	})
}

// checkSignIns signs in as each of the people named.
func (h house) checkSignIns(t *testing.T, signIns []demo.SignIn) {
	t.Helper()
	var roles []account.Role
	for _, s := range signIns {
		roles = append(roles, s.Role)
		session, _, err := h.Account.SignIn(t.Context(), account.SignInInput{Email: s.Email, Password: s.Password}, "test")
		if err != nil {
			t.Errorf("%s cannot sign in: %v", s.Role, err)
			continue
		}
		if has, err := h.Account.Has(t.Context(), session.User.ID, s.Role); err != nil || !has {
			t.Errorf("%s is none: %v", s.Email, err)
		}
	}
	want := []account.Role{account.Shopper, account.Owner, account.Verifier, account.Operator}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Error(diff)
	}
}

// checkNearby asks for what stands around Harbour Street.
func (h house) checkNearby(t *testing.T) {
	t.Helper()
	places, err := h.Directory.FindPlace(t.Context(), "Harbour Street")
	if err != nil || len(places) == 0 || places[0].Context != "Old Town, Portmere" {
		t.Fatalf("Harbour Street: %v, %v", places, err)
	}
	page, err := h.Directory.Nearby(t.Context(), directory.Query{Center: places[0].Point, RadiusM: 1000, Limit: 50, Category: "ceramics"})
	if err != nil || len(page.Items) == 0 {
		t.Fatalf("%d potters: %v", len(page.Items), err)
	}
	if first := page.Items[0]; first.Name != "Kiln & Quay" || first.DistanceM < 80 || first.DistanceM > 160 {
		t.Errorf("the nearest potter is %s, %.0f m away", first.Name, first.DistanceM)
	}
	if _, err := h.Directory.Public(t.Context(), "bargain-barrel"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a suspended business is public: %v", err)
	}
}

func (h house) checkSecondFill(t *testing.T, signIns []demo.SignIn) {
	t.Helper()
	again, err := demo.Fill(t.Context(), h.Rooms, func(int, int) { t.Error("a second Fill did something") })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(signIns, again); diff != "" {
		t.Error(diff)
	}
}

// TestFillGoesOn interrupts Fill at several moments and lets it go on. Nothing
// is missing in the end, and nothing is there twice.
func TestFillGoesOn(t *testing.T) {
	h := open(t, dbtest.SQLite(t), false)
	for _, moment := range []int{20, 70, 150, 290} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := demo.Fill(ctx, h.Rooms, func(done, _ int) {
			if done >= moment {
				cancel()
			}
		})
		cancel()
		if err == nil {
			t.Fatalf("Fill went on after step %d", moment)
		}
	}
	if _, err := demo.Fill(t.Context(), h.Rooms, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted(t, h, false), h.census(t)); diff != "" {
		t.Error(diff)
	}
}

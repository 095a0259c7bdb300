package measure_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/mail"
	"nearby/internal/measure"
	"nearby/internal/order"
	"nearby/internal/server/servertest"
)

var monday = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

func input(kind measure.Kind, ends time.Time) measure.Input {
	in := measure.Input{
		Kind: kind, Codes: []string{"misleading"}, Facts: "The prices at the till were not the prices shown.", Ground: "terms",
		Rule: "Prices are the prices shown.", Detected: "review", EndsAt: ends,
	}
	if kind == measure.Lock {
		in.Fields = []string{"name"}
	}
	if kind == measure.Terminated {
		in.EndsAt = time.Time{}
	}
	return in
}

func wantErr(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || !errs.Has(err, code) {
		t.Errorf("error is %v, want %s %q", err, kind, code)
	}
}

// TestLife walks the table: every state, every event, every role.
func TestLife(t *testing.T) {
	const expected = `
impose    verifier,operator  -                        in_force
end       system             in_force                 ended
lift      verifier,operator  in_force                 lifted
overturn  verifier,operator  in_force,ended,lifted    overturned
`
	want := map[[3]string]measure.State{}
	events := map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(expected)) {
		f := strings.Fields(line)
		events[f[0]] = f[2]
		for _, role := range strings.Split(f[1], ",") {
			for _, from := range strings.Split(f[2], ",") {
				want[[3]string{strings.Trim(from, "-"), f[0], role}] = measure.State(f[3])
			}
		}
	}
	for _, from := range append([]measure.State{""}, measure.States...) {
		for event, froms := range events {
			for _, role := range []string{account.Shopper, account.Owner, account.Staff, account.Verifier, account.Operator, account.System, account.Public} {
				to, err := measure.Life.Next(from, measure.Event(event), role)
				expect, allowed := want[[3]string{string(from), event, role}]
				switch {
				case allowed && (err != nil || to != expect):
					t.Errorf("%s by %s in %q leads to %q, %v", event, role, from, to, err)
				case !allowed && slices.Contains(strings.Split(strings.ReplaceAll(froms, "-", ""), ","), string(from)):
					wantErr(t, err, errs.Forbidden, "wrong_role")
				case !allowed:
					wantErr(t, err, errs.Conflict, "not_allowed")
				}
			}
		}
	}
	if got := len(measure.Life.Moves()); got != len(events) {
		t.Errorf("the table has %d moves, the paper %d", got, len(events))
	}
}

func TestInputIsChecked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(monday)
		site := servertest.New(t, db, servertest.At(fake), servertest.NoCards())
		shop := site.AddShop(servertest.NewShop{})
		opal := site.People.Operator.As(account.Operator)
		for name, c := range map[string]struct {
			change func(*measure.Input)
			wrong  string
		}{
			"nothing":         {func(in *measure.Input) { *in = measure.Input{} }, "kind:required codes:required facts:required ground:required rule:required detected:required ends_at:required"},
			"no end":          {func(in *measure.Input) { in.EndsAt = time.Time{} }, "ends_at:required"},
			"over":            {func(in *measure.Input) { in.EndsAt = monday }, "ends_at:required"},
			"too long":        {func(in *measure.Input) { in.EndsAt = monday.Add(367 * 24 * time.Hour) }, "ends_at:out_of_range"},
			"end of for good": {func(in *measure.Input) { in.Kind = measure.Terminated }, "ends_at:no_end"},
			"fields":          {func(in *measure.Input) { in.Fields = []string{"name"} }, "fields:not_of_this"},
			"lock of nothing": {func(in *measure.Input) { in.Kind = measure.Lock }, "fields:required"},
			"unknown field":   {func(in *measure.Input) { in.Kind, in.Fields = measure.Lock, []string{"soul"} }, "fields:unknown_field"},
			"unknown code":    {func(in *measure.Input) { in.Codes = []string{"dislike"} }, "codes:unknown_code"},
			"long rule":       {func(in *measure.Input) { in.Rule = strings.Repeat("x", 201) }, "rule:too_long"},
			"NUL":             {func(in *measure.Input) { in.Facts = "a\x00b" }, "facts:bad_text"},
		} {
			in := input(measure.Hidden, monday.Add(time.Hour))
			c.change(&in)
			_, err := site.Measure.Impose(t.Context(), opal, shop.ID, in)
			var wrong []string
			if err != nil {
				for _, f := range errs.Of(err).Fields {
					wrong = append(wrong, f.Name+":"+f.Code)
				}
			}
			if diff := cmp.Diff(c.wrong, strings.Join(wrong, " ")); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

// Who may: verifiers and operators, not on their own business, nobody lifts or
// overturns what he took himself, and only another operator terminates, after
// 30 days, when nobody waits for goods.
func TestWhoMayTakeAndLift(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(monday)
		site := servertest.New(t, db, servertest.At(fake), servertest.NoCards())
		ctx := t.Context()
		shop := site.AddShop(servertest.NewShop{})
		draft := site.AddShop(servertest.NewShop{Name: "New Bakery", Draft: true, Lat: 52.54, Lng: 13.42})
		own := site.AddShop(servertest.NewShop{Name: "Verifier's Own", Owner: site.People.OtherOwner, Lat: 52.6, Lng: 13.5})
		err := db.Tx(ctx, func(ctx context.Context) error {
			return site.Account.Join(ctx, own.Owner.As(account.Owner), own.ID, site.People.Verifier.ID, account.MemberStaff)
		})
		if err != nil {
			t.Fatal(err)
		}
		ends := fake.Now().Add(24 * time.Hour)
		vera, opal := site.People.Verifier.As(account.Verifier), site.People.Operator.As(account.Operator)
		_, err = site.Measure.Impose(ctx, shop.Owner.As(account.Verifier), shop.ID, input(measure.Hidden, ends))
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, err = site.Measure.Impose(ctx, vera, own.ID, input(measure.Notice, ends))
		wantErr(t, err, errs.Forbidden, "own_business")
		_, err = site.Measure.Impose(ctx, vera, draft.ID, input(measure.Notice, ends))
		wantErr(t, err, errs.Conflict, "not_listed")
		_, err = site.Measure.Impose(ctx, vera, ident.Random(), input(measure.Notice, ends))
		wantErr(t, err, errs.NotFound, "not_found")
		_, err = site.Measure.Impose(ctx, opal, shop.ID, input(measure.Terminated, ends))
		wantErr(t, err, errs.Conflict, "not_allowed")

		m, err := site.Measure.Impose(ctx, vera, shop.ID, input(measure.Suspended, ends))
		if err != nil {
			t.Fatal(err)
		}
		_, err = site.Measure.Impose(ctx, opal, shop.ID, input(measure.Suspended, ends))
		wantErr(t, err, errs.Conflict, "not_allowed")
		_, err = site.Measure.Lift(ctx, vera, m.ID, "I was wrong.")
		wantErr(t, err, errs.Forbidden, "own_decision")
		_, err = site.Measure.Overturn(ctx, vera, m.ID, "I was wrong.")
		wantErr(t, err, errs.Forbidden, "own_decision")
		_, err = site.Measure.Lift(ctx, shop.Owner.As(account.Operator), m.ID, "Please.")
		wantErr(t, err, errs.Forbidden, "wrong_role")
		if _, err = site.Measure.Statement(ctx, vera, m.ID); err != nil {
			t.Errorf("a verifier reads the statement: %v", err)
		}
		_, err = site.Measure.Statement(ctx, site.People.OtherOwner.As(account.Owner), m.ID)
		wantErr(t, err, errs.NotFound, "not_found")
		shown, err := site.Measure.Statement(ctx, shop.Owner.As(account.Owner), m.ID)
		if err != nil || shown.Facts != m.Facts || shown.By.ID != "" {
			t.Errorf("the owner reads %+v, %v", shown, err)
		}
		_, err = site.Measure.Impose(ctx, vera, shop.ID, input(measure.Terminated, ends))
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, err = site.Measure.Impose(ctx, opal, shop.ID, input(measure.Terminated, ends))
		wantErr(t, err, errs.Conflict, "too_early")
		lawful := input(measure.Terminated, ends)
		lawful.Ground = "law"
		gone, err := site.Measure.Impose(ctx, opal, shop.ID, lawful)
		if err != nil {
			t.Fatal(err)
		}
		fake.Set(ends) // the suspension is over, the termination is not
		if b, err := site.Directory.Get(ctx, shop.ID); err != nil || b.State != directory.Terminated {
			t.Errorf("it is %s, %v", b.State, err)
		}
		if _, err := site.Measure.Overturn(ctx, vera, gone.ID, "The order was for another shop."); err != nil {
			t.Fatal(err)
		}
		if b, err := site.Directory.Get(ctx, shop.ID); err != nil || b.State != directory.Verified {
			t.Errorf("after the overturning it is %s, %v", b.State, err)
		}
		_, err = site.Measure.Lift(ctx, opal, gone.ID, "Again.")
		wantErr(t, err, errs.Conflict, "not_allowed")
	})
}

// What a business is before a measure it is again after it, to the last column,
// whichever way the measure goes.
func TestBeforeEqualsAfter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(monday)
		site := servertest.New(t, db, servertest.At(fake), servertest.NoCards())
		vera, opal := site.People.Verifier.As(account.Verifier), site.People.Operator.As(account.Operator)
		n := 0
		for _, kind := range []measure.Kind{measure.Notice, measure.Lock, measure.OrdersOff, measure.Hidden, measure.Suspended} {
			for _, way := range []string{"end", "lift", "overturn"} {
				n++
				shop := site.AddShop(servertest.NewShop{Name: "Bakery " + strconv.Itoa(n), Lat: 40 + float64(n)/10, Lng: 13.4})
				before := record(t, site, shop)
				m, err := site.Measure.Impose(t.Context(), vera, shop.ID, input(kind, fake.Now().Add(time.Hour)))
				if err != nil {
					t.Fatal(err)
				}
				if during := record(t, site, shop); kind != measure.Notice && kind != measure.Lock && during == before {
					t.Errorf("%s: nothing happened", kind)
				}
				switch way {
				case "end":
					fake.Advance(time.Hour)
				case "lift":
					_, err = site.Measure.Lift(t.Context(), opal, m.ID, "Seen again.")
				case "overturn":
					_, err = site.Measure.Overturn(t.Context(), opal, m.ID, "It was another shop.")
				}
				if err != nil {
					t.Fatal(err)
				}
				site.Settle()
				if err := site.Directory.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				if after := record(t, site, shop); after != before {
					t.Errorf("%s, %s:\n%s", kind, way, cmp.Diff(before, after))
				}
				read, err := site.Measure.Get(t.Context(), m.ID)
				want := map[string]measure.State{"end": measure.Ended, "lift": measure.Lifted, "overturn": measure.Overturned}[way]
				if err != nil || read.State != want {
					t.Errorf("%s, %s: the measure is %s, %v", kind, way, read.State, err)
				}
			}
		}
		each := map[measure.Kind]int{measure.Notice: 3, measure.Lock: 3, measure.OrdersOff: 3, measure.Hidden: 3, measure.Suspended: 3}
		for since, want := range map[time.Time]map[measure.Kind]int{monday: each, fake.Now().Add(time.Hour): {}} {
			if got, err := site.Measure.Imposed(t.Context(), since); err != nil || cmp.Diff(want, got) != "" {
				t.Errorf("since %s: %v %s", since, err, cmp.Diff(want, got))
			}
		}
	})
}

// record is what the public, the database and a search know of a shop, without
// its version and time of change.
func record(t *testing.T, site *servertest.Site, shop servertest.Shop) string {
	t.Helper()
	var rows []map[string]any
	err := site.DB.Conn(t.Context()).Raw("SELECT b.*, l.* FROM businesses b JOIN locations l ON l.business_id = b.id WHERE b.id = ?", shop.ID).Scan(&rows).Error
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	delete(rows[0], "version")
	delete(rows[0], "updated_at")
	page, err := site.Directory.Nearby(t.Context(), directory.Query{Center: shop.Point, RadiusM: 100})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, item := range page.Items {
		found = append(found, fmt.Sprint(item.Slug, item.State, item.Orderable, item.InStock))
	}
	guest := site.Guest()
	sitemap := guest.Get("/sitemap.xml")
	return fmt.Sprintf("%v\n%v\npage %d, listed %v", rows[0], found, guest.Get("/b/"+shop.Slug).Status, strings.Contains(string(sitemap.Body), "/b/"+shop.Slug+"<"))
}

// A suspension is everywhere when the call returns: search, page, checkout, API
// and sitemap; an unpaid order's payment page is closed by the job, a paid one
// has 72 hours and then goes back.
func TestSuspensionIsEverywhereAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(monday)
		site := servertest.New(t, db, servertest.At(fake))
		ctx := t.Context()
		shop := site.AddShop(servertest.NewShop{})
		buy := func(payment string) order.Placement {
			t.Helper()
			placed, err := site.Order.Place(ctx, order.Buyer{GuestID: ident.Hash(ident.Token())}, order.PlaceInput{
				BusinessID: shop.ID, Lines: []order.PlaceLine{{VariantID: shop.Variant, Quantity: 1}}, Payment: payment,
				Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "Mia Guest", Email: "mia@guests.example"},
				ExpectedTotal: shop.Price(), Locale: "en", ClientToken: ident.Token(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return placed
		}
		paid, unpaid, done := buy(order.PayCard), buy(order.PayCard), buy(order.PayAtPickup)
		for _, placed := range []order.Placement{paid, unpaid} {
			opened, err := site.Order.Open(ctx, placed.Order.ID)
			if err != nil {
				t.Fatal(err)
			}
			if placed.Order.ID == paid.Order.ID {
				if err := servertest.Pay(ctx, opened, servertest.GoodCard); err != nil {
					t.Fatal(err)
				}
			}
		}
		site.Settle()
		m, err := site.Measure.Impose(ctx, site.People.Verifier.As(account.Verifier), shop.ID, input(measure.Suspended, fake.Now().Add(10*24*time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		guest := site.Guest()
		for path, status := range map[string]int{
			"/b/" + shop.Slug: 404, "/b/" + shop.Slug + "/p/" + shop.Product.Slug: 404, "/b/" + shop.Slug + "/hours.ics": 404, "/checkout/" + shop.Slug: 404,
			"/api/v1/businesses/" + shop.Slug: 404, "/api/v1/businesses/" + shop.Slug + "/products": 404,
		} {
			if page := guest.Get(path); page.Status != status {
				t.Errorf("%s answers %d", path, page.Status)
			}
		}
		if strings.Contains(string(guest.Get("/sitemap.xml").Body), shop.Slug) {
			t.Error("the sitemap still lists it")
		}
		found, err := site.Directory.Nearby(ctx, directory.Query{Center: shop.Point, RadiusM: 100})
		if err != nil || len(found.Items) != 0 {
			t.Errorf("the search still finds %d, %v", len(found.Items), err)
		}
		_, err = site.Order.Place(ctx, order.Buyer{GuestID: ident.Hash("late")}, order.PlaceInput{
			BusinessID: shop.ID, Lines: []order.PlaceLine{{VariantID: shop.Variant, Quantity: 1}}, Payment: order.PayAtPickup,
			Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "Late", Email: "late@guests.example"}, ExpectedTotal: shop.Price(), Locale: "en",
		})
		wantErr(t, err, errs.NotFound, "not_found")

		site.Settle()
		state := func(placed order.Placement, want order.State) order.Order {
			t.Helper()
			o, err := site.Order.Get(ctx, placed.Order.ID)
			if err != nil || o.State != want {
				t.Errorf("order is %s, want %s (%v)", o.State, want, err)
			}
			return o
		}
		state(unpaid, order.Cancelled)
		o := state(paid, order.Placed)
		if o.SettleBy == nil || !o.SettleBy.Equal(fake.Now().Add(order.SettleIn)) {
			t.Errorf("to be settled by %v", o.SettleBy)
		}
		if open, err := site.Order.OpenOf(ctx, shop.ID); err != nil || open != 2 {
			t.Errorf("%d orders are open, %v", open, err)
		}
		owner := shop.Owner.As(account.Owner)
		for _, step := range []func() (order.Order, error){
			func() (order.Order, error) { return site.Order.Accept(ctx, owner, shop.ID, done.Order.ID) },
			func() (order.Order, error) { return site.Order.Ready(ctx, owner, shop.ID, done.Order.ID) },
			func() (order.Order, error) {
				return site.Order.HandOver(ctx, owner, shop.ID, done.Order.ID, site.Order.PickupCode(done.Order.ID))
			},
			func() (order.Order, error) { return site.Order.Accept(ctx, owner, shop.ID, paid.Order.ID) },
		} {
			if _, err := step(); err != nil {
				t.Fatal(err)
			}
		}
		fake.Advance(order.SettleIn - time.Second)
		site.Settle()
		state(paid, order.Accepted)
		fake.Advance(time.Second)
		site.Settle()
		state(done, order.Completed)
		if o := state(paid, order.Cancelled); len(o.Refunds) != 1 || o.Refunds[0].Amount != o.Totals.Total || o.EndReason != "suspended" {
			t.Errorf("refunds %+v, ended by %q", o.Refunds, o.EndReason)
		}
		letter := mailTo(site, shop.Owner.Email, "Suspension")
		for _, words := range []string{m.Facts, m.Rule, "Shoppers are misled", "A person decided.", "appeal until", "/measures/" + m.ID} {
			if !strings.Contains(letter, words) {
				t.Errorf("the statement of reasons lacks %q:\n%s", words, letter)
			}
		}
		if told := mailTo(site, "mia@guests.example", "was suspended"); told == "" {
			t.Error("buyers with open orders were not told")
		}
	})
}

// mailTo is the text of the letter to an address that holds some words.
func mailTo(site *servertest.Site, address, words string) string {
	for _, message := range site.Sender.(*mail.Console).Messages() {
		if text := message.Subject + "\n" + message.Text; message.To == address && strings.Contains(text, words) {
			return text
		}
	}
	return ""
}

// Lifted within its 72 hours, a suspension costs nobody an order.
func TestLiftedInTimeOrdersGoOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(monday)
		site := servertest.New(t, db, servertest.At(fake), servertest.NoCards())
		ctx := t.Context()
		shop := site.AddShop(servertest.NewShop{})
		placed, err := site.Order.Place(ctx, order.Buyer{GuestID: ident.Hash("g")}, order.PlaceInput{
			BusinessID: shop.ID, Lines: []order.PlaceLine{{VariantID: shop.Variant, Quantity: 1}}, Payment: order.PayAtPickup,
			Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "Mia", Email: "mia@guests.example"}, ExpectedTotal: shop.Price(), Locale: "en",
		})
		if err != nil {
			t.Fatal(err)
		}
		vera, opal := site.People.Verifier.As(account.Verifier), site.People.Operator.As(account.Operator)
		if _, err := site.Order.Accept(ctx, shop.Owner.As(account.Owner), shop.ID, placed.Order.ID); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a second suspension gives a time of its own
			m, err := site.Measure.Impose(ctx, vera, shop.ID, input(measure.Suspended, fake.Now().Add(10*24*time.Hour)))
			if err != nil {
				t.Fatal(err)
			}
			site.Settle()
			fake.Advance(40 * time.Hour)
			site.Settle()
			if _, err := site.Measure.Lift(ctx, opal, m.ID, "Seen again."); err != nil {
				t.Fatal(err)
			}
		}
		fake.Advance(80 * time.Hour)
		site.Settle()
		o, err := site.Order.Get(ctx, placed.Order.ID)
		if err != nil || o.State != order.Accepted || o.SettleBy != nil {
			t.Errorf("the order is %s, to be settled by %v (%v)", o.State, o.SettleBy, err)
		}
	})
}

// TestSuspensionsUnderLoad suspends businesses under a stream of orders: none is
// accepted after the answer. NEARBY_SUSPENSIONS sets how many; 20 otherwise.
func TestSuspensionsUnderLoad(t *testing.T) {
	many := 20
	if n, err := strconv.Atoi(os.Getenv("NEARBY_SUSPENSIONS")); err == nil {
		many = n
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		ctx := t.Context()
		shops := make([]servertest.Shop, many)
		for i := range shops {
			shops[i] = site.AddShop(servertest.NewShop{Name: "Bakery " + strconv.Itoa(i), Lat: 30 + float64(i)/50, Lng: 13.4, Pieces: 100_000})
		}
		gone := make([]atomic.Bool, many)
		var after, before atomic.Int64
		var buyers sync.WaitGroup
		var stop atomic.Bool
		for b := range 4 {
			buyers.Go(func() {
				for i := b; !stop.Load(); i++ {
					shop := shops[i%many]
					late := gone[i%many].Load()
					_, err := site.Order.Place(ctx, order.Buyer{GuestID: ident.Hash(ident.Token())}, order.PlaceInput{
						BusinessID: shop.ID, Lines: []order.PlaceLine{{VariantID: shop.Variant, Quantity: 1}}, Payment: order.PayAtPickup,
						Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "Mia", Email: "mia@guests.example"}, ExpectedTotal: shop.Price(), Locale: "en",
					})
					switch {
					case err == nil && late:
						after.Add(1)
					case err == nil:
						before.Add(1)
					case !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Unavailable):
						t.Errorf("place: %v", err)
						return
					}
				}
			})
		}
		var slowest time.Duration
		for i, shop := range shops {
			begin := time.Now()
			if _, err := site.Measure.Impose(ctx, site.People.Verifier.As(account.Verifier), shop.ID, input(measure.Suspended, time.Now().Add(24*time.Hour))); err != nil {
				t.Errorf("suspending: %v", err)
				break
			}
			gone[i].Store(true)
			slowest = max(slowest, time.Since(begin))
			found, err := site.Directory.Nearby(ctx, directory.Query{Center: shop.Point, RadiusM: 100})
			if err != nil || len(found.Items) != 0 {
				t.Errorf("still found: %d, %v", len(found.Items), err)
			}
			if page := site.Guest().Get("/b/" + shop.Slug); page.Status != http.StatusNotFound {
				t.Errorf("its page answers %d", page.Status)
			}
		}
		stop.Store(true)
		buyers.Wait()
		if after.Load() != 0 || before.Load() == 0 {
			t.Errorf("%d orders accepted after a suspension, %d before", after.Load(), before.Load())
		}
		t.Logf("%d suspensions, %d orders before, none after; the slowest suspension took %s", many, before.Load(), slowest.Round(time.Millisecond))
	})
}

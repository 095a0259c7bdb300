package order_test

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/money"
	"nearby/internal/order"
)

func TestPlaceChecksEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread, cake := h.product("Bread", "2.95", 10), h.product("Cake", "24.50", 2)
		other := h.open(h.user("rival"), "Rival", options{currency: "EUR", country: "DE"})
		edit := func(fn func(*order.PlaceInput)) order.PlaceInput {
			in := h.wish(bread, 1, order.PayCard)
			fn(&in)
			return in
		}
		tests := []struct {
			name string
			in   order.PlaceInput
			kind errs.Kind
			code string // of the error, or of its first field
		}{
			{"no lines", edit(func(in *order.PlaceInput) { in.Lines = nil }), errs.Invalid, "bad_count"},
			{"none of it", edit(func(in *order.PlaceInput) { in.Lines[0].Quantity = 0 }), errs.Invalid, "bad_quantity"},
			{"less than none", edit(func(in *order.PlaceInput) { in.Lines[0].Quantity = -1 }), errs.Invalid, "bad_quantity"},
			{"far too many", edit(func(in *order.PlaceInput) { in.Lines[0].Quantity = 1 << 62 }), errs.Invalid, "bad_quantity"},
			{"a line twice", edit(func(in *order.PlaceInput) { in.Lines = append(in.Lines, in.Lines[0]) }), errs.Invalid, "twice"},
			{"no such thing", edit(func(in *order.PlaceInput) { in.Lines[0].VariantID = ident.Random() }), errs.Invalid, "not_for_sale"},
			{"another business's thing", edit(func(in *order.PlaceInput) { in.BusinessID = other.ID }), errs.Invalid, "not_for_sale"},
			{"no business", edit(func(in *order.PlaceInput) { in.BusinessID = ident.Random() }), errs.NotFound, "not_found"},
			{"hostile id", edit(func(in *order.PlaceInput) { in.BusinessID = "' OR 1=1 --" }), errs.Invalid, "bad_id"},
			{"no name", edit(func(in *order.PlaceInput) { in.Contact.Name = " " }), errs.Invalid, "bad_name"},
			{"no way to reach", edit(func(in *order.PlaceInput) { in.Contact.Email = "" }), errs.Invalid, "no_contact"},
			{"bad e-mail", edit(func(in *order.PlaceInput) { in.Contact.Email = "a@b\r\nBcc: c@d" }), errs.Invalid, "bad_email"},
			{"bad phone", edit(func(in *order.PlaceInput) { in.Contact.Phone = "call me" }), errs.Invalid, "bad_phone"},
			{"NUL in the note", edit(func(in *order.PlaceInput) { in.Note = "a\x00b" }), errs.Invalid, "bad_text"},
			{"unknown payment", edit(func(in *order.PlaceInput) { in.Payment = "gold" }), errs.Invalid, "unknown_method"},
			{"unknown kind", edit(func(in *order.PlaceInput) { in.Fulfilment.Kind = "pigeon" }), errs.Invalid, "unknown_kind"},
			{"delivery that is not offered", edit(func(in *order.PlaceInput) {
				in.Fulfilment = order.Fulfilment{Kind: order.Delivery, Address: &directory.Address{Street: "Quay", City: "Portmere"}}
			}), errs.Conflict, "kind_closed"},
			{"delivery to nowhere", edit(func(in *order.PlaceInput) { in.Fulfilment.Kind = order.Delivery }), errs.Invalid, "no_address"},
			{"another total", edit(func(in *order.PlaceInput) { in.ExpectedTotal.Minor-- }), errs.Conflict, "total_changed"},
			{"another currency", edit(func(in *order.PlaceInput) { in.ExpectedTotal.Currency = "USD" }), errs.Conflict, "total_changed"},
			{"no total", edit(func(in *order.PlaceInput) { in.ExpectedTotal = money.Amount{} }), errs.Conflict, "total_changed"},
			{"yesterday", edit(func(in *order.PlaceInput) { in.Fulfilment.Slot = testNow.Add(-24 * time.Hour) }), errs.Invalid, "too_early_or_late"},
			{"more than there is", func() order.PlaceInput { return h.wish(cake, 3, order.PayCard) }(), errs.Conflict, "sold_out"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, err := h.orders.Place(t.Context(), guest(), tt.in)
				code := errs.Of(err).Code
				if fields := errs.Of(err).Fields; len(fields) > 0 {
					code = fields[0].Code
				}
				if !errs.Is(err, tt.kind) || code != tt.code {
					t.Errorf("Place = %v (%s), want %s %s", err, code, tt.kind, tt.code)
				}
			})
		}
		if _, err := h.orders.Place(t.Context(), order.Buyer{}, h.wish(bread, 1, order.PayCard)); errs.Of(err).Kind != errs.Invalid {
			t.Errorf("nobody placed an order: %v", err)
		}
		h.wantLevel(bread, 10, 0, 0)
		h.wantLevel(cake, 2, 0, 0)
	})
}

func TestTotalChangedNamesBoth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		in := h.wish(h.product("Bread", "2.95", 10), 2, order.PayCard)
		in.ExpectedTotal = eur(500)
		_, err := h.orders.Place(t.Context(), guest(), in)
		wantErr(t, err, errs.Conflict, "total_changed")
		detail := errs.Of(err).Detail.(map[string]any)
		if detail["total"] != eur(590) || detail["expected_total"] != eur(500) {
			t.Errorf("detail = %v", detail)
		}
	})
}

// TestSameWishTwice covers a repeated request: the same key gives the same
// order and answer, another body is refused, another buyer's key is his own.
func TestSameWishTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		cake := h.product("Cake", "24.50", 1) // one piece: the losers of the race see it sold out
		buyer, in := guest(), h.wish(cake, 1, order.PayCard)
		var wg sync.WaitGroup
		ids, pages := make([]string, 10), make([]string, 10)
		for i := range ids {
			wg.Go(func() {
				placed, err := h.orders.Place(t.Context(), buyer, in)
				if err != nil {
					t.Errorf("place %d: %v", i, err)
					return
				}
				ids[i] = placed.Order.ID + " " + placed.Token
				if pages[i], err = h.orders.Open(t.Context(), placed.Order.ID); err != nil {
					t.Errorf("open %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if len(slices.Compact(slices.Clone(ids))) != 1 || len(slices.Compact(slices.Clone(pages))) != 1 || pages[0] == "" {
			t.Errorf("ten clicks gave orders %q and pages %q", ids, pages)
		}
		h.wantLevel(cake, 1, 1, 0)
		changed := in
		changed.Contact.Name = "Another"
		_, err := h.orders.Place(t.Context(), buyer, changed)
		wantErr(t, err, errs.Invalid, "idempotency_key_reused")
		_, err = h.orders.Place(t.Context(), guest(), in)
		wantErr(t, err, errs.Conflict, "sold_out")
	})
}

// TestLastPieces lets many shoppers at few pieces: exactly that many get one,
// each order is paid once, and nothing is left over.
func TestLastPieces(t *testing.T) {
	const shoppers, pieces = 60, 10
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		cake := h.product("Cake", "24.50", pieces)
		in := h.wish(cake, 1, order.PayCard)
		var sold, refused atomic.Int64
		var wg sync.WaitGroup
		for range shoppers {
			wg.Go(func() {
				in := in
				in.ClientToken = ident.Token()
				placed, err := h.orders.Place(t.Context(), guest(), in)
				if errs.Has(err, "sold_out") {
					refused.Add(1)
					return
				}
				if err != nil {
					t.Errorf("place: %v", err)
					return
				}
				page, err := h.orders.Open(t.Context(), placed.Order.ID)
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				if status := h.pay(page, goodCard); status == 303 {
					sold.Add(1)
				}
			})
		}
		wg.Wait()
		h.deliver()
		h.reconcile()
		if sold.Load() != pieces || refused.Load() != shoppers-pieces {
			t.Errorf("%d sold and %d refused of %d, want %d", sold.Load(), refused.Load(), shoppers, pieces)
		}
		h.wantLevel(cake, pieces, 0, pieces)
		page, err := h.orders.ListForBusiness(t.Context(), h.owner, h.business.ID, []order.State{order.Placed}, "", 50)
		h.must(err)
		var numbers []int64
		for _, o := range page.Items {
			numbers = append(numbers, o.Number)
		}
		slices.Sort(numbers)
		for i, n := range numbers {
			if n != int64(i+1) || len(numbers) != pieces {
				t.Fatalf("order numbers %v have a gap", numbers)
			}
		}
	})
}

func TestSellingIsCheckedInsidePlacing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		in := h.wish(h.product("Bread", "2.95", 100), 1, order.PayCard)
		place := func() error {
			in := in
			in.ClientToken = ident.Token()
			_, err := h.orders.Place(t.Context(), guest(), in)
			return err
		}
		h.must(place())
		set := func(fn func(*directory.Business)) {
			h.must(h.directory.Change(t.Context(), h.business.ID, func(b *directory.Business) error { fn(b); return nil }))
		}
		set(func(b *directory.Business) { b.Paused = true })
		wantErr(t, place(), errs.Conflict, "not_orderable")
		set(func(b *directory.Business) { b.PausedUntil = h.clock.Now().Add(time.Hour) })
		wantErr(t, place(), errs.Conflict, "not_orderable")
		h.clock.Advance(time.Hour)
		h.must(place()) // the pause is over
		set(func(b *directory.Business) {
			b.Paused, b.PausedUntil, b.Further.Pickup = false, time.Time{}, "Mo[1] 03:00-04:00"
		})
		in.Fulfilment.Slot = h.clock.Now().Add(24 * time.Hour)
		if fields := errs.Of(place()).Fields; len(fields) != 1 || fields[0].Name != "fulfilment.slot" || fields[0].Code != "outside_pickup_hours" {
			t.Errorf("outside of the pickup hours: %+v", fields)
		}
		set(func(b *directory.Business) { b.Further.Pickup = "" })
		h.must(place())
		in.Fulfilment.Slot = time.Time{}
		set(func(b *directory.Business) { b.State = directory.Limited })
		wantErr(t, place(), errs.Conflict, "not_orderable")
		set(func(b *directory.Business) { b.State = directory.Suspended })
		wantErr(t, place(), errs.NotFound, "not_found")
		set(func(b *directory.Business) { b.State = directory.Verified })
		h.must(place())
		h.control("POST", "accounts/"+h.account+"/restrict", `{"currently_due": ["individual.verification.document"], "charges_enabled": false}`)
		h.deliver()
		wantErr(t, place(), errs.Conflict, "method_closed")
		h.control("POST", "accounts/"+h.account+"/activate", "")
		h.deliver()
		h.must(place())
		h.clock.Advance(25 * time.Hour) // nobody has read the account for a day
		wantErr(t, place(), errs.Conflict, "method_closed")
		n, err := h.payout.Reconcile(t.Context())
		if n != 1 || err != nil {
			t.Fatalf("Reconcile = %d, %v", n, err)
		}
		h.must(place())
	})
}

// TestSuspensionRace suspends a business under a stream of orders: once the
// suspension is acknowledged, none is accepted.
func TestSuspensionRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		in := h.wish(h.product("Bread", "2.95", -1), 1, order.PayCard)
		var gone atomic.Bool
		var after, before atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 12 {
					in := in
					in.ClientToken = ident.Token()
					late := gone.Load()
					_, err := h.orders.Place(t.Context(), guest(), in)
					switch {
					case err == nil && late:
						after.Add(1)
					case err == nil:
						before.Add(1)
					case !errs.Is(err, errs.NotFound):
						t.Errorf("place: %v", err)
					}
				}
			})
		}
		for before.Load() == 0 {
			runtime.Gosched()
		}
		h.must(h.directory.Change(t.Context(), h.business.ID, func(b *directory.Business) error { b.State = directory.Suspended; return nil }))
		gone.Store(true)
		h.must(h.orders.Suspended(t.Context(), h.business.ID))
		wg.Wait()
		if after.Load() != 0 {
			t.Errorf("%d orders accepted after the suspension", after.Load())
		}
		h.reconcile()
		page, err := h.orders.ListForBusiness(t.Context(), h.owner, h.business.ID, []order.State{order.PendingPayment, order.Expiring}, "", 50)
		h.must(err)
		if len(page.Items) != 0 {
			t.Errorf("%d orders still wait for payment", len(page.Items))
		}
	})
}

func TestTooManyUnpaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		bread := h.product("Bread", "2.95", 100)
		buyer := guest()
		for range 3 {
			h.place(buyer, h.wish(bread, 1, order.PayCard))
			h.place(buyer, h.wish(bread, 1, order.PayAtPickup))
		}
		_, err := h.orders.Place(t.Context(), buyer, h.wish(bread, 1, order.PayCard))
		wantErr(t, err, errs.Conflict, "too_many_unpaid")
		_, err = h.orders.Place(t.Context(), buyer, h.wish(bread, 1, order.PayAtPickup))
		wantErr(t, err, errs.Conflict, "too_many_unpaid")
		h.place(guest(), h.wish(bread, 1, order.PayCard))
	})
}

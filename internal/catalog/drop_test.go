package catalog_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// TestLifeOfADrop walks every state, event and role.
func TestLifeOfADrop(t *testing.T) {
	legal := map[string]catalog.DropState{
		" plan": "planned", "planned take": "open", "planned empty": "sold_out", "open take": "open", "open empty": "sold_out", "open return": "open",
		"sold_out return": "open", "planned close": "closed", "open close": "closed", "sold_out close": "closed",
		"closed take": "closed", "closed empty": "closed", "closed return": "closed",
	}
	for _, from := range []catalog.DropState{"", "planned", "open", "sold_out", "closed"} {
		for _, event := range []catalog.DropEvent{"plan", "take", "empty", "return", "close"} {
			for _, role := range []account.Role{account.Shopper, account.Owner, account.System} {
				want, ok := legal[string(from)+" "+string(event)]
				ok = ok && role != account.Shopper && (role == account.System || event == "plan" || event == "close")
				if got, err := catalog.DropLife.Next(from, event, role); (err == nil) != ok || ok && got != want {
					t.Errorf("%q %s by %s = %q, %v", from, event, role, got, err)
				}
			}
		}
	}
}

func TestPhaseOfADrop(t *testing.T) {
	begin := time.Date(2026, 5, 4, 18, 0, 0, 0, time.UTC)
	end := begin.Add(time.Hour)
	gone := begin.Add(6*time.Minute + 12*time.Second)
	for _, c := range []struct {
		name        string
		taken, sold int64
		state       catalog.DropState
		after       time.Duration
		want        catalog.Phase
	}{
		{"before", 0, 0, "planned", -time.Second, catalog.DropAhead},
		{"at the moment", 0, 0, "planned", 0, catalog.DropRunning},
		{"last second", 3, 3, "open", time.Hour - time.Second, catalog.DropRunning},
		{"at the end", 3, 3, "open", time.Hour, catalog.DropOver},
		{"all held", 4, 3, "sold_out", time.Minute, catalog.DropHeld},
		{"all held at the end", 4, 3, "sold_out", time.Hour, catalog.DropOver},
		{"all sold", 4, 4, "sold_out", time.Minute, catalog.DropGone},
		{"all sold, long ago", 4, 4, "closed", 100 * time.Hour, catalog.DropGone},
		{"closed", 1, 1, "closed", time.Minute, catalog.DropOver},
	} {
		d := catalog.Drop{Cap: 4, PerBuyer: 1, Taken: c.taken, Sold: c.sold, State: c.state, StartsAt: begin, EndsAt: &end, GoneAt: &gone}
		if got := d.Phase(begin.Add(c.after)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if after, told := d.GoneAfter(); told != (c.sold == 4) || told && after != 6*time.Minute+12*time.Second {
			t.Errorf("%s: gone after %s, told %t", c.name, after, told)
		}
	}
}

// TestDropIsPlanned sets, changes and ends drops: what is wrong is named, and
// what shoppers see follows the clock.
func TestDropIsPlanned(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		begin := h.clock.Now().Add(time.Hour)
		p := h.publish(t, h.add(t, catalog.ProductInput{Title: "Print", Offer: catalog.Offer{Price: catalog.Typed("20.00"), Counted: true, Stock: catalog.Count(10)}}))
		loose := h.add(t, catalog.ProductInput{Title: "Card", Offer: catalog.Offer{Price: catalog.Typed("2.00")}})
		print := p.Variants[0].ID
		set := func(variant string, limit, each int64, from, to time.Time) (catalog.Product, error) {
			return h.SetDrop(t.Context(), h.owner, h.business.ID, variant, catalog.DropInput{Cap: catalog.Count(limit), PerBuyer: catalog.Count(each), StartsAt: from, EndsAt: to})
		}
		wantField := func(err error, field, code string) {
			t.Helper()
			if !errs.Is(err, errs.Invalid) || !slices.ContainsFunc(errs.Of(err).Fields, func(f errs.Field) bool { return f.Name == field && f.Code == code }) {
				t.Errorf("error %v %v, want %s %s", err, errs.Of(err), field, code)
			}
		}
		for _, c := range []struct {
			variant     string
			limit, each int64
			from, to    time.Time
			field, code string
		}{
			{print, 0, 1, begin, time.Time{}, "cap", "bad_number"},
			{print, 4, 5, begin, time.Time{}, "per_buyer", "bad_number"},
			{print, 4, 1, time.Time{}, time.Time{}, "starts_at", "required"},
			{print, 4, 1, begin.Add(-2 * time.Hour), time.Time{}, "starts_at", "past"},
			{print, 4, 1, begin.AddDate(2, 0, 0), time.Time{}, "starts_at", "too_far"},
			{print, 4, 1, begin, begin, "ends_at", "bad_time"},
			{loose.Variants[0].ID, 4, 1, begin, time.Time{}, "variant", "not_counted"},
		} {
			_, err := set(c.variant, c.limit, c.each, c.from, c.to)
			wantField(err, c.field, c.code)
		}
		stranger, _ := h.newBusiness(t, "Another")
		if _, err := h.SetDrop(t.Context(), stranger, h.business.ID, print, catalog.DropInput{}); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger plans a drop: %v", err)
		}

		wantAvailable := func(n int64, phase catalog.Phase) catalog.Variant {
			t.Helper()
			got, err := h.Get(t.Context(), h.business.ID, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			v := got.Variants[0]
			wares, err := h.Variants(t.Context(), []string{print})
			if err != nil {
				t.Fatal(err)
			}
			finds, err := h.Finds(t.Context(), []string{h.business.ID}, "", 5)
			if err != nil {
				t.Fatal(err)
			}
			extras, err := h.Searchable(t.Context(), []string{h.business.ID})
			if err != nil {
				t.Fatal(err)
			}
			found := *finds[h.business.ID].Products[0].Available
			if *v.Available() != n || v.Phase != phase || wares[print].Available != n || found != n || extras[h.business.ID].InStock != (n > 0) {
				t.Errorf("available %d, in a cart %d, in a list %d, in stock %t, phase %s; want %d, %s",
					*v.Available(), wares[print].Available, found, extras[h.business.ID].InStock, v.Phase, n, phase)
			}
			return v
		}
		if _, err := set(print, 4, 2, begin, begin.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		wantAvailable(0, catalog.DropAhead)
		if _, err := set(print, 6, 2, begin.Add(time.Minute), begin.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.SetStock(t.Context(), h.owner, h.business.ID, print, catalog.Number{}, ""); err == nil {
			t.Error("its pieces need not be counted any more")
		} else {
			wantField(err, "stock", "in_drop")
		}
		h.clock.Advance(time.Hour + time.Minute)
		d := wantAvailable(6, catalog.DropRunning).Drop
		_, err := set(print, 6, 2, begin, begin.Add(time.Hour))
		wantField(err, "starts_at", "drop_begun")
		take := func(n int64) {
			t.Helper()
			err := db.Tx(t.Context(), func(ctx context.Context) error {
				if ok, err := h.Stock().Hold(ctx, d.StockID, n); err != nil || !ok {
					t.Fatalf("hold: %t, %v", ok, err)
				}
				ok, err := h.Stock().TakeDrop(ctx, d.ID, map[string]int64{ident.Random(): n})
				if !ok {
					t.Fatalf("take: %v", err)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		take(2)
		wantAvailable(4, catalog.DropRunning)
		_, err = set(print, 1, 1, begin.Add(time.Minute), begin.Add(time.Hour))
		wantField(err, "cap", "below_taken")
		if _, err := set(print, 2, 2, begin.Add(time.Minute), begin.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		wantAvailable(0, catalog.DropHeld)
		if _, err := set(print, 20, 2, begin.Add(time.Minute), begin.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		wantAvailable(8, catalog.DropRunning) // of the shelf: the drop has more
		h.clock.Advance(time.Hour)
		wantAvailable(0, catalog.DropOver)
		// The next one takes the place of one that is over.
		next := h.clock.Now().Add(time.Hour)
		if _, err := set(print, 3, 1, next, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if now := wantAvailable(0, catalog.DropAhead).Drop; now.ID == d.ID || now.Taken != 0 {
			t.Errorf("the next drop is %+v", now)
		}
		if _, err := h.EndDrop(t.Context(), h.owner, h.business.ID, print); err != nil {
			t.Fatal(err)
		}
		if v := wantAvailable(8, ""); v.Drop != nil {
			t.Errorf("after its end there is %+v", v.Drop)
		}
		var actions []string
		if err := db.Conn(t.Context()).Table("audit_entries").Where("object = 'drop'").Order("seq").Pluck("action", &actions).Error; err != nil {
			t.Fatal(err)
		}
		want := []string{"drop.plan", "drop.change", "drop.take", "drop.change", "drop.change", "drop.close", "drop.plan", "drop.close"}
		if !slices.Equal(actions, want) {
			t.Errorf("audited %v, want %v", actions, want)
		}
	})
}

// TestCapsAreTheDatabases asks for more than the caps behind the back of every
// check: nothing is written.
func TestCapsAreTheDatabases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		p := h.add(t, catalog.ProductInput{Title: "Print", Offer: catalog.Offer{Price: catalog.Typed("20.00"), Counted: true, Stock: catalog.Count(10)}})
		p, err := h.SetDrop(t.Context(), h.owner, h.business.ID, p.Variants[0].ID, catalog.DropInput{Cap: catalog.Count(4), PerBuyer: catalog.Count(2), StartsAt: h.clock.Now()})
		if err != nil {
			t.Fatal(err)
		}
		id := p.Variants[0].Drop.ID
		for _, c := range []struct {
			buyers map[string]int64
			want   bool
		}{
			{map[string]int64{"ann": 3}, false}, {map[string]int64{"ann": 1, "bo": 1}, true}, {map[string]int64{"ann": 2}, false},
			{map[string]int64{"bo": 1, "cy": 2}, false}, {map[string]int64{"ann": 1, "bo": 1}, true}, {map[string]int64{"cy": 1}, false},
		} {
			stopped := errs.New(errs.Conflict, "refused", "Not so many.")
			err := db.Tx(t.Context(), func(ctx context.Context) error {
				ok, err := h.Stock().TakeDrop(ctx, id, c.buyers)
				if err == nil && !ok {
					err = stopped
				}
				return err
			})
			if ok := err == nil; ok != c.want {
				t.Errorf("%v: %t, %v", c.buyers, ok, err)
			}
		}
		drops, err := h.Stock().Drops(t.Context(), []string{id})
		if err != nil || drops[id].Taken != 4 || drops[id].State != catalog.DropSoldOut {
			t.Errorf("drop %+v, %v", drops[id], err)
		}
	})
}

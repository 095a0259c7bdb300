package directory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/text"
)

var harbour = geo.Point{Lat: 52.5, Lng: 13.4}

// What the public sees follows each commit before the committing call returns,
// and a restart sees the same.
func TestIndexFollowsEveryChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada := h.user(t, "ada")
		b := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		check := func(when string, q Query, want ...string) {
			t.Helper()
			if want == nil {
				want = []string{}
			}
			plain := cmp.Equal(q, Query{})
			if q.RadiusM == 0 {
				q.Center, q.RadiusM = harbour, 1000
			}
			for name, house := range map[string]*house{"": h, " after a restart": h.again(t)} {
				if diff := cmp.Diff(want, house.near(t, q)); diff != "" {
					t.Errorf("%s%s: %s", when, name, diff)
				}
			}
			_, err := h.Public(ctx, b.ID)
			if public := err == nil; plain && public != (len(want) > 0) {
				t.Errorf("%s: page public %v, nearby %v", when, public, want)
			}
		}
		check("draft", Query{})
		for _, event := range []Event{EventSubmit, EventTake} {
			h.put(t, b.ID, event)
			check(string(event), Query{})
		}
		h.put(t, b.ID, EventApprove)
		check("approved", Query{}, "Harbour Buns")
		check("open now", Query{Open: h.clock.Now()}, "Harbour Buns")
		check("open at night", Query{Open: h.clock.Now().Add(12 * time.Hour)})

		p := b.Profile()
		p.Name, p.Hours, p.Attributes = "HARBOUR BUNS", "Mo-Su 20:00-04:00", []string{"wifi"}
		if _, err := h.Update(ctx, ada, b.ID, 0, p); err != nil {
			t.Fatal(err)
		}
		check("renamed", Query{}, "HARBOUR BUNS")
		check("now at night", Query{Open: h.clock.Now().Add(12 * time.Hour)}, "HARBOUR BUNS")
		check("attribute", Query{Attributes: []string{"wifi"}}, "HARBOUR BUNS")
		check("other attribute", Query{Attributes: []string{"dogs"}})
		check("parent category", Query{Category: "food"}, "HARBOUR BUNS")
		check("other category", Query{Category: "fashion"})
		check("text", Query{Text: "hárbour bun"}, "HARBOUR BUNS")
		check("German for bakery", Query{Text: "bäckerei"}, "HARBOUR BUNS")
		check("other text", Query{Text: "harbour cars"})
		check("pickup", Query{Pickup: true}, "HARBOUR BUNS")
		check("delivery", Query{Delivery: true})
		check("orderable", Query{Orderable: true}, "HARBOUR BUNS")
		if _, err := h.SetSelling(ctx, ada, b.ID, 0, Selling{Currency: "EUR", Delivery: true, DeliveryRadiusM: 100, Paused: true}); err != nil {
			t.Fatal(err)
		}
		check("paused", Query{}, "HARBOUR BUNS")
		check("paused, orderable", Query{Orderable: true})
		check("delivers", Query{Delivery: true}, "HARBOUR BUNS")

		h.put(t, b.ID, EventSuspend)
		check("suspended", Query{})
		h.put(t, b.ID, EventReinstate)
		check("reinstated", Query{}, "HARBOUR BUNS")
		h.restrict(t, b.ID, Restriction{Measure: "m", Kind: RestrictOrders})
		check("limited", Query{}, "HARBOUR BUNS")
		if _, err := h.Close(ctx, ada, b.ID); err != nil {
			t.Fatal(err)
		}
		check("closed", Query{})
		if _, err := h.Reopen(ctx, ada, b.ID); err != nil {
			t.Fatal(err)
		}
		lat, lng := 10.0, 20.0
		p.Lat, p.Lng = &lat, &lng
		if _, err := h.Update(ctx, ada, b.ID, 0, p); err != nil {
			t.Fatal(err)
		}
		h.put(t, b.ID, verify...)
		check("moved away", Query{Category: "food"})
		check("moved there", Query{Center: geo.Point{Lat: 10, Lng: 20}, RadiusM: 1}, "HARBOUR BUNS")
	})
}

func TestIndexIgnoresWhatIsRolledBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		b := h.listed(t, ada, quay("Harbour Buns", 52.5, 13.4))
		err := db.Tx(t.Context(), func(ctx context.Context) error {
			err := h.Change(ctx, b.ID, func(b *Business) error { return b.Move(EventSuspend, account.Verifier, h.clock.Now()) })
			if err != nil {
				return err
			}
			if names := h.near(t, Query{Center: harbour}); len(names) != 1 {
				t.Errorf("before the commit others see %v", names)
			}
			return errors.New("no")
		})
		if err == nil {
			t.Fatal("the transaction committed")
		}
		if names := h.near(t, Query{Center: harbour}); len(names) != 1 {
			t.Errorf("after the rollback %v", names)
		}
	})
}

// A change that cannot be read again hides the business, and comes back by the
// retry.
func TestIndexHidesWhatItCannotRead(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	ada := h.user(t, "ada")
	var broken error
	h.SetSearchable(func(_ context.Context, ids []string) (map[string]Extra, error) {
		extras := map[string]Extra{}
		for _, id := range ids {
			extras[id] = Extra{InStock: true, Words: text.Words("Rye Loaf")}
		}
		return extras, broken
	})
	b := h.listed(t, ada, quay("Harbour Buns", 52.5, 13.4))
	page, err := h.Nearby(t.Context(), Query{Center: harbour, Text: "rye buns", InStock: true})
	if err != nil || len(page.Items) != 1 || !page.Items[0].InStock {
		t.Fatalf("found %+v, %v", page.Items, err)
	}
	if diff := cmp.Diff([]string{"name", "product"}, page.Items[0].Matched); diff != "" {
		t.Error(diff)
	}
	broken = errors.New("the other room is on fire")
	err = h.db.Tx(t.Context(), func(ctx context.Context) error {
		h.Touch(ctx, b.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := h.near(t, Query{Center: harbour}); len(names) != 0 {
		t.Errorf("shown although nobody knows: %v", names)
	}
	if rows, dirty := h.Indexed(); rows != 0 || dirty != 1 {
		t.Errorf("%d rows, %d dirty", rows, dirty)
	}
	if left := h.follower.retry(); left != 1 {
		t.Errorf("%d left after a failed retry", left)
	}
	broken = nil
	if left := h.follower.retry(); left != 0 {
		t.Errorf("%d left after the retry", left)
	}
	if names := h.near(t, Query{Center: harbour, InStock: true}); len(names) != 1 {
		t.Errorf("not back: %v", names)
	}
}

// Many writers at once: whatever the order of their commits, the index ends up
// with what the database says.
func TestIndexAfterConcurrentChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		list := h.seed(t, 6, harbour)
		if err := h.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for worker := range 8 {
			group.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(worker), 7))
				for range 12 {
					id := list[rng.IntN(len(list))].ID
					err := h.Change(t.Context(), id, func(b *Business) error {
						event := EventSuspend
						if b.State == Suspended {
							event = EventReinstate
						}
						return b.Move(event, account.Verifier, h.clock.Now())
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		for _, b := range list {
			now, err := h.Get(t.Context(), b.ID)
			if err != nil {
				t.Fatal(err)
			}
			hit, indexed := h.follower.index.Find(b.ID)
			if indexed != now.Listed() || indexed && !reflect.DeepEqual(summaryOf(&hit), *summarize(now, Extra{}, h.clock.Now())) {
				t.Errorf("%s is %s: indexed %v", b.Name, now.State, indexed)
			}
		}
	})
}

// scan is the answer by looking at every business.
func scan(list []Business, q Query) []string {
	type hit struct {
		id string
		d  float64
	}
	var kinds []string
	for _, c := range category.Descendants(q.Category) {
		kinds = append(kinds, c.Slug)
	}
	var hits []hit
	for _, b := range list {
		d := geo.Distance(q.center(), b.Point)
		switch {
		case q.RadiusM > 0 && d > q.RadiusM,
			q.Category != "" && !slices.Contains(kinds, b.Category),
			q.Pickup && !b.Pickup,
			!q.Open.IsZero() && !b.Hours.At(q.Open).IsOpen(),
			q.Text != "" && !slices.ContainsFunc(text.Words(b.Name), func(w string) bool { return strings.HasPrefix(w, q.Text) }):
			continue
		}
		hits = append(hits, hit{b.ID, d})
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if a.d != b.d {
			return map[bool]int{true: -1, false: 1}[a.d < b.d]
		}
		return strings.Compare(a.id, b.id)
	})
	ids := []string{}
	for _, h := range hits {
		ids = append(ids, h.id)
	}
	return ids
}

// All pages of a question together are exactly what a full scan finds, in order.
func TestNearbyEqualsAScan(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	list := h.seed(t, 3000, harbour)
	if err := h.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		q := Query{
			Center:   geo.Point{Lat: harbour.Lat + rng.NormFloat64()*0.05, Lng: harbour.Lng + rng.NormFloat64()*0.08},
			RadiusM:  []float64{0, 300, 2000, 10_000, 50_000}[rng.IntN(5)],
			Limit:    1 + rng.IntN(50),
			Category: []string{"", "", "food", "bakery", "eat", "other"}[rng.IntN(6)],
			Pickup:   rng.IntN(3) == 0,
		}
		if rng.IntN(2) == 0 {
			q.Cell = geo.CellOf(q.Center, 9)
		}
		if rng.IntN(2) == 0 {
			q.Open = h.clock.Now().Add(time.Duration(rng.IntN(10_000)) * time.Minute)
		}
		if rng.IntN(8) == 0 {
			q.Text = fmt.Sprint(rng.IntN(3000))
		}
		want := scan(list, q)
		if n, err := h.Count(t.Context(), q); err != nil || n != len(want) {
			t.Fatalf("%+v counts %d, %v; want %d", q, n, err, len(want))
		}
		const pages = 4
		var got []string
		for range pages {
			page, err := h.Nearby(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				if d := geo.Distance(q.center(), item.Point); math.Abs(d-item.DistanceM) > 1e-6 {
					t.Fatalf("%s is %g m away, not %g", item.Name, d, item.DistanceM)
				}
				if now := q.Open; !now.IsZero() && !item.Open.IsOpen() {
					t.Fatalf("%s is %s", item.Name, item.Open.Kind)
				}
				got = append(got, item.ID)
			}
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
		want = want[:min(len(want), pages*q.Limit)]
		if diff := cmp.Diff(want, append([]string{}, got...)); diff != "" {
			t.Fatalf("%+v: %s", q, diff)
		}
	}
}

func TestQueryFields(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	for name, c := range map[string]struct {
		q    Query
		want []string
	}{
		"good":        {Query{Center: harbour, RadiusM: 50_000, Limit: 50, Text: "bun", Category: "food"}, nil},
		"not a place": {Query{Center: geo.Point{Lat: 91}}, []string{"lat:bad_point"}},
		"no number":   {Query{Center: geo.Point{Lat: math.NaN()}, RadiusM: math.NaN()}, []string{"lat:bad_point", "radius_m:out_of_range"}},
		"cell":        {Query{Cell: 7}, []string{"cell:bad_cell"}},
		"radius":      {Query{RadiusM: 50_000.1}, []string{"radius_m:out_of_range"}},
		"negative":    {Query{RadiusM: -1, Limit: -1}, []string{"radius_m:out_of_range", "limit:out_of_range"}},
		"infinite":    {Query{RadiusM: math.Inf(1)}, []string{"radius_m:out_of_range"}},
		"limit":       {Query{Limit: 51}, []string{"limit:out_of_range"}},
		"category":    {Query{Category: "volcano"}, []string{"category:unknown_category"}},
		"NUL":         {Query{Text: "a\x00b"}, []string{"q:bad_text"}},
		"not UTF-8":   {Query{Text: "a\xff"}, []string{"q:bad_text"}},
		"long":        {Query{Text: strings.Repeat("x", 201)}, []string{"q:too_long"}},
		"attribute":   {Query{Attributes: []string{"#wifi"}}, []string{"attributes:unknown_attribute"}},
		"cursor":      {Query{Cursor: "x"}, []string{"cursor:bad_cursor"}},
	} {
		_, err := h.Nearby(t.Context(), c.q)
		if diff := cmp.Diff(c.want, fieldCodes(err)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cursor belongs to its question, shows nothing and cannot be forged.
func TestCursor(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	h.seed(t, 60, harbour)
	if err := h.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	q := Query{Center: harbour, Limit: 10, Category: "food", Open: time.Time{}}
	first, err := h.Nearby(ctx, q)
	if err != nil || first.NextCursor == "" {
		t.Fatal(first, err)
	}
	again, _ := h.Nearby(ctx, q)
	if again.NextCursor == first.NextCursor {
		t.Error("a cursor can be recognised")
	}
	for name, change := range map[string]func(*Query){
		"place":      func(q *Query) { q.Center.Lat += 1e-9 },
		"radius":     func(q *Query) { q.RadiusM = 49_000 },
		"category":   func(q *Query) { q.Category = "bakery" },
		"text":       func(q *Query) { q.Text = "number" },
		"pickup":     func(q *Query) { q.Pickup = true },
		"open":       func(q *Query) { q.Open = h.clock.Now() },
		"attributes": func(q *Query) { q.Attributes = []string{"wifi"} },
	} {
		other := q
		other.Cursor = first.NextCursor
		change(&other)
		_, err := h.Nearby(ctx, other)
		if !errs.Has(err, "bad_cursor") {
			t.Errorf("with another %s: %v", name, err)
		}
	}
	for i := range first.NextCursor {
		broken := []byte(first.NextCursor)
		broken[i] ^= 1
		other := q
		other.Cursor = string(broken)
		page, err := h.Nearby(ctx, other)
		if err == nil && i < len(broken)-1 { // the last letter carries unused bits
			t.Fatalf("broken at %d and still accepted: %v", i, page)
		}
	}
	stranger := New(h.db, h.accounts, h.log, h.clock.Now, h.ids, slices.Repeat([]byte{1}, 32))
	q.Cursor = first.NextCursor
	if _, err := stranger.Nearby(ctx, q); !errs.Has(err, "bad_cursor") {
		t.Errorf("another key reads it: %v", err)
	}
	q.Limit = 50 // the size of a page may change on the way
	if rest, err := h.Nearby(ctx, q); err != nil || len(rest.Items) == 0 || rest.Items[0].DistanceM < first.Items[9].DistanceM {
		t.Errorf("going on gave %d items, %v", len(rest.Items), err)
	}
}

func TestCells(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	list := h.seed(t, 500, harbour)
	if err := h.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	view := geo.Box{West: 13.3, South: 52.45, East: 13.5, North: 52.55}
	inside := 0
	for _, b := range list {
		if view.Contains(b.Point) && b.Category == "bakery" {
			inside++
		}
	}
	last := 0
	for zoom := 0; zoom <= 22; zoom++ {
		clusters, resolution, err := h.Cells(t.Context(), view, zoom, Query{Category: "bakery"})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, c := range clusters {
			sum += c.Count
			if c.Count <= 3 && len(c.Items) != c.Count {
				t.Errorf("zoom %d: %d of %d businesses are named", zoom, len(c.Items), c.Count)
			}
			if c.Cell.Resolution() != resolution {
				t.Errorf("zoom %d: a cell of resolution %d among %d", zoom, c.Cell.Resolution(), resolution)
			}
		}
		if sum != inside {
			t.Errorf("zoom %d counts %d, want %d", zoom, sum, inside)
		}
		if resolution < last {
			t.Errorf("zoom %d has resolution %d after %d", zoom, resolution, last)
		}
		last = resolution
	}
	if a, b := resolutionAt(0), resolutionAt(14); a != 0 || b != 8 {
		t.Errorf("zoom 0 and 14 have resolutions %d and %d", a, b)
	}
	for _, zoom := range []int{-1, 23} {
		if _, _, err := h.Cells(t.Context(), view, zoom, Query{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("zoom %d: %v", zoom, err)
		}
	}
}

// A search needs no database.
func TestNearbyAsksNoDatabase(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	h.seed(t, 30, harbour)
	if err := h.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	if names := h.near(t, Query{Center: harbour}); len(names) != DefaultLimit {
		t.Errorf("found %d", len(names))
	}
}

func TestUnclaimedAreShownOnlyWhenWanted(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	list := h.seed(t, 1, harbour)
	err := h.db.Tx(t.Context(), func(ctx context.Context) error {
		return h.db.Conn(ctx).Exec("UPDATE businesses SET state = 'unclaimed', verified_at = NULL").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []bool{false, true} {
		other := newHouse(h.db)
		if wanted {
			other.ShowUnclaimed()
		}
		if err := other.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		page, err := other.Nearby(t.Context(), Query{Center: harbour})
		_, pageErr := other.Public(t.Context(), list[0].ID)
		if err != nil || len(page.Items) == 1 != wanted || (pageErr == nil) != wanted {
			t.Errorf("wanted %v: %+v, page %v", wanted, page.Items, pageErr)
		}
		if wanted && (page.Items[0].State != Unclaimed || page.Items[0].Orderable || page.Items[0].Open.Kind == hours.Open && page.Items[0].VerifiedAt != nil) {
			t.Errorf("an unclaimed place looks like %+v", page.Items[0])
		}
	}
}

func BenchmarkNearby(b *testing.B) {
	h := newHouse(dbtest.SQLite(b))
	h.seed(b, 24_000, harbour)
	if err := h.Load(context.Background()); err != nil {
		b.Fatal(err)
	}
	now := h.clock.Now()
	for name, q := range map[string]Query{
		"nearest":  {},
		"radius":   {RadiusM: 2000},
		"category": {Category: "pharmacy"},
		"open":     {Open: now},
		"text":     {Text: "number 12"},
	} {
		b.Run(name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(5, 6))
			took := make([]time.Duration, 0, 1<<16)
			for b.Loop() {
				q.Center = geo.Point{Lat: harbour.Lat + rng.NormFloat64()*0.05, Lng: harbour.Lng + rng.NormFloat64()*0.08}
				start := time.Now()
				if _, err := h.Nearby(context.Background(), q); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	h := newHouse(dbtest.SQLite(b))
	h.seed(b, 24_000, harbour)
	for b.Loop() {
		if err := h.Load(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTextForgives finds names with typos, in other letters and in other
// languages, says what was matched, and goes on page by page.
func TestTextForgives(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	ada := h.user(t, "ada")
	for i, name := range []string{"Pushkin Tea", "Кафе Пушкин", "Φούρνος Ηλίας", "Sourdough House", "寿司 桜", "מאפיית רחוב", "مقهى البحر"} {
		h.listed(t, ada, quay(name, 52.5+float64(i)/1e4, 13.4))
	}
	for _, c := range []struct {
		text    string
		fuzzy   bool
		matched string
		want    []string
	}{
		{"pushkin", false, "[name]", []string{"Pushkin Tea", "Кафе Пушкин"}},
		{"puskhin", true, "[name]", []string{"Pushkin Tea", "Кафе Пушкин"}}, // neighbours changed places
		{"Пушкин", false, "[name]", []string{"Кафе Пушкин"}},
		{"Пушкен", true, "[name]", []string{"Pushkin Tea", "Кафе Пушкин"}},
		{"sourdouhg huose", true, "[name]", []string{"Sourdough House"}},
		{"surdogh", true, "[name]", nil}, // two in seven letters
		{"sourdo", false, "[name]", []string{"Sourdough House"}},
		{"soudou", true, "[name]", []string{"Sourdough House"}}, // while typing
		{"ilias", false, "[name]", []string{"Φούρνος Ηλίας"}},
		{"hus", false, "[name]", nil},
		{"寿司", false, "[name]", []string{"寿司 桜"}},
		{"מאפיית", false, "[name]", []string{"מאפיית רחוב"}},
		{"البحر", false, "[name]", []string{"مقهى البحر"}},
	} {
		page, err := h.Nearby(t.Context(), Query{Center: harbour, RadiusM: 3000, Text: c.text, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			for _, item := range page.Items {
				got = append(got, item.Name)
				if fmt.Sprint(item.Matched) != c.matched {
					t.Errorf("%q matched %v", c.text, item.Matched)
				}
			}
			if page.Fuzzy != c.fuzzy && c.want != nil {
				t.Errorf("%q: fuzzy is %v", c.text, page.Fuzzy)
			}
			if page.NextCursor == "" {
				break
			}
			if page, err = h.Nearby(t.Context(), Query{Center: harbour, RadiusM: 3000, Text: c.text, Limit: 1, Cursor: page.NextCursor}); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q finds %v; want %v", c.text, got, c.want)
		}
		if n, err := h.Count(t.Context(), Query{Center: harbour, RadiusM: 3000, Text: c.text}); err != nil || n != len(c.want) {
			t.Errorf("%q counts %d, %v; want %d", c.text, n, err, len(c.want))
		}
	}
	for _, word := range []string{"bakery", "Bäckerei", "boulangerie", "panetteria", "piekarnia", "пекарня", "αρτοποιείο", "パン屋", "מאפייה", "مخبز", "bolangerie"} {
		page, err := h.Nearby(t.Context(), Query{Center: harbour, Text: word})
		if err != nil || len(page.Items) != 7 || !slices.Contains(page.Items[6].Matched, "category") {
			t.Errorf("%q finds %d bakeries, %v", word, len(page.Items), err)
		}
	}
}

// TestAreas narrows searches to a cell, a polygon, a time of verification and
// to who delivers here, and counts what is left.
func TestAreas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		west, east := h.listed(t, ada, quay("West", 52.5, 13.39)), h.listed(t, ada, quay("East", 52.5, 13.41))
		if _, err := h.SetSelling(t.Context(), ada, east.ID, 0, Selling{Currency: "EUR", Pickup: true, Delivery: true, DeliveryRadiusM: 1000}); err != nil {
			t.Fatal(err)
		}
		around, err := geo.ParsePolygon("13.38,52.49,13.40,52.49,13.40,52.51,13.38,52.51")
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			q    Query
			want []string
		}{
			"polygon":        {Query{Within: &around}, []string{"West"}},
			"cell":           {Query{WithinCell: east.Cell.Parent(8)}, []string{"East"}},
			"delivers here":  {Query{DeliversHere: true}, []string{"East"}},
			"not that far":   {Query{Center: geo.Point{Lat: 52.5, Lng: 13.39}, DeliversHere: true}, nil},
			"verified since": {Query{VerifiedSince: h.clock.Now().Add(-time.Minute)}, []string{"West", "East"}},
			"not yet":        {Query{VerifiedSince: h.clock.Now().Add(time.Minute)}, nil},
		} {
			if c.q.Center == (geo.Point{}) {
				c.q.Center = geo.Point{Lat: 52.5, Lng: 13.399}
			}
			if got := h.near(t, c.q); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v; want %v", name, got, c.want)
			}
			facets, err := h.Facets(t.Context(), c.q)
			if err != nil || facets.Total != len(c.want) || facets.Categories["food"] != len(c.want) {
				t.Errorf("%s: counted %+v, %v", name, facets, err)
			}
		}
		if f, err := h.Facets(t.Context(), Query{Center: harbour}); err != nil || f.Total != 2 || f.Delivery != 1 || f.Categories["bakery"] != 2 {
			t.Errorf("%+v, %v", f, err)
		}
		page, err := h.Nearby(t.Context(), Query{Center: harbour, Limit: 1, Within: &around, WithinCell: west.Cell.Parent(3)})
		if err != nil || len(page.Items) != 1 {
			t.Fatal(page, err)
		}
		if _, err := h.Nearby(t.Context(), Query{Center: harbour, WithinCell: 5}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a cell that is none: %v", err)
		}
	})
}

// Whatever is sent as a cursor, a text or a place name, the answer is a page or
// a clear refusal.
func FuzzQuery(f *testing.F) {
	h := newHouse(dbtest.SQLite(f))
	h.seed(f, 40, harbour)
	if err := h.Load(context.Background()); err != nil {
		f.Fatal(err)
	}
	page, err := h.Nearby(context.Background(), Query{Center: harbour, Limit: 5})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("", "number 1", "food", 52.5, 13.4, 100.0, 10)
	f.Add(page.NextCursor, "", "", harbour.Lat, harbour.Lng, 0.0, 5)
	f.Add("AAAA", "東京 \x00", "x", math.NaN(), math.Inf(1), -1.0, 51)
	f.Fuzz(func(t *testing.T, cursor, words, kind string, lat, lng, radius float64, limit int) {
		q := Query{Center: geo.Point{Lat: lat, Lng: lng}, RadiusM: radius, Limit: limit, Cursor: cursor, Text: words, Category: kind}
		page, err := h.Nearby(t.Context(), q)
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Fatal(err)
		}
		if len(page.Items) > MaxLimit {
			t.Fatalf("%d items", len(page.Items))
		}
		for _, item := range page.Items {
			if radius > 0 && item.DistanceM > radius {
				t.Fatalf("%g m away, asked for %g", item.DistanceM, radius)
			}
		}
	})
}

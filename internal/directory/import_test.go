package directory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/places"
)

// from hands on a list.
func from(list ...places.Place) func(func(places.Place) error) error {
	return func(fn func(places.Place) error) error {
		for i, p := range list {
			p.Line = i + 1
			if p.Source == "" {
				p.Source = "osm"
			}
			if err := fn(p); err != nil {
				return err
			}
		}
		return nil
	}
}

// cafe is a place with everything in it.
func cafe(id string) places.Place {
	return places.Place{
		SourceID: id, Name: "Café Kai", Lat: 52.5, Lng: 13.4, Kinds: []places.Kind{{System: places.SystemOSM, Value: "amenity=cafe"}},
		Street: "Kaistraße", HouseNumber: "4", Postcode: "10115", City: "Berlin", Country: "DE", Phone: "030 7505 4321;030 1", Email: "kai@example.org",
		Website: "www.kai.example", OpeningHours: "Mo-Fr 08:00-18:00", Attributes: map[string]string{"wheelchair": "yes", "internet_access": "wlan"},
	}
}

var trusted = ImportOptions{Verified: true, Reason: "the town's own register"}

func (h *house) imported(t *testing.T, opts ImportOptions, list ...places.Place) (ImportResult, []string) {
	t.Helper()
	var told []string
	result, err := h.Import(t.Context(), audit.System, from(list...), opts, func(i Imported) {
		told = append(told, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", i.Line, i.SourceID, i.Action, i.Reason)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return result, told
}

func (h *house) bySourceID(t *testing.T, id string) Business {
	t.Helper()
	list, err := h.store.bySource(t.Context(), "osm", []string{id})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d businesses of source id %s, %v", len(list), id, err)
	}
	return list[0]
}

func TestImport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		odd := places.Place{
			SourceID: "2", Name: "X\u200b", Lat: -10, Lng: 180, Kinds: []places.Kind{{System: "osm", Value: "amenity=time_machine"}},
			Phone: "call", Website: "ftp://x", Email: "@", Country: "Germany", OpeningHours: "whenever the moon is full",
		}
		result, told := h.imported(t, trusted, cafe("1"), odd, places.Place{SourceID: "3", Name: "\u3164", Lat: 1, Lng: 1}, places.Place{SourceID: "4", Name: "Pole", Lat: 91})
		if diff := cmp.Diff(ImportResult{Added: 2, Refused: 2}, result); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"1 1 added", "2 2 added", "3 3 refused bad_name", "4 4 refused bad_point"}, told); diff != "" {
			t.Error(diff)
		}
		b := h.bySourceID(t, "1")
		got := []any{b.Name, b.Slug, b.Category, b.State, b.Phone, b.Website, b.Email, b.Attributes, b.Zone, b.Currency, b.VerifiedAt != nil, b.OwnerID, b.Orderable(time.Now())}
		want := []any{
			"Café Kai", "cafe-kai", "cafe", Verified, "+493075054321", "https://www.kai.example", "kai@example.org",
			[]string{"wheelchair", "wifi"},
			"Europe/Berlin", "EUR", true, "", false,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if state := b.Hours.At(h.clock.Now()); state.Kind != hours.Open {
			t.Errorf("it is %s", state.Kind)
		}
		o := h.bySourceID(t, "2")
		if o.Name != "X" || o.Category != "other" || o.Point.Lng != -180 || o.Phone+o.Website+o.Email+o.Address.Country != "" ||
			o.HoursText != "whenever the moon is full" || o.Hours.At(h.clock.Now()).Kind != hours.Doubtful {
			t.Errorf("the odd one is %+v", o)
		}
		// Searchable at once.
		if diff := cmp.Diff([]string{"Café Kai", "X"}, h.near(t, Query{Center: harbour})); diff != "" {
			t.Error(diff)
		}
		// Again: nothing doubles, nothing is written.
		result, _ = h.imported(t, trusted, cafe("1"), odd)
		if diff := cmp.Diff(ImportResult{Unchanged: 2}, result); diff != "" {
			t.Error(diff)
		}
		if again := h.bySourceID(t, "1"); again.Version != 1 {
			t.Errorf("an unchanged row is at version %d", again.Version)
		}
		// A change at the source comes through, twice in one file too.
		changed, last := cafe("1"), cafe("1")
		changed.Name, last.Name, last.OpeningHours = "Café Kaie", "Café Kaimauer", "24/7"
		result, _ = h.imported(t, trusted, changed, last)
		if diff := cmp.Diff(ImportResult{Updated: 2}, result); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"Café Kaimauer"}, h.near(t, Query{Center: harbour, RadiusM: 10, Open: h.clock.Now().Add(13 * time.Hour)})); diff != "" {
			t.Error(diff)
		}
		if n, err := h.log.Verify(t.Context()); err != nil || n != 3 { // one entry a batch that wrote something
			t.Errorf("audit has %d sound entries, %v", n, err)
		}
	})
}

func TestImportKeepsWhatOwnersEntered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada := h.user(t, "ada")
		h.imported(t, ImportOptions{}, cafe("1"))
		b := h.bySourceID(t, "1")
		if b.State != Unclaimed || len(h.near(t, Query{Center: harbour})) != 0 {
			t.Fatalf("an unclaimed place is %s and listed", b.State)
		}
		if err := h.accounts.Join(ctx, ada, b.ID, ada.ID, account.MemberOwner); err != nil {
			t.Fatal(err)
		}
		p := b.Profile()
		p.Name, p.Phone, p.Hours = "Ada's Café", "+49 30 7505 4399", "Sa 10:00-12:00"
		if _, err := h.Update(ctx, ada, b.ID, 0, p); err != nil {
			t.Fatal(err, fieldCodes(err))
		}
		next := cafe("1")
		next.Name, next.Phone, next.OpeningHours, next.Website, next.Lat = "Source Café", "030 7505 4388", "24/7", "new.example", 52.51
		if result, _ := h.imported(t, trusted, next); result.Updated != 1 {
			t.Fatalf("result %+v", result)
		}
		b = h.bySourceID(t, "1")
		got := []any{b.Name, b.Phone, b.HoursText, b.Website, b.Point.Lat, b.State}
		want := []any{"Ada's Café", "+493075054399", "Sa 10:00-12:00", "https://new.example", 52.51, Verified}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		// What was taken down is not brought back by an import.
		h.put(t, b.ID, EventSuspend)
		next.Website = "newer.example"
		h.imported(t, trusted, next)
		if b = h.bySourceID(t, "1"); b.State != Suspended || len(h.near(t, Query{Center: harbour})) != 0 {
			t.Errorf("after the import it is %s", b.State)
		}
	})
}

func TestImportRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		for name, actor := range map[string]account.Actor{
			"shopper": h.user(t, "ada"), "verifier": h.user(t, "vera", account.Verifier), "public": audit.Public, "liar": {ID: "", Role: account.Operator},
		} {
			if _, err := h.Import(ctx, actor, from(cafe("1")), ImportOptions{}, nil); !errs.Is(err, errs.Forbidden) {
				t.Errorf("import by %s: %v", name, err)
			}
		}
		boss := h.user(t, "boss", account.Operator)
		_, err := h.Import(ctx, boss, from(cafe("1")), ImportOptions{Verified: true, Reason: " "}, nil)
		if diff := cmp.Diff([]string{"reason:required"}, fieldCodes(err)); diff != "" {
			t.Error(diff)
		}
		dry := trusted
		dry.DryRun = true
		if result, told := h.imported(t, dry, cafe("1"), cafe("2")); result.Added != 2 || len(told) != 2 {
			t.Errorf("dry run: %+v %v", result, told)
		}
		var n int64
		if err := db.Conn(ctx).Table("businesses").Count(&n).Error; err != nil || n != 0 || len(h.near(t, Query{Center: harbour})) != 0 {
			t.Errorf("a dry run left %d businesses, %v", n, err)
		}
		// A source that breaks off: what was committed stays, and the rest is told.
		var list []places.Place
		for i := range importBatch + 10 {
			p := cafe(fmt.Sprint(i))
			p.Lat += float64(i) / 1e4
			list = append(list, p)
		}
		boom := errors.New("the disk is gone")
		result, err := h.Import(ctx, boss, func(fn func(places.Place) error) error {
			if err := from(list...)(fn); err != nil {
				return err
			}
			return boom
		}, trusted, nil)
		if !errors.Is(err, boom) || result.Added != importBatch {
			t.Errorf("result %+v, %v", result, err)
		}
		if rows, _ := h.Indexed(); rows != importBatch {
			t.Errorf("%d are searchable", rows)
		}
		slugs := map[string]bool{}
		var rows []string
		if err := db.Conn(ctx).Table("businesses").Pluck("slug", &rows).Error; err != nil {
			t.Fatal(err)
		}
		for _, slug := range rows {
			if slugs[slug] {
				t.Errorf("slug %q is given twice", slug)
			}
			slugs[slug] = true
		}
	})
}

func TestCategoryOf(t *testing.T) {
	osm := func(kind, cuisine string) places.Place {
		return places.Place{Kinds: []places.Kind{{System: "osm", Value: kind}}, Attributes: map[string]string{"cuisine": cuisine}}
	}
	for want, p := range map[string]places.Place{
		"restaurant":         osm("amenity=restaurant", ""),
		"italian-restaurant": osm("amenity=restaurant", "italian;pizza"),
		"bakery":             osm("shop=bakery", "italian"),
		"other":              {},
		"pharmacy":           {Kinds: []places.Kind{{System: "overture", Value: "nothing_known"}, {System: "overture", Value: "pharmacy"}}},
	} {
		if got := categoryOf(p); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}

// TestImportBerlin imports a whole city: every row, searchable at once, every
// answer as a full scan gives it. How long it takes, make bench says.
func TestImportBerlin(t *testing.T) {
	dir := os.Getenv("NEARBY_TESTDATA")
	if dir == "" {
		t.Skip("NEARBY_TESTDATA does not name the folder of real data")
	}
	h := newHouse(dbtest.SQLite(t))
	read := func(fn func(places.Place) error) error {
		file, err := os.Open(filepath.Join(dir, "businesses", "berlin-2024-01.ndjson.gz"))
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = places.Read(t.Context(), file, file.Name(), fn, func(line int, err error) { t.Errorf("line %d: %v", line, err) })
		return err
	}
	start := time.Now()
	result, err := h.Import(t.Context(), audit.System, read, trusted, func(i Imported) {
		if i.Action == Refused {
			t.Errorf("line %d (%s): %s", i.Line, i.SourceID, i.Reason)
		}
	})
	if err != nil || result.Added != 23_808 {
		t.Fatalf("result %+v, %v", result, err)
	}
	t.Logf("imported %d in %s", result.Added, time.Since(start))
	var list []Business
	kinds := map[string]int{}
	known := 0
	err = h.store.eachLocated(t.Context(), []State{Verified}, func(page []Business) error {
		list = append(list, page...)
		return nil
	})
	if err != nil || len(list) != 23_808 {
		t.Fatalf("%d stored, %v", len(list), err)
	}
	for _, b := range list {
		kinds[b.Category]++
		if b.HoursText != "" && b.Hours.Known() {
			known++
		}
	}
	t.Logf("%d categories, %d other, %d hours understood", len(kinds), kinds["other"], known)
	if kinds["other"] > len(list)/10 {
		t.Errorf("%d places are of no category", kinds["other"])
	}
	// Without a gazetteer, places are found in the addresses.
	for query, want := range map[string]geo.Point{
		"kantstraße": {Lat: 52.5062, Lng: 13.3180}, "Kreuzberg": {Lat: 52.4972, Lng: 13.4030}, "berlin": {Lat: 52.52, Lng: 13.40},
	} {
		start := time.Now()
		found, err := h.FindPlace(t.Context(), query)
		if err != nil || len(found) == 0 || geo.Distance(found[0].Point, want) > 3500 {
			t.Errorf("%s: %+v, %v", query, found, err)
			continue
		}
		t.Logf("%s: %+v in %s", query, found[0], time.Since(start))
	}
	rng := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		at := list[rng.IntN(len(list))].Point
		q := Query{
			Center: geo.Point{Lat: at.Lat + rng.NormFloat64()*0.01, Lng: at.Lng + rng.NormFloat64()*0.01}, Limit: 50,
			RadiusM: []float64{0, 500, 5000}[rng.IntN(3)], Category: []string{"", "eat", "bakery"}[rng.IntN(3)],
		}
		if rng.IntN(2) == 0 {
			q.Open = h.clock.Now().Add(time.Duration(rng.IntN(10_000)) * time.Minute)
		}
		page, err := h.Nearby(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, item := range page.Items {
			got = append(got, item.ID)
		}
		want := scan(list, q)
		if !slices.Equal(got, want[:min(len(want), q.Limit)]) {
			t.Fatalf("%+v: %v, want %v", q, got, want[:min(len(want), q.Limit)])
		}
	}
	start = time.Now()
	again, err := h.Import(context.Background(), audit.System, read, trusted, nil)
	if err != nil || again.Unchanged != 23_808 {
		t.Errorf("the second time: %+v, %v", again, err)
	}
	t.Logf("the second time %s", time.Since(start))
}

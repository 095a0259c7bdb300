package directory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/geo"
)

func TestFindPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		at := geo.Point{Lat: 50, Lng: -4}
		places := []GazetteerPlace{
			{Name: "Portmere", Kind: "town", Point: at, Weight: 100},
			{Name: "Old Harbour", Kind: "district", Context: "Portmere", Point: at, Weight: 50},
			{Name: "Harbour Street", Kind: "street", Context: "Old Harbour, Portmere", Point: at},
			{Name: "Harbour Lane", Kind: "street", Context: "Fishtown, Portmere", Point: at, Weight: 5},
			{Name: "Kröger-Weg", Kind: "street", Context: "Fishtown, Portmere", Point: at},
			{Name: "100%_Street", Kind: "street", Context: "Fishtown, Portmere", Point: at},
			{Name: "شارع الميناء", Kind: "street", Context: "Portmere", Point: at},
		}
		if err := h.AddPlaces(ctx, places); err != nil {
			t.Fatal(err)
		}
		if err := h.AddPlaces(ctx, places[:3]); err != nil { // again: nothing is doubled
			t.Fatal(err)
		}
		for query, want := range map[string][]string{
			"harbour":                 {"Harbour Lane", "Harbour Street", "Old Harbour"},
			"HÁRBOUR s":               {"Harbour Street"},
			"harbour street":          {"Harbour Street"},
			"harbour fishtown":        {"Harbour Lane"},
			"harbour lane portmere":   {"Harbour Lane"},
			"port":                    {"Portmere"},
			"kroger":                  {"Kröger-Weg"},
			"weg":                     {"Kröger-Weg"},
			"الميناء":                 {"شارع الميناء"},
			"100%":                    {"100%_Street"},
			"%":                       nil,
			"_":                       nil,
			"":                        nil,
			"arbour":                  nil,
			"harbour atlantis":        nil,
			"' OR 1=1 --":             nil,
			strings.Repeat("a ", 999): nil,
		} {
			found, err := h.FindPlace(ctx, query)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range found {
				names = append(names, p.Name)
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("%q: %s", query, diff)
			}
		}
		for _, bad := range []GazetteerPlace{{Name: "!", Kind: "street", Point: at}, {Name: "X", Point: at}, {Name: "X", Kind: "town", Point: geo.Point{Lat: 91}}} {
			if err := h.AddPlaces(ctx, []GazetteerPlace{bad}); !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Harbour Buns", "HARBOUR-BUNS", true},
		{"Harbour Buns", "Harbour Buns & Cakes", true},
		{"Harbour Buns", "Harbor Buns", true},
		{"Bäckerei Krüger", "Baeckerei Kruger", true},
		{"Harbour Buns", "Harbour Books", false},
		{"Ox", "Fox", false},
		{"☕", "☕", false},
		{"مخبز الميناء", "مخبز الميناء القديم", true},
	} {
		if alike(c.a, c.b) != c.want || alike(c.b, c.a) != c.want {
			t.Errorf("alike(%q, %q) is not %v", c.a, c.b, c.want)
		}
	}
}

func TestDuplicates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		first := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		for name, lat := range map[string]float64{"Harbour Buns North": 52.5026, "Harbour Buns Far": 52.5028, "Other": 52.5001} { // 289 m, 311 m
			p := quay(name, lat, 13.4)
			p.Phone = ""
			h.create(t, ada, p)
		}
		closed := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		if _, err := h.Close(t.Context(), ada, closed.ID); err != nil {
			t.Fatal(err)
		}
		h.create(t, ada, quay("Pier Cakes", 52.5, 13.4)) // with the same telephone
		list, err := h.Duplicates(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range list {
			got = append(got, d.Name+": "+strings.Join(d.Same, " "))
		}
		if diff := cmp.Diff([]string{"Pier Cakes: phone", "Harbour Buns North: name"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

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

package directory

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/geo"
	"nearby/internal/ident"
	"nearby/internal/places"
)

// at is a place of an import with an address.
func at(id string, lat, lng float64, street, district, city string) places.Place {
	p := cafe(id)
	p.Lat, p.Lng, p.Street, p.City = lat, lng, street, city
	p.Attributes = map[string]string{"addr:suburb": district}
	return p
}

func (h *house) places(t *testing.T, query string) []string {
	t.Helper()
	found, err := h.FindPlace(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, p := range found {
		list = append(list, fmt.Sprintf("%s (%s, %s) %d", p.Name, p.Kind, p.Context, p.Weight))
	}
	return list
}

func TestPlacesOfAddresses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		h.imported(t, trusted,
			at("1", 52.50, 13.30, "Kantstraße", "Charlottenburg", "Berlin"),
			at("2", 52.50, 13.32, "KANTSTRASSE", "Charlottenburg", "Berlin"),
			at("3", 52.50, 13.42, "Adalbertstraße", "Kreuzberg", "Berlin"),
			at("4", 52.60, 12.90, "Kantstraße", "", "Falkensee"),
			at("5", 52.50, 13.42, "Kreuzbergstraße", "Kreuzberg", "Berlin"),
			at("6", 52.49, 13.42, "", "Kreuzberg", "Berlin"),
			at("7", 52.48, 13.42, "Kantweg", "", ""),
		)
		check := func(when string, cases map[string][]string) {
			t.Helper()
			for query, want := range cases {
				if diff := cmp.Diff(want, h.places(t, query)); diff != "" {
					t.Errorf("%s: %q: %s", when, query, diff)
				}
			}
		}
		kant := []string{"Kantstraße (street, Charlottenburg, Berlin) 2", "Kantstraße (street, Falkensee) 1"}
		check("imported", map[string][]string{
			"Kantstraße":                 kant,
			"kantstrasse 30":             kant,
			"kantstr":                    kant,
			"Kantstraße Berlin":          kant[:1],
			"Kantstraße 4, 10115 Berlin": kant[:1],
			"kant":                       {kant[0], kant[1], "Kantweg (street, ) 1"},
			"kreuzberg":                  {"Kreuzberg (district, Berlin) 3", "Kreuzbergstraße (street, Kreuzberg, Berlin) 1"},
			"Berlin":                     {"Berlin (town, DE) 5"},
			"falkensee":                  {"Falkensee (town, DE) 1"},
			"straße":                     nil,
			"Kantstraße Atlantis":        nil,
			"10115":                      nil,
			"DE":                         nil, // the first word is of a name
			"berlin de":                  {"Berlin (town, DE) 5"},
			"' OR 1=1":                   nil,
		})
		// It follows what the businesses do.
		h.put(t, h.bySourceID(t, "4").ID, EventSuspend)
		moved := at("2", 52.49, 13.42, "Oranienstraße", "Kreuzberg", "Berlin")
		h.imported(t, trusted, moved)
		check("moved", map[string][]string{
			"kantstrasse": {"Kantstraße (street, Charlottenburg, Berlin) 1"},
			"oranien":     {"Oranienstraße (street, Kreuzberg, Berlin) 1"},
			"falkensee":   nil,
		})
		// The same after a restart.
		again := h.again(t)
		for _, query := range []string{"kant", "kreuzberg", "berlin", "oranien", "falkensee"} {
			if diff := cmp.Diff(h.places(t, query), again.places(t, query)); diff != "" {
				t.Errorf("after a restart: %q: %s", query, diff)
			}
		}
		// The gazetteer knows better.
		err := h.AddPlaces(t.Context(), []GazetteerPlace{{Name: "Kantstraße", Kind: "street", Context: "Berlin", Point: geo.Point{Lat: 52.5, Lng: 13.31}}})
		if err != nil {
			t.Fatal(err)
		}
		check("with a gazetteer", map[string][]string{
			"kantstrasse": {"Kantstraße (street, Berlin) 0"},
			"kreuzberg":   {"Kreuzberg (district, Berlin) 4", "Kreuzbergstraße (street, Kreuzberg, Berlin) 1"},
		})
	})
}

// A name is where most of its businesses are, not in the middle of nowhere, and
// not on the wrong side of the Earth.
func TestPointOfALocality(t *testing.T) {
	mid := geo.CellOf(geo.Point{Lat: 52.5, Lng: 13.4}, localityResolution).Center()
	for name, c := range map[string]struct {
		points []geo.Point
		want   geo.Point
	}{
		"the middle":          {[]geo.Point{{Lat: mid.Lat - 0.005, Lng: mid.Lng}, {Lat: mid.Lat + 0.005, Lng: mid.Lng}}, mid},
		"the fuller of two":   {[]geo.Point{{Lat: 48, Lng: 11}, {Lat: 52.5, Lng: 13.4}, {Lat: 52.5, Lng: 13.4}}, geo.Point{Lat: 52.5, Lng: 13.4}},
		"at the antimeridian": {[]geo.Point{{Lat: -16.8, Lng: 179.999}, {Lat: -16.8, Lng: -179.999}}, geo.Point{Lat: -16.8, Lng: -180}},
		"at the pole":         {[]geo.Point{{Lat: -89.999, Lng: 0}, {Lat: -89.999, Lng: 120}, {Lat: -89.999, Lng: -120}}, geo.Point{Lat: -90}},
	} {
		l := localities{parts: map[localityKey]*locality{}}
		for _, p := range c.points {
			l.add(&Summary{Point: p, Cell: geo.CellOf(p, geo.MaxResolution), Address: Address{City: "Town"}})
		}
		found := l.find([]string{"town"}, 10)
		if len(found) != 1 || found[0].Weight != len(c.points) || geo.Distance(found[0].Point, c.want) > 150 {
			t.Errorf("%s: %+v, want %v", name, found, c.want)
		}
	}
}

// However many names there are, memory and time stay bounded, and what was
// counted in can be counted out.
func TestLocalitiesAreBounded(t *testing.T) {
	l := localities{parts: map[localityKey]*locality{}}
	var list []*Summary
	for i := range maxLocalities + 500 {
		p := geo.Point{Lat: float64(i%1000) / 20, Lng: float64(i/1000) / 20}
		list = append(list, &Summary{ID: ident.Random(), Point: p, Cell: 0x8f2a1072b59a08a, Address: Address{Street: fmt.Sprint("Street ", i)}})
		l.add(list[i])
	}
	if len(l.parts) != maxLocalities {
		t.Errorf("%d names are kept", len(l.parts))
	}
	if found := l.find([]string{"s"}, maxPlaces); len(found) != maxPlaces {
		t.Errorf("%d found", len(found))
	}
	if found := l.find([]string{"street", "77"}, 1); len(found) != 1 || found[0].Name != "Street 77" {
		t.Errorf("found %v", found)
	}
	slices.Reverse(list)
	for _, s := range list {
		l.remove(s)
	}
	if len(l.parts) != 0 {
		t.Errorf("%d names are left", len(l.parts))
	}
}

func TestBeginsWord(t *testing.T) {
	for _, c := range []struct {
		words, word string
		want        bool
	}{
		{" quay street", "quay", true},
		{" quay street", "str", true},
		{" quay street", "treet", false},
		{" xquay quay", "quay", true},
		{"", "a", false},
		{" aaab ab", "ab", true},
	} {
		if beginsWord(c.words, c.word) != c.want {
			t.Errorf("%q in %q is not %v", c.word, c.words, c.want)
		}
	}
}

func BenchmarkFindLocality(b *testing.B) {
	l := localities{parts: map[localityKey]*locality{}}
	for i := range maxLocalities {
		p := geo.Point{Lat: float64(i%1000) / 20, Lng: float64(i/1000) / 20}
		l.add(&Summary{Point: p, Cell: geo.CellOf(p, geo.MaxResolution), Address: Address{Street: fmt.Sprint("Street ", i)}})
	}
	for b.Loop() {
		if len(l.find([]string{"street", "77"}, maxPlaces)) == 0 {
			b.Fatal("nothing found")
		}
	}
}

package demo

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ringsaturn/tzf"

	"nearby/internal/geo"
)

func TestTownIsTheSameEveryTime(t *testing.T) {
	same := cmp.Comparer(func(a, b xy) bool { return a == b })
	if diff := cmp.Diff(NewTown(), NewTown(), same, cmp.AllowUnexported(Street{})); diff != "" {
		t.Error(diff)
	}
}

func TestTownHasWhatAMapNeeds(t *testing.T) {
	town := NewTown()
	if n := len(town.Streets); n < 60 || n > 90 {
		t.Errorf("%d streets, want 60 to 90", n)
	}
	if len(town.Blocks) < 400 || len(town.Parks) < 20 || len(town.Piers) != 2 || len(town.Districts) < 10 {
		t.Errorf("%d blocks, %d park pieces, %d piers, %d districts", len(town.Blocks), len(town.Parks), len(town.Piers), len(town.Districts))
	}
	seen := map[string]bool{}
	for _, place := range town.Places() {
		if seen[place.Name] {
			t.Errorf("two places are called %q", place.Name)
		}
		seen[place.Name] = true
		if !town.Bounds.Contains(place.Point) {
			t.Errorf("%s lies outside of the map", place.Name)
		}
	}
	for _, label := range town.Labels {
		if label.Text == "" || label.Rank < 1 || !town.Bounds.Contains(label.Point) {
			t.Errorf("label %+v", label)
		}
	}
	for _, ring := range append(append([][]geo.Point{}, town.Blocks...), town.Parks...) {
		if len(ring) < 3 {
			t.Errorf("a ring of %d points", len(ring))
		}
	}
}

// TestHouses walks every street: houses stand beside it, one by one, odd ones
// on the left and even ones on the right, and all of them keep Irish time.
func TestHouses(t *testing.T) {
	finder, err := tzf.NewDefaultFinder()
	if err != nil {
		t.Fatal(err)
	}
	for _, street := range NewTown().Streets {
		if street.Houses() < 8 {
			t.Errorf("%s has %d houses only", street.Name, street.Houses())
		}
		for number := 1; number <= street.Houses(); number++ {
			at, err := street.house(number)
			if err != nil {
				t.Fatal(err)
			}
			if d := distanceToLine(at, street.plane); d > setBack+0.1 {
				t.Errorf("%d %s stands %.1f units away from it", number, street.Name, d)
			}
			pin, _ := street.House(number)
			if zone := finder.GetTimezoneName(pin.Lng, pin.Lat); zone != Zone {
				t.Fatalf("%d %s lies in %s", number, street.Name, zone)
			}
		}
		for _, number := range []int{0, -1, street.Houses() + 1} {
			if _, err := street.House(number); err == nil {
				t.Errorf("%s has a number %d", street.Name, number)
			}
		}
	}
}

// TestPlaneKeepsDistances measures on the globe what was drawn on the plane.
func TestPlaneKeepsDistances(t *testing.T) {
	for _, line := range [][2]xy{{{0, 0}, {width, 0}}, {{600, 0}, {600, height}}, {{200, 900}, {900, 100}}} {
		want := line[0].to(line[1]) * unit
		got := geo.Distance(line[0].point(), line[1].point())
		if diff := got/want - 1; diff > 0.001 || diff < -0.001 {
			t.Errorf("%v is %.1f m long, want %.1f", line, got, want)
		}
	}
}

func TestVoronoiCellsHoldTheirSites(t *testing.T) {
	sites := []xy{{100, 100}, {300, 120}, {500, 700}, {900, 300}, {1100, 900}, {60, 950}}
	area := 0.0
	for i, cell := range voronoi(sites) {
		if !within(sites[i], cell) {
			t.Errorf("site %d is outside of its cell", i)
		}
		for _, corner := range cell {
			for _, other := range sites {
				if corner.to(other) < corner.to(sites[i])-0.01 {
					t.Errorf("a corner of cell %d is nearer to %v", i, other)
				}
			}
		}
		for k, a := range cell {
			area += a.cross(cell[(k+1)%len(cell)]) / 2
		}
	}
	if whole := (width + 120) * (height + 120); area < whole*0.9999 || area > whole*1.0001 {
		t.Errorf("the cells cover %.0f of %.0f", area, whole)
	}
}

func TestGeoJSON(t *testing.T) {
	text, err := NewTown().GeoJSON()
	if err != nil {
		t.Fatal(err)
	}
	var got collection
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, f := range got.Features {
		kinds[f.Properties.Kind+" "+f.Geometry.Type]++
	}
	want := map[string]int{
		"block Polygon": 479, "park Polygon": 34, "river LineString": 1, "water Polygon": 1, "pier Polygon": 2,
		"avenue LineString": 11, "rail LineString": 1, "label Point": 17,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	if len(text) > 200_000 {
		t.Errorf("%d bytes", len(text))
	}
}

func TestHarbourStreetIsTwoMinutesFromKilnAndQuay(t *testing.T) {
	town := NewTown()
	street, ok := town.Street("Harbour Street")
	if !ok {
		t.Fatal("no Harbour Street")
	}
	shop, err := street.House(14)
	if err != nil {
		t.Fatal(err)
	}
	if d := geo.Distance(street.middle().point(), shop); d < 80 || d > 160 {
		t.Errorf("%.0f m", d)
	}
}

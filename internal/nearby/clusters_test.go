package nearby

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"nearby/internal/geo"
)

// scanClusters is Clusters with nothing but the definitions.
func scanClusters(rows []Row, view geo.Box, resolution int, q Query) (map[geo.Cell][]Row, int) {
	for ; ; resolution-- {
		cells := map[geo.Cell][]Row{}
		for i := range rows {
			if r := &rows[i]; view.Contains(r.Point) && q.asksFor(r) {
				cell := geo.CellOf(r.Point, geo.MaxResolution).Parent(resolution)
				cells[cell] = append(cells[cell], *r)
			}
		}
		if len(cells) <= 2000 || resolution == 0 {
			return cells, resolution
		}
	}
}

// someView is a piece of the map around a place of the data set.
func someView(rng *rand.Rand, d *dataset) geo.Box {
	place := somewhere(rng, d.places[rng.IntN(len(d.places))], d.spread)
	half := d.spread / 111_000 * math.Pow(10, 1-2*rng.Float64())
	wide := min(180, half*(1+rng.Float64())/max(0.01, math.Cos(place.Lat*math.Pi/180)))
	view, err := geo.NewBox(place.Lng-wide, max(-90, place.Lat-half), place.Lng+wide, min(90, place.Lat+half))
	if err != nil {
		panic(err)
	}
	switch rng.IntN(8) {
	case 0:
		view = geo.World
	case 1:
		view.West, view.East = view.East, view.West
	}
	return view
}

func TestClustersAreAFullScan(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, d := range oddPlaces(rng) {
		t.Run(d.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(15, 16))
			x := indexOf(rng, d.rows)
			for range 40 {
				view, res, q := someView(rng, &d), rng.IntN(16), ask(rng, &d)
				got, gotRes := x.Clusters(view, res, q)
				want, wantRes := scanClusters(d.rows, view, res, q)
				if gotRes != wantRes || len(got) != len(want) {
					t.Fatalf("%+v %s: %d cells of resolution %d; want %d of %d", view, show(q), len(got), gotRes, len(want), wantRes)
				}
				for i, c := range got {
					if i > 0 && got[i-1].Cell >= c.Cell {
						t.Fatalf("%v is out of order", c.Cell)
					}
					checkCluster(t, c, want[c.Cell])
				}
			}
		})
	}
}

func checkCluster(t *testing.T, c Cluster, rows []Row) {
	t.Helper()
	var x, y, z float64
	var ids []string
	for _, r := range rows {
		sinLat, cosLat := math.Sincos(r.Point.Lat * math.Pi / 180)
		sinLng, cosLng := math.Sincos(r.Point.Lng * math.Pi / 180)
		x, y, z = x+cosLat*cosLng, y+cosLat*sinLng, z+sinLat
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	got := make([]string, 0, 3)
	for _, hit := range c.Few {
		got = append(got, hit.ID.String())
	}
	if len(ids) > 3 {
		ids = nil
	}
	middle := geo.Point{Lat: math.Atan2(z, math.Hypot(x, y)) * 180 / math.Pi, Lng: math.Atan2(y, x) * 180 / math.Pi}
	if c.Count != len(rows) || !slices.Equal(got, ids) || geo.Distance(middle, geo.Point{Lat: c.Lat, Lng: c.Lng}) > 0.1 {
		t.Fatalf("%v: %+v; want %d rows around %v, ids %v", c.Cell, c, len(rows), middle, ids)
	}
}

func TestFacetsAreAFullScan(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	for _, d := range oddPlaces(rng) {
		x := indexOf(rng, d.rows)
		for range fewer(100) {
			q := ask(rng, &d)
			want := Facets{Categories: map[uint16]int{}, Flags: map[Flags]int{}}
			at := q.OpenAt
			if at.IsZero() {
				at = now
			}
			for _, r := range d.rows {
				if !q.asksFor(&r) {
					continue
				}
				want.Total++
				want.Categories[r.Category]++
				for i := range 8 {
					if r.Flags&(1<<i) != 0 {
						want.Flags[1<<i]++
					}
				}
				if r.Schedule != nil && r.Schedule.OpenAt(at) {
					want.OpenNow++
				}
			}
			if got := x.Facets(q, now); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %s gives %+v; want %+v", d.name, show(q), got, want)
			}
		}
	}
}

func TestClustersOfAWorldView(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	d := dataset{}
	for i := range 30_000 {
		d.rows = append(d.rows, Row{ID: string(rune('a'+i%26)) + "x", Point: anywhere(rng)})
		d.rows[i].ID += string(rune('0'+i/26%10)) + string(rune('0'+i/260%10)) + string(rune('0'+i/2600))
	}
	x := New()
	x.Replace(d.rows)
	clusters, res := x.Clusters(geo.World, 15, Query{})
	total := 0
	for _, c := range clusters {
		total += c.Count
	}
	if res != 1 || len(clusters) > 2000 || total != x.Len() { // resolution 1 has 842 cells, 2 has 5,882
		t.Fatalf("%d cells of resolution %d with %d of %d rows", len(clusters), res, total, x.Len())
	}
	if clusters, _ := x.Clusters(geo.World, 5, Query{RadiusM: math.NaN()}); clusters != nil {
		t.Error("clusters within no number of metres")
	}
}

package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/geo"
	"nearby/internal/places"
	"nearby/internal/server"
)

// town fills the directory with n verified businesses around a point.
func (h *house) town(n int) []places.Place {
	h.t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	kinds := []places.Kind{{System: "osm", Value: "shop=bakery"}, {System: "osm", Value: "amenity=cafe"}, {System: "osm", Value: "shop=books"}}
	list := make([]places.Place, n)
	for i := range list {
		list[i] = places.Place{
			Source: "test", SourceID: fmt.Sprint(i), Name: fmt.Sprintf("House %d", i), Kinds: []places.Kind{kinds[i%len(kinds)]},
			Lat: 52.5 + r.NormFloat64()*0.1, Lng: 13.4 + r.NormFloat64()*0.15, OpeningHours: "Mo-Sa 08:00-18:00",
			City: "Portmere", Street: "Quay Street", HouseNumber: fmt.Sprint(i), Country: "DE",
		}
	}
	_, err := h.deps.Directory.Import(h.ctx(), audit.System, func(fn func(places.Place) error) error {
		for _, p := range list {
			if err := fn(p); err != nil {
				return err
			}
		}
		return nil
	}, directory.ImportOptions{Verified: true, Reason: "test"}, nil)
	h.must(err)
	return list
}

// TestNearbyIsAFullScan pages through answers over HTTP and compares them with
// a look at every business.
func TestNearbyIsAFullScan(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.town(600)
	type row struct {
		id string
		m  float64
	}
	all := h.deps.Directory.Listed(10_000)
	if len(all) != 600 {
		t.Fatalf("%d listed", len(all))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		at := geo.Point{Lat: 52.5 + r.NormFloat64()*0.1, Lng: 13.4 + r.NormFloat64()*0.15}
		radius := 500 + r.Float64()*8000
		var want []row
		for _, b := range all {
			if m := geo.Distance(at, b.Point); m <= radius {
				want = append(want, row{b.ID, m})
			}
		}
		slices.SortFunc(want, func(a, b row) int { return cmp.Or(cmp.Compare(a.m, b.m), strings.Compare(a.id, b.id)) })
		var got []row
		for target := fmt.Sprintf("%s/nearby?lat=%v&lng=%v&radius_m=%v&limit=37", prefix, at.Lat, at.Lng, radius); target != ""; {
			w := h.call("GET", target, nil)
			var page List[NearbyItem]
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for _, i := range page.Items {
				got = append(got, row{i.ID, i.DistanceM})
			}
			link, _, more := strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"), ">")
			if more != (page.NextCursor != nil) {
				t.Fatalf("next_cursor %v, Link %q", page.NextCursor, w.Header().Get("Link"))
			}
			if target = link; !more {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("at %v within %v m: %d items, want %d", at, radius, len(got), len(want))
		}
	}
}

func TestNearbyForEverySite(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.town(30)
	target := prefix + "/nearby?lat=52.5&lng=13.4&limit=5"
	w := h.call("GET", target, nil, "Accept", "application/geo+json, */*;q=0.1", "Origin", "https://maps.example")
	var c featureCollection
	h.must(json.Unmarshal(w.Body.Bytes(), &c))
	if w.Header().Get("Content-Type") != geoJSON || c.Type != "FeatureCollection" || len(c.Features) != 5 || c.NextCursor == nil {
		t.Fatalf("%v %s", w.Header(), w.Body)
	}
	first := c.Features[0]
	if first.Geometry.Coordinates != [2]float64{first.Properties.Lng, first.Properties.Lat} || first.ID != first.Properties.ID {
		t.Errorf("feature %+v", first)
	}
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("a place in the address may be kept: %q", got)
	}
	if got := h.call("GET", prefix+"/categories", nil).Header().Get("Cache-Control"); !strings.HasPrefix(got, "public, max-age=") {
		t.Errorf("categories: Cache-Control %q", got)
	}
	if w := h.call("HEAD", target, nil); w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
}

// TestSuspendedIsGoneAtOnce takes a business down and looks for it right after.
func TestSuspendedIsGoneAtOnce(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.furnish()
	h.must(h.db.Tx(h.ctx(), func(ctx context.Context) error {
		return h.deps.Directory.Change(ctx, h.bakery.ID, func(b *directory.Business) error {
			return b.Move(directory.EventSuspend, account.Verifier, h.clock.Now())
		})
	}))
	for _, target := range []string{"/businesses/harbour-bakery", "/businesses/" + h.bakery.ID, "/businesses/harbour-bakery/products", "/products/" + h.ids[exampleProduct]} {
		if w := h.call("GET", prefix+target, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
	if w := h.call("GET", prefix+"/nearby?lat=52.5&lng=13.4", nil); strings.Contains(w.Body.String(), h.bakery.ID) {
		t.Error("still nearby")
	}
}

// city is a server over 24,000 businesses and addresses to ask it.
func city(b *testing.B) (*house, []string) {
	h := open(b, dbtest.SQLite(b), server.Config{})
	h.town(24_000)
	r := rand.New(rand.NewPCG(3, 4))
	targets := make([]string, 512)
	for i := range targets {
		targets[i] = fmt.Sprintf("%s/nearby?lat=%.5f&lng=%.5f&radius_m=2000", prefix, 52.5+r.NormFloat64()*0.05, 13.4+r.NormFloat64()*0.08)
	}
	b.ReportAllocs()
	return h, targets
}

// BenchmarkNearby is one search through the whole handler.
func BenchmarkNearby(b *testing.B) {
	h, targets := city(b)
	i := 0
	for b.Loop() {
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080"+targets[i%len(targets)], nil))
		if w.Code != 200 {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
		i++
	}
}

// BenchmarkNearbyClients is eight clients over TCP, on the same machine.
func BenchmarkNearbyClients(b *testing.B) {
	h, targets := city(b)
	site := httptest.NewServer(h.handler)
	defer site.Close()
	const clients = 8
	took := make([][]time.Duration, clients)
	b.ResetTimer()
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for i := c; i < b.N; i += clients {
				begin := time.Now()
				got, err := client.Get(site.URL + targets[i%len(targets)])
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, got.Body)
				if got.Body.Close(); err != nil || got.StatusCode != http.StatusOK {
					b.Error(got.StatusCode, err)
				}
				took[c] = append(took[c], time.Since(begin))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	one := slices.Concat(took...)
	slices.Sort(one)
	b.ReportMetric(float64(one[len(one)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(one[len(one)*99/100].Microseconds()), "p99-µs")
}

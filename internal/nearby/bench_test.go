package nearby

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"nearby/internal/geo"
)

// million is 1,000,000 businesses in 300 cities, sizes falling as 1/rank: two
// thirds of a city within a few streets of its centres.
var million = sync.OnceValues(func() ([]Row, *Index) {
	rng := rand.New(rand.NewPCG(41, 42))
	const n, cities = 1_000_000, 300
	var centres []geo.Point
	for range cities {
		centres = append(centres, somewhere(rng, geo.Point{Lat: 48, Lng: 10}, 800_000))
	}
	rows := make([]Row, n)
	for i := range rows {
		city := int(math.Pow(cities, rng.Float64())) - 1
		spread := 12_000 * math.Pow(float64(city+1), -0.4)
		if rng.IntN(3) > 0 {
			spread /= 4
		}
		rows[i] = dress(rng, Row{ID: fmt.Sprintf("018f3c2a-%04x-7%03x-8000-%012x", i>>16, i&0xfff, i), Point: decimal(somewhere(rng, centres[city], spread))})
	}
	x := New()
	x.Replace(rows)
	return rows, x
})

// benchmarkSearch also reports the median and the 99th percentile.
func benchmarkSearch(b *testing.B, dense bool, change func(*Query)) {
	rows, x := million()
	rng := rand.New(rand.NewPCG(43, 44))
	queries := make([]Query, 4096)
	for i := range queries {
		queries[i] = Query{Center: somewhere(rng, rows[rng.IntN(len(rows))].Point, 300), Limit: 20}
		if !dense {
			queries[i].Center = somewhere(rng, geo.Point{Lat: 48, Lng: 10}, 800_000)
		}
		change(&queries[i])
	}
	took := make([]time.Duration, 0, 1<<20)
	room := make([]Hit, 0, 20)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		x.Append(room, queries[i%len(queries)])
		if len(took) < cap(took) {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1000, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100])/1000, "p99-µs")
}

func BenchmarkNearest20Of1M(b *testing.B) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	some := NewCategorySet(12, 14) // about 5 %
	rare := NewCategorySet(190)    // about 0.1 %
	for _, c := range []struct {
		name   string
		dense  bool
		change func(*Query)
	}{
		{"dense", true, func(*Query) {}},
		{"sparse", false, func(*Query) {}},
		{"category 4 percent", true, func(q *Query) { q.Categories = some }},
		{"open", true, func(q *Query) { q.OpenAt = noon }},
		{"category and open", true, func(q *Query) { q.Categories, q.OpenAt = some, noon }},
		{"category rare", true, func(q *Query) { q.Categories = rare }},
		{"word", true, func(q *Query) { q.Terms = []Term{{Text: "ramen"}} }},
		{"two words, prefix", true, func(q *Query) { q.Terms = []Term{{Text: "cafe", Prefix: true}, {Text: "bar"}} }},
		{"word rare", true, func(q *Query) { q.Terms = []Term{{Text: "rare7"}} }},
		{"within 2 km", true, func(q *Query) { q.RadiusM = 2000 }},
		{"second page", true, func(q *Query) { q.After = &Position{DistanceM: 250} }},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkSearch(b, c.dense, c.change) })
	}
}

func BenchmarkCount1M(b *testing.B) {
	rows, x := million()
	for _, radius := range []float64{500, 2000, 10_000} {
		b.Run(fmt.Sprint(radius, " m"), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(45, 46))
			for b.Loop() {
				x.Count(Query{Center: rows[rng.IntN(len(rows))].Point, RadiusM: radius})
			}
		})
	}
}

func BenchmarkClusters1M(b *testing.B) {
	rows, x := million()
	for zoom := 5; zoom <= 16; zoom += 3 {
		b.Run(fmt.Sprint("zoom ", zoom), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(47, 48))
			half := 360 / math.Exp2(float64(zoom)) // about a screen of four tiles
			for b.Loop() {
				p := rows[rng.IntN(len(rows))].Point
				view, _ := geo.NewBox(p.Lng-2*half, max(-90, p.Lat-half), p.Lng+2*half, min(90, p.Lat+half))
				x.Clusters(view, min(15, zoom*2/3+1), Query{})
			}
		})
	}
}

func BenchmarkBuild1M(b *testing.B) {
	rows, _ := million()
	b.ReportAllocs()
	for b.Loop() {
		build(rows)
	}
}

// BenchmarkPut1M changes one row of a million at a time, merges included.
func BenchmarkPut1M(b *testing.B) {
	rows, x := million()
	rng := rand.New(rand.NewPCG(49, 50))
	took := make([]time.Duration, 0, 1<<20)
	for b.Loop() {
		r := rows[rng.IntN(len(rows))]
		r.VerifiedAt++
		start := time.Now()
		x.Put(r)
		if len(took) < cap(took) {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1000, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100])/1000, "p99-µs")
	x.settle()
	x.Replace(rows)
}

// BenchmarkMemory1M reports the bytes a row takes, with and without its words.
func BenchmarkMemory1M(b *testing.B) {
	rows, _ := million()
	bare := slices.Clone(rows)
	for i := range bare {
		bare[i].Words = nil
	}
	for b.Loop() {
		for name, rows := range map[string][]Row{"B/row": rows, "B/row-without-words": bare} {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			p := build(rows)
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(p.len()), name)
		}
	}
}

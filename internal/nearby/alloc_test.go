//go:build !race

package nearby

import (
	"math/rand/v2"
	"testing"
	"time"

	"nearby/internal/geo"
)

// TestSearchAllocatesNothing needs a build without the race detector,
// under which pools forget on purpose.
func TestSearchAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	d := around(rng, "alloc", 5000, 3000, geo.Point{Lat: 52.52, Lng: 13.405})
	x := indexOf(rng, d.rows)
	x.settle()
	for name, q := range map[string]Query{
		"plain":  {},
		"radius": {RadiusM: 1000},
		"after":  {After: &Position{DistanceM: 500, ID: "x"}},
		"filter": {
			Categories: NewCategorySet(1, 2, 3, 40), OpenAt: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC),
			Need: Pickup, Without: Unclaimed, VerifiedSince: 1, Terms: []Term{{Text: "ba", Prefix: true}},
		},
	} {
		q.Center, q.Limit = d.places[0], 20
		room := make([]Hit, 0, q.Limit)
		if n := testing.AllocsPerRun(200, func() { x.Append(room, q) }); n > 0 {
			t.Errorf("%s: %v allocations a search", name, n)
		}
	}
}

package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// wanted is how many places every question of the comparison asks for.
const wanted = 20

// peer is another way to find the places nearest to a point.
type peer struct {
	name string
	// near gives the wanted places nearest to p, in any order.
	near func(p geo.Point) ([]geo.Point, error)
	stop func()
	// tolerance is by how much, of a distance, its answers may be farther: for
	// those that round positions or measure on another figure of the Earth.
	tolerance float64
	metres    float64 // and by how many metres
}

// errMissing tells that a peer is not installed.
var errMissing = errors.New("not installed")

// peers holds the index beside what else is installed, over the same data and
// with the same questions, one at a time.
func (b *bench) peers() error {
	rows, err := b.benchRows()
	if err != nil {
		return err
	}
	index := nearby.New()
	index.Replace(rows)
	random := rand.New(rand.NewPCG(73, 74))
	questions := make([]geo.Point, 2000)
	for i := range questions {
		questions[i] = beside(random, rows[random.IntN(len(rows))].Point, 300)
	}
	room := make([]nearby.Hit, 0, wanted)
	ours := func(p geo.Point) ([]geo.Point, error) {
		hits, _ := index.Append(room, nearby.Query{Center: p, Limit: wanted})
		points := make([]geo.Point, len(hits))
		for i, hit := range hits {
			points[i] = hit.Point
		}
		return points, nil
	}
	own, _, err := b.ask(questions, ours)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("nearest %d of %d over real cities: ", wanted, len(rows))
	b.add(what+"this index, median", own.median*1000, "µs")
	b.add(what+"this index, 99th percentile", own.p99*1000, "µs")
	for _, open := range []func([]nearby.Row) (*peer, error){kdTree, rTree, b.redis, b.postgis} {
		other, err := open(rows)
		if errors.Is(err, errMissing) {
			name, _, _ := strings.Cut(err.Error(), ":")
			b.skip(what+name, "it is not installed here")
			continue
		}
		if err != nil {
			return err
		}
		err = b.beside(what, own, questions, ours, other)
		other.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", other.name, err)
		}
	}
	b.skip(what+"Tile38", "no client for it here")
	return b.plot(rows)
}

// beside adds what a peer takes, after checking that it finds the same places.
func (b *bench) beside(what string, own figures, questions []geo.Point, ours func(geo.Point) ([]geo.Point, error), other *peer) error {
	for _, q := range questions[:100] {
		mine, err := ours(q)
		if err != nil {
			return err
		}
		theirs, err := other.near(q)
		if err != nil {
			return err
		}
		if err := same(q, mine, theirs, other); err != nil {
			return err
		}
	}
	took, n, err := b.ask(questions, other.near)
	if err != nil {
		return err
	}
	b.add(fmt.Sprintf("%s%s, median of %d", what, other.name, n), took.median*1000, "µs")
	b.add(what+other.name+": times as long as this index", took.median/own.median, "")
	return nil
}

// same reports how two answers differ: the n-th nearest of one is as far as that
// of the other.
func same(q geo.Point, mine, theirs []geo.Point, of *peer) error {
	if len(mine) != len(theirs) {
		return fmt.Errorf("%d places instead of %d", len(theirs), len(mine))
	}
	far := func(points []geo.Point) []float64 {
		list := make([]float64, len(points))
		for i, p := range points {
			list[i] = geo.Distance(q, p)
		}
		slices.Sort(list)
		return list
	}
	a, b := far(mine), far(theirs)
	for i := range a {
		if math.Abs(a[i]-b[i]) > of.metres+of.tolerance*a[i] {
			return fmt.Errorf("the place number %d is %g m away; it should be %g", i+1, b[i], a[i])
		}
	}
	return nil
}

// ask asks for a few seconds, or until all questions are answered.
func (b *bench) ask(questions []geo.Point, near func(geo.Point) ([]geo.Point, error)) (figures, int, error) {
	var took []time.Duration
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && len(took) < 10*len(questions) && b.ctx.Err() == nil; {
		begin := time.Now()
		if _, err := near(questions[len(took)%len(questions)]); err != nil {
			return figures{}, 0, err
		}
		took = append(took, time.Since(begin))
	}
	return summary(took, time.Second), len(took), b.ctx.Err()
}

// growing asks for everything within a growing radius until the wanted places
// are surely among it: how those search that know only areas.
func growing(within func(metres float64) ([]geo.Point, error), p geo.Point) ([]geo.Point, error) {
	for metres := 250.0; ; metres *= 3 {
		found, err := within(metres)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(found, func(a, b geo.Point) int {
			if geo.Distance(p, a) < geo.Distance(p, b) {
				return -1
			}
			return 1
		})
		if len(found) >= wanted && geo.Distance(p, found[wanted-1]) <= metres || metres > math.Pi*geo.EarthRadius {
			return found[:min(wanted, len(found))], nil
		}
	}
}

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// areas times everything within a radius: how many there are, alone and with the
// first page.
func (b *bench) areas(index *nearby.Index, rows []nearby.Row) {
	random := rand.New(rand.NewPCG(45, 46))
	room := make([]nearby.Hit, 0, wanted)
	for _, metres := range []float64{500, 2000, 10_000} {
		questions := make([]nearby.Query, 4096)
		for i := range questions {
			questions[i] = nearby.Query{Center: beside(random, rows[random.IntN(len(rows))].Point, 300), RadiusM: metres, Limit: wanted}
		}
		what := fmt.Sprintf("index of %d: all within %g m: ", len(rows), metres)
		alone := b.time(20_000, func(i int) { index.Count(questions[i%len(questions)]) })
		b.goal(what+"exact count, median", alone.median*1000, "µs", 2.5)
		both := b.time(20_000, func(i int) {
			index.Count(questions[i%len(questions)])
			index.Append(room, questions[i%len(questions)])
		})
		b.goal(what+"exact count and first page, median", both.median*1000, "µs", 8)
	}
}

// views times the cells of a map view, about a screen of four tiles.
func (b *bench) views(index *nearby.Index, rows []nearby.Row) {
	random := rand.New(rand.NewPCG(47, 48))
	for _, zoom := range []int{5, 8, 11, 14, 16} {
		half := 360 / math.Exp2(float64(zoom))
		boxes := make([]geo.Box, 256)
		for i := range boxes {
			p := rows[random.IntN(len(rows))].Point
			boxes[i], _ = geo.NewBox(p.Lng-2*half, max(-90, p.Lat-half), p.Lng+2*half, min(90, p.Lat+half)) // around a place, so sound
		}
		most, cells := 20.0, 0
		if zoom == 5 {
			most = 250
		}
		f := b.time(2000, func(i int) {
			found, _ := index.Clusters(boxes[i%len(boxes)], min(15, zoom*2/3+1), nearby.Query{})
			cells += len(found)
		})
		b.goal(fmt.Sprintf("index of %d: cells of a view at zoom %d (%d), median", len(rows), zoom, cells/2040), f.median*1000, "µs", most)
	}
}

// changes times how soon a change is seen, and what questions take while very
// many are made.
func (b *bench) changes(index *nearby.Index, rows []nearby.Row) error {
	const aSecond, together = 20_000, 20
	what := fmt.Sprintf("index of %d: ", len(rows))
	random := rand.New(rand.NewPCG(49, 50))
	changed := func(n int) []nearby.Row {
		list := make([]nearby.Row, n)
		for i := range list {
			list[i] = rows[random.IntN(len(rows))]
			list[i].VerifiedAt = random.Int64N(math.MaxInt32)
		}
		return list
	}
	singles := changed(4096)
	one := b.time(20_000, func(i int) {
		row := &singles[i%len(singles)]
		index.Put(*row)
		index.Find(row.ID)
	})
	b.goal(what+"one change visible, median", one.median*1000, "µs", 50)

	questions := make([]nearby.Query, 4096)
	for i := range questions {
		questions[i] = nearby.Query{Center: beside(random, rows[random.IntN(len(rows))].Point, 300), Limit: wanted}
	}
	room := make([]nearby.Hit, 0, wanted)
	ask := func() figures {
		var took []time.Duration
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && b.ctx.Err() == nil; {
			begin := time.Now()
			index.Append(room, questions[len(took)%len(questions)])
			took = append(took, time.Since(begin))
		}
		return summary(took, time.Second)
	}
	quiet := ask()
	batches := slices.Collect(slices.Chunk(changed(aSecond), together))
	stop, made := make(chan struct{}), make(chan int)
	go func() {
		begin := time.Now()
		for n := 0; ; n++ {
			select {
			case <-stop:
				made <- n * together
				return
			case <-time.After(time.Until(begin.Add(time.Duration(n) * time.Second * together / aSecond))):
				index.Put(batches[n%len(batches)]...)
			}
		}
	}()
	busy := ask()
	close(stop)
	b.add(what+"changes a second meanwhile", float64(<-made)/5, "1/s")
	b.goal(what+"99th percentile of a question meanwhile, beside without changes", busy.p99/quiet.p99, "", 3)
	return b.ctx.Err()
}

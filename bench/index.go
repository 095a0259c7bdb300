package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/nearby"
)

const million = 1_000_000

// index measures the index alone, in this process.
func (b *bench) index() error {
	rows, err := b.benchRows()
	if err != nil {
		return err
	}
	index, err := b.built(rows)
	if err != nil {
		return err
	}
	median := b.nearest(index, rows)
	b.areas(index, rows)
	b.views(index, rows)
	if err := b.changes(index, rows); err != nil {
		return err
	}
	if os.Getenv("NEARBY_BENCH_ROWS") != "" || b.data == "" {
		return b.ctx.Err()
	}
	return b.tenTimes(median)
}

// built fills an index, and does so again from its file.
func (b *bench) built(rows []nearby.Row) (*nearby.Index, error) {
	index, what := nearby.New(), fmt.Sprintf("index of %d: ", len(rows))
	before := heap()
	begin := time.Now()
	index.Replace(rows)
	b.goal(what+"built from rows in memory", time.Since(begin).Seconds(), "s", 2)
	b.goal(what+"memory a row, without texts", float64(heap()-before)/float64(len(rows)), "bytes", 40)
	file, schedules := filepath.Join(b.scratch, "bench.saved"), map[string]nearby.Schedule{}
	for _, r := range rows {
		schedules[r.Schedule.Key()] = r.Schedule
	}
	if err := index.Save(file, nil); err != nil {
		return nil, err
	}
	defer os.Remove(file)
	begin = time.Now()
	err := nearby.New().Open(file, func([]byte) error { return nil }, func(key string) nearby.Schedule { return schedules[key] })
	b.goal(what+"read from its file", time.Since(begin).Seconds(), "s", 0.2)
	return index, err
}

func heap() uint64 {
	var now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}

// nearest times the wanted places nearest to a place under each kind of filter,
// and gives the median without any, in µs.
func (b *bench) nearest(index *nearby.Index, rows []nearby.Row) float64 {
	what := fmt.Sprintf("index of %d: nearest %d", len(rows), wanted)
	random := rand.New(rand.NewPCG(43, 44))
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	some, someShare := kindOf(rows, 0.05)
	rare, rareShare := kindOf(rows, 0.001)
	room, plain := make([]nearby.Hit, 0, wanted), 0.0
	for _, c := range []struct {
		what   string
		goal   float64 // µs, of the median
		beside float64 // metres from a place
		change func(*nearby.Query)
	}{
		{", where many are", 5.5, 300, func(*nearby.Query) {}},
		{", where few are", 5, 50_000, func(*nearby.Query) {}},
		{fmt.Sprintf(" of a category (%.1f %%)", 100*someShare), 10, 300, func(q *nearby.Query) { q.Categories = some }},
		{" open at an instant", 6.5, 300, func(q *nearby.Query) { q.OpenAt = noon }},
		{" of that category and open", 13, 300, func(q *nearby.Query) { q.Categories, q.OpenAt = some, noon }},
		{fmt.Sprintf(" of a category (%.2f %%)", 100*rareShare), 13, 300, func(q *nearby.Query) { q.Categories = rare }},
	} {
		questions := make([]nearby.Query, 4096)
		for i := range questions {
			questions[i] = nearby.Query{Center: beside(random, rows[random.IntN(len(rows))].Point, c.beside), Limit: wanted}
			c.change(&questions[i])
		}
		f := b.least(questions, func(q nearby.Query) { index.Append(room, q) })
		b.goal(what+c.what+", median", f.median*1000, "µs", c.goal)
		b.goal(what+c.what+", 99th percentile beside the median", f.p99/f.median, "", 2)
		if plain == 0 {
			plain = f.median * 1000
		}
	}
	return plain
}

// kindOf is the category whose share of the rows is nearest to the one wanted.
func kindOf(rows []nearby.Row, wanted float64) (nearby.CategorySet, float64) {
	counts := map[uint16]int{}
	for i := range rows {
		counts[rows[i].Category]++
	}
	kinds := slices.Sorted(maps.Keys(counts))
	share := func(kind uint16) float64 { return float64(counts[kind]) / float64(len(rows)) }
	best := slices.MinFunc(kinds, func(a, b uint16) int {
		return cmp.Compare(math.Abs(math.Log(share(a)/wanted)), math.Abs(math.Log(share(b)/wanted)))
	})
	return nearby.NewCategorySet(best), share(best)
}

// time calls f again and again; the first calls, which fill what is kept, do not
// count.
func (b *bench) time(n int, f func(i int)) figures {
	took := make([]time.Duration, 0, n)
	for i := 0; i < n+n/50 && b.ctx.Err() == nil; i++ {
		begin := time.Now()
		f(i)
		if i >= n/50 {
			took = append(took, time.Since(begin))
		}
	}
	return summary(took, time.Second)
}

// least is of the least time that each question took in ten rounds: what the
// machine does besides falls on some rounds, and seldom on all.
func (b *bench) least(questions []nearby.Query, ask func(nearby.Query)) figures {
	took := slices.Repeat([]time.Duration{math.MaxInt64}, len(questions))
	for round := 0; round < 10 && b.ctx.Err() == nil; round++ {
		for i, q := range questions {
			begin := time.Now()
			ask(q)
			took[i] = min(took[i], time.Since(begin))
		}
	}
	return summary(took, time.Second)
}

// tenTimes asks an index of ten times as many places; median is that of the
// smaller one, in µs.
func (b *bench) tenTimes(median float64) error {
	rows, err := b.cityRows(10 * million)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("index of %d: ", len(rows))
	index, before := nearby.New(), heap()
	begin := time.Now()
	index.Replace(rows)
	b.add(what+"built from rows in memory", time.Since(begin).Seconds(), "s")
	b.goal(what+"memory a row, without texts", float64(heap()-before)/float64(len(rows)), "bytes", 40)
	random, room := rand.New(rand.NewPCG(43, 44)), make([]nearby.Hit, 0, wanted)
	questions := make([]nearby.Query, 4096)
	for i := range questions {
		questions[i] = nearby.Query{Center: beside(random, rows[random.IntN(len(rows))].Point, 300), Limit: wanted}
	}
	f := b.least(questions, func(q nearby.Query) { index.Append(room, q) })
	b.add(fmt.Sprintf("%snearest %d, where many are, median", what, wanted), f.median*1000, "µs")
	b.goal(fmt.Sprintf("%snearest %d, beside the index of a tenth of them", what, wanted), f.median*1000/median, "", 1.8)
	runtime.KeepAlive(rows)
	return b.ctx.Err()
}

// manyRows are a million rows, two thirds of each city within a few streets of
// its middle.
func manyRows(random *rand.Rand) ([]nearby.Row, error) {
	schedules, err := someSchedules()
	if err != nil {
		return nil, err
	}
	const cities = 300
	var centres []geo.Point
	for range cities {
		centres = append(centres, beside(random, geo.Point{Lat: 48, Lng: 10}, 800_000))
	}
	rows := make([]nearby.Row, million)
	for i := range rows {
		city := int(math.Pow(cities, random.Float64())) - 1
		spread := 12_000 * math.Pow(float64(city+1), -0.4)
		if random.IntN(3) > 0 {
			spread /= 4
		}
		rows[i] = nearby.Row{
			ID: fmt.Sprintf("018f3c2a-%04x-7%03x-8000-%012x", i>>16, i&0xfff, i), Point: beside(random, centres[city], spread),
			Category: uint16(1 + random.IntN(50)), Schedule: schedules[random.IntN(len(schedules))], Flags: nearby.HasHours | nearby.Orderable,
		}
	}
	return rows, nil
}

// benchRows are the places that peers are compared over: as many as
// NEARBY_BENCH_ROWS says, or a million.
func (b *bench) benchRows() ([]nearby.Row, error) {
	n, err := rowsWanted()
	if err != nil {
		return nil, err
	}
	if b.data != "" {
		return b.cityRows(n)
	}
	rows, err := manyRows(rand.New(rand.NewPCG(41, 42)))
	return rows[:min(n, len(rows))], err
}

func rowsWanted() (int, error) {
	text := os.Getenv("NEARBY_BENCH_ROWS")
	if text == "" {
		return million, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 {
		return 0, fmt.Errorf("NEARBY_BENCH_ROWS=%q is no number of places from 1000 on", text)
	}
	return n, nil
}

func someSchedules() ([]nearby.Schedule, error) {
	var schedules []nearby.Schedule
	for _, text := range []string{
		"Mo-Fr 09:00-18:00", "Mo-Sa 10:00-20:00", "24/7", "Tu-Su 17:00-02:00", "Mo-Fr 08:00-12:00,14:00-18:00; Sa 09:00-13:00", "Mo-Su 11:00-23:00",
	} {
		schedule, err := hours.ParseOSM(text, "Europe/Berlin")
		if err != nil {
			return nil, err
		}
		schedules = append(schedules, schedule)
	}
	return schedules, nil
}

// beside is a point around another, normally distributed, in metres.
func beside(random *rand.Rand, p geo.Point, metres float64) geo.Point {
	return moved(p, random.NormFloat64()*metres, random.NormFloat64()*metres)
}

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"time"

	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/nearby"
)

const million = 1_000_000

// index measures the index alone, in this process: a million businesses in 300
// cities whose sizes fall as 1/rank.
func (b *bench) index() error {
	random := rand.New(rand.NewPCG(41, 42))
	rows, err := manyRows(random)
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	index := nearby.New()
	begin := time.Now()
	index.Replace(rows)
	built := time.Since(begin)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.add("index: built from 1,000,000 rows", built.Seconds(), "s")
	b.add("index: memory a row, without its words", float64(after.HeapAlloc-before.HeapAlloc)/million, "bytes")

	some := nearby.NewCategorySet(12, 14)
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what   string
		change func(*nearby.Query)
	}{
		{"nearest 20 of 1,000,000", func(*nearby.Query) {}},
		{"nearest 20 of a category (4 %)", func(q *nearby.Query) { q.Categories = some }},
		{"nearest 20 open at an instant", func(q *nearby.Query) { q.OpenAt = noon }},
		{"nearest 20 of a category and open", func(q *nearby.Query) { q.Categories, q.OpenAt = some, noon }},
		{"nearest 20 within 2 km", func(q *nearby.Query) { q.RadiusM = 2000 }},
	} {
		var took []time.Duration
		room := make([]nearby.Hit, 0, 20)
		for n := 0; n < 50_000 && b.ctx.Err() == nil; n++ {
			at := rows[random.IntN(len(rows))].Point
			q := nearby.Query{Center: beside(random, at, 300), Limit: 20}
			c.change(&q)
			begin := time.Now()
			index.Append(room, q)
			if n >= 1000 { // the first ones fill what is kept about an instant
				took = append(took, time.Since(begin))
			}
		}
		f := summary(took, time.Second)
		b.add("index: "+c.what+", median", f.median*1000, "µs")
		b.add("index: "+c.what+", 99th percentile", f.p99*1000, "µs")
	}
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

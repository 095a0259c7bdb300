package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// plot draws how long a question takes for more and more places, to
// docs/nearby-time.svg.
func (b *bench) plot(rows []nearby.Row) error {
	random := rand.New(rand.NewPCG(75, 76))
	rows = append([]nearby.Row(nil), rows...)
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var sizes []int
	var medians []float64 // µs
	for n := 1000; n <= len(rows); n *= 10 {
		index := nearby.New()
		index.Replace(rows[:n])
		questions := make([]geo.Point, 2000)
		for i := range questions {
			questions[i] = beside(random, rows[random.IntN(n)].Point, 300)
		}
		room := make([]nearby.Hit, 0, wanted)
		took, _, err := b.ask(questions, func(p geo.Point) ([]geo.Point, error) {
			index.Append(room, nearby.Query{Center: p, Limit: wanted})
			return nil, nil
		})
		if err != nil {
			return err
		}
		sizes, medians = append(sizes, n), append(medians, took.median*1000)
		b.add(fmt.Sprintf("nearest %d of %d over real cities: median", wanted, n), took.median*1000, "µs")
	}
	return os.WriteFile(filepath.Join("docs", "nearby-time.svg"), []byte(drawing(sizes, medians)), 0o644)
}

// drawing is a line from left to right, sizes by their logarithm.
func drawing(sizes []int, medians []float64) string {
	const width, height, edge = 640.0, 320.0, 48.0
	top := 1.0
	for _, m := range medians {
		top = max(top, math.Ceil(m*1.2))
	}
	x := func(i int) float64 { return math.Round(edge + float64(i)*(width-2*edge)/float64(max(1, len(sizes)-1))) }
	y := func(m float64) float64 { return math.Round(height - edge - m/top*(height-2*edge)) }
	var b, line strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="13" fill="#777" role="img">`+"\n", width, height)
	fmt.Fprintf(&b, "<title>Median time of the %d nearest, by the number of places</title>\n", wanted)
	for m := 0.0; m <= top; m += math.Ceil(top / 5) {
		fmt.Fprintf(&b, `<path stroke="#7775" d="M%g %gH%g"/><text x="%g" y="%g" text-anchor="end">%g µs</text>`+"\n", edge, y(m), width-edge, edge-6, y(m)+4, m)
	}
	for i, n := range sizes {
		fmt.Fprintf(&b, `<circle cx="%g" cy="%g" r="4" fill="#c2410c"/><text x="%g" y="%g" text-anchor="middle">%d</text><text x="%g" y="%g" text-anchor="middle">%.1f</text>`+"\n",
			x(i), y(medians[i]), x(i), height-edge+20, n, x(i), y(medians[i])-10, medians[i])
		fmt.Fprintf(&line, "%c%g %g", "ML"[min(i, 1)], x(i), y(medians[i]))
	}
	fmt.Fprintf(&b, `<path fill="none" stroke="#c2410c" stroke-width="2" d="%s"/>`+"\n", line.String())
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">places</text></svg>`+"\n", width/2, height-8)
	return b.String()
}

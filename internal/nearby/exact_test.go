package nearby

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"nearby/internal/geo"
)

// indexOf makes an index of the rows in one of several histories that lead to
// the same state: loaded at once, or put in pieces with changes between.
func indexOf(rng *rand.Rand, rows []Row) *Index {
	x := New()
	if rng.IntN(2) == 0 {
		x.Replace(rows)
		return x
	}
	for i, r := range rows {
		if i%3 == 0 { // an older version elsewhere, to be replaced
			r.Point = anywhere(rng)
			rows := []Row{r, {ID: "stray" + r.ID, Point: r.Point}}
			x.Put(rows...)
		}
	}
	for start := 0; start < len(rows); {
		end := min(len(rows), start+1+rng.IntN(300))
		x.Put(rows[start:end]...)
		start = end
	}
	for _, r := range rows {
		x.Remove("stray"+r.ID, "unknown")
	}
	return x
}

// fewer is n, a tenth of it in a short run, and with NEARBY_EXACT=1 ten times
// as much: 100,000 questions and more over all data sets together.
func fewer(n int) int {
	switch {
	case testing.Short():
		return n / 10
	case os.Getenv("NEARBY_EXACT") != "":
		return n * 10
	}
	return n
}

func TestSearchIsAFullScan(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, d := range oddPlaces(rng) {
		t.Run(d.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			for range 2 {
				x := indexOf(rng, d.rows)
				if x.Len() != len(d.rows) {
					t.Fatalf("%d rows; want %d", x.Len(), len(d.rows))
				}
				for range fewer(500) {
					agree(t, x, d.rows, ask(rng, &d))
				}
			}
		})
	}
}

func TestBerlinIsAFullScan(t *testing.T) {
	d := berlin(t)
	rng := rand.New(rand.NewPCG(5, 6))
	x := indexOf(rng, d.rows)
	for range fewer(2000) {
		agree(t, x, d.rows, ask(rng, &d))
	}
}

// TestDenseCellIsAFullScan asks among 100,000 rows within a stride of each
// other, all in one cell of a few streets and many on one spot.
func TestDenseCellIsAFullScan(t *testing.T) {
	rng := rand.New(rand.NewPCG(55, 56))
	d := around(rng, "very dense", 100_000, 0.5, geo.Point{Lat: 64.7, Lng: 10.53619907546767}) // beside a pentagon's middle
	for i := range d.rows[:20_000] {
		d.rows[i].Point = d.rows[i%50].Point
	}
	x := New()
	x.Replace(d.rows[:90_000])
	x.Put(d.rows[80_000:]...)
	for range fewer(50) {
		agree(t, x, d.rows, ask(rng, &d))
	}
}

// TestPages reads whole lists page by page: nothing twice, nothing left out.
func TestPages(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, d := range oddPlaces(rng) {
		t.Run(d.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(9, 10))
			x := indexOf(rng, d.rows)
			for range 5 {
				q := ask(rng, &d)
				q.After, q.Limit = nil, len(d.rows)+1
				want, _ := scan(d.rows, q)
				q.Limit = 1 + rng.IntN(40)
				if len(want) > 1000 {
					q.Limit += 100
				}
				var got []Hit
				for {
					page, more := x.Search(q)
					got = append(got, page...)
					if !more {
						break
					}
					after := page[len(page)-1].Position()
					q.After = &after
				}
				if !slices.Equal(answers(got), want) {
					t.Fatalf("%s: %d rows in pages; want %d", show(q), len(got), len(want))
				}
			}
		})
	}
}

// TestPagesWhileRowsChange follows a list while other rows come, go and move:
// the rows that stay put appear once each.
func TestPagesWhileRowsChange(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	d := around(rng, "moving", 3000, 5000, geo.Point{Lat: 52.52, Lng: 13.405})
	x := indexOf(rng, d.rows)
	stay, change := d.rows[:2000], d.rows[2000:]
	q := Query{Center: d.places[0], Limit: 30}
	seen := map[string]int{}
	for {
		page, more := x.Search(q)
		for _, h := range page {
			seen[h.ID.String()]++
		}
		if !more {
			break
		}
		after := page[len(page)-1].Position()
		q.After = &after
		for range 20 {
			r := change[rng.IntN(len(change))]
			if rng.IntN(2) == 0 {
				r.Point = somewhere(rng, d.places[0], d.spread)
				x.Put(r)
			} else {
				x.Remove(r.ID)
			}
		}
	}
	for _, r := range stay {
		if seen[r.ID] != 1 {
			t.Fatalf("%s appeared %d times", r.ID, seen[r.ID])
		}
	}
}

// TestNearTies asks among rows on a circle around the place, whose distances
// differ by less than positions are rounded by.
func TestNearTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	for range fewer(4000) {
		q := Query{Center: anywhere(rng), Limit: 1 + rng.IntN(4)}
		rows := make([]Row, 60)
		for i := range rows {
			sin, cos := math.Sincos(rng.Float64() * 2 * math.Pi)
			metres := 5 + rng.Float64()*0.0001
			lat := q.Center.Lat + sin*metres/111_195
			lng := q.Center.Lng + cos*metres/111_195/math.Cos(q.Center.Lat*math.Pi/180)
			p, err := geo.NewPoint(max(-90, min(90, lat)), lng)
			if err != nil {
				t.Fatal(err)
			}
			rows[i] = Row{ID: fmt.Sprint(i), Point: p}
		}
		x := New()
		x.Replace(rows)
		agree(t, x, rows, q)
	}
}

// TestTypos holds the walk over the vocabulary and Term.Fits against the
// textbook's table.
func TestTypos(t *testing.T) {
	rng := rand.New(rand.NewPCG(63, 64))
	var words []string
	for range 3000 {
		runes := []rune(someWords[rng.IntN(len(someWords))])
		for range rng.IntN(4) {
			runes = slices.Insert(runes, rng.IntN(len(runes)+1), []rune("abcdeñжא寿")[rng.IntN(9)])
		}
		words = append(words, string(runes))
	}
	p := build([]Row{{ID: "a", Words: words}})
	for range fewer(2000) {
		term := misspelt(rng, Term{Text: words[rng.IntN(len(words))], Prefix: rng.IntN(2) == 0})
		if term.Text == "" {
			continue
		}
		spans, next := p.spans(nil, term), uint32(0)
		for _, s := range append(spans, span{uint32(p.vocabulary.len()), uint32(p.vocabulary.len())}) {
			for ; next < s.first; next++ {
				if w := p.vocabulary.of(next); fits(term, w) || term.Fits(w) {
					t.Fatalf("%+v does not find %q", term, w)
				}
			}
			for ; next < s.last; next++ {
				if w := p.vocabulary.of(next); !fits(term, w) || !term.Fits(w) {
					t.Fatalf("%+v finds %q", term, w)
				}
			}
		}
	}
}

func fits(t Term, word string) bool {
	return word == t.Text || t.Prefix && strings.HasPrefix(word, t.Text) || t.Edits > 0 && forgiven(t, word)
}

// TestCategoryInACell asks for a category of many rows within a cell, which the
// category's own tree does not know.
func TestCategoryInACell(t *testing.T) {
	rng := rand.New(rand.NewPCG(65, 66))
	d := around(rng, "kinds", 4000, 2000, geo.Point{Lat: 52.52, Lng: 13.405})
	for i := range d.rows {
		d.rows[i].Category = uint16(1 + i%3)
	}
	x := New()
	x.Replace(d.rows)
	for range 100 {
		row := d.rows[rng.IntN(len(d.rows))]
		agree(t, x, d.rows, Query{
			Center: somewhere(rng, row.Point, 500), Limit: 5, Categories: NewCategorySet(2), Cell: geo.CellOf(row.Point, 5+rng.IntN(6)),
		})
	}
}

// The words of one term may stand right before those of the next.
func TestTermsBesideEachOther(t *testing.T) {
	rows := []Row{
		{ID: "both", Point: geo.Point{Lat: 1, Lng: 1}, Words: []string{"backerei", "backhaus"}},
		{ID: "one", Point: geo.Point{Lat: 1, Lng: 1}, Words: []string{"backerei"}},
	}
	x := New()
	x.Replace(rows)
	for _, second := range []Term{{Text: "backhaous", Prefix: true, Edits: 1}, {Text: "backhas", Edits: 1}, {Text: "backh", Prefix: true}} {
		q := Query{Limit: 5, Terms: []Term{{Text: "backerei"}, second}}
		agree(t, x, rows, q)
		if hits, _ := x.Search(q); len(hits) != 1 {
			t.Errorf("%+v: %v; want the one row with both words", second, hits)
		}
	}
}

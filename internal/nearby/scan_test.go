package nearby

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nearby/internal/geo"
	"nearby/internal/text"
)

// What the index must agree with: every row looked at, one after another, with
// nothing but the definitions.

func (q *Query) asksFor(r *Row) bool {
	if !q.Categories.Any() && !q.Categories.Has(r.Category) {
		return false
	}
	if r.Flags&q.Need != q.Need || r.Flags&q.Without != 0 || r.VerifiedAt < q.VerifiedSince {
		return false
	}
	if !q.OpenAt.IsZero() && (r.Schedule == nil || !r.Schedule.OpenAt(q.OpenAt)) {
		return false
	}
	for _, t := range q.Terms {
		if !slices.ContainsFunc(slices.Concat(r.Words, r.KindWords), func(w string) bool {
			return w == t.Text || t.Prefix && strings.HasPrefix(w, t.Text) || t.Edits > 0 && forgiven(t, w)
		}) {
			return false
		}
	}
	if q.Cell != 0 && !q.Cell.Covers(geo.CellOf(r.Point, geo.MaxResolution)) || q.Within != nil && !q.Within.Contains(r.Point) {
		return false
	}
	if q.Delivers && (r.Flags&Delivery == 0 || geo.Distance(q.Center, r.Point) > float64(r.ReachM)) {
		return false
	}
	return q.RadiusM <= 0 || geo.Distance(q.Center, r.Point) <= q.RadiusM
}

// forgiven compares a word, or with Prefix every beginning of it, with the term:
// the table of all beginnings of both, as the textbook has it.
func forgiven(t Term, word string) bool {
	a, w := []rune(t.Text), []rune(word)
	if slices.ContainsFunc(append(slices.Clone(a), w...), func(r rune) bool { return r >= 0x0e00 }) {
		return false
	}
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(w)+1)
		for j := range d[i] {
			switch {
			case i == 0:
				d[i][j] = j
			case j == 0:
				d[i][j] = i
			default:
				wrong := 1
				if a[i-1] == w[j-1] {
					wrong = 0
				}
				d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+wrong)
				if i > 1 && j > 1 && a[i-1] == w[j-2] && a[i-2] == w[j-1] {
					d[i][j] = min(d[i][j], d[i-2][j-2]+1)
				}
			}
		}
	}
	if !t.Prefix {
		return d[len(a)][len(w)] <= t.Edits
	}
	return slices.Min(d[len(a)]) <= t.Edits
}

// answer is all that a Hit tells.
type answer struct {
	ID        ID
	Point     geo.Point
	DistanceM float64
	Note      string
	Schedule  Schedule
}

func answers(hits []Hit) []answer {
	list := make([]answer, len(hits))
	for i, h := range hits {
		list[i] = answer{h.ID, h.Point, h.DistanceM, h.Note(), h.Schedule()}
	}
	return list
}

func scan(rows []Row, q Query) (hits []answer, more bool) {
	for i := range rows {
		if r := &rows[i]; q.asksFor(r) {
			h := answer{IDOf(r.ID), r.Point, geo.Distance(q.Center, r.Point), r.Note, r.Schedule}
			if q.After == nil || h.DistanceM > q.After.DistanceM || h.DistanceM == q.After.DistanceM && r.ID > q.After.ID {
				hits = append(hits, h)
			}
		}
	}
	slices.SortFunc(hits, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return hits[:min(len(hits), max(0, q.Limit))], q.Limit > 0 && len(hits) > q.Limit
}

func scanCount(rows []Row, q Query) (n int) {
	for i := range rows {
		if q.asksFor(&rows[i]) {
			n++
		}
	}
	return n
}

// agree checks one search, and the count, against the scan.
func agree(t testing.TB, x *Index, rows []Row, q Query) {
	t.Helper()
	hits, more := x.Search(q)
	want, wantMore := scan(rows, q)
	if got := answers(hits); !slices.Equal(got, want) || more != wantMore {
		t.Fatalf("%s\n got %v %v\nwant %v %v", show(q), got, more, want, wantMore)
	}
	if got, want := x.Count(q), scanCount(rows, q); got != want {
		t.Fatalf("%s counts %d; want %d", show(q), got, want)
	}
}

func show(q Query) string { return fmt.Sprintf("%+v after %+v", q, q.After) }

// hoursOf is a schedule for tests: open from one hour of the day to another.
type hoursOf struct{ from, to int }

func (h hoursOf) Key() string             { return fmt.Sprint(h.from, "-", h.to) }
func (h hoursOf) OpenAt(t time.Time) bool { return t.Hour() >= h.from && t.Hour() < h.to }

var someWords = text.Words("Bäckerei bakery Backhaus café Cafeteria pizza Pizzeria 寿司 ramen falafel Späti Straße bar barber")

// dress gives a row its properties.
func dress(rng *rand.Rand, r Row) Row {
	r.Category = uint16(rng.ExpFloat64() * 30)
	if rng.IntN(50) == 0 {
		r.Category = uint16(rng.IntN(1 << 16))
	}
	if r.Category%3 > 0 {
		r.KindWords = []string{someWords[int(r.Category)%len(someWords)], "kind", fmt.Sprintf("kind%d", r.Category%5)}
	}
	if rng.IntN(4) > 0 {
		from := rng.IntN(20)
		r.Schedule = hoursOf{from, from + rng.IntN(12)}
	}
	r.Flags = Flags(rng.IntN(64) & rng.IntN(64))
	if rng.IntN(3) > 0 {
		r.VerifiedAt = rng.Int64N(1e9)
	}
	if rng.IntN(8) > 0 {
		r.Note = fmt.Sprintf("note %d", rng.IntN(1e6))
	}
	for range rng.IntN(4) {
		r.Words = append(r.Words, someWords[rng.IntN(len(someWords))])
	}
	if r.Flags&Delivery != 0 {
		r.ReachM = uint32(rng.ExpFloat64() * 5000)
		if rng.IntN(50) == 0 {
			r.ReachM = 100_000
		}
	}
	if rng.IntN(100) == 0 {
		r.Words = append(r.Words, fmt.Sprintf("rare%d", rng.IntN(10)))
	}
	return r
}

// somewhere is a point within about the given metres of a place.
func somewhere(rng *rand.Rand, near geo.Point, metres float64) geo.Point {
	const degree = math.Pi / 180 * geo.EarthRadius
	lat := near.Lat + rng.NormFloat64()*metres/degree
	lng := near.Lng + rng.NormFloat64()*metres/degree/max(1e-6, math.Cos(near.Lat*math.Pi/180))
	if lat > 90 {
		lat, lng = 180-lat, lng+180
	}
	if lat < -90 {
		lat, lng = -180-lat, lng+180
	}
	p, err := geo.NewPoint(max(-90, min(90, lat)), lng)
	if err != nil {
		panic(err)
	}
	return p
}

// anywhere is a point of the sphere, all parts equally likely.
func anywhere(rng *rand.Rand) geo.Point {
	p, _ := geo.NewPoint(math.Asin(2*rng.Float64()-1)*180/math.Pi, rng.Float64()*360-180)
	return p
}

// decimal is the point with seven decimals, as real places are written.
func decimal(p geo.Point) geo.Point {
	p, err := geo.NewPoint(math.Round(p.Lat*1e7)/1e7, math.Round(p.Lng*1e7)/1e7)
	if err != nil {
		panic(err)
	}
	return p
}

func uuidOf(rng *rand.Rand, i int) string {
	return fmt.Sprintf("%08x-%04x-7%03x-8000-%012x", rng.Uint32(), i>>16, rng.IntN(1<<12), i)
}

// dataset is rows around places that are worth asking about.
type dataset struct {
	name   string
	rows   []Row
	places []geo.Point
	spread float64 // metres
}

func around(rng *rand.Rand, name string, n int, spread float64, places ...geo.Point) dataset {
	d := dataset{name: name, places: places, spread: spread}
	for i := range n {
		p := somewhere(rng, places[rng.IntN(len(places))], spread*math.Pow(10, -2*rng.Float64()))
		id := fmt.Sprintf("%s-%05d", name, rng.IntN(1<<30)*100000+i)
		if rng.IntN(2) == 0 { // kept in another way than ids and places of other forms
			p = decimal(p)
			id = uuidOf(rng, i)
		}
		d.rows = append(d.rows, dress(rng, Row{ID: id, Point: p}))
	}
	return d
}

// oddPlaces are the data sets on which searches of this kind go wrong.
func oddPlaces(rng *rand.Rand) []dataset {
	var pentagons []geo.Point
	for _, res := range []int{0, 4, 8, 12} {
		for _, c := range geo.Pentagons(res) {
			pentagons = append(pentagons, c.Center())
		}
	}
	north, south, line := geo.Point{Lat: 90}, geo.Point{Lat: -90}, geo.Point{Lat: -17, Lng: -180}
	sets := []dataset{
		around(rng, "north pole", 3000, 20_000, north),
		around(rng, "south pole", 3000, 2_000_000, south),
		around(rng, "antimeridian", 4000, 50_000, line, geo.Point{Lat: 66, Lng: -180}),
		around(rng, "pentagons", 12000, 30_000, pentagons...),
		around(rng, "dense cell", 5000, 0.3, geo.Point{Lat: 52.52, Lng: 13.405}),
		around(rng, "millimetres", 3000, 0.03, geo.Point{Lat: 52.52, Lng: 13.405}, geo.Point{Lat: -17, Lng: -180}),
		around(rng, "sparse", 300, 1, anywhere(rng)),
		around(rng, "one row", 1, 10, line),
		{name: "nothing", places: []geo.Point{north}, spread: 10},
	}
	same := around(rng, "same point", 3000, 30, geo.Point{Lat: 1, Lng: 103})
	for i := range same.rows {
		same.rows[i].Point = same.rows[i%7].Point
	}
	world := dataset{name: "world", places: []geo.Point{north, south, line}, spread: 5e6}
	for i := range 5000 {
		world.rows = append(world.rows, dress(rng, Row{ID: fmt.Sprintf("w%07d", rng.IntN(1000)*5000+i), Point: anywhere(rng)}))
	}
	return append(sets, same, world)
}

// ask makes a question about a data set: from close to it, from far away, or
// from its very rows and edges.
func ask(rng *rand.Rand, d *dataset) Query {
	q := Query{Limit: []int{1, 2, 7, 20, 50}[rng.IntN(5)]}
	place := d.places[rng.IntN(len(d.places))]
	var row *Row
	if len(d.rows) > 0 {
		row = &d.rows[rng.IntN(len(d.rows))]
	}
	switch c := rng.IntN(10); {
	case c < 5:
		q.Center = somewhere(rng, place, d.spread*math.Pow(10, 1-3*rng.Float64()))
	case c < 6:
		q.Center = anywhere(rng)
	case c < 7:
		q.Center = place
	case row != nil && c < 8: // the other side of the Earth
		q.Center, _ = geo.NewPoint(-row.Point.Lat, row.Point.Lng+180)
	case row != nil && c < 9:
		q.Center = row.Point
	case row != nil:
		q.Center = somewhere(rng, row.Point, d.spread)
	}
	if rng.IntN(3) == 0 {
		q.RadiusM = d.spread * math.Pow(10, 1-3*rng.Float64())
		if row != nil && rng.IntN(2) == 0 { // a row on the edge, or just beyond it
			q.RadiusM = geo.Distance(q.Center, row.Point)
			if rng.IntN(2) == 0 {
				q.RadiusM = math.Nextafter(q.RadiusM, 0)
			}
		}
	}
	if row != nil && rng.IntN(4) == 0 {
		q.After = &Position{geo.Distance(q.Center, row.Point), row.ID}
	}
	if rng.IntN(2) == 0 {
		return q
	}
	if rng.IntN(3) == 0 {
		var numbers []uint16
		for range rng.IntN(6) {
			numbers = append(numbers, uint16(rng.ExpFloat64()*40))
		}
		if row != nil {
			numbers = append(numbers, row.Category)
		}
		q.Categories = NewCategorySet(numbers...)
	}
	if rng.IntN(3) == 0 {
		q.OpenAt = time.Date(2026, 1, 1, rng.IntN(24), rng.IntN(60), 0, 0, time.UTC)
	}
	if rng.IntN(3) == 0 {
		q.Need = 1 << rng.IntN(6)
	}
	if rng.IntN(3) == 0 {
		q.Without = 1 << rng.IntN(6)
	}
	if rng.IntN(4) == 0 {
		q.VerifiedSince = rng.Int64N(1e9)
	}
	if rng.IntN(3) == 0 {
		for range 1 + rng.IntN(2) {
			w := someWords[rng.IntN(len(someWords))]
			if rng.IntN(8) == 0 {
				w = fmt.Sprintf("rare%d", rng.IntN(11))
			}
			if rng.IntN(8) == 0 {
				w = fmt.Sprintf("kind%d", rng.IntN(6))
			}
			t := Term{Text: w}
			if rng.IntN(2) == 0 {
				runes := []rune(w)
				t = Term{Text: string(runes[:1+rng.IntN(len(runes))]), Prefix: true}
			}
			if rng.IntN(2) == 0 {
				t = misspelt(rng, t)
			}
			q.Terms = append(q.Terms, t)
		}
	}
	if rng.IntN(6) == 0 && row != nil {
		q.Cell = geo.CellOf(row.Point, rng.IntN(16))
	}
	if rng.IntN(6) == 0 {
		q.Within = someArea(rng, d)
	}
	q.Delivers = rng.IntN(8) == 0
	return q
}

// misspelt is a term with typos.
func misspelt(rng *rand.Rand, t Term) Term {
	runes := []rune(t.Text)
	for range rng.IntN(3) {
		i := rng.IntN(len(runes) + 1)
		switch rng.IntN(4) {
		case 0:
			runes = slices.Insert(runes, i, 'a'+rune(rng.IntN(26)))
		case 1:
			if i < len(runes) && len(runes) > 1 {
				runes = slices.Delete(runes, i, i+1)
			}
		case 2:
			if i < len(runes) {
				runes[i] = 'a' + rune(rng.IntN(26))
			}
		default:
			if i+1 < len(runes) {
				runes[i], runes[i+1] = runes[i+1], runes[i]
			}
		}
	}
	return Term{Text: string(runes), Prefix: t.Prefix, Edits: 1 + rng.IntN(2)}
}

// someArea is a polygon among the rows of the data set, sometimes crossing itself.
func someArea(rng *rand.Rand, d *dataset) *geo.Polygon {
	for range 20 {
		place := somewhere(rng, d.places[rng.IntN(len(d.places))], d.spread)
		corners := make([]geo.Point, 3+rng.IntN(6))
		for i := range corners {
			corners[i] = somewhere(rng, place, d.spread)
		}
		if area, err := geo.NewPolygon(corners); err == nil {
			return &area
		}
	}
	return nil // around a pole there is none
}

// berlin is the real businesses of a city; the test is skipped without them.
func berlin(t testing.TB) dataset {
	t.Helper()
	folder := os.Getenv("NEARBY_TESTDATA")
	if folder == "" {
		t.Skip("NEARBY_TESTDATA is not set: no real businesses to search")
	}
	f, err := os.Open(filepath.Join(folder, "businesses", "berlin-2024-01.ndjson.gz"))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	d := dataset{name: "Berlin", places: []geo.Point{{Lat: 52.52, Lng: 13.405}}, spread: 10_000}
	categories, schedules := map[string]uint16{}, map[string]Schedule{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		var b struct {
			Name         string
			Lat, Lng     float64
			Kind         string
			OpeningHours string `json:"opening_hours"`
		}
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		p, err := geo.NewPoint(b.Lat, b.Lng)
		if err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		r := Row{ID: fmt.Sprintf("b%05d", n*7919%100003), Point: p, Words: text.Words(b.Name), Flags: Flags(n % 64), VerifiedAt: int64(n)}
		key := b.Kind
		if _, ok := categories[key]; !ok {
			categories[key] = uint16(len(categories))
		}
		r.Category = categories[key]
		if b.OpeningHours != "" {
			if schedules[b.OpeningHours] == nil {
				schedules[b.OpeningHours] = hoursOf{len(schedules) % 12, 12 + len(schedules)%11}
			}
			r.Schedule = schedules[b.OpeningHours]
		}
		d.rows = append(d.rows, r)
	}
	if err := lines.Err(); err != nil || len(d.rows) < 20_000 {
		t.Fatalf("%d rows, %v", len(d.rows), err)
	}
	return d
}

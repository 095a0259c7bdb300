package nearby

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"nearby/internal/geo"
)

// TestAnswersWhileRowsChange checks that each answer is a full scan of a state
// that the index had between the call and the return.
func TestAnswersWhileRowsChange(t *testing.T) {
	const steps = 1500
	rng := rand.New(rand.NewPCG(19, 20))
	d := around(rng, "changing", 250, 3000, geo.Point{Lat: -17, Lng: -180})
	x := New()
	states := make([][]Row, steps+1)
	var begun, done atomic.Int64
	var readers sync.WaitGroup
	for reader := range 4 {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(21, uint64(reader)))
			for done.Load() < steps && !t.Failed() {
				q := ask(rng, &d)
				first := done.Load()
				hits, more := x.Search(q)
				last := begun.Load()
				ok := false
				for s := first; s <= last && !ok; s++ {
					want, wantMore := scan(states[s], q)
					ok = slices.Equal(answers(hits), want) && more == wantMore
				}
				if !ok {
					t.Errorf("%s: no state from %d to %d gives %v %v", show(q), first, last, hits, more)
				}
			}
		})
	}
	now := map[string]Row{}
	for step := 1; step <= steps; step++ {
		var change func()
		switch rng.IntN(20) {
		case 0: // all at once
			now = map[string]Row{}
			for _, r := range d.rows[:rng.IntN(len(d.rows))] {
				now[r.ID] = r
			}
			rows := rowsOf(now)
			change = func() { x.Replace(rows) }
		case 1, 2, 3:
			ids := []string{d.rows[rng.IntN(len(d.rows))].ID, d.rows[rng.IntN(len(d.rows))].ID}
			for _, id := range ids {
				delete(now, id)
			}
			change = func() { x.Remove(ids...) }
		default:
			rows := make([]Row, 1+rng.IntN(20))
			for i := range rows {
				r := dress(rng, Row{ID: d.rows[rng.IntN(len(d.rows))].ID, Point: somewhere(rng, d.places[0], d.spread)})
				rows[i], now[r.ID] = r, r
			}
			change = func() { x.Put(rows...) }
		}
		states[step] = rowsOf(now)
		begun.Store(int64(step))
		change()
		done.Store(int64(step))
		if x.Len() != len(now) {
			t.Fatalf("step %d: %d rows; want %d", step, x.Len(), len(now))
		}
	}
	readers.Wait()
}

func rowsOf(m map[string]Row) []Row {
	rows := make([]Row, 0, len(m))
	for _, r := range m {
		rows = append(rows, r)
	}
	return rows
}

// TestManyWriters changes disjoint rows from 32 goroutines while eight others
// ask: whoever wrote finds what it wrote at once, no answer is out of order or
// holds a row twice, rows that nobody changes are always there, and the end is
// right.
func TestManyWriters(t *testing.T) {
	d := around(rand.New(rand.NewPCG(23, 24)), "many", 4000, 3000, geo.Point{Lat: 90})
	x := New()
	x.Replace(d.rows[:3000])
	final := make([][]Row, 32)
	var writers sync.WaitGroup
	for w := range final {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(25, uint64(w)))
			mine := map[string]Row{}
			for i := w; i < len(d.rows); i += len(final) {
				if i < 3000 {
					mine[d.rows[i].ID] = d.rows[i]
				}
			}
			for range 60 {
				r := d.rows[rng.IntN(len(d.rows)/len(final))*len(final)+w]
				if rng.IntN(4) == 0 {
					x.Remove(r.ID)
					delete(mine, r.ID)
					if _, ok := x.Get(r.ID); ok {
						t.Errorf("%s is still there", r.ID)
					}
					continue
				}
				r = dress(rng, Row{ID: r.ID, Point: somewhere(rng, d.places[0], d.spread)})
				x.Put(r)
				mine[r.ID] = r
				hits, _ := x.Search(Query{Center: r.Point, RadiusM: 0.001, Limit: 5000})
				if !slices.ContainsFunc(hits, func(h Hit) bool { return h.ID.String() == r.ID }) {
					t.Errorf("%s is not found where it was put", r.ID)
				}
			}
			final[w] = rowsOf(mine)
		})
	}
	still := around(rand.New(rand.NewPCG(57, 58)), "still", 400, 3000, geo.Point{Lat: 90}).rows
	x.Put(still...)
	ended := make(chan struct{})
	var readers sync.WaitGroup
	for reader := range 8 {
		readers.Go(func() { watch(t, x, &d, still, uint64(reader), ended) })
	}
	writers.Wait()
	close(ended)
	readers.Wait()
	for _, r := range still {
		x.Remove(r.ID)
	}
	x.settle()
	rows := slices.Concat(final...)
	if x.Len() != len(rows) {
		t.Fatalf("%d rows; want %d", x.Len(), len(rows))
	}
	rng := rand.New(rand.NewPCG(27, 28))
	for range 300 {
		agree(t, x, rows, ask(rng, &d))
	}
	checkShape(t, x)
}

// watch asks until it is told to end.
func watch(t *testing.T, x *Index, d *dataset, still []Row, number uint64, ended <-chan struct{}) {
	rng := rand.New(rand.NewPCG(59, number))
	for {
		select {
		case <-ended:
			return
		default:
		}
		q := ask(rng, d)
		q.Limit = 300
		hits, more := x.Search(q)
		seen := map[ID]bool{}
		for i, h := range hits {
			if seen[h.ID] {
				t.Errorf("%s: %v twice", show(q), h.ID)
			}
			seen[h.ID] = true
			if i > 0 && (h.DistanceM < hits[i-1].DistanceM || h.DistanceM == hits[i-1].DistanceM && h.ID.compare(&hits[i-1].ID) <= 0) {
				t.Errorf("%s: %v is out of order", show(q), h.ID)
			}
		}
		want, _ := scan(still, q)
		for _, h := range want {
			if !seen[h.ID] && (!more || h.DistanceM < hits[len(hits)-1].DistanceM) {
				t.Errorf("%s: %v, which nobody changed, is missing", show(q), h.ID)
			}
		}
	}
}

// checkShape checks what tidy promises and what every part is built on.
func checkShape(t *testing.T, x *Index) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now.Load()
	if x.untidy() != nil || len(now.parts) > 20 {
		t.Errorf("%d parts, not tidy", len(now.parts))
	}
	rows := 0
	for _, l := range now.parts {
		if n := l.part.len() - l.dead.count(0, uint32(l.part.len())); n != l.rows || n == 0 {
			t.Errorf("a part with %d living rows says %d", n, l.rows)
		}
		rows += l.rows
		checkTree(t, l.part)
	}
	if rows != now.rows {
		t.Errorf("%d rows; want %d", now.rows, rows)
	}
}

func checkTree(t *testing.T, p *part) {
	t.Helper()
	if !slices.IsSorted(p.cells) {
		t.Error("rows are out of order")
	}
	next, seen := uint32(0), 0
	var visit func(at uint32)
	visit = func(at uint32) {
		n := &p.nodes[at]
		seen++
		for row := n.first; row < n.last; row++ {
			if n.box.near2(p.at[row]) != 0 || n.categories&(1<<(p.categories[row]%64)) == 0 || p.verified[row] > n.newest ||
				p.flags[row]&^n.someHave != 0 || n.allHave&^p.flags[row] != 0 {
				t.Fatalf("node %d does not know of row %d", at, row)
			}
		}
		if n.children == 0 {
			if n.first != next || n.last <= n.first {
				t.Fatalf("leaf %d holds the rows %d to %d; want from %d", at, n.first, n.last, next)
			}
			if n.last-n.first > leafRows && p.cells[n.first] != p.cells[n.last-1] {
				t.Fatalf("leaf %d holds %d rows", at, n.last-n.first)
			}
			next = n.last
			return
		}
		if n.children < 2 || n.children > 16 {
			t.Fatalf("node %d has %d children", at, n.children)
		}
		for child := n.child; child < n.child+n.children; child++ {
			visit(child)
		}
	}
	visit(0)
	if next != uint32(p.len()) || seen != len(p.nodes) {
		t.Fatalf("the tree has %d of %d rows and %d of %d nodes", next, p.len(), seen, len(p.nodes))
	}
	checkKinds(t, p)
}

// checkKinds checks the trees over the rows of each category.
func checkKinds(t *testing.T, p *part) {
	t.Helper()
	rows := 0
	for i, root := range p.kindRoots {
		if list := p.byKind.of(uint32(i)); int(p.kindNodes[root].last-p.kindNodes[root].first) != len(list) {
			t.Fatalf("the tree of category %d does not hold its %d rows", p.kinds[i], len(list))
		}
		var visit func(at uint32)
		visit = func(at uint32) {
			n := &p.kindNodes[at]
			for child := n.child; child < n.child+n.children; child++ {
				visit(child)
			}
			if n.children > 0 {
				return
			}
			for _, row := range p.byKind.all[n.first:n.last] {
				rows++
				if p.categories[row] != p.kinds[i] || n.box.near2(p.at[row]) != 0 || p.verified[row] > n.newest || p.flags[row]&^n.someHave != 0 {
					t.Fatalf("a tree of category %d does not know of row %d", p.kinds[i], row)
				}
			}
		}
		visit(root)
	}
	if rows != p.len() {
		t.Fatalf("the trees of the categories hold %d of %d rows", rows, p.len())
	}
}

// TestIDs keeps ids of every form, in the order of their texts.
func TestIDs(t *testing.T) {
	list := []string{
		"", "a", "zz", "00000000-0000-0000-0000-000000000000", "018f3c2a-0000-7000-8000-00000000000a", "018f3c2a-0000-7000-8000-00000000000b",
		"018F3C2A-0000-7000-8000-00000000000a", "018f3c2a-0000-7000-8000-00000000000g", "018f3c2a-0000-7000-8000-00000000000-",
		"018f3c2a-00007000-8000-00000000000-aa", "ffffffff-ffff-ffff-ffff-ffffffffffff", "fffffffe-ffff-ffff-ffff-ffffffffffff",
	}
	var column part
	for _, id := range list {
		column.cards.add(geo.Point{}, IDOf(id))
	}
	for i, id := range list {
		if got := column.id(uint32(i)).String(); got != id {
			t.Errorf("%q comes back as %q", id, got)
		}
		for j, other := range list {
			k, l := column.id(uint32(i)), column.id(uint32(j))
			if got, want := k.compare(&l), strings.Compare(id, other); got != want || (k == l) != (want == 0) {
				t.Errorf("%q beside %q: %d, want %d", id, other, got, want)
			}
		}
	}
}

func TestTrees(t *testing.T) {
	for _, d := range oddPlaces(rand.New(rand.NewPCG(29, 30))) {
		if p := build(d.rows); p != nil {
			checkTree(t, p)
		}
	}
}

func TestGet(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	d := around(rng, "get", 500, 100, geo.Point{Lat: 5, Lng: 5})
	x := indexOf(rng, d.rows)
	for _, want := range d.rows {
		slices.Sort(want.Words)
		want.Words = slices.Compact(want.Words)
		slices.Sort(want.KindWords)
		want.KindWords = slices.Compact(want.KindWords)
		if got, ok := x.Get(want.ID); !ok || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, %v; want %v", got, ok, want)
		}
	}
	if r, ok := x.Get("unknown"); ok {
		t.Errorf("found %v", r)
	}
}

// TestPutTwice puts one id twice at once, and a place that is none.
func TestPutTwice(t *testing.T) {
	here, there := geo.Point{Lat: 1, Lng: 1}, geo.Point{Lat: 2, Lng: 2}
	for name, load := range map[string]func(*Index, ...Row){
		"Put":     (*Index).Put,
		"Replace": func(x *Index, rows ...Row) { x.Replace(rows) },
	} {
		x := New()
		load(x, Row{ID: "a", Point: here}, Row{ID: "b", Point: here}, Row{ID: "a", Point: there})
		if a, _ := x.Get("a"); x.Len() != 2 || a.Point != there {
			t.Errorf("%s: %d rows, a is at %v; want 2 and the last place", name, x.Len(), a.Point)
		}
		x.Remove("b", "b", "unknown")
		if x.Len() != 1 {
			t.Errorf("%s: %d rows after removing b twice", name, x.Len())
		}
		x.Put(Row{ID: "a", Point: geo.Point{Lat: 95}})
		if x.Len() != 0 {
			t.Errorf("%s: a row with no place is kept", name)
		}
		load(x)
		if hits, more := x.Search(Query{Limit: 5}); len(hits) > 0 || more {
			t.Errorf("%s: an empty index finds %v", name, hits)
		}
	}
}

// TestMergeLosesParts lets all rows of a part die, or be replaced, while it is
// being merged.
func TestMergeLosesParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	rows := around(rng, "merge", 300, 100, geo.Point{Lat: 5, Lng: 5}).rows
	part := func(rows []Row) live { p := build(rows); return live{part: p, rows: p.len()} }
	inputs := []live{part(rows[:200]), part(rows[200:])}
	merged := merge(inputs)

	x := New()
	x.publish(slices.Clone(inputs))
	x.Remove(rows[0].ID)
	for _, r := range rows[200:] {
		x.mu.Lock()
		x.publish(bury(x.now.Load().parts, []string{r.ID}))
		x.mu.Unlock()
	}
	x.mu.Lock()
	x.exchange(inputs, merged)
	x.mu.Unlock()
	want := rows[1:200]
	if x.Len() != len(want) {
		t.Errorf("%d rows; want %d", x.Len(), len(want))
	}
	agree(t, x, want, Query{Center: rows[0].Point, Limit: 300})

	x.Replace(rows[5:7])
	x.mu.Lock()
	x.exchange(inputs, merged)
	x.mu.Unlock()
	agree(t, x, rows[5:7], Query{Center: rows[0].Point, Limit: 300})
}

func TestDead(t *testing.T) {
	const size = 3*pageRows + 100
	rng := rand.New(rand.NewPCG(35, 36))
	var d *dead
	want := map[uint32]bool{}
	for range 200 {
		older := d
		var rows []uint32
		for range rng.IntN(20) {
			row := uint32(rng.IntN(size))
			if !want[row] {
				rows, want[row] = append(rows, row), true
			}
		}
		d = d.with(rows, size)
		for _, row := range rows {
			if older.has(row) {
				t.Fatalf("row %d was dead before", row)
			}
		}
		first := uint32(rng.IntN(size))
		last := first + uint32(rng.IntN(size-int(first)+1))
		n := 0
		for row := range uint32(size) {
			if d.has(row) != want[row] {
				t.Fatalf("row %d: dead is %v", row, d.has(row))
			}
			if want[row] && row >= first && row < last {
				n++
			}
		}
		if got := d.count(first, last); got != n {
			t.Fatalf("%d dead from %d to %d; want %d", got, first, last, n)
		}
	}
}

func TestUnsoundQuestions(t *testing.T) {
	x := New()
	x.Put(Row{ID: "a"})
	nan := 0.0
	nan /= nan
	for _, q := range []Query{
		{Limit: 0},
		{Limit: -1},
		{Limit: 5, Center: geo.Point{Lat: 91}},
		{Limit: 5, Center: geo.Point{Lng: nan}},
		{Limit: 5, RadiusM: nan},
		{Limit: 5, After: &Position{DistanceM: nan}},
		{Limit: 5, After: &Position{DistanceM: 1e300}},
		{Limit: 5, Categories: NewCategorySet()},
		{Limit: 5, VerifiedSince: 1 << 40},
		{Limit: 5, Terms: []Term{{Text: ""}}},
	} {
		if hits, more := x.Search(q); len(hits) > 0 || more {
			t.Errorf("%s finds %v", show(q), hits)
		}
	}
	for _, q := range []Query{
		{Limit: 1},
		{Limit: 1, RadiusM: -5},
		{Limit: 1, RadiusM: 1e300},
		{Limit: 1, RadiusM: 1e-9},
		{Limit: 1, After: &Position{DistanceM: -1e9}},
		{Limit: 1, After: &Position{DistanceM: -3e7}},
	} {
		if hits, _ := x.Search(q); len(hits) != 1 {
			t.Errorf("%s finds %v", show(q), hits)
		}
	}
	if !strings.Contains(fmt.Sprint(NewCategorySet(3, 200).Has(200), NewCategorySet(3).Has(200)), "true false") {
		t.Error("category sets")
	}
}

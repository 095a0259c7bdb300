package nearby

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"nearby/internal/geo"
)

// Search finds the rows that q asks for, nearest first, ties in the order of
// their ids: at most q.Limit of them, and whether there are more.
func (x *Index) Search(q Query) (hits []Hit, more bool) {
	if q.Limit <= 0 || !q.sound() {
		return nil, false
	}
	s := searches.Get().(*search)
	s.start(x.now.Load(), &q)
	s.run()
	hits, more = s.hits(q.Limit)
	s.release()
	return hits, more
}

// search is the state of one search. They are kept for reuse, so that a search
// allocates nothing but its answer.
type search struct {
	disc   disc
	wanted int // how many rows are looked for
	parts  []live
	filter []filter // one for each part
	queue  []entry  // nodes not opened yet: a heap, the nearest first
	best   []uint64 // the smallest squared chords so far, at most wanted: a heap, the largest first
	cutoff uint64   // no row with a larger squared chord can be among the wanted
	found  []found
	ranked []ranked
}

// entry is a node in the queue, and how near its rows could be.
type entry struct {
	near2      uint64
	part, node uint32
}

// found is a row that fits and was within the cutoff when it was looked at.
type found struct {
	chord2    uint64
	part, row uint32
}

// ranked is a row with its distance in metres.
type ranked struct {
	metres    float64
	part, row uint32
}

var searches = sync.Pool{New: func() any { return new(search) }}

// release gives the memory back, without holding on to parts.
func (s *search) release() {
	for i := range s.filter {
		s.filter[i] = filter{words: s.filter[i].words[:0]}
	}
	s.parts, s.disc.after = nil, nil
	searches.Put(s)
}

func (s *search) start(now *snapshot, q *Query) {
	s.disc = discOf(q)
	s.wanted = q.Limit + 1 // the one too many tells whether there are more
	s.parts = now.parts
	s.cutoff = s.disc.farthest
	s.queue, s.best, s.found, s.ranked = s.queue[:0], s.best[:0], s.found[:0], s.ranked[:0]
	s.filter = slices.Grow(s.filter[:0], len(s.parts))[:len(s.parts)]
	for i := range s.parts {
		s.filter[i].prepare(q, s.parts[i].part)
	}
}

// run looks at every row that may be among the wanted.
func (s *search) run() {
	for i := range s.parts {
		p, f := s.parts[i].part, &s.filter[i]
		if f.nothing {
			continue
		}
		if !f.plain {
			// Going through the tree, one row in 1/share fits; few rows in
			// all are looked through faster one by one.
			list, share := f.shortest(p)
			if list.how != unlisted && float64(list.size)*share <= float64(s.wanted) {
				list.rows(p, f, func(row uint32) { s.look(uint32(i), p, f, row) })
				continue
			}
		}
		s.push(uint32(i), 0)
	}
	for len(s.queue) > 0 {
		next := s.pop()
		if next.near2 > s.cutoff {
			return
		}
		s.open(next)
	}
}

// open looks at the rows of a leaf, or puts the children of a node in the queue.
func (s *search) open(e entry) {
	p, f := s.parts[e.part].part, &s.filter[e.part]
	n := &p.nodes[e.node]
	if n.children > 0 {
		for child := n.child; child < n.child+n.children; child++ {
			s.push(e.part, child)
		}
		return
	}
	if f.category.Any() {
		for row := n.first; row < n.last; row++ {
			s.look(e.part, p, f, row)
		}
		return
	}
	// Few rows are of the right category, and that column is short.
	for i, category := range p.categories[n.first:n.last] {
		if f.category.Has(category) {
			s.look(e.part, p, f, n.first+uint32(i))
		}
	}
}

// look takes a row if it may be among the wanted.
func (s *search) look(part uint32, p *part, f *filter, row uint32) {
	if chord2 := p.at[row].chord2(s.disc.at); chord2 <= s.cutoff {
		s.take(part, f, row, chord2)
	}
}

// take takes a row that is within the cutoff if it fits.
func (s *search) take(part uint32, f *filter, row uint32, chord2 uint64) {
	l := &s.parts[part]
	if !f.fits(l.part, row) || l.dead.has(row) || !s.disc.holds(l.part, row, chord2) {
		return
	}
	s.found = append(s.found, found{chord2, part, row})
	switch {
	case len(s.best) < s.wanted:
		s.best = append(s.best, chord2)
		if len(s.best) < s.wanted {
			return
		}
		slices.SortFunc(s.best, func(a, b uint64) int { return cmp.Compare(b, a) }) // a heap, too
	case chord2 < s.best[0]:
		s.replaceWorst(chord2)
	default:
		return
	}
	s.cutoff = min(s.disc.farthest, square(math.Sqrt(float64(s.best[0]))+slack))
}

// replaceWorst puts a smaller chord in the place of the largest.
func (s *search) replaceWorst(chord2 uint64) {
	i, h := 0, s.best
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1] > h[child] {
			child++
		}
		if h[child] <= chord2 {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = chord2
}

// push puts a node in the queue unless none of its rows can be wanted.
func (s *search) push(part, node uint32) {
	n := &s.parts[part].part.nodes[node]
	near2 := n.box.near2(s.disc.at)
	if near2 > s.cutoff || !s.filter[part].passes(n) || s.disc.nearest > 0 && n.box.far2(s.disc.at) < s.disc.nearest {
		return
	}
	s.queue = append(s.queue, entry{})
	q, i := s.queue, len(s.queue)-1
	for i > 0 {
		parent := (i - 1) / 2
		if q[parent].near2 <= near2 {
			break
		}
		q[i] = q[parent]
		i = parent
	}
	q[i] = entry{near2, part, node}
}

// pop takes the nearest node from the queue.
func (s *search) pop() entry {
	top, end := s.queue[0], len(s.queue)-1
	moved := s.queue[end]
	s.queue = s.queue[:end]
	q, i := s.queue, 0
	for {
		child := 2*i + 1
		if child >= end {
			break
		}
		if child+1 < end && q[child+1].near2 < q[child].near2 {
			child++
		}
		if q[child].near2 >= moved.near2 {
			break
		}
		q[i] = q[child]
		i = child
	}
	if end > 0 {
		q[i] = moved
	}
	return top
}

// hits computes the distances of the rows that were found, sorts them and cuts
// the list.
func (s *search) hits(limit int) (hits []Hit, more bool) {
	var last geo.Point
	metres := geo.Distance(s.disc.center, last)
	for _, f := range s.found {
		if f.chord2 > s.cutoff {
			continue
		}
		p := s.parts[f.part].part
		if point := p.points[f.row]; point != last { // many may share one point
			last, metres = point, geo.Distance(s.disc.center, point)
		}
		s.ranked = append(s.ranked, ranked{metres, f.part, f.row})
	}
	slices.SortFunc(s.ranked, func(a, b ranked) int {
		if c := cmp.Compare(a.metres, b.metres); c != 0 {
			return c
		}
		return strings.Compare(s.id(a), s.id(b))
	})
	n := min(limit, len(s.ranked))
	hits = make([]Hit, n)
	for i, r := range s.ranked[:n] {
		hits[i] = Hit{ID: s.id(r), Point: s.parts[r.part].part.points[r.row], DistanceM: r.metres}
	}
	return hits, len(s.ranked) > limit
}

func (s *search) id(r ranked) string { return s.parts[r.part].part.ids.of(r.row) }

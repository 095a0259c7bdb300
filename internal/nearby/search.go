package nearby

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"nearby/internal/geo"
)

// Search finds the rows that q asks for, nearest first, ties in the order of
// their ids: at most q.Limit of them, and whether there are more.
func (x *Index) Search(q Query) (hits []Hit, more bool) { return x.Append(nil, q) }

// Append is Search for a caller that has room for the hits: they are appended,
// and if they fit nothing is allocated. Fresh memory costs as much as the search.
func (x *Index) Append(to []Hit, q Query) (hits []Hit, more bool) {
	if q.Limit <= 0 || !q.sound() {
		return to, false
	}
	s := searches.Get().(*search)
	s.start(x.now.Load(), &q)
	s.run()
	hits, more = s.hits(to, q.Limit)
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
	near2 uint64
	part  uint32
	node  uint32 // in nodes, or with ofKind in kindNodes
}

// ofKind marks the nodes of the trees over one category.
const ofKind = 1 << 31

// found is a row that fits and was within the cutoff when it was looked at.
type found struct {
	chord2    uint64
	part, row uint32
}

// ranked is a row with its distance in metres.
type ranked struct {
	metres float64
	card
	part, row uint32
}

var searches = sync.Pool{New: func() any { return new(search) }}

// release gives the memory back, without holding on to parts.
func (s *search) release() {
	for i := range s.filter {
		s.filter[i] = filter{spans: s.filter[i].spans[:0], terms: s.filter[i].terms[:0], named: s.filter[i].named[:0]}
	}
	s.parts, s.disc.after = nil, nil
	searches.Put(s)
}

func (s *search) start(now *snapshot, q *Query) {
	q.bound(now.parts)
	s.disc = discOf(q)
	s.wanted = q.Limit + 1 // the one too many tells whether there are more
	s.parts = now.parts
	s.cutoff = s.disc.farthest
	s.queue, s.best, s.found, s.ranked = s.queue[:0], s.best[:0], s.found[:0], s.ranked[:0]
	s.filter = slices.Grow(s.filter[:0], len(s.parts))[:len(s.parts)]
	for i := range s.parts {
		s.filter[i].prepare(q, &s.disc.from, s.parts[i].part)
	}
}

// run looks at every row that may be among the wanted.
func (s *search) run() {
	for i := range s.parts {
		s.begin(uint32(i))
	}
	for len(s.queue) > 0 {
		next := s.pop()
		if next.near2 > s.cutoff {
			return
		}
		s.open(next)
	}
}

// begin finds the shortest way to the rows of a part that fit.
func (s *search) begin(part uint32) {
	p, f := s.parts[part].part, &s.filter[part]
	if f.nothing {
		return
	}
	if f.plain {
		s.push(part, 0)
		return
	}
	// Going through the tree, one row in 1/share fits; few rows in all are
	// looked through faster one by one.
	list, share := f.shortest(p)
	if list.how != unlisted && float64(list.size)*share <= float64(s.wanted) {
		list.rows(p, f, func(row uint32) { s.look(part, row) })
		return
	}
	if !f.byKind(p) {
		s.push(part, 0)
		return
	}
	f.category.each(func(category uint16) {
		if i, ok := p.kindNumber(category); ok {
			s.push(part, p.kindRoots[i]|ofKind)
		}
	})
}

// open looks at the rows of a leaf, or puts the children of a node in the queue.
func (s *search) open(e entry) {
	p, f := s.parts[e.part].part, &s.filter[e.part]
	tree := e.node & ofKind
	n := p.node(e.node)
	switch {
	case n.children > 0:
		for child := n.child; child < n.child+n.children; child++ {
			s.push(e.part, child|tree)
		}
	case tree != 0:
		for _, row := range p.byKind.all[n.first:n.last] {
			s.look(e.part, row)
		}
	case f.category.Any():
		at := p.at[n.first:n.last]
		for i := range at {
			if chord2 := at[i].chord2(s.disc.at); chord2 <= s.cutoff {
				s.take(e.part, n.first+uint32(i), chord2)
			}
		}
	default: // few rows are of the right category, and that column is short
		for i, category := range p.categories[n.first:n.last] {
			if f.category.Has(category) {
				s.look(e.part, n.first+uint32(i))
			}
		}
	}
}

// node is one of the part's trees.
func (p *part) node(i uint32) *node {
	if i&ofKind != 0 {
		return &p.kindNodes[i&^ofKind]
	}
	return &p.nodes[i]
}

// look takes a row if it may be among the wanted.
func (s *search) look(part, row uint32) {
	if chord2 := s.parts[part].part.at[row].chord2(s.disc.at); chord2 <= s.cutoff {
		s.take(part, row, chord2)
	}
}

// take takes a row that is within the cutoff if it fits.
func (s *search) take(part, row uint32, chord2 uint64) {
	l, f := &s.parts[part], &s.filter[part]
	if !f.plain && !f.fits(l.part, row) || l.dead != nil && l.dead.has(row) ||
		(chord2 < s.disc.surelyPast || chord2 >= s.disc.surelyIn) && !s.disc.holds(l.part, row, chord2) {
		return
	}
	s.found = append(s.found, found{chord2, part, row})
	switch {
	case len(s.best) < s.wanted:
		s.best = append(s.best, chord2)
		if len(s.best) < s.wanted {
			return
		}
		slices.Sort(s.best)
		slices.Reverse(s.best) // a heap, too
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
	n := s.parts[part].part.node(node)
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

// hits computes the distances of the rows that were found, sorts them and
// appends as many as are wanted.
func (s *search) hits(to []Hit, limit int) (hits []Hit, more bool) {
	// First fetch all that is needed: so the processor waits for many places in
	// memory at once, not for one after another.
	for _, f := range s.found {
		if f.chord2 <= s.cutoff {
			s.ranked = append(s.ranked, ranked{card: s.parts[f.part].part.cards.all[f.row], part: f.part, row: f.row})
		}
	}
	for i := range s.ranked {
		r := &s.ranked[i]
		if i > 0 && r.lat == s.ranked[i-1].lat && r.lng == s.ranked[i-1].lng && r.lat != apart {
			r.metres = s.ranked[i-1].metres // many may share one point
			continue
		}
		r.metres = s.disc.from.Distance(s.point(r))
	}
	if len(s.ranked) <= shortRun {
		s.insert()
	} else {
		slices.SortFunc(s.ranked, s.compare)
	}
	n := min(limit, len(s.ranked))
	hits = slices.Grow(to, n)
	for i := range s.ranked[:n] {
		r := &s.ranked[i]
		hits = append(hits, Hit{ID: s.id(r), Point: s.point(r), DistanceM: r.metres, part: s.parts[r.part].part, row: r.row})
	}
	return hits, len(s.ranked) > limit
}

// shortRun is how many rows are sorted fastest by inserting one after another.
const shortRun = 40

func (s *search) insert() {
	for i := 1; i < len(s.ranked); i++ {
		r := s.ranked[i]
		k := i
		for k > 0 && (r.metres < s.ranked[k-1].metres || r.metres == s.ranked[k-1].metres && s.compare(r, s.ranked[k-1]) < 0) {
			s.ranked[k] = s.ranked[k-1]
			k--
		}
		s.ranked[k] = r
	}
}

// compare is the order of the hits.
func (s *search) compare(a, b ranked) int {
	if c := cmp.Compare(a.metres, b.metres); c != 0 {
		return c
	}
	k, l := s.id(&a), s.id(&b)
	return k.compare(&l)
}

func (s *search) id(r *ranked) ID { return s.parts[r.part].part.cards.id(&r.card) }

func (s *search) point(r *ranked) geo.Point { return s.parts[r.part].part.cards.point(&r.card) }

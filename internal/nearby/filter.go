package nearby

import (
	"math"
	"math/bits"
	"sort"
	"strings"

	"nearby/internal/geo"
)

// filter is everything a query asks of a row of one part, other than where it
// is and whether it is dead.
type filter struct {
	plain    bool // nothing is asked
	nothing  bool // no row of the part can fit
	category CategorySet
	kinds    uint64 // as node.categories; all ones for any
	need     Flags
	without  Flags
	since    uint32
	open     *moment  // nil for any
	spans    []span   // of the words that the terms stand for
	terms    []int    // where the spans of each term end
	named    []uint64 // for each term, the set of the categories that are found by it: wide words of bits
	wide     int
	cell     bool
	rows     span // with cell, the rows in it
	within   *geo.Polygon
	around   view // with within, the box around it
	delivers bool
	from     *geo.Origin // with delivers, where to
}

// span is the numbers from first up to but not including last, of words or rows.
// Words are numbered in their order, so those with a common beginning are a span.
type span struct{ first, last uint32 }

// prepare makes f the filter of q for p, reusing its memory.
func (f *filter) prepare(q *Query, origin *geo.Origin, p *part) {
	*f = filter{
		category: q.Categories, kinds: math.MaxUint64, need: q.Need, without: q.Without,
		since: seconds(q.VerifiedSince), spans: f.spans[:0], terms: f.terms[:0], named: f.named[:0],
		nothing: q.VerifiedSince > math.MaxUint32, within: q.Within, cell: q.Cell != 0, delivers: q.Delivers,
	}
	if f.cell {
		f.rows = p.inCell(q.Cell)
		f.nothing = f.nothing || f.rows.first == f.rows.last
	}
	if f.within != nil {
		f.around = viewOf(f.within.Box())
	}
	if f.delivers {
		f.need |= Delivery
		f.from = origin
	}
	if !q.Categories.Any() {
		f.kinds = 0
		for _, word := range q.Categories.bits {
			f.kinds |= word
		}
	}
	if !q.OpenAt.IsZero() {
		f.open = p.open.at(q.OpenAt, p.timetable)
	}
	f.wide = int(p.kinds[len(p.kinds)-1])/64 + 1
	for _, t := range q.Terms {
		before := len(f.spans)
		f.spans = p.spans(f.spans, t)
		f.terms = append(f.terms, len(f.spans))
		f.nothing = f.nothing || len(f.spans) == before
		for range f.wide {
			f.named = append(f.named, 0)
		}
		named := f.named[len(f.named)-f.wide:]
		for _, s := range f.spans[before:] {
			p.wordKinds.among(s, func(category uint16) { named[category/64] |= 1 << (category % 64) })
		}
	}
	f.plain = f.category.Any() && f.need|f.without == 0 && f.since == 0 && f.open == nil && len(f.terms) == 0 && !f.cell && f.within == nil
}

// term is the spans of a term.
func (f *filter) term(i int) []span {
	start := 0
	if i > 0 {
		start = f.terms[i-1]
	}
	return f.spans[start:f.terms[i]]
}

// names is the categories that are found by a term.
func (f *filter) names(i int) CategorySet { return CategorySet{f.named[i*f.wide : (i+1)*f.wide]} }

// inCell is the rows in a cell: they stand side by side.
func (p *part) inCell(c geo.Cell) span {
	first, last := c.First(), c.Last()
	return span{
		uint32(sort.Search(p.len(), func(i int) bool { return p.cells[i] >= first })),
		uint32(sort.Search(p.len(), func(i int) bool { return p.cells[i] > last })),
	}
}

// span finds the words that a term stands for.
func (p *part) span(t Term) span {
	v := &p.vocabulary
	first := sort.Search(v.len(), func(i int) bool { return v.of(uint32(i)) >= t.Text })
	if t.Prefix {
		n := sort.Search(v.len()-first, func(i int) bool { return !strings.HasPrefix(v.of(uint32(first+i)), t.Text) })
		return span{uint32(first), uint32(first + n)}
	}
	if first < v.len() && v.of(uint32(first)) == t.Text {
		return span{uint32(first), uint32(first + 1)}
	}
	return span{}
}

// passes reports whether a row below n may fit.
func (f *filter) passes(n *node) bool {
	return f.plain || n.categories&f.kinds != 0 && n.someHave&f.need == f.need && n.allHave&f.without == 0 && n.newest >= f.since &&
		(f.within == nil || f.around.judge(&n.box) != outside) && (!f.cell || n.first < f.rows.last && n.last > f.rows.first)
}

// fits reports whether the row fits.
func (f *filter) fits(p *part, row uint32) bool {
	if f.plain {
		return true
	}
	if !f.category.Has(p.categories[row]) || p.verified[row] < f.since {
		return false
	}
	if have := p.flags[row]; have&f.need != f.need || have&f.without != 0 {
		return false
	}
	if f.open != nil && !f.open.open(p.schedules.of(row)) {
		return false
	}
	if f.cell && (row < f.rows.first || row >= f.rows.last) {
		return false
	}
	for i := range f.terms {
		if !f.names(i).Has(p.categories[row]) {
			if _, ok := p.firstIn(row, f.term(i)); !ok {
				return false
			}
		}
	}
	if f.within != nil && !f.within.Contains(p.point(row)) {
		return false
	}
	return !f.delivers || f.from.Distance(p.point(row)) <= float64(p.reaches.of(row))
}

// firstIn is the first word of a row that lies in one of the spans, which are
// ascending.
func (p *part) firstIn(row uint32, spans []span) (word uint32, ok bool) {
	words := p.words.of(row)
	for len(words) > 0 && len(spans) > 0 {
		switch word := words[0]; {
		case word < spans[0].first:
			words = words[1:]
		case word < spans[0].last:
			return word, true
		case len(spans) == 1:
			return 0, false
		default:
			n := sort.Search(len(spans), func(i int) bool { return spans[i].last > word })
			spans = spans[n:]
		}
	}
	return 0, false
}

// shortlist is a list of rows that holds every row which fits: those of the
// given categories, or those with a word of a span.
type shortlist struct {
	size  int         // rows, some maybe twice
	words []span      // with listedByWord
	named CategorySet // with listedByWord, the categories that have such a word
	how   listed
}

type listed uint8

const (
	unlisted listed = iota
	listedByKind
	listedByWord
)

// shortest is the shortest list there is for the filter, and the share of the
// part's rows that can be expected to fit it.
func (f *filter) shortest(p *part) (shortlist, float64) {
	best, share := shortlist{size: p.len()}, 1.0
	consider := func(l shortlist) {
		share *= float64(min(l.size, p.len())) / float64(p.len())
		if l.size < best.size {
			best = l
		}
	}
	if !f.category.Any() {
		size := 0
		f.category.each(func(category uint16) { size += len(p.kind(category)) })
		consider(shortlist{size: size, how: listedByKind})
	}
	for i := range f.terms {
		l := shortlist{words: f.term(i), named: f.names(i), how: listedByWord}
		for _, s := range l.words {
			l.size += p.byWord.count(s)
		}
		l.named.each(func(category uint16) { l.size += len(p.kind(category)) })
		consider(l)
	}
	return best, share
}

// byKind reports whether to search the trees of the categories, not the one of
// all rows: each costs a way down, so they must be few, or have few rows.
func (f *filter) byKind(p *part) bool {
	if f.category.Any() || f.cell { // the rows of a cell stand together in the one tree only
		return false
	}
	kinds, rows := 0, 0
	f.category.each(func(category uint16) {
		if n := len(p.kind(category)); n > 0 {
			kinds, rows = kinds+1, rows+n
		}
	})
	return kinds == 1 || float64(kinds)*float64(rows) < 0.5*float64(p.len())
}

// each calls do with every number of the set, which is not the zero value.
func (s CategorySet) each(do func(uint16)) {
	for i, word := range s.bits {
		for ; word != 0; word &= word - 1 {
			do(uint16(i*64 + bits.TrailingZeros64(word)))
		}
	}
}

// count is how many numbers the lists of a span hold together.
func (l *lists) count(s span) int {
	if s.first == s.last {
		return 0
	}
	start := uint32(0)
	if s.first > 0 {
		start = l.ends[s.first-1]
	}
	return int(l.ends[s.last-1] - start)
}

// rows calls do with every row of the shortlist, each once.
func (l *shortlist) rows(p *part, f *filter, do func(row uint32)) {
	if l.how == listedByKind {
		f.category.each(func(category uint16) {
			for _, row := range p.kind(category) {
				do(row)
			}
		})
		return
	}
	for _, s := range l.words {
		for word := s.first; word < s.last; word++ {
			for _, row := range p.byWord.of(word) {
				// A row with several of the words is taken at the first.
				if first, _ := p.firstIn(row, l.words); first == word {
					do(row)
				}
			}
		}
	}
	l.named.each(func(category uint16) {
		for _, row := range p.kind(category) {
			if _, taken := p.firstIn(row, l.words); !taken {
				do(row)
			}
		}
	})
}

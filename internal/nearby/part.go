package nearby

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sort"
	"strings"

	"nearby/internal/geo"
)

// part is a set of rows that is never changed once built. Rows are numbered in
// the order of their cells, then ids. Each property is a column of its own, so
// that a scan touches only the memory it needs.
type part struct {
	cells      []geo.Cell // resolution 15, ascending
	at         []vector
	points     []geo.Point
	categories []uint16
	flags      []Flags
	verified   []uint32 // unix seconds
	schedules  []uint32 // number in timetable
	ids        texts

	nodes      []node     // the tree; nodes[0] is the root
	timetable  []Schedule // the distinct schedules; the first is nil
	open       moments    // what of the timetable is open, for recent questions
	byID       []uint32   // hash table: row + 1, 0 for a free place
	vocabulary texts      // the distinct words, ascending
	words      lists      // row -> its words, ascending
	byWord     lists      // word -> its rows, ascending
	kinds      []uint16   // the distinct categories, ascending
	byKind     lists      // place in kinds -> its rows, ascending
}

func (p *part) len() int { return len(p.cells) }

// row puts a row together again. Its words come back ascending, each once.
func (p *part) row(i uint32) Row {
	numbers := p.words.of(i)
	r := Row{
		ID: p.ids.of(i), Point: p.points[i], Category: p.categories[i],
		Schedule: p.timetable[p.schedules[i]], Flags: p.flags[i], VerifiedAt: int64(p.verified[i]),
	}
	if len(numbers) > 0 {
		r.Words = make([]string, len(numbers))
		for n, number := range numbers {
			r.Words[n] = p.vocabulary.of(number)
		}
	}
	return r
}

var seed = maphash.MakeSeed()

// index fills the hash table of the ids.
func (p *part) index() {
	size := 1 << bits.Len(uint(p.len()*4/3+1))
	p.byID = make([]uint32, size)
	for i := range uint32(p.len()) {
		place := maphash.String(seed, p.ids.of(i)) & uint64(size-1)
		for p.byID[place] != 0 {
			place = (place + 1) & uint64(size-1)
		}
		p.byID[place] = i + 1
	}
}

// find is the row of an id.
func (p *part) find(id string) (row uint32, ok bool) {
	mask := uint64(len(p.byID) - 1)
	for place := maphash.String(seed, id) & mask; p.byID[place] != 0; place = (place + 1) & mask {
		if row := p.byID[place] - 1; p.ids.of(row) == id {
			return row, true
		}
	}
	return 0, false
}

// kind is the list of the rows of a category.
func (p *part) kind(category uint16) []uint32 {
	i := sort.Search(len(p.kinds), func(i int) bool { return p.kinds[i] >= category })
	if i == len(p.kinds) || p.kinds[i] != category {
		return nil
	}
	return p.byKind.of(uint32(i))
}

// texts is a column of strings in one piece of memory.
type texts struct {
	all  string
	ends []uint32
}

func (t *texts) of(i uint32) string {
	start := uint32(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.all[start:t.ends[i]]
}

func (t *texts) len() int { return len(t.ends) }

// textsOf makes the column of the given strings.
func textsOf(list []string) texts {
	var b strings.Builder
	ends := make([]uint32, len(list))
	for i, s := range list {
		b.WriteString(s)
		ends[i] = uint32(b.Len())
	}
	return texts{all: b.String(), ends: ends}
}

// lists is a column of lists of numbers in one piece of memory.
type lists struct {
	all  []uint32
	ends []uint32
}

func (l *lists) of(i uint32) []uint32 {
	start := uint32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.all[start:l.ends[i]]
}

// turned makes, from lists of numbers below n, the lists of who holds each
// number.
func (l *lists) turned(n int) lists {
	t := lists{all: make([]uint32, len(l.all)), ends: make([]uint32, n)}
	for _, number := range l.all {
		t.ends[number]++
	}
	sum := uint32(0)
	for i, count := range t.ends {
		t.ends[i] = sum // where the list starts; filling it moves this to its end
		sum += count
	}
	for i := range uint32(len(l.ends)) {
		for _, number := range l.of(i) {
			t.all[t.ends[number]] = i
			t.ends[number]++
		}
	}
	return t
}

// seconds brings a unix time into the range of the column.
func seconds(unix int64) uint32 { return uint32(max(0, min(math.MaxUint32, unix))) }

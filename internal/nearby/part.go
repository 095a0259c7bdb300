package nearby

import (
	"math"
	"math/bits"
	"slices"

	"nearby/internal/geo"
)

// part is a set of rows that is never changed once built. Rows are numbered in
// the order of their cells, then ids. Each property is a column of its own, so
// that a scan touches only the memory it needs.
type part struct {
	cells      []geo.Cell // resolution 15, ascending
	at         []vector
	categories []uint16
	flags      []Flags
	verified   []uint32 // unix seconds
	schedules  numbers  // number in timetable
	reaches    numbers  // metres that it delivers; empty when no row does
	farthest   uint32   // the largest of them
	cards      cards
	notes      notes

	nodes      []node     // the tree; nodes[0] is the root
	sums       []sum      // for each node, of the positions of its rows
	timetable  []Schedule // the distinct schedules; the first is nil
	open       moments    // what of the timetable is open, for recent questions
	byID       []uint32   // hash table: row + 1, 0 for a free place
	vocabulary texts      // the distinct words, ascending
	words      lists      // row -> its words, ascending
	byWord     lists      // word -> its rows, ascending
	kindWords  lists      // place in kinds -> its words, ascending
	wordKinds  wordKinds  // the same the other way round
	kinds      []uint16   // the distinct categories, ascending
	byKind     lists      // place in kinds -> its rows, ascending
	kindNodes  []node     // a tree over the rows of each kind; ranges are places in byKind.all
	kindRoots  []uint32   // place in kinds -> the root of its tree
}

func (p *part) len() int { return len(p.cells) }

// row puts a row together again. Its words come back ascending, each once.
func (p *part) row(i uint32) Row {
	numbers := p.words.of(i)
	r := Row{
		ID: p.id(i).String(), Point: p.point(i), Category: p.categories[i],
		Schedule: p.timetable[p.schedules.of(i)], Flags: p.flags[i], VerifiedAt: int64(p.verified[i]), ReachM: p.reaches.of(i),
		Note: p.notes.of(i),
	}
	r.Words = p.spelt(numbers)
	if kind, ok := p.kindNumber(r.Category); ok {
		r.KindWords = p.spelt(p.kindWords.of(kind))
	}
	return r
}

// spelt is the words of these numbers.
func (p *part) spelt(numbers []uint32) []string {
	if len(numbers) == 0 {
		return nil
	}
	words := make([]string, len(numbers))
	for i, number := range numbers {
		words[i] = p.vocabulary.of(number)
	}
	return words
}

// index fills the hash table of the ids. Of rows with one id it finds the first;
// the others are returned.
func (p *part) index() (again []uint32) {
	p.byID = make([]uint32, p.len()+p.len()/4+1)
rows:
	for i := range uint32(p.len()) {
		id := p.id(i)
		place := p.place(id)
		for ; p.byID[place] != 0; place = p.next(place) {
			if p.id(p.byID[place]-1) == id {
				again = append(again, i)
				continue rows
			}
		}
		p.byID[place] = i + 1
	}
	return again
}

// place is where an id belongs in the hash table: the hash as a fraction of it.
func (p *part) place(id ID) int {
	place, _ := bits.Mul64(id.hash(), uint64(len(p.byID)))
	return int(place)
}

func (p *part) next(place int) int {
	if place++; place == len(p.byID) {
		return 0
	}
	return place
}

// find is the row of an id.
func (p *part) find(id string) (row uint32, ok bool) { return p.seek(IDOf(id)) }

func (p *part) seek(id ID) (row uint32, ok bool) {
	for place := p.place(id); p.byID[place] != 0; place = p.next(place) {
		if row := p.byID[place] - 1; p.id(row) == id {
			return row, true
		}
	}
	return 0, false
}

// kindNumber is the place of a category in kinds.
func (p *part) kindNumber(category uint16) (i uint32, ok bool) {
	n, ok := slices.BinarySearch(p.kinds, category)
	return uint32(n), ok
}

// wordKinds are the pairs of a word and a category that is found by it, by word.
type wordKinds struct {
	words []uint32
	kinds []uint16
}

// among calls do with every category, perhaps again and again, that has a word
// of the span.
func (w *wordKinds) among(s span, do func(category uint16)) {
	i, _ := slices.BinarySearch(w.words, s.first)
	for ; i < len(w.words) && w.words[i] < s.last; i++ {
		do(w.kinds[i])
	}
}

// kind is the list of the rows of a category.
func (p *part) kind(category uint16) []uint32 {
	if i, ok := p.kindNumber(category); ok {
		return p.byKind.of(i)
	}
	return nil
}

// tighten gives the memory back that columns took while it was not known how
// many rows there would be.
func (p *part) tighten() {
	p.cells, p.at = tight(p.cells), tight(p.at)
	p.categories, p.flags, p.verified = tight(p.categories), tight(p.flags), tight(p.verified)
	p.schedules.short, p.schedules.long = tight(p.schedules.short), tight(p.schedules.long)
	p.reaches.short, p.reaches.long = tight(p.reaches.short), tight(p.reaches.long)
	p.cards.all, p.words.ends, p.notes.ends = tight(p.cards.all), tight(p.words.ends), tight(p.notes.ends)
}

// tight is s in memory of its length.
func tight[T any](s []T) []T {
	if cap(s)-len(s) <= len(s)/64 {
		return s
	}
	return append(make([]T, 0, len(s)), s...)
}

// hit is a row as the answer to a question.
func (p *part) hit(row uint32) Hit {
	return Hit{ID: p.id(row), Point: p.point(row), part: p, row: row}
}

// seconds brings a unix time into the range of the column.
func seconds(unix int64) uint32 { return uint32(max(0, min(math.MaxUint32, unix))) }

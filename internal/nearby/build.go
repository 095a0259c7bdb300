package nearby

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"nearby/internal/geo"
)

// build makes a part of rows in any order. Of several rows with one id the
// last counts; rows without a valid point are left out. It is nil when no row
// remains.
func build(rows []Row) *part {
	cells := cellsOf(rows)
	latest := make(map[string]int, len(rows))
	for i, r := range rows {
		latest[r.ID] = i
	}
	order := make([]int, 0, len(rows))
	for i, r := range rows {
		if cells[i] != 0 && latest[r.ID] == i {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return nil
	}
	slices.SortFunc(order, func(i, j int) int {
		if c := cmp.Compare(cells[i], cells[j]); c != 0 {
			return c
		}
		return strings.Compare(rows[i].ID, rows[j].ID)
	})
	b := newBuilder(len(order))
	for _, i := range order {
		b.add(&rows[i], cells[i])
	}
	p, _ := b.finish() // each id once
	return p
}

// Filling takes rows in the order in which an index keeps them, so that a great
// many are never in memory as rows.
type Filling struct{ b *builder }

// NewFilling begins to fill an index; see Index.Fill. It is not for use by
// several at once.
func NewFilling() *Filling { return &Filling{newBuilder(0)} }

// Add takes a row. They must come by the cell of resolution 15 that their point
// lies in, then by id; one that comes too late, or lies nowhere, is refused. Of
// several with one id the first counts.
func (f *Filling) Add(r *Row) error {
	cell, p := geo.CellOf(r.Point, geo.MaxResolution), f.b.p
	if n := uint32(p.len()); cell == 0 || n > 0 && (cell < p.cells[n-1] || cell == p.cells[n-1] && r.ID <= p.id(n-1).String()) {
		return fmt.Errorf("nearby: row %s does not come in the order of the cells", r.ID)
	}
	f.b.add(r, cell)
	return nil
}

// cellsOf finds the cell of every row, on all processors when there is enough
// to do: it costs a microsecond a row.
func cellsOf(rows []Row) []geo.Cell {
	cells := make([]geo.Cell, len(rows))
	find := func(from, to int) {
		for i := from; i < to; i++ {
			cells[i] = geo.CellOf(rows[i].Point, geo.MaxResolution)
		}
	}
	const least = 1000
	step := max(least, len(rows)/runtime.GOMAXPROCS(0)+1)
	if len(rows) <= step {
		find(0, len(rows))
		return cells
	}
	var wg sync.WaitGroup
	for from := 0; from < len(rows); from += step {
		wg.Go(func() { find(from, min(from+step, len(rows))) })
	}
	wg.Wait()
	return cells
}

// merge makes one part of the living rows of several; nil when there are none.
func merge(inputs []live) *part {
	type ref struct {
		cell geo.Cell
		from uint32
		row  uint32
	}
	size := 0
	for _, in := range inputs {
		size += in.rows
	}
	if size == 0 {
		return nil
	}
	order := make([]ref, 0, size)
	for from, in := range inputs {
		for row, cell := range in.part.cells {
			if !in.dead.has(uint32(row)) {
				order = append(order, ref{cell, uint32(from), uint32(row)})
			}
		}
	}
	slices.SortFunc(order, func(a, b ref) int {
		if c := cmp.Compare(a.cell, b.cell); c != 0 {
			return c
		}
		k, l := inputs[a.from].part.id(a.row), inputs[b.from].part.id(b.row)
		return k.compare(&l)
	})
	b := newBuilder(size)
	numbers := make([]renumbering, len(inputs))
	for from, in := range inputs {
		numbers[from] = renumbering{make([]uint32, in.part.vocabulary.len()), make([]uint32, len(in.part.timetable))}
	}
	for _, r := range order {
		b.copy(inputs[r.from].part, r.row, &numbers[r.from])
	}
	p, _ := b.finish() // of an id one row at most is alive
	return p
}

// renumbering remembers, plus one, which numbers the words and schedules of an
// input part have in the part being built; 0 for not seen yet.
type renumbering struct {
	words, schedules []uint32
}

// builder takes rows in the order of their cells and makes a part of them.
type builder struct {
	p           *part
	vocabulary  []string // in the order of first sight; finish sorts
	wordNumber  map[string]uint32
	timeNumbers map[string]uint32 // by key; the number in the timetable
	kindWords   map[uint16][]uint32
}

func newBuilder(n int) *builder {
	p := &part{
		cells: make([]geo.Cell, 0, n), at: make([]vector, 0, n),
		categories: make([]uint16, 0, n), flags: make([]Flags, 0, n),
		verified: make([]uint32, 0, n), schedules: numbers{short: make([]uint16, 0, n)}, reaches: numbers{short: make([]uint16, 0, n)},
		cards: cards{all: make([]card, 0, n)}, words: lists{ends: make([]uint32, 0, n)},
		timetable: []Schedule{nil},
	}
	return &builder{p: p, wordNumber: map[string]uint32{}, timeNumbers: map[string]uint32{}, kindWords: map[uint16][]uint32{}}
}

// add appends a row from outside.
func (b *builder) add(r *Row, cell geo.Cell) {
	p := b.p
	p.cells, p.at = append(p.cells, cell), append(p.at, vectorOf(r.Point))
	p.categories, p.flags = append(p.categories, r.Category), append(p.flags, r.Flags)
	p.verified = append(p.verified, seconds(r.VerifiedAt))
	p.schedules.add(b.schedule(r.Schedule))
	p.reaches.add(r.ReachM)
	p.farthest = max(p.farthest, r.ReachM)
	p.cards.add(r.Point, IDOf(r.ID))
	p.notes.add(r.Note)
	p.words.all = b.spell(p.words.all, r.Words)
	p.words.ends = append(p.words.ends, uint32(len(p.words.all)))
	if _, known := b.kindWords[r.Category]; !known && len(r.KindWords) > 0 {
		b.kindWords[r.Category] = b.spell(nil, r.KindWords)
	}
}

// spell appends the numbers of words.
func (b *builder) spell(to []uint32, words []string) []uint32 {
	for _, word := range words {
		if word != "" {
			to = append(to, b.word(word))
		}
	}
	return to
}

// copy appends a row of another part.
func (b *builder) copy(from *part, row uint32, numbers *renumbering) {
	p := b.p
	p.cells, p.at = append(p.cells, from.cells[row]), append(p.at, from.at[row])
	p.categories, p.flags = append(p.categories, from.categories[row]), append(p.flags, from.flags[row])
	p.verified = append(p.verified, from.verified[row])
	p.cards.add(from.point(row), from.id(row))
	p.notes.add(from.notes.of(row))
	reach := from.reaches.of(row)
	p.reaches.add(reach)
	p.farthest = max(p.farthest, reach)
	old := from.schedules.of(row)
	if numbers.schedules[old] == 0 {
		numbers.schedules[old] = b.schedule(from.timetable[old]) + 1
	}
	p.schedules.add(numbers.schedules[old] - 1)
	p.words.all = b.translate(p.words.all, from, from.words.of(row), numbers)
	p.words.ends = append(p.words.ends, uint32(len(p.words.all)))
	category := from.categories[row]
	if _, known := b.kindWords[category]; !known {
		if kind, ok := from.kindNumber(category); ok && len(from.kindWords.of(kind)) > 0 {
			b.kindWords[category] = b.translate(nil, from, from.kindWords.of(kind), numbers)
		}
	}
}

// translate appends the numbers that words of another part have here.
func (b *builder) translate(to []uint32, from *part, words []uint32, numbers *renumbering) []uint32 {
	for _, word := range words {
		if numbers.words[word] == 0 {
			numbers.words[word] = b.word(from.vocabulary.of(word)) + 1
		}
		to = append(to, numbers.words[word]-1)
	}
	return to
}

// schedule is the number of s in the timetable.
func (b *builder) schedule(s Schedule) uint32 {
	if s == nil {
		return 0
	}
	key := s.Key()
	n, ok := b.timeNumbers[key]
	if !ok {
		n = uint32(len(b.p.timetable))
		b.timeNumbers[key] = n
		b.p.timetable = append(b.p.timetable, s)
	}
	return n
}

// word is the number of a word in the order of first sight.
func (b *builder) word(word string) uint32 {
	n, ok := b.wordNumber[word]
	if !ok {
		n = uint32(len(b.vocabulary))
		b.wordNumber[word] = n
		b.vocabulary = append(b.vocabulary, word)
	}
	return n
}

// finish makes what is derived from the columns. The rows whose id another row
// has already are returned.
func (b *builder) finish() (p *part, again []uint32) {
	p = b.p
	p.tighten()
	again = p.index()
	p.notes.finish()
	p.reaches.drop()
	b.sortWords()
	p.byWord = p.words.turned(len(b.vocabulary))

	p.kinds = slices.Clone(p.categories)
	slices.Sort(p.kinds)
	p.kinds = slices.Clone(slices.Compact(p.kinds))
	kind := lists{all: make([]uint32, p.len()), ends: make([]uint32, p.len())}
	for row, category := range p.categories {
		n, _ := slices.BinarySearch(p.kinds, category)
		kind.all[row], kind.ends[row] = uint32(n), uint32(row+1)
	}
	p.byKind = kind.turned(len(p.kinds))
	for _, category := range p.kinds {
		p.kindWords.all = append(p.kindWords.all, b.kindWords[category]...)
		p.kindWords.ends = append(p.kindWords.ends, uint32(len(p.kindWords.all)))
	}
	p.pairKinds()

	p.grow()
	return p, again
}

// pairKinds turns kindWords round.
func (p *part) pairKinds() {
	type pair struct {
		word     uint32
		category uint16
	}
	pairs := make([]pair, 0, len(p.kindWords.all))
	for kind, category := range p.kinds {
		for _, word := range p.kindWords.of(uint32(kind)) {
			pairs = append(pairs, pair{word, category})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.word, b.word) })
	p.wordKinds = wordKinds{make([]uint32, len(pairs)), make([]uint16, len(pairs))}
	for i, pair := range pairs {
		p.wordKinds.words[i], p.wordKinds.kinds[i] = pair.word, pair.category
	}
}

// sortWords renumbers the words so that their numbers are in their order, and
// leaves each row its words ascending and once.
func (b *builder) sortWords() {
	order := make([]uint32, len(b.vocabulary))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int { return strings.Compare(b.vocabulary[i], b.vocabulary[j]) })
	sorted, number := make([]string, len(order)), make([]uint32, len(order))
	for n, i := range order {
		sorted[n], number[i] = b.vocabulary[i], uint32(n)
	}
	b.p.vocabulary = textsOf(sorted)

	words := &b.p.words
	kept := words.all[:0]
	start := uint32(0)
	for row, end := range words.ends {
		of := words.all[start:end]
		for i, old := range of {
			of[i] = number[old]
		}
		slices.Sort(of)
		kept = append(kept, slices.Compact(of)...)
		start, words.ends[row] = end, uint32(len(kept))
	}
	for category, list := range b.kindWords {
		for i, old := range list {
			list[i] = number[old]
		}
		slices.Sort(list)
		b.kindWords[category] = slices.Compact(list)
	}
	words.all = slices.Clip(kept)
	if len(kept) == 0 {
		words.ends = nil // no text at all
	}
}

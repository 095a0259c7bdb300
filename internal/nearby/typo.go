package nearby

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// A typo is one letter too many, too few or wrong, or two neighbours in the
// wrong order; no letter is changed twice (the "optimal string alignment"
// distance). Typos are forgiven in alphabets, whose letters are those below
// alphabets: from Thai on come the scripts that are written without spaces or in
// syllables, where one letter is half a word.
const (
	alphabets  = 0x0e00
	mostEdits  = 2
	mostTyped  = 40 // letters of a term with typos; longer ones are taken as they are
	neverEdits = mostEdits + 1
)

// Fits reports whether a word of a row is one that t stands for: the text
// itself, with Prefix one that begins so, and either with up to Edits typos.
func (t Term) Fits(word string) bool {
	if word == t.Text || t.Prefix && strings.HasPrefix(word, t.Text) {
		return true
	}
	w := t.typos()
	if w == nil {
		return false
	}
	for i, r := range word {
		if r >= alphabets {
			return false
		}
		w.step(r)
		if w.least() > w.edits {
			return false
		}
		if t.Prefix && w.here() <= w.edits && alphabetic(word[i:]) {
			return true
		}
	}
	return w.here() <= w.edits
}

func alphabetic(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= alphabets }) < 0
}

// typos is a walk along the letters of a word, beside the letters of a term: for
// each letter walked, how many edits it takes to come from every beginning of
// the term to what was walked.
type typos struct {
	term  []rune
	edits uint8
	rows  [][]uint8 // one for each letter walked, and the first for none
	word  []rune
}

// typos is the walk of t, nil when t allows none.
func (t Term) typos() *typos {
	if t.Edits <= 0 {
		return nil
	}
	term := []rune(t.Text)
	if len(term) == 0 || len(term) > mostTyped || !alphabetic(t.Text) {
		return nil
	}
	first := make([]uint8, len(term)+1)
	for i := range first {
		first[i] = uint8(i)
	}
	return &typos{term: term, edits: uint8(min(t.Edits, mostEdits)), rows: [][]uint8{first}}
}

// step walks a letter further.
func (w *typos) step(r rune) {
	n := len(w.rows)
	before := w.rows[n-1]
	var row []uint8
	if cap(w.rows) > n { // of a letter that was taken back
		row = w.rows[:n+1][n]
	}
	if row == nil {
		row = make([]uint8, len(before))
	}
	row[0] = before[0] + 1
	for i, letter := range w.term {
		same := before[i]
		if letter != r {
			same++
		}
		row[i+1] = min(same, before[i+1]+1, row[i]+1)
		if i > 0 && n > 1 && letter == w.word[n-2] && w.term[i-1] == r {
			row[i+1] = min(row[i+1], w.rows[n-2][i-1]+1)
		}
	}
	w.rows, w.word = append(w.rows, row), append(w.word, r)
}

// back takes the last step back.
func (w *typos) back() { w.rows, w.word = w.rows[:len(w.rows)-1], w.word[:len(w.word)-1] }

// here is how many edits lead from the whole term to what was walked, least how
// many at least to anything that begins with it.
func (w *typos) here() uint8 { return w.rows[len(w.rows)-1][len(w.term)] }

func (w *typos) least() uint8 {
	n := len(w.rows)
	least := uint8(neverEdits)
	for _, edits := range w.rows[n-1] {
		least = min(least, edits)
	}
	if n > 1 { // two letters may yet change places
		for _, edits := range w.rows[n-2] {
			least = min(least, edits+1)
		}
	}
	return least
}

// spans appends the words that t stands for, ascending and apart.
func (p *part) spans(to []span, t Term) []span {
	start, exact, walk := len(to), p.span(t), t.typos()
	if exact.first < exact.last { // also for a beginning that goes on in another script
		to = append(to, exact)
	}
	if walk == nil {
		return to
	}
	to = p.alike(to, walk, t.Prefix, span{0, uint32(p.vocabulary.len())}, 0)
	return append(to[:start], joined(to[start:])...)
}

// joined sorts spans and makes one of those that touch.
func joined(list []span) []span {
	sort.Slice(list, func(i, j int) bool { return list[i].first < list[j].first })
	kept := list[:0]
	for _, s := range list {
		if n := len(kept); n > 0 && s.first <= kept[n-1].last {
			kept[n-1].last = max(kept[n-1].last, s.last)
		} else {
			kept = append(kept, s)
		}
	}
	return kept
}

// alike appends the words within the edits of a walk. The words of within share
// their first bytes, as many as depth, which the walk has walked. Words stand in
// their order, so those with a common beginning are a span: the vocabulary is
// read like a tree of letters, and what cannot fit any more is passed over.
func (p *part) alike(to []span, w *typos, prefix bool, within span, depth int) []span {
	v := &p.vocabulary
	for within.first < within.last {
		word := v.of(within.first)
		if len(word) == depth { // just what was walked
			if w.here() <= w.edits {
				to = append(to, span{within.first, within.first + 1})
			}
			within.first++
			continue
		}
		r, size := utf8.DecodeRuneInString(word[depth:])
		if r >= alphabets {
			return to // and so are all that follow
		}
		begin := word[:depth+size]
		end := p.endOf(begin, within)
		w.step(r)
		switch {
		case w.least() > w.edits:
		case prefix && w.here() <= w.edits:
			to = p.alphabeticOf(to, span{within.first, end})
		default:
			to = p.alike(to, w, prefix, span{within.first, end}, depth+size)
		}
		w.back()
		within.first = end
	}
	return to
}

// endOf is the end of the words that begin with begin, which those at the start
// of within do. Most are few, so the steps grow from one.
func (p *part) endOf(begin string, within span) uint32 {
	v := &p.vocabulary
	low, step := within.first, uint32(1)
	for low+step < within.last && strings.HasPrefix(v.of(low+step), begin) {
		low, step = low+step, step*2
	}
	high := min(low+step, within.last)
	n := sort.Search(int(high-low-1), func(i int) bool { return !strings.HasPrefix(v.of(low+1+uint32(i)), begin) })
	return low + 1 + uint32(n)
}

// alphabeticOf appends those of a span that have letters of alphabets only.
func (p *part) alphabeticOf(to []span, within span) []span {
	start := len(to) // what stands before may be another term's
	for i := within.first; i < within.last; i++ {
		if !alphabetic(p.vocabulary.of(i)) {
			continue
		}
		if n := len(to); n > start && to[n-1].last == i {
			to[n-1].last++
		} else {
			to = append(to, span{i, i + 1})
		}
	}
	return to
}

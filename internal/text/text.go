// Package text turns what people write into the words that search compares.
// Everything that is indexed and everything that is looked for goes through
// the same two functions, so both sides always agree.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold brings a text into the form in which "CAFÉ", "café" and "Cafe" are the
// same: compatibility forms are made plain (ﬁ to fi, full width to half), case
// is folded in full (ß to ss), and accents, vowel points and the like are taken
// off Latin, Greek, Cyrillic, Hebrew and Arabic letters. In other scripts marks
// are part of the letter and stay. The result is in normal form C; folding it
// again changes nothing.
func Fold(s string) string {
	if plain(s) {
		return strings.ToLower(s)
	}
	for range 3 { // a letter taken apart may uncover another; two rounds do for all of Unicode
		next := foldOnce(s)
		if next == s {
			break
		}
		s = next
	}
	return s
}

func foldOnce(s string) string {
	s = cases.Fold().String(norm.NFKD.String(s))
	var b strings.Builder
	b.Grow(len(s))
	strip := false
	for _, r := range norm.NFKD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			if strip {
				continue
			}
		} else {
			strip = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic)
		}
		if unicode.Is(unicode.Cherokee, r) {
			r = unicode.ToUpper(r) // as Unicode folds it, and cases only half of the time
		}
		if as, ok := letters[r]; ok {
			b.WriteString(as)
		} else if !unicode.Is(unicode.Cf, r) { // soft hyphens, direction marks
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// letters that Unicode does not take apart, though people type the plain one;
// the Arabic ones are written either way in names.
var letters = map[rune]string{
	'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ħ': "h", 'ı': "i", 'ł': "l", 'þ': "th", 'ŧ': "t",
	'ى': "ي", 'ی': "ي", 'ک': "ك", 'ة': "ه", 'ـ': "",
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Words cuts a text into folded words: unbroken runs of letters, marks and
// digits, in the order of the text. Scripts that are written without spaces
// (Chinese, Japanese, Thai and their like) have no such runs; there every pair
// of neighbouring letters is a word ("東京都" gives 東京 and 京都), and a letter
// that stands alone is one.
func Words(s string) []string {
	var words []string
	folded := Fold(s)
	start, dense := -1, false // of the run being read, -1 for none
	cut := func(end int) {
		switch {
		case start < 0:
		case dense:
			words = pairs(words, folded[start:end])
		default:
			words = append(words, folded[start:end])
		}
		start = -1
	}
	for i, r := range folded {
		mark := unicode.Is(unicode.M, r)
		if !mark && !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			cut(i)
			continue
		}
		if mark {
			continue // belongs to the letter before it
		}
		if is := unspaced(r); start >= 0 && is != dense {
			cut(i)
			start, dense = i, is
		} else if start < 0 {
			start, dense = i, is
		}
	}
	cut(len(folded))
	return words
}

// unspaced reports whether r belongs to a script that is written without
// spaces between words.
func unspaced(r rune) bool {
	// The prolonged sound mark of Japanese belongs to no script of its own.
	return r >= 0x0e00 && (r == 'ー' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

// pairs appends every two neighbouring letters of the run, marks with theirs.
func pairs(words []string, run string) []string {
	var starts []int
	for i, r := range run {
		if i == 0 || !unicode.Is(unicode.M, r) {
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(run))
	if len(starts) == 2 {
		return append(words, run)
	}
	for i := range len(starts) - 2 {
		words = append(words, run[starts[i]:starts[i+2]])
	}
	return words
}

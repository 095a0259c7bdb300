package likeness

import (
	"slices"
	"strings"
	"unicode"

	"nearby/internal/text"
)

// Reason is why a name or a place deserves a second look. None of them refuses
// anything by itself: honest businesses have odd names.
type Reason string

// The reasons.
const (
	Hidden  Reason = "hidden"  // signs that cannot be seen
	Mixed   Reason = "mixed"   // one word in letters of several scripts
	Stuffed Reason = "stuffed" // a name that is a list of search words
	Brand   Reason = "brand"   // looks like a protected name
	Double  Reason = "double"  // looks like the name of a listed business, letter by letter, and is another
	Door    Reason = "door"    // many businesses at one door
	Number  Reason = "number"  // a telephone that a business of somebody else has, elsewhere
)

// Reasons are all of them, as a verifier is shown them.
var Reasons = []Reason{Hidden, Mixed, Brand, Double, Stuffed, Door, Number}

// Flag is a reason with what it is about, such as the word or the brand.
type Flag struct {
	Reason Reason
	About  string
}

// Look finds what is odd in a name by itself.
func Look(name string) []Flag {
	var flags []Flag
	if slices.ContainsFunc(invisible([]rune(name)), func(is bool) bool { return is }) {
		flags = append(flags, Flag{Reason: Hidden})
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }) {
		if mixed(word) {
			flags = append(flags, Flag{Reason: Mixed, About: word})
			break
		}
	}
	if stuffed(name) {
		flags = append(flags, Flag{Reason: Stuffed})
	}
	return flags
}

// invisible says of each rune whether it hides without a purpose. A joiner
// between letters of a script that needs them is writing, and so is what belongs
// to an emoji: both stand beside something that is not a plain letter.
func invisible(name []rune) []bool {
	list := make([]bool, len(name))
	for i, r := range name {
		if !hidden(r) {
			continue
		}
		joins := r == '\u200c' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r)
		list[i] = !joins || i == 0 || unicode.In(name[i-1], unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Space)
	}
	return list
}

// together are scripts that are written in one word by everybody: Japanese and
// Korean mix theirs with Han, as UTS 39 has it.
var together = [][]string{{"Han", "Hiragana", "Katakana"}, {"Han", "Hangul"}, {"Han", "Bopomofo"}}

// mixed reports whether one word has letters of several scripts that nobody
// writes in one word.
func mixed(word string) bool {
	var scripts []string
	for _, r := range word {
		if s := script(r); s != "" && !slices.Contains(scripts, s) {
			scripts = append(scripts, s)
		}
	}
	if len(scripts) < 2 {
		return false
	}
	return !slices.ContainsFunc(together, func(set []string) bool {
		return !slices.ContainsFunc(scripts, func(s string) bool { return !slices.Contains(set, s) })
	})
}

// script is the script of a letter, "" for what all scripts share.
func script(r rune) string {
	if r < unicode.MaxASCII {
		if unicode.IsLetter(r) {
			return "Latin"
		}
		return ""
	}
	for _, name := range common {
		if unicode.Is(unicode.Scripts[name], r) {
			return name
		}
	}
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// common are the scripts that are met most, looked at first.
var common = []string{"Latin", "Cyrillic", "Greek", "Arabic", "Han", "Hiragana", "Katakana", "Hangul", "Hebrew", "Devanagari", "Thai"}

const (
	longName = 9 // words from which on a name is a sentence
	manyCuts = 3 // commas, bars and the like that part a list
	repeated = 3 // times a word may not come
)

// stuffed reports whether a name is made for search engines: a sentence of words
// parted like a list, or one word again and again.
func stuffed(name string) bool {
	words := text.Words(name)
	times := map[string]int{}
	for _, w := range words {
		if times[w]++; times[w] >= repeated && len([]rune(w)) > 2 {
			return true
		}
	}
	cuts := strings.Count(name, ",") + strings.Count(name, "|") + strings.Count(name, ";") + strings.Count(name, " / ") + strings.Count(name, "•")
	return cuts >= manyCuts || len(strings.Fields(name)) >= longName && cuts > 0
}

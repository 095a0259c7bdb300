package likeness

import (
	"slices"
	"strings"
	"unicode"

	"github.com/mtibben/confusables"

	"nearby/internal/text"
)

// Skeleton brings a name into a form in which names that look the same are the
// same: "PayPal", "PayPaI" and "РayРal" with Cyrillic letters have one. It is the
// skeleton of Unicode's UTS 39 over the folded name, without accents, invisible
// signs and all but letters and digits, and with i as l, because a capital I
// looks like an l. It is meant to be compared and never to be shown, and is ""
// for a name of signs alone.
func Skeleton(name string) string {
	return letters(confusables.Skeleton(text.Fold(visible(name))))
}

// Skeletons are the skeletons that a name has as it stands and when case is
// folded first. Capitals of other scripts look like Latin ones where the small
// letters do not: "ΙΚΕΑ" in Greek ones. A name looks like another when one of
// its skeletons is the Skeleton of the other.
func Skeletons(name string) []string {
	list := []string{Skeleton(name)}
	capitals := text.Fold(confusables.Skeleton(visible(name)))
	if raw := letters(confusables.Skeleton(capitals)); raw != list[0] {
		list = append(list, raw)
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

func letters(skeleton string) string {
	var b strings.Builder
	for _, r := range text.Fold(skeleton) {
		switch {
		case r == 'i':
			b.WriteByte('l')
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// visible leaves out what takes no room, as UTS 39 does before it compares.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, s)
}

// hidden reports whether a rune leaves no mark on the screen: format and control
// characters, variation selectors, and the fillers that Unicode counts as
// letters.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

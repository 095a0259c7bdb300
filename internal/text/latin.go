package text

import "strings"

// Latin writes a folded word of Cyrillic or Greek letters in Latin ones, as
// people do whose keyboard has no others: "пушкин" is pushkin. It is false for a
// word that has no such letter. A beginning of a word becomes a beginning of the
// result, so that searching while typing works.
func Latin(word string) (string, bool) {
	var b strings.Builder
	found, before := false, rune(0)
	for _, r := range word {
		as, ok := latin[r]
		switch {
		case r == 'υ' && before == 'ο':
			b.WriteString("u")
		case ok:
			b.WriteString(as)
		default:
			b.WriteRune(r)
		}
		found, before = found || ok, r
	}
	return b.String(), found
}

// latin is how the letters that Fold leaves are commonly written; those of
// Russian, Ukrainian, Bulgarian and Serbian go by what passports and road signs
// have in common, the Greek ones by ELOT 743.
var latin = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ж': "zh", 'з': "z", 'и': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n",
	'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch",
	'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'є': "ie", 'і': "i", 'ґ': "g", 'ђ': "dj", 'ј': "j", 'љ': "lj", 'њ': "nj",
	'ћ': "c", 'џ': "dz", 'ѕ': "dz",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n",
	'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

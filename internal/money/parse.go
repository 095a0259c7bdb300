package money

import (
	"strings"
	"unicode"

	"nearby/internal/errs"
)

// Parse reads a price as people type it ("24", "24,00", "€24", "1.234,50",
// "1 234.5 EUR") in the given currency. A lone separator with exactly three
// digits behind it groups thousands, unless the currency has three decimals.
// Errors, all Invalid: "unknown_currency", "bad_amount" (not a price, another
// currency named, negative, over Max), "too_precise", "bad_step".
func Parse(text, currency string) (Amount, error) {
	c, ok := Lookup(currency)
	if !ok {
		return Amount{}, errs.New(errs.Invalid, "unknown_currency", "This currency cannot be used here.")
	}
	whole, fraction, ok := readNumber(stripCurrency(text, c), c.Exponent)
	if !ok {
		return Amount{}, errs.New(errs.Invalid, "bad_amount", "Write a price like "+Amount{1250 * c.Step, currency}.Decimal()+".")
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > c.Exponent {
		return Amount{}, errs.New(errs.Invalid, "too_precise", "A price in "+currency+" has at most this many decimals: "+Amount{0, currency}.Decimal()+".")
	}
	fraction += strings.Repeat("0", c.Exponent-len(fraction))
	var minor int64
	for _, d := range whole + fraction {
		minor = minor*10 + int64(d-'0')
		if minor > Max {
			break
		}
	}
	a := Amount{minor, currency}
	return a, a.Chargeable()
}

// stripCurrency removes the currency's code or symbol from either end, and
// every space; digits of other scripts become ASCII.
func stripCurrency(text string, c Currency) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u200e' || r == '\u200f' || r == '\'' || r == '’':
			return -1 // an apostrophe groups thousands in Switzerland
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		case r == '٫':
			return '.'
		case r == '٬':
			return ','
		}
		return unicode.ToUpper(r)
	}, text)
	for _, mark := range []string{strings.ToUpper(c.Symbol), c.Code} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return rest
		}
		if rest, ok := strings.CutSuffix(text, mark); ok {
			return rest
		}
	}
	return text
}

// readNumber splits a number into its digits before and after the decimal
// separator, whichever of point and comma that is.
func readNumber(text string, exponent int) (whole, fraction string, ok bool) {
	point := strings.LastIndexAny(text, ".,")
	if point >= 0 {
		sep, lone := text[point], strings.Count(text, text[point:point+1]) == 1
		other := strings.ContainsAny(text, otherSeparator(sep))
		after := len(text) - point - 1
		switch {
		case other && !lone: // "1.234,567,89"
			return "", "", false
		case !other && (!lone || after == 3 && exponent != 3 && point > 0 && text[0] != '0'):
			point = -1 // every separator groups
		}
	}
	whole = text
	if point >= 0 {
		whole, fraction = text[:point], text[point+1:]
	}
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' })
	if seps := strings.Count(whole, ".") + strings.Count(whole, ","); seps > 0 {
		if seps != len(groups)-1 || len(groups[0]) > 3 || strings.Contains(whole, ".") && strings.Contains(whole, ",") {
			return "", "", false
		}
		for _, g := range groups[1:] {
			if len(g) != 3 {
				return "", "", false
			}
		}
	}
	whole = strings.Join(groups, "")
	return whole, fraction, whole+fraction != "" && onlyDigits(whole) && onlyDigits(fraction) && len(whole) <= 12
}

func otherSeparator(sep byte) string {
	if sep == '.' {
		return ","
	}
	return "."
}

func onlyDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

package money

import (
	"strconv"
	"strings"
)

const (
	noBreak   = "\u00a0" // keeps a symbol on the line of its number
	rightMark = "\u200f" // keeps the parts of an amount in order inside right-to-left text
)

// Decimal is the amount as a plain decimal number with all its digits:
// "24.00", "-0.50", "1200" (yen).
func (a Amount) Decimal() string { return a.digits("", ".") }

// Format is the amount as people of a language write it: "€24.00" (en),
// "24,00 €" (de), "24.00 €" (ar). Unknown languages read as English. Only the
// part of lang before the first hyphen counts.
func (a Amount) Format(lang string) string {
	symbol := a.Currency
	if c, ok := Lookup(a.Currency); ok {
		symbol = c.Symbol
	}
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	switch base {
	case "de":
		return a.digits(".", ",") + noBreak + symbol
	case "ar":
		return rightMark + a.digits(",", ".") + noBreak + symbol
	}
	sign, digits := "", a.digits(",", ".")
	if a.Minor < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(symbol) > 1 && symbol[0] < 0x80 && symbol[len(symbol)-1] < 0x80 && symbol[len(symbol)-1] != '$' {
		symbol += noBreak // "KWD 3.810", but "CA$24.00"
	}
	return sign + symbol + digits
}

// String is for logs and test failures: "24.00 EUR".
func (a Amount) String() string { return a.Decimal() + " " + a.Currency }

func (a Amount) digits(group, point string) string {
	exponent := 2
	if c, ok := Lookup(a.Currency); ok {
		exponent = c.Exponent
	}
	text := strconv.FormatUint(abs(a.Minor), 10)
	if n := exponent + 1 - len(text); n > 0 {
		text = strings.Repeat("0", n) + text
	}
	whole, fraction := text[:len(text)-exponent], text[len(text)-exponent:]
	var b strings.Builder
	if a.Minor < 0 {
		b.WriteByte('-')
	}
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(d)
	}
	if exponent > 0 {
		b.WriteString(point)
		b.WriteString(fraction)
	}
	return b.String()
}

// Package money holds amounts in whole minor units with their currency, and
// every rule by which the product splits, taxes and rounds them. There is no
// floating point in it.
package money

import (
	"fmt"
	"math"
	"math/bits"

	"nearby/internal/errs"
)

// Max is the largest amount, in minor units, that can be charged at once: eight
// digits, the provider's limit.
const Max = 99_999_999

// Amount is a sum of money in minor units ("cents") of a currency (ISO 4217,
// upper case). Amounts that can be charged or refunded are multiples of the
// currency's step.
type Amount struct {
	Minor    int64  `json:"amount"`
	Currency string `json:"currency"`
}

// New is the amount of minor units in a currency.
func New(minor int64, currency string) Amount { return Amount{Minor: minor, Currency: currency} }

// Add is a + b. It panics when the currencies differ or the sum overflows:
// both are faults of the program, never of its input.
func (a Amount) Add(b Amount) Amount {
	a.mustMatch(b)
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		panic(fmt.Sprintf("money: %d + %d overflows", a.Minor, b.Minor))
	}
	a.Minor = sum
	return a
}

// Sub is a − b, with the conditions of Add.
func (a Amount) Sub(b Amount) Amount {
	if b.Minor == math.MinInt64 {
		panic("money: negation overflows")
	}
	b.Minor = -b.Minor
	return a.Add(b)
}

// Times is n times a. It panics on overflow; callers bound n first.
func (a Amount) Times(n int64) Amount {
	a.Minor = mulDiv(a.Minor, n, 1)
	return a
}

// Less reports whether a is smaller than b, which must be of the same currency.
func (a Amount) Less(b Amount) bool {
	a.mustMatch(b)
	return a.Minor < b.Minor
}

// Zero reports whether nothing is owed.
func (a Amount) Zero() bool { return a.Minor == 0 }

// Smallest is the smallest amount of a's currency that can be charged for.
func (a Amount) Smallest() Amount { return Amount{a.step(), a.Currency} }

// Chargeable says whether a price or total of this amount may exist: a known
// currency, 0 ≤ a ≤ Max, a multiple of the step. Errors: Invalid
// "unknown_currency", "bad_amount", "bad_step".
func (a Amount) Chargeable() error {
	c, ok := Lookup(a.Currency)
	switch {
	case !ok:
		return errs.New(errs.Invalid, "unknown_currency", "This currency cannot be used here.")
	case a.Minor < 0 || a.Minor > Max:
		return errs.New(errs.Invalid, "bad_amount", "The amount must lie between 0 and "+Amount{Max / c.Step * c.Step, a.Currency}.Format("en")+".")
	case a.Minor%c.Step != 0:
		return errs.New(errs.Invalid, "bad_step", "Amounts in "+a.Currency+" are multiples of "+Amount{c.Step, a.Currency}.Decimal()+".")
	}
	return nil
}

func (a Amount) mustMatch(b Amount) {
	if a.Currency != b.Currency {
		panic("money: " + a.Currency + " meets " + b.Currency)
	}
}

// step is the currency's smallest chargeable unit; 1 for a currency we do not
// know, which Chargeable refuses before any sum is made.
func (a Amount) step() int64 {
	if c, ok := Lookup(a.Currency); ok {
		return c.Step
	}
	return 1
}

// mulDiv is floor(a·b/d) for d > 0, exact over 128 bits; it panics when the
// result does not fit.
func mulDiv(a, b, d int64) int64 {
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(abs(a), abs(b))
	if hi >= uint64(d) {
		panic(fmt.Sprintf("money: %d × %d / %d overflows", a, b, d))
	}
	q, r := bits.Div64(hi, lo, uint64(d))
	if negative && r > 0 {
		q++
	}
	if q > math.MaxInt64 {
		panic(fmt.Sprintf("money: %d × %d / %d overflows", a, b, d))
	}
	if negative {
		return -int64(q)
	}
	return int64(q)
}

func abs(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

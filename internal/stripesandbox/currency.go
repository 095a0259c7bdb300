package stripesandbox

import (
	"fmt"
	"strings"
)

// currencyOf is the settlement currency of each country the sandbox lets
// open an account.
var currencyOf = map[string]string{
	"AT": "eur", "BE": "eur", "CY": "eur", "DE": "eur", "EE": "eur", "ES": "eur", "FI": "eur", "FR": "eur",
	"GR": "eur", "HR": "eur", "IE": "eur", "IT": "eur", "LT": "eur", "LU": "eur", "LV": "eur", "MT": "eur",
	"NL": "eur", "PT": "eur", "SI": "eur", "SK": "eur",
	"AE": "aed", "AU": "aud", "BG": "bgn", "BR": "brl", "CA": "cad", "CH": "chf", "CZ": "czk", "DK": "dkk",
	"GB": "gbp", "GI": "gbp", "HK": "hkd", "HU": "huf", "IN": "inr", "JP": "jpy", "LI": "chf", "MX": "mxn",
	"MY": "myr", "NO": "nok", "NZ": "nzd", "PL": "pln", "RO": "ron", "SE": "sek", "SG": "sgd", "TH": "thb",
	"US": "usd",
}

// exponents holds the currencies that do not have two decimals.
var exponents = map[string]int{
	"bif": 0, "clp": 0, "djf": 0, "gnf": 0, "jpy": 0, "kmf": 0, "krw": 0, "mga": 0, "pyg": 0, "rwf": 0,
	"vnd": 0, "vuv": 0, "xaf": 0, "xof": 0, "xpf": 0,
	"bhd": 3, "jod": 3, "kwd": 3, "omr": 3, "tnd": 3,
}

// minimums holds the smallest charge in minor units, where it is not 50.
var minimums = map[string]int64{
	"gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "mxn": 1000, "hkd": 400, "pln": 200, "czk": 1500,
}

const maximum = 99_999_999

func exponent(currency string) int {
	if e, ok := exponents[currency]; ok {
		return e
	}
	return 2
}

func minimum(currency string) int64 {
	if m, ok := minimums[currency]; ok {
		return m
	}
	return 50
}

// format is an amount of minor units as people read it: "24.00 EUR".
func format(amount int64, currency string) string {
	e := exponent(currency)
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	digits := fmt.Sprintf("%0*d", e+1, amount)
	whole, part := digits[:len(digits)-e], digits[len(digits)-e:]
	if e > 0 {
		whole += "."
	}
	return sign + whole + part + " " + strings.ToUpper(currency)
}

// checkAmount refuses what Stripe cannot charge.
func (p params) checkAmount(amount int64, currency string) {
	switch {
	case amount < minimum(currency):
		p.fail(invalid("", "The Checkout Session's total amount due must add up to at least %s", format(minimum(currency), currency)).code("amount_too_small"))
	case amount > maximum:
		p.fail(invalid("", "The Checkout Session's total amount must be no more than %s", format(maximum, currency)).code("amount_too_large"))
	case exponent(currency) == 3 && amount%10 != 0:
		p.fail(invalid("", "Amounts in %s must be divisible by 10.", strings.ToUpper(currency)).code("invalid_charge_amount"))
	}
}

package money

import (
	"slices"
	"strings"
)

// Currency is how a currency is counted and written.
type Currency struct {
	Code     string // ISO 4217, upper case
	Exponent int    // digits after the point
	Step     int64  // smallest chargeable unit, in minor units
	Minimum  int64  // smallest card charge, in minor units; 0: no figure known, the provider decides
	Symbol   string // as written beside an amount; the code when there is none in common use
}

// The groups of the provider's documentation: two decimals unless named here,
// no decimals, and three decimals of which the last is always 0. Currencies
// that Stripe treats as special cases (UGX, ISK, HUF, TWD) are not enabled.
var currencies = func() map[string]Currency {
	all := map[string]Currency{}
	add := func(exponent int, step int64, codes string) {
		for _, code := range strings.Fields(codes) {
			all[code] = Currency{Code: code, Exponent: exponent, Step: step, Symbol: code}
		}
	}
	add(2, 1, "USD EUR CAD CHF AUD NZD SGD GBP DKK NOK SEK MXN HKD PLN CZK AED ALL AMD ANG AOA ARS AWG AZN BAM BBD BDT "+
		"BGN BMD BND BOB BRL BSD BWP BYN BZD CDF CNY COP CRC CVE DOP DZD EGP ETB FJD FKP GEL GIP GMD GTQ GYD HNL HTG "+
		"IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MYR MZN NAD NGN "+
		"NIO NPR PAB PEN PGK PHP PKR QAR RON RSD SAR SBD SCR SHP SOS SRD SZL THB TJS TOP TRY TTD TZS UAH UYU UZS WST "+
		"XCD YER ZAR ZMW")
	add(0, 1, "JPY BIF CLP DJF GNF KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")
	add(3, 10, "BHD JOD KWD OMR TND")
	for code, minimum := range map[string]int64{
		"USD": 50, "EUR": 50, "CAD": 50, "CHF": 50, "AUD": 50, "NZD": 50, "SGD": 50, "GBP": 30, "DKK": 250, "NOK": 300,
		"SEK": 300, "MXN": 1000, "HKD": 400, "PLN": 200, "CZK": 1500, "JPY": 50,
	} {
		c := all[code]
		c.Minimum = minimum
		all[code] = c
	}
	for code, symbol := range map[string]string{
		"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "KRW": "₩", "INR": "₹", "VND": "₫", "ILS": "₪", "PHP": "₱",
		"CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "MXN": "MX$", "HKD": "HK$", "BRL": "R$", "CNY": "CN¥", "PLN": "zł",
		"CZK": "Kč", "TRY": "₺", "UAH": "₴",
	} {
		c := all[code]
		c.Symbol = symbol
		all[code] = c
	}
	return all
}()

// Lookup finds a currency by its upper-case code; false for one that is not
// enabled.
func Lookup(code string) (Currency, bool) {
	c, ok := currencies[code]
	return c, ok
}

// Codes lists the enabled currencies, sorted.
func Codes() []string {
	codes := make([]string, 0, len(currencies))
	for code := range currencies {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

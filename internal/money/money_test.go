package money_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nearby/internal/errs"
	"nearby/internal/money"
)

func minors(amounts []money.Amount) []int64 {
	out := make([]int64, len(amounts))
	for i, a := range amounts {
		out[i] = a.Minor
	}
	return out
}

// units is what each of q units of total costs when refunded one by one.
func units(total money.Amount, q int64, part func(money.Amount, int64, int64) money.Amount) []int64 {
	var out []int64
	for i := range q {
		out = append(out, part(total, i+1, q).Sub(part(total, i, q)).Minor)
	}
	return out
}

// TestWorkedExample holds the golden vectors of the payments paper, 8.3: a
// discounted order of two lines and delivery in each group of currencies.
func TestWorkedExample(t *testing.T) {
	tests := []struct {
		currency            string
		qty1, price1, rate1 int64
		price2, rate2       int64
		discount            int64
		delivery, rate3     int64
		shares, lines       []int64
		total               int64
		taxes               []int64
		fee                 int64
		refunds, refundTax  []int64
	}{
		{
			currency: "EUR", qty1: 3, price1: 295, rate1: 7000, price2: 2450, rate2: 19000, discount: 500, delivery: 390, rate3: 19000,
			shares: []int64{133, 367}, lines: []int64{752, 2083}, total: 3225, taxes: []int64{49, 333, 62}, fee: 70,
			refunds: []int64{250, 251, 251}, refundTax: []int64{16, 16, 17},
		},
		{
			currency: "JPY", qty1: 3, price1: 335, rate1: 8000, price2: 1200, rate2: 10000, discount: 100, delivery: 300, rate3: 10000,
			shares: []int64{46, 54}, lines: []int64{959, 1146}, total: 2405, taxes: []int64{71, 104, 27}, fee: 52,
			refunds: []int64{319, 320, 320}, refundTax: []int64{23, 24, 24},
		},
		{
			currency: "KWD", qty1: 3, price1: 1270, price2: 2500, discount: 520, delivery: 750,
			shares: []int64{310, 210}, lines: []int64{3500, 2290}, total: 6540, taxes: []int64{0, 0, 0}, fee: 140,
			refunds: []int64{1160, 1170, 1170}, refundTax: []int64{0, 0, 0},
		},
	}
	for _, tt := range tests {
		t.Run(tt.currency, func(t *testing.T) {
			of := func(minor int64) money.Amount { return money.New(minor, tt.currency) }
			gross := []money.Amount{of(tt.price1).Times(tt.qty1), of(tt.price2)}
			shares := of(tt.discount).Allocate(minors(gross))
			lines := []money.Amount{gross[0].Sub(shares[0]), gross[1].Sub(shares[1])}
			total := lines[0].Add(lines[1]).Add(of(tt.delivery))
			taxes := []money.Amount{lines[0].TaxWithin(tt.rate1), lines[1].TaxWithin(tt.rate2), of(tt.delivery).TaxWithin(tt.rate3)}
			fee := money.Fee(lines[0].Add(lines[1]), 250, 0, total)
			for _, check := range []struct {
				what      string
				got, want any
			}{
				{"discount shares", minors(shares), tt.shares},
				{"line totals", minors(lines), tt.lines},
				{"total", total.Minor, tt.total},
				{"taxes", minors(taxes), tt.taxes},
				{"fee", fee.Minor, tt.fee},
				{"line 1 unit by unit", units(lines[0], tt.qty1, money.Amount.Part), tt.refunds},
				{"its tax unit by unit", units(taxes[0], tt.qty1, money.Amount.PartExact), tt.refundTax},
			} {
				if diff := cmp.Diff(check.want, check.got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", check.what, diff)
				}
			}
		})
	}
}

func TestTaxUpon(t *testing.T) {
	net := money.New(499, "USD").Times(3)
	tax := net.TaxUpon(8875)
	if net.Minor != 1497 || tax.Minor != 133 || net.Add(tax).Minor != 1630 {
		t.Errorf("3 × 4.99 at 8.875 %% = %v + %v", net, tax)
	}
	if tax := money.New(1270, "KWD").TaxUpon(5000); tax.Minor != 60 { // 63.5 to the nearest step of 10
		t.Errorf("KWD tax upon = %d, want 60", tax.Minor)
	}
}

func TestFee(t *testing.T) {
	tests := []struct {
		name             string
		base, bps, fixed int64
		total, want      int64
		currency         string
	}{
		{"smaller capture of the worked example", 752, 250, 0, 1142, 18, "EUR"},
		{"none", 752, 0, 0, 1142, 0, "EUR"},
		{"fixed part", 1000, 100, 30, 1000, 40, "EUR"},
		{"never over the total", 100, 0, 500, 100, 100, "EUR"},
		{"half of everything", 1000, 5000, 0, 1000, 500, "EUR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := money.Fee(money.New(tt.base, tt.currency), tt.bps, tt.fixed, money.New(tt.total, tt.currency))
			if got.Minor != tt.want {
				t.Errorf("fee = %d, want %d", got.Minor, tt.want)
			}
		})
	}
}

// step of a currency that the test knows to exist.
func step(t interface{ Fatalf(string, ...any) }, code string) int64 {
	c, ok := money.Lookup(code)
	if !ok {
		t.Fatalf("currency %s is gone", code)
	}
	return c.Step
}

func TestSplitProperties(t *testing.T) {
	currency := rapid.SampledFrom([]string{"EUR", "USD", "JPY", "KRW", "KWD", "BHD"})
	t.Run("shares of a discount sum to it, in steps, none over its line", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			code := currency.Draw(t, "currency")
			unit := step(t, code)
			weights := rapid.SliceOfN(rapid.Int64Range(0, money.Max/unit/20), 1, 20).Draw(t, "weights")
			var sum int64
			for i := range weights {
				weights[i] *= unit
				sum += weights[i]
			}
			discount := rapid.Int64Range(0, sum/unit).Draw(t, "discount") * unit
			var got int64
			for i, share := range money.New(discount, code).Allocate(weights) {
				if share.Minor < 0 || share.Minor > weights[i] || share.Minor%unit != 0 {
					t.Fatalf("share %d = %d of line %d", i, share.Minor, weights[i])
				}
				got += share.Minor
			}
			if got != discount {
				t.Fatalf("Σ shares = %d, want %d", got, discount)
			}
		})
	})
	t.Run("units refunded in any grouping sum to the line, in steps", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			code := currency.Draw(t, "currency")
			unit := step(t, code)
			total := money.New(rapid.Int64Range(0, money.Max/unit).Draw(t, "total")*unit, code)
			q := rapid.Int64Range(1, 999).Draw(t, "q")
			var done, sum int64
			for done < q {
				k := rapid.Int64Range(1, q-done).Draw(t, "k")
				part := total.Part(done+k, q).Sub(total.Part(done, q))
				if part.Minor < 0 || part.Minor%unit != 0 {
					t.Fatalf("part %v", part)
				}
				sum, done = sum+part.Minor, done+k
			}
			if sum != total.Minor {
				t.Fatalf("Σ parts = %d, want %d", sum, total.Minor)
			}
		})
	})
	t.Run("tax upon and fee are in steps, the fee within the total", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			code := currency.Draw(t, "currency")
			unit := step(t, code)
			net := money.New(rapid.Int64Range(0, money.Max/unit).Draw(t, "net")*unit, code)
			rate := rapid.Int64Range(0, 100_000).Draw(t, "rate")
			fee := money.Fee(net, rapid.Int64Range(0, 5000).Draw(t, "bps"), rapid.Int64Range(0, 1000).Draw(t, "fixed"), net)
			if tax := net.TaxUpon(rate); tax.Minor%unit != 0 || fee.Minor%unit != 0 || fee.Minor < 0 || net.Less(fee) {
				t.Fatalf("tax %v fee %v of %v", tax, fee, net)
			}
			if within := net.TaxWithin(rate); within.Minor < 0 || within.Minor > net.Minor {
				t.Fatalf("tax within %v of %v", within, net)
			}
		})
	})
}

func TestParse(t *testing.T) {
	tests := []struct {
		text, currency string
		want           int64
		code           string
	}{
		{"24", "EUR", 2400, ""},
		{"24,00", "EUR", 2400, ""},
		{"24.5", "EUR", 2450, ""},
		{"€24", "EUR", 2400, ""},
		{"24 €", "EUR", 2400, ""},
		{"24.00 eur", "EUR", 2400, ""},
		{"1.234,50", "EUR", 123450, ""},
		{"1,234.50", "USD", 123450, ""},
		{"1 234,50", "EUR", 123450, ""},
		{"1'234.50", "CHF", 123450, ""},
		{"1.234", "EUR", 123400, ""},
		{"1,234", "USD", 123400, ""},
		{"1.234.567", "JPY", 1234567, ""},
		{"0.500", "EUR", 50, ""},
		{".5", "EUR", 50, ""},
		{"5.", "EUR", 500, ""},
		{"1.270", "KWD", 1270, ""},
		{"1,270", "KWD", 1270, ""},
		{"٢٤٫٥٠", "EUR", 2450, ""},
		{"0", "EUR", 0, ""},
		{"999999.99", "EUR", 99_999_999, ""},
		{"1000000", "EUR", 0, "bad_amount"},
		{"999999999999999999999", "EUR", 0, "bad_amount"},
		{"", "EUR", 0, "bad_amount"},
		{".", "EUR", 0, "bad_amount"},
		{"-5", "EUR", 0, "bad_amount"},
		{"$5", "EUR", 0, "bad_amount"},
		{"1,23,456", "USD", 0, "bad_amount"},
		{"12,3.4,5", "USD", 0, "bad_amount"},
		{"1e3", "EUR", 0, "bad_amount"},
		{"0.005", "EUR", 0, "too_precise"},
		{"12.3456", "EUR", 0, "too_precise"},
		{"12.5", "JPY", 0, "too_precise"},
		{"1.275", "KWD", 0, "bad_step"},
		{"1", "HUF", 0, "unknown_currency"},
		{"1", "eur", 0, "unknown_currency"},
	}
	for _, tt := range tests {
		t.Run(tt.text+" "+tt.currency, func(t *testing.T) {
			got, err := money.Parse(tt.text, tt.currency)
			if tt.code != "" {
				if !errs.Is(err, errs.Invalid) || !errs.Has(err, tt.code) {
					t.Fatalf("Parse = %v, %v; want code %s", got, err, tt.code)
				}
				return
			}
			if err != nil || got != money.New(tt.want, tt.currency) {
				t.Errorf("Parse = %v, %v; want %d", got, err, tt.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	tests := []struct {
		amount        money.Amount
		en, de, plain string
	}{
		{money.New(2400, "EUR"), "€24.00", "24,00\u00a0€", "24.00"},
		{money.New(123456789, "EUR"), "€1,234,567.89", "1.234.567,89\u00a0€", "1234567.89"},
		{money.New(5, "EUR"), "€0.05", "0,05\u00a0€", "0.05"},
		{money.New(-250, "USD"), "-$2.50", "-2,50\u00a0$", "-2.50"},
		{money.New(1200, "JPY"), "¥1,200", "1.200\u00a0¥", "1200"},
		{money.New(3810, "KWD"), "KWD\u00a03.810", "3,810\u00a0KWD", "3.810"},
		{money.New(2400, "CAD"), "CA$24.00", "24,00\u00a0CA$", "24.00"},
		{money.New(0, "EUR"), "€0.00", "0,00\u00a0€", "0.00"},
		{money.New(math.MinInt64, "JPY"), "-¥9,223,372,036,854,775,808", "-9.223.372.036.854.775.808\u00a0¥", "-9223372036854775808"},
	}
	for _, tt := range tests {
		t.Run(tt.amount.String(), func(t *testing.T) {
			got := []string{tt.amount.Format("en-GB"), tt.amount.Format("de"), tt.amount.Decimal()}
			if diff := cmp.Diff([]string{tt.en, tt.de, tt.plain}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := money.New(2400, "EUR").Format("ar"); got != "\u200f24.00\u00a0€" {
		t.Errorf("ar = %q", got)
	}
}

func TestFaultsOfTheProgramPanic(t *testing.T) {
	for name, fault := range map[string]func(){
		"two currencies": func() { money.New(1, "EUR").Add(money.New(1, "USD")) },
		"sum too big":    func() { money.New(math.MaxInt64, "EUR").Add(money.New(1, "EUR")) },
		"sum too small":  func() { money.New(math.MinInt64, "EUR").Sub(money.New(1, "EUR")) },
		"product":        func() { money.New(math.MaxInt64/2, "EUR").Times(3) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			fault()
		})
	}
}

// FuzzParse checks that whatever is accepted can be charged, and reads back
// as the same amount in every way it is written.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"24,00", "€24", "1.234,50", "1,234", "1 234.5", "٢٤٫٥٠", "0.005", "1.2.3,4", "KWD 3.810"} {
		for _, code := range []string{"EUR", "JPY", "KWD"} {
			f.Add(seed, code)
		}
	}
	f.Fuzz(func(t *testing.T, text, currency string) {
		a, err := money.Parse(text, currency)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("Parse(%q, %q): %v", text, currency, err)
			}
			return
		}
		if err := a.Chargeable(); err != nil {
			t.Fatalf("Parse(%q, %q) = %v: %v", text, currency, a, err)
		}
		for _, written := range []string{a.Decimal(), a.Format("en"), a.Format("de"), a.Format("ar")} {
			if again, err := money.Parse(written, currency); err != nil || again != a {
				t.Fatalf("Parse(%q, %q) = %v, written %q, read back %v, %v", text, currency, a, written, again, err)
			}
		}
		if strings.Contains(text, "-") {
			t.Fatalf("Parse(%q, %q) = %v", text, currency, a)
		}
	})
}

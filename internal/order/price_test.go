package order

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/hours"
	"nearby/internal/money"
)

func ware(minor int64, currency string, mpct int64, included bool) catalog.Ware {
	return catalog.Ware{Title: "x", Price: money.New(minor, currency), TaxMpct: mpct, TaxIncluded: included, OnSale: true}
}

// TestPriceVectors are the worked examples of the money rules, through the
// whole of pricing.
func TestPriceVectors(t *testing.T) {
	tests := []struct {
		currency  string
		goods     []wanted
		discount  int64
		delivery  int64
		lines     []int64
		taxes     []int64
		total     int64
		added     int64
		contained int64
		fee       int64
	}{
		{
			// Delivery is taxed like the dearer line, 19 %, as in the example.
			currency: "EUR", goods: []wanted{{ware(295, "EUR", 7000, true), 3}, {ware(2450, "EUR", 19000, true), 1}}, discount: 500, delivery: 390,
			lines: []int64{752, 2083, 390}, taxes: []int64{49, 333, 62}, total: 3225, contained: 444, fee: 70,
		},
		{
			currency: "JPY", goods: []wanted{{ware(335, "JPY", 8000, true), 3}, {ware(1200, "JPY", 10000, true), 1}}, discount: 100, delivery: 300,
			lines: []int64{959, 1146, 300}, taxes: []int64{71, 104, 27}, total: 2405, contained: 202, fee: 52,
		},
		{
			currency: "KWD", goods: []wanted{{ware(1270, "KWD", 0, true), 3}, {ware(2500, "KWD", 0, true), 1}}, discount: 520, delivery: 750,
			lines: []int64{3500, 2290, 750}, taxes: []int64{0, 0, 0}, total: 6540, fee: 140,
		},
		{
			currency: "USD", goods: []wanted{{ware(499, "USD", 8875, false), 3}},
			lines: []int64{1630}, taxes: []int64{133}, total: 1630, added: 133, fee: 37,
		},
	}
	for _, tt := range tests {
		t.Run(tt.currency, func(t *testing.T) {
			lines, totals, err := price(tt.currency, tt.goods, tt.discount, tt.delivery)
			if err != nil {
				t.Fatal(err)
			}
			var sums, taxes []int64
			for _, l := range lines {
				sums, taxes = append(sums, l.Total.Minor), append(taxes, l.Tax.Minor)
			}
			fee := feeRule{Bps: 250, Base: "goods"}.fee(totals).Minor
			got := []any{sums, taxes, totals.Total.Minor, totals.TaxAdded.Minor, totals.TaxContained.Minor, fee}
			if diff := cmp.Diff([]any{tt.lines, tt.taxes, tt.total, tt.added, tt.contained, tt.fee}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPriceProperties checks that any order adds up, in steps, and that
// what is sent to the provider is its total.
func TestPriceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "currency")
		currency, _ := money.Lookup(code)
		included := rapid.Bool().Draw(t, "included")
		var goods []wanted
		var gross int64
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			w := wanted{
				ware(rapid.Int64Range(0, 50_000/currency.Step).Draw(t, "price")*currency.Step, code, rapid.Int64Range(0, 30_000).Draw(t, "tax"), included),
				rapid.Int64Range(1, 20).Draw(t, "quantity"),
			}
			goods = append(goods, w)
			gross += w.ware.Price.Minor * w.quantity
		}
		discount := rapid.Int64Range(0, gross/currency.Step).Draw(t, "discount") * currency.Step
		delivery := rapid.Int64Range(0, 100).Draw(t, "delivery") * currency.Step
		lines, totals, err := price(code, goods, discount, delivery)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, l := range lines {
			if l.Total.Minor < 0 || l.Total.Minor%currency.Step != 0 || l.Discount.Minor > l.Gross.Minor {
				t.Fatalf("line %+v", l)
			}
			sum += l.Total.Minor
		}
		rest := totals.Goods.Sub(totals.Discount).Add(totals.Delivery).Add(totals.TaxAdded)
		if totals.Total.Minor != sum || totals.Total != rest || totals.Goods.Minor != gross || totals.Discount.Minor != discount {
			t.Fatalf("totals %+v of lines summing to %d", totals, sum)
		}
		if fee := (feeRule{Bps: 5000, Fixed: 1_000_000, Base: "total"}).fee(totals); fee.Minor > totals.Total.Minor {
			t.Fatalf("fee %v of %v", fee, totals.Total)
		}
	})
}

func TestPriceRefusesTooMuch(t *testing.T) {
	for _, goods := range [][]wanted{
		{{ware(money.Max, "EUR", 0, true), 999}},
		{{ware(60_000_000, "EUR", 0, true), 1}, {ware(60_000_000, "EUR", 0, true), 1}},
		{{ware(money.Max, "EUR", 19000, false), 1}},
	} {
		if _, _, err := price("EUR", goods, 0, 0); !errs.Has(err, "bad_amount") {
			t.Errorf("price = %v, want bad_amount", err)
		}
	}
}

func schedule(t *testing.T, osm string) hours.Schedule {
	t.Helper()
	s, err := hours.ParseOSM(osm, "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSlot(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 5, day, hour-2, minute, 0, 0, time.UTC) } // Berlin, summer
	weekdays := "Mo-Fr 08:00-18:00"
	tests := []struct {
		name, hours     string
		now, want, from time.Time
		code            string
	}{
		{"as soon as possible", weekdays, at(4, 9, 0), time.Time{}, at(4, 9, 15), ""},
		{"before it opens", weekdays, at(4, 6, 0), time.Time{}, at(4, 8, 0), ""},
		{"after it closes", weekdays, at(4, 19, 0), time.Time{}, at(5, 8, 0), ""},
		{"over the weekend", weekdays, at(8, 17, 50), time.Time{}, at(11, 8, 0), ""},
		{"never", "off", at(4, 9, 0), time.Time{}, time.Time{}, "closed"},
		{"hours unknown", "", at(4, 3, 0), time.Time{}, at(4, 3, 15), ""},
		{"a wanted time", weekdays, at(4, 9, 0), at(6, 12, 0), at(6, 12, 0), ""},
		{"too early", weekdays, at(4, 9, 0), at(4, 9, 5), time.Time{}, "too_early_or_late"},
		{"the form took a moment", weekdays, at(4, 9, 0), at(4, 9, 11), at(4, 9, 11), ""},
		{"too far ahead", weekdays, at(4, 9, 0), at(19, 9, 0), time.Time{}, "too_early_or_late"},
		{"wanted while closed", weekdays, at(4, 9, 0), at(5, 20, 0), time.Time{}, "closed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := hours.Schedule{}
			if tt.hours != "" {
				s = schedule(t, tt.hours)
			}
			from, to, err := slot(window{schedule: s}, 15*time.Minute, tt.want, tt.now)
			if tt.code != "" {
				code := errs.Of(err).Code
				if fields := errs.Of(err).Fields; len(fields) == 1 {
					code = fields[0].Code
				}
				if code != tt.code {
					t.Fatalf("slot = %v, %v; want %s", from, err, tt.code)
				}
				return
			}
			if err != nil || !from.Equal(tt.from) || !to.Equal(tt.from.Add(30*time.Minute)) {
				t.Errorf("slot = %v to %v, %v; want %v", from, to, err, tt.from)
			}
		})
	}
}

// TestWindows: orders change hands within the hours of their kind, the whole
// half hour of them, whatever the door does.
func TestWindows(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 5, 4, hour-2, minute, 0, 0, time.UTC) }
	b := directory.Business{
		Zone: "Europe/Berlin", Hours: schedule(t, "Mo-Fr 08:00-18:00"),
		Further: directory.FurtherHours{Pickup: "Mo-Fr 11:00-14:00", Delivery: "Mo-Fr 17:00-21:00"},
	}
	door := b
	door.Further = directory.FurtherHours{Kitchen: "Mo-Fr 11:00-12:00"}
	for _, c := range []struct {
		name string
		b    directory.Business
		kind Kind
		want time.Time
		from time.Time
		code string
	}{
		{"pickup, as soon as possible", b, Pickup, time.Time{}, at(11, 0), ""},
		{"pickup, in time", b, Pickup, at(13, 30), at(13, 30), ""},
		{"pickup, the half hour ends after it", b, Pickup, at(13, 45), time.Time{}, "outside_pickup_hours"},
		{"pickup, while only the door is open", b, Pickup, at(10, 0), time.Time{}, "outside_pickup_hours"},
		{"delivery, as soon as possible", b, Delivery, time.Time{}, at(17, 0), ""},
		{"delivery, after the door has closed", b, Delivery, at(20, 0), at(20, 0), ""},
		{"delivery, too early", b, Delivery, at(12, 0), time.Time{}, "outside_delivery_hours"},
		{"as the door", door, Pickup, at(17, 45), at(17, 45), ""},
		{"as the door, closed", door, Delivery, at(19, 0), time.Time{}, "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, _, err := slot(windowOf(c.b, c.kind), 15*time.Minute, c.want, at(8, 30))
			if c.code != "" {
				if fields := errs.Of(err).Fields; len(fields) != 1 || fields[0].Code != c.code {
					t.Fatalf("slot = %v, %v; want %s", from, err, c.code)
				}
				return
			}
			if err != nil || !from.Equal(c.from) {
				t.Errorf("slot = %v, %v; want %v", from, err, c.from)
			}
			if !Offered(c.b, c.kind, c.from) {
				t.Error("the form does not offer it")
			}
		})
	}
}

func TestAcceptBy(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 5, day, hour-2, minute, 0, 0, time.UTC) }
	tests := []struct {
		name, hours string
		now, want   time.Time
	}{
		{"open", "Mo-Fr 08:00-18:00", at(4, 9, 0), at(4, 9, 15)},
		{"closing", "Mo-Fr 08:00-18:00", at(4, 17, 50), at(5, 8, 5)},
		{"closed", "Mo-Fr 08:00-18:00", at(4, 20, 0), at(5, 8, 15)},
		{"closed for long", "Mo 08:00-18:00", at(4, 20, 0), at(5, 20, 0)},
		{"always", "24/7", at(4, 3, 0), at(4, 3, 15)},
		{"unknown", "", at(4, 3, 0), at(4, 3, 15)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := hours.Schedule{}
			if tt.hours != "" {
				s = schedule(t, tt.hours)
			}
			if got := acceptBy(s, 15*time.Minute, tt.now); !got.Equal(tt.want) {
				t.Errorf("acceptBy = %v, want %v", got, tt.want)
			}
		})
	}
}

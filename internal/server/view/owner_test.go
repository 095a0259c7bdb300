package view

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/catalog"
	"nearby/internal/ledger"
	"nearby/internal/money"
	"nearby/internal/server/pages"
)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// The night of 29 March 2026 has an hour less in Berlin: a sale after midnight
// still belongs to its own day.
func TestSalesChartCountsCalendarDays(t *testing.T) {
	berlin := Zone("Europe/Berlin")
	now := time.Date(2026, 3, 30, 12, 0, 0, 0, berlin)
	takings := []ledger.Taking{
		{At: time.Date(2026, 3, 28, 23, 30, 0, 0, berlin).UTC(), Amount: eur(1000)},
		{At: time.Date(2026, 3, 29, 0, 30, 0, 0, berlin).UTC(), Amount: eur(2000)},
		{At: time.Date(2026, 3, 29, 23, 59, 0, 0, berlin).UTC(), Amount: eur(500)},
		{At: time.Date(2026, 3, 30, 0, 10, 0, 0, berlin).UTC(), Amount: eur(4000)},
		{At: time.Date(2026, 3, 20, 0, 10, 0, 0, berlin).UTC(), Amount: eur(77)}, // before the first day
		{At: now, Amount: money.New(9, "GBP")},
	}
	chart, sum := SalesChart(takings, now, 3, "EUR", "en")
	var values []int64
	for _, bar := range chart.Bars {
		values = append(values, bar.Value.Minor)
	}
	if diff := cmp.Diff([]int64{1000, 2500, 4000}, values); diff != "" || sum != eur(7500) {
		t.Errorf("sum %v, days %s", sum, diff)
	}
	if top := chart.Bars[2]; top.Height != chartTop || top.Y != chartFloor-chartTop || !top.Today {
		t.Errorf("the highest bar is %+v", top)
	}
	if last := chart.Bars[2]; last.X+last.Width > 100 {
		t.Errorf("the last bar ends at %v per cent", last.X+last.Width)
	}
	empty, sum := SalesChart(nil, now, 14, "EUR", "en")
	if len(empty.Bars) != 14 || sum.Minor != 0 || empty.Bars[13].Height != 0 {
		t.Errorf("without sales: %d bars, sum %v", len(empty.Bars), sum)
	}
}

func TestNiceTop(t *testing.T) {
	for most, want := range map[int64]int64{0: 100, 100: 100, 101: 200, 399: 400, 401: 600, 601: 1000, 4012: 6000, 99_999_999: 100_000_000} {
		if got := niceTop(most); got != want {
			t.Errorf("niceTop(%d) = %d, want %d", most, got, want)
		}
	}
}

func TestStatement(t *testing.T) {
	got := Statement([]ledger.Total{
		{Kind: ledger.Sale, Amount: eur(8450)},
		{Kind: ledger.AppFee, Amount: eur(-100)},
		{Kind: ledger.StripeFee, Amount: eur(-215)},
		{Kind: ledger.Refund, Amount: eur(-2000)},
		{Kind: ledger.AppFeeRefund, Amount: eur(20)},
		{Kind: ledger.Payout, Amount: eur(-6000)},
		{Kind: ledger.Sale, Amount: money.New(1, "GBP")},
	}, "EUR")
	want := pages.PayoutRow{Gross: eur(8450), Fee: eur(295), Refund: eur(2000), Net: eur(6155)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCatalogRow(t *testing.T) {
	p := catalog.Product{ID: "p", Title: "Mug", State: catalog.Active, Currency: "EUR", LowStock: 3, Version: 4, Variants: []catalog.Variant{
		{ID: "a", Price: eur(2400), Priced: true, Counted: true, OnHand: 3, Committed: 1}, {ID: "b", Price: eur(2600), Priced: true, Counted: true, OnHand: 1, Held: 1},
	}}
	row := CatalogRow(p, "kiln", 2)
	if row.Stock != 4 || row.Held != 2 || row.Hint != "low" || !row.From || row.Variant != "" || row.URL != "/manage/kiln/catalog/p" || row.Price != eur(2400) {
		t.Errorf("row %+v", row)
	}
	p.Variants = []catalog.Variant{{ID: "a", Counted: false}}
	if row = CatalogRow(p, "kiln", 2); row.Counted || row.Hint != "" || row.Variant != "a" || row.Price != eur(0) {
		t.Errorf("a draft without a price: %+v", row)
	}
}

func TestCountries(t *testing.T) {
	names := map[string]string{}
	for _, o := range Countries("de", "DE", "Bitte wählen") {
		names[o.Value] = o.Label
		if o.Selected != (o.Value == "DE") {
			t.Errorf("%q selected: %v", o.Value, o.Selected)
		}
	}
	if names["DE"] != "Deutschland" || names["AT"] != "Österreich" || names[""] != "Bitte wählen" || len(names) < 200 || names["ZZ"] != "" || names["EU"] != "" {
		t.Errorf("%d countries, Germany is %q, ZZ %q, EU %q", len(names), names["DE"], names["ZZ"], names["EU"])
	}
}

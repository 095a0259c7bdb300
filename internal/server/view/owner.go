package view

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/ledger"
	"nearby/internal/money"
	"nearby/internal/server/pages"
)

// BusinessTone is the colour of a business's state.
func BusinessTone(s directory.State) string {
	switch s {
	case directory.Verified, directory.VerifiedDue:
		return "open"
	case directory.Rejected, directory.Suspended, directory.Terminated:
		return "stop"
	case directory.Submitted, directory.InReview, directory.ChangesRequested, directory.Limited:
		return "soon"
	}
	return ""
}

// Categories are the tree as choices of a list, below a first empty one.
func Categories(lang, chosen, none string) []pages.Option {
	list := []pages.Option{{Label: none, Selected: chosen == ""}}
	for _, c := range category.All() {
		list = append(list, pages.Option{
			Value: c.Slug, Label: c.Label(lang), Depth: len(category.Path(c.Slug)) - 1, Selected: c.Slug == chosen,
		})
	}
	return list
}

// AddressLines are the lines of an address in the order of its country, without
// the country.
func AddressLines(a directory.Address) []string {
	var lines []string
	add := func(parts ...string) {
		if line := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); line != "" {
			lines = append(lines, line)
		}
	}
	switch a.Country {
	case "GB", "IE", "US", "CA", "AU", "NZ", "FR", "MT": // the number comes first
		add(a.HouseNumber, a.Street, a.Unit)
		add(a.City, a.Region, a.Postcode)
	default:
		add(a.Street, a.HouseNumber, a.Unit)
		add(a.Postcode, a.City)
	}
	return lines
}

// Plate is a house number short enough for a plate on a map.
func Plate(number string) string {
	if number == "" || len(number) > 3 {
		return "•"
	}
	return number
}

// CatalogRow is a product in its owner's table. Stock is what lies in the house,
// the pieces of open orders included.
func CatalogRow(p catalog.Product, businessSlug string, hue int) pages.CatalogRow {
	low, high, _ := p.Prices()
	row := pages.CatalogRow{
		ID: p.ID, Name: p.Title, URL: "/manage/" + businessSlug + "/catalog/" + p.ID, Hue: hue, State: string(p.State),
		Price: low, From: low.Minor != high.Minor, Variants: len(p.Variants), Version: strconv.FormatInt(p.Version, 10),
	}
	if row.Price.Currency == "" {
		row.Price = money.New(0, p.Currency)
	}
	for _, v := range p.Variants {
		if !v.Counted {
			continue
		}
		row.Counted = true
		row.Stock += int(v.OnHand)
		row.Held += int(v.Held + v.Committed)
	}
	if len(p.Variants) == 1 {
		row.Variant, row.SKU = p.Variants[0].ID, p.Variants[0].SKU
	}
	if kind := Stock(p).Kind; row.Counted && kind != "in" {
		row.Hint = kind
	}
	if len(p.Photos) > 0 {
		row.Photo = Thumb(p.Photos[0].Hash, "")
	}
	return row
}

// chartTop is the height of the highest bar in pixels; chartFloor is where the
// bars stand.
const (
	chartTop   = 176.0
	chartFloor = 184.0
)

// SalesChart draws what was sold on each of the days that end with the day of
// now, in the zone of now, and returns the sum. Takings in another currency are
// left out.
func SalesChart(takings []ledger.Taking, now time.Time, days int, currency, lang string) (*pages.Chart, money.Amount) {
	first := time.Date(now.Year(), now.Month(), now.Day()-days+1, 0, 0, 0, 0, now.Location())
	sums := make([]int64, days)
	var total int64
	for _, t := range takings {
		at := t.At.In(now.Location())
		// Days are counted on the calendar: those of a clock change have 23 or 25 hours.
		day := int(math.Round(midnightUTC(at).Sub(midnightUTC(first)).Hours() / 24))
		if t.Amount.Currency == currency && day >= 0 && day < days {
			sums[day] += t.Amount.Minor
			total += t.Amount.Minor
		}
	}
	top := niceTop(slices.Max(sums))
	chart := &pages.Chart{}
	for _, part := range []int64{0, 1, 2} {
		value := money.New(top*part/2, currency)
		chart.Ticks = append(chart.Ticks, pages.ChartTick{Y: chartFloor - chartTop*float64(part)/2, Label: value.Format(lang)})
	}
	step := (100 - 8.4) / float64(days)
	for i, minor := range sums {
		height := tenth(chartTop * float64(minor) / float64(top))
		bar := pages.ChartBar{
			X: tenth(8.4 + step*float64(i)), Width: tenth(step * 0.72), Middle: tenth(8.4 + step*(float64(i)+0.36)), Y: chartFloor - height, Height: height,
			At: first.AddDate(0, 0, i), Value: money.New(minor, currency), Today: i == days-1,
		}
		if i%2 == (days-1)%2 {
			bar.Label = strconv.Itoa(bar.At.Day())
		}
		chart.Bars = append(chart.Bars, bar)
	}
	return chart, money.New(total, currency)
}

func midnightUTC(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// niceTop is the next round number, 1, 2, 4 or 6 times a power of ten, that is
// not below most.
func niceTop(most int64) int64 {
	for power := int64(100); ; power *= 10 {
		for _, factor := range []int64{1, 2, 4, 6} {
			if power*factor >= most {
				return power * factor
			}
		}
	}
}

// Statement is one order in its business's books.
func Statement(totals []ledger.Total, currency string) pages.PayoutRow {
	row := pages.PayoutRow{Gross: money.New(0, currency), Fee: money.New(0, currency), Refund: money.New(0, currency), Net: money.New(0, currency)}
	for _, t := range totals {
		if t.Amount.Currency != currency {
			continue
		}
		switch t.Kind {
		case ledger.Sale, ledger.CounterSale:
			row.Gross.Minor += t.Amount.Minor
		case ledger.AppFee, ledger.AppFeeRefund, ledger.StripeFee, ledger.DisputeFee:
			row.Fee.Minor -= t.Amount.Minor
		case ledger.Refund, ledger.RefundFailed, ledger.CounterRefund, ledger.Dispute, ledger.DisputeWon:
			row.Refund.Minor -= t.Amount.Minor
		case ledger.Payout, ledger.PayoutFailed:
			continue // moves what is theirs already
		}
		row.Net.Minor += t.Amount.Minor
	}
	return row
}

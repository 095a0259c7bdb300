package directory

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nearby/internal/geo"
	"nearby/internal/hours"
)

func TestProfileFields(t *testing.T) {
	full := func(change func(*Profile)) Profile {
		p := quay("Harbour Buns", 52.5, 13.4)
		change(&p)
		return p
	}
	at := func(lat, lng float64) func(*Profile) { return func(p *Profile) { p.Lat, p.Lng = &lat, &lng } }
	nan := func(p *Profile) { x := 0.0; x /= x; p.Lat = &x }
	for name, c := range map[string]struct {
		change func(*Profile)
		want   []string
	}{
		"good":                {func(*Profile) {}, nil},
		"only a name":         {func(p *Profile) { *p = Profile{Name: "Ox"} }, nil},
		"no name":             {func(p *Profile) { p.Name = " \u00a0 " }, []string{"name:required"}},
		"short name":          {func(p *Profile) { p.Name = "X" }, []string{"name:too_short"}},
		"long name":           {func(p *Profile) { p.Name = strings.Repeat("ö", 81) }, []string{"name:too_long"}},
		"longest name":        {func(p *Profile) { p.Name = strings.Repeat("ö", 80) }, nil},
		"zero width":          {func(p *Profile) { p.Name = "Pay\u200bPal" }, []string{"name:bad_name"}},
		"turned text":         {func(p *Profile) { p.Name = "Bank \u202eknaB" }, []string{"name:bad_name"}},
		"nothing to see":      {func(p *Profile) { p.Name = "\u3164\u3164" }, []string{"name:bad_name"}},
		"Arabic":              {func(p *Profile) { p.Name = "مخبز الميناء" }, nil},
		"category":            {func(p *Profile) { p.Category = "volcano" }, []string{"category:unknown_category"}},
		"no category":         {func(p *Profile) { p.Category = "" }, nil},
		"long description":    {func(p *Profile) { p.Description = strings.Repeat("ö", 2001) }, []string{"description:too_long"}},
		"longest description": {func(p *Profile) { p.Description = strings.Repeat("ö", 2000) }, nil},
		"description":         {func(p *Profile) { p.Description = "a\x00b" }, []string{"description:bad_text"}},
		"lines":               {func(p *Profile) { p.Description = "one\r\ntwo\n\n• three" }, nil},
		"phone":               {func(p *Profile) { p.Phone = "call me" }, []string{"phone:bad_phone"}},
		"impossible phone":    {func(p *Profile) { p.Phone = "+49 1" }, []string{"phone:bad_phone"}},
		"phone without land":  {func(p *Profile) { p.Address.Country = "" }, []string{"phone:bad_phone"}},
		"foreign phone":       {func(p *Profile) { p.Phone = "+33 1 42 68 53 00" }, nil},
		"email":               {func(p *Profile) { p.Email = "a@b" }, []string{"email:bad_email"}},
		"website":             {func(p *Profile) { p.Website = "javascript:alert(1)" }, []string{"website:bad_website"}},
		"website with user":   {func(p *Profile) { p.Website = "https://bank.example@evil.example" }, []string{"website:bad_website"}},
		"local website":       {func(p *Profile) { p.Website = "http://localhost/" }, []string{"website:bad_website"}},
		"odd port":            {func(p *Profile) { p.Website = "https://example.org:8443/" }, []string{"website:bad_website"}},
		"country":             {func(p *Profile) { p.Address.Country = "XX" }, []string{"address.country:unknown_country", "phone:bad_phone"}},
		"UK is GB":            {func(p *Profile) { p.Address.Country, p.Phone = "UK", "" }, []string{"address.country:unknown_country"}},
		"street":              {func(p *Profile) { p.Address.Street = strings.Repeat("x", 121) }, []string{"address.street:too_long"}},
		"half a pin":          {func(p *Profile) { p.Lng = nil }, []string{"lat:bad_point"}},
		"latitude":            {at(91, 0), []string{"lat:bad_point"}},
		"no number":           {nan, []string{"lat:bad_point"}},
		"hours":               {func(p *Profile) { p.Hours = "sometimes" }, []string{"hours:bad_hours"}},
		"attribute":           {func(p *Profile) { p.Attributes = []string{"wifi", "dragons"} }, []string{"attributes:unknown_attribute"}},
		"all at once": {func(p *Profile) {
			*p = Profile{Name: "", Category: "volcano", Phone: "x", Email: "x", Website: "x y", Hours: "x", Address: Address{Country: "Q"}}
		}, []string{
			"name:required", "category:unknown_category", "address.country:unknown_country", "phone:bad_phone", "email:bad_email",
			"website:bad_website", "hours:bad_hours",
		}},
	} {
		var b Business
		if diff := cmp.Diff(c.want, fieldCodes(full(c.change).apply(&b, time.Time{}))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestProfileIsCleaned(t *testing.T) {
	p := quay("Harbour  Buns ", 52.5, 373.4)
	p.Attributes = []string{"wifi", "card", "wifi", ""}
	p.Address.Country = " de "
	p.Email = "Hello@EXAMPLE.org"
	var b Business
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	if err := p.apply(&b, now); err != nil {
		t.Fatal(err, fieldCodes(err))
	}
	got := []any{
		b.Name, b.Phone, b.Email, b.Website, b.Address.Country, b.Attributes, b.Zone, b.Cell.Resolution(), b.CertifiedAt.Equal(now),
		b.Hours.At(now).Kind, b.Hours.At(now.Add(12 * time.Hour)).Kind,
	}
	want := []any{
		"Harbour Buns", "+493075054321", "Hello@example.org", "https://example.org/H", "DE",
		[]string{"card", "wifi"},
		"Europe/Berlin", 15, true,
		hours.Open, hours.Closed,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := geo.Distance(b.Point, geo.Point{Lat: 52.5, Lng: 13.4}); d > 0.001 {
		t.Errorf("the pin is %g m off", d)
	}
	// What was cleaned stays as it is.
	again := b
	if err := b.Profile().apply(&again, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if fields := given(b, again); len(fields) > 0 {
		t.Errorf("saving without a change changed %v", fields)
	}
}

// Whatever comes in, the form does not fail, and what it accepts it accepts again.
func TestProfileSurvivesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat, lng := rapid.Float64().Draw(t, "lat"), rapid.Float64().Draw(t, "lng")
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "DE", "bakery", "https://example.org", "+49 30 7505432", "24/7"}))
		p := Profile{
			Name: text.Draw(t, "name"), Category: text.Draw(t, "category"), Description: text.Draw(t, "description"), Phone: text.Draw(t, "phone"),
			Email: text.Draw(t, "email"), Website: text.Draw(t, "website"), Hours: text.Draw(t, "hours"), LegalName: text.Draw(t, "legal"),
			Address: Address{Street: text.Draw(t, "street"), Country: text.Draw(t, "country")}, Lat: &lat, Lng: &lng,
		}
		var b Business
		if p.apply(&b, time.Time{}) != nil {
			return
		}
		again := b
		if err := b.Profile().apply(&again, time.Time{}); err != nil || len(given(b, again)) > 0 {
			t.Fatalf("%+v is not stable: %v %v", b, fieldCodes(err), given(b, again))
		}
	})
}

func TestSellingFields(t *testing.T) {
	for name, c := range map[string]struct {
		in    Selling
		state State
		want  []string
	}{
		"good":           {Selling{Currency: "eur", Pickup: true, PayAtPickup: true}, Draft, nil},
		"currency":       {Selling{Currency: "EURO"}, Draft, []string{"currency:unknown_currency"}},
		"other currency": {Selling{Currency: "CHF"}, Verified, []string{"currency:protected"}},
		"draft":          {Selling{Currency: "CHF"}, Draft, nil},
		"counter only":   {Selling{Currency: "EUR", PayAtPickup: true}, Draft, []string{"pay_at_pickup:needs_pickup"}},
		"nowhere":        {Selling{Currency: "EUR", Delivery: true}, Draft, []string{"delivery_radius_m:required"}},
		"negative amounts": {Selling{Currency: "EUR", DeliveryFee: -1, DeliveryMinimum: -1, PrepMinutes: -1, DeliveryRadiusM: -1}, Draft, []string{
			"prep_minutes:out_of_range", "delivery_radius_m:out_of_range", "delivery_fee:out_of_range", "delivery_minimum:out_of_range",
		}},
	} {
		b := Business{Currency: "EUR", State: c.state}
		if diff := cmp.Diff(c.want, fieldCodes(c.in.apply(&b, time.Now()))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestZoneOf(t *testing.T) {
	for name, c := range map[string]struct {
		lat, lng float64
		want     string
	}{
		"Berlin":         {52.52, 13.405, "Europe/Berlin"},
		"Kathmandu":      {27.7172, 85.324, "Asia/Kathmandu"},
		"Phoenix":        {33.4484, -112.074, "America/Phoenix"},
		"Apia":           {-13.83, -171.76, "Pacific/Apia"},
		"Taveuni, 180°":  {-16.85, -179.98, "Pacific/Fiji"},
		"mid-Atlantic":   {30, -45, "Etc/GMT+3"},
		"mid-Pacific":    {10, 172, "Etc/GMT-11"},
		"north pole":     {90, 0, "Etc/GMT"},
		"antimeridian":   {40, -180, "Etc/GMT+12"},
		"Gulf of Guinea": {0, 0, "Etc/GMT"},
	} {
		if got := zoneOf(geo.Point{Lat: c.lat, Lng: c.lng}); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := geo.Point{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lng: rapid.Float64Range(-180, 179.999).Draw(t, "lng")}
		if _, err := time.LoadLocation(zoneOf(p)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSlugs(t *testing.T) {
	id := "0199aa00-0000-7000-8000-00000000abcd"
	for name, c := range map[string]struct {
		b    Business
		want []string
	}{
		"plain": {Business{Name: "Bäckerei Müller & Söhne", Address: Address{District: "Altstadt", Street: "Hafenweg", City: "Portmere"}}, []string{
			"backerei-muller-sohne", "backerei-muller-sohne-altstadt", "backerei-muller-sohne-hafenweg", "backerei-muller-sohne-portmere",
			"backerei-muller-sohne-00abcd", "backerei-muller-sohne-800000000000abcd",
		}},
		"other script": {Business{Name: "مخبز", Category: "bakery"}, []string{"bakery", "bakery-00abcd", "bakery-800000000000abcd"}},
		"nothing":      {Business{Name: "☕☕"}, []string{"00abcd", "800000000000abcd"}},
		"reserved":     {Business{Name: "New"}, []string{"new-00abcd", "new-800000000000abcd"}},
		"very long": {Business{Name: strings.Repeat("abcdefghi ", 10)}, []string{
			"abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi", "abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-abc-00abcd",
			"abcdefghi-abcdefghi-abcdefghi-abcdefghi-abc-800000000000abcd",
		}},
	} {
		c.b.ID = id
		if diff := cmp.Diff(c.want, slugs(c.b)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// BenchmarkZones reports what finding zones costs: the memory kept, and the
// time of the first answer and of the later ones.
func BenchmarkZones(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	zoneOf(geo.Point{Lat: 52.5, Lng: 13.4})
	first := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	for i := 0; b.Loop(); i++ {
		zoneOf(geo.Point{Lat: 52.5 + float64(i%100)/500, Lng: 13.4 + float64(i%77)/500})
	}
	b.ReportMetric(float64(first.Milliseconds()), "ms-first")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1e6, "MB-kept")
}

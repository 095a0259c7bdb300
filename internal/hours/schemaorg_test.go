package hours_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/hours"
)

func TestOpeningHoursSpecification(t *testing.T) {
	day := hours.Date{Year: 2025, Month: 12, Day: 25}
	s := parse(t, "Mo-Fr 09:00-18:00; Sa 20:00-02:00; Su 00:00-24:00").WithSpecial(hours.Special{From: day, To: day.AddDays(1)})
	got, err := json.Marshal(s.OpeningHoursSpecification(at(t, "Europe/Berlin", "2025-12-01 12:00")))
	if err != nil {
		t.Fatal(err)
	}
	// The semicolon rule of Sunday ends Saturday's night at midnight.
	const url = "https://schema.org/"
	want := `[{"@type":"OpeningHoursSpecification","dayOfWeek":["` + url + `Monday","` + url + `Tuesday","` + url + `Wednesday","` + url + `Thursday","` + url + `Friday"],"opens":"09:00","closes":"18:00"},` +
		`{"@type":"OpeningHoursSpecification","dayOfWeek":["` + url + `Saturday"],"opens":"20:00","closes":"00:00"},` +
		`{"@type":"OpeningHoursSpecification","dayOfWeek":["` + url + `Sunday"],"opens":"00:00","closes":"23:59"},` +
		`{"@type":"OpeningHoursSpecification","opens":"00:00","closes":"00:00","validFrom":"2025-12-25","validThrough":"2025-12-26"}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if got := hours.Unknown("x", "Europe/Berlin").OpeningHoursSpecification(time.Now()); got != nil {
		t.Errorf("of unknown hours: %v", got)
	}
	// A special day that cannot be said must not let the usual hours stand for it.
	by := s.WithSpecial(hours.Special{From: day, To: day, Spans: []hours.Span{{From: 600, To: 720, ByAppointment: true}}})
	if got := by.OpeningHoursSpecification(at(t, "Europe/Berlin", "2025-12-01 12:00")); got != nil {
		t.Errorf("of a special day by appointment: %v", got)
	}
}

// TestSpecificationsRoundTrip: what is certain of random weeks with special
// days comes back from the JSON as it was, over two years.
func TestSpecificationsRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(2026, 11))
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	read := 0
	for range 400 {
		name := oracleZones[r.IntN(len(oracleZones))]
		o := randomOracle(r, time.UTC, now.AddDate(0, 0, r.IntN(300)+3))
		s := hours.Weekly(name, o.week)
		for i := range o.special {
			o.special[i].CutsNight = false // no word for it
		}
		s = s.WithSpecial(o.special...)
		list := s.OpeningHoursSpecification(now)
		if list == nil {
			if !slices.ContainsFunc(o.special, unsaid) && !slices.ContainsFunc(o.week[:], tooLong) {
				t.Fatalf("nothing is written of %s", s.Key())
			}
			continue
		}
		body, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		var entries []hours.OpeningHoursSpecification
		if err := json.Unmarshal(body, &entries); err != nil {
			t.Fatal(err)
		}
		back, err := hours.FromSpecifications(entries, name)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		read++
		for year := range 2 {
			from := now.AddDate(year, 0, 0)
			if diff := cmp.Diff(certainly(s, from), certainly(back, from)); diff != "" {
				t.Fatalf("%s\nis written %s\n%s", s.Key(), body, diff)
			}
		}
	}
	if read < 40 {
		t.Errorf("only %d schedules came back", read)
	}
	t.Logf("%d schedules came back as they were", read)
}

// unsaid are the special days that schema.org has no words for.
func unsaid(s hours.Special) bool {
	return slices.ContainsFunc(s.Spans, func(x hours.Span) bool {
		return x.ByAppointment || x.To-x.From >= 24*60 && x != hours.Span{To: 24 * 60}
	})
}

// tooLong are the days on which something lasts longer than a day.
func tooLong(spans []hours.Span) bool {
	return slices.ContainsFunc(spans, func(x hours.Span) bool { return x.To-x.From >= 24*60 && x != hours.Span{To: 24 * 60} }) ||
		len(spans) > 1 // together they may
}

// certainly is when a place is open for sure in a year, intervals that touch as
// one.
func certainly(s hours.Schedule, from time.Time) [][2]time.Time {
	var list [][2]time.Time
	for _, v := range s.Intervals(from, from.AddDate(1, 0, 0)) {
		if v.Kind != hours.Open {
			continue
		}
		if n := len(list) - 1; n >= 0 && list[n][1].Equal(v.From) {
			list[n][1] = v.To
			continue
		}
		list = append(list, [2]time.Time{v.From, v.To})
	}
	return list
}

func TestSpecificationsOfChangingWeeks(t *testing.T) {
	now := at(t, "Europe/Berlin", "2026-12-24 12:00")
	s := parse(t, "Mo-Fr 09:00-17:00; PH off").InPlace(berlin)
	back, err := hours.FromSpecifications(s.OpeningHoursSpecification(now), "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 7 * 24 {
		at := at(t, "Europe/Berlin", "2026-12-24 00:30").Add(time.Duration(i) * time.Hour)
		if got, want := back.At(at).Kind, s.At(at).Kind; (got == hours.Closed) != (want == hours.Closed) || got == hours.Doubtful {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if got := back.At(at(t, "Europe/Berlin", "2027-01-15 10:00")).Kind; got != hours.Doubtful {
		t.Errorf("after the week it is %s", got)
	}
}

func TestFromSpecificationsRefuses(t *testing.T) {
	for name, v := range map[string]hours.OpeningHoursSpecification{
		"no weekday":           {DayOfWeek: []string{"PublicHolidays"}, Opens: "09:00", Closes: "10:00"},
		"no time":              {DayOfWeek: []string{"Monday"}, Opens: "nine", Closes: "10:00"},
		"no closing time":      {DayOfWeek: []string{"Monday"}, Opens: "09:00", Closes: "25:00"},
		"dates and weekdays":   {DayOfWeek: []string{"Monday"}, Opens: "09:00", Closes: "10:00", ValidFrom: "2026-01-01", ValidThrough: "2026-02-01"},
		"half a range":         {Opens: "09:00", Closes: "10:00", ValidFrom: "2026-01-01"},
		"a day that is no day": {Opens: "09:00", Closes: "10:00", ValidFrom: "2026-02-30", ValidThrough: "2026-03-01"},
	} {
		if s, err := hours.FromSpecifications([]hours.OpeningHoursSpecification{v}, "Europe/Berlin"); err == nil {
			t.Errorf("%s: read as %s", name, s.Key())
		}
	}
	if _, err := hours.FromSpecifications(nil, "Nowhere/Town"); err == nil {
		t.Error("a zone that is none is read")
	}
}

package hours_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"nearby/internal/hours"
)

// oracle answers by walking: it knows spans and days, but neither offsets nor
// tables. The clock on the wall, minute by minute, never runs backwards.
type oracle struct {
	loc     *time.Location
	week    [7][]hours.Span
	special []hours.Special
}

// kinds is the answer for every minute from start on.
func (o oracle) kinds(start time.Time, minutes int) []hours.Kind {
	const warmUp = 3 * 60 // no repeated time is longer than this
	list := make([]hours.Kind, 0, minutes)
	shown := time.Time{}
	for m := -warmUp; m < minutes; m++ {
		t := start.Add(time.Duration(m) * time.Minute).In(o.loc)
		wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
		if wall.After(shown) {
			shown = wall
		}
		if m >= 0 {
			list = append(list, o.kind(shown))
		}
	}
	return list
}

func (o oracle) kind(wall time.Time) hours.Kind {
	today := hours.DateOf(wall)
	minute := wall.Hour()*60 + wall.Minute()
	kind := hours.Closed
	for back := range 2 {
		date := today.AddDays(-back)
		spans := o.week[date.Weekday()]
		if sp := o.on(date); sp != nil {
			spans = sp.Spans
		}
		if sp := o.on(today); back == 1 && sp != nil && sp.CutsNight && sp.From == today {
			continue
		}
		for _, s := range spans {
			m := minute + back*24*60
			if m < s.From || m >= s.To {
				continue
			}
			if s.ByAppointment && kind != hours.Open {
				kind = hours.Doubtful
			} else if !s.ByAppointment {
				kind = hours.Open
			}
		}
	}
	return kind
}

func (o oracle) on(d hours.Date) *hours.Special {
	for i, sp := range o.special {
		if d.String() >= sp.From.String() && d.String() <= sp.To.String() {
			return &o.special[i]
		}
	}
	return nil
}

// Zones with clock changes of one hour, half an hour, two hours, at midnight,
// and none; and moments around their changes.
var oracleZones = []string{
	"Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata",
	"Africa/Casablanca", "Asia/Beirut", "Pacific/Apia", "America/Havana", "Antarctica/Troll", "UTC", "Asia/Kathmandu",
}

var oracleStarts = []string{
	"2024-03-09", "2024-03-29", "2024-03-30", "2024-04-05", "2024-04-13", "2024-09-06", "2024-10-05", "2024-10-25",
	"2024-11-01", "2024-12-30", "2024-02-27", "2011-12-28", "2025-03-01", "2040-12-29",
}

func drawSpans(t *rapid.T, label string) []hours.Span {
	var list []hours.Span
	for range rapid.IntRange(0, 2).Draw(t, label+" spans") {
		from := rapid.IntRange(0, 95).Draw(t, "from") * 15
		length := rapid.IntRange(1, 96).Draw(t, "length") * 15
		list = append(list, hours.Span{From: from, To: from + length})
	}
	return list
}

func TestAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(oracleZones).Draw(t, "zone")
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		o := oracle{loc: loc}
		for wd := range o.week {
			o.week[wd] = drawSpans(t, "day")
		}
		first, err := time.ParseInLocation("2006-01-02", rapid.SampledFrom(oracleStarts).Draw(t, "start"), loc)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "special") {
			day := hours.DateOf(first).AddDays(rapid.IntRange(0, 3).Draw(t, "day"))
			o.special = []hours.Special{{
				From: day, To: day.AddDays(rapid.IntRange(0, 1).Draw(t, "days")),
				Spans: drawSpans(t, "special"), CutsNight: rapid.Bool().Draw(t, "cuts"),
			}}
		}
		s := hours.Weekly(name, o.week).WithSpecial(o.special...)

		const span = 3 * 24 * 60
		want := o.kinds(first, span)
		got := s.Intervals(first, first.Add(span*time.Minute))
		for m := range want {
			at := first.Add(time.Duration(m) * time.Minute)
			if len(got) > 0 && !at.Before(got[0].To) {
				got = got[1:]
			}
			kind := hours.Closed
			if len(got) > 0 && !at.Before(got[0].From) {
				kind = got[0].Kind
			}
			if kind != want[m] {
				t.Fatalf("%s: %s by intervals, %s by the oracle (%s)", at, kind, want[m], s.Key())
			}
			if m%29 != 0 {
				continue
			}
			state := s.At(at)
			if state.IsOpen() != (want[m] == hours.Open) || (state.Kind == hours.Doubtful) != (want[m] == hours.Doubtful) {
				t.Fatalf("%s: %s, %s by the oracle (%s)", at, state.Kind, want[m], s.Key())
			}
			next := m + 1
			for next < span && want[next] == want[m] {
				next++
			}
			if next < span && !state.NextChange.Equal(first.Add(time.Duration(next)*time.Minute)) {
				t.Fatalf("%s: changes at %s, not after %d minutes (%s)", at, state.NextChange, next-m, s.Key())
			}
		}
	})
}

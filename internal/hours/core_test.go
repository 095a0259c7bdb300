package hours_test

import (
	"encoding/json"
	"testing"
	"time"

	"nearby/internal/hours"
)

// at reads a wall clock time in a zone.
func at(t *testing.T, zone, text string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	v, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parse(t *testing.T, value string) hours.Schedule {
	t.Helper()
	s, err := hours.ParseOSM(value, "Europe/Berlin")
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	return s
}

func weekdays(spans ...hours.Span) [7][]hours.Span {
	var week [7][]hours.Span
	for wd := range 5 {
		week[wd] = spans
	}
	return week
}

func TestAt(t *testing.T) {
	office := hours.Weekly("Europe/Berlin", weekdays(hours.Span{From: 9 * 60, To: 17 * 60}))
	var night [7][]hours.Span
	night[5] = []hours.Span{{From: 20 * 60, To: 28 * 60}}
	bar := hours.Weekly("Europe/Berlin", night)
	christmas := hours.Date{Year: 2025, Month: 12, Day: 25}
	shut := office.WithSpecial(hours.Special{From: christmas, To: christmas.AddDays(1), Reason: "Christmas"})

	tests := []struct {
		name     string
		schedule hours.Schedule
		at       string
		kind     hours.Kind
		change   string
		reason   string
	}{
		{"zero value", hours.Schedule{}, "2025-06-02 10:00", hours.Doubtful, "", hours.ReasonNotGiven},
		{"text nobody read", hours.Unknown("most days", "Europe/Berlin"), "2025-06-02 10:00", hours.Doubtful, "", hours.ReasonNotUnderstood},
		{"no such zone", hours.Weekly("Mars/Olympus", weekdays(hours.Span{To: 600})), "2025-06-02 10:00", hours.Doubtful, "", hours.ReasonNoZone},
		{"before opening", office, "2025-06-02 08:59", hours.Closed, "2025-06-02 09:00", ""},
		{"opening minute", office, "2025-06-02 09:00", hours.Open, "2025-06-02 17:00", ""},
		{"last hour", office, "2025-06-02 16:00", hours.ClosingSoon, "2025-06-02 17:00", ""},
		{"before the last hour", office, "2025-06-02 15:59", hours.Open, "2025-06-02 17:00", ""},
		{"closing minute", office, "2025-06-02 17:00", hours.Closed, "2025-06-03 09:00", ""},
		{"over the weekend", office, "2025-06-06 18:00", hours.Closed, "2025-06-09 09:00", ""},
		{"past midnight", bar, "2025-06-08 02:00", hours.Open, "2025-06-08 04:00", ""},
		{"after the night", bar, "2025-06-08 04:00", hours.Closed, "2025-06-14 20:00", ""},
		{"special day", shut, "2025-12-25 10:00", hours.Closed, "2025-12-29 09:00", hours.ReasonSpecial},
		{"before a special day", shut, "2025-12-24 18:00", hours.Closed, "2025-12-29 09:00", ""},
		{"always", parse(t, "24/7"), "2025-06-02 10:00", hours.Open, "", ""},
		{"never", parse(t, "off"), "2025-06-02 10:00", hours.Closed, "", ""},
		{"open end", parse(t, "18:00+"), "2025-06-02 19:00", hours.Doubtful, "2025-06-03 04:00", hours.ReasonOpenEnd},
		{"by appointment", parse(t, `Mo 10:00-12:00 "by appointment"`), "2025-06-02 11:00", hours.Doubtful, "2025-06-02 12:00", hours.ReasonByAppointment},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.schedule.At(at(t, "Europe/Berlin", tt.at))
			if got.Kind != tt.kind || got.Reason != tt.reason {
				t.Errorf("got %s (%s), want %s (%s)", got.Kind, got.Reason, tt.kind, tt.reason)
			}
			var want time.Time
			if tt.change != "" {
				want = at(t, "Europe/Berlin", tt.change)
			}
			if !got.NextChange.Equal(want) {
				t.Errorf("next change %s, want %s", got.NextChange, want)
			}
		})
	}
}

func TestNightRunsIntoClosedDay(t *testing.T) {
	var week [7][]hours.Span
	for wd := range 7 {
		week[wd] = []hours.Span{{From: 18 * 60, To: 26 * 60}}
	}
	day := hours.Date{Year: 2025, Month: 12, Day: 25}
	runsOn := hours.Weekly("Europe/Berlin", week).WithSpecial(hours.Special{From: day, To: day})
	cut := hours.Weekly("Europe/Berlin", week).WithSpecial(hours.Special{From: day, To: day, CutsNight: true})

	one := at(t, "Europe/Berlin", "2025-12-25 01:00")
	if got := runsOn.At(one); got.Kind != hours.ClosingSoon {
		t.Errorf("the night before a closed day: %+v", got)
	}
	if got := cut.At(one); got.Kind != hours.Closed || got.Reason != hours.ReasonSpecial {
		t.Errorf("a night cut short: %+v", got)
	}
	if got := runsOn.At(at(t, "Europe/Berlin", "2025-12-26 01:00")); got.Kind != hours.Closed {
		t.Errorf("the closed day's own night: %+v", got)
	}
}

func TestClockChange(t *testing.T) {
	// 2025-03-30 02:00 -> 03:00, 2025-10-26 03:00 -> 02:00
	tests := []struct {
		value, from, to string
		want            [][2]string // UTC
	}{
		{"22:00-02:30", "2025-03-29 12:00", "2025-03-30 12:00", [][2]string{{"2025-03-29 21:00", "2025-03-30 01:00"}}},
		{"02:30-04:00", "2025-03-30 00:00", "2025-03-30 12:00", [][2]string{{"2025-03-30 01:00", "2025-03-30 02:00"}}},
		{"02:15-02:45", "2025-03-30 00:00", "2025-03-30 12:00", nil},
		{"00:00-06:00", "2025-03-30 00:00", "2025-03-30 12:00", [][2]string{{"2025-03-29 23:00", "2025-03-30 04:00"}}},
		{"22:00-02:30", "2025-10-25 12:00", "2025-10-26 12:00", [][2]string{{"2025-10-25 20:00", "2025-10-26 00:30"}}},
		{"02:30-04:00", "2025-10-26 00:00", "2025-10-26 12:00", [][2]string{{"2025-10-26 00:30", "2025-10-26 03:00"}}},
		{"22:00-03:00", "2025-10-25 12:00", "2025-10-26 12:00", [][2]string{{"2025-10-25 20:00", "2025-10-26 02:00"}}},
	}
	for _, tt := range tests {
		t.Run(tt.value+" "+tt.from, func(t *testing.T) {
			got := parse(t, tt.value).Intervals(at(t, "Europe/Berlin", tt.from), at(t, "Europe/Berlin", tt.to))
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for i, v := range got {
				if !v.From.Equal(at(t, "UTC", tt.want[i][0])) || !v.To.Equal(at(t, "UTC", tt.want[i][1])) {
					t.Errorf("got %v, want %v", v, tt.want[i])
				}
			}
		})
	}
	// The hour from 02:00 comes twice; "until 02:30" is over after the first.
	for text, want := range map[string]hours.Kind{"2025-10-26 00:29": hours.ClosingSoon, "2025-10-26 00:30": hours.Closed, "2025-10-26 01:15": hours.Closed} {
		if got := parse(t, "22:00-02:30").At(at(t, "UTC", text)); got.Kind != want {
			t.Errorf("%s UTC: %s, want %s", text, got.Kind, want)
		}
	}
	if got := parse(t, "22:00-03:00").At(at(t, "UTC", "2025-10-26 01:45")); got.Kind != hours.ClosingSoon {
		t.Errorf("in the hour's second coming: %s", got.Kind)
	}
	// 02:15 and 02:45 fall together: the place neither closes nor opens then.
	s := parse(t, "01:00-02:15,02:45-05:00")
	if got := s.At(at(t, "Europe/Berlin", "2025-03-30 01:30")); !got.NextChange.Equal(at(t, "Europe/Berlin", "2025-03-30 05:00")) {
		t.Errorf("closing and opening inside the skipped hour: %+v", got)
	}
}

func TestKeyAndJSON(t *testing.T) {
	nine := hours.Weekly("Europe/Berlin", weekdays(hours.Span{From: 540, To: 1080}))
	for _, value := range []string{
		"Mo-Fr 09:00-18:00", "mo-fr 9:00-18:00", "Mo,Tu,We,Th,Fr 09:00-18:00",
		"Mo-We 09:00-18:00; Th-Fr 09:00-12:00,12:00-18:00", "09:00-18:00; Sa-Su off", "Mo-Fr 09:00–18:00;",
	} {
		if got := parse(t, value); got.Key() != nine.Key() {
			t.Errorf("%q has key %s, not %s", value, got.Key(), nine.Key())
		}
	}
	day := hours.Date{Year: 2025, Month: 12, Day: 24}
	for _, s := range []hours.Schedule{
		{}, hours.Unknown("on demand", "Europe/Berlin"), hours.Unknown("", "Europe/Berlin"), nine,
		hours.Weekly("Nowhere/AtAll", weekdays(hours.Span{From: 540, To: 1080})),
		hours.Weekly("Europe/Berlin", [7][]hours.Span{}),
		nine.WithSpecial(hours.Special{From: day, To: day.AddDays(2), Reason: "Christmas"},
			hours.Special{From: day.AddDays(7), To: day.AddDays(7), Spans: []hours.Span{{From: 600, To: 780}, {From: 900, To: 960, ByAppointment: true}, {From: 1200, To: 1200, OpenEnd: true}}, CutsNight: true}),
		parse(t, "Mo-Fr 09:00-18:00; PH off"), parse(t, "Apr-Oct Mo-Sa 10:00-20:00; Nov-Mar off"),
		parse(t, `Mo 09:00-12:00 "by appointment"; We "ring the bell"`),
		hours.Unknown("x", "Europe/Berlin").WithSpecial(hours.Special{From: day, To: day}),
	} {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back hours.Schedule
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if !back.Equal(s) || string(b) != s.Key() {
			t.Errorf("%s came back as %s", b, back.Key())
		}
		for h := range 24 * 14 {
			when := time.Date(2025, 12, 20, h, 17, 0, 0, time.UTC)
			if a, b := s.At(when), back.At(when); a != b {
				t.Fatalf("%s at %s: %+v and %+v", s.Key(), when, a, b)
			}
		}
	}
}

func TestUnknownKeepsKnownSpecialDays(t *testing.T) {
	day := hours.Date{Year: 2025, Month: 12, Day: 24}
	s := hours.Unknown("now and then", "Europe/Berlin").WithSpecial(hours.Special{From: day, To: day, Reason: "Christmas Eve"})
	if got := s.At(at(t, "Europe/Berlin", "2025-12-24 12:00")); got.Kind != hours.Closed || got.Note != "Christmas Eve" {
		t.Errorf("on the day: %+v", got)
	}
	if got := s.At(at(t, "Europe/Berlin", "2025-12-23 12:00")); got.Kind != hours.Doubtful || got.Reason != hours.ReasonNotUnderstood {
		t.Errorf("on another day: %+v", got)
	}
}

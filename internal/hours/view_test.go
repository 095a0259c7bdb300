package hours_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/hours"
)

func TestParseSpans(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{" closed ", ""},
		{"9-18", "09:00-18:00"},
		{"9am-5.30pm", "09:00-17:30"},
		{"9 AM - 5 p.m.", "09:00-17:00"},
		{"9-5pm", "09:00-17:00"},
		{"9-11am", "09:00-11:00"},
		{"6-11pm", "18:00-23:00"},
		{"11pm-2am", "23:00-02:00"},
		{"12am-12pm", "00:00-12:00"},
		{"12pm-12am", "12:00-24:00"},
		{"11:30–21:00", "11:30-21:00"},
		{"14-18, 9-12", "09:00-12:00,14:00-18:00"},
		{"9-12 and 14-18", "09:00-12:00,14:00-18:00"},
		{"11:30–16:00, 18-2", "11:30-16:00,18:00-02:00"},
		{"9 Uhr bis 18 Uhr", "09:00-18:00"},
		{"9h30-18h", "09:30-18:00"},
		{"0930-1800", "09:30-18:00"},
		{"17:00+", "17:00+"},
		{"17-22+", "17:00-22:00+"},
		{"24h", "00:00-24:00"},
		{"0-24", "00:00-24:00"},
		{"00:00-00:00", "00:00-24:00"},
		{"20-28", "20:00-04:00"},
		{"noon to midnight", "12:00-24:00"},
	}
	for _, tt := range tests {
		got, err := hours.ParseSpans(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		} else if text := hours.FormatSpans(got); text != tt.want {
			t.Errorf("%q is %q, want %q", tt.text, text, tt.want)
		}
	}
}

func TestParseSpansRefuses(t *testing.T) {
	tests := []struct {
		text string
		pos  int
		word string
	}{
		{"9", 1, ""},
		{"9-", 2, ""},
		{"9-18 or so", 5, "or"},
		{"nine", 0, "nine"},
		{"9:5-18", 2, "5"},
		{"25-26", 0, "25"},
		{"9-49", 2, "49"},
		{"13pm-14", 0, "13"},
		{"9:75-10", 0, "9"},
		{"9-12, 11-14", 6, "11"},
		{"9-18 \x00", 5, "\x00"},
		{"closed today", 7, "today"},
	}
	for _, tt := range tests {
		_, err := hours.ParseSpans(tt.text)
		var got *hours.SyntaxError
		if !errors.As(err, &got) {
			t.Errorf("%q: %v", tt.text, err)
		} else if got.Pos != tt.pos || got.Word != tt.word {
			t.Errorf("%q: %q at %d, want %q at %d", tt.text, got.Word, got.Pos, tt.word, tt.pos)
		}
	}
}

func TestWeek(t *testing.T) {
	day := hours.Date{Year: 2025, Month: 12, Day: 25}
	s := parse(t, `Mo-Fr 09:00-12:00,14:00-18:00; Tu 09:00-12:00 "by appointment"; Sa 10:00-02:00, Su 12:00+`).
		WithSpecial(hours.Special{From: day, To: day, Reason: "Christmas"},
			hours.Special{From: day.AddDays(-30), To: day.AddDays(-25)})
	w := s.Week(at(t, "Europe/Berlin", "2025-12-20 23:30")) // a Saturday
	got := map[int][]hours.DaySpan{}
	for i, d := range w.Days {
		if d.Weekday != i {
			t.Errorf("day %d is weekday %d", i, d.Weekday)
		}
		if d.Today != (i == 5) {
			t.Errorf("day %d: today is %v", i, d.Today)
		}
		got[i] = d.Spans
	}
	working := []hours.DaySpan{{Span: hours.Span{From: 540, To: 720}, Kind: hours.Open}, {Span: hours.Span{From: 840, To: 1080}, Kind: hours.Open}}
	want := map[int][]hours.DaySpan{
		0: working, 2: working, 3: working, 4: working,
		1: {{Span: hours.Span{From: 540, To: 720, ByAppointment: true}, Kind: hours.Doubtful, Reason: hours.ReasonByAppointment, Note: "by appointment"}},
		5: {{Span: hours.Span{From: 600, To: 26 * 60}, Kind: hours.Open}},
		6: {{Span: hours.Span{From: 720, To: 720, OpenEnd: true}, Kind: hours.Doubtful, Reason: hours.ReasonOpenEnd}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(w.Special) != 1 || w.Special[0].Reason != "Christmas" {
		t.Errorf("special days ahead: %+v", w.Special)
	}
	if !parse(t, "Jun-Aug 10:00-18:00").Week(time.Now()).Changes {
		t.Error("seasonal hours count as the same every week")
	}
	if w := hours.Unknown("daily", "Europe/Berlin").Week(time.Now()); w.Known || w.Text != "daily" {
		t.Errorf("unknown hours: %+v", w)
	}
}

func TestWeekly(t *testing.T) {
	for _, value := range []string{"24/7", "off", "Mo-Fr 09:00-18:00", "Mo-Sa 18:00-03:00", "Fr 17:00+", `Mo 09:00-12:00 "by appointment"; Tu 10:00-12:00`} {
		s := parse(t, value)
		week, ok := s.Weekly()
		if !ok || !hours.Weekly("Europe/Berlin", week).Equal(s) {
			t.Errorf("%q: %v %v", value, week, ok)
		}
	}
	for _, value := range []string{"Mo-Fr 09:00-18:00; PH off", "Jun 10:00-12:00", `Mo 10:00-12:00 "ring the bell"`, "Sa[1] 10:00-12:00"} {
		if week, ok := parse(t, value).Weekly(); ok {
			t.Errorf("%q can be edited as %v", value, week)
		}
	}
}

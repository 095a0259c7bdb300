package hours_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"nearby/internal/hours"
)

func FuzzParseOSM(f *testing.F) {
	for _, v := range []string{
		"24/7", "off", "Mo-Fr 09:00-12:00,14:00-18:00; Sa 10:00-02:00", "Mo-Fr 8:00-18:00, Sa[1,-1] 09:00-12:00",
		"Apr-Oct: Mo-Su 10:00-18:00; Nov-Mar off", "2024 Dec 24-2025 Jan 6 off", "Dec 24,31 09:00-12:00", "easter -2 days-easter off",
		"Mar Su[-1]-Oct Su[-1] 10:00-20:00", "week 1-53/2 Fr 10:00-12:00", "PH,Mo 10:00-12:00; SH Mo-Fr off; PH -1 day 10:00-11:00",
		`Mo 09:00-12:00 "by appointment" || "call us"`, "17:00-20:00+", "22:00-30:00", "2024+ Feb 29 00:00-24:00", `unknown "ask"`,
		"sunrise-sunset", "Mo (dawn-00:30)-(dusk+01:00)", "22:00-sunrise; PH off; SH unknown", "10:00-sunset+",
	} {
		f.Add(v)
	}
	from := time.Date(2024, 2, 20, 7, 13, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		s, err := hours.ParseOSM(value, "Europe/Berlin")
		if err != nil {
			var syntax *hours.SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(value) {
				t.Fatalf("%q: %v", value, err)
			}
			s := hours.Unknown(value, "Europe/Berlin")
			if s.At(from).Kind != hours.Doubtful {
				t.Fatalf("%q: refused, and not unknown", value)
			}
			return
		}
		s = s.InPlace(berlin)
		again, err := hours.ParseOSM(s.OSM(), "Europe/Berlin")
		if err != nil {
			t.Fatalf("%q is written %q, which is refused: %v", value, s.OSM(), err)
		}
		if again = again.InPlace(berlin); !again.Equal(s) {
			t.Fatalf("%q is written %q, and that %q", value, s.OSM(), again.OSM())
		}
		var back hours.Schedule
		if err := json.Unmarshal([]byte(s.Key()), &back); err != nil {
			t.Fatalf("%s: %v", s.Key(), err)
		}
		for i := range 40 {
			at := from.Add(time.Duration(i) * 311 * time.Minute)
			a, b, c := s.At(at), again.At(at), back.At(at)
			if a != b || a != c {
				t.Fatalf("%q at %s: %+v, %+v as %q, %+v as JSON", value, at, a, b, again.OSM(), c)
			}
			if !a.NextChange.IsZero() && !a.NextChange.After(at) {
				t.Fatalf("%q at %s changes at %s", value, at, a.NextChange)
			}
		}
	})
}

func FuzzParseSpans(f *testing.F) {
	for _, v := range []string{"9-18", "9am-5.30pm", "11:30–21:00, 18-2", "17+", "24h", "closed", "9h30 to noon", "0930-1800+"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spans, err := hours.ParseSpans(text)
		if err != nil {
			var syntax *hours.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if !hours.Weekly("UTC", [7][]hours.Span{spans}).Known() {
			t.Fatalf("%q gave impossible spans %v", text, spans)
		}
	})
}

package hours_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"nearby/internal/hours"
)

var (
	berlin = hours.Place{Region: "DE-BE", Lat: 52.52, Lng: 13.405, Pinned: true}
	tromsø = hours.Place{Region: "NO", Lat: 69.65, Lng: 18.96, Pinned: true}
)

func TestInPlace(t *testing.T) {
	tests := []struct {
		name, value, zone string
		place             hours.Place
		at                string
		kind              hours.Kind
		change            string
		reason            string
	}{
		{"holiday", "Mo-Fr 09:00-17:00; PH off", "Europe/Berlin", berlin, "2025-12-25 10:00", hours.Closed, "2025-12-29 09:00", ""},
		{"before a holiday", "Mo-Fr 09:00-17:00; PH off", "Europe/Berlin", berlin, "2025-12-24 18:00", hours.Closed, "2025-12-29 09:00", ""},
		{"state holiday", "Mo-Fr 09:00-17:00; PH off", "Europe/Berlin", berlin, "2027-03-08 10:00", hours.Closed, "2027-03-09 09:00", ""},
		{"not in Bavaria", "Mo-Fr 09:00-17:00; PH off", "Europe/Berlin", hours.Place{Region: "DE-BY"}, "2027-03-08 10:00", hours.Open, "2027-03-08 17:00", ""},
		{"state not known", "Mo-Fr 09:00-17:00; PH off", "Europe/Berlin", hours.Place{Region: "DE"}, "2027-03-08 10:00", hours.Doubtful, "2027-03-08 17:00", hours.ReasonHoliday},
		{"doubt only where it matters", "Mo-Fr 09:00-17:00; PH 10:00-12:00", "Europe/Berlin", hours.Place{Region: "DE"}, "2027-03-08 11:00", hours.Open, "2027-03-08 12:00", ""},
		{"night into a closed holiday", "20:00-02:00; PH off", "Europe/Berlin", berlin, "2025-12-25 01:00", hours.ClosingSoon, "2025-12-25 02:00", ""},
		{"night of a closed holiday", "20:00-02:00; PH off", "Europe/Berlin", berlin, "2025-12-26 01:00", hours.Closed, "2025-12-27 20:00", ""},
		{"day before a holiday", "PH -1 day 09:00-12:00", "Europe/Berlin", berlin, "2025-12-23 10:00", hours.Closed, "2025-12-24 09:00", ""},
		{"country without calendar", "Mo-Fr 09:00-17:00; PH off", "Africa/Nairobi", hours.Place{Region: "KE"}, "2025-12-25 10:00", hours.Open, "2025-12-25 17:00", ""},
		{"school holidays are nobody's fact", "Mo-Fr 08:00-18:00; SH 10:00-16:00", "Europe/Berlin", berlin, "2025-07-07 09:00", hours.Doubtful, "2025-07-07 10:00", hours.ReasonHoliday},
		{"in both cases", "Mo-Fr 08:00-18:00; SH 10:00-16:00", "Europe/Berlin", berlin, "2025-07-07 11:00", hours.Open, "2025-07-07 16:00", ""},
		{"sunset", "10:00-sunset", "Europe/Berlin", berlin, "2024-06-21 12:00", hours.Open, "2024-06-21 21:33", ""},
		{"before sunset", "10:00-(sunset-00:30)", "Europe/Berlin", berlin, "2024-06-21 12:00", hours.Open, "2024-06-21 21:03", ""},
		{"sunrise", "sunrise-12:00", "Europe/Berlin", berlin, "2024-06-21 04:00", hours.Closed, "2024-06-21 04:43", ""},
		{"from dusk to dawn", "dusk-dawn", "Europe/Berlin", berlin, "2024-06-21 23:30", hours.Open, "2024-06-22 03:52", ""},
		{"after sunset there is no evening", "20:00-sunset", "Europe/Berlin", berlin, "2024-12-21 20:30", hours.Closed, "", ""},
		{"polar day", "sunrise-sunset", "Europe/Oslo", tromsø, "2024-06-21 01:00", hours.Open, "", ""},
		{"polar night", "sunrise-sunset", "Europe/Oslo", tromsø, "2024-12-21 12:00", hours.Closed, "", ""},
		{"no sunset to close by", "10:00-sunset", "Europe/Oslo", tromsø, "2024-06-21 12:00", hours.Doubtful, "2024-06-22 00:00", hours.ReasonSun},
		{"no pin", "10:00-sunset", "Europe/Berlin", hours.Place{Region: "DE"}, "2024-06-21 12:00", hours.Doubtful, "2024-06-22 00:00", hours.ReasonNoPin},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := hours.ParseOSM(tt.value, tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			s = s.InPlace(tt.place)
			got := s.At(at(t, tt.zone, tt.at))
			if got.Kind != tt.kind || got.Reason != tt.reason {
				t.Errorf("got %s (%s), want %s (%s)", got.Kind, got.Reason, tt.kind, tt.reason)
			}
			if tt.change != "" {
				want := at(t, tt.zone, tt.change)
				if off := got.NextChange.Sub(want).Abs(); off > time.Minute || off != 0 && tt.kind != hours.Open {
					t.Errorf("next change %s, want %s", got.NextChange, want)
				}
			}
			if got := s.MayDiffer(); got != (tt.place.Region == "KE") {
				t.Errorf("may differ: %v", got)
			}
			var back hours.Schedule
			if err := json.Unmarshal([]byte(s.Key()), &back); err != nil || !back.Equal(s) {
				t.Errorf("%s came back as %s: %v", s.Key(), back.Key(), err)
			}
		})
	}
}

func TestKeyHoldsWhatMatters(t *testing.T) {
	plain, holy, sunny := parse(t, "Mo-Fr 09:00-17:00"), parse(t, "Mo-Fr 09:00-17:00; PH off"), parse(t, "sunrise-sunset")
	munich := hours.Place{Region: "DE-BY", Lat: 48.14, Lng: 11.58, Pinned: true}
	if !plain.InPlace(berlin).Equal(plain.InPlace(munich)) {
		t.Error("hours that need no place differ by it")
	}
	for _, s := range []hours.Schedule{holy, sunny} {
		if s.InPlace(berlin).Equal(s.InPlace(munich)) {
			t.Errorf("%s is the same in two places", s.OSM())
		}
	}
	near := berlin
	near.Lat += 0.001
	if !sunny.InPlace(berlin).Equal(sunny.InPlace(near)) {
		t.Error("a hundred metres change the sun")
	}
}

func TestSunNotation(t *testing.T) {
	for value, want := range map[string]string{
		"sunrise-sunset": "sunrise-sunset", "Mo 10:00 - Sunset": "Mo 10:00-sunset", "(sunrise+01:30)-(sunset-00:30)": "(sunrise+01:30)-(sunset-00:30)",
		"Apr-Sep dawn-12:00,14:00-dusk": "Apr-Sep dawn-12:00,14:00-dusk", "sunset+": "sunset+", "22:00-sunrise": "22:00-sunrise", "dusk-02:00": "dusk-02:00",
		"sunset-00:00": "sunset-24:00", "10:00-sunset+": "10:00-sunset+",
	} {
		s := parse(t, value)
		if s.OSM() != want {
			t.Errorf("%q is written %q", value, s.OSM())
		}
		if again := parse(t, s.OSM()); !again.Equal(s) {
			t.Errorf("%q comes back as %q", s.OSM(), again.OSM())
		}
	}
	for value, pos := range map[string]int{"sunrise": 7, "(sunrise+1)-12:00": 9, "(sunrise 01:00)-12:00": 9, "10:00-(sunset-00:30": 19, "noon-sunset": 0} {
		_, err := hours.ParseOSM(value, "Europe/Berlin")
		var syntax *hours.SyntaxError
		if !errors.As(err, &syntax) || syntax.Pos != pos {
			t.Errorf("%q: %v, want position %d", value, err, pos)
		}
	}
}

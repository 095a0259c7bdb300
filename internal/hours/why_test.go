package hours_test

import (
	"testing"

	"nearby/internal/hours"
)

func TestWhy(t *testing.T) {
	closure := hours.Special{From: hours.Date{Year: 2026, Month: 8, Day: 10}, To: hours.Date{Year: 2026, Month: 8, Day: 12}, Reason: "Holidays"}
	tests := []struct {
		name, value, at string
		place           hours.Place
		kind            hours.Kind
		rule, day       string
		holiday         string
		doubt, special  bool
	}{
		{"a holiday", "Mo-Fr 09:00-17:00; PH off", "2026-12-25 10:00", berlin, hours.Closed, "PH off", "2026-12-25", "Erster Weihnachtstag", false, false},
		{"open", "Mo-Fr 09:00-17:00; PH off", "2026-12-23 10:00", berlin, hours.Open, "Mo-Fr 09:00-17:00", "2026-12-23", "", false, false},
		{"before opening", "Mo-Fr 09:00-17:00; Sa 10:00-12:00", "2026-12-26 09:00", berlin, hours.Closed, "Sa 10:00-12:00", "2026-12-26", "Zweiter Weihnachtstag", false, false},
		{"no rule", "Mo-Fr 09:00-17:00", "2026-12-27 10:00", berlin, hours.Closed, "", "2026-12-27", "", false, false},
		{"the night before", "18:00-02:00; PH off", "2026-12-25 01:30", berlin, hours.ClosingSoon, "18:00-02:00", "2026-12-24", "", false, false},
		{"in doubt", "Mo-Fr 09:00-17:00; PH off", "2027-03-08 10:00", hours.Place{Region: "DE"}, hours.Doubtful, "Mo-Fr 09:00-17:00", "2027-03-08", "Frauentag", true, false},
		{"a closure", "09:00-17:00", "2026-08-11 10:00", berlin, hours.Closed, "", "2026-08-11", "", false, true},
		{"the night before a closure", "18:00-02:00", "2026-08-10 01:30", berlin, hours.ClosingSoon, "18:00-02:00", "2026-08-09", "", false, false},
		{"a later rule", "Mo-Su 09:00-17:00; We 12:00-14:00", "2026-12-23 10:00", berlin, hours.Closed, "We 12:00-14:00", "2026-12-23", "", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := parse(t, tt.value).WithSpecial(closure).InPlace(tt.place)
			moment := at(t, "Europe/Berlin", tt.at)
			got := s.InPlace(tt.place).Why(moment)
			// The calendar is known only where the hours ask for it.
			holiday := tt.holiday
			if !s.NeedsPlace() {
				holiday = ""
			}
			if got.State != s.At(moment) || got.Kind != tt.kind || got.Rule != tt.rule || got.Day.String() != tt.day ||
				got.Holiday != holiday || got.HolidayInDoubt != tt.doubt || got.Special != tt.special {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := (hours.Schedule{}).Why(at(t, "UTC", "2026-01-01 10:00")); got.Kind != hours.Doubtful || got.Reason != hours.ReasonNotGiven {
		t.Errorf("of nothing: %+v", got)
	}
}

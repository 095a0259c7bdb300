package hours

import (
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/nl"
	norway "github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/us"
)

// TestCalendars compares our tables with a library that others keep. It is no
// part of the program, because it lacks Portugal and the parts of the United
// Kingdom and of Canada, and because of the days listed here.
func TestCalendars(t *testing.T) {
	lists := map[string][]*cal.Holiday{
		"DE-BW": de.HolidaysBW, "DE-BY": de.HolidaysBY, "DE-BE": de.HolidaysBE, "DE-BB": de.HolidaysBB, "DE-HB": de.HolidaysHB, "DE-HH": de.HolidaysHH,
		"DE-HE": de.HolidaysHE, "DE-MV": de.HolidaysMV, "DE-NI": de.HolidaysNI, "DE-NW": de.HolidaysNW, "DE-RP": de.HolidaysRP, "DE-SL": de.HolidaysSL,
		"DE-SN": de.HolidaysSN, "DE-ST": de.HolidaysST, "DE-SH": de.HolidaysSH, "DE-TH": de.HolidaysTH,
		"AT": at.Holidays, "CH-ZH": ch.HolidaysZH, "CH-BE": ch.HolidaysBE, "CH-TI": ch.HolidaysTI, "CH-BS": ch.HolidaysBS, "CH-TG": ch.HolidaysTG, "CH-UR": ch.HolidaysUR,
		"FR-75": fr.Holidays, "GB-ENG": gb.Holidays, "IE": ie.Holidays, "US": us.Holidays, "CA-BC": ca.Holidays, "IT-MI": it.Holidays, "ES": es.Holidays,
		"NL": nl.Holidays, "BE": be.Holidays, "PL": pl.Holidays, "CZ": cz.Holidays, "DK": dk.Holidays, "SE": se.Holidays, "NO": norway.Holidays, "JP": jp.Holidays,
		"AU-ACT": au.HolidaysACT, "AU-NSW": au.HolidaysNSW, "AU-NT": au.HolidaysNT, "AU-QLD": au.HolidaysQLD, "AU-SA": au.HolidaysSA, "AU-TAS": au.HolidaysTAS, "AU-VIC": au.HolidaysVIC, "AU-WA": au.HolidaysWA,
	}
	// Where they differ, and why we are right.
	known := map[string]string{
		"AU-SA Easter Sunday":      "a public holiday since 2024",
		"AU-WA Easter Sunday":      "a public holiday since 2022",
		"CA-BC Family Day":         "statutory in the province, which the library does not tell apart",
		"CH-TI San Pietro e Paolo": "on the canton's list",
		"DE-BB Ostersonntag":       "on the state's list", "DE-BB Pfingstsonntag": "on the state's list",
		"DE-BE Tag der Befreiung": "once in 2020 and once in 2025",
		"DE-MV Frauentag":         "a holiday since 2023",
		"DK Påskedag":             "on the list, though a Sunday", "DK Pinsedag": "on the list, though a Sunday",
		"GB-ENG State Funeral of Queen Elizabeth II": "proclaimed for 2022-09-19",
		"IT-MI Pasqua": "shops' holiday, though a Sunday", "IT-MI San Francesco": "a holiday again from 2026",
		"JP The Emperor's Birthday": "there was none in 2019, between two emperors",
		"JP 山の日":                    "moved for the Olympic Games of 2020", "JP Mountain Day": "moved for the Olympic Games of 2020",
		"NL Eerste paasdag": "on the list, though a Sunday", "NL Eerste pinksterdag": "on the list, though a Sunday",
		"NL Koningsdag":      "on the Saturday where the 27th is a Sunday",
		"NO Første påskedag": "on the list, though a Sunday", "NO Første pinsedag": "on the list, though a Sunday",
		"PL Wielkanoc": "on the list, though a Sunday", "PL Zielone Świątki": "on the list, though a Sunday",
		"PL Wigilia":   "a holiday since 2025",
		"SE Påskdagen": "on the list, though a Sunday", "SE Pingstdagen": "on the list, though a Sunday",
	}
	found := map[string]bool{}
	for region, list := range lists {
		c := calendarOf(region)
		for y := 2019; y <= 2036; y++ {
			theirs := map[day]string{}
			for _, h := range list {
				actual, observed := h.Calc(y)
				for _, at := range []time.Time{actual, observed} {
					if !at.IsZero() {
						theirs[DateOf(at).number()] = h.Name
					}
				}
			}
			for n := dayNumber(y, 1, 1); n < dayNumber(y+1, 1, 1); n++ {
				ours, name := c.on(n), theirs[n]
				if ours == maybe || (ours == yes) == (name != "") {
					continue
				}
				if ours == yes {
					name = c.name(n)
				}
				if known[region+" "+name] == "" {
					t.Errorf("%s %s: %q, a holiday by us: %v", region, n.date(), name, ours == yes)
				}
				found[region+" "+name] = true
			}
		}
	}
	for name := range known {
		if !found[name] {
			t.Errorf("%s: there is no difference any more", name)
		}
	}
}

func TestCalendarOf(t *testing.T) {
	tests := []struct {
		region, day string
		want        truth
		name        string
	}{
		{"DE-BE", "2025-03-08", yes, "Frauentag"},
		{"DE-BY", "2025-03-08", no, ""},
		{"DE", "2025-03-08", maybe, "Frauentag"}, // the part is not known
		{"DE-XX", "2025-03-08", maybe, "Frauentag"},
		{"DE", "2025-12-25", yes, "Erster Weihnachtstag"},
		{"DE-BY", "2025-08-15", maybe, "Mariä Himmelfahrt"}, // in Catholic municipalities
		{"DE-SN", "2025-11-19", yes, "Buß- und Bettag"},
		{"FR-75", "2025-04-18", no, ""},
		{"FR-67", "2025-04-18", yes, "Vendredi saint"},
		{"FR", "2025-04-18", maybe, "Vendredi saint"},
		{"GB-SCT", "2022-01-04", yes, "2nd January (substitute)"},
		{"GB-SCT", "2025-04-21", no, ""},
		{"GB-NIR", "2026-07-13", yes, "Battle of the Boyne (substitute)"},
		{"PT", "2025-06-19", yes, "Corpo de Deus"},
		{"PT-11", "2025-06-09", no, ""},
		{"PT-20", "2025-06-09", yes, "Dia dos Açores"},
		{"CA-QC", "2025-06-24", yes, "Fête nationale"},
		{"CA-ON", "2025-05-19", yes, "Victoria Day"},
		{"US-CA", "2026-07-03", maybe, "Independence Day (observed)"},
		{"ES-CT", "2025-09-11", yes, "Diada"},
		{"IE", "2030-02-01", yes, "St Brigid’s Day"},
		{"IE", "2030-02-04", no, ""},
		{"CH-GE", "2025-09-11", yes, "Jeûne genevois"},
		{"CH-VD", "2025-09-22", yes, "Lundi du Jeûne"},
		{"JP", "2026-09-22", yes, "国民の休日"},
		{"JP", "2026-05-06", yes, "振替休日"},
	}
	for _, tt := range tests {
		d, err := ParseDate(tt.day)
		if err != nil {
			t.Fatal(err)
		}
		c := calendarOf(tt.region)
		if got := c.on(d.number()); got != tt.want || c.name(d.number()) != tt.name {
			t.Errorf("%s %s: %v %q, want %v %q", tt.region, tt.day, got, c.name(d.number()), tt.want, tt.name)
		}
	}
	if calendarOf("AQ") != nil || calendarOf("") != nil {
		t.Error("a calendar of nowhere")
	}
}

func TestRegionOf(t *testing.T) {
	tests := []struct{ country, region, city, postcode, want string }{
		{"de", "", "Berlin", "10115", "DE-BE"},
		{"DE", "Bayern", "München", "80331", "DE-BY"},
		{"DE", "BAVARIA", "", "", "DE-BY"},
		{"DE", "BY", "", "", "DE-BY"},
		{"DE", "DE-BY", "", "", "DE-BY"},
		{"DE", "", "Köln", "50667", "DE"},
		{"FR", "", "Strasbourg", "67000", "FR-67"},
		{"GB", "", "London", "", "GB-ENG"},
		{"GB", "Scotland", "Edinburgh", "", "GB-SCT"},
		{"US", "IL", "Plainfield", "60544", "US"},
		{"CA", "québec", "", "", "CA-QC"},
		{"CH", "", "Bern", "", "CH-BE"},
		{"", "Berlin", "", "", ""},
	}
	for _, tt := range tests {
		if got := RegionOf(tt.country, tt.region, tt.city, tt.postcode); got != tt.want {
			t.Errorf("%v is %q", tt, got)
		}
	}
}

// The almanac's times, to the minute (US Naval Observatory and the like).
func TestSun(t *testing.T) {
	tests := []struct {
		zone, day  string
		lat, lng   float64
		rise, set  string
		dawn, dusk string
	}{
		{"Europe/Berlin", "2024-06-21", 52.52, 13.40, "04:43", "21:33", "03:52", "22:24"},
		{"Europe/Berlin", "2024-12-21", 52.52, 13.40, "08:15", "15:54", "07:34", "16:35"},
		{"Europe/London", "2024-06-20", 51.51, -0.13, "04:43", "21:21", "", ""},
		{"America/New_York", "2024-06-20", 40.71, -74.01, "05:25", "20:31", "04:52", "21:04"},
		{"Australia/Sydney", "2024-06-21", -33.87, 151.21, "07:00", "16:54", "", ""},
		{"America/Guayaquil", "2024-03-20", -0.18, -78.47, "06:18", "18:25", "", ""},
		{"Pacific/Kiritimati", "2024-03-20", 1.87, -157.43, "06:34", "18:40", "", ""}, // the date of the other side
		{"Pacific/Apia", "2024-12-21", -13.83, -171.77, "05:56", "18:54", "", ""},
	}
	for _, tt := range tests {
		d, err := ParseDate(tt.day)
		if err != nil {
			t.Fatal(err)
		}
		p := &plan{zone: zoneNamed(tt.zone), place: Place{Lat: tt.lat, Lng: tt.lng, Pinned: true}}
		for e, want := range map[event]string{sunrise: tt.rise, sunset: tt.set, dawn: tt.dawn, dusk: tt.dusk} {
			if want == "" {
				continue
			}
			minute, sky := p.sunMinute(e, d.number())
			at, err := time.Parse("15:04", want)
			if err != nil {
				t.Fatal(err)
			}
			if off := minute - at.Hour()*60 - at.Minute(); sky != happens || off < -2 || off > 2 {
				t.Errorf("%s %s: %s at %s, the almanac has %s", tt.zone, tt.day, eventNames[e], clockText(minute), want)
			}
		}
	}
	tromsø := &plan{zone: zoneNamed("Europe/Oslo"), place: Place{Lat: 69.65, Lng: 18.96, Pinned: true}}
	if _, sky := tromsø.sunMinute(sunset, dayNumber(2024, 6, 21)); sky != staysUp {
		t.Error("the sun sets in Tromsø at midsummer")
	}
	if _, sky := tromsø.sunMinute(sunrise, dayNumber(2024, 12, 21)); sky != staysDown {
		t.Error("the sun rises in Tromsø at midwinter")
	}
	if _, sky := tromsø.sunMinute(dawn, dayNumber(2024, 12, 21)); sky != happens {
		t.Error("there is no dawn in Tromsø at midwinter")
	}
}

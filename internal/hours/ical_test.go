package hours_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"

	"nearby/internal/hours"
)

var signature = hours.Signature{Name: "Harbour Bakery", Address: "Quay Street 9, 10115 Portmere", Page: "https://nearby.example/b/harbour-bakery"}

func TestICal(t *testing.T) {
	day := hours.Date{Year: 2026, Month: 12, Day: 24}
	s := parse(t, "Mo-Fr 09:00-18:00; Sa 10:00-14:00").WithSpecial(
		hours.Special{From: day, To: day, Spans: []hours.Span{{From: 540, To: 720}}, Reason: "Christmas Eve, \"until noon\"; then home to a dinner that is longer than a line"},
		hours.Special{From: day.AddDays(1), To: day.AddDays(2)})
	file, err := s.ICal(signature, at(t, "Europe/Berlin", "2026-11-30 20:00"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	for _, want := range []string{
		"BEGIN:VCALENDAR\r\n", "VERSION:2.0\r\n", "TZID:Europe/Berlin\r\n", "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n",
		"DTSTART;TZID=Europe/Berlin:20261102T090000\r\n", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\n",
		"EXDATE;TZID=Europe/Berlin:20261224T090000\r\n", "EXDATE;TZID=Europe/Berlin:20261225T090000\r\n", "EXDATE;TZID=Europe/Berlin:20261226T100000\r\n",
		"DTEND;TZID=Europe/Berlin:20261224T120000\r\n", `DESCRIPTION:Christmas Eve\, "until noon"\; then`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > 75+len("\r\n") || !strings.HasSuffix(line, "\r\n") {
			t.Errorf("a line that RFC 5545 does not want: %q", line)
		}
	}
	again, err := s.ICal(signature, at(t, "Europe/Berlin", "2026-11-30 23:00"))
	if err != nil || !bytes.Equal(file, again) {
		t.Errorf("three hours later it is another file (%v)", err)
	}
}

func TestICalRefuses(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for name, s := range map[string]hours.Schedule{
		"nothing":              {},
		"words":                hours.Unknown("daily", "Europe/Berlin"),
		"never open":           parse(t, "off"),
		"over":                 parse(t, "2019 Mo-Fr 09:00-17:00"),
		"holidays not known":   parse(t, "Mo-Fr 09:00-17:00; PH off").InPlace(hours.Place{Region: "KE"}),
		"special days of none": hours.Unknown("", "Europe/Berlin").WithSpecial(hours.Special{From: hours.Date{Year: 2026, Month: 12, Day: 1}, To: hours.Date{Year: 2026, Month: 12, Day: 2}}),
	} {
		if file, err := s.ICal(signature, now); !errors.Is(err, hours.ErrNoCalendar) || s.HasCalendar(now) {
			t.Errorf("%s: %v\n%s", name, err, file)
		}
	}
}

// TestICalAgrees reads calendars back with a library and compares a year with
// the evaluator: all vectors, random weeks with special days in many zones, and
// real values where they are.
func TestICalAgrees(t *testing.T) {
	written := 0
	check := func(s hours.Schedule, now time.Time) {
		t.Helper()
		file, err := s.ICal(signature, now)
		if errors.Is(err, hours.ErrNoCalendar) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", s.Key(), err)
		}
		written++
		to := now.AddDate(1, 0, 0)
		for _, kind := range []hours.Kind{hours.Open, hours.Doubtful} {
			if got, want := calendared(t, file, s.Zone(), kind, now, to), evaluated(s, kind, now, to); !slices.Equal(got, want) {
				t.Fatalf("%s from %s, %s:\n got %v\nwant %v\n%s", s.Key(), now, kind, firstDifference(got, want), firstDifference(want, got), file[:min(len(file), 3000)])
			}
		}
	}
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []vector
		if err := json.Unmarshal(body, &list); err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			s, err := hours.ParseOSM(v.Hours, v.Zone)
			if err != nil {
				t.Fatal(err)
			}
			place := hours.Place{Region: v.Region}
			if len(v.Pin) == 2 {
				place.Lat, place.Lng, place.Pinned = v.Pin[0], v.Pin[1], true
			}
			now, err := time.Parse("2006-01-02T15:04Z07:00", v.At)
			if err != nil {
				t.Fatal(err)
			}
			check(s.WithSpecial(v.Special...).InPlace(place), now)
		}
	}
	vectors := written
	r := rand.New(rand.NewPCG(2026, 12))
	for range 300 {
		name := oracleZones[r.IntN(len(oracleZones))]
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		now := randomInstant(r, zone)
		o := randomOracle(r, zone, now.AddDate(0, 0, r.IntN(60)))
		check(hours.Weekly(name, o.week).WithSpecial(o.special...), now)
	}
	random := written - vectors
	if os.Getenv("NEARBY_TESTDATA") != "" {
		for i, v := range corpus(t) {
			if s, err := hours.ParseOSM(v.Value, v.Tz); err == nil && i%10 == 0 {
				check(v.place(s), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
			}
		}
	}
	t.Logf("%d calendars of vectors, %d of random weeks, %d of real values: no difference over a year", vectors, random, written-vectors-random)
	if vectors < 600 || random < 250 {
		t.Errorf("only %d and %d calendars were written", vectors, random)
	}
}

// calendared is when a calendar has events of a kind, those that touch as one.
func calendared(t *testing.T, file []byte, zone string, kind hours.Kind, from, to time.Time) [][2]int64 {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := ical.NewDecoder(bytes.NewReader(file)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	var list [][2]int64
	for _, e := range calendar.Events() {
		status, err := e.Status()
		if err != nil {
			t.Fatal(err)
		}
		if (status == ical.EventTentative) != (kind == hours.Doubtful) {
			continue
		}
		start, err := e.DateTimeStart(loc)
		if err != nil {
			t.Fatal(err)
		}
		end, err := e.DateTimeEnd(loc)
		if err != nil {
			t.Fatal(err)
		}
		length := end.Sub(start)
		for _, start := range starts(t, e, start, from.Add(-length), to) {
			list = append(list, [2]int64{start.Unix(), start.Add(length).Unix()})
		}
	}
	return merged(list, from.Unix(), to.Unix())
}

// starts is when an event begins from one moment to another. The library
// expands rules in a clock that never changes, because in a zone whose clock
// skips midnight it loses that day.
func starts(t *testing.T, e ical.Event, first, from, to time.Time) []time.Time {
	t.Helper()
	rule, err := e.Props.RecurrenceRule()
	if err != nil {
		t.Fatal(err)
	}
	if rule == nil {
		return []time.Time{first}
	}
	zone := first.Location()
	shown := func(t time.Time) time.Time {
		t = t.In(zone)
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	}
	rule.Dtstart = shown(first)
	if !rule.Until.IsZero() {
		rule.Until = shown(rule.Until)
	}
	expanded, err := rrule.NewRRule(*rule)
	if err != nil {
		t.Fatal(err)
	}
	var not, list []time.Time
	for _, prop := range e.Props.Values(ical.PropExceptionDates) {
		at, err := time.Parse("20060102T150405", prop.Value)
		if err != nil {
			t.Fatal(err)
		}
		not = append(not, at)
	}
	for _, at := range expanded.Between(shown(from).AddDate(0, 0, -1), shown(to).AddDate(0, 0, 1), true) {
		if !slices.ContainsFunc(not, at.Equal) {
			list = append(list, time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone))
		}
	}
	return list
}

func evaluated(s hours.Schedule, kind hours.Kind, from, to time.Time) [][2]int64 {
	var list [][2]int64
	for _, v := range s.Intervals(from, to) {
		if v.Kind == kind {
			list = append(list, [2]int64{v.From.Unix(), v.To.Unix()})
		}
	}
	return merged(list, from.Unix(), to.Unix())
}

func merged(list [][2]int64, from, to int64) [][2]int64 {
	slices.SortFunc(list, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	var whole [][2]int64
	for _, v := range list {
		v[0], v[1] = max(v[0], from), min(v[1], to)
		if n := len(whole) - 1; v[0] >= v[1] {
			continue
		} else if n >= 0 && v[0] <= whole[n][1] {
			whole[n][1] = max(whole[n][1], v[1])
			continue
		}
		whole = append(whole, v)
	}
	return whole
}

// firstDifference is the first interval of a that b does not have.
func firstDifference(a, b [][2]int64) []time.Time {
	for _, v := range a {
		if !slices.Contains(b, v) {
			return []time.Time{time.Unix(v[0], 0).UTC(), time.Unix(v[1], 0).UTC()}
		}
	}
	return nil
}

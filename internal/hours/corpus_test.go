package hours_test

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nearby/internal/hours"
)

// realValue is one line of the corpus: a value from OpenStreetMap and what the
// reference evaluator opening_hours.js says of it over two windows.
type realValue struct {
	Value, Tz      string
	Country, State string
	Lat, Lng       float64
	Error          string
	A, B           []realInterval
}

type realInterval struct {
	from, to string
	unknown  bool
}

func (v *realInterval) UnmarshalJSON(b []byte) error {
	var comment string
	return json.Unmarshal(b, &[]any{&v.from, &v.to, &v.unknown, &comment})
}

// The windows of the corpus, and the part of it that must be met.
const (
	windowA, windowAEnd = "2024-03-25", "2024-04-08"
	windowB, windowBEnd = "2024-12-20", "2025-01-03"
	leastAccepted       = 8070
	leastRight          = 0.998 // of the accepted ones without holidays: equal, or the reference is wrong
	leastRightOfAll     = 0.98  // the same of all accepted ones
)

var speaksOfHolidays = regexp.MustCompile(`(?i)\b[PS]H\b`)

// classes of the corpus that are counted apart.
var classes = []struct {
	name string
	of   *regexp.Regexp
}{
	{"public and school holidays", speaksOfHolidays},
	{"sun", regexp.MustCompile(`(?i)sun(rise|set)|dawn|dusk`)},
	{"months, weeks, dates, years", regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|week|easter|20\d\d)\b`)},
	{"comments and fallbacks", regexp.MustCompile(`"|\|\||(?i)unknown`)},
	{"open end", regexp.MustCompile(`\d\+`)},
	{"weekly", regexp.MustCompile(``)},
}

func TestRealValues(t *testing.T) {
	values := corpus(t)
	show := os.Getenv("NEARBY_SHOW") // "refused", "bold" or a kind of difference: list those values
	var accepted, refusedByBoth, bold int
	type count struct{ all, equal, wrong int } // wrong: the reference's fault
	var plain, whole count
	byClass := make([]count, len(classes))
	differ := make([][]string, len(kinds))
	reasons := map[string]int{}
	for _, v := range values {
		s, err := hours.ParseOSM(v.Value, v.Tz)
		if err != nil {
			var syntax *hours.SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(v.Value) {
				t.Fatalf("%q: %v is no SyntaxError in the text", v.Value, err)
			}
			if s := hours.Unknown(v.Value, v.Tz).At(time.Unix(0, 0)); s.Kind != hours.Doubtful {
				t.Fatalf("%q is refused, and shown as %s", v.Value, s.Kind)
			}
			reasons[syntax.Want]++
			if v.Error != "" {
				refusedByBoth++
			} else if show == "refused" {
				t.Logf("refused %q: %v", v.Value, err)
			}
			continue
		}
		if v.Error != "" {
			bold++
			if show == "bold" {
				t.Logf("accepted only by us: %q (%s)", v.Value, v.Error)
			}
			continue
		}
		accepted++
		s = v.place(s)
		kind, differs := v.kind(s)
		counts := []*count{&whole}
		if !speaksOfHolidays.MatchString(v.Value) {
			counts = append(counts, &plain)
		}
		for i := range classes {
			if classes[i].of.MatchString(v.Value) {
				counts = append(counts, &byClass[i])
				break
			}
		}
		for _, c := range counts {
			c.all++
			switch {
			case !differs:
				c.equal++
			case kinds[kind].ours:
				c.wrong++
			}
		}
		if differs {
			differ[kind] = append(differ[kind], v.Value)
			if show == kinds[kind].name {
				t.Logf("%s: %q (%s %s %s) %v", show, v.Value, v.Tz, v.Country, v.State, v.differences(s))
			}
		}
	}
	t.Logf("%d values: %d accepted by both, %d refused by both, %d refused by us alone, %d by the reference alone",
		len(values), accepted, refusedByBoth, len(values)-accepted-refusedByBoth-bold, bold)
	percent := func(a, b int) float64 { return 100 * float64(a) / float64(max(b, 1)) }
	line := func(name string, c count) {
		t.Logf("%-28s %5d: equal %5d (%.2f %%), equal or the reference is wrong %.2f %%", name, c.all, c.equal, percent(c.equal, c.all), percent(c.equal+c.wrong, c.all))
	}
	line("all accepted", whole)
	line("of them without holidays", plain)
	for i, c := range byClass {
		line("  "+classes[i].name, c)
	}
	for i, list := range differ {
		t.Logf("%4d × %s: %s", len(list), kinds[i].name, kinds[i].who)
		for _, value := range list[:min(len(list), 8)] {
			t.Logf("       %q", value)
		}
	}
	for _, want := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return cmp.Or(reasons[b]-reasons[a], cmp.Compare(a, b)) }) {
		t.Logf("%4d refused for want of %s", reasons[want], want)
	}
	if accepted < leastAccepted || percent(plain.equal+plain.wrong, plain.all) < 100*leastRight || percent(whole.equal+whole.wrong, whole.all) < 100*leastRightOfAll {
		t.Errorf("fell under %d accepted, %.3f or %.3f right", leastAccepted, leastRight, leastRightOfAll)
	}
}

// The kinds of differences, from those that are settled to those that are not.
// A value counts under the last kind that one of its differences has.
var kinds = []struct {
	name string
	ours bool // the reference is wrong
	who  string
}{
	{"monday's first hour", true, "ours. On the day after the clocks go forward the reference answers from 00:00 to 01:00 for the night before the change"},
	{"no sun", true, "ours. The reference was not told the place: for it the sun rises at 6 and sets at 18 o'clock, all year"},
	{"cut by off", true, "ours. \"Su off\" closes what would begin on Sunday; the guests of Saturday's night stay (for holidays the reference came to say so too, its issue 441)"},
	{"holiday night", true, "ours. A night belongs to the day it began on; the reference asks whether the morning after is a holiday"},
	{"holiday in doubt", false, "both. Only parts of the country have the holiday, and the data do not say which part it is; we say unknown, the reference takes a side"},
	{"inside the skipped hour", false, "both. A closing time inside the skipped hour is for us the moment of the change, for the reference as long after it as the time says"},
	{"country without calendar", false, "theirs. We say that hours may differ on holidays"},
	{"holidays", false, "by law ours: 24 December is a holiday in Poland since 2025, Easter Sunday is one in the Netherlands"},
	{"other", false, "see each"},
}

// difference is a time of which the two say different things.
type difference struct {
	from, to  time.Time
	ours, ref hours.Kind
	reason    string // of ours
}

func (d difference) String() string {
	return d.from.Format("02.01. 15:04") + d.to.Format("-15:04 ") + string(d.ours) + "/" + string(d.ref)
}

var (
	closes = regexp.MustCompile(`\b(off|closed)\b`)
	byTwo  = strings.NewReplacer("sunrise", "06:00", "sunset", "18:00", "dawn", "05:30", "dusk", "18:30")
)

// other is the last of the kinds.
var other = len(kinds) - 1

// kind is the last kind that a difference of the value has; ok is false where
// there is none.
func (v realValue) kind(s hours.Schedule) (kind int, ok bool) {
	list := v.differences(s)
	for _, d := range list {
		kind = max(kind, v.kindOf(s, d))
	}
	return kind, len(list) > 0
}

func (v realValue) kindOf(s hours.Schedule, d difference) int {
	holy := speaksOfHolidays.MatchString(v.Value)
	switch {
	case afterSkipped(d):
		return 0
	case v.agrees(byTwo.Replace(v.Value), d):
		return 1
	case v.agrees(closes.ReplaceAllString(v.Value, "00:00-24:00 off"), d):
		return 2
	case holy && d.from.Hour() < 8 && (v.holiday(d.from) || v.holiday(d.from.AddDate(0, 0, -1))):
		return 3
	case d.ours == hours.Doubtful && d.reason == hours.ReasonHoliday:
		return 4
	case besideSkipped(d):
		return 5
	case s.MayDiffer():
		return 6
	case holy:
		return 7
	}
	return other
}

// agrees reports whether another writing of the value says what the reference
// says at the time of the difference.
func (v realValue) agrees(value string, d difference) bool {
	if value == v.Value {
		return false
	}
	s, err := hours.ParseOSM(value, v.Tz)
	return err == nil && !slices.ContainsFunc(v.differences(v.place(s)), func(o difference) bool {
		return o.from.Before(d.to) && d.from.Before(o.to)
	})
}

func (v realValue) place(s hours.Schedule) hours.Schedule {
	return s.InPlace(hours.Place{Region: hours.RegionOf(v.Country, v.State, "", ""), Lat: v.Lat, Lng: v.Lng, Pinned: true})
}

// holiday reports whether the day is a public holiday at the place.
func (v realValue) holiday(day time.Time) bool {
	s, err := hours.ParseOSM("PH", v.Tz)
	if err != nil {
		panic(err)
	}
	y, m, d := day.Date()
	return v.place(s).At(time.Date(y, m, d, 12, 0, 0, 0, day.Location())).IsOpen()
}

// afterSkipped knows the reference's best known fault by its exact shape: a
// difference from midnight to one o'clock, and no longer, of a day before which
// the zone skipped an hour.
func afterSkipped(d difference) bool {
	y, m, day := d.from.Date()
	midnight := time.Date(y, m, day, 0, 0, 0, 0, d.from.Location())
	_, now := midnight.Zone()
	_, before := midnight.Add(-24 * time.Hour).Zone()
	return now > before && !d.to.After(midnight.Add(time.Hour))
}

// besideSkipped reports whether the difference begins in the hour after a
// skipped one.
func besideSkipped(d difference) bool {
	change, _ := d.from.ZoneBounds()
	_, before := change.Add(-time.Second).Zone()
	_, now := d.from.Zone()
	return now > before && d.from.Sub(change) < time.Hour
}

// differences lists what the two windows do not agree on, comments aside.
func (v realValue) differences(s hours.Schedule) []difference {
	return append(between(s, v.Tz, windowA, windowAEnd, v.A), between(s, v.Tz, windowB, windowBEnd, v.B)...)
}

func between(s hours.Schedule, zone, first, last string, want []realInterval) []difference {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	parse := func(layout, text string) time.Time {
		t, err := time.ParseInLocation(layout, text, loc)
		if err != nil {
			panic(err)
		}
		return t
	}
	from, to := parse("2006-01-02", first), parse("2006-01-02", last)
	type stretch struct {
		from, to time.Time
		kind     hours.Kind
		reason   string
	}
	var ours, ref []stretch
	edges := []time.Time{from, to}
	for _, i := range s.Intervals(from, to) {
		ours = append(ours, stretch{i.From, i.To, i.Kind, i.Reason})
		edges = append(edges, i.From, i.To)
	}
	for _, i := range want {
		x := stretch{parse("2006-01-02T15:04Z07:00", i.from), parse("2006-01-02T15:04Z07:00", i.to), hours.Open, ""}
		if i.unknown {
			x.kind = hours.Doubtful
		}
		ref = append(ref, x)
		edges = append(edges, x.from, x.to)
	}
	slices.SortFunc(edges, time.Time.Compare)
	says := func(list []stretch, t time.Time) (hours.Kind, string) {
		for _, x := range list {
			if !t.Before(x.from) && t.Before(x.to) {
				return x.kind, x.reason
			}
		}
		return hours.Closed, ""
	}
	var list []difference
	for i, at := range edges[:len(edges)-1] {
		if !at.Before(edges[i+1]) {
			continue
		}
		a, reason := says(ours, at)
		b, _ := says(ref, at)
		if a == b {
			continue
		}
		if n := len(list) - 1; n >= 0 && list[n].to.Equal(at) && list[n].ours == a && list[n].ref == b && list[n].reason == reason {
			list[n].to = edges[i+1]
			continue
		}
		list = append(list, difference{at.In(loc), edges[i+1].In(loc), a, b, reason})
	}
	return list
}

func corpus(t testing.TB) []realValue {
	t.Helper()
	dir := os.Getenv("NEARBY_TESTDATA")
	if dir == "" {
		t.Skip("NEARBY_TESTDATA is not set: the real values are not compared")
	}
	f, err := os.Open(filepath.Join(dir, "opening-hours", "osm-real-values-expected.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []realValue
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var v realValue
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

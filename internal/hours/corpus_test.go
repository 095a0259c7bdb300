package hours_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"nearby/internal/hours"
)

// realValue is one line of the corpus: a value from OpenStreetMap and what the
// reference evaluator opening_hours.js says of it over two windows.
type realValue struct {
	Value string
	Tz    string
	Error string
	A, B  []realInterval
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
	leastAccepted       = 7900
	leastEqual          = 0.96 // of the accepted ones without PH and SH
	leastRight          = 0.99 // of them, equal or the reference has a known fault
)

var speaksOfHolidays = regexp.MustCompile(`(?i)\b[PS]H\b`)

func TestRealValues(t *testing.T) {
	values := corpus(t)
	show := os.Getenv("NEARBY_SHOW") // "refused", "bold", "other": list those values
	var accepted, plain, equal, allEqual, refusedByBoth, bold int
	faults := map[string]int{}
	for _, v := range values {
		s, err := hours.ParseOSM(v.Value, v.Tz)
		if err != nil {
			var syntax *hours.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%q: %v is no SyntaxError", v.Value, err)
			}
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
		same := v.equals(s, 0)
		if same {
			allEqual++
		}
		if speaksOfHolidays.MatchString(v.Value) {
			continue
		}
		plain++
		if same {
			equal++
			continue
		}
		fault := v.fault(s)
		faults[fault]++
		if show == fault {
			t.Logf("%s: %q (%s)", fault, v.Value, v.Tz)
		}
	}
	share := float64(equal) / float64(plain)
	right := float64(equal+faults[leftOver]+faults[cutByOff]) / float64(plain)
	t.Logf("%d values: %d accepted; %d refused by both, %d accepted against the reference", len(values), accepted, refusedByBoth, bold)
	t.Logf("equal to the reference over both windows: %d of %d without holidays (%.2f %%), %d of all accepted", equal, plain, 100*share, allEqual)
	t.Logf("not equal: %v; equal or the reference is wrong: %.2f %%", faults, 100*right)
	if accepted < leastAccepted || share < leastEqual || right < leastRight {
		t.Errorf("fell under %d accepted, %.3f equal or %.3f right", leastAccepted, leastEqual, leastRight)
	}
}

// What the reference is known to do, and why we do not.
const (
	// On the Monday after the clocks went forward it keeps the place open for
	// the hour that Saturday's night lost ("Mo-Sa 10:00-02:00" is open on
	// Monday from 00:00 to 01:00).
	leftOver = "left over"
	// A rule like "Su off" also ends the night that Saturday's rule began.
	// The reference itself has given that up for holidays (its issue 441).
	cutByOff = "cut by off"
	other    = "other"
)

var closes = regexp.MustCompile(`\b(off|closed)\b`)

// fault says which known behaviour of the reference explains the difference
// fully.
func (v realValue) fault(s hours.Schedule) string {
	if v.equals(s, time.Hour) {
		return leftOver
	}
	// An express time does cut: with it we must agree.
	cut, err := hours.ParseOSM(closes.ReplaceAllString(v.Value, "00:00-24:00 off"), v.Tz)
	if err == nil && v.equals(cut, time.Hour) {
		return cutByOff
	}
	return other
}

// equals compares both windows, leaving out the first moments of the Monday
// after the clocks went forward.
func (v realValue) equals(s hours.Schedule, leaveOut time.Duration) bool {
	return within(s, v.Tz, windowA, windowAEnd, v.A, leaveOut) && within(s, v.Tz, windowB, windowBEnd, v.B, leaveOut)
}

// within compares open and doubtful times with the expected ones, comments and
// the borders between two intervals that say the same aside.
func within(s hours.Schedule, zone, from, to string, want []realInterval, leaveOut time.Duration) bool {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return false
	}
	day := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02", text, loc)
		if err != nil {
			panic(err)
		}
		return v
	}
	type stretch struct {
		from, to time.Time
		unknown  bool
	}
	var a, b []stretch
	monday := day("2024-04-01")
	add := func(list []stretch, v stretch) []stretch {
		if skip := monday.Add(leaveOut); v.from.Before(skip) && v.to.After(monday) {
			if v.from.Before(monday) {
				list = append(list, stretch{v.from, monday, v.unknown})
			}
			v.from = skip
		}
		if !v.from.Before(v.to) {
			return list
		}
		if n := len(list) - 1; n >= 0 && list[n].to.Equal(v.from) && list[n].unknown == v.unknown {
			list[n].to = v.to
			return list
		}
		return append(list, v)
	}
	for _, v := range s.Intervals(day(from), day(to)) {
		a = add(a, stretch{v.From, v.To, v.Kind == hours.Doubtful})
	}
	for _, v := range want {
		f, err1 := time.Parse("2006-01-02T15:04Z07:00", v.from)
		e, err2 := time.Parse("2006-01-02T15:04Z07:00", v.to)
		if err1 != nil || err2 != nil {
			return false
		}
		b = add(b, stretch{f, e, v.unknown})
	}
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].from.Equal(b[i].from) || !a[i].to.Equal(b[i].to) || a[i].unknown != b[i].unknown {
			return false
		}
	}
	return true
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

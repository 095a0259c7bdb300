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
	leastEqual          = 0.99 // of the accepted ones without PH and SH
)

var speaksOfHolidays = regexp.MustCompile(`(?i)\b[PS]H\b`)

func TestRealValues(t *testing.T) {
	values := corpus(t)
	var accepted, plain, equal, allEqual, refusedByBoth int
	for _, v := range values {
		s, err := hours.ParseOSM(v.Value, v.Tz)
		if err != nil {
			var syntax *hours.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%q: %v is no SyntaxError", v.Value, err)
			}
			if v.Error != "" {
				refusedByBoth++
			}
			if os.Getenv("NEARBY_SHOW") == "refused" {
				t.Logf("refused %q: %v", v.Value, err)
			}
			continue
		}
		if v.Error != "" {
			if os.Getenv("NEARBY_SHOW") == "bold" {
				t.Logf("accepted only by us: %q (%s)", v.Value, v.Error)
			}
			continue
		}
		accepted++
		holidays := speaksOfHolidays.MatchString(v.Value)
		same := within(s, v.Tz, windowA, windowAEnd, v.A) && within(s, v.Tz, windowB, windowBEnd, v.B)
		if same {
			allEqual++
		}
		if !holidays {
			plain++
			if same {
				equal++
			} else if os.Getenv("NEARBY_SHOW") == "different" {
				t.Logf("different %q (%s): A %v B %v", v.Value, v.Tz,
					within(s, v.Tz, windowA, windowAEnd, v.A), within(s, v.Tz, windowB, windowBEnd, v.B))
			}
		}
	}
	share := float64(equal) / float64(plain)
	t.Logf("%d values: %d accepted, %d refused by the reference and by us", len(values), accepted, refusedByBoth)
	t.Logf("equal to the reference: %d of %d without holidays (%.2f %%), %d of all accepted", equal, plain, 100*share, allEqual)
	if accepted < leastAccepted || share < leastEqual {
		t.Errorf("fell under %d accepted or %.3f equal", leastAccepted, leastEqual)
	}
}

// within compares open and doubtful times with the expected ones, comments and
// the borders between two intervals that say the same aside.
func within(s hours.Schedule, zone, from, to string, want []realInterval) bool {
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
	add := func(list []stretch, v stretch) []stretch {
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

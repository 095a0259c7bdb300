package hours_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"nearby/internal/hours"
)

// TestRandomInstants asks random schedules in every zone of the database at
// random instants, half of them close to a clock change, and compares with the
// oracle. NEARBY_HOURS_INSTANTS says how many; the seed is fixed.
func TestRandomInstants(t *testing.T) {
	count := 20_000
	if text := os.Getenv("NEARBY_HOURS_INSTANTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		count = n
	}
	b, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(b))
	zones := make([]*time.Location, len(names))
	for i, name := range names {
		if zones[i], err = time.LoadLocation(name); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(2026, 7))
	const each = 20 // instants of a schedule
	for asked := 0; asked < count; asked += each {
		k := r.IntN(len(zones))
		first := randomInstant(r, zones[k])
		o := randomOracle(r, zones[k], first)
		s := hours.Weekly(names[k], o.week).WithSpecial(o.special...)
		for i := range each {
			at := first.Add(time.Duration(r.IntN(6*24*60)-2*24*60) * time.Minute)
			if i%2 == 0 {
				at = first.Add(time.Duration(r.IntN(8*60)-4*60) * time.Minute)
			}
			want := o.kinds(at, 1)[0]
			got := s.At(at)
			if got.IsOpen() != (want == hours.Open) || (got.Kind == hours.Doubtful) != (want == hours.Doubtful) {
				t.Fatalf("%s in %s: %s, %s by the oracle (%s)", at.UTC(), names[k], got.Kind, want, s.Key())
			}
			if s.OpenAt(at) != got.IsOpen() {
				t.Fatalf("%s in %s: two answers whether it is open (%s)", at.UTC(), names[k], s.Key())
			}
			if got.NextChange.IsZero() {
				continue
			}
			// Just before the change it is still so, at the change not any more.
			list := o.kinds(got.NextChange.Add(-time.Minute), 2)
			if list[0] != want || list[1] == want {
				t.Fatalf("%s in %s: changes at %s, not by the oracle (%s)", at.UTC(), names[k], got.NextChange, s.Key())
			}
		}
	}
	t.Logf("%d instants in %d zones, no difference", count, len(zones))
}

// randomInstant is a minute from 1990 to 2037, half of the time that of a
// change of the zone's clock.
func randomInstant(r *rand.Rand, zone *time.Location) time.Time {
	at := time.Unix(631152000+int64(r.IntN(47*365*24*60))*60, 0).In(zone)
	if _, change := at.ZoneBounds(); r.IntN(2) == 0 && !change.IsZero() {
		at = change
	}
	return at
}

func randomOracle(r *rand.Rand, zone *time.Location, first time.Time) oracle {
	spans := func() []hours.Span {
		var list []hours.Span
		appointment := r.IntN(8) == 0
		for range r.IntN(3) {
			from := r.IntN(288) * 5
			list = append(list, hours.Span{From: from, To: from + 5 + r.IntN(288)*5, ByAppointment: appointment})
		}
		return list
	}
	o := oracle{loc: zone}
	for wd := range o.week {
		o.week[wd] = spans()
	}
	if r.IntN(2) == 0 {
		from := hours.DateOf(first).AddDays(r.IntN(4) - 1)
		o.special = []hours.Special{{From: from, To: from.AddDays(r.IntN(3)), Spans: spans(), CutsNight: r.IntN(2) == 0}}
	}
	return o
}

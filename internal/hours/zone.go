package hours

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // zones must resolve on machines without a zone database
)

// zone turns instants into wall clock seconds and back. It remembers the
// stretch between two clock changes it last looked up, because almost every
// question is about the present one.
type zone struct {
	loc  *time.Location
	last atomic.Pointer[stretch]
}

// stretch is the time between two clock changes: [from, to) in Unix seconds,
// its offset to UTC, and the offset that was valid just before from.
type stretch struct {
	from, to    int64
	off, before int64
}

const secondsPerDay = 24 * 60 * 60

var zones sync.Map // name -> *zone

// zoneNamed finds a zone by its IANA name; nil when there is none. "" and
// "Local" are refused, because they would mean this machine's zone.
func zoneNamed(name string) *zone {
	if z, ok := zones.Load(name); ok {
		return z.(*zone)
	}
	if name == "" || name == "Local" || len(name) > 64 {
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	z, _ := zones.LoadOrStore(name, &zone{loc: loc})
	return z.(*zone)
}

func (z *zone) at(unix int64) *stretch {
	if s := z.last.Load(); s != nil && unix >= s.from && unix < s.to {
		return s
	}
	t := time.Unix(unix, 0).In(z.loc)
	_, off := t.Zone()
	from, to := t.ZoneBounds()
	s := &stretch{from: math.MinInt64, to: math.MaxInt64, off: int64(off), before: int64(off)}
	if !to.IsZero() && to.Unix() <= unix || !from.IsZero() && from.Unix() > unix {
		// On the last day of far leap years ZoneBounds names a time that does
		// not hold the instant. An hour at a time is slow, but right.
		from, to = t, t.Add(time.Hour)
	}
	if !from.IsZero() {
		s.from = from.Unix()
		_, before := time.Unix(s.from-1, 0).In(z.loc).Zone()
		s.before = int64(before)
	}
	if !to.IsZero() {
		s.to = to.Unix()
	}
	z.last.Store(s)
	return s
}

// wall is what the clock on the wall shows at an instant, in seconds since
// 1970-01-01 00:00 of that clock. It never runs backwards: while an hour comes
// for the second time, the clock counts as standing just before that hour's
// end. A span that ends within the repeated hour so ends at the first of the
// two moments (RFC 5545, 3.3.5), and one that covers it lasts an hour longer.
func (z *zone) wall(unix int64) int64 {
	s := z.at(unix)
	w := unix + s.off
	if s.before > s.off {
		if end := s.from + s.before; w < end {
			return end - 1
		}
	}
	return w
}

// instant is the first moment the clock on the wall shows w or later: the
// inverse of wall. A time in a skipped hour becomes the moment of the change.
func (z *zone) instant(w int64) int64 {
	const farthest = 16 * 60 * 60 // no zone is further than this from UTC
	s := z.at(w - farthest)
	for {
		if w-s.off < s.from {
			return s.from
		}
		if w-s.off < s.to {
			return w - s.off
		}
		s = z.at(s.to)
	}
}

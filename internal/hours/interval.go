package hours

import "time"

// Interval is a time in which one thing holds: Open, or Doubtful with the
// reason. Closed times are the gaps between intervals.
type Interval struct {
	From, To time.Time // UTC; From < To
	Kind     Kind
	Reason   string
	Note     string
}

// longest is the longest time Intervals answers for.
const longest = 400 * 24 * time.Hour

// Intervals lists what is open or doubtful in [from, to), in order, cut to it.
// It looks 400 days ahead at most.
func (s Schedule) Intervals(from, to time.Time) []Interval {
	if to.Sub(from) > longest {
		to = from.Add(longest)
	}
	if !from.Before(to) {
		return nil
	}
	if s.p == nil || s.p.zone == nil {
		state := s.At(from)
		return []Interval{{From: from.UTC(), To: to.UTC(), Kind: Doubtful, Reason: state.Reason}}
	}
	p := s.p
	first := day(floorDiv(int(p.zone.wall(from.Unix())), secondsPerDay))
	last := day(floorDiv(int(p.zone.wall(to.Unix())), secondsPerDay))
	var list []Interval
	for n := first; n <= last; n++ {
		for _, piece := range p.line(n) {
			list = p.add(list, n, piece)
		}
	}
	return clip(list, from.UTC(), to.UTC())
}

// add appends a piece of day n, as one with the interval it continues.
func (p *plan) add(list []Interval, n day, piece piece) []Interval {
	midnight := int64(n) * secondsPerDay
	from := time.Unix(p.zone.instant(midnight+int64(piece.from)*60), 0).UTC()
	to := time.Unix(p.zone.instant(midnight+int64(piece.to)*60), 0).UTC()
	if !from.Before(to) {
		return list // the clock skipped it
	}
	v := Interval{From: from, To: to, Kind: Open, Reason: piece.reason, Note: piece.note}
	if piece.mode == unknown {
		v.Kind = Doubtful
	}
	if k := len(list) - 1; k >= 0 {
		if l := &list[k]; l.To.Equal(from) && l.Kind == v.Kind && l.Reason == v.Reason && l.Note == v.Note {
			l.To = to
			return list
		}
	}
	return append(list, v)
}

func clip(list []Interval, from, to time.Time) []Interval {
	kept := list[:0]
	for _, v := range list {
		if v.From.Before(from) {
			v.From = from
		}
		if v.To.After(to) {
			v.To = to
		}
		if v.From.Before(v.To) {
			kept = append(kept, v)
		}
	}
	return kept
}

package hours

import "time"

// horizon is how many days ahead a change is looked for: more than a year, so
// that every yearly rule comes by, leap days aside.
const horizon = 400

// At answers for one instant.
func (s Schedule) At(t time.Time) State {
	switch p := s.p; {
	case p == nil:
		return State{Kind: Doubtful, Reason: ReasonNotGiven}
	case p.zone == nil && (p.known || len(p.special) > 0):
		return State{Kind: Doubtful, Reason: ReasonNoZone}
	case !p.known && len(p.special) == 0:
		return State{Kind: Doubtful, Reason: p.doubt()}
	default:
		return p.at(t.Unix())
	}
}

// OpenAt reports whether the place is known to be open at t: At without the
// rest of the answer, for questions about many places.
func (s Schedule) OpenAt(t time.Time) bool {
	p := s.p
	if p == nil || p.zone == nil || !p.known && len(p.special) == 0 {
		return false
	}
	w := p.zone.wall(t.Unix())
	n := day(floorDiv(int(w), secondsPerDay))
	now, _ := within(p.line(n), int32(w-int64(n)*secondsPerDay))
	return now.mode == open
}

// Next is when the state changes next after t, in UTC: the place opens,
// closes, or becomes unknown. Zero when it never does or nobody knows.
func (s Schedule) Next(t time.Time) time.Time { return s.At(t).NextChange }

// AlwaysOpen reports whether the place never closes.
func (s Schedule) AlwaysOpen() bool {
	return s.Known() && s.p.constant && len(s.p.special) == 0 &&
		len(s.p.lines[0]) == 1 && s.p.lines[0][0].mode == open
}

// doubt is why nothing is known of an ordinary day.
func (p *plan) doubt() string {
	if p.text != "" {
		return ReasonNotUnderstood
	}
	return ReasonNotGiven
}

func (p *plan) at(unix int64) State {
	w := p.zone.wall(unix)
	now, change := p.look(w)
	state := State{Kind: Closed, Reason: now.reason, Note: now.note}
	if change != never {
		state.NextChange = p.moment(w, now.mode, change)
	}
	switch now.mode {
	case unknown:
		state.Kind = Doubtful
	case open:
		state.Kind = Open
		if !state.NextChange.IsZero() && state.NextChange.Unix()-unix <= int64(Soon/time.Second) {
			if after, _ := p.look(p.zone.wall(state.NextChange.Unix())); after.mode == closed {
				state.Kind = ClosingSoon
			}
		}
	}
	return state
}

const never = int64(1<<63 - 1)

// moment is the instant of a change that lies at a wall clock time. A change
// inside a skipped hour may be undone by another within the same hour; then it
// never happened, and the next one counts.
func (p *plan) moment(w int64, now mode, change int64) time.Time {
	for change != never {
		at := p.zone.instant(change)
		after := p.zone.wall(at)
		if after == change {
			return time.Unix(at, 0).UTC()
		}
		piece, next := p.look(after)
		if piece.mode != now {
			return time.Unix(at, 0).UTC()
		}
		change = next
	}
	return time.Time{}
}

// look is what holds at a wall clock time, and the wall clock time at which
// the mode next changes.
func (p *plan) look(w int64) (piece, int64) {
	n := day(floorDiv(int(w), secondsPerDay))
	now, change := within(p.line(n), int32(w-int64(n)*secondsPerDay))
	if now.mode == closed {
		if s := p.onSpecial(n); s != nil {
			now.reason, now.note = ReasonSpecial, s.Reason
		}
	}
	if change < secondsPerDay {
		return now, int64(n)*secondsPerDay + int64(change)
	}
	for next := n + 1; next <= n+horizon; next++ {
		if p.constant && next > n+1 && p.onSpecial(next-1) == nil {
			if next = p.specialFrom(next); next == 0 {
				break
			}
		}
		first, change := within(p.line(next), 0)
		if first.mode != now.mode {
			return now, int64(next) * secondsPerDay
		}
		if change < secondsPerDay {
			return now, int64(next)*secondsPerDay + int64(change)
		}
	}
	return now, never
}

// within finds what holds at a second of a day's line, and the second at which
// the mode changes; that is the day's end where it does not.
func within(line []piece, second int32) (piece, int32) {
	var now piece
	for i, p := range line {
		from, to := p.from*60, p.to*60
		switch {
		case to <= second:
			continue
		case from > second:
			return now, from
		}
		now = p
		for _, q := range line[i+1:] {
			if q.from*60 != to || q.mode != now.mode {
				break
			}
			to = q.to * 60
		}
		return now, to
	}
	return now, secondsPerDay
}

// specialFrom is the first day from n on that some special day touches, or 0.
func (p *plan) specialFrom(n day) day {
	for i := range p.special {
		if s := &p.special[i]; s.to >= n {
			return max(s.from, n)
		}
	}
	return 0
}

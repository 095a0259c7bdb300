package hours

// assumption answers what a calendar leaves open. Where the answers to both
// assumptions differ, the time is doubtful (see blend).
type assumption struct {
	p              *plan
	public, school bool
}

// holds reports whether day n is the holiday, or its offset after one.
func (a assumption) holds(h holiday, n day) bool {
	if a.p == nil {
		return false
	}
	assumed := a.public
	if h.school {
		assumed = a.school
	}
	switch a.p.holiday(h, n) {
	case yes:
		return true
	case maybe:
		return assumed
	default:
		return false
	}
}

// holiday is what is known of a day. Nobody publishes school holidays as facts
// that we could keep, so each day may be one. Where the country's public
// holidays are not known, days count as ordinary ones and MayDiffer says so.
func (p *plan) holiday(h holiday, n day) truth {
	if h.school {
		return maybe
	}
	if p.calendar == nil {
		return no
	}
	return p.calendar.on(n - day(h.offset))
}

// assumptions is each way in which day n and the night before may be, in ways.
func (p *plan) assumptions(n day, ways []assumption) []assumption {
	ways = append(ways, assumption{p: p})
	if !p.holy {
		return ways
	}
	var public, school bool
	for i := range p.rules {
		if public && school {
			break
		}
		for _, h := range p.rules[i].holidays {
			if p.holiday(h, n) == maybe || p.holiday(h, n-1) == maybe {
				public, school = public || !h.school, school || h.school
			}
		}
	}
	if public {
		ways = append(ways, assumption{p: p, public: true})
	}
	if school {
		for _, a := range ways {
			a.school = true
			ways = append(ways, a)
		}
	}
	return ways
}

// blend keeps of two lists what they agree on; the rest is doubtful.
func blend(a, b []piece) []piece {
	var list []piece
	for at := int32(0); at < lastMinute; {
		x, endX := covering(a, at)
		y, endY := covering(b, at)
		to := min(endX, endY)
		switch {
		case !x.says(y):
			list = join(list, piece{from: at, to: to, mode: unknown, reason: ReasonHoliday})
		case x.mode != closed:
			x.from, x.to = at, to
			list = join(list, x)
		}
		at = to
	}
	return list
}

// covering is what a sorted list says at a minute, and until when.
func covering(list []piece, at int32) (piece, int32) {
	for _, p := range list {
		if p.from > at {
			return piece{}, p.from
		}
		if p.to > at {
			return p, p.to
		}
	}
	return piece{}, lastMinute
}

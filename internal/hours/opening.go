package hours

import "fmt"

// opening is a Span whose ends may follow the sun. An end with an event counts
// in minutes from it, and the Span's field for it says nothing.
type opening struct {
	Span
	from, to bound
}

// bound is a moment of the sun and the minutes after it.
type bound struct {
	event  event
	offset int
}

func fixed(s Span) opening { return opening{Span: s} }

func (o opening) sunny() bool { return o.from.event != clock || o.to.event != clock }

func (r *rule) sunny() bool {
	for _, o := range r.times {
		if o.sunny() {
			return true
		}
	}
	return false
}

// pieces is what an opening of a rule gives on day n.
func (p *plan) pieces(n day, o opening, m mode, note string) [2]piece {
	if !o.sunny() {
		return spanPieces(o.Span, m, note)
	}
	if !p.place.Pinned || p.zone == nil {
		return doubtfulSun(o, ReasonNoPin)
	}
	s, ok := p.bySun(n, o)
	if !ok {
		return doubtfulSun(o, ReasonSun)
	}
	return spanPieces(s, m, note)
}

// doubtfulSun is the widest time the opening may have.
func doubtfulSun(o opening, reason string) [2]piece {
	w := piece{from: 0, to: minutesPerDay, mode: unknown, reason: reason}
	if o.from.event == clock {
		w.from = int32(o.Span.From)
	}
	if o.to.event == clock && int32(o.Span.To) > w.from {
		w.to = int32(o.Span.To)
	}
	return [2]piece{w}
}

// bySun is the opening on day n. A closing time by the evening sun that lies
// before a fixed opening time means that the place does not open that day; one
// by the morning sun is the next day's. In the polar day a span from morning to
// evening is the whole day, in the polar night nothing; what else such a day
// makes of a span nobody has said, and ok is false.
func (p *plan) bySun(n day, o opening) (s Span, ok bool) {
	s = o.Span
	wide := o.from.event.morning() && o.to.event != clock && !o.to.event.morning()
	if o.from.event != clock {
		minute, sky := p.sunMinute(o.from.event, n)
		switch {
		case sky == staysUp && wide:
			return Span{To: minutesPerDay}, true
		case sky == staysDown && wide:
			return Span{}, true
		case sky != happens:
			return s, false
		}
		s.From = max(minute+o.from.offset, 0)
	}
	if o.to.event != clock {
		minute, sky := p.sunMinute(o.to.event, n)
		if sky != happens {
			return s, false
		}
		s.To = minute + o.to.offset
		if s.To <= s.From && (o.to.event.morning() || o.from.event != clock && !o.from.event.morning()) {
			if minute, sky = p.sunMinute(o.to.event, n+1); sky != happens {
				return s, false
			}
			s.To = minute + o.to.offset + minutesPerDay
		}
	} else if s.OpenEnd && o.Span.From == o.Span.To {
		s.To = s.From
	} else if s.To <= s.From {
		s.To += minutesPerDay
	}
	if s.From >= minutesPerDay || s.To < s.From || s.To == s.From && !s.OpenEnd {
		return Span{}, true
	}
	s.To = min(s.To, lastMinute)
	return s, true
}

// atSun reports whether a time of the sun begins with t.
func (p *parser) atSun(t token) bool {
	if t.is("(") {
		t = scan(p.src, t.end)
	}
	_, ok := events[t.text]
	return t.kind == tokenWord && ok
}

func (p *parser) atTime(t token) bool { return p.isTime(t) || p.atSun(t) }

// opening reads "09:00-18:00", "sunrise-(sunset-00:30)" or "sunset+".
func (p *parser) opening() (opening, error) {
	if !p.atSun(p.tok) {
		if s, ok, err := p.fixedSpan(); ok || err != nil {
			return fixed(s), err
		}
	}
	var o opening
	var err error
	if p.atSun(p.tok) {
		o.from, err = p.bound()
	} else {
		o.Span.From, err = p.clock(minutesPerDay - 1)
	}
	if err != nil {
		return o, err
	}
	o.Span.To = o.Span.From
	switch {
	case p.take("+"):
		o.OpenEnd = true
		return o, nil
	case !p.tok.is("-"):
		return o, p.unexpected("a dash and the closing time")
	}
	p.next()
	if p.atSun(p.tok) {
		o.to, err = p.bound()
	} else {
		o.Span.To, err = p.clock(lastMinute)
	}
	if err != nil {
		return o, err
	}
	if o.from.event != clock && o.to.event == clock && o.Span.To == 0 {
		o.Span.To = minutesPerDay
	}
	o.OpenEnd = p.take("+")
	return o, nil
}

// fixedSpan reads a span of clock times; ok is false, and nothing read, where
// the sun closes it.
func (p *parser) fixedSpan() (s Span, ok bool, err error) {
	before := *p
	if _, err := p.clock(minutesPerDay - 1); err == nil && p.tok.is("-") && p.atSun(p.peek()) {
		*p = before
		return s, false, nil
	}
	*p = before
	s, err = p.span()
	return s, true, err
}

// bound reads "sunset" or "(sunset-00:30)".
func (p *parser) bound() (bound, error) {
	open := p.take("(")
	b := bound{event: events[p.tok.text]}
	p.next()
	if !open {
		return b, nil
	}
	sign := 1
	switch {
	case p.take("-"):
		sign = -1
	case !p.take("+"):
		return b, p.unexpected("\"+\" or \"-\"")
	}
	minutes, err := p.clock(minutesPerDay - 1)
	if err != nil {
		return b, err
	}
	b.offset = sign * minutes
	if !p.take(")") {
		return b, p.unexpected("\")\"")
	}
	return b, nil
}

func (b bound) text(minute int) string {
	switch {
	case b.event == clock:
		return clockText(minute)
	case b.offset == 0:
		return eventNames[b.event]
	case b.offset < 0:
		return fmt.Sprintf("(%s-%s)", eventNames[b.event], clockText(-b.offset))
	default:
		return fmt.Sprintf("(%s+%s)", eventNames[b.event], clockText(b.offset))
	}
}

// String is the opening in OpenStreetMap notation.
func (o opening) String() string {
	if !o.sunny() {
		return o.Span.String()
	}
	from := o.from.text(o.Span.From)
	if o.OpenEnd && o.to.event == clock && o.Span.From == o.Span.To {
		return from + "+"
	}
	text := from + "-" + o.to.text(o.Span.To)
	if o.OpenEnd {
		text += "+"
	}
	return text
}

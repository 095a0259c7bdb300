package hours

import (
	"slices"
	"strings"
)

// ParseSpans reads what people type into an hours form for one day: "9-18",
// "9am-5.30pm", "11:30–21:00, 18-2", "17:00+", "24h". Nothing, "closed" and
// "off" are a closed day. The spans come back sorted; those that overlap are
// refused, as is all that is not understood, with a *SyntaxError.
func ParseSpans(text string) ([]Span, error) {
	p := &parser{src: text}
	p.next()
	if len(text) > longestValue {
		return nil, &SyntaxError{Pos: longestValue, Want: "a shorter text"}
	}
	if p.tok.kind == tokenEnd {
		return nil, nil
	}
	if p.allDay() {
		return []Span{{From: 0, To: minutesPerDay}}, nil
	}
	if p.tok.kind == tokenWord && (p.tok.text == "closed" || p.tok.text == "off") {
		p.next()
		if p.tok.kind != tokenEnd {
			return nil, p.unexpected("the end")
		}
		return nil, nil
	}
	var list []Span
	for {
		at := p.tok
		s, err := p.typedSpan()
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			if s.From < max(o.To, o.From+1) && o.From < max(s.To, s.From+1) {
				return nil, p.refuse(at, "a time that does not overlap the others")
			}
		}
		list = append(list, s)
		if p.tok.kind == tokenEnd {
			break
		}
		if !p.take(",") && !p.take(";") && !p.takeWord("and") && !p.takeWord("und") {
			return nil, p.unexpected("a comma or the end")
		}
	}
	slices.SortFunc(list, func(a, b Span) int { return a.From - b.From })
	return list, nil
}

// allDay steps over "24h" or "24 hours" when that is all there is.
func (p *parser) allDay() bool {
	switch strings.ToLower(strings.Join(strings.Fields(p.src), " ")) {
	case "24h", "24 h", "24 hours", "24/7":
		return true
	}
	return false
}

func (p *parser) takeWord(word string) bool {
	if p.tok.kind != tokenWord || p.tok.text != word {
		return false
	}
	p.next()
	return true
}

// half is the half of the day a typed time names.
type half uint8

const (
	noHalf half = iota
	am
	pm
)

// typedSpan reads "9-18", "9am-5.30pm", "9-5pm", "17:00+".
func (p *parser) typedSpan() (Span, error) {
	at := p.tok
	from, first, err := p.typedTime()
	if err != nil {
		return Span{}, err
	}
	if p.take("+") {
		from = inHalf(from, first)
		if from >= minutesPerDay {
			return Span{}, p.refuse(at, "a time before 24:00")
		}
		return Span{From: from, To: from, OpenEnd: true}, nil
	}
	if !p.take("-") && !p.takeWord("to") && !p.takeWord("bis") {
		return Span{}, p.unexpected("a dash and the closing time")
	}
	to, second, err := p.typedTime()
	if err != nil {
		return Span{}, err
	}
	if first == noHalf && second != noHalf {
		// "9-11am" is one half; "9-5pm" can only begin in the morning.
		first = second
		if from%(12*60) >= to%(12*60) {
			first = am + pm - second
		}
	}
	from, to = inHalf(from, first), inHalf(to, second)
	if from >= minutesPerDay {
		return Span{}, p.refuse(at, "a time before 24:00")
	}
	if to <= from {
		to += minutesPerDay
	}
	s := Span{From: from, To: to}
	s.OpenEnd = p.take("+")
	if !s.valid() {
		return s, p.refuse(at, "a closing time within the next day")
	}
	return s, nil
}

// typedTime reads "9", "9:30", "9.30", "0930", "9h30", "9 Uhr", "9am".
func (p *parser) typedTime() (int, half, error) {
	t := p.tok
	if t.kind == tokenWord && (t.text == "noon" || t.text == "midnight") {
		p.next()
		if t.text == "noon" {
			return 12 * 60, noHalf, nil
		}
		return 0, noHalf, nil
	}
	if t.kind != tokenNumber || len(t.text) > 4 || len(t.text) == 3 {
		return 0, noHalf, p.unexpected("a time like 9 or 9:30")
	}
	hour, minute := t.num, 0
	p.next()
	switch {
	case len(t.text) == 4:
		hour, minute = t.num/100, t.num%100
	case p.tok.is(":"), p.tok.is("."), p.tok.text == "h" && p.peek().kind == tokenNumber && !p.peek().space:
		p.next()
		if p.tok.kind != tokenNumber || len(p.tok.text) != 2 {
			return 0, noHalf, p.unexpected("minutes like 30")
		}
		minute = p.tok.num
		p.next()
	case p.tok.text == "h":
		p.next()
	}
	h := p.half()
	if minute > 59 || hour > 48 || hour*60+minute > lastMinute || h != noHalf && (hour < 1 || hour > 12) {
		return 0, noHalf, p.refuse(t, "a time of the day")
	}
	p.takeWord("uhr")
	return hour*60 + minute, h, nil
}

// half reads "am", "p.m." and the like.
func (p *parser) half() half {
	if p.tok.kind != tokenWord {
		return noHalf
	}
	switch p.tok.text {
	case "am":
		p.next()
		return am
	case "pm":
		p.next()
		return pm
	case "a", "p":
		h := am
		if p.tok.text == "p" {
			h = pm
		}
		p.next()
		if p.take(".") {
			p.takeWord("m")
			p.take(".")
		}
		return h
	}
	return noHalf
}

// inHalf is a time of a twelve-hour clock in minutes from midnight.
func inHalf(minute int, h half) int {
	switch h {
	case am:
		return minute % (12 * 60)
	case pm:
		return minute%(12*60) + 12*60
	default:
		return minute
	}
}

// FormatSpans writes spans as OpenStreetMap does, "09:00-12:00,14:00-18:00";
// ParseSpans reads it back, appointments aside.
func FormatSpans(spans []Span) string { return joined(spans, Span.String) }

package hours

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestValue is the longest text ParseOSM reads, in bytes. (OpenStreetMap
// itself ends at 255 characters.)
const longestValue = 1024

// ParseOSM reads an OpenStreetMap opening_hours value for a place in an IANA
// time zone. What it does not know it refuses with a *SyntaxError; keep the
// text with Unknown then. Beyond the specification it takes letters of either
// case, one-digit hours, and the dashes people type.
//
// https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
func ParseOSM(value, zone string) (Schedule, error) {
	if zoneNamed(zone) == nil {
		return Schedule{}, &SyntaxError{Word: zone, Want: "an IANA time zone"}
	}
	rules, err := parseRules(value)
	if err != nil {
		return Schedule{}, err
	}
	return finish(&plan{zoneName: zone, known: true, rules: rules}), nil
}

func parseRules(value string) ([]rule, error) {
	if len(value) > longestValue {
		return nil, &SyntaxError{Pos: longestValue, Want: "a text of at most 1024 bytes; more"}
	}
	for i, r := range value {
		if r == utf8.RuneError && !strings.HasPrefix(value[i:], "\uFFFD") || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return nil, &SyntaxError{Pos: i, Word: value[i : i+1], Want: "printable text"}
		}
	}
	p := &parser{src: value}
	p.next()
	var rules []rule
	joint := byte(';')
	for {
		for p.take(";") { // empty rules are harmless
			joint = ';'
		}
		if p.tok.kind == tokenEnd {
			break
		}
		r, err := p.rule()
		if err != nil {
			return nil, err
		}
		r.join = joint
		rules = append(rules, r)
		switch {
		case p.tok.kind == tokenEnd, p.tok.is(";"):
			joint = ';'
		case p.take(","):
			joint = ','
		case p.take("||"):
			joint = '|'
		default:
			return nil, p.unexpected("a time, \";\" or the end")
		}
		if joint != ';' && p.tok.kind == tokenEnd {
			return nil, p.unexpected("another rule")
		}
	}
	if len(rules) == 0 {
		return nil, p.unexpected("a rule")
	}
	return rules, nil
}

// rule reads selectors, times, and what is said of them.
func (p *parser) rule() (rule, error) {
	var r rule
	start := p.tok
	r.mode = open
	if p.tok.kind == tokenNumber && p.tok.num == 24 && p.peek().is("/") {
		p.next()
		p.next()
		if p.tok.kind != tokenNumber || p.tok.num != 7 {
			return r, p.unexpected("24/7")
		}
		p.next()
		r.always = true
	} else {
		if err := p.selectors(&r); err != nil {
			return r, err
		}
		if p.atTime(p.tok) {
			if err := p.times(&r); err != nil {
				return r, err
			}
		}
	}
	said := p.modifier(&r)
	if p.tok.kind == tokenComment {
		r.note = strings.TrimSpace(p.tok.text)
		if !said {
			r.mode = unknown
		}
		p.next()
	}
	if p.tok.pos == start.pos {
		return r, p.unexpected("a day, a time or a state")
	}
	return r, nil
}

// modifier reads open, closed or unknown.
func (p *parser) modifier(r *rule) bool {
	if p.tok.kind != tokenWord {
		return false
	}
	switch p.tok.text {
	case "open":
		r.mode = open
	case "off", "closed":
		r.mode = closed
	case "unknown":
		r.mode = unknown
	default:
		return false
	}
	p.next()
	return true
}

// isTime reports whether a clock time begins with t.
func (p *parser) isTime(t token) bool {
	if t.kind != tokenNumber || len(t.text) > 2 {
		return false
	}
	colon := scan(p.src, t.end)
	minute := scan(p.src, colon.end)
	// "Dec 31: 14:00" is a day and a time, not "31:14".
	return colon.is(":") && minute.kind == tokenNumber && !(minute.space && t.num > 24)
}

// times reads "09:00-12:00,14:00-sunset".
func (p *parser) times(r *rule) error {
	for {
		o, err := p.opening()
		if err != nil {
			return err
		}
		r.times = append(r.times, o)
		if !p.tok.is(",") {
			return nil
		}
		// A comma before anything but a time begins an additional rule.
		if !p.atTime(p.peek()) {
			return nil
		}
		p.next()
	}
}

// span reads "09:00-18:00", "17:00+" or "17:00-20:00+".
func (p *parser) span() (Span, error) {
	first := p.tok
	from, err := p.clock(minutesPerDay - 1)
	if err != nil {
		return Span{}, err
	}
	s := Span{From: from, To: from}
	switch {
	case p.take("+"):
		s.OpenEnd = true
	case p.take("-"):
		if s.To, err = p.clock(lastMinute); err != nil {
			return s, err
		}
		if s.To <= s.From {
			s.To += minutesPerDay
		}
		if p.tok.is("/") {
			return s, p.unexpected("a span without steps")
		}
		s.OpenEnd = p.take("+")
	default:
		return s, p.refuse(first, "a span, not a single time")
	}
	return s, nil
}

// clock reads "9:00" or "26:30", in minutes.
func (p *parser) clock(most int) (int, error) {
	if !p.isTime(p.tok) {
		return 0, p.unexpected("a time like 09:30")
	}
	hour := p.tok
	p.next()
	p.next()
	if p.tok.kind != tokenNumber || len(p.tok.text) != 2 || p.tok.num > 59 {
		return 0, p.unexpected("minutes like 30")
	}
	v := hour.num*60 + p.tok.num
	if v > most {
		return 0, p.refuse(hour, "an earlier hour")
	}
	p.next()
	return v, nil
}

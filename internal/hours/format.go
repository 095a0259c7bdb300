package hours

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// OSM is the hours in OpenStreetMap opening_hours notation, special days not
// included; empty when they are not known. ParseOSM reads it back to an equal
// schedule.
func (s Schedule) OSM() string {
	if s.p == nil {
		return ""
	}
	return s.p.canonical
}

// osm writes the rules in one form. Hours that repeat every week and heed no
// holidays are written by what they mean, so that every way of writing them
// ends in one text; others rule by rule.
func (p *plan) osm() string {
	if p.weekly && !p.holy {
		if text, ok := p.weekText(); ok {
			return text
		}
	}
	var b strings.Builder
	for i := range p.rules {
		if i > 0 {
			b.WriteString(map[byte]string{';': "; ", ',': ", ", '|': " || "}[p.rules[i].join])
		}
		p.rules[i].write(&b)
	}
	return b.String()
}

// weekText writes the weekly table. It reports false where the notation has no
// words for a piece (an open end that another rule cut short).
func (p *plan) weekText() (string, bool) {
	if p.constant && len(p.usual[0]) == 1 && p.usual[0][0] == (piece{to: minutesPerDay, mode: open}) {
		return "24/7", true
	}
	var rules []rule
	var done [7]bool
	for wd := range 7 {
		if done[wd] || len(p.usual[wd]) == 0 {
			continue
		}
		var days [7]bool
		for other := wd; other < 7; other++ {
			if slices.Equal(p.usual[other], p.usual[wd]) {
				days[other], done[other] = true, true
			}
		}
		list, ok := dayRules(p.usual[wd])
		if !ok {
			return "", false
		}
		for i := range list {
			list[i].days = groupDays(days)
			if i > 0 || p.overnight() {
				list[i].join = ','
			}
		}
		rules = append(rules, list...)
	}
	if len(rules) == 0 {
		return "off", true
	}
	var b strings.Builder
	for i := range rules {
		if i > 0 {
			b.WriteString(map[byte]string{';': "; ", ',': ", "}[rules[i].join])
		}
		rules[i].write(&b)
	}
	return b.String(), true
}

// overnight reports whether some night runs past midnight: then a semicolon
// between two days would cut it (see cutter).
func (p *plan) overnight() bool {
	for _, list := range p.usual {
		if n := len(list); n > 0 && list[n-1].to > minutesPerDay {
			return true
		}
	}
	return false
}

// dayRules turns the pieces of a day back into rules, one for each state and
// note.
func dayRules(pieces []piece) ([]rule, bool) {
	var list []rule
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		s := Span{From: int(p.from), To: int(p.to)}
		r := rule{join: ';', mode: p.mode, note: p.note}
		switch p.reason {
		case ReasonOpenEnd:
			s.To, s.OpenEnd = s.From, true
			r.mode = open
			if s.end() != int(p.to) {
				return nil, false
			}
		default:
			if i+1 < len(pieces) && p.mode == open {
				if q := pieces[i+1]; q.reason == ReasonOpenEnd && q.from == p.to && q.note == p.note {
					s.OpenEnd = true
					if s.end() != int(q.to) {
						return nil, false
					}
					i++
				}
			}
		}
		if !s.valid() || p.mode == closed {
			return nil, false
		}
		if n := len(list) - 1; n >= 0 && list[n].mode == r.mode && list[n].note == r.note {
			list[n].times = append(list[n].times, fixed(s))
			continue
		}
		r.times = []opening{fixed(s)}
		list = append(list, r)
	}
	return list, true
}

// groupDays writes a set of weekdays as ranges; nil for all seven.
func groupDays(days [7]bool) []dayRange {
	if days == [7]bool{true, true, true, true, true, true, true} {
		return nil
	}
	var list []dayRange
	for wd := 0; wd < 7; wd++ {
		if !days[wd] {
			continue
		}
		from := wd
		for wd < 6 && days[wd+1] {
			wd++
		}
		if wd == from+1 {
			list = append(list, dayRange{from: from, to: from})
			from = wd
		}
		list = append(list, dayRange{from: from, to: wd})
	}
	return list
}

func (r *rule) write(b *strings.Builder) {
	if r.always {
		b.WriteString("24/7")
	}
	parts := []string{
		joined(r.years, func(s stepRange) string { return s.text("%d") }),
		joined(r.dates, dateRange.text),
		joined(r.weeks, func(s stepRange) string { return s.text("%02d") }),
		r.dayText(),
		joined(r.times, opening.String),
		r.modeText(),
	}
	if parts[2] != "" {
		parts[2] = "week " + parts[2]
	}
	if r.always && parts[5] == "open" {
		parts[5] = ""
	}
	if r.note != "" {
		parts = append(parts, `"`+r.note+`"`)
	}
	for _, part := range parts {
		if part == "" {
			continue
		}
		if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
			b.WriteByte(' ')
		}
		b.WriteString(part)
	}
}

// modeText is the state where it has to be said.
func (r *rule) modeText() string {
	switch {
	case r.mode == closed:
		return "off"
	case r.mode == open && (r.note != "" || len(r.times) == 0):
		return "open"
	case r.mode == unknown && r.note == "":
		return "unknown"
	default:
		return ""
	}
}

func (r *rule) dayText() string {
	days := joined(r.days, dayRange.text)
	holidays := joined(r.holidays, holiday.text)
	switch {
	case days == "" || holidays == "":
		return days + holidays
	case r.both:
		return holidays + " " + days
	default:
		return holidays + "," + days
	}
}

func joined[T any](list []T, text func(T) string) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = text(v)
	}
	return strings.Join(parts, ",")
}

func (r stepRange) text(format string) string {
	text := fmt.Sprintf(format, r.from)
	switch {
	case r.to == 9999:
		text += "+"
	case r.to != r.from:
		text += fmt.Sprintf("-"+format, r.to)
	}
	if r.step > 1 {
		text += "/" + strconv.Itoa(r.step)
	}
	return text
}

func (r dayRange) text() string {
	text := weekdayNames[r.from]
	if r.to != r.from {
		text += "-" + weekdayNames[r.to]
	}
	if len(r.nth) > 0 {
		text += "[" + joined(r.nth, strconv.Itoa) + "]"
	}
	return text + offsetText(r.offset)
}

func (h holiday) text() string {
	if h.school {
		return "SH" + offsetText(h.offset)
	}
	return "PH" + offsetText(h.offset)
}

func offsetText(n int) string {
	switch n {
	case 0:
		return ""
	case 1, -1:
		return fmt.Sprintf(" %+d day", n)
	default:
		return fmt.Sprintf(" %+d days", n)
	}
}

func (r dateRange) text() string {
	text := r.from.text()
	switch {
	case r.openEnd:
		text += "+"
	case r.to != r.from:
		text += "-" + r.to.text()
	}
	return text
}

func (a anchor) text() string {
	var b strings.Builder
	if a.year != 0 {
		fmt.Fprintf(&b, "%d ", a.year)
	}
	if a.easter {
		b.WriteString("easter")
	} else {
		b.WriteString(monthNames[a.month-1])
	}
	if a.day > 0 {
		fmt.Fprintf(&b, " %02d", a.day)
	}
	if a.nth != 0 {
		fmt.Fprintf(&b, " %s[%d]", weekdayNames[a.wd], a.nth)
	}
	return b.String() + offsetText(a.offset)
}

package hours

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Words are a language's words for hours.
type Words struct {
	// Text is the text of an id ("said.closed") with names and values in pairs;
	// the plural follows an int named "N".
	Text   func(id string, pairs ...any) string
	Days   [7]string // short, Monday first
	Months [12]string
}

// Sentences are the hours in the words of a language: the usual hours first
// ("Mon–Sat 11:30–21:00, Sun from 15:00"), then a sentence for each special day
// that is not over. A sentence says exactly what the rules say: where a language
// has no words for a rule, the hours stand in OpenStreetMap notation instead. Of
// usual hours that nobody knows nothing is said.
func (s Schedule) Sentences(w Words, now time.Time) []string {
	p := s.p
	if p == nil || p.zone == nil {
		return nil
	}
	var list []string
	if p.known {
		text, ok := w.usual(p)
		if !ok {
			text = p.canonical
		}
		list = append(list, text)
	}
	today := day(floorDiv(int(p.zone.wall(now.Unix())), secondsPerDay))
	for _, sp := range p.special {
		if sp.to >= today {
			list = append(list, w.special(sp.Special))
		}
	}
	return list
}

// usual is the sentence of the rules; false where it would not be exact.
func (w Words) usual(p *plan) (string, bool) {
	if p.weekly && !p.holy {
		if _, ok := p.weekText(); ok {
			return capital(w.week(p)), true
		}
	}
	var b strings.Builder
	for i := range p.rules {
		r := &p.rules[i]
		text, ok := w.rule(r)
		switch {
		case !ok, i > 0 && r.join == ';' && !r.dated():
			return "", false // what it adds to the rule before has no plain words
		case i > 0 && r.join == ',' && r.mode != closed:
			text = w.Text("said.also", "What", text)
		case i > 0 && r.join == '|':
			text = w.Text("said.otherwise", "What", text)
		}
		if i > 0 {
			b.WriteString(w.Text("said.semicolon"))
		}
		b.WriteString(text)
	}
	return capital(b.String()), true
}

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// week says a weekly table, days of the same hours together and closed days
// last.
func (w Words) week(p *plan) string {
	if p.constant && len(p.usual[0]) == 1 && p.usual[0][0] == (piece{to: minutesPerDay, mode: open}) {
		return w.Text("said.always")
	}
	var parts []string
	var done, shut [7]bool
	for wd := range 7 {
		if len(p.usual[wd]) == 0 {
			shut[wd] = true
		}
		if done[wd] || shut[wd] {
			continue
		}
		var same [7]bool
		for other := wd; other < 7; other++ {
			if slices.Equal(p.usual[other], p.usual[wd]) {
				same[other], done[other] = true, true
			}
		}
		var times []string
		for _, d := range daySpans(p.usual[wd]) {
			times = append(times, w.Times(d))
		}
		parts = append(parts, w.dayGroup(same)+" "+w.and(times))
	}
	if len(parts) == 0 {
		return w.Text("said.never")
	}
	if shut != [7]bool{} {
		parts = append(parts, w.dayGroup(shut)+" "+w.Text("said.closed"))
	}
	return strings.Join(parts, w.Text("said.comma"))
}

// dayGroup is a set of weekdays: "Mon–Fri", "Every day".
func (w Words) dayGroup(days [7]bool) string {
	list := groupDays(days)
	if list == nil {
		return w.Text("said.daily")
	}
	parts := make([]string, len(list))
	for i, d := range list {
		parts[i] = w.weekdays(d)
	}
	return strings.Join(parts, w.Text("said.comma"))
}

func (w Words) weekdays(d dayRange) string {
	if d.from == d.to {
		return w.Days[d.from]
	}
	return w.Days[d.from] + "–" + w.Days[d.to]
}

// Times is an opening time with what is uncertain of it: "09:00–12:00 by
// appointment".
func (w Words) Times(d DaySpan) string {
	text := w.span(d.Span)
	switch {
	case d.ByAppointment:
		return w.Text("said.by_appointment", "What", text)
	case d.Kind == Doubtful && !d.OpenEnd:
		text = w.Text("said.perhaps", "What", text)
	}
	return w.noted(text, d.Note)
}

func (w Words) noted(text, note string) string {
	if note == "" {
		return text
	}
	return w.Text("said.note", "What", text, "Note", note)
}

// span is an opening time: "09:00–18:00", "from 17:00", "24 hours".
func (w Words) span(s Span) string {
	switch {
	case s == (Span{To: minutesPerDay}) || s == (Span{To: minutesPerDay, ByAppointment: true}):
		return w.Text("said.all_day")
	case s.OpenEnd && s.From == s.To:
		return w.Text("said.from", "Time", clockText(s.From))
	}
	return w.between(clockText(s.From), clockText(closing(s)), s.OpenEnd)
}

// closing is the minute at which the clock on the wall closes a span; it goes on
// counting where the span is longer than a day.
func closing(s Span) int {
	if s.To > minutesPerDay && s.To-minutesPerDay <= s.From {
		return s.To - minutesPerDay
	}
	return s.To
}

func (w Words) between(from, to string, openEnd bool) string {
	text := w.Text("said.span", "From", from, "To", to)
	if openEnd {
		text = w.Text("said.or_later", "What", text)
	}
	return text
}

// and joins times: "09:00–12:00, 13:00–15:00 and 16:00–18:00".
func (w Words) and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], w.Text("said.comma")) + w.Text("said.and") + list[last]
}

// special is the sentence of a special day or closure.
func (w Words) special(s Special) string {
	days := w.date(anchor{year: s.From.Year, month: int(s.From.Month), day: s.From.Day})
	if s.To != s.From {
		days = w.Text("said.to", "From", days, "To", w.date(anchor{year: s.To.Year, month: int(s.To.Month), day: s.To.Day}))
	}
	text := w.Text("said.closed")
	if !s.Closed() {
		var times []string
		for _, span := range s.Spans {
			times = append(times, w.Times(DaySpan{Span: span, Kind: Open}))
		}
		text = w.and(times)
	}
	if s.CutsNight {
		text += w.Text("said.comma") + w.Text("said.cuts_night")
	}
	return w.noted(capital(days)+" "+text, s.Reason)
}

// rule says one rule: "April–October Mon–Fri 09:00–17:00".
func (w Words) rule(r *rule) (string, bool) {
	var parts []string
	ok := true
	add := func(text string, exact bool) {
		ok = ok && exact
		if text != "" {
			parts = append(parts, text)
		}
	}
	add(w.years(r.years))
	add(w.dates(r.dates))
	add(w.weeks(r.weeks))
	add(w.onDays(r))
	add(w.times(r))
	return strings.Join(parts, " "), ok
}

func (w Words) years(list []stepRange) (string, bool) {
	return w.steps(list, "said.from_year", func(n int) string { return strconv.Itoa(n) })
}

func (w Words) weeks(list []stepRange) (string, bool) {
	text, ok := w.steps(list, "", func(n int) string { return strconv.Itoa(n) })
	if text != "" {
		text = w.Text("said.weeks", "Weeks", text)
	}
	return text, ok
}

func (w Words) steps(list []stepRange, openEnd string, number func(int) string) (string, bool) {
	var parts []string
	for _, r := range list {
		switch {
		case r.step > 1, r.to == 9999 && openEnd == "":
			return "", false
		case r.to == 9999:
			parts = append(parts, w.Text(openEnd, "Year", number(r.from)))
		case r.to != r.from:
			parts = append(parts, number(r.from)+"–"+number(r.to))
		default:
			parts = append(parts, number(r.from))
		}
	}
	return strings.Join(parts, w.Text("said.comma")), true
}

func (w Words) dates(list []dateRange) (string, bool) {
	var parts []string
	for _, d := range list {
		text := w.date(d.from)
		switch {
		case d.openEnd && d.from.year != 0:
			text = w.Text("said.from_day", "Day", text)
		case d.openEnd:
			return "", false // it ends with the year, which nobody would read into it
		case d.to != d.from:
			text = w.Text("said.to", "From", text, "To", w.date(d.to))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, w.Text("said.comma")), true
}

// date is a day of the year or a month.
func (w Words) date(a anchor) string {
	var text string
	switch {
	case a.easter:
		text = w.Text("said.easter")
	case a.nth != 0:
		text = w.Text("said.nth_in_month", "Nth", w.nth(a.nth), "Day", w.Days[a.wd], "Month", w.Months[a.month-1])
	case a.day > 0:
		text = w.Text("said.day_month", "Day", strconv.Itoa(a.day), "Month", w.Months[a.month-1])
	default:
		text = w.Months[a.month-1]
	}
	if a.year != 0 {
		text += " " + strconv.Itoa(a.year)
	}
	return w.shifted(text, a.offset)
}

// shifted is a day some days before or after another.
func (w Words) shifted(what string, days int) string {
	switch {
	case days > 0:
		return w.Text("said.days_after", "N", days, "What", what)
	case days < 0:
		return w.Text("said.days_before", "N", -days, "What", what)
	}
	return what
}

func (w Words) nth(n int) string {
	if n < 0 {
		return w.Text(fmt.Sprintf("said.last_%d", -n))
	}
	return w.Text(fmt.Sprintf("said.nth_%d", n))
}

// onDays is the weekdays and holidays of a rule.
func (w Words) onDays(r *rule) (string, bool) {
	var days, holy []string
	for _, d := range r.days {
		text := w.weekdays(d)
		if len(d.nth) > 0 {
			var places, last []string
			for _, n := range d.nth {
				if n < 0 {
					last = append(last, w.nth(n))
				} else {
					places = append(places, w.nth(n))
				}
			}
			places = append(places, last...)
			text = w.Text("said.nth_of_month", "Nth", w.and(places), "Day", text)
		}
		days = append(days, w.shifted(text, d.offset))
	}
	for _, h := range r.holidays {
		id := "said.public_holidays"
		if h.school {
			id = "said.school_holidays"
		}
		holy = append(holy, w.shifted(w.Text(id), h.offset))
	}
	comma := w.Text("said.comma")
	if r.both {
		return w.Text("said.both", "Holidays", strings.Join(holy, comma), "Days", strings.Join(days, comma)), true
	}
	return strings.Join(append(days, holy...), comma), true
}

// times is what a rule says of its days.
func (w Words) times(r *rule) (string, bool) {
	var times []string
	for _, o := range r.times {
		times = append(times, w.opening(o))
	}
	text := w.and(times)
	if text == "" && r.mode != closed {
		text = w.Text("said.all_day")
	}
	switch {
	case r.mode == closed && text == "":
		text = w.Text("said.closed")
	case r.mode == closed:
		text = w.Text("said.closed_at", "What", text)
	case r.mode == unknown && r.note == appointmentNote:
		return w.Text("said.by_appointment", "What", text), true
	case r.mode == unknown:
		text = w.Text("said.perhaps", "What", text)
	}
	return w.noted(text, r.note), true
}

func (w Words) opening(o opening) string {
	if !o.sunny() {
		return w.span(o.Span)
	}
	from := w.bound(o.from, o.Span.From)
	if o.OpenEnd && o.to.event == clock && o.Span.From == o.Span.To {
		return w.Text("said.from", "Time", from)
	}
	return w.between(from, w.bound(o.to, o.Span.To), o.OpenEnd)
}

func (w Words) bound(b bound, minute int) string {
	if b.event == clock {
		return clockText(minute)
	}
	event := w.Text("said." + eventNames[b.event])
	switch {
	case b.offset < 0:
		return w.Text("said.minutes_before", "N", -b.offset, "What", event)
	case b.offset > 0:
		return w.Text("said.minutes_after", "N", b.offset, "What", event)
	}
	return event
}

package hours

// mode is what a rule says of its times.
type mode uint8

const (
	closed mode = iota
	open
	unknown
)

// rule is one rule of the OpenStreetMap opening_hours specification
// (version 0.7.2): on which days it applies, at which times, and what it says
// of them. Empty selectors apply always.
type rule struct {
	join     byte // how it joins the rules before: ';' instead, ',' added, '|' where nothing else holds
	always   bool // 24/7
	years    []stepRange
	dates    []dateRange
	weeks    []stepRange
	days     []dayRange
	holidays []holiday
	both     bool // days and holidays must both match ("PH Mo-Fr"); else either ("PH,Mo-Fr")
	times    []opening
	mode     mode
	note     string
}

// stepRange is every step-th number from from to to.
type stepRange struct{ from, to, step int }

func (r stepRange) has(n int) bool { return n >= r.from && n <= r.to && (n-r.from)%r.step == 0 }

// dayRange is the weekdays from from to to (Monday is 0; it may pass Sunday),
// or of one weekday only those at the given places in the month.
type dayRange struct {
	from, to int
	nth      []int // 1..5 from the month's start, -1..-5 from its end; empty = all
	offset   int   // days after the matching day
}

func (r dayRange) has(n day) bool {
	n -= day(r.offset)
	wd := n.weekday()
	if r.from <= r.to && (wd < r.from || wd > r.to) || r.from > r.to && wd < r.from && wd > r.to {
		return false
	}
	if len(r.nth) == 0 {
		return true
	}
	y, m, d := n.civil()
	first, last := (d-1)/7+1, -((daysIn(y, m)-d)/7 + 1)
	for _, k := range r.nth {
		if k == first || k == last {
			return true
		}
	}
	return false
}

// holiday is a public (or school) holiday, or the day offset days after one.
type holiday struct {
	school bool
	offset int
}

// dateRange is the days from one anchor to another. Without years it comes
// every year and may pass New Year.
type dateRange struct {
	from, to anchor
	openEnd  bool // from that day on; without a year to the end of the year
}

// anchor names a day of the year, or a whole month.
type anchor struct {
	year   int // 0 = every
	easter bool
	month  int
	day    int // 0 = the whole month
	wd     int // with nth: this weekday of the month
	nth    int // 0 = not given
	offset int // days after
}

// resolve is the anchor's day in a year; of a whole month its first or last.
func (a anchor) resolve(y int, last bool) day {
	if a.year != 0 {
		y = a.year
	}
	var n day
	switch {
	case a.easter:
		n = easter(y)
	case a.nth > 0:
		n = dayNumber(y, a.month, 1)
		n += day((a.wd-n.weekday()+7)%7 + 7*(a.nth-1))
	case a.nth < 0:
		n = dayNumber(y, a.month, daysIn(y, a.month))
		n -= day((n.weekday()-a.wd+7)%7 + 7*(-a.nth-1))
	case a.day > 0:
		n = dayNumber(y, a.month, min(a.day, daysIn(y, a.month)))
		if a.day > daysIn(y, a.month) && !last {
			n++ // 29 February: what begins on it begins after it
		}
	case last:
		n = dayNumber(y, a.month, daysIn(y, a.month))
	default:
		n = dayNumber(y, a.month, 1)
	}
	return n + day(a.offset)
}

// plain reports whether the anchor is the same day, or month, of every year.
func (a *anchor) plain() bool {
	return a.year == 0 && !a.easter && a.nth == 0 && a.offset == 0 && !(a.month == 2 && a.day == 29)
}

// has reports whether the range holds day n, which is y-m-d.
func (r *dateRange) has(n day, y, m, d int) bool {
	if r.from.plain() && r.to.plain() && !r.openEnd {
		// The usual case, a few comparisons.
		at, from, to := m*32+d, r.from.month*32+r.from.day, r.to.month*32+r.to.day
		if r.to.day == 0 {
			to += 31
		}
		if from <= to {
			return from <= at && at <= to
		}
		return at >= from || at <= to
	}
	if r.from.year != 0 {
		from := r.from.resolve(r.from.year, false)
		if r.openEnd {
			return n >= from
		}
		to := r.to.resolve(r.from.year, true)
		if to < from && r.to.year == 0 {
			to = r.to.resolve(r.from.year+1, true)
		}
		return n >= from && n <= to
	}
	for start := y - 1; start <= y+1; start++ {
		from := r.from.resolve(start, false)
		if r.openEnd {
			if n >= from && start == y {
				return true
			}
			continue
		}
		to := r.to.resolve(start, true)
		if to < from && r.from == r.to {
			continue // a day that this year does not have
		}
		if to < from {
			to = r.to.resolve(start+1, true)
		}
		if n >= from && n <= to {
			return true
		}
	}
	return false
}

// dated reports whether the rule names any days at all.
func (r *rule) dated() bool {
	return len(r.years)+len(r.dates)+len(r.weeks)+len(r.days)+len(r.holidays) > 0
}

// weekly reports whether the rule looks at nothing but the weekday.
func (r *rule) weekly() bool {
	if r.sunny() {
		return false
	}
	for _, d := range r.days {
		if len(d.nth) > 0 || d.offset != 0 {
			return false
		}
	}
	return len(r.years)+len(r.dates)+len(r.weeks) == 0
}

// matches reports whether the rule applies to what begins on the day.
func (r *rule) matches(n day, a assumption) bool {
	if len(r.years) > 0 {
		y, _, _ := n.civil()
		if !anyHas(r.years, y) {
			return false
		}
	}
	if len(r.dates) > 0 && !r.onDate(n) {
		return false
	}
	if len(r.weeks) > 0 && !anyHas(r.weeks, n.week()) {
		return false
	}
	switch {
	case len(r.days) == 0 && len(r.holidays) == 0:
		return true
	case len(r.holidays) == 0:
		return r.onDay(n)
	case len(r.days) == 0:
		return r.onHoliday(n, a)
	case r.both:
		return r.onDay(n) && r.onHoliday(n, a)
	default:
		return r.onDay(n) || r.onHoliday(n, a)
	}
}

func anyHas(ranges []stepRange, n int) bool {
	for _, r := range ranges {
		if r.has(n) {
			return true
		}
	}
	return false
}

func (r *rule) onDate(n day) bool {
	y, m, d := n.civil()
	for i := range r.dates {
		if r.dates[i].has(n, y, m, d) {
			return true
		}
	}
	return false
}

func (r *rule) onDay(n day) bool {
	for i := range r.days {
		if r.days[i].has(n) {
			return true
		}
	}
	return false
}

func (r *rule) onHoliday(n day, a assumption) bool {
	for _, h := range r.holidays {
		if a.holds(h, n) {
			return true
		}
	}
	return false
}

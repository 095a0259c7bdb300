package hours

import "slices"

var weekdayNames = []string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"}

var monthNames = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

var weekdays = map[string]int{
	"mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "sa": 5, "su": 6,
	"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6,
	"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
}

var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
	"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}

// selectors reads the days a rule applies to, in the order of the grammar:
// years, dates, weeks, then weekdays and holidays.
func (p *parser) selectors(r *rule) error {
	steps := []func(*rule) (bool, error){p.yearSelector, p.dateSelector, p.weekSelector, p.daySelector}
	any := false
	for _, step := range steps {
		found, err := step(r)
		if err != nil {
			return err
		}
		any = any || found
		if found && p.tok.is(":") {
			p.next() // "Apr-Sep: Mo-Fr"
		}
	}
	return nil
}

func (p *parser) atYear() bool { return p.tok.kind == tokenNumber && len(p.tok.text) == 4 }

// year reads a year that a calendar can hold.
func (p *parser) year() (int, error) {
	if !p.atYear() || p.tok.num < 1900 || p.tok.num > 2999 {
		return 0, p.unexpected("a year like 2025")
	}
	y := p.tok.num
	p.next()
	return y, nil
}

// yearSelector reads "2024", "2024-2026/2", "2024+". A year with a month
// after it belongs to the date.
func (p *parser) yearSelector(r *rule) (bool, error) {
	if !p.atYear() {
		return false, nil
	}
	if after := p.peek(); after.kind == tokenWord {
		if _, ok := months[after.text]; ok || after.text == "easter" {
			return false, nil
		}
	}
	for {
		from, err := p.year()
		if err != nil {
			return false, err
		}
		v := stepRange{from: from, to: from, step: 1}
		switch {
		case p.take("+"):
			v.to = 9999
		case p.take("-"):
			if v.to, err = p.year(); err != nil {
				return false, err
			}
			if v.step, err = p.step(); err != nil {
				return false, err
			}
		}
		if v.to < v.from {
			return false, p.unexpected("years in order")
		}
		r.years = append(r.years, v.normal())
		if !p.tok.is(",") || len(p.peek().text) != 4 || p.peek().kind != tokenNumber {
			return true, nil
		}
		p.next()
	}
}

func (p *parser) step() (int, error) {
	if !p.take("/") {
		return 1, nil
	}
	if p.tok.kind != tokenNumber || p.tok.num < 1 || p.tok.num > 1000 {
		return 0, p.unexpected("a step like 2")
	}
	n := p.tok.num
	p.next()
	return n, nil
}

// normal drops the part of a range that its step never reaches, so that one
// meaning has one form.
func (r stepRange) normal() stepRange {
	r.to -= (r.to - r.from) % r.step
	if r.to == r.from {
		r.step = 1
	}
	return r
}

// weekSelector reads "week 1-52/2,53".
func (p *parser) weekSelector(r *rule) (bool, error) {
	if p.tok.kind != tokenWord || p.tok.text != "week" && p.tok.text != "weeks" {
		return false, nil
	}
	p.next()
	for {
		from, err := p.week()
		if err != nil {
			return false, err
		}
		v := stepRange{from: from, to: from, step: 1}
		if p.take("-") {
			if v.to, err = p.week(); err != nil {
				return false, err
			}
			if v.step, err = p.step(); err != nil {
				return false, err
			}
		}
		if v.to < v.from {
			return false, p.unexpected("weeks in order")
		}
		r.weeks = append(r.weeks, v.normal())
		after := p.peek()
		switch {
		case p.tok.is(",") && after.text == "week":
			p.next()
			p.next()
		case p.tok.is(",") && after.kind == tokenNumber && !p.isTime(after):
			p.next()
		default:
			return true, nil
		}
	}
}

func (p *parser) week() (int, error) {
	if p.tok.kind != tokenNumber || p.tok.num < 1 || p.tok.num > 53 || p.isTime(p.tok) {
		return 0, p.unexpected("a week from 1 to 53")
	}
	n := p.tok.num
	p.next()
	return n, nil
}

// daySelector reads "Mo-Fr", "Sa[1,3],Su", "PH,Mo", "SH Mo-Fr", "PH -1 day".
func (p *parser) daySelector(r *rule) (bool, error) {
	if !p.isDay(p.tok) {
		return false, nil
	}
	for {
		if err := p.dayItem(r); err != nil {
			return false, err
		}
		after := p.peek()
		switch {
		case p.tok.is(",") && p.isDay(after):
			p.next()
		case p.isDay(p.tok) && len(r.holidays) > 0 && len(r.days) == 0:
			r.both = true
		default:
			return true, nil
		}
	}
}

func (p *parser) isDay(t token) bool {
	if t.kind != tokenWord {
		return false
	}
	_, ok := weekdays[t.text]
	return ok || t.text == "ph" || t.text == "sh"
}

func (p *parser) dayItem(r *rule) error {
	if p.tok.text == "ph" || p.tok.text == "sh" {
		h := holiday{school: p.tok.text == "sh"}
		p.next()
		var err error
		h.offset, err = p.offset()
		r.holidays = append(r.holidays, h)
		return err
	}
	from := weekdays[p.tok.text]
	d := dayRange{from: from, to: from}
	p.next()
	var err error
	switch {
	case p.tok.is("-") && p.peek().kind == tokenWord:
		p.next()
		to, ok := weekdays[p.tok.text]
		if !ok {
			return p.unexpected("a weekday like Fr")
		}
		d.to = to
		p.next()
	case p.tok.is("["):
		if d.nth, err = p.nth(); err != nil {
			return err
		}
		d.offset, err = p.offset()
	}
	r.days = append(r.days, d)
	return err
}

// nth reads "[1,3-5,-1]".
func (p *parser) nth() ([]int, error) {
	p.next()
	var list []int
	for {
		sign := 1
		if p.take("-") {
			sign = -1
		}
		k, err := p.place()
		if err != nil {
			return nil, err
		}
		last := k
		if sign > 0 && p.take("-") {
			if last, err = p.place(); err != nil {
				return nil, err
			}
		}
		for ; k <= last; k++ {
			list = append(list, sign*k)
		}
		if p.take("]") {
			slices.Sort(list)
			return slices.Compact(list), nil
		}
		if !p.take(",") {
			return nil, p.unexpected("\"]\"")
		}
	}
}

func (p *parser) place() (int, error) {
	if p.tok.kind != tokenNumber || p.tok.num < 1 || p.tok.num > 5 {
		return 0, p.unexpected("a number from 1 to 5")
	}
	k := p.tok.num
	p.next()
	return k, nil
}

// offset reads "+1 day", "-2 days" if one stands here.
func (p *parser) offset() (int, error) {
	if !p.tok.is("+") && !p.tok.is("-") {
		return 0, nil
	}
	count := p.peek()
	if count.kind != tokenNumber {
		return 0, nil
	}
	unit := scan(p.src, count.end)
	if unit.kind != tokenWord || unit.text != "day" && unit.text != "days" {
		return 0, nil
	}
	if count.num > 366 {
		return 0, p.refuse(count, "at most 366 days")
	}
	n := count.num
	if p.tok.is("-") {
		n = -n
	}
	p.next()
	p.next()
	p.next()
	return n, nil
}

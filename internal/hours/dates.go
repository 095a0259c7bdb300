package hours

// dateSelector reads "Apr-Sep", "Dec 24-26", "Dec 24,31", "2024 Dec 23-2025
// Jan 6", "easter -2 days", "Mar Su[-1]-Oct Su[-1]".
func (p *parser) dateSelector(r *rule) (bool, error) {
	found := false
	for p.atDate(p.tok) {
		if err := p.dateItem(r); err != nil {
			return false, err
		}
		found = true
		if !p.tok.is(",") {
			break
		}
		after := p.peek()
		if !p.atDate(after) {
			break
		}
		p.next()
	}
	return found, nil
}

// atDate reports whether a date can begin with t.
func (p *parser) atDate(t token) bool {
	if t.kind == tokenNumber && len(t.text) == 4 {
		t = scan(p.src, t.end)
	}
	if t.kind != tokenWord {
		return false
	}
	_, ok := months[t.text]
	return ok || t.text == "easter"
}

// dateItem reads one range, and the further days that a comma adds within
// its month ("Dec 24,31").
func (p *parser) dateItem(r *rule) error {
	from, err := p.anchor(anchor{})
	if err != nil {
		return err
	}
	for {
		d := dateRange{from: from, to: from}
		switch {
		case p.tok.is("-"):
			p.next()
			if d.to, err = p.anchor(from); err != nil {
				return err
			}
			if d.to.year != 0 && from.year == 0 {
				return p.unexpected("a year in front of the range too")
			}
			if d.to.year != 0 && d.to.resolve(0, true) < from.resolve(0, false) {
				return p.unexpected("dates in order")
			}
		case p.tok.is("+") && from.day > 0:
			p.next()
			d.openEnd = true
		}
		r.dates = append(r.dates, d)
		if !p.tok.is(",") || from.day == 0 || !p.dayOfMonth(p.peek()) {
			return nil
		}
		p.next()
		from = anchor{year: d.to.year, month: d.to.month, day: p.tok.num}
		if err := p.checkDay(from); err != nil {
			return err
		}
		p.next()
	}
}

// dayOfMonth reports whether t is a number that no time begins with.
func (p *parser) dayOfMonth(t token) bool {
	return t.kind == tokenNumber && len(t.text) <= 2 && !p.isTime(t)
}

// anchor reads one end of a range. After a dash a bare number is a day of the
// month before it.
func (p *parser) anchor(before anchor) (anchor, error) {
	var a anchor
	if before.month > 0 && before.day > 0 && p.dayOfMonth(p.tok) {
		a = anchor{year: before.year, month: before.month, day: p.tok.num}
		if err := p.checkDay(a); err != nil {
			return a, err
		}
		p.next()
		var err error
		a.offset, err = p.offset()
		return a, err
	}
	var err error
	if p.atYear() {
		if a.year, err = p.year(); err != nil {
			return a, err
		}
	}
	if p.tok.kind == tokenWord && p.tok.text == "easter" {
		a.easter = true
		p.next()
		a.offset, err = p.offset()
		return a, err
	}
	month, ok := months[p.tok.text]
	if p.tok.kind != tokenWord || !ok {
		return a, p.unexpected("a month like Apr")
	}
	a.month = month
	p.next()
	if p.tok.is(".") { // "Dec. 24"
		p.next()
	}
	return p.anchorDay(a, before.nth != 0)
}

// anchorDay reads what follows a month: a day, or a weekday of it.
func (p *parser) anchorDay(a anchor, afterNth bool) (anchor, error) {
	var err error
	switch {
	case p.dayOfMonth(p.tok):
		a.day = p.tok.num
		if err := p.checkDay(a); err != nil {
			return a, err
		}
		p.next()
		a.offset, err = p.offset()
	case p.oneOfMonth(afterNth):
		a.wd = weekdays[p.tok.text]
		p.next()
		at := p.tok
		list, err := p.nth()
		if err != nil {
			return a, err
		}
		if len(list) != 1 {
			return a, p.refuse(at, "one number in the brackets")
		}
		a.nth = list[0]
		a.offset, err = p.offset()
		return a, err
	}
	return a, err
}

// oneOfMonth reports whether "Su[-1]" stands here as an end of a range, and not
// as the weekday selector of the rule: a dash and a month must follow it, or
// the range must have begun with another one.
func (p *parser) oneOfMonth(afterNth bool) bool {
	if p.tok.kind != tokenWord {
		return false
	}
	if _, ok := weekdays[p.tok.text]; !ok || !p.peek().is("[") {
		return false
	}
	if afterNth {
		return true
	}
	t := p.peek()
	for !t.is("]") && t.kind != tokenEnd {
		t = scan(p.src, t.end)
	}
	t = scan(p.src, t.end)
	return t.is("-") && p.atDate(scan(p.src, t.end))
}

func (p *parser) checkDay(a anchor) error {
	year := a.year
	if year == 0 {
		year = 2024 // any leap year
	}
	if p.tok.num < 1 || p.tok.num > daysIn(year, a.month) {
		return p.unexpected("a day of that month")
	}
	return nil
}

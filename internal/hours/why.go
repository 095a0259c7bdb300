package hours

import (
	"strings"
	"time"
)

// Why is a State with what it follows from, for those who write the hours.
type Why struct {
	State
	// Rule is the rule that decides, in OpenStreetMap notation; empty where a
	// special day does, or where no rule speaks of the day.
	Rule string `json:"rule"`
	// Day is the day at the place that the deciding rule or special day was
	// asked about: the day before, in a night that runs on.
	Day Date `json:"day"`
	// Holiday is the name of the public holiday that Day is, in the words of
	// the country; empty on other days.
	Holiday string `json:"holiday"`
	// HolidayInDoubt says that Day is that holiday only for some of the region.
	HolidayInDoubt bool `json:"holiday_in_doubt"`
	// Special says that a special day or a planned closure decides.
	Special bool `json:"special"`
}

// Why answers for one instant, with the reason.
func (s Schedule) Why(t time.Time) Why {
	w := Why{State: s.At(t)}
	p := s.p
	if p == nil || p.zone == nil {
		return w
	}
	wall := p.zone.wall(t.Unix())
	n := day(floorDiv(int(wall), secondsPerDay))
	minute := int32(wall-int64(n)*secondsPerDay) / 60
	a := assumption{p: p}
	for _, way := range p.assumptions(n, nil) {
		if now, _ := within(p.lineIf(n, way), minute*60); w.Kind == Doubtful && now.mode != closed {
			a = way // of a doubt, what would open
		}
	}
	found, rule := p.decides(n, minute, a)
	w.Day = found.date()
	w.Special = p.onSpecial(found) != nil
	if !w.Special && rule >= 0 {
		var b strings.Builder
		p.rules[rule].write(&b)
		w.Rule = b.String()
	}
	if p.calendar != nil {
		truth := p.calendar.on(found)
		w.HolidayInDoubt = truth == maybe
		if truth != no {
			w.Holiday = p.calendar.name(found)
		}
	}
	return w
}

// decides is the day and the rule that what holds at a minute of day n comes
// from; rule is -1 when there is none.
func (p *plan) decides(n day, minute int32, a assumption) (from day, rule int) {
	if p.onSpecial(n) == nil {
		if now, _ := covering(p.byRules(n, nil, a), minute); now.mode != closed {
			return n, int(now.rule)
		}
	}
	// What holds, and did not begin today, began yesterday.
	if now, _ := within(p.lineIf(n, a), minute*60); now.mode != closed && p.onSpecial(n) == nil {
		if before, _ := covering(p.byRules(n-1, nil, a), minute+minutesPerDay); before.mode != closed {
			return n - 1, int(before.rule)
		}
		return n - 1, -1
	} else if now.mode != closed {
		if today, _ := covering(p.starts(n, nil, a), minute); today.mode != closed {
			return n, -1
		}
		if before, _ := covering(p.byRules(n-1, nil, a), minute+minutesPerDay); before.mode != closed {
			return n - 1, int(before.rule)
		}
		return n - 1, -1
	}
	// Closed: the last rule that speaks of the day has the last word.
	for i := len(p.rules) - 1; i >= 0; i-- {
		if p.rules[i].matches(n, a) {
			return n, i
		}
	}
	return n, -1
}

package hours

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// OpeningHoursSpecification is schema.org's type of that name, for JSON-LD.
// Times are local; closing before opening means on the next day, 00:00 to 23:59
// is the whole day, and a day that opens and closes at 00:00 is closed (as
// Google's documentation of structured data for local businesses has it).
type OpeningHoursSpecification struct {
	Type         string   `json:"@type"`
	DayOfWeek    []string `json:"dayOfWeek,omitempty"` // "https://schema.org/Monday"
	Opens        string   `json:"opens"`
	Closes       string   `json:"closes"`
	ValidFrom    string   `json:"validFrom,omitempty"`
	ValidThrough string   `json:"validThrough,omitempty"`
}

const schemaOrg = "https://schema.org/"

var dayNames = [7]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

// OpeningHoursSpecification lists the certain opening times: those of the week,
// and the special days and closures that are not over. Hours that differ from
// week to week are given for the seven days from now on, each with its date.
// Doubtful times (by appointment, open ends) have no word in schema.org and are
// left out; nil where the hours are not known, where a time lasts longer than a
// day, and where a special day says something that would be left out and so
// turned into its opposite.
func (s Schedule) OpeningHoursSpecification(now time.Time) []OpeningHoursSpecification {
	if !s.Known() {
		return nil
	}
	w := s.Week(now)
	var list []OpeningHoursSpecification
	at := map[[2]int]int{}
	add := func(span Span, weekday int) {
		key := [2]int{span.From, span.To}
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, specification(span))
		}
		list[i].DayOfWeek = append(list[i].DayOfWeek, schemaOrg+dayNames[weekday])
	}
	for _, d := range w.Days {
		if w.Changes && !slices.ContainsFunc(certain(d.Spans), long) {
			list = append(list, dated(certain(d.Spans), d.Date, d.Date)...)
			continue
		}
		for _, span := range certain(d.Spans) {
			if long(span) {
				return nil
			}
			add(span, d.Weekday)
		}
	}
	for _, sp := range w.Special {
		if slices.ContainsFunc(sp.Spans, func(x Span) bool { return x.ByAppointment || x.OpenEnd || long(x) }) {
			return nil
		}
		list = append(list, dated(sp.Spans, sp.From, sp.To)...)
	}
	return list
}

func certain(spans []DaySpan) []Span {
	var list []Span
	for _, d := range spans {
		if d.Kind == Open {
			list = append(list, d.Span)
		}
	}
	return list
}

// long reports whether a span that does not begin at midnight lasts a day or
// longer.
func long(s Span) bool { return s.To-s.From >= minutesPerDay && s != Span{To: minutesPerDay} }

// dated is what holds on the days from one to another; no span is closed.
func dated(spans []Span, from, to Date) []OpeningHoursSpecification {
	if len(spans) == 0 {
		spans = []Span{{}}
	}
	list := make([]OpeningHoursSpecification, len(spans))
	for i, span := range spans {
		list[i] = specification(span)
		list[i].ValidFrom, list[i].ValidThrough = from.String(), to.String()
	}
	return list
}

func specification(s Span) OpeningHoursSpecification {
	v := OpeningHoursSpecification{Type: "OpeningHoursSpecification", Opens: clockText(s.From), Closes: clockText(s.To % minutesPerDay)}
	if s.From == 0 && s.To == minutesPerDay {
		v.Closes = "23:59"
	}
	return v
}

// FromSpecifications reads what OpeningHoursSpecification writes, for a place in
// an IANA time zone. Entries with dates become special days; where all have
// dates, the other days are unknown. What it does not know (dates and weekdays
// at once, days that are no weekday) it refuses.
func FromSpecifications(list []OpeningHoursSpecification, zone string) (Schedule, error) {
	if zoneNamed(zone) == nil {
		return Schedule{}, &SyntaxError{Word: zone, Want: "an IANA time zone"}
	}
	var week [7][]Span
	var special []Special
	usual := false
	for i, v := range list {
		span, closed, err := v.span()
		if err != nil {
			return Schedule{}, fmt.Errorf("hours: specification %d: %w", i, err)
		}
		if v.ValidFrom == "" && v.ValidThrough == "" {
			usual = true
			for _, name := range v.DayOfWeek {
				wd := slices.Index(dayNames[:], strings.TrimPrefix(name, schemaOrg))
				if wd < 0 {
					return Schedule{}, fmt.Errorf("hours: specification %d: %q is no weekday", i, name)
				}
				if !closed {
					week[wd] = append(week[wd], span)
				}
			}
			continue
		}
		from, err := ParseDate(v.ValidFrom)
		if err != nil {
			return Schedule{}, err
		}
		to, err := ParseDate(v.ValidThrough)
		if err != nil {
			return Schedule{}, err
		}
		if len(v.DayOfWeek) > 0 {
			return Schedule{}, fmt.Errorf("hours: specification %d: dates and weekdays at once", i)
		}
		k := slices.IndexFunc(special, func(s Special) bool { return s.From == from && s.To == to })
		if k < 0 {
			k = len(special)
			special = append(special, Special{From: from, To: to})
		}
		if !closed {
			special[k].Spans = append(special[k].Spans, span)
		}
	}
	if !usual && len(special) > 0 {
		return Unknown("", zone).WithSpecial(special...), nil
	}
	return Weekly(zone, week).WithSpecial(special...), nil
}

func (v OpeningHoursSpecification) span() (s Span, closed bool, err error) {
	from, err := time.Parse("15:04", v.Opens)
	if err != nil {
		return s, false, fmt.Errorf("%q is no time like 09:00", v.Opens)
	}
	to, err := time.Parse("15:04", v.Closes)
	if err != nil {
		return s, false, fmt.Errorf("%q is no time like 18:00", v.Closes)
	}
	s = Span{From: from.Hour()*60 + from.Minute(), To: to.Hour()*60 + to.Minute()}
	switch {
	case s == Span{}:
		return s, true, nil
	case s.From == 0 && v.Closes == "23:59":
		s.To = minutesPerDay
	case s.To <= s.From:
		s.To += minutesPerDay
	}
	return s, false, nil
}

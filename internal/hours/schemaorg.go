package hours

import "time"

// OpeningHoursSpecification is schema.org's type of that name, for JSON-LD.
// Times are local; closing before opening means on the next day, and a day
// that opens and closes at 00:00 is closed (as Google's documentation of
// structured data for local businesses has it).
type OpeningHoursSpecification struct {
	Type         string   `json:"@type"`
	DayOfWeek    []string `json:"dayOfWeek,omitempty"`
	Opens        string   `json:"opens"`
	Closes       string   `json:"closes"`
	ValidFrom    string   `json:"validFrom,omitempty"`
	ValidThrough string   `json:"validThrough,omitempty"`
}

var dayNames = [7]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

// OpeningHoursSpecification lists the certain opening times: the week of now,
// and the special days and closures that are not over. Doubtful times (by
// appointment, open ends) have no word in schema.org and are left out; nil when
// the hours are not known.
func (s Schedule) OpeningHoursSpecification(now time.Time) []OpeningHoursSpecification {
	if !s.Known() {
		return nil
	}
	w := s.Week(now)
	var list []OpeningHoursSpecification
	at := map[[2]int]int{}
	for _, d := range w.Days {
		for _, span := range d.Spans {
			if span.Kind != Open {
				continue
			}
			key := [2]int{span.From, span.To}
			i, ok := at[key]
			if !ok || w.Changes {
				i = len(list)
				at[key] = i
				list = append(list, specification(span.Span))
			}
			list[i].DayOfWeek = append(list[i].DayOfWeek, dayNames[d.Weekday])
			if w.Changes { // true for this week only
				list[i].ValidFrom, list[i].ValidThrough = d.Date.String(), d.Date.String()
			}
		}
	}
	for _, sp := range w.Special {
		spans := sp.Spans
		if len(spans) == 0 {
			spans = []Span{{}}
		}
		for _, span := range spans {
			if span.ByAppointment || span.OpenEnd && span.From == span.To {
				continue
			}
			v := specification(span)
			v.ValidFrom, v.ValidThrough = sp.From.String(), sp.To.String()
			list = append(list, v)
		}
	}
	return list
}

func specification(s Span) OpeningHoursSpecification {
	v := OpeningHoursSpecification{Type: "OpeningHoursSpecification", Opens: clockText(s.From), Closes: clockText(s.To % minutesPerDay)}
	if s.From == 0 && s.To == minutesPerDay || s.To-s.From >= minutesPerDay {
		v.Closes = "23:59" // the whole day
	}
	return v
}

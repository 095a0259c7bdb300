package view

import (
	"fmt"
	"time"

	"nearby/internal/hours"
	"nearby/internal/server/pages"
)

// clock writes minutes since midnight; the hours after midnight begin again.
func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60%24, minute%60) }

// span writes an opening time ("10:00 – 18:00"); 24:00 stays 24:00.
func span(s hours.Span) string {
	to := clock(s.To)
	if s.To == 24*60 {
		to = "24:00"
	}
	if s.OpenEnd {
		to += "+"
	}
	return clock(s.From) + " – " + to
}

// Week is the table of a week, Monday first; nil when the hours are not known.
func Week(week hours.Week) []pages.HoursRow {
	if !week.Known {
		return nil
	}
	rows := make([]pages.HoursRow, 0, 7)
	for _, day := range week.Days {
		row := pages.HoursRow{Weekday: time.Weekday((day.Weekday + 1) % 7), Today: day.Today}
		for _, s := range day.Spans {
			text := span(s.Span)
			if s.Note != "" {
				text += " (" + s.Note + ")"
			}
			row.Ranges = append(row.Ranges, text)
		}
		rows = append(rows, row)
	}
	return rows
}

// SpecialDays are the days ahead with other hours.
func SpecialDays(list []hours.Special) []pages.SpecialDay {
	days := make([]pages.SpecialDay, 0, len(list))
	for _, s := range list {
		day := pages.SpecialDay{ID: s.From.String() + "." + s.To.String(), From: midnight(s.From), To: midnight(s.To), Label: s.Reason}
		for _, x := range s.Spans {
			day.Ranges = append(day.Ranges, span(x))
		}
		days = append(days, day)
	}
	return days
}

func midnight(d hours.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

var weekdays = [7]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

// HoursSpecs are the hours as schema.org openingHoursSpecification: one entry
// for each span of each weekday, and one for each special day ahead, where
// equal times mean closed (https://schema.org/OpeningHoursSpecification).
func HoursSpecs(week hours.Week) []pages.HoursSpec {
	const kind = "OpeningHoursSpecification"
	var specs []pages.HoursSpec
	if week.Known {
		for _, day := range week.Days {
			for _, s := range day.Spans {
				if s.Kind == hours.Open {
					specs = append(specs, pages.HoursSpec{Type: kind, Day: "https://schema.org/" + weekdays[day.Weekday], Opens: clock(s.From), Closes: closes(s.To)})
				}
			}
		}
	}
	for _, special := range week.Special {
		from, to := special.From.String(), special.To.String()
		if special.Closed() {
			specs = append(specs, pages.HoursSpec{Type: kind, Opens: "00:00", Closes: "00:00", From: from, To: to})
		}
		for _, s := range special.Spans {
			specs = append(specs, pages.HoursSpec{Type: kind, Opens: clock(s.From), Closes: closes(s.To), From: from, To: to})
		}
	}
	return specs
}

func closes(minute int) string {
	if minute == 24*60 {
		return "23:59"
	}
	return clock(minute)
}

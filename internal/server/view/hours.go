package view

import (
	"fmt"
	"time"

	"nearby/internal/hours"
	"nearby/internal/server/pages"
)

// clock writes minutes since midnight; the hours after midnight begin again.
func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60%24, minute%60) }

// Week is the table of a week, Monday first; nil when the hours are not known.
func Week(week hours.Week, words hours.Words) []pages.HoursRow {
	if !week.Known {
		return nil
	}
	rows := make([]pages.HoursRow, 0, 7)
	for _, day := range week.Days {
		row := pages.HoursRow{Weekday: time.Weekday((day.Weekday + 1) % 7), Today: day.Today}
		for _, s := range day.Spans {
			row.Ranges = append(row.Ranges, words.Times(s))
		}
		rows = append(rows, row)
	}
	return rows
}

// SpecialDays are the days ahead with other hours.
func SpecialDays(list []hours.Special, words hours.Words) []pages.SpecialDay {
	days := make([]pages.SpecialDay, 0, len(list))
	for _, s := range list {
		day := pages.SpecialDay{ID: SpecialID(s), From: midnight(s.From), To: midnight(s.To), Label: s.Reason}
		for _, x := range s.Spans {
			day.Ranges = append(day.Ranges, words.Times(hours.DaySpan{Span: x, Kind: hours.Open}))
		}
		days = append(days, day)
	}
	return days
}

// SpecialID names a special day among those of a business.
func SpecialID(s hours.Special) string { return s.From.String() + "." + s.To.String() }

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

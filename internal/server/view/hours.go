package view

import (
	"strings"
	"time"

	"nearby/internal/directory"
	"nearby/internal/hours"
	"nearby/internal/server/pages"
)

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

// Said is the sentence of the usual hours; special days stand in a list of their
// own. A narrow line does not break inside a range.
func Said(s hours.Schedule, words hours.Words, now time.Time) string {
	sentences := s.WithSpecial().Sentences(words, now)
	if len(sentences) == 0 {
		return ""
	}
	const wordJoiner = "\u2060"
	return strings.ReplaceAll(sentences[0], "–", wordJoiner+"–"+wordJoiner)
}

// FurtherHours are the hours of their own that a business has for collecting,
// delivering and cooking.
func FurtherHours(b directory.Business, words hours.Words, now time.Time) []pages.FurtherHours {
	var list []pages.FurtherHours
	for _, kind := range directory.HoursKinds {
		if text := b.Further.Of(kind); text != "" {
			list = append(list, pages.FurtherHours{Name: string(kind), Value: text, Said: Said(b.HoursOf(kind), words, now)})
		}
	}
	return list
}

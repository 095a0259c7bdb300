package reply

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// noBreak keeps a number and its unit on one line.
const noBreak = "\u00a0"

// format is how one language writes numbers, dates and distances, after the
// Unicode CLDR (release 46). Times are shown on a 24-hour clock everywhere, as
// opening hours are. A time is written in the zone it carries: handlers give
// times in the zone of the business they speak of.
type format struct {
	group, point string
	metre, kilo  string
	days         [7]string // from Sunday
	shortDays    [7]string
	months       [12]string
	date         string // layout with {day}, {month}, {year}
	dateShort    string
	weekdayDate  string // {weekday} and {date}
	dateTime     string // {date} and {time}
}

var formats = map[string]*format{
	"en": {
		group: ",", point: ".", metre: "m", kilo: "km",
		days:      [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		shortDays: [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
		months:    [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		date:      "{day} {month} {year}", dateShort: "{day} {month}", weekdayDate: "{weekday} {date}", dateTime: "{date}, {time}",
	},
	"de": {
		group: ".", point: ",", metre: "m", kilo: "km",
		days:      [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		shortDays: [7]string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"},
		months:    [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		date:      "{day}. {month} {year}", dateShort: "{day}. {month}", weekdayDate: "{weekday}, {date}", dateTime: "{date}, {time}",
	},
	"ar": {
		group: ",", point: ".", metre: "م", kilo: "كم",
		days:      [7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		shortDays: [7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		months:    [12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		date:      "{day} {month} {year}", dateShort: "{day} {month}", weekdayDate: "{weekday}، {date}", dateTime: "{date} {time}",
	},
}

// number writes an integer with groups of three digits.
func (f *format) number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), f.group)
}

// distance writes metres as people say them: to ten metres below one
// kilometre, to a hundred below ten, to one kilometre above.
func (f *format) distance(metres float64) string {
	switch {
	case metres < 995:
		return f.number(int(math.Round(metres/10)*10)) + noBreak + f.metre
	case metres < 9950:
		text := strconv.FormatFloat(metres/1000, 'f', 1, 64)
		text = strings.TrimSuffix(text, ".0")
		return strings.Replace(text, ".", f.point, 1) + noBreak + f.kilo
	default:
		return f.number(int(math.Round(metres/1000))) + noBreak + f.kilo
	}
}

// walk is how many minutes a distance takes on foot, at 80 metres a minute.
func walk(metres float64) int { return max(1, int(math.Ceil(metres/80))) }

func (f *format) fill(layout string, at time.Time) string {
	return strings.NewReplacer(
		"{day}", strconv.Itoa(at.Day()), "{month}", f.months[at.Month()-1], "{year}", strconv.Itoa(at.Year()),
	).Replace(layout)
}

func (f *format) fullDate(at time.Time) string  { return f.fill(f.date, at) }
func (f *format) shortDate(at time.Time) string { return f.fill(f.dateShort, at) }
func (f *format) weekday(at time.Time) string   { return f.days[at.Weekday()] }

func (f *format) withWeekday(at time.Time) string {
	return strings.NewReplacer("{weekday}", f.weekday(at), "{date}", f.shortDate(at)).Replace(f.weekdayDate)
}

func (f *format) dateAndTime(at time.Time) string {
	return strings.NewReplacer("{date}", f.shortDate(at), "{time}", clockTime(at)).Replace(f.dateTime)
}

// clockTime is the time of day on a 24-hour clock.
func clockTime(at time.Time) string { return at.Format("15:04") }

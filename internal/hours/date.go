package hours

import (
	"fmt"
	"time"
)

// Date is a day of the Gregorian calendar, in no zone. Its text form is
// "2025-12-24".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads "2025-12-24". Days that do not exist are refused.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return Date{}, fmt.Errorf("hours: %q is not a date like 2025-12-24", s)
	}
	return DateOf(t), nil
}

// String is the day as "2025-12-24".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText writes the day as "2025-12-24".
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the day as ParseDate does.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// AddDays is the day n days later (earlier when n is negative).
func (d Date) AddDays(n int) Date { return d.number().addDays(n).date() }

// Weekday counts from Monday = 0.
func (d Date) Weekday() int { return d.number().weekday() }

// number counts the days since 1970-01-01.
func (d Date) number() day { return dayNumber(d.Year, int(d.Month), d.Day) }

// day counts the days since 1970-01-01; comparing and adding are plain
// integer arithmetic, which no change of the clock can disturb.
type day int32

// The conversions below are Howard Hinnant's civil calendar algorithms
// ("chrono-Compatible Low-Level Date Algorithms"): years start in March, so
// that the leap day is the last of its year.

func dayNumber(y, m, d int) day {
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return day(era*146097 + doe - 719468)
}

func (n day) civil() (y, m, d int) {
	z := int(n) + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

func (n day) date() Date {
	y, m, d := n.civil()
	return Date{y, time.Month(m), d}
}

func (n day) addDays(k int) day { return n + day(k) }

// weekday counts from Monday = 0; 1970-01-01 was a Thursday.
func (n day) weekday() int { return (int(n)%7 + 10) % 7 }

// week is the ISO 8601 week number: the week belongs to the year its
// Thursday lies in.
func (n day) week() int {
	thursday := n + day(3-n.weekday())
	y, _, _ := thursday.civil()
	return int(thursday-dayNumber(y, 1, 1))/7 + 1
}

func daysIn(y, m int) int {
	if m == 12 {
		return 31
	}
	return int(dayNumber(y, m+1, 1) - dayNumber(y, m, 1))
}

// easter is Easter Sunday of the western churches (the anonymous Gregorian
// computus, Nature 1876, as printed by Meeus).
func easter(y int) day {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return dayNumber(y, n/31, n%31+1)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

package hours

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"
)

// ErrNoCalendar says that hours cannot be written as a calendar: they are not
// known, never open, or follow holidays that are not known.
var ErrNoCalendar = errors.New("hours: cannot be written as a calendar")

const localTime = "20060102T150405"

// Signature is what a calendar says of a place besides its hours.
type Signature struct {
	Name    string
	Address string // in one line
	Page    string // address of the place's page
}

// How far a calendar looks, in days; it is meant to be fetched again.
const (
	calendarAhead = 400
	calendarMost  = 3 * 366 // for special days far ahead
)

// clearOfChange is how many seconds before a change of the clock a local time is
// beyond doubt; no change is of more hours than these.
const clearOfChange = 3 * 60 * 60

// HasCalendar reports whether ICal writes the hours.
func (s Schedule) HasCalendar(now time.Time) bool {
	if !s.Known() || s.MayDiffer() {
		return false
	}
	state := s.At(now)
	return state.Kind != Closed || !state.NextChange.IsZero()
}

// ICal is the hours as an iCalendar file (RFC 5545) in the place's time zone,
// from the month of now on. What repeats every week is a recurring event
// without an end; special days are its exceptions, and events of their own.
// Hours that differ from week to week are written for 400 days. Times near a
// change of the clock are events in UTC, because programs do not agree on what
// a local time then means. Doubtful times are tentative. Errors: ErrNoCalendar.
func (s Schedule) ICal(place Signature, now time.Time) ([]byte, error) {
	if !s.HasCalendar(now) {
		return nil, ErrNoCalendar
	}
	z := s.p.zone
	today := day(floorDiv(int(z.wall(now.Unix())), secondsPerDay))
	y, m, _ := (today - 1).civil()
	c := &calendarFile{place: place, zone: z, first: dayNumber(y, m, 1), last: today + calendarAhead, stamp: now.UTC().Truncate(24 * time.Hour)}
	if n := len(s.p.special); n > 0 && s.p.weekly {
		for _, sp := range s.p.special {
			c.last = max(c.last, min(sp.to+1, today+calendarMost))
		}
	}
	c.gather(s.p)
	if s.p.weekly {
		c.everyWeek(s)
	}
	c.rest()
	return c.bytes()
}

// appointment is what events of one series share, in minutes of the wall clock.
type appointment struct {
	from, length int
	kind         Kind
	note         string
}

// calendarFile is a calendar that is being written.
type calendarFile struct {
	place       Signature
	zone        *zone
	first, last day
	stamp       time.Time
	local       map[appointment][]day // those that a local time names beyond doubt
	clock       []Interval            // those near a change of the clock
	events      []*ical.Component
}

// gather sorts what happens between the first day and the last.
func (c *calendarFile) gather(p *plan) {
	c.local = map[appointment][]day{}
	for _, v := range happenings(p, c.first, c.last) {
		from, to := v.From.Unix(), v.To.Unix()
		if c.zone.at(from).to < to+clearOfChange {
			c.clock = append(c.clock, v)
			continue
		}
		n, a := c.appointment(v)
		c.local[a] = append(c.local[a], n)
	}
}

func (c *calendarFile) appointment(v Interval) (day, appointment) {
	wall := int(c.zone.wall(v.From.Unix()))
	n := floorDiv(wall, secondsPerDay)
	return day(n), appointment{from: (wall - n*secondsPerDay) / 60, length: int(v.To.Sub(v.From).Minutes()), kind: v.Kind, note: v.Note}
}

// happenings lists what begins from one day to another, in parts of a day at
// most.
func happenings(p *plan, first, last day) []Interval {
	var whole, list []Interval
	for n := first - 1; n <= last+1; n++ {
		for _, piece := range p.line(n) {
			whole = p.add(whole, n, piece)
		}
	}
	begin, end := p.zone.instant(int64(first)*secondsPerDay), p.zone.instant(int64(last+1)*secondsPerDay)
	for _, v := range whole {
		for v.To.Sub(v.From) > 24*time.Hour {
			n := floorDiv(int(p.zone.wall(v.From.Unix())), secondsPerDay)
			head := v
			head.To = time.Unix(p.zone.instant(int64(n+1)*secondsPerDay), 0).UTC()
			list = append(list, head)
			v.From = head.To
		}
		if v.From.Before(v.To) {
			list = append(list, v)
		}
	}
	return slices.DeleteFunc(list, func(v Interval) bool { return v.From.Unix() < begin || v.From.Unix() >= end })
}

// everyWeek writes the week as series without an end, and takes what they hold
// from the rest.
func (c *calendarFile) everyWeek(s Schedule) {
	usual := s.WithSpecial().InZone("UTC").p
	pattern := map[appointment]*[7]bool{}
	utc := &calendarFile{zone: usual.zone}
	const monday = day(4) // 1970-01-05
	for _, v := range happenings(usual, monday+7, monday+13) {
		n, a := utc.appointment(v)
		if pattern[a] == nil {
			pattern[a] = &[7]bool{}
		}
		pattern[a][n.weekday()] = true
	}
	for _, a := range inOrder(pattern) {
		on := *pattern[a]
		held := slices.DeleteFunc(slices.Clone(c.local[a]), func(n day) bool { return !on[n.weekday()] })
		if len(held) == 0 {
			continue
		}
		c.local[a] = slices.DeleteFunc(c.local[a], func(n day) bool { return on[n.weekday()] })
		c.series(a, held, on, c.last, true)
	}
}

// rest writes what no endless series holds: series with an end where days
// follow each other, single events else.
func (c *calendarFile) rest() {
	const together = 14 // days: longer pauses part a series
	for _, a := range inOrder(c.local) {
		days := c.local[a]
		for len(days) > 0 {
			end := 1
			for end < len(days) && days[end]-days[end-1] <= together {
				end++
			}
			run := days[:end]
			days = days[end:]
			if len(run) == 1 {
				c.single(a, run[0])
				continue
			}
			var on [7]bool
			for _, n := range run {
				on[n.weekday()] = true
			}
			c.series(a, run, on, run[len(run)-1], false)
		}
	}
	for _, v := range c.clock {
		c.event(v.Kind, v.Note, "clock", v.From.Unix(), v.From, v.To)
	}
}

func inOrder[T any](series map[appointment]T) []appointment {
	return slices.SortedFunc(maps.Keys(series), func(a, b appointment) int {
		return cmp.Or(a.from-b.from, a.length-b.length, cmp.Compare(a.kind, b.kind), cmp.Compare(a.note, b.note))
	})
}

// series writes an event that comes back on weekdays, on the given days and none
// between them; an endless one goes on after the last day.
func (c *calendarFile) series(a appointment, days []day, on [7]bool, last day, endless bool) {
	id := int64(0)
	if !endless {
		id = int64(days[0])
	}
	from, to := c.moments(a, days[0])
	e := c.event(a.kind, a.note, "week", id*minutesPerDay+int64(a.from)<<20+int64(a.length), from, to)
	rule := &rrule.ROption{Freq: rrule.WEEKLY}
	for wd, name := range []rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU} {
		if on[wd] {
			rule.Byweekday = append(rule.Byweekday, name)
		}
	}
	if !endless {
		until, _ := c.moments(a, last)
		rule.Until = until.UTC()
	}
	e.Props.SetRecurrenceRule(rule)
	for n, k := days[0], 0; n <= last; n++ {
		switch {
		case k < len(days) && days[k] == n:
			k++
		case on[n.weekday()]:
			// By what the clock shows, which may be a time that it skips.
			not := ical.NewProp(ical.PropExceptionDates)
			not.Params.Set(ical.PropTimezoneID, c.zone.loc.String())
			not.Value = time.Unix(int64(n)*secondsPerDay+int64(a.from)*60, 0).UTC().Format(localTime)
			e.Props.Add(not)
		}
	}
}

func (c *calendarFile) single(a appointment, n day) {
	from, to := c.moments(a, n)
	c.event(a.kind, a.note, "day", from.Unix(), from, to)
}

func (c *calendarFile) moments(a appointment, n day) (from, to time.Time) {
	y, m, d := n.civil()
	from = time.Date(y, time.Month(m), d, 0, a.from, 0, 0, c.zone.loc)
	return from, from.Add(time.Duration(a.length) * time.Minute)
}

// event adds an event. Its id is the same as long as it means the same.
func (c *calendarFile) event(kind Kind, note, sort string, id int64, from, to time.Time) *ical.Component {
	e := ical.NewEvent()
	sum := sha256.Sum256([]byte(c.place.Page + "\x00" + sort + "\x00" + string(kind) + note + "\x00" + time.Unix(id, 0).UTC().String()))
	e.Props.SetText(ical.PropUID, hex.EncodeToString(sum[:16]))
	e.Props.SetDateTime(ical.PropDateTimeStamp, c.stamp)
	e.Props.SetDateTime(ical.PropDateTimeStart, from)
	e.Props.SetDateTime(ical.PropDateTimeEnd, to)
	e.Props.SetText(ical.PropTransparency, "TRANSPARENT")
	name, status := c.place.Name, ical.EventConfirmed
	if kind == Doubtful {
		name, status = name+" (?)", ical.EventTentative
	}
	e.SetStatus(status)
	e.Props.SetText(ical.PropSummary, name)
	if note != "" {
		e.Props.SetText(ical.PropDescription, note)
	}
	if c.place.Address != "" {
		e.Props.SetText(ical.PropLocation, c.place.Address)
	}
	c.events = append(c.events, e.Component)
	return e.Component
}

func (c *calendarFile) bytes() ([]byte, error) {
	file := ical.NewCalendar()
	file.Props.SetText(ical.PropProductID, "-//Nearby//Opening hours//EN")
	file.Props.SetText(ical.PropVersion, "2.0")
	file.Props.SetText("NAME", c.place.Name) // RFC 7986
	page := ical.NewProp(ical.PropURL)
	page.Value = c.place.Page
	file.Props.Set(page)
	again := ical.NewProp(ical.PropRefreshInterval)               // RFC 7986
	again.Params.Set(ical.ParamValue, string(ical.ValueDuration)) // RFC 7986 wants it said
	again.Value = "P1D"
	file.Props.Set(again)
	file.Children = append(file.Children, c.timezone())
	file.Children = append(file.Children, c.events...)
	var b bytes.Buffer
	if err := ical.NewEncoder(&b).Encode(file); err != nil {
		return nil, err
	}
	return fold(b.Bytes()), nil
}

// fold breaks lines at 75 octets (RFC 5545, 3.1), between characters.
func fold(file []byte) []byte {
	const most = 75
	var b bytes.Buffer
	for line := range bytes.Lines(file) {
		for room := most; len(line) > room+len("\r\n"); room = most - 1 {
			cut := room
			for !utf8.RuneStart(line[cut]) {
				cut--
			}
			b.Write(line[:cut])
			b.WriteString("\r\n ")
			line = line[cut:]
		}
		b.Write(line)
	}
	return b.Bytes()
}

// timezone describes the zone for the time of the calendar and ten years on,
// each pair of offsets once.
func (c *calendarFile) timezone() *ical.Component {
	const years = 10
	tz := ical.NewComponent(ical.CompTimezone)
	tz.Props.SetText(ical.PropTimezoneID, c.zone.loc.String())
	local := func(unix, offset int64) string { return time.Unix(unix+offset, 0).UTC().Format(localTime) }
	type turn struct {
		from, to int64
		name     string
	}
	known := map[turn]*ical.Component{}
	end := int64(c.last+years*366) * secondsPerDay
	for at := int64(c.first-1) * secondsPerDay; at < end; {
		s := c.zone.at(at)
		now := time.Unix(at, 0).In(c.zone.loc)
		name, _ := now.Zone()
		begin := s.from
		if begin < 0 {
			begin = 0
		}
		key := turn{s.before, s.off, name}
		if o := known[key]; o != nil {
			again := ical.NewProp(ical.PropRecurrenceDates)
			again.Value = local(begin, s.before)
			o.Props.Add(again)
		} else {
			o := ical.NewComponent(ical.CompTimezoneStandard)
			if now.IsDST() {
				o.Name = ical.CompTimezoneDaylight
			}
			for _, v := range [][2]string{
				{ical.PropDateTimeStart, local(begin, s.before)}, {ical.PropTimezoneOffsetFrom, offsetOf(s.before)},
				{ical.PropTimezoneOffsetTo, offsetOf(s.off)}, {ical.PropTimezoneName, name},
			} {
				prop := ical.NewProp(v[0])
				prop.Value = v[1]
				o.Props.Set(prop)
			}
			known[key] = o
			tz.Children = append(tz.Children, o)
		}
		if s.to >= end {
			break
		}
		at = s.to
	}
	return tz
}

// offsetOf writes an offset to UTC in seconds as "+0100".
func offsetOf(seconds int64) string {
	return time.Unix(0, 0).In(time.FixedZone("", int(seconds))).Format("-0700")
}

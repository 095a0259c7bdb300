// Package hours answers when a place is open: one evaluator for search, pages,
// slots, checkout and feeds. It does no I/O and keeps no state but a cache of
// time zones.
package hours

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// Kind is what can be said of a place at an instant.
type Kind string

// The kinds. Unknown is never to be shown as closed.
const (
	Open        Kind = "open"
	ClosingSoon Kind = "closing_soon" // open, and closed within the hour
	Closed      Kind = "closed"
	Doubtful    Kind = "unknown"
)

// Soon is how long before closing an open place is ClosingSoon.
const Soon = time.Hour

// The reasons a State or Interval carries.
const (
	ReasonNotGiven      = "not_given"      // nobody has told the hours
	ReasonNotUnderstood = "not_understood" // there is a text, but not one we can read
	ReasonNoZone        = "no_zone"        // the time zone is missing or no IANA name
	ReasonOpenEnd       = "open_end"       // it opened, and the closing time is not told
	ReasonByAppointment = "by_appointment" // only for those who have one
	ReasonComment       = "comment"        // it depends on what the Note says
	ReasonSpecial       = "special"        // a special day or a planned closure applies
	ReasonHoliday       = "holiday"        // it depends on whether the day is a holiday, and that is not known
	ReasonSun           = "sun"            // it depends on the sun, which neither rises nor sets that day
	ReasonNoPin         = "no_pin"         // it depends on the sun, and the place is not known
)

// Doubts are the reasons of what is Doubtful.
var Doubts = []string{
	ReasonNotGiven, ReasonNotUnderstood, ReasonNoZone, ReasonOpenEnd, ReasonByAppointment, ReasonComment, ReasonHoliday, ReasonSun, ReasonNoPin,
}

// State is the answer for one instant.
type State struct {
	Kind Kind `json:"state"`
	// NextChange is when the place next opens, closes or becomes unknown, in
	// UTC; zero when it never does or nobody knows. Becoming ClosingSoon is
	// not a change.
	NextChange time.Time `json:"next_change_at,omitzero"`
	// Reason is one of the Reason words, or empty.
	Reason string `json:"reason,omitempty"`
	// Note is free text by who wrote the hours: the reason of a special day,
	// or an OpenStreetMap comment.
	Note string `json:"note,omitempty"`
}

// IsOpen reports whether the place is open at the instant, closing soon or not.
func (s State) IsOpen() bool { return s.Kind == Open || s.Kind == ClosingSoon }

// Special says what holds on the days From to To (both included) instead of
// the usual hours: other spans, or closed when there are none. Where several
// cover a day, a closed one wins, else the shortest.
type Special struct {
	From   Date   `json:"from"`
	To     Date   `json:"to"`
	Spans  []Span `json:"spans,omitempty"`
	Reason string `json:"reason,omitempty"` // free text, shown to the public
	// CutsNight ends at midnight what began on the evening before From.
	// Otherwise that interval runs on to its usual end.
	CutsNight bool `json:"cuts_night,omitempty"`
}

// Closed reports whether nothing is open on the days.
func (s Special) Closed() bool { return len(s.Spans) == 0 }

// Schedule is the opening hours of one place in its own time zone. It cannot
// be changed once made, so copies are cheap and safe to share. The zero value
// means that the hours are not known.
type Schedule struct{ p *plan }

// plan is everything a Schedule knows, with what makes answers quick.
type plan struct {
	zoneName string
	zone     *zone
	text     string // of hours that could not be understood
	known    bool
	rules    []rule
	special  []special
	place    Place
	calendar *calendar // of the region; nil when not known

	key       string
	canonical string                      // the rules in OpenStreetMap notation
	holy      bool                        // some rule speaks of holidays
	sunny     bool                        // some rule follows the sun
	weekly    bool                        // every week is like the other, special days aside
	constant  bool                        // weekly, and never any change
	usual     [7][]piece                  // weekly: what begins on a weekday, Monday first
	lines     [7][]piece                  // weekly: what holds on a weekday, with the tail of the night before
	days      [16]atomic.Pointer[dayLine] // what holds on a day, as last found out
	suns      [16]atomic.Pointer[sunMoment]
}

// special is a Special with its days as numbers.
type special struct {
	from, to day
	pieces   []piece
	Special
}

// Unknown is a schedule of which only a text is there that nobody understood.
func Unknown(text, zone string) Schedule {
	return finish(&plan{zoneName: zone, text: text})
}

// Weekly is a schedule that repeats every week. week starts with Monday; a day
// without spans is closed. A span that is no Span (see there) makes the whole
// schedule unknown rather than closed.
func Weekly(zone string, week [7][]Span) Schedule {
	p := &plan{zoneName: zone, known: true}
	for wd, spans := range week {
		for _, s := range spans {
			if !s.valid() {
				return Unknown("", zone)
			}
			r := rule{join: ',', days: []dayRange{{from: wd, to: wd}}, mode: open, times: []opening{fixed(s)}}
			if s.ByAppointment {
				r.mode, r.note = unknown, appointmentNote
				r.times[0].ByAppointment = false
			}
			p.rules = append(p.rules, r)
		}
	}
	if len(p.rules) == 0 {
		p.rules = []rule{{join: ';', mode: closed}}
	}
	p.rules[0].join = ';'
	return finish(p)
}

// WithSpecial is the schedule with these special days and planned closures
// instead of the ones it had. One whose days or spans are impossible makes the
// schedule unknown.
func (s Schedule) WithSpecial(list ...Special) Schedule {
	p := s.copy()
	p.special = nil
	for _, sp := range list {
		n := special{from: sp.From.number(), to: sp.To.number(), Special: sp}
		n.Spans = slices.Clone(sp.Spans)
		ok := n.from <= n.to && n.from.date() == sp.From && n.to.date() == sp.To
		for _, span := range n.Spans {
			ok = ok && span.valid()
			n.pieces = paintSpan(n.pieces, span, open, "")
		}
		if !ok {
			return Unknown("", p.zoneName)
		}
		p.special = append(p.special, n)
	}
	slices.SortStableFunc(p.special, func(a, b special) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	return finish(p)
}

// InZone is the same schedule in another time zone (an IANA name).
func (s Schedule) InZone(name string) Schedule {
	p := s.copy()
	p.zoneName = name
	return finish(p)
}

// InPlace is the same schedule at a place: its rules for public holidays (PH)
// follow the region's calendar, its times of the sun the pin. Of the place only
// what the rules ask for counts in Key and the JSON form.
//
// Days that are a holiday only for some in the region, and all that rules for
// school holidays (SH) would change, are Doubtful. Where a country's holidays
// are not known they count as ordinary days, and MayDiffer is true.
func (s Schedule) InPlace(place Place) Schedule {
	if !s.NeedsPlace() {
		return s
	}
	if !place.Pinned {
		place.Lat, place.Lng = 0, 0
	}
	place.Lat, place.Lng = math.Round(place.Lat*100)/100, math.Round(place.Lng*100)/100
	if place == s.p.place {
		return s
	}
	p := s.copy()
	p.place = place
	return finish(p)
}

// NeedsPlace reports whether the hours speak of holidays or of the sun.
func (s Schedule) NeedsPlace() bool { return s.p != nil && (s.p.holy || s.p.sunny) }

func (s Schedule) copy() *plan {
	if s.p == nil {
		return &plan{}
	}
	return &plan{
		zoneName: s.p.zoneName, text: s.p.text, known: s.p.known,
		rules: s.p.rules, special: s.p.special, place: s.p.place,
	}
}

// Known reports whether the hours are understood.
func (s Schedule) Known() bool { return s.p != nil && s.p.known && s.p.zone != nil }

// Zone is the IANA name of the place's time zone; empty when not known.
func (s Schedule) Zone() string {
	if s.p == nil {
		return ""
	}
	return s.p.zoneName
}

// Text is the text that was not understood; empty for a known schedule.
func (s Schedule) Text() string {
	if s.p == nil {
		return ""
	}
	return s.p.text
}

// Special is the special days and planned closures by their first day.
func (s Schedule) Special() []Special {
	if s.p == nil {
		return nil
	}
	list := make([]Special, len(s.p.special))
	for i, sp := range s.p.special {
		list[i] = sp.Special
		list[i].Spans = slices.Clone(sp.Spans)
	}
	return list
}

// MayDiffer reports whether the hours have rules for holidays that cannot be
// followed because those of the place's country are not known (see InPlace).
func (s Schedule) MayDiffer() bool { return s.p != nil && s.p.holy && s.p.calendar == nil }

// Key is equal for two schedules exactly when they were said to be the same:
// in zone, hours, special days and text. Weekly hours have one key however
// they were written. The key is the schedule's JSON text.
func (s Schedule) Key() string {
	if s.p == nil {
		return "{}"
	}
	return s.p.key
}

// Equal compares keys.
func (s Schedule) Equal(other Schedule) bool { return s.Key() == other.Key() }

// record is the JSON form: hours in OpenStreetMap notation.
type record struct {
	Zone    string    `json:"zone,omitempty"`
	Region  string    `json:"region,omitempty"`
	Pin     []float64 `json:"pin,omitempty"` // latitude, longitude
	Hours   string    `json:"hours,omitempty"`
	Text    string    `json:"text,omitempty"`
	Special []Special `json:"special,omitempty"`
}

// MarshalJSON writes the schedule in one canonical form: the zone, the hours
// in OpenStreetMap notation or the text nobody understood, and special days.
func (s Schedule) MarshalJSON() ([]byte, error) { return []byte(s.Key()), nil }

// UnmarshalJSON reads what MarshalJSON writes. Hours that cannot be read are
// an error, because nothing else writes this form.
func (s *Schedule) UnmarshalJSON(b []byte) error {
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	v := Schedule{}
	switch {
	case r.Hours != "":
		rules, err := parseRules(r.Hours)
		if err != nil {
			return err
		}
		place := Place{Region: r.Region}
		if len(r.Pin) == 2 {
			place.Lat, place.Lng, place.Pinned = r.Pin[0], r.Pin[1], true
		}
		v = finish(&plan{zoneName: r.Zone, known: true, rules: rules}).InPlace(place)
	case r.Zone != "" || r.Text != "" || len(r.Special) > 0:
		v = Unknown(r.Text, r.Zone)
	}
	if len(r.Special) > 0 {
		v = v.WithSpecial(r.Special...)
	}
	*s = v
	return nil
}

// finish fills in what follows from the rest; p belongs to it alone.
func finish(p *plan) Schedule {
	p.zone = zoneNamed(p.zoneName)
	if p.known {
		p.calendar = calendarOf(p.place.Region)
		p.compile()
		p.canonical = p.osm()
	} else {
		p.compileDoubt()
	}
	r := record{Zone: p.zoneName, Hours: p.canonical, Text: p.text}
	if p.holy {
		r.Region = p.place.Region
	}
	if p.sunny && p.place.Pinned {
		r.Pin = []float64{p.place.Lat, p.place.Lng}
	}
	for _, sp := range p.special {
		r.Special = append(r.Special, sp.Special)
	}
	key, err := json.Marshal(r)
	if err != nil {
		panic(err) // only strings and numbers: cannot fail
	}
	p.key = string(key)
	return Schedule{p}
}

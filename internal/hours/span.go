package hours

import (
	"fmt"
	"strings"
)

const (
	minutesPerDay = 24 * 60
	lastMinute    = 48 * 60 // a span may run to the end of the following day
)

// Span is one opening time of a day, in minutes of the wall clock since that
// day's midnight: From in [0, 1440), To in (From, 2880]. A To beyond 1440
// reaches into the next day. A whole day is {0, 1440}.
type Span struct {
	From, To int

	// OpenEnd says that the place stays open beyond To for a time nobody has
	// told; From == To then means that not even a first part is certain.
	OpenEnd bool
	// ByAppointment says that nobody is served in this span without one.
	ByAppointment bool
}

// valid reports whether the span keeps the borders its type promises.
func (s Span) valid() bool {
	if s.From < 0 || s.From >= minutesPerDay || s.To > lastMinute {
		return false
	}
	return s.To > s.From || s.OpenEnd && s.To == s.From
}

// end is the minute up to which a span may have an effect. How long an open
// end lasts is a guess: to the end of the day, or well into the night for a
// start in the evening (the same guess the reference evaluator makes, so that
// the doubt is shown at the same times).
func (s Span) end() int {
	if !s.OpenEnd {
		return s.To
	}
	switch {
	case s.To >= 22*60:
		return s.To + 8*60
	case s.To >= 17*60:
		return s.To + 10*60
	default:
		return minutesPerDay
	}
}

// String is the span in OpenStreetMap notation, "09:00-18:00" or "17:00+".
// Midnight at the end is 24:00; ends within the next day are counted from its
// midnight ("22:00-02:00"), later ones go on counting ("20:00-30:00").
func (s Span) String() string {
	if s.OpenEnd && s.From == s.To {
		return clockText(s.From) + "+"
	}
	to := s.To
	if to > minutesPerDay && to-minutesPerDay <= s.From {
		to -= minutesPerDay
	}
	text := clockText(s.From) + "-" + clockText(to)
	if s.OpenEnd {
		text += "+"
	}
	return text
}

func clockText(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// appointmentNote is the comment that OpenStreetMap values carry for it.
const appointmentNote = "by appointment"

// MarshalText writes the span as String does, with "by appointment" after it
// where that holds.
func (s Span) MarshalText() ([]byte, error) {
	if s.ByAppointment {
		return []byte(s.String() + " " + appointmentNote), nil
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Span) UnmarshalText(b []byte) error {
	text, appointment := strings.CutSuffix(string(b), " "+appointmentNote)
	p := parser{src: text}
	p.next()
	v, err := p.span()
	if err == nil && p.tok.kind != tokenEnd {
		err = p.unexpected("the end")
	}
	if err != nil {
		return err
	}
	v.ByAppointment = appointment
	*s = v
	return nil
}

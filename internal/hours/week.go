package hours

import "time"

// Week is the hours as a page shows them: the seven days from today on, sorted
// to begin with Monday, and what is special in the time ahead.
type Week struct {
	Days [7]Day
	// Special is the special days and closures that are not over yet.
	Special []Special
	// Changes says that other weeks are different (seasons, weekdays of the
	// month): Days then shows the coming seven days only.
	Changes bool
	// MayDiffer says that holidays have rules of their own that could not be
	// followed.
	MayDiffer bool
	// Known is false when nothing can be said; Text then has what was written.
	Known bool
	Text  string
}

// Day is the usual hours of one day of a Week, special days left out.
type Day struct {
	Weekday int // Monday is 0
	Date    Date
	Today   bool
	Spans   []DaySpan // none: closed
}

// DaySpan is a Span with what else is to be said of it.
type DaySpan struct {
	Span
	Kind   Kind   // Open or Doubtful
	Reason string // as in State
	Note   string
}

// Week is the view of the hours at an instant.
func (s Schedule) Week(now time.Time) Week {
	w := Week{Known: s.Known(), Text: s.Text(), MayDiffer: s.MayDiffer()}
	if s.p == nil || s.p.zone == nil {
		return w
	}
	p := s.p
	today := day(floorDiv(int(p.zone.wall(now.Unix())), secondsPerDay))
	w.Changes = !p.weekly
	for n := today; n < today+7; n++ {
		d := Day{Weekday: n.weekday(), Date: n.date(), Today: n == today}
		if p.known {
			d.Spans = daySpans(p.begins(n, nil))
		}
		w.Days[d.Weekday] = d
	}
	for _, sp := range s.Special() {
		if sp.To.number() >= today {
			w.Special = append(w.Special, sp)
		}
	}
	return w
}

// daySpans turns pieces into spans, an open end joined to its certain part.
func daySpans(pieces []piece) []DaySpan {
	var list []DaySpan
	for _, p := range pieces {
		if p.mode == closed {
			continue
		}
		d := DaySpan{Span: Span{From: int(p.from), To: int(p.to)}, Kind: Open, Reason: p.reason, Note: p.note}
		if p.mode == unknown {
			d.Kind = Doubtful
		}
		d.ByAppointment = p.reason == ReasonByAppointment
		if p.reason == ReasonOpenEnd {
			if n := len(list) - 1; n >= 0 && list[n].To == d.From && list[n].Note == d.Note {
				list[n].OpenEnd = true
				continue
			}
			d.To, d.OpenEnd = d.From, true
		}
		list = append(list, d)
	}
	return list
}

// Weekly is the spans of each weekday, Monday first, for a form to edit. It
// reports false where the schedule says more than that (seasons, holidays,
// comments) or is not known.
func (s Schedule) Weekly() (week [7][]Span, ok bool) {
	if !s.Known() || !s.p.weekly || s.p.holy {
		return week, false
	}
	for wd, pieces := range s.p.usual {
		for _, d := range daySpans(pieces) {
			if d.Note != "" && d.Note != appointmentNote || d.Kind == Doubtful && !d.OpenEnd && !d.ByAppointment {
				return week, false
			}
			week[wd] = append(week[wd], d.Span)
		}
	}
	return week, Weekly(s.p.zoneName, week).OSM() == s.p.canonical
}

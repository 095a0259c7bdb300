package nearby

import (
	"sync/atomic"
	"time"
)

// moments remembers which schedules of a part are open at the instants that
// were asked about last: rows share few schedules, and questions few instants.
type moments struct {
	recent [4]atomic.Pointer[moment]
}

// moment holds what is known about one instant, found out as it is needed.
type moment struct {
	t         time.Time
	timetable []Schedule
	known     []atomic.Uint32 // per schedule: not asked, shut, open
}

const (
	notAsked = iota
	shut
	open
)

func (m *moments) at(t time.Time, timetable []Schedule) *moment {
	const spread = 0x9e3779b97f4a7c15 // 2⁶⁴ by the golden ratio: whole minutes fall everywhere
	place := &m.recent[uint64(t.Unix())*spread>>62]
	if found := place.Load(); found != nil && found.t.Equal(t) {
		return found
	}
	fresh := &moment{t: t, timetable: timetable, known: make([]atomic.Uint32, len(timetable))}
	place.Store(fresh)
	return fresh
}

// open reports whether a schedule is known to be open. Two callers may both
// find out, with the same result.
func (m *moment) open(schedule uint32) bool {
	state := m.known[schedule].Load()
	if state == notAsked {
		state = shut
		if s := m.timetable[schedule]; s != nil && s.OpenAt(m.t) {
			state = open
		}
		m.known[schedule].Store(state)
	}
	return state == open
}

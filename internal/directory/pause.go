package directory

import (
	"context"
	"maps"
	"slices"
	"time"
)

// PausedAt reports whether the owner wants no orders at an instant. A pause with
// an end is over from that instant on: nothing has to happen for it.
func (b Business) PausedAt(now time.Time) bool {
	return b.Paused && (b.PausedUntil.IsZero() || now.Before(b.PausedUntil))
}

// pauseAhead is how far ahead a pause may end.
const pauseAhead = 366 * 24 * time.Hour

// pause applies what was said of a pause. One that is over is forgotten.
func (s *Selling) pause(w *wrongs, b *Business, now time.Time) {
	s.PausedUntil = s.PausedUntil.UTC().Truncate(time.Second)
	switch over := !s.PausedUntil.IsZero() && !now.Before(s.PausedUntil); {
	case !s.Paused:
		s.PausedUntil = time.Time{}
	case over && s.PausedUntil.Equal(b.PausedUntil):
		s.Paused, s.PausedUntil = false, time.Time{}
	case over:
		w.add("paused_until", "past", "This time is over.")
	case s.PausedUntil.After(now.Add(pauseAhead)):
		w.add("paused_until", "out_of_range", "A pause ends within a year.")
	}
	b.Paused, b.PausedUntil = s.Paused, s.PausedUntil
}

// awaken follows again the businesses whose pause is over, so that searches for
// who takes orders find them. Everything else asks PausedAt.
func (f *follower) awaken() {
	f.following.Lock()
	now := f.clock()
	var due []string
	for id, end := range f.pauses {
		if !now.Before(end) {
			due = append(due, id)
		}
	}
	f.following.Unlock()
	slices.Sort(due)
	f.follow(due)
}

// notePause remembers when the pause of a published business ends. Only who holds
// following calls it.
func (f *follower) notePause(b Business) {
	if b.PausedAt(f.clock()) && !b.PausedUntil.IsZero() {
		f.pauses[b.ID] = b.PausedUntil
	} else {
		delete(f.pauses, b.ID)
	}
}

// recall learns from the database which pauses end by themselves, when the index
// was filled without reading the businesses one by one.
func (f *follower) recall(ctx context.Context) error {
	ends, err := f.store.pauses(ctx)
	if err != nil {
		return err
	}
	f.following.Lock()
	defer f.following.Unlock()
	maps.Copy(f.pauses, ends)
	return nil
}

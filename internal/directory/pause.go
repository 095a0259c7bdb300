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

// awaken follows again the businesses whose pause or measure is over, so that
// searches find them as they are now. Everything else loads them.
func (f *follower) awaken() {
	f.following.Lock()
	now := f.clock()
	var due []string
	for id, at := range f.turns {
		if !now.Before(at) {
			due = append(due, id)
		}
	}
	f.following.Unlock()
	slices.Sort(due)
	f.follow(due)
}

// noteTurns remembers when the businesses next become others by themselves. Only
// who holds following calls it, with all that was found of ids.
func (f *follower) noteTurns(ids []string, found []Business) {
	for _, id := range ids {
		delete(f.turns, id)
	}
	for _, b := range found {
		if at := b.turn(f.clock()); !at.IsZero() {
			f.turns[b.ID] = at
		}
	}
}

// recall learns from the database which businesses become others by themselves,
// when the index was filled without reading them one by one.
func (f *follower) recall(ctx context.Context) error {
	turns, err := f.store.turns(ctx)
	if err != nil {
		return err
	}
	f.following.Lock()
	defer f.following.Unlock()
	maps.Copy(f.turns, turns)
	return nil
}

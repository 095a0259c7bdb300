// Package clock hands out the time. Nothing else in the program calls
// time.Now for a decision, so every rule about time can be tested.
package clock

import (
	"sync"
	"time"
)

// Clock tells the present moment in UTC, cut to microseconds (what both
// databases keep).
type Clock func() time.Time

// System is the machine's clock.
func System() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond) //nolint:forbidigo // the one place it comes from
}

// Fake is a clock that moves only when told. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake makes a clock that stands at t.
func NewFake(t time.Time) *Fake { return &Fake{now: t.UTC().Truncate(time.Microsecond)} }

// Now is the moment the clock stands at; the method value is a Clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock on by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// Set moves the clock to t, forwards or back.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = t.UTC().Truncate(time.Microsecond)
}

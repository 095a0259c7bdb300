package order

import (
	"time"

	"nearby/internal/errs"
	"nearby/internal/hours"
)

const (
	slotLength = 30 * time.Minute
	slotAhead  = 14 * 24 * time.Hour // how far ahead a time may be asked for
	slotGrace  = 5 * time.Minute     // what a form may lose while it is filled in
	acceptMost = 24 * time.Hour
)

// slot finds when an order can be had: the wanted time, or the first moment
// after prep at which the business is open. Where hours are not known, any time
// will do. Errors: Invalid field "fulfilment.slot"; Conflict "closed" when it
// does not open within two weeks.
func slot(schedule hours.Schedule, prep time.Duration, want, now time.Time) (from, to time.Time, err error) {
	earliest := now.Add(prep)
	if !want.IsZero() {
		want = want.UTC().Truncate(time.Minute)
		if want.Before(earliest.Add(-slotGrace)) || want.After(now.Add(slotAhead)) {
			return from, to, badSlot("too_early_or_late", "Choose a later time within the next two weeks.")
		}
		if schedule.At(want).Kind == hours.Closed {
			return from, to, badSlot("closed", "The business is closed at that time.")
		}
		return want, want.Add(slotLength), nil
	}
	for t := earliest; t.Before(now.Add(slotAhead)); {
		state := schedule.At(t)
		if state.Kind != hours.Closed {
			return t, t.Add(slotLength), nil
		}
		if state.NextChange.IsZero() {
			break
		}
		t = state.NextChange
	}
	return from, to, errs.New(errs.Conflict, "closed", "This business does not open within the next two weeks.")
}

func badSlot(code, message string) error {
	return errs.Fields([]errs.Field{{Name: "fulfilment.slot", Code: code, Message: message}})
}

// acceptBy is when a business must have accepted: after window of opening
// time, at the latest after a day.
func acceptBy(schedule hours.Schedule, window time.Duration, now time.Time) time.Time {
	latest := now.Add(acceptMost)
	for t := now; t.Before(latest); {
		state := schedule.At(t)
		end := state.NextChange
		if state.Kind == hours.Closed {
			if end.IsZero() {
				break
			}
			t = end
			continue
		}
		if end.IsZero() || !end.Before(t.Add(window)) {
			return earlier(t.Add(window), latest)
		}
		window -= end.Sub(t)
		t = end
	}
	return latest
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

package order

import (
	"time"

	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/hours"
)

const (
	slotLength = 30 * time.Minute
	slotAhead  = 14 * 24 * time.Hour // how far ahead a time may be asked for
	slotGrace  = 5 * time.Minute     // what a form may lose while it is filled in
	acceptMost = 24 * time.Hour
)

// window is when orders of a kind change hands.
type window struct {
	schedule hours.Schedule
	own      Kind // whose hours of their own they are; "" for the door's
}

// windowOf is the window of a kind: its own hours, in which the whole half hour
// lies, or else the hours of the business, in which it begins.
func windowOf(b directory.Business, kind Kind) window {
	switch {
	case kind == Pickup && b.Further.Pickup != "":
		return window{b.HoursOf(directory.PickupHours), Pickup}
	case kind == Delivery && b.Further.Delivery != "":
		return window{b.HoursOf(directory.DeliveryHours), Delivery}
	}
	return window{schedule: b.Hours}
}

// refused is the error for a time outside.
func (w window) refused() error {
	switch w.own {
	case Pickup:
		return badSlot("outside_pickup_hours", "Orders are not handed out at that time.")
	case Delivery:
		return badSlot("outside_delivery_hours", "This business does not deliver at that time.")
	}
	return badSlot("closed", "The business is closed at that time.")
}

// has reports whether half an hour from t on is not known to lie outside.
func (w window) has(t time.Time) bool {
	return w.schedule.At(t).Kind != hours.Closed && !(w.own != "" && w.schedule.At(t.Add(slotLength-time.Minute)).Kind == hours.Closed)
}

// Offered reports whether a business hands over orders of a kind, for certain,
// in the half hour from t on.
func Offered(b directory.Business, kind Kind, t time.Time) bool {
	w := windowOf(b, kind)
	return w.schedule.OpenAt(t) && w.has(t)
}

// slot finds when an order can be had: the wanted time, or the first moment
// after prep in the window. Where hours are not known, any time will do. Errors:
// Invalid field "fulfilment.slot"; Conflict "closed" when there is none within
// two weeks.
func slot(w window, prep time.Duration, want, now time.Time) (from, to time.Time, err error) {
	earliest := now.Add(prep)
	if !want.IsZero() {
		want = want.UTC().Truncate(time.Minute)
		if want.Before(earliest.Add(-slotGrace)) || want.After(now.Add(slotAhead)) {
			return from, to, badSlot("too_early_or_late", "Choose a later time within the next two weeks.")
		}
		if !w.has(want) {
			return from, to, w.refused()
		}
		return want, want.Add(slotLength), nil
	}
	for t := earliest; t.Before(now.Add(slotAhead)); {
		if w.has(t) {
			return t, t.Add(slotLength), nil
		}
		state := w.schedule.At(t)
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

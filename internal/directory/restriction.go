package directory

import (
	"encoding/json"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/errs"
)

// RestrictionKind is what a measure takes from a business.
type RestrictionKind string

// The kinds, the gentlest first.
const (
	RestrictFields  RestrictionKind = "lock"       // its owners may not change some fields
	RestrictOrders  RestrictionKind = "orders_off" // it takes no orders
	RestrictSearch  RestrictionKind = "hidden"     // no search and no list shows it; its page stays
	RestrictListing RestrictionKind = "suspended"  // the public does not see it
	RestrictForever RestrictionKind = "terminated" // and never will again
)

// Restriction is the effect of one measure on a business. It is over from Until
// on without anybody doing anything: whoever loads the business then sees it
// without.
type Restriction struct {
	Measure string          `json:"measure"` // id of the measure, which says why
	Kind    RestrictionKind `json:"kind"`
	Fields  []string        `json:"fields,omitempty"` // of a lock; see LockableFields
	Until   time.Time       `json:"until,omitzero"`   // zero: until it is lifted
}

func (r Restriction) over(now time.Time) bool { return !r.Until.IsZero() && !now.Before(r.Until) }

// LockableFields are what a lock can be about.
var LockableFields = []string{
	"name", "category", "description", "phone", "email", "website", "attributes", "address", "pin", "hours", "further_hours", "photo", "legal", "selling",
}

// Restricted reports whether a restriction of a kind is in force. Businesses
// are without those that were over when they were loaded.
func (b Business) Restricted(kind RestrictionKind) bool {
	return slices.ContainsFunc(b.Restrictions, func(r Restriction) bool { return r.Kind == kind })
}

// Under reports whether the effect of a measure is in force.
func (b Business) Under(measureID string) bool {
	return slices.ContainsFunc(b.Restrictions, func(r Restriction) bool { return r.Measure == measureID })
}

// Restrict lays the effect of a measure over a business that is listed, or was
// until another measure. Errors: Conflict "not_allowed" or "not_listed",
// Forbidden "wrong_role".
func (b *Business) Restrict(r Restriction, by account.Role, now time.Time) error {
	event := map[RestrictionKind]Event{RestrictListing: EventSuspend, RestrictForever: EventTerminate}[r.Kind]
	switch {
	case event != "":
		if err := b.Move(event, by, now); err != nil {
			return err
		}
	case !b.State.Listed() && b.State != Suspended:
		return errs.New(errs.Conflict, "not_listed", "Only what is listed, or suspended, can be restricted.")
	}
	b.Restrictions = append(slices.Clone(b.Restrictions), r)
	return nil
}

// Free takes the effect of a measure off again. What lay below it is there
// again as it was; other measures stay. It is no error when the effect is gone.
func (b *Business) Free(measureID string, by account.Role, now time.Time) error {
	at := slices.IndexFunc(b.Restrictions, func(r Restriction) bool { return r.Measure == measureID })
	if at < 0 {
		return nil
	}
	kind := b.Restrictions[at].Kind
	b.Restrictions = slices.Delete(slices.Clone(b.Restrictions), at, at+1)
	if len(b.Restrictions) == 0 {
		b.Restrictions = nil
	}
	switch {
	case kind == RestrictForever && b.State == Terminated && b.Restricted(RestrictListing):
		b.State = Suspended
		return nil
	case kind == RestrictForever && b.State == Terminated, kind == RestrictListing && b.State == Suspended:
		return b.Move(EventReinstate, by, now)
	}
	return nil
}

// settle takes off what is over at a moment. A state that no measure holds any
// more is the one before it.
func (b *Business) settle(now time.Time) error {
	for _, r := range b.Restrictions {
		if r.over(now) {
			if err := b.Free(r.Measure, account.System, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// relapse keeps a business that comes to be listed under a measure out of the
// public's sight: whoever closes a suspended business and applies anew has not
// shaken the measure off.
func (b *Business) relapse(to State) State {
	if to.Listed() && b.Restricted(RestrictListing) {
		b.stateBefore = push(b.stateBefore, to)
		return Suspended
	}
	return to
}

// locked names the fields that differ between before and after although a
// measure locks them.
func (b Business) locked(before, after Business) error {
	var w wrongs
	for _, field := range given(before, after) {
		for _, r := range b.Restrictions {
			if r.Kind != RestrictFields || !slices.Contains(r.Fields, field) {
				continue
			}
			name := field
			switch field {
			case "address":
				name = "address.street"
			case "pin":
				name = "lat"
			case "legal":
				name = "legal_name"
			case "selling":
				name = "pickup"
			}
			w.add(name, "locked", "A measure locks this. It cannot be changed until the measure ends.")
			break
		}
	}
	return errs.Fields(w)
}

// turn is when the business next becomes another by itself: a pause ends, or a
// measure does; zero for never.
func (b Business) turn(now time.Time) time.Time {
	var next time.Time
	sooner := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if b.PausedAt(now) {
		sooner(b.PausedUntil)
	}
	for _, r := range b.Restrictions {
		sooner(r.Until)
	}
	return next
}

func restrictionsText(list []Restriction) string {
	if len(list) == 0 {
		return ""
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings and times only
	}
	return string(text)
}

func readRestrictions(text string) (list []Restriction, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, errs.New(errs.Internal, "bad_restrictions", "Stored restrictions cannot be read.").Because(err)
	}
	return list, nil
}

package directory

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/hours"
)

// HoursKind is what hours are of besides the door.
type HoursKind string

// The kinds. ("" is the door itself.)
const (
	PickupHours   HoursKind = "pickup"
	DeliveryHours HoursKind = "delivery"
	KitchenHours  HoursKind = "kitchen"
)

// HoursKinds are all of them.
var HoursKinds = []HoursKind{PickupHours, DeliveryHours, KitchenHours}

// FurtherHours are hours of their own by kind, in OpenStreetMap notation; an
// empty one is as the hours of the business.
type FurtherHours struct{ Pickup, Delivery, Kitchen string }

// Of is the text of a kind.
func (f FurtherHours) Of(kind HoursKind) string { return *f.at(kind) }

// With is the hours with another text for a kind.
func (f FurtherHours) With(kind HoursKind, text string) FurtherHours {
	*f.at(kind) = text
	return f
}

func (f *FurtherHours) at(kind HoursKind) *string {
	switch kind {
	case PickupHours:
		return &f.Pickup
	case DeliveryHours:
		return &f.Delivery
	case KitchenHours:
		return &f.Kitchen
	}
	return new(string)
}

// HoursOf is when something can be had: the hours of the kind where it has hours
// of its own, else those of the business. Special days and planned closures are
// the same for all kinds.
func (b Business) HoursOf(kind HoursKind) hours.Schedule {
	text := b.Further.Of(kind)
	if text == "" {
		return b.Hours
	}
	s, err := hours.ParseOSM(text, b.clockZone())
	if err != nil {
		s = hours.Unknown(text, b.clockZone()) // checked when it was stored; never shown as closed
	}
	return s.InPlace(b.place()).WithSpecial(b.Hours.Special()...)
}

// clockZone is the zone of the place; a draft may have no pin yet.
func (b Business) clockZone() string { return cmp.Or(b.Zone, "Etc/UTC") }

// SetFurtherHours replaces the further hours; see Update for the errors. Wrong
// fields are named by kind: "pickup", "delivery", "kitchen".
func (s *Service) SetFurtherHours(ctx context.Context, actor account.Actor, slugOrID string, version int64, in FurtherHours) (Business, error) {
	return s.edit(ctx, actor, slugOrID, version, "business.hours", func(b *Business) error {
		var w wrongs
		for _, kind := range HoursKinds {
			text := in.at(kind)
			if *text = strings.TrimSpace(*text); *text == "" {
				continue
			}
			if schedule, ok := readHours(&w, string(kind), *text, b.clockZone()); ok {
				*text = schedule.OSM()
			}
		}
		b.Further = in
		return errs.Fields(w)
	})
}

// readHours reads hours in OpenStreetMap notation from a field.
func readHours(w *wrongs, field, text, zone string) (hours.Schedule, bool) {
	if utf8.RuneCountInString(text) > maxHours {
		w.add(field, "too_long", "The hours have at most 1,000 characters.")
		return hours.Schedule{}, false
	}
	schedule, err := hours.ParseOSM(text, zone)
	if err == nil {
		return schedule, true
	}
	var syntax *hours.SyntaxError
	if errors.As(err, &syntax) {
		w.add(field, "bad_hours", "These hours cannot be read: "+syntax.Error()+".")
	} else {
		w.add(field, "bad_hours", "These hours cannot be read. They look like “Mo-Fr 09:00-18:00; Sa 10:00-14:00”.")
	}
	return hours.Schedule{}, false
}

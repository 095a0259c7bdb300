package directory

import (
	"slices"
	"testing"
	"time"

	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/hours"
)

func TestFurtherHours(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada := h.user(t, "ada")
		p := quay("Harbour Buns", 52.5, 13.4)
		p.Hours = "Mo-Sa 09:00-18:00"
		b := h.create(t, ada, p)
		fair := hours.Date{Year: 2026, Month: 5, Day: 6} // a Wednesday
		if _, err := h.SetHours(ctx, ada, b.ID, 0, b.Hours.WithSpecial(hours.Special{From: fair, To: fair})); err != nil {
			t.Fatal(err)
		}
		_, err := h.SetFurtherHours(ctx, ada, b.ID, 0, FurtherHours{Pickup: " mo-fr 11-14 ", Delivery: "Mo-Su 17:00-22:00"})
		wantErr(t, err, errs.Invalid, "invalid_fields")
		if fields := errs.Of(err).Fields; len(fields) != 1 || fields[0].Name != "pickup" || fields[0].Code != "bad_hours" {
			t.Fatalf("wrong fields %+v", fields)
		}
		b, err = h.SetFurtherHours(ctx, ada, b.ID, 0, FurtherHours{Pickup: " mo-fr 11:00-14:00 ", Delivery: "Mo-Su 17:00-22:00"})
		if err != nil {
			t.Fatal(err)
		}
		if want := (FurtherHours{Pickup: "Mo-Fr 11:00-14:00", Delivery: "17:00-22:00"}); b.Further != want {
			t.Errorf("kept %+v, want %+v", b.Further, want)
		}
		at := func(day, hour int) time.Time { return time.Date(2026, 5, day, hour-2, 30, 0, 0, time.UTC) } // on Berlin's clock
		for _, c := range []struct {
			kind HoursKind
			at   time.Time
			open bool
		}{
			{"", at(4, 10), true},
			{PickupHours, at(4, 10), false},
			{PickupHours, at(4, 12), true},
			{DeliveryHours, at(4, 12), false},
			{DeliveryHours, at(4, 20), true}, // after the door has closed
			{KitchenHours, at(4, 10), true},  // none of its own
			{PickupHours, at(6, 12), false},  // closed for the fair, for every kind
			{DeliveryHours, at(6, 20), false},
		} {
			if got := b.HoursOf(c.kind).At(c.at).IsOpen(); got != c.open {
				t.Errorf("%q at %s: open is %v", c.kind, c.at, got)
			}
		}
		if !slices.Contains(b.OwnerFields, "further_hours") {
			t.Errorf("an owner entered %v", b.OwnerFields)
		}
		entries, err := h.log.Of(ctx, "business", b.ID, 50)
		if err != nil || !slices.ContainsFunc(entries, func(r audit.Record) bool { return r.Action == "business.hours" }) {
			t.Errorf("no audit entry: %v", err)
		}
		if b, err = h.SetFurtherHours(ctx, ada, b.ID, 0, FurtherHours{}); err != nil || !b.HoursOf(PickupHours).Equal(b.Hours) {
			t.Errorf("empty hours are %s (%v)", b.HoursOf(PickupHours).Key(), err)
		}
		_, err = h.SetFurtherHours(ctx, ada, b.ID, 1, FurtherHours{Kitchen: "24/7"})
		wantErr(t, err, errs.Precondition, "changed_meanwhile")
	})
}

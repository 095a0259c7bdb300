package directory

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/ident"
)

func TestCreateAndRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, eve := h.user(t, "ada"), h.user(t, "eve")
		_, err := h.Create(ctx, audit.Public, quay("Buns", 52.5, 13.4))
		wantErr(t, err, errs.Unauthenticated, "sign_in")
		_, err = h.Create(ctx, ada, Profile{Phone: "x"})
		if diff := cmp.Diff([]string{"name:required", "phone:bad_phone"}, fieldCodes(err)); diff != "" {
			t.Error(diff)
		}
		p := quay("Harbour Buns", 52.5, 13.4)
		p.Attributes = []string{"wheelchair", "card"}
		made := h.create(t, ada, p)
		got, err := h.Get(ctx, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(made, got, cmp.AllowUnexported(Business{}), cmp.Comparer(hours.Schedule.Equal)); diff != "" {
			t.Errorf("read back differs: %s", diff)
		}
		if got.State != Draft || got.Slug != "harbour-buns" || got.Version != 1 || got.Currency != "EUR" || got.OwnerID != ada.ID {
			t.Errorf("a new business is %+v", got)
		}
		for _, key := range []string{made.ID, made.Slug} {
			_, err = h.Public(ctx, key)
			wantErr(t, err, errs.NotFound, "not_found")
			_, err = h.Owned(ctx, eve, key)
			wantErr(t, err, errs.NotFound, "not_found")
			_, err = h.Update(ctx, eve, key, 0, p)
			wantErr(t, err, errs.NotFound, "not_found")
			_, err = h.Close(ctx, eve, key)
			wantErr(t, err, errs.NotFound, "not_found")
			if _, err = h.Owned(ctx, ada, key); err != nil {
				t.Error(err)
			}
		}
		for _, key := range []string{"", "nobody", ident.Random(), "' OR 1=1 --", strings.Repeat("x", 5000)} {
			_, err = h.Public(ctx, key)
			wantErr(t, err, errs.NotFound, "not_found")
		}
		if list, err := h.OwnedBy(ctx, ada.ID); err != nil || len(list) != 1 || list[0].ID != made.ID {
			t.Errorf("ada's businesses are %v, %v", list, err)
		}
		if list, err := h.OwnedBy(ctx, eve.ID); err != nil || len(list) != 0 {
			t.Errorf("eve's businesses are %v, %v", list, err)
		}
	})
}

func TestSlugsAreUniqueAndKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada := h.user(t, "ada")
		first := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		second := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		third := h.create(t, ada, quay("Hárbour-Buns!", 52.5, 13.4))
		if got := []string{first.Slug, second.Slug, third.Slug}; cmp.Diff([]string{"harbour-buns", "harbour-buns-quay-street", "harbour-buns-portmere"}, got) != "" {
			t.Fatalf("slugs are %q", got)
		}
		p := first.Profile()
		p.Name = "Pier Cakes"
		renamed, err := h.Update(ctx, ada, first.ID, 0, p)
		if err != nil || renamed.Slug != "pier-cakes" {
			t.Fatalf("renamed to %q, %v", renamed.Slug, err)
		}
		if old, err := h.BySlug(ctx, "harbour-buns"); err != nil || old.Slug != "pier-cakes" {
			t.Errorf("the old address leads to %q, %v", old.Slug, err)
		}
		// Nobody else gets the old address, and the business may have it back.
		if b := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4)); b.Slug == "harbour-buns" {
			t.Error("an old address was given away")
		}
		p.Name = "Harbour Buns"
		if renamed, err = h.Update(ctx, ada, first.ID, 0, p); err != nil || renamed.Slug != "harbour-buns" {
			t.Errorf("back to %q, %v", renamed.Slug, err)
		}
		p.Name = "HARBOUR buns"
		if renamed, err = h.Update(ctx, ada, first.ID, 0, p); err != nil || renamed.Slug != "harbour-buns" || renamed.Name != "HARBOUR buns" {
			t.Errorf("in capitals it is %q, %v", renamed.Slug, err)
		}
	})
}

func TestSlugRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		var mu sync.Mutex
		seen := map[string]bool{}
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				b, err := h.Create(t.Context(), ada, Profile{Name: "Harbour Buns"})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if seen[b.Slug] {
					t.Errorf("%q was given twice", b.Slug)
				}
				seen[b.Slug] = true
			})
		}
		group.Wait()
	})
}

func TestUpdateRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, ben, eve := h.user(t, "ada"), h.user(t, "ben"), h.user(t, "eve")
		b := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		for user, role := range map[string]account.MemberRole{ben.ID: account.MemberStaff, eve.ID: account.MemberManager} {
			if err := h.accounts.Join(ctx, ada, b.ID, user, role); err != nil {
				t.Fatal(err)
			}
		}
		p := b.Profile()
		p.Description = "New."
		_, err := h.Update(ctx, ben, b.ID, 0, p)
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, err = h.Close(ctx, eve, b.ID)
		wantErr(t, err, errs.Forbidden, "wrong_role")
		updated, err := h.Update(ctx, eve, b.ID, 1, p)
		if err != nil || updated.Version != 2 || updated.Description != "New." {
			t.Fatalf("manager's update gives %+v, %v", updated, err)
		}
		_, err = h.Update(ctx, ada, b.ID, 1, p)
		wantErr(t, err, errs.Precondition, "changed_meanwhile")

		h.put(t, b.ID, verify...)
		bad := updated.Profile()
		bad.Name, bad.Category, bad.Website, bad.LegalName, bad.RegisterNumber, bad.Certified = "Big Bank", "books", "", "Bank Ltd", "7", false
		bad.Address.Street, bad.Address.City = "Elsewhere", "Far"
		lat, lng := 52.6, 13.4
		bad.Lat, bad.Lng = &lat, &lng
		want := []string{
			"name:protected", "category:protected", "legal_name:protected", "register_number:protected", "website:protected",
			"certified:protected", "address.street:protected", "address.city:protected", "lat:protected",
		}
		_, err = h.Update(ctx, ada, b.ID, 0, bad)
		if diff := cmp.Diff(want, fieldCodes(err)); diff != "" {
			t.Error(diff)
		}
		free := updated.Profile()
		free.Name, free.Description, free.Phone, free.Hours = "HARBOUR Buns", "Now with rye.", "+49 30 7505 4399", "Mo-Su 07:00-12:00"
		lat, lng = 52.5+0.0004, 13.4 // 44 m
		free.Lat, free.Lng = &lat, &lng
		if updated, err = h.Update(ctx, ada, b.ID, 0, free); err != nil || updated.State != Verified {
			t.Fatalf("a free change gives %s, %v %v", updated.State, err, fieldCodes(err))
		}
		// Many small steps are not a way to somewhere else.
		lat += 0.0004
		free.Lat = &lat
		_, err = h.Update(ctx, ada, b.ID, 0, free)
		if diff := cmp.Diff([]string{"lat:protected"}, fieldCodes(err)); diff != "" {
			t.Error(diff)
		}
		// Back to draft everything may be changed, and nothing is public.
		for _, step := range []func(context.Context, account.Actor, string) (Business, error){h.Close, h.Reopen} {
			if _, err := step(ctx, ada, b.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Public(ctx, b.ID); !errs.Is(err, errs.NotFound) {
				t.Errorf("still public: %v", err)
			}
		}
		bad.Certified = true
		if updated, err = h.Update(ctx, ada, b.ID, 0, bad); err != nil || updated.Name != "Big Bank" {
			t.Errorf("a draft is not free: %v %v", err, fieldCodes(err))
		}
		if n, err := h.log.Verify(ctx); err != nil || n < 8 {
			t.Errorf("audit has %d sound entries, %v", n, err)
		}
	})
}

func TestChangeIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		b := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		boom := errors.New("no")
		err := h.Change(t.Context(), b.ID, func(b *Business) error {
			b.Name = "Never"
			return boom
		})
		if !errors.Is(err, boom) && !errs.Is(err, errs.Internal) {
			t.Errorf("error is %v", err)
		}
		if got, _ := h.Get(t.Context(), b.ID); got.Name != "Harbour Buns" || got.Version != 1 {
			t.Errorf("half a change: %+v", got)
		}
		// Twenty at once: none is lost.
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				err := h.Change(t.Context(), b.ID, func(b *Business) error { b.PrepMinutes++; return nil })
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got, _ := h.Get(t.Context(), b.ID); got.PrepMinutes != 20 || got.Version != 21 {
			t.Errorf("after 20 changes: %d, version %d", got.PrepMinutes, got.Version)
		}
		if err := h.Change(t.Context(), ident.Random(), func(*Business) error { return nil }); !errs.Is(err, errs.NotFound) {
			t.Errorf("changing nothing gave %v", err)
		}
	})
}

func TestHoursFollowThePlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada := h.user(t, "ada")
		p := quay("Harbour Buns", 52.5, 13.4)
		p.Hours, p.Address.Country, p.Address.Region = "Mo-Fr 10:00-sunset; PH off", "DE", "Berlin"
		b := h.create(t, ada, p)
		noon := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 11, 0, 0, 0, time.UTC) }
		womensDay, may := noon(2027, 3, 8), noon(2027, 5, 3)
		b, err := h.Get(ctx, b.ID)
		if err != nil || b.Hours.At(womensDay).Kind != hours.Closed || b.Hours.At(may).Kind != hours.Open || b.Hours.MayDiffer() {
			t.Fatalf("in Berlin on 8 March %+v, in May %+v, %v", b.Hours.At(womensDay), b.Hours.At(may), err)
		}
		p = b.Profile()
		p.Address.Region, p.Address.City = "Bayern", "München"
		if b, err = h.Update(ctx, ada, b.ID, b.Version, p); err != nil || b.Hours.At(womensDay).Kind != hours.Open {
			t.Errorf("in Bavaria on 8 March %+v, %v", b.Hours.At(womensDay), err)
		}
		if b, err = h.Get(ctx, b.ID); err != nil || b.Hours.At(womensDay).Kind != hours.Open {
			t.Errorf("and read again %+v, %v", b.Hours.At(womensDay), err)
		}
	})
}

func TestHoursAndSellingAndPhoto(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada := h.user(t, "ada")
		b := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		day := hours.DateOf(h.clock.Now())
		schedule := weekdays(2, "UTC").WithSpecial(hours.Special{From: day, To: day, Reason: "Fair"})
		b, err := h.SetHours(ctx, ada, b.ID, b.Version, schedule)
		if err != nil || b.Hours.Zone() != "Europe/Berlin" || b.Hours.At(h.clock.Now()).Kind != hours.Closed {
			t.Fatalf("hours are %s, %v", b.Hours.Key(), err)
		}
		p := b.Profile()
		p.Hours = "24/7"
		if b, err = h.Update(ctx, ada, b.ID, b.Version, p); err != nil || len(b.Hours.Special()) != 1 {
			t.Errorf("typing new hours lost the special days: %v %v", b.Hours.Special(), err)
		}
		_, err = h.SetSelling(ctx, ada, b.ID, b.Version, Selling{Currency: "EUR", Delivery: true})
		wantErr(t, err, errs.Invalid, "invalid_fields")
		in := Selling{
			Currency: "EUR", Pickup: true, PayAtPickup: true, Delivery: true, DeliveryRadiusM: 3000, DeliveryFee: 250,
			DeliveryMinimum: 1000, PrepMinutes: 15, AcceptFirst: true, Paused: true,
		}
		if b, err = h.SetSelling(ctx, ada, b.ID, b.Version, in); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, b.Selling()); diff != "" {
			t.Error(diff)
		}
		if b, err = h.SetPhoto(ctx, ada, b.ID, "abc"); err != nil || b.PhotoHash != "abc" {
			t.Errorf("photo is %q, %v", b.PhotoHash, err)
		}
		want := []string{"address", "category", "description", "email", "hours", "legal", "name", "phone", "photo", "pin", "selling", "website"}
		if diff := cmp.Diff(want, b.OwnerFields); diff != "" {
			t.Error(diff)
		}
		if !b.Located() || geo.Distance(b.Point, geo.Point{Lat: 52.5, Lng: 13.4}) > 0 {
			t.Errorf("the pin is at %v", b.Point)
		}
	})
}

// The order of edits is told by the room's clock, whatever the machine's says.
func TestTimesAreTheClocks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		b := h.create(t, h.user(t, "ada"), quay("Harbour Buns", 52.5, 13.4))
		made := h.clock.Now()
		h.clock.Advance(90 * time.Minute)
		h.put(t, b.ID, EventSubmit)
		b, err := h.Get(t.Context(), b.ID)
		if err != nil || !b.CreatedAt.Equal(made) || !b.UpdatedAt.Equal(h.clock.Now()) {
			t.Errorf("created %s, updated %s, %v", b.CreatedAt, b.UpdatedAt, err)
		}
		h.imported(t, trusted, cafe("1"))
		h.clock.Advance(time.Minute)
		changed := cafe("1")
		changed.Name = "Café Kaimauer"
		h.imported(t, trusted, changed)
		if b = h.bySourceID(t, "1"); !b.UpdatedAt.Equal(h.clock.Now()) || !b.CreatedAt.Equal(h.clock.Now().Add(-time.Minute)) {
			t.Errorf("imported: created %s, updated %s", b.CreatedAt, b.UpdatedAt)
		}
	})
}

package directory

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/ident"
	"nearby/internal/job"
)

// house is the room with its machines and a clock that stands.
type house struct {
	*Service
	clock    *clock.Fake
	accounts *account.Service
	log      *audit.Log
}

var testKey = bytes.Repeat([]byte{9}, 32)

func newHouse(db *database.DB) *house {
	fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)) // a Monday
	log := audit.New(db, fake.Now, testKey)
	accounts := account.New(db, log, job.New(db, fake.Now, ident.Random), fake.Now, ident.Random, testKey)
	return &house{
		Service: New(db, accounts, log, fake.Now, ident.Random, testKey), clock: fake, accounts: accounts, log: log,
	}
}

// again is the same house after a restart.
func (h *house) again(t *testing.T) *house {
	t.Helper()
	next := newHouse(h.db)
	if err := next.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return next
}

func (h *house) user(t *testing.T, name string, roles ...account.Role) account.Actor {
	t.Helper()
	user, err := h.accounts.Add(t.Context(), audit.System, account.NewUser{
		Email: name + "@example.org", Name: name, Password: "nine lives, one cat", Roles: roles,
	})
	if err != nil {
		t.Fatal(err)
	}
	role := account.Shopper
	if len(roles) > 0 {
		role = roles[0]
	}
	return user.As(role)
}

// quay is a profile with everything in it, at a point of the harbour.
func quay(name string, lat, lng float64) Profile {
	return Profile{
		Name: name, Category: "bakery", Description: "Bread and buns.", Phone: "030 7505 4321", Email: "hello@example.org",
		Website: "example.org/" + name[:1], Address: Address{Street: "Quay Street", HouseNumber: "4", Postcode: "10115", City: "Portmere", Country: "DE"},
		Lat: &lat, Lng: &lng, Hours: "Mo-Fr 08:00-18:00", LegalName: "Quay Ltd", Certified: true,
	}
}

func (h *house) create(t *testing.T, owner account.Actor, p Profile) Business {
	t.Helper()
	b, err := h.Create(t.Context(), owner, p)
	if err != nil {
		t.Fatalf("creating %q: %v %v", p.Name, err, fieldCodes(err))
	}
	return b
}

// put moves a business by an event as the room of verification would.
func (h *house) put(t *testing.T, id string, events ...Event) {
	t.Helper()
	by := map[Event]account.Role{EventSubmit: account.Owner, EventGraceOver: account.System, EventCheckExpired: account.System}
	for _, event := range events {
		role := account.Verifier
		if r, ok := by[event]; ok {
			role = r
		}
		err := h.Change(t.Context(), id, func(b *Business) error { return b.Move(event, role, h.clock.Now()) })
		if err != nil {
			t.Fatalf("%s: %v", event, err)
		}
	}
}

var verify = []Event{EventSubmit, EventTake, EventApprove}

// listed makes a verified business.
func (h *house) listed(t *testing.T, owner account.Actor, p Profile) Business {
	t.Helper()
	b := h.create(t, owner, p)
	h.put(t, b.ID, verify...)
	b, err := h.Get(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// near lists the names around a point.
func (h *house) near(t *testing.T, q Query) []string {
	t.Helper()
	page, err := h.Nearby(t.Context(), q)
	if err != nil {
		t.Fatalf("nearby: %v %v", err, fieldCodes(err))
	}
	names := []string{}
	for _, item := range page.Items {
		names = append(names, item.Name)
	}
	return names
}

func wantErr(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || !errs.Has(err, code) {
		t.Fatalf("error is %v, want %s %q", err, kind, code)
	}
}

func fieldCodes(err error) []string {
	var list []string
	if err != nil {
		for _, f := range errs.Of(err).Fields {
			list = append(list, f.Name+":"+f.Code)
		}
	}
	return list
}

// seed writes n verified businesses around a centre, straight into the tables.
func (h *house) seed(t testing.TB, n int, center geo.Point) []Business {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"bakery", "restaurant", "cafe", "pharmacy", "books"}
	list := make([]Business, n)
	now := h.clock.Now()
	for i := range list {
		b := Business{
			ID: ident.Random(), Name: fmt.Sprintf("Number %d", i), Category: kinds[i%len(kinds)], State: Verified, Currency: "EUR",
			Pickup: i%2 == 0, VerifiedAt: &now, CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		b.Slug = b.ID
		b.pin(geo.Point{Lat: center.Lat + rng.NormFloat64()*0.05, Lng: center.Lng + rng.NormFloat64()*0.08})
		if i%3 > 0 {
			b.Hours = weekdays(i%8, b.Zone)
			b.HoursText = b.Hours.OSM()
		}
		list[i] = b
	}
	err := h.db.Tx(context.Background(), func(ctx context.Context) error {
		for start := 0; start < n; start += 500 {
			if err := h.store.insert(ctx, list[start:min(start+500, n)], ident.Random); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// weekdays opens at an hour on Monday to Friday, for nine hours.
func weekdays(hour int, zone string) hours.Schedule {
	s, err := hours.ParseOSM(fmt.Sprintf("Mo-Fr %02d:00-%02d:00", 6+hour, 15+hour), zone)
	if err != nil {
		panic(err)
	}
	return s
}

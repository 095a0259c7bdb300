package directory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
)

func (h *house) restrict(t *testing.T, id string, r Restriction) {
	t.Helper()
	err := h.Change(t.Context(), id, func(b *Business) error { return b.Restrict(r, account.Operator, h.clock.Now()) })
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever measures come, end and are lifted, in whatever order: what is seen is
// what the ones in force leave, and without any the business is as before.
func TestRestrictionsComeAndGoInAnyOrder(t *testing.T) {
	kinds := []RestrictionKind{RestrictFields, RestrictOrders, RestrictSearch, RestrictListing, RestrictForever}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
		before := []State{Verified, VerifiedDue, Limited}[rng.IntN(3)]
		b := Business{State: before, Cell: 1, Pickup: true}
		var inForce []Restriction
		for step := range 40 {
			switch rng.IntN(3) {
			case 0:
				r := Restriction{Measure: fmt.Sprint(step), Kind: kinds[rng.IntN(len(kinds))], Until: now.Add(time.Duration(1+rng.IntN(9)) * time.Hour)}
				if r.Kind == RestrictForever {
					r.Until = time.Time{}
				}
				if b.Restrict(r, account.Operator, now) == nil {
					inForce = append(inForce, r)
				}
			case 1:
				if len(inForce) > 0 {
					at := rng.IntN(len(inForce))
					if err := b.Free(inForce[at].Measure, account.Operator, now); err != nil {
						t.Fatal(err)
					}
					inForce = slices.Delete(inForce, at, at+1)
				}
			default:
				now = now.Add(time.Duration(rng.IntN(4)) * time.Hour)
				if err := b.settle(now); err != nil {
					t.Fatal(err)
				}
				inForce = slices.DeleteFunc(inForce, func(r Restriction) bool { return r.over(now) })
			}
			has := func(kind RestrictionKind) bool {
				return slices.ContainsFunc(inForce, func(r Restriction) bool { return r.Kind == kind })
			}
			want := before
			if has(RestrictListing) {
				want = Suspended
			}
			if has(RestrictForever) {
				want = Terminated
			}
			if b.State != want || b.Orderable(now) != (want.Listed() && want != Limited && !has(RestrictOrders)) {
				t.Fatalf("seed %d, step %d: %s, orderable %v, under %v; want %s", seed, step, b.State, b.Orderable(now), inForce, want)
			}
		}
		for _, r := range inForce {
			if err := b.Free(r.Measure, account.Operator, now); err != nil {
				t.Fatal(err)
			}
		}
		if b.State != before || b.stateBefore != "" || b.Restrictions != nil {
			t.Errorf("seed %d: %q, %q, %v are left; want %s", seed, b.State, b.stateBefore, b.Restrictions, before)
		}
	}
}

// A measure ends at its instant for whoever loads the business and, without a
// job, in every process's index: one that followed it, one that started later,
// and one that read its index from a file.
func TestMeasureEndsByItsOwnInstant(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		for _, kind := range []RestrictionKind{RestrictOrders, RestrictSearch, RestrictListing} {
			h := newHouse(db)
			path := t.TempDir() + "/index"
			ada := h.user(t, "ada-"+string(kind))
			b := h.listed(t, ada, quay("Harbour Buns "+string(kind), 52.5, 13.4))
			before, err := h.Get(t.Context(), b.ID)
			if err != nil {
				t.Fatal(err)
			}
			until := h.clock.Now().Add(2 * time.Hour)
			h.restrict(t, b.ID, Restriction{Measure: "m", Kind: kind, Until: until})
			saver := newHouse(db)
			saver.clock.Set(h.clock.Now())
			saver = saver.started(t, path)
			saver.saved(t)
			q := Query{Center: harbour, Text: string(kind), Orderable: kind == RestrictOrders}
			for _, after := range []time.Duration{0, 2*time.Hour - time.Second, 2 * time.Hour} {
				free := after == 2*time.Hour
				now := until.Add(after - 2*time.Hour)
				restarted, fromFile := newHouse(db), newHouse(db)
				for _, house := range []*house{h, restarted, fromFile} {
					house.clock.Set(now)
				}
				if err := restarted.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				fromFile = fromFile.started(t, path)
				h.follower.awaken()
				for name, house := range map[string]*house{"followed": h, "loaded": restarted, "from the file": fromFile} {
					if found := len(house.near(t, q)) == 1; found != free {
						t.Errorf("%s after %s, %s: found is %v", kind, after, name, found)
					}
				}
				_, err := h.Public(t.Context(), b.ID)
				if seen := err == nil; seen != (free || kind != RestrictListing) {
					t.Errorf("%s after %s: its page is seen: %v (%v)", kind, after, seen, err)
				}
			}
			h.clock.Set(until)
			after, err := h.Get(t.Context(), b.ID)
			if err != nil || after.State != before.State || after.stateBefore != before.stateBefore || after.Restrictions != nil {
				t.Errorf("%s: it was %s and is %s, %q, %v (%v)", kind, before.State, after.State, after.stateBefore, after.Restrictions, err)
			}
			if _, err := h.Close(t.Context(), ada, b.ID); err != nil {
				t.Error(err)
			}
		}
	})
}

// Closing and applying anew does not shake a suspension off.
func TestSuspensionOutlivesANewStart(t *testing.T) {
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	b := Business{State: Verified}
	if err := b.Restrict(Restriction{Measure: "m", Kind: RestrictListing, Until: now.Add(time.Hour)}, account.Verifier, now); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		event Event
		by    account.Role
		want  State
	}{
		{EventClose, account.Owner, Withdrawn}, {EventReopen, account.Owner, Draft}, {EventSubmit, account.Owner, Submitted},
		{EventTake, account.Verifier, InReview}, {EventApprove, account.Verifier, Suspended},
	} {
		if err := b.Move(s.event, s.by, now); err != nil || b.State != s.want {
			t.Fatalf("%s leads to %s, %v; want %s", s.event, b.State, err, s.want)
		}
	}
	if err := b.settle(now.Add(time.Hour)); err != nil || b.State != Verified {
		t.Errorf("after its end it is %s, %v", b.State, err)
	}
}

func TestLockedFieldsStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		p := quay("Harbour Buns", 52.5, 13.4)
		b := h.listed(t, ada, p)
		h.restrict(t, b.ID, Restriction{Measure: "m", Kind: RestrictFields, Fields: []string{"name", "description"}, Until: h.clock.Now().Add(time.Hour)})
		try := func(change func(*Profile), locked ...string) {
			t.Helper()
			changed := p
			change(&changed)
			_, _, err := h.UpdateHolding(t.Context(), ada, b.ID, 0, changed)
			var fields []string
			for _, f := range fieldsOf(err) {
				fields = append(fields, f.Name+":"+f.Code)
			}
			if !slices.Equal(fields, locked) {
				t.Errorf("refused %v (%v), want %v", fields, err, locked)
			}
		}
		try(func(p *Profile) { p.Name, p.Description = "Another", "New." }, "name:locked", "description:locked")
		try(func(p *Profile) { p.Phone = "030 7505 4399" })
		h.clock.Advance(time.Hour)
		try(func(p *Profile) { p.Description = "New." })
	})
}

func fieldsOf(err error) []errs.Field {
	if err == nil {
		return nil
	}
	return errs.Of(err).Fields
}

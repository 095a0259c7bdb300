package proposal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/check"
	"nearby/internal/check/checktest"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
	"nearby/internal/verification"
)

// house is the room with those below it, a clock that stands, and one listed
// bakery of Ada's.
type house struct {
	*Service
	clock    *clock.Fake
	log      *audit.Log
	queue    *job.Queue
	dir      *directory.Service
	accounts *account.Service
	checks   *check.Service
	desk     *verification.Service
	mails    []string

	ada, ben, eve, vera, vito account.Actor
	bakery                    directory.Business
}

func quay() directory.Profile {
	lat, lng := 52.5, 13.4
	return directory.Profile{
		Name: "Harbour Buns", Category: "bakery", Phone: "030 7505 4321", Email: "hello@example.org", Website: "https://buns.example",
		Address: directory.Address{Street: "Quay Street", HouseNumber: "4", City: "Portmere", Country: "DE"},
		Lat:     &lat, Lng: &lng, Hours: "Mo-Fr 08:00-18:00", LegalName: "Quay Ltd", Certified: true,
	}
}

func newHouse(t *testing.T, db *database.DB) *house {
	t.Helper()
	fake, key := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)), bytes.Repeat([]byte{3}, 32)
	h := &house{clock: fake, log: audit.New(db, fake.Now, key), queue: job.New(db, fake.Now, ident.Random)}
	h.accounts = account.New(db, h.log, h.queue, fake.Now, ident.Random, key)
	h.dir = directory.New(db, h.accounts, h.log, fake.Now, ident.Random, key)
	h.checks = checktest.New(db, h.accounts, h.dir, h.log, h.queue, fake.Now)
	h.desk = verification.New(db, h.accounts, h.dir, h.checks, h.log, h.queue, fake.Now, ident.Random)
	h.Service = New(db, h.accounts, h.dir, h.desk, h.checks, h.log, h.queue, fake.Now, ident.Random)
	h.queue.Handle(mail.Job, func(_ context.Context, raw json.RawMessage) error {
		var m account.Mail
		err := json.Unmarshal(raw, &m)
		h.mails = append(h.mails, m.Template)
		return err
	})
	for _, one := range []struct {
		name string
		into *account.Actor
		role account.Role
	}{{"ada", &h.ada, ""}, {"ben", &h.ben, ""}, {"eve", &h.eve, ""}, {"vera", &h.vera, account.Verifier}, {"vito", &h.vito, account.Verifier}} {
		new := account.NewUser{Email: one.name + "@example.org", Name: one.name, Password: "nine lives, one cat"}
		if one.role != "" {
			new.Roles = []account.Role{one.role}
		}
		user, err := h.accounts.Add(t.Context(), audit.System, new)
		if err != nil {
			t.Fatal(err)
		}
		*one.into = user.As(account.Owner)
		if one.role != "" {
			*one.into = user.As(one.role)
		}
	}
	var err error
	if h.bakery, err = h.dir.Create(t.Context(), h.ada, quay()); err != nil {
		t.Fatal(err)
	}
	if err := h.accounts.Join(t.Context(), h.ada, h.bakery.ID, h.ben.ID, account.MemberStaff); err != nil {
		t.Fatal(err)
	}
	h.list(t)
	return h
}

// list has the bakery approved.
func (h *house) list(t *testing.T) {
	t.Helper()
	r, err := h.desk.Submit(t.Context(), h.ada, h.bakery.ID)
	if err == nil {
		_, err = h.desk.Take(t.Context(), h.vera, r.ID)
	}
	if err == nil {
		err = checktest.Prove(t.Context(), h.checks, h.vera, h.bakery.ID)
	}
	if err == nil {
		err = h.desk.Approve(t.Context(), h.vera, r.ID, "")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// public is the bakery as anybody sees it.
func (h *house) public(t *testing.T) directory.Business {
	t.Helper()
	b, err := h.dir.Public(t.Context(), h.bakery.ID)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// propose changes the profile as the public sees it.
func (h *house) propose(t *testing.T, change func(*directory.Profile)) Proposal {
	t.Helper()
	p := h.public(t).Profile()
	change(&p)
	_, made, err := h.Update(t.Context(), h.ada, h.bakery.ID, 0, p)
	if err != nil || made == nil {
		t.Fatalf("nothing was proposed: %v %v", err, fields(err))
	}
	return *made
}

func wantErr(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || !errs.Has(err, code) {
		t.Fatalf("error is %v, want %s %q", err, kind, code)
	}
}

func fields(err error) []string {
	var list []string
	if err != nil {
		for _, f := range errs.Of(err).Fields {
			list = append(list, f.Name+":"+f.Code)
		}
	}
	return list
}

func (h *house) mailed(t *testing.T) []string {
	t.Helper()
	h.mails = nil
	if _, err := h.queue.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h.mails
}

func TestTheOldValueStaysPublicUntilApproved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		before := h.public(t)
		h.clock.Advance(time.Hour)
		p := before.Profile()
		lat, lng := 52.51, 13.41
		p.Name, p.Website, p.Description, p.Lat, p.Lng = "Anchor Bread", "https://anchor.example", "Now with rye.", &lat, &lng
		p.Address.Street, p.Category = "Mill Row", "cafe"
		_, _, err := h.Update(ctx, h.ben, h.bakery.ID, 0, p)
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, _, err = h.Update(ctx, h.eve, h.bakery.ID, 0, p)
		wantErr(t, err, errs.NotFound, "not_found")
		saved, made, err := h.Update(ctx, h.ada, h.bakery.ID, before.Version, p)
		if err != nil || made == nil {
			t.Fatalf("proposed %+v, %v %v", made, err, fields(err))
		}
		if diff := cmp.Diff([]string{"name", "category", "website", "address", "lat"}, Fields(made.Wanted)); diff != "" {
			t.Error(diff)
		}
		// What is free is public at once; the rest is as it was, wherever one looks.
		now := h.public(t)
		if now.Description != "Now with rye." || saved.Name != before.Name || now.Name != before.Name || now.Slug != before.Slug || now.Website != before.Website ||
			now.Address != before.Address || now.Point != before.Point || now.Cell != before.Cell || now.Category != before.Category || now.Zone != before.Zone {
			t.Errorf("the public sees %+v", now)
		}
		if now.NameChangedAt != nil || now.AddressChangedAt != nil {
			t.Error("the last changes moved before anybody approved")
		}
		// Sent twice it is one proposal.
		if _, again, err := h.Update(ctx, h.ada, h.bakery.ID, 0, p); err != nil || again == nil || again.ID != made.ID {
			t.Errorf("sent again: %+v, %v", again, err)
		}
		list, err := h.Queue(ctx, h.vera)
		if err != nil || len(list) != 1 || list[0].Name != "Harbour Buns" {
			t.Fatalf("the queue is %+v, %v", list, err)
		}
		_, err = h.Queue(ctx, h.ada)
		wantErr(t, err, errs.Forbidden, "wrong_role")
		wantErr(t, h.Approve(ctx, h.vera, made.ID, ""), errs.Conflict, "no_lease")
		now = h.public(t)
		if err := h.Take(ctx, h.vera, made.ID); err != nil {
			t.Fatal(err)
		}
		wantErr(t, h.Take(ctx, h.vito, made.ID), errs.Conflict, "taken")
		wantErr(t, h.Approve(ctx, h.vito, made.ID, ""), errs.Conflict, "no_lease")
		if at := h.public(t).Version; at != now.Version {
			t.Errorf("taking a case made version %d of %d: a form that is open would be lost", at, now.Version)
		}
		h.mailed(t)
		h.clock.Advance(time.Minute)
		if err := h.Approve(ctx, h.vera, made.ID, "Seen in the register."); err != nil {
			t.Fatal(err)
		}
		after := h.public(t)
		if after.Name != "Anchor Bread" || after.Slug != "anchor-bread" || after.Address.Street != "Mill Row" || after.Point.Lat != lat || after.State != directory.Verified ||
			after.Category != "cafe" || after.Website != "https://anchor.example" {
			t.Errorf("approved, the public sees %+v", after)
		}
		for name, at := range map[string]*time.Time{"name": after.NameChangedAt, "address": after.AddressChangedAt, "category": after.CategoryChangedAt, "website": after.WebsiteChangedAt} {
			if at == nil || !at.Equal(h.clock.Now()) {
				t.Errorf("the %s last changed %v", name, at)
			}
		}
		if moved, err := h.dir.Public(ctx, before.Slug); err != nil || moved.ID != after.ID {
			t.Errorf("the old address leads to %v, %v", moved.ID, err)
		}
		page, err := h.dir.Nearby(ctx, directory.Query{Center: after.Point, Limit: 5})
		if err != nil || len(page.Items) != 1 || page.Items[0].Name != "Anchor Bread" || page.Items[0].DistanceM > 1 {
			t.Errorf("nearby finds %+v, %v", page.Items, err)
		}
		if diff := cmp.Diff([]string{"change_approved"}, h.mailed(t)); diff != "" {
			t.Error(diff)
		}
		// The new pin is what small corrections start from.
		p = after.Profile()
		lat += 0.0004
		p.Lat = &lat
		if _, made, err := h.Update(ctx, h.ada, h.bakery.ID, 0, p); err != nil || made != nil {
			t.Errorf("44 metres make %+v, %v", made, err)
		}
		history, err := h.History(ctx, h.ada, h.bakery.ID)
		if err != nil || len(history) != 1 || history[0].State != Approved || history[0].Note != "" || history[0].DecidedBy != "" {
			t.Errorf("the owner sees %+v, %v", history, err)
		}
		if _, err := h.log.Verify(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestDecline(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		p := h.propose(t, func(p *directory.Profile) { p.Name = "Big Bank" })
		if err := h.Take(ctx, h.vera, p.ID); err != nil {
			t.Fatal(err)
		}
		err := h.Decline(ctx, h.vera, p.ID, Decline{Codes: []string{"mood"}, Words: " "})
		if diff := cmp.Diff([]string{"codes:unknown_code", "words:required"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		h.mailed(t)
		if err := h.Decline(ctx, h.vera, p.ID, Decline{Codes: []string{"another_business"}, Words: "A bank is another business.", Note: "secret"}); err != nil {
			t.Fatal(err)
		}
		if b := h.public(t); b.Name != "Harbour Buns" || b.NameChangedAt != nil || b.State != directory.Verified {
			t.Errorf("declined, the public sees %+v", b)
		}
		if diff := cmp.Diff([]string{"change_declined"}, h.mailed(t)); diff != "" {
			t.Error(diff)
		}
		wantErr(t, h.Approve(ctx, h.vera, p.ID, ""), errs.Conflict, "decided")
		wantErr(t, h.Take(ctx, h.vito, p.ID), errs.Conflict, "decided")
		history, err := h.History(ctx, h.ada, h.bakery.ID)
		if err != nil || len(history) != 1 || history[0].Words != "A bank is another business." || history[0].Note != "" {
			t.Errorf("the owner sees %+v, %v", history, err)
		}
		_, err = h.History(ctx, h.eve, h.bakery.ID)
		wantErr(t, err, errs.NotFound, "not_found")
		// The next one shows verifiers how the last ended.
		p = h.propose(t, func(p *directory.Profile) { p.Name = "Bigger Bank" })
		c, err := h.Case(ctx, h.vito, p.ID)
		if err != nil || len(c.Earlier) != 1 || c.Earlier[0].Note != "secret" {
			t.Errorf("the case is %+v, %v", c, err)
		}
	})
}

func TestANewerWishTakesTheOlderOneIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		first := h.propose(t, func(p *directory.Profile) { p.Name, p.LegalName = "Big Bank", "Bank Ltd" })
		if err := h.Take(ctx, h.vera, first.ID); err != nil {
			t.Fatal(err)
		}
		// A change that is free leaves it alone.
		p := h.public(t).Profile()
		p.Phone = "+49 30 7505 4399"
		if _, made, err := h.Update(ctx, h.ada, h.bakery.ID, 0, p); err != nil || made != nil {
			t.Fatalf("a free change proposes %+v, %v", made, err)
		}
		second := h.propose(t, func(p *directory.Profile) { p.Name = "Small Bank" })
		if *second.Wanted.Name != "Small Bank" || *second.Wanted.LegalName != "Bank Ltd" || *second.Was.LegalName != "Quay Ltd" {
			t.Errorf("the second wish is %+v", second)
		}
		wantErr(t, h.Approve(ctx, h.vera, first.ID, ""), errs.Conflict, "decided")
		if h.public(t).Name != "Harbour Buns" {
			t.Error("a wish that was taken back became public")
		}
		wantErr(t, h.Withdraw(ctx, h.ben, h.bakery.ID), errs.Forbidden, "wrong_role")
		wantErr(t, h.Withdraw(ctx, h.eve, h.bakery.ID), errs.NotFound, "not_found")
		if err := h.Withdraw(ctx, h.ada, h.bakery.ID); err != nil {
			t.Fatal(err)
		}
		wantErr(t, h.Withdraw(ctx, h.ada, h.bakery.ID), errs.NotFound, "not_found")
		if open, err := h.Pending(ctx, h.bakery.ID); err != nil || open != nil {
			t.Errorf("still open: %+v, %v", open, err)
		}
		var states []State
		history, err := h.History(ctx, h.ada, h.bakery.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range history {
			states = append(states, p.State)
		}
		slices.Sort(states)
		if diff := cmp.Diff([]State{Superseded, Withdrawn}, states); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatCannotBeProposed(t *testing.T) {
	h, ctx := newHouse(t, dbtest.SQLite(t)), t.Context()
	p := h.public(t).Profile()
	p.Certified, p.Lat, p.Lng = false, nil, nil
	_, _, err := h.Update(ctx, h.ada, h.bakery.ID, 0, p)
	if diff := cmp.Diff([]string{"certified:protected", "lat:protected"}, fields(err)); diff != "" {
		t.Error(diff)
	}
	p = h.public(t).Profile()
	p.LegalName, p.Category, p.Address = "", "", directory.Address{}
	_, _, err = h.Update(ctx, h.ada, h.bakery.ID, 0, p)
	if diff := cmp.Diff([]string{"category:required", "address.street:required", "address.city:required", "address.country:required", "legal_name:required"}, fields(err)); diff != "" {
		t.Error(diff)
	}
	p = h.public(t).Profile()
	p.Description, p.Name = "Half of this is free.", "x"
	if _, _, err = h.Update(ctx, h.ada, h.bakery.ID, 0, p); err == nil || h.public(t).Description != "" {
		t.Errorf("half of a wrong form was kept: %v", err)
	}
}

// While it is suspended nothing about a business is approved, and a draft is
// edited freely, so that what was proposed before has no sense any more.
func TestABusinessThatIsNotListed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		p := h.propose(t, func(p *directory.Profile) { p.Name = "Big Bank" })
		if err := h.Take(ctx, h.vera, p.ID); err != nil {
			t.Fatal(err)
		}
		err := h.dir.Change(ctx, h.bakery.ID, func(b *directory.Business) error {
			return b.Move(directory.EventSuspend, account.Verifier, h.clock.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		wantErr(t, h.Approve(ctx, h.vera, p.ID, ""), errs.Conflict, "not_listed")
		b, err := h.dir.Get(ctx, h.bakery.ID)
		if err != nil || b.Name != "Harbour Buns" {
			t.Fatalf("%s, %v", b.Name, err)
		}
		profile := b.Profile()
		profile.Name = "Third Bank"
		_, _, err = h.Update(ctx, h.ada, h.bakery.ID, 0, profile)
		if diff := cmp.Diff([]string{"name:protected"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		if queue, err := h.Queue(ctx, h.vito); err != nil || len(queue) != 0 {
			t.Errorf("the queue is %+v, %v", queue, err)
		}
		if err := h.Tidy(ctx); err != nil {
			t.Fatal(err)
		}
		if open, err := h.Pending(ctx, b.ID); err != nil || open == nil {
			t.Fatalf("a suspension ended the proposal: %v", err)
		}
		for _, step := range []func(context.Context, account.Actor, string) (directory.Business, error){h.dir.Close, h.dir.Reopen} {
			if _, err := step(ctx, h.ada, b.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Tidy(ctx); err != nil {
			t.Fatal(err)
		}
		if open, err := h.Pending(ctx, b.ID); err != nil || open != nil {
			t.Errorf("still open: %+v, %v", open, err)
		}
		// A new name of a draft that was listed once still shows as a change.
		if _, _, err := h.Update(ctx, h.ada, b.ID, 0, profile); err != nil {
			t.Fatal(err)
		}
		h.list(t)
		if b := h.public(t); b.Name != "Third Bank" || b.NameChangedAt == nil {
			t.Errorf("the public sees %s, changed %v", b.Name, b.NameChangedAt)
		}
	})
}

// A proposal compares with what the public saw then. If that changed by another
// way, it is not approved by mistake.
func TestOutdated(t *testing.T) {
	h, ctx := newHouse(t, dbtest.SQLite(t)), t.Context()
	p := h.propose(t, func(p *directory.Profile) { p.Name = "Big Bank" })
	if err := h.Take(ctx, h.vera, p.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.dir.Change(ctx, h.bakery.ID, func(b *directory.Business) error { b.Name = "From a source"; return nil }); err != nil {
		t.Fatal(err)
	}
	wantErr(t, h.Approve(ctx, h.vera, p.ID, ""), errs.Conflict, "outdated")
	if c, err := h.Case(ctx, h.vera, p.ID); err != nil || c.Proposal.State != InReview {
		t.Errorf("a refused approval left %+v, %v", c.Proposal, err)
	}
}

func TestNobodyDecidesForOneself(t *testing.T) {
	h, ctx := newHouse(t, dbtest.SQLite(t)), t.Context()
	for _, user := range []account.Actor{h.ada, h.ben} {
		if err := h.accounts.Grant(ctx, audit.System, user.ID, account.Verifier); err != nil {
			t.Fatal(err)
		}
	}
	p := h.propose(t, func(p *directory.Profile) { p.Name = "Big Bank" })
	for _, user := range []account.Actor{h.ada, h.ben} {
		wantErr(t, h.Take(ctx, user, p.ID), errs.Forbidden, "own_business")
		_, err := h.Case(ctx, user, p.ID)
		wantErr(t, err, errs.Forbidden, "own_business")
	}
	wantErr(t, h.Take(ctx, h.eve, p.ID), errs.Forbidden, "wrong_role")
	wantErr(t, h.Take(ctx, h.vera, "none"), errs.NotFound, "not_found")
}

func TestLeases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		p := h.propose(t, func(p *directory.Profile) { p.Name = "Big Bank" })
		if err := h.Take(ctx, h.vera, p.ID); err != nil {
			t.Fatal(err)
		}
		wantErr(t, h.Release(ctx, h.vito, p.ID), errs.Conflict, "no_lease")
		if err := h.Release(ctx, h.vera, p.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.Take(ctx, h.vito, p.ID); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(verification.Lease)
		wantErr(t, h.Approve(ctx, h.vito, p.ID, ""), errs.Conflict, "no_lease")
		if err := h.Take(ctx, h.vera, p.ID); err != nil {
			t.Errorf("a lease that is over holds the case: %v", err)
		}
	})
}

// Two verifiers reach for one proposal and both decide, again and again: each
// time one of them does.
func TestOneVerifierDecides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		rounds := 25
		if !testing.Short() {
			rounds = 100
		}
		for i := range rounds {
			p := h.propose(t, func(p *directory.Profile) { p.Name = fmt.Sprintf("Name %d", i) })
			var decided atomic.Int32
			var running sync.WaitGroup
			for _, who := range []account.Actor{h.vera, h.vito} {
				running.Go(func() {
					err := h.Take(ctx, who, p.ID)
					if err == nil && who == h.vera {
						err = h.Approve(ctx, who, p.ID, "")
					} else if err == nil {
						err = h.Decline(ctx, who, p.ID, Decline{Codes: []string{"cannot_verify"}, Words: "No."})
					}
					switch {
					case err == nil:
						decided.Add(1)
					case !errs.Is(err, errs.Conflict):
						t.Error(err)
					}
				})
			}
			running.Wait()
			if n := decided.Load(); n != 1 {
				t.Fatalf("round %d has %d decisions", i, n)
			}
		}
		if _, err := h.log.Verify(ctx); err != nil {
			t.Error(err)
		}
	})
}

// The table, written out: every (state, event, role) that is not here is
// refused.
func TestLife(t *testing.T) {
	allowed := map[string]State{
		" propose owner":             Pending,
		"pending take verifier":      InReview,
		"pending withdraw owner":     Withdrawn,
		"pending withdraw system":    Withdrawn,
		"pending supersede owner":    Superseded,
		"in_review release verifier": Pending,
		"in_review release system":   Pending,
		"in_review approve verifier": Approved,
		"in_review decline verifier": Declined,
		"in_review withdraw owner":   Withdrawn,
		"in_review withdraw system":  Withdrawn,
		"in_review supersede owner":  Superseded,
	}
	for _, from := range []State{"", Pending, InReview, Approved, Declined, Withdrawn, Superseded} {
		for _, event := range []Event{EventPropose, EventTake, EventRelease, EventApprove, EventDecline, EventWithdraw, EventSupersede} {
			for _, role := range []account.Role{account.Shopper, account.Owner, account.Verifier, account.Operator, account.System} {
				to, err := Life.Next(from, event, role)
				want, ok := allowed[fmt.Sprintf("%s %s %s", from, event, role)]
				if ok != (err == nil) || ok && to != want {
					t.Errorf("%q %s by %s leads to %q, %v; want %q", from, event, role, to, err, want)
				}
			}
		}
	}
}

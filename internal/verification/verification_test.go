package verification

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	"nearby/internal/geo"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
)

// house is the room with those below it, a clock that stands, and what was
// mailed and announced.
type house struct {
	*Service
	db       *database.DB
	clock    *clock.Fake
	jobs     *job.Queue
	log      *audit.Log
	dir      *directory.Service
	accounts *account.Service
	checks   *check.Service
	mails    []string // template, who
}

var testKey = bytes.Repeat([]byte{3}, 32)

func newHouse(db *database.DB) *house {
	fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
	h := &house{db: db, clock: fake, jobs: job.New(db, fake.Now, ident.Random), log: audit.New(db, fake.Now, testKey)}
	h.accounts = account.New(db, h.log, h.jobs, fake.Now, ident.Random, testKey)
	h.dir = directory.New(db, h.accounts, h.log, fake.Now, ident.Random, testKey)
	h.checks = checktest.New(db, h.accounts, h.dir, h.log, h.jobs, fake.Now)
	h.Service = New(db, h.accounts, h.dir, h.checks, h.log, h.jobs, fake.Now, ident.Random)
	h.jobs.Handle(mail.Job, func(_ context.Context, raw json.RawMessage) error {
		var m account.Mail
		err := json.Unmarshal(raw, &m)
		h.mails = append(h.mails, m.Template)
		return err
	})
	return h
}

// work runs what is due, ends leases that are over and returns the mails that went out.
func (h *house) work(t *testing.T) []string {
	t.Helper()
	h.mails = nil
	if _, err := h.jobs.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.EndLeases(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h.mails
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

func quay(name string) directory.Profile {
	lat, lng := 52.5, 13.4
	return directory.Profile{
		Name: name, Category: "bakery", Phone: "030 7505 4321", Email: "hello@example.org",
		Address: directory.Address{Street: "Quay Street", HouseNumber: "4", City: "Portmere", Country: "DE"},
		Lat:     &lat, Lng: &lng, Hours: "Mo-Fr 08:00-18:00", LegalName: "Quay Ltd", Certified: true,
	}
}

func (h *house) draft(t *testing.T, owner account.Actor, name string) directory.Business {
	t.Helper()
	b, err := h.dir.Create(t.Context(), owner, quay(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h *house) submitted(t *testing.T, owner account.Actor, name string) (directory.Business, Request) {
	t.Helper()
	b := h.draft(t, owner, name)
	r, err := h.Submit(t.Context(), owner, b.ID)
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return b, r
}

func (h *house) taken(t *testing.T, verifier, owner account.Actor, name string) (directory.Business, Request) {
	t.Helper()
	b, r := h.submitted(t, owner, name)
	r, err := h.Take(t.Context(), verifier, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.prove(t, verifier, b)
	return b, r
}

// prove has the business prove whatever the policy asks for.
func (h *house) prove(t *testing.T, verifier account.Actor, b directory.Business) {
	t.Helper()
	if err := checktest.Prove(t.Context(), h.checks, verifier, b.ID); err != nil {
		t.Fatal(err)
	}
}

func (h *house) approved(t *testing.T, verifier, owner account.Actor, name string) directory.Business {
	t.Helper()
	b, r := h.taken(t, verifier, owner, name)
	if err := h.Approve(t.Context(), verifier, r.ID, "seen"); err != nil {
		t.Fatal(err)
	}
	return b
}

// wantState checks the state of a business, and that the public sees it just
// when it is listed: by page and by search.
func (h *house) wantState(t *testing.T, id string, want directory.State) {
	t.Helper()
	b, err := h.dir.Get(t.Context(), id)
	if err != nil || b.State != want {
		t.Fatalf("business is %q, %v; want %q", b.State, err, want)
	}
	_, err = h.dir.Public(t.Context(), id)
	page, searchErr := h.dir.Nearby(t.Context(), directory.Query{Center: geo.Point{Lat: 52.5, Lng: 13.4}, Limit: 50})
	if searchErr != nil {
		t.Fatal(searchErr)
	}
	found := false
	for _, item := range page.Items {
		found = found || item.ID == id
	}
	listed := want == directory.Verified || want == directory.VerifiedDue || want == directory.Limited
	if found != listed || (err == nil) != listed || err != nil && !errs.Is(err, errs.NotFound) {
		t.Errorf("%s: found nearby %v, page %v", want, found, err)
	}
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

func TestFromDraftToListed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, vera := h.user(t, "ada"), h.user(t, "vera", account.Verifier)
		b := h.draft(t, ada, "Harbour Buns")
		h.wantState(t, b.ID, directory.Draft)
		r, err := h.Submit(ctx, ada, b.Slug)
		if err != nil {
			t.Fatal(err)
		}
		h.wantState(t, b.ID, directory.Submitted)
		if queue, err := h.Queue(ctx, vera); err != nil || len(queue) != 1 || queue[0].ID != r.ID || queue[0].Name != "Harbour Buns" || queue[0].City != "Portmere" {
			t.Fatalf("the queue is %+v, %v", queue, err)
		}
		h.clock.Advance(time.Hour)
		taken, err := h.Take(ctx, vera, r.ID)
		if err != nil || taken.LeaseBy != vera.ID || !taken.LeaseUntil.Equal(h.clock.Now().Add(30*time.Minute)) {
			t.Fatalf("taken: %+v, %v", taken, err)
		}
		h.wantState(t, b.ID, directory.InReview)
		// Not before it has proven what the policy asks for.
		wantErr(t, h.Approve(ctx, vera, r.ID, ""), errs.Conflict, "checks_missing")
		h.wantState(t, b.ID, directory.InReview)
		h.prove(t, vera, b)
		if err := h.Approve(ctx, vera, r.ID, ""); err != nil {
			t.Fatal(err)
		}
		h.wantState(t, b.ID, directory.Verified)
		if got, _ := h.dir.Get(ctx, b.ID); got.VerifiedAt == nil || !got.VerifiedAt.Equal(h.clock.Now()) {
			t.Errorf("verified at %v", got.VerifiedAt)
		}
		list, err := h.Decisions(ctx, vera, b.ID)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		d := list[0]
		if d.Kind != KindApprove || d.By != (account.Actor{ID: vera.ID, Role: account.Verifier}) || d.RequestID != r.ID || d.Policy != h.checks.Policy() || len(d.Seen) != 64 {
			t.Errorf("the decision is %+v", d)
		}
		if diff := cmp.Diff([]string{"verification_taken", "verification_approve"}, h.work(t)); diff != "" {
			t.Error(diff)
		}
		// Everything that happened is in the log, in this order.
		records, err := h.log.Of(ctx, "business", b.ID, 10)
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, record := range records {
			actions = append(actions, record.Action)
		}
		if diff := cmp.Diff([]string{"business.approve", "business.take", "business.submit", "business.create"}, actions); diff != "" {
			t.Error(diff)
		}
		if _, err := h.log.Verify(ctx); err != nil {
			t.Error(err)
		}
		if wait, err := h.UsualWait(ctx); err != nil || wait != time.Hour {
			t.Errorf("the usual wait is %s, %v", wait, err)
		}
		if ways, err := h.Ways(ctx, b.ID); err != nil || cmp.Diff([]string{WayPerson}, ways) != "" {
			t.Errorf("it was checked by %v, %v", ways, err)
		}
		h.submitted(t, ada, "Pier Cakes")
		want := Figures{Waiting: 1, Applications: 2, Approved: 1, Reasons: map[string]int{}, Median: time.Hour, NineOfTen: time.Hour}
		if figures, err := h.Figures(ctx, h.clock.Now().Add(-2*time.Hour)); err != nil || cmp.Diff(want, figures) != "" {
			t.Errorf("figures %s, %v", cmp.Diff(want, figures), err)
		}
		want = Figures{Waiting: 1, Reasons: map[string]int{}, Median: time.Hour, NineOfTen: time.Hour}
		if figures, err := h.Figures(ctx, h.clock.Now().Add(time.Second)); err != nil || cmp.Diff(want, figures) != "" {
			t.Errorf("later figures %s, %v", cmp.Diff(want, figures), err)
		}
	})
}

func TestSubmitNeedsTheChecklist(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, eve := h.user(t, "ada"), h.user(t, "eve")
		b, err := h.dir.Create(ctx, ada, directory.Profile{Name: "Harbour Buns", Hours: "Mo 08:00-09:00"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.Submit(ctx, ada, b.ID)
		want := []string{
			"category:required", "address.street:required", "address.city:required", "address.country:required", "lat:required",
			"phone:required", "email:required", "hours:required", "legal_name:required", "certified:required",
		}
		if diff := cmp.Diff(want, fields(err)); diff != "" {
			t.Error(diff)
		}
		h.wantState(t, b.ID, directory.Draft)
		_, err = h.Submit(ctx, eve, b.ID)
		wantErr(t, err, errs.NotFound, "not_found")
		if err := h.accounts.Join(ctx, ada, b.ID, eve.ID, account.MemberStaff); err != nil {
			t.Fatal(err)
		}
		_, err = h.Submit(ctx, eve, b.ID)
		wantErr(t, err, errs.Forbidden, "wrong_role")

		p := quay("Harbour Buns")
		if b, err = h.dir.Update(ctx, ada, b.ID, 0, p); err != nil {
			t.Fatal(err)
		}
		if _, err = h.Submit(ctx, ada, b.ID); err != nil {
			t.Fatal(err, fields(err))
		}
		_, err = h.Submit(ctx, ada, b.ID)
		wantErr(t, err, errs.Conflict, "not_allowed")
		// What a verifier will look at stands still.
		p.Name = "Big Bank"
		_, err = h.dir.Update(ctx, ada, b.ID, 0, p)
		if diff := cmp.Diff([]string{"name:protected"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		wantErr(t, h.Withdraw(ctx, eve, b.ID), errs.Forbidden, "wrong_role")
		if err := h.Withdraw(ctx, ada, b.ID); err != nil {
			t.Fatal(err)
		}
		h.wantState(t, b.ID, directory.Draft)
		status, err := h.Status(ctx, ada, b.ID)
		if err != nil || status.Open != nil || status.Place != 0 {
			t.Errorf("status is %+v, %v", status, err)
		}
		if _, err := h.dir.Update(ctx, ada, b.ID, 0, p); err != nil {
			t.Error(err)
		}
	})
}

func TestAskAndSubmitAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, eve, vera := h.user(t, "ada"), h.user(t, "eve"), h.user(t, "vera", account.Verifier)
		b, r := h.taken(t, vera, ada, "Harbour Buns")
		err := h.Ask(ctx, vera, r.ID, AskInput{Reasons: []Reason{{Field: "soul", Code: "evil"}}, Words: strings.Repeat("x", 2001)})
		if diff := cmp.Diff([]string{"reasons.0.field:unknown_field", "reasons.0.code:unknown_code", "words:too_long"}, fields(err)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"reasons:required"}, fields(h.Ask(ctx, vera, r.ID, AskInput{}))); diff != "" {
			t.Error(diff)
		}
		in := AskInput{Reasons: []Reason{{Field: "hours", Code: "unclear"}, {Field: "phone", Code: "wrong"}}, Words: "Nobody answers."}
		if err := h.Ask(ctx, vera, r.ID, in); err != nil {
			t.Fatal(err)
		}
		h.wantState(t, b.ID, directory.ChangesRequested)
		wantErr(t, h.Approve(ctx, vera, r.ID, ""), errs.Conflict, "decided")
		_, err = h.Take(ctx, vera, r.ID)
		wantErr(t, err, errs.Conflict, "decided")

		status, err := h.Status(ctx, ada, b.ID)
		if err != nil || len(status.Decisions) != 1 || status.Decisions[0].By.ID != "" {
			t.Fatalf("status is %+v, %v", status, err)
		}
		if diff := cmp.Diff(in.Reasons, status.Decisions[0].Reasons); diff != "" {
			t.Error(diff)
		}
		_, err = h.Status(ctx, eve, b.ID)
		wantErr(t, err, errs.NotFound, "not_found")

		p := quay("Harbour Buns & Cakes")
		p.Phone = "+49 30 7505 4399"
		if _, err := h.dir.Update(ctx, ada, b.ID, 0, p); err != nil {
			t.Fatal(err, fields(err))
		}
		again, err := h.Submit(ctx, ada, b.ID)
		if err != nil || again.ID == r.ID || again.Claim.Phone != "+493075054399" {
			t.Fatalf("the second request is %+v, %v", again, err)
		}
		if _, err := h.Take(ctx, vera, again.ID); err != nil {
			t.Fatal(err)
		}
		c, err := h.Case(ctx, vera, again.ID)
		if err != nil || len(c.Decisions) != 1 {
			t.Fatalf("the case is %+v, %v", c, err)
		}
		if err := h.Approve(ctx, vera, again.ID, ""); err != nil {
			t.Fatal(err)
		}
		h.wantState(t, b.ID, directory.Verified)
	})
}

func TestRejectAndResubmit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, vera := h.user(t, "ada"), h.user(t, "vera", account.Verifier)
		b, r := h.taken(t, vera, ada, "Harbour Buns")
		if diff := cmp.Diff([]string{"codes:required", "words:required"}, fields(h.Reject(ctx, vera, r.ID, RejectInput{Words: " "}))); diff != "" {
			t.Error(diff)
		}
		reject := func(code string) {
			t.Helper()
			h.clock.Advance(time.Minute)
			if err := h.Reject(ctx, vera, r.ID, RejectInput{Codes: []string{code}, Words: "Sorry.", Note: "secret"}); err != nil {
				t.Fatal(err)
			}
			h.wantState(t, b.ID, directory.Rejected)
		}
		again := func() {
			t.Helper()
			if err := h.Resubmit(ctx, ada, b.ID); err != nil {
				t.Fatal(err)
			}
			h.wantState(t, b.ID, directory.Draft)
			var err error
			if r, err = h.Submit(ctx, ada, b.ID); err != nil {
				t.Fatal(err)
			}
			if r, err = h.Take(ctx, vera, r.ID); err != nil {
				t.Fatal(err)
			}
		}
		reject("wrong_place")
		again() // at once after the first time
		for _, wait := range []time.Duration{7 * 24 * time.Hour, 30 * 24 * time.Hour} {
			reject("cannot_verify")
			h.clock.Advance(wait - time.Second)
			wantErr(t, h.Resubmit(ctx, ada, b.ID), errs.Conflict, "too_early")
			status, err := h.Status(ctx, ada, b.ID)
			if err != nil || !status.ResubmitAt.Equal(h.clock.Now().Add(time.Second)) || status.Decisions[0].Note != "" {
				t.Errorf("status is %+v, %v", status, err)
			}
			h.clock.Advance(time.Second)
			again()
		}
		reject("fraud")
		h.clock.Advance(1000 * 24 * time.Hour)
		wantErr(t, h.Resubmit(ctx, ada, b.ID), errs.Conflict, "final")
		h.wantState(t, b.ID, directory.Rejected)
	})
}

// Twenty verifiers reach for one case; one gets it, and only that one decides.
func TestOneVerifierGetsTheCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		var verifiers []account.Actor
		for i := range 20 {
			verifiers = append(verifiers, h.user(t, fmt.Sprintf("v%d", i), account.Verifier))
		}
		for round := range 3 {
			b, r := h.submitted(t, ada, fmt.Sprintf("Number %d", round))
			h.prove(t, verifiers[0], b)
			var got atomic.Int32
			var winner atomic.Value
			var group sync.WaitGroup
			for _, v := range verifiers {
				group.Go(func() {
					_, err := h.Take(t.Context(), v, r.ID)
					if err == nil {
						got.Add(1)
						winner.Store(v)
					} else if !errs.Has(err, "taken") {
						t.Errorf("a loser was told %v", err)
					}
				})
			}
			group.Wait()
			if got.Load() != 1 {
				t.Fatalf("round %d: %d verifiers got the case", round, got.Load())
			}
			var decided atomic.Int32
			for _, v := range verifiers {
				group.Go(func() {
					if err := h.Approve(t.Context(), v, r.ID, "checked"); err == nil {
						decided.Add(1)
					} else if !errs.Has(err, "no_lease") && !errs.Has(err, "decided") {
						t.Errorf("a stranger to the case was told %v", err)
					}
				})
			}
			group.Wait()
			list, err := h.Decisions(t.Context(), verifiers[0], b.ID)
			if err != nil || decided.Load() != 1 || len(list) != 1 || list[0].By.ID != winner.Load().(account.Actor).ID {
				t.Fatalf("round %d: %d decisions, %+v, %v", round, decided.Load(), list, err)
			}
			h.wantState(t, b.ID, directory.Verified)
		}
	})
}

func TestLeases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, vera, viktor := h.user(t, "ada"), h.user(t, "vera", account.Verifier), h.user(t, "viktor", account.Verifier)
		b, r := h.taken(t, vera, ada, "Harbour Buns")
		second, other := h.submitted(t, ada, "Pier Cakes")

		_, err := h.Take(ctx, viktor, r.ID)
		wantErr(t, err, errs.Conflict, "taken")
		wantErr(t, h.Release(ctx, viktor, r.ID), errs.Conflict, "no_lease")
		wantErr(t, h.Approve(ctx, viktor, r.ID, ""), errs.Conflict, "no_lease")

		h.clock.Advance(29 * time.Minute)
		h.work(t)
		renewed, err := h.Take(ctx, vera, r.ID)
		if err != nil || !renewed.LeaseUntil.Equal(h.clock.Now().Add(30*time.Minute)) {
			t.Fatalf("renewed to %+v, %v", renewed, err)
		}
		h.clock.Advance(29 * time.Minute)
		h.work(t)
		h.wantState(t, b.ID, directory.InReview)

		// Given back, it keeps its place before the younger one.
		if err := h.Release(ctx, vera, r.ID); err != nil {
			t.Fatal(err)
		}
		h.wantState(t, b.ID, directory.Submitted)
		queue, err := h.Queue(ctx, vera)
		if err != nil || len(queue) != 2 || queue[0].ID != r.ID || queue[1].ID != other.ID {
			t.Fatalf("the queue is %+v, %v", queue, err)
		}
		if status, err := h.Status(ctx, ada, second.ID); err != nil || status.Place != 2 || status.Open.LeaseBy != "" {
			t.Errorf("the second is at place %d, %v", status.Place, err)
		}

		// A lease that ran out is nobody's, even before the job has noticed.
		if _, err := h.Take(ctx, vera, r.ID); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(30 * time.Minute)
		wantErr(t, h.Approve(ctx, vera, r.ID, ""), errs.Conflict, "no_lease")
		if _, err := h.Take(ctx, viktor, r.ID); err != nil {
			t.Fatal(err)
		}
		h.work(t) // the end of the first lease must not end the second
		h.wantState(t, b.ID, directory.InReview)
		wantErr(t, h.Approve(ctx, vera, r.ID, ""), errs.Conflict, "no_lease")
		h.clock.Advance(30 * time.Minute)
		h.work(t)
		h.wantState(t, b.ID, directory.Submitted)
		if _, err := h.Take(ctx, vera, r.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestNobodyDecidesOnTheirOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		// Each of them is a verifier and has to do with the business.
		owner, staff := h.user(t, "owner", account.Verifier), h.user(t, "staff", account.Verifier)
		vera := h.user(t, "vera", account.Verifier)
		b, r := h.submitted(t, owner, "Harbour Buns")
		if err := h.accounts.Join(ctx, owner, b.ID, staff.ID, account.MemberStaff); err != nil {
			t.Fatal(err)
		}
		for name, who := range map[string]account.Actor{"owner": owner, "staff": staff} {
			_, err := h.Take(ctx, who, r.ID)
			_, caseErr := h.Case(ctx, who, r.ID)
			_, judgeErr := h.Judge(ctx, who, b, account.Operator, account.Verifier)
			for what, err := range map[string]error{
				"take": err, "case": caseErr, "approve": h.Approve(ctx, who, r.ID, ""), "release": h.Release(ctx, who, r.ID),
				"ask":    h.Ask(ctx, who, r.ID, AskInput{Reasons: []Reason{{Field: "name", Code: "wrong"}}}),
				"reject": h.Reject(ctx, who, r.ID, RejectInput{Codes: []string{"fraud"}, Words: "x"}),
				"judge":  judgeErr,
			} {
				if !errs.Is(err, errs.Forbidden) || !errs.Has(err, "own_business") {
					t.Errorf("%s by %s: %v", what, name, err)
				}
			}
		}
		// A lease taken before joining does not help either.
		if _, err := h.Take(ctx, vera, r.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.accounts.Join(ctx, owner, b.ID, vera.ID, account.MemberManager); err != nil {
			t.Fatal(err)
		}
		wantErr(t, h.Approve(ctx, vera, r.ID, ""), errs.Forbidden, "own_business")
		h.wantState(t, b.ID, directory.InReview)
	})
}

// Rights are what the database says now, not what the actor says.
func TestOnlyVerifiersDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, vera, boss := h.user(t, "ada"), h.user(t, "vera", account.Verifier), h.user(t, "boss", account.Operator)
		b, r := h.taken(t, vera, ada, "Harbour Buns")
		shopper := h.user(t, "eve")
		shopper.Role = account.Verifier // says who
		for name, who := range map[string]account.Actor{
			"shopper": shopper, "operator": boss, "public": audit.Public, "system": audit.System, "nobody": {ID: ident.Random(), Role: account.Verifier},
		} {
			_, take := h.Take(ctx, who, r.ID)
			_, queue := h.Queue(ctx, who)
			_, one := h.Case(ctx, who, r.ID)
			for what, err := range map[string]error{
				"take": take, "queue": queue, "case": one, "approve": h.Approve(ctx, who, r.ID, ""), "release": h.Release(ctx, who, r.ID),
				"ask":    h.Ask(ctx, who, r.ID, AskInput{Reasons: []Reason{{Field: "name", Code: "wrong"}}}),
				"reject": h.Reject(ctx, who, r.ID, RejectInput{Codes: []string{"fraud"}, Words: "x"}),
			} {
				if !errs.Is(err, errs.Forbidden) {
					t.Errorf("%s by %s: %v", what, name, err)
				}
			}
			if name == "operator" {
				continue
			}
			if _, err := h.Decisions(ctx, who, b.ID); !errs.Is(err, errs.Forbidden) {
				t.Errorf("decisions for %s: %v", name, err)
			}
		}
		// A verifier who was dismissed while holding the case is out at once.
		if err := h.accounts.Revoke(ctx, boss, vera.ID, account.Verifier); err != nil {
			t.Fatal(err)
		}
		wantErr(t, h.Approve(ctx, vera, r.ID, ""), errs.Forbidden, "wrong_role")
		h.wantState(t, b.ID, directory.InReview)
		_, err := h.Take(ctx, h.user(t, "viktor", account.Verifier), ident.Random())
		wantErr(t, err, errs.NotFound, "not_found")
	})
}

// When any part of a decision fails, no part of it has happened.
func TestDecisionsAreAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada, vera := h.user(t, "ada"), h.user(t, "vera", account.Verifier)
		b, r := h.taken(t, vera, ada, "Harbour Buns")
		before, err := h.log.Tip(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		boom := errors.New("the power went")
		err = db.Tx(t.Context(), func(ctx context.Context) error {
			if err := h.Approve(ctx, vera, r.ID, ""); err != nil {
				return err
			}
			return boom
		})
		if err == nil {
			t.Fatal("committed")
		}
		h.wantState(t, b.ID, directory.InReview)
		after, err := h.log.Tip(t.Context())
		list, listErr := h.Decisions(t.Context(), vera, b.ID)
		if err != nil || listErr != nil || after != before || len(list) != 0 {
			t.Errorf("left behind: audit %v, decisions %v", after, list)
		}
		if got := h.work(t); len(got) != 1 { // of the taking
			t.Errorf("mails went out: %v", got)
		}
		if err := h.Approve(t.Context(), vera, r.ID, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestDecisionsNeverChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		h.approved(t, h.user(t, "vera", account.Verifier), h.user(t, "ada"), "Harbour Buns")
		for _, statement := range []string{"UPDATE verification_decisions SET by_id = 'x'", "DELETE FROM verification_decisions"} {
			err := db.Tx(t.Context(), func(ctx context.Context) error { return db.Conn(ctx).Exec(statement).Error })
			if err == nil {
				t.Errorf("%s went through", statement)
			}
		}
	})
}

// A business that was closed while it waited leaves no trap for its next try.
func TestClosedWhileWaiting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, vera := h.user(t, "ada"), h.user(t, "vera", account.Verifier)
		b, r := h.taken(t, vera, ada, "Harbour Buns")
		if _, err := h.dir.Close(ctx, ada, b.ID); err != nil {
			t.Fatal(err)
		}
		if queue, err := h.Queue(ctx, vera); err != nil || len(queue) != 0 {
			t.Errorf("the queue is %+v, %v", queue, err)
		}
		wantErr(t, h.Approve(ctx, vera, r.ID, ""), errs.Conflict, "not_allowed")
		h.wantState(t, b.ID, directory.Withdrawn)
		h.clock.Advance(31 * time.Minute)
		h.work(t)
		h.wantState(t, b.ID, directory.Withdrawn)
		if _, err := h.dir.Reopen(ctx, ada, b.ID); err != nil {
			t.Fatal(err)
		}
		again, err := h.Submit(ctx, ada, b.ID)
		if err != nil || again.ID == r.ID {
			t.Fatal(again, err)
		}
		if queue, err := h.Queue(ctx, vera); err != nil || len(queue) != 1 || queue[0].ID != again.ID {
			t.Errorf("the queue is %+v, %v", queue, err)
		}
	})
}

func TestCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, ben, vera := h.user(t, "ada"), h.user(t, "ben"), h.user(t, "vera", account.Verifier)
		err := h.dir.AddPlaces(ctx, []directory.GazetteerPlace{
			{Name: "Quay Street", Kind: "street", Context: "Portmere", Point: geo.Point{Lat: 52.501, Lng: 13.4}},
			{Name: "Quay Street", Kind: "street", Context: "Farmere", Point: geo.Point{Lat: 40, Lng: 13.4}},
		})
		if err != nil {
			t.Fatal(err)
		}
		listed := h.approved(t, vera, ben, "Harbour Bakery")
		far := quay("Harbour Buns")
		lat := 52.504
		far.Lat = &lat
		if _, err := h.dir.Create(ctx, ben, far); err != nil { // the same, 422 m away
			t.Fatal(err)
		}
		b, r := h.taken(t, vera, ada, "Harbour Buns")
		p := quay("HARBOUR BUNS")
		p.Description, p.Phone = "Bread.", "+49 30 7505 4321"
		lat, lng := 52.5002, 13.4
		p.Lat, p.Lng = &lat, &lng
		if _, err := h.dir.Update(ctx, ada, b.ID, 0, p); err != nil {
			t.Fatal(err, fields(err))
		}
		c, err := h.Case(ctx, vera, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		var changed []string
		for _, line := range c.Lines {
			if !line.Same {
				changed = append(changed, fmt.Sprintf("%s: %q, now %q", line.Field, line.Claimed, line.Present))
			}
		}
		want := []string{
			`name: "Harbour Buns", now "HARBOUR BUNS"`, `description: "", now "Bread."`,
			`lat: "52.500000, 13.400000", now "52.500200, 13.400000"`,
		}
		if diff := cmp.Diff(want, changed); diff != "" {
			t.Error(diff)
		}
		if c.PinMovedM < 22 || c.PinMovedM > 23 || c.StreetM < 88 || c.StreetM > 90 {
			t.Errorf("the pin moved %.1f m and is %.1f m from the street", c.PinMovedM, c.StreetM)
		}
		at := slices.IndexFunc(c.Duplicates, func(d directory.Duplicate) bool { return d.ID == listed.ID })
		if len(c.Duplicates) != 2 || at < 0 || !slices.Contains(c.Duplicates[at].Same, "phone") || c.Duplicates[1-at].DistanceM < 400 {
			t.Errorf("duplicates are %+v", c.Duplicates)
		}
		// With a possible duplicate in sight the verifier says why it is none.
		if diff := cmp.Diff([]string{"note:required"}, fields(h.Approve(ctx, vera, r.ID, ""))); diff != "" {
			t.Error(diff)
		}
		if err := h.Approve(ctx, vera, r.ID, "Two shops with one telephone."); err != nil {
			t.Error(err)
		}
	})
}

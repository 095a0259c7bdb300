package complaint_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/complaint"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/mail"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/server/servertest"
	"nearby/internal/verification"
)

var monday = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

func wantErr(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || !errs.Has(err, code) {
		t.Errorf("error is %v, want %s %q", err, kind, code)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLife walks the table: every state, every event, every role.
func TestLife(t *testing.T) {
	want := map[string]string{
		" file": "filed owner,public", "filed take": "assigned verifier,operator", "assigned release": "filed system,verifier,operator",
		"assigned uphold": "upheld verifier,operator", "assigned overturn": "overturned verifier,operator",
	}
	for _, from := range append([]complaint.State{""}, complaint.States...) {
		for _, event := range []complaint.Event{complaint.EventFile, complaint.EventTake, complaint.EventRelease, complaint.EventUphold, complaint.EventOverturn} {
			for _, role := range []string{account.Shopper, account.Owner, account.Staff, account.Verifier, account.Operator, account.System, account.Public} {
				to, err := complaint.Life.Next(from, event, role)
				expect, roles, known := strings.Cut(want[string(from)+" "+string(event)], " ")
				switch {
				case !known:
					wantErr(t, err, errs.Conflict, "not_allowed")
				case !slices.Contains(strings.Split(roles, ","), role):
					wantErr(t, err, errs.Forbidden, "wrong_role")
				case err != nil || string(to) != expect:
					t.Errorf("%s by %s in %q leads to %q, %v", event, role, from, to, err)
				}
			}
		}
	}
	if len(complaint.Life.Moves()) != len(want) {
		t.Errorf("the table has %d moves", len(complaint.Life.Moves()))
	}
}

// house is a site with two verifiers and a suspended shop.
type house struct {
	*servertest.Site
	t            *testing.T
	clock        *clock.Fake
	shop         servertest.Shop
	owner        account.Actor
	first, other account.Actor
}

func newHouse(t *testing.T, db *database.DB) *house {
	t.Helper()
	fake := clock.NewFake(monday)
	h := &house{Site: servertest.New(t, db, servertest.At(fake), servertest.NoCards()), t: t, clock: fake}
	h.shop = h.AddShop(servertest.NewShop{})
	user, err := h.Account.Add(t.Context(), audit.System, account.NewUser{
		Email: "vito@people.example", Name: "Vito Verifier", Password: servertest.Password, Roles: []account.Role{account.Verifier},
	})
	must(t, err)
	h.owner, h.first, h.other = h.shop.Owner.As(account.Owner), h.People.Verifier.As(account.Verifier), user.As(account.Verifier)
	return h
}

func (h *house) suspend() measure.Measure {
	h.t.Helper()
	m, err := h.Measure.Impose(h.t.Context(), h.first, h.shop.ID, measure.Input{
		Kind: measure.Suspended, Codes: []string{"misleading"}, Facts: "The prices at the till were not the prices shown.", Ground: "terms",
		Rule: "Prices are the prices shown.", Detected: "review", EndsAt: h.clock.Now().Add(30 * 24 * time.Hour),
	})
	must(h.t, err)
	return m
}

func (h *house) state(want directory.State) {
	h.t.Helper()
	if b, err := h.Directory.Get(h.t.Context(), h.shop.ID); err != nil || b.State != want {
		h.t.Errorf("the business is %s, want %s (%v)", b.State, want, err)
	}
}

// From a suspension over an appeal to its undoing, always by another person than
// the first.
func TestAppealAgainstAMeasure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		m := h.suspend()
		_, err := h.Complaint.File(ctx, h.People.OtherOwner.As(account.Owner), h.shop.ID, complaint.Measure, m.ID, "This is not my business.")
		wantErr(t, err, errs.NotFound, "not_found")
		if _, err := h.Complaint.File(ctx, h.owner, h.shop.ID, complaint.Measure, m.ID, "No."); !errs.Is(err, errs.Invalid) {
			t.Errorf("one word: %v", err)
		}
		c, err := h.Complaint.File(ctx, h.owner, h.shop.ID, complaint.Measure, m.ID, "The prices were from the shop next door.")
		must(t, err)
		if c.FirstBy != "" || !c.DueAt.Equal(monday.Add(7*24*time.Hour)) {
			t.Errorf("the owner sees %+v", c)
		}
		_, err = h.Complaint.File(ctx, h.owner, h.shop.ID, complaint.Measure, m.ID, "And once more, please.")
		wantErr(t, err, errs.Conflict, "complained")
		h.state(directory.Suspended)

		for what, err := range map[string]error{
			"take": h.Complaint.Take(ctx, h.first, c.ID), "overturn": h.Complaint.Overturn(ctx, h.first, c.ID, "I was wrong, sorry."),
			"uphold": h.Complaint.Uphold(ctx, h.first, c.ID, "I was right, of course."), "ask": h.Complaint.Ask(ctx, h.first, c.ID, "What do you mean?"),
		} {
			if !errs.Has(err, "own_decision") {
				t.Errorf("%s by the first verifier: %v", what, err)
			}
		}
		wantErr(t, h.Complaint.Take(ctx, h.owner, c.ID), errs.Forbidden, "wrong_role")
		wantErr(t, h.Complaint.Overturn(ctx, h.other, c.ID, "It was the shop next door."), errs.Conflict, "not_allowed")
		must(t, h.Complaint.Take(ctx, h.other, c.ID))
		h.clock.Advance(complaint.Lease)
		wantErr(t, h.Complaint.Overturn(ctx, h.other, c.ID, "It was the shop next door."), errs.Conflict, "no_lease")
		must(t, h.Complaint.Take(ctx, h.other, c.ID))
		must(t, h.Complaint.Ask(ctx, h.other, c.ID, "Could you send a receipt?"))
		must(t, h.Complaint.Add(ctx, h.owner, c.ID, "The receipt names the shop next door."))
		h.state(directory.Suspended)
		must(t, h.Complaint.Overturn(ctx, h.other, c.ID, "It was the shop next door."))
		h.state(directory.Verified)
		if m, err = h.Measure.Get(ctx, m.ID); err != nil || m.State != measure.Overturned {
			t.Errorf("the measure is %s, %v", m.State, err)
		}
		wantErr(t, h.Complaint.Add(ctx, h.owner, c.ID, "Thank you very much."), errs.Conflict, "decided")
		c, thread, err := h.Complaint.ForOwner(ctx, h.owner, c.ID)
		if err != nil || c.State != complaint.Overturned || len(thread) != 3 || !thread[1].Desk || c.DecidedBy != "" {
			t.Errorf("%+v, %+v, %v", c, thread, err)
		}
		h.Settle()
		var subjects []string
		for _, message := range h.Sender.(*mail.Console).Messages() {
			if message.To == h.shop.Owner.Email && strings.Contains(message.Text, "/complaints/") {
				subjects = append(subjects, message.Subject)
			}
		}
		if len(subjects) != 3 {
			t.Errorf("letters about the appeal: %q", subjects)
		}
	})
}

// An upheld decision stands; six months later there is no appeal any more.
func TestUpheldAndTooLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		m := h.suspend()
		c, err := h.Complaint.File(ctx, h.owner, h.shop.ID, complaint.Measure, m.ID, "The prices were from the shop next door.")
		must(t, err)
		must(t, h.Complaint.Take(ctx, h.other, c.ID))
		must(t, h.Complaint.Uphold(ctx, h.other, c.ID, "The receipts name this shop."))
		h.state(directory.Suspended)
		h.clock.Advance(30 * 24 * time.Hour)
		second := h.suspend()
		h.clock.Set(complaint.Until(second.StartsAt).Add(time.Second))
		_, err = h.Complaint.File(ctx, h.owner, h.shop.ID, complaint.Measure, second.ID, "This comes a little late.")
		wantErr(t, err, errs.Conflict, "too_late")
	})
}

// A refusal that is overturned puts the application back to its place; whoever
// refused it does not get it again.
func TestAppealAgainstARefusal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		draft := h.AddShop(servertest.NewShop{Name: "New Bakery", Draft: true, Lat: 52.54, Lng: 13.42})
		owner := draft.Owner.As(account.Owner)
		request, err := h.Verification.Submit(ctx, owner, draft.ID)
		must(t, err)
		_, err = h.Verification.Take(ctx, h.first, request.ID)
		must(t, err)
		must(t, h.Verification.Reject(ctx, h.first, request.ID, verification.RejectInput{Codes: []string{"fraud"}, Words: "This is no bakery."}))
		decisions, err := h.Verification.Decisions(ctx, h.first, draft.ID)
		must(t, err)
		c, err := h.Complaint.File(ctx, owner, draft.ID, complaint.Rejection, decisions[0].ID, "It has been a bakery since 1912.")
		must(t, err)
		wantErr(t, h.Complaint.Take(ctx, h.first, c.ID), errs.Forbidden, "own_decision")
		must(t, h.Complaint.Take(ctx, h.other, c.ID))
		must(t, h.Complaint.Overturn(ctx, h.other, c.ID, "The chamber of crafts confirms it."))
		if b, err := h.Directory.Get(ctx, draft.ID); err != nil || b.State != directory.Submitted {
			t.Errorf("it is %s, %v", b.State, err)
		}
		_, err = h.Verification.Take(ctx, h.first, request.ID)
		wantErr(t, err, errs.Forbidden, "own_decision")
		_, err = h.Verification.Take(ctx, h.other, request.ID)
		must(t, err)
	})
}

// A reporter without an account complains by the receipt; overturned, the report
// waits again for another person.
func TestReporterComplains(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		n, err := h.Notice.File(ctx, audit.Public, notice.Input{Business: h.shop.Slug, Kind: "fraud", Text: "They sell air in boxes.", Email: "mia@guests.example"})
		must(t, err)
		_, err = h.Complaint.FileForNotice(ctx, n.Receipt, "Why does nobody look?")
		wantErr(t, err, errs.Conflict, "not_decided")
		must(t, h.Notice.Take(ctx, h.first, n.ID))
		must(t, h.Notice.Decide(ctx, h.first, n.ID, notice.Decision{Outcome: notice.OutcomeNone, Words: "Boxes are allowed."}))

		mia := h.Guest()
		at := "/report?receipt=" + n.Receipt
		page := mia.Fill(mia.See(at), "/report/complaint", url.Values{"text": {"no"}})
		if page.Status != 422 || page.Value("text") != "no" {
			t.Errorf("one word: %d, kept %q", page.Status, page.Value("text"))
		}
		page = mia.Fill(mia.See(at), "/report/complaint", url.Values{"text": {"There was nothing in the box."}})
		if page.Status != 200 || !strings.Contains(page.Text(), "There was nothing in the box.") {
			t.Fatalf("%d\n%s", page.Status, page.Text())
		}
		c, ok, err := h.Complaint.Of(ctx, complaint.Notice, n.ID)
		if err != nil || !ok {
			t.Fatal("no complaint", err)
		}
		_, _, err = h.Complaint.ForOwner(ctx, h.owner, c.ID)
		wantErr(t, err, errs.NotFound, "not_found")
		wantErr(t, h.Complaint.Take(ctx, h.first, c.ID), errs.Forbidden, "own_decision")
		must(t, h.Complaint.Take(ctx, h.other, c.ID))
		must(t, h.Complaint.Overturn(ctx, h.other, c.ID, "An empty box is no product."))
		if n, err = h.Notice.Get(ctx, n.ID); err != nil || n.State != notice.Received || n.Outcome != "" {
			t.Errorf("the report is %s, %q, %v", n.State, n.Outcome, err)
		}
		wantErr(t, h.Notice.Take(ctx, h.first, n.ID), errs.Forbidden, "own_decision")
		must(t, h.Notice.Take(ctx, h.other, n.ID))
		h.Settle()
		told := 0
		for _, message := range h.Sender.(*mail.Console).Messages() {
			if message.To == "mia@guests.example" && strings.Contains(message.Text, n.Receipt) {
				told++
			}
		}
		if told != 4 { // received, decided, complaint filed, overturned
			t.Errorf("the reporter got %d letters", told)
		}
	})
}

// When any part of a decision fails, no part of it has happened.
func TestDecisionsAreAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h, ctx := newHouse(t, db), t.Context()
		m := h.suspend()
		c, err := h.Complaint.File(ctx, h.owner, h.shop.ID, complaint.Measure, m.ID, "The prices were from the shop next door.")
		must(t, err)
		must(t, h.Complaint.Take(ctx, h.other, c.ID))
		must(t, db.Tx(ctx, func(ctx context.Context) error { // the one who would undo it comes to work there
			return h.Account.Join(ctx, h.owner, h.shop.ID, h.other.ID, account.MemberStaff)
		}))
		wantErr(t, h.Complaint.Overturn(ctx, h.other, c.ID, "It was the shop next door."), errs.Forbidden, "own_business")
		c, _, err = h.Complaint.ForOwner(ctx, h.owner, c.ID)
		if err != nil || c.State != complaint.Assigned {
			t.Errorf("the complaint is %s, %v", c.State, err)
		}
		h.state(directory.Suspended)
	})
}

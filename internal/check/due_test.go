package check_test

import (
	"slices"
	"strings"
	"testing"

	"nearby/internal/check"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
)

// A business whose checks run out is reminded, goes down step by step, and comes
// back with the first thing proven.
func TestRunningOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.prove(check.SiteVisit, proofs[check.SiteVisit]) // 730 days
		h.prove(check.Register, proofs[check.Register])   // 365 days
		h.list()
		told := map[int]string{}
		for day := 1; day <= 430; day++ {
			if mails := h.day(1); len(mails) > 0 {
				told[day] = strings.Join(mails, " ")
			}
			switch day {
			case 364:
				if h.state() != directory.Verified {
					t.Fatalf("on day 364 it is %s", h.state())
				}
			case 365, 394:
				if b, _ := h.dir.Get(t.Context(), h.bakery.ID); h.state() != directory.VerifiedDue || !b.Orderable(h.clock.Now()) {
					t.Fatalf("on day %d it is %s", day, h.state())
				}
			case 395, 430:
				if b, _ := h.dir.Get(t.Context(), h.bakery.ID); h.state() != directory.Limited || b.Orderable(h.clock.Now()) {
					t.Fatalf("on day %d it is %s", day, h.state())
				}
			}
		}
		want := map[int]string{335: check.MailSoon, 358: check.MailSoon, 364: check.MailSoon, 365: check.MailDue, 395: check.MailLimited}
		for day, mails := range told {
			if want[day] != mails {
				t.Errorf("on day %d %q was told, want %q", day, mails, want[day])
			}
		}
		if len(told) != len(want) {
			t.Errorf("told on %d days, want %d", len(told), len(want))
		}
		h.prove(check.Register, proofs[check.Register])
		if h.state() != directory.Verified {
			t.Errorf("after the check it is %s", h.state())
		}
		if mails := h.day(0); !slices.Equal(mails, []string{check.MailFine}) {
			t.Errorf("told %v", mails)
		}
	})
}

// What the program can look at by itself is looked at before it runs out, and
// the owner hears nothing of it.
func TestLooksRenewThemselves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.prove(check.SiteVisit, proofs[check.SiteVisit])
		proofs[check.Domain].satisfy(h)
		h.prove(check.Domain, proofs[check.Domain])
		h.list()
		for day := 1; day <= 500; day++ {
			if mails := h.day(1); len(mails) > 0 {
				t.Fatalf("on day %d: %v", day, mails)
			}
		}
		if h.state() != directory.Verified || !h.counts(check.Domain) {
			t.Errorf("after 500 days it is %s", h.state())
		}
		h.world.Text("_nearby.buns.example")
		h.world.Page("buns.example/.well-known/nearby-verification.txt", nil)
	})
}

// A new address makes the presence fall due, and nothing else.
func TestOnlyWhatAChangeTouchesFallsDue(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.prove(check.SiteVisit, proofs[check.SiteVisit])
	h.prove(check.Register, proofs[check.Register])
	h.list()
	h.must(h.dir.Change(t.Context(), h.bakery.ID, func(b *directory.Business) error {
		address := b.Address
		address.HouseNumber = "99"
		b.Put(directory.Guarded{Address: &address})
		return nil
	}))
	h.must(h.Touch(t.Context(), h.bakery.ID))
	if mails := h.day(0); !slices.Equal(mails, []string{check.MailDue}) || h.state() != directory.VerifiedDue {
		t.Errorf("it is %s, told %v", h.state(), mails)
	}
	if missing := h.standing().Missing; !slices.Equal(missing, []check.Proof{check.Presence}) || !h.counts(check.Register) {
		t.Errorf("missing: %v", missing)
	}
	o, err := h.Overview(t.Context(), h.ada, h.bakery.ID)
	if err != nil || o.LimitAt.Sub(o.DueSince).Hours() != 30*24 {
		t.Errorf("due since %s, limited at %s, %v", o.DueSince, o.LimitAt, err)
	}
	h.prove(check.Postcard, proofs[check.Postcard])
	if h.state() != directory.Verified {
		t.Errorf("after a postcard it is %s", h.state())
	}
}

func TestPolicies(t *testing.T) {
	for _, text := range []string{
		``, `version = "1"`, "version = \"1\"\n[[rule]]\nneed = 1", "version = \"1\"\n[[rule]]\nprove = [\"presence\"]",
		"version = \"1\"\n[[rule]]\ncategories = [\"nonsense\"]\n[[rule]]", "version = \"1\"\n[[rule]]\ncountries = [\"DE\"]",
		"version = \"1\"\nwhat = 1\n[[rule]]", "version = \"1\"\n[method.domain]\nproves = [\"magic\"]\ndays = 1\n[[rule]]",
		"version = \"1\"\n[method.domain]\nproves = [\"authority\"]\ndays = 0\n[[rule]]",
	} {
		if _, err := check.ParsePolicy([]byte(text)); err == nil {
			t.Errorf("accepted: %q", text)
		}
	}
	p, err := check.ParsePolicy([]byte(`version = "1"
[method.postcard]
proves = ["presence"]
days = 1
[method.register]
proves = ["authority"]
days = 1
[[rule]]
countries = ["FR"]
categories = ["food"]
need = 2
[[rule]]
categories = ["pharmacy"]
need = 1
prove = ["presence"]
[[rule]]
`))
	if err != nil {
		t.Fatal(err)
	}
	b := directory.Business{Category: "bakery", Address: directory.Address{Country: "FR"}}
	if got := p.For(b).Need; got != 2 {
		t.Errorf("a bakery in France needs %d, its category lies below food", got)
	}
	b.Address.Country = "DE"
	if got := p.For(b).Need; got != 0 {
		t.Errorf("a bakery in Germany needs %d", got)
	}
	b.Category = "pharmacy"
	if got := p.For(b).Need; got != 1 {
		t.Errorf("a pharmacy needs %d", got)
	}
	known, newest, err := check.Policies()
	if err != nil || newest != "2026-2" || known["2026-1"].For(b).Need != 0 || known["2026-2"].For(b).Need != 3 {
		t.Errorf("newest %q, %v", newest, err)
	}
}

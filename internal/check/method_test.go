package check_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
)

// proof is how a test satisfies a method, and how the business stops being what
// the method saw.
type proof struct {
	kind    check.Kind
	target  string
	satisfy func(h *house)             // so that a look succeeds
	change  func(p *directory.Profile) // of the fact the check is about
	empty   func(p *directory.Profile) // so that there is nothing to check; nil: never
}

func moved(p *directory.Profile)   { p.Address.HouseNumber = "5" }
func renamed(p *directory.Profile) { p.LegalName = "Another Ltd" }

// proofs has one for every method of the policy; one without fails the test.
var proofs = map[check.Name]proof{
	check.Postcard:   {kind: check.Sent, change: moved, empty: func(p *directory.Profile) { p.Address.Street = "" }},
	check.DomainMail: {kind: check.Sent, target: "office@buns.example", change: func(p *directory.Profile) { p.Website = "https://rolls.example" }, empty: func(p *directory.Profile) { p.Website = "https://facebook.com/buns" }},
	check.Domain: {kind: check.Looked, change: func(p *directory.Profile) { p.Website = "https://rolls.example" }, empty: func(p *directory.Profile) { p.Website = "" }, satisfy: func(h *house) {
		h.world.Text("_nearby.buns.example", "v=spf1 -all", "nearby-verification="+h.token())
	}},
	check.PaymentAccount: {kind: check.Looked, change: renamed, empty: func(p *directory.Profile) { p.LegalName = "" }, satisfy: (*house).openTill},
	check.Phone:          {kind: check.Sent, change: func(p *directory.Profile) { p.Phone = "030 7505 4322" }, empty: func(p *directory.Profile) { p.Phone = "" }},
	check.SiteVisit:      {kind: check.Recorded, change: moved, empty: func(p *directory.Profile) { p.Address.City = "" }},
	check.Register:       {kind: check.Recorded, change: renamed},
	check.Licence:        {kind: check.Recorded, change: func(p *directory.Profile) { p.Category = "cafe" }},
}

// token is what the domain of the bakery has to publish.
func (h *house) token() string {
	h.t.Helper()
	o, err := h.Overview(h.t.Context(), h.ada, h.bakery.ID)
	h.must(err)
	for _, offer := range o.Offers {
		if offer.Method == check.Domain {
			return offer.Token
		}
	}
	h.t.Fatal("no domain to publish anything at")
	return ""
}

// prove passes a check by whatever its method wants.
func (h *house) prove(method check.Name, p proof) {
	h.t.Helper()
	ctx := h.t.Context()
	var err error
	switch p.kind {
	case check.Sent:
		var c check.Check
		c, err = h.Begin(ctx, h.ada, h.bakery.ID, check.BeginInput{Method: method, Target: p.target})
		h.must(err)
		_, code, codeErr := h.Code(ctx, c.ID)
		h.must(codeErr)
		_, err = h.Answer(ctx, h.ada, h.bakery.ID, method, strings.ToLower(code[:4])+"-"+code[4:])
	case check.Looked:
		_, err = h.Look(ctx, h.ada, h.bakery.ID, method)
	case check.Recorded:
		_, err = h.Record(ctx, h.vera, h.bakery.ID, check.RecordInput{Method: method, Note: "seen"})
	}
	h.must(err)
}

// TestEveryMethod holds every method to the same contract.
func TestEveryMethod(t *testing.T) {
	policies, newest, err := check.Policies()
	if err != nil {
		t.Fatal(err)
	}
	for method := range policies[newest].Methods {
		p, known := proofs[method]
		if !known {
			t.Errorf("%s: say how it is satisfied", method)
			continue
		}
		t.Run(string(method), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) { conforms(t, newHouse(t, db), method, p) })
		})
	}
}

func conforms(t *testing.T, h *house, method check.Name, p proof) {
	ctx, id := t.Context(), h.bakery.ID
	in := check.BeginInput{Method: method, Target: p.target}

	// Only who may, and only by the door of its kind.
	_, beginErr := h.Begin(ctx, h.eve, id, in)
	_, lookErr := h.Look(ctx, h.eve, id, method)
	switch p.kind {
	case check.Sent:
		h.wantErr(beginErr, errs.NotFound, "not_found")
		h.wantErr(lookErr, errs.Invalid, "unknown_method")
		_, err := h.Answer(ctx, h.ada, id, method, "12345678")
		h.wantErr(err, errs.Conflict, "no_open_check")
	case check.Looked:
		h.wantErr(beginErr, errs.Invalid, "unknown_method")
		h.wantErr(lookErr, errs.NotFound, "not_found")
		_, err := h.Look(ctx, h.ada, id, method)
		h.wantErr(err, errs.Conflict, "not_proven")
	default:
		h.wantErr(beginErr, errs.Invalid, "unknown_method")
		h.wantErr(lookErr, errs.Invalid, "unknown_method")
	}
	if h.counts(method) {
		t.Fatal("it counts before anything was proven")
	}
	if p.empty != nil {
		whole := profile("Harbour Buns")
		h.edit(p.empty)
		var err error
		switch p.kind {
		case check.Sent:
			_, err = h.Begin(ctx, h.ada, id, in)
		case check.Looked:
			_, err = h.Look(ctx, h.ada, id, method)
		default:
			_, err = h.Record(ctx, h.vera, id, check.RecordInput{Method: method, Note: "seen"})
		}
		h.wantErr(err, errs.Conflict, "nothing_to_check")
		h.edit(func(p *directory.Profile) { *p = whole })
	}

	// It passes once what it asks for is there, for as long as the policy says.
	if p.satisfy != nil {
		p.satisfy(h)
	}
	h.prove(method, p)
	if !h.counts(method) {
		t.Fatal("it was proven and does not count")
	}
	rule := h.rule(method)
	for _, c := range h.standing().Counting {
		if c.Method == method && !c.ValidUntil.Equal(h.clock.Now().Add(time.Duration(rule.Days)*24*time.Hour)) {
			t.Errorf("it counts until %s", c.ValidUntil)
		}
	}
	// Whoever restarts the program loses nothing.
	h.open()
	if !h.counts(method) {
		t.Error("it does not count any more after a restart")
	}
	// It is about what it was about, and about nothing else.
	h.edit(p.change)
	if h.counts(method) {
		t.Error("it counts although the business says something else by now")
	}
	h.edit(func(now *directory.Profile) { *now = profile("Harbour Buns") })
	if !h.counts(method) {
		t.Error("it does not count although the business says the same again")
	}
	// A second one takes the place of the first.
	h.clock.Advance(24 * time.Hour)
	h.prove(method, p)
	o, err := h.Overview(ctx, h.ada, id)
	h.must(err)
	passed, lapsed := 0, 0
	for _, c := range o.History {
		switch {
		case c.Method == method && c.State == check.Passed:
			passed++
		case c.Method == method && c.State == check.Lapsed:
			lapsed++
		}
		if c.Note != "" || c.By.ID != "" {
			t.Error("the owner sees who checked, or the note for verifiers")
		}
	}
	if passed != 1 || lapsed != 1 {
		t.Errorf("%d count and %d have lapsed", passed, lapsed)
	}
	// A verifier takes it back, once.
	counting := h.standing().Counting
	h.must(h.Revoke(ctx, h.vera, id, counting[0].ID, "It was a mistake."))
	if h.counts(method) {
		t.Error("it counts although it was revoked")
	}
	h.wantErr(h.Revoke(ctx, h.vera, id, counting[0].ID, "Again."), errs.Conflict, "not_allowed")
	// And it ends by itself.
	h.prove(method, p)
	h.clock.Advance(time.Duration(rule.Days)*24*time.Hour - time.Second)
	if !h.counts(method) {
		t.Error("it does not count until its end")
	}
	h.clock.Advance(time.Second)
	if h.counts(method) {
		t.Error("it counts after its end")
	}
	records, err := h.log.Since(ctx, 0, 100)
	h.must(err)
	if n := strings.Count(fmt.Sprintf("%v", records), "check."); n < 4 {
		t.Errorf("%d entries in the audit log", n)
	}
}

func (h *house) rule(method check.Name) check.MethodRule {
	policies, newest, err := check.Policies()
	h.must(err)
	return policies[newest].Methods[method]
}

// Codes that are sent have bounds, and each rule of them holds.
func TestCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		ctx, id := t.Context(), h.bakery.ID
		begin := func() (check.Check, string) {
			t.Helper()
			c, err := h.Begin(ctx, h.ada, id, check.BeginInput{Method: check.Postcard})
			h.must(err)
			_, code, err := h.Code(ctx, c.ID)
			h.must(err)
			return c, code
		}
		answer := func(code string) error {
			_, err := h.Answer(ctx, h.ada, id, check.Postcard, code)
			return err
		}
		// A new one voids the old one.
		_, first := begin()
		_, second := begin()
		if first == second {
			t.Fatal("two cards have one code")
		}
		h.wantErr(answer(first), errs.Invalid, "wrong_code")
		// Five tries, however many at one moment; the right code is one too many then.
		var group sync.WaitGroup
		var compared atomic.Int32
		for range 40 {
			group.Go(func() {
				if !errs.Has(answer("WRONGWRO"), "no_open_check") {
					compared.Add(1)
				}
			})
		}
		group.Wait()
		if n := compared.Load(); n > 4 { // the voided code cost one
			t.Errorf("%d answers were compared at one moment, 4 were left", n)
		}
		h.wantErr(answer(second), errs.Conflict, "no_open_check")
		if h.counts(check.Postcard) {
			t.Error("a code passed after five wrong answers")
		}
		// Three in thirty days.
		_, third := begin()
		_, err := h.Begin(ctx, h.ada, id, check.BeginInput{Method: check.Postcard})
		h.wantErr(err, errs.TooMany, "too_often")
		h.must(answer(third))
		h.wantErr(answer(third), errs.Conflict, "no_open_check")
		// And one that nobody types ends after thirty.
		h.clock.Advance(31 * 24 * time.Hour)
		last, code := begin()
		h.clock.Advance(30 * 24 * time.Hour)
		h.wantErr(answer(code), errs.Conflict, "no_open_check")
		h.must(h.Sweep(ctx))
		o, err := h.Overview(ctx, h.ada, id)
		h.must(err)
		if o.History[0].ID != last.ID || o.History[0].State != check.Expired {
			t.Errorf("the last card is %s", o.History[0].State)
		}
	})
}

func TestPostcardsArePrintedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		other := h.business(h.eve, "Other Buns")
		for _, one := range []struct {
			who account.Actor
			id  string
		}{{h.ada, h.bakery.ID}, {h.eve, other.ID}} {
			_, err := h.Begin(ctx, one.who, one.id, check.BeginInput{Method: check.Postcard})
			h.must(err)
		}
		if _, err := h.Postcards(ctx, h.vera, true); !errs.Has(err, "wrong_role") {
			t.Errorf("a verifier reads the codes: %v", err)
		}
		waiting, err := h.Postcards(ctx, h.opal, false)
		h.must(err)
		if len(waiting) != 2 || waiting[0].Code != "" {
			t.Fatalf("%d wait, the first with the code %q", len(waiting), waiting[0].Code)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		total := 0
		for range 4 {
			group.Go(func() {
				n, err := h.PrintPostcards(ctx, h.opal)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				total += n
				mu.Unlock()
			})
		}
		group.Wait()
		if total != 2 {
			t.Errorf("%d cards were printed", total)
		}
		cards, err := h.Postcards(ctx, h.opal, true)
		h.must(err)
		for _, card := range cards {
			who := h.ada
			if card.Business.ID == other.ID {
				who = h.eve
			}
			_, err := h.Answer(ctx, who, card.Business.ID, check.Postcard, card.Code)
			h.must(err)
		}
	})
}

func TestDomainMailGoesToTheDomain(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	for target, code := range map[string]string{
		"ada@example.org": "wrong_host", "ada@evilbuns.example": "wrong_host", "ada@buns.example.org": "wrong_host", "nothing": "wrong_host",
		"ada@buns.example": "", "ada@shop.buns.example": "",
	} {
		_, err := h.Begin(t.Context(), h.ada, h.bakery.ID, check.BeginInput{Method: check.DomainMail, Target: target})
		if code != "" {
			h.wantErr(err, errs.Invalid, code)
		} else if err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
	if _, err := h.jobs.RunDue(t.Context()); err != nil || len(h.mails) != 2 || h.mails[0].Template != check.CodeMail || h.mails[0].Data["check_id"] == "" {
		t.Errorf("mails: %+v, %v", h.mails, err)
	}
}

func TestDomainIsReadInBothWays(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	ctx := t.Context()
	look := func() (check.Check, error) { return h.Look(ctx, h.ada, h.bakery.ID, check.Domain) }
	file := func(text string) {
		h.world.Page("buns.example/.well-known/nearby-verification.txt", func(to http.ResponseWriter, _ *http.Request) { fmt.Fprintln(to, text) })
	}
	_, err := look()
	h.wantErr(err, errs.Conflict, "not_proven")
	file("another token")
	_, err = look()
	h.wantErr(err, errs.Conflict, "not_proven")
	file("# nearby\n" + h.token())
	c, err := look()
	if err != nil || c.Way != "file" {
		t.Errorf("by file: %+v, %v", c, err)
	}
	h.world.Text("_nearby.buns.example", "nearby-verification="+h.token())
	if c, err = look(); err != nil || c.Way != "dns" {
		t.Errorf("by DNS: %+v, %v", c, err)
	}
	// Another business on the same host has another token.
	other := h.business(h.eve, "Other Buns")
	_, err = h.Look(ctx, h.eve, other.ID, check.Domain)
	h.wantErr(err, errs.Conflict, "not_proven")
	// When nobody can say, nothing is kept against the owner.
	h.world.Down(true)
	_, err = look()
	h.wantErr(err, errs.Unavailable, "cannot_look")
	if !h.counts(check.Domain) {
		t.Error("a failing DNS server took a check away")
	}
}

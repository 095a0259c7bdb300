package notice_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/mail"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/server/servertest"
)

var monday = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

func wantErr(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || !errs.Has(err, code) {
		t.Errorf("error is %v, want %s %q", err, kind, code)
	}
}

// TestLife walks the table: every state, every event, every role.
func TestLife(t *testing.T) {
	want := map[string]string{
		"received take": "assessing verifier", "assessing release": "received verifier,system",
		"assessing act": "actioned verifier", "assessing refuse": "no_action verifier",
		"actioned reopen": "received verifier,operator", "no_action reopen": "received verifier,operator",
	}
	for _, from := range []notice.State{"", notice.Received, notice.Assessing, notice.Actioned, notice.NoAction} {
		for _, event := range []notice.Event{notice.EventTake, notice.EventRefer, notice.EventAct, notice.EventRefuse, notice.EventReopen} {
			for _, role := range []string{account.Shopper, account.Owner, account.Staff, account.Verifier, account.Operator, account.System, account.Public} {
				to, err := notice.Life.Next(from, event, role)
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
	if len(notice.Life.Moves()) != len(want)-1 { // reopening is one row
		t.Errorf("the table has %d moves", len(notice.Life.Moves()))
	}
}

func file(t *testing.T, site *servertest.Site, actor account.Actor, shop servertest.Shop, kind notice.Kind, email string) notice.Notice {
	t.Helper()
	n, err := site.Notice.File(t.Context(), actor, notice.Input{Business: shop.Slug, Kind: kind, Text: "The prices at the till are others.", Email: email, Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// From a report to a measure: the queue by trust and clock, repeats decided
// together, one chain of ids, letters to all who left an address.
func TestFromReportToMeasure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(monday)
		site := servertest.New(t, db, servertest.At(fake), servertest.NoCards())
		ctx, p := t.Context(), site.People
		shop := site.AddShop(servertest.NewShop{})
		other := site.AddShop(servertest.NewShop{Name: "Other Bakery", Owner: p.OtherOwner, Lat: 52.6, Lng: 13.5})
		vera := p.Verifier.As(account.Verifier)
		if err := site.Notice.Trust(ctx, p.Operator.As(account.Operator), p.OtherShopper.ID, "Consumer Centre"); err != nil {
			t.Fatal(err)
		}
		wantErr(t, site.Notice.Trust(ctx, vera, p.Shopper.ID, "Mine"), errs.Forbidden, "wrong_role")

		wrong := file(t, site, audit.Public, shop, "wrong", "")
		fraud := file(t, site, p.Shopper.As(account.Shopper), shop, "fraud", "sam@people.example")
		again := file(t, site, audit.Public, shop, "fraud", "mia@guests.example")
		unsafe := file(t, site, audit.Public, other, "unsafe", "")
		trusted := file(t, site, p.OtherShopper.As(account.Shopper), other, "closed", "")
		if again.MergedInto != fraud.ID || again.Receipt == fraud.Receipt {
			t.Errorf("a repeat is kept with %q under receipt %q", again.MergedInto, again.Receipt)
		}
		_, err := site.Notice.Queue(ctx, p.Shopper.As(account.Verifier))
		wantErr(t, err, errs.Forbidden, "wrong_role")
		queue, err := site.Notice.Queue(ctx, vera)
		var order []string
		for _, w := range queue {
			order = append(order, w.ID)
		}
		if err != nil || !slices.Equal(order, []string{trusted.ID, unsafe.ID, fraud.ID, wrong.ID}) || queue[2].Repeats != 1 {
			t.Errorf("the queue is %v, %v", order, err)
		}

		decision := notice.Decision{Outcome: notice.OutcomeMeasure, Words: "The business was suspended.", Measure: measure.Input{
			Kind: measure.Suspended, Codes: []string{"misleading"}, Facts: "The prices at the till were not the prices shown.", Ground: "terms",
			Rule: "Prices are the prices shown.", EndsAt: fake.Now().Add(24 * time.Hour),
		}}
		wantErr(t, site.Notice.Decide(ctx, vera, fraud.ID, decision), errs.Conflict, "not_allowed")
		wantErr(t, site.Notice.Take(ctx, vera, again.ID), errs.Conflict, "merged")
		if err := site.Notice.Take(ctx, vera, fraud.ID); err != nil {
			t.Fatal(err)
		}
		if n, err := site.Notice.ByReceipt(ctx, again.Receipt); err != nil || n.State != notice.Assessing {
			t.Errorf("the repeat is %s, %v", n.State, err)
		}
		fake.Advance(notice.Lease)
		wantErr(t, site.Notice.Decide(ctx, vera, fraud.ID, decision), errs.Conflict, "no_lease")
		if err := site.Notice.Take(ctx, vera, fraud.ID); err != nil {
			t.Fatal(err)
		}
		half := decision
		half.Measure.Facts = ""
		if err := site.Notice.Decide(ctx, vera, fraud.ID, half); !errs.Is(err, errs.Invalid) {
			t.Errorf("a measure without facts: %v", err)
		}
		if n, err := site.Notice.Get(ctx, fraud.ID); err != nil || n.State != notice.Assessing {
			t.Errorf("half a decision left %s, %v", n.State, err)
		}
		if err := site.Notice.Decide(ctx, vera, fraud.ID, decision); err != nil {
			t.Fatal(err)
		}
		for _, receipt := range []string{fraud.Receipt, again.Receipt} {
			n, err := site.Notice.ByReceipt(ctx, receipt)
			if err != nil || n.State != notice.Actioned || n.Outcome != notice.OutcomeMeasure || n.Words != decision.Words || n.DecidedAt == nil {
				t.Errorf("%s: %+v, %v", receipt, n, err)
			}
		}
		taken, err := site.Measure.Of(ctx, vera, shop.ID)
		if err != nil || len(taken) != 1 || taken[0].NoticeID != fraud.ID || taken[0].Detected != "notice" {
			t.Errorf("measures %+v, %v", taken, err)
		}
		if b, err := site.Directory.Get(ctx, shop.ID); err != nil || b.State != directory.Suspended {
			t.Errorf("the business is %s, %v", b.State, err)
		}
		site.Settle()
		for _, address := range []string{"sam@people.example", "mia@guests.example"} {
			if n := letters(site, address); n != 2 {
				t.Errorf("%s got %d letters, want the receipt and the decision", address, n)
			}
		}
		page := site.Guest().See("/report?receipt=" + again.Receipt)
		for _, words := range []string{"Something was done", decision.Words} {
			if !strings.Contains(page.Text(), words) {
				t.Errorf("the state page does not say %q", words)
			}
		}
		entries, err := site.Audit.Of(ctx, "notice", fraud.ID, 10)
		if err != nil || len(entries) != 4 {
			t.Errorf("%d audit entries, %v", len(entries), err)
		}
	})
}

func letters(site *servertest.Site, address string) (n int) {
	for _, message := range site.Sender.(*mail.Console).Messages() {
		if message.To == address {
			n++
		}
	}
	return n
}

// Of many verifiers who want one report, one gets it; nobody decides on what they
// reported themselves.
func TestOneVerifierGetsTheReport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		ctx := t.Context()
		shop := site.AddShop(servertest.NewShop{})
		n := file(t, site, audit.Public, shop, "other", "")
		var verifiers []account.Actor
		for i := range 4 {
			user, err := site.Account.Add(ctx, audit.System, account.NewUser{
				Email: fmt.Sprintf("v%d@people.example", i), Name: "V", Password: servertest.Password, Roles: []account.Role{account.Verifier},
			})
			if err != nil {
				t.Fatal(err)
			}
			verifiers = append(verifiers, user.As(account.Verifier))
		}
		var mu sync.Mutex
		var won []account.Actor
		var wg sync.WaitGroup
		for _, v := range verifiers {
			wg.Go(func() {
				err := site.Notice.Take(ctx, v, n.ID)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, v)
				} else if !errs.Has(err, "taken") {
					t.Errorf("taking: %v", err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d verifiers hold it", len(won))
		}
		for _, v := range verifiers {
			if v != won[0] {
				wantErr(t, site.Notice.Decide(ctx, v, n.ID, notice.Decision{Outcome: notice.OutcomeNone, Words: "Nothing."}), errs.Conflict, "no_lease")
				wantErr(t, site.Notice.Release(ctx, v, n.ID), errs.Conflict, "no_lease")
			}
		}
		if err := site.Notice.Release(ctx, won[0], n.ID); err != nil {
			t.Error(err)
		}
		own := file(t, site, verifiers[0], shop, "closed", "")
		wantErr(t, site.Notice.Take(ctx, verifiers[0], own.ID), errs.Forbidden, "own_business")
	})
}

// Whoever reports nothing but nothing is slowed to one report a day, and nobody
// else is.
func TestMisuseIsSlowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(monday)
		site := servertest.New(t, db, servertest.At(fake), servertest.NoCards())
		ctx, vera := t.Context(), site.People.Verifier.As(account.Verifier)
		shop := site.AddShop(servertest.NewShop{})
		report := func(email string) (notice.Notice, error) {
			return site.Notice.File(ctx, audit.Public, notice.Input{Business: shop.Slug, Kind: "wrong", Text: "I do not like the colour.", Email: email})
		}
		for range 5 {
			n, err := report("grumpy@guests.example")
			if err != nil {
				t.Fatal(err)
			}
			if err := site.Notice.Take(ctx, vera, n.ID); err != nil {
				t.Fatal(err)
			}
			if err := site.Notice.Decide(ctx, vera, n.ID, notice.Decision{Outcome: notice.OutcomeNone, Words: "Colours are free."}); err != nil {
				t.Fatal(err)
			}
			fake.Advance(time.Hour)
		}
		_, err := report("Grumpy@guests.example")
		wantErr(t, err, errs.TooMany, "reports_slowed")
		if wait := errs.Of(err).RetryAfter; wait != 23*time.Hour {
			t.Errorf("to wait %s", wait)
		}
		for _, email := range []string{"", "mia@guests.example"} {
			if _, err := report(email); err != nil {
				t.Errorf("%q: %v", email, err)
			}
		}
		fake.Advance(23 * time.Hour)
		if _, err := report("grumpy@guests.example"); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

// The desk on its pages: from the queue to a decision that passes a report on to
// the business.
func TestDeskPages(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	shop := site.AddShop(servertest.NewShop{})
	n := file(t, site, audit.Public, shop, "wrong", "")
	vera := site.SignIn(site.People.Verifier)
	at := "/desk/notices/" + n.ID
	if vera.See("/desk").Link("/desk/notices") == "" || vera.See("/desk/notices").Link(at) == "" {
		t.Fatal("the desk does not lead to the report")
	}
	vera.Fill(vera.See(at), at+"/take", nil)
	wrong := vera.Fill(vera.See(at), at+"/decide", url.Values{"outcome": {"measure"}, "words": {"Seen."}, "ends_at": {"soon"}})
	if wrong.Status != 422 || wrong.Value("words") != "Seen." {
		t.Fatalf("%d, kept %q\n%s", wrong.Status, wrong.Value("words"), wrong.Text())
	}
	done := vera.Fill(vera.See(at), at+"/decide", url.Values{"outcome": {"passed_on"}, "words": {"We have told the business."}})
	if done.Status != 200 || done.URL.Path != "/desk/notices" {
		t.Fatalf("%d at %s\n%s", done.Status, done.URL, done.Text())
	}
	if page := vera.See(at); !strings.Contains(page.Text(), "We have told the business.") {
		t.Errorf("the report does not show its decision\n%s", page.Text())
	}
	site.Settle()
	if letters(site, shop.Owner.Email) == 0 {
		t.Error("the owner was not told")
	}
}

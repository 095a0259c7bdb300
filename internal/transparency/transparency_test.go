package transparency_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/complaint"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/server/servertest"
	"nearby/internal/transparency"
	"nearby/internal/verification"
)

// TestChain follows reports, a measure, an appeal and a rejection into the public
// counts: each of them is one there, and nothing of before the period is.
func TestChain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
		site := servertest.New(t, db, servertest.At(fake), servertest.NoCards())
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		first := site.People.Verifier.As(account.Verifier)
		user, err := site.Account.Add(ctx, audit.System, account.NewUser{
			Email: "vito@people.example", Name: "Vito Verifier", Password: servertest.Password, Roles: []account.Role{account.Verifier},
		})
		must(err)
		other := user.As(account.Verifier)
		shop := site.AddShop(servertest.NewShop{})
		draft := site.AddShop(servertest.NewShop{Name: "New Bakery", Draft: true, Lat: 52.54, Lng: 13.42})
		before, err := site.Transparency.Report(ctx)
		must(err)

		request, err := site.Verification.Submit(ctx, draft.Owner.As(account.Owner), draft.ID)
		must(err)
		_, err = site.Verification.Take(ctx, first, request.ID)
		must(err)
		fake.Advance(2 * time.Hour)
		_, err = site.Verification.Take(ctx, first, request.ID)
		must(err)
		must(site.Verification.Reject(ctx, first, request.ID, verification.RejectInput{Codes: []string{"fraud", "wrong_place"}, Words: "This is no bakery."}))

		report := func(kind notice.Kind) notice.Notice {
			n, err := site.Notice.File(ctx, audit.Public, notice.Input{Business: shop.Slug, Kind: kind, Text: "The prices at the till are others.", Locale: "en"})
			must(err)
			return n
		}
		fraud, _ := report("fraud"), report("fraud") // the second repeats the first
		wrong := report("wrong")
		must(site.Notice.Take(ctx, first, fraud.ID))
		must(site.Notice.Decide(ctx, first, fraud.ID, notice.Decision{Outcome: notice.OutcomeMeasure, Words: "It was suspended.", Measure: measure.Input{
			Kind: measure.Suspended, Codes: []string{"misleading"}, Facts: "The prices at the till were not the prices shown.", Ground: "terms",
			Rule: "Prices are the prices shown.", EndsAt: fake.Now().Add(24 * time.Hour),
		}}))
		taken, err := site.Measure.Of(ctx, first, shop.ID)
		must(err)
		appeal, err := site.Complaint.File(ctx, shop.Owner.As(account.Owner), shop.ID, complaint.Measure, taken[0].ID, "The prices were from the shop next door.")
		must(err)
		must(site.Complaint.Take(ctx, other, appeal.ID))
		must(site.Complaint.Overturn(ctx, other, appeal.ID, "They were from next door indeed."))

		got, err := site.Transparency.Report(ctx)
		must(err)
		want := before
		want.At, want.Since = fake.Now(), fake.Now().Add(-transparency.Period)
		want.Applications.Applications++
		want.Applications.Rejected++
		want.Applications.Reasons = map[string]int{"fraud": 1, "wrong_place": 1}
		want.Applications.Median, want.Applications.NineOfTen = got.Applications.Median, 2*time.Hour
		want.Measures = map[measure.Kind]int{measure.Suspended: 1}
		want.Notices = []notice.Figures{{Kind: "wrong", Filed: 1, Open: 1}, {Kind: "fraud", Filed: 2, Measure: 2}}
		want.Complaints = complaint.Figures{Filed: 1, Overturned: 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the report (-want +got):\n%s", diff)
		}

		file := site.Guest().Get("/transparency.csv")
		text, err := got.CSV()
		must(err)
		if file.Status != 200 || file.Header.Get("Content-Type") != "text/csv; charset=utf-8" || string(file.Body) != string(text) {
			t.Errorf("the file is %d %s\n%s", file.Status, file.Header.Get("Content-Type"), file.Body)
		}
		page := site.Guest().See("/transparency").Text()
		for _, words := range []string{"Suspension", "This is meant to deceive", "Not decided yet", "The decision was overturned"} {
			if !strings.Contains(page, words) {
				t.Errorf("the page does not say %q", words)
			}
		}

		fake.Advance(transparency.Period + time.Hour)
		later, err := site.Transparency.Report(ctx)
		must(err)
		if a := later.Applications; a.Applications+a.Rejected+len(a.Reasons)+len(later.Measures)+len(later.Notices)+later.Complaints.Filed != 0 {
			t.Errorf("after the period: %+v", later)
		}
		if n, err := site.Notice.Get(ctx, wrong.ID); err != nil || n.State != notice.Received {
			t.Errorf("counting changed a report: %s, %v", n.State, err)
		}
	})
}

// TestCSV holds the table for programs against the report line by line.
func TestCSV(t *testing.T) {
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	text, err := transparency.Report{
		Since: at.Add(-transparency.Period), At: at, Listed: 151,
		Applications: verification.Figures{
			Waiting: 8, Applications: 40, Approved: 30, Asked: 4, Rejected: 3, Reasons: map[string]int{"fraud": 1, "duplicate": 2},
			Median: 3 * time.Hour, NineOfTen: 26 * time.Hour,
		},
		Measures:   map[measure.Kind]int{measure.Suspended: 2},
		Notices:    []notice.Figures{{Kind: "wrong", Filed: 7, Open: 1, NoAction: 3, Measure: 1, PassedOn: 2}},
		Complaints: complaint.Figures{Filed: 2, Upheld: 1, Overturned: 1},
	}.CSV()
	if err != nil {
		t.Fatal(err)
	}
	want := `about,figure,value
period,from,2026-02-03T09:00:00Z
period,to,2026-05-04T09:00:00Z
businesses,listed_now,151
applications,waiting_now,8
applications,filed,40
applications,approved,30
applications,asked,4
applications,rejected,3
applications,median_seconds,10800
applications,p90_seconds,93600
rejections,duplicate,2
rejections,fraud,1
measures,notice,0
measures,lock,0
measures,orders_off,0
measures,hidden,0
measures,suspended,2
measures,terminated,0
reports_wrong,filed,7
reports_wrong,open,1
reports_wrong,no_action,3
reports_wrong,measure,1
reports_wrong,passed_on,2
appeals,filed,2
appeals,upheld,1
appeals,overturned,1
`
	if got := string(text); got != want {
		t.Errorf("the table is\n%s", strings.TrimSpace(got))
	}
}

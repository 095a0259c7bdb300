package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/server/servertest"
)

func status(t *testing.T, page *servertest.Page, want int) *servertest.Page {
	t.Helper()
	if page.Status != want {
		t.Fatalf("%s: %d, want %d\n%s", page.URL.Path, page.Status, want, page.Text())
	}
	if faults := page.Faults(); len(faults) > 0 {
		t.Errorf("%s: %v", page.URL.Path, faults)
	}
	return page
}

func says(t *testing.T, page *servertest.Page, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(page.Text(), word) {
			t.Errorf("%s does not say %q\n%s", page.URL.Path, word, page.Text())
		}
	}
}

// apply makes a business far from the others that waits for a decision.
func apply(t *testing.T, site *servertest.Site, name string, lat float64) (servertest.Shop, string) {
	t.Helper()
	shop := site.AddShop(servertest.NewShop{Name: name, Lat: lat, Lng: 13.4, Draft: true})
	request, err := site.Verification.Submit(t.Context(), shop.Owner.As(account.Owner), shop.ID)
	if err != nil {
		t.Fatal(err)
	}
	return shop, "/desk/" + request.ID
}

// prove has a verifier write down enough for an approval.
func prove(t *testing.T, vera *servertest.Browser, at string) *servertest.Page {
	t.Helper()
	status(t, vera.Fill(vera.See(at), at+"/check", url.Values{"method": {"site_visit"}}), http.StatusUnprocessableEntity)
	for _, method := range []string{"site_visit", "register"} {
		done := vera.Fill(vera.See(at), at+"/check", url.Values{"method": {method}, "check_note": {"Seen on Monday."}})
		status(t, done, http.StatusOK)
		says(t, done, "Written down.")
	}
	return vera.See(at)
}

func TestCases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		first, at := apply(t, site, "Anker", 52.51)
		second, next := apply(t, site, "Krume", 52.61)
		third, last := apply(t, site, "Zebra", 52.71)
		state := func(shop servertest.Shop, want directory.State) {
			t.Helper()
			if b, err := site.Directory.Get(t.Context(), shop.ID); err != nil || b.State != want {
				t.Errorf("%s is %s, want %s (%v)", shop.Name, b.State, want, err)
			}
		}
		status(t, site.SignIn(first.Owner).Get("/desk"), http.StatusForbidden)
		vera := site.SignIn(site.People.Verifier)
		says(t, vera.See("/desk"), "Anker", "Krume", "Zebra", "3 waiting")
		opened := vera.See(at)
		says(t, opened, "Mauerstraße 81", "Bakery", "Take this case")
		status(t, vera.Post(at+"/approve", nil), http.StatusConflict)
		state(first, directory.Submitted)

		says(t, status(t, vera.Fill(opened, at+"/take", nil), http.StatusOK), "Held for you")
		wrong := vera.Fill(vera.See(at), at+"/ask", url.Values{"note": {"Which door is it?"}})
		status(t, wrong, http.StatusUnprocessableEntity)
		if wrong.Value("note") != "Which door is it?" {
			t.Errorf("the note became %q", wrong.Value("note"))
		}
		status(t, vera.Post(at+"/ask", url.Values{"fields": {"lat", "address.street"}, "note": {"x"}}), http.StatusUnprocessableEntity)
		// The decision leads to the next case, which is held already.
		asked := vera.Fill(wrong, at+"/ask", url.Values{"fields": {"lat"}, "code": {"wrong"}})
		if status(t, asked, http.StatusOK); asked.URL.Path != next {
			t.Fatalf("the decision led to %s", asked.URL)
		}
		says(t, asked, "Krume", "Held for you", "The question is sent.")
		state(first, directory.ChangesRequested)
		owner := site.SignIn(first.Owner)
		says(t, owner.See("/manage/"+first.Slug+"/verification"), "Which door is it?", "Point on the map", "It is not right")
		says(t, vera.See(at), "This case is closed.")

		reject := vera.Fill(asked, next+"/reject", url.Values{"refuse_note": {"There is a garage."}})
		status(t, reject, http.StatusUnprocessableEntity)
		if reject.Value("refuse_note") != "There is a garage." {
			t.Errorf("the note became %q", reject.Value("refuse_note"))
		}
		if done := vera.Fill(reject, next+"/reject", url.Values{"reason": {"wrong_place"}}); done.URL.Path != last {
			t.Fatalf("the refusal led to %s", done.URL)
		}
		state(second, directory.Rejected)
		says(t, owner.See("/manage/"+second.Slug+"/verification"), "The place is not right", "There is a garage.")

		// Given back, it keeps its place, and somebody else may take it.
		vera.Fill(vera.See(last), last+"/release", nil)
		state(third, directory.Submitted)
		done := vera.Fill(vera.See("/desk"), "/desk/next", nil)
		if done.URL.Path != last {
			t.Fatalf("the oldest free case is %s", done.URL)
		}
		// Nothing is approved before it has proven what it must.
		missing := vera.Fill(done, last+"/approve", nil)
		status(t, missing, http.StatusConflict)
		says(t, missing, "Not everything is proven yet", "that it is at its address", "0 of 2 proven")
		done = prove(t, vera, last)
		if end := vera.Fill(done, last+"/approve", nil); end.URL.Path != "/desk" {
			t.Errorf("the last decision led to %s", end.URL)
		}
		state(third, directory.Verified)
		says(t, vera.See("/desk"), "Nothing waits")
		status(t, vera.Get("/desk/nothing"), http.StatusNotFound)
	})
}

func TestNobodyDecidesTwiceOrForOneself(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	_, at := apply(t, site, "Anker", 52.51)
	vera := site.SignIn(site.People.Verifier)
	vera.Fill(vera.See(at), at+"/take", nil)

	// The owner of a business may be a verifier of others.
	if err := site.Account.Grant(t.Context(), audit.System, site.People.Owner.ID, account.Verifier); err != nil {
		t.Fatal(err)
	}
	ola := site.SignIn(site.People.Owner)
	says(t, ola.See(at), "This is a business of your own")
	for _, do := range []string{"/take", "/approve", "/release"} {
		status(t, ola.Post(at+do, nil), http.StatusForbidden)
	}
	if err := site.Account.Grant(t.Context(), audit.System, site.People.OtherOwner.ID, account.Verifier); err != nil {
		t.Fatal(err)
	}
	otto := site.SignIn(site.People.OtherOwner)
	says(t, otto.See(at), "Vera Verifier works on it until")
	status(t, otto.Post(at+"/take", nil), http.StatusConflict)
	status(t, otto.Post(at+"/reject", url.Values{"reason": {"duplicate"}, "refuse_note": {"No."}}), http.StatusConflict)
	if page := otto.Fill(otto.See("/desk"), "/desk/next", nil); page.URL.Path != "/desk" {
		t.Errorf("a held case was given to a second verifier: %s", page.URL)
	}
}

func TestPossibleDuplicatesNeedAWord(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	site.AddShop(servertest.NewShop{})
	double := site.AddShop(servertest.NewShop{Draft: true}) // same name, same door
	request, err := site.Verification.Submit(t.Context(), double.Owner.As(account.Owner), double.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := "/desk/" + request.ID
	vera := site.SignIn(site.People.Verifier)
	vera.Fill(vera.See(at), at+"/take", nil)
	says(t, vera.See(at), "Why the possible duplicates are none", "Halvorsen Bakery (Verified, 0 m): ", "% sure; alike: name")
	status(t, vera.Fill(vera.See(at), at+"/approve", nil), http.StatusUnprocessableEntity)
	prove(t, vera, at)
	status(t, vera.Fill(vera.See(at), at+"/approve", url.Values{"approve_note": {"The one next door has moved out."}}), http.StatusOK)
	if b, err := site.Directory.Get(t.Context(), double.ID); err != nil || b.State != directory.Verified {
		t.Errorf("the business is %s (%v)", b.State, err)
	}
}

package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/server/servertest"
)

func TestOperatorSuspendsAndReinstates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		shop := site.AddShop(servertest.NewShop{})
		site.AddShop(servertest.NewShop{Name: "Zum Zebra", Draft: true})
		for _, user := range []account.User{shop.Owner, site.People.Verifier} {
			if page := site.SignIn(user).Get("/admin"); page.Status != http.StatusForbidden {
				t.Errorf("%s sees the admin pages: %d", user.Name, page.Status)
			}
		}
		opal := site.SignIn(site.People.Operator)
		says(t, opal.See("/admin"), "Halvorsen Bakery", "Zum Zebra", "2 businesses", "1 verified", "business.approve", "0 entries out of balance")
		found := opal.See("/admin?q=zebra")
		says(t, found, "Zum Zebra")
		if strings.Contains(found.Text(), "Mauerstraße 81, 10117 Berlin Verified") {
			t.Error("the search shows what does not fit")
		}
		at := "/admin/businesses/" + shop.Slug
		if found = opal.See("/admin?q=halvorsen&state=verified"); found.Link(at) == "" {
			t.Fatalf("the search does not lead to the business\n%s", found.Text())
		}
		wrong := opal.Fill(opal.See(at), at+"/suspend", url.Values{"words": {"Two shoppers were sent away."}, "review_at": {"soon"}})
		if wrong.Status != http.StatusUnprocessableEntity || wrong.Value("words") != "Two shoppers were sent away." || wrong.Value("review_at") != "soon" {
			t.Fatalf("%d, kept %q and %q", wrong.Status, wrong.Value("words"), wrong.Value("review_at"))
		}
		done := opal.Fill(opal.See(at), at+"/suspend", url.Values{"code": {"complaints"}, "words": {"Two shoppers were sent away."}})
		says(t, done, "Suspended. Nobody sees it any more.", "Too many complaints", "Two shoppers were sent away.")
		state := func(want directory.State) {
			t.Helper()
			if b, err := site.Directory.Get(t.Context(), shop.ID); err != nil || b.State != want {
				t.Errorf("the business is %s, want %s (%v)", b.State, want, err)
			}
		}
		state(directory.Suspended)
		if page := site.Guest().Get("/b/" + shop.Slug); page.Status != http.StatusNotFound {
			t.Errorf("its page answers %d", page.Status)
		}
		says(t, site.SignIn(shop.Owner).See("/manage/"+shop.Slug+"/verification"), "Too many complaints", "Two shoppers were sent away.")
		if page := opal.Post(at+"/suspend", url.Values{"code": {"fraud"}, "words": {"Again."}, "review_at": {"2999-01-01"}}); page.Status != http.StatusConflict {
			t.Errorf("suspending twice: %d", page.Status)
		}
		if page := opal.Fill(opal.See(at), at+"/reinstate", nil); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("reinstating without a word: %d", page.Status)
		}
		opal.Fill(opal.See(at), at+"/reinstate", url.Values{"note": {"It was a mistake."}})
		state(directory.Verified)
		if page := opal.Get("/admin/businesses/nothing-here"); page.Status != http.StatusNotFound {
			t.Errorf("an unknown business: %d", page.Status)
		}
	})
}

func says(t *testing.T, page *servertest.Page, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(page.Text(), word) {
			t.Errorf("%s does not say %q\n%s", page.URL.Path, word, page.Text())
		}
	}
}

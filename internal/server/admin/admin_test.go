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

func TestOperatorSuspendsAndLifts(t *testing.T) {
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
		wrong := opal.Fill(opal.See(at), at+"/measures", url.Values{"facts": {"Two shoppers were sent away."}, "ends_at": {"soon"}})
		if wrong.Status != http.StatusUnprocessableEntity || wrong.Value("facts") != "Two shoppers were sent away." || wrong.Value("ends_at") != "soon" {
			t.Fatalf("%d, kept %q and %q", wrong.Status, wrong.Value("facts"), wrong.Value("ends_at"))
		}
		suspension := url.Values{
			"kind": {"suspended"}, "code": {"complaints"}, "facts": {"Two shoppers were sent away."}, "ground": {"terms"},
			"rule": {"Orders are handed over."}, "detected": {"notice"},
		}
		done := opal.Fill(opal.See(at), at+"/measures", suspension)
		says(t, done, "The measure is in force.", "Suspension", "Too many complaints")
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
		owner := site.SignIn(shop.Owner)
		section := owner.See("/manage/" + shop.Slug + "/verification")
		says(t, section, "Too many complaints", "Suspension")
		says(t, owner.See(section.Link("/manage/"+shop.Slug+"/measures/")), "Two shoppers were sent away.", "Orders are handed over.", "A person decided.")
		suspension.Set("ends_at", site.Clock().AddDate(0, 0, 9).Format("2006-01-02"))
		if page := opal.Post(at+"/measures", suspension); page.Status != http.StatusConflict {
			t.Errorf("suspending twice: %d", page.Status)
		}
		one := done.Link(at + "/measures/")
		if page := opal.Fill(opal.See(one), one+"/lift", nil); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("lifting without a word: %d", page.Status)
		}
		opal.Fill(opal.See(one), one+"/lift", url.Values{"words": {"It was a mistake."}})
		state(directory.Verified)
		says(t, owner.See(section.Link("/manage/"+shop.Slug+"/measures/")), "Lifted", "It was a mistake.")
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

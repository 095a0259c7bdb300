package desk_test

import (
	"net/http"
	"net/url"
	"testing"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/server/servertest"
)

// A rename from both sides: the owner sees what waits, shoppers the old name
// and that it is being checked, the verifier both; then everybody the new one.
func TestARename(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		shop := site.AddShop(servertest.NewShop{})
		owner, vera, guest := site.SignIn(shop.Owner), site.SignIn(site.People.Verifier), site.Guest()
		path := "/manage/" + shop.Slug + "/profile"
		rename := func(to string) *servertest.Page {
			t.Helper()
			return status(t, owner.Fill(owner.See(path), path, url.Values{"name": {to}}), http.StatusOK)
		}
		saved := rename("Anchor Bread")
		says(t, saved, "checked again before shoppers see it", "Waiting for a check", "Anchor Bread", shop.Name)
		if saved.Value("name") != shop.Name {
			t.Errorf("the form shows %q, shoppers see %q", saved.Value("name"), shop.Name)
		}
		says(t, guest.See("/b/"+shop.Slug), shop.Name, "A new name is being checked")

		opened := status(t, vera.Fill(vera.See("/desk?show=changes"), "/desk/next", nil), http.StatusOK)
		says(t, opened, "They want", "Public now", "Anchor Bread", shop.Name, "Held for you")
		at := opened.URL.Path
		says(t, owner.See(path), "A verifier is looking at it.")
		refuse := vera.Fill(opened, at+"/reject", url.Values{"refuse_note": {"The sign says otherwise."}})
		if status(t, refuse, http.StatusUnprocessableEntity); refuse.Value("refuse_note") != "The sign says otherwise." {
			t.Errorf("the note became %q", refuse.Value("refuse_note"))
		}
		status(t, vera.Fill(refuse, at+"/reject", url.Values{"reason": {"cannot_verify"}}), http.StatusOK)
		says(t, owner.See(path), "Change refused: Name", "could not be confirmed", "The sign says otherwise.")

		rename("Anchor Breads")
		status(t, owner.Fill(owner.See(path), "/manage/"+shop.Slug+"/changes/withdraw", nil), http.StatusOK)
		rename("Anchor Loaves")
		opened = vera.Fill(vera.See("/desk"), "/desk/next", nil)
		says(t, opened, "Change refused", "Change taken back")
		status(t, vera.Fill(opened, opened.URL.Path+"/approve", nil), http.StatusOK)
		page := guest.See("/b/" + shop.Slug) // leads to the new address
		says(t, page, "Anchor Loaves", "Name last changed on")
		if page.URL.Path != "/b/anchor-loaves" {
			t.Errorf("the old address leads to %s", page.URL.Path)
		}
		status(t, vera.Post(at+"/take", nil), http.StatusConflict)
		status(t, vera.Get("/desk/changes/nothing"), http.StatusNotFound)
	})
}

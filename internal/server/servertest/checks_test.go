package servertest_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/mail"
	"nearby/internal/probe/probetest"
	"nearby/internal/server/servertest"
)

var (
	cardCode = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4} [0-9A-HJKMNP-TV-Z]{4}`)
	token    = regexp.MustCompile(`nearby-verification=([0-9a-z]{26})`)
)

// An owner proves the place by a postcard that the operator prints, and the
// right to speak for it by the domain; then a verifier may approve.
func TestApplicationWithTwoChecks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		world := probetest.New(t)
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards(), servertest.Web(world.Client()))
		shop := site.AddShop(servertest.NewShop{Draft: true})
		owner, operator := site.SignIn(shop.Owner), site.SignIn(site.People.Operator)
		at := "/manage/" + shop.Slug + "/verification"

		has(t, owner.See(at), "0 of 2 proven", "Postcard to the address", "Your own domain")
		has(t, owner.Fill(owner.See(at), at+"/postcard", url.Values{"do": {"begin"}}), "On its way.", "5 tries are left")
		wrong := owner.Fill(owner.See(at), at+"/postcard", url.Values{"do": {"answer"}, "code": {"0000 0000"}})
		if wrong.Status != http.StatusUnprocessableEntity {
			t.Errorf("a wrong code: %d", wrong.Status)
		}
		has(t, wrong, "This is not the code", "4 tries are left")

		has(t, operator.See("/admin/postcards"), shop.Name, "Print 1 card")
		printed := operator.Fill(operator.See("/admin/postcards"), "/admin/postcards", nil)
		code := cardCode.FindString(printed.Text())
		has(t, printed, shop.Name, "Mauerstraße 81", "Deutschland", "Jemand möchte dieses Geschäft")
		has(t, operator.See("/admin/postcards"), "No card waits")
		has(t, owner.Fill(owner.See(at), at+"/postcard", url.Values{"do": {"answer"}, "code": {strings.ToLower(code)}}), "Proven.", "1 of 2 proven")

		before := owner.Fill(owner.See(at), at+"/domain", url.Values{"do": {"look"}})
		if before.Status != http.StatusConflict {
			t.Errorf("a look at an empty domain: %d", before.Status)
		}
		has(t, before, "We looked and did not find it.")
		world.Text("_nearby.bakery.example", token.FindString(before.Text()))
		has(t, owner.Fill(owner.See(at), at+"/domain", url.Values{"do": {"look"}}), "Enough is proven", "(in the DNS)")

		owner.Fill(owner.See(at), at, url.Values{"do": {"submit"}})
		verifier := site.SignIn(site.People.Verifier)
		path := verifier.See("/desk").Link("/desk/0")
		verifier.Fill(verifier.See(path), path+"/take", nil)
		has(t, verifier.See(path), "Enough is proven", "By the policy 2026-2")
		verifier.Fill(verifier.See(path), path+"/approve", nil)
		if b, err := site.Directory.Get(t.Context(), shop.ID); err != nil || b.State != directory.Verified {
			t.Errorf("the business is %s (%v)", b.State, err)
		}
		has(t, site.Guest().See("/b/"+shop.Slug), "A postcard reached the address", "The domain of the website is theirs", "counts until")
	})
}

// A mailed code goes to the domain, in a letter that names no more than it must.
func TestMailedCode(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	shop := site.AddShop(servertest.NewShop{Draft: true})
	owner, at := site.SignIn(shop.Owner), "/manage/"+shop.Slug+"/verification"
	refused := owner.Fill(owner.See(at), at+"/domain_mail", url.Values{"do": {"begin"}, "target": {"me@elsewhere.example"}})
	has(t, refused, "The address must be at the host of your website.")
	if refused.Value("target") != "me@elsewhere.example" {
		t.Errorf("what was typed became %q", refused.Value("target"))
	}
	has(t, owner.Fill(owner.See(at), at+"/domain_mail", url.Values{"do": {"begin"}, "target": {"office@bakery.example"}}), "A code went to office@bakery.example")
	site.Settle()
	letters := site.Sender.(*mail.Console).Messages()
	if len(letters) == 0 || letters[0].To != "office@bakery.example" || strings.Contains(letters[0].Text, shop.Owner.Name) {
		t.Fatalf("letters: %+v", letters)
	}
	code := cardCode.FindString(letters[0].Text)
	has(t, owner.Fill(owner.See(at), at+"/domain_mail", url.Values{"do": {"answer"}, "code": {code}}), "Proven.")
}

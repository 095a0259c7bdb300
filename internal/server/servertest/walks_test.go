package servertest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/order"
	"nearby/internal/server/servertest"
)

// here is the search for what is near a shop, as the pages write it.
func here(shop servertest.Shop) string { return "/?cell=" + shop.Cell.Parent(9).String() }

func has(t *testing.T, page *servertest.Page, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(page.Text(), word) {
			t.Errorf("%s does not say %q\n%s", page.URL.Path, word, page.Text())
		}
	}
}

// toCart finds the shop nearby, walks to its product and puts one in the cart.
func toCart(t *testing.T, b *servertest.Browser, shop servertest.Shop) {
	t.Helper()
	found := b.See(here(shop))
	link := found.Link("/b/" + shop.Slug)
	if link == "" {
		t.Fatalf("the search does not show the shop\n%s", found.Text())
	}
	page := b.See(link)
	has(t, page, shop.Name, shop.Product.Title, "€4.80")
	product := page.Link("/b/" + shop.Slug + "/p/")
	if product == "" {
		t.Fatal("the shop does not lead to its product")
	}
	if after := b.Fill(b.See(product), "/cart/add", nil); after.Status != http.StatusOK {
		t.Fatalf("adding to the cart: %d", after.Status)
	}
	has(t, b.See("/cart"), shop.Product.Title, "€4.80")
}

func TestShopperPaysAtPickupAndOwnerHandsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		shop := site.AddShop(servertest.NewShop{})
		shopper := site.Guest()
		toCart(t, shopper, shop)
		placed := shopper.Fill(shopper.See("/checkout/"+shop.Slug), "/checkout/", url.Values{
			"name": {"Mia Guest"}, "email": {"mia@guests.example"}, "payment": {order.PayAtPickup},
		})
		if !strings.HasPrefix(placed.URL.Path, "/o/") || placed.Status != http.StatusOK {
			t.Fatalf("placing led to %s: %d\n%s", placed.URL, placed.Status, placed.Text())
		}
		id := strings.TrimPrefix(placed.URL.Path, "/o/")
		own := placed.URL.RequestURI()
		has(t, shopper.See(own), shop.Name, shop.Product.Title)
		if stranger := site.Guest().Get(placed.URL.Path); stranger.Status != http.StatusNotFound {
			t.Errorf("the order without its link: %d", stranger.Status)
		}

		owner := site.SignIn(shop.Owner)
		inbox := owner.See("/manage/" + shop.Slug + "/orders")
		path := inbox.Link("/manage/" + shop.Slug + "/orders/" + id)
		if path == "" {
			t.Fatalf("the inbox does not show the order\n%s", inbox.Text())
		}
		has(t, owner.See(path), "Mia Guest")
		owner.Fill(owner.See(path), path+"/accept", nil)
		owner.Fill(owner.See(path), path+"/ready", nil)
		wrong := owner.Fill(owner.See(path), path+"/complete", url.Values{"code": {"000-000"}})
		if wrong.Status != http.StatusUnprocessableEntity {
			t.Errorf("a wrong code: %d", wrong.Status)
		}
		code := site.Order.PickupCode(id)
		has(t, shopper.See(own), code)
		owner.Fill(owner.See(path), path+"/complete", url.Values{"code": {code}})
		done, err := site.Order.Get(t.Context(), id)
		if err != nil || done.State != order.Completed || done.Payment.State != order.Collected {
			t.Errorf("the order is %s, its payment %+v (%v)", done.State, done.Payment, err)
		}
		shopper.See(own)
		site.Settle()
	})
}

func TestShopperPaysByCard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand())
		shop := site.AddShop(servertest.NewShop{})
		shopper := site.SignIn(site.People.Shopper)
		toCart(t, shopper, shop)
		form := shopper.See("/checkout/" + shop.Slug)
		answers := url.Values{"name": {"Sam Shopper"}, "email": {"sam@people.example"}, "payment": {order.PayCard}}
		page := shopper.Fill(form, "/checkout/", answers)
		if !strings.HasPrefix(page.URL.Path, "/c/pay/") {
			t.Fatalf("checkout led to %s: %d\n%s", page.URL, page.Status, page.Text())
		}
		// A second click, and Back with another click, lead to the same page.
		for range 2 {
			if again := shopper.Fill(form, "/checkout/", answers); again.URL.Path != page.URL.Path {
				t.Errorf("again: %s instead of %s", again.URL, page.URL)
			}
		}
		if err := servertest.Pay(t.Context(), page.URL.String(), servertest.DeclinedCard); err == nil {
			t.Error("a declined card paid")
		}
		if err := servertest.Pay(t.Context(), page.URL.String(), servertest.GoodCard); err != nil {
			t.Fatal(err)
		}
		// The tab is closed here: the event alone must do it.
		site.Settle()
		list := shopper.See("/orders")
		link := list.Link("/o/")
		if link == "" {
			t.Fatalf("no order in the list\n%s", list.Text())
		}
		shown := shopper.See(link)
		has(t, shown, shop.Name, "€4.80")
		page2, err := site.Order.ListForShopper(t.Context(), order.Buyer{UserID: site.People.Shopper.ID}, "", 50)
		if err != nil || len(page2.Items) != 1 || page2.Items[0].State != order.Placed || page2.Items[0].Payment.State != order.Paid {
			t.Errorf("orders: %+v (%v)", page2.Items, err)
		}
	})
}

func TestApprovedBusinessIsListedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		shop := site.AddShop(servertest.NewShop{Draft: true})
		public := "/b/" + shop.Slug
		guest := site.Guest()
		gone := func(when string) {
			t.Helper()
			if page := guest.Get(public); page.Status != http.StatusNotFound {
				t.Errorf("%s: its page answers %d", when, page.Status)
			}
			if guest.See(here(shop)).Link(public) != "" {
				t.Errorf("%s: the search shows it", when)
			}
		}
		gone("as a draft")
		owner := site.SignIn(shop.Owner)
		at := "/manage/" + shop.Slug + "/verification"
		if page := owner.Fill(owner.See(at), at, url.Values{"do": {"submit"}}); page.Status != http.StatusOK {
			t.Fatalf("submitting: %d\n%s", page.Status, page.Text())
		}
		gone("submitted")

		verifier := site.SignIn(site.People.Verifier)
		path := verifier.See("/desk").Link("/desk/0")
		if path == "" {
			t.Fatal("the queue is empty")
		}
		has(t, verifier.See(path), shop.Name)
		verifier.Fill(verifier.See(path), path+"/take", nil)
		gone("taken")
		for _, seen := range []string{"site_visit", "register"} {
			verifier.Fill(verifier.See(path), path+"/check", url.Values{"method": {seen}, "check_note": {"Stood at the door."}})
		}
		if page := verifier.Fill(verifier.See(path), path+"/approve", nil); page.Status != http.StatusOK {
			t.Fatalf("approving: %d\n%s", page.Status, page.Text())
		}
		has(t, guest.See(public), shop.Name)
		if guest.See(here(shop)).Link(public) == "" {
			t.Error("the search does not show it right after the approval")
		}

		operator := site.SignIn(site.People.Operator)
		admin := "/admin/businesses/" + shop.Slug
		suspended := operator.Fill(operator.See(admin), admin+"/measures", url.Values{
			"kind": {"suspended"}, "code": {"misleading"}, "facts": {"The prices were not the prices shown."}, "ground": {"terms"},
			"rule": {"Prices are the prices shown."}, "detected": {"review"},
		})
		if suspended.Status != http.StatusOK {
			t.Fatalf("suspending: %d\n%s", suspended.Status, suspended.Text())
		}
		gone("suspended")
	})
}

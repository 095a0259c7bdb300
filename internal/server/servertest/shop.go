package servertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/app"
	"nearby/internal/catalog"
	"nearby/internal/check/checktest"
	"nearby/internal/directory"
	"nearby/internal/money"
)

// NewShop says which business to make. What is left empty gets a usual value.
type NewShop struct {
	Name        string
	Owner       account.User
	Lat, Lng    float64
	Pieces      int64 // of its one product
	Price       int64 // euro cents
	AcceptFirst bool
	Draft       bool   // nobody has looked at it yet
	Hours       string // in OpenStreetMap notation; always open
	NoCards     bool   // it never began with the payment provider
}

// Shop is a business with one product.
type Shop struct {
	directory.Business
	Owner   account.User
	Product catalog.Product
	Variant string // id of the product's one variant
}

// Price is what one piece costs.
func (s Shop) Price() money.Amount { return s.Product.Variants[0].Price }

// AddShop makes a business through the rooms: filled in, with a product on
// sale, listed by the verifier, and taking cards at the sandbox.
func AddShop(ctx context.Context, a *app.App, people People, in NewShop) (Shop, error) {
	in.fill(people)
	owner := in.Owner.As(account.Owner)
	b, err := a.Directory.Create(ctx, owner, in.profile())
	if err != nil {
		return Shop{}, err
	}
	if b, err = a.Directory.SetSelling(ctx, owner, b.ID, 0, directory.Selling{
		Currency: "EUR", Pickup: true, PayAtPickup: true, PrepMinutes: 10, AcceptFirst: in.AcceptFirst,
	}); err != nil {
		return Shop{}, err
	}
	product, err := a.Catalog.Add(ctx, owner, b.ID, catalog.ProductInput{
		Title: "Sourdough loaf", Description: "Baked in the morning.", TaxMpct: 7_000,
		Offer: catalog.Offer{SKU: "LOAF", Price: catalog.Exact(money.New(in.Price, "EUR")), Counted: true, Stock: catalog.Count(in.Pieces)},
	})
	if err == nil {
		product, err = a.Catalog.SetState(ctx, owner, b.ID, product.ID, catalog.Active, 0)
	}
	if err != nil {
		return Shop{}, err
	}
	if !in.Draft {
		if err := list(ctx, a, owner, people.Verifier.As(account.Verifier), b.ID); err != nil {
			return Shop{}, err
		}
		if a.Gateway != nil && !in.NoCards {
			if err := openTill(ctx, a, owner, b.ID); err != nil {
				return Shop{}, err
			}
		}
	}
	if b, err = a.Directory.Get(ctx, b.ID); err != nil {
		return Shop{}, err
	}
	return Shop{Business: b, Owner: in.Owner, Product: product, Variant: product.Variants[0].ID}, nil
}

func (in *NewShop) fill(people People) {
	if in.Name == "" {
		in.Name = "Halvorsen Bakery"
	}
	if in.Owner.ID == "" {
		in.Owner = people.Owner
	}
	if in.Lat == 0 && in.Lng == 0 {
		in.Lat, in.Lng = 52.517_03, 13.388_86
	}
	if in.Hours == "" {
		in.Hours = "24/7"
	}
	if in.Pieces == 0 {
		in.Pieces = 100
	}
	if in.Price == 0 {
		in.Price = 4_80
	}
}

func (in *NewShop) profile() directory.Profile {
	return directory.Profile{
		Name: in.Name, Category: "bakery", Description: "Bread and cakes from our own oven, every day.",
		Phone: "+49 30 901820", Email: "hello@bakery.example", Website: "https://bakery.example",
		Address: directory.Address{Street: "Mauerstraße", HouseNumber: "81", Postcode: "10117", City: "Berlin", Country: "DE"},
		Lat:     &in.Lat, Lng: &in.Lng, Hours: in.Hours, LegalName: in.Name + " GmbH", RegisterNumber: "HRB 1", Certified: true,
	}
}

// list has a verifier approve the business.
func list(ctx context.Context, a *app.App, owner, verifier account.Actor, businessID string) error {
	request, err := a.Verification.Submit(ctx, owner, businessID)
	if err != nil {
		return err
	}
	if _, err := a.Verification.Take(ctx, verifier, request.ID); err != nil {
		return err
	}
	if err := checktest.Prove(ctx, a.Check, verifier, businessID); err != nil {
		return err
	}
	return a.Verification.Approve(ctx, verifier, request.ID, "Seen in person; not the other one.")
}

// openTill has the owner fill in the sandbox's forms.
func openTill(ctx context.Context, a *app.App, owner account.Actor, businessID string) error {
	link, err := a.Payout.Start(ctx, owner, businessID)
	if err != nil {
		return err
	}
	form, err := url.Parse(link)
	if err != nil {
		return err
	}
	if err := submit(ctx, http.MethodGet, form, nil); err != nil {
		return err
	}
	answers := form.Query()
	answers.Set("action", "finish")
	form.RawQuery = ""
	if err := submit(ctx, http.MethodPost, form, answers); err != nil {
		return err
	}
	status, err := a.Payout.Refresh(ctx, businessID)
	if err == nil && !status.State.Sells() {
		err = fmt.Errorf("the account is %s after its forms", status.State)
	}
	return err
}

// Cards of the sandbox.
const (
	GoodCard     = "4242424242424242"
	DeclinedCard = "4000000000000002"
)

// ErrDeclined is a payment page that refused the card.
var ErrDeclined = errors.New("declined")

// ErrClosed is a payment page that takes no money any more.
var ErrClosed = errors.New("payment page is closed")

// Pay fills in the sandbox's payment page. No error: the money was taken.
func Pay(ctx context.Context, page, card string) error {
	address, err := url.Parse(page)
	if err != nil {
		return err
	}
	return submit(ctx, http.MethodPost, address, url.Values{
		"number": {card}, "exp": {"12/40"}, "cvc": {"123"}, "name": {"Sam Shopper"}, "email": {"sam@people.example"},
	})
}

// walker goes no further than to a redirect: it leads back to the site, which
// may be down.
var walker = &http.Client{
	Timeout:       20 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func submit(ctx context.Context, method string, page *url.URL, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, method, page.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := walker.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case err != nil:
		return err
	case response.StatusCode == http.StatusPaymentRequired:
		return ErrDeclined
	case response.StatusCode == http.StatusGone:
		return ErrClosed
	case response.StatusCode >= 400:
		return fmt.Errorf("%s %s: %s: %.200s", method, page.Path, response.Status, text)
	}
	return nil
}

// AddShop makes a business on the site; the test ends when that fails.
func (s *Site) AddShop(in NewShop) Shop {
	s.t.Helper()
	shop, err := AddShop(s.t.Context(), s.App, s.People, in)
	if err != nil {
		s.t.Fatalf("shop: %v", err)
	}
	return shop
}

package owner_test

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/server/servertest"
)

// TestDropFromPlanToRecord has an owner plan a drop and shoppers see it before,
// while and after: when it begins, what is left, who may have it, and the record.
func TestDropFromPlanToRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)) // 11:00 in Berlin
		site := servertest.New(t, db, servertest.At(now), servertest.NoCards())
		shop := site.AddShop(servertest.NewShop{})
		owner, guest, shopper := site.SignIn(shop.Owner), site.Guest(), site.SignIn(site.People.Shopper)
		product, plan := "/b/"+shop.Slug+"/p/"+shop.Product.Slug, "/manage/"+shop.Slug+"/catalog/"+shop.Product.ID+"/drop"

		form := owner.See(plan)
		says(t, owner.See("/manage/"+shop.Slug+"/catalog/"+shop.Product.ID), "Limited drop")
		wrong := status(t, owner.Fill(form, plan, url.Values{"cap": {"2"}, "per_buyer": {"3"}, "starts_at": {"soon"}}), http.StatusUnprocessableEntity)
		if wrong.Value("cap") != "2" || wrong.Value("starts_at") != "soon" {
			t.Errorf("typed again: %q, %q", wrong.Value("cap"), wrong.Value("starts_at"))
		}
		wrong = status(t, owner.Fill(form, plan, url.Values{"cap": {"2"}, "per_buyer": {"3"}, "starts_at": {"2026-05-04T11:30"}}), http.StatusUnprocessableEntity)
		says(t, wrong, "Each person may have between 1 piece and all of them.")
		says(t, owner.Fill(form, plan, url.Values{"cap": {"2"}, "per_buyer": {"1"}, "starts_at": {"2026-05-04T11:30"}, "ends_at": {"2026-05-04T13:00"}, "at_pickup": {"1"}}),
			"The drop is saved.", "To come", "4 May, 11:30")

		before := guest.See(product)
		says(t, before, "The sale begins today at 11:30.", "Times are those of Berlin.", "There are 2 pieces.", "At most one for each person.", "You need an account for it.")
		if strings.Contains(before.Text(), "Add to basket") {
			t.Error("it can be bought before it begins")
		}
		says(t, guest.See("/b/"+shop.Slug), "Limited drop")
		added := shopper.Post("/cart/add", url.Values{"variant": {shop.Variant}, "quantity": {"1"}})
		status(t, added, http.StatusOK)
		says(t, shopper.See("/cart"), "The sale of this has not begun")

		// Whoever looks at the moment it begins is told by the page itself.
		stream := listen(t, guest, site.Address(product+"/drop"))
		if first := stream(); !strings.Contains(first, "begins today at 11:30") {
			t.Errorf("the stream begins with %q", first)
		}
		now.Advance(30 * time.Minute)
		if then := stream(); !strings.Contains(then, "Add to basket") || !strings.Contains(then, "of 2 left") || !strings.Contains(then, `value="`+product+`"`) {
			t.Errorf("when it begins the stream says %q", then)
		}

		// Without an account the basket stays and the page says why.
		guest.Post("/cart/add", url.Values{"variant": {shop.Variant}, "quantity": {"1"}})
		till := guest.See("/checkout/" + shop.Slug)
		says(t, till, "You need an account for it.", "Your basket stays as it is.")
		refused := status(t, guest.Fill(till, "/checkout/"+shop.Slug, who("at_pickup")), http.StatusUnprocessableEntity)
		says(t, refused, "this is sold to people with an account")
		says(t, guest.See("/cart"), "Sourdough loaf")

		placed := shopper.Fill(shopper.See("/checkout/"+shop.Slug), "/checkout/"+shop.Slug, who("at_pickup"))
		status(t, placed, http.StatusOK)
		if then := stream(); !strings.Contains(then, "of 2 left") || !strings.Contains(then, ">1</b>") {
			t.Errorf("after the first sale the stream says %q", then)
		}
		shopper.Post("/cart/add", url.Values{"variant": {shop.Variant}, "quantity": {"1"}})
		limit := shopper.Fill(shopper.See("/checkout/"+shop.Slug), "/checkout/"+shop.Slug, who("at_pickup"))
		says(t, status(t, limit, http.StatusUnprocessableEntity), "Each person may have 1 of this, and you have 1.")

		now.Advance(6*time.Minute + 12*time.Second)
		other := site.SignIn(site.People.OtherShopper)
		other.Post("/cart/add", url.Values{"variant": {shop.Variant}, "quantity": {"1"}})
		status(t, other.Fill(other.See("/checkout/"+shop.Slug), "/checkout/"+shop.Slug, who("at_pickup")), http.StatusOK)
		if last := stream(); !strings.Contains(last, "Sold out after 6 min 12 s.") {
			t.Errorf("at the end the stream says %q", last)
		}
		gone := guest.See(product)
		says(t, gone, "Sold out after 6 min 12 s.")
		if strings.Contains(gone.Text(), "Add to basket") {
			t.Error("it can be bought when it is sold out")
		}
		owner = site.SignIn(shop.Owner) // whose sessions are short
		record := owner.See(plan)
		says(t, record, "Sold out after 6 min 12 s.")
		says(t, owner.Fill(record, plan, url.Values{"action": {"end"}}), "The drop has ended.")
		says(t, guest.See(product), "Add to basket")
	})
}

func who(payment string) url.Values {
	return url.Values{"name": {"Sam Shopper"}, "email": {"sam@people.example"}, "payment": {payment}}
}

// listen opens a stream and gives its events one after the other.
func listen(t *testing.T, b *servertest.Browser, address string) func() string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	resp, err := b.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	return func() string {
		var event strings.Builder
		for lines.Scan() {
			switch line := lines.Text(); {
			case line == "" && event.Len() > 0:
				return event.String()
			case strings.HasPrefix(line, "data: "):
				event.WriteString(strings.TrimPrefix(line, "data: ") + "\n")
			}
		}
		return event.String()
	}
}

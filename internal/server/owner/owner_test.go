package owner_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/mail"
	"nearby/internal/order"
	"nearby/internal/payout"
	"nearby/internal/server/servertest"
)

// one is a site over SQLite with a listed shop, without cards.
func one(t *testing.T) (*servertest.Site, servertest.Shop, *servertest.Browser) {
	t.Helper()
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	shop := site.AddShop(servertest.NewShop{})
	return site, shop, site.SignIn(shop.Owner)
}

func status(t *testing.T, page *servertest.Page, want int) *servertest.Page {
	t.Helper()
	if page.Status != want {
		t.Fatalf("%s: %d, want %d\n%s", page.URL.Path, page.Status, want, page.Text())
	}
	if faults := page.Faults(); len(faults) > 0 && page.Doc != nil {
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

var pages = []string{
	"", "/orders", "/orders?show=done", "/orders?show=ended", "/orders?show=unpaid", "/catalog", "/catalog?state=draft&q=loaf",
	"/catalog?state=low", "/catalog/new", "/profile", "/hours", "/verification", "/payouts", "/staff",
}

func TestEveryPageOfEveryStage(t *testing.T) {
	site, shop, owner := one(t)
	draft := site.AddShop(servertest.NewShop{Name: "Slow Pour", Draft: true})
	for _, slug := range []string{shop.Slug, draft.Slug} {
		for _, page := range pages {
			owner.See("/manage/" + slug + page)
		}
	}
	says(t, owner.See("/manage"), shop.Name, draft.Name)
	if page := owner.See("/manage/" + shop.ID + "/hours?x=1"); page.URL.RequestURI() != "/manage/"+shop.Slug+"/hours?x=1" {
		t.Errorf("by its id the business is at %s", page.URL)
	}
	stranger := site.SignIn(site.People.OtherOwner)
	for _, page := range pages {
		status(t, stranger.Get("/manage/"+shop.Slug+page), http.StatusNotFound)
	}
	for _, path := range []string{
		"/orders/complete", "/catalog", "/stock", "/catalog/new", "/catalog/" + shop.Product.ID, "/profile", "/selling",
		"/hours", "/hours/special", "/verification", "/payouts/onboard", "/staff", "/staff/" + shop.Owner.ID,
	} {
		status(t, stranger.Post("/manage/"+shop.Slug+path, url.Values{"do": {"close"}, "role": {"none"}}), http.StatusNotFound)
	}
	if b, err := site.Directory.Get(t.Context(), shop.ID); err != nil || b.Version != shop.Version {
		t.Errorf("a stranger changed the business: version %d, was %d (%v)", b.Version, shop.Version, err)
	}
}

func TestNewBusinessIsMadeOnce(t *testing.T) {
	site, _, _ := one(t)
	newcomer := site.SignIn(site.People.Shopper)
	form := newcomer.See("/manage")
	wrong := newcomer.Fill(form, "/manage", url.Values{"name": {"X"}, "category": {"bakery"}})
	status(t, wrong, http.StatusUnprocessableEntity)
	if wrong.Value("name") != "X" || wrong.Value("category") != "bakery" {
		t.Errorf("kept name %q and category %q", wrong.Value("name"), wrong.Value("category"))
	}
	for range 2 {
		made := newcomer.Fill(wrong, "/manage", url.Values{"name": {"Tide & Tulip"}})
		if made.URL.Path != "/manage/tide-tulip/profile" {
			t.Fatalf("made at %s", made.URL)
		}
	}
	list, err := site.Directory.OwnedBy(t.Context(), site.People.Shopper.ID)
	if err != nil || len(list) != 1 || list[0].Category != "bakery" {
		t.Errorf("%d businesses of %+v (%v)", len(list), list, err)
	}
}

func picture(t *testing.T, shade uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 400, 300))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	img.Set(1, 1, color.White)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// upload sends a form with files as browsers do, texts before files.
func upload(t *testing.T, b *servertest.Browser, address string, fields url.Values, files ...[]byte) *servertest.Page {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, list := range fields {
		for _, value := range list {
			if err := form.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, file := range files {
		part, err := form.CreateFormFile("photo", "photo.jpg")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(request)
}

func TestProductWithPhotoKeepsWhatWasTyped(t *testing.T) {
	site, shop, owner := one(t)
	at := "/manage/" + shop.Slug + "/catalog/new"
	form := owner.See(at)
	typed := url.Values{
		"token": {form.Value("token")}, "title": {"Rye loaf"}, "description": {"Dark."}, "price": {"4,oo"}, "state": {"active"}, "counted": {"1"},
		"stock": {"12"}, "alt": {"A dark loaf"},
	}
	wrong := status(t, upload(t, owner, site.Address(at), typed, picture(t, 40)), http.StatusUnprocessableEntity)
	for name, want := range map[string]string{"title": "Rye loaf", "price": "4,oo", "stock": "12", "photos.0.alt": "A dark loaf"} {
		if got := wrong.Value(name); got != want {
			t.Errorf("%s is %q again, want %q", name, got, want)
		}
	}
	photo := wrong.Value("photos.0.hash")
	if photo == "" {
		t.Fatal("the photo was lost with the wrong price")
	}
	typed.Set("price", "€4,20")
	typed.Set("photos.0.hash", photo)
	typed.Set("photos.0.alt", "A dark loaf")
	for range 2 { // a double click
		saved := status(t, upload(t, owner, site.Address(at), typed), http.StatusOK)
		says(t, saved, "Live")
	}
	products, err := site.Catalog.List(t.Context(), shop.ID, catalog.Filter{Text: "rye"}, "")
	if err != nil || len(products.Products) != 1 {
		t.Fatalf("%d products (%v)", len(products.Products), err)
	}
	p := products.Products[0]
	if p.State != catalog.Active || p.Variants[0].Price.Minor != 420 || p.Variants[0].OnHand != 12 || len(p.Photos) != 1 || p.Photos[0].Alt != "A dark loaf" {
		t.Errorf("saved as %+v", p)
	}
	notAPhoto := upload(t, owner, site.Address("/manage/"+shop.Slug+"/catalog/"+p.ID), url.Values{"title": {"Rye"}, "version": {"1"}}, []byte("<svg onload=alert(1)>"))
	status(t, notAPhoto, http.StatusUnprocessableEntity)
	status(t, upload(t, owner, site.Address(at), url.Values{"title": {"x"}}, make([]byte, 17<<20)), http.StatusRequestEntityTooLarge)
}

func TestProductWithOptions(t *testing.T) {
	site, shop, owner := one(t)
	at := "/manage/" + shop.Slug + "/catalog/" + shop.Product.ID
	first := owner.See(at)
	saved := owner.Fill(first, at, url.Values{"options.0.name": {"Size"}, "options.0.values": {"Small, Large"}})
	status(t, saved, http.StatusOK)
	p, err := site.Catalog.Get(t.Context(), shop.ID, shop.Product.ID)
	if err != nil || len(p.Variants) != 2 || p.Variants[0].ID != shop.Variant || p.Variants[0].OnHand != 100 {
		t.Fatalf("variants %+v (%v)", p.Variants, err)
	}
	wrong := owner.Fill(saved, at, url.Values{"variants.1.price": {"six"}, "options.0.values": {"Small, Large, Huge"}})
	status(t, wrong, http.StatusUnprocessableEntity)
	if wrong.Value("variants.1.price") != "six" || wrong.Value("options.0.values") != "Small, Large, Huge" {
		t.Errorf("kept %q and %q", wrong.Value("variants.1.price"), wrong.Value("options.0.values"))
	}
	status(t, owner.Fill(wrong, at, url.Values{"variants.1.price": {"6"}, "variants.1.stock": {"7"}}), http.StatusOK)
	if p, err = site.Catalog.Get(t.Context(), shop.ID, p.ID); err != nil || len(p.Variants) != 3 || p.Variants[1].Price.Minor != 600 || p.Variants[1].OnHand != 7 {
		t.Fatalf("variants %+v (%v)", p.Variants, err)
	}

	// Somebody who has the form of before saves over it: both are shown first.
	status(t, owner.Fill(first, at, url.Values{"title": {"Old bread"}}), http.StatusPreconditionFailed)
	if p, _ = site.Catalog.Get(t.Context(), shop.ID, p.ID); p.Title != shop.Product.Title {
		t.Errorf("an old form overwrote the title with %q", p.Title)
	}
	again := owner.Fill(first, at, url.Values{"title": {"Old bread"}})
	if again.Value("title") != "Old bread" {
		t.Errorf("the typed title became %q", again.Value("title"))
	}
	status(t, owner.Fill(again, at, nil), http.StatusOK)
}

func TestStockAndBulk(t *testing.T) {
	site, shop, owner := one(t)
	at := "/manage/" + shop.Slug + "/catalog"
	stock := func() int64 {
		p, err := site.Catalog.Get(t.Context(), shop.ID, shop.Product.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p.Variants[0].OnHand
	}
	table := owner.See(at)
	after := owner.Fill(table, "/manage/"+shop.Slug+"/stock", url.Values{"stock": {"99"}})
	if status(t, after, http.StatusOK); stock() != 99 || after.URL.Path != at {
		t.Errorf("stock %d, at %s", stock(), after.URL)
	}
	for _, bad := range []string{"", "-1", "many", "10000000000000"} {
		status(t, owner.Fill(table, "/manage/"+shop.Slug+"/stock", url.Values{"stock": {bad}}), http.StatusUnprocessableEntity)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.Address("/manage/"+shop.Slug+"/stock"),
		strings.NewReader(url.Values{"variant": {shop.Variant}, "stock": {"98"}, "back": {at}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("HX-Request", "true")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if part := owner.Do(request); !bytes.HasPrefix(bytes.TrimSpace(part.Body), []byte("<tr")) || stock() != 98 {
		t.Errorf("a script got %.80s, stock %d", part.Body, stock())
	}

	bare, err := site.Catalog.Add(t.Context(), shop.Owner.As(account.Owner), shop.ID, catalog.ProductInput{Title: "Nothing known"})
	if err != nil {
		t.Fatal(err)
	}
	refused := owner.Post(at, url.Values{"pick": {bare.ID, shop.Product.ID}, "action": {"active"}})
	says(t, status(t, refused, http.StatusUnprocessableEntity), "Nothing known: A price is missing")
	status(t, owner.Post(at, url.Values{"action": {"draft"}}), http.StatusUnprocessableEntity)
	hidden := owner.Post(at, url.Values{"pick": {shop.Product.ID}, "action": {"draft"}})
	if p, _ := site.Catalog.Get(t.Context(), shop.ID, shop.Product.ID); hidden.Status != http.StatusOK || p.State != catalog.Draft {
		t.Errorf("hiding: %d, the product is %s", hidden.Status, p.State)
	}
}

func TestProfile(t *testing.T) {
	site, _, owner := one(t)
	shop := site.AddShop(servertest.NewShop{Name: "Slow Pour", Draft: true})
	at := "/manage/" + shop.Slug + "/profile"
	form := owner.See(at)
	wrong := owner.Fill(form, at, url.Values{"lat": {"north"}, "description": {"Coffee."}})
	status(t, wrong, http.StatusUnprocessableEntity)
	if wrong.Value("lat") != "north" || wrong.Value("description") != "Coffee." {
		t.Errorf("kept %q and %q", wrong.Value("lat"), wrong.Value("description"))
	}
	if strings.Contains(wrong.URL.String(), "52.5") {
		t.Errorf("coordinates in the address %s", wrong.URL)
	}
	saved := owner.Fill(wrong, at, url.Values{"lat": {"52,52°"}, "attributes": {"wifi", "dogs"}, "address.house_number": {"82a"}})
	status(t, saved, http.StatusOK)
	b, err := site.Directory.Get(t.Context(), shop.ID)
	if err != nil || b.Point.Lat != 52.52 || b.Description != "Coffee." || len(b.Attributes) != 2 || b.Address.HouseNumber != "82a" || !b.Hours.Known() {
		t.Errorf("saved as %+v (%v)", b, err)
	}
	status(t, owner.Fill(form, at, url.Values{"description": {"Tea."}}), http.StatusPreconditionFailed)
	status(t, upload(t, owner, site.Address(at), url.Values{
		"version": {saved.Value("version")}, "name": {"Slow Pour"}, "address.street": {"Mauerstraße"},
	}, picture(t, 90)), http.StatusOK)
	if b, _ = site.Directory.Get(t.Context(), shop.ID); b.PhotoHash == "" {
		t.Error("the business has no photo")
	}

	selling := owner.See(at)
	no := owner.Fill(selling, "/manage/"+shop.Slug+"/selling", url.Values{"delivery": {"1"}, "delivery_radius_m": {"far"}, "delivery_fee": {"3,5O"}})
	status(t, no, http.StatusUnprocessableEntity)
	if no.Value("delivery_fee") != "3,5O" || no.Value("delivery_radius_m") != "far" {
		t.Errorf("kept %q and %q", no.Value("delivery_fee"), no.Value("delivery_radius_m"))
	}
	status(t, owner.Fill(no, "/manage/"+shop.Slug+"/selling", url.Values{"delivery_radius_m": {"3 000"}, "delivery_fee": {"3,50"}}), http.StatusOK)
	if b, _ = site.Directory.Get(t.Context(), shop.ID); !b.Delivery || b.DeliveryRadiusM != 3000 || b.DeliveryFee != 350 {
		t.Errorf("sells as %+v", b.Selling())
	}
}

func TestFurtherHours(t *testing.T) {
	site, shop, owner := one(t)
	at := "/manage/" + shop.Slug + "/hours"
	wrong := owner.Fill(owner.See(at), at+"/further", url.Values{"pickup": {"Mo-Fr 11-"}, "delivery": {"Fr 17:00-20:00"}})
	status(t, wrong, http.StatusUnprocessableEntity)
	if wrong.Value("pickup") != "Mo-Fr 11-" || wrong.Value("delivery") != "Fr 17:00-20:00" {
		t.Errorf("kept %q and %q", wrong.Value("pickup"), wrong.Value("delivery"))
	}
	saved := owner.Fill(wrong, at+"/further", url.Values{"pickup": {"Mo-Fr 11:00-14:00"}})
	says(t, status(t, saved, http.StatusOK), "Mon–Fri 11:00–14:00, Sat, Sun closed")
	says(t, owner.See(at+"?kind=pickup&at=2026-12-01T12:00"), "Mo-Fr 11:00-14:00")
	says(t, owner.See(at+"?kind=delivery&at=2026-12-04T18:00"), "Fr 17:00-20:00")
	says(t, owner.See(at+"?kind=kitchen&at=2026-12-04T18:00"), "24/7")
	says(t, site.Guest().See("/b/"+shop.Slug), "Collection Mon–Fri 11:00–14:00, Sat, Sun closed")
	stale := owner.Fill(wrong, at+"/further", url.Values{"pickup": {"24/7"}})
	status(t, stale, http.StatusPreconditionFailed)
}

func TestPause(t *testing.T) {
	site, shop, owner := one(t)
	at := "/manage/" + shop.Slug + "/profile"
	pause := func(until string) *servertest.Page {
		return owner.Fill(owner.See(at), "/manage/"+shop.Slug+"/selling", url.Values{"paused": {"1"}, "paused_until": {until}})
	}
	status(t, pause("soon"), http.StatusUnprocessableEntity)
	status(t, pause("2020-01-01T12:00"), http.StatusUnprocessableEntity)
	zone, err := time.LoadLocation(shop.Zone)
	if err != nil {
		t.Fatal(err)
	}
	end := site.Clock().Add(2 * time.Hour).In(zone)
	saved := status(t, pause(end.Format("2006-01-02T15:04")), http.StatusOK)
	if got := saved.Value("paused_until"); got != end.Format("2006-01-02T15:04") {
		t.Errorf("paused until %q", got)
	}
	says(t, site.Guest().See("/b/"+shop.Slug), "paused orders until "+strconv.Itoa(end.Day()))
	status(t, pause(""), http.StatusOK)
	says(t, site.Guest().See("/b/"+shop.Slug), "paused orders for a while")
}

func TestHours(t *testing.T) {
	site, shop, owner := one(t)
	at := "/manage/" + shop.Slug + "/hours"
	wrong := owner.Fill(owner.See(at), at, url.Values{"mon": {"9-"}, "tue": {"9am-5.30pm"}})
	status(t, wrong, http.StatusUnprocessableEntity)
	if wrong.Value("mon") != "9-" || wrong.Value("tue") != "9am-5.30pm" {
		t.Errorf("kept %q and %q", wrong.Value("mon"), wrong.Value("tue"))
	}
	saved := owner.Fill(wrong, at, url.Values{"mon": {"18-2"}, "wed": {""}})
	if status(t, saved, http.StatusOK); saved.Value("mon") != "18:00-02:00" || saved.Value("tue") != "09:00-17:30" || saved.Value("wed") != "" {
		t.Errorf("shown as %q, %q, %q", saved.Value("mon"), saved.Value("tue"), saved.Value("wed"))
	}
	says(t, owner.See(at+"?at=2026-12-02T19:00"), "No opening time is written down")
	says(t, owner.See(at+"?at=2026-12-01T10:00"), "Tu 09:00-17:30")
	says(t, owner.See(at+"?at=2026-12-01+01:00"), "Mo 18:00-02:00") // the night before
	says(t, owner.See(at+"?at=soon"), "Write the time like")
	special := url.Values{"from": {"2999-01-01"}, "hours": {"x"}}
	status(t, owner.Fill(saved, at+"/special", special), http.StatusUnprocessableEntity)
	day := site.Clock().AddDate(0, 1, 0).Format("2006-01-02")
	for _, past := range []string{"2020-01-01", "yesterday", ""} {
		status(t, owner.Fill(saved, at+"/special", url.Values{"from": {past}}), http.StatusUnprocessableEntity)
	}
	closed := owner.Fill(saved, at+"/special", url.Values{"from": {day}, "label": {"Holiday"}, "cuts_night": {"1"}})
	says(t, status(t, closed, http.StatusOK), "Holiday")
	if b, _ := site.Directory.Get(t.Context(), shop.ID); len(b.Hours.Special()) != 1 || !b.Hours.Special()[0].CutsNight {
		t.Errorf("special days %+v", b.Hours.Special())
	}
	says(t, owner.See(at+"?at="+day+"T12:00"), "is a special day")
	status(t, owner.Post(at+"/special", url.Values{"from": {day}, "hours": {"9-12"}}), http.StatusUnprocessableEntity)
	kept := owner.Fill(closed, at, url.Values{"thu": {"8-9"}})
	says(t, kept, "Holiday")
	gone := owner.Fill(kept, at+"/special/"+day+"."+day+"/delete", nil)
	if b, _ := site.Directory.Get(t.Context(), shop.ID); gone.Status != http.StatusOK || len(b.Hours.Special()) != 0 {
		t.Errorf("deleting: %d, special days %v", gone.Status, b.Hours.Special())
	}
	status(t, owner.Post(at+"/special/"+day+"."+day+"/delete", nil), http.StatusNotFound)
}

// place orders one loaf to be paid at the counter.
func place(t *testing.T, site *servertest.Site, shop servertest.Shop, who string) order.Order {
	t.Helper()
	placed, err := site.Order.Place(t.Context(), order.Buyer{GuestID: who}, order.PlaceInput{
		BusinessID: shop.ID, Lines: []order.PlaceLine{{VariantID: shop.Variant, Quantity: 1}}, Fulfilment: order.Fulfilment{Kind: order.Pickup},
		Contact: order.Contact{Name: "Mia " + who, Email: who + "@guests.example"}, Payment: order.PayAtPickup, ExpectedTotal: shop.Price(), ClientToken: who,
	})
	if err != nil {
		t.Fatal(err)
	}
	return placed.Order
}

func TestOrders(t *testing.T) {
	site, shop, owner := one(t)
	inbox := "/manage/" + shop.Slug + "/orders"
	declined, missed, done := place(t, site, shop, "ann"), place(t, site, shop, "ben"), place(t, site, shop, "cleo")
	says(t, owner.See("/manage/"+shop.Slug), "Mia ann", "Mia ben", "3 orders to prepare")

	at := inbox + "/" + declined.ID
	status(t, owner.Post(at+"/decline", url.Values{"reason": {"whim"}}), http.StatusUnprocessableEntity)
	status(t, owner.Fill(owner.See(at), at+"/decline", url.Values{"reason": {"closing"}}), http.StatusOK)
	status(t, owner.Post(at+"/accept", nil), http.StatusConflict)

	at = inbox + "/" + missed.ID
	for _, step := range []string{"/accept", "/start", "/ready", "/missed"} {
		status(t, owner.Fill(owner.See(at), at+step, nil), http.StatusOK)
	}
	at = inbox + "/" + done.ID
	owner.Fill(owner.See(at), at+"/accept", nil)
	owner.Fill(owner.See(at), at+"/ready", nil)
	wrong := status(t, owner.Fill(owner.See(inbox), inbox+"/complete", url.Values{"code": {"111-111"}}), http.StatusUnprocessableEntity)
	if wrong.Value("code") != "111-111" {
		t.Errorf("the typed code became %q", wrong.Value("code"))
	}
	handed := owner.Fill(owner.See(inbox), inbox+"/complete", url.Values{"code": {" " + strings.ToLower(site.Order.PickupCode(done.ID)) + " "}})
	if handed.URL.Path != at || handed.Status != http.StatusOK {
		t.Fatalf("handing over by code led to %s: %d\n%s", handed.URL, handed.Status, handed.Text())
	}
	for id, want := range map[string]order.State{declined.ID: order.Declined, missed.ID: order.NoShow, done.ID: order.Completed} {
		if o, err := site.Order.Get(t.Context(), id); err != nil || o.State != want {
			t.Errorf("order is %s, want %s (%v)", o.State, want, err)
		}
	}

	form := owner.See(at)
	status(t, owner.Fill(form, at+"/refund", url.Values{"refund_note": {" "}, "all": {"1"}}), http.StatusUnprocessableEntity)
	status(t, owner.Fill(form, at+"/refund", url.Values{"refund_note": {"Burnt."}, "all": {"1"}}), http.StatusOK)
	if o, _ := site.Order.Get(t.Context(), done.ID); len(o.Refunds) != 1 || o.Refunds[0].Amount.Minor != 480 {
		t.Errorf("refunds %+v", o.Refunds)
	}
	says(t, owner.See("/manage/"+shop.Slug+"/payouts"), "#"+"3", "€4.80")
	says(t, owner.See("/manage/"+shop.Slug), "€4.80", "today, 1 order")
	status(t, owner.Get(inbox+"/"+shop.ID), http.StatusNotFound)
	other := site.AddShop(servertest.NewShop{Name: "Slow Pour"})
	status(t, owner.Get("/manage/"+other.Slug+"/orders/"+done.ID), http.StatusNotFound)
}

func TestInboxTellsOfNewOrders(t *testing.T) {
	site, shop, owner := one(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.Address("/manage/"+shop.Slug+"/orders/events"), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := owner.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("the stream is %s", kind)
	}
	until := func(word string) {
		t.Helper()
		var seen []byte
		buffer := make([]byte, 4096)
		for !bytes.Contains(seen, []byte(word)) {
			n, err := response.Body.Read(buffer)
			seen = append(seen, buffer[:n]...)
			if err != nil {
				t.Fatalf("the stream ended before %q: %v\n%s", word, err, seen)
			}
		}
	}
	until("Nothing to do")
	place(t, site, shop, "dora")
	until("Mia dora")
	status(t, site.SignIn(site.People.OtherOwner).Get("/manage/"+shop.Slug+"/orders/events"), http.StatusNotFound)
}

func TestVerification(t *testing.T) {
	site, _, owner := one(t)
	bare := owner.Fill(owner.See("/manage"), "/manage", url.Values{"name": {"Bare Boards"}})
	at := "/manage/bare-boards/verification"
	if bare.URL.Path != "/manage/bare-boards/profile" {
		t.Fatalf("made at %s", bare.URL)
	}
	says(t, status(t, owner.Fill(owner.See(at), at, url.Values{"do": {"submit"}}), http.StatusUnprocessableEntity), "Legal name: Needed", "Point on the map: Needed")
	shop := site.AddShop(servertest.NewShop{Name: "Slow Pour", Draft: true})
	at = "/manage/" + shop.Slug + "/verification"
	state := func(want directory.State) {
		t.Helper()
		if b, err := site.Directory.Get(t.Context(), shop.ID); err != nil || b.State != want {
			t.Errorf("the business is %s, want %s (%v)", b.State, want, err)
		}
	}
	says(t, owner.Fill(owner.See(at), at, url.Values{"do": {"submit"}}), "Number 1 in the queue")
	state(directory.Submitted)
	status(t, owner.Post(at, url.Values{"do": {"submit"}}), http.StatusConflict)
	owner.Fill(owner.See(at), at, url.Values{"do": {"withdraw"}})
	state(directory.Draft)
	owner.Fill(owner.See(at), at, url.Values{"do": {"close"}})
	state(directory.Withdrawn)
	owner.Fill(owner.See(at), at, url.Values{"do": {"reopen"}})
	state(directory.Draft)
	status(t, owner.Post(at, url.Values{"do": {"dance"}}), http.StatusBadRequest)
}

func TestPayouts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand())
		shop := site.AddShop(servertest.NewShop{NoCards: true})
		owner := site.SignIn(shop.Owner)
		at := "/manage/" + shop.Slug + "/payouts"
		says(t, owner.See(at), "Not set up")
		owner.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		left := owner.Fill(owner.See(at), at+"/onboard", nil)
		if to := left.Header.Get("Location"); left.Status != http.StatusSeeOther || !strings.HasPrefix(to, "http://127.0.0.1:") || strings.HasPrefix(to, site.URL) {
			t.Fatalf("starting leads to %q: %d", to, left.Status)
		}
		owner.CheckRedirect = nil
		says(t, owner.See(at), "Not finished")
		back := owner.See("/manage/" + shop.ID + "/payouts?from=provider")
		if back.URL.RequestURI() != at {
			t.Errorf("coming back leads to %s", back.URL)
		}
		if s, err := site.Payout.Status(t.Context(), shop.ID); err != nil || s.State != payout.Onboarding {
			t.Errorf("the account is %s (%v)", s.State, err)
		}
	})
}

func TestPeopleAndTheirRights(t *testing.T) {
	site, shop, owner := one(t)
	at := "/manage/" + shop.Slug + "/staff"
	owner.See(at)
	wrong := status(t, owner.Post(at, url.Values{"email": {"nobody"}, "role": {"staff"}}), http.StatusUnprocessableEntity)
	if wrong.Value("email") != "nobody" {
		t.Errorf("kept %q", wrong.Value("email"))
	}
	status(t, owner.Post(at, url.Values{"email": {site.People.OtherShopper.Email}, "role": {"staff"}}), http.StatusOK)
	site.Settle()
	link := ""
	for _, sent := range site.Sender.(*mail.Console).Messages() {
		if at := strings.Index(sent.Text, "/invite?t="); at >= 0 {
			link = strings.Fields(sent.Text[at:])[0]
		}
	}
	if link == "" {
		t.Fatal("no invitation was mailed")
	}
	helper := site.SignIn(site.People.OtherShopper)
	if joined := helper.Fill(helper.See(link), "/invite", nil); joined.URL.Path != "/manage/"+shop.Slug {
		t.Fatalf("joining led to %s\n%s", joined.URL, joined.Text())
	}
	helper.See("/manage/" + shop.Slug + "/orders")
	for _, page := range []string{"/payouts", "/staff"} {
		status(t, helper.Get("/manage/"+shop.Slug+page), http.StatusForbidden)
		if helper.See("/manage/"+shop.Slug).Link("/manage/"+shop.Slug+page) != "" {
			t.Errorf("a link to %s, which staff may not see", page)
		}
	}
	status(t, helper.Post("/manage/"+shop.Slug+"/hours", url.Values{"version": {"0"}}), http.StatusForbidden)
	status(t, helper.Post("/manage/"+shop.Slug+"/staff/"+shop.Owner.ID, url.Values{"role": {"none"}}), http.StatusForbidden)
	status(t, owner.Post(at+"/"+shop.Owner.ID, url.Values{"role": {"none"}}), http.StatusConflict)
	status(t, owner.Post(at+"/"+site.People.OtherShopper.ID, url.Values{"role": {"none"}}), http.StatusOK)
	status(t, site.SignIn(site.People.OtherShopper).Get("/manage/"+shop.Slug+"/orders"), http.StatusNotFound)
}

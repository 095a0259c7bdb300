package pagestest

import (
	"fmt"
	"math"
	"time"

	"nearby/internal/money"
	"nearby/internal/server/pages"
)

func openUntil(hour int) pages.Open {
	return pages.Open{Kind: "open", Change: time.Date(2026, 11, 21, hour, 0, 0, 0, Now.Location()), Now: Now}
}

func soon() pages.Open {
	return pages.Open{Kind: "closing_soon", Change: Now.Add(40 * time.Minute), Now: Now}
}

func closedUntilMonday() pages.Open {
	return pages.Open{Kind: "closed", Change: time.Date(2026, 11, 23, 9, 0, 0, 0, Now.Location()), Now: Now}
}

func card(no int, name, category string, hue int, picture string, metres float64, open pages.Open, finds ...pages.Find) pages.Card {
	c := pages.Card{
		No: no, Name: name, URL: "/b/" + fmt.Sprint("place-", no), Category: category, Hue: hue, Metres: metres, HasDistance: true,
		Open: open, Perks: []string{"pickup", "delivery"}, Finds: finds, Verified: true, Area: "Old Harbour",
	}
	if picture != "" {
		c.Photo = photo(picture, name)
		c.Photo.Width, c.Photo.Height = 816, 612
	}
	return c
}

func find(name, picture string, price int64) pages.Find {
	f := pages.Find{Name: name, URL: "/b/place-1/p/x", Hue: 2, Price: eur(price)}
	if picture != "" {
		f.Photo = photo(picture, "")
	}
	return f
}

func categories() []pages.Category {
	return []pages.Category{
		{Slug: "", Name: "All", Icon: "layout-grid", URL: "/", Hue: 1, Current: true},
		{Slug: "bakery", Name: "Bakery", Icon: "croissant", URL: "/?category=bakery", Hue: 2},
		{Slug: "coffee", Name: "Coffee", Icon: "coffee", URL: "/?category=coffee", Hue: 3},
		{Slug: "ceramics", Name: "Ceramics", Icon: "amphora", URL: "/?category=ceramics", Hue: 1},
		{Slug: "florist", Name: "Florist", Icon: "flower-2", URL: "/?category=florist", Hue: 4},
		{Slug: "books", Name: "Books", Icon: "book-open", URL: "/?category=books", Hue: 5},
		{Slug: "grocer", Name: "Grocer", Icon: "carrot", URL: "/?category=grocer", Hue: 6},
		{Slug: "repair", Name: "Repair", Icon: "bike", URL: "/?category=repair", Hue: 7},
		{Slug: "tailor", Name: "Tailor", Icon: "scissors", URL: "/?category=tailor", Hue: 8},
	}
}

// Map is a small made-up town.
func Map() *pages.Map {
	m := &pages.Map{
		Label: "Map of places near Harbour Street", ViewBox: "120 90 900 860", You: &pages.XY{X: 560, Y: 520},
		Parks: []pages.Path{{D: "M640 210L730 190L760 290L690 320Z"}, {D: "M150 180L260 140L280 250L180 270Z"}},
		Water: []pages.Path{{D: "M1220 150C980 190 900 240 800 400C690 580 560 690 470 790", Kind: "river"}, {D: "M-20 640C120 628 230 650 300 700C380 716 460 780 480 1020L-20 1020Z"}},
		Labels: []pages.MapLabel{
			{X: 598, Y: 482, Text: "Harbour Street", Kind: "street"},
			{X: 352, Y: 318, Text: "Mill Row", Kind: "street"},
			{X: 200, Y: 820, Text: "Old Harbour", Kind: "water"},
			{X: 690, Y: 250, Text: "Castle Green", Kind: "park"},
		},
		Rings: []pages.Ring{{X: 560, Y: 520, R: 105, Metres: 250, LX: 625, LY: 442}, {X: 560, Y: 520, R: 210, Metres: 500, LX: 690, LY: 360}, {X: 560, Y: 520, R: 420, Metres: 1000, LX: 820, LY: 195}},
	}
	for i := range 8 {
		y := 60 + i*120
		kind := "lane"
		if i%3 == 0 {
			kind = "avenue"
		} else if i%3 == 1 {
			kind = "street"
		}
		m.Streets = append(m.Streets,
			pages.Path{Kind: kind, D: fmt.Sprintf("M-20 %dC300 %d 700 %d 1240 %d", y, y+60, y-40, y+50)},
			pages.Path{Kind: kind, D: fmt.Sprintf("M%d -20C%d 300 %d 700 %d 1020", 40+i*150, 80+i*150, 10+i*150, 60+i*150)})
	}
	const r = 84.0
	for row := range 8 {
		for col := range 9 {
			x := float64(col)*r*math.Sqrt(3) + float64(row%2)*r*math.Sqrt(3)/2
			y := float64(row) * r * 1.5
			points := ""
			for k := range 6 {
				a := math.Pi/3*float64(k) + math.Pi/6
				points += fmt.Sprintf("%.1f,%.1f ", x+r*math.Cos(a), y+r*math.Sin(a))
			}
			n := (row*7 + col*3) % 5
			m.Hexes = append(m.Hexes, pages.Hex{Points: points, X: x, Y: y, Density: n, Count: n * 3, Shown: n == 4 && (row < 2 || row > 5), URL: "/?cell=891f1d4a" + fmt.Sprintf("%02x", row*9+col) + "fffff"})
		}
	}
	for i, p := range [][2]float64{{604, 556}, {486, 504}, {520, 432}, {690, 470}, {424, 420}, {736, 560}, {392, 604}, {640, 322}, {826, 452}} {
		m.Pins = append(m.Pins, pages.Pin{X: p[0], Y: p[1], N: fmt.Sprint(i + 1), URL: fmt.Sprint("/b/place-", i+1), Name: "Place", Metres: float64(120 + 60*i), HasDistance: true, Current: i == 0, Closed: i == 6})
	}
	return m
}

func smallMap() *pages.Map {
	m := Map()
	m.Label, m.ViewBox, m.Rings = "Where it is", "470 450 270 170", nil
	m.Pins = []pages.Pin{{X: 604, Y: 556, N: "14", URL: "/b/kiln-quay", Name: "Kiln & Quay"}}
	for i := range m.Hexes {
		m.Hexes[i].Shown, m.Hexes[i].URL = false, ""
	}
	return m
}

func stock(kind string, n int) pages.Stock { return pages.Stock{Kind: kind, N: n, Days: 21} }

func product(name, note, picture string, price int64, s pages.Stock) pages.ProductCard {
	return pages.ProductCard{Name: name, Note: note, URL: "/b/kiln-quay/p/x", Photo: photo(picture, name), Hue: 1, Price: eur(price), Stock: s, Variant: "v-" + picture, Orderable: true}
}

func lines() []pages.Line {
	return []pages.Line{
		{N: 1, Missing: 1, Left: 1, Back: 1, Variant: "v1", Name: "Speckled mug", Choice: "320 ml, oat glaze", URL: "/b/kiln-quay/p/speckled-mug", Photo: photo("p_mug", ""), Hue: 1, Quantity: 2, Max: 12, Price: eur(2400), Total: eur(4800)},
		{N: 2, Left: 1, Variant: "v2", Name: "Bud vase", URL: "/b/kiln-quay/p/bud-vase", Photo: photo("p_vase", ""), Hue: 1, Quantity: 1, Max: 1, Price: eur(3200), Total: eur(3200), Problem: "too_many"},
		{Variant: "v3", Name: "Gift wrap", Hue: 4, Quantity: 1, Price: eur(0), Total: eur(0)},
	}
}

func cart() *pages.Cart {
	return &pages.Cart{Business: "Kiln & Quay", BusinessURL: "/b/kiln-quay", Slug: "kiln-quay", Hue: 1, Open: openUntil(18), Lines: lines(), Count: 4, Total: eur(8000), TaxIncluded: true, CheckoutURL: "/checkout/kiln-quay"}
}

func total() pages.Total {
	return pages.Total{Subtotal: eur(8000), Delivery: eur(450), Tax: eur(1350), Total: eur(8450), HasDelivery: true}
}

func steps() []pages.Step {
	return []pages.Step{
		{Word: "paid", At: Now, Note: "€84.50", Done: true},
		{Word: "accepted", At: Now.Add(2 * time.Minute), Done: true},
		{Word: "preparing", Note: "about 15:10", Now: true},
		{Word: "ready"},
	}
}

func shop(lang string) []Page {
	near := pages.Nearby{
		Base: base(lang, "Open near Harbour Street", "/?near=Harbour+Street"), Place: "Harbour Street", Radius: 1000, Open: true, Total: 23, Exact: true, Now: Now,
		Radii:      []pages.Option{{Value: "300", Label: "300 m"}, {Value: "1000", Label: "1 km", Selected: true}, {Value: "3000", Label: "3 km"}},
		Categories: categories(),
		Cards: []pages.Card{
			card(1, "Kiln & Quay", "Ceramics studio", 1, "c_ceramics", 120, openUntil(18), find("Speckled mug", "p_mug", 2400), find("Bud vase", "p_vase", 3200), find("Serving bowl", "p_bowl", 4850)),
			card(2, "Halvorsen Bakery", "Bakery", 2, "c_bakery", 180, soon(), find("Country loaf", "c_bakery", 620), find("Rye baguette", "", 340)),
			card(3, "Slow Pour", "Coffee roaster", 3, "c_coffee", 240, openUntil(19)),
			card(4, "Tide & Tulip", "Florist", 4, "c_florist", 310, openUntil(17)),
			card(5, "Second Chapter", "Second-hand books", 5, "", 350, closedUntilMonday()),
			card(6, "Ama’s Greens", "Grocer", 6, "c_grocer", 420, openUntil(20)),
			card(7, "Lindqvist Locks", "Locksmith", 7, "", 460, pages.Open{Kind: "unknown", Now: Now}),
		},
		Pager: pages.Pager{Next: "/?cursor=abc", From: 8, To: 23}, MapURL: "/map?near=Harbour+Street", MapPage: "/?view=map", ListPage: "/",
		Starts: []pages.Link{{Label: "Market Square", URL: "/?near=Market+Square"}, {Label: "North Pier", URL: "/?near=North+Pier"}},
	}
	near.Tab, near.CartCount = "nearby", 2
	near.Cards[1].More = 22
	near.Cards[6].Verified = false
	onMap := near
	onMap.Map = Map()
	onMap.MapURL = ""
	none := near
	none.Cards, none.Pager, none.Total, none.MapURL = nil, pages.Pager{}, 0, ""
	nearest := card(0, "Needle & Nile", "Tailor", 8, "c_tailor", 1400, openUntil(18))
	none.Matches = []pages.Link{{Label: "Mill Row, Old Harbour", URL: "/?near=a"}, {Label: "Mill Lane, North", URL: "/?near=b"}}
	none.Empty = &pages.Empty{Category: "Tailor", Hue: 8, Nearest: &nearest, WiderURL: "/?radius=3000", Wider: 3000, ClosedURL: "/?open=", AllURL: "/"}

	business := pages.Business{
		Base: base(lang, "Kiln & Quay, ceramics studio in Portmere", "/b/kiln-quay"), Slug: "kiln-quay", Name: "Kiln & Quay", Category: "Ceramics studio", CategoryURL: "/?category=ceramics",
		Blurb:   "Stoneware thrown and fired behind the shop since 2011. Come in on Thursday evenings to watch the kiln being opened.",
		Photo:   &pages.Photo{URL: Pictures + "c_shop.avif", Alt: "The shop front of Kiln & Quay: blue timber, a striped awning and shelves of pots in the window", Width: 1024, Height: 576},
		Address: []string{"14 Harbour Street", "Portmere PM1 4QS"}, House: "14", Phone: "+44 1632 960 118", PhoneURL: "+441632960118", Email: "hello@kiln.example", Website: "https://kiln.example", Site: "kiln.example",
		Directions: "https://maps.example/?q=Kiln", Metres: 120, HasDistance: true, Open: openUntil(18), Verified: &pages.Verified{Checks: []pages.Passed{{Word: "site_visit", At: Now.AddDate(0, -2, 0), Until: Now.AddDate(1, 10, 0)}, {Word: "domain", At: Now.AddDate(0, -2, 0), Until: Now.AddDate(0, 10, 0)}}, At: Now.AddDate(0, -2, 0), Since: Now.AddDate(-1, 0, 0), Changes: []pages.ChangedOn{{Word: "name", At: Now.AddDate(0, -1, 0)}}, Pending: []string{"address", "pin"}, Ways: []string{"photo", "phone", "register"}},
		Orderable: true, Pickup: true, PayAtPickup: true, ReadyIn: 60, Cart: cart(), Map: smallMap(), ReportURL: "/report?object=business:1", ManageURL: "/manage/kiln-quay",
		Further:     []pages.FurtherHours{{Name: "pickup", Said: "Tue–Sat 11:00–17:00, Mon, Sun closed"}, {Name: "delivery", Said: "Fri 15:00–18:00, Mon–Thu, Sat, Sun closed"}},
		CalendarURL: "/b/kiln-quay/hours.ics", HoursSaid: "Tue, Wed, Fri–Sun 10:00–18:00, Thu 10:00–13:00 and 14:30–20:00, Mon closed",
		Special: []pages.SpecialDay{{ID: "1", From: time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 27, 0, 0, 0, 0, time.UTC), Label: "Christmas"}},
		LD: &pages.LocalBusiness{
			Context: "https://schema.org", Type: "LocalBusiness", ID: "http://localhost:8080/b/kiln-quay", Name: "Kiln & Quay", URL: "http://localhost:8080/b/kiln-quay",
			Address: &pages.PostalAddress{Type: "PostalAddress", Street: "14 Harbour Street", City: "Portmere"},
		},
	}
	business.Base.Hue, business.Base.Back = 1, "/"
	for i, day := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		row := pages.HoursRow{Weekday: day, Today: day == time.Saturday}
		if i > 0 {
			row.Ranges = []string{"10:00–18:00"}
		}
		if i == 3 {
			row.Ranges = []string{"10:00–13:00", "14:30–20:00"}
		}
		business.Hours = append(business.Hours, row)
	}
	mug := product("Speckled mug", "320 ml, oat glaze", "p_mug", 2400, stock("in", 0))
	mug.InCart = 2
	teapot := product("Teapot, brass handle", "0.9 l, bottle green", "p_teapot", 12000, stock("order", 0))
	teapot.Variant, teapot.From = "", true
	before := eur(11000)
	plates := product("Dinner plates, set of 4", "27 cm, mixed glazes", "p_plate", 9600, stock("in", 0))
	plates.Compare = &before
	noPhoto := product("Repair of a broken pot", "", "p_jug", 1500, stock("in", 0))
	noPhoto.Photo = nil
	business.Sections = []pages.Section{
		{ID: "table", Name: "For the table", Total: 4, AllURL: "/b/kiln-quay?section=table", Products: []pages.ProductCard{mug, product("Serving bowl", "26 cm, cobalt", "p_bowl", 4850, stock("low", 2)), plates, teapot}},
		{ID: "house", Name: "For the house", Total: 5, Products: []pages.ProductCard{product("Bud vase", "18 cm, honey glaze", "p_vase", 3200, stock("in", 0)), product("Terracotta planter", "With cactus, 12 cm pot", "p_cactus", 2700, stock("low", 1)), product("Flower jug", "1.1 l, milk glaze", "p_jug", 3900, stock("in", 0)), product("Candle in a cup", "Beeswax, burns 30 h", "p_candle", 2200, stock("out", 0)), noPhoto}},
	}
	bare := pages.Business{Base: base(lang, "Second Chapter", "/b/second-chapter"), Slug: "second-chapter", Name: "Second Chapter", Category: "Second-hand books", Unclaimed: true, ClaimURL: "/manage/claim/second-chapter", Closed: "unverified", HoursText: "daily 10-18, except when it rains", Open: pages.Open{Kind: "unknown", Reason: "not_understood"}, Address: []string{"3 Mill Row"}}
	bare.Base.Hue = 5

	mugPage := pages.Product{
		Base: base(lang, "Speckled mug", "/b/kiln-quay/p/speckled-mug"), Business: "Kiln & Quay", BusinessURL: "/b/kiln-quay", Slug: "kiln-quay", Open: openUntil(18), Name: "Speckled mug",
		Blurb: "Thrown in one piece, glazed by hand, no two alike.\n\nDishwasher safe.", Photos: []pages.Photo{*photo("p_mug", "A speckled white mug on a terracotta foot"), *photo("c_ceramics", "")},
		Price: eur(2400), Compare: &before, TaxIncluded: true, Stock: stock("low", 3), Variant: "v1", SKU: "KQ-MUG-01", Max: 3, InCart: 1, Orderable: true, Pickup: true, PayAtPickup: true, ReadyIn: 60, Token: "t1",
		Options: []pages.ProductOption{
			{Name: "option.1", Label: "Glaze", Values: []pages.Option{{Value: "Oat", Label: "Oat", Selected: true}, {Value: "Cobalt", Label: "Cobalt"}, {Value: "Honey", Label: "Honey", Disabled: true, Hint: "0"}}},
			{Name: "option.2", Label: "Size", Values: []pages.Option{{Value: "320 ml", Label: "320 ml", Selected: true}, {Value: "450 ml", Label: "450 ml", Hint: "€28.00"}}},
		},
		More:      []pages.ProductCard{product("Serving bowl", "26 cm, cobalt", "p_bowl", 4850, stock("low", 2)), product("Bud vase", "18 cm", "p_vase", 3200, stock("in", 0))},
		LD:        &pages.ProductData{Context: "https://schema.org", Type: "Product", Name: "Speckled mug", Offers: pages.Offer{Type: "Offer", URL: "http://localhost:8080/b/kiln-quay/p/speckled-mug", Price: "24.00", Currency: "EUR", Availability: "https://schema.org/InStock"}},
		ReportURL: "/report?object=product:1",
	}
	mugPage.Base.Hue, mugPage.Base.Back = 1, "/b/kiln-quay"
	soldOut := mugPage
	soldOut.Options, soldOut.Stock, soldOut.Photos, soldOut.InCart = nil, stock("out", 0), nil, 0

	ahead, running, gone := mugPage, mugPage, soldOut
	ahead.Self, ahead.Variant = "/b/kiln-quay/p/speckled-mug", "v_mug"
	ahead.Drop = &pages.Drop{Phase: "ahead", Cap: 2000, Left: 2000, PerBuyer: 2, StartsAt: Now.AddDate(0, 0, 3), City: "Portmere", SignInURL: "/sign-in?back=%2F", EventsURL: "/b/kiln-quay/p/speckled-mug/drop"}
	running.Self, running.Variant, running.Drop = ahead.Self, ahead.Variant, &pages.Drop{Phase: "running", Cap: 2000, Left: 317, PerBuyer: 2, StartsAt: Now, EndsAt: Now.Add(time.Hour), City: "Portmere", EventsURL: ahead.Drop.EventsURL}
	gone.Self, gone.Drop = ahead.Self, &pages.Drop{Phase: "sold_out", Cap: 2000, PerBuyer: 2, StartsAt: Now, GoneAfter: 6*time.Minute + 12*time.Second}

	blocked := *cart()
	blocked.Business, blocked.Slug, blocked.Hue, blocked.Blocked = "Halvorsen Bakery", "halvorsen", 2, "hours"
	blocked.Lines = blocked.Lines[:1]
	carts := pages.Carts{Base: base(lang, "Your basket", "/cart"), Carts: []pages.Cart{*cart(), blocked}}
	carts.Tab = "cart"

	checkout := pages.Checkout{
		Base: base(lang, "Check out", "/checkout/kiln-quay"), Business: "Kiln & Quay", BusinessURL: "/b/kiln-quay", Action: "/checkout/kiln-quay", Token: "t2", ShownTotal: "8450",
		Form: pages.CheckoutForm{Name: "Mina Okafor", Email: "mina@", Kind: "pickup", Payment: "card"}, Lines: lines(), Total: total(), TaxIncluded: true, Pickup: true, Delivery: true, DeliveryFee: eur(450), Card: true, AtPickup: true,
		PickupAddress: []string{"14 Harbour Street", "Portmere"}, Open: openUntil(18), Slots: []pages.Option{{Value: "a", Label: "Today, 15:10", Selected: true}},
	}
	checkout.SignInURL = "/sign-in?back=%2Fcheckout%2Fkiln-quay"
	wrong := checkout
	wrong.Failed = true
	wrong.Errors = pages.Errors{{Name: "email", Message: "Enter an e-mail address, like mina@example.org"}, {Name: "kind", Message: "Choose how you get it"}}
	wrong.Changed = &pages.TotalChange{Old: eur(8000), New: eur(8450)}

	order := pages.Order{
		Base: base(lang, "Order 10427", "/o/018f?t=secret"), Number: "10427", State: "preparing", Tone: "open", Lead: "packing", Business: "Kiln & Quay", BusinessURL: "/b/kiln-quay", Address: []string{"14 Harbour Street", "Portmere PM1 4QS"}, Phone: "+44 1632 960 118", PhoneURL: "+441632960118", Directions: "https://maps.example/",
		Kind: "pickup", Payment: "card", Code: "4071", ReadyAt: Now.Add(50 * time.Minute), PlacedAt: Now, Steps: steps(), Lines: lines(), Total: total(), TaxIncluded: true, CancelURL: "/o/018f/cancel", EventsURL: "/o/018f/events?t=secret", ReloadURL: "/o/018f?t=secret", Secret: "secret", Token: "t3", Checked: Now,
	}
	order.Robots, order.Refresh, order.ReceiptURL = "noindex", 30, "/o/018f/receipt?t=secret"
	reserved := order
	reserved.State, reserved.Lead, reserved.Code, reserved.ReservedUntil, reserved.ReservedToday, reserved.ReadyAt = "placed_reserved", "reserved", "", Now.Add(15*time.Minute), true, time.Time{}
	reserved.Total.Missing, reserved.Total.Charged, reserved.Total.HasMissing = eur(2400), eur(6050), true
	unpaid := order
	unpaid.Number, unpaid.State, unpaid.Lead, unpaid.Code, unpaid.PayURL, unpaid.HoldUntil, unpaid.Steps, unpaid.ReadyAt = "", "pending_payment", "pay", "", "https://pay.example/c/1", Now.Add(15*time.Minute), []pages.Step{{Word: "created", At: Now, Done: true}, {Word: "paid", Now: true}}, time.Time{}
	unpaid.Kind, unpaid.DeliverTo = "delivery", []string{"Mina Okafor", "2 Mill Row"}
	declined := order
	declined.State, declined.Lead, declined.Reason, declined.EventsURL, declined.Code, declined.CancelURL = "declined", "refunded", "The last bowl broke this morning.", "", "", ""
	declined.Total.Refunded, declined.Total.HasRefund = money.Amount{Minor: 8450, Currency: "EUR"}, true

	receipt := pages.Receipt{
		Base: base(lang, "Receipt 512", "/o/018f/receipt?t=secret"), Number: "512", Issued: Now, Seller: "Kiln & Quay Ltd", Register: "01234567", SellerAddress: []string{"14 Harbour Street", "Portmere PM1 4QS"},
		SellerEmail: "hello@kiln.example", SellerPhone: "+44 1632 960 118", Buyer: "Mina Okafor", OrderNumber: "10427", OrderURL: "/o/018f?t=secret", Placed: Now,
		Lines: []pages.ReceiptLine{{Name: "Speckled mug", Choice: "Oat", Quantity: 2, Price: eur(2400), Discount: eur(100), HasDiscount: true, Rate: "19", Total: eur(4700)}, {Delivery: true, Quantity: 1, Price: eur(450), Rate: "8.875", Total: eur(450)}},
		Taxes: []pages.ReceiptTax{{Rate: "19", Net: eur(4000), Tax: eur(700)}}, Paid: eur(5150), Payment: "card", Card: "visa 4242", PaidAt: Now,
		Refunds: []pages.ReceiptRefund{{At: Now, Done: true, Amount: eur(450)}, {At: Now, Amount: eur(100)}}, Left: eur(4600),
	}
	orders := pages.Orders{Base: base(lang, "Orders", "/orders"), Orders: orderLinks(), Pager: pages.Pager{Next: "/orders?after=1"}}
	orders.Tab = "orders"

	return []Page{
		{"shop/nearby", near, []string{"shop/nearby/list"}, true},
		{"shop/nearby", onMap, []string{"shop/nearby/map"}, true},
		{"shop/nearby", none, []string{"shop/nearby/list"}, true},
		{"shop/business", business, nil, true},
		{"shop/business", bare, nil, true},
		{"shop/product", mugPage, nil, true},
		{"shop/product", soldOut, nil, true},
		{"shop/product", ahead, []string{"shop/product/buy"}, true},
		{"shop/product", running, []string{"shop/product/buy"}, true},
		{"shop/product", gone, []string{"shop/product/buy"}, true},
		{"shop/cart", carts, nil, true},
		{"shop/checkout", checkout, nil, true},
		{"shop/checkout", wrong, nil, true},
		{"shop/order", order, []string{"shop/order/live"}, true},
		{"shop/receipt", receipt, nil, true},
		{"shop/order", reserved, []string{"shop/order/live"}, true},
		{"shop/order", unpaid, []string{"shop/order/live"}, true},
		{"shop/order", declined, []string{"shop/order/live"}, true},
		{"shop/orders", orders, nil, true},
	}
}

func orderLinks() []pages.OrderLink {
	return []pages.OrderLink{
		{URL: "/o/1", Number: "10427", Business: "Kiln & Quay", State: "preparing", Tone: "open", At: Now, Kind: "pickup", Payment: "card", Items: 3, Summary: "2 × Speckled mug, Bud vase", Total: eur(8000), Due: Now.Add(50 * time.Minute)},
		{URL: "/o/2", Business: "Halvorsen Bakery", State: "pending_payment", Tone: "soon", At: Now.Add(-time.Hour), Kind: "pickup", Payment: "card", Items: 1, Total: eur(620)},
		{URL: "/o/3", Number: "88", Business: "Slow Pour", State: "declined", Tone: "stop", At: Now.AddDate(0, 0, -3), Kind: "delivery", Payment: "card", Items: 2, Summary: "House blend", Total: eur(1400)},
	}
}

package pagestest

import (
	"strings"
	"time"

	"nearby/internal/money"
	"nearby/internal/server/pages"
)

func signedIn(b pages.Base) pages.Base {
	b.User = &pages.User{Name: "Mina Okafor", Email: "mina@example.org", Owner: true, Verifier: true, Operator: true}
	b.Tab = "me"
	return b
}

func account(lang string) []Page {
	in := pages.SignIn{
		Base: base(lang, "Sign in", "/sign-in"), Email: "mina@example.org", Return: "/me", Errors: pages.Errors{{Name: "password", Message: "E-mail or password is not right"}},
		Demo: []pages.DemoUser{{Role: "shopper", Email: "shopper@portmere.example", Password: "demo"}, {Role: "owner", Email: "owner@portmere.example", Password: "demo"}},
	}
	in.Failed = true
	up := pages.SignUp{Base: base(lang, "Create an account", "/sign-up"), Name: "Mina", Email: "mina@example.org", Return: "/", Token: "t"}
	me := pages.Me{
		Base: signedIn(base(lang, "Your account", "/me")), Form: pages.ProfileForm{Name: "Mina Okafor", Email: "mina@example.org"}, Orders: orderLinks()[:1],
		Password:  pages.Errors{{Name: "password", Message: "Use at least 10 characters"}},
		Sessions:  []pages.Session{{ID: "s1", Device: "Firefox on Linux", Since: Now.AddDate(0, 0, -3), Seen: Now, Current: true}, {ID: "s2", Device: "Safari on iPhone", Since: Now.AddDate(0, -1, 0), Seen: Now.AddDate(0, 0, -1)}},
		Languages: []pages.Option{{Value: "en", Label: "English", Selected: true}, {Value: "de", Label: "Deutsch"}}, Themes: []pages.Option{{Value: "", Label: "System", Selected: true}},
	}
	me.Flash = &pages.Flash{Text: "Saved", Undo: &pages.Action{Label: "Undo", URL: "/undo/1"}}
	report := pages.Report{
		Base: base(lang, "Report a problem", "/report"), Subject: "Kiln & Quay", SubjectURL: "/b/kiln-quay", Business: "kiln-quay", Product: "speckled-mug", Token: "t", Form: pages.ReportForm{Text: "It moved."},
		Kinds: []pages.Option{{Value: "wrong", Label: "Something is wrong here", Selected: true, Hint: "Address, hours, phone"}, {Value: "illegal", Label: "Something is illegal here"}}, Errors: pages.Errors{{Name: "kind", Message: "Choose what it is about"}},
	}
	sent := report
	sent.Errors, sent.Receipt, sent.State, sent.At = nil, "QK7N2MPR4TVW6XYZ", "received", Now
	pagesOut := []Page{
		{"account/sign-in", in, nil, true},
		{"account/sign-up", up, nil, true},
		{"account/me", me, nil, true},
		{"account/report", report, nil, true},
		{"account/report", sent, nil, true},
		{"account/sign-up-sent", pages.SignUpSent{Base: base(lang, "Look into your mail", "/sign-up/sent"), Mailbox: true}, nil, true},
		{"account/confirm", pages.Confirm{Base: base(lang, "Finish your account", "/sign-up/confirm"), Token: "t"}, nil, true},
		{"account/reset", pages.Reset{Base: base(lang, "Forgotten password", "/password"), Email: "mina@example.org", Errors: pages.Errors{{Name: "email", Message: "This does not look like an e-mail address"}}}, nil, true},
		{"account/new-password", pages.NewPassword{Base: base(lang, "Choose a new password", "/password/new"), Token: "t"}, nil, true},
		{"account/transparency", pages.Transparency{Base: base(lang, "Transparency", "/transparency"), Listed: 151, Waiting: 8, Applications: 40, Approved: 30, Asked: 4, Rejected: 3, Median: 3 * time.Hour, NineOfTen: 26 * time.Hour,
			Rejections: []pages.Share{{Word: "duplicate", N: 2, Of: 3}, {Word: "fraud", N: 1, Of: 3}}, Measures: []pages.Share{{Word: "suspended", N: 1, Of: 1}},
			Reports: []pages.ReportFigures{{Kind: "wrong", Filed: 7, Open: 1, NoAction: 3, Measure: 1, PassedOn: 2}}, Appeals: 2, Upheld: 1, Overturned: 1}, nil, true},
		{"account/text", pages.Text{Base: base(lang, "About", "/about"), Heading: "About", Lead: "Who we are", Paragraphs: []string{"One.", "Two."}}, nil, true},
	}
	for _, status := range []int{403, 404, 410, 413, 429, 500, 503} {
		problem := pages.Problem{Base: base(lang, "Error", "/nowhere"), Status: status, Code: "not_found", RequestID: "0193a7c2"}
		if status == 429 {
			problem.Wait = 12
		}
		if status == 500 {
			problem.Message = "Something went wrong on our side."
		}
		pagesOut = append(pagesOut, Page{"error", problem, nil, true})
	}
	mail := pages.Mail{ID: "m1", URL: "/dev/mail/m1", To: "mina@example.org", Subject: "Your order 10427", Text: "Thank you.\n\nIt is ready.", At: Now, Links: []string{"http://localhost:8080/o/1"}}
	return append(pagesOut, Page{"dev/mail", pages.Mails{Base: base(lang, "Mailbox", "/dev/mail"), Mails: []pages.Mail{mail}, Open: &mail}, nil, false})
}

func theDesk(section string) pages.Desk {
	return pages.Desk{Business: "Kiln & Quay", Slug: "kiln-quay", Hue: 1, Photo: photo("c_ceramics", ""), State: "verified", Tone: "open", Open: openUntil(18), ShopURL: "/b/kiln-quay", Section: section, Waiting: 3, Money: true, People: true}
}

func row(id, name, sku, picture, state string, price int64, stock int, hint string) pages.CatalogRow {
	return pages.CatalogRow{ID: id, Name: name, URL: "/manage/kiln-quay/catalog/" + id, SKU: sku, Photo: photo(picture, ""), Hue: 1, State: state, Price: eur(price), Variants: 1, Variant: "v" + id, Counted: true, Stock: stock, Hint: hint, Return: "/manage/kiln-quay/catalog?state=active", Version: "1"}
}

func owner(lang string) []Page {
	b := func(title, path string) pages.Base { return signedIn(base(lang, title, path)) }
	list := pages.Businesses{
		Base: b("Your businesses", "/manage"), Token: "t", Form: pages.NewBusiness{Name: "Tide"}, Categories: []pages.Option{{Value: "food", Label: "Food"}, {Value: "bakery", Label: "Bakery", Depth: 1, Selected: true}},
		Businesses: []pages.BusinessLink{{Name: "Kiln & Quay", URL: "/manage/kiln-quay", Category: "Ceramics studio", Hue: 1, Photo: photo("c_ceramics", ""), State: "verified", Tone: "open", Waiting: 3, Place: "14 Harbour Street"}, {Name: "Needle & Nile", URL: "/manage/needle", Category: "Tailor", Hue: 8, State: "changes_requested", Tone: "soon"}},
		Errors:     pages.Errors{{Name: "category", Message: "Choose a category"}},
	}
	chart := &pages.Chart{Label: "Sales a day, 8 to 21 November", Words: "Highest on Saturday 14 November, €447.", Ticks: []pages.ChartTick{{Y: 184, Label: "0"}, {Y: 96, Label: "€250"}, {Y: 8, Label: "€500"}}}
	for i, v := range []int{182, 0, 214, 268, 391, 305, 447, 206, 0, 251, 298, 442, 336, 412} {
		bar := pages.ChartBar{X: 8.4 + 6.6*float64(i), Width: 4.76, Middle: 10.8 + 6.6*float64(i), Height: float64(v) * 0.352, At: Now.AddDate(0, 0, i-13), Value: eur(int64(v) * 100), Today: i == 13}
		bar.Y = 184 - bar.Height
		if i%2 == 1 {
			bar.Label = bar.At.Format("2")
		}
		chart.Bars = append(chart.Bars, bar)
	}
	inboxLinks := orderLinks()
	for i := range inboxLinks {
		inboxLinks[i].Who, inboxLinks[i].URL = "Mina Okafor", "/manage/kiln-quay/orders/1"
	}
	today := pages.Today{
		Base: b("Today", "/manage/kiln-quay"), Desk: theDesk("today"), Now: Now, Orders: inboxLinks, Sales: eur(41200), SalesCount: 11, Week: chart, WeekTotal: eur(405200),
		Todo: []pages.Todo{{Word: "orders", N: 3, Note: "Next is collected at 15:10", URL: "/manage/kiln-quay/orders", Icon: "package-open"}, {Word: "stock", N: 2, Note: "Serving bowl, Terracotta planter", URL: "/manage/kiln-quay/catalog?stock=low", Icon: "triangle-alert"}},
	}
	draft := today
	draft.Desk.State, draft.Desk.ShopURL, draft.Orders, draft.Week = "draft", "", nil, nil
	inbox := pages.Inbox{Base: b("Orders", "/manage/kiln-quay/orders"), Desk: theDesk("orders"), Orders: inboxLinks, Tabs: []pages.Link{{Label: "To do", URL: "?", Current: true, Count: 3}, {Label: "Done", URL: "?done=1"}}, Disputes: []pages.DisputeLink{{URL: "/manage/kiln-quay/orders/1", Number: "10427", Amount: eur(8450), Due: Now.Add(7 * 24 * time.Hour)}, {URL: "/manage/kiln-quay/orders/2", Number: "10428", Amount: eur(450)}}, EventsURL: "/manage/kiln-quay/orders/events", Code: "7KQ", Errors: pages.Errors{{Name: "code", Message: "This code belongs to no order that is ready"}}}
	one := pages.OwnerOrder{
		Base: b("Order 10427", "/manage/kiln-quay/orders/1"), Desk: theDesk("orders"), Number: "10427", State: "placed", Tone: "soon", Kind: "pickup", Payment: "card", PlacedAt: Now, AcceptBy: Now.Add(15 * time.Minute), SettleBy: Now.Add(72 * time.Hour), ReadyBy: Now.Add(time.Hour), Name: "Mina Okafor", Email: "mina@example.org", Phone: "+44 1632 960 200", PhoneURL: "+441632960200", DeliverTo: []string{"2 Mill Row"}, Note: "Please wrap it.",
		Steps: steps(), Lines: lines(), Total: total(), CodeHint: true, CanAccept: true, CanShort: true, Reserved: true, CanDecline: true, CanStart: true, CanReady: true, CanMiss: true, CanAbort: true, Prove: true, CanComplete: true, CanRefund: true, Stuck: "refund_failed", Seen: "0", Back: []pages.BackLine{{N: 1, Name: "Speckled mug", Left: 2, Price: eur(4800), Value: "3"}, {N: 3, Left: 1, Price: eur(450), Value: "0"}}, Refundable: eur(8450), Reasons: []pages.Option{{Value: "sold_out", Label: "Sold out"}, {Value: "closed", Label: "We are closed"}}, ActionURL: "/manage/kiln-quay/orders/1", ReceiptURL: "/manage/kiln-quay/orders/1/receipt", Token: "t", EventsURL: "/manage/kiln-quay/orders/1/events",
		Disputes: []pages.Dispute{
			{ID: "dp_2", State: "needs_response", Lead: "needs_response", Reason: "product_not_received", Tone: "stop", Amount: eur(8450), Due: Now.Add(7 * 24 * time.Hour), Taken: eur(8450), Fee: eur(1500), HasTaken: true, Failed: true, Words: "no", AnswerURL: "/manage/kiln-quay/orders/1/disputes/dp_2", Errors: pages.Errors{{Name: "words", Message: "Say what happened, in 10 to 5,000 characters."}}, Evidence: []pages.EvidencePart{{Word: "product", Text: "Order 10427, to be collected at the shop.\n2 x Speckled mug: €48.00"}, {Word: "log", Text: "2026-05-04 11:00:00 CEST  The shopper placed the order."}}},
			{ID: "dp_1", State: "lost", Lead: "lost", Reason: "general", Tone: "stop", Amount: eur(450), AnsweredAt: Now, Taken: eur(450), Fee: eur(1500), HasTaken: true, OwnersOnly: true},
		},
		Errors: pages.Errors{{Name: "code", Message: "That is not the code of this order"}, {Name: "reason", Message: "Choose a reason"}, {Name: "give.1", Message: "A whole number from 0 to 2."}, {Name: "back.1", Message: "A whole number from 0 to 2."}},
		Form:   pages.OrderForm{Give: map[int]string{1: "3", 2: "1"}, Gone: true},
	}
	catalog := pages.Catalog{
		Base: b("Catalog", "/manage/kiln-quay/catalog"), Desk: theDesk("catalog"), Total: 31, Live: 27, Tabs: []pages.Link{{Label: "All", URL: "?", Current: true, Count: 31}, {Label: "Live", URL: "?state=active", Count: 27}, {Label: "Drafts", URL: "?state=draft", Count: 3}}, Token: "t", Pager: pages.Pager{Next: "?after=7", Previous: "?"},
		Products: []pages.CatalogRow{row("1", "Speckled mug", "KQ-MUG-01", "p_mug", "active", 2400, 34, ""), row("2", "Serving bowl", "KQ-BWL-26", "p_bowl", "active", 4850, 2, "low"), row("3", "Teapot, brass handle", "KQ-TEA-09", "p_teapot", "active", 12000, 0, ""), row("4", "Bud vase", "KQ-VAS-18", "p_vase", "active", 3200, 19, ""), row("5", "Candle in a cup", "KQ-CND-01", "p_candle", "archived", 2200, 0, "out"), row("6", "Dinner plates, set of 4", "KQ-PLA-S4", "p_plate", "draft", 9600, 8, "")},
	}
	catalog.Products[2].Counted = false
	catalog.Products[3].Variants, catalog.Products[3].Variant, catalog.Products[3].From, catalog.Products[3].Held = 6, "", true, 2
	catalog.Products[5].Photo = nil
	catalog.Products[1].Problem, catalog.Errors = "Open orders need 3 pieces.", pages.Errors{{Message: "Teapot: A price is missing"}}
	noProducts := catalog
	noProducts.Products, noProducts.Total, noProducts.Live = nil, 0, 0
	form := pages.ProductPage{
		Base: b("Speckled mug", "/manage/kiln-quay/catalog/1"), Desk: theDesk("catalog"), State: "active", ShopURL: "/b/kiln-quay/p/speckled-mug", Sections: []string{"For the table", "For the house"}, Currency: "EUR", Symbol: "€", Action: "/manage/kiln-quay/catalog/1", Token: "t", Missing: []string{"photo"}, NewAlt: "A mug", Changed: true,
		Form:   pages.ProductForm{Title: "Speckled mug", Section: "For the table", Text: "Thrown in one piece.", Price: "24,oo", Compare: "", SKU: "KQ-MUG-01", Stock: "-3", StockWas: "3", Counted: true, State: "active", Photos: []pages.PhotoForm{{Hash: "ph1", Alt: "A mug"}}, Options: [3]pages.OptionForm{{Name: "Glaze", Values: "Oat, Cobalt"}}, Variants: []pages.VariantForm{{ID: "v1", Title: "Oat", SKU: "A", Price: "24.00", Stock: "12", Counted: true}, {ID: "v2", Title: "Cobalt", SKU: "B", Price: "26.00", Stock: "3"}}, Version: "7"},
		Errors: pages.Errors{{Name: "price", Message: "Enter the price as numbers, like 24.00"}, {Name: "stock", Message: "Stock can be 0 or more, up to 9,999"}, {Name: "variants.1.price", Message: "Enter the price as numbers, like 24.00"}},
		Photos: []pages.OwnerPhoto{{ID: "ph1", Photo: *photo("p_mug", "A mug"), Alt: "A mug", First: true}, {ID: "ph2", Photo: *photo("c_ceramics", "Pots")}},
	}
	form.Failed = true
	profile := pages.Profile{
		Base: b("Profile", "/manage/kiln-quay/profile"), Desk: theDesk("profile"), Review: true, Photo: photo("c_shop", "The front"), Map: smallMap(), Categories: list.Categories, Countries: []pages.Option{{Value: "GB", Label: "United Kingdom", Selected: true}}, Currencies: []pages.Option{{Value: "EUR", Label: "Euro", Selected: true}},
		Attributes: []pages.Option{{Value: "card", Label: "Cards", Selected: true}, {Value: "wifi", Label: "Wi-Fi"}}, Symbol: "€", CanSell: true, Changed: true,
		Form:    pages.BusinessForm{Title: "Kiln & Quay", Text: "Stoneware.", Phone: "+44 1632 960 118", Email: "hello@kiln.example", Street: "Harbour Street", HouseNumber: "14", Unit: "2", Postcode: "PM1 4QS", City: "Portmere", Country: "GB", Lat: "50.1", Lng: "-5.0", LegalName: "Kiln & Quay Ltd", RegisterNumber: "01234567", Certified: true, PhotoHash: "ph1", Version: "3"},
		Selling: pages.SellingForm{Currency: "EUR", Pickup: true, Delivery: true, PayAtPickup: true, AcceptFirst: true, Prep: "60", Radius: "3000", Fee: "4.50", Minimum: "20", Version: "3"}, SellingErrors: pages.Errors{{Name: "delivery_radius_m", Message: "Please say how far you deliver."}, {Name: "pay_at_pickup", Message: "Paying at pickup needs pickup."}},
		Errors: pages.Errors{{Name: "address.street", Message: "This line has at most 120 characters."}, {Name: "certified", Message: "This was checked."}},
	}
	profile.Pending = &pages.PendingChange{Since: Now, Rows: []pages.CaseRow{{Field: "name", Claimed: "Kiln & Co", Found: "Kiln & Quay", Differs: true}, {Field: "pin", Claimed: "50.2, -5.0", Found: "50.1, -5.0", Differs: true}}, CanWithdraw: true, WithdrawURL: "/manage/kiln-quay/changes/withdraw"}
	lockedProfile := profile
	lockedProfile.Locked, lockedProfile.Pending = true, nil
	lockedProfile.Refused = &pages.Step{Text: "Change refused: Name", Note: "This is another business", At: Now, Done: true}
	hours := pages.HoursPage{
		Base: b("Hours", "/manage/kiln-quay/hours"), Desk: theDesk("hours"), Zone: "Europe/London", Changed: true, Text: "Mo-Fr 9-18, on call", Version: "1", Today: "2026-11-21",
		Special: []pages.SpecialDay{{ID: "x1", From: Now.AddDate(0, 1, 3), To: Now.AddDate(0, 1, 6), Label: "Christmas"}}, Errors: pages.Errors{{Name: "thu", Message: "10:00-13:00 and 12:00-20:00 overlap"}}, Add: pages.SpecialForm{From: "2020-01-01", Hours: "9-"}, AddErrors: pages.Errors{{Name: "from", Message: "This day is over."}},
	}
	for i, name := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		hours.Days = append(hours.Days, pages.HoursDay{Weekday: time.Weekday((i + 1) % 7), Name: name, Value: "10:00-18:00"})
	}
	hours.Days[0].Value = ""
	hours.Try = pages.HoursTry{Kinds: hours.Try.Kinds, At: "tomorrow", Bad: true}
	apply := pages.Application{
		Base: b("Verification", "/manage/kiln-quay/verification"), Desk: theDesk("verification"), Status: "changes_requested", Tone: "soon", CanSubmit: true, CanPull: true, CanClose: true, CanReopen: true, Place: 3, Usual: 5 * time.Hour, Since: Now.AddDate(0, 0, -1), Decided: Now, Note: "The sign says “The Kiln”.\n\nWhich name should shoppers see?",
		Checklist: []pages.CheckItem{{Word: "name", Done: true, Required: true, URL: "/manage/kiln-quay/profile"}, {Word: "hours", Required: true, URL: "/manage/kiln-quay/hours"}, {Word: "payouts", URL: "/manage/kiln-quay/payouts"}},
		Asked:     []pages.Asked{{Field: "name", Note: "Say which name is right", URL: "/manage/kiln-quay/profile#f-name"}}, History: steps(),
	}
	apply.Proofs = proofs()
	rejected := apply
	rejected.Proofs = nil
	rejected.Status, rejected.Tone, rejected.Asked, rejected.Reasons, rejected.CanPull = "rejected", "stop", nil, []string{"The place is not right", "This business is already listed"}, false
	rejected.CanRetry, rejected.RetryAt = false, Now.AddDate(0, 0, 7)
	retry := rejected
	retry.CanRetry = true
	hours.Rich = true
	hours.Try.Kinds = []pages.Option{{Label: "The door", Selected: true}, {Value: "pickup", Label: "Collection"}}
	hours.Further = []pages.FurtherHours{{Name: "pickup", Value: "Tu-Sa 11:00-17:00", Said: "Tue–Sat 11:00–17:00, Mon, Sun closed"}, {Name: "delivery", Value: "Fr 9-"}, {Name: "kitchen"}}
	hours.FurtherErrors = pages.Errors{{Name: "delivery", Message: "These hours cannot be read. They look like “Mo-Fr 09:00-18:00; Sa 10:00-14:00”."}}
	hours.Try = pages.HoursTry{At: "2026-12-25T10:00", Asked: true, Open: pages.Open{Kind: "closed", Now: Now, Change: Now.AddDate(0, 0, 3)}, Day: Now, Rule: "PH off", Holiday: "Christmas Day"}
	payouts := pages.Payouts{
		Base: b("Payouts", "/manage/kiln-quay/payouts"), Desk: theDesk("payouts"), Enabled: true, Status: "restricted", Tone: "soon", Due: []string{"A photo of an identity document"}, Deadline: Now.AddDate(0, 0, 9), CanStart: true, CanLogin: true, Charges: true, Prove: true, Errors: pages.Errors{{Name: "password", Message: "This is not your password."}}, Token: "t",
		Funds:     &pages.Funds{At: Now, Old: true, Available: []money.Amount{eur(12345)}, Pending: []money.Amount{eur(8235)}, Payouts: []pages.PayoutSent{{At: Now, Arrives: Now.AddDate(0, 0, 2), Amount: eur(50000), Status: "in_transit", Tone: "soon"}, {At: Now, Amount: eur(40000), Status: "failed", Tone: "stop"}}},
		Statement: []pages.PayoutRow{{At: Now, Number: "10427", URL: "/manage/kiln-quay/orders/1", Gross: eur(8450), Fee: eur(215), Refund: eur(0), Net: eur(8235)}, {At: Now, Number: "10426", URL: "/manage/kiln-quay/orders/2", Gross: eur(2400), Fee: eur(61), Refund: eur(2400), Net: eur(-61)}}, Sum: eur(8174),
	}
	roles := []pages.Option{{Value: "staff", Label: "Staff", Selected: true}, {Value: "owner", Label: "Owner"}}
	staff := pages.Staff{
		Base: b("People", "/manage/kiln-quay/staff"), Desk: theDesk("staff"), Email: "ines@", Roles: roles, Prove: true, Errors: pages.Errors{{Name: "email", Message: "This does not look like an e-mail address."}, {Name: "role", Message: "Choose a role"}},
		Members: []pages.Member{{ID: "u1", Name: "Mina Okafor", Email: "mina@example.org", Role: "owner", Roles: roles, Self: true}, {ID: "u2", Name: "Ines", Email: "ines@example.org", Role: "staff", Roles: roles}},
	}
	return append(ownerComplaints(b), []Page{
		{"owner/staff", staff, nil, false},
		{"owner/invitation", pages.Invitation{Base: b("Join", "/invite"), Token: "t"}, nil, false},
		{"owner/verification", retry, nil, false},
		{"owner/businesses", list, nil, false},
		{"owner/today", today, nil, false},
		{"owner/today", draft, nil, false},
		{"owner/orders", inbox, []string{"owner/orders/list"}, false},
		{"owner/order", one, []string{"owner/order/live"}, false},
		{"owner/catalog", catalog, nil, false},
		{"owner/catalog", noProducts, nil, false},
		{"owner/product", form, nil, false},
		{"owner/drop", dropPage(b("Limited drop", "/manage/kiln-quay/catalog/1/drop")), nil, false},
		{"owner/profile", profile, nil, false},
		{"owner/profile", lockedProfile, nil, false},
		{"owner/hours", hours, nil, false},
		{"owner/verification", apply, nil, false},
		{"owner/measure", pages.OwnerMeasure{Base: b("Measure and reasons", "/manage/kiln-quay/measures/1"), Desk: theDesk("verification"), Measure: oneMeasure("lock", "in_force"), ComplaintURL: "/manage/kiln-quay/complaints/1"}, nil, false},
		{"owner/measure", pages.OwnerMeasure{Base: b("Measure and reasons", "/manage/kiln-quay/measures/1"), Desk: theDesk("verification"), Measure: oneMeasure("terminated", "overturned")}, nil, false},
		{"owner/verification", rejected, nil, false},
		{"owner/payouts", payouts, nil, false},
	}...)

}

// proofs are the checks of a business in every state they can have.
func proofs() *pages.Proofs {
	return &pages.Proofs{
		Policy: "2026-2", Need: 2, Passed: 1, Missing: []string{"presence", "methods"}, DueSince: Now.AddDate(0, 0, -3), LimitAt: Now.AddDate(0, 0, 27), ActionURL: "/manage/kiln-quay/verification",
		Offers: []pages.Proof{
			{Method: "postcard", Kind: "sent", Proves: []string{"presence"}, Ready: true, Open: Now.AddDate(0, 0, 21), Tries: 3, Typed: "K7D2 00", Errors: pages.Errors{{Name: "code", Message: "This is not the code. Please look again."}}},
			{Method: "domain", Kind: "looked", Proves: []string{"authority"}, Ready: true, About: "kiln.example", Token: strings.Repeat("k7d2", 6) + "ab", Errors: pages.Errors{{Message: "We looked and did not find it."}}},
			{Method: "domain_mail", Kind: "sent", Proves: []string{"authority"}, Ready: true, About: "kiln.example", WantTarget: true, Open: Now.AddDate(0, 0, 1), Target: "office@kiln.example", Tries: 5, Typed: "office@", Errors: pages.Errors{{Name: "target", Message: "The address must be at the host of your website."}}},
			{Method: "payment_account", Kind: "looked", Proves: []string{"authority"}, Ready: true, Passed: Now.AddDate(0, -2, 0), Until: Now.AddDate(0, 10, 0)},
			{Method: "site_visit", Kind: "recorded", Proves: []string{"presence"}},
			{Method: "register", Kind: "recorded", Proves: []string{"authority"}, Passed: Now.AddDate(0, -2, 0), Until: Now.AddDate(0, 10, 0)},
		},
	}
}

// postcards are the two lists of cards.
func postcards(b pages.Base) []Page {
	cards := []pages.Postcard{{Business: "Kiln & Quay", Lines: []string{"3 Rope Walk", "PM1 4AB Portmere", "United Kingdom"}, Code: "K7D2 Q9X4", Asked: Now, Until: Now.AddDate(0, 0, 30), Site: "https://nearby.example/manage/kiln-quay/verification", Lang: "en", Hello: "To Kiln & Quay", Text: "Type this code within 30 days:", NotYou: "Nothing happens without it."}}
	return []Page{
		{"admin/postcards", pages.Postcards{Base: b, Cards: cards}, nil, false},
		{"admin/postcards", pages.Postcards{Base: b, Printed: true, Cards: cards}, nil, false},
		{"admin/postcards", pages.Postcards{Base: b}, nil, false},
		{"admin/codes", pages.Codes{Base: b, Budget: eur(2000)}, nil, false},
		{"admin/codes", pages.Codes{Base: b, Budget: eur(2000), Senders: []pages.CodeSender{{Name: "telegram", Price: eur(1), Cost: eur(120), Sent: 130, Arrived: 120, Failed: 10, Passed: 101}}, Days: []pages.CodeDay{{Day: "2026-11-21", Codes: 12, Spent: eur(11), Refunded: eur(1)}}}, nil, false},
	}
}

func desk(lang string) []Page {
	b := signedIn(base(lang, "Copper Kettle Café", "/desk/1"))
	b.Tab = "desk"
	queue := pages.Queue{
		Base: b, Waiting: 27, Oldest: 134 * time.Minute, Usual: 20 * time.Hour, Now: Now, Tabs: []pages.Link{{Label: "All", URL: "/desk", Current: true, Count: 27}, {Label: "Flagged", URL: "/desk?flagged=1", Count: 9}, {Label: "Mine", URL: "/desk?mine=1"}},
		Cases: []pages.CaseLink{{Name: "Copper Kettle Café", URL: "/desk/1", Kind: "new", Age: 134 * time.Minute, Flag: "name_differs", Tone: "soon", Current: true}, {Name: "Bramble & Vine", URL: "/desk/2", Kind: "new", Age: 3 * time.Hour}, {Name: "Portmere Print Co.", URL: "/desk/3", Kind: "claim", Age: 3 * time.Hour, Flag: "shared_phone", Tone: "stop", Holder: "Ines"}, {Name: "Vela Nails", URL: "/desk/4", Kind: "change", Age: 75 * time.Hour, Flag: "duplicate", Tone: "stop"}},
	}
	queue.Case = &pages.Case{
		ID: "1", Name: "Copper Kettle Café", Kind: "new", Age: 134 * time.Minute, Held: true, HeldUntil: Now.Add(12 * time.Minute), Previous: "/desk/0", Next: "/desk/2", PhotoNote: "Sent today at 11:52", MapNote: "22 Mill Row, point set by hand", Map: smallMap(),
		Photo:  &pages.Photo{URL: Pictures + "v_kettle.avif", Alt: "Red shop front, sign reads The Copper Kettle", Width: 1024, Height: 576},
		Rows:   []pages.CaseRow{{Field: "name", Claimed: "Copper Kettle Café", Found: "The Copper Kettle Ltd", Source: "register", Differs: true}, {Field: "address", Claimed: "22 Mill Row, PM1 2DR", Same: true}, {Field: "phone", Claimed: "+44 1632 960 118", Found: "Answered by code", Same: true}, {Field: "category", Claimed: "Café"}},
		Checks: []pages.Check{{Word: "name", Note: "Sign reads “The Copper Kettle”"}, {Word: "address", Note: "Cell 8a39", OK: true}, {Word: "duplicate", Note: "Nearest: Slow Pour, 290 m", OK: true}},
		Form:   pages.DecisionForm{RefuseNote: "It is listed already.", Note: "The sign and the register both say “The Copper Kettle”. Is that the name shoppers should see?"}, Errors: pages.Errors{{Name: "fields", Message: "Choose what has to change"}, {Name: "code", Message: "Choose what is wrong"}, {Name: "approve_note", Message: "Say why they are none"}, {Name: "reason", Message: "Choose a reason"}, {Name: "refuse_note", Message: "Say it in your own words"}},
		Reasons: []pages.Option{{Value: "wrong_place", Label: "The place is not right"}, {Value: "duplicate", Label: "Listed already", Selected: true}}, Fields: []pages.Option{{Value: "name", Label: "name", Selected: true}, {Value: "address.street", Label: "address_street"}, {Value: "photo", Label: "photo"}}, Replies: []pages.Reply{{Label: "Which name?", Text: "Which name should shoppers see?"}, {Label: "Clearer photo", Text: "Please send a clearer photo."}},
		Codes: []pages.Option{{Value: "unclear", Label: "Unclear"}}, Hold: 15, Doubles: true, History: steps(), ActionURL: "/desk/1",
	}
	queue.Case.Proofs = proofs()
	queue.Case.Proofs.ActionURL, queue.Case.Proofs.DueSince = "", time.Time{}
	queue.Case.Proofs.Record = []pages.Option{{Value: "site_visit", Label: "Visited in person", Selected: true}, {Value: "register", Label: "Found in the register"}}
	queue.Case.Proofs.Note, queue.Case.Proofs.Errors = "Rang twice", pages.Errors{{Name: "method", Message: "There is no such check."}, {Name: "check_note", Message: "Say it in your own words, too."}}
	free := queue
	open := *queue.Case
	open.Held, open.Errors, open.Photo = false, nil, nil
	free.Case = &open
	changed := queue
	wish := *queue.Case
	wish.Kind, wish.Fields, wish.Doubles, wish.Rows = "change", nil, false, []pages.CaseRow{{Field: "name", Claimed: "Kiln & Co", Found: "Kiln & Quay", Differs: true}}
	changed.Case = &wish
	own := free
	mine := open
	mine.Own = true
	own.Case = &mine
	held := free
	other := open
	other.Holder = "Ines"
	held.Case = &other
	closed := free
	done := open
	done.Closed = true
	closed.Case = &done
	waiting := queue
	waiting.Case = nil
	idle := queue
	idle.Case, idle.Cases = nil, nil
	a := b
	a.Tab = "admin"
	admin := pages.Admin{
		Base: a, Version: "0.1.0", Uptime: 50 * time.Hour, Search: "kiln", Figures: []pages.Figure{{Word: "businesses", N: 23808}, {Word: "waiting", N: 27, URL: "/desk"}, {Word: "suspended", N: 1}, {Word: "jobs_failed", N: 0}},
		Health:     []pages.Check{{Word: "database", OK: true, Note: "SQLite"}, {Word: "payments", Note: "Sandbox"}},
		Businesses: []pages.AdminRow{{Name: "Kiln & Quay", URL: "/admin/businesses/kiln-quay", State: "verified", Tone: "open", Place: "14 Harbour Street"}, {Name: "Vela Nails", URL: "/admin/businesses/vela", State: "suspended", Tone: "stop"}}, Events: []pages.Step{{Text: "business.approve Kiln & Quay", Note: "Ines", At: Now, Done: true}}, Pager: pages.Pager{Next: "?after=2"},
	}
	listed := pages.AdminBusiness{
		Base: a, Name: "Kiln & Quay", Slug: "kiln-quay", ID: "0193a7c2", State: "verified", Tone: "open", Category: "Ceramics studio", Address: []string{"14 Harbour Street", "Portmere PM1 4QS"}, Email: "hello@kiln.example", Phone: "+44 1632 960 118", ShopURL: "/b/kiln-quay", Choices: measureChoices(),
		Errors: measureChoices().Errors, History: admin.Events, Events: admin.Events,
	}
	suspended := listed
	suspended.State, suspended.ShopURL, suspended.Choices, suspended.Errors, suspended.Measures = "suspended", "", nil, nil, []pages.Measure{oneMeasure("suspended", "in_force"), oneMeasure("notice", "ended")}
	inForce := pages.AdminMeasure{Base: a, Business: "Kiln & Quay", BusinessURL: "/admin/businesses/kiln-quay", Measure: oneMeasure("lock", "in_force"), By: "Ines", CanLift: true, Action: "/admin/businesses/kiln-quay/measures/1/lift", Errors: pages.Errors{{Name: "words", Message: "Say it in your own words, too."}}}
	lifted := inForce
	lifted.Measure, lifted.CanLift, lifted.Errors = oneMeasure("terminated", "overturned"), false, nil
	return append(append(postcards(a), deskComplaints(b)...), []Page{{"desk/notices", notices(b), nil, false}, {"desk/notices", pages.Notices{Base: b}, nil, false}, {"desk/notice", noticeCase(b), nil, false}, {"desk/notice", decidedNotice(b), nil, false}, {"admin/measure", inForce, nil, false}, {"admin/measure", lifted, nil, false}, {"admin/business", listed, nil, false}, {"admin/business", suspended, nil, false}, {"desk/queue", closed, nil, false}, {"desk/queue", waiting, nil, false}, {"desk/queue", queue, nil, false}, {"desk/queue", free, nil, false}, {"desk/queue", own, nil, false}, {"desk/queue", changed, nil, false}, {"desk/queue", held, nil, false}, {"desk/queue", idle, nil, false}, {"admin/home", admin, nil, false}}...)
}

package servertest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"nearby/internal/audit"
	"nearby/internal/complaint"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/ident"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/order"
	"nearby/internal/server/servertest"
)

// who may use a route, as far as the route itself decides.
type who int

const (
	anyone   who = iota
	signedIn     // any user, for what is theirs
	member       // people of the business in the address; nobody else finds it
	owns         // whoever the thing in the address belongs to; nobody else finds it
	verifier
	operator
	machine // proves itself by a signature
)

// pages is every route of the pages, each with who may use it and an address
// that names somebody's things. Things in braces are filled in by the test.
var pageRoutes = map[string]struct {
	who  who
	path string
}{
	"GET /":                                     {anyone, "/?cell={cell}"},
	"GET /map":                                  {anyone, "/map?cell={cell}"},
	"GET /b/:slug":                              {anyone, "/b/{slug}"},
	"GET /b/:slug/hours.ics":                    {anyone, "/b/{slug}/hours.ics"},
	"GET /b/:slug/p/:product":                   {anyone, "/b/{slug}/p/{productslug}"},
	"GET /b/:slug/p/:product/drop":              {anyone, "/b/{slug}/p/{productslug}/drop"},
	"GET /report":                               {anyone, "/report?business={slug}"},
	"POST /report":                              {anyone, "/report"},
	"GET /transparency":                         {anyone, "/transparency"},
	"GET /transparency.csv":                     {anyone, "/transparency.csv"},
	"GET /cart":                                 {anyone, "/cart"},
	"POST /cart":                                {anyone, "/cart"},
	"POST /cart/add":                            {anyone, "/cart/add"},
	"GET /checkout/:id":                         {anyone, "/checkout/{slug}"},
	"POST /checkout/:id":                        {anyone, "/checkout/{slug}"},
	"GET /orders":                               {anyone, "/orders"},
	"GET /o/:order":                             {owns, "/o/{order}"},
	"GET /o/:order/events":                      {owns, "/o/{order}/events"},
	"GET /o/:order/receipt":                     {owns, "/o/{order}/receipt"},
	"POST /o/:order/cancel":                     {owns, "/o/{order}/cancel"},
	"GET /o/:order/pay":                         {owns, "/o/{order}/pay"},
	"GET /assets/*":                             {anyone, "/assets/none"},
	"GET /photos/:hash/:size":                   {anyone, "/photos/{hash}/list"},
	"GET /favicon.ico":                          {anyone, "/favicon.ico"},
	"GET /robots.txt":                           {anyone, "/robots.txt"},
	"GET /sitemap.xml":                          {anyone, "/sitemap.xml"},
	"GET /.well-known/security.txt":             {anyone, "/.well-known/security.txt"},
	"GET /dev/mail":                             {anyone, "/dev/mail"},
	"GET /livez":                                {anyone, "/livez"},
	"GET /readyz":                               {anyone, "/readyz"},
	"GET /sign-in":                              {anyone, "/sign-in"},
	"POST /sign-in":                             {anyone, "/sign-in"},
	"POST /sign-out":                            {anyone, "/sign-out"},
	"GET /sign-up":                              {anyone, "/sign-up"},
	"POST /sign-up":                             {anyone, "/sign-up"},
	"GET /sign-up/sent":                         {anyone, "/sign-up/sent"},
	"GET /sign-up/confirm":                      {anyone, "/sign-up/confirm?t=none"},
	"POST /sign-up/confirm":                     {anyone, "/sign-up/confirm"},
	"GET /password":                             {anyone, "/password"},
	"POST /password":                            {anyone, "/password"},
	"GET /password/new":                         {anyone, "/password/new?t=none"},
	"POST /password/new":                        {anyone, "/password/new"},
	"POST /settings":                            {anyone, "/settings"},
	"GET /me":                                   {signedIn, "/me"},
	"POST /me":                                  {signedIn, "/me"},
	"GET /api/docs":                             {anyone, "/api/docs"},
	"GET /api/openapi.json":                     {anyone, "/api/openapi.json"},
	"POST /me/password":                         {signedIn, "/me/password"},
	"POST /me/sessions/end":                     {signedIn, "/me/sessions/end"},
	"POST /me/sessions/:id/end":                 {signedIn, "/me/sessions/{session}/end"},
	"GET /manage":                               {signedIn, "/manage"},
	"POST /manage":                              {signedIn, "/manage"},
	"GET /invite":                               {signedIn, "/invite?t=none"},
	"POST /invite":                              {signedIn, "/invite"},
	"GET /manage/:slug":                         {member, "/manage/{slug}"},
	"GET /manage/:slug/orders":                  {member, "/manage/{slug}/orders"},
	"GET /manage/:slug/orders/events":           {member, "/manage/{slug}/orders/events"},
	"POST /manage/:slug/orders/complete":        {member, "/manage/{slug}/orders/complete"},
	"GET /manage/:slug/orders/:order":           {member, "/manage/{slug}/orders/{order}"},
	"GET /manage/:slug/orders/:order/receipt":   {member, "/manage/{slug}/orders/{order}/receipt"},
	"GET /manage/:slug/orders/:order/events":    {member, "/manage/{slug}/orders/{order}/events"},
	"POST /manage/:slug/orders/:order/accept":   {member, "/manage/{slug}/orders/{order}/accept"},
	"POST /manage/:slug/orders/:order/short":    {member, "/manage/{slug}/orders/{order}/short"},
	"POST /manage/:slug/orders/:order/start":    {member, "/manage/{slug}/orders/{order}/start"},
	"POST /manage/:slug/orders/:order/ready":    {member, "/manage/{slug}/orders/{order}/ready"},
	"POST /manage/:slug/orders/:order/complete": {member, "/manage/{slug}/orders/{order}/complete"},
	"POST /manage/:slug/orders/:order/missed":   {member, "/manage/{slug}/orders/{order}/missed"},
	"POST /manage/:slug/orders/:order/decline":  {member, "/manage/{slug}/orders/{order}/decline"},
	"POST /manage/:slug/orders/:order/abort":    {member, "/manage/{slug}/orders/{order}/abort"},
	"POST /manage/:slug/orders/:order/refund":   {member, "/manage/{slug}/orders/{order}/refund"},
	"POST /manage/:slug/orders/:order/disputes/:dispute":  {member, "/manage/{slug}/orders/{order}/disputes/dp_none"},
	"GET /manage/:slug/catalog":                           {member, "/manage/{slug}/catalog"},
	"POST /manage/:slug/catalog":                          {member, "/manage/{slug}/catalog"},
	"POST /manage/:slug/stock":                            {member, "/manage/{slug}/stock"},
	"GET /manage/:slug/catalog/new":                       {member, "/manage/{slug}/catalog/new"},
	"POST /manage/:slug/catalog/new":                      {member, "/manage/{slug}/catalog/new"},
	"GET /manage/:slug/catalog/:product":                  {member, "/manage/{slug}/catalog/{product}"},
	"POST /manage/:slug/catalog/:product":                 {member, "/manage/{slug}/catalog/{product}"},
	"GET /manage/:slug/catalog/:product/drop":             {member, "/manage/{slug}/catalog/{product}/drop"},
	"POST /manage/:slug/catalog/:product/drop":            {member, "/manage/{slug}/catalog/{product}/drop"},
	"GET /manage/:slug/profile":                           {member, "/manage/{slug}/profile"},
	"POST /manage/:slug/profile":                          {member, "/manage/{slug}/profile"},
	"POST /manage/:slug/changes/withdraw":                 {member, "/manage/{slug}/changes/withdraw"},
	"POST /manage/:slug/selling":                          {member, "/manage/{slug}/selling"},
	"GET /manage/:slug/hours":                             {member, "/manage/{slug}/hours"},
	"POST /manage/:slug/hours":                            {member, "/manage/{slug}/hours"},
	"POST /manage/:slug/hours/further":                    {member, "/manage/{slug}/hours/further"},
	"POST /manage/:slug/hours/special":                    {member, "/manage/{slug}/hours/special"},
	"POST /manage/:slug/hours/special/:id/delete":         {member, "/manage/{slug}/hours/special/2030-12-24/delete"},
	"GET /manage/:slug/verification":                      {member, "/manage/{slug}/verification"},
	"POST /manage/:slug/verification":                     {member, "/manage/{slug}/verification"},
	"GET /manage/:slug/payouts":                           {member, "/manage/{slug}/payouts"},
	"POST /manage/:slug/payouts/onboard":                  {member, "/manage/{slug}/payouts/onboard"},
	"POST /manage/:slug/payouts/login":                    {member, "/manage/{slug}/payouts/login"},
	"GET /manage/:slug/staff":                             {member, "/manage/{slug}/staff"},
	"POST /manage/:slug/staff":                            {member, "/manage/{slug}/staff"},
	"POST /manage/:slug/staff/:user":                      {member, "/manage/{slug}/staff/{owner}"},
	"GET /desk":                                           {verifier, "/desk"},
	"POST /desk/next":                                     {verifier, "/desk/next"},
	"GET /desk/changes/:change":                           {verifier, "/desk/changes/{change}"},
	"POST /desk/changes/:change/take":                     {verifier, "/desk/changes/{change}/take"},
	"POST /desk/changes/:change/release":                  {verifier, "/desk/changes/{change}/release"},
	"POST /desk/changes/:change/approve":                  {verifier, "/desk/changes/{change}/approve"},
	"POST /desk/changes/:change/reject":                   {verifier, "/desk/changes/{change}/reject"},
	"GET /desk/notices":                                   {verifier, "/desk/notices"},
	"GET /desk/notices/:notice":                           {verifier, "/desk/notices/{notice}"},
	"POST /desk/notices/:notice/take":                     {verifier, "/desk/notices/{notice}/take"},
	"POST /desk/notices/:notice/release":                  {verifier, "/desk/notices/{notice}/release"},
	"POST /desk/notices/:notice/decide":                   {verifier, "/desk/notices/{notice}/decide"},
	"GET /desk/complaints":                                {verifier, "/desk/complaints"},
	"GET /desk/complaints/:complaint":                     {verifier, "/desk/complaints/{complaint}"},
	"POST /desk/complaints/:complaint/take":               {verifier, "/desk/complaints/{complaint}/take"},
	"POST /desk/complaints/:complaint/release":            {verifier, "/desk/complaints/{complaint}/release"},
	"POST /desk/complaints/:complaint/ask":                {verifier, "/desk/complaints/{complaint}/ask"},
	"POST /desk/complaints/:complaint/decide":             {verifier, "/desk/complaints/{complaint}/decide"},
	"GET /manage/:slug/complaints/new":                    {member, "/manage/{slug}/complaints/new?subject=measure&id={measure}"},
	"POST /manage/:slug/complaints":                       {member, "/manage/{slug}/complaints"},
	"GET /manage/:slug/complaints/:complaint":             {member, "/manage/{slug}/complaints/{complaint}"},
	"POST /manage/:slug/complaints/:complaint":            {member, "/manage/{slug}/complaints/{complaint}"},
	"POST /report/complaint":                              {anyone, "/report/complaint"},
	"GET /desk/:request":                                  {verifier, "/desk/{request}"},
	"POST /desk/:request/take":                            {verifier, "/desk/{request}/take"},
	"POST /desk/:request/release":                         {verifier, "/desk/{request}/release"},
	"POST /desk/:request/approve":                         {verifier, "/desk/{request}/approve"},
	"POST /desk/:request/ask":                             {verifier, "/desk/{request}/ask"},
	"POST /desk/:request/reject":                          {verifier, "/desk/{request}/reject"},
	"GET /admin":                                          {operator, "/admin"},
	"POST /manage/:slug/verification/:method":             {member, "/manage/{slug}/verification/postcard"},
	"POST /desk/:request/check":                           {verifier, "/desk/{request}/check"},
	"POST /webhooks/telegram-gateway":                     {machine, "/webhooks/telegram-gateway"},
	"GET /admin/codes":                                    {operator, "/admin/codes"},
	"GET /admin/postcards":                                {operator, "/admin/postcards"},
	"POST /admin/postcards":                               {operator, "/admin/postcards"},
	"GET /admin/businesses/:slug":                         {operator, "/admin/businesses/{slug}"},
	"POST /admin/businesses/:slug/measures":               {operator, "/admin/businesses/{slug}/measures"},
	"GET /admin/businesses/:slug/measures/:measure":       {operator, "/admin/businesses/{slug}/measures/{measure}"},
	"POST /admin/businesses/:slug/measures/:measure/lift": {operator, "/admin/businesses/{slug}/measures/{measure}/lift"},
	"GET /manage/:slug/measures/:measure":                 {member, "/manage/{slug}/measures/{measure}"},
	"POST /webhooks/stripe":                               {machine, "/webhooks/stripe"},
}

// things are what the routes' addresses name: all of it belongs to the first
// owner and the first shopper.
type things struct {
	site  *servertest.Site
	shop  servertest.Shop
	other servertest.Shop // the other owner's
	ids   map[string]string
}

func newThings(t *testing.T) things {
	t.Helper()
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	w := things{
		site: site, shop: site.AddShop(servertest.NewShop{}),
		other: site.AddShop(servertest.NewShop{Name: "Other Bakery", Owner: site.People.OtherOwner, Lat: 52.53, Lng: 13.41}),
	}
	draft := site.AddShop(servertest.NewShop{Name: "New Bakery", Draft: true, Lat: 52.54, Lng: 13.42})
	request, err := site.Verification.Submit(t.Context(), site.People.Owner.As("owner"), draft.ID)
	if err != nil {
		t.Fatal(err)
	}
	profile := w.business(t).Profile()
	profile.Name = "Another Name"
	_, change, err := site.Proposal.Update(t.Context(), site.People.Owner.As("owner"), w.shop.ID, 0, profile)
	if err != nil || change == nil {
		t.Fatalf("no change was proposed: %v", err)
	}
	placed, err := site.Order.Place(t.Context(), order.Buyer{UserID: site.People.Shopper.ID}, order.PlaceInput{
		BusinessID: w.shop.ID, Lines: []order.PlaceLine{{VariantID: w.shop.Variant, Quantity: 1}}, Payment: order.PayAtPickup,
		Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "Sam Shopper", Email: "sam@people.example"},
		ExpectedTotal: w.shop.Price(), Locale: "en", ClientToken: ident.Token(),
	})
	if err != nil {
		t.Fatal(err)
	}
	site.SignIn(site.People.Shopper)
	sessions, err := site.Account.Sessions(t.Context(), site.People.Shopper.ID)
	if err != nil || len(sessions) == 0 {
		t.Fatalf("no session of the shopper: %v", err)
	}
	locked, err := site.Measure.Impose(t.Context(), site.People.Operator.As("operator"), w.shop.ID, measure.Input{
		Kind: measure.Lock, Fields: []string{"name"}, Codes: []string{"misleading"}, Facts: "Three names in a week.", Ground: "terms",
		Rule: "A business uses its own name.", Detected: "review", EndsAt: time.Now().Add(7 * 24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	reported, err := site.Notice.File(t.Context(), audit.Public, notice.Input{Business: w.shop.Slug, Kind: "wrong", Text: "The door is on the other side."})
	if err != nil {
		t.Fatal(err)
	}
	appeal, err := site.Complaint.File(t.Context(), site.People.Owner.As("owner"), w.shop.ID, complaint.Measure, locked.ID, "There was one name only.")
	if err != nil {
		t.Fatal(err)
	}
	w.ids = map[string]string{
		"measure": locked.ID, "notice": reported.ID, "complaint": appeal.ID,
		"slug": w.shop.Slug, "business": w.shop.ID, "order": placed.Order.ID, "product": w.shop.Product.ID, "productslug": w.shop.Product.Slug,
		"variant": w.shop.Variant, "request": request.ID, "change": change.ID, "session": sessions[0].ID, "owner": site.People.Owner.ID,
		"cell": w.shop.Cell.Parent(9).String(), "hash": strings.Repeat("0", 64),
	}
	return w
}

func (w things) business(t *testing.T) directory.Business {
	t.Helper()
	b, err := w.site.Directory.Get(t.Context(), w.shop.ID)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// at is a route's address with the things filled in; pairs replace some.
func (w things) at(path string, pairs ...string) string {
	ids := maps.Clone(w.ids)
	for i := 0; i+1 < len(pairs); i += 2 {
		ids[pairs[i]] = pairs[i+1]
	}
	for name, id := range ids {
		path = strings.ReplaceAll(path, "{"+name+"}", id)
	}
	return path
}

// ask asks as somebody, without following redirects.
func ask(b *servertest.Browser, key, path string) *servertest.Page {
	client := *b.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	other := *b
	other.Client = &client
	method, _, _ := strings.Cut(key, " ")
	var form url.Values
	if method != http.MethodGet {
		form = url.Values{"nothing": {"1"}}
	}
	return other.Send(method, path, form)
}

func toSignIn(p *servertest.Page) bool {
	return p.Status == http.StatusSeeOther && strings.HasPrefix(p.Header.Get("Location"), "/sign-in")
}

// A route that is not in the table has not been thought about. The operations
// of the API have a table of their own, in their package.
func TestEveryRouteIsInTheTable(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	mounted := map[string]bool{}
	for _, r := range site.Server.Echo().Routes() {
		key := r.Method + " " + r.Path
		if r.Method == http.MethodHead || strings.HasPrefix(r.Path, "/api/v1/") {
			continue
		}
		mounted[key] = true
		if _, known := pageRoutes[key]; !known {
			t.Errorf("%s has no line in the table of this test: say who may use it", key)
		}
	}
	for key := range pageRoutes {
		if !mounted[key] {
			t.Errorf("%s is in the table and is no route", key)
		}
	}
}

func TestRoutesForNobodySignedIn(t *testing.T) {
	w := newThings(t)
	for _, key := range slices.Sorted(maps.Keys(pageRoutes)) {
		row := pageRoutes[key]
		page := ask(w.site.Guest(), key, w.at(row.path))
		switch row.who {
		case anyone:
			if page.Status >= 500 || page.Status == http.StatusUnauthorized || page.Status == http.StatusForbidden || toSignIn(page) {
				t.Errorf("%s is for anyone: %d to %q", key, page.Status, page.Header.Get("Location"))
			}
		case owns:
			if page.Status != http.StatusNotFound {
				t.Errorf("%s without a proof: %d", key, page.Status)
			}
		case machine:
			if page.Status < 400 || page.Status == http.StatusUnauthorized || page.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s without a signature: %d %s", key, page.Status, page.Header.Get("Content-Type"))
			}
		default:
			if !toSignIn(page) {
				t.Errorf("%s when nobody is signed in: %d to %q", key, page.Status, page.Header.Get("Location"))
			}
		}
	}
}

func TestRoutesForTheWrongRole(t *testing.T) {
	w := newThings(t)
	for _, somebody := range []struct {
		name   string
		signIn *servertest.Browser
		may    []who
	}{
		{"shopper", w.site.SignIn(w.site.People.OtherShopper), nil},
		{"owner", w.site.SignIn(w.site.People.OtherOwner), nil},
		{"verifier", w.site.SignIn(w.site.People.Verifier), []who{verifier}},
		{"operator", w.site.SignIn(w.site.People.Operator), []who{operator}},
	} {
		for _, key := range slices.Sorted(maps.Keys(pageRoutes)) {
			row := pageRoutes[key]
			if row.who != verifier && row.who != operator || slices.Contains(somebody.may, row.who) {
				continue
			}
			if page := ask(somebody.signIn, key, w.at(row.path)); page.Status != http.StatusForbidden {
				t.Errorf("%s as %s: %d", key, somebody.name, page.Status)
			}
		}
	}
	verifierMay := ask(w.site.SignIn(w.site.People.Verifier), "GET /desk", "/desk")
	operatorMay := ask(w.site.SignIn(w.site.People.Operator), "GET /admin", "/admin")
	if verifierMay.Status != http.StatusOK || operatorMay.Status != http.StatusOK {
		t.Errorf("the right roles: %d and %d", verifierMay.Status, operatorMay.Status)
	}
}

// Somebody else's thing is not found: neither under its own address, nor when
// its id is put into an address of one's own.
func TestRoutesWithSomebodyElsesThing(t *testing.T) {
	w := newThings(t)
	strangers := map[string]*servertest.Browser{
		"another shopper": w.site.SignIn(w.site.People.OtherShopper),
		"another owner":   w.site.SignIn(w.site.People.OtherOwner),
		"verifier":        w.site.SignIn(w.site.People.Verifier),
		"operator":        w.site.SignIn(w.site.People.Operator),
	}
	before := w.state(t)
	for _, key := range slices.Sorted(maps.Keys(pageRoutes)) {
		row := pageRoutes[key]
		for name, stranger := range strangers {
			if row.who == member || row.who == owns || strings.Contains(row.path, "{session}") {
				if page := ask(stranger, key, w.at(row.path)); page.Status != http.StatusNotFound {
					t.Errorf("%s as %s: %d", key, name, page.Status)
				}
			}
		}
		// The own business in the address, and somebody else's thing after it.
		if row.who == member && (strings.Contains(row.path, "{order}") || strings.Contains(row.path, "{product}")) {
			if page := ask(strangers["another owner"], key, w.at(row.path, "slug", w.other.Slug)); page.Status != http.StatusNotFound {
				t.Errorf("%s with another's id under the own business: %d", key, page.Status)
			}
		}
	}
	if after := w.state(t); after != before {
		t.Errorf("the exercise changed something: %s became %s", before, after)
	}
}

// state is what no stranger may change.
func (w things) state(t *testing.T) string {
	t.Helper()
	o, err := w.site.Order.Get(t.Context(), w.ids["order"])
	if err != nil {
		t.Fatal(err)
	}
	b := w.business(t)
	p, err := w.site.Catalog.Get(t.Context(), w.shop.ID, w.shop.Product.ID)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := w.site.Account.Sessions(t.Context(), w.site.People.Shopper.ID)
	if err != nil {
		t.Fatal(err)
	}
	members, err := w.site.Account.Members(t.Context(), w.shop.ID)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("order %s %d, business %s %d, product %d, %d sessions, %d members",
		o.State, o.Version, b.State, b.Version, p.Version, len(sessions), len(members))
}

// A browser's cookie is no key to the API: only a token is.
func TestCookieOpensNoAPI(t *testing.T) {
	w := newThings(t)
	for _, path := range []string{"/api/v1/orders", "/api/v1/businesses", "/api/v1/businesses/{business}/orders", "/api/v1/verification/requests"} {
		for _, b := range []*servertest.Browser{w.site.SignIn(w.site.People.Owner), w.site.SignIn(w.site.People.Verifier)} {
			if page := b.Get(w.at(path)); page.Status != http.StatusUnauthorized {
				t.Errorf("%s with a session's cookie: %d", path, page.Status)
			}
		}
	}
}

// Every page that its audience can open is a sound page.
func TestPagesWithoutFaults(t *testing.T) {
	w := newThings(t)
	eyes := map[who]*servertest.Browser{
		anyone: w.site.Guest(), signedIn: w.site.SignIn(w.site.People.Shopper), owns: w.site.SignIn(w.site.People.Shopper),
		member: w.site.SignIn(w.site.People.Owner), verifier: w.site.SignIn(w.site.People.Verifier), operator: w.site.SignIn(w.site.People.Operator),
	}
	for _, key := range slices.Sorted(maps.Keys(pageRoutes)) {
		row := pageRoutes[key]
		if !strings.HasPrefix(key, "GET ") || strings.HasSuffix(key, "/events") || eyes[row.who] == nil {
			continue
		}
		for _, lang := range []string{"en", "de", "ar"} {
			path := w.at(row.path)
			if strings.Contains(path, "?") {
				path += "&lang=" + lang
			} else {
				path += "?lang=" + lang
			}
			page := eyes[row.who].Get(path)
			if page.Status >= 500 {
				t.Errorf("%s: %d", path, page.Status)
			}
			if page.Doc == nil || key == "GET /map" {
				continue // a file, or a part of a page
			}
			for _, fault := range page.Faults() {
				t.Errorf("%s: %s", path, fault)
			}
		}
	}
}

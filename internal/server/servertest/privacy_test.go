package servertest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/geo"
	"nearby/internal/order"
	"nearby/internal/server/servertest"
)

// keptLog is everything that is logged, at every level.
type keptLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (k *keptLog) Write(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(b)
}

func (k *keptLog) bytes() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return bytes.Clone(k.text.Bytes())
}

// canary is a secret, or something of a person, with every form it could leak in.
type canary struct {
	name  string
	forms [][]byte
}

func newCanary(name string, texts ...string) canary {
	c := canary{name: name}
	for _, text := range texts {
		// Base64 has three looks, by where in a longer text it begins.
		for shift := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
			c.forms = append(c.forms, []byte(strings.TrimRight(encoded, "=")[shift+1:len(strings.TrimRight(encoded, "="))-1]))
		}
		c.forms = append(c.forms, []byte(text), []byte(hex.EncodeToString([]byte(text))), []byte(url.QueryEscape(text)),
			[]byte(strings.ReplaceAll(text, ".", "%2E")), []byte(strings.ReplaceAll(text, ".", "%2e")))
	}
	return c
}

// position is a canary of a place: its digits, and the cells that give it away.
func position(p geo.Point) canary {
	var texts []string
	for _, degrees := range []float64{p.Lat, p.Lng} {
		sent := fmt.Sprintf("%.6f", degrees)
		four, five := sent[:len(sent)-2], sent[:len(sent)-1] // decimals, cut and not rounded: more of them follow
		// Without its point a number needs one digit more, or random identifiers hold it by chance.
		texts = append(texts, four, strings.Replace(four, ".", ",", 1), strings.Replace(five, ".", "", 1))
	}
	for resolution := 10; resolution <= 15; resolution++ {
		cell := geo.CellOf(p, resolution)
		texts = append(texts, cell.String(), fmt.Sprint(uint64(cell)))
	}
	return newCanary("position", texts...)
}

// clock is the time of day as logs and databases write it. Its digits are no
// shopper's, and among thousands of them any short number turns up.
var clock = regexp.MustCompile(`\d\d:\d\d:\d\d\.\d+`)

// in says where the canary is in a text without its times of day, or "".
func (c canary) in(text []byte) string {
	text = clock.ReplaceAllLiteral(text, []byte("(time)"))
	for _, form := range c.forms {
		if at := bytes.Index(text, form); at >= 0 {
			return fmt.Sprintf("%s as %q: …%s…", c.name, form, text[max(0, at-60):min(len(text), at+60)])
		}
	}
	return ""
}

// A shopper's place, and whatever else must not be kept, is sent in every way
// a request can hold it, into good and bad requests and a panic. Afterwards
// none of it is anywhere.
func TestNothingPrivateIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		before, log := slog.Default(), &keptLog{}
		slog.SetDefault(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		t.Cleanup(func() { slog.SetDefault(before) })
		site := servertest.New(t, db, servertest.ByHand())
		shop := site.AddShop(servertest.NewShop{})
		site.Server.Echo().GET("/panics", func(c echo.Context) error { panic("asked for " + c.QueryString()) })

		here := geo.Point{Lat: 52.471392, Lng: 13.397184}
		mail, phone := "canary7731@guests.example", "+4930227319"
		const pan = "5200828282828210"
		shopper := site.SignIn(site.People.Shopper)
		secrets := []canary{position(here), newCanary("card number", pan), newCanary("password", servertest.Password)}
		for _, cookie := range shopper.Jar.Cookies(mustURL(t, site.URL)) {
			if len(cookie.Value) > 30 {
				secrets = append(secrets, newCanary("cookie "+cookie.Name, cookie.Value))
			}
		}
		bearer := site.Bearer(site.People.Shopper, "orders:read")
		secrets = append(secrets, newCanary("API token", bearer))

		var errorPages [][]byte
		keep := func(p *servertest.Page) *servertest.Page {
			if p.Status >= 400 {
				errorPages = append(errorPages, p.Body)
			}
			return p
		}
		placed := orderWith(t, site, shop, mail, phone)
		secrets = append(secrets, newCanary("order's link", placed.Token), newCanary("pickup code", site.Order.PickupCode(placed.Order.ID)))
		for n := range 300 {
			for _, path := range searches(here, n) {
				keep(shopper.Get(path + "&card=" + pan + "&mail=" + url.QueryEscape(mail)))
			}
		}
		odd := []string{
			"/panics?lat=%f&lng=%f", "/none/%f/%f", "/b/%f,%f", "/o/%f,%f?t=" + placed.Token, "/photos/%f/%f", "/api/v1/nowhere/%f/%f", "/api/v1/businesses/%f,%f",
			"/o/" + placed.Order.ID + "?t=" + placed.Token + "&near=%f,%f", "/checkout/%f%f", "/desk/%f%f", "/report?business=%f%f",
		}
		for _, pattern := range odd {
			keep(shopper.Get(fmt.Sprintf(pattern, here.Lat, here.Lng)))
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+fmt.Sprintf(pattern, here.Lat, here.Lng),
				strings.NewReader(fmt.Sprintf(`{"lat": %f, "lng": %f, "number": %q, "email": %q}`, here.Lat, here.Lng, pan, mail)))
			if err != nil {
				t.Fatal(err)
			}
			place := fmt.Sprintf("%f,%f", here.Lat, here.Lng)
			for name, value := range map[string]string{
				"Content-Type": "application/json", "Authorization": "Bearer " + bearer, "Referer": site.URL + "/?near=" + place,
				"X-Forwarded-For": place, "Geolocation": place, "Idempotency-Key": place, "If-Match": place, "Accept-Language": place, "X-Request-Id": place,
			} {
				request.Header.Set(name, value)
			}
			keep(shopper.Do(request))
		}
		site.Settle()

		metrics := site.Guest().Get(site.Admin + "/metrics").Body
		logged := log.bytes()
		if !bytes.Contains(logged, []byte("panic: string at")) || !bytes.Contains(metrics, []byte("nearby_http_requests_total")) {
			t.Fatal("the panic was not logged or nothing was counted: this test sees nothing")
		}
		personal := []canary{newCanary("e-mail", mail), newCanary("telephone", phone)}
		for _, c := range slices.Concat(secrets, personal) {
			for name, text := range map[string][]byte{"log": logged, "metrics": metrics} {
				if found := c.in(text); found != "" {
					t.Errorf("%s holds %s", name, found)
				}
			}
		}
		for _, page := range errorPages {
			if found := secrets[0].in(page); found != "" {
				t.Errorf("an error page holds %s", found)
			}
		}
		columns := everyColumn(t, db)
		for _, c := range secrets {
			for column, text := range columns {
				if found := c.in(text); found != "" {
					t.Errorf("%s holds %s", column, found)
				}
			}
			for file, text := range files(t, site.DataDir, filepath.Dir(db.Path())) {
				if found := c.in(text); found != "" {
					t.Errorf("%s holds %s", file, found)
				}
			}
		}
		// A payment page is asked for again in the very same words, the address for
		// the receipt among them.
		meant := map[string][]string{"e-mail": {"orders.contact_email", "payments.params_json"}, "telephone": {"orders.contact_phone"}}
		for _, c := range personal {
			var in []string
			for column, text := range columns {
				if c.in(text) != "" {
					in = append(in, column)
				}
			}
			slices.Sort(in)
			if !slices.Equal(in, meant[c.name]) {
				t.Errorf("%s stands in %v, want %v", c.name, in, meant[c.name])
			}
		}
	})
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// orderWith places an order that is paid by card.
func orderWith(t *testing.T, site *servertest.Site, shop servertest.Shop, mail, phone string) order.Placement {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	placed, err := site.Order.Place(ctx, order.Buyer{GuestID: "guest-of-the-canary"}, order.PlaceInput{
		BusinessID: shop.ID, Lines: []order.PlaceLine{{VariantID: shop.Variant, Quantity: 1}}, Payment: order.PayCard,
		Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "Mia Guest", Email: mail, Phone: phone},
		ExpectedTotal: shop.Price(), Locale: "en", ClientToken: "a-click-of-the-canary",
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := site.Order.Open(ctx, placed.Order.ID)
	if err == nil {
		err = servertest.Pay(ctx, page, servertest.GoodCard)
	}
	if err != nil {
		t.Fatal(err)
	}
	site.Settle()
	return placed
}

// searches are good and bad ways to ask for what is near a place; n varies the
// digits behind the fifth decimal.
func searches(p geo.Point, n int) []string {
	digits := func(degrees float64) string {
		text := fmt.Sprintf("%.6f", degrees)
		return text[:len(text)-1] + fmt.Sprintf("%03d", n)
	}
	lat, lng := digits(p.Lat), digits(p.Lng)
	return []string{
		"/api/v1/nearby?lat=" + lat + "&lng=" + lng, "/api/v1/nearby?lat=" + lat + "&lng=NaN", "/api/v1/nearby?lat=-" + lat + "0e9&lng=" + lng,
		"/api/v1/nearby?lng=" + lng + "&radius_m=-1&lat=" + lat, "/?near=" + lat + "," + lng, "/?lat=" + lat + "&lng=" + lng, "/map?near=" + lat + "%2C" + lng,
		"/api/v1/nearby?cell=" + geo.CellOf(p, 15).String(), "/?cell=" + geo.CellOf(p, 15).String(), "/sign-in?back=" + url.QueryEscape("/?near="+lat+","+lng),
	}
}

// everyColumn is what stands in each column of each table, in one text.
func everyColumn(t *testing.T, db *database.DB) map[string][]byte {
	t.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if db.IsPostgres() {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	var tables []string
	rows, err := db.Pool().QueryContext(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	columns := map[string][]byte{}
	for _, table := range tables {
		rows, err := db.Pool().QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for i, name := range names {
				text := fmt.Sprint(*values[i].(*any))
				if raw, ok := (*values[i].(*any)).([]byte); ok {
					text = string(raw)
				}
				columns[table+"."+name] = append(columns[table+"."+name], "\n"+text...)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(columns) < 100 {
		t.Fatalf("only %d columns were looked at", len(columns))
	}
	return columns
}

// files is every file below the folders, the database's log among them.
func files(t *testing.T, folders ...string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, folder := range folders {
		if folder == "." {
			continue // the folder of a database that is no file
		}
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			all[path], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

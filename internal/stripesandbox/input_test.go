package stripesandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeadersOfPages(t *testing.T) {
	w := newWorld(t)
	s := w.open(sessionParams(w.business()))
	got := map[string]string{}
	r := w.get(s.URL)
	for _, name := range []string{"Cache-Control", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"} {
		got[name] = r.Header.Get(name)
	}
	if diff := cmp.Diff(map[string]string{
		"Cache-Control":           "no-store",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' http://app.test",
		"Referrer-Policy":         "same-origin",
		"X-Content-Type-Options":  "nosniff",
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	form, err := http.NewRequest(http.MethodPost, s.URL, strings.NewReader("number=4242424242424242"))
	w.must(err)
	form.Header.Set("Sec-Fetch-Site", "cross-site")
	foreign, err := w.browser.Do(form)
	w.must(err)
	w.expect(w.read(foreign), http.StatusForbidden, "")
}

func TestFormat(t *testing.T) {
	for want, in := range map[string]struct {
		amount   int64
		currency string
	}{
		"24.00 EUR": {2400, "eur"}, "0.05 USD": {5, "usd"}, "2405 JPY": {2405, "jpy"}, "6.540 KWD": {6540, "kwd"},
		"-0.59 EUR": {-59, "eur"}, "0.00 EUR": {0, "eur"}, "0 JPY": {0, "jpy"},
	} {
		if got := format(in.amount, in.currency); got != want {
			t.Errorf("%d %s: %q, want %q", in.amount, in.currency, got, want)
		}
	}
}

func TestParams(t *testing.T) {
	p := newParams(url.Values{
		"a[b]": {"text"}, "list[0]": {"x"}, "list[1]": {"y"}, "open[]": {"1", "2"}, "rows[0][n]": {"7"}, "rows[0][deep][t]": {"z"},
		"metadata[k]": {"v"}, "metadata[gone]": {""},
	})
	row := p.elements("rows")[0]
	got := fmt.Sprintln(p.text("a[b]"), p.list("list"), p.list("open"), row.number("n", 0), row.text("deep[t]"), merged(nil, p.metadata("metadata")), p.number("none", 5))
	if want := "text [x y] [1 2] 7 z map[k:v] 5\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := p.check(); err != nil {
		t.Errorf("all was read: %v", err)
	}
}

// FuzzParams: no name or value makes a reader fail, and what nobody asked for
// is refused.
func FuzzParams(f *testing.F) {
	f.Add("a[b]=1&list[0]=x&metadata[k]=v")
	f.Add("metadata[]=&list[][x]=1&rows[0]=1&rows[0][n]=")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		p := newParams(values)
		p.text("a[b]")
		p.list("list")
		p.metadata("metadata")
		p.timespan("created")
		for _, row := range p.elements("rows") {
			row.number("n", 0)
		}
		if err := p.check(); err == nil {
			for name := range values {
				if !p.used[name] {
					t.Errorf("%q passed unread", name)
				}
			}
		}
	})
}

// FuzzReadCard: nothing but a listed number is ever taken.
func FuzzReadCard(f *testing.F) {
	f.Add("4242 4242 4242 4242", "12/40", "123")
	f.Add("4000-0000-0000-0002", "1 / 2040", "000")
	f.Fuzz(func(t *testing.T, number, expiry, cvc string) {
		c, err := readCard(number, expiry, cvc, testStart)
		if err != nil {
			return
		}
		digits := strings.NewReplacer(" ", "", "-", "").Replace(number)
		listed := false
		for _, known := range testCards {
			listed = listed || known.Number == digits
		}
		if !listed || c.ExpMonth < 1 || c.ExpMonth > 12 || c.ExpYear < testStart.Year() || len(cvc) != 3 {
			t.Errorf("took %q %q %q as %+v", number, expiry, cvc, c)
		}
	})
}

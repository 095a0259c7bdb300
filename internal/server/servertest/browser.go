package servertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Browser is one visitor of the site: it keeps cookies and follows redirects.
type Browser struct {
	*http.Client
	site *Site
	t    testing.TB
}

// Guest is a browser that has never been here.
func (s *Site) Guest() *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err) // it has no way to fail
	}
	return &Browser{Client: &http.Client{Jar: jar, Timeout: 20 * time.Second}, site: s, t: s.t}
}

// In is the same browser for a subtest.
func (b *Browser) In(t testing.TB) *Browser {
	other := *b
	other.t = t
	return &other
}

// Page is what an address answered, after all redirects.
type Page struct {
	Status int
	URL    *url.URL // where the redirects ended
	Header http.Header
	Body   []byte
	Doc    *html.Node // nil for what is no HTML
}

// Get asks for a path of the site, or for a full address.
func (b *Browser) Get(path string) *Page {
	b.t.Helper()
	return b.Send(http.MethodGet, path, nil)
}

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) *Page {
	b.t.Helper()
	return b.Send(http.MethodPost, path, form)
}

// Send makes one request as a browser on the site's own pages would.
func (b *Browser) Send(method, path string, form url.Values) *Page {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.site.Address(path), body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set("Accept-Language", "en")
	return b.Do(request)
}

// Do makes a request of the test's own.
func (b *Browser) Do(request *http.Request) *Page {
	b.t.Helper()
	response, err := b.Client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	page := &Page{Status: response.StatusCode, URL: response.Request.URL, Header: response.Header, Body: body}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		if page.Doc, err = html.Parse(bytes.NewReader(body)); err != nil {
			b.t.Fatal(err)
		}
	}
	return page
}

// See is Get that insists on a page without faults.
func (b *Browser) See(path string) *Page {
	b.t.Helper()
	page := b.Get(path)
	if page.Status != http.StatusOK {
		b.t.Fatalf("%s: %d\n%s", path, page.Status, page.Text())
	}
	for _, fault := range page.Faults() {
		b.t.Errorf("%s: %s", path, fault)
	}
	return page
}

// Fill finds the page's form that leads to a path beginning with action, keeps
// what it is filled in with, sets the given fields, and sends it.
func (b *Browser) Fill(page *Page, action string, fields url.Values) *Page {
	b.t.Helper()
	form, target := page.form(action)
	if form == nil {
		b.t.Fatalf("%s has no form that leads to %s\n%s", page.URL.Path, action, page.Text())
	}
	values := defaults(form)
	for name, list := range fields {
		values[name] = list
	}
	method := strings.ToUpper(attr(form, "method"))
	at, err := page.URL.Parse(target)
	if err != nil {
		b.t.Fatal(err)
	}
	if method != http.MethodPost {
		at.RawQuery = values.Encode()
		return b.Get(at.String())
	}
	return b.Post(at.String(), values)
}

// Address is the full address of a path of the site.
func (s *Site) Address(path string) string {
	if strings.HasPrefix(path, "http://") {
		return path
	}
	return s.URL + path
}

// Answer is what the API answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON calls the API: body, unless nil, is sent as JSON. headers come in pairs.
func (b *Browser) JSON(method, path string, body any, headers ...string) Answer {
	b.t.Helper()
	var text io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		text = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.site.Address(path), text)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	page := b.Do(request)
	return Answer{Status: page.Status, Header: page.Header, Body: page.Body}
}

// Into decodes the answer's JSON.
func (a Answer) Into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
}

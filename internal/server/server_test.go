package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"nearby/internal/clock"
	"nearby/internal/errs"
	"nearby/internal/server/problem"
	"nearby/internal/server/route"
)

// plain is a server of machine routes only: what the middleware does does not
// depend on pages.
func plain(t *testing.T, config Config, routes ...route.Route) http.Handler {
	t.Helper()
	if config.BaseURL == nil {
		config.BaseURL = &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}
	}
	for i := range routes {
		routes[i].Machine = true
	}
	floor := &route.Floor{Clock: clock.System, BaseURL: config.BaseURL}
	return New(config, clock.System, floor, routes, func(context.Context) error { return nil }).Handler()
}

func echoBody(r *route.Request) (route.Answer, error) {
	body, err := io.ReadAll(r.Req().Body)
	return route.Text{Type: "text/plain", Body: string(body)}, err
}

func send(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8080"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	h := plain(t, Config{BaseURL: &url.URL{Scheme: "https", Host: "nearby.example"}, PaymentOrigins: []string{"https://checkout.stripe.com"}},
		route.Route{Method: "GET", Path: "/api/x", Handle: echoBody})
	for _, target := range []string{"/api/x", "/api/missing", "/livez"} {
		w := send(h, "GET", target, "", "Host", "nearby.example")
		csp := w.Header().Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self' https://checkout.stripe.com") {
			t.Errorf("%s: policy %q", target, csp)
		}
		for _, name := range []string{"X-Request-Id", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security", "Permissions-Policy", "Cross-Origin-Opener-Policy"} {
			if w.Header().Get(name) == "" {
				t.Errorf("%s: no %s", target, name)
			}
		}
	}
}

func TestRequestsAreRefusedBeforeTheHandler(t *testing.T) {
	h := plain(t, Config{},
		route.Route{Method: "POST", Path: "/api/x", Handle: echoBody},
		route.Route{Method: "POST", Path: "/api/large", Body: 1 << 20, Handle: echoBody},
		route.Route{Method: "POST", Path: "/api/panic", Handle: func(*route.Request) (route.Answer, error) { panic("secret@example.com") }},
		route.Route{Method: "GET", Path: "/api/bad", Handle: func(*route.Request) (route.Answer, error) {
			return nil, errs.Fields([]errs.Field{{Name: "lines.0.quantity", Code: "too_few", Message: "At least one."}})
		}},
	)
	big := strings.Repeat("x", 70<<10)
	tests := []struct {
		name, method, target, body string
		header                     []string
		status                     int
		code                       string
	}{
		{"fits", "POST", "/api/x", "hello", nil, 200, ""},
		{"too large", "POST", "/api/x", big, nil, 413, "too_large"},
		{"too large, length hidden", "POST", "/api/x", big, []string{"Transfer-Encoding", "chunked"}, 413, "too_large"},
		{"large where allowed", "POST", "/api/large", big, nil, 200, ""},
		{"foreign host", "POST", "/api/x", "", []string{"Host", "evil.example"}, 421, "wrong_host"},
		{"another loopback name", "POST", "/api/x", "", []string{"Host", "localhost:9999"}, 200, ""},
		{"from another site", "POST", "/api/x", "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross_origin"},
		{"from another origin, old browser", "POST", "/api/x", "", []string{"Origin", "https://evil.example"}, 403, "cross_origin"},
		{"from our own page", "POST", "/api/x", "", []string{"Sec-Fetch-Site", "same-origin"}, 200, ""},
		{"missing", "GET", "/api/nothing", "", nil, 404, "not_found"},
		{"wrong method", "PUT", "/api/x", "", nil, 405, "method_not_allowed"},
		{"panic", "POST", "/api/panic", "", nil, 500, "internal"},
		{"wrong fields", "GET", "/api/bad", "", nil, 422, "invalid_fields"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := send(h, test.method, test.target, test.body, test.header...)
			if w.Code != test.status {
				t.Fatalf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			if test.code == "" {
				return
			}
			var p problem.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code != test.code || p.Status != test.status {
				t.Fatalf("problem %s, %v; want code %s", w.Body, err, test.code)
			}
			if w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "secret@example.com") {
				t.Fatalf("answer %v %s", w.Header(), w.Body)
			}
		})
	}
	w := send(h, "GET", "/api/bad", "")
	if !strings.Contains(w.Body.String(), `"/lines/0/quantity"`) {
		t.Errorf("no JSON pointer in %s", w.Body)
	}
}

func TestSlashAtTheEndStaysHere(t *testing.T) {
	h := plain(t, Config{}, route.Route{Method: "GET", Path: "/api/x", Handle: echoBody})
	for target, want := range map[string]string{
		"/api/x/?a=1":             "/api/x?a=1",
		"//evil.example/":         "/evil.example",
		"///evil.example/path///": "/evil.example/path",
	} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusPermanentRedirect || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", target, w.Code, w.Header().Get("Location"), want)
		}
	}
}

func TestForwardedAddressIsBelievedFromProxiesOnly(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "198.51.100.7:1234"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	if got := clientAddress(nil)(r); got != "198.51.100.7" {
		t.Errorf("without proxies: %s", got)
	}
}

func TestSafePathNeverLeavesTheSite(t *testing.T) {
	for path, want := range map[string]string{
		"/cart?x=1":            "/cart?x=1",
		"//evil.example":       "/",
		"/\\evil.example":      "/",
		"https://evil.example": "/",
		"/\t/evil.example":     "/",
		"":                     "/",
		"/%09/evil":            "/%09/evil", // stays a path of ours
	} {
		if got := route.SafePath(path, "/"); got != want {
			t.Errorf("SafePath(%q) = %q, want %q", path, got, want)
		}
	}
}

package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nearby/internal/database/dbtest"
	"nearby/internal/server"
)

// TestStorm sends tens of thousands of broken, odd and hostile requests, made
// from the examples by a seed. None may be answered with 5xx, by a panic, or by
// something that is not a problem document; goroutines stay as they were.
// NEARBY_SEED replays a run.
func TestStorm(t *testing.T) {
	n := 30_000
	if testing.Short() {
		n = 3_000
	}
	seed := uint64(20260504)
	if s := os.Getenv("NEARBY_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d", seed)
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.furnish()
	s := &storm{rand: rand.New(rand.NewPCG(seed, 1)), h: h, calls: h.calls()}
	var log bytes.Buffer
	was := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})))
	defer slog.SetDefault(was)
	before := 0
	statuses := map[int]int{}
	for i := range n {
		if i == n/10 {
			before = runtime.NumGoroutine()
		}
		r := s.request()
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(recorder{w}, r)
		statuses[w.Code]++
		if w.Code >= 500 {
			t.Fatalf("request %d of seed %d: %s %s\n%v\nstatus %d: %s\n%s", i, seed, r.Method, r.URL, r.Header, w.Code, w.Body, log.String())
		}
		if w.Code >= 400 && r.Method != http.MethodHead && strings.HasPrefix(r.URL.Path, "/api/") {
			var p struct{ Code string }
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" {
				t.Fatalf("request %d of seed %d: %s %s\nstatus %d is no problem document: %s", i, seed, r.Method, r.URL, w.Code, w.Body)
			}
		}
	}
	t.Logf("statuses %v", statuses)
	if statuses[200] == 0 || statuses[422] == 0 || statuses[404] == 0 || statuses[400] == 0 {
		t.Error("the storm is too one-sided to prove anything")
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+10; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d after the first tenth", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

// storm makes requests.
type storm struct {
	rand  *rand.Rand
	h     *house
	calls []exampleCall
}

func (s *storm) one(of ...string) string { return of[s.rand.IntN(len(of))] }

func (s *storm) chance(percent int) bool { return s.rand.IntN(100) < percent }

// odd is a text that somebody might regret to read.
func (s *storm) odd() string {
	switch s.rand.IntN(9) {
	case 0:
		return s.one("", " ", "\x00", "a\x00b", "\xff\xfe", "\u202e", "'", "\"", "\\", "%", "../..", "<script>", "{}", "null", "NaN", "Infinity", "-0", "1e999")
	case 1:
		return strconv.FormatInt(s.rand.Int64()-s.rand.Int64(), 10)
	case 2:
		return strconv.FormatFloat(s.rand.NormFloat64()*1e12, 'g', -1, 64)
	case 3:
		return strings.Repeat(s.one("x", "é", "😀", "\x00", "[", "9"), s.rand.IntN(5000))
	case 4:
		b := make([]byte, s.rand.IntN(60))
		for i := range b {
			b[i] = byte(s.rand.IntN(256))
		}
		return string(b)
	case 5:
		return s.one("2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0000-01-01", "now", "true", "draft", "all", "EUR", "XXX")
	case 6:
		return s.one("harbour-bakery", exampleID(s.rand.IntN(30)), "01890a5d-ac96-774b-bcce-b302099a8057", strings.ToUpper(exampleBusiness))
	case 7:
		return fmt.Sprintf("%d,%d,%d,%d", s.rand.IntN(500)-250, s.rand.IntN(300)-150, s.rand.IntN(500)-250, s.rand.IntN(300)-150)
	}
	return s.one("90", "-90", "180", "181", "90.0000001", "1e308", "-1e308", "5e-324", "0", "-1", "22", "50000")
}

// value is a value of any JSON type.
func (s *storm) value(depth int) any {
	switch s.rand.IntN(8) {
	case 0:
		return nil
	case 1:
		return s.chance(50)
	case 2:
		return json.RawMessage(s.one("1", "-1", "0", "1.5", "1e3", "1e30", "-1e400", "9223372036854775807", "9223372036854775808", "0.1"))
	case 3:
		if depth > 0 {
			return []any{s.value(depth - 1), s.value(depth - 1)}
		}
	case 4:
		if depth > 0 {
			return map[string]any{s.odd(): s.value(depth - 1), "amount": s.value(depth - 1)}
		}
	}
	return s.odd()
}

// spoil changes something in a body, down to a depth.
func (s *storm) spoil(v any, depth int) any {
	if s.chance(10) || depth == 0 {
		return s.value(2)
	}
	switch v := v.(type) {
	case map[string]any:
		if s.chance(20) {
			v[s.odd()] = s.value(2)
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			switch {
			case s.chance(10):
				delete(v, name)
			case s.chance(30):
				v[name] = s.spoil(v[name], depth-1)
			}
		}
	case []any:
		for i := range v {
			v[i] = s.spoil(v[i], depth-1)
		}
		if s.chance(20) {
			for range s.rand.IntN(300) {
				v = append(v, s.value(1))
			}
		}
		return v
	}
	return v
}

func (s *storm) body(c exampleCall) []byte {
	var v any
	switch s.rand.IntN(10) {
	case 0:
		return []byte(s.odd())
	case 1:
		return []byte(strings.Repeat(s.one("[", `{"a":`, " "), s.rand.IntN(20_000)))
	case 2:
		return append(append([]byte{}, c.body...), c.body...)
	case 3:
		return c.body[:s.rand.IntN(len(c.body)+1)]
	}
	if json.Unmarshal(c.body, &v) != nil {
		return append(append([]byte{}, c.body...), s.odd()...)
	}
	out, err := json.Marshal(s.spoil(v, 4))
	if err != nil {
		return []byte("{") // a number that JSON cannot hold
	}
	return out
}

func (s *storm) target(c exampleCall) string {
	path, query, _ := strings.Cut(c.target, "?")
	if s.chance(25) {
		parts := strings.Split(path, "/")
		parts[s.rand.IntN(len(parts))] = url.PathEscape(s.odd())
		path = strings.Join(parts, "/")
	}
	if s.chance(5) {
		path = s.one("/", "//", "/api", "/api/v1", "/api/v1/", "/api/docs", "/api/openapi.json", "/%2e%2e/", path+"/", path+"/../x", strings.ToUpper(path))
	}
	values, _ := url.ParseQuery(query)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if s.chance(30) {
			values.Set(name, s.odd())
		}
	}
	for range s.rand.IntN(3) {
		values.Add(s.one("lat", "lng", "cell", "limit", "cursor", "q", "open", "category", "attributes", "radius_m", "pickup", "bbox", "zoom", "state", "t", "token", s.odd()), s.odd())
	}
	query = values.Encode()
	if s.chance(5) {
		query = s.odd()
	}
	return path + "?" + query
}

func (s *storm) request() *http.Request {
	c := s.calls[s.rand.IntN(len(s.calls))]
	method := c.method
	if s.chance(5) {
		method = s.one("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PURGE", "X")
	}
	body := c.body
	if s.chance(70) {
		body = s.body(c)
	}
	target := c.target
	if s.chance(70) {
		target = s.target(c)
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:8080/", strings.NewReader(string(body)))
	path, query, _ := strings.Cut(target, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		decoded = path
	}
	r.URL = &url.URL{Path: decoded, RawPath: path, RawQuery: query}
	r.RequestURI = target
	for i := 0; i+1 < len(c.header); i += 2 {
		if !s.chance(10) {
			r.Header.Set(c.header[i], c.header[i+1])
		}
	}
	if s.chance(40) {
		r.Header.Set(s.one("Authorization", "Idempotency-Key", "If-Match", "Content-Type", "Accept", "Accept-Language", "Order-Token", "Origin", "Content-Encoding"), header(s.odd()))
	}
	if s.chance(20) {
		r.Header.Set("Accept", s.one("*/*", "application/geo+json", "text/html", "application/xml;q=x", ";;;", "application/json, application/geo+json;q=0.1"))
	}
	if s.chance(30) {
		r.Header.Set("Idempotency-Key", s.one("a", "b", "c"))
	}
	r.Host = "127.0.0.1:8080"
	return r
}

// header leaves what net/http lets through in a header.
func header(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

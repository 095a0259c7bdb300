package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"nearby/internal/database/dbtest"
	"nearby/internal/server"
	"nearby/internal/server/problem"
)

func TestBadInputGetsAClearAnswer(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.furnish()
	owner := h.tokens["owner"]
	big := []byte(`{"note":"` + strings.Repeat("x", 10<<20) + `"}`)
	for _, test := range []struct {
		name, method, target, body, token string
		status                            int
		code, pointer                     string
	}{
		{"lat", "GET", "/nearby?lat=91&lng=13", "", "", 422, "out_of_range", "/lat"},
		{"lng NaN", "GET", "/nearby?lat=52&lng=NaN", "", "", 422, "bad_point", "/lng"},
		{"lng Inf", "GET", "/nearby?lat=52&lng=Inf", "", "", 422, "bad_point", "/lng"},
		{"lat no number", "GET", "/nearby?lat=north&lng=1", "", "", 400, "wrong_type", "/lat"},
		{"no place", "GET", "/nearby", "", "", 422, "required", "/lat"},
		{"both places", "GET", "/nearby?lat=1&lng=1&cell=891f1d48177ffff", "", "", 422, "not_both", "/cell"},
		{"cell", "GET", "/nearby?cell=zzz", "", "", 422, "bad_cell", "/cell"},
		{"limit below", "GET", "/nearby?lat=1&lng=1&limit=-1", "", "", 422, "out_of_range", "/limit"},
		{"limit above", "GET", "/nearby?lat=1&lng=1&limit=51", "", "", 422, "out_of_range", "/limit"},
		{"limit huge", "GET", "/nearby?lat=1&lng=1&limit=99999999999999999999", "", "", 422, "out_of_range", "/limit"},
		{"radius", "GET", "/nearby?lat=1&lng=1&radius_m=50001", "", "", 422, "out_of_range", "/radius_m"},
		{"radius NaN", "GET", "/nearby?lat=1&lng=1&radius_m=NaN", "", "", 422, "out_of_range", "/radius_m"},
		{"NUL", "GET", "/nearby?lat=1&lng=1&q=a%00b", "", "", 422, "bad_text", "/q"},
		{"category", "GET", "/nearby?lat=1&lng=1&category=nonsense", "", "", 422, "unknown_category", "/category"},
		{"attribute", "GET", "/nearby?lat=1&lng=1&attributes=nonsense", "", "", 422, "unknown_attribute", "/attributes"},
		{"hours", "GET", "/hours?hours=Mo-Fr+9+bis+17&time_zone=UTC", "", "", 422, "bad_hours", "/hours"},
		{"hours' zone", "GET", "/hours?hours=24/7&time_zone=Mars/Olympus", "", "", 422, "bad_format", "/time_zone"},
		{"hours' time", "GET", "/hours?hours=24/7&time_zone=UTC&at=noon", "", "", 422, "bad_time", "/at"},
		{"hours' year", "GET", "/hours?hours=24/7&time_zone=UTC&at=9999-12-31T23:59:59Z", "", "", 422, "bad_time", "/at"},
		{"hours' cell", "GET", "/hours?hours=24/7&time_zone=UTC&cell=zz", "", "", 422, "bad_cell", "/cell"},
		{"open", "GET", "/nearby?lat=1&lng=1&open=later", "", "", 422, "bad_time", "/open"},
		{"polygon", "GET", "/nearby?lat=1&lng=1&polygon=1,2,3", "", "", 422, "bad_polygon", "/polygon"},
		{"around the pole", "GET", "/nearby/facets?lat=1&lng=1&polygon=0,80,120,80,-120,80", "", "", 422, "bad_polygon", "/polygon"},
		{"within cell", "GET", "/nearby/cells?bbox=1,2,3,4&zoom=3&within_cell=zzz", "", "", 422, "bad_cell", "/within_cell"},
		{"verified since", "GET", "/nearby?lat=1&lng=1&verified_since=often", "", "", 422, "bad_time", "/verified_since"},
		{"cursor", "GET", "/nearby?lat=1&lng=1&cursor=abc", "", "", 422, "bad_cursor", "/cursor"},
		{"unknown parameter", "GET", "/nearby?lat=1&lng=1&radius=5", "", "", 422, "unknown_parameter", "/radius"},
		{"box", "GET", "/nearby/cells?bbox=1,2,3&zoom=3", "", "", 422, "bad_box", "/bbox"},
		{"zoom missing", "GET", "/nearby/cells?bbox=1,2,3,4", "", "", 422, "required", "/zoom"},
		{"no such business", "GET", "/businesses/nothing", "", "", 404, "not_found", ""},
		{"NUL in a path", "GET", "/businesses/a%00b", "", "", 404, "not_found", ""},
		{"no such product", "GET", "/products/nothing", "", "", 404, "not_found", ""},
		{"no such receipt", "GET", "/notices/" + strings.Repeat("%00", 16), "", "", 404, "not_found", ""},
		{"no such address", "GET", "/nothing", "", "", 404, "not_found", ""},
		{"no such method", "PUT", "/orders", "", "", 405, "method_not_allowed", ""},
		{"no body", "POST", "/orders", "", "", 400, "malformed", ""},
		{"not JSON", "POST", "/orders", "{", "", 400, "malformed", ""},
		{"two documents", "POST", "/orders", "{}{}", "", 400, "malformed", ""},
		{"a list", "POST", "/orders", "[]", "", 422, "wrong_type", ""},
		{"unknown field", "POST", "/quotes", `{"business_id":"x","lines":[{"variant_id":"x","quantity":1}],"fulfilment":{"kind":"pickup"},"payment":"card","colour":"red"}`, "", 422, "unknown_field", "/colour"},
		{"missing field", "POST", "/quotes", `{"business_id":"x","lines":[{"variant_id":"x"}],"fulfilment":{"kind":"pickup"},"payment":"card"}`, "", 422, "required", "/lines/0/quantity"},
		{"quantity", "POST", "/quotes", `{"business_id":"x","lines":[{"variant_id":"x","quantity":0}],"fulfilment":{"kind":"pickup"},"payment":"card"}`, "", 422, "out_of_range", "/lines/0/quantity"},
		{"quantity as text", "POST", "/quotes", `{"business_id":"x","lines":[{"variant_id":"x","quantity":"1"}],"fulfilment":{"kind":"pickup"},"payment":"card"}`, "", 422, "wrong_type", "/lines/0/quantity"},
		{"amount beyond 64 bits", "POST", "/orders", `{"expected_total":{"amount":1e30,"currency":"EUR"},"business_id":"x","lines":[{"variant_id":"x","quantity":1}],"fulfilment":{"kind":"pickup"},"payment":"card"}`, "", 422, "wrong_type", "/expected_total/amount"},
		{"a whole number with a fraction", "POST", "/quotes", `{"business_id":"x","lines":[{"variant_id":"x","quantity":1.5}],"fulfilment":{"kind":"pickup"},"payment":"card"}`, "", 422, "wrong_type", "/lines/0/quantity"},
		{"room's words", "POST", "/quotes", `{"business_id":"x","lines":[{"variant_id":"x","quantity":1}],"fulfilment":{"kind":"pickup"},"payment":"card"}`, "", 422, "bad_id", "/business_id"},
		{"NUL in a body", "POST", "/notices", `{"business":"harbour-bakery","kind":"closed","text":"a\u0000b"}`, "", 400, "malformed", ""},
		{"10 MB", "POST", "/orders", string(big), "", 413, "too_large", ""},
		{"edit without If-Match", "PATCH", "/businesses/harbour-bakery", `{"description":"x"}`, owner, 422, "if_match_required", "/If-Match"},
		{"wrong token", "GET", "/businesses", "", "nb_nothing", 401, "bad_token", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := []string{"Content-Type", "application/json"}
			if test.token != "" {
				header = append(header, "Authorization", "Bearer "+test.token)
			}
			w := h.call(test.method, prefix+test.target, []byte(test.body), header...)
			wantProblem(t, w.Code, w.Header(), w.Body.Bytes(), test.status, test.code, test.pointer)
		})
	}
	w := h.call("POST", prefix+"/orders", []byte("<x/>"), "Content-Type", "text/xml")
	wantProblem(t, w.Code, w.Header(), w.Body.Bytes(), 415, "unsupported_type", "")
}

// wantProblem checks a problem document. With a pointer, code is that of the
// field.
func wantProblem(t *testing.T, status int, header http.Header, body []byte, wantStatus int, code, pointer string) {
	t.Helper()
	var p problem.Problem
	if err := json.Unmarshal(body, &p); err != nil || status != wantStatus || p.Status != status || header.Get("Content-Type") != problem.Type {
		t.Fatalf("status %d %q, want %d: %s, %v", status, header.Get("Content-Type"), wantStatus, body, err)
	}
	if !strings.HasPrefix(p.Instance, "urn:uuid:") || p.Type != "/api/docs#"+p.Code {
		t.Errorf("instance %q, type %q", p.Instance, p.Type)
	}
	if pointer == "" {
		if p.Code != code && (len(p.Errors) == 0 || p.Errors[0].Code != code) {
			t.Fatalf("code %s, want %s: %s", p.Code, code, body)
		}
		return
	}
	for _, f := range p.Errors {
		if f.Pointer == pointer && f.Code == code && f.Message != "" {
			return
		}
	}
	t.Fatalf("no %s at %s in %s", code, pointer, body)
}

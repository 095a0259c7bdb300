package stripesandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
	"github.com/stripe/stripe-mock/spec"
)

// contract is Stripe's own description of its API, and stripe-mock, which
// refuses requests that do not follow it.
type contract struct {
	spec   *spec.Spec
	mock   *server.StubServer
	events map[string]bool // every type of event there is
}

var stripeContract = sync.OnceValue(func() contract {
	sp, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		panic(err)
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		panic(err)
	}
	mock, err := server.NewStubServer(fixtures, sp, true, false)
	if err != nil {
		panic(err)
	}
	c := contract{sp, mock, map[string]bool{}}
	form := sp.Paths["/v1/webhook_endpoints"]["post"].RequestBody.Content["application/x-www-form-urlencoded"].Schema
	for _, typ := range form.Properties["enabled_events"].Items.Enum {
		c.events[typ.(string)] = true
	}
	return c
})

// underContract lets every request through to the sandbox and holds what was
// accepted against Stripe's description: stripe-mock must accept the request
// too, and the answer must be what the description says, no more and no less.
func underContract(t *testing.T, sandbox http.Handler) http.Handler {
	c := stripeContract()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/") {
			sandbox.ServeHTTP(w, r)
			return
		}
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		answer := httptest.NewRecorder()
		defer func() { // an answer cut in the middle is passed on like that
			if cut := recover(); cut != nil {
				_, _ = w.Write(answer.Body.Bytes())
				_ = http.NewResponseController(w).Flush()
				panic(cut)
			}
		}()
		sandbox.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if answer.Code == http.StatusOK {
			for _, problem := range slices.Concat(c.checkRequest(r, sent), c.checkAnswer(r, body)) {
				t.Errorf("%s %s: %s", r.Method, r.URL.Path, problem)
			}
		} else if strings.HasPrefix(answer.Header().Get("Content-Type"), "application/json") {
			for _, problem := range c.check("error", body) {
				t.Errorf("%s %s: refusal: %s", r.Method, r.URL.Path, problem)
			}
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
	})
}

func (c contract) checkRequest(r *http.Request, sent []byte) []string {
	again := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(sent))
	again.Header = r.Header.Clone()
	answer := httptest.NewRecorder()
	c.mock.HandleRequest(answer, again)
	if answer.Code != http.StatusOK {
		return []string{fmt.Sprintf("stripe-mock refuses the request: %d %s", answer.Code, answer.Body)}
	}
	return nil
}

func (c contract) checkAnswer(r *http.Request, body []byte) []string {
	for path, verbs := range c.spec.Paths {
		operation := verbs[spec.HTTPVerb(strings.ToLower(r.Method))]
		if operation == nil || !sameRoute(string(path), r.URL.Path) {
			continue
		}
		return c.walk(operation.Responses["200"].Content["application/json"].Schema, decodeJSON(body), "answer")
	}
	return []string{"Stripe's description knows no such route"}
}

func sameRoute(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(p, q, func(a, b string) bool { return a == b || strings.HasPrefix(a, "{") })
}

// checkEvent holds an event and the object in it against the description.
func (c contract) checkEvent(body []byte) []string {
	problems := c.check("event", body)
	var e struct {
		Type string
		Data struct{ Object json.RawMessage }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return append(problems, err.Error())
	}
	if !c.events[e.Type] {
		problems = append(problems, "there is no event "+e.Type)
	}
	var about struct{ Object string }
	if err := json.Unmarshal(e.Data.Object, &about); err != nil {
		return append(problems, err.Error())
	}
	return append(problems, c.check(about.Object, e.Data.Object)...)
}

func (c contract) check(name string, body []byte) []string {
	schema, ok := c.spec.Components.Schemas[name]
	if !ok {
		return []string{"there is no object " + name}
	}
	return c.walk(schema, decodeJSON(body), name)
}

func decodeJSON(body []byte) any {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		panic(err)
	}
	return v
}

// walk tells every difference between a value and its schema. The world is
// closed: a property the schema does not name is a difference.
func (c contract) walk(s *spec.Schema, v any, at string) []string {
	if s.Ref != "" {
		s = c.spec.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	if v == nil {
		if s.Nullable {
			return nil
		}
		return []string{at + " is null"}
	}
	if len(s.AnyOf) > 0 {
		return c.walkAny(s.AnyOf, v, at)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return []string{fmt.Sprintf("%s is %v, not one of %v", at, v, s.Enum)}
	}
	switch v := v.(type) {
	case string:
		if s.Type != "string" || s.MaxLength > 0 && len(v) > s.MaxLength {
			return []string{fmt.Sprintf("%s is the string %q, not %s of at most %d", at, v, s.Type, s.MaxLength)}
		}
	case bool:
		if s.Type != "boolean" {
			return []string{at + " is a boolean, not " + s.Type}
		}
	case float64:
		if s.Type != "number" && (s.Type != "integer" || v != math.Trunc(v)) {
			return []string{fmt.Sprintf("%s is the number %v, not %s", at, v, s.Type)}
		}
	case []any:
		return c.walkList(s, v, at)
	case map[string]any:
		return c.walkObject(s, v, at)
	}
	return nil
}

// walkAny is the differences to the alternative that comes nearest.
func (c contract) walkAny(alternatives []*spec.Schema, v any, at string) []string {
	var best []string
	for i, s := range alternatives {
		problems := c.walk(s, v, at)
		if len(problems) == 0 {
			return nil
		}
		if i == 0 || len(problems) < len(best) {
			best = problems
		}
	}
	return best
}

func (c contract) walkList(s *spec.Schema, v []any, at string) []string {
	if s.Type != "array" {
		return []string{at + " is a list, not " + s.Type}
	}
	var problems []string
	for i, element := range v {
		problems = append(problems, c.walk(s.Items, element, fmt.Sprintf("%s[%d]", at, i))...)
	}
	return problems
}

func (c contract) walkObject(s *spec.Schema, v map[string]any, at string) []string {
	if s.Type != "object" {
		return []string{at + " is an object, not " + s.Type}
	}
	var problems []string
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			problems = append(problems, at+"."+name+" is missing")
		}
	}
	for name, value := range v {
		switch property, known := s.Properties[name]; {
		case known:
			problems = append(problems, c.walk(property, value, at+"."+name)...)
		case s.AdditionalProperties != nil:
			problems = append(problems, c.walk(s.AdditionalProperties, value, at+"."+name)...)
		case len(s.Properties) > 0:
			problems = append(problems, at+"."+name+" is unknown to Stripe")
		}
	}
	return problems
}

// TestContractNotices makes sure that the checks above can fail.
func TestContractNotices(t *testing.T) {
	c := stripeContract()
	good := object{
		"id": "fr_1", "object": "fee_refund", "amount": 1, "created": 1, "currency": "eur", "fee": "fee_1",
		"balance_transaction": nil, "metadata": object{"a": "b"},
	}
	for name, spoil := range map[string]func(object){
		"unknown property": func(o object) { o["surprise"] = 1 },
		"missing property": func(o object) { delete(o, "fee") },
		"null":             func(o object) { o["currency"] = nil },
		"wrong type":       func(o object) { o["amount"] = "1" },
		"no whole number":  func(o object) { o["amount"] = 1.5 },
		"wrong enum":       func(o object) { o["object"] = "refund" },
		"wrong metadata":   func(o object) { o["metadata"] = object{"a": 1} },
		"too long":         func(o object) { o["id"] = strings.Repeat("x", 5001) },
		"half an object":   func(o object) { o["fee"] = object{"id": "fee_1"} },
	} {
		t.Run(name, func(t *testing.T) {
			o := maps.Clone(good)
			if problems := c.check("fee_refund", mustJSON(t, o)); problems != nil {
				t.Fatalf("the good one: %v", problems)
			}
			spoil(o)
			if problems := c.check("fee_refund", mustJSON(t, o)); problems == nil {
				t.Error("not noticed")
			}
		})
	}
	bad := httptest.NewRequest(http.MethodGet, "/v1/balance?nonsense=1", nil)
	bad.Header.Set("Authorization", "Bearer "+testKey)
	if c.checkRequest(bad, nil) == nil {
		t.Error("stripe-mock took an unknown parameter")
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

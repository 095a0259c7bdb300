package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/server"
)

var update = flag.Bool("update", false, "write examples.json anew")

// TestExamples replays every example of the OpenAPI document, as a program
// would read it, against a running server. What it answers must have the
// documented status, fit the documented schema, and be the documented answer.
func TestExamples(t *testing.T) {
	if *update {
		record(t, dbtest.SQLite(t))
		return
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, server.Config{})
		h.furnish()
		for _, call := range h.calls() {
			t.Run(call.id, func(t *testing.T) {
				got := call.send(h)
				if got.Code != call.status {
					t.Fatalf("status %d, want %d: %s", got.Code, call.status, got.Body)
				}
				if call.status == 204 {
					return
				}
				h.fits(t, call, got.Body.Bytes())
				documented, err := json.Marshal(call.answer)
				h.must(err)
				if diff := cmp.Diff(pretty(t, documented), pretty(t, h.masked(got.Body.Bytes()))); diff != "" {
					t.Errorf("the answer is not the documented one (go test -run TestExamples -update writes it anew):\n%s", diff)
				}
			})
		}
	})
}

func record(t *testing.T, db *database.DB) {
	h := open(t, db, server.Config{})
	h.furnish()
	answers := map[string]json.RawMessage{}
	for _, call := range h.calls() {
		got := call.send(h)
		if got.Code != call.status {
			t.Errorf("%s: status %d, want %d: %s", call.id, got.Code, call.status, got.Body)
		} else if got.Code != 204 {
			answers[call.id] = h.masked(got.Body.Bytes())
		}
	}
	body, err := json.MarshalIndent(answers, "", "  ")
	h.must(err)
	h.must(os.WriteFile("examples.json", append(body, '\n'), 0o644))
}

func pretty(t *testing.T, body []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	out, _ := json.MarshalIndent(v, "", "  ")
	return string(out)
}

// exampleCall is one example of the document.
type exampleCall struct {
	id, method, target string
	header             []string
	body               []byte
	status             int
	answer             any
}

func (c exampleCall) send(h *house) *httptest.ResponseRecorder {
	return h.call(c.method, c.target, c.body, c.header...)
}

// doc is what the test reads of the served document.
type doc struct {
	Paths map[string]map[string]struct {
		OperationID string                `json:"operationId"`
		Security    []map[string][]string `json:"security"`
		Parameters  []struct {
			Name, In string
			Required bool
			Example  any
		} `json:"parameters"`
		RequestBody struct {
			Content map[string]struct{ Example any } `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Content map[string]struct{ Example any } `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
}

// order of replaying: what takes things away comes last.
var later = []string{"archive-product", "remove-staff", "close-business", "submit-business", "cancel-order", "place-order", "answer-dispute"}

// calls are the document's examples, in the order of their ids.
func (h *house) calls() []exampleCall {
	h.t.Helper()
	served := h.call("GET", "/api/openapi.json", nil)
	var d doc
	h.must(json.Unmarshal(served.Body.Bytes(), &d))
	var calls []exampleCall
	for path, methods := range d.Paths {
		for method, op := range methods {
			c := exampleCall{id: op.OperationID, method: strings.ToUpper(method), target: path}
			query := url.Values{}
			for _, p := range op.Parameters {
				if p.Required && p.Example == nil {
					h.t.Errorf("%s: no example of %s", c.id, p.Name)
				}
				if p.Example == nil {
					continue
				}
				value := h.real(text(p.Example))
				switch p.In {
				case "path":
					c.target = strings.ReplaceAll(c.target, "{"+p.Name+"}", url.PathEscape(value))
				case "query":
					query.Set(p.Name, value)
				case "header":
					c.header = append(c.header, p.Name, value)
				}
			}
			if len(query) > 0 {
				c.target += "?" + query.Encode()
			}
			for kind, media := range op.RequestBody.Content {
				c.header = append(c.header, "Content-Type", kind)
				switch example := media.Example.(type) {
				case nil:
					c.body = h.photo // the one kind of body that JSON cannot hold
				case string:
					c.body = []byte(example)
				default:
					raw, err := json.Marshal(example)
					h.must(err)
					c.body = []byte(h.real(string(raw)))
				}
				if media.Example == nil && kind != "image/*" {
					h.t.Errorf("%s: no example of the body", c.id)
				}
			}
			for status, response := range op.Responses {
				if n, err := strconv.Atoi(status); err == nil && n < 300 {
					c.status = n
					c.answer = response.Content["application/json"].Example
				}
			}
			c.header = append(c.header, h.as(h.whose(op.OperationID, len(op.Security) > 0))...)
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, func(a, b exampleCall) int {
		if x, y := slices.Index(later, a.id), slices.Index(later, b.id); x != y {
			return x - y
		}
		return strings.Compare(a.id, b.id)
	})
	return calls
}

// whose token an example is sent with.
func (h *house) whose(id string, secured bool) string {
	op := h.operation(id)
	switch {
	case !secured:
		return ""
	case op.role == account.Verifier:
		return "verifier"
	case slices.Contains([]string{"get-order", "cancel-order", "list-orders"}, id):
		return "shopper"
	case slices.Contains([]string{"place-order", "get-business", "list-products", "file-notice"}, id):
		return ""
	}
	return "owner"
}

func (h *house) operation(id string) operation {
	for _, op := range h.api.table {
		if op.id == id {
			return op
		}
	}
	h.t.Fatalf("no operation %s", id)
	return operation{}
}

func text(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b)
	}
	s, _ := v.(string)
	return s
}

// real puts the ids of this house in the places of the examples' ones.
func (h *house) real(text string) string {
	for example, id := range h.ids {
		text = strings.ReplaceAll(text, example, id)
	}
	return text
}

var (
	anyID      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anyToken   = regexp.MustCompile(`"(token|next_cursor)":"[A-Za-z0-9_-]{43,}"`)
	anyCode    = regexp.MustCompile(`"pickup_code":"[^"]+"`)
	anyReceipt = regexp.MustCompile(`"receipt":"[A-Z0-9]{16}"`)
	anyDispute = regexp.MustCompile(`\bdp_[A-Za-z0-9]+`)
	anyPage    = regexp.MustCompile(`"checkout_url":"[^"]+"`)
)

// masked is an answer with everything random replaced: ids of the house by
// those of the examples, others by their number in the answer.
func (h *house) masked(body []byte) []byte {
	names := map[string]string{}
	for example, id := range h.ids {
		names[id] = example
	}
	n := 1000
	body = anyID.ReplaceAllFunc(body, func(id []byte) []byte {
		if names[string(id)] == "" {
			n++
			names[string(id)] = exampleID(n)
		}
		return []byte(names[string(id)])
	})
	body = anyToken.ReplaceAll(body, []byte(`"$1":"cGxlYXNlLWtlZXAtdGhpcy1zZWNyZXQtbG9uZy1lbm91"`))
	body = anyCode.ReplaceAll(body, []byte(`"pickup_code":"`+exampleCode+`"`))
	body = anyReceipt.ReplaceAll(body, []byte(`"receipt":"`+exampleReceipt+`"`))
	body = anyDispute.ReplaceAll(body, []byte(exampleDispute))
	body = anyPage.ReplaceAll(body, []byte(`"checkout_url":"https://checkout.example/c/pay/cs_test_a1"`))
	return short(h.t, body)
}

// short leaves the first three things of a list.
func short(t testing.TB, body []byte) []byte {
	t.Helper()
	var list struct {
		Items      []json.RawMessage `json:"items"`
		NextCursor *string           `json:"next_cursor"`
	}
	if !bytes.HasPrefix(body, []byte(`{"items":`)) {
		return bytes.TrimSpace(body)
	}
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	list.Items = list.Items[:min(3, len(list.Items))]
	out, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fits checks an answer against its schema.
func (h *house) fits(t *testing.T, c exampleCall, body []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	op := h.operation(c.id)
	spec := h.api.huma.OpenAPI()
	schema := operationOf(spec.Paths[prefix+op.path], op.method).Responses[strconv.Itoa(op.status)].Content["application/json"].Schema
	var result huma.ValidateResult
	huma.Validate(spec.Components.Schemas, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &result)
	for _, err := range result.Errors {
		t.Errorf("does not fit its schema: %v", err)
	}
}

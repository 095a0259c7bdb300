package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/language"
)

// Ids of the examples. They stand for things of the invented harbour town; the
// test that replays the examples puts the ids of its own such things in their
// places.
var (
	exampleBusiness = exampleID(1)
	exampleVariant  = exampleID(2)
	exampleProduct  = exampleID(3)
)

const (
	exampleCode    = "7KQ-2MX"
	exampleCard    = "K7D2Q9X4"
	exampleReceipt = "7KQ2MX4PABCD2345"
	exampleDispute = "dp_1Portmere"
)

// exampleID is the n-th id of the examples.
func exampleID(n int) string { return fmt.Sprintf("019b2f00-0000-7000-8000-%012d", n) }

// examplePaths are what stands in the paths of the examples: the usual values,
// and those of operations that need a thing in a certain state.
var examplePaths = map[string]map[string]string{
	"": {
		"id": "harbour-bakery", "product_id": exampleProduct, "variant_id": exampleVariant, "order_id": exampleID(10),
		"request_id": exampleID(20), "change_id": exampleID(40), "measure_id": exampleID(60), "notice_id": exampleID(70), "complaint_id": exampleID(80), "user_id": exampleID(30), "receipt": exampleReceipt,
		"method":     "postcard",
		"dispute_id": exampleDispute,
	},
	"list-order-disputes": {"order_id": exampleID(51)},
	"answer-dispute":      {"order_id": exampleID(51)},
	"submit-business":     {"id": "quay-dairy"},
	"withdraw-business":   {"id": "pier-pantry"},
	"resubmit-business":   {"id": "old-mill"},
	"close-business":      {"id": "corner-kiosk"},
	"reopen-business":     {"id": "winter-bar"},
	"cancel-order":        {"order_id": exampleID(11)},
	"accept-order":        {"order_id": exampleID(12)},
	"take-off-order":      {"order_id": exampleID(50)},
	"start-order":         {"order_id": exampleID(13)},
	"ready-order":         {"order_id": exampleID(14)},
	"no-show-order":       {"order_id": exampleID(15)},
	"decline-order":       {"order_id": exampleID(16)},
	"abort-order":         {"order_id": exampleID(17)},
	"complete-order":      {"order_id": exampleID(18)},
	"refund-order":        {"order_id": exampleID(19)},
	"answer-check":        {"id": "tide-books"},
	"look-check":          {"method": "payment_account"},
	"take-request":        {"request_id": exampleID(21)},
	"release-request":     {"request_id": exampleID(22)},
	"approve-request":     {"request_id": exampleID(23)},
	"ask-request":         {"request_id": exampleID(24)},
	"reject-request":      {"request_id": exampleID(25)},
	"list-own-changes":    {"id": "sign-f-shop"},
	"withdraw-change":     {"id": "sign-f-shop"},
	"take-change":         {"change_id": exampleID(41)},
	"release-change":      {"change_id": exampleID(42)},
	"approve-change":      {"change_id": exampleID(43)},
	"decline-change":      {"change_id": exampleID(44)},
	"take-complaint":      {"complaint_id": exampleID(81)},
	"release-complaint":   {"complaint_id": exampleID(82)},
	"ask-complaint":       {"complaint_id": exampleID(83)},
	"uphold-complaint":    {"complaint_id": exampleID(84)},
	"overturn-complaint":  {"complaint_id": exampleID(85)},
	"take-notice":         {"notice_id": exampleID(71)},
	"release-notice":      {"notice_id": exampleID(72)},
	"decide-notice":       {"notice_id": exampleID(73)},
	"impose-measure":      {"id": "strangers-store"},
	"lift-measure":        {"measure_id": exampleID(61)},
	"remove-staff":        {"user_id": exampleID(31)},
	"edit-product":        {"product_id": exampleID(4)},
	"archive-product":     {"product_id": exampleID(5)},
	"set-drop":            {"variant_id": exampleID(6)},
	"end-drop":            {"variant_id": exampleID(6)},
}

func examplePath(id, name string) string {
	if value, ok := examplePaths[id][name]; ok {
		return value
	}
	return examplePaths[""][name]
}

// recorded are the answers to the examples, as a running server gave them: by
// operation. The test that replays the examples writes and checks this file.
//
//go:embed examples.json
var recorded []byte

// illustrate puts the examples into the OpenAPI document.
func (a *api) illustrate() error {
	answers := map[string]json.RawMessage{}
	if err := json.Unmarshal(recorded, &answers); err != nil {
		return fmt.Errorf("examples.json: %w", err)
	}
	for _, op := range a.table {
		h := operationOf(a.huma.OpenAPI().Paths[prefix+op.path], op.method)
		for _, p := range h.Parameters {
			switch {
			case p.In == "path":
				p.Example = examplePath(op.id, p.Name)
			case p.In == "query" && op.query[p.Name] != nil:
				p.Example = op.query[p.Name]
			}
		}
		if op.example != nil && h.RequestBody != nil {
			for _, media := range h.RequestBody.Content {
				media.Example = op.example
			}
		}
		if media := h.Responses[strconv.Itoa(op.status)].Content["application/json"]; media != nil && answers[op.id] != nil {
			media.Example = answers[op.id]
		}
	}
	return nil
}

// operationOf is the operation of a path with a method.
func operationOf(item *huma.PathItem, method string) *huma.Operation {
	switch method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPatch:
		return item.Patch
	case http.MethodPut:
		return item.Put
	}
	return item.Delete
}

// languageOf is the first wish of an Accept-Language header, for messages about
// an order; English when there is none.
func languageOf(header string) string {
	if len(header) > 200 || strings.Contains(header, "*") {
		return "en"
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return "en"
	}
	base, _ := tags[0].Base()
	return base.String()
}

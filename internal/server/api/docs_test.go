package api

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nearby/internal/database/dbtest"
	"nearby/internal/server"
)

// reached are the packages whose failures a program can get to see.
var reached = []string{
	"account", "blob", "catalog", "complaint", "database", "directory", "geo", "measure", "money", "notice", "order", "payout", "verification",
	"server/api", "server/problem", "server/route", "server/middleware.go",
}

var (
	madeCode  = regexp.MustCompile(`errs\.New\(errs\.([A-Za-z]+), "([a-z_]+)"`)
	fieldCode = regexp.MustCompile(`(?:Code: +|\badd\([a-z"_., +]+, +|wrong\("[a-z_.]+", +|refuse\("[a-z_]+", +)"([a-z_]+)"`)
	humaCode  = regexp.MustCompile(`"([a-z_]+)(?::%s)?\|[A-Z]`)
)

// TestEveryCodeIsExplained looks for the codes of failures in the source: each
// has its place on the page that a problem's type leads to.
func TestEveryCodeIsExplained(t *testing.T) {
	explained := map[string]bool{}
	for _, c := range codes() {
		if explained[c.Word] {
			t.Errorf("%s is explained twice", c.Word)
		}
		if c.Means == "" {
			t.Errorf("%s is not explained", c.Word)
		}
		explained[c.Word] = true
	}
	found := 0
	for _, room := range reached {
		err := filepath.WalkDir(filepath.Join("..", "..", room), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			var used []string
			for _, m := range madeCode.FindAllStringSubmatch(string(source), -1) {
				if m[1] != "Internal" {
					used = append(used, m[2])
				}
			}
			for _, m := range fieldCode.FindAllStringSubmatch(string(source), -1) {
				used = append(used, m[1])
			}
			if strings.HasPrefix(path, filepath.Join("..", "..", "server", "api")) {
				for _, m := range humaCode.FindAllStringSubmatch(string(source), -1) {
					used = append(used, m[1])
				}
			}
			for _, code := range used {
				found++
				if !explained[code] {
					t.Errorf("%s uses the code %s, which codes.tsv does not explain", path, code)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 200 {
		t.Errorf("only %d uses of codes found: the test looks in the wrong places", found)
	}
}

func TestTheDocumentAndItsPage(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	served := h.call("GET", "/api/openapi.json", nil)
	var d struct {
		OpenAPI    string
		Paths      map[string]map[string]struct{ OperationID, Summary string }
		Components struct{ Schemas map[string]any }
	}
	h.must(json.Unmarshal(served.Body.Bytes(), &d))
	if !strings.HasPrefix(d.OpenAPI, "3.1") || served.Code != 200 {
		t.Fatalf("%d, OpenAPI %q", served.Code, d.OpenAPI)
	}
	page := h.call("GET", "/api/docs", nil)
	html := page.Body.String()
	if page.Code != 200 || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") || strings.Contains(html, "<script") || strings.Contains(html, "style=") {
		t.Fatalf("page: %d %v", page.Code, page.Header())
	}
	for path, methods := range d.Paths {
		for _, op := range methods {
			if !strings.Contains(html, `id="operation-`+op.OperationID+`"`) || op.Summary == "" {
				t.Errorf("%s of %s is not on the page, or has no summary", op.OperationID, path)
			}
		}
	}
	for _, c := range codes() {
		if !strings.Contains(html, `<dt id="`+c.Word+`">`) {
			t.Errorf("no anchor for %s", c.Word)
		}
	}
	for _, name := range []string{"Problem", "Order", "Business", "Product", "NearbyItem"} {
		if d.Components.Schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
}

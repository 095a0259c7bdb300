package catalog

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"nearby/internal/errs"
)

func TestHTMLText(t *testing.T) {
	for in, want := range map[string]string{
		"plain & simple":                        "plain & simple",
		"<p>One</p><p>Two</p>":                  "One\n\nTwo",
		"a<br>b<br/>c":                          "a\nb\nc",
		"<ul><li>x</li><li>y</li></ul>z":        "– x\n– y\n\nz",
		"<b>bold</b> &lt;tag&gt;":               "bold <tag>",
		"<script>alert(1)</script>ok":           "ok",
		"<style>p{}</style><p\nclass=a>ok":      "ok",
		"<p>never closed <a href='x'>link":      "never closed link",
		"1 < 2":                                 "1 < 2",
		"<div><div>deep</div>\n\n\n</div>\n\ne": "deep\n\ne",
		"":                                      "",
	} {
		if got := htmlText(in); got != want {
			t.Errorf("htmlText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHandleSlugsAreApart(t *testing.T) {
	for handle, want := range map[string]string{"laptop": "laptop", "32-inch-monitor": "32-inch-monitor", "Cafe 2": "cafe-2"} {
		if got := handleSlug(handle); got != want {
			t.Errorf("handleSlug(%q) = %q, want %q", handle, got, want)
		}
	}
	long := strings.Repeat("word-", 30)
	seen := map[string]string{}
	for _, handle := range []string{"東京", "京都", "new", long + "a", long + "b", "tea-東京", "tea-京都"} {
		slug := handleSlug(handle)
		if other, twice := seen[slug]; twice || len(slug) > maxSlug+9 || slug == "new" {
			t.Errorf("%q has the address %q, as %q", handle, slug, other)
		}
		seen[slug] = handle
	}
}

// FuzzSheet reads anything as a product file: it is refused as a whole, or
// every product and every problem has its place in the file.
func FuzzSheet(f *testing.F) {
	f.Add([]byte("Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src\na,Alpha,Size,S,1.00,x.jpg\na,,,L,2.00,\n"))
	f.Add([]byte("Title;Price;Weight value (grams);Inventory tracker;Inventory quantity\n\"a\nb\";1,5;0.5;shopify;-1\n"))
	f.Add([]byte("\xff\xfeT\x00i\x00t\x00l\x00e\x00\n\x00a\x00"))
	f.Add([]byte("title\ttype\t\n\xe9\t<p>x\t\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := readSheet(bytes.NewReader(file))
		if err != nil {
			if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) {
				t.Fatal(err)
			}
			return
		}
		lines := bytes.Count(file, []byte("\n")) + bytes.Count(file, []byte("\r")) + 1
		for _, d := range s.drafts() {
			if d.slug == "" || strings.Trim(d.slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(d.rows) != len(d.input.Variants) || len(d.rows) == 0 {
				t.Errorf("draft %q with %d rows for %d variants", d.slug, len(d.rows), len(d.input.Variants))
			}
			p := Product{Currency: "EUR"}
			var w wrongs
			d.input.apply(&p, &w)
			for _, field := range w {
				if problem := s.problem(d, field); problem.Line < 2 || problem.Line > lines {
					t.Errorf("%s is placed at line %d of %d", field.Name, problem.Line, lines)
				}
			}
			if len(w) == 0 && (!utf8.ValidString(p.Title) || p.Title == "") {
				t.Errorf("title %q", p.Title)
			}
		}
		for _, problem := range s.problems {
			if problem.Line < 2 || problem.Code == "" || problem.Message == "" {
				t.Errorf("problem = %+v", problem)
			}
		}
	})
}

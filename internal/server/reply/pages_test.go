package reply_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"nearby/internal/server/pages/pagestest"
	"nearby/internal/server/reply"
	"nearby/web"
)

func renderer(t *testing.T) *reply.Renderer {
	t.Helper()
	site, err := web.New(false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := reply.New(site)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPages renders every page and every block of a page, busy, empty and with
// hostile texts, in every language, and reads the result as a browser would.
func TestPages(t *testing.T) {
	r := renderer(t)
	for _, lang := range reply.Languages {
		for kind, list := range map[string][]pagestest.Page{
			"full": pagestest.All(lang), "empty": pagestest.Empty(lang), "hostile": pagestest.Hostile(lang),
		} {
			for i, p := range list {
				t.Run(fmt.Sprintf("%s/%s/%s-%d", lang, kind, p.Template, i), func(t *testing.T) {
					names := append([]string{p.Template}, p.Blocks...)
					for n, name := range names {
						if kind == "empty" && n > 0 {
							continue // a block is asked for only when there is something in it
						}
						var out bytes.Buffer
						if err := r.Page(&out, lang, name, p.Page); err != nil {
							t.Fatalf("render %s: %v", name, err)
						}
						check(t, out.String(), n == 0, kind != "empty")
						if kind == "hostile" && strings.Contains(out.String(), `<script>alert`) {
							t.Errorf("%s: a text got out of its place", name)
						}
					}
				})
			}
		}
	}
}

// TestPagesSayErrors: wherever a page shows the message of an error, it comes in
// the reader's language.
func TestPagesSayErrors(t *testing.T) {
	r := renderer(t)
	const message = "Please sign in."
	for _, lang := range []string{"de", "ar"} {
		said := r.Say(lang, message)
		shown := 0
		for i, p := range pagestest.Refused(lang, message) {
			for _, name := range append([]string{p.Template}, p.Blocks...) {
				var out bytes.Buffer
				if err := r.Page(&out, lang, name, p.Page); err != nil {
					t.Fatalf("render %s: %v", name, err)
				}
				if strings.Contains(out.String(), message) {
					t.Errorf("%s %s, fixture %d: a message is shown in English; print it with {{say …}}", lang, name, i)
				}
				shown += strings.Count(out.String(), said)
			}
		}
		if shown < 50 {
			t.Errorf("%s: the message is shown %d times, so the fixtures no longer hold it", lang, shown)
		}
	}
}

var broken = regexp.MustCompile(`<no value>|ZgotmplZ|%!|\[[a-z_]+\.[a-z_0-9]+\]|<nil>`)

func check(t *testing.T, body string, whole, named bool) {
	t.Helper()
	if found := broken.FindString(strings.ReplaceAll(body, pagestest.HostileText, "")); found != "" {
		t.Errorf("found %q in the page", found)
	}
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{t: t, named: named, ids: map[string]bool{}, labels: map[string]bool{}}
	c.collect(doc)
	c.walk(doc, false)
	if whole && c.h1 != 1 {
		t.Errorf("%d h1, want 1", c.h1)
	}
	for ref := range c.refs {
		if !c.ids[ref] && whole {
			t.Errorf("reference to #%s, which is not on the page", ref)
		}
	}
}

type checker struct {
	t      *testing.T
	ids    map[string]bool
	labels map[string]bool // ids that a label names
	refs   map[string]bool
	h1     int
	named  bool // things have names, so links must
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func (c *checker) collect(n *html.Node) {
	if n.Type == html.ElementNode {
		if id, ok := attr(n, "id"); ok {
			if c.ids[id] {
				c.t.Errorf("id %q stands twice", id)
			}
			c.ids[id] = true
		}
		if n.Data == "label" {
			if id, ok := attr(n, "for"); ok {
				c.labels[id] = true
			}
		}
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.collect(child)
	}
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return strings.TrimSpace(n.Data)
	}
	var out strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		out.WriteString(text(child))
	}
	return out.String()
}

func (c *checker) walk(n *html.Node, inLabel bool) {
	if n.Type == html.ElementNode {
		c.element(n, inLabel)
		inLabel = inLabel || n.Data == "label"
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.walk(child, inLabel)
	}
}

func (c *checker) element(n *html.Node, inLabel bool) {
	for _, a := range n.Attr {
		if a.Key == "style" || (strings.HasPrefix(a.Key, "on") && len(a.Key) > 2) {
			c.t.Errorf("<%s %s>: inline style and handlers are refused by the content policy", n.Data, a.Key)
		}
		if (a.Key == "href" || a.Key == "action" || a.Key == "src") && strings.HasPrefix(strings.ToLower(a.Val), "javascript:") {
			c.t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
		}
	}
	_, hidden := attr(n, "aria-label")
	kind, _ := attr(n, "type")
	switch n.Data {
	case "h1":
		c.h1++
	case "style":
		c.t.Error("inline <style>")
	case "script":
		if _, ok := attr(n, "src"); !ok {
			if kind != "application/ld+json" {
				c.t.Errorf("inline script of type %q", kind)
			} else if !json.Valid([]byte(text(n))) {
				c.t.Errorf("JSON-LD is not JSON: %s", text(n))
			}
		}
	case "img":
		if _, ok := attr(n, "alt"); !ok {
			c.t.Error("<img> without alt")
		}
	case "input", "select", "textarea":
		id, _ := attr(n, "id")
		if kind != "hidden" && !inLabel && !hidden && !c.labels[id] {
			c.t.Errorf("<%s id=%q> without a label", n.Data, id)
		}
	case "button", "a":
		if text(n) == "" && !hidden && c.named {
			if h, _ := attr(n, "aria-hidden"); h != "true" {
				c.t.Errorf("<%s> without a name: %v", n.Data, n.Attr)
			}
		}
	}
	for _, name := range []string{"aria-describedby", "aria-labelledby"} {
		value, _ := attr(n, name)
		for ref := range strings.FieldsSeq(value) {
			if c.refs == nil {
				c.refs = map[string]bool{}
			}
			c.refs[ref] = true
		}
	}
}

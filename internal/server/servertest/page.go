package servertest

import (
	"bytes"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Text is the words of the page that a reader sees, who does not see what keeps
// words on one line.
func (p *Page) Text() string {
	if p.Doc == nil {
		return string(p.Body)
	}
	const wordJoiner = "\u2060"
	return strings.Join(strings.Fields(strings.ReplaceAll(words(p.Doc), wordJoiner, "")), " ")
}

func words(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.Type == html.ElementNode && slices.Contains([]string{"head", "script", "style", "template"}, n.Data) {
		return ""
	}
	var b strings.Builder
	for child := range n.ChildNodes() {
		b.WriteString(words(child))
		b.WriteByte(' ')
	}
	return b.String()
}

// Links are the addresses of the page's links, in order.
func (p *Page) Links() []string {
	var list []string
	for n := range p.elements("a") {
		list = append(list, attr(n, "href"))
	}
	return list
}

// Link is the first link that begins with prefix, "" for none.
func (p *Page) Link(prefix string) string {
	for _, link := range p.Links() {
		if strings.HasPrefix(link, prefix) {
			return link
		}
	}
	return ""
}

// Value is what a field of the page is filled in with.
func (p *Page) Value(name string) string {
	for _, kind := range []string{"input", "textarea", "select"} {
		for n := range p.elements(kind) {
			if attr(n, "name") == name {
				values := url.Values{}
				addDefault(values, n)
				return values.Get(name)
			}
		}
	}
	return ""
}

func (p *Page) elements(name string) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		if p.Doc == nil {
			return
		}
		for n := range p.Doc.Descendants() {
			if n.Type == html.ElementNode && n.Data == name && !yield(n) {
				return
			}
		}
	}
}

// form finds the form whose action, or one of whose buttons, leads to a path
// that begins with action.
func (p *Page) form(action string) (form *html.Node, target string) {
	for n := range p.elements("form") {
		at := attr(n, "action")
		if at == "" {
			at = p.URL.RequestURI()
		}
		if strings.HasPrefix(at, action) {
			return n, at
		}
		for button := range n.Descendants() {
			if to := attr(button, "formaction"); to != "" && strings.HasPrefix(to, action) {
				return n, to
			}
		}
	}
	return nil, ""
}

func defaults(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		if n.Type == html.ElementNode && attr(n, "name") != "" && !has(n, "disabled") {
			addDefault(values, n)
		}
	}
	return values
}

// addDefault adds what a browser would send of an untouched field.
func addDefault(values url.Values, n *html.Node) {
	name := attr(n, "name")
	switch n.Data {
	case "textarea":
		values.Add(name, raw(n))
	case "select":
		chosen, any := "", false
		for option := range n.Descendants() {
			if option.Type == html.ElementNode && option.Data == "option" && (!any || has(option, "selected")) {
				chosen, any = attr(option, "value"), true
			}
		}
		if any {
			values.Add(name, chosen)
		}
	case "input":
		switch attr(n, "type") {
		case "submit", "button", "image", "file", "reset":
		case "checkbox", "radio":
			if !has(n, "checked") {
				return
			}
			if has(n, "value") {
				values.Add(name, attr(n, "value"))
			} else {
				values.Add(name, "on")
			}
		default:
			values.Add(name, attr(n, "value"))
		}
	}
}

// raw is the text directly inside n.
func raw(n *html.Node) string {
	var b strings.Builder
	for child := range n.ChildNodes() {
		if child.Type == html.TextNode {
			b.WriteString(child.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// void are the elements without an end (https://html.spec.whatwg.org/#void-elements).
var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// Faults lists what is wrong with the page whatever it shows: tags that do not
// match, template values that did not come, ids given twice, pictures without a
// text, fields without a label, and anything the content policy forbids.
func (p *Page) Faults() []string {
	var faults []string
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, mark := range []string{"<no value>", "&lt;no value&gt;", "ZgotmplZ", "%!", "{{"} {
		if bytes.Contains(p.Body, []byte(mark)) {
			say("holds %q", mark)
		}
	}
	if p.Doc == nil {
		return faults
	}
	if fault := unbalanced(p.Body); fault != "" {
		say("%s", fault)
	}
	ids := map[string]bool{}
	labels := map[string]bool{}
	for n := range p.elements("label") {
		labels[attr(n, "for")] = true
	}
	headings, title := 0, false
	for n := range p.Doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				say("two elements have the id %q", id)
			}
			ids[id] = true
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(a.Val), "javascript:") {
				say("<%s %s=%q> is not allowed by the content policy", n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "script":
			if attr(n, "src") == "" && attr(n, "type") != "application/ld+json" && attr(n, "type") != "application/json" {
				say("a script stands in the page itself")
			}
		case "style":
			say("a style sheet stands in the page itself")
		case "img":
			if !has(n, "alt") {
				say("<img src=%q> has no alt", attr(n, "src"))
			}
		case "title":
			title = title || strings.TrimSpace(raw(n)) != ""
		case "h1":
			headings++
		case "input", "select", "textarea":
			kind := attr(n, "type")
			if kind == "hidden" || kind == "submit" || kind == "button" {
				continue
			}
			if !has(n, "aria-label") && !has(n, "aria-labelledby") && !labels[attr(n, "id")] && !within(n, "label") {
				say("<%s name=%q> has no label", n.Data, attr(n, "name"))
			}
		}
	}
	if headings != 1 {
		say("%d headings of the first rank", headings)
	}
	if !title {
		say("no title")
	}
	return faults
}

func within(n *html.Node, name string) bool {
	for above := range n.Ancestors() {
		if above.Type == html.ElementNode && above.Data == name {
			return true
		}
	}
	return false
}

// unbalanced reports the first tag that does not match, "" for none. The parser
// for pages repairs them silently.
func unbalanced(body []byte) string {
	var open []string
	tokens := html.NewTokenizer(bytes.NewReader(body))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				return fmt.Sprintf("<%s> is never closed", open[len(open)-1])
			}
			return ""
		case html.StartTagToken:
			name, _ := tokens.TagName()
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return fmt.Sprintf("</%s> closes nothing; open: %s", name, strings.Join(open, " "))
			}
			open = open[:len(open)-1]
		}
	}
}

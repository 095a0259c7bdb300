// Package reply turns typed page structs into HTML: templates parsed once for
// each language, texts, and the way money, times and distances are written.
// It knows net/http and nothing of the router.
package reply

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"nearby/web"
)

// Renderer renders pages and parts of pages. It is safe for concurrent use.
type Renderer struct {
	site *web.Site

	mu    sync.RWMutex
	texts *Texts
	sets  map[string]*template.Template // by language
}

// New parses all templates and language files of the site. A template that
// does not parse or a broken language file stops the start.
func New(site *web.Site) (*Renderer, error) {
	r := &Renderer{site: site}
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Renderer) load() error {
	texts, err := LoadTexts(r.site.FS())
	if err != nil {
		return err
	}
	sets := map[string]*template.Template{}
	for _, lang := range Languages {
		set, err := parse(r.site, texts, lang)
		if err != nil {
			return err
		}
		sets[lang] = set
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts, r.sets = texts, sets
	return nil
}

// state gives the templates of a language; in development it reads them anew.
func (r *Renderer) state(lang string) (*template.Template, *Texts, error) {
	if r.site.Dev() {
		if err := r.load(); err != nil {
			return nil, nil, err
		}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	set := r.sets[lang]
	if set == nil {
		set = r.sets[Default]
	}
	return set, r.texts, nil
}

// Text is the text of an id in a language. Arguments come in pairs of name and
// value; the name "N" also chooses the plural form.
func (r *Renderer) Text(lang, id string, pairs ...any) string {
	_, texts, err := r.state(lang)
	if err != nil {
		return id
	}
	return texts.Text(lang, id, pairs...)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Page renders the named template in a language and writes it to w. Nothing is
// written when the template fails.
func (r *Renderer) Page(w io.Writer, lang, name string, page any) error {
	set, _, err := r.state(lang)
	if err != nil {
		return err
	}
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	if err := set.ExecuteTemplate(buffer, name, page); err != nil {
		return fmt.Errorf("reply: render %s: %w", name, err)
	}
	_, err = w.Write(buffer.Bytes())
	return err
}

// Write answers a request with a page, or, when the browser asks for a part of
// it, with the named block of that page ("" when the page has no such block).
func (r *Renderer) Write(w http.ResponseWriter, req *http.Request, status int, lang, name, block string, page any) error {
	if block != "" && Partial(req) {
		name = block
	}
	var body bytes.Buffer
	if err := r.Page(&body, lang, name, page); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Add("Vary", "HX-Request, HX-Request-Type, Accept-Language, Accept-Encoding, Cookie")
	return compress(w, req, status, body.Bytes())
}

// Partial reports whether a request asks for a part of a page. A request that
// replaces the whole body is not partial, although a script sent it.
func Partial(req *http.Request) bool {
	return req.Header.Get("HX-Request") == "true" && !strings.EqualFold(req.Header.Get("HX-Request-Type"), "full")
}

// Templates names every template that can be rendered, blocks included.
func (r *Renderer) Templates() []string {
	set, _, err := r.state(Default)
	if err != nil {
		return nil
	}
	var names []string
	for _, t := range set.Templates() {
		if t.Name() != "" && !strings.HasSuffix(t.Name(), ".html") {
			names = append(names, t.Name())
		}
	}
	return names
}

// Word is the text of a word from a table in a language.
func (r *Renderer) Word(lang, prefix, word string) string {
	_, texts, err := r.state(lang)
	if err != nil {
		return word
	}
	return texts.Word(lang, prefix, word)
}

// Say is the message of an error in a language, as Texts.Say.
func (r *Renderer) Say(lang, message string) string {
	_, texts, err := r.state(lang)
	if err != nil {
		return message
	}
	return texts.Say(lang, message)
}

// When writes a time of a near day: its weekday and the clock.
func (r *Renderer) When(lang string, at time.Time) string {
	f := formats[lang]
	if f == nil {
		f = formats[Default]
	}
	return f.weekday(at) + " " + clockTime(at)
}

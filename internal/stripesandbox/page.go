package stripesandbox

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"money": format}).ParseFS(pageFiles, "pages/*.html"))

// screen is what a hosted page answers: a page to show, or where to go.
type screen struct {
	status int    // of the page; 303 when to is set
	page   string // name of the template
	data   any
	to     string   // address to go to instead
	leads  []string // addresses the page's form may end at, for its policy
	text   string   // plain answer in the place of a page
}

func show(page string, data any, leads ...string) screen {
	return screen{status: http.StatusOK, page: page, data: data, leads: leads}
}

func goTo(address string) screen { return screen{status: http.StatusSeeOther, to: address} }

func gone(text string) screen { return screen{status: http.StatusGone, text: text} }

var noPage = screen{status: http.StatusNotFound, text: "There is no such page."}

func (sc screen) with(status int) screen {
	sc.status = status
	return sc
}

// pages is the hosted pages: what shoppers and owners see of Stripe.
func (s *Sandbox) pages() http.Handler {
	mux := http.NewServeMux()
	for pattern, page := range map[string]func(*tx, *http.Request) screen{
		"GET /c/pay/{id}":    payPage,
		"POST /c/pay/{id}":   payForm,
		"GET /c/3ds/{id}":    securePage,
		"POST /c/3ds/{id}":   secureForm,
		"GET /setup/e/{id}":  setupPage,
		"POST /setup/e/{id}": setupForm,
		"GET /express/{id}":  dashboardPage,
		"POST /express/{id}": dashboardForm,
		"GET /receipts/{id}": receiptPage,
	} {
		mux.HandleFunc(pattern, s.page(page))
	}
	mux.HandleFunc("GET /sandbox.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "pages/sandbox.css")
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

// page runs one page's work in a transaction and writes what it answers.
func (s *Sandbox) page(work func(*tx, *http.Request) screen) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "The form could not be read.", http.StatusBadRequest)
			return
		}
		var sc screen
		err := s.do(func(t *tx) error {
			sc = work(t, r)
			return nil
		})
		if err != nil {
			http.Error(w, "The sandbox failed: "+err.Error(), http.StatusInternalServerError)
			return
		}
		sc.write(w)
	}
}

func (sc screen) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", policy(sc.leads))
	if sc.to != "" {
		h.Set("Location", sc.to)
		w.WriteHeader(sc.status)
		return
	}
	if sc.text != "" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(sc.status)
		fmt.Fprintln(w, sc.text)
		return
	}
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, sc.page, sc.data); err != nil {
		http.Error(w, "The sandbox failed: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(sc.status)
	_, _ = body.WriteTo(w) // the reader may have gone
}

// policy lets a page load its style and post to itself; browsers also check
// the addresses that a form is redirected to.
func policy(leads []string) string {
	forms := "'self'"
	for _, lead := range leads {
		if u, err := url.Parse(fill(lead, "")); err == nil && u.Host != "" {
			forms += " " + u.Scheme + "://" + u.Host
		}
	}
	return "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + forms
}

// fill puts the session's id into an address, as Stripe does.
func fill(address, id string) string {
	return strings.ReplaceAll(address, "{CHECKOUT_SESSION_ID}", id)
}

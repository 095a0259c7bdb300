package route

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Answer is what a handler sends.
type Answer interface{ write(r *Request) error }

// HTML is a page, or with htmx the named block of it.
type HTML struct {
	Name   string // template: "shop/nearby"
	Block  string // template for a partial request; "" when there is none
	Page   Page
	Status int  // 0 means 200
	Public bool // the same for everybody: may be kept a moment by a cache
}

func (a HTML) write(r *Request) error {
	if err := r.complete(a.Page); err != nil {
		return err
	}
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	h := r.Writer().Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	if strings.Contains(r.Req().URL.RawQuery, "t=") {
		h.Set("Referrer-Policy", "no-referrer") // the address holds a secret
	}
	return r.floor.Render.Write(r.Writer(), r.Req(), status, r.Lang, a.Name, a.Block, a.Page)
}

// Wrong is a form that was refused: the same page with status 422.
func Wrong(name string, page Page) Answer {
	page.Basis().Failed = true
	return HTML{Name: name, Page: page, Status: http.StatusUnprocessableEntity}
}

// See leads to another address with 303, after something was done. Path is of
// this site; use Leave for others.
type See struct{ Path string }

func (a See) write(r *Request) error {
	return r.Redirect(http.StatusSeeOther, SafePath(a.Path, "/"))
}

// Moved leads to the present address of a thing that was renamed.
type Moved struct{ Path string }

func (a Moved) write(r *Request) error {
	return r.Redirect(http.StatusMovedPermanently, SafePath(a.Path, "/"))
}

// Leave leads to another site: the payment provider's page.
type Leave struct{ URL string }

func (a Leave) write(r *Request) error { return r.Redirect(http.StatusSeeOther, a.URL) }

// Nothing is an answer without a body: 204.
type Nothing struct{}

func (Nothing) write(r *Request) error { return r.NoContent(http.StatusNoContent) }

// JSON is data for a program.
type JSON struct {
	Status int // 0 means 200
	Body   any
}

func (a JSON) write(r *Request) error {
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	body, err := json.Marshal(a.Body)
	if err != nil {
		return err
	}
	r.Writer().Header().Set("Content-Type", "application/json")
	r.Writer().WriteHeader(status)
	_, err = r.Writer().Write(append(body, '\n'))
	return err
}

// Text is plain text, XML or the like.
type Text struct {
	Type string // "text/plain; charset=utf-8"
	Body string
	Keep string // Cache-Control; "" means no-store
}

func (a Text) write(r *Request) error {
	keep := a.Keep
	if keep == "" {
		keep = "no-store"
	}
	r.Writer().Header().Set("Cache-Control", keep)
	return r.Blob(http.StatusOK, a.Type, []byte(a.Body))
}

// Func is an answer that writes itself: streams and files.
type Func func(w http.ResponseWriter, req *http.Request) error

func (f Func) write(r *Request) error { return f(r.Writer(), r.Req()) }

// Send writes an answer now, for the error handler.
func (r *Request) Send(a Answer) error { return a.write(r) }

// Package route holds what the audiences of the HTTP floor share: a route as
// one line of data with who may use it, the request as a handler sees it, and
// the answers a handler can give.
package route

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Who may use a route. Ownership of the thing asked for is checked by the room
// that holds it: somebody else's thing is not found there.
type Who uint8

const (
	Anyone   Who = iota // signed in or not
	SignedIn            // any user; what they may reach is theirs
	Verifier            // the desk
	Operator            // the admin pages
)

// String names the group for tables and tests.
func (w Who) String() string { return [...]string{"anyone", "signed in", "verifier", "operator"}[w] }

// Handler answers one request. It reads the request, calls one room, and
// returns what to send; errors become pages or problems in one place.
type Handler func(r *Request) (Answer, error)

// Route is one line of the table.
type Route struct {
	Method string
	Path   string // Echo's form: "/b/:slug"
	Who    Who
	Handle Handler

	Body    int64  // bytes accepted; 0 means 64 KiB
	Limit   string // the rate limit's bucket; "" is the general one
	Machine bool   // an API or hook: errors are problem+json, no cookies are read
	Stream  bool   // stays open: no deadline, no share of the running requests
}

const defaultBody = 64 << 10

// key is where a route's own line is kept in Echo's context.
const key = "route"

// table finds a route again from what Echo matched, for the middleware that
// runs before the handler.
type table map[string]Route

func id(method, path string) string { return method + " " + path }

func of(c echo.Context) (Route, bool) {
	t, _ := c.Get(key).(table)
	method := c.Request().Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	r, ok := t[id(method, c.Path())]
	return r, ok
}

// MaxBody is how many bytes the matched route accepts.
func MaxBody(c echo.Context) int64 {
	if r, ok := of(c); ok && r.Body > 0 {
		return r.Body
	}
	return defaultBody
}

// Bucket is the name of the matched route's rate limit; "none" for files.
func Bucket(c echo.Context) string {
	if strings.HasPrefix(c.Path(), "/assets/") || strings.HasPrefix(c.Path(), "/photos/") {
		return "none"
	}
	r, _ := of(c)
	return r.Limit
}

// Streams reports whether the matched route stays open.
func Streams(c echo.Context) bool {
	r, ok := of(c)
	return ok && r.Stream
}

// IsMachine reports whether errors of this request are for a program.
func IsMachine(c echo.Context) bool {
	if r, ok := of(c); ok {
		return r.Machine
	}
	path := c.Request().URL.Path
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/webhooks/")
}

// Method is the request's method from a short list, for logs and metrics:
// callers may send any word.
func Method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

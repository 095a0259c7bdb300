package route

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/server/pages"
	"nearby/internal/server/reply"
)

// Floor is what all audiences stand on.
type Floor struct {
	Render  *reply.Renderer
	Account *account.Service
	Clock   clock.Clock
	BaseURL *url.URL
	Secure  bool   // the base URL is https: cookies are for TLS only
	Names   *Limit // sign-in tries by name; nil switches it off
	Sandbox bool   // payments take no real money: every page says so
	// CartCount is how many pieces a visitor has in all carts.
	CartCount func(ctx context.Context, guestID, userID string) (int, error)

	routes table
}

// Mount adds a route to Echo. HEAD is answered wherever GET is.
func (f *Floor) Mount(e *echo.Echo, route Route) {
	if f.routes == nil {
		f.routes = table{}
	}
	k := id(route.Method, route.Path)
	if _, twice := f.routes[k]; twice {
		panic("route: " + k + " stands in the table twice")
	}
	f.routes[k] = route
	handle := func(c echo.Context) error {
		r, err := From(c)
		if err != nil {
			return err
		}
		if err := r.permit(route.Who); err != nil {
			return err
		}
		answer, err := route.Handle(r)
		if err != nil {
			return err
		}
		return answer.write(r)
	}
	e.Add(route.Method, route.Path, handle)
	if route.Method == http.MethodGet && !route.Stream {
		e.Add(http.MethodHead, route.Path, handle)
	}
}

// Note tells the middleware about a route that is registered with Echo by
// somebody else: its body, its limit, and that it is a machine's.
func (f *Floor) Note(route Route) {
	if f.routes == nil {
		f.routes = table{}
	}
	f.routes[id(route.Method, route.Path)] = route
}

// Know puts the table where the middleware finds it, and with the request the
// network it comes from.
func (f *Floor) Know(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(key, f.routes)
		request := c.Request()
		c.SetRequest(request.WithContext(check.FromNetwork(request.Context(), Network(c.RealIP()))))
		return next(c)
	}
}

// Routes lists every mounted route, for the tests that run over all of them.
func (f *Floor) Routes() []Route {
	var list []Route
	for _, r := range f.routes {
		if r.Handle != nil {
			list = append(list, r)
		}
	}
	return list
}

// Absolute is the full address of a path of this site.
func (f *Floor) Absolute(path string) string { return f.BaseURL.String() + path }

// Absolute is the full address of a path of this site.
func (r *Request) Absolute(path string) string { return r.floor.Absolute(path) }

// Page is a page struct: a pointer to one that embeds pages.Base.
type Page interface{ Basis() *pages.Base }

// complete fills what every page shares and the handler did not set.
func (r *Request) complete(page Page) error {
	b := page.Basis()
	b.Lang, b.Dir, b.Theme = r.Lang, reply.Dir(r.Lang), r.Theme()
	b.Sandbox = r.floor.Sandbox
	if b.Path == "" {
		b.Path = localPath(r.Req().URL)
	}
	if r.Session != nil {
		user := r.Session.User
		b.User = &pages.User{
			Name: user.Name, Email: user.Email, Owner: user.Has(account.Owner) || user.Has(account.Staff),
			Verifier: user.Has(account.Verifier), Operator: user.Has(account.Operator),
		}
	}
	if id := r.takeFlash(); id != "" && b.Flash == nil {
		b.Flash = &pages.Flash{Text: r.Text(id)}
	}
	if b.Canonical != "" {
		for _, lang := range reply.Languages {
			b.Alternates = append(b.Alternates, pages.Alternate{Lang: lang, URL: withLang(b.Canonical, lang)})
		}
	}
	if r.floor.CartCount == nil || (r.guest == "" && r.Session == nil) {
		return nil
	}
	var err error
	b.CartCount, err = r.floor.CartCount(r.Req().Context(), r.GuestID(), r.User().ID)
	return err
}

// localPath is the request's own path and query, for coming back to it.
func localPath(u *url.URL) string {
	if u.RawQuery == "" {
		return u.Path
	}
	return u.Path + "?" + u.RawQuery
}

func withLang(address, lang string) string {
	join := "?"
	if strings.Contains(address, "?") {
		join = "&"
	}
	return address + join + "lang=" + lang
}

// SafePath is a path of this site taken from outside ("next", "back"): never
// another host, never a control character. Anything else becomes otherwise.
func SafePath(path, otherwise string) string {
	if len(path) > 500 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t\x00") {
		return otherwise
	}
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || u.User != nil || strings.HasPrefix(u.Path, "//") {
		return otherwise
	}
	return path
}

// errNotPublic marks an actor that must not reach rooms as somebody.
var errNotPublic = errors.New("route: nobody is signed in")

// Actor is the signed-in user in the role that fits the route's audience.
func (r *Request) Actor(role account.Role) (audit.Actor, error) {
	if r.Session == nil {
		return audit.Actor{}, errNotPublic
	}
	return r.As(role), nil
}

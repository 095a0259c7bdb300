package route

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/hours"
	"nearby/internal/ident"
	"nearby/internal/server/reply"
)

// Cookies. With https their names get the __Host- prefix, which ties them to
// this host and to TLS; browsers refuse that prefix on plain http.
const (
	sessionCookie = "nearby_session"
	guestCookie   = "nearby_guest"
	langCookie    = "nearby_lang"
	themeCookie   = "nearby_theme"
	placeCookie   = "nearby_place"
	flashCookie   = "nearby_flash"
)

// Request is one request as a handler sees it.
type Request struct {
	echo.Context
	floor   *Floor
	Session *account.Session // nil when nobody is signed in
	Lang    string
	token   string // the session's secret
	guest   string // the guest's secret, "" when there is none yet
}

// Writer and Req shorten the two halves of net/http.
func (r *Request) Writer() http.ResponseWriter { return r.Response() }

// Req is the HTTP request.
func (r *Request) Req() *http.Request { return r.Context.Request() }

// Now is the moment of this program's clock.
func (r *Request) Now() time.Time { return r.floor.Clock() }

// User is who is signed in; the zero User when nobody is.
func (r *Request) User() account.User {
	if r.Session == nil {
		return account.User{}
	}
	return r.Session.User
}

// As is the signed-in user acting in a role; nobody signed in is the public.
func (r *Request) As(role account.Role) audit.Actor {
	if r.Session == nil {
		return audit.Public
	}
	return r.Session.User.As(role)
}

// Text is a text of the interface in the request's language.
func (r *Request) Text(id string, pairs ...any) string {
	return r.floor.Render.Text(r.Lang, id, pairs...)
}

// TextIn is a text of the interface in another language: for what somebody else
// will read.
func (r *Request) TextIn(lang, id string, pairs ...any) string {
	return r.floor.Render.Text(lang, id, pairs...)
}

// GuestID is what a visitor without an account is known by, a hash of a secret
// only their browser has; "" when they have none yet.
func (r *Request) GuestID() string {
	if r.guest == "" {
		return ""
	}
	return ident.Hash(r.guest)
}

// NeedGuestID is GuestID that gives the visitor a secret first if need be.
func (r *Request) NeedGuestID() string {
	if r.guest == "" {
		r.guest = ident.Token()
		r.setCookie(guestCookie, r.guest, 180*24*time.Hour)
	}
	return ident.Hash(r.guest)
}

// SignedIn puts the session's secret into the browser's cookie.
func (r *Request) SignedIn(session account.Session, token string) {
	r.Session, r.token = &session, token
	r.setCookie(sessionCookie, token, session.ExpiresAt.Sub(r.Now()))
}

// Token is the secret of the present session, for ending it.
func (r *Request) Token() string { return r.token }

// SignedOut takes the session's secret out of the browser.
func (r *Request) SignedOut() {
	r.Session, r.token = nil, ""
	r.setCookie(sessionCookie, "", 0)
}

// SetLang and SetTheme remember a choice in the browser.
func (r *Request) SetLang(lang string) { r.setCookie(langCookie, lang, 365*24*time.Hour) }

// SetTheme remembers "light" or "dark"; "" follows the system again.
func (r *Request) SetTheme(theme string) { r.setCookie(themeCookie, theme, 365*24*time.Hour) }

// Theme is "light", "dark" or "" for the system's.
func (r *Request) Theme() string {
	switch theme := r.cookie(themeCookie); theme {
	case "light", "dark":
		return theme
	}
	return ""
}

// SetPlace remembers the name of a place the visitor typed, never a position.
func (r *Request) SetPlace(name string) { r.setCookie(placeCookie, name, 30*24*time.Hour) }

// Place is the name remembered by SetPlace.
func (r *Request) Place() string { return r.cookie(placeCookie) }

// Flash keeps one message for the next page. It is the id of a text.
func (r *Request) Flash(textID string) { r.setCookie(flashCookie, textID, time.Minute) }

func (r *Request) takeFlash() string {
	id := r.cookie(flashCookie)
	if id != "" {
		r.setCookie(flashCookie, "", 0)
	}
	return id
}

func (r *Request) cookieName(name string) string {
	if r.floor.Secure {
		return "__Host-" + name
	}
	return name
}

func (r *Request) cookie(name string) string {
	c, err := r.Req().Cookie(r.cookieName(name))
	if err != nil || len(c.Value) > 200 {
		return ""
	}
	return decodeCookie(c.Value)
}

// setCookie stores a value for a time; none or an empty value removes it.
func (r *Request) setCookie(name, value string, life time.Duration) {
	c := &http.Cookie{ //nolint:gosec // Secure wherever the site is served over TLS
		Name: r.cookieName(name), Value: encodeCookie(value), Path: "/", MaxAge: int(life.Seconds()),
		Secure: r.floor.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" || c.MaxAge <= 0 {
		c.MaxAge = -1
	}
	http.SetCookie(r.Writer(), c)
}

const keyRequest = "request"

// Identify reads who is asking: session, guest and language. An unknown or
// ended session is nobody, and its cookie is removed.
func (f *Floor) Identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &Request{Context: c, floor: f}
		c.Set(keyRequest, r)
		if IsMachine(c) || strings.HasPrefix(c.Path(), "/assets/") || strings.HasPrefix(c.Path(), "/photos/") {
			r.Lang = reply.Match(c.Request().Header.Get("Accept-Language"))
			return next(c)
		}
		r.guest = r.cookie(guestCookie)
		if len(r.guest) != 43 {
			r.guest = ""
		}
		if r.token = r.cookie(sessionCookie); r.token != "" {
			session, err := f.Account.Session(c.Request().Context(), r.token)
			switch {
			case err == nil:
				r.Session = &session
			case errs.Is(err, errs.Unauthenticated):
				r.SignedOut()
			default:
				return err
			}
		}
		r.Lang = reply.Match(c.Request().Header.Get("Accept-Language"), c.QueryParam("lang"), r.cookie(langCookie), r.User().Locale)
		if strings.EqualFold(c.QueryParam("lang"), r.Lang) && r.cookie(langCookie) != r.Lang {
			r.SetLang(r.Lang) // for what the page leads to: its forms do not repeat the address
		}
		return next(c)
	}
}

// From gives the Request that Identify made of an Echo context.
func From(c echo.Context) (*Request, error) {
	r, ok := c.Get(keyRequest).(*Request)
	if !ok {
		return nil, errors.New("route: the request was not identified")
	}
	return r, nil
}

// permit checks the route's group.
func (r *Request) permit(who Who) error {
	if who == Anyone {
		return nil
	}
	if r.Session == nil {
		return errs.New(errs.Unauthenticated, "sign_in", "Please sign in.")
	}
	user := r.Session.User
	if who == Verifier && !user.Has(account.Verifier) || who == Operator && !user.Has(account.Operator) {
		return errs.New(errs.Forbidden, "wrong_role", "This part is for "+who.String()+"s.")
	}
	return nil
}

// Word is the text of a word from a table (a state, a reason).
func (r *Request) Word(prefix, word string) string { return r.floor.Render.Word(r.Lang, prefix, word) }

// Say is the message of an error in the request's language, where it becomes
// part of a longer line; templates say a message that stands alone.
func (r *Request) Say(message string) string { return r.floor.Render.Say(r.Lang, message) }

// Hours are the reader's words for opening hours.
func (r *Request) Hours() hours.Words { return r.floor.Render.HoursWords(r.Lang) }

// When writes a time with its weekday in the request's language.
func (r *Request) When(at time.Time) string { return r.floor.Render.When(r.Lang, at) }

// Render renders a block of a page for a stream.
func (r *Request) Render(w io.Writer, name string, page Page) error {
	if err := r.complete(page); err != nil {
		return err
	}
	return r.floor.Render.Page(w, r.Lang, name, page)
}

package server

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
)

// answerError turns every error into a page for people or problem+json for
// programs, in one place. Causes go to the log with the request's id; only
// message, code and fields go out.
func (s *Server) answerError(floor *route.Floor) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			slog.Error("failed after the answer began", "id", requestNumber(c), "route", c.Path(), "error", err)
			return
		}
		e, status := understand(err)
		if status >= 500 {
			slog.Error("request failed", "id", requestNumber(c), "route", c.Path(), "code", e.Code, "error", e)
		}
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		wait := int(math.Ceil(e.RetryAfter.Seconds()))
		if e.RetryAfter > 0 {
			h.Set("Retry-After", strconv.Itoa(wait))
		}
		var failed error
		switch {
		case route.IsMachine(c):
			failed = writeProblem(c, e, status)
		case status == http.StatusUnauthorized && e.Code == "sign_in":
			failed = toSignIn(c)
		default:
			failed = writePage(floor, c, e, status, wait)
		}
		if failed != nil {
			slog.Error("error page failed", "id", requestNumber(c), "error", failed)
			if !c.Response().Committed {
				_ = c.String(status, http.StatusText(status)+"\n")
			}
		}
	}
}

func requestNumber(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// understand gives an error's public half and status. Errors of the router and
// of net/http get theirs here.
func understand(err error) (*errs.Error, int) {
	var router *echo.HTTPError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		e := errs.New(errs.TooLarge, "too_large", "This is more than "+strconv.FormatInt(large.Limit>>10, 10)+" KiB, the most that is accepted here.")
		return e, e.Kind.Status()
	case errors.As(err, &router):
		switch router.Code {
		case http.StatusNotFound:
			return errs.Missing("page"), router.Code
		case http.StatusMethodNotAllowed:
			return errs.New(errs.Malformed, "method_not_allowed", "This address does not take that method."), router.Code
		case http.StatusMisdirectedRequest:
			return errs.New(errs.Malformed, "wrong_host", "This server answers for another name."), router.Code
		case http.StatusUnsupportedMediaType:
			return errs.New(errs.Malformed, "unsupported_type", "This kind of content is not understood here."), router.Code
		}
		if router.Code < 500 {
			return errs.New(errs.Malformed, "malformed", "This request could not be understood.").Because(err), router.Code
		}
	}
	e := errs.Of(err)
	return e, e.Kind.Status()
}

// problem is RFC 9457 with our code and fields.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	Instance  string         `json:"instance,omitempty"`
	Code      string         `json:"code"`
	Errors    []problemField `json:"errors,omitempty"`
	Allowed   []string       `json:"allowed,omitempty"`
	Extension any            `json:"extension,omitempty"`
}

type problemField struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func writeProblem(c echo.Context, e *errs.Error, status int) error {
	p := problem{
		Type: "/api/docs#" + e.Code, Title: http.StatusText(status), Status: status, Detail: e.Message,
		Instance: "urn:uuid:" + requestNumber(c), Code: e.Code, Allowed: e.Allowed, Extension: e.Detail,
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, problemField{Pointer: pointer(f.Name), Code: f.Code, Message: f.Message})
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(status, "application/problem+json", append(body, '\n'))
}

// pointer turns a field's name ("lines.0.quantity") into a JSON pointer.
func pointer(name string) string {
	if name == "" {
		return ""
	}
	escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	return "/" + strings.ReplaceAll(escaped, ".", "/")
}

// toSignIn leads to the sign-in page and back again afterwards.
func toSignIn(c echo.Context) error {
	back := c.Request().URL.RequestURI()
	if c.Request().Method != http.MethodGet && c.Request().Method != http.MethodHead {
		back = "/"
		if from, err := url.Parse(c.Request().Referer()); err == nil && from.Host == c.Request().Host {
			back = from.RequestURI()
		}
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in?back="+url.QueryEscape(route.SafePath(back, "/")))
}

func writePage(floor *route.Floor, c echo.Context, e *errs.Error, status, wait int) error {
	r, err := route.From(c)
	if err != nil {
		// The request failed before anybody knew who asks: a page all the same.
		if err := floor.Identify(func(echo.Context) error { return nil })(c); err != nil {
			return err
		}
		if r, err = route.From(c); err != nil {
			return err
		}
	}
	page := &pages.Problem{Status: status, Code: e.Code, Message: e.Message, RequestID: requestNumber(c), Wait: wait}
	page.Title = r.Word("problem.title", strconv.Itoa(status))
	page.Robots = "noindex"
	return r.Send(route.HTML{Name: "error", Page: page, Status: status})
}

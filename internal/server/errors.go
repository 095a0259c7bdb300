package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/problem"
	"nearby/internal/server/route"
)

// answerError turns every error into a page for people or problem+json for
// programs, in one place. Causes go to the log with the request's id; only
// message, code and fields go out.
func (s *Server) answerError(floor *route.Floor) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			slog.Error("failed after the answer began", "id", problem.Number(c), "route", c.Path(), "error", err)
			return
		}
		e, status := problem.Understand(err)
		if status >= 500 {
			slog.Error("request failed", "id", problem.Number(c), "route", c.Path(), "code", e.Code, "error", e)
		}
		wait := problem.Headers(c.Response().Header(), e)
		var failed error
		switch {
		case route.IsMachine(c):
			failed = problem.Write(c, e, status)
		case status == http.StatusUnauthorized && e.Code == "sign_in":
			failed = toSignIn(c)
		default:
			failed = writePage(floor, c, e, status, wait)
		}
		if failed != nil {
			slog.Error("error page failed", "id", problem.Number(c), "error", failed)
			if !c.Response().Committed {
				_ = c.String(status, http.StatusText(status)+"\n")
			}
		}
	}
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
	// The deadline of the handler is over, or was what went wrong.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), 2*time.Second)
	defer cancel()
	c.SetRequest(c.Request().WithContext(ctx))
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
	page := &pages.Problem{Status: status, Code: e.Code, Message: e.Message, RequestID: problem.Number(c), Wait: wait}
	page.Title = r.Word("problem.title", strconv.Itoa(status))
	page.Robots = "noindex"
	page.Path = "/" // the address that failed may hold a place or a secret, and nobody wants to come back to it
	return r.Send(route.HTML{Name: "error", Page: page, Status: status})
}

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/server/route"
)

// middleware hangs everything before the handlers, outermost first. The order
// matters: recover sits inside the log so that a panic is logged as the 500 it
// becomes, and nothing is read of a request before its host and size are known.
func (s *Server) middleware(floor *route.Floor) {
	s.echo.Pre(trailingSlash)
	s.echo.Use(
		requestID,
		floor.Know,
		s.log,
		s.recover,
		s.host,
		s.headers,
		s.shed,
		s.rate,
		bodyLimit,
		deadline,
		gather,
		floor.Identify,
		crossOrigin,
	)
}

// trailingSlash sends "/b/x/" to "/b/x", keeping the method.
func trailingSlash(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		url := c.Request().URL
		path := url.Path
		if len(path) < 2 || !strings.HasSuffix(path, "/") || strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/debug/") {
			return next(c)
		}
		// One leading slash only: "//evil.example" would be another site.
		target := "/" + strings.Trim(path, "/")
		if strings.ContainsAny(target, "\\\r\n\t") {
			return errs.Missing("page")
		}
		if url.RawQuery != "" {
			target += "?" + url.RawQuery
		}
		return c.Redirect(http.StatusPermanentRedirect, target)
	}
}

// requestID gives every answer a number that people can tell us.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, ident.Random())
		return next(c)
	}
}

// log writes one line a request and counts it. It names the route, never the
// address asked for: paths and queries can hold tokens, names and places.
func (s *Server) log(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begin := time.Now() //nolint:forbidigo // how long it took is no business of the rooms' clock
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(begin)
		pattern := c.Path()
		if pattern == "" {
			pattern = "unmatched"
		}
		status := c.Response().Status
		s.metrics.request(pattern, c.Request().Method, status, took)
		level := slog.LevelInfo
		if strings.HasPrefix(pattern, "/assets/") || pattern == "/livez" || pattern == "/readyz" {
			level = slog.LevelDebug
		}
		slog.LogAttrs(context.Background(), level, "request",
			slog.String("id", c.Response().Header().Get(echo.HeaderXRequestID)),
			slog.String("method", route.Method(c.Request().Method)), slog.String("route", pattern), slog.Int("status", status),
			slog.Int64("bytes", c.Response().Size), slog.Duration("took", took.Round(time.Microsecond)))
		return nil
	}
}

// recover turns a panic into an error with its stack in the log.
func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				if failure, ok := p.(error); ok && errors.Is(failure, http.ErrAbortHandler) {
					panic(p)
				}
				err = errs.New(errs.Internal, "internal", "Something went wrong on our side.").
					Because(fmt.Errorf("panic: %T at\n%s", p, debug.Stack()))
			}
		}()
		return next(c)
	}
}

// host refuses requests for other sites: links are built from the base URL,
// and a foreign Host has no business here.
func (s *Server) host(next echo.HandlerFunc) echo.HandlerFunc {
	ours := s.config.BaseURL.Hostname()
	return func(c echo.Context) error {
		name := c.Request().Host
		if bare, _, err := net.SplitHostPort(name); err == nil {
			name = bare
		}
		name = strings.Trim(name, "[]")
		health := c.Request().URL.Path == "/livez" || c.Request().URL.Path == "/readyz"
		if strings.EqualFold(name, ours) || health || (!s.config.StrictHost && loopback(name)) {
			return next(c)
		}
		return echo.NewHTTPError(http.StatusMisdirectedRequest, "This server answers for another name.")
	}
}

func loopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

// headers are on every answer. No inline script or style is ever allowed.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	forms := strings.Join(append([]string{"'self'"}, s.config.PaymentOrigins...), " ")
	images := strings.Join(append([]string{"'self'", "data:"}, s.config.TileOrigins...), " ")
	csp := "default-src 'none'; script-src 'self'; style-src 'self'; img-src " + images + "; font-src 'self'; " +
		"connect-src 'self'; form-action " + forms + "; manifest-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
	secure := s.config.BaseURL.Scheme == "https"
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "geolocation=(self), camera=(), microphone=(), payment=()")
		h.Set("X-Frame-Options", "DENY")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		return next(c)
	}
}

// maxRunning bounds the requests worked on at once; as many again may wait a
// moment. More than that would only make everybody slow.
const (
	maxRunning = 512
	maxQueued  = 2048
	maxWait    = 2 * time.Second
)

func (s *Server) shed(next echo.HandlerFunc) echo.HandlerFunc {
	running, queued := make(chan struct{}, maxRunning), make(chan struct{}, maxQueued)
	busy := errs.New(errs.Unavailable, "busy", "There is a rush. Please try again in a moment.")
	busy.RetryAfter = time.Second
	return func(c echo.Context) error {
		if route.Streams(c) {
			return next(c) // open for minutes and idle; bounded by the connection limit
		}
		select {
		case running <- struct{}{}:
		default:
			select {
			case queued <- struct{}{}:
			default:
				s.metrics.shed.Inc()
				return busy
			}
			timer := time.NewTimer(maxWait)
			defer timer.Stop()
			select {
			case running <- struct{}{}:
				<-queued
			case <-timer.C:
				<-queued
				s.metrics.shed.Inc()
				return busy
			case <-c.Request().Context().Done():
				<-queued
				return c.Request().Context().Err()
			}
		}
		defer func() { <-running }()
		return next(c)
	}
}

// rate spends a token of the caller's bucket for this kind of route.
func (s *Server) rate(next echo.HandlerFunc) echo.HandlerFunc {
	if !s.config.Limits {
		return next
	}
	all := limits()
	return func(c echo.Context) error {
		bucket, ok := all[route.Bucket(c)]
		if !ok {
			return next(c)
		}
		if err := bucket.Take(route.Network(c.RealIP()), s.now()); err != nil {
			return err
		}
		return next(c)
	}
}

// bodyLimit ends a body that is larger than its route accepts.
func bodyLimit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		most := route.MaxBody(c)
		r := c.Request()
		if r.ContentLength > most {
			return errs.New(errs.TooLarge, "too_large", "This is more than "+strconv.FormatInt(most>>10, 10)+" KiB, the most that is accepted here.")
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		return next(c)
	}
}

// deadline bounds the time a handler has, longer where something large comes
// in; streams set their own.
func deadline(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if route.Streams(c) {
			return next(c)
		}
		timeout := requestTimeout
		if route.MaxBody(c) > largeBody {
			// A photo over a slow line takes its time to arrive.
			timeout = uploadTimeout
			control := http.NewResponseController(c.Response())
			end := time.Now().Add(uploadTimeout) //nolint:forbidigo // a deadline of the connection
			if err := errors.Join(control.SetReadDeadline(end), control.SetWriteDeadline(end.Add(writeTimeout))); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), timeout)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// crossOrigin refuses writes that another site's page sends through a browser.
// Programs without a browser's headers and machine routes pass: they carry no
// cookie that could be abused.
func crossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	refused := errs.New(errs.Forbidden, "cross_origin", "This was sent from another site, so it was not done.")
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return refused.Because(err)
		}
		return next(c)
	}
}

// clientAddress believes X-Forwarded-For only from the given proxies.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		_, ipnet, err := net.ParseCIDR(p.Masked().String())
		if err != nil {
			panic(errors.Join(errors.New("a valid prefix cannot be parsed again"), err))
		}
		options = append(options, echo.TrustIPRange(ipnet))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

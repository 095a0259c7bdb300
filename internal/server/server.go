// Package server is the HTTP floor: it puts the audiences' routes behind one
// listener with every timeout set, the middleware in its order, one error
// handler, health and metrics, and it starts and stops in good order.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"nearby/internal/clock"
	"nearby/internal/server/route"
)

// Timeouts and bounds of the public listener; docs/operating.md says why.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	requestTimeout    = 10 * time.Second
	uploadTimeout     = 2 * time.Minute // for routes that take more than largeBody
	largeBody         = 2 << 20
	maxHeaderBytes    = 16 << 10
	maxConnections    = 8000
	drainTime         = 10 * time.Second
)

// Config is what the HTTP floor needs to know of the settings.
type Config struct {
	BaseURL *url.URL
	// StrictHost refuses every Host but the base URL's; else loopback names
	// are welcome too.
	StrictHost     bool
	Limits         bool           // rate limits
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	PaymentOrigins []string       // where forms may lead besides ourselves
	TileOrigins    []string       // where map pictures may come from
	Debug          bool           // pprof on the second listener
}

// Ready tells whether the program can do its work; nil means yes.
type Ready func(ctx context.Context) error

// Server is the running HTTP floor.
type Server struct {
	config   Config
	echo     *echo.Echo
	public   *http.Server
	admin    *http.Server
	metrics  *metrics
	ready    Ready
	draining atomic.Bool
	now      clock.Clock
}

// New puts the routes together. Serve answers.
func New(config Config, now clock.Clock, floor *route.Floor, routes []route.Route, ready Ready, m ...Gauge) *Server {
	s := &Server{config: config, echo: echo.New(), ready: ready, now: now, metrics: newMetrics(m)}
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = clientAddress(config.TrustedProxies)
	e.HTTPErrorHandler = s.answerError(floor)
	s.middleware(floor)
	for _, r := range routes {
		floor.Mount(e, r)
	}
	e.GET("/livez", s.livez)
	e.GET("/readyz", s.readyz)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s.public = &http.Server{
		Handler: e, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, Protocols: protocols, ConnContext: known, ConnState: idle,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	s.admin = &http.Server{Handler: s.adminMux(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout}
	return s
}

// Echo is the router, for the API that registers its own operations.
func (s *Server) Echo() *echo.Echo { return s.echo }

// Handler is the whole public floor, for tests that need no port.
func (s *Server) Handler() http.Handler { return s.echo }

// Listener is the opened ports.
type Listener struct{ public, admin net.Listener }

// Listen opens the ports, so that the address is known before anything else is
// made. The error names the setting to change.
func Listen(addr, adminAddr string) (*Listener, error) {
	public, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s (%w): choose another address with NEARBY_ADDR, or :0 for a free one", addr, cause(err))
	}
	l := &Listener{public: public}
	if adminAddr == "" {
		return l, nil
	}
	if l.admin, err = net.Listen("tcp", adminAddr); err != nil {
		public.Close()
		return nil, fmt.Errorf("cannot listen on %s (%w): choose another address with NEARBY_ADMIN_ADDR, or none with an empty one", adminAddr, cause(err))
	}
	return l, nil
}

// cause is the short half of a network error.
func cause(err error) error {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

// Addr is where the public listener listens.
func (l *Listener) Addr() string { return l.public.Addr().String() }

// AdminAddr is where the second listener listens, "" when it is off.
func (l *Listener) AdminAddr() string {
	if l.admin == nil {
		return ""
	}
	return l.admin.Addr().String()
}

// Close closes the ports.
func (l *Listener) Close() error {
	err := l.public.Close()
	if l.admin != nil {
		err = errors.Join(err, l.admin.Close())
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Serve answers until ctx ends, then drains: /readyz says no, new connections
// are refused after settle, and running requests get ten seconds.
func (s *Server) Serve(ctx context.Context, l *Listener, settle time.Duration) error {
	failed := make(chan error, 2)
	go func() { failed <- s.public.Serve(gathering{netutil.LimitListener(l.public, maxConnections)}) }()
	if l.admin != nil {
		go func() { failed <- s.admin.Serve(l.admin) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	time.Sleep(settle)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err := s.public.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.public.Close()
	}
	return errors.Join(err, s.admin.Close())
}

func (s *Server) adminMux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /livez", echoHandler(s.echo, s.livez))
	mux.Handle("GET /readyz", echoHandler(s.echo, s.readyz))
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	if s.config.Debug {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

func echoHandler(e *echo.Echo, h echo.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := e.NewContext(r, w)
		if err := h(c); err != nil {
			e.HTTPErrorHandler(err, c)
		}
	})
}

// livez says that the process runs. readyz says that it can also do its work.
func (s *Server) livez(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.String(http.StatusOK, "ok\n")
}

func (s *Server) readyz(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	if s.draining.Load() {
		return c.String(http.StatusServiceUnavailable, "stopping\n")
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), time.Second)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		slog.Warn("not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ok\n")
}

package server

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"nearby/internal/server/route"
)

// gathered is a connection that can send an answer in one write. net/http sends
// what is over its buffer of 4 KiB by itself, so whoever waits for a longer answer
// is woken for its first part and again for the rest; where the two share
// processors that costs a tenth of the answers a second and more.
//
// Bytes are kept from hold to release only, and never more than mostKept.
type gathered struct {
	net.Conn
	mu   sync.Mutex
	held bool
	kept *[]byte // nil when nothing is kept
}

const mostKept = 64 << 10

// keeping is memory for the answers that are being gathered, not for every
// connection that is open.
var keeping = sync.Pool{New: func() any { return new([]byte) }}

func (g *gathered) hold() {
	g.mu.Lock()
	g.held = true
	g.mu.Unlock()
}

// release sends what is kept. An answer that cannot be sent shows when the
// connection is next read from: it is broken.
func (g *gathered) release() {
	g.mu.Lock()
	g.held = false
	_ = g.send()
	g.mu.Unlock()
}

// send sends what is kept; g.mu is held.
func (g *gathered) send() error {
	if g.kept == nil {
		return nil
	}
	_, err := g.Conn.Write(*g.kept)
	*g.kept = (*g.kept)[:0]
	keeping.Put(g.kept)
	g.kept = nil
	return err
}

func (g *gathered) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held && g.kept == nil && len(p) < mostKept {
		g.kept = keeping.Get().(*[]byte)
	}
	if g.held && g.kept != nil && len(*g.kept)+len(p) <= mostKept {
		*g.kept = append(*g.kept, p...)
		return len(p), nil
	}
	if err := g.send(); err != nil {
		return 0, err
	}
	return g.Conn.Write(p)
}

func (g *gathered) Close() error {
	g.release()
	return g.Conn.Close()
}

// gathering makes the connections of a listener gathered ones.
type gathering struct{ net.Listener }

func (l gathering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gathered{Conn: c}, nil
}

type gatheredKey struct{}

// known lets gather find the connection of a request.
func known(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, gatheredKey{}, c)
}

// idle releases an answer that is complete.
func idle(c net.Conn, state http.ConnState) {
	if g, ok := c.(*gathered); ok && state == http.StateIdle {
		g.release()
	}
}

// gather holds an answer until it is complete, unless it stays open or the other
// side has more to send, which it may do only when it has read something.
func gather(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if g, ok := r.Context().Value(gatheredKey{}).(*gathered); ok && !route.Streams(c) && r.ContentLength == 0 {
			g.hold()
		}
		return next(c)
	}
}

package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nearby/internal/clock"
	"nearby/internal/server/route"
)

// counting counts the writes to all connections of a listener.
type counting struct {
	net.Listener
	writes *atomic.Int64
}

type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{c, l.writes}, nil
}

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// listening serves routes on a port and counts the server's writes.
func listening(t *testing.T, routes ...route.Route) (address string, writes *atomic.Int64) {
	t.Helper()
	for i := range routes {
		routes[i].Machine = true
	}
	base := &url.URL{Scheme: "http", Host: "127.0.0.1"}
	s := New(Config{BaseURL: base}, clock.System, &route.Floor{Clock: clock.System, BaseURL: base}, routes, nil)
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	writes = new(atomic.Int64)
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context(), &Listener{public: counting{port, writes}}, 0) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return port.Addr().String(), writes
}

// long answers with as many letters as the query says.
func long(r *route.Request) (route.Answer, error) {
	var n int
	_, err := fmt.Sscan(r.Req().URL.Query().Get("n"), &n)
	return route.Text{Type: "text/plain", Body: strings.Repeat("x", n)}, err
}

// talk sends a text over a connection of its own and reads one answer after
// another.
func talk(t *testing.T, address, text string) (next func() (*http.Response, string)) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	return func() (*http.Response, string) {
		t.Helper()
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(body)
	}
}

// TestAnswersInOneWrite counts the writes of answers of all sizes, on one
// connection.
func TestAnswersInOneWrite(t *testing.T) {
	address, writes := listening(t, route.Route{Method: "GET", Path: "/api/long", Handle: long})
	for _, c := range []struct{ size, most int64 }{{0, 1}, {1000, 1}, {5000, 1}, {40_000, 1}, {1 << 20, 1 << 10}} {
		before := writes.Load()
		next := talk(t, address, fmt.Sprintf("GET /api/long?n=%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", c.size))
		answer, body := next()
		if answer.StatusCode != http.StatusOK || int64(len(body)) != c.size || strings.Trim(body, "x") != "" {
			t.Fatalf("%d bytes: %s, %d bytes", c.size, answer.Status, len(body))
		}
		if n := writes.Load() - before; n > c.most {
			t.Errorf("%d bytes took %d writes, want %d", c.size, n, c.most)
		}
	}
}

// TestGatheredAnswersArrive has the server answer in the orders that HTTP knows
// of: nothing may wait for what comes later.
func TestGatheredAnswersArrive(t *testing.T) {
	stream := make(chan string)
	address, _ := listening(t,
		route.Route{Method: "GET", Path: "/api/long", Handle: long},
		route.Route{Method: "POST", Path: "/api/echo", Body: 1 << 10, Handle: echoBody},
		route.Route{Method: "GET", Path: "/api/stream", Stream: true, Handle: func(r *route.Request) (route.Answer, error) {
			w := r.Response()
			for part := range stream {
				if _, err := io.WriteString(w, part); err != nil {
					return nil, err
				}
				w.Flush()
			}
			return nil, nil
		}},
	)
	const get = "GET /api/long?n=6000 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	t.Run("one after another without waiting", func(t *testing.T) {
		next := talk(t, address, get+"\r\n"+get+"\r\n"+get+"Connection: close\r\n\r\n")
		for range 3 {
			if answer, body := next(); answer.StatusCode != http.StatusOK || len(body) != 6000 {
				t.Errorf("%s, %d bytes", answer.Status, len(body))
			}
		}
	})
	t.Run("a body that waits to be asked for", func(t *testing.T) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "POST /api/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
		in := bufio.NewReader(conn)
		if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("%q %v", line, err)
		}
		_, _ = in.ReadString('\n') // the empty line
		fmt.Fprint(conn, "hello")
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "hello" {
			t.Errorf("%q %v", body, err)
		}
	})
	t.Run("a body that nobody wants", func(t *testing.T) {
		begin := time.Now()
		answer, _ := talk(t, address, "POST /api/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000000\r\n\r\n"+strings.Repeat("y", 1<<16))()
		if answer.StatusCode != http.StatusRequestEntityTooLarge {
			t.Error(answer.Status)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("it came after %s", took)
		}
	})
	t.Run("a stream", func(t *testing.T) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		answer := make(chan *http.Response, 1)
		in := bufio.NewReader(conn)
		fmt.Fprint(conn, get+"\r\n") // the answer before it was held
		before, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, before.Body); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		go func() {
			a, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Error(err)
			}
			answer <- a
		}()
		stream <- "one\n"
		a := <-answer
		lines := bufio.NewReader(a.Body)
		for _, part := range []string{"one\n", "two\n", "three\n"} {
			if part != "one\n" {
				stream <- part
			}
			if line, err := lines.ReadString('\n'); err != nil || line != part {
				t.Fatalf("%q %v, want %q", line, err, part)
			}
		}
		close(stream)
	})
}

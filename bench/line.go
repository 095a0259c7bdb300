package main

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// line is a transport of one connection that one client uses, one request after
// another. The usual transport reads and writes in goroutines of its own; on
// processors that the server shares, waking them costs as much as the server.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
}

// RoundTrip sends a request and reads the head of its answer.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.conn == nil {
		conn, err := net.DialTimeout("tcp", r.URL.Host, 10*time.Second)
		if err != nil {
			return nil, err
		}
		l.conn, l.in, l.out = conn, bufio.NewReaderSize(conn, 16<<10), bufio.NewWriter(conn)
	}
	answer, err := l.ask(r)
	if err != nil || answer.Close {
		// The next request dials again; what is left of this answer is read from l.in.
		conn := l.conn
		l.conn = nil
		if err != nil {
			_ = conn.Close() // the first error counts
		}
	}
	return answer, err
}

func (l *line) ask(r *http.Request) (*http.Response, error) {
	if err := l.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if err := r.Write(l.out); err != nil {
		return nil, err
	}
	if err := l.out.Flush(); err != nil {
		return nil, err
	}
	return http.ReadResponse(l.in, r)
}

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close() // nothing more is wanted of it
	}
}

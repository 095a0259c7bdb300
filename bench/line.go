package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
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
	if err := l.dial(r.URL.Host); err != nil {
		return nil, err
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

func (l *line) dial(host string) error {
	if l.conn != nil {
		return nil
	}
	conn, err := net.DialTimeout("tcp", host, 10*time.Second)
	if err != nil {
		return err
	}
	l.conn, l.in, l.out = conn, bufio.NewReaderSize(conn, 16<<10), bufio.NewWriter(conn)
	return conn.SetDeadline(time.Now().Add(5 * time.Minute)) // no load lasts as long
}

// question is a request that is asked again and again, written once.
type question struct {
	host string
	text []byte
}

// questions are GET requests for addresses.
func questions(addresses ...string) ([]question, error) {
	list := make([]question, len(addresses))
	for i, address := range addresses {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		if err := r.Write(&text); err != nil {
			return nil, err
		}
		list[i] = question{r.URL.Host, text.Bytes()}
	}
	return list, nil
}

// ask has a client of load ask a question. The answer is read away and nothing
// is allocated: while clients call, the processors should be the server's.
func ask(client *http.Client, q question) error {
	l := client.Transport.(*line)
	if err := l.dial(q.host); err != nil {
		return err
	}
	if _, err := l.conn.Write(q.text); err != nil {
		return err
	}
	status, err := l.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("the answer begins with %q", status)
	}
	length := -1
	for {
		header, err := l.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		name, value, more := bytes.Cut(bytes.TrimSpace(header), []byte(": "))
		if !more {
			break
		}
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("the answer does not say how long it is")
	}
	_, err = l.in.Discard(length)
	return err
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

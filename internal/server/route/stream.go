package route

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"nearby/internal/errs"
)

// Times of a stream. Each look sees what another process has changed; a beat
// keeps proxies from closing the line; the end makes the browser come back,
// and prove again who it is.
const (
	streamLook  = 5 * time.Second
	streamBeat  = 3 // looks
	streamLife  = 10 * time.Minute
	streamWrite = 10 * time.Second
)

// Live is a part of a page that is sent again, as a server-sent event
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), whenever
// it has changed. Watch tells of changes until it is cancelled; Render writes
// the part as it is now and tells whether it may still change.
type Live struct {
	Watch  func() (changes <-chan struct{}, cancel func())
	Render func(w io.Writer) (more bool, err error)
}

func (a Live) write(r *Request) error {
	changes, cancel := a.Watch()
	defer cancel()
	w, req := r.Writer(), r.Req()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := stream{w: w, control: http.NewResponseController(w)}
	if err := s.control.SetReadDeadline(time.Time{}); err != nil { // the request has been read
		return err
	}
	look, end := time.NewTicker(streamLook), time.NewTimer(streamLife)
	defer look.Stop()
	defer end.Stop()
	for looks := 0; ; {
		more, err := s.update(a.Render)
		if err != nil || !more {
			return fault(err)
		}
		select {
		case <-req.Context().Done():
			return nil
		case <-end.C:
			return nil
		case <-changes:
		case <-look.C:
			if looks++; looks%streamBeat == 0 {
				if err := s.send(":\n\n"); err != nil {
					return fault(err)
				}
			}
		}
	}
}

// errGone says that nobody reads the stream any more.
var errGone = errors.New("route: the reader of a stream is gone")

// fault tells a reader who left, or may not read any more, from a fault.
func fault(err error) error {
	if err == nil || errors.Is(err, errGone) || !errs.Is(err, errs.Internal) {
		return nil
	}
	return err
}

type stream struct {
	w       io.Writer
	control *http.ResponseController
	last    [sha256.Size]byte
}

// update sends the rendering if it differs from the last one sent.
func (s *stream) update(render func(io.Writer) (bool, error)) (more bool, err error) {
	var body bytes.Buffer
	if more, err = render(&body); err != nil {
		return false, err
	}
	sum := sha256.Sum256(body.Bytes())
	if sum == s.last {
		return more, nil
	}
	s.last = sum
	var event strings.Builder
	for line := range strings.Lines(body.String()) {
		event.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
	}
	event.WriteString("\n")
	return more, s.send(event.String())
}

func (s *stream) send(text string) error {
	deadline := time.Now().Add(streamWrite) //nolint:forbidigo // a deadline of the connection
	if err := s.control.SetWriteDeadline(deadline); err != nil {
		return errors.Join(errGone, err)
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return errors.Join(errGone, err)
	}
	if err := s.control.Flush(); err != nil {
		return errors.Join(errGone, err)
	}
	return nil
}

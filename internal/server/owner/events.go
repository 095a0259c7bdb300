package owner

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"nearby/internal/errs"
	"nearby/internal/server/route"
)

// Times of a stream. Each beat also looks again, because another process may
// have made a change; the end makes the browser come back, and prove who it is.
const (
	streamBeat  = 15 * time.Second
	streamLife  = 10 * time.Minute
	streamWrite = 10 * time.Second
)

// stream sends what render writes as a server-sent event
// (https://html.spec.whatwg.org/multipage/server-sent-events.html) whenever a
// change of the watched thing has made it different.
func (h *Handlers) stream(r *route.Request, watched string, render func(io.Writer) error) route.Answer {
	return route.Func(func(w http.ResponseWriter, req *http.Request) error {
		changes, cancel := h.Order.Watch(watched)
		defer cancel()
		header := w.Header()
		header.Set("Content-Type", "text/event-stream")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Accel-Buffering", "no")
		w.WriteHeader(http.StatusOK)
		s := sender{w: w, control: http.NewResponseController(w)}
		if err := s.control.SetReadDeadline(time.Time{}); err != nil { // the request has been read
			return err
		}
		beat := time.NewTicker(streamBeat)
		defer beat.Stop()
		end := time.NewTimer(streamLife)
		defer end.Stop()
		for {
			if err := s.update(render); err != nil {
				return gone(err)
			}
			select {
			case <-req.Context().Done():
				return nil
			case <-end.C:
				return nil
			case <-changes:
			case <-beat.C:
				if err := s.send(":\n\n"); err != nil {
					return gone(err)
				}
			}
		}
	})
}

// gone tells a reader who left, or may not read any more, from a fault.
func gone(err error) error {
	if errs.Is(err, errs.Internal) && !errors.Is(err, errWrite) {
		return err
	}
	return nil
}

var errWrite = errors.New("owner: the reader of a stream is gone")

type sender struct {
	w       io.Writer
	control *http.ResponseController
	last    [sha256.Size]byte
}

// update sends the rendering if it differs from the last one sent.
func (s *sender) update(render func(io.Writer) error) error {
	var body bytes.Buffer
	if err := render(&body); err != nil {
		return err
	}
	sum := sha256.Sum256(body.Bytes())
	if sum == s.last {
		return nil
	}
	s.last = sum
	var event strings.Builder
	for line := range strings.Lines(body.String()) {
		event.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
	}
	event.WriteString("\n")
	return s.send(event.String())
}

func (s *sender) send(text string) error {
	deadline := time.Now().Add(streamWrite) //nolint:forbidigo // a deadline of the connection
	if err := s.control.SetWriteDeadline(deadline); err != nil {
		return errors.Join(errWrite, err)
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return errors.Join(errWrite, err)
	}
	if err := s.control.Flush(); err != nil {
		return errors.Join(errWrite, err)
	}
	return nil
}

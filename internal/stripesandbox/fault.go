package stripesandbox

import (
	"net/http"
	"path"
	"time"
)

// Kinds of Fault.
const (
	FaultError     = "error"      // answers Status as JSON, and forgets it
	FaultSticky    = "sticky"     // answers Status as JSON, and again under the same idempotency key
	FaultCut       = "cut"        // closes the connection in the middle of the answer
	FaultHTML      = "html"       // answers 502 with a page, as a proxy would
	FaultRateLimit = "rate_limit" // answers 429, nothing done
	FaultSlow      = "slow"       // waits, then does what was asked
)

// Fault is a misbehaviour set for the calls that come. It strikes the first
// Times calls it fits.
type Fault struct {
	Kind    string `json:"kind"`
	Method  string `json:"method"`  // "" = any
	Path    string `json:"path"`    // "*" stands for one segment; "" = any
	Account string `json:"account"` // "" = any
	Done    bool   `json:"done"`    // the work is done all the same
	Status  int    `json:"status"`  // of error and sticky; 0 = 500
	DelayMS int    `json:"delay_ms"`
	Times   int    `json:"times"` // 0 = once

	lifted chan struct{} // closed when the faults are taken away: ends a slow one
}

func (f *Fault) check() error {
	switch f.Kind {
	case FaultError, FaultSticky, FaultCut, FaultHTML, FaultRateLimit, FaultSlow:
	default:
		return invalid("kind", "kind must be one of error, sticky, cut, html, rate_limit, slow")
	}
	if f.Status != 0 && (f.Status < 500 || f.Status > 599) {
		return invalid("status", "status must be 5xx")
	}
	if f.Times < 0 || f.DelayMS < 0 {
		return invalid("times", "times and delay_ms must not be negative")
	}
	if _, err := path.Match(f.Path, ""); err != nil {
		return invalid("path", "path is no pattern: %v", err)
	}
	return nil
}

func (f *Fault) fits(c *Call) bool {
	onPath, _ := path.Match(f.Path, c.Path)
	return (f.Method == "" || f.Method == c.Method) &&
		(f.Path == "" || onPath) &&
		(f.Account == "" || f.Account == c.Account)
}

// takeFault is the fault set for this call, or nil.
func (s *Sandbox) takeFault(c *Call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if !f.fits(c) {
			continue
		}
		if f.Times--; f.Times <= 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		c.Fault = f.Kind
		return f
	}
	return nil
}

// misbehave answers as the fault says. Work does what was asked; given a
// reply, it keeps that one for the idempotency key in the place of the true one.
func (s *Sandbox) misbehave(w http.ResponseWriter, r *http.Request, c *Call, f *Fault, work func(insteadOf *reply) reply) {
	status := f.Status
	if status == 0 {
		status = http.StatusInternalServerError
	}
	broken := s.failure(c, &apiError{Status: status, Type: "api_error", Message: "An unknown error occurred (set as a fault)."})

	switch f.Kind {
	case FaultSlow:
		if !f.wait(r) {
			panic(http.ErrAbortHandler)
		}
		s.send(w, c, work(nil))
		return
	case FaultRateLimit:
		s.send(w, c, s.failure(c, &apiError{
			Status: http.StatusTooManyRequests, Type: "invalid_request_error", Code: "rate_limit",
			Message: "Request rate limit exceeded (set as a fault).",
		}))
		return
	case FaultSticky:
		if !f.Done {
			if err := s.do(func(t *tx) error { t.keep(c, broken); return nil }); err != nil {
				broken = s.failure(c, err)
			}
			s.send(w, c, broken)
			return
		}
		work(&broken)
		s.send(w, c, broken)
		return
	}

	if f.Done {
		work(nil)
	}
	switch f.Kind {
	case FaultError:
		s.send(w, c, broken)
	case FaultHTML:
		s.finish(c, http.StatusBadGateway)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html><body><h1>502 Bad Gateway</h1></body></html>\n"))
	case FaultCut:
		// Half an answer: on a connection that closes without one, Go's
		// transport would itself send a call with an idempotency key again.
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id": "`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // how net/http closes a connection
	}
}

// wait holds the call back until its delay is over or the faults are lifted.
// It is false when the caller has gone.
func (f *Fault) wait(r *http.Request) bool {
	timer := time.NewTimer(time.Duration(f.DelayMS) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.lifted:
	case <-r.Context().Done():
		return false
	}
	return true
}

package stripesandbox

import (
	"net/http"
	"time"
)

// maxCalls is how many calls and attempts are remembered.
const maxCalls = 20_000

// Call is one request to the API, as /_sandbox/calls tells it. It holds no
// parameter: those may be personal data.
type Call struct {
	RequestID   string    `json:"request_id"`
	At          time.Time `json:"at"`
	Method      string    `json:"method"`
	Path        string    `json:"path"`
	Account     string    `json:"account"` // "" = the operator
	Key         string    `json:"idempotency_key"`
	Fingerprint string    `json:"fingerprint"` // same endpoint and parameters, same fingerprint
	Replayed    bool      `json:"replayed"`
	Fault       string    `json:"fault,omitempty"`
	Status      int       `json:"status"` // 0: at work, or the connection was cut

	sentAccount string
}

func (s *Sandbox) newCall(r *http.Request) *Call {
	c := &Call{
		RequestID: s.newID("req_"), Method: r.Method, Path: r.URL.Path,
		Account: r.Header.Get("Stripe-Account"), Key: r.Header.Get("Idempotency-Key"),
		sentAccount: r.Header.Get("Stripe-Account"),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.At = s.now()
	s.calls = append(s.calls, c)
	if len(s.calls) > maxCalls {
		s.calls = s.calls[len(s.calls)-maxCalls:]
	}
	return c
}

func (s *Sandbox) finish(c *Call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = status
}

package stripesandbox

import (
	"net/http"
	"time"
)

// keyLife is how long a key answers its first result again. Stripe promises
// at least 24 hours.
const keyLife = 24 * time.Hour

// idempotencyRef is what a key is remembered under.
type idempotencyRef struct{ account, key string }

// remembered is the first result given under an idempotency key; its ID is
// the key.
type remembered struct {
	scope
	Fingerprint string    `json:"fingerprint"`
	At          time.Time `json:"at"`
	Reply       reply     `json:"reply"`
}

func (remembered) kind() string { return "idempotency_key" }

// admit finds the account the request is for and the answer its key has
// already been given. Without one, the key is taken until release.
func (s *Sandbox) admit(c *Call, fingerprint string) (earlier *reply, err error) {
	err = s.do(func(t *tx) error {
		c.Fingerprint = fingerprint
		if c.Account, err = t.accountOf(c.sentAccount); err != nil {
			return err
		}
		if !c.remembers() {
			return nil
		}
		if len(c.Key) > 255 {
			return invalid("", "Idempotency keys hold at most 255 characters.")
		}
		if old, ok := find[remembered](t, c.Account, c.Key); ok && t.now.Sub(old.At) < keyLife {
			if old.Fingerprint != c.Fingerprint {
				return &apiError{
					Status: http.StatusBadRequest, Type: "idempotency_error",
					Message: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + c.Key + "' if you meant to execute a different request.",
				}
			}
			earlier, c.Replayed = &old.Reply, true
			return nil
		}
		if s.inFlight[c.idempotency()] {
			return &apiError{
				Status: http.StatusConflict, Type: "idempotency_error", Code: "idempotency_key_in_use",
				Message: "There is currently another in-progress request using this Idempotency Key (that probably means you submitted twice, and the other request is still going through): " + c.Key + ". Please try again later.",
			}
		}
		s.inFlight[c.idempotency()] = true
		return nil
	})
	return earlier, err
}

// release gives the key free for the next request.
func (s *Sandbox) release(c *Call) {
	if !c.remembers() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inFlight, c.idempotency())
}

// keep remembers the answer under the call's key.
func (t *tx) keep(c *Call, out reply) {
	if !c.remembers() {
		return
	}
	put(t, remembered{scope{c.Account, c.Key}, c.Fingerprint, t.now, out})
}

// remembers reports whether the call's result is kept under its key.
func (c *Call) remembers() bool { return c.Key != "" && c.Method == http.MethodPost }

func (c *Call) idempotency() idempotencyRef { return idempotencyRef{c.Account, c.Key} }

package stripesandbox

import (
	"encoding/json"
	"errors"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"time"
)

// controlHandler is /_sandbox/…: JSON in, JSON out, no key, so it listens on
// this machine only.
func (s *Sandbox) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sandbox/clock", s.steer(s.tellClock))
	mux.HandleFunc("POST /_sandbox/clock/advance", s.steer(s.advanceClock))
	mux.HandleFunc("GET /_sandbox/webhooks", s.steer(s.tellAttempts))
	mux.HandleFunc("POST /_sandbox/webhooks/mode", s.steer(s.setMode))
	mux.HandleFunc("POST /_sandbox/webhooks/flush", s.steer(s.flush))
	mux.HandleFunc("POST /_sandbox/webhooks/redeliver/{account}/{event}", s.steer(s.redeliver))
	mux.HandleFunc("POST /_sandbox/faults", s.steer(s.addFault))
	mux.HandleFunc("DELETE /_sandbox/faults", s.steer(s.liftFaults))
	mux.HandleFunc("GET /_sandbox/calls", s.steer(s.tellCalls))
	mux.HandleFunc("DELETE /_sandbox/calls", s.steer(s.forgetCalls))
	mux.HandleFunc("POST /_sandbox/reset", s.steer(s.reset))

	for pattern, work := range map[string]func(*tx, *http.Request) (any, error){
		"accounts/{id}/activate":      activateAccount,
		"accounts/{id}/restrict":      restrictAccount,
		"accounts/{id}/deauthorize":   deauthorizeAccount,
		"accounts/{id}/drain":         drainAccount,
		"disputes":                    makeDispute,
		"disputes/{id}/{word}":        moveDispute,
		"refunds/{id}/{word}":         moveRefund,
		"payouts/{id}/fail":           sendBackPayout,
		"payment_intents/{id}/{word}": moveIntent,
	} {
		mux.HandleFunc("POST /_sandbox/"+pattern, s.steer(func(r *http.Request) (answer any, err error) {
			err = s.do(func(t *tx) error {
				answer, err = work(t, r)
				return err
			})
			return answer, err
		}))
	}
	return http.NewCrossOriginProtection().Handler(mux)
}

// steer answers a control request with JSON.
func (s *Sandbox) steer(work func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		status := http.StatusOK
		answer, err := work(r)
		if err != nil {
			e := asAPIError(err)
			status, answer = e.Status, object{"error": e.Message}
		}
		if answer == nil {
			answer = object{}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer) // the caller may have gone
	}
}

// body reads a JSON body of known fields; an empty one leaves v as it is.
func body(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return invalid("", "The body is not what this endpoint takes: %v", err)
	}
	return nil
}

func (s *Sandbox) tellClock(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return object{"now": s.now(), "offset_seconds": s.offset.Seconds()}, nil
}

func (s *Sandbox) advanceClock(r *http.Request) (any, error) {
	var in struct {
		Seconds float64 `json:"seconds"`
	}
	if err := body(r, &in); err != nil {
		return nil, err
	}
	if err := s.Advance(time.Duration(in.Seconds * float64(time.Second))); err != nil {
		return nil, err
	}
	return s.tellClock(r)
}

// tellAttempts lists what was sent, oldest first, and counts what waits.
func (s *Sandbox) tellAttempts(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return object{
		"mode": s.mode, "waiting": count[delivery](s.begin(), "", ""),
		"attempts": append([]Attempt{}, s.attempts...),
	}, nil
}

func (s *Sandbox) setMode(r *http.Request) (any, error) {
	var m WebhookMode
	if err := body(r, &m); err != nil {
		return nil, err
	}
	s.SetWebhookMode(m)
	return m, nil
}

// SetWebhookMode replaces the whole mode; the zero mode is back to normal.
func (s *Sandbox) SetWebhookMode(m WebhookMode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = m
	s.shuffle = mrand.New(mrand.NewPCG(m.Seed, 1))
	s.wakeDeliverer()
}

// flush waits until everything that is due has been tried.
func (s *Sandbox) flush(r *http.Request) (any, error) { return nil, s.Flush(r.Context()) }

// redeliver sends an event once more. The account of the operator's own
// events is written "operator".
func (s *Sandbox) redeliver(r *http.Request) (any, error) {
	accountID := r.PathValue("account")
	if accountID == operatorID {
		accountID = ""
	}
	return nil, s.do(func(t *tx) error {
		e, err := need[event](t, accountID, r.PathValue("event"), "event")
		if err == nil {
			t.send(e, t.now)
		}
		return err
	})
}

func (s *Sandbox) addFault(r *http.Request) (any, error) {
	var f Fault
	if err := body(r, &f); err != nil {
		return nil, err
	}
	return nil, s.AddFault(f)
}

// AddFault sets a misbehaviour for the calls that come.
func (s *Sandbox) AddFault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.lifted = s.lifted
	s.faults = append(s.faults, &f)
	return nil
}

func (s *Sandbox) liftFaults(*http.Request) (any, error) {
	s.LiftFaults()
	return nil, nil
}

// LiftFaults takes all faults away and lets go of the calls they hold back.
func (s *Sandbox) LiftFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearFaults()
}

func (s *Sandbox) tellCalls(*http.Request) (any, error) {
	return object{"calls": s.Calls()}, nil
}

// Calls is every request to the API since the start, oldest first.
func (s *Sandbox) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, len(s.calls))
	for i, c := range s.calls {
		out[i] = *c
	}
	return out
}

func (s *Sandbox) forgetCalls(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.attempts = nil, nil
	return nil, nil
}

// reset is a fresh sandbox: only the operator's account and the webhooks set
// from outside stay.
func (s *Sandbox) reset(*http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.commit(func(t *tx) error {
		for k := range s.store.docs {
			if k.kind != (operator{}).kind() {
				t.change(k, nil)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.offset, s.nextDue, s.mode = 0, time.Time{}, WebhookMode{}
	s.calls, s.attempts = nil, nil
	s.clearFaults()
	s.signal()
	return nil, nil
}

func (s *Sandbox) clearFaults() {
	close(s.lifted)
	s.lifted = make(chan struct{})
	s.faults = nil
}

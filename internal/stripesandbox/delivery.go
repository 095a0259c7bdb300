package stripesandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"
)

// patience is how long an endpoint may take to answer.
const patience = 10 * time.Second

// retryAfter is the waits between attempts to deliver an event; after the
// last one it is given up (Stripe: up to three days).
var retryAfter = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour,
	3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

// delivery is an event on its way to one endpoint. It is gone when it has
// arrived or was given up.
type delivery struct {
	scope
	EventAccount string    `json:"event_account"`
	Event        string    `json:"event"`
	Endpoint     string    `json:"endpoint"`
	Attempt      int       `json:"attempt"` // how many have failed
	At           time.Time `json:"at"`      // not before
}

func (delivery) kind() string { return "delivery" }

// WebhookMode is how deliveries misbehave, as set by /_sandbox/webhooks/mode.
type WebhookMode struct {
	Drop      bool   `json:"drop"`      // events made now are never sent
	Duplicate bool   `json:"duplicate"` // each is sent twice
	Shuffle   bool   `json:"shuffle"`   // those that wait are sent in random order
	Seed      uint64 `json:"seed"`      // of the shuffle
	DelayMS   int64  `json:"delay_ms"`  // by the sandbox's clock
	Hold      bool   `json:"hold"`      // nothing leaves until the mode is changed
}

// Attempt is one try to deliver an event, as /_sandbox/webhooks tells it.
type Attempt struct {
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	Event   string    `json:"event"`
	Type    string    `json:"type"`
	URL     string    `json:"url"`
	Number  int       `json:"number"` // 1 = the first
	Status  int       `json:"status"` // 0: no answer
	Error   string    `json:"error,omitempty"`
}

// dispatch puts a new event on its way, as the mode says.
func (t *tx) dispatch(e event) {
	m := t.s.mode
	if m.Drop {
		return
	}
	at := t.now.Add(time.Duration(m.DelayMS) * time.Millisecond)
	t.send(e, at)
	if m.Duplicate {
		t.send(e, at)
	}
}

// send puts the event on its way to every endpoint that listens.
func (t *tx) send(e event, at time.Time) {
	for _, to := range t.endpoints() {
		if to.wants(e) {
			put(t, delivery{scope{"", e.tag() + t.s.newID("del_")}, e.Account, e.ID, to.ID, 0, at})
			t.events = true
		}
	}
}

// tag begins the ids of an event's deliveries.
func (e event) tag() string { return e.Account + " " + e.ID + " " }

func (t *tx) pendingDeliveries(e event) int { return count[delivery](t, "", e.tag()) }

func (s *Sandbox) wakeDeliverer() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake already
	}
}

// deliver sends what is due until ctx ends. It wakes for every new event, and
// each second for what becomes due by the clock.
func (s *Sandbox) deliver(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	client := &http.Client{
		Timeout: patience,
		// A redirect is a failure: the event must reach the address given.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	for {
		for _, p := range s.takeDue() {
			s.worker.Go(func() { s.attempt(ctx, client, p) })
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// parcel is a delivery with all it takes to send it.
type parcel struct {
	delivery
	event event
	to    endpoint
	body  []byte
}

// takeDue picks the deliveries to send now: one for each endpoint that is not
// waited for already.
func (s *Sandbox) takeDue() []parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.runTimers(); err != nil {
		return nil // the next request is told
	}
	var out []parcel
	// Reading and tidying only: an error would come again at the next tick.
	_ = s.commit(func(t *tx) error {
		for d := range s.due(t) {
			e, known := find[event](t, d.EventAccount, d.Event)
			to, open := t.endpointByID(d.Endpoint)
			if !known || !open {
				remove(t, d)
				s.signal()
				continue
			}
			if s.busy[to.ID] {
				continue
			}
			body, err := json.Marshal(e.view(t))
			if err != nil {
				panic(err) // views are plain data
			}
			s.busy[to.ID] = true
			out = append(out, parcel{d, e, to, body})
			if len(s.busy) == len(t.endpoints()) {
				break
			}
		}
		return nil
	})
	return out
}

// signal tells Flush that a delivery has ended.
func (s *Sandbox) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// due walks the deliveries that may leave now, in the order of the mode: the
// oldest first, or shuffled.
func (s *Sandbox) due(t *tx) iter.Seq[delivery] {
	if !s.mode.Shuffle {
		return s.ripe(t)
	}
	out := slices.Collect(s.ripe(t))
	s.shuffle.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return slices.Values(out)
}

func (s *Sandbox) ripe(t *tx) iter.Seq[delivery] {
	return func(yield func(delivery) bool) {
		if s.mode.Hold {
			return
		}
		for d := range oldest[delivery](t, "") {
			if !d.At.After(t.now) && !yield(d) {
				return
			}
		}
	}
}

func (t *tx) endpointByID(id string) (endpoint, bool) {
	all := t.endpoints()
	i := slices.IndexFunc(all, func(e endpoint) bool { return e.ID == id })
	if i < 0 {
		return endpoint{}, false
	}
	return all[i], true
}

func (s *Sandbox) attempt(ctx context.Context, client *http.Client, p parcel) {
	status, err := s.post(ctx, client, p)
	if err == nil && (status < 200 || status > 299) {
		err = fmt.Errorf("answered %d", status)
	}
	if ctx.Err() != nil {
		return // closing: it is sent again after the next start
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	// When saving fails the delivery stays due and is sent once more.
	_ = s.commit(func(t *tx) error { t.delivered(p, err); return nil })
	s.note(p, status, err)
	delete(s.busy, p.to.ID)
	s.signal()
	s.wakeDeliverer()
}

// delivered takes the delivery off when it arrived, else sets its next try.
func (t *tx) delivered(p parcel, err error) {
	d, ok := find[delivery](t, "", p.ID)
	switch {
	case !ok: // reset meanwhile
	case err == nil || d.Attempt == len(retryAfter):
		remove(t, d)
	default:
		d.At = t.now.Add(retryAfter[d.Attempt])
		d.Attempt++
		put(t, d)
	}
}

func (s *Sandbox) note(p parcel, status int, err error) {
	a := Attempt{s.now(), p.event.Account, p.event.ID, p.event.Type, p.to.URL, p.delivery.Attempt + 1, status, ""}
	if err != nil {
		a.Error = err.Error()
	}
	s.attempts = append(s.attempts, a)
	if len(s.attempts) > maxCalls {
		s.attempts = s.attempts[len(s.attempts)-maxCalls:]
	}
}

func (s *Sandbox) post(ctx context.Context, client *http.Client, p parcel) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to.URL, bytes.NewReader(p.body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Stripe/1.0 (sandbox)")
	// The receiver compares with its own clock, which clock/advance does not move.
	r.Header.Set("Stripe-Signature", sign(p.body, p.to.Secret, s.machine()))
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// sign is the Stripe-Signature header of a body sent at a moment: an
// HMAC-SHA256 of time and body under the endpoint's secret.
func sign(body []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// Flush waits until every event that is due by the sandbox's clock has been
// tried. What is held, delayed or waits for a retry is not due.
func (s *Sandbox) Flush(ctx context.Context) error {
	for {
		changed, idle := s.deliveries()
		if idle {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Sandbox) deliveries() (changed <-chan struct{}, idle bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range s.ripe(s.begin()) {
		s.wakeDeliverer()
		return s.changed, false
	}
	return s.changed, len(s.busy) == 0
}

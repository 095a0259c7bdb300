// Package stripesandbox is a local stand-in for the part of Stripe's API
// (version 2023-10-16) that the app uses: it keeps accounts, takes made-up
// payments on hosted pages and sends signed webhooks, without any real money.
// Only cmd/stripesandbox, _test.go files and test packages may import it.
package stripesandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"nearby/internal/clock"
)

// APIVersion is the one version of Stripe's API the sandbox speaks.
const APIVersion = "2023-10-16"

// KeyPrefix is what every secret key of a sandbox begins with, so that no
// such key is ever taken for one of Stripe's.
const KeyPrefix = "sk_test_sandbox"

// Options say how a sandbox is set up. The zero value of every field but Key
// is useful.
type Options struct {
	Key      string      // the operator's secret key: KeyPrefix and more, no further "_"
	Clock    clock.Clock // nil: the machine's clock
	Data     string      // SQLite file that holds the state; "": memory only
	Webhooks []Webhook
	// NewID makes the id of an object from its prefix ("cs_test_"). Nil makes
	// random ones; a test may give two accounts objects of the same id.
	NewID func(prefix string) string
}

// Webhook is a receiver of events that is set up from outside, not through
// the API.
type Webhook struct {
	URL        string // on this machine: the sandbox sends nothing anywhere else
	Secret     string // "whsec_…", signs every event
	Businesses bool   // events of connected accounts ("connect" in Stripe's words)
	Operator   bool   // events of the operator's own account
}

// Sandbox is one running stand-in. It is safe for concurrent use.
type Sandbox struct {
	key     string
	machine clock.Clock
	newID   func(prefix string) string
	api     http.Handler
	control http.Handler

	mu       sync.Mutex // guards everything below; never held during a call
	store    *store
	offset   time.Duration // how far clock/advance has moved the time on
	nextDue  time.Time     // no timer is due before; zero: none waits
	webhooks []endpoint    // from Options and SetWebhook
	mode     WebhookMode
	shuffle  *mrand.Rand
	inFlight map[idempotencyRef]bool // keys whose first request is still at work
	faults   []*Fault
	lifted   chan struct{} // closed and replaced when the faults are taken away
	calls    []*Call
	attempts []Attempt
	busy     map[string]bool // endpoints an event is on its way to
	changed  chan struct{}   // closed and replaced after every delivery

	wake   chan struct{}
	stop   context.CancelFunc
	worker sync.WaitGroup
}

// Check tells what is wrong with the options, before anything is opened.
func (o Options) Check() error {
	problems := []error{checkKey(o.Key)}
	for _, h := range o.Webhooks {
		problems = append(problems, h.check())
	}
	return errors.Join(problems...)
}

// New starts a sandbox. It reads its state from Options.Data, or starts with
// nothing but the operator's own account.
func New(o Options) (*Sandbox, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = clock.System
	}
	if o.NewID == nil {
		o.NewID = randomID
	}
	st, err := openStore(o.Data)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{
		key:      o.Key,
		machine:  o.Clock,
		newID:    o.NewID,
		store:    st,
		shuffle:  mrand.New(mrand.NewPCG(1, 1)),
		inFlight: map[idempotencyRef]bool{},
		busy:     map[string]bool{},
		changed:  make(chan struct{}),
		lifted:   make(chan struct{}),
		wake:     make(chan struct{}, 1),
	}
	s.setWebhooks(o.Webhooks)
	if err := s.load(); err != nil {
		return nil, errors.Join(err, st.close())
	}
	s.api, s.control = s.apiHandler(), s.controlHandler()

	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.worker.Go(func() { s.deliver(ctx) })
	return s, nil
}

// API is the handler of the API and of the hosted pages. The addresses of
// pages follow the Host of the request that asked for them.
func (s *Sandbox) API() http.Handler { return s.api }

// Control is the handler of /_sandbox/…, which moves the clock, breaks things
// and tells what was called. It must only be reachable from this machine.
func (s *Sandbox) Control() http.Handler { return s.control }

// SetWebhook sends all events, of businesses and of the operator, to url,
// instead of the webhooks set before. Endpoints made through the API stay.
func (s *Sandbox) SetWebhook(url, secret string) error {
	return s.SetWebhooks(Webhook{URL: url, Secret: secret, Businesses: true, Operator: true})
}

// SetWebhooks replaces the webhooks set before. Endpoints made through the
// API stay.
func (s *Sandbox) SetWebhooks(hooks ...Webhook) error {
	for _, h := range hooks {
		if err := h.check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setWebhooks(hooks)
	return nil
}

// Close ends deliveries and closes the file. What was not delivered is sent
// after the next start.
func (s *Sandbox) Close() error {
	s.stop()
	s.worker.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.close()
}

// now is the sandbox's time: the machine's, moved on by clock/advance.
// The caller holds mu.
func (s *Sandbox) now() time.Time { return s.machine().Add(s.offset) }

// do runs fn as one transaction, after everything that is due by the clock.
// When fn fails, nothing of it is kept.
func (s *Sandbox) do(fn func(*tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.runTimers(); err != nil {
		return err
	}
	return s.commit(fn)
}

// commit runs fn as one transaction. The caller holds mu.
func (s *Sandbox) commit(fn func(*tx) error) error {
	t := s.begin()
	if err := fn(t); err != nil {
		t.rollback()
		return err
	}
	return t.commit()
}

// load brings back what a former run left and makes the operator's account
// at the first start.
func (s *Sandbox) load() error {
	return s.commit(func(t *tx) error {
		if c, ok := find[clockRecord](t, "", clockID); ok {
			s.offset = c.Offset
			t.now = s.now()
		}
		s.nextDue = earliestTimer(t)
		if _, ok := find[operator](t, "", operatorID); !ok {
			put(t, newOperator(t))
		}
		return nil
	})
}

func checkKey(key string) error {
	rest, ok := strings.CutPrefix(key, KeyPrefix)
	if !ok || strings.ContainsAny(rest, "_ \t\r\n") {
		return fmt.Errorf("the key must begin with %s and hold no further underscore", KeyPrefix)
	}
	return nil
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomID is prefix and 24 random letters and digits, the look of Stripe's.
func randomID(prefix string) string {
	id := []byte(prefix)
	for range 24 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err) // the machine has no random source
		}
		id = append(id, alphabet[n.Int64()])
	}
	return string(id)
}

// Package servertest runs the whole program in a test's own process: every
// room over a fresh database, the HTTP floor behind a real listener, and the
// payment sandbox beside it. It signs people in, makes businesses that sell,
// and looks at pages as a careful browser would.
package servertest

import (
	"context"
	"crypto/sha256"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"nearby/internal/app"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/payment"
	"nearby/internal/server"
	"nearby/internal/stripesandbox"
)

// Secrets of a test's payment sandbox.
const (
	SandboxKey     = stripesandbox.KeyPrefix + "servertest"
	operatorSecret = "whsec_servertestoperator"
	businessSecret = "whsec_servertestbusiness"
)

// Site is a running Nearby. Its rooms are in the open: tests may look behind
// the pages.
type Site struct {
	*app.App
	URL     string // of the public listener, without a slash at the end
	Admin   string // of the second listener
	DataDir string
	Server  *server.Server
	Sandbox *stripesandbox.Sandbox // nil with NoCards
	People  People

	t testing.TB
}

// Option changes how a Site is set up.
type Option func(*setup)

type setup struct {
	settings app.Settings
	byHand   bool
	noCards  bool
}

// At makes fake the site's and the sandbox's clock. Work in the background is
// then done by hand (see Settle): it would wait in real time for a moment that
// never comes.
func At(fake *clock.Fake) Option {
	return func(s *setup) { s.settings.Clock, s.byHand = fake.Now, true }
}

// ByHand leaves the work in the background to Settle.
func ByHand() Option { return func(s *setup) { s.byHand = true } }

// NoCards switches card payments off.
func NoCards() Option { return func(s *setup) { s.noCards = true } }

// Web answers for other people's servers.
func Web(w check.Web) Option { return func(s *setup) { s.settings.Web = w } }

// Limited switches the rate limits on.
func Limited() Option { return func(s *setup) { s.settings.Limits = true } }

// New starts a site over a database of dbtest. Everything ends with the test.
func New(t testing.TB, db *database.DB, options ...Option) *Site {
	t.Helper()
	s := &setup{settings: app.Settings{
		DataDir: t.TempDir(), DB: db, MailURL: "console:", MailFrom: "Nearby <no-reply@nearby.example>",
		Secret: TestSecret, Clock: clock.System, Version: "test", Demo: true,
	}}
	for _, option := range options {
		option(s)
	}
	s.settings.BlobURL = "file:" + s.settings.DataDir + "/photos"

	listener, err := server.Listen("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := &Site{t: t, DataDir: s.settings.DataDir, URL: "http://" + listener.Addr(), Admin: "http://" + listener.AdminAddr()}
	if !s.noCards {
		site.openSandbox(s)
	}
	if s.settings.BaseURL, err = url.Parse(site.URL); err != nil {
		t.Fatal(err)
	}
	if site.App, err = app.Open(t.Context(), s.settings); err != nil {
		t.Fatal(err)
	}
	if site.People, err = AddPeople(t.Context(), site.App); err != nil {
		t.Fatal(err)
	}
	if site.Server, err = site.HTTP(t.Context()); err != nil {
		t.Fatal(err)
	}
	site.run(listener, s.byHand)
	return site
}

func (s *Site) openSandbox(with *setup) {
	s.t.Helper()
	sandbox, err := stripesandbox.New(stripesandbox.Options{Key: SandboxKey, Clock: with.settings.Clock})
	if err != nil {
		s.t.Fatal(err)
	}
	front := httptest.NewServer(sandbox.API())
	s.t.Cleanup(func() {
		front.Close()
		if err := sandbox.Close(); err != nil {
			s.t.Errorf("sandbox: %v", err)
		}
	})
	err = sandbox.SetWebhooks(
		stripesandbox.Webhook{URL: s.URL + "/webhooks/stripe", Secret: operatorSecret, Operator: true},
		stripesandbox.Webhook{URL: s.URL + "/webhooks/stripe", Secret: businessSecret, Businesses: true},
	)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Sandbox = sandbox
	with.settings.Payment = payment.Config{
		Mode: payment.ModeSandbox, Key: SandboxKey, BaseURL: front.URL, PublicURL: s.URL,
		WebhookSecrets: []string{operatorSecret, businessSecret},
	}
}

// run answers, and works in the background unless by hand, until the test ends.
func (s *Site) run(listener *server.Listener, byHand bool) {
	ctx, stop := context.WithCancel(context.Background())
	working, stopWork := context.WithCancel(context.Background())
	var running sync.WaitGroup
	if !byHand {
		running.Go(func() { s.Work(working) })
	}
	served := make(chan error, 1)
	go func() { served <- s.Server.Serve(ctx, listener, 0) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			s.t.Errorf("stopping: %v", err)
		}
		stopWork()
		running.Wait()
		if err := s.Close(); err != nil {
			s.t.Errorf("closing: %v", err)
		}
	})
}

// TestSecret is the Secret of settings whose data nobody keeps: the same bytes
// for the same name.
func TestSecret(name string) ([]byte, error) {
	sum := sha256.Sum256([]byte("servertest " + name))
	return sum[:], nil
}

// Settle works by hand until nothing is due any more: webhooks on their way,
// jobs, payments and refunds.
func (s *Site) Settle() {
	s.t.Helper()
	for range 100 {
		if s.Sandbox != nil {
			ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
			err := s.Sandbox.Flush(ctx)
			cancel()
			if err != nil {
				s.t.Fatalf("webhooks: %v", err)
			}
		}
		jobs, err := s.Jobs.RunDue(s.t.Context())
		if err != nil {
			s.t.Fatalf("jobs: %v", err)
		}
		payments, err := s.Order.Reconcile(s.t.Context())
		if err != nil {
			s.t.Fatalf("payments: %v", err)
		}
		if jobs+payments == 0 {
			return
		}
	}
	s.t.Fatal("there is always more to do")
}

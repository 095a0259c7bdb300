// Command stripesandbox runs a local stand-in for Stripe's API: made-up
// accounts and payments for trying the app out, on this machine only.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"nearby/internal/stripesandbox"
)

// Exit codes.
const (
	done     = 0
	failed   = 1
	wrongUse = 2
)

// config is the program's flags; secrets may come from the environment, where
// other users of the machine do not see them.
type config struct {
	Addr                  string   `default:"127.0.0.1:8431" help:"Where the API and its pages listen; port 0 picks one."`
	Control               string   `default:"127.0.0.1:8432" help:"Where /_sandbox/ listens: clock, faults, disputes; port 0 picks one."`
	Key                   string   `required:"" env:"STRIPESANDBOX_KEY" help:"Secret key the API takes: sk_test_sandbox and more letters and digits."`
	Webhook               []string `placeholder:"URL" help:"Receives events of businesses, and the operator's own unless --webhook-operator is given. May be repeated."`
	WebhookSecret         string   `placeholder:"whsec_…" env:"STRIPESANDBOX_WEBHOOK_SECRET" help:"Signs what --webhook receives."`
	WebhookOperator       []string `placeholder:"URL" help:"Receives the operator's own events. May be repeated."`
	WebhookOperatorSecret string   `placeholder:"whsec_…" env:"STRIPESANDBOX_WEBHOOK_OPERATOR_SECRET" help:"Signs what --webhook-operator receives; else the other secret does."`
	Data                  string   `placeholder:"FILE" help:"SQLite file that keeps the state; without one it is gone at the end."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program: it returns the exit code when ctx ends or it cannot go on.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c config
	helped := false
	parser, err := kong.New(&c,
		kong.Name("stripesandbox"),
		kong.Description("A local stand-in for Stripe's API. No real money.\n\nExample: stripesandbox --key sk_test_sandboxABC --webhook http://127.0.0.1:8080/webhooks/stripe --webhook-secret whsec_0123456789"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		return report(stderr, failed, err)
	}
	_, err = parser.Parse(args)
	switch {
	case helped:
		return done
	case err != nil:
		return report(stderr, wrongUse, err)
	}
	for _, addr := range []string{c.Addr, c.Control} {
		if err := checkAddress(addr); err != nil {
			return report(stderr, wrongUse, err)
		}
	}
	options := stripesandbox.Options{Key: c.Key, Data: c.Data, Webhooks: c.webhooks()}
	if err := options.Check(); err != nil {
		return report(stderr, wrongUse, err)
	}
	sandbox, err := stripesandbox.New(options)
	if err != nil {
		return report(stderr, failed, err)
	}
	err = serve(ctx, c, sandbox, stdout)
	if err := errors.Join(err, sandbox.Close()); err != nil {
		return report(stderr, failed, err)
	}
	return done
}

func report(stderr io.Writer, code int, err error) int {
	fmt.Fprintf(stderr, "stripesandbox: %v (see --help)\n", err)
	return code
}

func (c config) webhooks() []stripesandbox.Webhook {
	var hooks []stripesandbox.Webhook
	for _, url := range c.Webhook {
		hooks = append(hooks, stripesandbox.Webhook{
			URL: url, Secret: c.WebhookSecret, Businesses: true, Operator: len(c.WebhookOperator) == 0,
		})
	}
	secret := c.WebhookOperatorSecret
	if secret == "" {
		secret = c.WebhookSecret
	}
	for _, url := range c.WebhookOperator {
		hooks = append(hooks, stripesandbox.Webhook{URL: url, Secret: secret, Operator: true})
	}
	return hooks
}

// checkAddress refuses to be reachable from other machines: the control has
// no password.
func checkAddress(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen address %q: %w", addr, err)
	}
	if !stripesandbox.Loopback(host) {
		return fmt.Errorf("listen address %q is not on the loopback interface: use 127.0.0.1", addr)
	}
	return nil
}

// serve listens on both addresses, says where, and answers until ctx ends.
func serve(ctx context.Context, c config, sandbox *stripesandbox.Sandbox, stdout io.Writer) error {
	api, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("choose another --addr: %w", err)
	}
	control, err := net.Listen("tcp", c.Control)
	if err != nil {
		return errors.Join(fmt.Errorf("choose another --control: %w", err), api.Close())
	}
	fmt.Fprintf(stdout, "api http://%s\ncontrol http://%s\n", api.Addr(), control.Addr())

	servers := []*http.Server{newServer(sandbox.API()), newServer(sandbox.Control())}
	ended := make(chan error, len(servers))
	for i, on := range []net.Listener{api, control} {
		go func() { ended <- servers[i].Serve(on) }()
	}
	select {
	case <-ctx.Done():
		err = nil
	case err = <-ended:
	}
	shut, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	sandbox.LiftFaults() // a call held back must not hold up the end
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(shut))
	}
	return err
}

func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
}

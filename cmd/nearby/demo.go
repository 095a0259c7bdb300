package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"nearby/internal/app"
	"nearby/internal/demo"
	"nearby/internal/server"
	"nearby/internal/server/pages"
)

type demoCommand struct {
	Config
	SandboxAddr    string `env:"NEARBY_SANDBOX_ADDR" default:"127.0.0.1:8431" help:"Where the payment sandbox listens."`
	SandboxControl string `env:"NEARBY_SANDBOX_CONTROL" default:"127.0.0.1:8432" help:"Where the sandbox is controlled."`
}

func (c *demoCommand) Run(p *program) error {
	c.Demo, c.acceptFor = true, 24*time.Hour // nobody sits behind the town's counters
	c.fill()
	if c.Env == "production" {
		return usageError{errors.New("NEARBY_ENV=production refuses the demo")}
	}
	if c.Log == "auto" && c.LogLevel == "info" {
		c.LogLevel = "warn" // one screen, not a scroll
	}
	c.startLog(p.stderr)
	begin := time.Now() //nolint:forbidigo // how long the start took, for the person at the terminal
	listener, err := server.Listen(c.Addr, c.AdminAddr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.Payments == "off" {
		c.Payments = "sandbox"
	}
	stop := func() error { return nil }
	if c.Payments == "sandbox" {
		if stop, err = c.startSandbox(p, "http://"+listener.Addr()); err != nil {
			return err
		}
	}
	if err := c.check(); err != nil {
		return errors.Join(usageError{err}, stop())
	}
	err = c.serveOn(p, listener, 0, func(ctx context.Context, a *app.App) error { return c.fillTown(ctx, p, a) },
		func(a *app.App) { c.tell(p.stdout, listener, a, time.Since(begin)) })
	return errors.Join(err, stop())
}

// startSandbox runs the payment sandbox beside us as its own process, with
// secrets that are made once and kept in the data folder.
func (c *demoCommand) startSandbox(p *program, site string) (stop func() error, err error) {
	key, err := c.secret("sandbox")
	if err != nil {
		return nil, err
	}
	text := hex.EncodeToString(key)
	c.StripeKey, c.StripeBase = "sk_test_sandbox"+text[:32], ""
	c.WebhookSecrets = []string{"whsec_" + text[32:]}

	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(filepath.Dir(self), "stripesandbox")
	if _, err := os.Stat(path); err != nil {
		if path, err = exec.LookPath("stripesandbox"); err != nil {
			return nil, errors.New("the payment sandbox is not there: build it beside nearby (make build), or set NEARBY_PAYMENTS=off")
		}
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, err
	}
	command := exec.Command(path, //nolint:gosec // our own program, beside this one
		"--addr", c.SandboxAddr, "--control", c.SandboxControl,
		"--data", filepath.Join(c.DataDir, "sandbox.db"),
		"--webhook", site+"/webhooks/stripe")
	command.Env = append(os.Environ(), "STRIPESANDBOX_KEY="+c.StripeKey,
		"STRIPESANDBOX_WEBHOOK_SECRET="+c.WebhookSecrets[0])
	command.Stderr = p.stderr
	// A group of its own: Ctrl-C reaches us first, and we stop it after ourselves.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	lines, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	stop = func() error {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		return nil
	}
	if c.StripeBase, err = awaitAddress(lines); err != nil {
		return nil, errors.Join(fmt.Errorf("the payment sandbox did not start: %w (choose other ports with NEARBY_SANDBOX_ADDR and NEARBY_SANDBOX_CONTROL)", err), stop())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return stop, nil
}

// awaitAddress reads the sandbox's first lines until it names where it listens.
func awaitAddress(lines io.Reader) (string, error) {
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		if address, ok := strings.CutPrefix(scanner.Text(), "api "); ok {
			return address, nil
		}
	}
	return "", errors.Join(errors.New("it ended before it listened"), scanner.Err())
}

// fillTown makes the demo town on the first start.
func (c *demoCommand) fillTown(ctx context.Context, p *program, a *app.App) error {
	bar := newProgress(p.stderr, 0, "demo town")
	shown := false
	people, err := demo.Fill(ctx, demo.Rooms{
		DB: a.DB, Clock: a.Clock, Account: a.Account, Directory: a.Directory, Verification: a.Verification, Measure: a.Measure, Catalog: a.Catalog,
		Photos: a.Photos, Order: a.Order, Payout: a.Payout, NoCards: c.Payments != "sandbox",
	}, func(done, total int) {
		shown = true
		bar.of(done, total)
	})
	if shown {
		bar.end()
	}
	if err != nil {
		return err
	}
	for _, person := range people {
		a.DemoUsers = append(a.DemoUsers, pages.DemoUser{Role: person.Role, Email: person.Email, Password: person.Password})
	}
	path := filepath.Join(c.DataDir, "ground.geojson")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	ground, err := demo.NewTown().GeoJSON()
	if err != nil {
		return err
	}
	return os.WriteFile(path, ground, 0o600)
}

// tell prints the one screen: where to go and whom to be.
func (c *demoCommand) tell(out io.Writer, l *server.Listener, a *app.App, took time.Duration) {
	site, err := c.baseURL(l.Addr())
	if err != nil {
		slog.Error("address", "error", err)
		return
	}
	fmt.Fprintf(out, "\n  Nearby is running, with the demo town of Portmere (%.1f s).\n\n", took.Seconds())
	fmt.Fprintf(out, "  Site       %s\n", site)
	if c.StripeBase != "" {
		fmt.Fprintf(out, "  Payments   %s  (sandbox, no real money; pay with 4242 4242 4242 4242)\n", c.StripeBase)
	}
	fmt.Fprintf(out, "  Mails      %s/dev/mail\n", site)
	if l.AdminAddr() != "" {
		fmt.Fprintf(out, "  Metrics    http://%s/metrics\n", l.AdminAddr())
	}
	fmt.Fprintf(out, "\n  Sign in as\n")
	for _, person := range a.DemoUsers {
		fmt.Fprintf(out, "    %-10s %-32s %s\n", person.Role, person.Email, person.Password)
	}
	fmt.Fprintf(out, "\n  Ctrl-C stops everything. Data is kept in %s.\n\n", c.DataDir)
}

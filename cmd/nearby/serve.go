package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"nearby/internal/app"
	"nearby/internal/errs"
	"nearby/internal/server"
)

type serveCommand struct {
	Config
	PrintConfig bool `help:"Print the settings without secrets and stop. Example: nearby serve --print-config"`
}

// settle is how long a stopping program waits after /readyz began to say no,
// so that a load balancer can look away.
const settle = 2 * time.Second

func (c *serveCommand) Run(p *program) error {
	c.fill()
	if c.PrintConfig {
		fmt.Fprint(p.stdout, c.print())
		return c.check()
	}
	if err := c.check(); err != nil {
		return usageError{err}
	}
	c.startLog(p.stderr)
	pause := time.Duration(0)
	if c.Production() {
		pause = settle
	}
	listener, err := server.Listen(c.Addr, c.AdminAddr)
	if err != nil {
		return err
	}
	defer listener.Close()
	return c.serveOn(p, listener, pause, nil, func(*app.App) {
		base, err := c.baseURL(listener.Addr())
		if err == nil {
			fmt.Fprintf(p.stdout, "listening on %s\n", base)
		}
		if admin := listener.AdminAddr(); admin != "" {
			fmt.Fprintf(p.stdout, "metrics on http://%s/metrics\n", admin)
		}
	})
}

// startLog makes the program's log.
func (c *Config) startLog(out io.Writer) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	file, isFile := out.(*os.File)
	if c.Log == "text" || c.Log == "auto" && isFile && !c.logJSON(file) {
		slog.SetDefault(slog.New(slog.NewTextHandler(out, options)))
		return
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(out, options)))
}

// settings are what the app needs of the configuration; listening is the
// address the public listener has or will have.
func (c *Config) settings(listening string) (app.Settings, error) {
	base, err := c.baseURL(listening)
	if err != nil {
		return app.Settings{}, err
	}
	proxies, err := c.proxies()
	if err != nil {
		return app.Settings{}, err
	}
	phones, err := c.phones(base.String())
	if err != nil {
		return app.Settings{}, err
	}
	brands, err := c.brands()
	if err != nil {
		return app.Settings{}, err
	}
	return app.Settings{
		Phones: phones, Brands: brands, DataDir: c.DataDir, DatabaseURL: c.DatabaseURL, BlobURL: c.BlobURL, MailURL: c.MailURL, MailFrom: c.MailFrom, BaseURL: base,
		Payment: c.payment(), Secret: c.secret, Production: c.Production(),
		Limits: c.Limits == "on" || c.Limits == "auto" && c.Production(), Debug: c.Debug, Dev: c.Dev,
		TrustedProxies: proxies, TilesURL: c.TilesURL, Unclaimed: c.Unclaimed, Demo: c.Demo, Version: versionText(), AcceptFor: c.acceptFor, OrderGroup: c.OrderGroup,
	}, nil
}

// open runs fn with the rooms, for the commands that do one thing and end.
func (c *Config) open(p *program, fn func(*app.App) error) error {
	c.fill()
	if err := c.check(); err != nil {
		return usageError{err}
	}
	c.startLog(p.stderr)
	settings, err := c.settings(c.Addr)
	if err != nil {
		return usageError{err}
	}
	a, err := app.Open(p.ctx, settings)
	if err != nil {
		return err
	}
	a.Directory.Unasked()
	return errors.Join(fn(a), a.Close())
}

// serveOn opens the rooms behind a listener, has prepare finish them (the demo
// fills its town there), tells up when answers are given, and runs until the
// program is told to stop: first the listener drains, then the workers finish,
// then the database closes.
func (c *Config) serveOn(p *program, listener *server.Listener, pause time.Duration, prepare func(context.Context, *app.App) error, up func(*app.App)) error {
	settings, err := c.settings(listener.Addr())
	if err != nil {
		return err
	}
	a, err := app.Open(p.ctx, settings)
	if err != nil {
		return err
	}
	if prepare != nil {
		if err := prepare(p.ctx, a); err != nil {
			return errors.Join(err, a.Close())
		}
	}
	running, err := a.HTTP(p.ctx)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	tuneCollector()
	working, stop := context.WithCancel(context.WithoutCancel(p.ctx))
	var workers sync.WaitGroup
	workers.Go(func() { a.Work(working) })
	up(a)
	err = running.Serve(p.ctx, listener, pause)
	stop()
	workers.Wait()
	if err := a.Directory.SaveIndex(context.WithoutCancel(p.ctx)); err != nil {
		slog.Warn("the index cannot be saved, the next start reads every business", "error", err)
	}
	return errors.Join(err, a.Close())
}

// tuneCollector has garbage collected rarely. What lives is the index, which
// hardly changes; what dies is requests. A rarer collection takes the longest
// answers away and costs memory: four times what lives, but not more than
// 256 MB beside a large index.
func tuneCollector() {
	const most, percent = 256 << 20, 400
	debug.FreeOSMemory() // what filling the index left
	if os.Getenv("GOGC") != "" {
		return
	}
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	debug.SetGCPercent(min(percent, int(100*most/(now.HeapAlloc+1))+1))
}

// explain shows an error of the rooms to the person at the terminal: its
// message and every wrong field, in one line.
func explain(err error) error {
	if err == nil {
		return nil
	}
	e := errs.Of(err)
	if e.Kind == errs.Internal {
		return err
	}
	text := e.Message
	for _, f := range e.Fields {
		text += fmt.Sprintf(" %s: %s", f.Name, f.Message)
	}
	return errors.New(text)
}

package main

import (
	"fmt"
	"runtime"
	"time"

	"nearby/internal/app"
)

type verifyAuditCommand struct{ Config }

func (*verifyAuditCommand) Help() string { return "Example: nearby verify-audit" }

func (c *verifyAuditCommand) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		n, err := a.VerifyAudit(p.ctx)
		if err != nil {
			return fmt.Errorf("%d entries are sound: %w", n, explain(err))
		}
		fmt.Fprintf(p.stdout, "%d audit entries, all sound\n", n)
		return nil
	})
}

type indexCommand struct {
	Stats indexStats `cmd:"" help:"Load the index and show its size. Example: nearby index stats"`
}

type indexStats struct{ Config }

func (c *indexStats) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now() //nolint:forbidigo // how long it took, for the person at the terminal
		if err := a.Directory.Load(p.ctx); err != nil {
			return explain(err)
		}
		took := time.Since(begin)
		runtime.GC()
		runtime.ReadMemStats(&after)
		rows, _ := a.Directory.Indexed()
		fmt.Fprintf(p.stdout, "%d businesses loaded in %s, %.1f MiB with names and hours\n", rows, took.Round(time.Millisecond),
			float64(after.HeapAlloc-before.HeapAlloc)/(1<<20))
		return nil
	})
}

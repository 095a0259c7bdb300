package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"nearby/internal/app"
	"nearby/internal/audit"
	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/places"
)

type importCommand struct {
	Places   importPlaces   `cmd:"" help:"Import places from NDJSON, Overture GeoJSON, .osm.pbf or CSV files, also gzipped, or from - . Example: nearby import places berlin.ndjson.gz --as verified --reason 'register of 2024'"`
	Products importProducts `cmd:"" help:"Import products from a Shopify CSV. Example: nearby import products --business kiln-quay products.csv --images ./images"`
}

type importPlaces struct {
	Config
	Files  []string `arg:"" help:"Files; - is standard input."`
	As     string   `enum:"unclaimed,verified" default:"unclaimed" help:"unclaimed: shown only where wanted, marked as not verified; verified: listed at once."`
	Reason string   `help:"With --as verified: why they may be trusted; kept in the audit log."`
	DryRun bool     `help:"Report line by line and keep nothing."`
}

func (c *importPlaces) Run(p *program) error {
	if c.As == "verified" && c.Reason == "" {
		return usageError{errors.New("--as verified needs --reason, which is kept in the audit log")}
	}
	return c.open(p, func(a *app.App) error {
		for _, name := range c.Files {
			if err := c.file(p, a, name); err != nil {
				return fmt.Errorf("%s: %w", name, explain(err))
			}
		}
		return nil
	})
}

func (c *importPlaces) file(p *program, a *app.App, name string) error {
	source, size, err := openInput(p, name)
	if err != nil {
		return err
	}
	defer source.Close()
	counter := &places.Counter{R: source}
	bar := newProgress(p.stderr, size, name)
	told := func(i directory.Imported) {
		bar.set(counter.Bytes())
		if i.Action == directory.Refused || c.DryRun {
			bar.line(p.stderr, fmt.Sprintf("%s:%d: %s %s %s", name, i.Line, i.Action, i.SourceID, i.Reason))
		}
	}
	bad := 0
	var read places.Summary
	begin := time.Now() //nolint:forbidigo // how long it took, for the person at the terminal
	result, err := a.Directory.Import(p.ctx, audit.System, func(fn func(places.Place) error) error {
		var err error
		read, err = places.Read(p.ctx, counter, name, fn, func(line int, err error) {
			bad++
			bar.line(p.stderr, fmt.Sprintf("%s:%d: refused: %v", name, line, err))
		})
		return err
	}, directory.ImportOptions{Verified: c.As == "verified", Reason: c.Reason, DryRun: c.DryRun}, told)
	bar.end()
	if err != nil {
		return err
	}
	kept := ""
	if c.DryRun {
		kept = " (dry run, nothing kept)"
	}
	fmt.Fprintf(p.stdout, "%s: %s, %d read, %d added, %d updated, %d unchanged, %d refused in %.1f s%s\n", name, read.Format, read.Read,
		result.Added, result.Updated, result.Unchanged, result.Refused+bad, time.Since(begin).Seconds(), kept)
	return nil
}

// openInput opens a file or standard input; size is -1 when it is not known.
func openInput(p *program, name string) (io.ReadCloser, int64, error) {
	if name == "-" {
		return io.NopCloser(p.stdin), -1, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// progress is a bar on a terminal and a plain line a second elsewhere.
type progress struct {
	bar  *progressbar.ProgressBar
	out  io.Writer
	name string
	size int64
	next time.Time
}

func newProgress(out io.Writer, size int64, name string) *progress {
	b := &progress{out: out, name: name, size: size, next: time.Now().Add(time.Second)} //nolint:forbidigo // what a person sees
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		b.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(name),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return b
}

func (b *progress) set(n int64) {
	if b.bar != nil {
		_ = b.bar.Set64(n)
		return
	}
	if now := time.Now(); now.After(b.next) { //nolint:forbidigo // what a person sees
		b.next = now.Add(time.Second)
		if b.size > 0 {
			fmt.Fprintf(b.out, "%s: %d %%\n", b.name, min(100, 100*n/b.size))
		} else {
			fmt.Fprintf(b.out, "%s: %d\n", b.name, n)
		}
	}
}

// of shows steps instead of bytes.
func (b *progress) of(done, total int) {
	b.size = int64(total)
	if b.bar != nil {
		b.bar.ChangeMax(total)
	}
	b.set(int64(done))
}

// line writes a message without breaking the bar.
func (b *progress) line(out io.Writer, text string) {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
	fmt.Fprintln(out, text)
}

func (b *progress) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

type importProducts struct {
	Config
	Business string `required:"" help:"Slug of the business."`
	File     string `arg:"" help:"Shopify product CSV of either generation; - is standard input."`
	Images   string `type:"existingdir" help:"Folder with the pictures the file names."`
	DryRun   bool   `help:"Report line by line and keep nothing."`
}

func (c *importProducts) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		b, err := a.Directory.BySlug(p.ctx, c.Business)
		if err != nil {
			return explain(err)
		}
		source, _, err := openInput(p, c.File)
		if err != nil {
			return err
		}
		defer source.Close()
		options := catalog.ImportOptions{DryRun: c.DryRun}
		if c.Images != "" {
			root, err := os.OpenRoot(c.Images)
			if err != nil {
				return err
			}
			defer root.Close()
			options.Images = root.FS()
		}
		report, err := a.Catalog.Import(p.ctx, audit.System, b.ID, source, options)
		if err != nil {
			return explain(err)
		}
		for _, problem := range report.Problems {
			fmt.Fprintf(p.stderr, "%s:%v\n", c.File, problem)
		}
		fmt.Fprintf(p.stdout, "%s: %d added, %d updated, %d unchanged, %d failed\n", c.File, report.Added, report.Updated, report.Unchanged, report.Failed)
		if report.Failed > 0 {
			return fmt.Errorf("%d products were not imported; the lines above say why", report.Failed)
		}
		return nil
	})
}

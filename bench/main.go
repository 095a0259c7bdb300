// Command bench measures what the README says about speed: it starts the real
// programs of bin/, asks them what their users would, and prints one table. The
// figures also go to bench/out/bench.json. Parts that need the real places of
// NEARBY_TESTDATA are skipped without it, and say so. Peers that are installed
// (PostGIS, Redis) are started on their own data beside the index; their answers
// must be the same. NEARBY_BENCH_ROWS is how many places that is done over, a
// million unless it is set. Words after the command choose parts of it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// Line is one figure.
type Line struct {
	What string  `json:"what"`
	N    float64 `json:"value"`
	Unit string  `json:"unit"`
	Goal string  `json:"goal,omitempty"`
	Met  bool    `json:"met"` // true without a goal
	Note string  `json:"note,omitempty"`
}

// bench is one run.
type bench struct {
	ctx     context.Context
	bin     string
	data    string // NEARBY_TESTDATA
	scratch string
	lines   []Line
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	scratch, err := os.MkdirTemp("", "nearby-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	b := &bench{ctx: ctx, bin: "bin", data: os.Getenv("NEARBY_TESTDATA"), scratch: scratch}
	if _, err := os.Stat(filepath.Join(b.bin, "nearby")); err != nil {
		return fmt.Errorf("the programs are not built: run make bench in the folder of the Makefile (%w)", err)
	}
	for _, part := range []struct {
		name    string
		measure func() error
	}{
		{"start", b.starts}, {"places", b.places}, {"orders", b.orders}, {"hot", b.hot}, {"index", b.index}, {"peers", b.peers}, {"text", b.text}, {"app", b.app},
	} {
		if len(os.Args) > 1 && !strings.Contains(strings.Join(os.Args[1:], " "), part.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring: %s\n", part.name)
		if err := part.measure(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	b.print()
	return b.keep()
}

func (b *bench) add(what string, n float64, unit string) {
	b.lines = append(b.lines, Line{What: what, N: n, Unit: unit, Met: true})
}

// goal adds a figure that must not exceed most.
func (b *bench) goal(what string, n float64, unit string, most float64) {
	b.lines = append(b.lines, Line{What: what, N: n, Unit: unit, Goal: fmt.Sprintf("≤ %g", most), Met: n <= most})
}

func (b *bench) skip(what, why string) {
	b.lines = append(b.lines, Line{What: what, Met: true, Note: "SKIPPED: " + why})
}

func (b *bench) print() {
	fmt.Printf("\n%s %s/%s, %d processors\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, l := range b.lines {
		if l.Note != "" {
			fmt.Fprintf(table, "%s\t%s\t\t\n", l.What, l.Note)
			continue
		}
		goal := l.Goal
		if !l.Met {
			goal += "  MISSED"
		}
		fmt.Fprintf(table, "%s\t%.4g\t%s\t%s\n", l.What, l.N, l.Unit, goal)
	}
	_ = table.Flush()
}

func (b *bench) keep() error {
	out := filepath.Join("bench", "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(map[string]any{
		"at": time.Now().UTC().Format(time.RFC3339), "go": runtime.Version(), "processors": runtime.NumCPU(), "figures": b.lines,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "bench.json"), append(text, '\n'), 0o644)
}

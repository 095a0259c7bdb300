// Command mutants plants the faults under patches, one at a time, and runs the
// test that each of them names: it must fail. The checkout is never touched; the
// changed files are laid over it for the one build.
//
//	go run ./internal/torture/mutants [NAME…]
//
// It prints mutant, test, and killed or survived, and fails when one survives,
// does not apply, does not build, or names a test that fails without it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(only []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := moduleRoot()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		return 1
	}
	all, err := read(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		return 1
	}
	begin, tried, bad := time.Now(), 0, 0
	sound := map[target]error{}
	for _, m := range all {
		if len(only) > 0 && !slices.Contains(only, m.name) {
			continue
		}
		tried++
		verdict := m.try(ctx, root, sound)
		fmt.Printf("%-26s  %-60s  %s\n", m.name, m.test, verdict)
		if !errors.Is(verdict, errKilled) {
			bad++
		}
		if ctx.Err() != nil {
			return 1
		}
	}
	if tried == 0 {
		fmt.Fprintf(os.Stderr, "mutants: none is called %s\n", strings.Join(only, " or "))
		return 2
	}
	fmt.Printf("%d of %d killed in %s\n", tried-bad, tried, time.Since(begin).Round(time.Second))
	if bad > 0 {
		return 1
	}
	return 0
}

// What became of a mutant.
var (
	errKilled   = errors.New("killed")
	errSurvived = errors.New("SURVIVED")
)

// try runs a mutant's test without it, once, and with it.
func (m mutant) try(ctx context.Context, root string, sound map[target]error) error {
	if _, known := sound[m.test]; !known {
		sound[m.test] = m.test.run(ctx, root, "")
	}
	if err := sound[m.test]; err != nil {
		return fmt.Errorf("NOT TRIED: the test fails without it: %w", err)
	}
	dir, err := os.MkdirTemp("", "nearby-mutant-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.plant(root, dir)
	if err != nil {
		return fmt.Errorf("DOES NOT APPLY: %w", err)
	}
	err = m.test.run(ctx, root, overlay)
	switch {
	case err == nil:
		return errSurvived
	case errors.Is(err, errTestFailed):
		return errKilled
	}
	return fmt.Errorf("NOT TRIED: %w", err)
}

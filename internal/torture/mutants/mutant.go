package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// mutant is a fault that somebody could make, as a patch, with the test that
// must notice it.
type mutant struct {
	name  string // of the file, without its ending
	does  string // the fault in a sentence
	test  target
	files []string // that it changes, from the module's root
	patch []byte
}

// target is one test of one package.
type target struct{ pkg, name string }

func (t target) String() string { return strings.TrimPrefix(t.pkg, "./") + " " + t.name }

var (
	killedBy = regexp.MustCompile(`(?m)^Killed by: (\./[a-z/]+) (Test\w+)$`)
	changes  = regexp.MustCompile(`(?m)^--- a/(\S+)$`)
)

// read reads the patches, by name.
func read(root string) ([]mutant, error) {
	paths, err := filepath.Glob(filepath.Join(root, "internal", "torture", "mutants", "patches", "*.diff"))
	if err != nil || len(paths) == 0 {
		return nil, errors.Join(errors.New("there are no patches"), err)
	}
	all := make([]mutant, len(paths))
	for i, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		m := mutant{name: strings.TrimSuffix(filepath.Base(path), ".diff"), patch: raw}
		first, _, _ := strings.Cut(string(raw), "\n")
		m.does = first
		test := killedBy.FindSubmatch(raw)
		if test == nil {
			return nil, fmt.Errorf("%s names no test: it wants a line \"Killed by: ./package TestName\"", path)
		}
		m.test = target{string(test[1]), string(test[2])}
		for _, found := range changes.FindAllSubmatch(raw, -1) {
			m.files = append(m.files, string(found[1]))
		}
		if len(m.files) == 0 {
			return nil, fmt.Errorf("%s changes no file", path)
		}
		all[i] = m
	}
	return all, nil
}

// plant applies the patch to copies of its files in dir and writes what lays
// them over the checkout.
func (m mutant) plant(root, dir string) (overlay string, err error) {
	replace := map[string]string{}
	for _, file := range m.files {
		raw, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return "", err
		}
		copied := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(copied, raw, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = copied
	}
	apply := exec.Command("git", "apply", "-")
	apply.Dir, apply.Stdin = dir, bytes.NewReader(m.patch)
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_DIR=")
	if out, err := apply.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, raw, 0o600)
}

// errTestFailed says that the test ran and did not pass.
var errTestFailed = errors.New("the test failed")

// run runs the test on the checkout, with the overlay laid over it.
func (t target) run(ctx context.Context, root, overlay string) error {
	args := []string{"test", "-count=1", "-vet=off", "-v", "-timeout=5m", "-run", "^" + t.name + "$"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	test := exec.CommandContext(ctx, "go", append(args, t.pkg)...)
	test.Dir = root
	out, err := test.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && bytes.Contains(out, []byte("--- PASS: "+t.name+" ")):
		return nil
	case err == nil:
		return errors.New("there is no such test")
	case bytes.Contains(out, []byte("--- FAIL: "+t.name+" ")), bytes.Contains(out, []byte("\npanic: ")):
		return errTestFailed
	}
	return fmt.Errorf("%w\n%s", err, out)
}

// moduleRoot is the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	path := strings.TrimSpace(string(out))
	if err != nil || path == "" || path == os.DevNull {
		return "", errors.Join(errors.New("this is not inside the module"), err)
	}
	return filepath.Dir(path), nil
}

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// program is a running program of bin/.
type program struct {
	command *exec.Cmd
	lines   *bufio.Scanner
	said    *bytes.Buffer
}

// start runs a program with an environment of its own; what the caller's says
// of Nearby and Stripe is left out.
func (b *bench) start(env []string, name string, args ...string) (*program, error) {
	p := &program{command: exec.CommandContext(b.ctx, filepath.Join(b.bin, name), args...), said: &bytes.Buffer{}}
	p.command.Env = append(clean(), env...)
	p.command.Stderr = p.said
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.lines = bufio.NewScanner(out)
	return p, p.command.Start()
}

func clean() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "NEARBY_") || strings.HasPrefix(pair, "STRIPE")
	})
}

// wait gives what follows a word in the first line that holds it.
func (p *program) wait(word string) (string, error) {
	for p.lines.Scan() {
		if _, rest, ok := strings.Cut(p.lines.Text(), word); ok {
			return strings.TrimSpace(rest), nil
		}
	}
	return "", fmt.Errorf("%s ended before it said %q: %s", p.command.Path, word, p.said)
}

// stop ends the program in order.
func (p *program) stop() error {
	var reading sync.WaitGroup
	reading.Go(func() {
		for p.lines.Scan() {
			continue
		}
	})
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	reading.Wait()
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", p.command.Path, err, p.said)
	}
	return nil
}

// do runs a program to its end and gives what it said and how long it took.
func (b *bench) do(env []string, name string, args ...string) (string, time.Duration, error) {
	command := exec.CommandContext(b.ctx, filepath.Join(b.bin, name), args...)
	command.Env = append(clean(), env...)
	command.Stderr = io.Discard
	begin := time.Now()
	out, err := command.Output()
	return string(out), time.Since(begin), err
}

package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is an output that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestExitCodes(t *testing.T) {
	for _, one := range []struct {
		args []string
		want int
	}{{[]string{"--help"}, done}, {[]string{"--nonsense"}, wrongUse}, {nil, wrongUse}, {[]string{"--token", "t", "--addr", "0.0.0.0:0"}, failed}} {
		var out, errs lines
		if got := run(t.Context(), one.args, &out, &errs); got != one.want {
			t.Errorf("%v: exit %d, want %d (%s)", one.args, got, one.want, errs.String())
		}
	}
}

func TestRunsUntilStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var out, errs lines
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"--token", "t", "--addr", "127.0.0.1:0"}, &out, &errs) }()
	deadline := time.After(10 * time.Second)
	for !strings.Contains(out.String(), "answers on") {
		select {
		case <-deadline:
			t.Fatal("it never answers")
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	if code := <-ended; code != done {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

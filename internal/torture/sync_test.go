package torture

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"nearby/internal/ident"
	"nearby/internal/server/servertest"
)

// Every acknowledged order has reached the disk before its answer: with so many
// orders one after another, SQLite waits for the disk at least as often.
func TestDiskIsWaitedFor(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED: strace is not installed, so nobody can watch the disk being waited for")
	}
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "nearby.db"), plenty)
	p := w.serve()
	trace := filepath.Join(t.TempDir(), "trace")
	watcher := start(t, exec.Command(strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", trace, "-p", strconv.Itoa(p.Process.Pid)))
	if !watched(p.Process.Pid, watcher) {
		p.kill()
		t.Skipf("SKIPPED: strace may not watch programs here: %.200s", watcher.log)
	}
	caller := w.caller(1)
	orders := rounds(200, 50)
	var facts []*fact
	for i := range orders {
		placed, err := caller.Place(t.Context(), w.shop, servertest.Wish{
			Quantity: 1, Payment: "at_pickup", Email: fmt.Sprintf("shopper%d@disk.example", i), Key: ident.Random(),
		})
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, &fact{Placed: placed})
	}
	watcher.kill()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	waited := syncs(t, trace)
	t.Logf("%d orders, the disk was waited for %d times", orders, waited)
	if waited < orders {
		t.Errorf("%d orders were acknowledged and the disk was waited for %d times", orders, waited)
	}
	w.check(facts)
}

// watched waits until every thread of a program has a watcher, which may be
// refused: then the watcher ends.
func watched(pid int, watcher *process) bool {
	for {
		select {
		case <-watcher.ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		all := len(threads) > 0
		for _, path := range threads {
			status, err := os.ReadFile(path)
			all = all && err == nil && !bytes.Contains(status, []byte("TracerPid:\t0\n"))
		}
		if all {
			return true
		}
	}
}

var call = regexp.MustCompile(`\bf(?:data)?sync\(`)

// syncs counts the calls in what strace wrote. A call that was interrupted by
// another thread's line is written twice, the second time as "resumed".
func syncs(t *testing.T, trace string) int {
	t.Helper()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return len(call.FindAll(text, -1))
}

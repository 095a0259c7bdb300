package torture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

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
	if out, err := exec.Command(strace, "-e", "trace=fdatasync", "true").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: strace may not watch programs here: %v: %.200s", err, out)
	}
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "nearby.db"), plenty)
	trace := filepath.Join(t.TempDir(), "trace")
	p := w.serve(strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", trace, "--")
	caller := w.caller(1)
	orders := rounds(200, 50)
	before := syncs(t, trace)
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
	waited := syncs(t, trace) - before
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	t.Logf("%d orders, the disk was waited for %d times", orders, waited)
	if waited < orders {
		t.Errorf("%d orders were acknowledged and the disk was waited for %d times", orders, waited)
	}
	w.check(facts)
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

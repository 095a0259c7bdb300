package torture

import (
	"math/rand/v2"
	"testing"
	"time"
)

// plenty is more pieces than any load can buy.
const plenty = 90_000

// What was acknowledged survives kill -9, and so does every payment.
func TestKilled(t *testing.T) {
	each(t, func(t *testing.T, database string) {
		w := newWorld(t, database, plenty)
		load := w.load(8)
		random := rand.New(rand.NewPCG(11, 12))
		cycles := rounds(60, 10)
		for range cycles {
			p := w.serve()
			load.busy(time.Duration(random.IntN(250)) * time.Millisecond)
			p.kill()
		}
		last := w.serve()
		load.busy(250 * time.Millisecond)
		facts := load.end(t)
		last.kill()
		if len(facts) < cycles {
			t.Errorf("only %d orders were acknowledged in %d lives: this proves little", len(facts), cycles)
		}
		w.check(facts)
	})
}

// A restart by SIGTERM ends in order, in time, and cuts nobody's answer.
func TestStopped(t *testing.T) {
	each(t, func(t *testing.T, database string) {
		w := newWorld(t, database, plenty)
		load := w.load(8)
		random := rand.New(rand.NewPCG(13, 14))
		slowest := time.Duration(0)
		for range rounds(20, 5) {
			p := w.serve()
			load.busy(time.Duration(random.IntN(250)) * time.Millisecond)
			begin := time.Now()
			if err := p.stop(); err != nil {
				t.Fatalf("stopping: %v\n%s", err, p.log)
			}
			slowest = max(slowest, time.Since(begin))
		}
		last := w.serve()
		load.busy(0)
		facts := load.end(t)
		if err := last.stop(); err != nil {
			t.Errorf("stopping: %v\n%s", err, last.log)
		}
		t.Logf("the slowest stop took %s", slowest.Round(time.Millisecond))
		if n := load.cut.Load(); n > 0 {
			t.Errorf("%d answers were cut", n)
		}
		w.check(facts)
	})
}

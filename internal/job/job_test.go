package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/ident"
	"nearby/internal/job"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func due(t *testing.T, q *job.Queue, want int) {
	t.Helper()
	got, err := q.RunDue(context.Background())
	if err != nil || got != want {
		t.Fatalf("RunDue = %d, %v; want %d", got, err, want)
	}
}

func TestJobExistsExactlyWhenItsCauseDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(start)
		q := job.New(db, now.Now, ident.Random)
		var got []string
		q.Handle("greet", func(_ context.Context, args json.RawMessage) error {
			got = append(got, string(args))
			return nil
		})
		ctx := context.Background()
		stop := errors.New("stop")
		_ = db.Tx(ctx, func(ctx context.Context) error {
			_ = q.Add(ctx, job.Job{Kind: "greet", Args: "lost"})
			return stop
		})
		if err := q.Add(ctx, job.Job{Kind: "greet", Args: "kept"}); err != nil {
			t.Fatal(err)
		}
		if err := q.Add(ctx, job.Job{Kind: "greet", Args: "tomorrow", At: start.Add(24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		due(t, q, 1)
		due(t, q, 0)
		now.Advance(24 * time.Hour)
		due(t, q, 1)
		if len(got) != 2 || got[0] != `"kept"` || got[1] != `"tomorrow"` {
			t.Fatalf("worked %q", got)
		}
	})
}

func TestFailureBacksOffAndParks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(start)
		q := job.New(db, now.Now, ident.Random)
		calls := 0
		q.Handle("break", func(context.Context, json.RawMessage) error {
			calls++
			if calls == 2 {
				panic("worse")
			}
			return errors.New("bad")
		})
		if err := q.Add(context.Background(), job.Job{Kind: "break"}); err != nil {
			t.Fatal(err)
		}
		due(t, q, 1)
		due(t, q, 0) // not before its time
		for range 30 {
			now.Advance(time.Hour)
			if _, err := q.RunDue(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		figures, err := q.Figures(context.Background())
		if err != nil || calls != 20 || figures.Parked != 1 || figures.Waiting != 0 {
			t.Fatalf("%d calls, %+v, %v; want 20 calls and one parked job", calls, figures, err)
		}
	})
}

func TestKeyKeepsOneJobAndNeverLosesAWake(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(start)
		q := job.New(db, now.Now, ident.Random)
		ctx := context.Background()
		add := func(at time.Time) {
			if err := q.Add(ctx, job.Job{Kind: "sync", Key: "order-1", At: at}); err != nil {
				t.Error(err)
			}
		}
		calls := 0
		q.Handle("sync", func(context.Context, json.RawMessage) error {
			calls++
			if calls == 1 {
				add(time.Time{}) // asked for while it runs: must run once more
			}
			return nil
		})
		add(start.Add(time.Hour))
		add(start) // brought forward, not doubled
		due(t, q, 2)
		if calls != 2 {
			t.Fatalf("%d calls, want 2", calls)
		}
	})
}

func TestLaterIsNoFailure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(start)
		q := job.New(db, now.Now, ident.Random)
		calls := 0
		q.Handle("wait", func(context.Context, json.RawMessage) error {
			if calls++; calls < 50 {
				return job.Later(time.Minute)
			}
			return nil
		})
		if err := q.Add(context.Background(), job.Job{Kind: "wait"}); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			if _, err := q.RunDue(context.Background()); err != nil {
				t.Fatal(err)
			}
			now.Advance(time.Minute)
		}
		if calls != 50 {
			t.Fatalf("%d calls, want 50", calls)
		}
	})
}

func TestTwoProcessesShareTheWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		var worked atomic.Int64
		seen := sync.Map{}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		first, second := job.New(db, clock.System, ident.Random), job.New(db, clock.System, ident.Random)
		for _, q := range []*job.Queue{first, second} {
			q.Handle("count", func(_ context.Context, args json.RawMessage) error {
				if _, twice := seen.LoadOrStore(string(args), true); twice {
					t.Errorf("job %s worked twice", args)
				}
				if worked.Add(1) == 200 {
					cancel()
				}
				return nil
			})
		}
		err := db.Tx(ctx, func(ctx context.Context) error {
			for i := range 200 {
				if err := first.Add(ctx, job.Job{Kind: "count", Args: i}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, q := range []*job.Queue{first, second} {
			wg.Go(func() { _ = q.Run(ctx) })
		}
		wg.Wait()
		if worked.Load() != 200 {
			t.Fatalf("%d of 200 jobs worked", worked.Load())
		}
	})
}

func TestDeadWorkersJobIsWorkedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(start)
		ctx := context.Background()
		dead := job.New(db, now.Now, ident.Random)
		if err := dead.Add(ctx, job.Job{Kind: "work"}); err != nil {
			t.Fatal(err)
		}
		// A worker that dies between claim and result leaves only its lease.
		err := db.Tx(ctx, func(ctx context.Context) error {
			return db.Conn(ctx).Exec("UPDATE jobs SET lease_until = ?", now.Now().Add(2*time.Minute)).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		alive, calls := job.New(db, now.Now, ident.Random), 0
		alive.Handle("work", func(context.Context, json.RawMessage) error { calls++; return nil })
		due(t, alive, 0)
		now.Advance(2 * time.Minute)
		due(t, alive, 1)
		if calls != 1 {
			t.Fatal("the dead worker's job was not worked again")
		}
	})
}

// A claim that was broken off, as at a stop, works nothing: the job is there for
// the next, at the latest when a lease ends that was committed all the same.
func TestBrokenClaimLeavesTheJobAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(start)
		q := job.New(db, now.Now, ident.Random)
		var calls atomic.Int32
		q.Handle("greet", func(context.Context, json.RawMessage) error { calls.Add(1); return nil })
		if err := q.Add(context.Background(), job.Job{Kind: "greet"}); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		// On SQLite the only writer is busy, so the claim waits until the stop.
		err := db.Tx(context.Background(), func(context.Context) error {
			go func() { ended <- q.Run(ctx) }()
			time.Sleep(50 * time.Millisecond)
			stop()
			return nil
		})
		if err := errors.Join(err, <-ended); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := q.RunDue(context.Background()); err != nil {
				t.Fatal(err)
			}
			now.Advance(2 * time.Minute)
		}
		if got := calls.Load(); got != 1 {
			t.Fatalf("worked %d times, want once", got)
		}
	})
}

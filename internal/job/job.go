// Package job holds work that is due later. A job is a row written in the
// transaction that makes it necessary, so it exists exactly when its cause
// does; a worker runs it at least once, again after an error, and again after
// a crash. Handlers must therefore be safe to repeat.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/ident"
)

const (
	workers  = 4
	lease    = 2 * time.Minute // a job whose worker died is free again after this
	maxTries = 20              // then it is parked for a person
	poll     = time.Second     // how late work of other processes may be noticed
)

// Job is work to add. Args are stored as JSON and must hold no personal data.
// With a Key there is at most one job of that kind and key: adding it again
// brings it forward to the earlier time and has it run once more.
type Job struct {
	Kind string
	Args any
	At   time.Time // zero: now
	Key  string
}

// Handler does one kind of work.
type Handler func(ctx context.Context, args json.RawMessage) error

// Queue stores jobs and works them.
type Queue struct {
	db    *database.DB
	clock clock.Clock
	ids   ident.Source
	wake  chan struct{}

	mu       sync.RWMutex
	handlers map[string]Handler
}

// New makes a queue over db.
func New(db *database.DB, now clock.Clock, ids ident.Source) *Queue {
	return &Queue{db: db, clock: now, ids: ids, wake: make(chan struct{}, 1), handlers: map[string]Handler{}}
}

// Handle names the function that works jobs of a kind. A second one for the
// same kind panics.
func (q *Queue) Handle(kind string, fn Handler) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, twice := q.handlers[kind]; twice {
		panic("job: two handlers for " + kind)
	}
	q.handlers[kind] = fn
}

// Add writes the job in the transaction of ctx (or in one of its own) and
// wakes this process's workers after the commit.
func (q *Queue) Add(ctx context.Context, j Job) error {
	args, err := json.Marshal(j.Args)
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Kind, err)
	}
	now := q.clock()
	if j.At.IsZero() {
		j.At = now
	}
	return q.db.Tx(ctx, func(ctx context.Context) error {
		database.AfterCommit(ctx, q.notify)
		return q.insert(ctx, row{
			ID: q.ids(), Kind: j.Kind, Key: j.Key, Args: string(args), State: "waiting",
			RunAt: j.At.UTC().Truncate(time.Microsecond), CreatedAt: now,
		})
	})
}

func (q *Queue) notify() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// laterError asks for another call without counting a failure.
type laterError struct{ in time.Duration }

func (e laterError) Error() string { return "again in " + e.in.String() }

type idKey struct{}

// ID identifies the work that a handler was called for: the same at every try,
// another one when the job was added again. It is "" outside a handler.
func ID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// Later is returned by a handler that wants to be called again in d: waiting
// is not failing.
func Later(d time.Duration) error { return laterError{d} }

// Run works jobs until ctx ends, then lets the running ones finish.
func (q *Queue) Run(ctx context.Context) error {
	slots := make(chan struct{}, workers)
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		claimed, err := q.claim(ctx, workers-len(slots))
		if err != nil && ctx.Err() == nil {
			slog.Error("jobs cannot be read", "error", err)
		}
		for _, r := range claimed {
			slots <- struct{}{}
			running.Go(func() {
				defer func() { <-slots; q.notify() }()
				q.work(context.WithoutCancel(ctx), r)
			})
		}
		if len(claimed) > 0 && len(slots) < workers {
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-time.After(q.untilNext(ctx)):
		}
	}
	return nil
}

// RunDue works everything that is due now, one job after another, until
// nothing is. It returns how many calls were made. Errors of handlers follow
// the same rules as in Run; only a database error is returned.
func (q *Queue) RunDue(ctx context.Context) (int, error) {
	calls := 0
	for {
		claimed, err := q.claim(ctx, 1)
		if err != nil || len(claimed) == 0 {
			return calls, err
		}
		q.work(ctx, claimed[0])
		calls++
	}
}

// work calls the handler of r and writes down how it went.
func (q *Queue) work(ctx context.Context, r row) {
	ctx, cancel := context.WithTimeout(ctx, lease-10*time.Second)
	defer cancel()
	err := q.call(ctx, r)
	var later laterError
	switch {
	case err == nil:
		err = q.finish(ctx, r)
	case errors.As(err, &later):
		err = q.again(ctx, r, r.Tries, q.clock().Add(later.in), "", false)
	default:
		tries := r.Tries + 1
		parked := tries >= maxTries
		slog.Warn("job failed", "kind", r.Kind, "job", r.ID, "tries", tries, "parked", parked, "error", err)
		err = q.again(ctx, r, tries, q.clock().Add(backoff(tries)), err.Error(), parked)
	}
	if err != nil {
		// The lease runs out and the job is worked again: at least once holds.
		slog.Error("job result not stored", "kind", r.Kind, "job", r.ID, "error", err)
	}
}

func (q *Queue) call(ctx context.Context, r row) (err error) {
	q.mu.RLock()
	handler, known := q.handlers[r.Kind]
	q.mu.RUnlock()
	if !known {
		return fmt.Errorf("no handler for jobs of kind %q", r.Kind)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx = context.WithValue(ctx, idKey{}, fmt.Sprintf("%s-%d", r.ID, r.Gen))
	return handler(ctx, json.RawMessage(r.Args))
}

// backoff is 5 s doubled with each try, at most an hour.
func backoff(tries int) time.Duration {
	return min(5*time.Second<<min(tries-1, 12), time.Hour)
}

// untilNext is how long the workers may sleep: until the next job is due, and
// never longer than the poll that notices other processes' jobs.
func (q *Queue) untilNext(ctx context.Context) time.Duration {
	next, err := q.nextDue(ctx)
	if err != nil || next.IsZero() {
		return poll
	}
	return min(max(next.Sub(q.clock()), 10*time.Millisecond), poll)
}

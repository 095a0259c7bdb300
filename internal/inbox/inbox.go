// Package inbox stores the payment provider's events once, and has the rooms
// look at what they name. An event is only a hint: its handler reads the
// object again, so events may come twice, late, in any order or not at all.
package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/job"
	"nearby/internal/payment"
)

// Kind is the kind of the jobs that work the inbox.
const Kind = "inbox"

// maxAttempts is how often an event is tried before it is parked for a person.
const maxAttempts = 20

// ErrNotYet is returned by a handler when the event names an object of ours
// that no row knows yet: the event waits.
var ErrNotYet = errors.New("inbox: no row knows this object yet")

// Event is what a handler is called with: the newest event of one object.
type Event struct {
	Account  string // "" for the operator's own
	ID       string
	Type     string
	ObjectID string
	IntentID string
	At       time.Time
}

// Handler looks at the object that an event names.
type Handler func(ctx context.Context, e Event) error

// Source says how an event came.
type Source string

const (
	Webhook  Source = "webhook"
	Backfill Source = "backfill"
)

// Inbox stores events and hands them to rooms.
type Inbox struct {
	db       *database.DB
	clock    clock.Clock
	jobs     *job.Queue
	live     bool
	handlers map[string]Handler
}

// New makes an inbox over db and registers its job. Events whose live mode is
// not ours are stored and ignored: a live endpoint also receives test events.
func New(db *database.DB, now clock.Clock, jobs *job.Queue, live bool) *Inbox {
	in := &Inbox{db: db, clock: now, jobs: jobs, live: live, handlers: map[string]Handler{}}
	jobs.Handle(Kind, in.work)
	return in
}

// Handle has fn called for events whose type begins with prefix; the longest
// prefix wins. Call it before the first event.
func (in *Inbox) Handle(prefix string, fn Handler) {
	if _, twice := in.handlers[prefix]; twice {
		panic("inbox: two handlers for " + prefix)
	}
	in.handlers[prefix] = fn
}

func (in *Inbox) handler(kind string) (string, Handler) {
	best, fn := "", Handler(nil)
	for prefix, h := range in.handlers {
		if strings.HasPrefix(kind, prefix) && (fn == nil || len(prefix) > len(best)) {
			best, fn = prefix, h
		}
	}
	return best, fn
}

// Receive stores a verified event, once however often it comes, and has it
// worked. It makes no call and is safe to answer 200 after.
func (in *Inbox) Receive(ctx context.Context, e payment.Event, source Source) error {
	now := in.clock()
	r := row{
		Account: e.Account, ID: e.ID, Type: e.Type, ObjectID: e.ObjectID, Livemode: e.Live, APIVersion: e.APIVersion,
		Created: e.CreatedAt, Source: source, State: "new", ReceivedAt: now,
	}
	if e.IntentID != "" {
		r.IntentID = &e.IntentID
	}
	if e.Type == "account.application.deauthorized" {
		r.ObjectID = e.Account // its object is the application
	}
	if _, fn := in.handler(e.Type); fn == nil || e.Live != in.live {
		r.State, r.DoneAt = "ignored", &now
	}
	return in.db.Tx(ctx, func(ctx context.Context) error {
		fresh, err := in.insert(ctx, r)
		if err != nil || !fresh || r.State != "new" {
			return err
		}
		return in.enqueue(ctx, r.Account, r.ObjectID, time.Time{})
	})
}

type args struct {
	Account string `json:"account"`
	Object  string `json:"object"`
}

// enqueue has the events of one object worked; ten of them cost one look.
func (in *Inbox) enqueue(ctx context.Context, account, object string, at time.Time) error {
	return in.jobs.Add(ctx, job.Job{Kind: Kind, Key: account + "/" + object, Args: args{account, object}, At: at})
}

// work hands the newest waiting event of each handler to it, and marks all
// that waited when it began.
func (in *Inbox) work(ctx context.Context, raw json.RawMessage) error {
	var a args
	if err := json.Unmarshal(raw, &a); err != nil {
		return fmt.Errorf("inbox: %w", err)
	}
	rows, err := in.waiting(ctx, a.Account, a.Object)
	if err != nil {
		return err
	}
	groups := map[string][]row{}
	for _, r := range rows { // oldest first
		prefix, _ := in.handler(r.Type)
		groups[prefix] = append(groups[prefix], r)
	}
	var wait time.Duration
	for prefix, group := range groups {
		newest := group[len(group)-1]
		err := error(nil)
		if fn := in.handlers[prefix]; fn != nil {
			err = fn(ctx, newest.event())
		}
		if err != nil && !errors.Is(err, ErrNotYet) {
			slog.Warn("event failed", "type", newest.Type, "event", newest.ID, "account", newest.Account, "tries", newest.Attempts+1, "error", err)
		}
		if again, markErr := in.mark(ctx, group, err); markErr != nil {
			return markErr
		} else if again > 0 && (wait == 0 || again < wait) {
			wait = again
		}
	}
	if wait > 0 {
		return job.Later(wait)
	}
	return nil
}

// mark writes down how the events went and says after what time to try the
// failed ones again; 0: not.
func (in *Inbox) mark(ctx context.Context, group []row, failed error) (time.Duration, error) {
	attempts := group[0].Attempts + 1
	state := "done"
	switch {
	case failed != nil && attempts >= maxAttempts:
		state = "parked"
		slog.Error("event parked", "type", group[0].Type, "event", group[0].ID, "account", group[0].Account, "error", failed)
	case failed != nil:
		state = "new"
	}
	if err := in.update(ctx, group, state, attempts, failed); err != nil {
		return 0, err
	}
	if state != "new" {
		return 0, nil
	}
	return min(5*time.Second<<min(attempts-1, 10), time.Hour), nil
}

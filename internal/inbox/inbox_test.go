package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/ident"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/payment"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the tests fail on purpose
	os.Exit(m.Run())
}

type house struct {
	*inbox.Inbox
	t     *testing.T
	clock *clock.Fake
	jobs  *job.Queue
	mu    sync.Mutex
	seen  []string
	fail  error
}

func newHouse(t *testing.T, db *database.DB) *house {
	h := &house{t: t, clock: clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))}
	h.jobs = job.New(db, h.clock.Now, ident.Random)
	h.Inbox = inbox.New(db, h.clock.Now, h.jobs, false)
	note := func(who string) inbox.Handler {
		return func(_ context.Context, e inbox.Event) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.seen = append(h.seen, fmt.Sprintf("%s %s/%s %s", who, e.Account, e.ObjectID, e.ID))
			return h.fail
		}
	}
	h.Handle("charge.", note("charge"))
	h.Handle("charge.refund", note("refund"))
	return h
}

func (h *house) receive(events ...payment.Event) {
	h.t.Helper()
	for _, e := range events {
		if err := h.Receive(h.t.Context(), e, inbox.Webhook); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) work() {
	h.t.Helper()
	if _, err := h.jobs.RunDue(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) want(seen ...string) {
	h.t.Helper()
	if diff := cmp.Diff(seen, h.seen); diff != "" {
		h.t.Fatalf("handled (-want +got):\n%s", diff)
	}
	h.seen = nil
}

func (h *house) figures() [2]int64 {
	h.t.Helper()
	f, err := h.Figures(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return [2]int64{f.New, f.Parked}
}

func event(id, kind, account, object string, second int) payment.Event {
	return payment.Event{
		ID: id, Type: kind, Account: account, ObjectID: object, APIVersion: "2023-10-16",
		CreatedAt: time.Date(2026, 5, 4, 8, 0, second, 0, time.UTC),
	}
}

func TestOneLookPerObject(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		late, early := event("evt_2", "charge.captured", "acct_1", "ch_1", 2), event("evt_1", "charge.updated", "acct_1", "ch_1", 1)
		h.receive(late, early, late, early, late)
		h.work()
		h.want("charge acct_1/ch_1 evt_2")
		h.receive(late, early) // come again after they were worked
		h.work()
		h.want()
		h.receive(event("evt_3", "charge.refunded", "acct_1", "ch_1", 3), event("evt_1", "charge.updated", "acct_2", "ch_1", 1))
		h.work()
		h.want("refund acct_1/ch_1 evt_3", "charge acct_2/ch_1 evt_1")
	})
}

func TestIgnored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		live := event("evt_1", "charge.captured", "acct_1", "ch_1", 1)
		live.Live = true
		h.receive(live, event("evt_2", "customer.created", "acct_1", "cus_1", 1))
		h.work()
		h.want()
		if got := h.figures(); got != [2]int64{0, 0} {
			t.Errorf("new, parked = %v", got)
		}
	})
}

func TestFailuresAreTriedAgainAndParked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.fail = inbox.ErrNotYet
		h.receive(event("evt_1", "charge.captured", "acct_1", "ch_1", 1))
		h.work()
		h.want("charge acct_1/ch_1 evt_1")
		h.work() // not before its time
		h.want()
		h.clock.Advance(5 * time.Second)
		h.receive(event("evt_2", "charge.captured", "acct_1", "ch_1", 2))
		h.work()
		h.want("charge acct_1/ch_1 evt_2")
		h.fail = errors.New("down")
		for range 30 {
			h.clock.Advance(time.Hour)
			h.work()
		}
		if got := h.figures(); got != [2]int64{0, 2} {
			t.Fatalf("new, parked = %v", got)
		}
		if n := len(h.seen); n < 15 || n > 20 {
			t.Errorf("tried %d times", n)
		}
		h.seen, h.fail = nil, nil
		if err := h.Retry(t.Context(), "acct_1", "ch_1"); err != nil {
			t.Fatal(err)
		}
		h.work()
		h.want("charge acct_1/ch_1 evt_2")
		if got := h.figures(); got != [2]int64{0, 0} {
			t.Errorf("new, parked = %v", got)
		}
	})
}

// TestReceivedWhileWorking receives an event for the object that is being
// looked at: it is looked at once more.
func TestReceivedWhileWorking(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		first := true
		h.Handle("payment_intent.", func(ctx context.Context, e inbox.Event) error {
			h.seen = append(h.seen, e.ID)
			if first {
				first = false
				h.receive(event("evt_2", "payment_intent.succeeded", "acct_1", "pi_1", 2))
			}
			return nil
		})
		h.receive(event("evt_1", "payment_intent.created", "acct_1", "pi_1", 1))
		h.work()
		h.want("evt_1", "evt_2")
	})
}

func TestDeauthorizedIsAboutItsAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.Handle("account.", func(_ context.Context, e inbox.Event) error {
			h.seen = append(h.seen, e.Account+" "+e.ObjectID)
			return nil
		})
		h.receive(event("evt_1", "account.application.deauthorized", "acct_1", "ca_app", 1))
		h.work()
		h.want("acct_1 acct_1")
	})
}

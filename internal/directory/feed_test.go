package directory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
)

// together runs fn with two houses that stand for two processes on one
// database, both loaded, on each kind of database.
func together(t *testing.T, fn func(t *testing.T, here, there *house)) {
	t.Helper()
	open := func(t *testing.T, address string) *house {
		db, err := database.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		h := newHouse(db)
		if err := h.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h
	}
	t.Run("sqlite", func(t *testing.T) {
		address := "sqlite:" + dbtest.SQLite(t).Path()
		fn(t, open(t, address), open(t, address))
	})
	t.Run("postgres", func(t *testing.T) {
		address := dbtest.PostgresURL(t)
		fn(t, open(t, address), open(t, address))
	})
}

func (h *house) keptUp(t *testing.T) {
	t.Helper()
	if err := h.keepUp(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (h *house) changesKept(t *testing.T) int64 {
	t.Helper()
	var n int64
	if err := h.db.Conn(t.Context()).Table("directory_changes").Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOtherProcessesAreFollowed(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		ada := there.user(t, "ada")
		b := there.listed(t, ada, quay("Harbour Buns", 52.5, 13.4))
		step := func(what string, want ...string) {
			t.Helper()
			if want == nil {
				want = []string{}
			}
			here.keptUp(t)
			if diff := cmp.Diff(want, here.near(t, Query{Center: harbour})); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		step("approved", "Harbour Buns")
		there.put(t, b.ID, EventSuspend)
		step("suspended")
		there.put(t, b.ID, EventReinstate)
		step("reinstated", "Harbour Buns")

		there.imported(t, trusted, cafe("1"))
		step("imported", "Harbour Buns", "Café Kai")
		changed := cafe("1")
		changed.Name = "Café Kaimauer"
		there.imported(t, trusted, changed)
		step("imported anew", "Harbour Buns", "Café Kaimauer")
		dry := trusted
		dry.DryRun = true
		there.imported(t, dry, cafe("2"))
		step("tried", "Harbour Buns", "Café Kaimauer")

		err := there.db.Tx(t.Context(), func(ctx context.Context) error {
			if err := there.Change(ctx, b.ID, func(b *Business) error { b.Name = "Rolled Back"; return nil }); err != nil {
				return err
			}
			return errors.New("no")
		})
		if err == nil {
			t.Fatal("the transaction committed")
		}
		step("rolled back", "Harbour Buns", "Café Kaimauer")

		// Both ways, and each follows what is its own at once.
		here.put(t, b.ID, EventSuspend)
		if names := there.near(t, Query{Center: harbour}); len(names) != 2 {
			t.Errorf("the other house shows %v before it looked", names)
		}
		there.keptUp(t)
		if diff := cmp.Diff([]string{"Café Kaimauer"}, there.near(t, Query{Center: harbour})); diff != "" {
			t.Error(diff)
		}
	})
}

// An import knows nothing of the servers beside it, of which one may show
// unclaimed businesses.
func TestUnclaimedFromAnotherProcess(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		here.ShowUnclaimed()
		there.imported(t, ImportOptions{}, cafe("1"))
		here.keptUp(t)
		if names := here.near(t, Query{Center: harbour}); len(names) != 1 {
			t.Errorf("unclaimed ones shown: %v", names)
		}
		if names := there.near(t, Query{Center: harbour}); len(names) != 0 {
			t.Errorf("the importer shows %v", names)
		}
		// What no process ever shows is not worth a row.
		before := here.changesKept(t)
		there.create(t, there.user(t, "ada"), quay("Only a draft", 52.5, 13.4))
		if n := here.changesKept(t); n != before {
			t.Errorf("a draft added %d rows", n-before)
		}
	})
}

// A process does not read again what it has followed at its own commits, and
// reads what others wrote only once.
func TestFeedLeavesOutWhatIsFollowed(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		read := 0
		here.SetSearchable(func(_ context.Context, ids []string) (map[string]Extra, error) {
			read += len(ids)
			return nil, nil
		})
		here.imported(t, trusted, cafe("1"), cafe("2"))
		if read != 2 {
			t.Fatalf("%d read at the commit", read)
		}
		here.keptUp(t)
		if read != 2 {
			t.Errorf("%d own ones read again", read-2)
		}
		there.imported(t, trusted, cafe("3"))
		for range 3 {
			here.keptUp(t)
		}
		if read != 3 {
			t.Errorf("one by another process was read %d times", read-2)
		}
		// One row for each business and transaction.
		if n := here.changesKept(t); n != 3 {
			t.Errorf("the feed has %d rows", n)
		}
		b := here.bySourceID(t, "1")
		err := there.db.Tx(t.Context(), func(ctx context.Context) error {
			for i := range 5 {
				if err := there.Change(ctx, b.ID, func(b *Business) error { b.Name = fmt.Sprint("Name ", i); return nil }); err != nil {
					return err
				}
				there.Touch(ctx, b.ID)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := here.changesKept(t); n != 4 {
			t.Errorf("five changes in one transaction made %d rows", n-3)
		}
	})
}

// What commits between reading where the feed stands and reading the rows is
// followed after the start.
func TestNothingFallsBetweenStartAndFeed(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		ada := there.user(t, "ada")
		first := there.listed(t, ada, quay("Harbour Buns", 52.5, 13.4))
		meanwhile := sync.OnceFunc(func() { there.put(t, first.ID, EventSuspend) })
		here.SetSearchable(func(context.Context, []string) (map[string]Extra, error) {
			meanwhile() // the page of rows has been read already
			return nil, nil
		})
		if err := here.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		here.keptUp(t)
		if names := here.near(t, Query{Center: harbour}); len(names) != 0 {
			t.Errorf("suspended, and shown after the start: %v", names)
		}
	})
}

// PostgreSQL numbers transactions and rows when they begin, not when they
// commit. A reader that goes by numbers alone passes over the one that began
// first and commits last; one that waits for the oldest shows the others late.
func TestCommitsOutOfOrder(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		if !there.db.IsPostgres() {
			t.Skip("one transaction at a time writes on SQLite, so commits are in order")
		}
		ada := there.user(t, "ada")
		slow := there.listed(t, ada, quay("Slow", 52.5, 13.4))
		quick := there.listed(t, ada, quay("Quick", 52.5, 13.5))
		here.keptUp(t)

		written, finish, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- there.db.Tx(context.Background(), func(ctx context.Context) error {
				err := there.Change(ctx, slow.ID, func(b *Business) error {
					return b.Move(EventSuspend, account.Verifier, there.clock.Now())
				})
				if err != nil {
					return err
				}
				// This hook runs behind the one that writes the feed, so number and
				// row are drawn, and the commit waits.
				database.Collect(ctx, "wait", true, func(context.Context, []bool) error {
					close(written)
					<-finish
					return nil
				})
				return nil
			})
		}()
		<-written
		for range 3 {
			there.put(t, quick.ID, EventSuspend)
			here.keptUp(t)
			if diff := cmp.Diff([]string{"Slow"}, here.near(t, Query{Center: harbour})); diff != "" {
				t.Errorf("while a slow transaction is open: %s", diff)
			}
			there.put(t, quick.ID, EventReinstate)
			here.keptUp(t)
		}
		close(finish)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		here.keptUp(t)
		if diff := cmp.Diff([]string{"Quick"}, here.near(t, Query{Center: harbour})); diff != "" {
			t.Errorf("after the slow one committed: %s", diff)
		}
	})
}

// Many writers in both processes: after the last commit and one look at the
// feed, both indexes say what the database says.
func TestBothProcessesEndUpTheSame(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		list := here.seed(t, 8, harbour)
		for _, h := range []*house{here, there} {
			if err := h.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		stop := make(chan struct{})
		var readers, writers sync.WaitGroup
		for n, h := range []*house{here, there} {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						if err := h.keepUp(context.Background()); err != nil {
							t.Error(err)
						}
					}
				}
			})
			for worker := range 4 {
				writers.Go(func() {
					rng := rand.New(rand.NewPCG(uint64(n), uint64(worker)))
					for range 10 {
						// Two in one transaction, lower id first, so that none waits for the other in a ring.
						ids := []string{list[rng.IntN(len(list))].ID, list[rng.IntN(len(list))].ID}
						slices.Sort(ids)
						err := h.db.Tx(context.Background(), func(ctx context.Context) error {
							for _, id := range ids {
								if err := h.Change(ctx, id, toggle(h)); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil && !errs.Is(err, errs.Unavailable) { // gave up waiting for a lock
							t.Error(err)
						}
					}
				})
			}
		}
		writers.Wait()
		close(stop)
		readers.Wait()
		for _, h := range []*house{here, there} {
			h.keptUp(t)
			want := h.again(t)
			if diff := cmp.Diff(want.near(t, Query{Center: harbour}), h.near(t, Query{Center: harbour})); diff != "" {
				t.Error(diff)
			}
			if _, dirty := h.Indexed(); dirty != 0 {
				t.Errorf("%d are dirty", dirty)
			}
		}
	})
}

// toggle suspends or reinstates.
func toggle(h *house) func(*Business) error {
	return func(b *Business) error {
		event := EventSuspend
		if b.State == Suspended {
			event = EventReinstate
		}
		return b.Move(event, account.Verifier, h.clock.Now())
	}
}

func TestOldChangesArePruned(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		there.imported(t, trusted, cafe("1"), cafe("2"))
		there.clock.Advance(keepChanges)
		there.imported(t, trusted, cafe("3"))
		if err := there.prune(t.Context()); err != nil || there.changesKept(t) != 3 {
			t.Errorf("%d kept after an hour, %v", there.changesKept(t), err)
		}
		there.clock.Advance(time.Second)
		if err := there.prune(t.Context()); err != nil || there.changesKept(t) != 1 {
			t.Errorf("%d kept after more than an hour, %v", there.changesKept(t), err)
		}
		// A process that has slept does not trust the feed any more.
		here.clock.Advance(keepChanges)
		here.keptUp(t)
		if names := here.near(t, Query{Center: harbour}); len(names) != 3 {
			t.Errorf("after a long sleep %v", names)
		}
		// An empty feed is no reason to begin anew.
		there.clock.Advance(2 * keepChanges)
		if err := there.prune(t.Context()); err != nil || there.changesKept(t) != 0 {
			t.Errorf("%d kept, %v", there.changesKept(t), err)
		}
		here.keptUp(t)
		there.imported(t, trusted, cafe("4"))
		here.keptUp(t)
		if names := here.near(t, Query{Center: harbour}); len(names) != 4 {
			t.Errorf("after the feed was empty %v", names)
		}
	})
}

// Run does it all by itself, within a second.
func TestRunFollowsOtherProcesses(t *testing.T) {
	together(t, func(t *testing.T, here, there *house) {
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := here.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		there.imported(t, trusted, cafe("1"))
		committed := time.Now()
		for len(here.near(t, Query{Center: harbour})) == 0 && time.Since(committed) < 10*time.Second {
			time.Sleep(10 * time.Millisecond) // polls: another goroutine's own timer is what is tested
		}
		t.Logf("visible after %s", time.Since(committed))
		if took := time.Since(committed); took > time.Second {
			t.Errorf("visible after %s", took)
		}
		cancel()
		running.Wait()
	})
}

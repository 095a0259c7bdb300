package directory

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/hours"
)

// started is the house after a restart by which the clock went on, with the file
// of its index at path.
func (h *house) started(t *testing.T, path string) *house {
	t.Helper()
	next := newHouse(h.db)
	next.clock.Advance(h.clock.Now().Sub(next.clock.Now()))
	next.follower.unclaimed = h.follower.unclaimed
	next.KeepIndex(path)
	if err := next.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return next
}

func (h *house) saved(t *testing.T) {
	t.Helper()
	if err := h.save(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// shown is everything that searches and place names know.
func (h *house) shown(t *testing.T) (list []Summary, places []GazetteerPlace) {
	t.Helper()
	page, err := h.Nearby(t.Context(), Query{Center: harbour, Limit: MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range page.Items {
		list = append(list, item.Summary)
	}
	return list, h.follower.localities.find([]string{"kai"}, 10)
}

// fromFile reports whether the house goes on from a file: it still shows a name
// that was changed in the database without a word in the feed.
func (h *house) fromFile(t *testing.T, id string) bool {
	t.Helper()
	hit, ok := h.follower.index.Find(id)
	if !ok {
		t.Fatal("the business that nobody touches is not shown")
	}
	return summaryOf(&hit).Name != "Behind Your Back"
}

// keptHouse is a house with a saved index, and the id of a business whose name
// was changed since behind its back.
func keptHouse(t *testing.T, db *database.DB, path string) (h *house, id string) {
	t.Helper()
	h = newHouse(db).started(t, path)
	h.imported(t, trusted, cafe("1"), cafe("2"), cafe("3"))
	h.clock.Advance(settling)
	h.saved(t)                // and the bookmark of now becomes the young one
	h.clock.Advance(settling) // by now it is settled
	h.imported(t, trusted, cafe("4"))
	h.saved(t)
	id = h.bySourceID(t, "1").ID
	err := db.Tx(t.Context(), func(ctx context.Context) error {
		return db.Conn(ctx).Exec("UPDATE businesses SET name = 'Behind Your Back' WHERE id = ?", id).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, id
}

// logged is what is logged while fn runs.
func logged(t *testing.T, fn func()) string {
	t.Helper()
	before, text := slog.Default(), new(bytes.Buffer)
	slog.SetDefault(slog.New(slog.NewTextHandler(text, nil)))
	defer slog.SetDefault(before)
	fn()
	return text.String()
}

func TestStartFromTheSavedIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		path := filepath.Join(t.TempDir(), "index")
		h, id := keptHouse(t, db, path)

		// What commits after the file, here and elsewhere, is followed.
		elsewhere := h.again(t)
		elsewhere.put(t, h.bySourceID(t, "2").ID, EventSuspend)
		moved := cafe("3")
		moved.Name, moved.Lat, moved.Street, moved.OpeningHours = "Café Mole", 52.51, "Kaimauer", "Tu 10:00-12:00"
		h.imported(t, trusted, moved)
		h.imported(t, trusted, cafe("5"))

		next := h.started(t, path)
		if !next.fromFile(t, id) {
			t.Fatal("the file was not used")
		}
		err := db.Tx(t.Context(), func(ctx context.Context) error { next.Touch(ctx, id); return nil })
		if err != nil {
			t.Fatal(err)
		}
		same := cmp.Comparer(func(a, b hours.Schedule) bool { return a.Equal(b) })
		list, places := next.shown(t)
		wantList, wantPlaces := h.again(t).shown(t)
		if diff := cmp.Diff(wantList, list, same); diff != "" || len(list) != 4 {
			t.Errorf("from the file and from the database (-+): %s", diff)
		}
		if diff := cmp.Diff(wantPlaces, places); diff != "" {
			t.Errorf("places from the file and from the database (-+): %s", diff)
		}
		at := time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC) // a Tuesday, 11 o'clock in Berlin
		if names := next.near(t, Query{Center: harbour, Open: at, Text: "mole"}); len(names) != 1 {
			t.Errorf("open by saved hours: %v", names)
		}
		next.keptUp(t)

		// Nothing new: the file stays as it is, until its bookmark grows old.
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		third := h.started(t, path)
		third.follower.keeper.followed = 0
		third.clock.Advance(saveEvery)
		third.saved(t)
		if now, err := os.Stat(path); err != nil || !os.SameFile(before, now) {
			t.Errorf("written anew without need, %v", err)
		}
		for range 2 {
			third.clock.Advance(renewEvery)
			third.saved(t)
		}
		if now, err := os.Stat(path); err != nil || os.SameFile(before, now) {
			t.Errorf("not renewed, %v", err)
		}
	})
}

// A change whose business cannot be read is not in the index, so the index is
// not written.
func TestIndexWithGapsIsNotSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	h := newHouse(dbtest.SQLite(t)).started(t, path)
	h.follower.dirty["somebody"] = true
	h.imported(t, trusted, cafe("1"))
	if h.saved(t); h.follower.keeper.file.Mark != "" {
		t.Error("saved while a business could not be read")
	}
	delete(h.follower.dirty, "somebody")
	if h.saved(t); h.follower.keeper.file.Mark == "" {
		t.Error("not saved when all is well")
	}
}

// A file that does not fit is passed over with one line, and the next is right.
func TestSavedIndexThatDoesNotFit(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, h *house, path string){
		"damaged": func(t *testing.T, _ *house, path string) {
			text, err := os.ReadFile(path)
			if err == nil {
				text[len(text)/2] ^= 4
				err = os.WriteFile(path, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"empty": func(t *testing.T, _ *house, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		},
		"old": func(_ *testing.T, h *house, _ string) { h.clock.Advance(keepChanges/2 + settling) },
		"put back from a backup": func(t *testing.T, h *house, _ string) {
			err := h.db.Tx(t.Context(), func(ctx context.Context) error {
				return h.db.Conn(ctx).Exec("DELETE FROM directory_changes").Error
			})
			if err != nil {
				t.Fatal(err)
			}
			h.imported(t, trusted, cafe("6"))
		},
		"unclaimed": func(_ *testing.T, h *house, _ string) { h.ShowUnclaimed() },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				path := filepath.Join(t.TempDir(), "index")
				h, id := keptHouse(t, db, path)
				spoil(t, h, path)
				var next *house
				text := logged(t, func() { next = h.started(t, path) })
				if next.fromFile(t, id) || strings.Count(text, "\n") != 1 || !strings.Contains(text, "the saved index is not used") {
					t.Errorf("used %v; logged %q", next.fromFile(t, id), text)
				}
				next.saved(t)
				if text := logged(t, func() { next = next.started(t, path) }); !strings.Contains(text, "read from its file") {
					t.Errorf("the next file is not used either: %q", text)
				}
			})
		})
	}
}

// A program that asks the index nothing does not fill it, and others follow it as
// ever; Load makes up for what was not followed.
func TestUnasked(t *testing.T) {
	together(t, func(t *testing.T, here, _ *house) {
		there := newHouse(here.db)
		there.Unasked()
		there.imported(t, trusted, cafe("1"))
		here.keptUp(t)
		if n, _ := there.Indexed(); n != 0 || len(here.near(t, Query{Center: harbour})) != 1 {
			t.Errorf("%d rows where nobody asks, and elsewhere %v", n, here.near(t, Query{Center: harbour}))
		}
		if err := there.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		there.imported(t, trusted, cafe("2"))
		if names := there.near(t, Query{Center: harbour}); len(names) != 2 {
			t.Errorf("after Load %v", names)
		}
	})
}

// Run saves by itself, and at a stop everything is saved, so that the next start
// has nothing to follow.
func TestStopSavesAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		path := filepath.Join(t.TempDir(), "index")
		h := newHouse(db).started(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- h.Run(ctx) }()
		h.imported(t, trusted, cafe("1"))
		newHouse(db).imported(t, trusted, cafe("2")) // by another process, just before the stop
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if err := h.SaveIndex(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := h.started(t, path)
		if names := next.near(t, Query{Center: harbour}); next.follower.keeper.file.Mark == "" || len(names) != 2 {
			t.Errorf("the file was not used, or shows %v", names)
		}
		if n := next.follower.keeper.followed; n != 0 {
			t.Errorf("%d changes followed after a stop in order", n)
		}
	})
}

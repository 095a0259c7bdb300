package directory

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
)

// TestPauseEndsByItself: the instant decides, in the business itself, in
// searches, and after a restart from the database or from the saved index.
func TestPauseEndsByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		path := filepath.Join(t.TempDir(), "index")
		h := newHouse(db).started(t, path)
		ctx := t.Context()
		ada := h.user(t, "ada")
		b := h.listed(t, ada, quay("Harbour Buns", 52.5, 13.4))
		until := h.clock.Now().Add(2 * time.Hour)
		in := Selling{Currency: "EUR", Pickup: true, Paused: true, PausedUntil: until}
		b, err := h.SetSelling(ctx, ada, b.ID, 0, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Selling(); got != in {
			t.Errorf("%+v came back", got)
		}
		orderable := func(h *house) bool {
			t.Helper()
			h.follower.awaken()
			return slices.Contains(h.near(t, Query{Orderable: true}), "Harbour Buns")
		}
		h.saved(t)
		for _, c := range []struct {
			after time.Duration
			open  bool
		}{{0, false}, {2*time.Hour - time.Second, false}, {2 * time.Hour, true}} {
			now := until.Add(c.after - 2*time.Hour)
			if b.PausedAt(now) == c.open || b.Orderable(now) != c.open {
				t.Errorf("after %s: paused %v", c.after, b.PausedAt(now))
			}
			restarted, fromFile := newHouse(db), newHouse(db)
			for _, house := range []*house{h, restarted, fromFile} {
				house.clock.Advance(now.Sub(house.clock.Now()))
			}
			if err := restarted.Load(ctx); err != nil {
				t.Fatal(err)
			}
			fromFile = fromFile.started(t, path)
			for name, house := range map[string]*house{"followed": h, "loaded": restarted, "from the file": fromFile} {
				if orderable(house) != c.open {
					t.Errorf("after %s, %s: orderable is %v", c.after, name, !c.open)
				}
			}
		}
		// Saved again as it stands, a pause that is over is forgotten.
		if b, err = h.SetSelling(ctx, ada, b.ID, 0, b.Selling()); err != nil || b.Paused || !b.PausedUntil.IsZero() {
			t.Errorf("the pause that is over is still %v until %s (%v)", b.Paused, b.PausedUntil, err)
		}
		entries, err := h.log.Of(ctx, "business", b.ID, 50)
		if err != nil || !slices.ContainsFunc(entries, func(r audit.Record) bool { return r.Action == "business.selling" }) {
			t.Errorf("no audit entry of the pause: %v", err)
		}
	})
}

func TestPauseIsChecked(t *testing.T) {
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		paused bool
		until  time.Time
		code   string
		want   time.Time
	}{
		"until somebody says otherwise": {paused: true},
		"until":                         {paused: true, until: now.Add(time.Hour), want: now.Add(time.Hour)},
		"no pause, so no end":           {until: now.Add(time.Hour)},
		"over":                          {paused: true, until: now, code: "past"},
		"too far":                       {paused: true, until: now.Add(400 * 24 * time.Hour), code: "out_of_range"},
	} {
		b := Business{State: Draft}
		err := Selling{Currency: "EUR", Paused: c.paused, PausedUntil: c.until}.apply(&b, now)
		if c.code != "" {
			if fields := errs.Of(err).Fields; len(fields) != 1 || fields[0].Name != "paused_until" || fields[0].Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || b.Paused != c.paused || !b.PausedUntil.Equal(c.want) {
			t.Errorf("%s: %v until %s, %v", name, b.Paused, b.PausedUntil, err)
		}
	}
}

package audit_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
)

var key = bytes.Repeat([]byte{7}, 32)

func newLog(db *database.DB) *audit.Log {
	return audit.New(db, clock.NewFake(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)).Now, key)
}

func add(t *testing.T, db *database.DB, log *audit.Log, ids ...string) {
	t.Helper()
	err := db.Tx(context.Background(), func(ctx context.Context) error {
		for _, id := range ids {
			if err := log.Add(ctx, audit.Entry{Actor: audit.System, Action: "thing.made", Object: "thing", ObjectID: id, Detail: map[string]any{"n": 1}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChainHoldsUnderConcurrency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		log := newLog(db)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					add(t, db, log, "a", "b")
				}
			})
		}
		wg.Wait()
		n, err := log.Verify(context.Background())
		if err != nil || n != 160 {
			t.Fatalf("Verify = %d, %v; want 160 sound entries", n, err)
		}
	})
}

func TestEntryJoinsItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		log, ctx := newLog(db), context.Background()
		stop := errors.New("stop")
		err := db.Tx(ctx, func(ctx context.Context) error {
			if err := log.Add(ctx, audit.Entry{Actor: audit.System, Action: "thing.made", Object: "thing"}); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatalf("Tx = %v", err)
		}
		if tip, err := log.Tip(ctx); err != nil || tip.Seq != 0 {
			t.Fatalf("tip after a rollback = %+v, %v", tip, err)
		}
		if err := log.Add(ctx, audit.Entry{Actor: audit.System, Action: "a", Object: "b"}); err == nil {
			t.Fatal("an entry outside a transaction was accepted")
		}
	})
}

// The triggers refuse honest programs; a thief of the file drops them first.
func TestTamperingIsFound(t *testing.T) {
	tamper := map[string]string{
		"edit":     "UPDATE audit_entries SET action = 'thing.unmade' WHERE seq = 3",
		"delete":   "DELETE FROM audit_entries WHERE seq = 3",
		"cut tail": "DELETE FROM audit_entries WHERE seq > 4",
		"swap":     "UPDATE audit_entries SET object_id = CASE seq WHEN 2 THEN 'id3' ELSE 'id2' END WHERE seq IN (2, 3)",
		"append":   "INSERT INTO audit_entries SELECT 7, at, actor_id, actor_role, action, object, object_id, business_id, detail, hash FROM audit_entries WHERE seq = 6",
		"cut tail and head": "DELETE FROM audit_entries WHERE seq > 4; " +
			"UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit_entries WHERE seq = 4)",
		"empty": "DELETE FROM audit_entries; UPDATE audit_head SET seq = 0, hash = ''",
	}
	for name, statement := range tamper {
		t.Run(name, func(t *testing.T) {
			db := dbtest.SQLite(t)
			log, ctx := newLog(db), context.Background()
			add(t, db, log, "id1", "id2", "id3", "id4", "id5", "id6")
			tip, err := log.Tip(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if name != "append" {
				if _, err := db.Pool().Exec(statement); err == nil {
					t.Fatal("the database let audit entries be changed")
				}
			}
			if _, err := db.Pool().Exec("DROP TRIGGER audit_entries_no_update; DROP TRIGGER audit_entries_no_delete; " + statement); err != nil {
				t.Fatal(err)
			}
			if _, err := log.Verify(ctx, tip); !errs.Has(err, "audit_broken") {
				t.Fatalf("Verify = %v, want audit_broken", err)
			}
		})
	}
}

func TestAnotherKeyDoesNotFit(t *testing.T) {
	db := dbtest.SQLite(t)
	add(t, db, newLog(db), "a")
	other := audit.New(db, clock.System, bytes.Repeat([]byte{8}, 32))
	if _, err := other.Verify(context.Background()); !errs.Has(err, "audit_broken") {
		t.Fatalf("Verify with another key = %v", err)
	}
}

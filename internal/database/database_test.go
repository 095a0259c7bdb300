package database_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
)

func exec(db *database.DB, statement string, args ...any) error {
	return db.Tx(context.Background(), func(ctx context.Context) error {
		return database.Err(db.Conn(ctx).Exec(statement, args...).Error, "row")
	})
}

func TestTransactionsJoinAndRollBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ctx, stop := context.Background(), errors.New("stop")
		after := 0
		err := db.Tx(ctx, func(ctx context.Context) error {
			return db.Tx(ctx, func(ctx context.Context) error {
				database.AfterCommit(ctx, func() { after++ })
				if err := db.Conn(ctx).Exec("INSERT INTO settings (name, value) VALUES ('a', '1')").Error; err != nil {
					return err
				}
				return stop
			})
		})
		if !errors.Is(err, stop) || after != 0 {
			t.Fatalf("err %v, after-commit ran %d times", err, after)
		}
		var n int64
		if err := db.Conn(ctx).Table("settings").Count(&n).Error; err != nil || n != 0 {
			t.Fatalf("%d rows after the rollback, %v", n, err)
		}
	})
}

func TestCollectFlushesOnceBeforeTheCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		var flushed [][]int
		err := db.Tx(context.Background(), func(ctx context.Context) error {
			for i := range 3 {
				database.Collect(ctx, "key", i, func(ctx context.Context, values []int) error {
					if !database.InTx(ctx) {
						t.Error("flushed outside the transaction")
					}
					flushed = append(flushed, values)
					return nil
				})
			}
			return nil
		})
		if err != nil || fmt.Sprint(flushed) != "[[0 1 2]]" {
			t.Fatalf("flushed %v, %v", flushed, err)
		}
	})
}

func TestDriverErrorsHaveTheirKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		if err := exec(db, "INSERT INTO settings (name, value) VALUES ('a', '1')"); err != nil {
			t.Fatal(err)
		}
		if err := exec(db, "INSERT INTO settings (name, value) VALUES ('a', '1')"); !errs.Has(err, "already_exists") {
			t.Errorf("unique: %v", err)
		}
		err := exec(db, "INSERT INTO jobs (id, kind, key, args, state, run_at, tries, gen, last_error, created_at) VALUES ('a','a','','','odd',?,0,0,'',?)", time.Now().UTC(), time.Now().UTC())
		if !errs.Has(err, "constraint") {
			t.Errorf("check: %v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := db.Tx(ctx, func(context.Context) error { return nil }); !errs.Is(err, errs.Unavailable) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// Both transactions read what the other one writes: one must lose and be run
// again, and none of the increments may vanish.
func TestConcurrentCountersAreExact(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		if err := exec(db, "INSERT INTO settings (name, value) VALUES ('n', '0')"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 25 {
					err := db.Tx(context.Background(), func(ctx context.Context) error {
						var row struct{ Value int }
						if err := database.Locked(db.Conn(ctx).Table("settings")).Where("name = 'n'").Take(&row).Error; err != nil {
							return err
						}
						return db.Conn(ctx).Exec("UPDATE settings SET value = ? WHERE name = 'n'", fmt.Sprint(row.Value+1)).Error
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		var value string
		if err := db.Conn(context.Background()).Raw("SELECT value FROM settings WHERE name = 'n'").Scan(&value).Error; err != nil || value != "200" {
			t.Fatalf("counted %s, %v; want 200", value, err)
		}
	})
}

// Times come from the clock of a room, never from gorm, whatever a field is
// called and however a row is written.
func TestUpdatesKeepTheTimesTheyAreGiven(t *testing.T) {
	type row struct {
		ID        string
		Name      string
		CreatedAt time.Time
		UpdatedAt time.Time
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		if err := exec(db, "CREATE TABLE rows (id TEXT PRIMARY KEY, name TEXT, created_at TIMESTAMP, updated_at TIMESTAMP)"); err != nil {
			t.Fatal(err)
		}
		made := time.Date(2001, 2, 3, 4, 5, 6, 7000, time.UTC)
		changed := made.Add(time.Hour)
		for _, step := range []struct {
			what    string
			write   func(conn *gorm.DB) error
			updated time.Time
		}{
			{"insert", func(conn *gorm.DB) error {
				return conn.Create(&row{ID: "1", Name: "a", CreatedAt: made, UpdatedAt: made}).Error
			}, made},
			{"update by map without a time", func(conn *gorm.DB) error {
				return conn.Model(&row{}).Where("id = ?", "1").Updates(map[string]any{"name": "b"}).Error
			}, made},
			{"update of one column", func(conn *gorm.DB) error {
				return conn.Model(&row{}).Where("id = ?", "1").Update("name", "c").Error
			}, made},
			{"update by struct", func(conn *gorm.DB) error {
				return conn.Where("id = ?", "1").Select("*").Updates(&row{ID: "1", Name: "d", CreatedAt: made, UpdatedAt: changed}).Error
			}, changed},
			{"update by selected fields", func(conn *gorm.DB) error {
				return conn.Where("id = ?", "1").Select("name").Updates(&row{Name: "e"}).Error
			}, changed},
		} {
			err := db.Tx(t.Context(), func(ctx context.Context) error { return step.write(db.Conn(ctx)) })
			if err != nil {
				t.Fatalf("%s: %v", step.what, err)
			}
			var got row
			if err := db.Conn(t.Context()).Where("id = ?", "1").Take(&got).Error; err != nil {
				t.Fatal(err)
			}
			if !got.CreatedAt.Equal(made) || !got.UpdatedAt.Equal(step.updated) {
				t.Errorf("%s: created %s, updated %s, want %s", step.what, got.CreatedAt, got.UpdatedAt, step.updated)
			}
		}
	})
}

func TestReadingHandleCannotWriteOnSQLite(t *testing.T) {
	db := dbtest.SQLite(t)
	if err := db.Conn(context.Background()).Exec("INSERT INTO settings (name, value) VALUES ('a', '1')").Error; err == nil {
		t.Fatal("a write outside a transaction went through")
	}
}

func TestSQLiteSettingsHoldOnEveryConnection(t *testing.T) {
	db := dbtest.SQLite(t)
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		var got string
		if err := db.Pool().QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
			t.Errorf("PRAGMA %s = %s, %v; want %s", name, got, err, want)
		}
	}
}

func TestMigrateTogetherAndRefuseNewer(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "new.db")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := database.Open(ctx, "sqlite:"+path)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Migrate(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	db, err := database.Open(ctx, "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, err := db.Migrations(ctx)
	if err != nil || len(list) == 0 || list[len(list)-1].AppliedAt.IsZero() {
		t.Fatalf("migrations %+v, %v", list, err)
	}
	if err := exec(db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err == nil {
		t.Fatal("an old program migrated a newer schema")
	}
}

func TestOpenRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, address := range []string{"", "mysql://x", "sqlite:", "postgres://%zz"} {
		if db, err := database.Open(context.Background(), address); err == nil {
			db.Close()
			t.Errorf("%q was opened", address)
		}
	}
}

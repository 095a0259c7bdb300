// Package dbtest gives tests a fresh, migrated database of each kind, so that
// one suite proves both.
package dbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"nearby/internal/database"
)

// Each runs fn as a subtest on a fresh SQLite file and on a fresh PostgreSQL
// database. Where there is no PostgreSQL that half is skipped in plain sight;
// with NEARBY_REQUIRE_POSTGRES=1 it fails instead.
func Each(t *testing.T, fn func(t *testing.T, db *database.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

var template struct {
	once sync.Once
	file []byte
	err  error
}

// SQLite opens a fresh, migrated SQLite database in a file of the test's own.
func SQLite(t testing.TB) *database.DB {
	t.Helper()
	template.once.Do(func() { template.file, template.err = migratedFile() })
	if template.err != nil {
		t.Fatalf("sqlite template: %v", template.err)
	}
	path := filepath.Join(t.TempDir(), "nearby.db")
	if err := os.WriteFile(path, template.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, "sqlite:"+path)
}

// migratedFile migrates one database and returns its bytes, to be copied.
func migratedFile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "nearby-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	db, err := database.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(context.Background()); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

var databases atomic.Int64

// Postgres opens a fresh, migrated PostgreSQL database that is dropped after
// the test.
func Postgres(t testing.TB) *database.DB {
	t.Helper()
	return open(t, PostgresURL(t))
}

// PostgresURL makes a fresh, migrated PostgreSQL database and returns its
// address, for tests that open it more than once.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server, err := cluster()
	if err != nil {
		if os.Getenv("NEARBY_REQUIRE_POSTGRES") != "" {
			t.Fatalf("PostgreSQL is required and cannot be used: %v", err)
		}
		t.Skipf("SKIPPED: no PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("nearby_%d_%d", os.Getpid(), databases.Add(1))
	if err := server.clone(name); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	t.Cleanup(func() { server.drop(name) })
	return server.address(name)
}

func open(t testing.TB, address string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil && !strings.Contains(err.Error(), "closed") {
			t.Errorf("closing: %v", err)
		}
	})
	return db
}

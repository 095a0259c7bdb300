package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"nearby/migrations"
)

// Migration is one numbered step of the schema. AppliedAt is zero while it is
// waiting.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time
}

// Migrate brings the schema up to this program's version. When several
// programs start at once, one migrates and the others wait. A schema that is
// newer than the program is an error: an old program must not write into it.
func (db *DB) Migrate(ctx context.Context) error {
	provider, done, err := db.migrator()
	if err != nil {
		return err
	}
	defer done()
	if err := refuseNewer(ctx, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

// Migrations lists every step, applied or waiting, in order.
func (db *DB) Migrations(ctx context.Context) ([]Migration, error) {
	provider, done, err := db.migrator()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := refuseNewer(ctx, provider); err != nil {
		return nil, err
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Migration, len(status))
	for i, s := range status {
		list[i] = Migration{Version: s.Source.Version, Name: s.Source.Path, AppliedAt: s.AppliedAt}
	}
	return list, nil
}

func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	have, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema version: %w", err)
	}
	if have > known {
		return fmt.Errorf("the database schema is at version %d and this program knows %d: start the newer program, or restore a backup", have, known)
	}
	return nil
}

// migrator opens goose for this database. done releases what it holds.
func (db *DB) migrator() (provider *goose.Provider, done func(), err error) {
	files, err := migrationFiles(db.postgres)
	if err != nil {
		return nil, nil, err
	}
	if db.postgres {
		config, err := pgx.ParseConfig(db.url)
		if err != nil {
			return nil, nil, errors.New("postgres: the address cannot be read")
		}
		// Own connections without the timeouts of requests: an index may take long.
		handle := stdlib.OpenDB(*config)
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, nil, err
		}
		provider, err = goose.NewProvider(goose.DialectPostgres, handle, files, goose.WithSessionLocker(locker), goose.WithAllowOutofOrder(false))
		return provider, func() { handle.Close() }, err
	}
	guard, err := os.OpenFile(db.url+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := syscall.Flock(int(guard.Fd()), syscall.LOCK_EX); err != nil {
		guard.Close()
		return nil, nil, err
	}
	provider, err = goose.NewProvider(goose.DialectSQLite3, pool(db.write), files)
	return provider, func() { guard.Close() }, err
}

// migrationFiles leaves out the half of each .sqlite/.postgres pair that is for
// the other database.
func migrationFiles(postgres bool) (fs.FS, error) {
	other := ".postgres.sql"
	if postgres {
		other = ".sqlite.sql"
	}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	for _, name := range names {
		if strings.HasSuffix(name, other) {
			continue
		}
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return nil, err
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	return files, nil
}

// Package database opens SQLite or PostgreSQL behind one handle, carries
// transactions in the context, and turns driver errors into errs. It is the
// only place that knows which of the two databases is in use.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"nearby/internal/clock"
)

// oldestSQLite is the first release without the WAL-reset corruption fault.
const oldestSQLite = 3051003

// DB is an open database. On SQLite writes go through one connection and reads
// through a pool of four that cannot write; on PostgreSQL both are one pool.
type DB struct {
	write, read *gorm.DB
	url         string
	postgres    bool
}

// Open connects to "sqlite:PATH" (the file is made if missing) or to a
// "postgres://" address. It does not migrate. The error says what to do and
// never repeats a password.
func Open(ctx context.Context, address string) (*DB, error) {
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return openPostgres(ctx, address)
	default:
		return nil, errors.New(`database address must begin with "sqlite:" or "postgres://"`)
	}
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("sqlite: the path of the database file is missing")
	}
	if _, number, _ := sqlite3.Version(); number < oldestSQLite {
		return nil, fmt.Errorf("sqlite %d is older than %d, which fixed a WAL corruption; build with a newer go-sqlite3", number, oldestSQLite)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	dsn := func(extra string) string {
		return "file:" + (&url.URL{Path: path}).EscapedPath() +
			"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_cache_size=-16000" + extra
	}
	write, err := open(sqlite.Open(dsn("&_txlock=immediate")), 1)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if err := pool(write).PingContext(ctx); err != nil {
		return nil, fmt.Errorf("sqlite: %s cannot be opened: %w", path, err)
	}
	read, err := open(sqlite.Open(dsn("&_query_only=on")), 4)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return &DB{write: write, read: read, url: path}, nil
}

func openPostgres(ctx context.Context, address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("postgres: the address cannot be read; it looks like postgres://user:password@host:5432/name")
	}
	for name, value := range map[string]string{
		"timezone": "UTC", "statement_timeout": "5000", "lock_timeout": "2000",
		"idle_in_transaction_session_timeout": "10000", "application_name": "nearby",
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	handle := stdlib.OpenDB(*config)
	if err := handle.PingContext(ctx); err != nil {
		handle.Close()
		return nil, fmt.Errorf("postgres at %s:%d is not reachable: %w", config.Host, config.Port, err)
	}
	db, err := open(postgres.New(postgres.Config{Conn: handle}), 20)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return &DB{write: db, read: db, url: address, postgres: true}, nil
}

// open configures gorm the one way the house uses it; see the transaction
// rules in docs/architecture.md for why each switch stands as it does.
func open(dialector gorm.Dialector, connections int) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		NowFunc:                clock.System,
		// Values never reach the log: they may be personal.
		Logger: logger.New(discard{}, logger.Config{LogLevel: logger.Silent, ParameterizedQueries: true}),
	})
	if err != nil {
		return nil, err
	}
	// Besides hooks, which we have none of, this keeps gorm from writing its own
	// time over a field that happens to be called UpdatedAt: a room's clock is
	// the one that counts.
	db = db.Session(&gorm.Session{SkipHooks: true})
	handle := pool(db)
	handle.SetMaxOpenConns(connections)
	handle.SetMaxIdleConns(connections)
	handle.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

type discard struct{}

func (discard) Printf(string, ...any) {}

func pool(db *gorm.DB) *sql.DB {
	handle, err := db.DB()
	if err != nil {
		panic(err) // gorm was opened by us over a *sql.DB
	}
	return handle
}

// IsPostgres reports whether the database is PostgreSQL; else it is SQLite.
func (db *DB) IsPostgres() bool { return db.postgres }

// Pool is the writing connection pool, for tools that need database/sql.
func (db *DB) Pool() *sql.DB { return pool(db.write) }

// Path is the file of an SQLite database, "" for PostgreSQL.
func (db *DB) Path() string {
	if db.postgres {
		return ""
	}
	return db.url
}

// Stats are the pool figures of the writing and the reading handle.
func (db *DB) Stats() (write, read sql.DBStats) { return pool(db.write).Stats(), pool(db.read).Stats() }

// Ping proves that the database answers and, on SQLite, still takes a write
// lock.
func (db *DB) Ping(ctx context.Context) error {
	return db.Tx(ctx, func(ctx context.Context) error {
		var one int
		return Err(db.Conn(ctx).Raw("SELECT 1").Scan(&one).Error, "database")
	})
}

// Close ends all connections; on SQLite the write-ahead log is folded in first.
func (db *DB) Close() error {
	if db.postgres {
		return pool(db.write).Close()
	}
	_, checkpoint := pool(db.write).Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(pool(db.read).Close(), checkpoint, pool(db.write).Close())
}

// Setting reads a value of the installation's own, or keeps the one that make
// gives on first use. It must run in a transaction.
func (db *DB) Setting(ctx context.Context, name string, make func() string) (string, error) {
	conn := db.Conn(ctx)
	if err := conn.Exec("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, make()).Error; err != nil {
		return "", Err(err, "setting")
	}
	var value string
	err := conn.Raw("SELECT value FROM settings WHERE name = ?", name).Scan(&value).Error
	return value, Err(err, "setting")
}

// CopyTo writes a consistent copy of an SQLite database to a new file while
// others read and write it.
func (db *DB) CopyTo(ctx context.Context, path string) error {
	if db.postgres {
		return errors.New("database: PostgreSQL is copied with its own tools")
	}
	// A connection of its own: the readers may not write, not even elsewhere, and
	// the writer has other things to do.
	handle, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: db.url}).EscapedPath()+"?_busy_timeout=5000")
	if err != nil {
		return Err(err, "database")
	}
	_, err = handle.ExecContext(ctx, "VACUUM INTO ?", path)
	return Err(errors.Join(err, handle.Close()), "database")
}

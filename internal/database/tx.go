package database

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// attempts bounds how often a transaction that lost against another one is run
// again from its beginning.
const attempts = 5

type txKey struct{}

// tx is one open transaction: what runs just before its commit and just after.
type tx struct {
	owner  *DB
	conn   *gorm.DB
	keys   map[any]any
	before []func(context.Context) error
	after  []func()
}

func current(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{}).(*tx)
	return t
}

// InTx reports whether ctx carries an open transaction.
func InTx(ctx context.Context) bool { return current(ctx) != nil }

// Conn is the transaction that ctx carries, else the reading handle. Outside a
// transaction it must only read: SQLite refuses anything else.
func (db *DB) Conn(ctx context.Context) *gorm.DB {
	if t := current(ctx); t != nil {
		return t.conn.WithContext(ctx)
	}
	return db.read.WithContext(ctx)
}

// Tx runs fn in a transaction: the one ctx carries, or a new one that commits
// when fn returns nil. A transaction that lost to a concurrent one
// (serialization failure, deadlock) is run again from the start, so fn must
// have no effect outside the database; what must follow the commit goes to
// AfterCommit or into a job row.
func (db *DB) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	if t := current(ctx); t != nil {
		if t.owner != db {
			return errors.New("database: the context carries a transaction of another database")
		}
		return fn(ctx)
	}
	var err error
	for attempt := range attempts {
		if attempt > 0 {
			pause := time.Duration(1<<attempt)*5*time.Millisecond + rand.N(10*time.Millisecond)
			select {
			case <-ctx.Done():
				return Err(ctx.Err(), "database")
			case <-time.After(pause):
			}
		}
		t := &tx{owner: db, keys: map[any]any{}}
		err = db.write.WithContext(ctx).Transaction(func(conn *gorm.DB) error {
			t.conn = conn
			inner := context.WithValue(ctx, txKey{}, t)
			if err := fn(inner); err != nil {
				return err
			}
			// A hook may register further hooks, so the slice can grow here.
			for i := 0; i < len(t.before); i++ {
				if err := t.before[i](inner); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			for _, after := range t.after {
				after()
			}
			return nil
		}
		if !lostRace(err) {
			break
		}
	}
	return Err(err, "database")
}

// Collect gathers values during the transaction in ctx and hands them to
// flush just before its commit, after everything else in it. The first call
// for a key decides flush; every call adds its value. It panics outside a
// transaction.
func Collect[T any](ctx context.Context, key any, value T, flush func(ctx context.Context, values []T) error) {
	t := current(ctx)
	if t == nil {
		panic("database: Collect outside a transaction")
	}
	values, known := t.keys[key].(*[]T)
	if !known {
		values = new([]T)
		t.keys[key] = values
		t.before = append(t.before, func(ctx context.Context) error {
			delete(t.keys, key) // a value that comes during the flush starts a new one
			return flush(ctx, *values)
		})
	}
	*values = append(*values, value)
}

// AfterCommit has fn run after the commit of the transaction in ctx and before
// Tx returns; never when it rolls back. Outside a transaction it runs at once.
func AfterCommit(ctx context.Context, fn func()) {
	if t := current(ctx); t != nil {
		t.after = append(t.after, fn)
		return
	}
	fn()
}

// Locked adds FOR UPDATE where the database knows it. SQLite has one writer at
// a time, so there every row read in a transaction is as good as locked.
func Locked(conn *gorm.DB) *gorm.DB {
	if conn.Dialector.Name() != "postgres" {
		return conn
	}
	return conn.Clauses(clause.Locking{Strength: "UPDATE"})
}

// SkipLocked is Locked that passes over rows somebody else holds: the way
// workers share a queue.
func SkipLocked(conn *gorm.DB) *gorm.DB {
	if conn.Dialector.Name() != "postgres" {
		return conn
	}
	return conn.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
}

// Unhurried lifts PostgreSQL's statement timeout for the transaction in ctx:
// for the few reads and writes that are long on purpose (loading the index, an
// import). It does nothing on SQLite.
func (db *DB) Unhurried(ctx context.Context) error {
	if !db.postgres {
		return nil
	}
	return Err(db.Conn(ctx).Exec("SET LOCAL statement_timeout = 0").Error, "database")
}

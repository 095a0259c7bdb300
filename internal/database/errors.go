package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"nearby/internal/errs"
)

// Err turns an error of gorm or of a driver into an errs.Error; what names the
// thing for the message ("business"). Kinds: NotFound; Conflict with code
// "already_exists" (unique), "in_use" (foreign key) or "constraint" (check);
// Unavailable when the database is busy, full, gone or out of time; Internal
// for the rest. nil stays nil, and an errs.Error passes through.
func Err(err error, what string) error {
	if err == nil {
		return nil
	}
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows):
		return errs.Missing(what)
	case errors.Is(err, gorm.ErrDuplicatedKey), hasState(err, "23505"), hasExtended(err, sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey):
		return errs.New(errs.Conflict, "already_exists", "This "+what+" exists already.").Because(err)
	case errors.Is(err, gorm.ErrForeignKeyViolated), hasState(err, "23503"), hasExtended(err, sqlite3.ErrConstraintForeignKey):
		return errs.New(errs.Conflict, "in_use", "This "+what+" is tied to something else.").Because(err)
	case errors.Is(err, gorm.ErrCheckConstraintViolated), hasState(err, "23514"), hasExtended(err, sqlite3.ErrConstraintCheck):
		return errs.New(errs.Conflict, "constraint", "This "+what+" would break a rule.").Because(err)
	case errors.As(err, &pg) && (pg.Code == "57014" || pg.Code == "55P03" || pg.Code == "25P03" || strings.HasPrefix(pg.Code, "08") ||
		strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P")):
		return unavailable(err)
	case lostRace(err), gone(err):
		return unavailable(err)
	}
	return errs.New(errs.Internal, "internal", "Something went wrong on our side.").Because(err)
}

func unavailable(cause error) error {
	e := errs.New(errs.Unavailable, "database_unavailable", "We cannot reach our own records for a moment. Please try again.")
	e.RetryAfter = time.Second
	return e.Because(cause)
}

// gone reports that the database cannot answer: time ran out, the caller left,
// the connection broke, or SQLite has no disk.
func gone(err error) bool {
	var network net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &network) {
		return true
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		switch lite.Code {
		case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrInterrupt:
			return true
		}
	}
	return false
}

// lostRace reports that the whole transaction may simply be run again:
// serialization failure, deadlock, a plan made stale by a migration, or a
// busy SQLite file.
func lostRace(err error) bool {
	if hasState(err, "40001", "40P01", "0A000") {
		return true
	}
	var lite sqlite3.Error
	return errors.As(err, &lite) && (lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked)
}

func hasState(err error, codes ...string) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	for _, code := range codes {
		if pg.Code == code {
			return true
		}
	}
	return false
}

func hasExtended(err error, codes ...sqlite3.ErrNoExtended) bool {
	var lite sqlite3.Error
	if !errors.As(err, &lite) {
		return false
	}
	for _, code := range codes {
		if lite.ExtendedCode == code {
			return true
		}
	}
	return false
}

// Package errs holds the one error type that crosses room borders: what kind
// of failure it is, a stable code for machines and translations, a message
// that is safe to show to anybody, and the fields that were wrong.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is. It alone decides the HTTP status.
type Kind uint8

// The kinds and the HTTP status each one becomes.
const (
	Internal        Kind = iota // 500: our fault; the cause is logged, never shown
	Malformed                   // 400: could not be read at all
	Unauthenticated             // 401: sign in first
	Forbidden                   // 403: signed in, but not allowed
	NotFound                    // 404: missing, hidden, or somebody else's
	Conflict                    // 409: not possible in the present state
	Precondition                // 412: the thing changed since it was read (If-Match)
	TooLarge                    // 413: more bytes than are accepted
	Invalid                     // 422: read, understood, and wrong; see Fields
	TooMany                     // 429: slow down; see RetryAfter
	Unavailable                 // 503: try again later; see RetryAfter
)

var kindNames = [...]string{
	"internal", "malformed", "unauthenticated", "forbidden", "not_found", "conflict",
	"precondition", "too_large", "invalid", "too_many", "unavailable",
}

var kindStatus = [...]int{500, 400, 401, 403, 404, 409, 412, 413, 422, 429, 503}

// String names the kind in one lower-case word.
func (k Kind) String() string { return kindNames[k] }

// Status is the HTTP status code of the kind.
func (k Kind) Status() int { return kindStatus[k] }

// Field is one wrong field of an input: its name as the input struct tags it
// (dots and indexes for nesting: "lines.0.quantity"), a stable code, and what
// to do about it in words.
type Field struct {
	Name    string
	Code    string
	Message string
}

// Error is a failure that may be told to the outside. Message and Fields are
// safe to show; the cause is not and only ever reaches the log.
type Error struct {
	Kind       Kind
	Code       string
	Message    string
	Fields     []Field
	Allowed    []string      // what would have been possible instead, if anything
	RetryAfter time.Duration // with TooMany and Unavailable
	Detail     any           // extra members of the answer (e.g. both totals), JSON-encodable
	cause      error
}

// New makes an error of a kind with a stable code and a message safe to show.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Fields is the Invalid error that names every wrong field at once. It returns
// nil (as error) when none is wrong, so that a validator can end with it.
func Fields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid_fields", Message: "Some fields need another look.", Fields: fields}
}

// Missing is the NotFound error for a thing of the given name ("business").
func Missing(what string) *Error {
	return &Error{Kind: NotFound, Code: "not_found", Message: "There is no such " + what + "."}
}

// Because returns a copy of e that carries the cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// With returns a copy of e that carries extra members for the answer.
func (e *Error) With(detail any) *Error {
	c := *e
	c.Detail = detail
	return &c
}

// Error is the text for the log, the cause included.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Kind, e.Code, e.cause)
	}
	return fmt.Sprintf("%s: %s: %s", e.Kind, e.Code, e.Message)
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Of finds the *Error in err's chain. An error of any other type becomes
// Internal with err as its cause. It is nil only for nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Message: "Something went wrong on our side.", cause: err}
}

// KindOf is the kind of err; Internal for foreign errors. Do not call it with nil.
func KindOf(err error) Kind { return Of(err).Kind }

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Has reports whether err carries the given code.
func Has(err error, code string) bool { return err != nil && Of(err).Code == code }

package payment

import (
	"errors"
	"fmt"
)

// Outcome is what a failed call means for the row that asked for it. Callers
// switch on it and never on a provider's text.
type Outcome string

const (
	Refused Outcome = "refused" // definite: it did not happen and will not with these words
	Unknown Outcome = "unknown" // it may have happened: same key, same words, later
	Burnt   Outcome = "burnt"   // the key remembers a failure: look whether it happened, then a new key
	Blocked Outcome = "blocked" // our own key is not accepted: stop and call the operator
	NoFunds Outcome = "nofunds" // the account's balance is too low
	Gone    Outcome = "gone"    // the account can no longer be reached with our key
)

// Error is a failed call. Its text is for the log and holds no personal data.
type Error struct {
	Outcome   Outcome
	Op        string // "open session"
	Status    int    // HTTP status; 0 when there was no answer
	Code      string // the provider's code, "resource_missing"
	Param     string // the parameter it complains about
	RequestID string
	cause     error
}

// Fail makes an Error of an outcome, for gateways that are not stripe.go.
func Fail(outcome Outcome, op, code string) *Error {
	return &Error{Outcome: outcome, Op: op, Code: code}
}

// Error names call, outcome and the provider's own words for it.
func (e *Error) Error() string {
	text := fmt.Sprintf("payment: %s: %s", e.Op, e.Outcome)
	if e.Status != 0 || e.Code != "" {
		text += fmt.Sprintf(" (%d %s %s %s)", e.Status, e.Code, e.Param, e.RequestID)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause to errors.Is.
func (e *Error) Unwrap() error { return e.cause }

// OutcomeOf is the outcome of a failed call. Anything that is not an Error is
// Unknown: a failure we cannot read proves nothing about what happened.
func OutcomeOf(err error) Outcome {
	var e *Error
	if errors.As(err, &e) {
		return e.Outcome
	}
	return Unknown
}

// CodeOf is the provider's code in err, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Missing reports that a known object was not found: wrong account, wrong
// mode, or a lie. It never means "unpaid".
func Missing(err error) bool { return CodeOf(err) == "resource_missing" }

// TooLate reports that a session's end lies too near, which happens only when
// an earlier request with the same words never arrived.
func TooLate(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Outcome == Refused && e.Param == "expires_at"
}

package api

import (
	"slices"
	"testing"

	"nearby/internal/account"
	"nearby/internal/database/dbtest"
	"nearby/internal/server"
)

// expect is the status that an actor gets for an operation's example. 0 stands
// for success.
type expect struct {
	nobody   int // no token
	unscoped int // its owner, with a token of every scope but the one needed
	stranger int // somebody with a business of their own, with every scope
	staff    int // of the business, with every scope
}

var (
	open4all  = expect{0, 0, 0, 0}
	signedIn  = expect{401, 403, 0, 0}
	ownersAll = expect{401, 403, 404, 403} // owners and managers
	workers   = expect{401, 403, 404, 0}
	verifiers = expect{401, 403, 403, 403}
)

// actors has a row for every operation; one without fails the test.
var actors = map[string]expect{
	"list-nearby":        open4all,
	"count-nearby-cells": open4all,
	"count-nearby":       open4all,
	"list-categories":    open4all,
	"try-hours":          open4all,
	"get-product":        open4all,
	"get-notice":         open4all,
	"get-transparency":   open4all,
	"quote-order":        open4all,
	"get-business":       {0, 403, 0, 0},
	"list-products":      {0, 403, 0, 0},
	"file-notice":        open4all,
	"place-order":        {0, 403, 0, 0},

	"list-orders":  signedIn,
	"get-order":    {404, 403, 404, 0},
	"cancel-order": {404, 403, 404, 404},

	"list-own-businesses":  signedIn,
	"add-business":         signedIn,
	"edit-business":        ownersAll,
	"submit-business":      {401, 403, 404, 404},
	"withdraw-business":    {401, 403, 404, 404},
	"resubmit-business":    {401, 403, 404, 404},
	"close-business":       {401, 403, 404, 404},
	"reopen-business":      {401, 403, 404, 404},
	"get-own-verification": workers,
	"list-checks":          workers,
	"begin-check":          ownersAll,
	"answer-check":         {401, 403, 404, 404},
	"look-check":           ownersAll,
	"record-check":         verifiers,
	"list-staff":           ownersAll,
	"invite-staff":         ownersAll,
	"edit-staff":           ownersAll,
	"remove-staff":         ownersAll,
	"get-payouts":          ownersAll,

	"get-own-product": workers,
	"add-product":     ownersAll,
	"edit-product":    ownersAll,
	"archive-product": ownersAll,
	"set-stock":       workers,
	"set-drop":        ownersAll,
	"end-drop":        ownersAll,
	"add-photo":       ownersAll,
	"import-products": ownersAll,

	"list-business-orders": workers,
	"accept-order":         workers,
	"take-off-order":       workers,
	"start-order":          workers,
	"ready-order":          workers,
	"no-show-order":        workers,
	"decline-order":        workers,
	"abort-order":          workers,
	"complete-order":       workers,
	"refund-order":         ownersAll,
	"list-order-disputes":  workers,
	"answer-dispute":       ownersAll,

	"list-own-changes": {401, 403, 404, 404},
	"withdraw-change":  {401, 403, 404, 404},

	"list-notices":       verifiers,
	"get-notice-case":    verifiers,
	"take-notice":        verifiers,
	"release-notice":     verifiers,
	"decide-notice":      verifiers,
	"file-complaint":     ownersAll,
	"get-complaint":      ownersAll,
	"add-to-complaint":   ownersAll,
	"list-complaints":    verifiers,
	"take-complaint":     verifiers,
	"release-complaint":  verifiers,
	"ask-complaint":      verifiers,
	"uphold-complaint":   verifiers,
	"overturn-complaint": verifiers,
	"list-own-measures":  workers,
	"get-measure":        workers,
	"impose-measure":     verifiers,
	"lift-measure":       verifiers,

	"list-changes":   verifiers,
	"get-change":     verifiers,
	"take-change":    verifiers,
	"release-change": verifiers,
	"approve-change": verifiers,
	"decline-change": verifiers,

	"list-requests":   verifiers,
	"get-request":     verifiers,
	"take-request":    verifiers,
	"release-request": verifiers,
	"approve-request": verifiers,
	"ask-request":     verifiers,
	"reject-request":  verifiers,
}

// TestWhoMayDoWhat sends the example of every operation as everybody in the
// table, refusals first, so that nobody finds a thing in another state because
// somebody else was allowed to.
func TestWhoMayDoWhat(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	h.furnish()
	calls := h.calls()
	for id := range actors {
		h.operation(id) // a row without an operation is as wrong
	}
	for _, refusals := range []bool{true, false} {
		for _, call := range calls {
			row, ok := actors[call.id]
			if !ok {
				t.Fatalf("%s has no row in actors: say who may use it", call.id)
			}
			for _, actor := range []struct {
				name  string
				token string
				want  int
			}{
				{"nobody", "", row.nobody},
				{"unscoped", h.without(h.operation(call.id).scope), row.unscoped},
				{"stranger", h.tokens["stranger"], row.stranger},
				{"staff", h.tokens["staff"], row.staff},
			} {
				if (actor.want != 0) != refusals {
					continue
				}
				got := call.with(actor.token).send(h)
				if actor.want != 0 && got.Code != actor.want || actor.want == 0 && (got.Code == 401 || got.Code == 403 || got.Code == 404 || got.Code >= 500) {
					t.Errorf("%s as %s: status %d, want %d: %s", call.id, actor.name, got.Code, actor.want, got.Body)
				}
			}
		}
	}
}

// without is a token of the owner with every scope but one.
func (h *house) without(scope string) string {
	h.t.Helper()
	name := "without " + scope
	if h.tokens[name] == "" {
		h.tokens[name] = h.token(h.owner, slices.DeleteFunc(slices.Clone(account.Scopes), func(s string) bool { return s == scope })...)
	}
	return h.tokens[name]
}

// with is the call with another token, "" for none, and a key of its own.
func (c exampleCall) with(token string) exampleCall {
	var header []string
	for i := 0; i < len(c.header); i += 2 {
		if c.header[i] != "Authorization" && c.header[i] != "Idempotency-Key" {
			header = append(header, c.header[i], c.header[i+1])
		}
	}
	if token != "" {
		header = append(header, "Authorization", "Bearer "+token)
	}
	c.header = header
	return c
}

// TestOperationsAreAlwaysGuarded checks that no operation was registered
// without the limits and the guard of its kind.
func TestOperationsAreAlwaysGuarded(t *testing.T) {
	h := open(t, dbtest.SQLite(t), server.Config{})
	scopes := map[string]bool{}
	for _, op := range h.api.table {
		if op.who != everybody && op.scope == "" && op.id != "file-notice" {
			t.Errorf("%s needs no scope", op.id)
		}
		if op.scope != "" && !slices.Contains(account.Scopes, op.scope) {
			t.Errorf("%s needs the scope %q, which no token can carry", op.id, op.scope)
		}
		scopes[op.scope] = true
		if op.who == everybody && op.method != "GET" && op.id != "quote-order" {
			t.Errorf("%s changes something and asks nobody who they are", op.id)
		}
	}
	for _, scope := range account.Scopes {
		if !scopes[scope] {
			t.Errorf("no operation needs the scope %s", scope)
		}
	}
}

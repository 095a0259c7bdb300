package api

import (
	"context"
	"encoding/json"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// repeat says what a repeated Idempotency-Key does.
type repeat uint8

const (
	never  repeat = iota // the operation takes no key
	joined               // the answer is kept in the transaction of its effect
	apart                // the effect talks to others, so the answer is kept after it
	byRoom               // the room keeps what the key made
)

const (
	keepAnswers = 72 * time.Hour
	// deadAfter is when a request that never finished is taken for lost: longer
	// than any request may take.
	deadAfter = 5 * time.Minute
	// Someone who repeats a request that is still being worked on waits a while
	// for its answer.
	patience = 5 * time.Second
	glance   = 20 * time.Millisecond
)

// stored is an answer as it is kept and sent.
type stored struct {
	Status   int    `json:"-"`
	Body     []byte `json:"-"`
	ETag     string `json:"etag,omitempty"`
	Location string `json:"location,omitempty"`

	next        string
	private     bool
	contentType string
	replayed    bool
}

// answers keeps answers by the key that their caller gave to the request.
type answers struct {
	store answerStore
	db    *database.DB
	clock clock.Clock
}

func newAnswers(db *database.DB, now clock.Clock) *answers {
	return &answers{store: answerStore{db}, db: db, clock: now}
}

var (
	errReused  = errs.New(errs.Invalid, "idempotency_key_reused", "This key was used for another request.")
	errRunning = &errs.Error{
		Kind: errs.Conflict, Code: "in_progress", Message: "This request is still being worked on. Ask again in a moment.", RetryAfter: time.Second,
	}
)

// perform does what is asked for, once for each key of a caller.
func (a *api) perform(ctx context.Context, op operation, c *caller, in any, effect func(context.Context) (stored, error)) (stored, error) {
	if c.key == "" || !c.known || op.repeat == never || op.repeat == byRoom {
		return effect(ctx)
	}
	request, err := json.Marshal(in)
	if err != nil {
		return stored{}, err
	}
	w := wishOf(op.id, c.token.User.ID, c.key, request)
	if op.repeat == joined {
		return a.once.joined(ctx, w, effect)
	}
	return a.once.apart(ctx, w, effect)
}

// wish is a request that is to have one effect.
type wish struct{ scope, key, hash string }

func wishOf(operation, userID, key string, request []byte) wish {
	return wish{scope: userID, key: ident.Hash(key), hash: ident.Hash(operation + "\x00" + string(request))}
}

// joined keeps the answer in the transaction of the effect: either both are
// there or neither. A second request waits for the first in the database.
// Failures are not kept: nothing happened, and the next try may go well.
func (s *answers) joined(ctx context.Context, w wish, effect func(context.Context) (stored, error)) (stored, error) {
	if known, ok, err := s.known(ctx, w); err != nil || ok {
		return known, err
	}
	var out stored
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.begin(ctx, w); err != nil {
			return err
		}
		var err error
		if out, err = effect(ctx); err != nil {
			return err
		}
		return s.store.finish(ctx, w, out)
	})
	if errs.Has(err, "already_exists") {
		if known, ok, knownErr := s.known(ctx, w); knownErr != nil || ok {
			return known, knownErr
		}
	}
	return out, err
}

// apart notes the request, lets it have its effect, and then keeps the answer.
// It is for effects that call others and cannot stand in one transaction; they
// are safe to repeat by themselves, so that a program that died in between
// loses the answer and nothing else.
func (s *answers) apart(ctx context.Context, w wish, effect func(context.Context) (stored, error)) (stored, error) {
	err := s.db.Tx(ctx, func(ctx context.Context) error { return s.begin(ctx, w) })
	if errs.Has(err, "already_exists") {
		return s.await(ctx, w)
	}
	if err != nil {
		return stored{}, err
	}
	kept := false
	// What happened is kept even when its caller has left.
	lasting := context.WithoutCancel(ctx)
	defer func() {
		if !kept {
			_ = s.db.Tx(lasting, func(ctx context.Context) error { return s.store.drop(ctx, w) }) // deadAfter frees it otherwise
		}
	}()
	out, err := effect(ctx)
	if err != nil {
		return stored{}, err
	}
	err = s.db.Tx(lasting, func(ctx context.Context) error { return s.store.finish(ctx, w, out) })
	kept = err == nil
	return out, err
}

// begin notes that a request is being worked on. Errors: Conflict
// "already_exists".
func (s *answers) begin(ctx context.Context, w wish) error {
	now := s.clock()
	if err := s.store.forget(ctx, w, now.Add(-keepAnswers), now.Add(-deadAfter)); err != nil {
		return err
	}
	if err := s.store.begin(ctx, w, now); err != nil {
		return err
	}
	if w.key[0] == '0' && w.key[1] == '0' { // one key in 256
		return s.store.sweep(ctx, now.Add(-keepAnswers))
	}
	return nil
}

// known is the answer to an earlier request with the key; ok is false when
// there is none, or none yet.
func (s *answers) known(ctx context.Context, w wish) (out stored, ok bool, err error) {
	row, err := s.store.get(ctx, w)
	switch {
	case errs.Is(err, errs.NotFound):
		return stored{}, false, nil
	case err != nil:
		return stored{}, false, err
	case row.CreatedAt.Before(s.clock().Add(-keepAnswers)):
		return stored{}, false, nil
	case row.RequestHash != w.hash:
		return stored{}, false, errReused
	case row.Status == 0:
		return stored{}, false, nil
	}
	out, err = row.answer()
	return out, true, err
}

// await waits for the answer to a request that is being worked on.
func (s *answers) await(ctx context.Context, w wish) (stored, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	look := time.NewTicker(glance)
	defer look.Stop()
	for {
		out, ok, err := s.known(ctx, w)
		if ok || err != nil && ctx.Err() == nil {
			return out, err
		}
		select {
		case <-ctx.Done():
			return stored{}, errRunning
		case <-look.C:
		}
	}
}

// Package audit keeps the log of who did what to which thing. Entries join the
// transaction of the change they describe and are chained by keyed hashes, so
// that an edited, deleted, inserted or cut entry is found by Verify.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
)

// Actor is who does something now. ID is the user's id, "" for the system and
// the public.
type Actor struct {
	ID   string
	Role string // shopper owner staff verifier operator system public
}

// System is the program itself: timers and events of the payment provider.
var System = Actor{Role: "system"}

// Public is anybody who is not signed in.
var Public = Actor{Role: "public"}

// Entry is one line of the log. Action is "thing.verb" ("business.approve").
// Detail must hold neither personal data nor coordinates: ids, states, codes
// and amounts only.
type Entry struct {
	Actor      Actor
	Action     string
	Object     string
	ObjectID   string
	BusinessID string
	Detail     map[string]any
}

// Record is an Entry as it was stored. Seq counts from 1 without gaps.
type Record struct {
	Seq int64
	At  time.Time
	Entry
}

// Log writes and checks the chain. The key never enters the database, so that
// whoever can change the rows cannot make them fit again.
type Log struct {
	db    *database.DB
	clock clock.Clock
	key   []byte
}

// New makes the log over db. key is secret and at least 32 bytes.
func New(db *database.DB, now clock.Clock, key []byte) *Log {
	if len(key) < 32 {
		panic("audit: the key is shorter than 32 bytes")
	}
	return &Log{db: db, clock: now, key: key}
}

// Add puts e into the transaction of ctx. The chain is extended just before
// the commit, all entries at once, so that its one hot row is locked last and
// shortest. Outside a transaction it is an error: an entry must not outlive or
// miss the change it describes.
func (l *Log) Add(ctx context.Context, e Entry) error {
	if !database.InTx(ctx) {
		return errors.New("audit: entry outside a transaction")
	}
	if e.Action == "" || e.Object == "" || e.Actor.Role == "" {
		return fmt.Errorf("audit: entry %q on %q is incomplete", e.Action, e.Object)
	}
	detail := []byte("{}")
	if len(e.Detail) > 0 {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("audit: %s: %w", e.Action, err)
		}
	}
	row := entryRow{
		At: l.clock(), ActorID: e.Actor.ID, ActorRole: e.Actor.Role, Action: e.Action,
		Object: e.Object, ObjectID: e.ObjectID, BusinessID: e.BusinessID, Detail: string(detail),
	}
	database.Collect(ctx, l, row, l.seal)
	return nil
}

// seal numbers and hashes the entries of one transaction and writes them.
func (l *Log) seal(ctx context.Context, rows []entryRow) error {
	head, err := l.lockHead(ctx)
	if err != nil {
		return err
	}
	for i := range rows {
		head.Seq++
		rows[i].Seq = head.Seq
		rows[i].Hash = l.hash(head.Hash, rows[i])
		head.Hash = rows[i].Hash
	}
	return l.write(ctx, rows, head)
}

// hash is HMAC-SHA-256 over the entry and the hash before it, in hex.
func (l *Log) hash(before string, r entryRow) string {
	mac := hmac.New(sha256.New, l.key)
	text, err := json.Marshal([]any{before, r.Seq, r.At.UnixMicro(), r.ActorID, r.ActorRole, r.Action, r.Object, r.ObjectID, r.BusinessID, r.Detail})
	if err != nil {
		panic(err) // strings and numbers only
	}
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// Tip is the number and hash of the newest entry: kept outside the database,
// it shows a chain that was cut or replaced as a whole.
type Tip struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Tip reads the newest entry's number and hash.
func (l *Log) Tip(ctx context.Context) (Tip, error) {
	head, err := l.head(ctx)
	return Tip(head), err
}

// Verify walks the whole chain and checks it against the given earlier tips.
// It returns how many entries are sound; the error is a Conflict
// "audit_broken" that names the first bad entry.
func (l *Log) Verify(ctx context.Context, tips ...Tip) (int64, error) {
	head, err := l.head(ctx)
	if err != nil {
		return 0, err
	}
	expect := map[int64]string{head.Seq: head.Hash}
	for _, tip := range tips {
		if known, twice := expect[tip.Seq]; twice && known != tip.Hash {
			return 0, broken(tip.Seq, "is not the one anchored earlier")
		}
		expect[tip.Seq] = tip.Hash
	}
	delete(expect, 0)
	var seq int64
	var before string
	err = l.each(ctx, func(r entryRow) error {
		if r.Seq != seq+1 {
			return broken(seq+1, "is missing")
		}
		if !hmac.Equal([]byte(r.Hash), []byte(l.hash(before, r))) {
			return broken(r.Seq, "was changed")
		}
		if want, known := expect[r.Seq]; known && want != r.Hash {
			return broken(r.Seq, "is not the one anchored earlier")
		}
		delete(expect, r.Seq)
		seq, before = r.Seq, r.Hash
		return nil
	})
	if err != nil {
		return seq, err
	}
	if len(expect) > 0 {
		return seq, broken(seq+1, "is missing")
	}
	return seq, nil
}

func broken(seq int64, what string) error {
	return errs.New(errs.Conflict, "audit_broken", fmt.Sprintf("Audit entry %d %s.", seq, what))
}

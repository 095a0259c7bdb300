package order

import (
	"context"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/lifecycle"
	"nearby/internal/money"
)

// DiffState is where a difference between the provider's books and ours is.
type DiffState string

// The states of a difference.
const (
	DiffOpen      DiffState = "open"
	DiffExplained DiffState = "explained" // a person knows why
	DiffCorrected DiffState = "corrected" // a later look found both alike
	DiffClosed    DiffState = "closed"
)

// DiffEvent is what moves a difference.
type DiffEvent string

// The events of a difference.
const (
	DiffFind    DiffEvent = "find"
	DiffMatch   DiffEvent = "match"
	DiffExplain DiffEvent = "explain"
	DiffClose   DiffEvent = "close"
)

type diffMove = lifecycle.Move[DiffState, DiffEvent, account.Role]

// DiffLife is the life of a difference. One that was corrected and is found
// again is open again; one that a person explained stays explained.
var DiffLife = lifecycle.New("difference",
	diffMove{From: []DiffState{"", DiffCorrected, DiffClosed}, Event: DiffFind, By: bySystem, To: DiffOpen},
	diffMove{From: []DiffState{DiffOpen}, Event: DiffMatch, By: bySystem, To: DiffCorrected},
	diffMove{From: []DiffState{DiffOpen}, Event: DiffExplain, By: roles{account.Operator}, To: DiffExplained},
	diffMove{From: []DiffState{DiffExplained, DiffCorrected}, Event: DiffClose, By: roles{account.Operator}, To: DiffClosed},
)

// The kinds of differences.
const (
	diffPage  = "page_unknown"    // a paid page that says it is ours, and no payment is
	diffBooks = "not_in_books"    // money moved for one of our payments and is not booked
	diffGone  = "not_at_provider" // booked, and the provider has no such movement
	diffSum   = "amount"
	diffFee   = "fee"
)

// Difference is something on which the provider's books and ours do not agree.
type Difference struct {
	ID      string
	Account string
	Kind    string // page_unknown, not_in_books, not_at_provider, amount, fee
	Source  string // the provider's object
	OrderID string
	Ours    money.Amount
	Theirs  money.Amount
	State   DiffState
	Note    string
	FoundAt time.Time
}

// Differences lists those that are open, oldest first, at most a hundred.
func (s *Service) Differences(ctx context.Context) ([]Difference, error) {
	return s.store.openDifferences(ctx, 100)
}

// OpenDifferences counts those that are open.
func (s *Service) OpenDifferences(ctx context.Context) (int64, error) {
	return s.store.countDifferences(ctx)
}

// Explain notes why a difference is none; it is not alarmed about again. The
// actor must be an operator. Errors: NotFound, Forbidden, Invalid field "note",
// Conflict "not_allowed".
func (s *Service) Explain(ctx context.Context, actor audit.Actor, id, note string) error {
	note = strings.TrimSpace(note)
	if note == "" || !plain(note, 300) {
		return errs.Fields([]errs.Field{{Name: "note", Code: "bad_text", Message: "Say in a short, plain sentence why they differ."}})
	}
	return s.write(ctx, func(ctx context.Context) error {
		d, err := s.store.lockDifference(ctx, id)
		if err != nil {
			return err
		}
		to, err := DiffLife.Next(d.State, DiffExplain, actor.Role)
		if err != nil {
			return err
		}
		if err := s.store.updateDifference(ctx, &d, map[string]any{"state": to, "note": note, "changed_at": s.Clock()}); err != nil {
			return err
		}
		return s.Audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "difference.explain", Object: "difference", ObjectID: id, Detail: map[string]any{"source": d.SourceID, "kind": d.Kind},
		})
	})
}

// differs writes a difference down, once however often it is found.
func (s *Service) differs(ctx context.Context, found diffRow) error {
	return s.write(ctx, func(ctx context.Context) error {
		now := s.Clock()
		found.ID, found.FoundAt, found.ChangedAt, found.Version = s.IDs(), now, now, 1
		to, err := DiffLife.Next("", DiffFind, account.System)
		if err != nil {
			return err
		}
		found.State = to
		fresh, err := s.store.insertDifference(ctx, found)
		if err != nil {
			return err
		}
		if !fresh {
			d, err := s.store.lockDifferenceOf(ctx, found.Account, found.Kind, found.SourceID)
			if err != nil {
				return err
			}
			if to, err = DiffLife.Next(d.State, DiffFind, account.System); errs.Has(err, "not_allowed") {
				return nil // open already, or explained
			} else if err != nil {
				return err
			}
			found.ID = d.ID
			set := map[string]any{"state": to, "ours": found.Ours, "theirs": found.Theirs, "changed_at": now}
			if err := s.store.updateDifference(ctx, &d, set); err != nil {
				return err
			}
		}
		return s.Audit.Add(ctx, audit.Entry{
			Actor: audit.System, Action: "difference.find", Object: "difference", ObjectID: found.ID,
			Detail: map[string]any{"source": found.SourceID, "kind": found.Kind, "ours": found.Ours, "theirs": found.Theirs},
		})
	})
}

// agrees corrects the open differences about objects that both sides now have
// alike.
func (s *Service) agrees(ctx context.Context, accountID string, sources []string) error {
	if len(sources) == 0 {
		return nil
	}
	open, err := s.store.openAbout(ctx, accountID, sources)
	if err != nil {
		return err
	}
	for _, id := range open {
		err := s.write(ctx, func(ctx context.Context) error {
			d, err := s.store.lockDifference(ctx, id)
			if err != nil {
				return err
			}
			to, err := DiffLife.Next(d.State, DiffMatch, account.System)
			if errs.Has(err, "not_allowed") {
				return nil
			}
			if err != nil {
				return err
			}
			if err := s.store.updateDifference(ctx, &d, map[string]any{"state": to, "changed_at": s.Clock()}); err != nil {
				return err
			}
			return s.Audit.Add(ctx, audit.Entry{Actor: audit.System, Action: "difference.match", Object: "difference", ObjectID: id})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

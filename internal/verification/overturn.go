package verification

import (
	"context"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
)

// Decision reads what was decided, or NotFound.
func (s *Service) Decision(ctx context.Context, decisionID string) (Decision, error) {
	return s.store.decision(ctx, decisionID)
}

// Overturn undoes a refusal: the application waits again with what was claimed,
// at its old place in the queue, and whoever refused it does not get it again.
// The actor is somebody else. Errors: NotFound; Forbidden "own_decision"; Conflict
// "not_allowed" when the business has moved on since.
func (s *Service) Overturn(ctx context.Context, actor account.Actor, decisionID string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		d, err := s.store.decision(ctx, decisionID)
		if err != nil {
			return err
		}
		if d.Kind != KindReject {
			return errs.Missing("decision")
		}
		return s.directory.Change(ctx, d.BusinessID, func(b *directory.Business) error {
			judge, err := s.Judge(ctx, actor, *b, account.Verifier, account.Operator)
			if err != nil {
				return err
			}
			if judge.ID == d.By.ID {
				return errOwnDecision
			}
			from := b.State
			if err := b.Move(directory.EventOverturn, judge.Role, s.clock()); err != nil {
				return err
			}
			reopened, err := s.store.reopen(ctx, d.RequestID)
			if err != nil {
				return err
			}
			if !reopened {
				return errs.New(errs.Conflict, "decided", "This case is closed already.")
			}
			return s.note(ctx, judge, "business."+string(directory.EventOverturn), *b, map[string]any{"request": d.RequestID, "from": from, "decision": d.ID})
		})
	})
}

var errOwnDecision = errs.New(errs.Forbidden, "own_decision", "Somebody else looks at a decision again.")

// another refuses a verifier who has refused this application before.
func (s *Service) another(ctx context.Context, actor account.Actor, requestID string) error {
	refused, err := s.store.refusedBy(ctx, requestID, actor.ID)
	if err == nil && refused {
		err = errOwnDecision
	}
	return err
}

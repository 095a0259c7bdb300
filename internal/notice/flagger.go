package notice

import (
	"context"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

const (
	// remembered is how far back the record of a reporter goes.
	remembered = 180 * 24 * time.Hour
	// Whoever reported so many things in that time that were nothing, and nothing
	// that was something, may report one a day (DSA, art. 23).
	misuseFrom = 5
	slowed     = 24 * time.Hour
)

// reporterKey tells reporters apart without naming them; "" for nobody known.
func reporterKey(userID, email string) string {
	switch {
	case userID != "":
		return ident.Hash("user\x00" + userID)
	case email != "":
		return ident.Hash("mail\x00" + strings.ToLower(email))
	}
	return ""
}

// mayReport slows down whoever has misused reports. Errors: TooMany
// "reports_slowed" with the time to wait.
func (s *Service) mayReport(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	now := s.clock()
	record, last, err := s.store.track(ctx, key, now.Add(-remembered))
	if err != nil || record.Acted > 0 || record.NoAction < misuseFrom || now.Sub(last) >= slowed {
		return err
	}
	e := errs.New(errs.TooMany, "reports_slowed", "Nothing was found in many of your reports. You can send one a day.")
	e.RetryAfter = slowed - now.Sub(last)
	return e
}

// Flagger is an organisation whose reports are looked at first.
type Flagger struct {
	User         account.User
	Organisation string
	Since        time.Time
}

const maxOrganisation = 120

// Trust makes a user's reports be looked at first. Errors: Invalid; NotFound;
// Forbidden "wrong_role" for anybody but an operator or the system.
func (s *Service) Trust(ctx context.Context, actor account.Actor, userID, organisation string) error {
	organisation = strings.TrimSpace(organisation)
	if organisation == "" || len(organisation) > maxOrganisation {
		return errs.Fields([]errs.Field{{Name: "organisation", Code: "required", Message: "Say which organisation this is."}})
	}
	return s.flagger(ctx, actor, userID, "notice.trust", func(ctx context.Context) error {
		return s.store.trust(ctx, userID, organisation, s.clock())
	})
}

// Distrust takes that away. Errors as Trust; NotFound when it was not there.
func (s *Service) Distrust(ctx context.Context, actor account.Actor, userID string) error {
	return s.flagger(ctx, actor, userID, "notice.distrust", func(ctx context.Context) error { return s.store.distrust(ctx, userID) })
}

func (s *Service) flagger(ctx context.Context, actor account.Actor, userID, action string, fn func(context.Context) error) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if actor != audit.System {
			operator, err := s.accounts.Has(ctx, actor.ID, account.Operator)
			if err != nil {
				return err
			}
			if !operator {
				return errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
			}
		}
		if _, err := s.accounts.Get(ctx, userID); err != nil {
			return err
		}
		if err := fn(ctx); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{Actor: actor, Action: action, Object: "user", ObjectID: userID})
	})
}

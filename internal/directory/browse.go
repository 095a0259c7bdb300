package directory

import (
	"context"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/text"
)

// Browse pages through all businesses in whatever state, by name, for
// operators. query narrows it to names and addresses of pages that hold all its
// words; cursor is next of the page before. Errors: Forbidden "wrong_role",
// Malformed "bad_cursor".
func (s *Service) Browse(ctx context.Context, actor account.Actor, query string, state State, cursor string, limit int) (list []Business, next string, err error) {
	if err := s.mustOperate(ctx, actor); err != nil {
		return nil, "", err
	}
	if cursor != "" && !ident.Valid(cursor) {
		return nil, "", errs.New(errs.Malformed, "bad_cursor", "This is not the address of a page.")
	}
	limit = min(max(limit, 1), MaxLimit)
	if list, err = s.store.browse(ctx, text.Words(query), state, cursor, limit+1); err != nil || len(list) <= limit {
		return list, "", err
	}
	return list[:limit], list[limit-1].ID, nil
}

// Census counts the businesses in each state, for operators.
func (s *Service) Census(ctx context.Context, actor account.Actor) (map[State]int, error) {
	if err := s.mustOperate(ctx, actor); err != nil {
		return nil, err
	}
	return s.store.census(ctx)
}

// mustOperate refuses an actor who is no operator at this moment.
func (s *Service) mustOperate(ctx context.Context, actor account.Actor) error {
	operator, err := s.accounts.Has(ctx, actor.ID, account.Operator)
	if err == nil && !operator {
		err = errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
	}
	return err
}

package check

import (
	"context"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
)

// Card is one postcard to print.
type Card struct {
	CheckID   string
	Business  directory.Business
	Code      string
	BegunAt   time.Time
	ExpiresAt time.Time
	PrintedAt time.Time // zero: not yet
}

// batch is how many cards are printed at once.
const batch = 100

// Postcards lists the cards that wait to be printed, or those on their way, for
// operators, the newest first. Codes stand on printed ones only. Errors: Forbidden.
func (s *Service) Postcards(ctx context.Context, actor account.Actor, printed bool) ([]Card, error) {
	if err := s.operator(ctx, actor); err != nil {
		return nil, err
	}
	list, err := s.store.postcards(ctx, printed, batch)
	if err != nil {
		return nil, err
	}
	return s.cards(ctx, list, printed)
}

// PrintPostcards marks the cards that wait as printed and notes who did it. Of
// two operators at one moment each card is one's. It returns how many.
func (s *Service) PrintPostcards(ctx context.Context, actor account.Actor) (n int, err error) {
	if err := s.operator(ctx, actor); err != nil {
		return 0, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		n = 0
		waiting, err := s.store.postcards(ctx, false, batch)
		if err != nil {
			return err
		}
		for _, c := range waiting {
			mine, err := s.store.printed(ctx, c.ID, s.Clock())
			if err != nil {
				return err
			}
			if !mine {
				continue
			}
			n++
			if err := s.note(ctx, actor, "print", c); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// cards puts the businesses, and the codes where they may be seen, beside checks.
func (s *Service) cards(ctx context.Context, list []Check, codes bool) ([]Card, error) {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.BusinessID
	}
	known, err := s.Directory.ByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	cards := make([]Card, 0, len(list))
	for _, c := range list {
		b := known[c.BusinessID]
		if door(b) != c.Subject {
			continue // it has moved: the card would go to the wrong door
		}
		card := Card{CheckID: c.ID, Business: b, BegunAt: c.BegunAt, ExpiresAt: c.ExpiresAt, PrintedAt: c.PrintedAt}
		if codes {
			card.Code = s.written(c)
		}
		cards = append(cards, card)
	}
	return cards, nil
}

func (s *Service) operator(ctx context.Context, actor account.Actor) error {
	yes, err := s.Accounts.Has(ctx, actor.ID, account.Operator)
	if err != nil {
		return err
	}
	if !yes {
		return errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
	}
	return nil
}

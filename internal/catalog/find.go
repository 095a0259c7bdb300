package catalog

import (
	"context"

	"nearby/internal/money"
	"nearby/internal/text"
)

// Find is a product as a list of businesses shows it.
type Find struct {
	Slug      string
	Title     string
	Price     money.Amount // the lowest
	PhotoHash string       // "" for none
}

// Finds is what a business has on sale, in short.
type Finds struct {
	Products []Find
	Total    int // products on sale that fit the search
}

// Finds reads the first products of many businesses in one query. With words
// to search for, those that fit them all; businesses none of whose products
// fit show their first ones.
func (s *Service) Finds(ctx context.Context, businessIDs []string, search string, most int) (map[string]Finds, error) {
	if len(businessIDs) == 0 || most < 1 {
		return nil, nil
	}
	words := text.Words(clip(search, 100))
	finds, err := s.store.finds(ctx, businessIDs, words, most)
	if err != nil || len(words) == 0 {
		return finds, err
	}
	var rest []string
	for _, id := range businessIDs {
		if len(finds[id].Products) == 0 {
			rest = append(rest, id)
		}
	}
	if len(rest) == 0 {
		return finds, nil
	}
	others, err := s.store.finds(ctx, rest, nil, most)
	for id, f := range others {
		finds[id] = f
	}
	return finds, err
}

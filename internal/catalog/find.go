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
	InStock   bool         // one piece of some variant can be sold now
	Available *int64       // pieces that can be sold now, nil when some are not counted; what checkout uses
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
	finds, err := s.Fitting(ctx, businessIDs, search, most)
	if err != nil || len(text.Words(clip(search, 100))) == 0 {
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

// Fitting is Finds without the products that do not fit.
func (s *Service) Fitting(ctx context.Context, businessIDs []string, search string, most int) (map[string]Finds, error) {
	if len(businessIDs) == 0 || most < 1 {
		return nil, nil
	}
	return s.store.finds(ctx, businessIDs, text.Words(clip(search, 100)), most)
}

package notice

import (
	"context"
	"time"
)

// Figures are how many reports of a kind there were, and what came of them.
type Figures struct {
	Kind     Kind
	Filed    int
	Open     int // nobody has decided yet
	NoAction int
	Measure  int // a measure was taken
	PassedOn int // to the business
}

// Figures counts the reports that were filed since a time, by kind, those without
// any left out: what anybody may know. Repeats count, and share what came of the
// first.
func (s *Service) Figures(ctx context.Context, since time.Time) ([]Figures, error) {
	counts, err := s.store.outcomes(ctx, since)
	if err != nil {
		return nil, err
	}
	var list []Figures
	for _, kind := range Kinds {
		f := Figures{
			Kind: kind, Open: counts[kind][""], NoAction: counts[kind][OutcomeNone], Measure: counts[kind][OutcomeMeasure],
			PassedOn: counts[kind][OutcomePassed],
		}
		if f.Filed = f.Open + f.NoAction + f.Measure + f.PassedOn; f.Filed > 0 {
			list = append(list, f)
		}
	}
	return list, nil
}

package complaint

import (
	"context"
	"time"
)

// Figures are how many complaints there were, and what came of them.
type Figures struct {
	Filed, Upheld, Overturned int
}

// Figures counts the complaints that were filed since a time: what anybody may
// know.
func (s *Service) Figures(ctx context.Context, since time.Time) (Figures, error) {
	return s.store.figures(ctx, since)
}

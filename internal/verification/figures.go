package verification

import (
	"context"
	"time"
)

// Figures are what anybody may know of the work of verifiers.
type Figures struct {
	Waiting      int // open now
	Applications int // since the given time, like all below
	Approved     int
	Asked        int
	Rejected     int
	Median       time.Duration // from submission to decision, of the last hundred; 0: none yet
}

// Figures counts applications and decisions since a time.
func (s *Service) Figures(ctx context.Context, since time.Time) (Figures, error) {
	f, err := s.store.figures(ctx, since)
	if err != nil {
		return f, err
	}
	f.Median, err = s.UsualWait(ctx)
	return f, err
}

// The ways by which a business may have come to be listed, as the public is
// told.
const (
	WayPerson = "person" // a verifier compared the application
	WayImport = "import" // the operator took it over from a source, with a reason
)

// Ways tells the public how a listed business was checked.
func (s *Service) Ways(ctx context.Context, businessID string) ([]string, error) {
	approved, err := s.store.approved(ctx, businessID)
	if err != nil {
		return nil, err
	}
	if approved {
		return []string{WayPerson}, nil
	}
	return []string{WayImport}, nil
}

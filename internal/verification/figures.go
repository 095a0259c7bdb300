package verification

import (
	"context"
	"slices"
	"time"
)

// Figures are what anybody may know of the work of verifiers.
type Figures struct {
	Waiting      int // open now
	Applications int // since the given time, like all below
	Approved     int
	Asked        int
	Rejected     int
	Reasons      map[string]int `gorm:"-"` // of rejections, by code; one may have several

	// From submission to decision, of the last hundred; 0: none yet.
	Median    time.Duration `gorm:"-"`
	NineOfTen time.Duration `gorm:"-"` // so long or less took nine of ten
}

// Figures counts applications and decisions since a time.
func (s *Service) Figures(ctx context.Context, since time.Time) (Figures, error) {
	f, err := s.store.figures(ctx, since)
	if err != nil {
		return f, err
	}
	if f.Reasons, err = s.store.rejections(ctx, since); err != nil {
		return f, err
	}
	waits, err := s.waits(ctx)
	f.Median, f.NineOfTen = within(waits, 50), within(waits, 90)
	return f, err
}

// UsualWait is the median time from submission to decision of the last hundred
// requests, 0 while there are none. It is public.
func (s *Service) UsualWait(ctx context.Context) (time.Duration, error) {
	waits, err := s.waits(ctx)
	return within(waits, 50), err
}

// waits are how long the last hundred decided requests took, shortest first.
func (s *Service) waits(ctx context.Context) ([]time.Duration, error) {
	waits, err := s.store.waits(ctx, 100)
	slices.Sort(waits)
	return waits, err
}

// within is the time in which that share of sorted waits were over, by the
// nearest rank; 0 of none.
func within(waits []time.Duration, percent int) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	return waits[(len(waits)*percent+99)/100-1]
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

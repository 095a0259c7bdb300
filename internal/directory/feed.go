package directory

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"nearby/internal/database"
)

const (
	followEvery = 400 * time.Millisecond // how often changes by other processes are asked for
	keepChanges = 48 * time.Hour         // how long they can be asked for
	pruneEvery  = time.Hour
	pruneAtOnce = 5000 // rows a transaction
	manyChanges = 5000 // from which on reading everything in order may be quicker than by id
)

// Touch has the index of every process read a business again after the commit
// of the transaction in ctx: this one's before Tx returns, those of others
// within a second. Whoever changes what searches see must call it. Many calls
// in one transaction are followed together. It panics outside a transaction.
func (s *Service) Touch(ctx context.Context, businessID string) {
	database.Collect(ctx, &s.follower, businessID, func(ctx context.Context, ids []string) error {
		slices.Sort(ids)
		ids = slices.Compact(ids)
		if err := s.store.insertChanges(ctx, ids, s.follower.origin, s.clock()); err != nil {
			return err
		}
		database.AfterCommit(ctx, func() { s.follower.follow(ids) })
		return nil
	})
}

// touchIfSeen is Touch for a change of the business itself that some process
// may have to show, this one or one that shows unclaimed businesses too.
func (s *Service) touchIfSeen(ctx context.Context, before, after Business) {
	if before.seen() || after.seen() {
		s.Touch(ctx, after.ID)
	}
}

// Load fills the index from the file that KeepIndex named and the changes since
// then, or else from the database, in the order of the cells. Changes that this
// process commits meanwhile wait and are followed after it; those of others are
// followed by Run.
func (s *Service) Load(ctx context.Context) error {
	f := &s.follower
	f.feeding.Lock()
	defer f.feeding.Unlock()
	if f.keeper.path != "" && f.readAt.IsZero() && s.open(ctx) {
		if err := f.recall(ctx); err != nil {
			return err
		}
		f.awaken()
		return s.catchUp(ctx)
	}
	return s.load(ctx)
}

// load is Load under the lock of the feed. The position is read before the
// first row, so that nothing falls in between.
func (s *Service) load(ctx context.Context) error {
	f, now := &s.follower, s.clock()
	if f.keeper.path != "" {
		mark, err := s.bookmark(ctx)
		if err != nil {
			return err
		}
		f.keeper.settled, f.keeper.young = mark, bookmark{}
	}
	at, err := s.store.end(ctx)
	if err != nil {
		return err
	}
	if err := f.fill(ctx); err != nil {
		return err
	}
	if err := f.recall(ctx); err != nil {
		return err
	}
	f.position, f.readAt = at, now
	f.awaken()
	return nil
}

// keepUp follows what other processes have committed since the last time.
func (s *Service) keepUp(ctx context.Context) error {
	s.follower.feeding.Lock()
	defer s.follower.feeding.Unlock()
	if s.follower.readAt.IsZero() {
		return nil // never loaded
	}
	return s.catchUp(ctx)
}

// catchUp is keepUp under the lock of the feed. A process that slept so long that
// changes it has not seen may be gone loads everything again.
func (s *Service) catchUp(ctx context.Context) error {
	f, now := &s.follower, s.clock()
	if now.Sub(f.readAt) > keepChanges/2 {
		return s.load(ctx)
	}
	ids, next, err := s.store.changes(ctx, f.position, f.origin)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > manyChanges && len(ids) > f.index.Len()/2 {
		return s.load(ctx)
	}
	f.follow(ids)
	f.position, f.readAt = next, now
	return nil
}

// prune forgets changes that every process has followed long ago.
func (s *Service) prune(ctx context.Context) error {
	for {
		var n int
		err := s.db.Tx(ctx, func(ctx context.Context) error {
			var err error
			n, err = s.store.pruneChanges(ctx, s.clock().Add(-keepChanges), pruneAtOnce)
			return err
		})
		if err != nil || n < pruneAtOnce {
			return err
		}
	}
}

// Run keeps the index equal to the database until ctx ends: it follows what
// other processes commit, and tries changes again that could not be read when
// they happened. It saves the index as KeepIndex says.
func (s *Service) Run(ctx context.Context) error {
	follow, retry := time.NewTicker(followEvery), time.NewTicker(time.Second)
	prune, save := time.NewTicker(pruneEvery), time.NewTicker(saveEvery)
	defer follow.Stop()
	defer retry.Stop()
	defer prune.Stop()
	defer save.Stop()
	s.saveOrSay(ctx)
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-save.C:
			s.saveOrSay(ctx)
		case <-follow.C:
			s.follower.awaken()
			err := s.keepUp(ctx)
			if err != nil && !failing && ctx.Err() == nil { // once, not with every try
				slog.Error("the nearby index cannot follow other processes, trying on", "error", err)
			}
			failing = err != nil
		case <-retry.C:
			s.follower.retry()
		case <-prune.C:
			if err := s.prune(ctx); err != nil && ctx.Err() == nil {
				slog.Error("old directory changes cannot be pruned, trying again in an hour", "error", err)
			}
		}
	}
}

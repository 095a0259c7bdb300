package order

import (
	"context"

	"nearby/internal/database"
)

// Watch tells about committed changes of an order, or of any order of a
// business when called with a business's id, in this process: the channel gets
// a value after each, several may become one. Call cancel when done. Whoever
// watches should also look again now and then, because another process may
// have made the change.
func (s *Service) Watch(id string) (changes <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers[id] == nil {
		s.watchers[id] = map[chan struct{}]bool{}
	}
	s.watchers[id][c] = true
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers[id], c)
		if len(s.watchers[id]) == 0 {
			delete(s.watchers, id)
		}
	}
}

// changed tells the watchers after the commit.
func (s *Service) changed(ctx context.Context, ids ...string) {
	database.AfterCommit(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, id := range ids {
			for c := range s.watchers[id] {
				select {
				case c <- struct{}{}:
				default:
				}
			}
		}
	})
}

// soon has this process's reconcile loop look again after the commit.
func (s *Service) soon(ctx context.Context) {
	database.AfterCommit(ctx, func() {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	})
}

package directory

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"time"

	"nearby/internal/ident"
	"nearby/internal/nearby"
)

// keeper saves the index to a file, so that the next start reads that instead of
// every row of the database. What changed since then is in the feed.
//
// A file fits a database just when the feed holds its mark: a line that is
// written into the feed for this only, before the position that the file goes on
// from is read. In another database, or one put back from an older backup, there
// is no such line, and once it is pruned changes after it may be, too.
type keeper struct {
	path     string   // "" for no file
	file     bookmark // that the present file goes on from
	settled  bookmark // that the next one can go on from
	young    bookmark // not settled yet
	followed int      // changes that the present file does not hold
}

// bookmark is a place in the feed that a file can go on from.
type bookmark struct {
	Mark     string // in the feed, as the origin of a line about no business
	Seq      int64  // of that line
	At       time.Time
	Position position
}

const (
	saveEvery  = 10 * time.Minute
	renewEvery = 6 * time.Hour // a file without changes, lest its mark be pruned
	// settling is how old a bookmark must be. Whoever commits a change follows it
	// right after, and the two could fall on either side of a younger one.
	settling = time.Minute
)

// head is what stands in the file before the index.
type head struct {
	Program    string
	Unclaimed  bool
	Bookmark   bookmark
	Localities []savedLocality
}

// KeepIndex has the index saved to a file while Run runs and by SaveIndex, and
// Load read it. Call it before Load.
func (s *Service) KeepIndex(path string) { s.follower.keeper.path = path }

// bookmark makes one at the end of the feed.
func (s *Service) bookmark(ctx context.Context) (bookmark, error) {
	b := bookmark{Mark: ident.Random(), At: s.clock()}
	err := s.db.Tx(ctx, func(ctx context.Context) (err error) {
		b.Seq, err = s.store.insertMark(ctx, b.Mark, b.At)
		return err
	})
	if err != nil {
		return b, err
	}
	b.Position, err = s.store.end(ctx)
	return b, err
}

// open fills the index from the file, if there is one and it can be trusted.
// The caller holds feeding.
func (s *Service) open(ctx context.Context) bool {
	f, begin := &s.follower, s.clock()
	f.following.Lock()
	defer f.following.Unlock()
	var h head
	err := f.index.Open(f.keeper.path, func(text []byte) error {
		if err := gob.NewDecoder(bytes.NewReader(text)).Decode(&h); err != nil {
			return fmt.Errorf("%w: its head cannot be read", nearby.ErrNotSaved)
		}
		return s.fits(ctx, h)
	}, func(key string) nearby.Schedule { return &storedHours{key: key} })
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil:
		slog.Warn("the saved index is not used, every business is read from the database", "reason", err)
		return false
	}
	f.unasked = false
	f.localities.restore(h.Localities)
	f.keeper.file, f.keeper.settled, f.keeper.young = h.Bookmark, h.Bookmark, bookmark{}
	f.position, f.readAt = h.Bookmark.Position, h.Bookmark.At
	slog.Info("the index was read from its file", "businesses", f.index.Len(), "age", begin.Sub(h.Bookmark.At).Round(time.Second))
	return true
}

// fits says why a file with this head is not one for this program and database.
func (s *Service) fits(ctx context.Context, h head) error {
	switch {
	case h.Program != thisProgram():
		return errors.New("another build of the program wrote it")
	case h.Unclaimed != s.follower.unclaimed:
		return errors.New("whether unclaimed businesses are shown has changed")
	case s.clock().Sub(h.Bookmark.At) > keepChanges/2:
		return errors.New("it is too old")
	}
	found, err := s.store.hasMark(ctx, h.Bookmark.Mark, h.Bookmark.Seq)
	if err == nil && !found {
		err = errors.New("it is of another database, or of one put back from a backup")
	}
	return err
}

// turnBookmarks makes the young bookmark the settled one, once it is, and a young one.
// The caller holds feeding.
func (s *Service) turnBookmarks(ctx context.Context) (err error) {
	k := &s.follower.keeper
	if k.young.Mark != "" && s.clock().Sub(k.young.At) < settling {
		return nil
	}
	if k.young.Mark != "" {
		k.settled = k.young
	}
	k.young, err = s.bookmark(ctx)
	return err
}

// save writes the file as it is due while the program runs.
func (s *Service) save(ctx context.Context) error {
	f := &s.follower
	f.feeding.Lock()
	defer f.feeding.Unlock()
	if f.keeper.path == "" || f.readAt.IsZero() {
		return nil
	}
	if err := s.turnBookmarks(ctx); err != nil {
		return err
	}
	return s.write()
}

// SaveIndex writes the file at a stop, when nothing in this process changes
// anything any more: so the bookmark may be of now.
func (s *Service) SaveIndex(ctx context.Context) error {
	f := &s.follower
	f.feeding.Lock()
	defer f.feeding.Unlock()
	if f.keeper.path == "" || f.readAt.IsZero() {
		return nil
	}
	now, err := s.bookmark(ctx)
	if err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	f.keeper.settled, f.keeper.young = now, bookmark{}
	return s.write()
}

// write writes the file with the settled bookmark, if there is anything new to
// write. While a business cannot be read the index lacks it, and is not worth
// keeping. The caller holds feeding.
func (s *Service) write() error {
	f, k := &s.follower, &s.follower.keeper
	f.following.Lock()
	defer f.following.Unlock()
	if len(f.dirty) > 0 || k.followed == 0 && k.settled.At.Sub(k.file.At) < renewEvery {
		return nil
	}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(head{thisProgram(), f.unclaimed, k.settled, f.localities.save()}); err != nil {
		return err
	}
	if err := f.index.Save(k.path, text.Bytes()); err != nil {
		return err
	}
	k.file, k.followed = k.settled, 0
	return nil
}

// saveOrSay is save for Run, which goes on without a file.
func (s *Service) saveOrSay(ctx context.Context) {
	if err := s.save(ctx); err != nil && ctx.Err() == nil {
		slog.Warn("the index cannot be saved, the next start reads every business", "error", err)
	}
}

// thisProgram tells builds apart: one may fold words otherwise than another.
func thisProgram() string {
	path, err := os.Executable()
	if err != nil {
		return ident.Random() // like no other
	}
	info, err := os.Stat(path)
	if err != nil {
		return ident.Random()
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano(), runtime.GOARCH, runtime.Version())
}

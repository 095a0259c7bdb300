package directory

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"nearby/internal/clock"
	"nearby/internal/directory/category"
	"nearby/internal/ident"
	"nearby/internal/nearby"
	"nearby/internal/text"
)

// Extra is what another room knows of a business that searches ask for: words
// of its products, and whether something can be had now.
type Extra struct {
	InStock bool
	Words   []string // folded by text.Words
}

// Searchable gives the Extra of businesses; those without one may be left out.
type Searchable func(ctx context.Context, ids []string) (map[string]Extra, error)

// follower keeps the index equal to what is committed. Whoever committed a change calls follow, and so does who reads in
// the feed that another process did. It reads the rows again under one mutex:
// the last to read is the last to publish, so the newest commit wins whatever
// the order of the calls.
type follower struct {
	store      store
	index      *nearby.Index
	clock      clock.Clock
	unclaimed  bool // unclaimed businesses are shown too
	searchable Searchable

	origin   string     // this process, in the feed of changes
	feeding  sync.Mutex // held while the feed is read; taken before following
	position position   // in the feed, read up to here; guarded by feeding
	readAt   time.Time  // when, zero before the first Load; guarded by feeding

	following sync.Mutex
	unasked   bool                 // nothing is followed before Load; guarded by following
	dirty     map[string]bool      // could not be read; guarded by following
	turns     map[string]time.Time // when businesses become others by themselves; guarded by following

	localities localities // of the rows of the index
	keeper     keeper     // guarded by feeding, but for followed, which following guards
}

// reread bounds how long following one change may take.
const reread = 10 * time.Second

func (f *follower) start(st store, index *nearby.Index, now clock.Clock) {
	// Seeded ids would give two processes the same one.
	f.store, f.index, f.clock, f.origin = st, index, now, ident.Random()
	f.dirty, f.turns, f.localities.parts = map[string]bool{}, map[string]time.Time{}, map[localityKey]*locality{}
}

// follow makes the index say of the businesses what the database says now.
func (f *follower) follow(ids []string) {
	for chunk := range slices.Chunk(ids, 500) {
		f.followChunk(chunk)
	}
}

// followChunk follows as many as are read and published at one moment. One that
// cannot be read is taken out, because showing it might be wrong, and tried
// again by retry.
func (f *follower) followChunk(ids []string) {
	// The change is committed: whether its caller still waits does not matter.
	ctx, cancel := context.WithTimeout(context.Background(), reread)
	defer cancel()
	f.following.Lock()
	defer f.following.Unlock()
	if f.unasked {
		return
	}
	found, extras, err := f.read(ctx, ids)
	if err != nil {
		slog.Error("the nearby index cannot follow a change, hiding it until it can", "businesses", len(ids), "error", err)
		for _, id := range ids {
			f.dirty[id] = true
		}
		f.publish(ids, nil, nil)
		return
	}
	f.publish(ids, found, extras)
	for _, id := range ids {
		delete(f.dirty, id)
	}
}

func (f *follower) read(ctx context.Context, ids []string) ([]Business, map[string]Extra, error) {
	list, err := f.store.list(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	f.noteTurns(ids, list)
	list = slices.DeleteFunc(list, func(b Business) bool { return !f.shows(b) })
	extras, err := f.extras(ctx, list)
	return list, extras, err
}

func (f *follower) extras(ctx context.Context, list []Business) (map[string]Extra, error) {
	if f.searchable == nil || len(list) == 0 {
		return nil, nil
	}
	ids := make([]string, len(list))
	for i, b := range list {
		ids[i] = b.ID
	}
	return f.searchable(ctx, ids)
}

// shows reports whether the business belongs in the index.
func (f *follower) shows(b Business) bool { return f.seen(b) && !b.Restricted(RestrictSearch) }

// seen reports whether the public may see the page of the business.
func (f *follower) seen(b Business) bool { return b.Listed() || f.unclaimed && b.seen() }

// publish puts the found ones of ids into the index and takes the others out.
// Only who holds following calls it.
func (f *follower) publish(ids []string, found []Business, extras map[string]Extra) {
	f.keeper.followed += len(ids)
	rows := make([]nearby.Row, len(found))
	after := make(map[string]*Summary, len(found))
	for i, b := range found {
		after[b.ID] = summarize(b, extras[b.ID], f.clock())
		rows[i] = row(b, extras[b.ID], after[b.ID])
	}
	var gone []string
	for _, id := range ids {
		if after[id] == nil {
			gone = append(gone, id)
		}
		f.relocate(id, after[id])
	}
	if len(gone) > 0 {
		f.index.Remove(gone...)
	}
	if len(rows) > 0 {
		f.index.Put(rows...)
	}
}

// relocate counts a business out of the localities where it was until now, and
// in where it is after; nil for nowhere.
func (f *follower) relocate(id string, after *Summary) {
	if hit, ok := f.index.Find(id); ok {
		before := summaryOf(&hit)
		if after != nil && before.Address == after.Address && before.Point == after.Point {
			return
		}
		f.localities.remove(&before)
	}
	if after != nil {
		f.localities.add(after)
	}
}

// Unasked leaves the index empty until Load: for a program that changes much and
// asks the index nothing. Call it before anything changes.
func (s *Service) Unasked() { s.follower.unasked = true }

// retry follows again what could not be read, and says how many are left.
func (f *follower) retry() int {
	f.following.Lock()
	ids := slices.Collect(maps.Keys(f.dirty))
	f.following.Unlock()
	if len(ids) == 0 {
		return 0
	}
	f.follow(ids)
	f.following.Lock()
	defer f.following.Unlock()
	return len(f.dirty)
}

// row is a business as the index sees it.
func row(b Business, extra Extra, s *Summary) nearby.Row {
	r := nearby.Row{
		ID: b.ID, Point: b.Point, Words: words(b, extra), KindWords: categoryWords(b.Category), ReachM: uint32(max(0, b.DeliveryRadiusM)), Note: s.note(),
		Schedule: &storedHours{key: b.Hours.Key()},
	}
	if c, ok := category.BySlug(b.Category); ok {
		r.Category = c.Number
	}
	if b.Hours.Known() || len(b.Hours.Special()) > 0 {
		r.Flags |= nearby.HasHours
	}
	for _, f := range []struct {
		yes  bool
		flag nearby.Flags
	}{
		{s.Orderable, nearby.Orderable},
		{b.Pickup, nearby.Pickup},
		{b.Delivery, nearby.Delivery},
		{extra.InStock, nearby.InStock},
		{b.State == Unclaimed, nearby.Unclaimed},
	} {
		if f.yes {
			r.Flags |= f.flag
		}
	}
	if b.VerifiedAt != nil {
		r.VerifiedAt = b.VerifiedAt.Unix()
	}
	return r
}

// words are what a business is found by, other than those of its category.
func words(b Business, extra Extra) []string {
	list := withLatin(text.Words(b.Name + " " + placeText(b.Address)))
	for _, attribute := range b.Attributes {
		list = append(list, attributeWord(attribute))
	}
	return append(list, withLatin(extra.Words)...)
}

// categoryWords are the words of categoryText, cut once for each category.
var categoryWords = func() func(slug string) []string {
	var cache sync.Map
	return func(slug string) []string {
		if known, ok := cache.Load(slug); ok {
			return known.([]string)
		}
		if _, ok := category.BySlug(slug); !ok {
			return nil
		}
		list := withLatin(text.Words(categoryText(slug)))
		cache.Store(slug, list)
		return list
	}
}()

// SetSearchable has another room's words and stock put into the index. Call it
// before Load.
func (s *Service) SetSearchable(fn Searchable) { s.follower.searchable = fn }

// ShowUnclaimed lists imported businesses that nobody has verified, marked as
// such. Call it before Load.
func (s *Service) ShowUnclaimed() { s.follower.unclaimed = true }

// fill puts everything that is to be shown into the index, in the order of the
// cells. Changes that commit meanwhile wait and are followed after it.
func (f *follower) fill(ctx context.Context) error {
	f.following.Lock()
	defer f.following.Unlock()
	states := []State{Verified, VerifiedDue, Limited}
	if f.unclaimed {
		states = append(states, Unclaimed)
	}
	f.unasked = false
	filling := nearby.NewFilling()
	var late []nearby.Row // a row may move while the others are read
	err := f.store.eachLocated(ctx, states, func(list []Business) error {
		extras, err := f.extras(ctx, list)
		if err != nil {
			return err
		}
		for _, b := range list {
			if !f.shows(b) {
				continue
			}
			r := row(b, extras[b.ID], summarize(b, extras[b.ID], f.clock()))
			if filling.Add(&r) != nil {
				late = append(late, r)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.index.Fill(filling)
	f.index.Put(late...)
	f.localities.replace(f.index)
	f.keeper.followed++ // the file, if there is one, is of before
	clear(f.dirty)
	return nil
}

// Indexed is how many businesses the index holds, and how many of them wait to
// be read again.
func (s *Service) Indexed() (rows, dirty int) {
	s.follower.following.Lock()
	defer s.follower.following.Unlock()
	return s.follower.index.Len(), len(s.follower.dirty)
}

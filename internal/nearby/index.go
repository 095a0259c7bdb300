package nearby

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
)

// Index holds the rows. It is safe for concurrent use: readers never wait, and
// a change is seen by every question that is asked after the changing call
// returned.
type Index struct {
	now atomic.Pointer[snapshot]

	mu      sync.Mutex     // held to change what now points to
	merging map[*part]bool // inputs of merges that are under way
	idle    sync.Cond      // told when the last merge ends
}

// snapshot is the state of the index at one time. It is never changed.
type snapshot struct {
	parts []live
	rows  int // alive
}

// live is a part and which of its rows are dead by now.
type live struct {
	part *part
	dead *dead
	rows int // alive
}

func (l live) without(rows []uint32) live {
	return live{l.part, l.dead.with(rows, l.part.len()), l.rows - len(rows)}
}

// New makes an empty index.
func New() *Index {
	x := &Index{merging: map[*part]bool{}}
	x.idle.L = &x.mu
	x.now.Store(&snapshot{})
	return x
}

// Replace makes rows all there is in the index. Of several with one id the last
// counts. Changes made by others while it works are lost with the old rows.
func (x *Index) Replace(rows []Row) {
	var parts []live
	if p := build(rows); p != nil {
		parts = []live{{part: p, rows: p.len()}}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.publish(parts)
}

// Fill makes the filling's rows all there is in the index, as Replace does.
func (x *Index) Fill(f *Filling) {
	var parts []live
	if f.b.p.len() > 0 {
		p, again := f.b.finish()
		parts = []live{live{part: p, rows: p.len()}.without(again)}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.publish(parts)
}

// Put adds rows, or replaces those with the same ids: all at one moment. Of
// several with one id the last counts.
func (x *Index) Put(rows ...Row) {
	p := build(rows)
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	parts := bury(x.now.Load().parts, ids)
	if p != nil {
		parts = append(parts, live{part: p, rows: p.len()})
	}
	x.publish(parts)
	x.tidy()
}

// Remove takes rows out. Ids that are not there are ignored.
func (x *Index) Remove(ids ...string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.publish(bury(x.now.Load().parts, ids))
	x.tidy()
}

// bury makes new parts, in which the rows of the given ids are dead.
func bury(parts []live, ids []string) []live {
	next := make([]live, len(parts), len(parts)+1)
	for i, l := range parts {
		var rows []uint32
		for _, id := range ids {
			if row, ok := l.part.find(id); ok && !l.dead.has(row) {
				rows = append(rows, row)
			}
		}
		if len(ids) > 1 { // an id may be named twice
			slices.Sort(rows)
			rows = slices.Compact(rows)
		}
		next[i] = l.without(rows)
	}
	return next
}

// publish makes the parts what readers see, biggest first and without those
// that have no row left. The lock is held.
func (x *Index) publish(parts []live) {
	parts = slices.DeleteFunc(parts, func(l live) bool { return l.rows == 0 })
	slices.SortStableFunc(parts, func(a, b live) int { return cmp.Compare(b.rows, a.rows) })
	rows := 0
	for _, l := range parts {
		rows += l.rows
	}
	x.now.Store(&snapshot{parts, rows})
}

// Len is how many rows there are.
func (x *Index) Len() int { return x.now.Load().rows }

// Find is the row of an id as a hit.
func (x *Index) Find(id string) (Hit, bool) {
	for _, l := range x.now.Load().parts {
		if row, ok := l.part.find(id); ok && !l.dead.has(row) {
			return l.part.hit(row), true
		}
	}
	return Hit{}, false
}

// All are the rows as they are when it begins, in no order that means anything.
func (x *Index) All() iter.Seq[Hit] {
	return func(yield func(Hit) bool) {
		for _, l := range x.now.Load().parts {
			for row := range uint32(l.part.len()) {
				if !l.dead.has(row) && !yield(l.part.hit(row)) {
					return
				}
			}
		}
	}
}

// Get is the row of an id. Its words come back ascending and once each.
func (x *Index) Get(id string) (Row, bool) {
	for _, l := range x.now.Load().parts {
		if row, ok := l.part.find(id); ok && !l.dead.has(row) {
			return l.part.row(row), true
		}
	}
	return Row{}, false
}

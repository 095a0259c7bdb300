// Package nearby answers "which businesses are near this place, nearest first"
// from memory, and exactly: the same rows, in the same order, with the same
// distances as if every row had been looked at. It knows no SQL and no HTTP.
//
// # How it is built
//
// A row is a business at a point. Rows live in parts (part.go), each sorted by
// the H3 cell of resolution 15 that the row's point lies in. In that order
// every cell of every resolution is one unbroken range of rows, so rows that
// are close on the ground are close in memory. Over each part stands a tree
// (tree.go) that follows the H3 hierarchy, and a smaller one over the rows of
// each category. A search (search.go) opens the tree's
// nodes in the order of how near their rows could possibly be, and stops when
// no unopened node can hold a better row than those found.
//
// A change makes a small new part and marks the rows it replaces as dead
// (dead.go); small parts are merged into bigger ones in the background
// (merge.go). Readers never wait: they load one pointer to a list of parts that
// is never changed afterwards.
//
// # Why the answers are exact
//
// Distance, by definition, is geo.Distance: the haversine formula on a sphere.
//
//  1. A point of the sphere is also a point in space, and the straight line
//     between two of them (the chord) grows with the way over the surface. So
//     order by chord is order by distance, and comparing squared chords needs
//     no trigonometry (vector.go). Poles, the antimeridian and the ends of the
//     grid's digits are not special in space.
//  2. A node carries the box, in space, around the positions of its rows. It
//     does not use the outline of its H3 cell: about one point in fifteen lies
//     outside the outline of an ancestor of its own cell, and pentagons are
//     shaped differently again. The box cannot be wrong about its rows, so a
//     node whose box is too far away holds no row that is near enough. H3 only
//     decides the order of the rows; were that order poor, searches would be
//     slower and still right.
//  3. Positions in space are rounded to whole units of 2⁻³⁰ of the radius (6 mm).
//     Each end of a chord moves by at most √3/2 units, so a chord computed from
//     rounded positions is within √3 of the true one. Let B be the k-th smallest
//     rounded chord among the rows that fit. k rows have a true chord of at most
//     B + √3, hence so have the true k nearest, and their rounded chords are at
//     most B + 2√3. Every row within B + slack, with slack = 4 > 2√3, is kept
//     (search.cutoff), its distance computed by geo.Distance, and those are
//     sorted by distance and id.
//  4. Near an edge that the question draws (the radius, the cursor) rounding
//     could decide wrongly, so rows within the slack of an edge are compared by
//     geo.Distance at once (disc.go).
//
// All comparisons of chords are on integers; nothing else is rounded.
package nearby

import (
	"time"

	"nearby/internal/geo"
)

// Row is a business as the index sees it.
type Row struct {
	ID         string    // unique; ties in distance are in the order of ids
	Point      geo.Point // where it is; a row without a valid one is not kept
	Category   uint16
	Schedule   Schedule // nil when the hours are not known
	Flags      Flags
	VerifiedAt int64    // unix seconds, 0 for never; kept from 0 up to the year 2106
	Words      []string // what it is found by in text, folded by text.Words
	KindWords  []string // what every row of its category is found by: the same for all of them, so kept once
	ReachM     uint32   // how far it delivers, in metres
	Note       string   // what whoever asks wants to know of a hit; the index does not read it
}

// Schedule tells when a business is open.
type Schedule interface {
	// Key is equal for two schedules just when they always agree.
	Key() string
	// OpenAt reports whether it is known to be open at t. Safe for concurrent use.
	OpenAt(t time.Time) bool
}

// Flags are yes-or-no properties of a row.
type Flags uint8

// The properties that rows can be asked for.
const (
	Orderable Flags = 1 << iota
	Pickup
	Delivery
	InStock
	HasHours
	Unclaimed
)

// CategorySet is a set of category numbers. The zero value stands for "any".
type CategorySet struct {
	bits []uint64
}

// NewCategorySet makes the set of the given numbers. Of no numbers it is the
// set that holds none, which is not the zero value.
func NewCategorySet(numbers ...uint16) CategorySet {
	s := CategorySet{bits: []uint64{0}}
	for _, n := range numbers {
		for int(n/64) >= len(s.bits) {
			s.bits = append(s.bits, 0)
		}
		s.bits[n/64] |= 1 << (n % 64)
	}
	return s
}

// Any reports whether s is the zero value, which every category fits.
func (s CategorySet) Any() bool { return s.bits == nil }

// Has reports whether category n fits.
func (s CategorySet) Has(n uint16) bool {
	return s.bits == nil || int(n/64) < len(s.bits) && s.bits[n/64]&(1<<(n%64)) != 0
}

// Term is one word that a row must have, or the beginning of one, or one that
// differs by typos (typo.go). Its text is folded like the row's words.
type Term struct {
	Text   string
	Prefix bool
	Edits  int // typos that are forgiven, at most 2
}

// Position is a place in a list of hits, for going on after it.
type Position struct {
	DistanceM float64
	ID        string
}

// Query is what a search asks. Every condition that is set must hold.
type Query struct {
	Center     geo.Point
	RadiusM    float64   // metres, the edge included; 0 or less for no bound
	Limit      int       // hits wanted; none at 0 or less
	After      *Position // only hits strictly after this one in (distance, id)
	Categories CategorySet
	OpenAt     time.Time // open at this instant; the zero time for any
	// Asking many times with one instant is cheap: "now" is best cut to the minute.
	Need          Flags // all of these
	Without       Flags // and none of these
	Terms         []Term
	VerifiedSince int64        // unix seconds; 0 or less for any
	Cell          geo.Cell     // in this cell, as the ancestor of the row's own; 0 for any
	Within        *geo.Polygon // nil for anywhere
	Delivers      bool         // from there to Center: Delivery, and no farther than ReachM
}

// Hit is a row that was found.
type Hit struct {
	ID        ID
	Point     geo.Point
	DistanceM float64 // metres, geo.Distance from Query.Center; 0 where nothing was asked from a place
	part      *part
	row       uint32
}

// Note is the row's, as it was when the question was asked.
func (h *Hit) Note() string { return h.part.notes.of(h.row) }

// Schedule is the row's, nil when the hours are not known.
func (h *Hit) Schedule() Schedule { return h.part.timetable[h.part.schedules.of(h.row)] }

// Position is where h stands in the list of hits: the cursor for the next page.
func (h Hit) Position() Position { return Position{DistanceM: h.DistanceM, ID: h.ID.String()} }

package nearby

import (
	"math"

	"nearby/internal/geo"
)

// disc is the rows within a radius around a centre and, when a page is
// continued, after a position in the list of hits. Chords decide, except within
// the slack of an edge, where the distance itself is compared.
type disc struct {
	from    geo.Origin
	at      vector
	radius  float64   // metres; 0 or less for no bound
	after   *Position // nil for none
	afterID ID

	// In squared chords. Below nearest and above farthest no row can belong;
	// from surelyPast up to but not including surelyIn every row does.
	nearest, surelyPast, surelyIn, farthest uint64
}

func discOf(q *Query) disc {
	d := disc{
		from: geo.From(q.Center), at: vectorOf(q.Center), radius: q.RadiusM, after: q.After,
		surelyIn: farthest, farthest: farthest,
	}
	if d.radius > 0 && d.radius < math.Pi*geo.EarthRadius {
		edge := chordOf(d.radius)
		d.surelyIn, d.farthest = square(edge-slack), square(edge+slack)
	}
	if d.after != nil {
		d.afterID = IDOf(d.after.ID)
		edge := chordOf(d.after.DistanceM)
		d.nearest, d.surelyPast = square(edge-slack), square(edge+slack)
	}
	return d
}

// holds reports whether a row at the given squared chord belongs to the disc.
func (d *disc) holds(p *part, row uint32, chord2 uint64) bool {
	if chord2 < d.nearest || chord2 > d.farthest {
		return false
	}
	if chord2 >= d.surelyPast && chord2 < d.surelyIn {
		return true
	}
	metres := d.from.Distance(p.point(row))
	if d.radius > 0 && metres > d.radius {
		return false
	}
	if d.after == nil || metres > d.after.DistanceM {
		return true
	}
	id := p.id(row)
	return metres == d.after.DistanceM && id.compare(&d.afterID) > 0
}

// bound draws the radius that no row delivers beyond, if that is asked.
func (q *Query) bound(parts []live) {
	if !q.Delivers {
		return
	}
	reach := 1.0 // a radius of 0 would be none at all
	for _, l := range parts {
		reach = max(reach, float64(l.part.farthest))
	}
	if q.RadiusM <= 0 || q.RadiusM > reach {
		q.RadiusM = reach
	}
}

// sound reports whether the place and the edges that q draws are numbers that
// rows can be compared with; when they are not, no row fits.
func (q *Query) sound() bool {
	return q.Center.Valid() && !math.IsNaN(q.RadiusM) && (q.After == nil || !math.IsNaN(q.After.DistanceM))
}

// judge tells whether the rows in a box belong to the disc.
func (d *disc) judge(b *box) verdict {
	near, far := b.near2(d.at), b.far2(d.at)
	switch {
	case near > d.farthest || far < d.nearest:
		return outside
	case near >= d.surelyPast && far < d.surelyIn:
		return inside
	}
	return partly
}

// verdict is where the rows of a box lie with regard to an area.
type verdict uint8

const (
	outside verdict = iota // none is in it
	partly                 // some may be
	inside                 // all are
)

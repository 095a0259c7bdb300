package nearby

import (
	"math"

	"nearby/internal/geo"
)

// unit is the length of the Earth's radius in the whole numbers that positions
// are kept in: one step is 2⁻³⁰ of the radius, 6 mm.
const unit = 1 << 30

// slack is how far, in steps, a chord between rounded positions is allowed to
// be from where it should be before a row is left out; see the package comment.
const slack = 4

// farthest is more than any squared chord.
const farthest = math.MaxUint64

// vector is a point of the sphere as a position in space: x towards latitude
// and longitude 0, y towards longitude 90, z towards the North Pole.
type vector struct{ x, y, z int32 }

func vectorOf(p geo.Point) vector {
	sinLat, cosLat := math.Sincos(p.Lat * math.Pi / 180)
	sinLng, cosLng := math.Sincos(p.Lng * math.Pi / 180)
	return vector{round(cosLat * cosLng), round(cosLat * sinLng), round(sinLat)}
}

func round(v float64) int32 { return int32(math.Round(v * unit)) }

// chord2 is the squared length of the straight line between two positions,
// exactly. It is at most (2 * unit)², 2⁶², and a little.
func (v vector) chord2(w vector) uint64 {
	dx, dy, dz := int64(v.x)-int64(w.x), int64(v.y)-int64(w.y), int64(v.z)-int64(w.z)
	return uint64(dx*dx) + uint64(dy*dy) + uint64(dz*dz)
}

// chordOf is the chord, in steps, under a way of the given metres over the
// sphere. Ways of half the Earth's girth and more have the longest chord, and
// negative ones none.
func chordOf(metres float64) float64 {
	half := max(0, min(math.Pi/2, metres/(2*geo.EarthRadius)))
	return 2 * unit * math.Sin(half)
}

// square is the square of a chord, rounded to a whole number; 0 for a negative
// one.
func square(chord float64) uint64 {
	if chord <= 0 {
		return 0
	}
	return uint64(chord * chord)
}

// box is a box in space around positions, its faces included.
type box struct{ low, high vector }

// with is the smallest box around both.
func (b box) with(c box) box {
	return box{
		vector{min(b.low.x, c.low.x), min(b.low.y, c.low.y), min(b.low.z, c.low.z)},
		vector{max(b.high.x, c.high.x), max(b.high.y, c.high.y), max(b.high.z, c.high.z)},
	}
}

// near2 is the squared distance from v to the nearest spot of the box: no
// position in the box is nearer.
func (b *box) near2(v vector) uint64 {
	dx := max(int64(b.low.x)-int64(v.x), 0, int64(v.x)-int64(b.high.x))
	dy := max(int64(b.low.y)-int64(v.y), 0, int64(v.y)-int64(b.high.y))
	dz := max(int64(b.low.z)-int64(v.z), 0, int64(v.z)-int64(b.high.z))
	return uint64(dx*dx) + uint64(dy*dy) + uint64(dz*dz)
}

// far2 is the squared distance from v to the farthest corner of the box: no
// position in the box is farther. A corner may lie off the sphere, and three
// squares of 2³¹ still fit 64 bits without a sign.
func (b *box) far2(v vector) uint64 {
	dx := max(int64(b.high.x)-int64(v.x), int64(v.x)-int64(b.low.x))
	dy := max(int64(b.high.y)-int64(v.y), int64(v.y)-int64(b.low.y))
	dz := max(int64(b.high.z)-int64(v.z), int64(v.z)-int64(b.low.z))
	return uint64(dx*dx) + uint64(dy*dy) + uint64(dz*dz)
}

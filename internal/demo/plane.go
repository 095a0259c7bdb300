package demo

import (
	"math"

	"nearby/internal/geo"
)

// The town is drawn on a plane of width by height units, x to the east and y
// to the south, and then laid onto the globe around its centre.
const (
	width, height = 1200.0, 1000.0
	unit          = 1000.0 / 420 // metres
	metresADegree = 111195.0     // of latitude, on the sphere geo measures on
)

// xy is a place on the plane.
type xy struct{ x, y float64 }

func (a xy) plus(b xy) xy          { return xy{a.x + b.x, a.y + b.y} }
func (a xy) minus(b xy) xy         { return xy{a.x - b.x, a.y - b.y} }
func (a xy) times(k float64) xy    { return xy{a.x * k, a.y * k} }
func (a xy) cross(b xy) float64    { return a.x*b.y - a.y*b.x }
func (a xy) dot(b xy) float64      { return a.x*b.x + a.y*b.y }
func (a xy) to(b xy) float64       { return math.Hypot(b.x-a.x, b.y-a.y) }
func (a xy) unit() xy              { return a.times(1 / math.Hypot(a.x, a.y)) }
func (a xy) onTheMap() bool        { return a.x >= 0 && a.x <= width && a.y >= 0 && a.y <= height }
func (a xy) inside(m float64) bool { return a.x > m && a.x < width-m && a.y > m && a.y < height-m }

// point lays a place onto the globe, to about 0.1 m.
func (a xy) point() geo.Point {
	lat := centre.Lat - (a.y-height/2)*unit/metresADegree
	lng := centre.Lng + (a.x-width/2)*unit/(metresADegree*math.Cos(centre.Lat*math.Pi/180))
	return geo.Point{Lat: rounded(lat, 1e6), Lng: rounded(lng, 1e6)}
}

func points(line []xy) []geo.Point {
	out := make([]geo.Point, len(line))
	for i, a := range line {
		out[i] = a.point()
	}
	return out
}

func rounded(v, steps float64) float64 { return math.Round(v*steps) / steps }

// lineLength is the length of a line in units.
func lineLength(line []xy) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += line[i-1].to(line[i])
	}
	return sum
}

// along is the place at a distance from the start of a line, and the direction
// the line has there.
func along(line []xy, distance float64) (at, direction xy) {
	for i := 1; i < len(line); i++ {
		step := line[i-1].to(line[i])
		if distance <= step || i == len(line)-1 {
			direction = line[i].minus(line[i-1]).unit()
			return line[i-1].plus(direction.times(min(distance, step))), direction
		}
		distance -= step
	}
	return line[0], xy{1, 0}
}

// distanceToLine is how far a place is from a line, in units.
func distanceToLine(p xy, line []xy) float64 {
	best := math.Inf(1)
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		ab := b.minus(a)
		t := max(0, min(1, p.minus(a).dot(ab)/ab.dot(ab)))
		best = min(best, p.to(a.plus(ab.times(t))))
	}
	return best
}

// within tells whether a place lies in a ring.
func within(p xy, ring []xy) bool {
	in := false
	for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
		a, b := ring[i], ring[j]
		if (a.y > p.y) != (b.y > p.y) && p.x < (b.x-a.x)*(p.y-a.y)/(b.y-a.y)+a.x {
			in = !in
		}
	}
	return in
}

// smooth draws a curve through the places (a Catmull-Rom spline), as a line of
// short pieces.
func smooth(through []xy) []xy {
	const pieces = 8
	at := func(i int) xy { return through[max(0, min(len(through)-1, i))] }
	out := []xy{through[0]}
	for i := range len(through) - 1 {
		p0, p1, p2, p3 := at(i-1), at(i), at(i+1), at(i+2)
		for k := 1; k <= pieces; k++ {
			t := float64(k) / pieces
			a := p1.times(2)
			b := p2.minus(p0).times(t)
			c := p0.times(2).minus(p1.times(5)).plus(p2.times(4)).minus(p3).times(t * t)
			d := p1.times(3).minus(p0).minus(p2.times(3)).plus(p3).times(t * t * t)
			q := a.plus(b).plus(c).plus(d).times(0.5)
			out = append(out, xy{rounded(q.x, 10), rounded(q.y, 10)})
		}
	}
	return out
}

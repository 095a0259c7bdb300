package demo

import (
	"math"
	"math/rand/v2"
	"slices"
)

// frame is the area that is divided into blocks; it reaches beyond the map so
// that blocks are cut by the map's edge and not by ours.
var frame = []xy{{-60, -60}, {width + 60, -60}, {width + 60, height + 60}, {-60, height + 60}}

// blocks divides the frame into n blocks of about the same size: the Voronoi
// cells of scattered places, evened out three times (Lloyd's relaxation).
func blocks(random *rand.Rand, n int) [][]xy {
	sites := make([]xy, n)
	for i := range sites {
		sites[i] = xy{random.Float64()*(width+100) - 50, random.Float64()*(height+100) - 50}
	}
	cells := voronoi(sites)
	for range 3 {
		for i, cell := range cells {
			sites[i] = centroid(cell)
		}
		cells = voronoi(sites)
	}
	return cells
}

// voronoi cuts the cell of each site out of the frame.
func voronoi(sites []xy) [][]xy {
	cells := make([][]xy, len(sites))
	for i, site := range sites {
		// Only sites within twice the cell's own reach can cut it, and most
		// cells are small: look near first, and further only when one is not.
		for reach := 160.0; ; reach *= 2 {
			cells[i] = cut(site, sites, reach)
			if widest := 2 * farthest(site, cells[i]); widest <= reach || reach > width+height {
				break
			}
		}
	}
	return cells
}

// cut is the part of the frame that is nearer to site than to any other of
// the sites within reach.
func cut(site xy, sites []xy, reach float64) []xy {
	cell := slices.Clone(frame)
	for _, other := range sites {
		if d := site.to(other); d > 0 && d <= reach {
			cell = clip(cell, site, other)
		}
	}
	for i, corner := range cell {
		cell[i] = xy{rounded(corner.x, 1000), rounded(corner.y, 1000)}
	}
	return cell
}

func farthest(from xy, ring []xy) float64 {
	far := 0.0
	for _, corner := range ring {
		far = max(far, from.to(corner))
	}
	return far
}

// clip keeps the part of a ring that is nearer to site than to other.
func clip(ring []xy, site, other xy) []xy {
	middle, normal := site.plus(other).times(0.5), other.minus(site)
	side := func(p xy) float64 { return p.minus(middle).dot(normal) }
	var kept []xy
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		sa, sb := side(a), side(b)
		if sa <= 0 {
			kept = append(kept, a)
		}
		if (sa < 0 && sb > 0) || (sa > 0 && sb < 0) {
			kept = append(kept, a.plus(b.minus(a).times(sa/(sa-sb))))
		}
	}
	return kept
}

func centroid(ring []xy) xy {
	var sum xy
	area := 0.0
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		w := a.cross(b)
		area += w
		sum = sum.plus(a.plus(b).times(w))
	}
	return sum.times(1 / (3 * area))
}

// inset moves every side of a ring inwards by d, leaving room for the street.
// Sides too short to survive are dropped; the result may be empty.
func inset(ring []xy, d float64) []xy {
	type side struct{ at, along xy }
	middle := centroid(ring)
	var sides []side
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if a.to(b) < 5 {
			continue
		}
		normal := xy{b.y - a.y, a.x - b.x}.unit()
		if middle.minus(a).dot(normal) < 0 {
			normal = normal.times(-1)
		}
		sides = append(sides, side{a.plus(normal.times(d)), b.minus(a)})
	}
	var out []xy
	for i, s := range sides {
		next := sides[(i+1)%len(sides)]
		turn := s.along.cross(next.along)
		if math.Abs(turn) < 1e-6 {
			continue
		}
		k := next.at.minus(s.at).cross(next.along) / turn
		out = append(out, s.at.plus(s.along.times(k)))
	}
	if len(out) < 3 {
		return nil
	}
	return out
}

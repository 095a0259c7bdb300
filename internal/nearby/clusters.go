package nearby

import (
	"cmp"
	"math"
	"slices"

	"nearby/internal/geo"
)

// Cluster is the rows of a map view that lie in one cell.
type Cluster struct {
	Cell     geo.Cell
	Count    int
	Lat, Lng float64  // the middle of the rows, in degrees
	IDs      []string // all of them, ascending, when there are at most three
}

const (
	clustersAtMost = 2000
	idsAtMost      = 3
)

// Clusters counts the rows of the box that q asks for by their cell (the ancestor
// of their resolution-15 cell, see geo.Cell.Parent) of the
// given resolution, ascending by cell; when that makes more than 2,000, of the
// finest coarser resolution that does not. The resolution used is returned. The
// box must come from geo.NewBox. q.Limit, q.After and, unless q.RadiusM is set,
// q.Center do not matter.
func (x *Index) Clusters(view geo.Box, resolution int, q Query) ([]Cluster, int) {
	resolution = max(0, min(geo.MaxResolution, resolution))
	if q.RadiusM > 0 && !q.sound() || math.IsNaN(q.RadiusM) {
		return nil, resolution
	}
	q.After = nil
	c := clustering{view: viewOf(view), resolution: resolution}
	if q.RadiusM > 0 {
		d := discOf(&q)
		c.disc = &d
	}
	var f filter
	for _, l := range x.now.Load().parts {
		if f.prepare(&q, l.part); !f.nothing {
			c.add(l, &f)
		}
	}
	c.groups = c.gathered(c.groups)
	for len(c.groups) > clustersAtMost && c.resolution > 0 {
		c.resolution--
		c.groups = c.gathered(c.groups)
	}
	clusters := make([]Cluster, len(c.groups))
	for i, g := range c.groups {
		clusters[i] = g.cluster()
	}
	return clusters, c.resolution
}

// clustering is the state of one call.
type clustering struct {
	view       view
	disc       *disc // nil for none
	resolution int
	groups     []group
}

// group is what is known of the rows of one cell. The sums of whole numbers do
// not depend on the order of the rows.
type group struct {
	cell    geo.Cell
	count   int
	x, y, z int64 // sum of the positions
	ids     [idsAtMost]string
}

// add takes in the rows of a part. They come in the order of their cells, so
// those of one cell follow each other.
func (c *clustering) add(l live, f *filter) {
	p := l.part
	start := len(c.groups)
	p.walk(0, f, c.judge, func(first, last uint32, _ verdict) {
		for row := first; row < last; row++ {
			if l.dead.has(row) || !c.view.box.Contains(p.points[row]) || !f.fits(p, row) ||
				c.disc != nil && !c.disc.holds(p, row, p.at[row].chord2(c.disc.at)) {
				continue
			}
			cell, v := p.cells[row].Parent(c.resolution), p.at[row]
			one := group{cell: cell, count: 1, x: int64(v.x), y: int64(v.y), z: int64(v.z), ids: [idsAtMost]string{p.ids.of(row)}}
			if end := len(c.groups) - 1; end >= start && c.groups[end].cell == cell {
				c.groups[end].join(&one)
				continue
			}
			if len(c.groups)-start > clustersAtMost && c.resolution > 0 {
				// Too many already, so the result will be coarser; this
				// row's group is gathered with the rest later.
				c.resolution--
				c.groups = append(c.groups[:start], c.gathered(c.groups[start:])...)
			}
			c.groups = append(c.groups, one)
		}
	})
}

func (c *clustering) judge(b *box) verdict {
	if c.disc != nil && c.disc.judge(b) == outside || c.view.misses(b) {
		return outside
	}
	return partly
}

// gathered joins groups that are in one cell of the present resolution.
func (c *clustering) gathered(groups []group) []group {
	for i := range groups {
		groups[i].cell = groups[i].cell.Parent(c.resolution)
	}
	slices.SortStableFunc(groups, func(a, b group) int { return cmp.Compare(a.cell, b.cell) })
	joined := groups[:0]
	for _, g := range groups {
		if end := len(joined) - 1; end >= 0 && joined[end].cell == g.cell {
			joined[end].join(&g)
		} else {
			joined = append(joined, g)
		}
	}
	return joined
}

// join adds the rows of o to g.
func (g *group) join(o *group) {
	for i := 0; i < o.count && g.count+i < idsAtMost; i++ {
		g.ids[g.count+i] = o.ids[i]
	}
	g.count += o.count
	g.x, g.y, g.z = g.x+o.x, g.y+o.y, g.z+o.z
}

// cluster is g for the outside. The middle is the direction of the sum of the
// positions, which is as good at the poles and the antimeridian as anywhere.
func (g *group) cluster() Cluster {
	x, y, z := float64(g.x), float64(g.y), float64(g.z)
	c := Cluster{Cell: g.cell, Count: g.count}
	c.Lat = math.Atan2(z, math.Hypot(x, y)) * 180 / math.Pi
	if c.Lng = math.Atan2(y, x) * 180 / math.Pi; c.Lng >= 180 {
		c.Lng = -180
	}
	if g.count <= idsAtMost {
		c.IDs = slices.Clone(g.ids[:g.count])
		slices.Sort(c.IDs)
	}
	return c
}

// view is a box of the map, prepared to tell which boxes in space miss it.
type view struct {
	box          geo.Box
	low, high    float64 // z of its southern and northern edge
	whole, broad bool    // all the way round; more than half way round
	west, east   direction
}

// direction is a meridian as it is seen from the pole.
type direction struct{ x, y float64 }

func viewOf(b geo.Box) view {
	z := func(lat float64) float64 { return unit * math.Sin(lat*math.Pi/180) }
	towards := func(lng float64) direction {
		sin, cos := math.Sincos(lng * math.Pi / 180)
		return direction{cos, sin}
	}
	return view{
		box: b, low: z(b.South) - slack, high: z(b.North) + slack,
		whole: b.Width() >= 360, broad: b.Width() > 180,
		west: towards(b.West), east: towards(b.East),
	}
}

// misses reports whether surely no row in the box in space is in the view.
func (v *view) misses(b *box) bool {
	if float64(b.high.z) < v.low || float64(b.low.z) > v.high {
		return true
	}
	if v.whole {
		return false
	}
	_, most := v.west.eastward(b)
	least, _ := v.east.eastward(b)
	westOfWest, eastOfEast := most < -slack, least > slack
	if v.broad {
		return westOfWest && eastOfEast
	}
	return westOfWest || eastOfEast
}

// eastward is how far, in steps, a box in space reaches over the plane of the
// meridian to the east, at least and at most.
func (d direction) eastward(b *box) (least, most float64) {
	y0, y1 := d.x*float64(b.low.y), d.x*float64(b.high.y)
	x0, x1 := d.y*float64(b.low.x), d.y*float64(b.high.x)
	return min(y0, y1) - max(x0, x1), max(y0, y1) - min(x0, x1)
}

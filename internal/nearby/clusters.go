package nearby

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"nearby/internal/geo"
)

// Cluster is the rows of a map view that lie in one cell.
type Cluster struct {
	Cell     geo.Cell
	Count    int
	Lat, Lng float64 // the middle of the rows, in degrees
	Few      []Hit   // all of them by id, when there are at most three
}

const (
	clustersAtMost = 2000
	fewAtMost      = 3
)

// Clusters counts the rows of the box that q asks for by their cell (the ancestor
// of their resolution-15 cell, see geo.Cell.Parent) of the
// given resolution, ascending by cell; when that makes more than 2,000, of the
// finest coarser resolution that does not. The resolution used is returned. The
// box must come from geo.NewBox. q.Limit, q.After and, unless q.RadiusM or
// q.Delivers is set, q.Center do not matter.
func (x *Index) Clusters(view geo.Box, resolution int, q Query) ([]Cluster, int) {
	resolution = max(0, min(geo.MaxResolution, resolution))
	if (q.RadiusM > 0 || q.Delivers) && !q.sound() || math.IsNaN(q.RadiusM) {
		return nil, resolution
	}
	q.After = nil
	c := clusterings.Get().(*clustering)
	defer c.release()
	*c = clustering{view: viewOf(view), resolution: resolution, parts: x.now.Load().parts, groups: c.groups[:0]}
	q.bound(c.parts)
	from := geo.From(q.Center)
	if q.RadiusM > 0 {
		d := discOf(&q)
		c.disc = &d
	}
	var f filter
	for i, l := range c.parts {
		if f.prepare(&q, &from, l.part); !f.nothing {
			c.start = len(c.groups)
			c.add(uint32(i), &f, 0)
		}
	}
	c.groups = c.gathered(c.groups)
	for len(c.groups) > clustersAtMost && c.resolution > 0 {
		c.resolution--
		c.groups = c.gathered(c.groups)
	}
	few := 0
	for i := range c.groups {
		if n := c.groups[i].count; n <= fewAtMost {
			few += n
		}
	}
	clusters, hits := make([]Cluster, len(c.groups)), make([]Hit, 0, few)
	for i := range c.groups {
		clusters[i], hits = c.cluster(&c.groups[i], hits)
	}
	return clusters, c.resolution
}

// clustering is the state of one call. They are kept for reuse: room for the
// groups costs as much as counting them.
type clustering struct {
	view       view
	disc       *disc // nil for none
	resolution int
	parts      []live
	groups     []group
	start      int // of the groups of the part being read
}

var clusterings = sync.Pool{New: func() any { return new(clustering) }}

// release gives the memory back, without holding on to parts.
func (c *clustering) release() {
	c.parts, c.disc = nil, nil
	clusterings.Put(c)
}

// group is what is known of the rows of one cell.
type group struct {
	cell  geo.Cell
	count int
	sum   sum
	rows  [fewAtMost]ref // the first ones
}

// ref is a row of a part.
type ref struct{ part, row uint32 }

// add takes in the rows below a node. They come in the order of their cells, so
// those of one cell follow each other.
func (c *clustering) add(part uint32, f *filter, at uint32) {
	l := &c.parts[part]
	p, n := l.part, &l.part.nodes[at]
	if !f.passes(n) {
		return
	}
	v := c.judge(&n.box)
	if v == outside {
		return
	}
	if v == inside && f.plain && n.last-n.first > fewAtMost && l.dead.count(n.first, n.last) == 0 {
		if cell := p.cells[n.first].Parent(c.resolution); cell == p.cells[n.last-1].Parent(c.resolution) {
			c.join(&group{cell: cell, count: int(n.last - n.first), sum: p.sums[at]})
			return
		}
	}
	if n.children > 0 {
		for child := n.child; child < n.child+n.children; child++ {
			c.add(part, f, child)
		}
		return
	}
	all := v == inside && f.plain && l.dead.count(n.first, n.last) == 0 // no row need be asked
	for row := n.first; row < n.last; {
		g := group{cell: p.cells[row].Parent(c.resolution)}
		end := g.cell.Last()
		for ; all && row < n.last && p.cells[row] <= end; row++ {
			if g.count < fewAtMost {
				g.rows[g.count] = ref{part, row}
			}
			g.count++
			g.sum.add(p.at[row])
		}
		for ; !all && row < n.last && p.cells[row] <= end; row++ {
			if l.dead.has(row) || !f.fits(p, row) || v != inside && !c.holds(p, row) {
				continue
			}
			if g.count < fewAtMost {
				g.rows[g.count] = ref{part, row}
			}
			g.count++
			g.sum.add(p.at[row])
		}
		if g.count > 0 {
			c.join(&g)
		}
	}
}

func (c *clustering) holds(p *part, row uint32) bool {
	return c.view.box.Contains(p.point(row)) && (c.disc == nil || c.disc.holds(p, row, p.at[row].chord2(c.disc.at)))
}

// join adds a group to the last one, if that is of the same cell and part.
func (c *clustering) join(g *group) {
	if end := len(c.groups) - 1; end >= c.start && c.groups[end].cell == g.cell {
		c.groups[end].join(g)
		return
	}
	if len(c.groups)-c.start > clustersAtMost && c.resolution > 0 {
		// Too many already, so the result will be coarser; this group is
		// gathered with the rest later.
		c.resolution--
		c.groups = append(c.groups[:c.start], c.gathered(c.groups[c.start:])...)
	}
	c.groups = append(c.groups, *g)
}

func (c *clustering) judge(b *box) verdict {
	v := c.view.judge(b)
	if v == outside || c.disc == nil {
		return v
	}
	return min(v, c.disc.judge(b))
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
	for i := 0; i < o.count && g.count+i < fewAtMost; i++ {
		g.rows[g.count+i] = o.rows[i]
	}
	g.count += o.count
	g.sum = sum{g.sum.x + o.sum.x, g.sum.y + o.sum.y, g.sum.z + o.sum.z}
}

// cluster is g for the outside. The middle is the direction of the sum of the
// positions, which is as good at the poles and the antimeridian as anywhere.
// Few is taken from the room of few.
func (c *clustering) cluster(g *group, few []Hit) (Cluster, []Hit) {
	x, y, z := float64(g.sum.x), float64(g.sum.y), float64(g.sum.z)
	made := Cluster{Cell: g.cell, Count: g.count}
	made.Lat = math.Atan2(z, math.Hypot(x, y)) * 180 / math.Pi
	if made.Lng = math.Atan2(y, x) * 180 / math.Pi; made.Lng >= 180 {
		made.Lng = -180
	}
	if g.count <= fewAtMost {
		start := len(few)
		for _, r := range g.rows[:g.count] {
			few = append(few, c.parts[r.part].part.hit(r.row))
		}
		made.Few = few[start:len(few):len(few)]
		slices.SortFunc(made.Few, func(a, b Hit) int { return a.ID.compare(&b.ID) })
	}
	return made, few
}

// view is a box of the map, prepared to judge boxes in space.
type view struct {
	box          geo.Box
	low, high    float64 // z of its southern and northern edge
	whole, broad bool    // all the way round; more than half way round
	west, east   direction
}

// direction is a meridian as it is seen from the pole.
type direction struct{ x, y float64 }

func viewOf(b geo.Box) view {
	z := func(lat float64) float64 {
		if math.Abs(lat) >= 90 { // no row is beyond a pole, however it is rounded
			return math.Copysign(2*unit, lat)
		}
		return unit * math.Sin(lat*math.Pi/180)
	}
	towards := func(lng float64) direction {
		sin, cos := math.Sincos(lng * math.Pi / 180)
		return direction{cos, sin}
	}
	return view{
		box: b, low: z(b.South), high: z(b.North),
		whole: b.Width() >= 360, broad: b.Width() > 180,
		west: towards(b.West), east: towards(b.East),
	}
}

// judge tells whether the rows in a box in space are in the view.
func (v *view) judge(b *box) verdict {
	low, high := float64(b.low.z), float64(b.high.z)
	if high < v.low-slack || low > v.high+slack {
		return outside
	}
	verdict := partly
	if low > v.low+slack && high < v.high-slack {
		verdict = inside
	}
	if v.whole {
		return verdict
	}
	leastWest, mostWest := v.west.eastward(b)
	leastEast, mostEast := v.east.eastward(b)
	// Past an edge means on the side of it that the view is on.
	pastWest, pastEast := leastWest > slack, mostEast < -slack
	shortOfWest, shortOfEast := mostWest < -slack, leastEast > slack
	if v.broad { // all but the wedge between the edges
		if shortOfWest && shortOfEast {
			return outside
		}
		if pastWest || pastEast {
			return verdict
		}
		return partly
	}
	if shortOfWest || shortOfEast {
		return outside
	}
	if pastWest && pastEast {
		return verdict
	}
	return partly
}

// eastward is how far, in steps, a box in space reaches over the plane of the
// meridian to the east, at least and at most.
func (d direction) eastward(b *box) (least, most float64) {
	y0, y1 := d.x*float64(b.low.y), d.x*float64(b.high.y)
	x0, x1 := d.y*float64(b.low.x), d.y*float64(b.high.x)
	return min(y0, y1) - max(x0, x1), max(y0, y1) - min(x0, x1)
}

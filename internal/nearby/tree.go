package nearby

import (
	"math/bits"
	"sort"

	"nearby/internal/geo"
)

// leafRows is how many rows a leaf of the tree holds at most, unless more share
// one cell of a metre.
const leafRows = 64

// node stands for an unbroken range of rows. It fills one cache line, and the
// children of a node stand side by side in the order of their rows.
type node struct {
	box               box    // around the positions of the rows
	first, last       uint32 // the rows from first up to but not including last
	child, children   uint32 // nodes[child : child+children]; no children: a leaf
	categories        uint64 // bit n%64 is set for every category n of a row
	newest            uint32 // the latest verification
	someHave, allHave Flags  // flags of at least one row, and of every row
	_                 [10]byte
}

// sum is the sum of the positions of a node's rows. Whole numbers do not depend
// on the order.
type sum struct{ x, y, z int64 }

// grow builds the trees over the rows of p: one over all, and one over the rows
// of each category, which finds a rare kind without passing by the others.
func (p *part) grow() {
	p.nodes = p.branches(nil, column{rows: uint32(p.len())})
	p.sums = make([]sum, len(p.nodes))
	for i := len(p.nodes) - 1; i >= 0; i-- { // children come after their parents
		p.sums[i] = p.sumOf(&p.nodes[i])
	}
	p.kindRoots = make([]uint32, len(p.kinds))
	start := uint32(0)
	for i, end := range p.byKind.ends {
		p.kindRoots[i] = uint32(len(p.kindNodes))
		p.kindNodes = p.branches(p.kindNodes, column{list: p.byKind.all, start: start, rows: end})
		start = end
	}
}

// column is what a tree stands on: rows start up to rows of a part, or of a list
// of rows in their order.
type column struct {
	list        []uint32 // nil for the rows themselves
	start, rows uint32
}

func (c *column) row(i uint32) uint32 {
	if c.list == nil {
		return i
	}
	return c.list[i]
}

// branches appends a tree to nodes. The rows are in the order of their cells,
// and a cell number is a base cell and fifteen digits, so the rows of a node are
// split by the first digit in which they differ: that is the H3 hierarchy
// without the cells that have only one child. Neighbouring children that are
// small together become one.
func (p *part) branches(nodes []node, c column) []node {
	root := len(nodes)
	nodes = append(nodes, node{first: c.start, last: c.rows})
	for i := root; i < len(nodes); i++ {
		first, last := nodes[i].first, nodes[i].last
		shift, ok := branch(p.cells[c.row(first)], p.cells[c.row(last-1)])
		if last-first <= leafRows || !ok {
			continue
		}
		child := len(nodes)
		for first < last {
			end := p.nextBranch(&c, first, last, shift)
			if n := len(nodes); n > child && end-nodes[n-1].first <= leafRows {
				nodes[n-1].last = end
			} else {
				nodes = append(nodes, node{first: first, last: end})
			}
			first = end
		}
		nodes[i].child, nodes[i].children = uint32(child), uint32(len(nodes)-child)
	}
	for i := len(nodes) - 1; i >= root; i-- { // children come after their parents
		nodes[i].know(p, &c, nodes)
	}
	return nodes
}

// branch tells below which bit the first digit in which two cells differ
// begins; not ok when they are the same. The base cell, seven bits, is taken as
// two digits so that no node has more than sixteen children.
func branch(a, b geo.Cell) (shift int, ok bool) {
	const baseCell, digit = 45, 3
	top := bits.Len64(uint64(a^b)) - 1
	switch {
	case top < 0:
		return 0, false
	case top >= baseCell+4:
		return baseCell + 4, true
	case top >= baseCell:
		return baseCell, true
	}
	return top / digit * digit, true
}

// nextBranch is the end of the rows from first on that agree with it down to
// the digit that begins at shift.
func (p *part) nextBranch(c *column, first, last uint32, shift int) uint32 {
	next := (p.cells[c.row(first)]>>shift + 1) << shift
	return first + uint32(sort.Search(int(last-first), func(i int) bool { return p.cells[c.row(first+uint32(i))] >= next }))
}

// know fills in what the node knows about its rows.
func (n *node) know(p *part, c *column, nodes []node) {
	n.allHave = ^Flags(0)
	if n.children == 0 {
		at := p.at[c.row(n.first)]
		n.box = box{at, at}
		for i := n.first; i < n.last; i++ {
			row := c.row(i)
			n.box = n.box.with(box{p.at[row], p.at[row]})
			n.categories |= 1 << (p.categories[row] % 64)
			n.someHave |= p.flags[row]
			n.allHave &= p.flags[row]
			n.newest = max(n.newest, p.verified[row])
		}
		return
	}
	below := nodes[n.child : n.child+n.children]
	n.box = below[0].box
	for i := range below {
		b := &below[i]
		n.box = n.box.with(b.box)
		n.categories |= b.categories
		n.someHave |= b.someHave
		n.allHave &= b.allHave
		n.newest = max(n.newest, b.newest)
	}
}

func (p *part) sumOf(n *node) sum {
	var s sum
	if n.children == 0 {
		for _, v := range p.at[n.first:n.last] {
			s.add(v)
		}
	}
	for _, below := range p.sums[n.child : n.child+n.children] {
		s.x, s.y, s.z = s.x+below.x, s.y+below.y, s.z+below.z
	}
	return s
}

func (s *sum) add(v vector) { s.x, s.y, s.z = s.x+int64(v.x), s.y+int64(v.y), s.z+int64(v.z) }

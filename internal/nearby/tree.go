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
	someHave, allHave Flags  // flags of at least one row, and of every row
	newest            uint32 // the latest verification
	_                 uint32
}

// tree builds the tree over the rows of p, which are in the order of their
// cells. A cell number is a base cell and fifteen digits, so the rows of a node
// are split by the first digit in which they differ: that is the H3 hierarchy
// without the cells that have only one child. Neighbouring children that are
// small together become one.
func tree(p *part) []node {
	nodes := []node{{first: 0, last: uint32(p.len())}}
	for i := 0; i < len(nodes); i++ {
		first, last := nodes[i].first, nodes[i].last
		shift, ok := branch(p.cells[first], p.cells[last-1])
		if last-first <= leafRows || !ok {
			continue
		}
		child := len(nodes)
		for first < last {
			end := nextBranch(p.cells, first, last, shift)
			if n := len(nodes); n > child && end-nodes[n-1].first <= leafRows {
				nodes[n-1].last = end
			} else {
				nodes = append(nodes, node{first: first, last: end})
			}
			first = end
		}
		nodes[i].child, nodes[i].children = uint32(child), uint32(len(nodes)-child)
	}
	for i := len(nodes) - 1; i >= 0; i-- { // children come after their parents
		nodes[i].sum(p, nodes)
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
func nextBranch(cells []geo.Cell, first, last uint32, shift int) uint32 {
	next := (cells[first]>>shift + 1) << shift
	return first + uint32(sort.Search(int(last-first), func(i int) bool { return cells[first+uint32(i)] >= next }))
}

// sum fills in what the node knows about its rows.
func (n *node) sum(p *part, nodes []node) {
	if n.children == 0 {
		n.box = boxOf(p.at[n.first:n.last])
		n.allHave = ^Flags(0)
		for row := n.first; row < n.last; row++ {
			n.categories |= 1 << (p.categories[row] % 64)
			n.someHave |= p.flags[row]
			n.allHave &= p.flags[row]
			n.newest = max(n.newest, p.verified[row])
		}
		return
	}
	below := nodes[n.child : n.child+n.children]
	n.box, n.allHave = below[0].box, ^Flags(0)
	for i := range below {
		c := &below[i]
		n.box = n.box.with(c.box)
		n.categories |= c.categories
		n.someHave |= c.someHave
		n.allHave &= c.allHave
		n.newest = max(n.newest, c.newest)
	}
}

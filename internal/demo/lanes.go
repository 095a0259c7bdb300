package demo

import (
	"cmp"
	"slices"
)

// network is the gaps between blocks as corners and the pieces between them.
type network struct {
	corners []xy
	pieces  []piece
	ends    map[int][]int // corner -> corners a piece leads to
	walked  map[piece]bool
}

// piece joins two corners, the lower one first.
type piece struct{ a, b int }

func newPiece(a, b int) piece { return piece{min(a, b), max(a, b)} }

// lanes finds the side streets of a town: the gaps between its blocks, joined
// end to end wherever one runs nearly straight on into the next. usable tells
// which pieces may be built along. The longest lane comes first.
func lanes(cells [][]xy, usable func(a, b xy) bool) [][]xy {
	net := newNetwork(cells, usable)
	var found [][]xy
	for _, p := range net.pieces {
		if net.walked[p] {
			continue
		}
		net.walked[p] = true
		line := net.follow(p.b, p.a)
		slices.Reverse(line)
		line = append(line, net.corners[p.a], net.corners[p.b])
		found = append(found, append(line, net.follow(p.a, p.b)...))
	}
	slices.SortStableFunc(found, func(a, b []xy) int { return cmp.Compare(lineLength(b), lineLength(a)) })
	return found
}

func newNetwork(cells [][]xy, usable func(a, b xy) bool) *network {
	net := &network{ends: map[int][]int{}, walked: map[piece]bool{}}
	known := map[xy]int{}
	corner := func(p xy) int {
		// Neighbouring cells compute a shared corner each on their own.
		key := xy{rounded(p.x, 1), rounded(p.y, 1)}
		if i, ok := known[key]; ok {
			return i
		}
		known[key] = len(net.corners)
		net.corners = append(net.corners, key)
		return known[key]
	}
	seen := map[piece]bool{}
	for _, cell := range cells {
		for i, from := range cell {
			to := cell[(i+1)%len(cell)]
			p := newPiece(corner(from), corner(to))
			if p.a == p.b || seen[p] || !usable(from, to) {
				continue
			}
			seen[p] = true
			net.pieces = append(net.pieces, p)
			net.ends[p.a] = append(net.ends[p.a], p.b)
			net.ends[p.b] = append(net.ends[p.b], p.a)
		}
	}
	return net
}

// follow walks on from a corner that was reached from another one, always
// along the piece nobody has walked yet that turns least, while that neither
// turns sharply nor leads back, and the lane does not get too long. It returns
// the corners after "at".
func (net *network) follow(from, at int) []xy {
	const (
		sharp   = 0.35 // cosine of the sharpest turn
		back    = 0.25 // cosine of the widest swerve from where the walk set out to
		longest = 110  // units, a lane has two such halves
	)
	var line []xy
	heading, length := net.corners[at].minus(net.corners[from]).unit(), 0.0
	for length < longest {
		ahead := net.corners[at].minus(net.corners[from]).unit()
		best, next := sharp, -1
		for _, end := range net.ends[at] {
			way := net.corners[end].minus(net.corners[at]).unit()
			if net.walked[newPiece(at, end)] || way.dot(heading) < back {
				continue
			}
			if turn := ahead.dot(way); turn > best {
				best, next = turn, end
			}
		}
		if next < 0 {
			break
		}
		net.walked[newPiece(at, next)] = true
		line = append(line, net.corners[next])
		length += net.corners[at].to(net.corners[next])
		from, at = at, next
	}
	return line
}

package nearby

import "math/bits"

// dead says which rows of a part have been replaced or removed. It is never
// changed: with makes a new one, which shares all pages that stay the same.
// The nil pointer is "none".
type dead struct {
	pages []*page
}

const pageRows = 4096

type page [pageRows / 64]uint64

func (d *dead) has(row uint32) bool {
	if d == nil {
		return false
	}
	p := d.pages[row/pageRows]
	return p != nil && p[row%pageRows/64]&(1<<(row%64)) != 0
}

// with is d and the given rows; size is the number of rows in the part.
func (d *dead) with(rows []uint32, size int) *dead {
	if len(rows) == 0 {
		return d
	}
	next := &dead{pages: make([]*page, (size+pageRows-1)/pageRows)}
	if d != nil {
		copy(next.pages, d.pages)
	}
	own := map[uint32]bool{} // pages already copied
	for _, row := range rows {
		n := row / pageRows
		if !own[n] {
			fresh := new(page)
			if next.pages[n] != nil {
				*fresh = *next.pages[n]
			}
			next.pages[n], own[n] = fresh, true
		}
		next.pages[n][row%pageRows/64] |= 1 << (row % 64)
	}
	return next
}

// count is how many of the rows from first up to but not including last are
// dead.
func (d *dead) count(first, last uint32) int {
	if d == nil {
		return 0
	}
	n := 0
	for first < last {
		end := min(last, (first/pageRows+1)*pageRows)
		if p := d.pages[first/pageRows]; p != nil {
			n += p.count(first%pageRows, end-first/pageRows*pageRows)
		}
		first = end
	}
	return n
}

func (p *page) count(first, last uint32) int {
	n := 0
	for w := first / 64; w*64 < last; w++ {
		word := p[w]
		if w*64 < first {
			word &= ^uint64(0) << (first % 64)
		}
		if last-w*64 < 64 {
			word &= 1<<(last%64) - 1
		}
		n += bits.OnesCount64(word)
	}
	return n
}

package nearby

// Count is how many rows q asks for, whatever its Limit and After.
func (x *Index) Count(q Query) int {
	n := 0
	x.each(q, &n, func(*part, uint32) { n++ })
	return n
}

// each calls do with every row that q asks for, whatever its Limit and After, in
// no order. With a counter, rows of which nothing need be known are added to it
// instead.
func (x *Index) each(q Query, counter *int, do func(p *part, row uint32)) {
	if !q.sound() {
		return
	}
	parts := x.now.Load().parts
	q.After = nil
	q.bound(parts)
	d := discOf(&q)
	var f filter
	for _, l := range parts {
		p := l.part
		if f.prepare(&q, &d.from, p); f.nothing {
			continue
		}
		if counter != nil && f.plain && l.dead == nil {
			*counter += p.inDisc(&d, 0)
			continue
		}
		look := func(row uint32) {
			if !l.dead.has(row) && d.holds(p, row, p.at[row].chord2(d.at)) && f.fits(p, row) {
				do(p, row)
			}
		}
		list, _ := f.shortest(p)
		if list.how != unlisted && list.size < p.len()/16 {
			list.rows(p, &f, look)
			continue
		}
		p.walk(0, &f, d.judge, func(first, last uint32, v verdict) {
			if counter != nil && v == inside && f.plain {
				*counter += int(last-first) - l.dead.count(first, last)
				return
			}
			for row := first; row < last; row++ {
				look(row)
			}
		})
	}
}

// inDisc is how many rows below a node the disc holds.
func (p *part) inDisc(d *disc, at uint32) int {
	n := &p.nodes[at]
	switch d.judge(&n.box) {
	case outside:
		return 0
	case inside:
		return int(n.last - n.first)
	}
	sum := 0
	if n.children > 0 {
		for child := n.child; child < n.child+n.children; child++ {
			sum += p.inDisc(d, child)
		}
		return sum
	}
	for i, v := range p.at[n.first:n.last] {
		if chord2 := v.chord2(d.at); chord2 < d.surelyIn || chord2 <= d.farthest && d.holds(p, n.first+uint32(i), chord2) {
			sum++
		}
	}
	return sum
}

// walk calls do with ranges of rows, ascending, that hold every row which fits
// and lies in the area that judge knows; each with where it lies. A range that
// is inside, or a leaf, is not divided further.
func (p *part) walk(at uint32, f *filter, judge func(*box) verdict, do func(first, last uint32, v verdict)) {
	n := &p.nodes[at]
	if !f.passes(n) {
		return
	}
	v := judge(&n.box)
	switch {
	case v == outside:
	case n.children == 0 || v == inside && f.plain:
		do(n.first, n.last, v)
	default:
		for child := n.child; child < n.child+n.children; child++ {
			p.walk(child, f, judge, do)
		}
	}
}

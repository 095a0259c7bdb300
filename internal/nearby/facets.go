package nearby

import "time"

// Facets is how the rows that a query asks for divide.
type Facets struct {
	Total      int
	Categories map[uint16]int
	Flags      map[Flags]int // of each single property that a row has
	OpenNow    int           // open at the instant that was given
}

// Facets counts the rows that q asks for, whatever its Limit and After, by what
// they could be narrowed to: exactly, each row being looked at. The instant at
// which to be open is that of q, or else now.
func (x *Index) Facets(q Query, now time.Time) Facets {
	f := Facets{Categories: map[uint16]int{}, Flags: map[Flags]int{}}
	at := q.OpenAt
	if at.IsZero() {
		at = now
	}
	x.each(q, nil, func(p *part, row uint32) {
		f.Total++
		f.Categories[p.categories[row]]++
		for left := p.flags[row]; left != 0; left &= left - 1 {
			f.Flags[left&-left]++
		}
		if s := p.timetable[p.schedules.of(row)]; s != nil && p.open.at(at, p.timetable).open(p.schedules.of(row)) {
			f.OpenNow++
		}
	})
	return f
}

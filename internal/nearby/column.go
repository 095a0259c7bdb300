package nearby

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"nearby/internal/geo"
)

// card says where exactly a row is and which it is: what is looked up last, of
// the few rows that made it, and therefore stands together.
type card struct {
	lat, lng int32    // in 10⁻⁷ degrees, or apart and a number in points
	id       [16]byte // a UUID, or aside and a number in texts
}

// cards is a column of places and ids. Nearly all data has seven decimals of a
// degree, which whole numbers keep exactly in half the memory, and all ids of
// the product are UUIDs; what is neither stands in full beside.
type cards struct {
	all    []card
	points []geo.Point
	texts  []string
}

const (
	steps = 1e7           // a degree
	apart = math.MinInt32 // no latitude is that
)

func (c *cards) add(p geo.Point, id ID) {
	lat, lng := math.Round(p.Lat*steps), math.Round(p.Lng*steps)
	row := card{int32(lat), int32(lng), id.uuid}
	if lat/steps != p.Lat || lng/steps != p.Lng {
		row.lat, row.lng = apart, int32(len(c.points))
		c.points = append(c.points, p)
	}
	if id.text != "" || id.uuid == [16]byte{} { // the empty text, too
		row.id = [16]byte{}
		binary.BigEndian.PutUint64(row.id[:], aside)
		binary.BigEndian.PutUint64(row.id[8:], uint64(len(c.texts)))
		c.texts = append(c.texts, id.text)
	}
	c.all = append(c.all, row)
}

// point is exactly the point that was added: a decimal number and the quotient
// of its digits by a power of ten are rounded to the same floating point.
func (c *cards) point(of *card) geo.Point {
	if of.lat == apart {
		return c.points[of.lng]
	}
	return geo.Point{Lat: float64(of.lat) / steps, Lng: float64(of.lng) / steps}
}

func (c *cards) id(of *card) ID {
	if binary.BigEndian.Uint64(of.id[:]) == aside {
		return ID{text: c.texts[binary.BigEndian.Uint64(of.id[8:])]}
	}
	return ID{uuid: of.id}
}

func (p *part) point(row uint32) geo.Point { return p.cards.point(&p.cards.all[row]) }
func (p *part) id(row uint32) ID           { return p.cards.id(&p.cards.all[row]) }

// numbers is a column of numbers that are small in all but strange data.
type numbers struct {
	short []uint16
	long  []uint32 // instead of short, once a number did not fit
}

func (c *numbers) add(n uint32) {
	if c.long == nil {
		if n <= math.MaxUint16 {
			c.short = append(c.short, uint16(n))
			return
		}
		c.long = make([]uint32, len(c.short), cap(c.short))
		for i, short := range c.short {
			c.long[i] = uint32(short)
		}
		c.short = nil
	}
	c.long = append(c.long, n)
}

// drop gives the memory back of a column that holds nothing but zeros.
func (c *numbers) drop() {
	if !slices.ContainsFunc(c.short, func(n uint16) bool { return n > 0 }) && c.long == nil {
		c.short = nil
	}
}

func (c *numbers) of(i uint32) uint32 {
	if c.short == nil && c.long == nil {
		return 0
	}
	if c.long != nil {
		return c.long[i]
	}
	return uint32(c.short[i])
}

// texts is a column of strings in one piece of memory.
type texts struct {
	all  string
	ends []uint32
}

func (t *texts) of(i uint32) string {
	start := uint32(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.all[start:t.ends[i]]
}

func (t *texts) len() int { return len(t.ends) }

// textsOf makes the column of the given strings.
func textsOf(list []string) texts {
	var b strings.Builder
	ends := make([]uint32, len(list))
	for i, s := range list {
		b.WriteString(s)
		ends[i] = uint32(b.Len())
	}
	return texts{all: b.String(), ends: ends}
}

// notes is a column of strings that may be large together: the rows of a sheet
// stand in one piece of memory.
type notes struct {
	sheets []string
	ends   []uint32 // in the row's sheet; nil when all notes are empty
	open   []byte   // the sheet that is being written
}

const sheetRows = 1 << 16

func (c *notes) add(note string) {
	if len(c.ends) > 0 && len(c.ends)%sheetRows == 0 {
		c.close()
	}
	c.open = append(c.open, note...)
	c.ends = append(c.ends, uint32(len(c.open)))
}

func (c *notes) close() {
	c.sheets = append(c.sheets, string(c.open))
	c.open = c.open[:0]
}

// finish ends the column.
func (c *notes) finish() {
	c.close()
	c.open = nil
	if slices.IndexFunc(c.sheets, func(sheet string) bool { return sheet != "" }) < 0 {
		c.sheets, c.ends = nil, nil
	}
}

func (c *notes) of(row uint32) string {
	if c.ends == nil {
		return ""
	}
	start := uint32(0)
	if row%sheetRows > 0 {
		start = c.ends[row-1]
	}
	return c.sheets[row/sheetRows][start:c.ends[row]]
}

// lists is a column of lists of numbers in one piece of memory.
type lists struct {
	all  []uint32
	ends []uint32
}

func (l *lists) of(i uint32) []uint32 {
	if l.ends == nil { // all are empty
		return nil
	}
	start := uint32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.all[start:l.ends[i]]
}

// turned makes, from lists of numbers below n, the lists of who holds each
// number.
func (l *lists) turned(n int) lists {
	t := lists{all: make([]uint32, len(l.all)), ends: make([]uint32, n)}
	for _, number := range l.all {
		t.ends[number]++
	}
	sum := uint32(0)
	for i, count := range t.ends {
		t.ends[i] = sum // where the list starts; filling it moves this to its end
		sum += count
	}
	for i := range uint32(len(l.ends)) {
		for _, number := range l.of(i) {
			t.all[t.ends[number]] = i
			t.ends[number]++
		}
	}
	return t
}

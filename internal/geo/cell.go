package geo

import (
	"database/sql/driver"
	"fmt"
	"strconv"

	"github.com/uber/h3-go/v4"

	"nearby/internal/errs"
)

// MaxResolution is the finest resolution of the grid: cells of about a metre.
const MaxResolution = 15

// Cell is a cell of the H3 grid (h3geo.org), which covers the Earth with
// hexagons, and twelve pentagons, at 16 resolutions from 0 (122 cells) to 15.
// Each cell has up to seven children at the next resolution.
//
// The number is laid out so that order means something:
//
//	bit 63    0
//	59 - 62   1, "this is a cell"
//	56 - 58   0
//	52 - 55   resolution
//	45 - 51   base cell: which of the 122
//	 0 - 44   fifteen digits of three bits, one for each resolution from 1 to
//	          15: which child; 7 where the cell's own resolution is coarser
//
// So the resolution-15 descendants of any cell have the same leading digits
// and are one unbroken range of numbers, from First to Last.
//
// The zero Cell is "none". A cell is lower-case hexadecimal in text and JSON
// and a positive 64-bit integer in a database.
type Cell uint64

const (
	resolutionShift = 52
	resolutionMask  = Cell(0xf) << resolutionShift
	digitBits       = 3
	allDigits       = Cell(1)<<(MaxResolution*digitBits) - 1
)

// CellOf is the cell of the given resolution, 0 to 15, that p lies in. It is
// zero when p is not Valid or there is no such resolution.
func CellOf(p Point, resolution int) Cell {
	if !p.Valid() || resolution < 0 || resolution > MaxResolution {
		return 0 // the library takes a latitude of 95 without complaint
	}
	c, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, resolution)
	if err != nil {
		return 0
	}
	return Cell(c)
}

// ParseCell reads the hexadecimal form of a cell. Anything else, and numbers
// that are not a cell of the grid, are errs.Invalid with the code "bad_cell".
func ParseCell(s string) (Cell, error) {
	bad := errs.New(errs.Invalid, "bad_cell", "That is not a cell of the map's grid.")
	if len(s) != 15 { // the leading bits make every cell exactly this long
		return 0, bad
	}
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil || !Cell(n).Valid() {
		return 0, bad
	}
	return Cell(n), nil
}

// String is the cell in lower-case hexadecimal.
func (c Cell) String() string { return strconv.FormatUint(uint64(c), 16) }

// Valid reports whether c is a cell of the grid.
func (c Cell) Valid() bool { return h3.Cell(c).IsValid() }

// Pentagon reports whether c is one of the twelve cells of its resolution that
// have five sides.
func (c Cell) Pentagon() bool { return h3.Cell(c).IsPentagon() }

// Resolution is how fine the cell is, from 0 to 15.
func (c Cell) Resolution() int { return int(c & resolutionMask >> resolutionShift) }

// Parent is the ancestor of c at a resolution that is coarser, or c itself at
// its own. It is zero for a finer one. Note that an ancestor contains its
// descendants by number, not by outline: hexagons do not divide into hexagons.
func (c Cell) Parent(resolution int) Cell {
	if resolution < 0 || resolution > c.Resolution() {
		return 0
	}
	unused := allDigits >> (resolution * digitBits)
	return c&^resolutionMask | Cell(resolution)<<resolutionShift | unused
}

// First is the smallest resolution-15 number below c.
func (c Cell) First() Cell {
	unused := allDigits >> (c.Resolution() * digitBits)
	return c&^unused | resolutionMask
}

// Last is the largest resolution-15 number below c: it may be no cell itself,
// but no descendant is larger and no other cell's descendant lies between.
func (c Cell) Last() Cell {
	const sixes = allDigits / 7 * 6
	unused := allDigits >> (c.Resolution() * digitBits)
	return c&^unused | unused&sixes | resolutionMask
}

// Covers reports whether d is c or a descendant of it.
func (c Cell) Covers(d Cell) bool {
	return c != 0 && d.Parent(c.Resolution()) == c
}

// Center is the middle of the cell; the zero Point when c is not Valid.
func (c Cell) Center() Point {
	if !c.Valid() {
		return Point{}
	}
	p, err := h3.CellToLatLng(h3.Cell(c))
	if err != nil {
		return Point{}
	}
	return fromH3(p)
}

// Boundary is the outline of the cell, counter-clockwise and not closed: five
// or six corners, more where a side crosses an edge of the grid's icosahedron.
// It is nil when c is not Valid. Longitudes jump where the outline crosses the
// antimeridian.
func (c Cell) Boundary() []Point {
	if !c.Valid() {
		return nil
	}
	outline, err := h3.CellToBoundary(h3.Cell(c))
	if err != nil {
		return nil
	}
	points := make([]Point, len(outline))
	for i, p := range outline {
		points[i] = fromH3(p)
	}
	return points
}

// Disk is c and every cell within k steps of it, in no order: 3k(k+1)+1 cells,
// fewer around a pentagon. It is nil when k is negative or c is not Valid.
func (c Cell) Disk(k int) []Cell {
	if k < 0 || !c.Valid() {
		return nil
	}
	// The library's rings are silently wrong around pentagons; its disks are
	// right but leave zeros there.
	disk, err := h3.GridDisk(h3.Cell(c), k)
	if err != nil {
		return nil
	}
	cells := make([]Cell, 0, len(disk))
	for _, d := range disk {
		if d != 0 {
			cells = append(cells, Cell(d))
		}
	}
	return cells
}

// Pentagons is the twelve pentagons of a resolution; nil when there is no such
// resolution.
func Pentagons(resolution int) []Cell {
	if resolution < 0 || resolution > MaxResolution {
		return nil
	}
	found, err := h3.Pentagons(resolution)
	if err != nil {
		return nil
	}
	cells := make([]Cell, len(found))
	for i, c := range found {
		cells[i] = Cell(c)
	}
	return cells
}

// fromH3 takes a place the library computed, whose longitude may be 180.
func fromH3(p h3.LatLng) Point {
	return Point{Lat: max(-90, min(90, p.Lat)), Lng: wrap(p.Lng)}
}

// MarshalText gives the form of String; the zero Cell is empty.
func (c Cell) MarshalText() ([]byte, error) {
	if c == 0 {
		return nil, nil
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads the form of MarshalText, as ParseCell does.
func (c *Cell) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = 0
		return nil
	}
	parsed, err := ParseCell(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// Value stores the cell as an integer.
func (c Cell) Value() (driver.Value, error) { return int64(c), nil }

// Scan reads what Value stored; NULL is the zero Cell.
func (c *Cell) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c = 0
	case int64:
		*c = Cell(v)
	default:
		return fmt.Errorf("geo: a %T is not a cell", src)
	}
	return nil
}

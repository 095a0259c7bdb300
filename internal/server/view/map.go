package view

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nearby/internal/geo"
	"nearby/internal/server/pages"
)

// metresPerDegree is the length of a degree of latitude on the sphere that
// distances are measured on.
const metresPerDegree = 6_371_008.8 * math.Pi / 180

// frame projects a small part of the globe onto a drawing: equirectangular
// around its middle, good to a few per mille over the 100 km a map here shows.
type frame struct {
	middle        geo.Point
	width, height float64 // of the drawing
	scale         float64 // drawing units a metre
}

// newFrame shows at least reach metres in every direction from the middle.
func newFrame(middle geo.Point, width, height, reach float64) frame {
	return frame{middle: middle, width: width, height: height, scale: min(width, height) / 2 / reach}
}

func (f frame) project(p geo.Point) pages.XY {
	lng := math.Mod(p.Lng-f.middle.Lng+540, 360) - 180
	x := lng * metresPerDegree * math.Cos(f.middle.Lat*math.Pi/180)
	y := (f.middle.Lat - p.Lat) * metresPerDegree
	return pages.XY{X: f.width/2 + x*f.scale, Y: f.height/2 + y*f.scale}
}

// box is the part of the globe that is shown.
func (f frame) box() geo.Box {
	lat := f.height / 2 / f.scale / metresPerDegree
	lng := f.width / 2 / f.scale / metresPerDegree / max(0.01, math.Cos(f.middle.Lat*math.Pi/180))
	box := geo.Box{
		West: f.middle.Lng - lng, East: f.middle.Lng + lng,
		South: max(-90, f.middle.Lat-lat), North: min(90, f.middle.Lat+lat),
	}
	if lng >= 180 {
		box.West, box.East = -180, 180
		return box
	}
	if box.West < -180 {
		box.West += 360
	}
	if box.East > 180 {
		box.East -= 360
	}
	return box
}

func (f frame) inside(at pages.XY, margin float64) bool {
	return at.X > -margin && at.X < f.width+margin && at.Y > -margin && at.Y < f.height+margin
}

// MapInput is what a map shows.
type MapInput struct {
	Label  string
	Middle geo.Point
	Reach  float64 // metres shown in every direction at least
	Wide   bool    // a snippet on a page instead of the tall map beside a list
	You    bool    // mark the middle as the reader's place
	Pins   []MapPin
	Rings  bool
	Ground *Ground
	// Count is how many businesses each cell of the box holds at a
	// resolution; nil leaves the cells out.
	Count func(box geo.Box, resolution int) (map[geo.Cell]int, error)
	// CellURL is the address of a search from the middle of a cell.
	CellURL func(geo.Cell) string
}

// MapPin is one plate on the map.
type MapPin struct {
	Point   geo.Point
	N       string
	Name    string
	URL     string
	Metres  float64
	Dist    bool
	Current bool
	Closed  bool
}

// Drawing sizes in units; a page scales them.
const (
	tallWidth, tallHeight = 720, 900
	wideWidth, wideHeight = 360, 190
	maxCells              = 1200
)

// DrawMap makes the drawing.
func DrawMap(in MapInput) (*pages.Map, error) {
	width, height := float64(tallWidth), float64(tallHeight)
	if in.Wide {
		width, height = wideWidth, wideHeight
	}
	f := newFrame(in.Middle, width, height, max(in.Reach, 60))
	m := &pages.Map{Label: in.Label, ViewBox: fmt.Sprintf("0 0 %g %g", width, height)}
	in.Ground.draw(m, f)
	if err := drawCells(m, f, in); err != nil {
		return nil, err
	}
	if in.Rings {
		drawRings(m, f, in.Reach)
	}
	// Far pins first, so that the nearest plate lies on top.
	for i := len(in.Pins) - 1; i >= 0; i-- {
		p := in.Pins[i]
		at := f.project(p.Point)
		if !f.inside(at, 0) {
			continue
		}
		m.Pins = append(m.Pins, pages.Pin{
			X: tenth(at.X), Y: tenth(at.Y), N: p.N, URL: p.URL, Name: p.Name, Metres: p.Metres, HasDistance: p.Dist, Current: p.Current, Closed: p.Closed,
		})
	}
	if in.You {
		at := f.project(in.Middle)
		m.You = &at
	}
	return m, nil
}

// ResolutionFor is the finest H3 resolution, up to 9, whose cells are no
// smaller than a finger on a map that shows reach metres each way. Nine is the
// finest a shopper's place is ever known at.
func ResolutionFor(reach float64) int {
	for resolution := 9; resolution > 0; resolution-- {
		if reach/edgeOf(resolution) <= 7 {
			return resolution
		}
	}
	return 0
}

// edgeOf is the mean edge of the cells of a resolution, in metres: 200.8 at 9,
// and √7 times that at each coarser one (https://h3geo.org/docs/core-library/restable).
func edgeOf(resolution int) float64 { return 200.8 * math.Pow(7, float64(9-resolution)/2) }

func drawCells(m *pages.Map, f frame, in MapInput) error {
	if in.Count == nil && in.CellURL == nil {
		return nil
	}
	resolution := ResolutionFor(in.Reach)
	counts := map[geo.Cell]int{}
	if in.Count != nil {
		var err error
		if counts, err = in.Count(f.box(), resolution); err != nil {
			return err
		}
	}
	most := 1
	for _, n := range counts {
		most = max(most, n)
	}
	pinned := map[geo.Cell]bool{}
	for _, p := range in.Pins {
		pinned[geo.CellOf(p.Point, resolution)] = true
	}
	for _, cell := range cover(in.Middle, resolution, f) {
		corners := cell.Boundary()
		points := make([]string, len(corners))
		west, east := math.Inf(1), math.Inf(-1)
		for i, corner := range corners {
			at := f.project(corner)
			west, east = min(west, at.X), max(east, at.X)
			points[i] = fmt.Sprintf("%.1f,%.1f", at.X, at.Y)
		}
		if east-west > max(f.width, 3*edgeOf(resolution)*f.scale) {
			continue // it lies across a pole, or on the far side where the map is cut open
		}
		at, n := f.project(cell.Center()), counts[cell]
		if in.You && math.Hypot(at.X-f.width/2, at.Y-f.height/2) < 44 {
			at.Y = f.height/2 + 48 // not upon the reader's place
		}
		hex := pages.Hex{Points: strings.Join(points, " "), X: tenth(at.X), Y: tenth(at.Y), Count: n, Shown: n > 0 && !pinned[cell] && f.inside(at, -24)}
		digits := len(strconv.Itoa(n))
		hex.Width = float64(max(38, 20+10*digits+5*((digits-1)/3)))
		hex.Left = tenth(at.X - hex.Width/2)
		if n > 0 {
			hex.Density = 1 + min(3, 4*(n-1)/most)
		}
		if in.CellURL != nil {
			hex.URL = in.CellURL(cell)
		}
		m.Hexes = append(m.Hexes, hex)
	}
	return nil
}

// cover lists the cells that may reach into the frame: disks are widened until
// another ring adds none.
func cover(middle geo.Point, resolution int, f frame) []geo.Cell {
	origin, edge := geo.CellOf(middle, resolution), edgeOf(resolution)*f.scale
	var cells []geo.Cell
	for rings := 1; ; rings++ {
		disk := origin.Disk(rings)
		var wider []geo.Cell
		for _, cell := range disk {
			if f.inside(f.project(cell.Center()), edge) {
				wider = append(wider, cell)
			}
		}
		if len(wider) == len(cells) || len(disk) > maxCells {
			return wider
		}
		cells = wider
	}
}

// drawRings marks one, two or three round distances that fit.
func drawRings(m *pages.Map, f frame, reach float64) {
	for _, metres := range []float64{100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000} {
		if metres < reach/5 || metres > reach*1.05 {
			continue
		}
		middle, r := f.project(f.middle), metres*f.scale
		m.Rings = append(m.Rings, pages.Ring{
			X: middle.X, Y: middle.Y, R: tenth(r), Metres: metres, LX: tenth(middle.X + r*0.5), LY: tenth(middle.Y - r*0.866 - 4),
		})
	}
}

func tenth(v float64) float64 { return math.Round(v*10) / 10 }

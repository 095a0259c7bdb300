package geo

import (
	"math"
	"strconv"
	"strings"

	"nearby/internal/errs"
)

// Box is a piece of a map between two latitudes and two longitudes, in
// degrees, edges included. It runs eastward from West to East, so one that
// crosses the antimeridian has West > East. East may be 180.
type Box struct {
	West, South, East, North float64
}

// World is the box that contains every point.
var World = Box{West: -180, South: -90, East: 180, North: 90}

// NewBox makes a box from the edges of a map view. Longitudes are wrapped, and
// a view as wide as the Earth or wider is all of it. South of a pole, North
// below South, East short of West by more than a turn, NaN and infinities are
// errs.Invalid with the code "bad_box".
func NewBox(west, south, east, north float64) (Box, error) {
	ok := south >= -90 && south <= north && north <= 90 // false with a NaN
	width := east - west
	if !ok || !(width > -360) || math.IsInf(west, 0) || math.IsInf(east, 0) {
		return Box{}, errs.New(errs.Invalid, "bad_box", "That is not a piece of the map: give west, south, east, north in degrees.")
	}
	b := Box{West: wrap(west), South: south + 0, East: wrap(east), North: north + 0}
	if width >= 360 {
		b.West, b.East = -180, 180
	} else if b.East == -180 && b.West != -180 {
		b.East = 180
	}
	return b, nil
}

// ParseBox reads "west,south,east,north" in degrees, by the rules of NewBox.
func ParseBox(s string) (Box, error) {
	parts := strings.Split(s, ",")
	var edges [4]float64
	for i := range edges {
		edges[i] = math.NaN()
		if len(parts) != len(edges) {
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64); err == nil {
			edges[i] = v
		}
	}
	return NewBox(edges[0], edges[1], edges[2], edges[3])
}

// Contains reports whether p lies in the box or on its edge.
func (b Box) Contains(p Point) bool {
	if !(p.Lat >= b.South && p.Lat <= b.North) {
		return false
	}
	if b.West <= b.East {
		return p.Lng >= b.West && p.Lng <= b.East || p.Lng == -180 && b.East == 180
	}
	return p.Lng >= b.West || p.Lng <= b.East
}

// Width is how many degrees of longitude the box spans, from 0 to 360.
func (b Box) Width() float64 {
	if b.West <= b.East {
		return b.East - b.West
	}
	return b.East - b.West + 360
}

// Center is the middle of the box.
func (b Box) Center() Point {
	return Point{Lat: (b.South + b.North) / 2, Lng: wrap(b.West + b.Width()/2)}
}

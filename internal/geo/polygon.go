package geo

import (
	"math"
	"strconv"
	"strings"

	"nearby/internal/errs"
)

// Polygon is an area of the map inside one closed line. Its edges are straight
// on a map of degrees, as in GeoJSON (RFC 7946), and go the shorter way round,
// so it may cross the antimeridian; it cannot go around a pole. A line that
// crosses itself has inside what an odd number of crossings leads out of.
type Polygon struct {
	corners []Point // longitudes go on over 180, so that none jumps
	box     Box
}

// mostCorners bounds what a polygon costs to ask for.
const mostCorners = 500

// NewPolygon makes a polygon of its corners, in either direction, closed or not.
// Fewer than three corners, more than 500, one that is no point, an edge half
// way round the Earth, and a line around a pole are errs.Invalid with the code
// "bad_polygon".
func NewPolygon(corners []Point) (Polygon, error) {
	bad := errs.New(errs.Invalid, "bad_polygon", "That is not an area of the map: give 3 to 500 corners.")
	if n := len(corners); n > 1 && corners[0] == corners[n-1] {
		corners = corners[:n-1]
	}
	if len(corners) < 3 || len(corners) > mostCorners {
		return Polygon{}, bad
	}
	a := Polygon{corners: make([]Point, len(corners))}
	west, east, south, north := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i, p := range corners {
		if !p.Valid() {
			return Polygon{}, bad
		}
		if i > 0 {
			way := wrap(p.Lng - corners[i-1].Lng)
			if way == -180 {
				return Polygon{}, bad
			}
			p.Lng = a.corners[i-1].Lng + way
		}
		a.corners[i] = p
		west, east, south, north = min(west, p.Lng), max(east, p.Lng), min(south, p.Lat), max(north, p.Lat)
	}
	first, last := a.corners[0].Lng, a.corners[len(corners)-1].Lng
	if math.Abs(last-first) >= 180 {
		return Polygon{}, bad
	}
	var err error
	a.box, err = NewBox(west, south, east, north)
	return a, err
}

// ParsePolygon reads "lng,lat,lng,lat,…" in degrees, by the rules of NewPolygon.
func ParsePolygon(s string) (Polygon, error) {
	numbers := strings.Split(s, ",")
	if len(numbers)%2 != 0 || len(numbers) > 2*mostCorners+2 {
		return NewPolygon(nil)
	}
	corners := make([]Point, len(numbers)/2)
	for i := range corners {
		lng, errLng := strconv.ParseFloat(strings.TrimSpace(numbers[2*i]), 64)
		lat, errLat := strconv.ParseFloat(strings.TrimSpace(numbers[2*i+1]), 64)
		p, err := NewPoint(lat, lng)
		if errLng != nil || errLat != nil || err != nil {
			return NewPolygon(nil)
		}
		corners[i] = p
	}
	return NewPolygon(corners)
}

// String is the corners as ParsePolygon reads them.
func (a *Polygon) String() string {
	var b strings.Builder
	for i, c := range a.corners {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatFloat(c.Lng, 'g', -1, 64) + "," + strconv.FormatFloat(c.Lat, 'g', -1, 64))
	}
	return b.String()
}

// Box is the piece of the map around the polygon.
func (a *Polygon) Box() Box { return a.box }

// Contains reports whether p lies in the polygon. A point on its line is in one
// of the two areas that the line divides.
func (a *Polygon) Contains(p Point) bool {
	if !a.box.Contains(p) {
		return false
	}
	return a.holds(p.Lat, p.Lng) || a.holds(p.Lat, p.Lng+360) || a.holds(p.Lat, p.Lng-360)
}

func (a *Polygon) holds(lat, lng float64) bool {
	in := false
	b := a.corners[len(a.corners)-1]
	for _, c := range a.corners {
		if (b.Lat > lat) != (c.Lat > lat) && lng < b.Lng+(lat-b.Lat)/(c.Lat-b.Lat)*(c.Lng-b.Lng) {
			in = !in
		}
		b = c
	}
	return in
}

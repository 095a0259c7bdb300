// Package geo holds places on the Earth as values: points, boxes of a map and
// the cells of the H3 grid, with the one rule for distance that the whole
// program uses. It is the only user of the H3 library.
package geo

import (
	"math"

	"nearby/internal/errs"
)

// EarthRadius is the radius in metres of the sphere on which distances are
// measured: the mean radius of the WGS 84 ellipsoid, (2a + b) / 3.
const EarthRadius = 6371008.8

// Point is a place in degrees: Lat from -90 to 90, Lng from -180 up to but not
// including 180. Points from outside go through NewPoint.
type Point struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

// NewPoint makes a point from degrees. The longitude is wrapped, so 181 is
// -179. A latitude beyond a pole, NaN and infinities are errs.Invalid with the
// code "bad_point" and the field at fault.
func NewPoint(lat, lng float64) (Point, error) {
	var wrong []errs.Field
	if !(lat >= -90 && lat <= 90) { // also true of NaN
		wrong = append(wrong, errs.Field{Name: "lat", Code: "bad_point", Message: "A latitude is a number from -90 to 90."})
	}
	if math.IsNaN(lng) || math.IsInf(lng, 0) {
		wrong = append(wrong, errs.Field{Name: "lng", Code: "bad_point", Message: "A longitude is a number from -180 to 180."})
	}
	if wrong != nil {
		e := errs.New(errs.Invalid, "bad_point", "That is not a place on the Earth.")
		e.Fields = wrong
		return Point{}, e
	}
	return Point{Lat: lat + 0, Lng: wrap(lng)}, nil // + 0 turns -0 into 0
}

// Valid reports whether p could have come from NewPoint.
func (p Point) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lng >= -180 && p.Lng < 180
}

// wrap brings a finite longitude into [-180, 180).
func wrap(lng float64) float64 {
	if lng >= -180 && lng < 180 {
		return lng + 0
	}
	lng = math.Mod(lng, 360)
	switch {
	case lng >= 180:
		lng -= 360
	case lng < -180:
		lng += 360
	}
	if lng >= 180 { // rounding, just west of -180
		lng = -180
	}
	return lng + 0
}

// Distance is the length in metres of the shortest way from a to b over a
// sphere of EarthRadius, by the haversine formula. Rounding errs by less than
// a micrometre up to half way round, and by up to 0.2 m at the antipode.
func Distance(a, b Point) float64 {
	from := From(a)
	return from.Distance(b)
}

// Origin is a place that many distances are measured from. Its Distance is the
// function of that name, to the last bit.
type Origin struct {
	Point
	cosLat float64
}

// From makes an Origin of a point.
func From(p Point) Origin { return Origin{Point: p, cosLat: math.Cos(p.Lat * 2 * half)} }

const half = math.Pi / 360 // half a degree

// Distance is that from o to p in metres, see the function.
func (o *Origin) Distance(p Point) float64 {
	sinLat := math.Sin((p.Lat - o.Lat) * half)
	sinLng := math.Sin((p.Lng - o.Lng) * half)
	h := sinLat*sinLat + o.cosLat*math.Cos(p.Lat*2*half)*(sinLng*sinLng)
	return 2 * EarthRadius * math.Asin(math.Sqrt(min(1, h)))
}

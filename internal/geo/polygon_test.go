package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"nearby/internal/errs"
)

func TestPolygon(t *testing.T) {
	for _, c := range []struct {
		line    string
		in, out []Point
	}{
		{"13,52,14,52,14,53,13,53", []Point{{52.5, 13.5}}, []Point{{52.5, 14.5}, {51, 13.5}, {52.5, -166.5}}},
		{"13,52,14,52,14,53,13,53,13,52", []Point{{52.5, 13.5}}, []Point{{54, 13.5}}}, // closed
		{"179,-18,-179,-18,-179,-16,179,-16", []Point{{-17, 179.5}, {-17, -179.5}, {-17, -180}}, []Point{{-17, 0}, {-17, 178}, {-17, -178}}},
		{"-179,-18,179,-18,179,-16,-179,-16", []Point{{-17, 179.5}, {-17, -180}}, []Point{{-17, 0}}},
		{"0,0,10,0,10,10,0,10,0,4,6,4,6,6,0,6,0,0", []Point{{2, 2}, {8, 2}, {5, 8}}, []Point{{5, 3}}}, // a bay
		{"-120,10,0,10,120,10,121,11,0,11,-121,11", []Point{{10.5, 0}, {10.5, 100}}, []Point{{10.5, 179}, {10.5, -150}}},
	} {
		a, err := ParsePolygon(c.line)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		for _, p := range c.in {
			if !a.Contains(p) {
				t.Errorf("%s does not hold %v", c.line, p)
			}
		}
		for _, p := range c.out {
			if a.Contains(p) {
				t.Errorf("%s holds %v", c.line, p)
			}
		}
	}
	for _, line := range []string{
		"", "1,2", "1,2,3,4", "1,2,3,4,x,5", "1,2,3,4,5,91", "1,2,3,4,5", "NaN,1,2,2,3,3", "0,0,180,0,0,10",
		"0,80,120,80,-120,80", // around the pole
	} {
		if _, err := ParsePolygon(line); !errs.Is(err, errs.Invalid) || !errs.Has(err, "bad_polygon") {
			t.Errorf("%q gives %v, want bad_polygon", line, err)
		}
	}
}

// TestPolygonIsTheSumOfItsAngles compares with the angle under which the corners
// turn around a point: whole turns mean inside, for a line without crossings.
func TestPolygonIsTheSumOfItsAngles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		middle := Point{rng.Float64()*100 - 50, rng.Float64()*360 - 180}
		corners := make([]Point, 3+rng.IntN(9))
		for i := range corners { // a star around the middle
			sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.8*rng.Float64()) / float64(len(corners)))
			r := 1 + 20*rng.Float64()
			corners[i], _ = NewPoint(middle.Lat+r*sin, middle.Lng+r*cos)
		}
		a, err := NewPolygon(corners)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := NewPoint(middle.Lat+rng.NormFloat64()*10, middle.Lng+rng.NormFloat64()*10)
		turned := 0.0
		for i, c := range corners {
			next := corners[(i+1)%len(corners)]
			angle := func(q Point) float64 { return math.Atan2(q.Lat-p.Lat, wrap(q.Lng-p.Lng)) }
			turned += math.Remainder(angle(next)-angle(c), 2*math.Pi)
		}
		if inside := math.Abs(turned) > math.Pi; a.Contains(p) != inside {
			t.Fatalf("%v in %v: %v, want %v", p, corners, a.Contains(p), inside)
		}
	}
}

func FuzzParsePolygon(f *testing.F) {
	f.Add("13,52,14,52,14,53,13,53", 52.5, 13.5)
	f.Add("179,-18,-179,-18,-179,-16", -17.0, 180.0)
	f.Fuzz(func(t *testing.T, line string, lat, lng float64) {
		a, err := ParsePolygon(line)
		p, bad := NewPoint(lat, lng)
		if err != nil || bad != nil {
			return
		}
		if box := a.Box(); a.Contains(p) && !box.Contains(p) {
			t.Errorf("%v is in %q and not in its box", p, line)
		}
	})
}

package geo

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"

	"nearby/internal/errs"
)

// anyPoint draws places everywhere, often from where grids and maps are odd:
// poles, the antimeridian and the pentagons.
func anyPoint(t *rapid.T) Point {
	lat := rapid.Float64Range(-90, 90).Draw(t, "lat")
	lng := rapid.Float64Range(-180, 179.999999).Draw(t, "lng")
	near := rapid.Float64Range(-0.01, 0.01)
	switch rapid.IntRange(0, 4).Draw(t, "where") {
	case 0:
		lat = math.Copysign(90-math.Abs(near.Draw(t, "from pole")), lat)
	case 1:
		lng = 180 + near.Draw(t, "from antimeridian")
	case 2:
		c := rapid.SampledFrom(Pentagons(rapid.IntRange(0, 15).Draw(t, "res"))).Draw(t, "pentagon").Center()
		lat, lng = c.Lat+near.Draw(t, "dlat"), c.Lng+near.Draw(t, "dlng")
	}
	p, err := NewPoint(lat, lng)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNewPoint(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		lat, lng float64
		want     Point
		wrong    []string
	}{
		{lat: 52.5, lng: 13.4, want: Point{52.5, 13.4}},
		{lat: 90, lng: 180, want: Point{90, -180}},
		{lat: -90, lng: -180, want: Point{-90, -180}},
		{lat: 1, lng: 181, want: Point{1, -179}},
		{lat: 1, lng: -181, want: Point{1, 179}},
		{lat: 1, lng: 541, want: Point{1, -179}},
		{lat: 1, lng: math.Nextafter(-180, -181), want: Point{1, 180 - 2.842170943040401e-14}},
		{lat: 91, lng: 0, wrong: []string{"lat"}},
		{lat: -90.0000001, lng: 0, wrong: []string{"lat"}},
		{lat: nan, lng: nan, wrong: []string{"lat", "lng"}},
		{lat: 1, lng: inf, wrong: []string{"lng"}},
		{lat: -inf, lng: -inf, wrong: []string{"lat", "lng"}},
	} {
		got, err := NewPoint(c.lat, c.lng)
		if c.wrong != nil {
			var fields []string
			for _, f := range errs.Of(err).Fields {
				fields = append(fields, f.Name)
			}
			if !errs.Is(err, errs.Invalid) || !errs.Has(err, "bad_point") || !cmp.Equal(fields, c.wrong) {
				t.Errorf("NewPoint(%v, %v): %v, fields %v; want bad_point of %v", c.lat, c.lng, err, fields, c.wrong)
			}
			continue
		}
		if err != nil || got != c.want || !got.Valid() {
			t.Errorf("NewPoint(%v, %v) = %v, %v; want %v", c.lat, c.lng, got, err, c.want)
		}
	}
	if p, _ := NewPoint(math.Copysign(0, -1), math.Copysign(0, -1)); math.Signbit(p.Lat) || math.Signbit(p.Lng) {
		t.Error("a negative zero stays negative, and would show as -0")
	}
}

func TestWrapIsPeriodic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lng := rapid.Float64Range(-1e6, 1e6).Draw(t, "lng")
		p, err := NewPoint(0, lng)
		if err != nil || !p.Valid() {
			t.Fatalf("NewPoint(0, %v) = %v, %v", lng, p, err)
		}
		if turns := (lng - p.Lng) / 360; math.Abs(turns-math.Round(turns)) > 1e-9 {
			t.Fatalf("%v became %v, which is another meridian", lng, p.Lng)
		}
	})
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b Point
		want float64
	}{
		{Point{0, 0}, Point{0, 0}, 0},
		{Point{0, 0}, Point{0, 1}, math.Pi / 180 * EarthRadius},
		{Point{0, 179.995}, Point{0, -179.995}, math.Pi / 180 * EarthRadius / 100},
		{Point{89.995, 0}, Point{89.995, -180}, math.Pi / 180 * EarthRadius / 100},
		{Point{90, 12}, Point{90, -70}, 0},
		{Point{90, 0}, Point{-90, 55}, math.Pi * EarthRadius},
		{Point{52.518611, 13.408333}, Point{48.137222, 11.575556}, 504_216.6}, // Berlin to Munich
	} {
		if got := Distance(c.a, c.b); math.Abs(got-c.want) > 0.3 {
			t.Errorf("Distance(%v, %v) = %v; want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyPoint(t), anyPoint(t), anyPoint(t)
		if Distance(a, a) != 0 || Distance(a, b) != Distance(b, a) {
			t.Fatalf("not symmetric: %v %v", a, b)
		}
		if Distance(a, c) > Distance(a, b)+Distance(b, c)+0.5 {
			t.Fatalf("a detour is shorter: %v %v %v", a, b, c)
		}
		want := h3.GreatCircleDistanceRads(h3.LatLng{Lat: a.Lat, Lng: a.Lng}, h3.LatLng{Lat: b.Lat, Lng: b.Lng}) * EarthRadius
		if got := Distance(a, b); math.Abs(got-want) > 1e-6+want/20e6*0.5 {
			t.Fatalf("Distance(%v, %v) = %v; the library says %v", a, b, got, want)
		}
	})
}

func TestCellAgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint(t)
		res := rapid.IntRange(0, MaxResolution).Draw(t, "resolution")
		up := rapid.IntRange(0, res).Draw(t, "parent")
		c := CellOf(p, res)
		if !c.Valid() || c.Resolution() != res {
			t.Fatalf("CellOf(%v, %d) = %v of resolution %d", p, res, c, c.Resolution())
		}
		want, err := h3.Cell(c).Parent(up)
		if err != nil || c.Parent(up) != Cell(want) {
			t.Fatalf("%v.Parent(%d) = %v; want %v (%v)", c, up, c.Parent(up), want, err)
		}
		if !c.Parent(up).Covers(c) || up < res && c.Covers(c.Parent(up)) {
			t.Fatalf("%v and its parent %v cover each other wrongly", c, c.Parent(up))
		}
		first, last := c.First(), c.Last()
		if down, _ := h3.Cell(c).CenterChild(MaxResolution); Cell(down) != first {
			t.Fatalf("%v.First() = %v; want %v", c, first, down)
		}
		if first > last || first.Parent(res) != c || last.Parent(res) != c || (first-1).Parent(res) == c {
			t.Fatalf("%v: range %v to %v", c, first, last)
		}
		if above := last + 1; above.Resolution() == MaxResolution && above.Valid() && above.Parent(res) == c {
			t.Fatalf("%v: %v is above Last and below the cell", c, above)
		}
		if n := len(c.Boundary()); n < 5 || n > 10 {
			t.Fatalf("%v has %d corners", c, n)
		}
		reach := 0.0 // nothing in a cell is farther from its centre than a corner
		for _, corner := range c.Boundary() {
			reach = max(reach, Distance(c.Center(), corner))
		}
		if Distance(c.Center(), p) > reach+1 {
			t.Fatalf("%v: the centre %v is far from %v", c, c.Center(), p)
		}
	})
}

// TestRangesDivide checks what the index is built on: the ranges of the cells
// of one resolution are disjoint and in the order of the cells, and the range
// of a parent holds exactly those of its children, pentagons included.
func TestRangesDivide(t *testing.T) {
	for _, c := range append(Pentagons(3), CellOf(Point{52.5, 13.4}, 3)) {
		children, err := h3.Cell(c).ImmediateChildren()
		if err != nil {
			t.Fatal(err)
		}
		want := 7
		if c.Pentagon() {
			want = 6
		}
		if len(children) != want {
			t.Fatalf("%v has %d children; want %d", c, len(children), want)
		}
		end := c.First() - 1
		for _, child := range children {
			d := Cell(child)
			if d.First() <= end || d.Last() > c.Last() {
				t.Errorf("%v: the range of child %v is out of order", c, d)
			}
			end = d.Last()
		}
		if end != c.Last() {
			t.Errorf("%v ends at %v, its last child at %v", c, c.Last(), end)
		}
	}
}

func TestDiskAroundPentagons(t *testing.T) {
	for res := range MaxResolution + 1 {
		for _, c := range Pentagons(res) {
			if !c.Pentagon() {
				t.Fatalf("%v is not a pentagon", c)
			}
			sizes := []int{1, 6, 16}
			if res == 0 {
				sizes = sizes[:2]
			}
			for k, size := range sizes {
				seen := map[Cell]bool{}
				for _, d := range c.Disk(k) {
					if !d.Valid() || d.Resolution() != res || seen[d] {
						t.Fatalf("%v.Disk(%d) holds %v wrongly", c, k, d)
					}
					seen[d] = true
				}
				if len(seen) != size {
					t.Errorf("%v.Disk(%d) has %d cells; want %d", c, k, len(seen), size)
				}
			}
			// The neighbours of a pentagon must have it in their disks in turn.
			for _, d := range c.Disk(1) {
				found := false
				for _, e := range d.Disk(1) {
					found = found || e == c
				}
				if !found {
					t.Errorf("%v is missing from the disk of its neighbour %v", c, d)
				}
			}
		}
	}
	if got := len(CellOf(Point{52.5, 13.4}, 9).Disk(10)); got != 331 {
		t.Errorf("a disk of 10 steps has %d cells; want 331", got)
	}
	if Cell(0).Disk(1) != nil || CellOf(Point{}, 5).Disk(-1) != nil {
		t.Error("a disk of nothing")
	}
}

func TestCellOfNowhere(t *testing.T) {
	for _, p := range []Point{{95, 0}, {math.NaN(), 0}, {0, math.Inf(1)}, {0, 180}} {
		if c := CellOf(p, 9); c != 0 {
			t.Errorf("CellOf(%v) = %v; want none", p, c)
		}
	}
	if CellOf(Point{}, -1) != 0 || CellOf(Point{}, 16) != 0 || CellOf(Point{}, 3).Parent(4) != 0 {
		t.Error("a resolution that does not exist gives a cell")
	}
	if Cell(0).Valid() || Cell(0).Boundary() != nil || Cell(0).Center() != (Point{}) || Pentagons(16) != nil {
		t.Error("the zero cell is somewhere")
	}
}

func TestCellText(t *testing.T) {
	c := CellOf(Point{37.3615593, -122.0553238}, 7)
	if c.String() != "87283472bffffff" { // the example of h3geo.org

		t.Errorf("String = %q", c)
	}
	for _, s := range []string{"", "0", "zz", "+91f1d48a3bffff", "891f1d48a3bffff0", "0891f1d48a3bfff", "ffffffffffffffff", "8ff1d48a3bfffff", "081283473fffffff"} {
		if got, err := ParseCell(s); !errs.Is(err, errs.Invalid) || !errs.Has(err, "bad_cell") {
			t.Errorf("ParseCell(%q) = %v, %v; want bad_cell", s, got, err)
		}
	}
	type place struct{ Cell Cell }
	for _, want := range []place{{c}, {0}} {
		text, err := json.Marshal(want)
		var got place
		if err != nil || json.Unmarshal(text, &got) != nil || got != want {
			t.Errorf("%s read back as %v (%v)", text, got, err)
		}
	}
	if json.Unmarshal([]byte(`{"Cell":"nonsense"}`), &place{}) == nil {
		t.Error("nonsense was read as a cell")
	}
	stored, err := c.Value()
	var back Cell
	if err != nil || back.Scan(stored) != nil || back != c {
		t.Errorf("stored as %v, read back as %v (%v)", stored, back, err)
	}
	if back.Scan(nil) != nil || back != 0 || back.Scan("891f1d48a3bffff") == nil {
		t.Error("Scan of NULL or text")
	}
}

func FuzzParseCell(f *testing.F) {
	f.Add("891f1d48a3bffff")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCell(s); err == nil && (!c.Valid() || len(c.String()) != len(s)) {
			t.Errorf("ParseCell(%q) = %v", s, c)
		}
	})
}

func TestBox(t *testing.T) {
	fiji := Box{West: 170, South: -20, East: -170, North: -10}
	for _, c := range []struct {
		text string
		want Box
	}{
		{"13,52,14,53", Box{13, 52, 14, 53}},
		{" 170, -20, 190, -10 ", fiji},
		{"170,-20,-170,-10", fiji},
		{"-190,-20,-170,-10", fiji},
		{"-180,-90,180,90", World},
		{"-500,-90,500,90", World},
		{"170,0,180,1", Box{170, 0, 180, 1}},
		{"170,0,-180,1", Box{170, 0, 180, 1}},
		{"-180,0,-170,1", Box{-180, 0, -170, 1}},
		{"5,5,5,5", Box{5, 5, 5, 5}},
	} {
		if got, err := ParseBox(c.text); err != nil || got != c.want {
			t.Errorf("ParseBox(%q) = %v, %v; want %v", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,2,1,1", "0,0,1,91", "0,-91,1,1", "NaN,0,1,1", "0,0,Inf,1", "-Inf,0,Inf,1", "0,NaN,1,1"} {
		if got, err := ParseBox(text); !errs.Is(err, errs.Invalid) || !errs.Has(err, "bad_box") {
			t.Errorf("ParseBox(%q) = %v, %v; want bad_box", text, got, err)
		}
	}
	for _, c := range []struct {
		box  Box
		p    Point
		want bool
	}{
		{fiji, Point{-18, 178}, true},
		{fiji, Point{-18, -178}, true},
		{fiji, Point{-18, 0}, false},
		{fiji, Point{0, 178}, false},
		{Box{170, 0, 180, 1}, Point{0.5, -180}, true},
		{Box{13, 52, 14, 53}, Point{52, 14}, true},
		{Box{13, 52, 14, 53}, Point{52, 14.0001}, false},
		{World, Point{90, -180}, true},
		{World, Point{math.NaN(), 0}, false},
	} {
		if c.box.Contains(c.p) != c.want {
			t.Errorf("%v contains %v: want %v", c.box, c.p, c.want)
		}
	}
	if fiji.Width() != 20 || fiji.Center() != (Point{-15, -180}) || World.Width() != 360 {
		t.Errorf("width %v, centre %v", fiji.Width(), fiji.Center())
	}
}

func TestBoxTurnsWithTheEarth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := float64(rapid.IntRange(-180, 179).Draw(t, "west"))
		width := float64(rapid.IntRange(0, 359).Draw(t, "width"))
		turn := float64(rapid.IntRange(-400, 400).Draw(t, "turn"))
		lng := float64(rapid.IntRange(-180, 179).Draw(t, "lng"))
		a, errA := NewBox(w, -10, w+width, 10)
		b, errB := NewBox(w+turn, -10, w+width+turn, 10)
		p, errP := NewPoint(0, lng)
		q, errQ := NewPoint(0, lng+turn)
		if errA != nil || errB != nil || errP != nil || errQ != nil {
			t.Fatal(errA, errB, errP, errQ)
		}
		inside := math.Mod(lng-w+720, 360) <= width
		if a.Contains(p) != inside || b.Contains(q) != inside {
			t.Fatalf("%v contains %v and %v contains %v: want %v", a, p, b, q, inside)
		}
	})
}

func FuzzParseBox(f *testing.F) {
	f.Add("170,-20,190,-10")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ParseBox(s)
		if err == nil && (!b.Center().Valid() || !b.Contains(b.Center()) && b.Width() > 1e-9) {
			t.Errorf("ParseBox(%q) = %v with the centre %v", s, b, b.Center())
		}
	})
}

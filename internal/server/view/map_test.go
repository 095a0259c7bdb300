package view

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"nearby/internal/geo"
)

// TestMapAnywhere draws maps of every size anywhere, poles and antimeridian
// among them: hexagons are drawn whole, lie in the frame, and leave no part of
// the middle of the map without one.
func TestMapAnywhere(t *testing.T) {
	random := rand.New(rand.NewPCG(81, 82))
	for n := range 400 {
		middle, err := geo.NewPoint(random.Float64()*170-85, random.Float64()*360-180)
		if n%4 == 0 {
			middle, err = geo.NewPoint(random.Float64()*120-60, 180-random.Float64()*0.01)
		}
		if err != nil {
			t.Fatal(err)
		}
		reach := 150 * float64(int(1)<<random.IntN(16))
		drawn, err := DrawMap(MapInput{Middle: middle, Reach: reach, You: true, Rings: true, CellURL: geo.Cell.String})
		if err != nil {
			t.Fatal(err)
		}
		if len(drawn.Hexes) == 0 || len(drawn.Hexes) > maxCells {
			t.Errorf("%v, reach %g: %d hexagons", middle, reach, len(drawn.Hexes))
		}
		nearest := tallWidth * 1.0
		for _, hex := range drawn.Hexes {
			west, east := 1e9, -1e9
			for _, corner := range strings.Fields(hex.Points) {
				text, _, _ := strings.Cut(corner, ",")
				x, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatal(err)
				}
				west, east = min(west, x), max(east, x)
			}
			if east-west > max(tallWidth, 3*edgeOf(ResolutionFor(reach))*tallWidth/2/reach) {
				t.Errorf("%v, reach %g: a hexagon from %g to %g", middle, reach, west, east)
			}
			nearest = min(nearest, max(hex.X-tallWidth/2, tallWidth/2-hex.X))
		}
		if nearest > tallWidth/2 && middle.Lat < 70 && middle.Lat > -70 {
			t.Errorf("%v, reach %g: no hexagon near the middle", middle, reach)
		}
	}
}

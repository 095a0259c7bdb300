package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"

	"nearby/internal/geo"
	"nearby/internal/server/pages"
)

// Ground is an operator's own outline of the town, drawn below the map's
// cells and plates: a GeoJSON FeatureCollection (RFC 7946) whose features have
// the property "kind": block, park, water, river, avenue, street, lane, pier,
// rail (shapes and lines), or label with "text" and "of" (street, water, park,
// district). A nil Ground draws nothing.
type Ground struct {
	Credit   string
	features []feature
}

type feature struct {
	kind, text, of string
	closed         bool
	line           []geo.Point
	box            geo.Box
}

// LoadGround reads the outline. A missing file is no outline and no error.
func LoadGround(path string) (*Ground, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ground, err := ParseGround(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ground, nil
}

type geoJSON struct {
	Type     string `json:"type"`
	Credit   string `json:"attribution"`
	Features []struct {
		Properties struct {
			Kind string `json:"kind"`
			Text string `json:"text"`
			Of   string `json:"of"`
		} `json:"properties"`
		Geometry struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
}

// ParseGround reads the outline from GeoJSON text.
func ParseGround(text []byte) (*Ground, error) {
	var in geoJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	if in.Type != "FeatureCollection" {
		return nil, errors.New("not a GeoJSON FeatureCollection")
	}
	g := &Ground{Credit: in.Credit}
	for i, f := range in.Features {
		lines, closed, err := linesOf(f.Geometry.Type, f.Geometry.Coordinates)
		if err != nil {
			return nil, fmt.Errorf("feature %d: %w", i, err)
		}
		for _, line := range lines {
			g.features = append(g.features, feature{
				kind: f.Properties.Kind, text: f.Properties.Text, of: f.Properties.Of, closed: closed, line: line, box: around(line),
			})
		}
	}
	return g, nil
}

func linesOf(kind string, raw json.RawMessage) (lines [][]geo.Point, closed bool, err error) {
	var one [2]float64
	var line [][2]float64
	var rings [][][2]float64
	switch kind {
	case "Point":
		err = json.Unmarshal(raw, &one)
		rings = [][][2]float64{{one}}
	case "LineString":
		err = json.Unmarshal(raw, &line)
		rings = [][][2]float64{line}
	case "Polygon":
		err = json.Unmarshal(raw, &rings)
		closed = true
	default:
		err = fmt.Errorf("geometry %q is none of Point, LineString, Polygon", kind)
	}
	if err != nil {
		return nil, false, err
	}
	for _, ring := range rings {
		points := make([]geo.Point, 0, len(ring))
		for _, pair := range ring {
			p, err := geo.NewPoint(pair[1], pair[0])
			if err != nil {
				return nil, false, err
			}
			points = append(points, p)
		}
		lines = append(lines, points)
	}
	return lines, closed, nil
}

// around is the box of a line that does not cross the antimeridian.
func around(line []geo.Point) geo.Box {
	box := geo.Box{West: math.Inf(1), South: math.Inf(1), East: math.Inf(-1), North: math.Inf(-1)}
	for _, p := range line {
		box.West, box.East = min(box.West, p.Lng), max(box.East, p.Lng)
		box.South, box.North = min(box.South, p.Lat), max(box.North, p.Lat)
	}
	return box
}

// draw adds what of the outline lies in the frame to the map.
func (g *Ground) draw(m *pages.Map, f frame) {
	if g == nil {
		return
	}
	seen := f.box()
	for _, x := range g.features {
		if x.box.East < seen.West || x.box.West > seen.East || x.box.North < seen.South || x.box.South > seen.North {
			continue
		}
		if x.kind == "label" {
			at := f.project(x.line[0])
			if at.X > 20 && at.X < f.width-20 && at.Y > 20 && at.Y < f.height-20 {
				m.Labels = append(m.Labels, pages.MapLabel{X: at.X, Y: at.Y, Text: x.text, Kind: x.of})
			}
			continue
		}
		path := pages.Path{D: f.path(x.line, x.closed), Kind: x.kind}
		switch x.kind {
		case "block":
			m.Blocks = append(m.Blocks, path)
		case "park":
			m.Parks = append(m.Parks, path)
		case "water", "river":
			m.Water = append(m.Water, path)
		case "rail":
			m.Rails = append(m.Rails, path)
		default:
			m.Streets = append(m.Streets, path)
		}
	}
	if m.Credit == "" {
		m.Credit = g.Credit
	}
}

// path writes a line as an SVG path with one decimal.
func (f frame) path(line []geo.Point, closed bool) string {
	var b strings.Builder
	for i, p := range line {
		at := f.project(p)
		command := byte('L')
		if i == 0 {
			command = 'M'
		}
		fmt.Fprintf(&b, "%c%.1f %.1f", command, at.X, at.Y)
	}
	if closed {
		b.WriteByte('Z')
	}
	return b.String()
}

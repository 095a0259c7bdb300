package demo

import (
	"encoding/json"

	"nearby/internal/geo"
)

// lastRank is the rank of the last labels that go onto a map which draws every
// label it is given.
const lastRank = 2

// GeoJSON is the map as a FeatureCollection (RFC 7946), in the order to draw.
// Its features carry the property "kind": block, park, river, water, pier,
// avenue, street, rail, or label with "text" and "of" (street, water, park or
// district).
func (t Town) GeoJSON() ([]byte, error) {
	g := collection{Type: "FeatureCollection", Credit: t.Name + " is invented"}
	for _, block := range t.Blocks {
		g.polygon("block", block)
	}
	for _, park := range t.Parks {
		g.polygon("park", park)
	}
	g.line("river", t.River)
	g.polygon("water", t.Sea)
	for _, pier := range t.Piers {
		g.polygon("pier", pier)
	}
	for _, s := range t.Streets {
		if s.Avenue {
			g.line("avenue", s.Line)
		}
	}
	g.line("rail", t.Rail)
	for _, l := range t.Labels {
		if l.Rank <= lastRank {
			g.add(properties{Kind: "label", Text: l.Text, Of: l.Kind}, "Point", position(l.Point))
		}
	}
	return json.Marshal(g)
}

type collection struct {
	Type     string    `json:"type"`
	Credit   string    `json:"attribution"`
	Features []feature `json:"features"`
}

type feature struct {
	Type       string     `json:"type"`
	Properties properties `json:"properties"`
	Geometry   geometry   `json:"geometry"`
}

type properties struct {
	Kind string `json:"kind"`
	Text string `json:"text,omitempty"`
	Of   string `json:"of,omitempty"`
}

type geometry struct {
	Type        string `json:"type"`
	Coordinates any    `json:"coordinates"`
}

func (g *collection) add(p properties, shape string, coordinates any) {
	g.Features = append(g.Features, feature{"Feature", p, geometry{shape, coordinates}})
}

func (g *collection) line(kind string, line []geo.Point) {
	g.add(properties{Kind: kind}, "LineString", positions(line))
}

func (g *collection) polygon(kind string, ring []geo.Point) {
	closed := append(positions(ring), position(ring[0]))
	g.add(properties{Kind: kind}, "Polygon", [][][2]float64{closed})
}

func position(p geo.Point) [2]float64 { return [2]float64{p.Lng, p.Lat} }

func positions(line []geo.Point) [][2]float64 {
	out := make([][2]float64, len(line), len(line)+1)
	for i, p := range line {
		out[i] = position(p)
	}
	return out
}

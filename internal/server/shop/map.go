package shop

import (
	"errors"
	"net/url"
	"slices"
	"strconv"

	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// reaches are the steps of the map's zoom: metres shown in every direction.
var reaches = []int{
	150, 300, 600, 1200, 2500, 5000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_250_000, 2_500_000, 5_000_000,
}

// leastReach is how many metres the map shows in every direction at least.
const leastReach = 160.0

// stepOf is the step of the map's zoom that is nearest to so many metres.
func stepOf(metres int) int {
	i, _ := slices.BinarySearch(reaches, metres)
	if i == len(reaches) || i > 0 && metres*metres < reaches[i]*reaches[i-1] { // in proportion
		i = max(0, i-1)
	}
	return reaches[i]
}

// nearbyMap is the map of a search on its own, fetched when it comes into view.
func (h *Handlers) nearbyMap(r *route.Request) (route.Answer, error) {
	s, err := h.read(r)
	if err != nil {
		return nil, err
	}
	if !s.located {
		return nil, errs.Missing("place")
	}
	drawn, err := h.mapOf(r, s)
	if err != nil {
		return nil, err
	}
	return route.HTML{Name: "shop/nearby/map", Page: &pages.Nearby{Map: drawn}}, nil
}

// mapOf draws the results on the map.
func (h *Handlers) mapOf(r *route.Request, s search) (*pages.Map, error) {
	found, err := h.Directory.Nearby(r.Req().Context(), s.query(r))
	if err != nil {
		return nil, err
	}
	items := found.Items
	// The plates of this page fill the map; an empty page shows the whole radius.
	counted := s.query(r)
	counted.Fuzzy = found.Fuzzy
	reach := max(float64(s.radius), 300)
	switch {
	case s.reach > 0:
		reach = float64(s.reach)
	case len(items) > 0:
		reach = max(leastReach, items[len(items)-1].DistanceM*1.25)
	}
	in := view.MapInput{
		Label: r.Text("map.title"), Middle: s.point, Reach: reach, You: true, Rings: true, Ground: h.Ground,
		CellURL: func(c geo.Cell) string {
			return s.url("/", func(v url.Values) { v.Del("near"); v.Set("cell", c.String()) })
		},
		Count: func(box geo.Box, resolution int) (map[geo.Cell]int, error) {
			return h.Directory.CountCells(r.Req().Context(), box, resolution, counted)
		},
	}
	for i, item := range items {
		in.Pins = append(in.Pins, view.MapPin{
			Point: item.Point, N: strconv.Itoa(s.first + i), Name: item.Name, URL: "/b/" + item.Slug, Metres: item.DistanceM, Dist: true,
			Closed: !item.Open.IsOpen(),
		})
	}
	if n := len(items); n > 0 && s.first == 1 && items[n-1].DistanceM < reach/8 {
		in.Pins = nil // they would lie upon each other: their cell says how many there are
	}
	drawn, err := view.DrawMap(in)
	if err != nil {
		return nil, errors.Join(errors.New("map"), err)
	}
	drawn.Reach = int(reach)
	zoomed := func(metres int) string {
		return s.url("/", func(v url.Values) { v.Set("reach", strconv.Itoa(metres)); v.Set("view", "map") })
	}
	for _, step := range reaches { // each about twice the one before
		if float64(step) < reach*0.75 {
			drawn.Closer = zoomed(step)
		}
		if float64(step) > reach*1.35 {
			drawn.Farther = zoomed(step)
			break
		}
	}
	return drawn, nil
}

package directory

import (
	"cmp"
	"context"
	"slices"

	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// Starts are the weightiest places of the gazetteer, to begin a search from.
func (s *Service) Starts(ctx context.Context, most int) ([]GazetteerPlace, error) {
	list, err := s.store.places(ctx, "kind <> 'street' OR weight >= ?", 40)
	return list[:min(most, len(list))], err
}

// Home is where a visitor stands who has named no place: the weightiest place
// of the gazetteer, or where most businesses are; ok is false while there is
// neither.
func (s *Service) Home(ctx context.Context) (home GazetteerPlace, ok bool, err error) {
	list, err := s.Starts(ctx, 1)
	if err != nil || len(list) > 0 {
		return append(list, home)[0], len(list) > 0, err
	}
	everywhere, err := geo.NewBox(-180, -90, 180, 90)
	if err != nil {
		return home, false, err
	}
	const aDistrict = 6 // H3 resolution: about 4 km across
	found, _ := s.follower.index.Clusters(everywhere, aDistrict, nearby.Query{})
	if len(found) == 0 {
		return home, false, nil
	}
	fullest := slices.MaxFunc(found, func(a, b nearby.Cluster) int { return cmp.Compare(a.Count, b.Count) })
	home.Kind, home.Point = "town", geo.Point{Lat: fullest.Lat, Lng: fullest.Lng}
	hits, _ := s.follower.index.Search(nearby.Query{Center: home.Point, Limit: 20})
	for i := range hits {
		if home.Name = summaryOf(&hits[i]).Address.City; home.Name != "" {
			return home, true, nil
		}
	}
	return home, false, nil
}

// NearestPlace is the named place a point belongs to; ok is false where none
// is within two kilometres.
func (s *Service) NearestPlace(ctx context.Context, p geo.Point) (place GazetteerPlace, ok bool, err error) {
	const degree = 111_000.0 // metres, a little under the truth
	reach := nearestPlaceM / degree
	list, err := s.store.places(ctx, "lat BETWEEN ? AND ?", p.Lat-reach, p.Lat+reach)
	if err != nil {
		return place, false, err
	}
	nearest := float64(nearestPlaceM)
	for _, candidate := range list {
		if metres := geo.Distance(candidate.Point, p); metres <= nearest {
			place, ok, nearest = candidate, true, metres
		}
	}
	return place, ok, nil
}

// nearestPlaceM is how far a named place may lie from a point to lend it its
// name, in metres.
const nearestPlaceM = 2000

// CountCells counts the businesses that fit q (its place, radius, limit and
// cursor do not matter) in the cells of one resolution within a map view.
// Where that would be too many cells the answer is empty. Errors: Invalid with
// every wrong field.
func (s *Service) CountCells(_ context.Context, view geo.Box, resolution int, q Query) (map[geo.Cell]int, error) {
	q.Center, q.Cell, q.RadiusM, q.Cursor, q.DeliversHere = geo.Point{}, 0, 0, "", false
	if resolution < 0 || resolution > geo.MaxResolution {
		return nil, errs.Fields([]errs.Field{{Name: "resolution", Code: "out_of_range", Message: "A resolution is from 0 to 15."}})
	}
	ask, err := q.prepare()
	if err != nil {
		return nil, err
	}
	found, actual := s.follower.index.Clusters(view, resolution, ask)
	counts := make(map[geo.Cell]int, len(found))
	if actual != resolution {
		return counts, nil
	}
	for _, c := range found {
		counts[c.Cell] = c.Count
	}
	return counts, nil
}

// Listed gives the summaries of listed businesses by slug, at most most.
func (s *Service) Listed(most int) []Summary {
	var list []Summary
	for hit := range s.follower.index.All() {
		if summary := summaryOf(&hit); summary.State.Listed() {
			list = append(list, summary)
		}
	}
	slices.SortFunc(list, func(a, b Summary) int { return cmp.Compare(a.Slug, b.Slug) })
	return list[:min(most, len(list))]
}

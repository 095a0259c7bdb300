package directory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/text"
)

// GazetteerPlace is a named place one can start a search from: a street or a
// district of the town, or a town.
type GazetteerPlace struct {
	ID      string
	Name    string
	Kind    string // street, district, square, town …
	Context string // what it belongs to, "Old Town, Portmere"
	Point   geo.Point
	Weight  int // the more, the earlier among equals
}

// maxPlaces is how many places FindPlace gives.
const maxPlaces = 10

// AddPlaces puts places into the gazetteer. One with the name, kind and context
// of another takes its place.
func (s *Service) AddPlaces(ctx context.Context, places []GazetteerPlace) error {
	for i := range places {
		p := &places[i]
		if placeKey(p.Name) == "" || p.Kind == "" || !p.Point.Valid() {
			return errs.New(errs.Invalid, "bad_place", "A place has a name, a kind and a point.")
		}
		if p.ID == "" {
			p.ID = s.ids()
		}
	}
	return s.db.Tx(ctx, func(ctx context.Context) error { return s.store.savePlaces(ctx, places) })
}

// placeKey is a name as it is compared.
func placeKey(name string) string { return strings.Join(text.Words(name), " ") }

// FindPlace finds places by the words of their name and context, each of which
// may be just a beginning: exact names first, then beginnings, the weightiest
// before the others. What the gazetteer does not know is looked for in the
// addresses of the listed businesses; such a place has no id. No words find
// nothing.
func (s *Service) FindPlace(ctx context.Context, query string) ([]GazetteerPlace, error) {
	if len(query) > 4*maxText {
		return nil, nil
	}
	words := text.Words(query)
	if len(words) == 0 || len(words) > maxTerms {
		return nil, nil
	}
	found, err := s.findPlace(ctx, words)
	if err != nil || len(found) > 0 {
		return found, err
	}
	// "Quay Street 4, 10115 Portmere": numbers are in no name.
	names := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w[0] >= '0' && w[0] <= '9' })
	if len(names) == 0 || len(names) == len(words) {
		return nil, nil
	}
	return s.findPlace(ctx, names)
}

func (s *Service) findPlace(ctx context.Context, words []string) ([]GazetteerPlace, error) {
	// The first word must be in the name; the others may be in the context.
	found, err := s.store.placesWith(ctx, words[0])
	if err != nil {
		return nil, err
	}
	key := strings.Join(words, " ")
	found = slices.DeleteFunc(found, func(p GazetteerPlace) bool {
		return !begins(text.Words(p.Name+" "+p.Context), words)
	})
	if len(found) == 0 {
		return s.follower.localities.find(words, maxPlaces), nil
	}
	rank := func(p GazetteerPlace) int {
		switch name := placeKey(p.Name); {
		case name == key:
			return 0
		case strings.HasPrefix(name, key):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(found, func(a, b GazetteerPlace) int { return rank(a) - rank(b) })
	return found[:min(len(found), maxPlaces)], nil
}

// begins reports whether every wanted word is the beginning of one of words.
func begins(words, wanted []string) bool {
	for _, w := range wanted {
		if !slices.ContainsFunc(words, func(s string) bool { return strings.HasPrefix(s, w) }) {
			return false
		}
	}
	return true
}

// Street finds the street of an address by its exact name, the nearest to p
// first; ok is false when the gazetteer does not know it.
func (s *Service) Street(ctx context.Context, name string, p geo.Point) (place GazetteerPlace, ok bool, err error) {
	key := placeKey(name)
	if key == "" {
		return GazetteerPlace{}, false, nil
	}
	found, err := s.store.streets(ctx, key)
	if err != nil || len(found) == 0 {
		return GazetteerPlace{}, false, err
	}
	return slices.MinFunc(found, func(a, b GazetteerPlace) int {
		return cmp.Compare(geo.Distance(a.Point, p), geo.Distance(b.Point, p))
	}), true, nil
}

package directory

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// localities are the streets, districts and towns of the addresses of the
// businesses that are shown: where nobody has filled the gazetteer they are what
// place names are looked up in. Safe for concurrent use.
type localities struct {
	mu    sync.RWMutex
	parts map[localityKey]*locality // guarded by mu
}

// localityKey is one name within one cell of about 36 km²: a town's streets of
// one name, or two towns of one name, may lie far apart, and the middle between
// them is neither.
type localityKey struct {
	kind                 string
	name, district, town string
	cell                 geo.Cell
}

// locality is a name within a cell.
type locality struct {
	text    string     // folded, a blank before each word: those of the name, then those of the context
	nameEnd int        // where the name ends in text
	count   int        // businesses that have it in their address
	sum     [3]float64 // of their positions as unit vectors
}

const (
	localityResolution = 6
	// maxLocalities bounds memory (some 15 MB) and the time of a look-up (a few
	// milliseconds, see BenchmarkFindLocality). More names than in a few large
	// cities want a gazetteer; until there is one, the last ones are left out.
	maxLocalities = 50_000
)

// add counts a business in.
func (l *localities) add(s *Summary) { l.count(s, 1) }

// remove counts a business out that was counted in.
func (l *localities) remove(s *Summary) { l.count(s, -1) }

// savedLocality is a name within a cell, and what is known of it, for a file.
type savedLocality struct {
	Kind, Name, District, Town string
	Cell                       geo.Cell
	Text                       string
	NameEnd, Count             int
	Sum                        [3]float64
}

// save is all of them.
func (l *localities) save() []savedLocality {
	l.mu.RLock()
	defer l.mu.RUnlock()
	list := make([]savedLocality, 0, len(l.parts))
	for k, p := range l.parts {
		list = append(list, savedLocality{k.kind, k.name, k.district, k.town, k.cell, p.text, p.nameEnd, p.count, p.sum})
	}
	return list
}

// restore makes the localities those that were saved.
func (l *localities) restore(list []savedLocality) {
	parts := make(map[localityKey]*locality, len(list))
	for _, s := range list {
		parts[localityKey{s.Kind, s.Name, s.District, s.Town, s.Cell}] = &locality{s.Text, s.NameEnd, s.Count, s.Sum}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts = parts
}

// replace makes the localities those of the rows of an index.
func (l *localities) replace(index *nearby.Index) {
	fresh := localities{parts: map[localityKey]*locality{}}
	for hit := range index.All() {
		s := summaryOf(&hit)
		fresh.add(&s)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts = fresh.parts
}

func (l *localities) count(s *Summary, by int) {
	a, cell := s.Address, s.Cell.Parent(localityResolution)
	at := unit(s.Point)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range [...]localityKey{
		{"street", a.Street, a.District, a.City, cell},
		{"district", a.District, a.Country, a.City, cell},
		{"town", a.City, a.Region, a.Country, cell},
	} {
		if key.name == "" {
			continue
		}
		part := l.parts[key]
		if part == nil {
			if by < 0 || len(l.parts) >= maxLocalities {
				continue
			}
			name := blankBefore(key.name)
			part = &locality{text: name + blankBefore(key.context()), nameEnd: len(name)}
			l.parts[key] = part
		}
		part.count += by
		for i := range part.sum {
			part.sum[i] += float64(by) * at[i]
		}
		if part.count <= 0 {
			delete(l.parts, key)
		}
	}
}

// context is what a place belongs to, as people write it.
func (k localityKey) context() string {
	switch {
	case k.kind == "district", k.district == "":
		return k.town
	case k.town == "":
		return k.district
	}
	return k.district + ", " + k.town
}

// blankBefore is a text's folded words, a blank before each.
func blankBefore(s string) string {
	if key := placeKey(s); key != "" {
		return " " + key
	}
	return ""
}

// find lists the places whose name has a word that begins with the first of the
// folded words and whose name or context has one for each of the others: exact
// names first, then those that begin like it, and those with the most
// businesses before the others. A place's weight is how many businesses it has,
// its point the middle of where it has the most.
func (l *localities) find(words []string, most int) []GazetteerPlace {
	type group struct {
		place GazetteerPlace
		rank  int
		most  int // businesses in the fullest part
	}
	type groupKey struct{ kind, text string }
	groups := map[groupKey]*group{}
	wanted := blankBefore(strings.Join(words, " "))
	l.mu.RLock()
	for key, part := range l.parts {
		if !part.has(words) {
			continue
		}
		// Spellings that fold to the same are one place, shown in the commonest,
		// rather not in capitals.
		g := groups[groupKey{key.kind, part.text}]
		if g == nil {
			g = &group{place: GazetteerPlace{Kind: key.kind}, rank: part.rank(wanted)}
			groups[groupKey{key.kind, part.text}] = g
		}
		g.place.Weight += part.count
		if part.count > g.most || part.count == g.most && key.name > g.place.Name {
			g.most, g.place.Name, g.place.Context, g.place.Point = part.count, key.name, key.context(), point(part.sum)
		}
	}
	l.mu.RUnlock()
	list := make([]*group, 0, len(groups))
	for _, g := range groups {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int {
		return cmp.Or(a.rank-b.rank, b.place.Weight-a.place.Weight, strings.Compare(a.place.Name, b.place.Name),
			strings.Compare(a.place.Context, b.place.Context), strings.Compare(a.place.Kind, b.place.Kind))
	})
	var places []GazetteerPlace
	for _, g := range list[:min(len(list), most)] {
		places = append(places, g.place)
	}
	return places
}

// has reports whether the words begin words of the name and the context.
func (p *locality) has(words []string) bool {
	for i, word := range words {
		text := p.text
		if i == 0 {
			text = p.text[:p.nameEnd]
		}
		if !beginsWord(text, word) {
			return false
		}
	}
	return true
}

// beginsWord reports whether one of the words, each after a blank, begins like
// word.
func beginsWord(words, word string) bool {
	for {
		at := strings.Index(words, word)
		if at < 0 {
			return false
		}
		if at > 0 && words[at-1] == ' ' {
			return true
		}
		words = words[at+len(word):]
	}
}

// rank is 0 for the very name that is wanted, 1 for one that begins like it, 2
// for others.
func (p *locality) rank(wanted string) int {
	switch name := p.text[:p.nameEnd]; {
	case name == wanted:
		return 0
	case strings.HasPrefix(name, wanted):
		return 1
	}
	return 2
}

// unit is a point as a vector of length 1. Means of vectors are right at the
// poles and across the antimeridian.
func unit(p geo.Point) [3]float64 {
	sinLat, cosLat := math.Sincos(p.Lat * math.Pi / 180)
	sinLng, cosLng := math.Sincos(p.Lng * math.Pi / 180)
	return [3]float64{cosLat * cosLng, cosLat * sinLng, sinLat}
}

// point is where a vector of any length points.
func point(v [3]float64) geo.Point {
	p, err := geo.NewPoint(math.Atan2(v[2], math.Hypot(v[0], v[1]))*180/math.Pi, math.Atan2(v[1], v[0])*180/math.Pi)
	if err != nil {
		panic(err) // an arc tangent of sums of finite numbers
	}
	return p
}

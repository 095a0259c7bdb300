package directory

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/nearby"
	"nearby/internal/text"
)

// Bounds of a Query.
const (
	DefaultLimit = 20
	MaxLimit     = 50
	MaxRadiusM   = 50_000
	maxText      = 200 // characters
	maxTerms     = 12  // words
)

// Query asks for the businesses near a place. Every condition that is set must
// hold.
type Query struct {
	Center     geo.Point
	Cell       geo.Cell // instead of Center: the middle of this cell
	RadiusM    float64  // metres, at most 50,000; 0 for no bound
	Limit      int      // 1 to 50; 0 for 20
	Cursor     string   // NextCursor of the page before
	Category   string   // slug; children are included
	Open       time.Time
	Text       string
	Attributes []string
	Pickup     bool
	Delivery   bool
	InStock    bool
	Orderable  bool

	WithinCell    geo.Cell     // only in this cell
	Within        *geo.Polygon // only in this area
	VerifiedSince time.Time
	DeliversHere  bool // to the place asked from
	// Fuzzy finds words of four letters and more with a typo, and of eight and
	// more with two, and writes Cyrillic and Greek ones in Latin letters.
	// Nearby does so by itself where nothing is spelt like that.
	Fuzzy bool
}

// Page is the answer to a Query, nearest first, ties by id.
type Page struct {
	Items      []Item
	NextCursor string // "" on the last page
	Fuzzy      bool   // found with typos forgiven, nothing being spelt like Query.Text
}

// Item is one business of a Page.
type Item struct {
	Summary
	DistanceM float64     // metres, great circle
	Open      hours.State // at Query.Open, else now
	Matched   []string    // what Query.Text was found in: name, category, place, product
}

// center is where q asks from.
func (q Query) center() geo.Point {
	if q.Cell != 0 {
		return q.Cell.Center()
	}
	return q.Center
}

// prepare checks q and turns it into the index's question.
func (q *Query) prepare() (nearby.Query, error) {
	var w wrongs
	if q.Cell != 0 && !q.Cell.Valid() {
		w.add("cell", "bad_cell", "This is not a cell of the map's grid.")
	} else if q.Cell == 0 && !q.Center.Valid() {
		w.add("lat", "bad_point", "This is not a place on the Earth.")
	}
	if !(q.RadiusM >= 0 && q.RadiusM <= MaxRadiusM) { // also true of NaN
		w.add("radius_m", "out_of_range", "A radius is a number of metres up to 50,000.")
	}
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	if q.Limit < 1 || q.Limit > MaxLimit {
		w.add("limit", "out_of_range", "A page has 1 to 50 businesses.")
	}
	if q.WithinCell != 0 && !q.WithinCell.Valid() {
		w.add("within_cell", "bad_cell", "This is not a cell of the map's grid.")
	}
	ask := nearby.Query{
		RadiusM: q.RadiusM, Limit: q.Limit, OpenAt: q.Open.Truncate(time.Minute),
		Cell: q.WithinCell, Within: q.Within, Delivers: q.DeliversHere,
	}
	if !q.VerifiedSince.IsZero() {
		ask.VerifiedSince = max(1, q.VerifiedSince.Unix())
	}
	if q.Category != "" {
		below := category.Descendants(q.Category)
		if len(below) == 0 {
			w.add("category", "unknown_category", "There is no category of this name.")
		}
		numbers := make([]uint16, len(below))
		for i, c := range below {
			numbers[i] = c.Number
		}
		ask.Categories = nearby.NewCategorySet(numbers...)
	}
	for _, f := range []struct {
		wanted bool
		flag   nearby.Flags
	}{{q.Pickup, nearby.Pickup}, {q.Delivery, nearby.Delivery}, {q.InStock, nearby.InStock}, {q.Orderable, nearby.Orderable}} {
		if f.wanted {
			ask.Need |= f.flag
		}
	}
	ask.Terms = q.terms(&w)
	if err := errs.Fields(w); err != nil {
		return nearby.Query{}, err
	}
	ask.Center = q.center()
	return ask, nil
}

// terms are the words to be found; the last one may be the beginning of a word,
// because people search while they type.
func (q *Query) terms(w *wrongs) []nearby.Term {
	if !utf8.ValidString(q.Text) || strings.ContainsFunc(q.Text, func(r rune) bool { return r < ' ' && r != '\t' }) {
		w.add("q", "bad_text", "This text holds characters that cannot be searched for.")
		return nil
	}
	if utf8.RuneCountInString(q.Text) > maxText {
		w.add("q", "too_long", "A search has at most 200 characters.")
		return nil
	}
	words := text.Words(q.Text)
	if len(words) > maxTerms {
		words = words[:maxTerms]
	}
	terms := make([]nearby.Term, 0, len(words)+len(q.Attributes))
	for i, word := range words {
		term := nearby.Term{Text: word, Prefix: i == len(words)-1}
		if q.Fuzzy {
			term.Text, _ = text.Latin(word)
			term.Edits = forgiven(term.Text)
		}
		terms = append(terms, term)
	}
	for _, attribute := range q.Attributes {
		if !slices.Contains(Attributes, attribute) {
			w.add("attributes", "unknown_attribute", "There is no attribute of this name.")
			break
		}
		terms = append(terms, nearby.Term{Text: attributeWord(attribute)})
	}
	return terms
}

// forgiven is how many typos there may be in a word: short ones are too like
// others, and a number is another number.
func forgiven(word string) int {
	if strings.ContainsFunc(word, unicode.IsNumber) {
		return 0
	}
	switch n := utf8.RuneCountInString(word); {
	case n >= 8:
		return 2
	case n >= 4:
		return 1
	}
	return 0
}

// attributeWord is how an attribute stands among the words of a row. No word of
// a text begins like it.
func attributeWord(attribute string) string { return "#" + attribute }

// Nearby finds the businesses near a place from memory, without a query to the
// database: exactly those a look at every listed business would find, in the
// same order. Errors: Invalid with every wrong field, Invalid "bad_cursor".
func (s *Service) Nearby(ctx context.Context, q Query) (Page, error) {
	ask, err := q.prepare()
	if err != nil {
		return Page{}, err
	}
	ask.After, err = s.cursors.read(q, q.Cursor)
	if err != nil && !q.Fuzzy && q.Text != "" { // the mark may be of a list with typos forgiven
		return s.forgiving(ctx, q, err)
	}
	if err != nil {
		return Page{}, err
	}
	at := q.Open
	if at.IsZero() {
		at = s.clock()
	}
	var room [MaxLimit]nearby.Hit
	hits, more := s.follower.index.Append(room[:0], ask)
	if len(hits) == 0 && q.Text != "" && !q.Fuzzy && ask.After == nil {
		return s.forgiving(ctx, q, nil)
	}
	page := Page{Fuzzy: q.Fuzzy, Items: make([]Item, 0, len(hits))}
	for i := range hits {
		summary := summaryOf(&hits[i])
		page.Items = append(page.Items, Item{
			Summary: summary, DistanceM: hits[i].DistanceM, Open: summary.Hours.At(at), Matched: summary.matched(ask.Terms),
		})
	}
	if more && len(hits) > 0 {
		page.NextCursor = s.cursors.write(q, hits[len(hits)-1].Position())
	}
	return page, nil
}

// forgiving is Nearby with typos forgiven. Where a page mark fits neither that
// nor the words as they are, err stays what it was.
func (s *Service) forgiving(ctx context.Context, q Query, err error) (Page, error) {
	q.Fuzzy = true
	page, second := s.Nearby(ctx, q)
	if second != nil && err != nil {
		return Page{}, err
	}
	return page, second
}

// Count is how many businesses fit q, whatever its limit and cursor, with typos
// forgiven where Nearby forgives them.
func (s *Service) Count(_ context.Context, q Query) (int, error) {
	ask, err := q.prepare()
	if err != nil {
		return 0, err
	}
	n := s.follower.index.Count(ask)
	if n == 0 && q.Text != "" && !q.Fuzzy {
		q.Fuzzy = true
		if ask, err = q.prepare(); err == nil {
			n = s.follower.index.Count(ask)
		}
	}
	return n, err
}

// Facets is how the businesses that fit a Query divide.
type Facets struct {
	Total                                int
	Categories                           map[string]int // by slug; a category counts those below it
	Open                                 int            // at Query.Open, else now
	Pickup, Delivery, InStock, Orderable int
}

// Facets counts the businesses that fit q, whatever its limit and cursor, by what
// they could be narrowed to, exactly. Errors: Invalid with every wrong field.
func (s *Service) Facets(_ context.Context, q Query) (Facets, error) {
	ask, err := q.prepare()
	if err != nil {
		return Facets{}, err
	}
	found := s.follower.index.Facets(ask, s.clock().Truncate(time.Minute))
	facets := Facets{
		Total: found.Total, Categories: map[string]int{}, Open: found.OpenNow, Pickup: found.Flags[nearby.Pickup],
		Delivery: found.Flags[nearby.Delivery], InStock: found.Flags[nearby.InStock], Orderable: found.Flags[nearby.Orderable],
	}
	for number, n := range found.Categories {
		c, _ := category.ByNumber(number)
		for _, above := range category.Path(c.Slug) {
			facets.Categories[above.Slug] += n
		}
	}
	return facets, nil
}

// Cluster is the businesses of one cell of a map view.
type Cluster struct {
	Cell  geo.Cell
	Count int
	Point geo.Point // the middle of the businesses
	Items []Summary // all of them when there are at most three
}

// Cells counts the businesses that fit q (its place, limit and cursor do not
// matter, its radius must be 0) in the cells of a map view. The resolution
// follows the zoom level of a web map, 0 to 22, and is coarser where there
// would be too many cells. Errors: Invalid with every wrong field.
func (s *Service) Cells(_ context.Context, view geo.Box, zoom int, q Query) (clusters []Cluster, resolution int, err error) {
	q.Center, q.Cell, q.RadiusM, q.DeliversHere = geo.Point{}, 0, 0, false
	ask, err := q.prepare()
	if err != nil {
		return nil, 0, err
	}
	if zoom < 0 || zoom > 22 {
		return nil, 0, errs.Fields([]errs.Field{{Name: "zoom", Code: "out_of_range", Message: "A zoom level is from 0 to 22."}})
	}
	found, resolution := s.follower.index.Clusters(view, resolutionAt(zoom), ask)
	clusters = make([]Cluster, len(found))
	for i, f := range found {
		clusters[i] = Cluster{Cell: f.Cell, Count: f.Count, Point: geo.Point{Lat: f.Lat, Lng: f.Lng}}
		for k := range f.Few {
			clusters[i].Items = append(clusters[i].Items, summaryOf(&f.Few[k]))
		}
	}
	return clusters, resolution, nil
}

// resolutionAt is the H3 resolution whose cells are about 40 pixels an edge on
// a web map of 256-pixel tiles at the equator. The mean edge shrinks by √7 from
// 1,107.7 km at resolution 0 (https://h3geo.org/docs/core-library/restable).
func resolutionAt(zoom int) int {
	const metresPerPixel = 2 * math.Pi * 6378137 / 256 // at zoom 0
	edge := 40 * metresPerPixel / math.Exp2(float64(zoom))
	return max(0, min(geo.MaxResolution, int(math.Round(math.Log(1_107_712/edge)/math.Log(math.Sqrt(7))))))
}

// categoryText is what a category and those above it are called in every
// language of the product, and in others.
func categoryText(slug string) string {
	var b strings.Builder
	for _, c := range category.Path(slug) {
		b.WriteString(c.Synonyms + " ")
		for _, language := range category.Languages() {
			fmt.Fprintf(&b, "%s ", c.Name[language])
		}
	}
	return b.String()
}

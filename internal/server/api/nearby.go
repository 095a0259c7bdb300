package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/geo"
)

// fresh is how long anybody may keep a public answer: what is suspended must
// be gone within five seconds.
const fresh = 5 * time.Second

const geoJSON = "application/geo+json"

func (a *api) public() {
	add(a, operation{
		id: "list-nearby", method: http.MethodGet, path: "/nearby", tag: "Nearby", who: everybody, limit: "search", offers: geoJSON,
		summary: "Businesses near a place, nearest first",
		about: "Exactly the businesses that a look at every one would find, by great-circle distance on a sphere of radius 6371008.8 m, " +
			"ties by id. Name the place with lat and lng, or with an H3 cell. No position is for sale: explain says all that counted. " +
			"With Accept: application/geo+json the answer is a FeatureCollection.",
		query: map[string]any{"lat": 52.5, "lng": 13.4, "radius_m": 2000, "limit": 2, "q": "bakery", "open": "now"},
	}, a.nearby)
	add(a, operation{
		id: "count-nearby-cells", method: http.MethodGet, path: "/nearby/cells", tag: "Nearby", who: everybody, limit: "search", keep: fresh,
		summary: "Businesses of a map view, counted by H3 cell",
		about:   "The resolution follows the zoom level and is coarser where there would be too many cells. The box may cross the antimeridian (west > east).",
		query:   map[string]any{"bbox": "13.3,52.4,13.5,52.6", "zoom": 13},
	}, a.cells)
	add(a, operation{
		id: "count-nearby", method: http.MethodGet, path: "/nearby/facets", tag: "Nearby", who: everybody, limit: "search",
		summary: "How many businesses fit, and how they divide",
		about:   "Exact counts of what the same search without limit and cursor would list.",
		query:   map[string]any{"lat": 52.5, "lng": 13.4, "radius_m": 2000, "open": "now"},
	}, a.facets)
	add(a, operation{
		id: "list-categories", method: http.MethodGet, path: "/categories", tag: "Nearby", who: everybody, keep: time.Hour,
		summary: "The tree of categories, parents before children",
	}, a.categories)
	add(a, operation{
		id: "try-hours", method: http.MethodGet, path: "/hours", tag: "Nearby", who: everybody, limit: "search",
		summary: "Whether a place with these hours is open, until when, and why",
		about:   "The evaluator of the search and the checkout, for hours that you have not saved. What it cannot read it refuses with the position.",
		query:   map[string]any{"hours": "Mo-Fr 09:00-17:00; PH off", "time_zone": "Europe/Berlin", "region": "DE-BE", "at": "2026-12-25T10:00:00+01:00"},
	}, a.tryHours)
	add(a, operation{
		id: "get-business", method: http.MethodGet, path: "/businesses/{id}", tag: "Nearby", who: anybody, scope: "business:read", keep: fresh,
		summary: "A business, by id or slug",
		about:   "Anybody sees listed businesses. With a token of one of its people a business is seen in whatever state, with what only they see.",
	}, a.business)
	add(a, operation{
		id: "list-products", method: http.MethodGet, path: "/businesses/{id}/products", tag: "Nearby", who: anybody, scope: "catalog:read", keep: fresh,
		summary: "What a business has on sale",
		about:   "In the order of its page. With state, and a token of one of its people, also drafts and archived products, newest first.",
	}, a.productsOf)
	add(a, operation{
		id: "get-product", method: http.MethodGet, path: "/products/{product_id}", tag: "Nearby", who: everybody, keep: fresh,
		summary: "A product on sale, with the number of pieces that checkout uses",
	}, a.product)
	add(a, operation{
		id: "file-notice", method: http.MethodPost, path: "/notices", tag: "Reports", who: anybody, status: http.StatusCreated, repeat: byRoom, limit: "report",
		summary: "Tell that something is wrong with a business or a product",
		about:   "Nobody needs an account. The receipt shows what becomes of the report.",
		example: map[string]any{"business": exampleBusiness, "kind": "closed", "text": "The door has been shut for a month."},
	}, a.report)
	add(a, operation{
		id: "get-notice", method: http.MethodGet, path: "/notices/{receipt}", tag: "Reports", who: everybody,
		summary: "What became of a report",
	}, a.receipt)
	add(a, operation{
		id: "get-transparency", method: http.MethodGet, path: "/transparency", tag: "Reports", who: everybody, keep: time.Minute,
		summary: "What was checked and decided in the last 90 days",
	}, a.transparency)
}

// optional is a parameter of which it matters whether it is there.
type optional[T any] struct {
	Value T
	Set   bool
}

// Schema is that of the value.
func (optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver is where huma writes the value.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet is told whether there was one.
func (o *optional[T]) OnParamSet(set bool, _ any) { o.Set = set }

// Filters narrow a search.
type Filters struct {
	Category      string   `query:"category" maxLength:"100" doc:"Slug of a category; its children are included."`
	Q             string   `query:"q" doc:"Words to be found in name, category, place or products; the last may be the beginning of one." example:"sourdough"`
	Open          string   `query:"open" maxLength:"40" doc:"now, or an instant in RFC 3339: open then." example:"now"`
	Pickup        bool     `query:"pickup" doc:"Hands over at the door."`
	Delivery      bool     `query:"delivery" doc:"Delivers."`
	InStock       bool     `query:"in_stock" doc:"Has something to sell now."`
	Orderable     bool     `query:"orderable" doc:"Takes orders here."`
	Polygon       string   `query:"polygon" maxLength:"20000" doc:"Only inside this line: lng,lat,lng,lat,… in degrees, 3 to 500 corners." example:"13.3,52.4,13.5,52.4,13.4,52.6"`
	WithinCell    string   `query:"within_cell" maxLength:"16" doc:"Only in this H3 cell of any resolution, in hexadecimal." example:"861f1d487ffffff"`
	VerifiedSince string   `query:"verified_since" maxLength:"40" doc:"An instant in RFC 3339: verified then or later." example:"2026-01-01T00:00:00Z"`
	Attributes    []string `query:"attributes" maxItems:"18" doc:"Words with commas between, all of which must hold: wheelchair, vegan, cash …"`
}

// apply puts the filters into a query.
func (f *Filters) apply(q *directory.Query, now time.Time) error {
	q.Category, q.Text, q.Pickup, q.Delivery, q.InStock, q.Orderable = f.Category, f.Q, f.Pickup, f.Delivery, f.InStock, f.Orderable
	q.Attributes = f.Attributes
	var wrong []errs.Field
	if f.Polygon != "" {
		area, err := geo.ParsePolygon(f.Polygon)
		if err != nil {
			wrong = append(wrong, errs.Field{Name: "polygon", Code: "bad_polygon", Message: "A polygon is lng,lat,lng,lat,… in degrees, with 3 to 500 corners and not around a pole."})
		}
		q.Within = &area
	}
	if f.WithinCell != "" {
		var err error
		if q.WithinCell, err = geo.ParseCell(f.WithinCell); err != nil {
			wrong = append(wrong, errs.Field{Name: "within_cell", Code: "bad_cell", Message: "This is not a cell of the H3 grid."})
		}
	}
	if f.VerifiedSince != "" {
		at, ok := instant(f.VerifiedSince)
		if !ok {
			wrong = append(wrong, errs.Field{Name: "verified_since", Code: "bad_time", Message: "Say an instant like 2026-05-04T09:00:00Z."})
		}
		q.VerifiedSince = at
	}
	if err := errs.Fields(wrong); err != nil {
		return err
	}
	switch f.Open {
	case "":
	case "now":
		q.Open = now
	default:
		at, ok := instant(f.Open)
		if !ok {
			return errs.Fields([]errs.Field{{Name: "open", Code: "bad_time", Message: "Say now, or an instant like 2026-05-04T09:00:00Z."}})
		}
		q.Open = at.UTC()
	}
	return nil
}

// instant reads a time in RFC 3339. Years far from ours are none: what follows
// from them may not fit the form any more.
func instant(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil && at.Year() >= 1970 && at.Year() <= 2200
}

type nearbyInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"20"`
	Cursor string `query:"cursor" maxLength:"200" doc:"next_cursor of the page before; everything else must stay the same."`
	Search
}

// Search is what to look for and where, without a page.
type Search struct {
	Lat      optional[float64] `query:"lat" minimum:"-90" maximum:"90" doc:"Degrees north."`
	Lng      optional[float64] `query:"lng" doc:"Degrees east; beyond 180 it goes on around."`
	Cell     string            `query:"cell" maxLength:"16" doc:"Instead of lat and lng: the middle of this H3 cell, in hexadecimal." example:"891f1d48177ffff"`
	RadiusM  optional[float64] `query:"radius_m" exclusiveMinimum:"0" maximum:"50000" doc:"Metres; without it there is no bound."`
	Delivers bool              `query:"delivers" doc:"Delivers to the place asked from."`
	Filters
}

func (in *Search) query(now time.Time) (directory.Query, error) {
	q := directory.Query{RadiusM: in.RadiusM.Value, DeliversHere: in.Delivers}
	var wrong []errs.Field
	switch {
	case in.Cell != "" && (in.Lat.Set || in.Lng.Set):
		wrong = append(wrong, errs.Field{Name: "cell", Code: "not_both", Message: "Send a cell, or lat and lng."})
	case in.Cell != "":
		cell, err := geo.ParseCell(in.Cell)
		if err != nil {
			wrong = append(wrong, errs.Field{Name: "cell", Code: "bad_cell", Message: "This is not a cell of the H3 grid."})
		}
		q.Cell = cell
	default:
		if !in.Lat.Set {
			wrong = append(wrong, errs.Field{Name: "lat", Code: "required", Message: "Send lat and lng, or a cell."})
		}
		if !in.Lng.Set {
			wrong = append(wrong, errs.Field{Name: "lng", Code: "required", Message: "Send lat and lng, or a cell."})
		}
	}
	if err := errs.Fields(wrong); err != nil {
		return q, err
	}
	if in.Cell == "" {
		var err error
		if q.Center, err = geo.NewPoint(in.Lat.Value, in.Lng.Value); err != nil {
			return q, err
		}
	}
	return q, in.apply(&q, now)
}

// NearbyItem is a business in a list by distance.
type NearbyItem struct {
	ID         string       `json:"id"`
	Slug       string       `json:"slug"`
	Name       string       `json:"name"`
	Category   string       `json:"category" doc:"Slug; empty when unknown."`
	Lat        float64      `json:"lat"`
	Lng        float64      `json:"lng"`
	Cell       string       `json:"cell" doc:"H3 cell of resolution 15."`
	DistanceM  float64      `json:"distance_m" doc:"Metres, great circle."`
	Open       OpenState    `json:"open" doc:"At the instant asked for with open, else now."`
	VerifiedAt *time.Time   `json:"verified_at" doc:"null: listed, and not verified."`
	Orderable  bool         `json:"orderable"`
	URL        string       `json:"url"`
	PhotoURL   *string      `json:"photo_url"`
	Matched    []string     `json:"matched" doc:"What q was found in: name, category, place, product."`
	Products   []ProductHit `json:"products" doc:"With q: the first three that have all its words."`
	Explain    Explain      `json:"explain"`
}

// ProductHit is a product that was searched for, where it can be had.
type ProductHit struct {
	Slug      string `json:"slug"`
	Title     string `json:"title"`
	Price     Amount `json:"price" doc:"Of its cheapest variant."`
	InStock   bool   `json:"in_stock"`
	Available *int64 `json:"available" doc:"Pieces that can be ordered now, the number checkout uses; null when they are not counted."`
	URL       string `json:"url"`
}

// Explain is all that decided about an item and its place in the list.
type Explain struct {
	RankedBy string `json:"ranked_by" enum:"distance" doc:"Distance alone; ties by id. No position is for sale."`
	State    string `json:"state" doc:"Where the business is in its verification."`
	Pickup   bool   `json:"pickup"`
	Delivery bool   `json:"delivery"`
	InStock  bool   `json:"in_stock"`
	Fuzzy    bool   `json:"fuzzy" doc:"Nothing is spelt like q: typos were forgiven."`
}

func (a *api) nearbyItem(i *directory.Item) NearbyItem {
	return NearbyItem{
		ID: i.ID, Slug: i.Slug, Name: i.Name, Category: i.Category, Lat: i.Point.Lat, Lng: i.Point.Lng, Cell: i.Cell.String(),
		DistanceM: i.DistanceM, Open: openState(i.Open), VerifiedAt: i.VerifiedAt, Orderable: i.Orderable,
		URL: a.base + "/b/" + i.Slug, PhotoURL: photoURL(a.base, i.PhotoHash, "list"), Matched: words(i.Matched),
		Explain: Explain{RankedBy: "distance", State: string(i.State), Pickup: i.Pickup, Delivery: i.Delivery, InStock: i.InStock},
	}
}

func (a *api) nearby(ctx context.Context, c *caller, in *nearbyInput) (answer[List[NearbyItem]], error) {
	q, err := in.query(a.Clock())
	if err != nil {
		return answer[List[NearbyItem]]{}, err
	}
	q.Limit, q.Cursor = in.Limit, in.Cursor
	page, err := a.Directory.Nearby(ctx, q)
	if err != nil {
		return answer[List[NearbyItem]]{}, err
	}
	products, err := a.fitting(ctx, page.Items, in.Q)
	if err != nil {
		return answer[List[NearbyItem]]{}, err
	}
	item := func(i int) NearbyItem {
		found := &page.Items[i]
		n := a.nearbyItem(found)
		n.Explain.Fuzzy, n.Products = page.Fuzzy, productHits(products[found.ID].Products, n.URL)
		return n
	}
	out := answer[List[NearbyItem]]{Next: page.NextCursor}
	if !strings.Contains(c.accept, geoJSON) {
		out.raw, err = nearbyJSON(c.scratch(), len(page.Items), item, some(page.NextCursor))
		return out, err
	}
	list := List[NearbyItem]{Items: make([]NearbyItem, len(page.Items)), NextCursor: some(page.NextCursor)}
	for i := range list.Items {
		list.Items[i] = item(i)
	}
	out.Type = geoJSON
	out.raw, err = json.Marshal(features(list))
	return out, err
}

// fitting are the products of each item that have all words of q.
func (a *api) fitting(ctx context.Context, items []directory.Item, q string) (map[string]catalog.Finds, error) {
	if q == "" {
		return nil, nil
	}
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	const shown = 3
	return a.Catalog.Fitting(ctx, ids, q, shown)
}

func productHits(found []catalog.Find, business string) []ProductHit {
	hits := []ProductHit{}
	for _, p := range found {
		hits = append(hits, ProductHit{
			Slug: p.Slug, Title: p.Title, Price: amount(p.Price), InStock: p.InStock, Available: p.Available, URL: business + "/p/" + p.Slug,
		})
	}
	return hits
}

// featureCollection is a list in GeoJSON (RFC 7946), with next_cursor as a
// foreign member.
type featureCollection struct {
	Type       string    `json:"type"`
	Features   []feature `json:"features"`
	NextCursor *string   `json:"next_cursor"`
}

type feature struct {
	Type       string     `json:"type"`
	ID         string     `json:"id"`
	Geometry   geometry   `json:"geometry"`
	Properties NearbyItem `json:"properties"`
}

type geometry struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"` // east, north
}

func features(list List[NearbyItem]) featureCollection {
	return featureCollection{Type: "FeatureCollection", NextCursor: list.NextCursor, Features: each(list.Items, func(i NearbyItem) feature {
		return feature{Type: "Feature", ID: i.ID, Geometry: geometry{Type: "Point", Coordinates: [2]float64{i.Lng, i.Lat}}, Properties: i}
	})}
}

// Facets is how the businesses that fit a search divide.
type Facets struct {
	Total      int            `json:"total"`
	Categories map[string]int `json:"categories" doc:"By slug; a category counts those below it."`
	Open       int            `json:"open" doc:"At the instant asked for with open, else now."`
	Pickup     int            `json:"pickup"`
	Delivery   int            `json:"delivery"`
	InStock    int            `json:"in_stock"`
	Orderable  int            `json:"orderable"`
}

func (a *api) facets(ctx context.Context, _ *caller, in *Search) (answer[Facets], error) {
	q, err := in.query(a.Clock())
	if err != nil {
		return answer[Facets]{}, err
	}
	f, err := a.Directory.Facets(ctx, q)
	return answer[Facets]{Body: Facets(f)}, err
}

type cellsInput struct {
	BBox string `query:"bbox" required:"true" maxLength:"120" doc:"west,south,east,north in degrees."`
	Zoom int    `query:"zoom" required:"true" minimum:"0" maximum:"22" doc:"Zoom level of a web map."`
	Filters
}

// Cells is a map view by cell.
type Cells struct {
	Resolution int         `json:"resolution" doc:"H3 resolution of the cells."`
	Cells      []CellCount `json:"cells"`
}

// CellCount is how many businesses lie in a cell, and their middle.
type CellCount struct {
	Cell  string  `json:"cell"`
	Count int     `json:"count"`
	Lat   float64 `json:"lat"`
	Lng   float64 `json:"lng"`
}

func (a *api) cells(ctx context.Context, _ *caller, in *cellsInput) (answer[Cells], error) {
	box, err := geo.ParseBox(in.BBox)
	if err != nil {
		return answer[Cells]{}, errs.Fields([]errs.Field{{Name: "bbox", Code: "bad_box", Message: "A box is west,south,east,north in degrees."}})
	}
	var q directory.Query
	if err := in.apply(&q, a.Clock()); err != nil {
		return answer[Cells]{}, err
	}
	found, resolution, err := a.Directory.Cells(ctx, box, in.Zoom, q)
	if err != nil {
		return answer[Cells]{}, err
	}
	return answer[Cells]{Body: Cells{Resolution: resolution, Cells: each(found, func(c directory.Cluster) CellCount {
		return CellCount{Cell: c.Cell.String(), Count: c.Count, Lat: c.Point.Lat, Lng: c.Point.Lng}
	})}}, nil
}

// Category is a kind of business.
type Category struct {
	Slug   string            `json:"slug"`
	Parent *string           `json:"parent"`
	Name   map[string]string `json:"name" doc:"By language: en, de, ar."`
	Hue    int               `json:"hue" doc:"A colour of the design system, 1 to 8."`
	Icon   string            `json:"icon" doc:"A Lucide icon."`
	OSM    []string          `json:"osm" doc:"OpenStreetMap tags that mean it."`
}

func (a *api) categories(context.Context, *caller, *struct{}) (answer[List[Category]], error) {
	var list []Category
	for _, c := range a.Directory.Categories() {
		list = append(list, Category{Slug: c.Slug, Parent: some(c.Parent), Name: c.Name, Hue: c.Hue, Icon: c.Icon, OSM: words(c.OSM)})
	}
	return listOf(list, ""), nil
}

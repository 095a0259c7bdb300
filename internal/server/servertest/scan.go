package servertest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"nearby/internal/directory/category"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/places"
)

// Scan is every place of a file, to be searched by looking at each: what the
// search must equal.
type Scan struct{ rows []scanRow }

type scanRow struct {
	id       string
	point    geo.Point
	category string
	schedule hours.Schedule
}

// ReadScan reads a file of places that lie in one time zone. ids gives the id
// under which the place of a source's id was imported.
func ReadScan(ctx context.Context, path, zone string, ids map[string]string) (*Scan, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := &Scan{}
	_, err = places.Read(ctx, file, path, func(p places.Place) error {
		row := scanRow{id: ids[p.SourceID], point: geo.Point{Lat: p.Lat, Lng: p.Lng}, category: categoryOf(p)}
		if row.id == "" {
			return fmt.Errorf("%s was not imported", p.SourceID)
		}
		if schedule, err := hours.ParseOSM(p.OpeningHours, zone); err == nil && p.OpeningHours != "" {
			row.schedule = schedule.InPlace(hours.Place{
				Region: hours.RegionOf(p.Country, p.Region, p.City, p.Postcode), Lat: p.Lat, Lng: p.Lng, Pinned: true,
			})
		}
		s.rows = append(s.rows, row)
		return nil
	}, nil)
	return s, err
}

// Len is how many places there are.
func (s *Scan) Len() int { return len(s.rows) }

// categoryOf is our category of an OpenStreetMap place: the first of its tags
// that has one, and the kitchen where that is finer.
func categoryOf(p places.Place) string {
	for _, kind := range p.Kinds {
		c, ok := category.FromOSM(kind.Value)
		if !ok {
			continue
		}
		if kitchen, ok := category.FromOSM("cuisine=" + p.Attributes["cuisine"]); ok && kitchen.Parent == c.Slug {
			return kitchen.Slug
		}
		return c.Slug
	}
	return "other"
}

// Question is one search.
type Question struct {
	Center   geo.Point
	RadiusM  float64 // 0: the nearest, however far
	Limit    int
	Category string
	Open     time.Time // zero: open or not
}

// Questions makes questions about places that a Scan knows: the nearest ones
// and those within a radius, with and without a category, open at some moment
// of a week, from busy streets and from far outside.
func (s *Scan) Questions(n int, seed uint64, week time.Time) []Question {
	random := rand.New(rand.NewPCG(seed, 18))
	list := make([]Question, n)
	for i := range list {
		some := s.rows[random.IntN(len(s.rows))]
		spread := math.Pow(10, -4+3.5*random.Float64()) // degrees, 10 m to 30 km
		q := Question{Limit: 1 + random.IntN(50), Center: geo.Point{
			Lat: some.point.Lat + spread*random.NormFloat64(), Lng: some.point.Lng + spread*random.NormFloat64(),
		}}
		if random.IntN(2) == 0 {
			q.RadiusM = math.Round(math.Pow(10, 1.5+2.2*random.Float64())) // 30 m to 5 km
		}
		if random.IntN(2) == 0 {
			above := category.Path(s.rows[random.IntN(len(s.rows))].category)
			q.Category = above[random.IntN(len(above))].Slug
		}
		if random.IntN(2) == 0 {
			q.Open = week.Add(time.Duration(random.IntN(7*24*60)) * time.Minute)
		}
		list[i] = q
	}
	return list
}

// Path is the question as a call of the API.
func (q Question) Path() string {
	v := url.Values{
		"lat": {strconv.FormatFloat(q.Center.Lat, 'f', -1, 64)}, "lng": {strconv.FormatFloat(q.Center.Lng, 'f', -1, 64)}, "limit": {strconv.Itoa(q.Limit)},
	}
	if q.RadiusM > 0 {
		v.Set("radius_m", strconv.FormatFloat(q.RadiusM, 'f', -1, 64))
	}
	if q.Category != "" {
		v.Set("category", q.Category)
	}
	if !q.Open.IsZero() {
		v.Set("open", q.Open.Format(time.RFC3339))
	}
	return "/api/v1/nearby?" + v.Encode()
}

// Found is one answer of a search.
type Found struct {
	ID        string  `json:"id"`
	Lat       float64 `json:"lat"`
	Lng       float64 `json:"lng"`
	DistanceM float64 `json:"distance_m"`
}

// Look answers a question by looking at every place.
func (s *Scan) Look(q Question) []Found {
	wanted := map[string]bool{}
	for _, c := range category.Descendants(q.Category) {
		wanted[c.Slug] = true
	}
	var found []Found
	for _, r := range s.rows {
		d := geo.Distance(q.Center, r.point)
		if q.RadiusM > 0 && d > q.RadiusM || q.Category != "" && !wanted[r.category] || !q.Open.IsZero() && !r.schedule.At(q.Open).IsOpen() {
			continue
		}
		found = append(found, Found{ID: r.id, Lat: r.point.Lat, Lng: r.point.Lng, DistanceM: d})
	}
	slices.SortFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// Report is what comparing came to.
type Report struct {
	Questions, Answers int
	WorstM             float64 // largest difference of a distance from our own formula, metres
}

// Compare asks a running site and compares every answer with Look: the same
// places in the same order. Questions with a radius are asked page by page to
// the end, up to eight pages.
func (s *Scan) Compare(ctx context.Context, caller Caller, questions []Question) (Report, error) {
	r := Report{Questions: len(questions)}
	for _, q := range questions {
		got, whole, err := all(ctx, caller, q)
		if err != nil {
			return r, fmt.Errorf("%+v: %w", q, err)
		}
		want := s.Look(q)
		if !whole {
			if len(got)%q.Limit != 0 {
				return r, fmt.Errorf("%+v: a page is not full, and more are promised", q)
			}
			want = want[:min(len(want), len(got))]
		}
		if len(got) != len(want) {
			return r, fmt.Errorf("%+v: %d found, want %d", q, len(got), len(want))
		}
		for i, f := range got {
			if f.ID != want[i].ID {
				return r, fmt.Errorf("%+v: number %d is %+v, want %+v", q, i, f, want[i])
			}
			r.WorstM = max(r.WorstM, math.Abs(f.DistanceM-haversine(q.Center, geo.Point{Lat: f.Lat, Lng: f.Lng})))
		}
		r.Answers += len(got)
	}
	return r, nil
}

// all reads the pages of an answer; whole tells that there are no more.
func all(ctx context.Context, caller Caller, q Question) (list []Found, whole bool, err error) {
	for cursor := ""; ; {
		var page struct {
			Items []Found `json:"items"`
			Next  *string `json:"next_cursor"`
		}
		if err := caller.Do(ctx, http.MethodGet, q.Path()+cursor, nil, &page); err != nil {
			return nil, false, err
		}
		list = append(list, page.Items...)
		if page.Next == nil {
			return list, true, nil
		}
		if len(list) >= 8*q.Limit || q.RadiusM == 0 {
			return list, false, nil
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

// haversine is the distance in metres on a sphere of the mean radius, written
// apart from the one it checks.
func haversine(a, b geo.Point) float64 {
	const radius, degree = 6371008.8, math.Pi / 180
	sinLat, sinLng := math.Sin((b.Lat-a.Lat)*degree/2), math.Sin((b.Lng-a.Lng)*degree/2)
	h := sinLat*sinLat + math.Cos(a.Lat*degree)*math.Cos(b.Lat*degree)*sinLng*sinLng
	return 2 * radius * math.Asin(math.Sqrt(min(1, h)))
}

package shop

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

func (h *Handlers) findRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/", Handle: h.nearby, Limit: "search"},
		{Method: http.MethodGet, Path: "/map", Handle: h.nearbyMap, Limit: "search"},
		{Method: http.MethodGet, Path: "/b/:slug", Handle: h.business},
		{Method: http.MethodGet, Path: "/b/:slug/hours.ics", Handle: h.calendar},
		{Method: http.MethodGet, Path: "/b/:slug/p/:product", Handle: h.product},
		{Method: http.MethodGet, Path: "/b/:slug/p/:product/drop", Handle: h.dropEvents, Stream: true},
		{Method: http.MethodGet, Path: "/report", Handle: h.reportForm},
		{Method: http.MethodPost, Path: "/report", Handle: h.report, Limit: "report"},
		{Method: http.MethodPost, Path: "/report/complaint", Handle: h.complain, Limit: "report"},
		{Method: http.MethodGet, Path: "/transparency", Handle: h.transparency},
		{Method: http.MethodGet, Path: "/transparency.csv", Handle: h.transparencyCSV},
	}
}

// radii are the choices of the radius, in metres.
var radii = []int{300, 1000, 3000, 10_000, 30_000}

const (
	usualRadius = 1000
	findsShown  = 3 // products under a card
	startsShown = 8
)

// search is what a shopper asks for, as it stands in the address. Nothing in
// it is finer than a cell of resolution 9.
type search struct {
	text, near, category            string
	cell                            geo.Cell
	radius                          int  // 0: the nearest, however far
	reach                           int  // of the map, one of reaches; 0: as far as its plates
	narrowed                        bool // the radius was chosen, and is not the map's or the usual one
	open, pickup, delivery, inStock bool
	cursor                          string
	first                           int // number of the first result on this page
	place                           string
	point                           geo.Point
	located                         bool
	matches                         []directory.GazetteerPlace
}

// read takes the search from the address. What it does not know it leaves out:
// a shopper's link never fails because of an odd filter.
func (h *Handlers) read(r *route.Request) (search, error) {
	q := r.Req().URL.Query()
	s := search{
		text: clip(q.Get("q"), 100), near: clip(strings.TrimSpace(q.Get("near")), 100), cursor: q.Get("cursor"), radius: usualRadius, first: 1,
		open: q.Get("open") == "now", pickup: q.Get("pickup") != "", delivery: q.Get("delivery") != "", inStock: q.Get("in_stock") != "",
	}
	if _, known := category.BySlug(q.Get("category")); known {
		s.category = q.Get("category")
	}
	if metres, err := strconv.Atoi(q.Get("reach")); err == nil && metres > 0 {
		s.reach = stepOf(metres)
		if s.radius = s.reach; s.radius > directory.MaxRadiusM {
			s.radius = 0
		}
	}
	if metres, err := strconv.Atoi(q.Get("radius")); err == nil && metres >= 0 && metres <= directory.MaxRadiusM {
		s.radius, s.narrowed = metres, metres != usualRadius || s.reach > 0
	}
	if n, err := strconv.Atoi(q.Get("from")); err == nil && n > 1 && n < 1e6 && s.cursor != "" {
		s.first = n
	}
	return s, h.locate(r, &s, q.Get("cell"))
}

func clip(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// locate finds where to search: a cell, a name that was typed, the name typed
// last time, or the middle of the town.
func (h *Handlers) locate(r *route.Request, s *search, cell string) error {
	if cell != "" {
		c, err := geo.ParseCell(cell)
		if err == nil {
			if c.Resolution() > 9 {
				c = c.Parent(9) // never finer, whoever made the link
			}
			s.cell, s.point, s.located, s.place = c, c.Center(), true, s.near
			if s.place == "" {
				s.place = h.nameOf(r, s.point, s.reach > 0)
			}
			return nil
		}
	}
	name, typed := s.near, s.near != ""
	if !typed {
		name = r.Place()
	}
	if name != "" {
		places, err := h.Directory.FindPlace(r.Req().Context(), name)
		if err != nil {
			return err
		}
		if len(places) > 0 {
			s.place, s.point, s.located = places[0].Name, places[0].Point, true
			if typed && len(places) > 1 && !strings.EqualFold(places[0].Name, name) {
				s.matches = places
			}
			if typed {
				r.SetPlace(places[0].Name)
			}
			return nil
		}
		if typed {
			s.near = name // shown again in the field, with nothing found
			return nil
		}
	}
	home, ok, err := h.Directory.Home(r.Req().Context())
	if ok {
		s.place, s.point, s.located = home.Name, home.Point, true
	}
	return err
}

// nameOf is the named place nearest to a point, for people who came with a
// cell: their own, or the middle of a map that they moved.
func (h *Handlers) nameOf(r *route.Request, p geo.Point, moved bool) string {
	place, ok, err := h.Directory.NearestPlace(r.Req().Context(), p)
	switch {
	case err == nil && ok:
		return place.Name
	case moved:
		return r.Text("nearby.map_middle")
	}
	return r.Text("nearby.your_place")
}

// values are the search as an address's query, without its page.
func (s search) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", s.text)
	if s.cell != 0 {
		set("cell", s.cell.String())
	} else {
		set("near", s.near)
	}
	set("category", s.category)
	for name, on := range map[string]bool{"pickup": s.pickup, "delivery": s.delivery, "in_stock": s.inStock} {
		if on {
			v.Set(name, "1")
		}
	}
	if s.open {
		v.Set("open", "now")
	}
	if s.narrowed {
		v.Set("radius", strconv.Itoa(s.radius))
	}
	if s.reach > 0 {
		v.Set("reach", strconv.Itoa(s.reach))
	}
	return v
}

// url is the address of the search after a change.
func (s search) url(path string, change func(url.Values)) string {
	v := s.values()
	if change != nil {
		change(v)
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// query is the directory's question.
func (s search) query(r *route.Request) directory.Query {
	q := directory.Query{
		Center: s.point, Cell: s.cell, RadiusM: float64(s.radius), Cursor: s.cursor, Category: s.category, Text: s.text,
		Pickup: s.pickup, Delivery: s.delivery, InStock: s.inStock,
	}
	if s.open {
		q.Open = r.Now()
	}
	return q
}

func (h *Handlers) nearby(r *route.Request) (route.Answer, error) {
	s, err := h.read(r)
	if err != nil {
		return nil, err
	}
	asMap := r.QueryParam("view") == "map"
	page := h.nearbyPage(r, s)
	if s.located {
		if err := h.results(r, s, page); err != nil {
			return nil, err
		}
		page.MapURL = s.url("/map", func(v url.Values) { withPage(v, s) })
		page.MapPage = s.url("/", func(v url.Values) { withPage(v, s); v.Set("view", "map") })
		page.ListPage = s.url("/", func(v url.Values) { withPage(v, s) })
		if asMap {
			if page.Map, err = h.mapOf(r, s); err != nil {
				return nil, err
			}
		}
	}
	return route.HTML{Name: "shop/nearby", Block: "shop/nearby/list", Page: page}, nil
}

func withPage(v url.Values, s search) {
	if s.cursor != "" {
		v.Set("cursor", s.cursor)
		v.Set("from", strconv.Itoa(s.first))
	}
}

// nearbyPage is the page without its results.
func (h *Handlers) nearbyPage(r *route.Request, s search) *pages.Nearby {
	page := &pages.Nearby{
		Place: s.place, Radius: float64(s.radius), Open: s.open, Pickup: s.pickup, Delivery: s.delivery, InStock: s.inStock,
		Category: s.category, Now: r.Now(),
	}
	page.Title, page.About, page.Tab, page.Canonical = r.Text("nearby.title"), r.Text("site.about"), "nearby", r.Absolute("/")
	if s.place != "" {
		page.Title = r.Text("nearby.title_at", "Place", s.place)
	}
	page.Query, page.Near = s.text, s.near
	if page.Near == "" {
		page.Near = s.place
	}
	if s.cell != 0 {
		page.Cell = s.cell.String()
	}
	for _, metres := range radii {
		page.Radii = append(page.Radii, pages.Option{Value: strconv.Itoa(metres), Label: distanceText(metres), Selected: metres == s.radius})
	}
	if s.radius == s.reach && s.reach > 0 && !slices.Contains(radii, s.reach) {
		page.Radii = append(page.Radii, pages.Option{Value: strconv.Itoa(s.reach), Label: distanceText(s.reach), Selected: true})
	}
	page.Radii = append(page.Radii, pages.Option{Value: "0", Label: r.Text("nearby.any_distance"), Selected: s.radius == 0})
	page.Categories = h.categories(r, s)
	for _, place := range s.matches {
		page.Matches = append(page.Matches, pages.Link{Label: place.Name, URL: s.url("/", func(v url.Values) { v.Del("cell"); v.Set("near", place.Name) })})
	}
	if starts, err := h.Directory.Starts(r.Req().Context(), startsShown); err == nil {
		for _, place := range starts {
			page.Starts = append(page.Starts, pages.Link{Label: place.Name, URL: s.url("/", func(v url.Values) { v.Del("cell"); v.Set("near", place.Name) })})
		}
	}
	return page
}

func distanceText(metres int) string {
	if metres < 1000 {
		return strconv.Itoa(metres) + "\u00a0m"
	}
	return strconv.Itoa(metres/1000) + "\u00a0km"
}

// categories is the row of awnings: all, then the top of the tree, or what
// lies below the chosen one.
func (h *Handlers) categories(r *route.Request, s search) []pages.Category {
	link := func(slug string) string {
		return s.url("/", func(v url.Values) {
			v.Del("category")
			if slug != "" {
				v.Set("category", slug)
			}
		})
	}
	list := []pages.Category{{Name: r.Text("nearby.all_kinds"), Icon: "layout-grid", URL: link(""), Hue: 1, Current: s.category == ""}}
	shown := category.Children("")
	if chosen, ok := category.BySlug(s.category); ok {
		above := category.Path(s.category)
		for _, c := range above {
			list = append(list, pages.Category{Slug: c.Slug, Name: c.Label(r.Lang), Icon: c.Icon, Hue: c.Hue, URL: link(c.Slug), Current: c.Slug == chosen.Slug})
		}
		shown = category.Children(chosen.Slug)
	}
	for _, c := range shown {
		list = append(list, pages.Category{Slug: c.Slug, Name: c.Label(r.Lang), Icon: c.Icon, Hue: c.Hue, URL: link(c.Slug)})
	}
	return list
}

// results fills the cards and what leads to more of them.
func (h *Handlers) results(r *route.Request, s search, page *pages.Nearby) error {
	ctx, q := r.Req().Context(), s.query(r)
	found, err := h.Directory.Nearby(ctx, q)
	if errs.Is(err, errs.Invalid) && s.cursor != "" {
		s.cursor, s.first, q.Cursor = "", 1, "" // an old link to a page: begin again
		found, err = h.Directory.Nearby(ctx, q)
	}
	if err != nil {
		return err
	}
	page.Fuzzy = found.Fuzzy && len(found.Items) > 0
	if s.radius > 0 {
		if page.Total, err = h.Directory.Count(ctx, q); err != nil {
			return err
		}
		page.Exact = true
	}
	if page.Cards, err = h.cards(r, found.Items, s.first, s.text); err != nil {
		return err
	}
	if found.NextCursor != "" {
		from := s.first + len(found.Items)
		page.Pager.Next = s.url("/", func(v url.Values) { v.Set("cursor", found.NextCursor); v.Set("from", strconv.Itoa(from)) })
		page.Pager.From, page.Pager.To = from, from+directory.DefaultLimit-1
		if page.Exact {
			page.Pager.To = min(page.Pager.To, page.Total)
		}
	}
	if s.first > 1 {
		page.Pager.Previous = s.url("/", nil)
	}
	if len(page.Cards) == 0 {
		page.Empty, err = h.empty(r, s)
	}
	return err
}

// cards shows businesses with the first products of each, read in one go.
func (h *Handlers) cards(r *route.Request, items []directory.Item, first int, searched string) ([]pages.Card, error) {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	finds, err := h.Catalog.Finds(r.Req().Context(), ids, searched, findsShown)
	if err != nil {
		return nil, err
	}
	cards := make([]pages.Card, len(items))
	for i, item := range items {
		cards[i] = h.card(r, item, first+i, finds[item.ID])
	}
	return cards, nil
}

func (h *Handlers) card(r *route.Request, item directory.Item, no int, finds catalog.Finds) pages.Card {
	kind, _ := category.BySlug(item.Category)
	card := pages.Card{
		No: no, Name: item.Name, URL: "/b/" + item.Slug, Category: kind.Label(r.Lang), Hue: kind.Hue,
		Photo: view.Thumb(item.PhotoHash, ""), Metres: item.DistanceM, HasDistance: true,
		Open: view.Open(item.Open, item.Hours.Zone(), r.Now()), Verified: item.State != directory.Unclaimed,
		Area: item.Address.Street,
	}
	if item.Orderable {
		if item.Pickup {
			card.Perks = append(card.Perks, "pickup")
		}
		if item.Delivery {
			card.Perks = append(card.Perks, "delivery")
		}
	}
	for _, p := range finds.Products {
		find := pages.Find{Name: p.Title, URL: "/b/" + item.Slug + "/p/" + p.Slug, Hue: kind.Hue, Price: p.Price, Stock: view.StockOfFind(p)}
		if p.PhotoHash != "" {
			find.Photo = view.Thumb(p.PhotoHash, "")
		}
		card.Finds = append(card.Finds, find)
	}
	card.More = max(0, finds.Total-len(finds.Products))
	return card
}

// empty offers the next best thing with its figures.
func (h *Handlers) empty(r *route.Request, s search) (*pages.Empty, error) {
	kind, _ := category.BySlug(s.category)
	e := &pages.Empty{Hue: max(1, kind.Hue), AllURL: (search{cell: s.cell, near: s.near, radius: s.radius}).url("/", nil)}
	if s.category != "" {
		e.Category = kind.Label(r.Lang)
	}
	if s.open {
		e.ClosedURL = s.url("/", func(v url.Values) { v.Del("open") })
	}
	q := s.query(r)
	q.RadiusM, q.Limit, q.Cursor = 0, 1, ""
	found, err := h.Directory.Nearby(r.Req().Context(), q)
	if err != nil || len(found.Items) == 0 {
		return e, err
	}
	nearest := h.card(r, found.Items[0], 0, catalog.Finds{})
	e.Nearest = &nearest
	for _, metres := range append(radii, directory.MaxRadiusM) {
		if float64(metres) >= nearest.Metres && metres > s.radius {
			e.Wider = float64(metres)
			e.WiderURL = s.url("/", func(v url.Values) { v.Set("radius", strconv.Itoa(metres)) })
			break
		}
	}
	return e, nil
}

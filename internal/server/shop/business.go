package shop

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// snippetReach is what the small map on a business's page shows each way.
const snippetReach = 130

func (h *Handlers) business(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	b, err := h.Directory.Public(ctx, r.Param("slug"))
	if err != nil {
		return nil, err
	}
	if b.Slug != r.Param("slug") {
		return route.Moved{Path: "/b/" + b.Slug}, nil
	}
	shelves, err := h.Catalog.ListPublic(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	page, err := h.businessPage(r, b)
	if err != nil {
		return nil, err
	}
	cart, inCart, err := h.cartOf(r, b.ID)
	if err != nil {
		return nil, err
	}
	page.Cart = cart
	if page.Closed, err = h.closed(r, b); err != nil {
		return nil, err
	}
	page.Orderable, page.ClosedUntil = page.Closed == "", pauseEnd(b)
	for i, shelf := range shelves {
		section := pages.Section{ID: strconv.Itoa(i + 1), Name: shelf.Section, Total: len(shelf.Products)}
		if section.Name == "" {
			section.Name = r.Text("business.shelf_rest")
			if len(shelves) == 1 {
				section.Name = r.Text("business.catalog")
			}
		}
		for _, p := range shelf.Products {
			section.Products = append(section.Products, view.ProductCard(p, b.Slug, page.Hue, page.Orderable, inCart))
		}
		page.Sections = append(page.Sections, section)
	}
	return route.HTML{Name: "shop/business", Page: page}, nil
}

// closed is the word for why no order is taken, "" when orders are welcome.
func (h *Handlers) closed(r *route.Request, b directory.Business) (string, error) {
	return h.Order.Closed(r.Req().Context(), b)
}

func (h *Handlers) businessPage(r *route.Request, b directory.Business) (*pages.Business, error) {
	now := r.Now()
	kind, _ := category.BySlug(b.Category)
	week := b.Hours.Week(now)
	page := &pages.Business{
		Slug: b.Slug, Name: b.Name, Category: kind.Label(r.Lang), CategoryURL: "/?category=" + url.QueryEscape(b.Category),
		Blurb: b.Description, Address: view.AddressLines(b.Address), House: b.Address.HouseNumber,
		PhoneURL: b.Phone, Phone: view.Phone(b.Phone), Email: b.Email, Website: b.Website, Site: siteName(b.Website),
		Directions: directions(b), Open: view.Open(b.Hours.At(now), b.Zone, now), Unclaimed: b.State == directory.Unclaimed,
		Pickup: b.Pickup, Delivery: b.Delivery, PayAtPickup: b.PayAtPickup, ReadyIn: b.PrepMinutes,
		Hours: view.Week(week, r.Hours()), Special: view.SpecialDays(week.Special, r.Hours()), HoursText: week.Text, Further: view.FurtherHours(b, r.Hours(), now), HoursSaid: view.Said(b.Hours, r.Hours(), now),
		ReportURL: "/report?business=" + url.QueryEscape(b.Slug),
	}
	page.Title, page.About, page.Back, page.Hue, page.Tab = b.Name, firstSentence(b.Description), "/", kind.Hue, "nearby"
	page.Canonical = r.Absolute("/b/" + b.Slug)
	if b.PhotoHash != "" {
		page.Photo = view.Picture(b.PhotoHash, b.Name, 0, 0)
	}
	if b.VerifiedAt != nil {
		page.Verified = &pages.Verified{At: b.VerifiedAt.In(view.Zone(b.Zone))}
		ways, err := h.Verification.Ways(r.Req().Context(), b.ID)
		if err != nil {
			return nil, err
		}
		page.Verified.Ways, page.Verified.Since, page.Verified.Changes = ways, b.CreatedAt.In(view.Zone(b.Zone)), changes(b)
		if page.Verified.Checks, err = h.passed(r, b); err != nil {
			return nil, err
		}
		pending, err := h.Proposal.Pending(r.Req().Context(), b.ID)
		if err != nil {
			return nil, err
		}
		page.Verified.Pending = view.ChangeFields(pending)
	}
	if r.Session != nil {
		if _, member, err := h.Account.Member(r.Req().Context(), r.User().ID, b.ID); err != nil {
			return nil, err
		} else if member {
			page.ManageURL = "/manage/" + b.Slug
		}
	}
	if metres, ok, err := h.distance(r, b.Point); err != nil {
		return nil, err
	} else if ok {
		page.Metres, page.HasDistance = metres, true
	}
	page.LD = localBusiness(r, b, kind, page)
	page.LD.Hours = b.Hours.OpeningHoursSpecification(now)
	if b.Hours.HasCalendar(now) {
		page.CalendarURL = "/b/" + b.Slug + "/hours.ics"
	}
	drawn, err := view.DrawMap(view.MapInput{
		Label: r.Text("map.title"), Middle: b.Point, Reach: snippetReach, Wide: true, Ground: h.Ground,
		Pins: []view.MapPin{{Point: b.Point, N: view.Plate(b.Address.HouseNumber), Name: b.Name, URL: "#hours", Current: true}},
	})
	page.Map = drawn
	return page, err
}

// calendar is the hours as a file for calendar programs, the same for everybody.
func (h *Handlers) calendar(r *route.Request) (route.Answer, error) {
	b, err := h.Directory.Public(r.Req().Context(), r.Param("slug"))
	if err != nil {
		return nil, err
	}
	if b.Slug != r.Param("slug") {
		return route.Moved{Path: "/b/" + b.Slug + "/hours.ics"}, nil
	}
	file, err := b.Hours.ICal(hours.Signature{
		Name: b.Name, Address: strings.Join(view.AddressLines(b.Address), ", "), Page: r.Absolute("/b/" + b.Slug),
	}, r.Now())
	if errors.Is(err, hours.ErrNoCalendar) {
		return nil, errs.New(errs.NotFound, "no_calendar", "The hours of this business cannot be written as a calendar.")
	}
	if err != nil {
		return nil, err
	}
	return route.Text{Type: "text/calendar; charset=utf-8", Keep: "public, max-age=600", Body: string(file)}, nil
}

// pauseEnd is when a pause ends by itself, on the business's clock.
func pauseEnd(b directory.Business) time.Time {
	if b.PausedUntil.IsZero() {
		return time.Time{}
	}
	return b.PausedUntil.In(view.Zone(b.Zone))
}

// passed are the checks that count for a business now, and until when.
func (h *Handlers) passed(r *route.Request, b directory.Business) ([]pages.Passed, error) {
	standing, err := h.Check.Standing(r.Req().Context(), b, h.Check.Policy())
	if err != nil {
		return nil, err
	}
	zone := view.Zone(b.Zone)
	var list []pages.Passed
	for _, c := range standing.Counting {
		list = append(list, pages.Passed{Word: string(c.Method), At: c.PassedAt.In(zone), Until: c.ValidUntil.In(zone)})
	}
	return list, nil
}

// changes are the public fields that became something else since the business
// was first approved.
func changes(b directory.Business) []pages.ChangedOn {
	var list []pages.ChangedOn
	for _, field := range []struct {
		word string
		at   *time.Time
	}{{"name", b.NameChangedAt}, {"address", b.AddressChangedAt}, {"category", b.CategoryChangedAt}, {"website", b.WebsiteChangedAt}} {
		if field.at != nil {
			list = append(list, pages.ChangedOn{Word: field.word, At: field.at.In(view.Zone(b.Zone))})
		}
	}
	return list
}

// distance is how far a business is from the place the visitor named last.
func (h *Handlers) distance(r *route.Request, to geo.Point) (float64, bool, error) {
	name := r.Place()
	if name == "" {
		return 0, false, nil
	}
	places, err := h.Directory.FindPlace(r.Req().Context(), name)
	if err != nil || len(places) == 0 {
		return 0, false, err
	}
	return geo.Distance(places[0].Point, to), true, nil
}

func siteName(website string) string {
	u, err := url.Parse(website)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Host, "www.")
}

// directions opens the reader's own map program at the business; a position
// of a business is public.
func directions(b directory.Business) string {
	if !b.Located() {
		return ""
	}
	return fmt.Sprintf("https://www.openstreetmap.org/directions?to=%.6f%%2C%.6f", b.Point.Lat, b.Point.Lng)
}

func firstSentence(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if runes := []rune(text); len(runes) > 155 {
		return strings.TrimSpace(string(runes[:154])) + "…"
	}
	return text
}

func localBusiness(r *route.Request, b directory.Business, kind category.Category, page *pages.Business) *pages.LocalBusiness {
	ld := &pages.LocalBusiness{
		Context: "https://schema.org", Type: kind.Schema, ID: page.Canonical, Name: b.Name, Description: b.Description, URL: page.Canonical,
		Telephone: b.Phone, Geo: &pages.GeoPoint{Type: "GeoCoordinates", Lat: b.Point.Lat, Lng: b.Point.Lng}, Currencies: b.Currency,
		Address: &pages.PostalAddress{
			Type: "PostalAddress", Street: strings.TrimSpace(b.Address.Street + " " + b.Address.HouseNumber), Postcode: b.Address.Postcode,
			City: b.Address.City, Country: b.Address.Country,
		},
	}
	if ld.Type == "" {
		ld.Type = "LocalBusiness"
	}
	if b.PhotoHash != "" {
		ld.Image = []string{r.Absolute(view.PhotoURL(b.PhotoHash, blob.Page))}
	}
	return ld
}

func (h *Handlers) product(r *route.Request) (route.Answer, error) {
	b, p, err := h.productOf(r)
	if err != nil {
		return nil, err
	}
	if b.Slug != r.Param("slug") {
		return route.Moved{Path: "/b/" + b.Slug + "/p/" + p.Slug}, nil
	}
	page, err := h.productPage(r, b, p)
	if err != nil {
		return nil, err
	}
	return route.HTML{Name: "shop/product", Page: page}, nil
}

// productOf is the product on sale that the address names, and its business.
func (h *Handlers) productOf(r *route.Request) (directory.Business, catalog.Product, error) {
	ctx := r.Req().Context()
	b, err := h.Directory.Public(ctx, r.Param("slug"))
	if err != nil {
		return b, catalog.Product{}, err
	}
	p, err := h.Catalog.BySlug(ctx, b.ID, r.Param("product"))
	if err == nil && p.State != catalog.Active {
		err = errProduct
	}
	return b, p, err
}

func (h *Handlers) productPage(r *route.Request, b directory.Business, p catalog.Product) (*pages.Product, error) {
	ctx, now := r.Req().Context(), r.Now()
	kind, _ := category.BySlug(b.Category)
	_, inCart, err := h.cartOf(r, b.ID)
	if err != nil {
		return nil, err
	}
	low, high, _ := p.Prices()
	page := &pages.Product{
		Business: b.Name, BusinessURL: "/b/" + b.Slug, Slug: b.Slug, Open: view.Open(b.Hours.At(now), b.Zone, now),
		Name: p.Title, Blurb: p.Description, Price: low, From: low.Minor != high.Minor, TaxIncluded: p.TaxIncluded, Stock: view.Stock(p),
		Quantity: 1, Pickup: b.Pickup, Delivery: b.Delivery, PayAtPickup: b.PayAtPickup, ReadyIn: b.PrepMinutes,
		ReportURL: "/report?business=" + url.QueryEscape(b.Slug) + "&product=" + url.QueryEscape(p.Slug),
	}
	page.Title, page.About, page.Back, page.Hue, page.Tab = p.Title, firstSentence(p.Description), page.BusinessURL, kind.Hue, "nearby"
	page.Canonical = r.Absolute(page.BusinessURL + "/p/" + p.Slug)
	for _, photo := range p.Photos {
		alt := photo.Alt
		if alt == "" {
			alt = p.Title
		}
		page.Photos = append(page.Photos, *view.Picture(photo.Hash, alt, photo.Width, photo.Height))
	}
	if page.Closed, err = h.closed(r, b); err != nil {
		return nil, err
	}
	page.Orderable, page.ClosedUntil = page.Closed == "", pauseEnd(b)
	page.Self = page.BusinessURL + "/p/" + p.Slug
	choose(r, p, page, inCart)
	dropOf(r, b, p, page)
	page.LD = h.productData(r, b, p, page)
	shelves, err := h.Catalog.ListPublic(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	page.More = moreOf(shelves, p, b.Slug, kind.Hue, page.Orderable, inCart)
	return page, nil
}

// choose fills options and the chosen variant from the address ("option.1=Oat").
func choose(r *route.Request, p catalog.Product, page *pages.Product, inCart map[string]int) {
	wanted := make([]string, len(p.Options))
	complete := true
	for i, option := range p.Options {
		name := "option." + strconv.Itoa(i+1)
		wanted[i] = r.QueryParam(name)
		complete = complete && wanted[i] != ""
		line := pages.ProductOption{Name: name, Label: option.Name}
		for _, value := range option.Values {
			line.Values = append(line.Values, pages.Option{Value: value, Label: value, Selected: value == wanted[i]})
		}
		page.Options = append(page.Options, line)
	}
	if !complete {
		return
	}
	page.Unavailable = len(p.Options) > 0
	for _, v := range p.Variants {
		if strings.Join(v.Options, "\x00") != strings.Join(wanted, "\x00") || !v.Priced {
			continue
		}
		page.Unavailable, page.Variant, page.SKU = false, v.ID, v.SKU
		page.Price, page.From, page.Compare = v.Price, false, v.CompareAt
		page.Stock, page.InCart = view.StockOf(v, p.LowStock), inCart[v.ID]
		if n := v.Available(); n != nil {
			page.Max = int(max(0, *n))
		}
	}
}

func moreOf(shelves []catalog.Shelf, p catalog.Product, slug string, hue int, orderable bool, inCart map[string]int) []pages.ProductCard {
	const most = 4
	var cards []pages.ProductCard
	for _, same := range []bool{true, false} { // the same shelf first
		for _, shelf := range shelves {
			for _, other := range shelf.Products {
				if other.ID != p.ID && (shelf.Section == p.Section) == same && len(cards) < most {
					cards = append(cards, view.ProductCard(other, slug, hue, orderable, inCart))
				}
			}
		}
	}
	return cards
}

func (h *Handlers) productData(r *route.Request, b directory.Business, p catalog.Product, page *pages.Product) *pages.ProductData {
	ld := &pages.ProductData{
		Context: "https://schema.org", Type: "Product", Name: p.Title, Description: p.Description, SKU: page.SKU,
		Offers: pages.Offer{
			Type: "Offer", URL: page.Canonical, Price: page.Price.Decimal(), Currency: page.Price.Currency,
			Availability: "https://schema.org/InStock", Seller: b.Name,
		},
	}
	switch page.Stock.Kind {
	case "out":
		ld.Offers.Availability = "https://schema.org/OutOfStock"
	case "ahead":
		ld.Offers.Availability = "https://schema.org/PreOrder"
	}
	for _, photo := range p.Photos {
		ld.Image = append(ld.Image, r.Absolute(view.PhotoURL(photo.Hash, blob.Page)))
	}
	return ld
}

// recentOrders are a shopper's newest orders.
func (h *Handlers) recentOrders(r *route.Request, most int) ([]pages.OrderLink, error) {
	found, err := h.Order.ListForShopper(r.Req().Context(), buyer(r), "", most)
	if err != nil {
		return nil, err
	}
	return h.orderLinks(r, found.Items)
}

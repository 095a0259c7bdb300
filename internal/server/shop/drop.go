package shop

import (
	"io"
	"net/url"
	"strconv"

	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// dropOf puts the drop of the chosen variant on its page, and the choice into
// the page's address.
func dropOf(r *route.Request, b directory.Business, p catalog.Product, page *pages.Product) {
	v, ok := p.Variant(page.Variant)
	if !ok {
		return
	}
	chosen := url.Values{}
	for i := range p.Options {
		chosen.Set("option."+strconv.Itoa(i+1), v.Options[i])
	}
	query := ""
	if len(chosen) > 0 {
		query = "?" + chosen.Encode()
	}
	events := page.Self + "/drop" + query
	page.Self += query
	if v.Drop == nil {
		return
	}
	shown := view.Drop(*v.Drop, b, r.Now())
	if r.Session == nil {
		shown.SignInURL = "/sign-in?back=" + url.QueryEscape(page.Self)
	}
	if turning(v.Phase) {
		shown.EventsURL = events
	}
	page.Drop, page.PayAtPickup = &shown, page.PayAtPickup && v.Drop.AtPickup
	if most := int(v.Drop.PerBuyer); page.Max == 0 || page.Max > most {
		page.Max = most
	}
}

// turning reports whether a drop may still change by itself.
func turning(phase catalog.Phase) bool {
	return phase == catalog.DropAhead || phase == catalog.DropRunning || phase == catalog.DropHeld
}

// dropEvents sends the part of a product's page with which it is bought, whenever
// its drop changes: when it begins, with what is left, and when it is gone.
func (h *Handlers) dropEvents(r *route.Request) (route.Answer, error) {
	page, err := h.dropPart(r)
	if err != nil {
		return nil, err
	}
	if page.Drop == nil || page.Drop.EventsURL == "" {
		return route.Nothing{}, nil // 204 tells the browser not to come back
	}
	return route.Live{
		Watch: func() (<-chan struct{}, func()) { return h.Order.Watch(page.dropID) },
		Render: func(w io.Writer) (bool, error) {
			now, err := h.dropPart(r)
			if err != nil {
				return false, err
			}
			return now.Drop != nil && now.Drop.EventsURL != "", r.Render(w, "shop/product/buy", now.Product)
		},
	}, nil
}

// dropPart is what of a product's page follows its drop.
type dropPart struct {
	*pages.Product
	dropID string
}

func (h *Handlers) dropPart(r *route.Request) (dropPart, error) {
	b, p, err := h.productOf(r)
	if err != nil {
		return dropPart{}, err
	}
	_, inCart, err := h.cartOf(r, b.ID)
	if err != nil {
		return dropPart{}, err
	}
	page := &pages.Product{Slug: b.Slug, Self: "/b/" + b.Slug + "/p/" + p.Slug, Quantity: 1}
	if page.Closed, err = h.closed(r, b); err != nil {
		return dropPart{}, err
	}
	page.Orderable, page.ClosedUntil = page.Closed == "", pauseEnd(b)
	choose(r, p, page, inCart)
	dropOf(r, b, p, page)
	part := dropPart{Product: page}
	if v, ok := p.Variant(page.Variant); ok && v.Drop != nil {
		part.dropID = v.Drop.ID
	}
	return part, nil
}

package owner

import (
	"net/url"

	"nearby/internal/account"
	"nearby/internal/catalog"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/server/pages"
	"nearby/internal/server/reply"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// most products that can be changed at once: a page of them.
const mostPicked = 50

func (h *Handlers) catalog(r *route.Request, p place) (route.Answer, error) {
	page, err := h.catalogPage(r, p, r.Req().URL.Query())
	return route.HTML{Name: "owner/catalog", Page: page}, err
}

// catalogPage shows the table as the values of an address say: q, state, after.
func (h *Handlers) catalogPage(r *route.Request, p place, asked url.Values) (*pages.Catalog, error) {
	ctx := r.Req().Context()
	page := &pages.Catalog{Search: asked.Get("q"), Token: ident.Token()}
	head(r, &page.Base, "manage.catalog")
	var err error
	if page.Desk, err = h.desk(r, p, "catalog"); err != nil {
		return nil, err
	}
	counts, err := h.Catalog.Counts(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	page.Total, page.Live = counts.Draft+counts.Active, counts.Active
	filter := catalog.Filter{Text: page.Search}
	state := asked.Get("state")
	switch catalog.State(state) {
	case catalog.Draft, catalog.Active, catalog.Archived:
		filter.State = catalog.State(state)
	case "low":
		filter.LowStock = true
	default:
		state = ""
	}
	self := func(state, after string) string {
		v := url.Values{}
		for name, value := range map[string]string{"q": page.Search, "state": state, "after": after} {
			if value != "" {
				v.Set(name, value)
			}
		}
		if len(v) == 0 {
			return p.path("/catalog")
		}
		return p.path("/catalog?" + v.Encode())
	}
	for _, tab := range []struct {
		state string
		n     int
	}{{"", page.Total}, {"active", counts.Active}, {"draft", counts.Draft}, {"low", counts.Low}, {"archived", counts.Archived}} {
		label := r.Text("catalog.tab_all")
		if tab.state != "" {
			label = r.Word("catalog.tab", tab.state)
		}
		page.Tabs = append(page.Tabs, pages.Link{Label: label, URL: self(tab.state, ""), Current: tab.state == state, Count: tab.n})
	}
	after := asked.Get("after")
	found, err := h.Catalog.List(ctx, p.ID, filter, after)
	if err != nil {
		return nil, err
	}
	for _, product := range found.Products {
		row := view.CatalogRow(product, p.Slug, p.kind.Hue)
		row.Return = self(state, after)
		page.Products = append(page.Products, row)
	}
	if found.Next != "" {
		page.Pager.Next = self(state, found.Next)
	}
	if after != "" {
		page.Pager.Previous = self(state, "")
	}
	return page, nil
}

// from are the values of the table's address that a form was sent from.
func from(back string) url.Values {
	u, err := url.Parse(back)
	if err != nil {
		return nil
	}
	return u.Query()
}

// bulk moves the picked products to another state. Those that cannot go are
// named, and stay picked by being named.
func (h *Handlers) bulk(r *route.Request, p place) (route.Answer, error) {
	if err := r.Req().ParseForm(); err != nil {
		return nil, errs.New(errs.Malformed, "malformed", "This form could not be read.").Because(err)
	}
	ctx, picked, to := r.Req().Context(), r.Req().PostForm["pick"], catalog.State(r.FormValue("action"))
	var wrong pages.Errors
	switch {
	case len(picked) == 0:
		wrong = pages.Errors{{Message: r.Text("catalog.pick_first")}}
	case len(picked) > mostPicked:
		return nil, errs.New(errs.Malformed, "too_many", "These are more products than one page holds.")
	}
	for _, id := range picked {
		_, err := h.Catalog.SetState(ctx, r.As(account.Owner), p.ID, id, to, 0)
		if err == nil {
			continue
		}
		if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Conflict) {
			return nil, err
		}
		product, failed := h.Catalog.Get(ctx, p.ID, id)
		if failed != nil {
			return nil, failed
		}
		wrong = append(wrong, pages.Error{Message: product.Title + ": " + h.whyNot(r, product, err)})
	}
	back := route.SafePath(r.FormValue("back"), p.path("/catalog"))
	if len(wrong) == 0 {
		r.Flash("owner.saved")
		return route.See{Path: back}, nil
	}
	page, err := h.catalogPage(r, p, from(back))
	if err != nil {
		return nil, err
	}
	page.Errors = wrong
	return route.Wrong("owner/catalog", page), nil
}

// whyNot says what keeps a product from another state.
func (h *Handlers) whyNot(r *route.Request, p catalog.Product, err error) string {
	if needed, _ := p.Missing(); errs.Is(err, errs.Invalid) && len(needed) > 0 {
		return r.Word("product.missing", needed[0])
	}
	return r.Say(errs.Of(err).Message)
}

// stock sets the pieces of one variant from the table. A part of the page is
// asked for by a script: then only the row is sent.
func (h *Handlers) stock(r *route.Request, p place) (route.Answer, error) {
	ctx, variant := r.Req().Context(), r.FormValue("variant")
	back := route.SafePath(r.FormValue("back"), p.path("/catalog"))
	product, err := h.setStock(r, p, variant, catalog.TypedNumber(r.FormValue("stock")))
	wrong, invalid := view.Errors(err)
	if err != nil && !invalid {
		return nil, err
	}
	if !reply.Partial(r.Req()) {
		if !invalid {
			return route.See{Path: back}, nil
		}
		page, err := h.catalogPage(r, p, from(back))
		if err != nil {
			return nil, err
		}
		page.Errors = pages.Errors{{Message: wrong[0].Message}}
		return route.Wrong("owner/catalog", page), nil
	}
	if invalid {
		items, err := h.Catalog.Variants(ctx, []string{variant})
		if err != nil {
			return nil, err
		}
		if product, err = h.Catalog.Get(ctx, p.ID, items[variant].ProductID); err != nil {
			return nil, err
		}
	}
	page := &pages.CatalogRowIn{Row: view.CatalogRow(product, p.Slug, p.kind.Hue)}
	page.Row.Return = back
	if page.Desk, err = h.desk(r, p, "catalog"); err != nil {
		return nil, err
	}
	if invalid {
		page.Row.Problem = wrong[0].Message
		return route.Wrong("owner/catalog/row", page), nil
	}
	return route.HTML{Name: "owner/catalog/row", Page: page}, nil
}

// setStock counts the pieces of a variant. An empty field would end the
// counting, which the table does not offer.
func (h *Handlers) setStock(r *route.Request, p place, variant string, n catalog.Number) (catalog.Product, error) {
	if n.Empty() {
		return catalog.Product{}, errs.Fields([]errs.Field{{Name: "stock", Code: "required", Message: r.Text("catalog.stock_needed")}})
	}
	return h.Catalog.SetStock(r.Req().Context(), r.As(account.Owner), p.ID, variant, n, "table")
}

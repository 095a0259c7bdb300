package owner

import (
	"strings"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/ident"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

func (h *Handlers) businesses(r *route.Request) (route.Answer, error) {
	page, err := h.businessesPage(r)
	return route.HTML{Name: "owner/businesses", Page: page}, err
}

func (h *Handlers) businessesPage(r *route.Request) (*pages.Businesses, error) {
	ctx := r.Req().Context()
	page := &pages.Businesses{Token: ident.Token(), Categories: view.Categories(r.Lang, "", r.Text("form.choose"))}
	head(r, &page.Base, "manage.title")
	list, err := h.Directory.OwnedBy(ctx, r.User().ID)
	if err != nil {
		return nil, err
	}
	for _, b := range list {
		counts, err := h.Order.Counts(ctx, r.As(account.Owner), b.ID)
		if err != nil {
			return nil, err
		}
		kind, _ := category.BySlug(b.Category)
		page.Businesses = append(page.Businesses, pages.BusinessLink{
			Name: b.Name, URL: "/manage/" + b.Slug, Category: kind.Label(r.Lang), Hue: kind.Hue, Photo: view.Thumb(b.PhotoHash, ""),
			State: string(b.State), Tone: view.BusinessTone(b.State), Waiting: waiting(counts), Place: strings.Join(view.AddressLines(b.Address), ", "),
		})
	}
	return page, nil
}

func (h *Handlers) addBusiness(r *route.Request) (route.Answer, error) {
	form := pages.NewBusiness{Name: r.FormValue("name"), Category: r.FormValue("category")}
	path, err := h.once.do(r.User().ID+r.FormValue("token"), func() (string, error) {
		b, err := h.Directory.Create(r.Req().Context(), r.As(account.Owner), directory.Profile{Name: form.Name, Category: form.Category})
		if err != nil {
			return "", err
		}
		r.Flash("manage.added")
		return "/manage/" + b.Slug + "/profile", nil
	})
	if wrong, ok := view.Errors(err); ok {
		page, err := h.businessesPage(r)
		if err != nil {
			return nil, err
		}
		page.Form, page.Errors, page.Token = form, wrong, r.FormValue("token")
		page.Categories = view.Categories(r.Lang, form.Category, r.Text("form.choose"))
		return route.Wrong("owner/businesses", page), nil
	}
	return route.See{Path: path}, err
}

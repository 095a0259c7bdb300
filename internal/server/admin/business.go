package admin

import (
	"nearby/internal/account"
	"nearby/internal/directory/category"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

func (h *Handlers) business(r *route.Request) (route.Answer, error) {
	page, err := h.businessPage(r)
	return route.HTML{Name: "admin/business", Page: page}, err
}

func (h *Handlers) businessPage(r *route.Request) (*pages.AdminBusiness, error) {
	ctx, actor := r.Req().Context(), r.As(account.Operator)
	b, err := h.Directory.Find(ctx, r.Param("slug"))
	if err != nil {
		return nil, err
	}
	kind, _ := category.BySlug(b.Category)
	page := &pages.AdminBusiness{
		Name: b.Name, Slug: b.Slug, ID: b.ID, State: string(b.State), Tone: view.BusinessTone(b.State), Category: kind.Label(r.Lang),
		Address: view.AddressLines(b.Address), Email: b.Email, Phone: view.Phone(b.Phone),
	}
	page.Title, page.Tab, page.Robots = b.Name, "admin", "noindex"
	if b.Listed() {
		page.ShopURL = "/b/" + b.Slug
	}
	page.Choices = h.choices(r, b, pages.MeasureForm{})
	if page.Measures, err = h.measures(r, b); err != nil {
		return nil, err
	}
	decisions, err := h.Verification.Decisions(ctx, actor, b.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		page.History = append(page.History, view.DecisionStep(r.Word, d, view.Zone(b.Zone), ""))
	}
	records, err := h.Audit.Of(ctx, "business", b.ID, shownEvents)
	if err != nil {
		return nil, err
	}
	for _, record := range records {
		page.Events = append(page.Events, pages.Step{Text: record.Action, At: record.At, Note: record.Actor.Role, Done: true})
	}
	return page, nil
}

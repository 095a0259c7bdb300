package admin

import (
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

// usualReview is when a suspension is looked at again, unless another day is
// chosen.
const usualReview = 30 * 24 * time.Hour

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
	may := func(event directory.Event) bool {
		_, err := directory.Life.Next(b.State, event, account.Operator)
		return err == nil
	}
	kind, _ := category.BySlug(b.Category)
	page := &pages.AdminBusiness{
		Name: b.Name, Slug: b.Slug, ID: b.ID, State: string(b.State), Tone: view.BusinessTone(b.State), Category: kind.Label(r.Lang),
		Address: view.AddressLines(b.Address), Email: b.Email, Phone: view.Phone(b.Phone),
		CanSuspend: may(directory.EventSuspend), CanReinstate: may(directory.EventReinstate), Codes: codes(r, ""),
		Form: pages.MeasureForm{ReviewAt: r.Now().Add(usualReview).Format(time.DateOnly)},
	}
	page.Title, page.Tab, page.Robots = b.Name, "admin", "noindex"
	if b.Listed() {
		page.ShopURL = "/b/" + b.Slug
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

func codes(r *route.Request, chosen string) []pages.Option {
	list := []pages.Option{{Label: r.Text("form.choose"), Selected: chosen == ""}}
	for _, code := range verification.SuspendCodes {
		list = append(list, pages.Option{Value: code, Label: r.Word("suspend", code), Selected: code == chosen})
	}
	return list
}

func (h *Handlers) suspend(r *route.Request) (route.Answer, error) {
	form := pages.MeasureForm{Code: r.FormValue("code"), Words: r.FormValue("words"), ReviewAt: r.FormValue("review_at")}
	in := verification.SuspendInput{Words: form.Words}
	if form.Code != "" {
		in.Codes = []string{form.Code}
	}
	if day, err := time.Parse(time.DateOnly, strings.TrimSpace(form.ReviewAt)); err == nil {
		in.ReviewAt = day
	}
	err := h.Verification.Suspend(r.Req().Context(), r.As(account.Operator), r.Param("slug"), in)
	return h.done(r, err, "admin.suspended", form, map[string]string{"codes": "code"})
}

func (h *Handlers) reinstate(r *route.Request) (route.Answer, error) {
	form := pages.MeasureForm{Note: r.FormValue("note")}
	err := h.Verification.Reinstate(r.Req().Context(), r.As(account.Operator), r.Param("slug"), form.Note)
	return h.done(r, err, "admin.reinstated", form, nil)
}

// done shows the business after a measure, or again with what was wrong.
func (h *Handlers) done(r *route.Request, err error, flash string, form pages.MeasureForm, names map[string]string) (route.Answer, error) {
	if err == nil {
		r.Flash(flash)
		return route.See{Path: "/admin/businesses/" + r.Param("slug")}, nil
	}
	wrong, invalid := view.Errors(err)
	if !invalid && !errs.Is(err, errs.Conflict) && !errs.Has(err, "own_business") {
		return nil, err
	}
	page, failed := h.businessPage(r)
	if failed != nil {
		return nil, failed
	}
	if form.ReviewAt == "" {
		form.ReviewAt = page.Form.ReviewAt
	}
	page.Form, page.Codes, page.Failed = form, codes(r, form.Code), true
	if !invalid {
		page.Errors = pages.Errors{{Message: errs.Of(err).Message}}
		return route.HTML{Name: "admin/business", Page: page, Status: errs.KindOf(err).Status()}, nil
	}
	for _, w := range wrong {
		if name, ok := names[w.Name]; ok {
			w.Name = name
		}
		page.Errors = append(page.Errors, w)
	}
	return route.Wrong("admin/business", page), nil
}

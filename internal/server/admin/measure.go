package admin

import (
	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/measure"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// possible are the measures that can be taken against a business now.
func possible(b directory.Business) []measure.Kind {
	switch {
	case b.State == directory.Suspended:
		return []measure.Kind{measure.Notice, measure.Lock, measure.OrdersOff, measure.Hidden, measure.Terminated}
	case b.State.Listed():
		return []measure.Kind{measure.Notice, measure.Lock, measure.OrdersOff, measure.Hidden, measure.Suspended}
	}
	return nil
}

// choices is the form for a measure, nil when none is possible.
func (h *Handlers) choices(r *route.Request, b directory.Business, form pages.MeasureForm) *pages.MeasureChoices {
	kinds := possible(b)
	if kinds == nil {
		return nil
	}
	c := view.MeasureChoices(r.Word, "/admin/businesses/"+b.Slug+"/measures", kinds, form, r.Text("form.choose"), r.Now())
	return &c
}

// measures are those against a business, each with its page.
func (h *Handlers) measures(r *route.Request, b directory.Business) ([]pages.Measure, error) {
	list, err := h.Measure.Of(r.Req().Context(), r.As(account.Operator), b.ID)
	if err != nil {
		return nil, err
	}
	shown := make([]pages.Measure, len(list))
	for i, m := range list {
		shown[i] = view.Measure(r.Word, m, view.Zone(b.Zone), r.Now())
		shown[i].URL = "/admin/businesses/" + b.Slug + "/measures/" + m.ID
	}
	return shown, nil
}

// impose takes a measure, or shows the form again with what was wrong.
func (h *Handlers) impose(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	typed, err := r.FormParams()
	if err != nil {
		return nil, err
	}
	form := view.MeasureForm(typed)
	_, err = h.Measure.Impose(ctx, r.As(account.Operator), r.Param("slug"), view.MeasureInput(form))
	if err == nil {
		r.Flash("measure.taken")
		return route.See{Path: "/admin/businesses/" + r.Param("slug")}, nil
	}
	wrong, invalid := view.Errors(err)
	if !invalid && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Forbidden) {
		return nil, err
	}
	page, failed := h.businessPage(r)
	if failed != nil {
		return nil, failed
	}
	b, failed := h.Directory.Find(ctx, r.Param("slug"))
	if failed != nil {
		return nil, failed
	}
	page.Errors = view.MeasureErrors(wrong)
	if page.Choices = h.choices(r, b, form); page.Choices != nil {
		page.Choices.Errors = page.Errors
	}
	if invalid {
		return route.Wrong("admin/business", page), nil
	}
	page.Errors, page.Failed = pages.Errors{{Message: errs.Of(err).Message}}, true
	return route.HTML{Name: "admin/business", Page: page, Status: errs.KindOf(err).Status()}, nil
}

// measure is the page of one measure.
func (h *Handlers) measure(r *route.Request) (route.Answer, error) {
	page, err := h.measurePage(r)
	return route.HTML{Name: "admin/measure", Page: page}, err
}

func (h *Handlers) measurePage(r *route.Request) (*pages.AdminMeasure, error) {
	ctx := r.Req().Context()
	b, err := h.Directory.Find(ctx, r.Param("slug"))
	if err != nil {
		return nil, err
	}
	m, err := h.Measure.Statement(ctx, r.As(account.Operator), r.Param("measure"))
	if err == nil && m.BusinessID != b.ID {
		err = errs.Missing("measure")
	}
	if err != nil {
		return nil, err
	}
	by, err := h.Account.Get(ctx, m.By.ID)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	here := "/admin/businesses/" + b.Slug
	page := &pages.AdminMeasure{
		Business: b.Name, BusinessURL: here, Measure: view.Measure(r.Word, m, view.Zone(b.Zone), r.Now()), By: by.Name,
		CanLift: m.StateAt(r.Now()) == measure.InForce, Action: here + "/measures/" + m.ID + "/lift",
	}
	page.Title, page.Tab, page.Robots = b.Name, "admin", "noindex"
	return page, nil
}

func (h *Handlers) lift(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	page, err := h.measurePage(r)
	if err != nil {
		return nil, err
	}
	page.Words = r.FormValue("words")
	_, err = h.Measure.Lift(ctx, r.As(account.Operator), r.Param("measure"), page.Words)
	wrong, invalid := view.Errors(err)
	switch {
	case err == nil:
		r.Flash("measure.lifted")
		return route.See{Path: page.BusinessURL}, nil
	case invalid:
		page.Errors = wrong
		return route.Wrong("admin/measure", page), nil
	case errs.Is(err, errs.Conflict), errs.Is(err, errs.Forbidden):
		page.Errors, page.Failed = pages.Errors{{Message: errs.Of(err).Message}}, true
		return route.HTML{Name: "admin/measure", Page: page, Status: errs.KindOf(err).Status()}, nil
	}
	return nil, err
}

package owner

import (
	"strconv"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// further are the fields of the hours of each kind, with what is stored.
func further(p place, r *route.Request) []pages.FurtherHours {
	var list []pages.FurtherHours
	for _, kind := range directory.HoursKinds {
		line := pages.FurtherHours{Name: string(kind), Value: p.Further.Of(kind)}
		if line.Value != "" {
			line.Said = view.Said(p.HoursOf(kind), r.Hours(), r.Now())
		}
		list = append(list, line)
	}
	return list
}

// kindOptions are the hours that can be tried out, the door's first.
func kindOptions(r *route.Request) []pages.Option {
	asked := r.QueryParam("kind")
	list := []pages.Option{{Label: r.Word("hours.kind", "door"), Selected: asked == ""}}
	for _, kind := range directory.HoursKinds {
		list = append(list, pages.Option{Value: string(kind), Label: r.Word("hours.kind", string(kind)), Selected: asked == string(kind)})
	}
	return list
}

func (h *Handlers) saveFurther(r *route.Request, p place) (route.Answer, error) {
	version, err := strconv.ParseInt(r.FormValue("version"), 10, 64)
	if err != nil {
		return nil, malformed(err)
	}
	var in directory.FurtherHours
	for _, kind := range directory.HoursKinds {
		in = in.With(kind, r.FormValue(string(kind)))
	}
	_, err = h.Directory.SetFurtherHours(r.Req().Context(), r.As(account.Owner), p.ID, version, in)
	if err == nil {
		r.Flash("owner.saved")
		return route.See{Path: p.path("/hours#further")}, nil
	}
	wrong, invalid := view.Errors(err)
	changed := errs.Has(err, "changed_meanwhile")
	if !invalid && !changed {
		return nil, err
	}
	page, err := h.hoursPage(r, p)
	if err != nil {
		return nil, err
	}
	for i := range page.Further {
		page.Further[i].Value = r.FormValue(page.Further[i].Name)
	}
	page.FurtherErrors, page.FurtherChanged, page.Failed = wrong, changed, true
	if changed {
		return route.HTML{Name: "owner/hours", Page: page, Status: errs.Precondition.Status()}, nil
	}
	return route.Wrong("owner/hours", page), nil
}

package owner

import (
	"nearby/internal/account"
	"nearby/internal/complaint"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// measures are those against the business, each with its page.
func (h *Handlers) measures(r *route.Request, p place) ([]pages.Measure, error) {
	list, err := h.Measure.ForOwner(r.Req().Context(), r.As(account.Owner), p.ID)
	if err != nil {
		return nil, err
	}
	shown := make([]pages.Measure, len(list))
	for i, m := range list {
		shown[i] = view.Measure(r.Word, m, view.Zone(p.Zone), r.Now())
		shown[i].URL = p.path("/measures/" + m.ID)
	}
	return shown, nil
}

// measure is the statement of reasons of one measure.
func (h *Handlers) measure(r *route.Request, p place) (route.Answer, error) {
	page, err := h.measurePage(r, p)
	return route.HTML{Name: "owner/measure", Page: page}, err
}

func (h *Handlers) measurePage(r *route.Request, p place) (*pages.OwnerMeasure, error) {
	m, err := h.Measure.Statement(r.Req().Context(), r.As(account.Owner), r.Param("measure"))
	if err == nil && m.BusinessID != p.ID {
		err = errs.Missing("measure")
	}
	if err != nil {
		return nil, err
	}
	page := &pages.OwnerMeasure{Measure: view.Measure(r.Word, m, view.Zone(p.Zone), r.Now())}
	if page.ComplaintURL, err = h.complaintURL(r, p, complaint.Measure, m.ID, r.Now().Before(m.AppealUntil())); err != nil {
		return nil, err
	}
	head(r, &page.Base, "measure.heading")
	page.Desk, err = h.desk(r, p, "verification")
	return page, err
}

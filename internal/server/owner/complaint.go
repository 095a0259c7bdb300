package owner

import (
	"net/url"

	"nearby/internal/account"
	"nearby/internal/complaint"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// complaintURL leads to the complaint about a decision, or to the form for one;
// "" when it is not, or no longer, possible.
func (h *Handlers) complaintURL(r *route.Request, p place, subject complaint.Subject, id string, possible bool) (string, error) {
	c, filed, err := h.Complaint.Of(r.Req().Context(), subject, id)
	switch {
	case err != nil:
		return "", err
	case filed:
		return p.path("/complaints/" + c.ID), nil
	case possible && p.role.May(account.RightProfile):
		return p.path("/complaints/new?" + url.Values{"subject": {string(subject)}, "id": {id}}.Encode()), nil
	}
	return "", nil
}

// newComplaint is the form for a complaint about a decision.
func (h *Handlers) newComplaint(r *route.Request, p place) (route.Answer, error) {
	page, err := h.complaintForm(r, p, r.QueryParam("subject"), r.QueryParam("id"))
	return route.HTML{Name: "owner/complaint", Page: page}, err
}

func (h *Handlers) complaintForm(r *route.Request, p place, subject, id string) (page *pages.OwnerComplaint, err error) {
	switch complaint.Subject(subject) {
	case complaint.Rejection, complaint.Measure:
	default:
		return nil, errs.Missing("complaint")
	}
	page = &pages.OwnerComplaint{Subject: subject, ID: id, About: subject, Action: p.path("/complaints")}
	head(r, &page.Base, "complaint.title")
	page.Desk, err = h.desk(r, p, "verification")
	return page, err
}

// complain files a complaint.
func (h *Handlers) complain(r *route.Request, p place) (route.Answer, error) {
	subject, id, text := r.FormValue("subject"), r.FormValue("id"), r.FormValue("text")
	c, err := h.Complaint.File(r.Req().Context(), r.As(account.Owner), p.ID, complaint.Subject(subject), id, text)
	if err == nil {
		r.Flash("complaint.filed")
		return route.See{Path: p.path("/complaints/" + c.ID)}, nil
	}
	return h.complaintAgain(r, err, text, func() (*pages.OwnerComplaint, error) { return h.complaintForm(r, p, subject, id) })
}

// complaint is a complaint with its thread.
func (h *Handlers) complaint(r *route.Request, p place) (route.Answer, error) {
	page, err := h.complaintPage(r, p)
	return route.HTML{Name: "owner/complaint", Page: page}, err
}

func (h *Handlers) complaintPage(r *route.Request, p place) (page *pages.OwnerComplaint, err error) {
	c, messages, err := h.Complaint.ForOwner(r.Req().Context(), r.As(account.Owner), r.Param("complaint"))
	if err == nil && c.BusinessID != p.ID {
		err = errs.Missing("complaint")
	}
	if err != nil {
		return nil, err
	}
	thread := view.Thread(c, messages, view.Zone(p.Zone))
	page = &pages.OwnerComplaint{Thread: &thread, About: string(c.Subject), Action: p.path("/complaints/" + c.ID)}
	head(r, &page.Base, "complaint.title")
	page.Desk, err = h.desk(r, p, "verification")
	return page, err
}

// addToComplaint puts more evidence into the thread.
func (h *Handlers) addToComplaint(r *route.Request, p place) (route.Answer, error) {
	page, err := h.complaintPage(r, p)
	if err != nil {
		return nil, err
	}
	text := r.FormValue("text")
	if err := h.Complaint.Add(r.Req().Context(), r.As(account.Owner), r.Param("complaint"), text); err != nil {
		return h.complaintAgain(r, err, text, func() (*pages.OwnerComplaint, error) { return page, nil })
	}
	r.Flash("complaint.added")
	return route.See{Path: page.Action}, nil
}

// complaintAgain shows the form again with what was wrong.
func (h *Handlers) complaintAgain(_ *route.Request, err error, text string, again func() (*pages.OwnerComplaint, error)) (route.Answer, error) {
	wrong, invalid := view.Errors(err)
	if !invalid && !errs.Is(err, errs.Conflict) {
		return nil, err
	}
	page, failed := again()
	if failed != nil {
		return nil, failed
	}
	page.Text = text
	if invalid {
		page.Errors = wrong
		return route.Wrong("owner/complaint", page), nil
	}
	page.Errors, page.Failed = pages.Errors{{Message: errs.Of(err).Message}}, true
	return route.HTML{Name: "owner/complaint", Page: page, Status: errs.Conflict.Status()}, nil
}

package desk

import (
	"nearby/internal/account"
	"nearby/internal/complaint"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// complaints is the queue of complaints.
func (h *Handlers) complaints(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	waiting, err := h.Complaint.Queue(ctx, r.As(account.Verifier))
	if err != nil {
		return nil, err
	}
	page, names := &pages.Complaints{}, map[string]string{}
	page.Title, page.Tab, page.Robots = r.Text("complaint.desk"), "complaints", "noindex"
	for _, w := range waiting {
		link := pages.ComplaintLink{Business: w.Name, URL: "/desk/complaints/" + w.ID, Subject: string(w.Subject), Due: w.DueAt, Late: r.Now().After(w.DueAt)}
		if holder := w.Holder(r.Now()); holder != "" {
			if link.Holder, err = h.name(ctx, names, holder); err != nil {
				return nil, err
			}
		}
		page.Complaints = append(page.Complaints, link)
	}
	return route.HTML{Name: "desk/complaints", Page: page}, nil
}

func (h *Handlers) complaint(r *route.Request) (route.Answer, error) {
	page, err := h.complaintPage(r)
	return route.HTML{Name: "desk/complaint", Page: page}, err
}

func (h *Handlers) complaintPage(r *route.Request) (*pages.ComplaintCase, error) {
	ctx, now := r.Req().Context(), r.Now()
	page := &pages.ComplaintCase{Action: "/desk/complaints/" + r.Param("complaint")}
	page.Title, page.Tab, page.Robots = r.Text("complaint.desk"), "complaints", "noindex"
	found, err := h.Complaint.Case(ctx, r.As(account.Verifier), r.Param("complaint"))
	if errs.Has(err, "own_decision") || errs.Has(err, "own_business") {
		page.Own, page.Business = true, r.Text("complaint.desk")
		return page, nil
	}
	if err != nil {
		return nil, err
	}
	c, zone := found.Complaint, view.Zone(found.Business.Zone)
	page.Title, page.Business, page.Thread = found.Business.Name, found.Business.Name, view.Thread(c, found.Thread, zone)
	switch {
	case found.Measure != nil:
		shown := view.Measure(r.Word, *found.Measure, zone, now)
		page.Measure = &shown
	case found.Decision != nil:
		page.Facts = found.Decision.Words
		for _, reason := range found.Decision.Reasons {
			page.Reasons = append(page.Reasons, view.Reason(r.Word, found.Decision.Kind, reason.Code))
		}
	case found.Notice != nil:
		page.Reported, page.Outcome, page.Facts = found.Notice.Text, string(found.Notice.Outcome), found.Notice.Words
	}
	if holder := c.Holder(now); holder != "" {
		page.Held, page.HeldUntil = holder == r.User().ID, c.LeaseUntil.In(zone)
		if !page.Held {
			page.Holder, err = h.name(ctx, map[string]string{}, holder)
		}
	}
	return page, err
}

func (h *Handlers) takeComplaint(r *route.Request) (route.Answer, error) {
	return h.onComplaint(r, h.Complaint.Take(r.Req().Context(), r.As(account.Verifier), r.Param("complaint")), "")
}

func (h *Handlers) releaseComplaint(r *route.Request) (route.Answer, error) {
	return h.onComplaint(r, h.Complaint.Release(r.Req().Context(), r.As(account.Verifier), r.Param("complaint")), "")
}

func (h *Handlers) askComplaint(r *route.Request) (route.Answer, error) {
	return h.onComplaint(r, h.Complaint.Ask(r.Req().Context(), r.As(account.Verifier), r.Param("complaint"), r.FormValue("text")), "complaint.added")
}

func (h *Handlers) decideComplaint(r *route.Request) (route.Answer, error) {
	ctx, actor, id, words := r.Req().Context(), r.As(account.Verifier), r.Param("complaint"), r.FormValue("words")
	switch complaint.Event(r.FormValue("do")) {
	case complaint.EventUphold:
		return h.onComplaint(r, h.Complaint.Uphold(ctx, actor, id, words), "complaint.done")
	case complaint.EventOverturn:
		return h.onComplaint(r, h.Complaint.Overturn(ctx, actor, id, words), "complaint.done")
	}
	return nil, errs.New(errs.Malformed, "malformed", "There is no such step.")
}

// onComplaint shows the complaint after a step, or again with what was wrong.
func (h *Handlers) onComplaint(r *route.Request, err error, flash string) (route.Answer, error) {
	if err == nil {
		if flash != "" {
			r.Flash(flash)
		}
		return route.See{Path: "/desk/complaints/" + r.Param("complaint")}, nil
	}
	wrong, invalid := view.Errors(err)
	if !invalid && !errs.Is(err, errs.Conflict) {
		return nil, err
	}
	page, failed := h.complaintPage(r)
	if failed != nil {
		return nil, failed
	}
	page.Text, page.Words = r.FormValue("text"), r.FormValue("words")
	if invalid {
		page.Errors = wrong
		return route.Wrong("desk/complaint", page), nil
	}
	page.Errors, page.Failed = pages.Errors{{Message: errs.Of(err).Message}}, true
	return route.HTML{Name: "desk/complaint", Page: page, Status: errs.Conflict.Status()}, nil
}

package desk

import (
	"net/url"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// notices is the queue of reports.
func (h *Handlers) notices(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	waiting, err := h.Notice.Queue(ctx, r.As(account.Verifier))
	if err != nil {
		return nil, err
	}
	page, names := &pages.Notices{}, map[string]string{}
	page.Title, page.Tab, page.Robots = r.Text("desk.notices"), "notices", "noindex"
	for _, w := range waiting {
		link := pages.NoticeLink{
			Business: w.Name, URL: "/desk/notices/" + w.ID, Kind: string(w.Kind), Repeats: w.Repeats, Trusted: w.Trusted, Due: w.DueAt,
			Late: r.Now().After(w.DueAt),
		}
		if link.Late {
			link.Tone = "stop"
		}
		if holder := w.Holder(r.Now()); holder != "" {
			if link.Holder, err = h.name(ctx, names, holder); err != nil {
				return nil, err
			}
		}
		page.Notices = append(page.Notices, link)
	}
	return route.HTML{Name: "desk/notices", Page: page}, nil
}

func (h *Handlers) notice(r *route.Request) (route.Answer, error) {
	page, err := h.noticePage(r, url.Values{})
	return route.HTML{Name: "desk/notice", Page: page}, err
}

// noticePage is a report with what was typed to decide on it.
func (h *Handlers) noticePage(r *route.Request, typed url.Values) (*pages.NoticeCase, error) {
	ctx, now := r.Req().Context(), r.Now()
	c, err := h.Notice.Case(ctx, r.As(account.Verifier), r.Param("notice"))
	page := &pages.NoticeCase{}
	page.Title, page.Tab, page.Robots = r.Text("desk.notices"), "notices", "noindex"
	if errs.Has(err, "own_business") {
		n, err := h.Notice.Get(ctx, r.Param("notice"))
		page.Own, page.Business, page.Kind, page.State, page.Due = true, r.Text("desk.notices"), string(n.Kind), string(n.State), n.DueAt
		return page, err
	}
	if err != nil {
		return nil, err
	}
	n, zone := c.Notice, view.Zone(c.Business.Zone)
	page.Title, page.Business, page.Kind, page.State, page.Due = c.Business.Name, c.Business.Name, string(n.Kind), string(n.State), n.DueAt.In(zone)
	page.Texts = append(page.Texts, n.Text)
	for _, repeat := range c.Repeats {
		page.Texts = append(page.Texts, repeat.Text)
	}
	page.Known, page.Acted, page.NoAction, page.Organisation = c.Record.Known, c.Record.Acted, c.Record.NoAction, c.Record.TrustedFlaggerOf
	if c.Business.Listed() {
		page.ShopURL = "/b/" + c.Business.Slug
	}
	for _, m := range c.Measures {
		page.Measures = append(page.Measures, pages.Step{
			Text: r.Word("measure.kind", string(m.Kind)), At: m.StartsAt.In(zone), Note: r.Word("measure.state", string(m.StateAt(now))), Done: true,
		})
	}
	page.Action, page.Outcome, page.Decided = "/desk/notices/"+n.ID, string(n.Outcome), n.Words
	page.Open = (n.State == notice.Received || n.State == notice.Assessing) && n.MergedInto == ""
	if holder := n.Holder(now); holder != "" && page.Open {
		page.Held = holder == r.User().ID
		page.HeldUntil = n.LeaseUntil.In(zone)
		if !page.Held {
			if page.Holder, err = h.name(ctx, map[string]string{}, holder); err != nil {
				return nil, err
			}
		}
	}
	page.Words, page.Chosen = typed.Get("words"), typed.Get("outcome") == string(notice.OutcomeMeasure)
	for _, outcome := range notice.Outcomes {
		page.Outcomes = append(page.Outcomes, pages.Option{
			Value: string(outcome), Label: r.Word("report.outcome", string(outcome)), Selected: typed.Get("outcome") == string(outcome),
		})
	}
	kinds := []measure.Kind{measure.Notice, measure.Lock, measure.OrdersOff, measure.Hidden, measure.Suspended}
	choices := view.MeasureChoices(r.Word, "", kinds, view.MeasureForm(typed), r.Text("form.choose"), now)
	choices.Detections = nil // it was reported
	page.Choices = &choices
	return page, nil
}

func (h *Handlers) takeNotice(r *route.Request) (route.Answer, error) {
	err := h.Notice.Take(r.Req().Context(), r.As(account.Verifier), r.Param("notice"))
	return h.noticeDone(r, err, "/desk/notices/"+r.Param("notice"), url.Values{})
}

func (h *Handlers) releaseNotice(r *route.Request) (route.Answer, error) {
	err := h.Notice.Release(r.Req().Context(), r.As(account.Verifier), r.Param("notice"))
	return h.noticeDone(r, err, "/desk/notices", url.Values{})
}

func (h *Handlers) decideNotice(r *route.Request) (route.Answer, error) {
	typed, err := r.FormParams()
	if err != nil {
		return nil, err
	}
	d := notice.Decision{Outcome: notice.Outcome(typed.Get("outcome")), Words: typed.Get("words")}
	if d.Outcome == notice.OutcomeMeasure {
		d.Measure = view.MeasureInput(view.MeasureForm(typed))
	}
	err = h.Notice.Decide(r.Req().Context(), r.As(account.Verifier), r.Param("notice"), d)
	if err == nil {
		r.Flash("desk.notice_done")
	}
	return h.noticeDone(r, err, "/desk/notices", typed)
}

// noticeDone leads on, or shows the report again with what was wrong.
func (h *Handlers) noticeDone(r *route.Request, err error, next string, typed url.Values) (route.Answer, error) {
	if err == nil {
		return route.See{Path: next}, nil
	}
	wrong, invalid := view.Errors(err)
	if !invalid && !errs.Is(err, errs.Conflict) {
		return nil, err
	}
	page, failed := h.noticePage(r, typed)
	if failed != nil {
		return nil, failed
	}
	if invalid {
		page.Errors = view.MeasureErrors(wrong)
		page.Choices.Errors = page.Errors
		return route.Wrong("desk/notice", page), nil
	}
	page.Errors, page.Failed = pages.Errors{{Message: errs.Of(err).Message}}, true
	return route.HTML{Name: "desk/notice", Page: page, Status: errs.Conflict.Status()}, nil
}

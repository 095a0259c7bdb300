package desk

import (
	"fmt"
	"math"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/geo"
	"nearby/internal/proposal"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

func (h *Handlers) change(r *route.Request) (route.Answer, error) {
	page, err := h.changePage(r)
	return route.HTML{Name: "desk/queue", Page: page}, err
}

// changePage is the queue with the change of the address beside it.
func (h *Handlers) changePage(r *route.Request) (*pages.Queue, error) {
	id := r.Param("change")
	return h.beside(r, id, func() (*pages.Case, error) {
		c, err := h.Proposal.Case(r.Req().Context(), r.As(account.Verifier), id)
		if err != nil {
			return nil, err
		}
		return h.changeOf(r, c)
	})
}

func (h *Handlers) changeOf(r *route.Request, c proposal.Case) (*pages.Case, error) {
	p, now, zone := c.Proposal, r.Now(), view.Zone(c.Business.Zone)
	shown := &pages.Case{
		ID: p.ID, Name: c.Business.Name, Kind: "change", Age: now.Sub(p.SubmittedAt), Closed: !p.Open(), ActionURL: "/desk/changes/" + p.ID,
		Doubles: len(c.Duplicates) > 0, Hold: int(verification.Lease.Minutes()), Rows: view.ChangeRows(r.Lang, p.Was, p.Wanted),
		Checks: likenessChecks(r, c.Likeness), Reasons: options(r, "decline", proposal.DeclineCodes, ""),
	}
	for i := range shown.Rows {
		shown.Rows[i].Source = r.Text("case.public_now") // a phone shows no headings
	}
	names := map[string]string{}
	if err := h.held(r, shown, names, p.Holder(now), p.LeaseUntil.In(zone)); err != nil {
		return nil, err
	}
	if p.Wanted.Pin != nil || p.Wanted.Address != nil {
		shown.Checks = append(shown.Checks, pinCheck(r, c.StreetM))
		if c.MovedM >= 1 {
			shown.MapNote = r.Text("case.pin_moves", "Metres", fmt.Sprintf("%.0f", math.Round(c.MovedM)))
		}
		var err error
		if shown.Map, err = h.changeMap(r, c); err != nil {
			return nil, err
		}
	}
	for _, earlier := range c.Earlier {
		step, err := h.changeStep(r, names, earlier, zone)
		if err != nil {
			return nil, err
		}
		shown.History = append(shown.History, step)
	}
	return shown, nil
}

// changeMap shows where the business is and where it wants to be.
func (h *Handlers) changeMap(r *route.Request, c proposal.Case) (*pages.Map, error) {
	from, to := c.Business, c.After
	in := view.MapInput{Label: r.Text("map.title"), Middle: to.Point, Reach: mapReach, Wide: true, Ground: h.Ground}
	if apart := geo.Distance(from.Point, to.Point); apart > 1 {
		in.Middle = geo.Point{Lat: (from.Point.Lat + to.Point.Lat) / 2, Lng: (from.Point.Lng + to.Point.Lng) / 2}
		in.Reach = max(mapReach, apart)
		in.Pins = append(in.Pins, view.MapPin{Point: from.Point, N: view.Plate(from.Address.HouseNumber), Name: r.Text("case.public"), URL: "#main"})
	}
	in.Pins = append(in.Pins, view.MapPin{Point: to.Point, N: view.Plate(to.Address.HouseNumber), Name: to.Name, URL: "#main", Current: true})
	return view.DrawMap(in)
}

func (h *Handlers) changeStep(r *route.Request, names map[string]string, p proposal.Proposal, zone *time.Location) (pages.Step, error) {
	step := view.ChangeStep(r.Word, p, zone)
	if p.DecidedBy == "" {
		return step, nil
	}
	by, err := h.name(r.Req().Context(), names, p.DecidedBy)
	notes := []string{by}
	if step.Note != "" {
		notes = append(notes, step.Note)
	}
	if p.Note != "" {
		notes = append(notes, "“"+p.Note+"”")
	}
	step.Note = strings.Join(notes, ", ")
	return step, err
}

func (h *Handlers) takeChange(r *route.Request) (route.Answer, error) {
	if err := h.Proposal.Take(r.Req().Context(), r.As(account.Verifier), r.Param("change")); err != nil {
		return h.changeRefused(r, err, pages.DecisionForm{}, nil)
	}
	return route.See{Path: "/desk/changes/" + r.Param("change")}, nil
}

func (h *Handlers) releaseChange(r *route.Request) (route.Answer, error) {
	if err := h.Proposal.Release(r.Req().Context(), r.As(account.Verifier), r.Param("change")); err != nil {
		return h.changeRefused(r, err, pages.DecisionForm{}, nil)
	}
	return route.See{Path: "/desk"}, nil
}

func (h *Handlers) approveChange(r *route.Request) (route.Answer, error) {
	form := pages.DecisionForm{ApproveNote: r.FormValue("approve_note")}
	if err := h.Proposal.Approve(r.Req().Context(), r.As(account.Verifier), r.Param("change"), form.ApproveNote); err != nil {
		return h.changeRefused(r, err, form, map[string]string{"note": "approve_note"})
	}
	r.Flash("case.done_change")
	return h.openNext(r)
}

func (h *Handlers) declineChange(r *route.Request) (route.Answer, error) {
	form := pages.DecisionForm{RefuseNote: r.FormValue("refuse_note"), Reason: r.FormValue("reason")}
	in := proposal.Decline{Words: form.RefuseNote}
	if form.Reason != "" {
		in.Codes = []string{form.Reason}
	}
	if err := h.Proposal.Decline(r.Req().Context(), r.As(account.Verifier), r.Param("change"), in); err != nil {
		return h.changeRefused(r, err, form, map[string]string{"codes": "reason", "words": "refuse_note"})
	}
	r.Flash("case.done_reject")
	return h.openNext(r)
}

func (h *Handlers) changeRefused(r *route.Request, err error, form pages.DecisionForm, names map[string]string) (route.Answer, error) {
	return h.again(r, err, names, h.changePage, func(c *pages.Case) {
		c.Form, c.Reasons = form, options(r, "decline", proposal.DeclineCodes, form.Reason)
	})
}

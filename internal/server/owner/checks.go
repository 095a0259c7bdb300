package owner

import (
	"strconv"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// proofs are the checks of the business, with forms for who may use them.
func (h *Handlers) proofs(r *route.Request, p place) (*pages.Proofs, error) {
	o, err := h.Check.Overview(r.Req().Context(), r.As(account.Owner), p.ID)
	if err != nil {
		return nil, err
	}
	proofs := view.Proofs(o, view.Zone(p.Zone))
	if p.role.May(account.RightProfile) {
		proofs.ActionURL = p.path("/verification")
	}
	return proofs, nil
}

// checked are the messages after each step of a check.
var checked = map[string]string{"begin": "check.done_begin", "answer": "check.done_pass", "look": "check.done_pass"}

// check is every step an owner can take to prove something.
func (h *Handlers) check(r *route.Request, p place) (route.Answer, error) {
	ctx, actor, method := r.Req().Context(), r.As(account.Owner), check.Name(r.Param("method"))
	var err error
	do, typed := r.FormValue("do"), r.FormValue("code")
	switch do {
	case "begin":
		typed = r.FormValue("target")
		_, err = h.Check.Begin(ctx, actor, p.ID, check.BeginInput{Method: method, Target: typed})
	case "answer":
		_, err = h.Check.Answer(ctx, actor, p.ID, method, typed)
	case "look":
		_, err = h.Check.Look(ctx, actor, p.ID, method)
	default:
		return nil, errs.New(errs.Malformed, "malformed", "There is no such step.")
	}
	if err == nil {
		r.Flash(checked[do])
		return route.See{Path: p.path("/verification#checks")}, nil
	}
	wrong, invalid := view.Errors(err)
	kind := errs.KindOf(err)
	if !invalid && kind != errs.Conflict && kind != errs.TooMany && kind != errs.Unavailable {
		return nil, err
	}
	page, failed := h.application(r, p)
	if failed != nil {
		return nil, failed
	}
	if !invalid {
		wrong = pages.Errors{{Message: errs.Of(err).Message}}
	}
	for i := range page.Proofs.Offers {
		if offer := &page.Proofs.Offers[i]; offer.Method == string(method) {
			offer.Errors, offer.Typed = wrong, typed
			for _, w := range wrong {
				if w.Name != "" {
					w.Name = "check-" + strconv.Itoa(i) + "-" + w.Name
				}
				page.Errors = append(page.Errors, w)
			}
		}
	}
	page.Failed = true
	return route.HTML{Name: "owner/verification", Page: page, Status: kind.Status()}, nil
}

package owner

import (
	"slices"
	"strings"

	"nearby/internal/account"
	"nearby/internal/complaint"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

func (h *Handlers) verification(r *route.Request, p place) (route.Answer, error) {
	page, err := h.application(r, p)
	return route.HTML{Name: "owner/verification", Page: page}, err
}

func (h *Handlers) application(r *route.Request, p place) (*pages.Application, error) {
	status, err := h.Verification.Status(r.Req().Context(), r.As(account.Owner), p.ID)
	if err != nil {
		return nil, err
	}
	zone := view.Zone(p.Zone)
	may := func(event directory.Event, right account.Right) bool {
		_, err := directory.Life.Next(status.State, event, account.Owner)
		return err == nil && p.role.May(right)
	}
	page := &pages.Application{
		Status: string(status.State), Tone: view.BusinessTone(status.State), Place: status.Place, Usual: status.UsualWait,
		CanSubmit: may(directory.EventSubmit, account.RightProfile), CanPull: may(directory.EventWithdraw, account.RightProfile),
		CanReopen: may(directory.EventReopen, account.RightClose), CanClose: may(directory.EventClose, account.RightClose),
	}
	head(r, &page.Base, "manage.verification")
	if page.Desk, err = h.desk(r, p, "verification"); err != nil {
		return nil, err
	}
	if page.Proofs, err = h.proofs(r, p); err != nil {
		return nil, err
	}
	for _, item := range status.Checklist {
		page.Checklist = append(page.Checklist, pages.CheckItem{
			Word: view.FieldWord(item.Field), Done: item.Done, Required: item.Required, URL: whereToEdit(p, item.Field),
		})
	}
	if status.Open != nil {
		page.Since = status.Open.SubmittedAt.In(zone)
	}
	if status.State == directory.Rejected && may(directory.EventResubmit, account.RightProfile) && !status.ResubmitAt.IsZero() {
		page.CanRetry = !r.Now().Before(status.ResubmitAt)
		page.RetryAt = status.ResubmitAt.In(zone)
	}
	if page.Measures, err = h.measures(r, p); err != nil {
		return nil, err
	}
	for i, d := range status.Decisions {
		page.History = append(page.History, view.DecisionStep(r.Word, d, zone, ""))
		if i == 0 {
			h.lastWord(r, p, page, status.State, d)
		}
		if d.Kind == verification.KindReject && page.ComplaintURL == "" && status.State == directory.Rejected {
			page.ComplaintURL, err = h.complaintURL(r, p, complaint.Rejection, d.ID, r.Now().Before(complaint.Until(d.At)))
			if err != nil {
				return nil, err
			}
		}
	}
	return page, nil
}

// lastWord shows the newest decision's reasons while they matter.
func (h *Handlers) lastWord(r *route.Request, p place, page *pages.Application, state directory.State, d verification.Decision) {
	page.Decided = d.At.In(view.Zone(p.Zone))
	matters := map[verification.Kind][]directory.State{
		verification.KindAsk:    {directory.ChangesRequested},
		verification.KindReject: {directory.Rejected},
	}
	if !slices.Contains(matters[d.Kind], state) {
		return
	}
	page.Note = d.Words
	for _, reason := range d.Reasons {
		if d.Kind == verification.KindAsk {
			page.Asked = append(page.Asked, pages.Asked{
				Field: view.FieldWord(reason.Field), Note: r.Word("ask", reason.Code), URL: whereToEdit(p, reason.Field),
			})
			continue
		}
		page.Reasons = append(page.Reasons, view.Reason(r.Word, d.Kind, reason.Code))
	}
}

// whereToEdit is the form that a field of the checklist is on.
func whereToEdit(p place, field string) string {
	if field == "hours" {
		return p.path("/hours")
	}
	return p.path("/profile#f-" + field)
}

// applied are the messages after each step.
var applied = map[string]string{
	"submit": "apply.done_submit", "withdraw": "apply.done_withdraw", "resubmit": "apply.done_resubmit",
	"close": "apply.done_close", "reopen": "apply.done_reopen",
}

// apply is every step an owner can take in the life of a listing.
func (h *Handlers) apply(r *route.Request, p place) (route.Answer, error) {
	ctx, actor := r.Req().Context(), r.As(account.Owner)
	var err error
	do := r.FormValue("do")
	switch do {
	case "submit":
		_, err = h.Verification.Submit(ctx, actor, p.ID)
	case "withdraw":
		err = h.Verification.Withdraw(ctx, actor, p.ID)
	case "resubmit":
		err = h.Verification.Resubmit(ctx, actor, p.ID)
	case "close":
		_, err = h.Directory.Close(ctx, actor, p.ID)
	case "reopen":
		_, err = h.Directory.Reopen(ctx, actor, p.ID)
	default:
		return nil, errs.New(errs.Malformed, "malformed", "There is no such step.")
	}
	wrong, invalid := view.Errors(err)
	if err != nil && !invalid && !errs.Is(err, errs.Conflict) {
		return nil, err
	}
	if err == nil {
		r.Flash(applied[do])
		return route.See{Path: p.path("/verification")}, nil
	}
	page, failed := h.application(r, p)
	if failed != nil {
		return nil, failed
	}
	if !invalid {
		page.Errors, page.Failed = pages.Errors{{Message: errs.Of(err).Message}}, true
		return route.HTML{Name: "owner/verification", Page: page, Status: errs.Conflict.Status()}, nil
	}
	for _, w := range wrong {
		page.Errors = append(page.Errors, pages.Error{Name: strings.ReplaceAll(w.Name, ".", "_"), Message: r.Word("apply.item", view.FieldWord(w.Name)) + ": " + r.Text("apply.needed")})
	}
	return route.Wrong("owner/verification", page), nil
}

package owner

import (
	"cmp"
	"slices"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// disputes puts what banks ask back of the order onto its page.
func (h *Handlers) disputes(r *route.Request, p place, o order.Order, page *pages.OwnerOrder) error {
	found, err := h.Order.Disputes(r.Req().Context(), o.ID)
	if err != nil || len(found) == 0 {
		return err
	}
	zone := view.Zone(o.Zone)
	asked := false
	for _, d := range found {
		one := pages.Dispute{
			ID: d.ID, State: string(d.State), Lead: leadOf(d), Reason: disputeReason(d.Reason), Tone: disputeTone(d), Amount: d.Amount, Taken: d.Taken.Sub(d.Back),
			Fee: d.Fee, HasTaken: d.Taken.Minor > d.Back.Minor, Failed: d.Failed,
		}
		if d.SubmittedAt != nil {
			one.AnsweredAt = d.SubmittedAt.In(zone)
		}
		evidence := d.Answer
		if d.CanAnswer {
			made, err := h.Order.Evidence(r.Req().Context(), o)
			if err != nil {
				return err
			}
			evidence = &made
			if d.DueBy != nil {
				one.Due = d.DueBy.In(zone)
			}
			if p.role.May(account.RightRefund) && !asked { // one at a time
				asked = true
				one.AnswerURL = page.ActionURL + "/disputes/" + d.ID
			}
			one.OwnersOnly = !p.role.May(account.RightRefund)
		}
		one.Evidence = evidenceParts(evidence)
		page.CanRefund = page.CanRefund && !one.HasTaken // the shopper has it, or may get it from the bank
		page.Disputes = append(page.Disputes, one)
	}
	return nil
}

func leadOf(d order.Dispute) string {
	switch {
	case d.Answer != nil && (d.State == order.Inquiry || d.State == order.NeedsResponse):
		return "sending"
	case d.State == order.UnderReview && d.Inquiry:
		return "asked_review"
	}
	return string(d.State)
}

func disputeTone(d order.Dispute) string {
	switch d.State {
	case order.DisputeWon, order.DisputeClosed:
		return "open"
	case order.UnderReview:
		return "soon"
	}
	return "stop"
}

// told are the banks' reasons that have words of their own.
var told = []string{"fraudulent", "unrecognized", "product_not_received", "product_unacceptable", "duplicate", "credit_not_processed", "subscription_canceled"}

func disputeReason(reason string) string {
	if slices.Contains(told, reason) {
		return reason
	}
	return "general"
}

// evidenceParts are the parts of the evidence that there are, in the order of a
// letter.
func evidenceParts(e *payment.Evidence) []pages.EvidencePart {
	if e == nil {
		return nil
	}
	parts := []pages.EvidencePart{
		{Word: "words", Text: e.Words}, {Word: "product", Text: e.Product}, {Word: "shopper", Text: cmp.Or(join(e.Name, e.Email), e.Name)},
		{Word: "address", Text: e.ShippedTo}, {Word: "date", Text: e.ServiceDate}, {Word: "log", Text: e.Log},
		{Word: "terms", Text: e.Cancellation + "\n" + e.RefundPolicy},
	}
	return slices.DeleteFunc(parts, func(p pages.EvidencePart) bool { return p.Text == "" })
}

func join(name, email string) string {
	if name == "" || email == "" {
		return ""
	}
	return name + ", " + email
}

// answerDispute sends the owner's answer on to the bank.
func (h *Handlers) answerDispute(r *route.Request, p place) (route.Answer, error) {
	return h.act(r, p, "dispute.done", func(id string) (order.Order, error) {
		_, err := h.Order.AnswerDispute(r.Req().Context(), r.As(account.Owner), p.ID, id, r.Param("dispute"), r.FormValue("words"))
		if wrong, ok := view.Errors(err); ok && len(wrong) > 0 && wrong[0].Name == "words" {
			err = errs.Fields([]errs.Field{{Name: "words", Code: "bad_text", Message: r.Text("dispute.words_bad")}})
		}
		return order.Order{}, err
	})
}

// disputeLinks lead to the orders with a dispute that is not decided.
func (h *Handlers) disputeLinks(r *route.Request, p place) ([]pages.DisputeLink, error) {
	open, err := h.Order.DisputesOfBusiness(r.Req().Context(), r.As(account.Owner), p.ID)
	links := make([]pages.DisputeLink, len(open))
	for i, d := range open {
		links[i] = pages.DisputeLink{URL: p.path("/orders/" + d.OrderID), Number: view.OrderNumber(order.Order{ID: d.OrderID, Number: d.Number}), Amount: d.Amount}
		if d.CanAnswer && d.DueBy != nil {
			links[i].Due = d.DueBy.In(view.Zone(p.Zone))
		}
	}
	return links, err
}

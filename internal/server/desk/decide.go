package desk

import (
	"strings"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

func (h *Handlers) take(r *route.Request) (route.Answer, error) {
	_, err := h.Verification.Take(r.Req().Context(), r.As(account.Verifier), r.Param("request"))
	if err != nil {
		return h.refused(r, err, pages.DecisionForm{}, nil)
	}
	return route.See{Path: "/desk/" + r.Param("request")}, nil
}

func (h *Handlers) release(r *route.Request) (route.Answer, error) {
	err := h.Verification.Release(r.Req().Context(), r.As(account.Verifier), r.Param("request"))
	if err != nil {
		return h.refused(r, err, pages.DecisionForm{}, nil)
	}
	return route.See{Path: "/desk"}, nil
}

func (h *Handlers) approve(r *route.Request) (route.Answer, error) {
	form := pages.DecisionForm{ApproveNote: r.FormValue("approve_note")}
	err := h.Verification.Approve(r.Req().Context(), r.As(account.Verifier), r.Param("request"), strings.TrimSpace(form.ApproveNote))
	if err != nil {
		return h.refused(r, err, form, map[string]string{"note": "approve_note"})
	}
	r.Flash("case.done_approve")
	return h.openNext(r)
}

func (h *Handlers) ask(r *route.Request) (route.Answer, error) {
	if err := r.Req().ParseForm(); err != nil {
		return nil, errs.New(errs.Malformed, "malformed", "This form could not be read.").Because(err)
	}
	form := pages.DecisionForm{Note: r.FormValue("note"), Code: r.FormValue("code"), Fields: r.Req().PostForm["fields"]}
	in := verification.AskInput{Words: form.Note}
	for _, field := range form.Fields {
		in.Reasons = append(in.Reasons, verification.Reason{Field: field, Code: form.Code})
	}
	err := h.Verification.Ask(r.Req().Context(), r.As(account.Verifier), r.Param("request"), in)
	if err != nil {
		return h.refused(r, err, form, map[string]string{"reasons": "fields", "code": "code", "field": "fields", "words": "note"})
	}
	r.Flash("case.done_ask")
	return h.openNext(r)
}

func (h *Handlers) reject(r *route.Request) (route.Answer, error) {
	form := pages.DecisionForm{RefuseNote: r.FormValue("refuse_note"), Reason: r.FormValue("reason")}
	in := verification.RejectInput{Words: form.RefuseNote}
	if form.Reason != "" {
		in.Codes = []string{form.Reason}
	}
	err := h.Verification.Reject(r.Req().Context(), r.As(account.Verifier), r.Param("request"), in)
	if err != nil {
		return h.refused(r, err, form, map[string]string{"codes": "reason", "words": "refuse_note"})
	}
	r.Flash("case.done_reject")
	return h.openNext(r)
}

// record writes down what the verifier saw of the business.
func (h *Handlers) record(r *route.Request) (route.Answer, error) {
	in := check.RecordInput{Method: check.Name(r.FormValue("method")), Note: strings.TrimSpace(r.FormValue("check_note"))}
	_, err := h.Verification.RecordCheck(r.Req().Context(), r.As(account.Verifier), r.Param("request"), in)
	if err == nil {
		r.Flash("check.done_record")
		return route.See{Path: "/desk/" + r.Param("request")}, nil
	}
	return h.again(r, err, map[string]string{"method": "method", "check_note": "check_note"}, h.casePage, func(c *pages.Case) {
		if c.Proofs == nil {
			return
		}
		c.Proofs.Note = in.Note
		if wrong, invalid := view.Errors(err); invalid {
			c.Proofs.Errors = wrong
		}
		for i := range c.Proofs.Record {
			c.Proofs.Record[i].Selected = c.Proofs.Record[i].Value == string(in.Method)
		}
	})
}

// refused shows the case again with what was typed and why it was not done.
// names maps the room's fields to the form's.
func (h *Handlers) refused(r *route.Request, err error, form pages.DecisionForm, names map[string]string) (route.Answer, error) {
	return h.again(r, err, names, h.casePage, func(c *pages.Case) {
		c.Form = form
		c.Reasons = options(r, "reject", verification.RejectCodes, form.Reason)
		c.Codes = options(r, "ask", verification.AskCodes, form.Code)
		c.Fields = fields(form.Fields)
	})
}

// again shows the page of a case with the error in it; fill puts back what was
// typed.
func (h *Handlers) again(r *route.Request, err error, names map[string]string, read func(*route.Request) (*pages.Queue, error), fill func(*pages.Case)) (route.Answer, error) {
	wrong, invalid := view.Errors(err)
	if !invalid && !errs.Is(err, errs.Conflict) && !errs.Has(err, "own_business") {
		return nil, err
	}
	page, failed := read(r)
	if failed != nil {
		return nil, failed
	}
	c := page.Case
	fill(c)
	page.Failed = true
	if !invalid {
		c.Errors = pages.Errors{{Message: errs.Of(err).Message}}
		return route.HTML{Name: "desk/queue", Page: page, Status: errs.KindOf(err).Status()}, nil
	}
	for _, w := range wrong {
		c.Errors = add(c.Errors, r, w, names)
	}
	return route.Wrong("desk/queue", page), nil
}

// add puts a wrong field under the name it has in the form, once. A field of the
// business that approving needs is named in words.
func add(list pages.Errors, r *route.Request, w pages.Error, names map[string]string) pages.Errors {
	last := w.Name[strings.LastIndex(w.Name, ".")+1:]
	name, known := names[w.Name]
	if !known && strings.HasPrefix(w.Name, "reasons.") {
		name, known = names[last]
	}
	if !known {
		return append(list, pages.Error{Message: r.Word("case.field", view.FieldWord(w.Name)) + ": " + r.Say(w.Message)})
	}
	if list.For(name) != "" {
		return list
	}
	return append(list, pages.Error{Name: name, Message: w.Message})
}

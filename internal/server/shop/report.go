package shop

import (
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/complaint"
	"nearby/internal/ident"
	"nearby/internal/notice"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/transparency"
)

// reportForm is the form for telling that something is wrong, or, with a
// receipt, what became of a report.
func (h *Handlers) reportForm(r *route.Request) (route.Answer, error) {
	if receipt := r.QueryParam("receipt"); receipt != "" {
		page, err := h.receiptPage(r, receipt)
		return route.HTML{Name: "account/report", Page: page}, err
	}
	page, err := h.reportPage(r, r.QueryParam("business"), r.QueryParam("product"))
	if err != nil {
		return nil, err
	}
	page.Token = ident.Token()
	return route.HTML{Name: "account/report", Page: page}, nil
}

// receiptPage tells what became of a report, and lets its reporter complain.
func (h *Handlers) receiptPage(r *route.Request, receipt string) (*pages.Report, error) {
	n, err := h.Notice.ByReceipt(r.Req().Context(), receipt)
	if err != nil {
		return nil, err
	}
	page := &pages.Report{Receipt: n.Receipt, State: string(n.State), Outcome: string(n.Outcome), Words: n.Words, At: n.CreatedAt}
	if n.Outcome == "" {
		page.Due = n.DueAt
	}
	c, thread, filed, err := h.Complaint.ForReporter(r.Req().Context(), receipt)
	if err != nil {
		return nil, err
	}
	if filed {
		shown := view.Thread(c, thread, time.UTC)
		page.Thread, page.CanComplain = &shown, c.Open()
	} else {
		page.CanComplain = n.DecidedAt != nil && r.Now().Before(complaint.Until(*n.DecidedAt))
	}
	r.Writer().Header().Set("Referrer-Policy", "no-referrer") // the receipt opens the page
	page.Title, page.Robots = r.Text("nav.report"), "noindex"
	return page, nil
}

// complain is a reporter's complaint about what came of the report, or more
// words to it.
func (h *Handlers) complain(r *route.Request) (route.Answer, error) {
	ctx, receipt, text := r.Req().Context(), r.FormValue("receipt"), r.FormValue("text")
	page, err := h.receiptPage(r, receipt)
	if err != nil {
		return nil, err
	}
	if page.Thread != nil {
		err = h.Complaint.AddForNotice(ctx, receipt, text)
	} else {
		_, err = h.Complaint.FileForNotice(ctx, receipt, text)
	}
	if wrong, ok := view.Errors(err); ok {
		page.Errors, page.Form.Text = wrong, text
		return route.Wrong("account/report", page), nil
	}
	if err != nil {
		return nil, err
	}
	return route.See{Path: "/report?receipt=" + page.Receipt}, nil
}

func (h *Handlers) reportPage(r *route.Request, business, product string) (*pages.Report, error) {
	page := &pages.Report{Business: business, Product: product}
	page.Title, page.Robots = r.Text("nav.report"), "noindex"
	for _, kind := range notice.Kinds {
		page.Kinds = append(page.Kinds, pages.Option{Value: string(kind), Label: r.Word("report.kind", string(kind))})
	}
	if business == "" {
		return page, nil
	}
	b, err := h.Directory.Public(r.Req().Context(), business)
	if err != nil {
		return nil, err
	}
	page.Subject, page.SubjectURL = b.Name, "/b/"+b.Slug
	if product != "" {
		if p, err := h.Catalog.BySlug(r.Req().Context(), b.ID, product); err == nil {
			page.Subject, page.SubjectURL = p.Title, page.SubjectURL+"/p/"+p.Slug
		}
	}
	return page, nil
}

func (h *Handlers) report(r *route.Request) (route.Answer, error) {
	in := notice.Input{
		Business: r.FormValue("business"), Product: r.FormValue("product"), Kind: notice.Kind(r.FormValue("kind")),
		Text: r.FormValue("text"), Email: r.FormValue("email"), ClientToken: r.FormValue("token"), Locale: r.Lang,
	}
	actor := audit.Public
	if r.Session != nil {
		actor = r.As(account.Shopper)
	}
	n, err := h.Notice.File(r.Req().Context(), actor, in)
	if wrong, ok := view.Errors(err); ok {
		page, err := h.reportPage(r, in.Business, in.Product)
		if err != nil {
			return nil, err
		}
		page.Token, page.Errors = in.ClientToken, wrong
		page.Form = pages.ReportForm{Kind: string(in.Kind), Text: in.Text, Email: in.Email}
		return route.Wrong("account/report", page), nil
	}
	if err != nil {
		return nil, err
	}
	return route.See{Path: "/report?receipt=" + n.Receipt}, nil
}

// transparency shows what was checked and decided.
func (h *Handlers) transparency(r *route.Request) (route.Answer, error) {
	report, err := h.Transparency.Report(r.Req().Context())
	if err != nil {
		return nil, err
	}
	a := report.Applications
	page := &pages.Transparency{
		Listed: report.Listed, Waiting: a.Waiting, Applications: a.Applications, Approved: a.Approved, Rejected: a.Rejected, Asked: a.Asked,
		Median: a.Median, NineOfTen: a.NineOfTen, Rejections: shares(report.Rejections()), Measures: shares(report.Imposed()),
		Appeals: report.Complaints.Filed, Upheld: report.Complaints.Upheld, Overturned: report.Complaints.Overturned,
	}
	for _, n := range report.Notices {
		page.Reports = append(page.Reports, pages.ReportFigures{
			Kind: string(n.Kind), Filed: n.Filed, Open: n.Open, NoAction: n.NoAction, Measure: n.Measure, PassedOn: n.PassedOn,
		})
	}
	page.Title = r.Text("nav.transparency")
	page.Canonical = r.Absolute("/transparency")
	return route.HTML{Name: "account/transparency", Page: page}, nil
}

// shares are counts beside their sum.
func shares(counts []transparency.Count) []pages.Share {
	sum := 0
	for _, c := range counts {
		sum += c.N
	}
	list := make([]pages.Share, len(counts))
	for i, c := range counts {
		list[i] = pages.Share{Word: c.Code, N: c.N, Of: sum}
	}
	return list
}

// transparencyCSV is the same as a table for programs.
func (h *Handlers) transparencyCSV(r *route.Request) (route.Answer, error) {
	report, err := h.Transparency.Report(r.Req().Context())
	if err != nil {
		return nil, err
	}
	table, err := report.CSV()
	return route.Text{Type: "text/csv; charset=utf-8", Keep: "public, max-age=60", Body: string(table)}, err
}

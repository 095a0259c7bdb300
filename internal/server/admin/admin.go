// Package admin is the audience of operators: figures, health, every business in
// whatever state, and what was done last.
package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/check"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/ledger"
	"nearby/internal/measure"
	"nearby/internal/order"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

// Handlers are the pages of this audience.
type Handlers struct {
	Directory    *directory.Service
	Check        *check.Service
	Verification *verification.Service
	Measure      *measure.Service
	Account      *account.Service
	Audit        *audit.Log
	Jobs         *job.Queue
	Inbox        *inbox.Inbox
	Ledger       *ledger.Ledger
	Order        *order.Service
	Version      string
	Started      time.Time
}

const (
	shownBusinesses = 20
	shownEvents     = 15
	lateJobs        = 5 * time.Minute // from when waiting work is a fault
)

// Routes are the lines of this audience in the table.
func (h *Handlers) Routes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	routes := []route.Route{
		{Method: get, Path: "/admin", Handle: h.home},
		{Method: get, Path: "/admin/businesses/:slug", Handle: h.business},
		{Method: post, Path: "/admin/businesses/:slug/measures", Handle: h.impose},
		{Method: get, Path: "/admin/businesses/:slug/measures/:measure", Handle: h.measure},
		{Method: post, Path: "/admin/businesses/:slug/measures/:measure/lift", Handle: h.lift},
		{Method: get, Path: "/admin/codes", Handle: h.phoneCodes},
		{Method: get, Path: "/admin/postcards", Handle: h.postcards},
		{Method: post, Path: "/admin/postcards", Handle: h.printPostcards},
	}
	for i := range routes {
		routes[i].Who = route.Operator
	}
	return routes
}

func (h *Handlers) home(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	page := &pages.Admin{Version: h.Version, Uptime: r.Now().Sub(h.Started), Search: r.QueryParam("q")}
	page.Title, page.Tab, page.Robots = r.Text("nav.admin"), "admin", "noindex"
	if err := h.figures(r, page); err != nil {
		return nil, err
	}
	if err := h.health(r, page); err != nil {
		return nil, err
	}
	state := directory.State(r.QueryParam("state"))
	found, next, err := h.Directory.Browse(ctx, r.As(account.Operator), page.Search, state, r.QueryParam("cursor"), shownBusinesses)
	if err != nil {
		return nil, err
	}
	for _, b := range found {
		page.Businesses = append(page.Businesses, pages.AdminRow{
			Name: b.Name, URL: "/admin/businesses/" + b.Slug, State: string(b.State), Tone: view.BusinessTone(b.State),
			Place: strings.Join(view.AddressLines(b.Address), ", "),
		})
	}
	self := url.Values{}
	for name, value := range map[string]string{"q": page.Search, "state": string(state)} {
		if value != "" {
			self.Set(name, value)
		}
	}
	if r.QueryParam("cursor") != "" {
		page.Pager.Previous = "/admin?" + self.Encode()
	}
	if next != "" {
		self.Set("cursor", next)
		page.Pager.Next = "/admin?" + self.Encode()
	}
	page.Events, err = h.newest(ctx)
	return route.HTML{Name: "admin/home", Page: page}, err
}

func (h *Handlers) figures(r *route.Request, page *pages.Admin) error {
	census, err := h.Directory.Census(r.Req().Context(), r.As(account.Operator))
	if err != nil {
		return err
	}
	all := 0
	for _, n := range census {
		all += n
	}
	page.Figures = []pages.Figure{
		{Word: "businesses", N: all, URL: "/admin"},
		{Word: "verified", N: census[directory.Verified] + census[directory.VerifiedDue], URL: "/admin?state=verified"},
		{Word: "waiting", N: census[directory.Submitted] + census[directory.InReview], URL: "/admin?state=submitted"},
		{Word: "suspended", N: census[directory.Suspended], URL: "/admin?state=suspended"},
	}
	return nil
}

// health asks every part of the program that can fall behind.
func (h *Handlers) health(r *route.Request, page *pages.Admin) error {
	ctx := r.Req().Context()
	rows, dirty := h.Directory.Indexed()
	index := pages.Check{Word: "index", OK: dirty == 0, Note: r.Text("admin.index_note", "Rows", strconv.Itoa(rows), "Dirty", strconv.Itoa(dirty))}
	jobs, err := h.Jobs.Figures(ctx)
	if err != nil {
		return err
	}
	late := !jobs.OldestDue.IsZero() && r.Now().Sub(jobs.OldestDue) > lateJobs
	work := pages.Check{
		Word: "jobs", OK: jobs.Parked == 0 && !late,
		Note: r.Text("admin.jobs_note", "Waiting", strconv.FormatInt(jobs.Waiting, 10), "Parked", strconv.FormatInt(jobs.Parked, 10)),
	}
	events, err := h.Inbox.Figures(ctx)
	if err != nil {
		return err
	}
	provider := pages.Check{
		Word: "payments", OK: events.Parked == 0,
		Note: r.Text("admin.jobs_note", "Waiting", strconv.FormatInt(events.New, 10), "Parked", strconv.FormatInt(events.Parked, 10)),
	}
	unbalanced, err := h.Ledger.Check(ctx)
	if err != nil {
		return err
	}
	books := pages.Check{Word: "ledger", OK: unbalanced == 0, Note: r.Text("admin.ledger_note", "Unbalanced", strconv.FormatInt(unbalanced, 10))}
	stuck, err := h.Order.StuckRefunds(ctx)
	if err != nil {
		return err
	}
	refunds := pages.Check{Word: "refunds", OK: stuck == 0, Note: r.Text("admin.refunds_note", "Stuck", strconv.FormatInt(stuck, 10))}
	unanswered, err := h.Order.UnansweredDisputes(ctx)
	if err != nil {
		return err
	}
	disputes := pages.Check{Word: "disputes", OK: unanswered == 0, Note: r.Text("admin.disputes_note", "N", strconv.FormatInt(unanswered, 10))}
	tip, err := h.Audit.Tip(ctx)
	if err != nil {
		return err
	}
	log := pages.Check{Word: "audit", OK: true, Note: r.Text("admin.audit_note", "Entries", strconv.FormatInt(tip.Seq, 10))}
	page.Health = []pages.Check{index, work, provider, refunds, disputes, books, log}
	return nil
}

// newest are the last entries of the audit log, newest first.
func (h *Handlers) newest(ctx context.Context) ([]pages.Step, error) {
	tip, err := h.Audit.Tip(ctx)
	if err != nil {
		return nil, err
	}
	records, err := h.Audit.Since(ctx, max(0, tip.Seq-shownEvents), shownEvents)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	steps := make([]pages.Step, 0, len(records))
	for i := len(records) - 1; i >= 0; i-- {
		step, err := h.step(ctx, records[i], names)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// step is one entry in a list: what was done, to which business, by which role.
func (h *Handlers) step(ctx context.Context, record audit.Record, names map[string]string) (pages.Step, error) {
	step := pages.Step{Text: record.Action, At: record.At, Note: record.Actor.Role, Done: true}
	id := record.BusinessID
	if id == "" {
		return step, nil
	}
	if _, known := names[id]; !known {
		b, err := h.Directory.Get(ctx, id)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return step, err
		}
		names[id] = b.Name
	}
	if names[id] != "" {
		step.Note += ", " + names[id]
	}
	return step, nil
}

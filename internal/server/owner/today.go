package owner

import (
	"cmp"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/ledger"
	"nearby/internal/money"
	"nearby/internal/order"
	"nearby/internal/payout"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

const (
	shownToday = 10 // orders on the first page
	chartDays  = 14
)

func (h *Handlers) today(r *route.Request, p place) (route.Answer, error) {
	ctx, now := r.Req().Context(), r.Now().In(view.Zone(p.Zone))
	page := &pages.Today{Now: now}
	head(r, &page.Base, "manage.today")
	var err error
	if page.Desk, err = h.desk(r, p, "today"); err != nil {
		return nil, err
	}
	open, err := h.Order.ListForBusiness(ctx, r.As(account.Owner), p.ID, todo, "", shownToday)
	if err != nil {
		return nil, err
	}
	page.Orders = links(open.Items, p)
	slices.SortStableFunc(page.Orders, func(a, b pages.OrderLink) int { return a.Due.Compare(b.Due) })
	if page.Todo, err = h.todo(r, p, page.Desk.Waiting); err != nil {
		return nil, err
	}
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	takings, err := h.Ledger.Takings(ctx, p.ID, midnight.AddDate(0, 0, 1-chartDays).UTC(), midnight.AddDate(0, 0, 1).UTC())
	if err != nil {
		return nil, err
	}
	page.Sales, page.SalesCount = soldSince(takings, midnight, p.Currency)
	if len(takings) > 0 {
		page.Week, page.WeekTotal = view.SalesChart(takings, now, chartDays, p.Currency, r.Lang)
		best := slices.MaxFunc(page.Week.Bars, func(a, b pages.ChartBar) int { return cmp.Compare(a.Value.Minor, b.Value.Minor) })
		page.Week.Label = r.Text("chart.label")
		page.Week.Words = r.Text("chart.words", "Best", best.Value.Format(r.Lang), "Sum", page.WeekTotal.Format(r.Lang))
	}
	return route.HTML{Name: "owner/today", Page: page}, nil
}

func soldSince(takings []ledger.Taking, since time.Time, currency string) (sum money.Amount, n int) {
	sum = money.New(0, currency)
	for _, t := range takings {
		if !t.At.Before(since) && t.Amount.Currency == currency {
			sum.Minor += t.Amount.Minor
			n++
		}
	}
	return sum, n
}

// links are orders in a list of the business.
func links(orders []order.Order, p place) []pages.OrderLink {
	list := make([]pages.OrderLink, len(orders))
	for i, o := range orders {
		list[i] = view.OrderLink(o)
		list[i].Who, list[i].URL = o.Contact.Name, p.path("/orders/"+o.ID)
		switch {
		case o.State == order.Placed && o.AcceptBy != nil:
			list[i].Due = o.AcceptBy.In(view.Zone(o.Zone))
		case !o.Open():
			list[i].Due = time.Time{}
		}
	}
	return list
}

// todo lists what needs the owner, the most urgent first; each line leads to
// where it is done.
func (h *Handlers) todo(r *route.Request, p place, orders int) ([]pages.Todo, error) {
	ctx := r.Req().Context()
	var list []pages.Todo
	add := func(word string, n int, icon, url, note string) {
		if n > 0 {
			list = append(list, pages.Todo{Word: word, N: n, Icon: icon, URL: url, Note: note})
		}
	}
	add("orders", orders, "package-open", p.path("/orders"), "")
	switch p.State {
	case directory.ChangesRequested:
		status, err := h.Verification.Status(ctx, r.As(account.Owner), p.ID)
		if err != nil {
			return nil, err
		}
		if len(status.Decisions) > 0 && status.Decisions[0].Kind == verification.KindAsk {
			add("changes", max(1, len(status.Decisions[0].Reasons)), "circle-alert", p.path("/verification"), "")
		}
	case directory.Draft:
		missing := 0
		for _, item := range verification.Checklist(p.Business) {
			if item.Required && !item.Done {
				missing++
			}
		}
		add("checklist", missing, "badge-check", p.path("/verification"), "")
	}
	if !p.Hours.Known() {
		add("hours", 1, "clock", p.path("/hours"), "")
	}
	if p.role.May(account.RightPayout) && h.Payout.Gateway != nil {
		status, err := h.Payout.Status(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		steps := len(status.CurrentlyDue) + len(status.PastDue)
		if status.State == payout.None || status.State == payout.Onboarding || status.State == payout.Disconnected {
			steps = max(1, steps)
		}
		add("payouts", steps, "landmark", p.path("/payouts"), "")
	}
	counts, err := h.Catalog.Counts(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	add("stock", counts.Low, "triangle-alert", p.path("/catalog?state=low"), "")
	add("drafts", counts.Draft, "eye-off", p.path("/catalog?state=draft"), "")
	return list, nil
}

package owner

import (
	"log/slog"
	"strings"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/money"
	"nearby/internal/payout"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

func (h *Handlers) payouts(r *route.Request, p place) (route.Answer, error) {
	ctx := r.Req().Context()
	if _, err := h.Account.Require(ctx, r.As(account.Owner), p.ID, account.RightPayout); err != nil {
		return nil, err
	}
	if r.QueryParam("from") == "provider" && h.Payout.Gateway != nil {
		// The owner comes back from the forms: ask now instead of waiting for the
		// event. If the provider does not answer, the event brings it.
		if _, err := h.Payout.Refresh(ctx, p.ID); err != nil && !errs.Is(err, errs.Unavailable) && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
		return route.See{Path: p.path("/payouts")}, nil
	}
	page, err := h.payoutsPage(r, p)
	return route.HTML{Name: "owner/payouts", Page: page}, err
}

func (h *Handlers) payoutsPage(r *route.Request, p place) (*pages.Payouts, error) {
	status, err := h.Payout.Status(r.Req().Context(), p.ID)
	if err != nil {
		return nil, err
	}
	on := h.Payout.Gateway != nil
	page := &pages.Payouts{
		Enabled: on, Status: string(status.State), Tone: payoutTone(status.State), Charges: status.ChargesEnabled && status.State.Sells(),
		Paid: status.PayoutsEnabled, Token: ident.Token(), Prove: unproven(r), Sum: money.New(0, p.Currency),
		CanStart: on && status.State != payout.Active && status.State != payout.Pending,
		CanLogin: on && (status.State.Sells() || status.State == payout.Disabled || status.State == payout.Pending),
	}
	head(r, &page.Base, "manage.payouts")
	for _, name := range append(status.PastDue, status.CurrentlyDue...) {
		page.Due = append(page.Due, requirement(name))
	}
	if status.Deadline != nil {
		page.Deadline = status.Deadline.In(view.Zone(p.Zone))
	}
	if status.State == payout.Pending || status.State == payout.Creating {
		page.Refresh = 10
	}
	if page.Desk, err = h.desk(r, p, "payouts"); err != nil {
		return nil, err
	}
	if err := h.funds(r, p, page); err != nil {
		return nil, err
	}
	return page, h.statement(r, p, page)
}

// funds show what the account holds. The page is there without them.
func (h *Handlers) funds(r *route.Request, p place, page *pages.Payouts) error {
	found, err := h.Payout.Funds(r.Req().Context(), p.ID)
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Unavailable) || errs.Is(err, errs.Conflict) {
		return nil
	}
	if err != nil {
		return err
	}
	zone := view.Zone(p.Zone)
	page.Funds = &pages.Funds{At: found.At.In(zone), Old: found.Old, Available: found.Available, Pending: found.Pending}
	for _, sent := range found.Payouts {
		page.Funds.Payouts = append(page.Funds.Payouts, pages.PayoutSent{
			At: sent.CreatedAt.In(zone), Arrives: sent.ArrivesAt.In(zone), Amount: money.New(sent.Amount, sent.Currency), Status: sent.Status, Tone: sentTone(sent.Status),
		})
	}
	return nil
}

func sentTone(status string) string {
	switch status {
	case "paid":
		return "open"
	case "failed", "canceled":
		return "stop"
	}
	return "soon"
}

// statement lists the books order by order, newest first.
func (h *Handlers) statement(r *route.Request, p place, page *pages.Payouts) error {
	ctx := r.Req().Context()
	orders, err := h.Order.ListForBusiness(ctx, r.As(account.Owner), p.ID, nil, r.QueryParam("cursor"), 0)
	if err != nil {
		return err
	}
	ids := make([]string, len(orders.Items))
	for i, o := range orders.Items {
		ids[i] = o.ID
	}
	totals, err := h.Ledger.OfOrders(ctx, ids)
	if err != nil {
		return err
	}
	for _, o := range orders.Items {
		if len(totals[o.ID]) == 0 {
			continue // nothing moved
		}
		row := view.Statement(totals[o.ID], o.Totals.Total.Currency)
		row.At, row.Number, row.URL = o.CreatedAt.In(view.Zone(o.Zone)), view.OrderNumber(o), p.path("/orders/"+o.ID)
		if row.Net.Currency == page.Sum.Currency {
			page.Sum.Minor += row.Net.Minor
		}
		page.Statement = append(page.Statement, row)
	}
	if orders.Next != "" {
		page.Pager.Next = p.path("/payouts?cursor=" + orders.Next)
	}
	if r.QueryParam("cursor") != "" {
		page.Pager.Previous = p.path("/payouts")
	}
	return nil
}

func payoutTone(s payout.State) string {
	switch s {
	case payout.Active:
		return "open"
	case payout.Disabled, payout.Disconnected:
		return "stop"
	case payout.None:
		return ""
	}
	return "soon"
}

// requirement writes the provider's name of a question in plain letters:
// "individual.verification.document" becomes "individual: verification document".
func requirement(name string) string {
	who, what, nested := strings.Cut(name, ".")
	if !nested {
		return strings.ReplaceAll(name, "_", " ")
	}
	return strings.ReplaceAll(who, "_", " ") + ": " + strings.NewReplacer(".", " ", "_", " ").Replace(what)
}

func (h *Handlers) onboard(r *route.Request, p place) (route.Answer, error) {
	return h.leave(r, p, func() (string, error) { return h.Payout.Start(r.Req().Context(), r.As(account.Owner), p.ID) })
}

func (h *Handlers) dashboard(r *route.Request, p place) (route.Answer, error) {
	return h.leave(r, p, func() (string, error) { return h.Payout.Dashboard(r.Req().Context(), r.As(account.Owner), p.ID) })
}

// leave takes the owner to a page of the provider, if it is one of the
// provider's.
func (h *Handlers) leave(r *route.Request, p place, link func() (string, error)) (route.Answer, error) {
	if _, err := h.Account.Require(r.Req().Context(), r.As(account.Owner), p.ID, account.RightPayout); err != nil {
		return nil, err
	}
	err := h.prove(r)
	var address string
	if err == nil {
		address, err = link()
	}
	if err == nil {
		if h.Payments.RedirectAllowed(address) {
			return route.Leave{URL: address}, nil
		}
		slog.Error("the payment provider gave a link that leads elsewhere")
		err = errs.New(errs.Unavailable, "provider_unreachable", "The payment provider does not answer. Please try again in a moment.")
	}
	wrong, invalid := view.Errors(err)
	if !invalid {
		if !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Unavailable) {
			return nil, err
		}
		wrong = pages.Errors{{Message: errs.Of(err).Message}}
	}
	page, failed := h.payoutsPage(r, p)
	if failed != nil {
		return nil, failed
	}
	page.Errors, page.Failed = wrong, true
	return route.HTML{Name: "owner/payouts", Page: page, Status: errs.KindOf(err).Status()}, nil
}

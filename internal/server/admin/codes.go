package admin

import (
	"nearby/internal/account"
	"nearby/internal/money"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
)

// codes are what codes to telephones cost: by sender, in the order they are
// tried, and by day.
func (h *Handlers) phoneCodes(r *route.Request) (route.Answer, error) {
	bills, senders, err := h.Check.Bills(r.Req().Context(), r.As(account.Operator))
	if err != nil {
		return nil, err
	}
	amount := func(minor int64) money.Amount { return money.New(minor, h.Check.Phones.Currency) }
	page := &pages.Codes{Budget: amount(h.Check.Phones.Budget)}
	page.Title, page.Tab, page.Robots = r.Text("codes.title"), "admin", "noindex"
	for _, s := range senders {
		page.Senders = append(page.Senders, pages.CodeSender{
			Name: s.Name, Price: amount(s.Price), Sent: int(s.Sent), Arrived: int(s.Arrived), Failed: int(s.Failed), Passed: int(s.Passed),
			Cost: amount(s.Cost - s.Refunded),
		})
	}
	for _, b := range bills {
		page.Days = append(page.Days, pages.CodeDay{Day: b.Day, Codes: int(b.Codes), Spent: amount(b.Spent), Refunded: amount(b.Refunded)})
	}
	return route.HTML{Name: "admin/codes", Page: page}, nil
}

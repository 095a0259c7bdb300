package admin

import (
	"nearby/internal/account"
	"nearby/internal/server/pages"
	"nearby/internal/server/reply"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// languages of the cards by the country they go to; English anywhere else.
var cardLanguages = map[string]string{"DE": "de", "AT": "de", "CH": "de", "LI": "de"}

// postcards are the cards that wait, or with ?printed=1 those to put into the
// printer. The page is its own print-out: a card a sheet.
func (h *Handlers) postcards(r *route.Request) (route.Answer, error) {
	printed := r.QueryParam("printed") != ""
	cards, err := h.Check.Postcards(r.Req().Context(), r.As(account.Operator), printed)
	if err != nil {
		return nil, err
	}
	page := &pages.Postcards{Printed: printed}
	page.Title, page.Tab, page.Robots = r.Text("postcards.title"), "admin", "noindex"
	for _, c := range cards {
		zone := view.Zone(c.Business.Zone)
		card := pages.Postcard{
			Business: c.Business.Name, Lines: append(view.AddressLines(c.Business.Address), view.CountryName(reply.Match("", cardLanguages[c.Business.Address.Country]), c.Business.Address.Country)),
			Code: view.PinGroups(c.Code), Asked: c.BegunAt.In(zone), Until: c.ExpiresAt.In(zone), Lang: reply.Match("", cardLanguages[c.Business.Address.Country]),
			Site: r.Absolute("/manage/" + c.Business.Slug + "/verification"),
		}
		card.Hello = r.TextIn(card.Lang, "postcards.hello", "Name", card.Business)
		card.Text, card.NotYou = r.TextIn(card.Lang, "postcards.text"), r.TextIn(card.Lang, "postcards.not_you")
		page.Cards = append(page.Cards, card)
	}
	return route.HTML{Name: "admin/postcards", Page: page}, nil
}

func (h *Handlers) printPostcards(r *route.Request) (route.Answer, error) {
	if _, err := h.Check.PrintPostcards(r.Req().Context(), r.As(account.Operator)); err != nil {
		return nil, err
	}
	return route.See{Path: "/admin/postcards?printed=1"}, nil
}

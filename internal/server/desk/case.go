package desk

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

const (
	mapReach  = 220 // metres shown each way
	nearPin   = 500 // metres from the street that a pin may be
	movedFar  = 50  // metres from where it was when it was sent in
	shownText = 400 // characters of one side of a row
)

func (h *Handlers) open(r *route.Request) (route.Answer, error) {
	page, err := h.casePage(r)
	return route.HTML{Name: "desk/queue", Page: page}, err
}

// casePage is the queue with the case of the address beside it.
func (h *Handlers) casePage(r *route.Request) (*pages.Queue, error) {
	ctx, id := r.Req().Context(), r.Param("request")
	page, waiting, err := h.queuePage(r, id)
	if err != nil {
		return nil, err
	}
	c, err := h.Verification.Case(ctx, r.As(account.Verifier), id)
	at := slices.IndexFunc(waiting, func(w verification.Waiter) bool { return w.ID == id })
	if errs.Has(err, "own_business") && at >= 0 {
		page.Case = &pages.Case{ID: id, Name: waiting[at].Name, Kind: "new", Age: r.Now().Sub(waiting[at].SubmittedAt), Own: true}
	} else if err != nil {
		return nil, err
	} else if page.Case, err = h.caseOf(r, c); err != nil {
		return nil, err
	}
	page.Title = page.Case.Name
	if at > 0 {
		page.Case.Previous = "/desk/" + waiting[at-1].ID
	}
	if at >= 0 && at+1 < len(waiting) {
		page.Case.Next = "/desk/" + waiting[at+1].ID
	}
	return page, nil
}

func (h *Handlers) caseOf(r *route.Request, c verification.Case) (*pages.Case, error) {
	ctx, b, now := r.Req().Context(), c.Business, r.Now()
	zone := view.Zone(b.Zone)
	shown := &pages.Case{
		ID: c.Request.ID, Name: b.Name, Kind: "new", Age: now.Sub(c.Request.SubmittedAt), Closed: !c.Request.EndedAt.IsZero(),
		ActionURL: "/desk/" + c.Request.ID, Doubles: len(c.Duplicates) > 0, Hold: int(verification.Lease.Minutes()),
		Rows: rows(r, c), Checks: checks(r, c), Replies: replies(r), MapNote: strings.Join(view.AddressLines(b.Address), ", "),
		Reasons: options(r, "reject", verification.RejectCodes, ""), Codes: options(r, "ask", verification.AskCodes, ""), Fields: fields(nil),
	}
	names := map[string]string{}
	if id := holder(c.Request, now); id == r.User().ID {
		shown.Held, shown.HeldUntil = !shown.Closed, c.Request.LeaseUntil.In(zone)
	} else if id != "" {
		var err error
		if shown.Holder, err = h.name(ctx, names, id); err != nil {
			return nil, err
		}
		shown.HeldUntil = c.Request.LeaseUntil.In(zone)
	}
	if b.PhotoHash != "" {
		shown.Photo = view.Picture(b.PhotoHash, b.Name, 0, 0)
	}
	for _, d := range c.Decisions {
		by, err := h.name(ctx, names, d.By.ID)
		if err != nil {
			return nil, err
		}
		shown.History = append(shown.History, view.DecisionStep(r.Word, d, zone, by))
	}
	if !b.Located() {
		return shown, nil
	}
	var err error
	shown.Map, err = view.DrawMap(view.MapInput{
		Label: r.Text("map.title"), Middle: b.Point, Reach: mapReach, Wide: true, Ground: h.Ground,
		Pins: []view.MapPin{{Point: b.Point, N: view.Plate(b.Address.HouseNumber), Name: b.Name, URL: "#main", Current: true}},
	})
	return shown, err
}

// rows puts what was claimed beside what was found. A row without anything found
// says so: that nothing speaks against a claim is not the same as knowing it.
func rows(r *route.Request, c verification.Case) []pages.CaseRow {
	var list []pages.CaseRow
	for _, l := range c.Lines {
		row := pages.CaseRow{Field: view.FieldWord(l.Field), Claimed: clip(l.Claimed)}
		if kind, ok := category.BySlug(l.Claimed); ok && l.Field == "category" {
			row.Claimed = kind.Label(r.Lang)
		}
		switch {
		case l.Claimed == "" && l.Present == "" && l.Found == "":
			continue
		case !l.Same:
			row.Found, row.Source, row.Differs = clip(l.Present), r.Text("case.source_now"), true
		case l.Field == "zone" && l.Found != "":
			row.Found, row.Same, row.Differs = l.Found, l.Found == l.Claimed, l.Found != l.Claimed
		case l.Field == "lat":
			row.Found, row.Differs = l.Found, c.StreetM > nearPin
		case l.Field == "hours" && l.Found == "":
			row.Found, row.Differs = r.Text("open.unknown"), true
		case l.Field == "hours":
			row.Found, row.Source = clip(l.Found), r.Text("case.source_read")
		}
		list = append(list, row)
	}
	return list
}

func clip(s string) string {
	if runes := []rune(s); len(runes) > shownText {
		return string(runes[:shownText]) + "…"
	}
	return s
}

// checks are what the program found out by itself.
func checks(r *route.Request, c verification.Case) []pages.Check {
	var missing []string
	for _, item := range c.Checklist {
		if item.Required && !item.Done {
			missing = append(missing, r.Word("case.field", view.FieldWord(item.Field)))
		}
	}
	list := []pages.Check{{Word: "complete", OK: len(missing) == 0, Note: strings.Join(missing, ", ")}}
	pin := pages.Check{Word: "pin", OK: c.StreetM >= 0 && c.StreetM <= nearPin, Note: r.Text("case.street_unknown")}
	if c.StreetM >= 0 {
		pin.Note = r.Text("case.from_street", "Metres", fmt.Sprintf("%.0f", math.Round(c.StreetM)))
	}
	moved := pages.Check{Word: "moved", OK: c.PinMovedM <= movedFar}
	if c.PinMovedM >= 1 {
		moved.Note = r.Text("case.moved_by", "Metres", fmt.Sprintf("%.0f", math.Round(c.PinMovedM)))
	}
	var doubles []string
	for _, d := range c.Duplicates {
		doubles = append(doubles, fmt.Sprintf("%s (%s, %.0f m)", d.Name, r.Word("business.state", string(d.State)), d.DistanceM))
	}
	return append(list, pin, moved,
		pages.Check{Word: "duplicate", OK: len(doubles) == 0, Note: strings.Join(doubles, ", ")},
		pages.Check{Word: "hours", OK: c.Business.Hours.Known()},
		pages.Check{Word: "photo", OK: c.Business.PhotoHash != ""})
}

// replies are texts that are ready to use in a question.
func replies(r *route.Request) []pages.Reply {
	return []pages.Reply{
		{Label: r.Text("case.reply_name"), Text: r.Text("case.reply_name_text")},
		{Label: r.Text("case.reply_pin"), Text: r.Text("case.reply_pin_text")},
		{Label: r.Text("case.reply_photo"), Text: r.Text("case.reply_photo_text")},
		{Label: r.Text("case.reply_legal"), Text: r.Text("case.reply_legal_text")},
	}
}

// options are codes as choices, below an empty one.
func options(r *route.Request, table string, codes []string, chosen string) []pages.Option {
	list := []pages.Option{{Label: r.Text("form.choose"), Selected: chosen == ""}}
	for _, code := range codes {
		list = append(list, pages.Option{Value: code, Label: r.Word(table, code), Selected: code == chosen})
	}
	return list
}

// fields are what an owner can be asked to change.
func fields(chosen []string) []pages.Option {
	var list []pages.Option
	for _, item := range verification.Checklist(directory.Business{}) {
		list = append(list, pages.Option{Value: item.Field, Label: view.FieldWord(item.Field), Selected: slices.Contains(chosen, item.Field)})
	}
	return list
}

package desk

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
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
	id := r.Param("request")
	return h.beside(r, id, func() (*pages.Case, error) {
		c, err := h.Verification.Case(r.Req().Context(), r.As(account.Verifier), id)
		if err != nil {
			return nil, err
		}
		return h.caseOf(r, c)
	})
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
	if err := h.held(r, shown, names, holder(c.Request, now), c.Request.LeaseUntil.In(zone)); err != nil {
		return nil, err
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
	shown.Proofs = view.Proofs(c.Checks, zone)
	shown.Proofs.Record = recordable(r, c.Checks, "")
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

// recordable are the checks that a verifier can write down.
func recordable(r *route.Request, o check.Overview, chosen string) []pages.Option {
	list := []pages.Option{{Label: r.Text("form.choose"), Selected: chosen == ""}}
	for _, offer := range o.Offers {
		if offer.Kind == check.Recorded {
			list = append(list, pages.Option{Value: string(offer.Method), Label: r.Word("check.method", string(offer.Method)), Selected: string(offer.Method) == chosen})
		}
	}
	return list
}

// held says who works on a case.
func (h *Handlers) held(r *route.Request, shown *pages.Case, names map[string]string, holderID string, until time.Time) (err error) {
	if holderID == "" {
		return nil
	}
	shown.HeldUntil = until
	if holderID == r.User().ID {
		shown.Held = !shown.Closed
		return nil
	}
	shown.Holder, err = h.name(r.Req().Context(), names, holderID)
	return err
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
	moved := pages.Check{Word: "moved", OK: c.PinMovedM <= movedFar}
	if c.PinMovedM >= 1 {
		moved.Note = r.Text("case.moved_by", "Metres", fmt.Sprintf("%.0f", math.Round(c.PinMovedM)))
	}
	list = append(list, pinCheck(r, c.StreetM), moved)
	list = append(list, likenessChecks(r, c.Likeness)...)
	return append(list, pages.Check{Word: "hours", OK: c.Business.Hours.Known()}, pages.Check{Word: "photo", OK: c.Business.PhotoHash != ""})
}

// pinCheck says how far a pin is from the street of its address, -1 for unknown.
func pinCheck(r *route.Request, streetM float64) pages.Check {
	check := pages.Check{Word: "pin", OK: streetM >= 0 && streetM <= nearPin, Note: r.Text("case.street_unknown")}
	if streetM >= 0 {
		check.Note = r.Text("case.from_street", "Metres", fmt.Sprintf("%.0f", math.Round(streetM)))
	}
	return check
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

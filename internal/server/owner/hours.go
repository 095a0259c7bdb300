package owner

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/hours"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// days are the names of the form's fields, Monday first.
var days = [7]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

const (
	mostSpecial  = 100                // special days of a business
	specialAhead = 2                  // years
	longestWhy   = 60                 // characters of a special day's label
	localTime    = "2006-01-02T15:04" // as datetime-local fields write it
)

func (h *Handlers) hours(r *route.Request, p place) (route.Answer, error) {
	page, err := h.hoursPage(r, p)
	return route.HTML{Name: "owner/hours", Page: page}, err
}

func (h *Handlers) hoursPage(r *route.Request, p place) (*pages.HoursPage, error) {
	page := &pages.HoursPage{
		Zone: p.Zone, Special: view.SpecialDays(ahead(p, r.Now()), r.Hours()), Version: strconv.FormatInt(p.Version, 10), Today: today(p, r.Now()).String(),
	}
	page.Try = try(p, directory.HoursKind(r.QueryParam("kind")), r.QueryParam("at"), r.Now())
	page.Try.Kinds = kindOptions(r)
	page.Further = further(p, r)
	head(r, &page.Base, "manage.hours")
	week, simple := p.Hours.Weekly()
	for i, name := range days {
		day := pages.HoursDay{Weekday: time.Weekday((i + 1) % 7), Name: name}
		if simple {
			day.Value = strings.ReplaceAll(hours.FormatSpans(week[i]), ",", ", ")
		}
		page.Days = append(page.Days, day)
	}
	if !simple {
		// What a week cannot say is shown as it is, and goes when a week is saved.
		page.Text, page.Rich = cmp.Or(p.Hours.Text(), p.Hours.OSM()), p.Hours.Known()
	}
	var err error
	page.Desk, err = h.desk(r, p, "hours")
	return page, err
}

// try answers what the hours say at a time that was typed; "" asks nothing, and
// proposes now.
func try(p place, kind directory.HoursKind, typed string, now time.Time) pages.HoursTry {
	zone := view.Zone(p.Zone)
	if typed == "" {
		return pages.HoursTry{At: now.In(zone).Format(localTime)}
	}
	at, err := time.ParseInLocation(localTime, strings.Replace(strings.TrimSpace(typed), " ", "T", 1), zone)
	if err != nil {
		return pages.HoursTry{At: typed, Bad: true}
	}
	why := p.HoursOf(kind).Why(at)
	t := pages.HoursTry{
		At: at.Format(localTime), Asked: true, Open: view.Open(why.State, p.Zone, at), Day: at,
		Rule: why.Rule, Special: why.Special, Holiday: why.Holiday, Doubt: why.HolidayInDoubt,
	}
	if why.Day != (hours.Date{}) {
		t.Day = time.Date(why.Day.Year, why.Day.Month, why.Day.Day, 12, 0, 0, 0, zone)
	}
	return t
}

// today is the day it is at the business.
func today(p place, now time.Time) hours.Date { return hours.DateOf(now.In(view.Zone(p.Zone))) }

// ahead are the special days that are not over.
func ahead(p place, now time.Time) []hours.Special {
	day := today(p, now)
	return slices.DeleteFunc(slices.Clone(p.Hours.Special()), func(s hours.Special) bool { return before(s.To, day) })
}

func before(a, b hours.Date) bool { return a.String() < b.String() }

func (h *Handlers) saveHours(r *route.Request, p place) (route.Answer, error) {
	var week [7][]hours.Span
	var wrong pages.Errors
	for i, name := range days {
		spans, err := hours.ParseSpans(r.FormValue(name))
		if err != nil {
			wrong = append(wrong, pages.Error{Name: name, Message: hoursMessage(r, err)})
		}
		week[i] = spans
	}
	version, err := strconv.ParseInt(r.FormValue("version"), 10, 64)
	if err != nil {
		return nil, malformed(err)
	}
	if len(wrong) == 0 {
		schedule := hours.Weekly(p.Zone, week).WithSpecial(ahead(p, r.Now())...)
		_, err = h.Directory.SetHours(r.Req().Context(), r.As(account.Owner), p.ID, version, schedule)
	}
	changed := errs.Has(err, "changed_meanwhile")
	if err != nil && !changed {
		return nil, err
	}
	if len(wrong) == 0 && !changed {
		r.Flash("owner.saved")
		return route.See{Path: p.path("/hours")}, nil
	}
	page, err := h.hoursPage(r, p)
	if err != nil {
		return nil, err
	}
	for i := range page.Days {
		page.Days[i].Value = r.FormValue(page.Days[i].Name)
	}
	page.Errors, page.Changed, page.Failed = wrong, changed, true
	if changed {
		return route.HTML{Name: "owner/hours", Page: page, Status: errs.Precondition.Status()}, nil
	}
	return route.Wrong("owner/hours", page), nil
}

// hoursMessage says where a day's hours stopped making sense.
func hoursMessage(r *route.Request, err error) string {
	var syntax *hours.SyntaxError
	if errors.As(err, &syntax) && syntax.Word != "" {
		return r.Text("hours.bad_at", "Word", syntax.Word)
	}
	return r.Text("hours.bad")
}

func (h *Handlers) addSpecial(r *route.Request, p place) (route.Answer, error) {
	typed := pages.SpecialForm{From: r.FormValue("from"), To: r.FormValue("to"), Hours: r.FormValue("hours"), Label: r.FormValue("label"), CutsNight: r.FormValue("cuts_night") == "1"}
	special, wrong := h.readSpecial(r, p, typed)
	if len(wrong) == 0 {
		list := append(ahead(p, r.Now()), special)
		if err := h.setSpecial(r, p, list); err != nil {
			return nil, err
		}
		r.Flash("owner.saved")
		return route.See{Path: p.path("/hours")}, nil
	}
	page, err := h.hoursPage(r, p)
	if err != nil {
		return nil, err
	}
	page.Add, page.AddErrors = typed, wrong
	return route.Wrong("owner/hours", page), nil
}

func (h *Handlers) setSpecial(r *route.Request, p place, list []hours.Special) error {
	_, err := h.Directory.SetHours(r.Req().Context(), r.As(account.Owner), p.ID, p.Version, p.Hours.WithSpecial(list...))
	return err
}

func (h *Handlers) readSpecial(r *route.Request, p place, typed pages.SpecialForm) (special hours.Special, wrong pages.Errors) {
	add := func(name, id string) { wrong = append(wrong, pages.Error{Name: name, Message: r.Text(id)}) }
	day := today(p, r.Now())
	from, err := hours.ParseDate(strings.TrimSpace(typed.From))
	switch {
	case err != nil:
		add("from", "hours.bad_date")
	case before(from, day):
		add("from", "hours.past")
	}
	to := from
	if strings.TrimSpace(typed.To) != "" && err == nil {
		if to, err = hours.ParseDate(strings.TrimSpace(typed.To)); err != nil {
			add("to", "hours.bad_date")
		} else if before(to, from) {
			add("to", "hours.turned")
		}
	}
	if to.Year > day.Year+specialAhead {
		add("to", "hours.too_far")
	}
	spans, err := hours.ParseSpans(typed.Hours)
	if err != nil {
		wrong = append(wrong, pages.Error{Name: "hours", Message: hoursMessage(r, err)})
	}
	label, visible := account.CleanName(typed.Label)
	if strings.TrimSpace(typed.Label) != "" && !visible || len([]rune(label)) > longestWhy {
		add("label", "hours.bad_label")
	}
	known := ahead(p, r.Now())
	if slices.ContainsFunc(known, func(s hours.Special) bool { return !before(s.To, from) && !before(to, s.From) }) && len(wrong) == 0 {
		add("from", "hours.taken")
	}
	if len(known) >= mostSpecial {
		add("from", "hours.too_many")
	}
	return hours.Special{From: from, To: to, Spans: spans, Reason: label, CutsNight: typed.CutsNight}, wrong
}

func (h *Handlers) deleteSpecial(r *route.Request, p place) (route.Answer, error) {
	list := ahead(p, r.Now())
	kept := slices.DeleteFunc(slices.Clone(list), func(s hours.Special) bool {
		return view.SpecialID(s) == r.Param("id")
	})
	if len(kept) == len(list) {
		return nil, errs.Missing("special day")
	}
	if err := h.setSpecial(r, p, kept); err != nil {
		return nil, err
	}
	r.Flash("owner.saved")
	return route.See{Path: p.path("/hours")}, nil
}

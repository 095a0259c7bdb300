package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/hours"
	"nearby/internal/proposal"
	"nearby/internal/server/reply"
	"nearby/internal/verification"
)

func (a *api) businesses() {
	const tag = "Businesses"
	add(a, operation{
		id: "list-own-businesses", method: http.MethodGet, path: "/businesses", tag: tag, who: holder, scope: "business:read", limit: "token",
		summary: "The businesses you work for",
	}, a.ownBusinesses)
	add(a, operation{
		id: "add-business", method: http.MethodPost, path: "/businesses", tag: tag, who: holder, scope: "business:write", limit: "token",
		status: http.StatusCreated, repeat: joined,
		summary: "Begin a business of your own",
		about:   "It is a draft until it was submitted and approved. Only the name is needed.",
		example: map[string]any{
			"name": "Quay Tea Room", "category": "cafe", "address": map[string]any{"street": "Quay Street", "house_number": "9", "postcode": "10115", "city": "Portmere", "country": "DE"},
			"lat": 52.5003, "lng": 13.4002, "hours": "Mo-Sa 09:00-18:00",
		},
	}, a.addBusiness)
	add(a, operation{
		id: "edit-business", method: http.MethodPatch, path: "/businesses/{id}", tag: tag, who: holder, scope: "business:write", limit: "token", edit: true,
		summary: "Change what a business says of itself and how it sells",
		about:   "What is left out stays as it is. What a verifier has checked of a listed business (name, category, address, pin, website, legal name, register number) becomes a change: own.change shows it, and the public goes on seeing the old values until it is approved. While an application is being looked at those fields are protected (422 protected).",
		example: map[string]any{"description": "Bread, buns and cakes from Quay Street.", "selling": map[string]any{"prep_minutes": 20}, "further_hours": map[string]any{"pickup": "Mo-Sa 08:00-12:00"}},
		header:  map[string]any{"If-Match": "*"},
	}, a.editBusiness)
	for _, step := range []struct {
		word, summary string
		do            func(ctx context.Context, actor account.Actor, id string) error
	}{
		{"submit", "Apply to be listed", func(ctx context.Context, actor account.Actor, id string) error {
			_, err := a.Verification.Submit(ctx, actor, id)
			return err
		}},
		{"withdraw", "Take an application back while nobody looks at it", a.Verification.Withdraw},
		{"resubmit", "Make a rejected business a draft again", a.Verification.Resubmit},
		{"close", "Take a business out of the directory", func(ctx context.Context, actor account.Actor, id string) error {
			_, err := a.Directory.Close(ctx, actor, id)
			return err
		}},
		{"reopen", "Make a closed business a draft again", func(ctx context.Context, actor account.Actor, id string) error {
			_, err := a.Directory.Reopen(ctx, actor, id)
			return err
		}},
	} {
		add(a, operation{
			id: step.word + "-business", method: http.MethodPost, path: "/businesses/{id}/" + step.word, tag: tag, who: holder,
			scope: "business:write", limit: "token", repeat: joined, summary: step.summary,
		}, func(ctx context.Context, c *caller, in *BusinessPath) (answer[Business], error) {
			b, err := a.owned(ctx, c, in.ID)
			if err != nil {
				return answer[Business]{}, err
			}
			if err := step.do(ctx, c.owner(), b.ID); err != nil {
				return answer[Business]{}, err
			}
			return a.ownView(ctx, c, b.ID)
		})
	}
	add(a, operation{
		id: "get-own-verification", method: http.MethodGet, path: "/businesses/{id}/verification", tag: tag, who: holder, scope: "business:read", limit: "token",
		summary: "How the verification of a business stands",
	}, a.ownVerification)
	a.staff()
}

// BusinessPath names a business.
type BusinessPath struct {
	ID string `path:"id" doc:"Id or slug of a business." example:"harbour-bakery"`
}

// Business is a business and its page.
type Business struct {
	ID             string     `json:"id"`
	Slug           string     `json:"slug"`
	Name           string     `json:"name"`
	Category       string     `json:"category"`
	Description    string     `json:"description"`
	Phone          string     `json:"phone" doc:"E.164."`
	Email          string     `json:"email"`
	Website        string     `json:"website"`
	Attributes     []string   `json:"attributes"`
	LegalName      string     `json:"legal_name"`
	RegisterNumber string     `json:"register_number"`
	Address        Address    `json:"address"`
	Lat            *float64   `json:"lat"`
	Lng            *float64   `json:"lng"`
	Cell           *string    `json:"cell" doc:"H3 cell of resolution 15."`
	TimeZone       string     `json:"time_zone" doc:"IANA name, found from the pin."`
	Hours          Hours      `json:"hours"`
	Open           OpenNow    `json:"open"`
	Selling        Selling    `json:"selling"`
	Trust          Trust      `json:"trust"`
	VerifiedAt     *time.Time `json:"verified_at"`
	PhotoURL       *string    `json:"photo_url"`
	URL            string     `json:"url"`
	UpdatedAt      time.Time  `json:"updated_at"`
	Own            *OwnPart   `json:"own,omitempty" doc:"What only the people of the business see."`
}

// OwnPart is what only the people of a business see of it.
type OwnPart struct {
	State     string        `json:"state"`
	Change    Maybe[Change] `json:"change" doc:"What waits for a verifier before the public sees it."`
	Role      string        `json:"role" doc:"Yours in this business."`
	Certified bool          `json:"certified" doc:"The owner certified to sell only what is lawful."`
	CreatedAt time.Time     `json:"created_at"`
	Version   int64         `json:"version" doc:"The number in the ETag."`
}

// OpenNow is OpenState with what was written beside the hours.
type OpenNow struct {
	OpenState
	Note string `json:"note" doc:"The reason of a special day, or a comment of the hours."`
}

// Hours are the opening hours of a place on its own clock.
type Hours struct {
	Known   bool                    `json:"known"`
	OSM     string                  `json:"osm" doc:"OpenStreetMap opening_hours notation; empty when unknown."`
	Text    string                  `json:"text" doc:"What was written and nobody understood."`
	Said    Sentences               `json:"said" doc:"By language (en, de, ar): a sentence for the usual hours, then one for each special day ahead; in OpenStreetMap notation where a sentence would not be exact."`
	Further map[string]FurtherHours `json:"further" doc:"Hours of their own by kind (pickup, delivery, kitchen); a kind that is not there is as the hours. Orders are handed over and delivered within theirs."`
	File    *string                 `json:"calendar_url" doc:"The hours as an iCalendar file; null where they cannot be written as one."`
	Week    []Weekday               `json:"week" doc:"Monday first; empty when unknown."`
	Changes bool                    `json:"changes" doc:"Other weeks are different."`
	Special []SpecialDay            `json:"special" doc:"Days ahead with other hours."`
}

// FurtherHours are the hours of one kind.
type FurtherHours struct {
	OSM  string    `json:"osm"`
	Said Sentences `json:"said" doc:"By language."`
}

// Sentences are hours in words, a sentence for the usual hours and one for each
// special day ahead.
type Sentences map[string][]string

// said is hours in all languages.
func (a *api) said(s hours.Schedule, now time.Time) Sentences {
	all := Sentences{}
	for _, lang := range reply.Languages {
		all[lang] = words(s.Sentences(a.Floor.Render.HoursWords(lang), now))
	}
	return all
}

// Weekday is the usual hours of a day.
type Weekday struct {
	Day   string `json:"day" enum:"mon,tue,wed,thu,fri,sat,sun"`
	Spans []Span `json:"spans" doc:"None: closed."`
}

// Span is an opening time in minutes since midnight of its day.
type Span struct {
	From          int  `json:"from" minimum:"0" maximum:"1439"`
	To            int  `json:"to" minimum:"1" maximum:"2880" doc:"Beyond 1440 is the next day."`
	OpenEnd       bool `json:"open_end,omitempty"`
	ByAppointment bool `json:"by_appointment,omitempty"`
}

// SpecialDay says what holds on some days instead of the usual hours.
type SpecialDay struct {
	From   string `json:"from" format:"date"`
	To     string `json:"to" format:"date"`
	Spans  []Span `json:"spans" maxItems:"12" doc:"None: closed."`
	Reason string `json:"reason" maxLength:"120"`
}

// Selling is how a business takes orders.
type Selling struct {
	Currency        string     `json:"currency"`
	Orderable       bool       `json:"orderable" doc:"Takes orders now."`
	Closed          *string    `json:"closed" doc:"Why it takes none: unverified, limited, paused, payments."`
	Pickup          bool       `json:"pickup"`
	Delivery        bool       `json:"delivery"`
	PayAtPickup     bool       `json:"pay_at_pickup"`
	AcceptFirst     bool       `json:"accept_first" doc:"Orders wait for a yes before they are charged."`
	Paused          bool       `json:"paused"`
	PausedUntil     *time.Time `json:"paused_until" doc:"When the pause ends by itself; null: not paused, or until somebody ends it."`
	PrepMinutes     int        `json:"prep_minutes"`
	DeliveryRadiusM int        `json:"delivery_radius_m"`
	DeliveryFee     Amount     `json:"delivery_fee"`
	DeliveryMinimum Amount     `json:"delivery_minimum"`
}

// Trust is how a business came to be listed.
type Trust struct {
	State      string      `json:"state" enum:"verified,verified_due,limited,unclaimed,unlisted"`
	VerifiedAt *time.Time  `json:"verified_at"`
	Changed    LastChanged `json:"last_changed" doc:"When the public saw these become something else; null for never since the first approval."`
	Pending    []string    `json:"pending" doc:"Fields whose change waits for a verifier."`
	Ways       []string    `json:"ways" doc:"person: a verifier compared the application; import: the operator took it over from a source."`
}

// LastChanged is when fields last became something else in public.
type LastChanged struct {
	Name     *time.Time `json:"name"`
	Category *time.Time `json:"category"`
	Address  *time.Time `json:"address"`
	Website  *time.Time `json:"website"`
}

var dayWords = [7]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

func (a *api) hoursView(b directory.Business, now time.Time) Hours {
	s := b.Hours
	week := s.Week(now)
	h := Hours{Known: week.Known, OSM: s.OSM(), Text: week.Text, Said: a.said(s, now), Week: []Weekday{}, Changes: week.Changes, Special: each(week.Special, specialView)}
	if b.Listed() && s.HasCalendar(now) {
		h.File = some(a.base + "/b/" + b.Slug + "/hours.ics")
	}
	h.Further = map[string]FurtherHours{}
	for _, kind := range directory.HoursKinds {
		if text := b.Further.Of(kind); text != "" {
			h.Further[string(kind)] = FurtherHours{OSM: text, Said: a.said(b.HoursOf(kind).WithSpecial(), now)}
		}
	}
	if week.Known {
		for _, day := range week.Days {
			h.Week = append(h.Week, Weekday{Day: dayWords[day.Weekday], Spans: each(day.Spans, func(d hours.DaySpan) Span { return Span(d.Span) })})
		}
	}
	return h
}

func specialView(s hours.Special) SpecialDay {
	return SpecialDay{From: s.From.String(), To: s.To.String(), Reason: s.Reason, Spans: each(s.Spans, func(x hours.Span) Span { return Span(x) })}
}

// businessView is the public half of a business.
func (a *api) businessView(ctx context.Context, b directory.Business) (Business, error) {
	now := a.Clock()
	open := b.Hours.At(now)
	v := Business{
		ID: b.ID, Slug: b.Slug, Name: b.Name, Category: b.Category, Description: b.Description, Phone: b.Phone, Email: b.Email,
		Website: b.Website, Attributes: words(b.Attributes), LegalName: b.LegalName, RegisterNumber: b.RegisterNumber,
		Address: addressView(b.Address), TimeZone: b.Zone, Hours: a.hoursView(b, now),
		Open:       OpenNow{OpenState: openState(open), Note: open.Note},
		VerifiedAt: momentOf(b.VerifiedAt), PhotoURL: photoURL(a.base, b.PhotoHash, "page"), URL: a.base + "/b/" + b.Slug,
		UpdatedAt: b.UpdatedAt.UTC(),
		Selling: Selling{
			Currency: b.Currency, Pickup: b.Pickup, Delivery: b.Delivery, PayAtPickup: b.PayAtPickup, AcceptFirst: b.AcceptFirst, Paused: b.PausedAt(now),
			PrepMinutes: b.PrepMinutes, DeliveryRadiusM: b.DeliveryRadiusM, DeliveryFee: Amount{b.DeliveryFee, b.Currency},
			DeliveryMinimum: Amount{b.DeliveryMinimum, b.Currency},
		},
		Trust: Trust{State: "unlisted", VerifiedAt: momentOf(b.VerifiedAt), Ways: []string{}, Pending: []string{}, Changed: LastChanged{
			Name: momentOf(b.NameChangedAt), Category: momentOf(b.CategoryChangedAt), Address: momentOf(b.AddressChangedAt), Website: momentOf(b.WebsiteChangedAt),
		}},
	}
	if b.Located() {
		cell := b.Cell.String()
		v.Lat, v.Lng, v.Cell = &b.Point.Lat, &b.Point.Lng, &cell
	}
	if v.Selling.Paused {
		v.Selling.PausedUntil = moment(b.PausedUntil)
	}
	closed, err := a.Order.Closed(ctx, b)
	if err != nil {
		return v, err
	}
	v.Selling.Orderable, v.Selling.Closed = closed == "", some(closed)
	if !b.Listed() {
		return v, nil
	}
	v.Trust.State = string(b.State)
	if b.VerifiedAt != nil {
		ways, err := a.Verification.Ways(ctx, b.ID)
		if err != nil {
			return v, err
		}
		v.Trust.Ways = words(ways)
		pending, err := a.Proposal.Pending(ctx, b.ID)
		if err != nil {
			return v, err
		}
		if pending != nil {
			v.Trust.Pending = proposal.Fields(pending.Wanted)
		}
	}
	return v, nil
}

// business is public; its own people also see it while it is not.
func (a *api) business(ctx context.Context, c *caller, in *BusinessPath) (answer[Business], error) {
	if err := named("business", in.ID); err != nil {
		return answer[Business]{}, err
	}
	if c.known {
		b, err := a.Directory.Owned(ctx, c.owner(), in.ID)
		if err == nil {
			return a.ownView(ctx, c, b.ID)
		}
		if !errs.Is(err, errs.NotFound) {
			return answer[Business]{}, err
		}
	}
	b, err := a.Directory.Public(ctx, in.ID)
	if err != nil {
		return answer[Business]{}, err
	}
	view, err := a.businessView(ctx, b)
	return answer[Business]{Body: view}, err
}

// owned is a business of the caller's, by id or slug.
func (a *api) owned(ctx context.Context, c *caller, idOrSlug string) (directory.Business, error) {
	if err := named("business", idOrSlug); err != nil {
		return directory.Business{}, err
	}
	return a.Directory.Owned(ctx, c.owner(), idOrSlug)
}

// ownView is a business as its people see it, with its version.
func (a *api) ownView(ctx context.Context, c *caller, id string) (answer[Business], error) {
	b, err := a.Directory.Get(ctx, id)
	if err != nil {
		return answer[Business]{}, err
	}
	view, err := a.businessView(ctx, b)
	if err != nil {
		return answer[Business]{}, err
	}
	role, _, err := a.Account.Member(ctx, c.token.User.ID, id)
	if err != nil {
		return answer[Business]{}, err
	}
	view.Own = &OwnPart{State: string(b.State), Role: string(role), Certified: b.CertifiedAt != nil, CreatedAt: b.CreatedAt.UTC(), Version: b.Version}
	pending, err := a.Proposal.Pending(ctx, id)
	if pending != nil {
		change := changeView(*pending)
		view.Own.Change = maybe(&change)
	}
	return answer[Business]{Body: view, Version: b.Version, Private: true}, err
}

// BusinessLine is a business of the caller's in a list.
type BusinessLine struct {
	ID        string    `json:"id"`
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	State     string    `json:"state"`
	URL       string    `json:"url"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   int64     `json:"version"`
}

func (a *api) ownBusinesses(ctx context.Context, c *caller, _ *struct{}) (answer[List[BusinessLine]], error) {
	list, err := a.Directory.OwnedBy(ctx, c.token.User.ID)
	return listOf(each(list, func(b directory.Business) BusinessLine {
		return BusinessLine{
			ID: b.ID, Slug: b.Slug, Name: b.Name, State: string(b.State), URL: a.base + "/b/" + b.Slug, UpdatedAt: b.UpdatedAt.UTC(), Version: b.Version,
		}
	}), ""), err
}

// VerificationStatus is how the verification of a business stands.
type VerificationStatus struct {
	State            string      `json:"state"`
	Checklist        []CheckItem `json:"checklist"`
	RequestID        *string     `json:"request_id" doc:"Of the open application."`
	SubmittedAt      *time.Time  `json:"submitted_at"`
	Place            int         `json:"place" doc:"In the queue, from 1; 0 without an open application."`
	UsualWaitSeconds int64       `json:"usual_wait_seconds"`
	ResubmitAt       *time.Time  `json:"resubmit_at" doc:"From when a rejected business may apply again."`
	Decisions        []Decision  `json:"decisions" doc:"Newest first."`
}

// CheckItem is one line of what an owner works off.
type CheckItem struct {
	Field    string `json:"field"`
	Required bool   `json:"required"`
	Done     bool   `json:"done"`
}

func checklist(items []verification.Item) []CheckItem {
	return each(items, func(i verification.Item) CheckItem { return CheckItem(i) })
}

func (a *api) ownVerification(ctx context.Context, c *caller, in *BusinessPath) (answer[VerificationStatus], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[VerificationStatus]{}, err
	}
	s, err := a.Verification.Status(ctx, c.owner(), b.ID)
	if err != nil {
		return answer[VerificationStatus]{}, err
	}
	v := VerificationStatus{
		State: string(s.State), Checklist: checklist(s.Checklist), Place: s.Place, UsualWaitSeconds: int64(s.UsualWait.Seconds()),
		ResubmitAt: moment(s.ResubmitAt), Decisions: each(s.Decisions, decisionView),
	}
	if s.Open != nil {
		v.RequestID, v.SubmittedAt = &s.Open.ID, moment(s.Open.SubmittedAt)
	}
	return answer[VerificationStatus]{Body: v}, nil
}

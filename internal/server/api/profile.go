package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/hours"
)

// ProfileBody is what an owner says of a business. What is left out of an edit
// stays as it is.
type ProfileBody struct {
	Category       *string   `json:"category,omitempty" maxLength:"100" doc:"Slug."`
	Description    *string   `json:"description,omitempty" maxLength:"10000"`
	Phone          *string   `json:"phone,omitempty" maxLength:"100"`
	Email          *string   `json:"email,omitempty" maxLength:"400"`
	Website        *string   `json:"website,omitempty" maxLength:"1000"`
	Attributes     *[]string `json:"attributes,omitempty" maxItems:"50"`
	Address        *Address  `json:"address,omitempty"`
	Lat            *float64  `json:"lat,omitempty" doc:"Of the pin; goes with lng."`
	Lng            *float64  `json:"lng,omitempty"`
	Hours          *string   `json:"hours,omitempty" maxLength:"2000" doc:"OpenStreetMap opening_hours notation."`
	LegalName      *string   `json:"legal_name,omitempty" maxLength:"400"`
	RegisterNumber *string   `json:"register_number,omitempty" maxLength:"400"`
	Certified      *bool     `json:"certified,omitempty" doc:"You certify to sell only what is lawful."`
}

// put writes a value where one was given.
func put[T any](into *T, given *T) {
	if given != nil {
		*into = *given
	}
}

// over lays what was given over a profile.
func (in ProfileBody) over(p directory.Profile) directory.Profile {
	put(&p.Category, in.Category)
	put(&p.Description, in.Description)
	put(&p.Phone, in.Phone)
	put(&p.Email, in.Email)
	put(&p.Website, in.Website)
	put(&p.Attributes, in.Attributes)
	if in.Address != nil {
		p.Address = directory.Address(*in.Address)
	}
	if in.Lat != nil {
		p.Lat = in.Lat
	}
	if in.Lng != nil {
		p.Lng = in.Lng
	}
	put(&p.Hours, in.Hours)
	put(&p.LegalName, in.LegalName)
	put(&p.RegisterNumber, in.RegisterNumber)
	put(&p.Certified, in.Certified)
	return p
}

// SellingBody is how a business is to take orders. Amounts are in its currency.
type SellingBody struct {
	Currency        *string `json:"currency,omitempty" maxLength:"10" doc:"Fixed once submitted."`
	Pickup          *bool   `json:"pickup,omitempty"`
	Delivery        *bool   `json:"delivery,omitempty"`
	PayAtPickup     *bool   `json:"pay_at_pickup,omitempty"`
	AcceptFirst     *bool   `json:"accept_first,omitempty"`
	Paused          *bool   `json:"paused,omitempty"`
	PausedUntil     *string `json:"paused_until,omitempty" maxLength:"40" doc:"Pauses until an instant in RFC 3339, within a year; empty: until you say paused false."`
	PrepMinutes     *int    `json:"prep_minutes,omitempty"`
	DeliveryRadiusM *int    `json:"delivery_radius_m,omitempty"`
	DeliveryFee     *Amount `json:"delivery_fee,omitempty"`
	DeliveryMinimum *Amount `json:"delivery_minimum,omitempty"`
}

func (in SellingBody) over(s directory.Selling) (directory.Selling, error) {
	put(&s.Currency, in.Currency)
	put(&s.Pickup, in.Pickup)
	put(&s.Delivery, in.Delivery)
	put(&s.PayAtPickup, in.PayAtPickup)
	put(&s.AcceptFirst, in.AcceptFirst)
	put(&s.Paused, in.Paused)
	wrong := in.pause(&s)
	put(&s.PrepMinutes, in.PrepMinutes)
	put(&s.DeliveryRadiusM, in.DeliveryRadiusM)
	for _, m := range []struct {
		name  string
		given *Amount
		into  *int64
	}{{"delivery_fee", in.DeliveryFee, &s.DeliveryFee}, {"delivery_minimum", in.DeliveryMinimum, &s.DeliveryMinimum}} {
		if m.given == nil {
			continue
		}
		if !strings.EqualFold(m.given.Currency, s.Currency) {
			wrong = append(wrong, errs.Field{Name: m.name, Code: "wrong_currency", Message: "This business sells in " + s.Currency + "."})
		}
		*m.into = m.given.Amount
	}
	return s, errs.Fields(wrong)
}

// pause lays the end of a pause over how a business sells.
func (in SellingBody) pause(s *directory.Selling) (wrong []errs.Field) {
	if in.PausedUntil == nil {
		return nil
	}
	s.PausedUntil = time.Time{}
	if *in.PausedUntil == "" {
		return nil
	}
	until, ok := instant(*in.PausedUntil)
	if !ok {
		return []errs.Field{{Name: "paused_until", Code: "bad_time", Message: "A time looks like 2026-05-04T09:00:00Z."}}
	}
	s.PausedUntil = until
	if in.Paused == nil {
		s.Paused = true
	}
	return nil
}

type addBusinessInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"400"`
		ProfileBody
	}
}

func (a *api) addBusiness(ctx context.Context, c *caller, in *addBusinessInput) (answer[Business], error) {
	b, err := a.Directory.Create(ctx, c.owner(), in.Body.over(directory.Profile{Name: in.Body.Name}))
	if err != nil {
		return answer[Business]{}, err
	}
	out, err := a.ownView(ctx, c, b.ID)
	out.Location = prefix + "/businesses/" + b.Slug
	return out, err
}

type editBusinessInput struct {
	BusinessPath
	Body struct {
		Name *string `json:"name,omitempty" maxLength:"400"`
		ProfileBody
		Selling *SellingBody  `json:"selling,omitempty"`
		Further *FurtherBody  `json:"further_hours,omitempty"`
		Special *[]SpecialDay `json:"special_days,omitempty" maxItems:"100" doc:"Replaces the special days and planned closures."`
		Photo   *string       `json:"photo,omitempty" maxLength:"64" doc:"Hash of an uploaded photo; empty takes it away."`
	}
}

// FurtherBody is the hours of collecting, delivering and cooking, in OpenStreetMap
// notation; empty is as the hours, and what is left out stays as it is.
type FurtherBody struct {
	Pickup   *string `json:"pickup,omitempty" maxLength:"2000"`
	Delivery *string `json:"delivery,omitempty" maxLength:"2000"`
	Kitchen  *string `json:"kitchen,omitempty" maxLength:"2000"`
}

func (in FurtherBody) over(f directory.FurtherHours) directory.FurtherHours {
	put(&f.Pickup, in.Pickup)
	put(&f.Delivery, in.Delivery)
	put(&f.Kitchen, in.Kitchen)
	return f
}

// editBusiness writes everything that was sent, or nothing.
func (a *api) editBusiness(ctx context.Context, c *caller, in *editBusinessInput) (answer[Business], error) {
	var out answer[Business]
	err := a.DB.Tx(ctx, func(ctx context.Context) error {
		b, err := a.owned(ctx, c, in.ID)
		if err != nil {
			return err
		}
		version, err := c.version(b.Version)
		if err != nil {
			return err
		}
		if b, err = a.edit(ctx, c, b, in, version); err != nil {
			if errs.Is(err, errs.Precondition) {
				return stale(c.match, b.Version)
			}
			return err
		}
		out, err = a.ownView(ctx, c, b.ID)
		return err
	})
	return out, err
}

func (a *api) edit(ctx context.Context, c *caller, b directory.Business, in *editBusinessInput, version int64) (directory.Business, error) {
	body := in.Body
	var err error
	if body.Name != nil || body.ProfileBody != (ProfileBody{}) {
		profile := body.over(b.Profile())
		put(&profile.Name, body.Name)
		if b, _, err = a.Proposal.Update(ctx, c.owner(), b.ID, version, profile); err != nil {
			return b, err
		}
		version = 0 // the row is locked now
	}
	if body.Special != nil {
		special, err := specialDays(*body.Special)
		if err != nil {
			return b, err
		}
		if b, err = a.Directory.SetHours(ctx, c.owner(), b.ID, version, b.Hours.WithSpecial(special...)); err != nil {
			return b, err
		}
		version = 0
	}
	if body.Further != nil {
		if b, err = a.Directory.SetFurtherHours(ctx, c.owner(), b.ID, version, body.Further.over(b.Further)); err != nil {
			return b, under("further_hours", err)
		}
		version = 0
	}
	if body.Selling != nil {
		selling, err := body.Selling.over(b.Selling())
		if err != nil {
			return b, under("selling", err)
		}
		if b, err = a.Directory.SetSelling(ctx, c.owner(), b.ID, version, selling); err != nil {
			return b, under("selling", err)
		}
	}
	if body.Photo != nil {
		if err := a.photoKnown(*body.Photo); err != nil {
			return b, err
		}
		b, err = a.Directory.SetPhoto(ctx, c.owner(), b.ID, *body.Photo)
	}
	return b, err
}

// under puts the wrong fields of an error below a field of the body.
func under(field string, err error) error {
	if !errs.Is(err, errs.Invalid) {
		return err
	}
	e := *errs.Of(err)
	e.Fields = append([]errs.Field(nil), e.Fields...)
	for i := range e.Fields {
		e.Fields[i].Name = field + "." + e.Fields[i].Name
	}
	return &e
}

func specialDays(list []SpecialDay) ([]hours.Special, error) {
	var wrong []errs.Field
	days := make([]hours.Special, len(list))
	for i, s := range list {
		at := "special_days." + strconv.Itoa(i)
		from, err := hours.ParseDate(s.From)
		if err != nil {
			wrong = append(wrong, errs.Field{Name: at + ".from", Code: "bad_date", Message: "A day looks like 2026-05-04."})
		}
		to, err := hours.ParseDate(s.To)
		if err != nil || s.To < s.From {
			wrong = append(wrong, errs.Field{Name: at + ".to", Code: "bad_date", Message: "The last day is not before the first."})
		}
		days[i] = hours.Special{From: from, To: to, Reason: s.Reason, Spans: each(s.Spans, func(x Span) hours.Span { return hours.Span(x) })}
		if len(days[i].Spans) == 0 {
			days[i].Spans = nil
		}
		for j, span := range s.Spans {
			if span.To <= span.From && !span.OpenEnd {
				wrong = append(wrong, errs.Field{Name: at + ".spans." + strconv.Itoa(j) + ".to", Code: "bad_span", Message: "A span ends after it begins."})
			}
		}
	}
	return days, errs.Fields(wrong)
}

package verification

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
)

// Waiter is one open request as the queue shows it.
type Waiter struct {
	Request
	Name     string
	Category string
	City     string
	Before   int // decisions about this business so far
}

const queueLength = 200

// Queue lists the open requests, oldest first, for verifiers.
func (s *Service) Queue(ctx context.Context, actor account.Actor) ([]Waiter, error) {
	if err := s.mustBe(ctx, actor, account.Verifier); err != nil {
		return nil, err
	}
	rows, err := s.store.queue(ctx, queueLength)
	if err != nil {
		return nil, err
	}
	list := make([]Waiter, len(rows))
	for i, r := range rows {
		request, err := r.Request.request()
		if err != nil {
			return nil, err
		}
		list[i] = Waiter{Request: request, Name: r.Name, Category: r.Category, City: r.City, Before: r.Before}
	}
	return list, nil
}

// Line compares one field of a case.
type Line struct {
	Field   string
	Claimed string // when it was submitted
	Present string // now
	Found   string // what we found out ourselves, "" for nothing
	Same    bool   // claimed and present agree
}

// Case is everything a verifier looks at, side by side.
type Case struct {
	Request   Request
	Business  directory.Business
	Lines     []Line
	Checklist []Item
	directory.Likeness
	PinMovedM float64 // from the claimed pin to the present one, metres
	StreetM   float64 // from the present pin to the street of the address; -1 when unknown
	Decisions []Decision
	Checks    check.Overview // by the policy of the request
}

// Case gathers a case for a verifier who has nothing to do with the business.
func (s *Service) Case(ctx context.Context, actor account.Actor, requestID string) (Case, error) {
	if err := s.mustBe(ctx, actor, account.Verifier); err != nil {
		return Case{}, err
	}
	row, err := s.store.get(ctx, requestID)
	if err != nil {
		return Case{}, err
	}
	request, err := row.request()
	if err != nil {
		return Case{}, err
	}
	b, err := s.directory.Get(ctx, row.BusinessID)
	if err != nil {
		return Case{}, err
	}
	if err := s.unrelated(ctx, actor, b, row.SubmittedBy); err != nil {
		return Case{}, err
	}
	c := Case{Request: request, Business: b, Checklist: Checklist(b), StreetM: -1}
	if c.Likeness, err = s.directory.Likeness(ctx, b); err != nil {
		return Case{}, err
	}
	if c.Decisions, err = s.store.decisions(ctx, b.ID); err != nil {
		return Case{}, err
	}
	if c.Checks, err = s.checks.Of(ctx, b, request.Policy); err != nil {
		return Case{}, err
	}
	street, known, err := s.directory.Street(ctx, b.Address.Street, b.Point)
	if err != nil {
		return Case{}, err
	}
	if known {
		c.StreetM = geo.Distance(b.Point, street.Point)
	}
	if claim := request.Claim; claim.Lat != nil && claim.Lng != nil {
		c.PinMovedM = geo.Distance(b.Point, geo.Point{Lat: *claim.Lat, Lng: *claim.Lng})
	}
	c.Lines = c.lines()
	return c, nil
}

func (c Case) lines() []Line {
	claimed, present := c.Request.Claim, claimOf(c.Business)
	var lines []Line
	add := func(field, claimed, present, found string) {
		lines = append(lines, Line{Field: field, Claimed: claimed, Present: present, Found: found, Same: claimed == present})
	}
	kind := ""
	if found, ok := category.BySlug(present.Category); ok {
		kind = found.Label("en")
	}
	pin := ""
	if c.StreetM >= 0 {
		pin = fmt.Sprintf("%.0f m from the street", c.StreetM)
	}
	add("name", claimed.Name, present.Name, "")
	add("category", claimed.Category, present.Category, kind)
	add("description", claimed.Description, present.Description, "")
	add("address", oneLine(claimed.Address), oneLine(present.Address), "")
	add("lat", pinText(claimed.Profile), pinText(present.Profile), pin)
	add("zone", claimed.Zone, present.Zone, c.Business.Hours.Zone())
	add("phone", claimed.Phone, present.Phone, "")
	add("email", claimed.Email, present.Email, "")
	add("website", claimed.Website, present.Website, "")
	add("hours", claimed.Hours, present.Hours, c.Business.Hours.OSM())
	add("legal_name", claimed.LegalName, present.LegalName, "")
	add("register_number", claimed.RegisterNumber, present.RegisterNumber, "")
	return lines
}

func oneLine(a directory.Address) string {
	parts := []string{strings.TrimSpace(a.Street + " " + a.HouseNumber), a.Unit, a.District, strings.TrimSpace(a.Postcode + " " + a.City), a.Region, a.Country}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func pinText(p directory.Profile) string {
	if p.Lat == nil || p.Lng == nil {
		return ""
	}
	return fmt.Sprintf("%.6f, %.6f", *p.Lat, *p.Lng)
}

// Status is what an owner sees of the verification of a business.
type Status struct {
	State      directory.State
	Checklist  []Item
	Open       *Request // nil when none is open
	Place      int      // in the queue, from 1; 0 without an open request
	UsualWait  time.Duration
	Decisions  []Decision // newest first, without the notes for verifiers
	ResubmitAt time.Time  // after a rejection; zero when never or not needed
}

// Status tells a member of the business how its verification stands. Errors:
// NotFound for strangers.
func (s *Service) Status(ctx context.Context, actor account.Actor, slugOrID string) (Status, error) {
	b, err := s.directory.Owned(ctx, actor, slugOrID)
	if err != nil {
		return Status{}, err
	}
	status := Status{State: b.State, Checklist: Checklist(b)}
	if status.UsualWait, err = s.UsualWait(ctx); err != nil {
		return Status{}, err
	}
	if status.Decisions, err = s.store.decisions(ctx, b.ID); err != nil {
		return Status{}, err
	}
	for i := range status.Decisions {
		status.Decisions[i].Note = ""
		status.Decisions[i].By.ID = "" // who it was is not the owner's to know
	}
	if b.State == directory.Rejected {
		at, final, err := s.resubmitAt(ctx, b.ID)
		if err != nil {
			return Status{}, err
		}
		if !final {
			status.ResubmitAt = at
		}
	}
	if b.State != directory.Submitted && b.State != directory.InReview {
		return status, nil
	}
	row, err := s.store.open(ctx, b.ID)
	if errs.Is(err, errs.NotFound) {
		return status, nil
	} else if err != nil {
		return Status{}, err
	}
	ahead, err := s.store.ahead(ctx, row)
	if err != nil {
		return Status{}, err
	}
	request, err := row.request()
	request.LeaseBy = ""
	status.Open, status.Place = &request, int(ahead)+1
	return status, err
}

// Decisions lists what was decided about a business, newest first, for
// verifiers and operators.
func (s *Service) Decisions(ctx context.Context, actor account.Actor, businessID string) ([]Decision, error) {
	if _, err := s.oneOf(ctx, actor, account.Verifier, account.Operator); err != nil {
		return nil, err
	}
	return s.store.decisions(ctx, businessID)
}

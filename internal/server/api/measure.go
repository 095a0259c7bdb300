package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/measure"
)

func (a *api) measures() {
	const own, one = "/businesses/{id}/measures", "/measures/{measure_id}"
	add(a, operation{
		id: "list-own-measures", method: http.MethodGet, path: own, tag: "Businesses", who: holder, scope: "business:read", limit: "token",
		summary: "What was taken from a business, and why", about: "Each with its statement of reasons. The newest first.",
	}, a.ownMeasures)
	add(a, operation{
		id: "get-measure", method: http.MethodGet, path: one, tag: "Businesses", who: holder, scope: "business:read", limit: "token",
		summary: "The statement of reasons of one measure", about: "For people of the business and for verifiers.",
	}, a.statement)
	add(a, operation{
		id: "impose-measure", method: http.MethodPost, path: own, tag: "Verification", who: holder, scope: "verification:write", role: account.Verifier,
		limit: "token", repeat: joined, status: http.StatusCreated, summary: "Take a measure against a business",
		about: "It is in force everywhere when the answer arrives, and over at its end by itself. A termination has no end and is for operators.",
		example: map[string]any{
			"kind": "hidden", "codes": []string{"misleading"}, "facts": "The sign names another shop.", "ground": "terms", "rule": "A business uses its own name.",
			"detected": "review", "ends_at": "2026-08-20T00:00:00Z",
		},
	}, a.imposeMeasure)
	add(a, operation{
		id: "lift-measure", method: http.MethodPost, path: one + "/lift", tag: "Verification", who: holder, scope: "verification:write", role: account.Verifier,
		limit: "token", repeat: joined, summary: "Take a measure off before its end", about: "What lay below it is there again as it was. Not by the verifier who took it.",
		example: map[string]any{"words": "The sign was changed."},
	}, a.liftMeasure)
}

// Measure is a measure with its statement of reasons (DSA, art. 17).
type Measure struct {
	ID                string     `json:"id"`
	BusinessID        string     `json:"business_id"`
	NoticeID          *string    `json:"notice_id" doc:"The report that led to it."`
	Kind              string     `json:"kind" enum:"notice,lock,orders_off,hidden,suspended,terminated"`
	Fields            []string   `json:"fields" doc:"What a lock is about."`
	State             string     `json:"state" enum:"in_force,ended,lifted,overturned"`
	StartsAt          time.Time  `json:"starts_at"`
	EndsAt            *time.Time `json:"ends_at" doc:"Null for a termination."`
	Codes             []string   `json:"codes" doc:"Coded reasons."`
	Facts             string     `json:"facts"`
	Ground            string     `json:"ground" enum:"law,terms"`
	Rule              string     `json:"rule" doc:"Which law, or which of the terms."`
	Detected          string     `json:"detected" enum:"notice,review,automated,unknown" doc:"How it came to be known."`
	AutomatedDecision bool       `json:"automated_decision" doc:"Always false: a person decides."`
	Policy            string     `json:"policy" doc:"The version of the rules it was decided by."`
	ClosedAt          *time.Time `json:"closed_at"`
	Words             string     `json:"words" doc:"Why it was lifted or overturned."`
	AppealUntil       time.Time  `json:"appeal_until" doc:"The last moment for an appeal, free of charge, decided by another person."`
}

func (a *api) measureView(m measure.Measure) Measure {
	return Measure{
		ID: m.ID, BusinessID: m.BusinessID, NoticeID: some(m.NoticeID), Kind: string(m.Kind), Fields: words(m.Fields), State: string(m.StateAt(a.Clock())),
		StartsAt: m.StartsAt.UTC(), EndsAt: momentOf(m.EndsAt), Codes: words(m.Codes), Facts: m.Facts, Ground: m.Ground, Rule: m.Rule,
		Detected: m.Detected, Policy: m.Policy, ClosedAt: momentOf(m.ClosedAt), Words: m.Words, AppealUntil: m.AppealUntil().UTC(),
	}
}

func (a *api) ownMeasures(ctx context.Context, c *caller, in *BusinessPath) (answer[List[Measure]], error) {
	if err := named("business", in.ID); err != nil {
		return answer[List[Measure]]{}, err
	}
	list, err := a.Measure.ForOwner(ctx, c.owner(), in.ID)
	return listOf(each(list, a.measureView), ""), err
}

// MeasurePath names a measure.
type MeasurePath struct {
	MeasureID string `path:"measure_id"`
}

func (a *api) statement(ctx context.Context, c *caller, in *MeasurePath) (answer[Measure], error) {
	if err := known("measure", in.MeasureID); err != nil {
		return answer[Measure]{}, err
	}
	m, err := a.Measure.Statement(ctx, c.owner(), in.MeasureID)
	return answer[Measure]{Body: a.measureView(m)}, err
}

type measureInput struct {
	BusinessPath
	Body struct {
		Kind     string     `json:"kind" enum:"notice,lock,orders_off,hidden,suspended,terminated"`
		Fields   []string   `json:"fields,omitempty" maxItems:"20" doc:"Of a lock: name, category, description, phone, email, website, attributes, address, pin, hours, further_hours, photo, legal, selling."`
		Codes    []string   `json:"codes" minItems:"1" maxItems:"20" doc:"closed_down, wrong_place, prohibited, misleading, complaints, payment_risk, legal_order, impersonation, fraud."`
		Facts    string     `json:"facts" minLength:"1" maxLength:"4000"`
		Ground   string     `json:"ground" enum:"law,terms"`
		Rule     string     `json:"rule" minLength:"1" maxLength:"400"`
		Detected string     `json:"detected" enum:"notice,review,automated"`
		EndsAt   *time.Time `json:"ends_at,omitempty" doc:"Needed for all but a termination; within a year."`
	}
}

func (a *api) imposeMeasure(ctx context.Context, c *caller, in *measureInput) (answer[Measure], error) {
	if err := named("business", in.ID); err != nil {
		return answer[Measure]{}, err
	}
	b := in.Body
	wanted := measure.Input{
		Kind: measure.Kind(b.Kind), Fields: b.Fields, Codes: b.Codes, Facts: b.Facts, Ground: b.Ground, Rule: b.Rule, Detected: b.Detected,
	}
	if b.EndsAt != nil {
		wanted.EndsAt = *b.EndsAt
	}
	m, err := a.Measure.Impose(ctx, c.as(account.Verifier), in.ID, wanted)
	return answer[Measure]{Body: a.measureView(m), Location: prefix + "/measures/" + m.ID}, err
}

type liftInput struct {
	MeasurePath
	Body struct {
		Words string `json:"words" minLength:"1" maxLength:"4000" doc:"To the owners."`
	}
}

func (a *api) liftMeasure(ctx context.Context, c *caller, in *liftInput) (answer[Measure], error) {
	if err := known("measure", in.MeasureID); err != nil {
		return answer[Measure]{}, err
	}
	m, err := a.Measure.Lift(ctx, c.as(account.Verifier), in.MeasureID, in.Body.Words)
	return answer[Measure]{Body: a.measureView(m)}, err
}

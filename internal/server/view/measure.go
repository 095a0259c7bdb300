package view

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"nearby/internal/directory"
	"nearby/internal/measure"
	"nearby/internal/server/pages"
)

// Measure is a measure with its statement of reasons, at a moment.
func Measure(words Words, m measure.Measure, zone *time.Location, now time.Time) pages.Measure {
	v := pages.Measure{
		Kind: string(m.Kind), State: string(m.StateAt(now)), From: m.StartsAt.In(zone), Fields: m.Fields, Facts: m.Facts, Ground: m.Ground,
		Rule: m.Rule, Detected: m.Detected, Words: m.Words, AppealUntil: m.AppealUntil().In(zone),
	}
	if m.StateAt(now) == measure.InForce {
		v.Tone = "stop"
	}
	if m.EndsAt != nil {
		v.Until = m.EndsAt.In(zone)
	}
	if m.ClosedAt != nil {
		v.Closed = m.ClosedAt.In(zone)
	}
	for _, code := range m.Codes {
		v.Reasons = append(v.Reasons, words("suspend", code))
	}
	return v
}

// usualMeasure is when a measure ends unless another day is chosen.
const usualMeasure = 30 * 24 * time.Hour

// MeasureChoices is the form for a measure, with what was typed; kinds are those
// the reader may take now.
func MeasureChoices(words Words, action string, kinds []measure.Kind, form pages.MeasureForm, choose string, now time.Time) pages.MeasureChoices {
	if form.EndsAt == "" {
		form.EndsAt = now.Add(usualMeasure).Format(time.DateOnly)
	}
	c := pages.MeasureChoices{Action: action, Form: form}
	options := func(table string, list []string, chosen string) []pages.Option {
		found := []pages.Option{{Label: choose, Selected: chosen == ""}}
		for _, word := range list {
			found = append(found, pages.Option{Value: word, Label: words(table, word), Selected: word == chosen})
		}
		return found
	}
	var names []string
	for _, kind := range kinds {
		names = append(names, string(kind))
	}
	c.Kinds = options("measure.kind", names, form.Kind)
	c.Codes = options("suspend", measure.Codes, form.Code)
	c.Grounds = options("measure.ground", measure.Grounds, form.Ground)
	c.Detections = options("measure.detected", measure.Detections, form.Detected)
	for _, field := range directory.LockableFields {
		c.Fields = append(c.Fields, pages.Option{Value: field, Label: words("measure.field", field), Selected: slices.Contains(form.Fields, field)})
	}
	return c
}

// MeasureForm reads the form of MeasureChoices.
func MeasureForm(typed url.Values) pages.MeasureForm {
	return pages.MeasureForm{
		Kind: typed.Get("kind"), Code: typed.Get("code"), Facts: typed.Get("facts"), Ground: typed.Get("ground"), Rule: typed.Get("rule"),
		Detected: typed.Get("detected"), EndsAt: strings.TrimSpace(typed.Get("ends_at")), Fields: typed["fields"],
	}
}

// MeasureInput is what a form asks for. A measure lasts through its last day,
// in UTC.
func MeasureInput(form pages.MeasureForm) measure.Input {
	in := measure.Input{Kind: measure.Kind(form.Kind), Facts: form.Facts, Ground: form.Ground, Rule: form.Rule, Detected: form.Detected}
	if form.Code != "" {
		in.Codes = []string{form.Code}
	}
	if in.Kind == measure.Lock {
		in.Fields = form.Fields
	}
	if day, err := time.Parse(time.DateOnly, form.EndsAt); err == nil && in.Kind != measure.Terminated {
		in.EndsAt = day.Add(24 * time.Hour)
	}
	return in
}

// MeasureErrors are the wrong fields of a measure by the names of its form.
func MeasureErrors(wrong pages.Errors) pages.Errors {
	for i := range wrong {
		if wrong[i].Name == "codes" {
			wrong[i].Name = "code"
		}
	}
	return wrong
}

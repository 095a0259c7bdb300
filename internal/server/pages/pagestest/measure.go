package pagestest

import (
	"time"

	"nearby/internal/server/pages"
)

func oneMeasure(kind, state string) pages.Measure {
	m := pages.Measure{
		Kind: kind, State: state, URL: "/manage/kiln-quay/measures/1", From: Now.Add(-48 * time.Hour), Until: Now.Add(28 * 24 * time.Hour),
		Reasons: []string{"Shoppers are misled", "Too many complaints"}, Facts: "The prices at the till were not the prices shown.\n\nTwo shoppers sent receipts.",
		Ground: "terms", Rule: "Prices are the prices shown.", Detected: "notice", AppealUntil: Now.Add(180 * 24 * time.Hour),
	}
	switch state {
	case "in_force":
		m.Tone = "stop"
	case "overturned":
		m.Closed, m.Words = Now, "The receipts were from another shop."
	}
	switch kind {
	case "lock":
		m.Fields = []string{"name", "address"}
	case "terminated":
		m.Until = time.Time{}
	}
	return m
}

func measureChoices() *pages.MeasureChoices {
	choose := []pages.Option{{Label: "Please choose", Selected: true}}
	return &pages.MeasureChoices{
		Action: "/admin/businesses/kiln-quay/measures", Kinds: append(choose, pages.Option{Value: "suspended", Label: "Suspension"}),
		Codes: append(choose, pages.Option{Value: "fraud", Label: "It is meant to deceive"}), Grounds: append(choose, pages.Option{Value: "law", Label: "Law"}),
		Detections: append(choose, pages.Option{Value: "notice", Label: "By a report"}), Fields: []pages.Option{{Value: "name", Label: "Name", Selected: true}, {Value: "pin", Label: "Place on the map"}},
		Form: pages.MeasureForm{EndsAt: "2026-12-21", Facts: "Two complaints."},
		Errors: pages.Errors{
			{Name: "kind", Message: "Choose a measure."}, {Name: "fields", Message: "Choose what is locked."}, {Name: "code", Message: "Choose at least one reason."},
			{Name: "ground", Message: "Say whether a law or the terms were broken."}, {Name: "rule", Message: "Say it in your own words, too."},
			{Name: "detected", Message: "Say how it came to be known."}, {Name: "ends_at", Message: "Say when this ends. It must lie ahead."},
		},
	}
}

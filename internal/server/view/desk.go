package view

import (
	"strings"
	"time"

	"nearby/internal/server/pages"
	"nearby/internal/verification"
)

// Words gives the text of a word from a table in the reader's language.
type Words func(prefix, word string) string

// FieldWord names a field of the checklist for the tables of texts:
// "address.street" is address_street, and the pin has one word for both
// coordinates.
func FieldWord(field string) string {
	if field == "lat" || field == "lng" {
		return "pin"
	}
	return strings.ReplaceAll(field, ".", "_")
}

// Reason is the text of a reason code of a decision.
func Reason(words Words, kind verification.Kind, code string) string {
	switch kind {
	case verification.KindAsk:
		return words("ask", code)
	case verification.KindSuspend:
		return words("suspend", code)
	}
	return words("reject", code)
}

// DecisionStep is a decision in a history, with whoever made it where the reader
// may know.
func DecisionStep(words Words, d verification.Decision, zone *time.Location, by string) pages.Step {
	step := pages.Step{Text: words("decision", string(d.Kind)), At: d.At.In(zone), Done: true}
	var notes []string
	if by != "" {
		notes = append(notes, by)
	}
	var reasons []string
	for _, reason := range d.Reasons {
		text := Reason(words, d.Kind, reason.Code)
		if reason.Field != "" {
			text = words("case.field", FieldWord(reason.Field)) + ": " + text
		}
		reasons = append(reasons, text)
	}
	if len(reasons) > 0 {
		notes = append(notes, strings.Join(reasons, "; "))
	}
	for _, text := range []string{d.Words, d.Note} {
		if text = strings.TrimSpace(text); text != "" {
			notes = append(notes, "“"+text+"”")
		}
	}
	step.Note = strings.Join(notes, ", ")
	return step
}

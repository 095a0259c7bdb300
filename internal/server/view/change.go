package view

import (
	"fmt"
	"strings"
	"time"

	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/proposal"
	"nearby/internal/server/pages"
)

// ChangeRows puts what is wanted beside what the public sees.
func ChangeRows(lang string, was, wanted directory.Guarded) []pages.CaseRow {
	var rows []pages.CaseRow
	add := func(field, was, wanted string) {
		rows = append(rows, pages.CaseRow{Field: field, Claimed: wanted, Found: was, Differs: true})
	}
	line := func(field string, was, wanted *string) {
		if was != nil && wanted != nil {
			add(field, *was, *wanted)
		}
	}
	line("name", was.Name, wanted.Name)
	if was.Category != nil && wanted.Category != nil {
		add("category", categoryName(lang, *was.Category), categoryName(lang, *wanted.Category))
	}
	if was.Address != nil && wanted.Address != nil {
		add("address", strings.Join(AddressLines(*was.Address), ", "), strings.Join(AddressLines(*wanted.Address), ", "))
	}
	if was.Pin != nil && wanted.Pin != nil {
		add("pin", fmt.Sprintf("%.6f, %.6f", was.Pin.Lat, was.Pin.Lng), fmt.Sprintf("%.6f, %.6f", wanted.Pin.Lat, wanted.Pin.Lng))
	}
	line("website", was.Website, wanted.Website)
	line("legal_name", was.LegalName, wanted.LegalName)
	line("register_number", was.RegisterNumber, wanted.RegisterNumber)
	return rows
}

func categoryName(lang, slug string) string {
	if found, ok := category.BySlug(slug); ok {
		return found.Label(lang)
	}
	return slug
}

// ChangeStep is a closed proposal in a history.
func ChangeStep(words Words, p proposal.Proposal, zone *time.Location) pages.Step {
	var fields, notes []string
	for _, field := range proposal.Fields(p.Wanted) {
		fields = append(fields, words("case.field", FieldWord(field)))
	}
	for _, code := range p.Reasons {
		notes = append(notes, words("decline", code))
	}
	if p.Words != "" {
		notes = append(notes, "“"+p.Words+"”")
	}
	return pages.Step{
		Text: words("change.state", string(p.State)) + ": " + strings.Join(fields, ", "), Note: strings.Join(notes, ", "),
		At: p.EndedAt.In(zone), Done: true,
	}
}

// ChangeFields are the words for what an open proposal is about, as the public may know them.
func ChangeFields(p *proposal.Proposal) []string {
	if p == nil {
		return nil
	}
	var list []string
	for _, field := range proposal.Fields(p.Wanted) {
		list = append(list, FieldWord(field))
	}
	return list
}

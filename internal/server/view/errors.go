// Package view turns what the rooms know into what pages show: one way for all
// audiences to draw a photo, a door sign, a map or a wrong field.
package view

import (
	"nearby/internal/errs"
	"nearby/internal/server/pages"
)

// Errors are the wrong fields of an Invalid error; ok is false for any other.
func Errors(err error) (wrong pages.Errors, ok bool) {
	if !errs.Is(err, errs.Invalid) {
		return nil, false
	}
	for _, f := range errs.Of(err).Fields {
		wrong = append(wrong, pages.Error{Name: f.Name, Message: f.Message})
	}
	return wrong, len(wrong) > 0
}

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/danielgtaylor/huma/v2/validation"

	"nearby/internal/errs"
	"nearby/internal/server/problem"
)

// failure is an error on its way to becoming a problem document.
type failure struct {
	cause  *errs.Error
	status int
}

// Error is the text for the log.
func (f *failure) Error() string { return f.cause.Error() }

// Unwrap gives the cause to errs.Of.
func (f *failure) Unwrap() error { return f.cause }

// failed makes the answer to an error of a room.
func failed(err error) *failure {
	var known *failure
	if errors.As(err, &known) {
		return known
	}
	e, status := problem.Understand(err)
	return &failure{e, status}
}

// GetStatus is the HTTP status.
func (f *failure) GetStatus() int { return f.status }

// ContentType is that of problem documents.
func (f *failure) ContentType(string) string { return problem.Type }

// Schema is that of a problem document.
func (f *failure) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[problem.Problem](), true, "Problem")
}

// document is the transformer that writes failures: the request's number goes
// in, causes go to the log.
func document(ctx huma.Context, _ string, v any) (any, error) {
	f, ok := v.(*failure)
	if !ok {
		return v, nil
	}
	c := humaecho.Unwrap(ctx)
	if f.status >= 500 {
		slog.Error("request failed", "id", problem.Number(c), "route", c.Path(), "code", f.cause.Code, "error", f.cause)
	}
	problem.Headers(c.Response().Header(), f.cause)
	if f.status == http.StatusUnauthorized {
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="nearby"`)
	}
	return problem.New(f.cause, f.status, problem.Number(c)), nil
}

// What huma finds wrong is told in the words of the rooms. Its messages are
// made of a code and a sentence, which wrongField takes apart again.
func init() {
	for message, words := range map[*string]string{
		&validation.MsgUnexpectedProperty:             "unknown_field|This field is not known here.",
		&validation.MsgExpectedRequiredProperty:       "required:%s|This is needed.",
		&validation.MsgExpectedRFC3339DateTime:        "bad_time|A time looks like 2026-05-04T09:00:00Z.",
		&validation.MsgExpectedRFC3339Date:            "bad_date|A day looks like 2026-05-04.",
		&validation.MsgExpectedBoolean:                "wrong_type|This is true or false.",
		&validation.MsgExpectedNumber:                 "wrong_type|This is a number.",
		&validation.MsgExpectedInteger:                "wrong_type|This is a whole number.",
		&validation.MsgExpectedString:                 "wrong_type|This is a text.",
		&validation.MsgExpectedArray:                  "wrong_type|This is a list.",
		&validation.MsgExpectedObject:                 "wrong_type|This is an object.",
		&validation.MsgExpectedArrayItemsUnique:       "twice|Each of these may stand here once.",
		&validation.MsgExpectedOneOf:                  "unknown_value|This is one of: %s.",
		&validation.MsgExpectedMinimumNumber:          "out_of_range|This is at least %v.",
		&validation.MsgExpectedExclusiveMinimumNumber: "out_of_range|This is more than %v.",
		&validation.MsgExpectedMaximumNumber:          "out_of_range|This is at most %v.",
		&validation.MsgExpectedExclusiveMaximumNumber: "out_of_range|This is less than %v.",
		&validation.MsgExpectedMinLength:              "too_short|This has at least %d characters.",
		&validation.MsgExpectedMaxLength:              "too_long|This has at most %d characters.",
		&validation.MsgExpectedBePattern:              "bad_format|This is not %s.",
		&validation.MsgExpectedMatchPattern:           "bad_format|This does not have the form %s.",
		&validation.MsgExpectedMinItems:               "bad_count|There are at least %d of these.",
		&validation.MsgExpectedMaxItems:               "bad_count|There are at most %d of these.",
	} {
		*message = words
	}
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, _ string, list ...error) huma.StatusError { return fromHuma(status, list) }
	huma.NewErrorWithContext = func(_ huma.Context, status int, _ string, list ...error) huma.StatusError {
		return fromHuma(status, list)
	}
}

// errBody is the answer to a body that is not one JSON document.
var errBody = errs.New(errs.Malformed, "malformed", "The body is not one JSON document.")

// fromHuma turns what huma found wrong into one of our errors.
func fromHuma(status int, list []error) *failure {
	for _, err := range list {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return failed(err)
		}
	}
	switch status {
	case http.StatusUnprocessableEntity:
	case http.StatusBadRequest:
		if message := malformed(list); message != "" {
			return &failure{errs.New(errs.Malformed, "malformed", message), status}
		}
		return &failure{errBody, status}
	case http.StatusRequestEntityTooLarge:
		return &failure{errs.New(errs.TooLarge, "too_large", "This is more than is accepted here."), status}
	case http.StatusUnsupportedMediaType:
		return &failure{errs.New(errs.Malformed, "unsupported_type", "This kind of content is not understood here. Send application/json."), status}
	case http.StatusRequestTimeout:
		return &failure{errs.New(errs.Malformed, "too_slow", "The body did not arrive in time."), status}
	default:
		// Huma's only other failure is a body that breaks off: handlers return a
		// *failure of their own.
		return &failure{errs.New(errs.Malformed, "malformed", "The body did not arrive whole.").Because(errors.Join(list...)), http.StatusBadRequest}
	}
	e := errs.New(errs.Invalid, "invalid_fields", "Some fields need another look.")
	for _, err := range list {
		field, malformed := wrongField(err)
		if malformed {
			status = http.StatusBadRequest
		}
		e.Fields = append(e.Fields, field)
	}
	return &failure{e, status}
}

// malformed is the words of decode about why a body cannot be read, "" when
// there are none.
func malformed(list []error) string {
	if len(list) == 0 {
		return "This needs a body."
	}
	var detail *huma.ErrorDetail
	if errors.As(list[len(list)-1], &detail) {
		if _, words, ours := strings.Cut(detail.Message, "malformed|"); ours {
			return words + "."
		}
	}
	return ""
}

// wrongField is one thing that huma found wrong. malformed says that the text
// of a parameter is not of its type at all.
func wrongField(err error) (field errs.Field, malformed bool) {
	var detail *huma.ErrorDetail
	if !errors.As(err, &detail) {
		return errs.Field{Code: "wrong", Message: "This is not right."}, false
	}
	name := "" // what stands behind "body", "query", "path" or "header"
	if at := strings.IndexAny(detail.Location, ".["); at >= 0 {
		name = strings.TrimPrefix(strings.NewReplacer("[", ".", "]", "").Replace(detail.Location[at:]), ".")
	}
	code, words, ours := strings.Cut(detail.Message, "|")
	code, missing, _ := strings.Cut(code, ":")
	switch {
	case ours && missing != "":
		name = join(name, missing)
	case ours:
		if at, rest, ok := strings.Cut(words, "|"); ok { // decode knew where
			name, words = at, rest+"."
		}
	case strings.HasPrefix(detail.Message, "required "):
		code, words = "required", "This is needed."
	case detail.Message == "unknown query parameter":
		code, words = "unknown_parameter", "This parameter is not known here."
	case strings.HasPrefix(detail.Message, "invalid integer") && digits(fmt.Sprint(detail.Value)):
		code, words = "out_of_range", "This number is too large."
	case strings.HasPrefix(detail.Message, "invalid date/time"):
		code, words, malformed = "bad_time", "A time looks like 2026-05-04T09:00:00Z.", true
	case strings.HasPrefix(detail.Message, "invalid "):
		code, words, malformed = "wrong_type", "This is not what belongs here.", true
	default:
		code, words = "wrong", "This is not right."
	}
	return errs.Field{Name: name, Code: code, Message: words}, malformed
}

func join(name, field string) string {
	if name == "" {
		return field
	}
	return name + "." + field
}

func digits(text string) bool {
	return text != "" && strings.Trim(strings.TrimLeft(text, "+-"), "0123456789") == ""
}

// decode reads one JSON document. It refuses a second one behind it and texts
// with a NUL, which no database takes; numbers that do not fit their field are
// named with the field.
func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		var misfit *json.UnmarshalTypeError
		if errors.As(err, &misfit) && misfit.Field != "" {
			return errors.New("wrong_type|" + misfit.Field + "|This is not what belongs here")
		}
		if errors.As(err, &misfit) {
			return errors.New("malformed|This body holds a value that does not fit")
		}
		return errors.New("malformed|The body is not one JSON document")
	}
	if bytes.Contains(body, []byte(`\u0000`)) {
		if parsed, ok := into.(*any); ok && hasNUL(*parsed) {
			return errors.New("malformed|The body holds a text with a NUL character")
		}
	}
	return nil
}

// hasNUL looks for U+0000 in every text of a document.
func hasNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		for _, item := range v {
			if hasNUL(item) {
				return true
			}
		}
	case map[string]any:
		for name, item := range v {
			if strings.ContainsRune(name, 0) || hasNUL(item) {
				return true
			}
		}
	}
	return false
}

// Package problem writes failures for programs: RFC 9457 problem documents
// with our code, the wrong fields and what would have been possible instead.
// The HTTP floor and the API share it, so that no answer looks different.
package problem

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"nearby/internal/errs"
)

// Type is the media type of a problem document.
const Type = "application/problem+json"

// Problem is the document. Type leads to the words about Code in the API's
// documentation; members of an error's Detail stand beside these ones
// (RFC 9457, section 3.2).
type Problem struct {
	Type     string   `json:"type" doc:"Where the code is explained." example:"/api/docs#invalid_fields"`
	Title    string   `json:"title" doc:"The words of the HTTP status." example:"Unprocessable Entity"`
	Status   int      `json:"status" doc:"The HTTP status." example:"422"`
	Detail   string   `json:"detail,omitempty" doc:"What happened, for people." example:"Some fields need another look."`
	Instance string   `json:"instance,omitempty" doc:"The number of this request; tell us when you ask." example:"urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057"`
	Code     string   `json:"code" doc:"A stable word for programs." example:"invalid_fields"`
	Errors   []Field  `json:"errors,omitempty" doc:"Every wrong field at once."`
	Allowed  []string `json:"allowed,omitempty" doc:"What would have been possible instead."`

	detail any
}

// Field is one wrong field of a request.
type Field struct {
	Pointer string `json:"pointer" doc:"JSON pointer (RFC 6901) into the body, or the name of a parameter behind a slash." example:"/lines/0/quantity"`
	Code    string `json:"code" doc:"A stable word for programs." example:"out_of_range"`
	Message string `json:"message" doc:"What to do about it, for people." example:"Order between 1 and 999 of it."`
}

// New makes the document of an error. request is the number of the request.
// All that is our fault goes by one code: which it is, is for the log.
func New(e *errs.Error, status int, request string) Problem {
	code := e.Code
	if e.Kind == errs.Internal {
		code = "internal"
	}
	p := Problem{
		Type: "/api/docs#" + code, Title: http.StatusText(status), Status: status, Detail: e.Message,
		Code: code, Allowed: e.Allowed, detail: e.Detail,
	}
	if request != "" {
		p.Instance = "urn:uuid:" + request
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, Field{Pointer: Pointer(f.Name), Code: f.Code, Message: f.Message})
	}
	return p
}

// plain is a Problem without its method, so that it can be marshalled.
type plain Problem

// MarshalJSON writes the members of the error's detail beside the others, whose
// names they cannot take.
func (p Problem) MarshalJSON() ([]byte, error) {
	body, err := json.Marshal(plain(p))
	if err != nil || p.detail == nil {
		return body, err
	}
	more, err := json.Marshal(p.detail)
	if err != nil {
		return nil, err
	}
	members := map[string]json.RawMessage{}
	if json.Unmarshal(more, &members) != nil {
		members = map[string]json.RawMessage{"extension": more} // not an object
	}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// Understand gives an error's public half and status. Errors of the router and
// of net/http get theirs here.
func Understand(err error) (*errs.Error, int) {
	var router *echo.HTTPError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		e := errs.New(errs.TooLarge, "too_large", "This is more than "+strconv.FormatInt(large.Limit>>10, 10)+" KiB, the most that is accepted here.")
		return e, e.Kind.Status()
	case errors.As(err, &router):
		switch router.Code {
		case http.StatusNotFound:
			return errs.Missing("page"), router.Code
		case http.StatusMethodNotAllowed:
			return errs.New(errs.Malformed, "method_not_allowed", "This address does not take that method."), router.Code
		case http.StatusMisdirectedRequest:
			return errs.New(errs.Malformed, "wrong_host", "This server answers for another name."), router.Code
		case http.StatusUnsupportedMediaType:
			return errs.New(errs.Malformed, "unsupported_type", "This kind of content is not understood here."), router.Code
		}
		if router.Code < 500 {
			return errs.New(errs.Malformed, "malformed", "This request could not be understood.").Because(err), router.Code
		}
	}
	e := errs.Of(err)
	return e, e.Kind.Status()
}

// Headers sets what every failure carries: it is never kept by a cache, and
// says when to try again where that helps. wait is in whole seconds, 0 for no
// such word.
func Headers(h http.Header, e *errs.Error) (wait int) {
	h.Set("Cache-Control", "no-store")
	if e.RetryAfter <= 0 {
		return 0
	}
	wait = int(math.Ceil(e.RetryAfter.Seconds()))
	h.Set("Retry-After", strconv.Itoa(wait))
	return wait
}

// Write answers with the document.
func Write(c echo.Context, e *errs.Error, status int) error {
	body, err := json.Marshal(New(e, status, Number(c)))
	if err != nil {
		return err
	}
	return c.Blob(status, Type, append(body, '\n'))
}

// Number is the number that the middleware gave to a request.
func Number(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// Pointer turns a field's name ("lines.0.quantity") into a JSON pointer.
func Pointer(name string) string {
	if name == "" {
		return ""
	}
	escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	return "/" + strings.ReplaceAll(escaped, ".", "/")
}

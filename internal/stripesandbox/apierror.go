package stripesandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// object is an answer of the API, as its JSON shows it.
type object = map[string]any

// apiError is a refusal in Stripe's words and shape.
type apiError struct {
	Status  int
	Type    string
	Code    string
	Param   string
	Message string
	// Kept says that the work had begun before it was refused, so that the
	// refusal is what the idempotency key answers from now on.
	Kept bool
}

func (e *apiError) Error() string { return e.Message }

func (e *apiError) view() object {
	detail := object{"type": e.Type, "message": e.Message}
	if e.Code != "" {
		detail["code"] = e.Code
	}
	if e.Param != "" {
		detail["param"] = e.Param
	}
	return object{"error": detail}
}

// invalid refuses a parameter before any work is done.
func invalid(param, format string, args ...any) *apiError {
	return &apiError{
		Status: http.StatusBadRequest, Type: "invalid_request_error",
		Param: param, Message: fmt.Sprintf(format, args...),
	}
}

// refused is a refusal by the state of the objects concerned.
func refused(code, format string, args ...any) *apiError {
	e := invalid("", format, args...)
	e.Code, e.Kept = code, true
	return e
}

func (e *apiError) code(code string) *apiError {
	e.Code = code
	return e
}

func missing(kind, id, param string) *apiError {
	return &apiError{
		Status: http.StatusNotFound, Type: "invalid_request_error", Code: "resource_missing",
		Param: param, Message: fmt.Sprintf("No such %s: '%s'", kind, id),
	}
}

func accountInvalid(account string) *apiError {
	return &apiError{
		Status: http.StatusForbidden, Type: "invalid_request_error", Code: "account_invalid",
		Message: fmt.Sprintf("The provided key does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", account),
	}
}

// asAPIError is err as the API answers it: its own refusals as they are,
// anything else as a failure of the sandbox.
func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return &apiError{Status: http.StatusInternalServerError, Type: "api_error", Message: "The sandbox failed: " + err.Error()}
}

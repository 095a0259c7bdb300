package stripesandbox

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxBody = 1 << 20

// request is what a handler of the API works with: one transaction, under one
// account, with the parameters sent.
type request struct {
	*tx
	account string // whose objects: "" is the operator
	params  params
	http    *http.Request
}

func (rq *request) id(name string) string { return rq.http.PathValue(name) }

// origin is the address under which the caller reaches the sandbox; hosted
// pages are on it too.
func (rq *request) origin() string { return origin(rq.http) }

func origin(r *http.Request) string { return "http://" + r.Host }

// reply is an answer ready to be sent, or kept for its idempotency key.
type reply struct {
	Status    int             `json:"status"`
	Body      json.RawMessage `json:"body"`
	RequestID string          `json:"request_id"`
}

func (s *Sandbox) reply(c *Call, status int, v object) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // views are plain data
	}
	return reply{status, body, c.RequestID}
}

func (s *Sandbox) failure(c *Call, err error) reply {
	e := asAPIError(err)
	return s.reply(c, e.Status, e.view())
}

// serve is the way of every API request: who asks and for which account, was
// it asked before, is a fault set for it, then the work in one transaction.
func (s *Sandbox) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.newCall(r)
		w.Header().Set("Request-Id", c.RequestID)
		w.Header().Set("Stripe-Version", APIVersion)
		echo(w, r, "Idempotency-Key")
		echo(w, r, "Stripe-Account")

		values, err := s.read(w, r)
		if err != nil {
			s.send(w, c, s.failure(c, err))
			return
		}
		earlier, err := s.admit(c, fingerprint(r, values))
		switch {
		case err != nil:
			s.send(w, c, s.failure(c, err))
			return
		case earlier != nil:
			w.Header().Set("Idempotent-Replayed", "true")
			w.Header().Set("Original-Request", earlier.RequestID)
			s.send(w, c, *earlier)
			return
		}
		defer s.release(c) // also when a fault cuts the connection

		f := s.takeFault(c)
		if f == nil {
			s.send(w, c, s.work(rt, r, c, values, nil))
			return
		}
		s.misbehave(w, r, c, f, func(insteadOf *reply) reply { return s.work(rt, r, c, values, insteadOf) })
	}
}

// read checks the key and the version and takes the parameters from the query
// and the body.
func (s *Sandbox) read(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	key, _, basic := r.BasicAuth()
	if !basic {
		key = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(s.key)) != 1 {
		return nil, &apiError{Status: http.StatusUnauthorized, Type: "invalid_request_error", Message: "Invalid API Key provided."}
	}
	if v := r.Header.Get("Stripe-Version"); v != "" && v != APIVersion {
		return nil, invalid("", "Invalid Stripe API version: %s. The sandbox speaks %s.", v, APIVersion)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("", "Invalid query string.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, invalid("", "The request body could not be read: at most 1 MiB.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("", "Invalid request body: it must be form-encoded.")
	}
	for name, v := range form {
		values[name] = append(values[name], v...)
	}
	for name, v := range values {
		if strings.ContainsRune(name+strings.Join(v, ""), 0) {
			return nil, invalid(name, "Invalid string: it holds a null character")
		}
	}
	return values, nil
}

// work runs the handler in a transaction and keeps the answer for the
// idempotency key. InsteadOf, when set, is the answer a fault wants given and
// kept in the place of the true one.
func (s *Sandbox) work(rt route, r *http.Request, c *Call, values url.Values, insteadOf *reply) reply {
	var out reply
	err := s.do(func(t *tx) error {
		t.cause = c
		rq := &request{tx: t, account: c.Account, params: newParams(values), http: r}
		answer, err := rt.answer(rq)
		if err != nil {
			return err
		}
		out = s.reply(c, http.StatusOK, answer)
		if insteadOf != nil {
			out = *insteadOf
		}
		t.keep(c, out)
		return nil
	})
	if err == nil {
		return out
	}
	out = s.failure(c, err)
	var refusal *apiError
	if errors.As(err, &refusal) && refusal.Kept {
		if err := s.do(func(t *tx) error { t.keep(c, out); return nil }); err != nil {
			return s.failure(c, err)
		}
	}
	return out
}

// answer reads what every request may carry, runs the handler and expands
// its object.
func (rt route) answer(rq *request) (object, error) {
	if rt.platform && rq.account != "" {
		return nil, invalid("", "%s is the platform's own: call it without the Stripe-Account header.", rt.path)
	}
	paths := rq.params.list("expand")
	if err := checkExpand(rt.returns, paths); err != nil {
		return nil, err
	}
	answer, err := rt.handle(rq)
	if err != nil {
		return nil, err
	}
	expand(rq, rt.returns, answer, paths)
	return answer, nil
}

func (s *Sandbox) send(w http.ResponseWriter, c *Call, out reply) {
	s.finish(c, out.Status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(out.Status)
	_, _ = io.Copy(w, bytes.NewReader(out.Body)) // the caller may have gone
}

func echo(w http.ResponseWriter, r *http.Request, header string) {
	if v := r.Header.Get(header); v != "" {
		w.Header().Set(header, v)
	}
}

// fingerprint tells requests apart that must not share an idempotency key:
// other endpoint, other parameters.
func fingerprint(r *http.Request, values url.Values) string {
	sum := sha256.Sum256([]byte(r.Method + " " + r.URL.Path + "?" + values.Encode()))
	return hex.EncodeToString(sum[:12])
}

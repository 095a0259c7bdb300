package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/server/route"
)

// who may use an operation. Whose thing it is, is checked by its room.
type who uint8

const (
	everybody who = iota // no token is looked at; any site's pages may read it
	anybody              // with or without a token
	holder               // a token with the operation's scope
)

// operation is one line of the contract.
type operation struct {
	id, method, path string // path below /api/v1
	tag, summary     string
	about            string
	who              who
	scope            string       // what a token needs
	role             account.Role // what its user needs to be, "" for anything
	repeat           repeat       // what a repeated Idempotency-Key does
	edit             bool         // needs If-Match
	status           int          // of success, 0 for 200
	keep             time.Duration
	body             int64  // bytes accepted, 0 for the usual 64 KiB
	limit            string // the rate limit's bucket
	accepts          string // media type of a body that is not JSON
	offers           string // a second media type of the answer
	query, header    map[string]any
	example          any // body
}

// caller is who asks, and how.
type caller struct {
	token   account.Token
	known   bool   // token is set
	bearer  string // what stood behind Bearer and is none of our tokens
	key     string // Idempotency-Key
	match   string // If-Match
	accept  string
	lang    string
	address url.URL   // of the request
	text    *jsonText // what the answer is written into, see scratch
}

// as is the caller acting in a role; nobody known is the public.
func (c *caller) as(role account.Role) audit.Actor {
	if !c.known {
		return audit.Public
	}
	return c.token.User.As(role)
}

// owner is the caller acting for a business; the rooms check that it is theirs.
func (c *caller) owner() audit.Actor { return c.as(account.Owner) }

// answer is what an operation found.
type answer[O any] struct {
	Body     O
	Version  int64  // of the thing, for its ETag
	Location string // of a new thing
	Next     string // cursor of the next page
	Private  bool   // not the same for everybody after all
	Replayed bool
	Type     string // media type, "" for JSON
	raw      []byte // the body, encoded already
}

// sent is an answer as huma writes it.
type sent struct {
	Status        int
	ContentType   string `header:"Content-Type" hidden:"true"`
	ContentLength string `header:"Content-Length" hidden:"true"`
	ETag          string `header:"ETag" hidden:"true"`
	Location      string `header:"Location" hidden:"true"`
	Link          string `header:"Link" hidden:"true"`
	CacheControl  string `header:"Cache-Control" hidden:"true"`
	Replayed      string `header:"Idempotent-Replayed" hidden:"true"`
	Body          []byte
}

type callerKey struct{}

// add registers an operation. fn gets the request checked and the caller known.
func add[I, O any](a *api, op operation, fn func(ctx context.Context, c *caller, in *I) (answer[O], error)) {
	if op.status == 0 {
		op.status = http.StatusOK
	}
	a.table = append(a.table, op)
	h := huma.Operation{
		OperationID: op.id, Method: op.method, Path: prefix + op.path, Summary: op.summary, Description: op.about, Tags: []string{op.tag},
		DefaultStatus: op.status, MaxBodyBytes: -1, Middlewares: huma.Middlewares{a.admit(op)},
	}
	respond[O](a, op, &h)
	a.Floor.Note(route.Route{Method: op.method, Path: prefix + pattern(op.path), Machine: true, Body: op.body, Limit: op.limit})
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*sent, error) {
		c, _ := ctx.Value(callerKey{}).(*caller)
		out, err := a.perform(ctx, op, c, in, func(ctx context.Context) (stored, error) {
			out, err := fn(ctx, c, in)
			if err != nil {
				return stored{}, err
			}
			return encode(op, out)
		})
		if err != nil {
			return nil, refuse(err)
		}
		return a.dress(op, c, out), nil
	})
}

// pattern is a path in Echo's form.
func pattern(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// encode makes an answer that can be kept and sent.
func encode[O any](op operation, out answer[O]) (stored, error) {
	s := stored{Status: op.status, Location: out.Location, next: out.Next, private: out.Private, contentType: out.Type, replayed: out.Replayed}
	if out.Version > 0 {
		s.ETag = etag(out.Version)
	}
	if out.raw != nil || op.status == http.StatusNoContent {
		s.Body = out.raw
		return s, nil
	}
	var body bytes.Buffer
	err := encoder(&body).Encode(out.Body)
	s.Body = body.Bytes()
	return s, err
}

// dress gives an encoded answer its headers.
func (a *api) dress(op operation, c *caller, s stored) *sent {
	r := &sent{Status: s.Status, ContentType: "application/json", ETag: s.ETag, Location: s.Location, CacheControl: "no-store", Body: s.Body}
	if s.contentType != "" {
		r.ContentType = s.contentType
	}
	if len(s.Body) == 0 {
		r.ContentType = ""
	} else {
		r.ContentLength = strconv.Itoa(len(s.Body)) // or it goes out in chunks: more writes, more wake-ups at the other end
	}
	if s.replayed {
		r.Replayed = "true"
	}
	if op.keep > 0 && !s.private && !c.known {
		r.CacheControl = "public, max-age=" + strconv.Itoa(int(op.keep.Seconds()))
	}
	if s.next != "" {
		r.Link = nextLink(c.address, s.next)
	}
	return r
}

// nextLink is the address of the next page (RFC 8288), relative to this one.
func nextLink(u url.URL, cursor string) string {
	query := u.Query()
	query.Set("cursor", cursor)
	return "<" + u.EscapedPath() + "?" + query.Encode() + `>; rel="next"`
}

// refuse is the answer to an error. One about a stale If-Match carries the
// present version.
func refuse(err error) error {
	f := failed(err)
	var stale *staleError
	if errors.As(err, &stale) {
		return huma.ErrorWithHeaders(f, http.Header{"ETag": {etag(stale.current)}})
	}
	return f
}

// admit finds out who asks and turns away who may not.
func (a *api) admit(op operation) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		h := humaecho.Unwrap(ctx).Response().Header()
		if op.who == everybody {
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Access-Control-Expose-Headers", "ETag, Link, Retry-After, X-Request-Id")
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		c := &caller{accept: ctx.Header("Accept"), lang: ctx.Header("Accept-Language"), address: ctx.URL()}
		err := a.know(ctx, op, c)
		if err == nil {
			err = c.headers(ctx, op)
		}
		if err != nil {
			a.turnAway(ctx, err)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, c))
		c.done()
	}
}

func (a *api) turnAway(ctx huma.Context, err error) {
	f := failed(err)
	body, _ := document(ctx, "", f) // a *failure never fails
	ctx.SetHeader("Content-Type", f.ContentType(""))
	ctx.SetStatus(f.status)
	_ = a.huma.Marshal(ctx.BodyWriter(), "application/json", body) // the caller may be gone
}

var (
	errNoToken = errs.New(errs.Unauthenticated, "sign_in", "Send a token: Authorization: Bearer nb_….")
	errScope   = errs.New(errs.Forbidden, "wrong_scope", "This token does not carry the scope that this needs.")
)

// know reads the token. Whoever sends a wrong one is told so, even where none
// is needed.
func (a *api) know(ctx huma.Context, op operation, c *caller) error {
	if op.who == everybody {
		return nil
	}
	scheme, secret, _ := strings.Cut(ctx.Header("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	switch {
	case scheme == "" && op.who == anybody:
		return nil
	case !strings.EqualFold(scheme, "Bearer") || secret == "":
		return errNoToken
	case !strings.HasPrefix(secret, "nb_"):
		if op.who == holder {
			return errs.New(errs.Unauthenticated, "bad_token", "This token is unknown, revoked or expired.")
		}
		c.bearer = secret
		return nil
	}
	var err error
	if c.token, err = a.Account.Token(ctx.Context(), secret); err != nil {
		return err
	}
	c.known = true
	if op.scope != "" && !c.token.Allows(op.scope) {
		e := *errScope
		e.Allowed = []string{op.scope}
		return &e
	}
	if op.role != "" && !c.token.User.Has(op.role) {
		return errs.New(errs.Forbidden, "wrong_role", "This is for "+op.role+"s.")
	}
	return nil
}

// maxKey is the longest Idempotency-Key.
const maxKey = 200

// headers reads Idempotency-Key and If-Match where the operation knows them.
func (c *caller) headers(ctx huma.Context, op operation) error {
	if op.repeat != never {
		c.key = ctx.Header("Idempotency-Key")
		if len(c.key) > maxKey || strings.Trim(c.key, printable) != "" {
			return errs.Fields([]errs.Field{{Name: "Idempotency-Key", Code: "bad_format", Message: "A key is 1 to 200 printable ASCII characters."}})
		}
	}
	if op.edit {
		if c.match = strings.TrimSpace(ctx.Header("If-Match")); c.match == "" {
			return errs.Fields([]errs.Field{{Name: "If-Match", Code: "if_match_required", Message: "Send the ETag of what you edit, or * to overwrite whatever is there."}})
		}
	}
	return nil
}

var printable = func() string {
	all := make([]byte, 0, 95)
	for c := byte(' '); c <= '~'; c++ {
		all = append(all, c)
	}
	return string(all)
}()

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// staleError is a Precondition error that knows the present version.
type staleError struct {
	cause   *errs.Error
	current int64
}

// Error is the text for the log.
func (e *staleError) Error() string { return e.cause.Error() }

// Unwrap gives the cause to errs.Of.
func (e *staleError) Unwrap() error { return e.cause }

// version is the one that If-Match names for a thing whose present one is
// given; 0 with "*". It is an error when the thing has moved on.
func (c *caller) version(current int64) (int64, error) {
	if c.match == "*" {
		return 0, nil
	}
	for tag := range strings.SplitSeq(c.match, ",") {
		if strings.TrimPrefix(strings.TrimSpace(tag), "W/") == etag(current) {
			return current, nil
		}
	}
	return 0, stale(c.match, current)
}

func stale(sent string, current int64) error {
	e := errs.New(errs.Precondition, "changed_meanwhile", "This was changed since you read it. Read it again.").
		With(map[string]string{"sent": sent, "current": etag(current)})
	return &staleError{e, current}
}

// respond documents an operation's answer, its failures, headers and security.
func respond[O any](a *api, op operation, h *huma.Operation) {
	ok := &huma.Response{Description: http.StatusText(op.status), Headers: map[string]*huma.Param{}}
	if op.status != http.StatusNoContent {
		schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[O](), true, op.id+"-answer")
		ok.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
		if op.offers != "" {
			ok.Content[op.offers] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject}}
		}
	}
	text := func(about string) *huma.Param {
		return &huma.Param{Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	if op.edit {
		ok.Headers["ETag"] = text("The version of the thing, for If-Match.")
		h.Parameters = append(h.Parameters, &huma.Param{
			Name: "If-Match", In: "header", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			Description: "The ETag of what is edited, or * for whatever is there. 412 when it has changed since.", Example: op.header["If-Match"],
		})
	}
	if op.repeat != never {
		ok.Headers["Idempotent-Replayed"] = text("true when this is the answer to an earlier request with the same key.")
		h.Parameters = append(h.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(maxKey)},
			Description: "Your own random text for this wish. The same key with the same request has one effect and one answer for 72 hours; with another request it is refused.",
			Example:     "9f2c41d0-" + op.id,
		})
	}
	h.Responses = map[string]*huma.Response{strconv.Itoa(op.status): ok}
	for _, status := range op.failures() {
		h.Responses[strconv.Itoa(status)] = a.failure(http.StatusText(status))
	}
	h.Responses["default"] = a.failure("Any other failure")
	switch op.who {
	case holder:
		h.Security = []map[string][]string{{"token": scopes(op.scope)}}
	case anybody:
		h.Security = []map[string][]string{{}, {"token": scopes(op.scope)}}
		if strings.HasPrefix(op.path, "/orders/{") {
			h.Security = append(h.Security, map[string][]string{"order": {}})
		}
	}
}

func scopes(scope string) []string {
	if scope == "" {
		return []string{}
	}
	return []string{scope}
}

func (a *api) failure(about string) *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[failure](), true, "Problem")
	return &huma.Response{Description: about, Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
}

// failures are the statuses that a program should be ready for.
func (op operation) failures() []int {
	list := []int{http.StatusUnprocessableEntity, http.StatusTooManyRequests}
	if strings.Contains(op.path, "{") {
		list = append(list, http.StatusNotFound)
	}
	if op.who != everybody {
		list = append(list, http.StatusUnauthorized)
	}
	if op.scope != "" {
		list = append(list, http.StatusForbidden)
	}
	if op.method != http.MethodGet {
		list = append(list, http.StatusBadRequest, http.StatusConflict)
	}
	if op.edit {
		list = append(list, http.StatusPreconditionFailed)
	}
	slices.Sort(list)
	return list
}

package payment

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
)

// answerTime bounds one request to the provider. The library's pause between
// two tries does not end with the context, so it is kept to a single retry.
const answerTime = 10 * time.Second

// Stripe is the Gateway over stripe-go, or over the sandbox that speaks the
// same protocol.
type Stripe struct {
	api      *client.API
	backend  stripe.Backend
	key      string
	live     bool
	verifier *Verifier

	mu       sync.Mutex
	platform string
}

// NewStripe makes the gateway of a checked Config; see CheckMode. It makes no
// call.
func NewStripe(c Config) (*Stripe, error) {
	if err := CheckMode(c); err != nil {
		return nil, err
	}
	if c.Mode == ModeOff {
		return nil, errors.New("payments: mode off has no gateway")
	}
	verifier, err := NewVerifier(c.WebhookSecrets...)
	if err != nil {
		return nil, err
	}
	return newStripe(c, verifier, http.DefaultTransport, 1), nil
}

func newStripe(c Config, verifier *Verifier, transport http.RoundTripper, retries int64) *Stripe {
	// Each backend needs a configuration of its own: the library writes into
	// the one it is given, and a missing backend panics at its first use.
	backend := func(kind stripe.SupportedBackend) stripe.Backend {
		config := &stripe.BackendConfig{
			EnableTelemetry:   stripe.Bool(false),
			LeveledLogger:     silent{},
			MaxNetworkRetries: stripe.Int64(retries),
			HTTPClient: &http.Client{Timeout: answerTime, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			}},
		}
		if c.BaseURL != "" {
			config.URL = stripe.String(c.BaseURL)
		}
		return stripe.GetBackendWithConfig(kind, config)
	}
	backends := &stripe.Backends{API: backend(stripe.APIBackend), Connect: backend(stripe.ConnectBackend), Uploads: backend(stripe.UploadsBackend)}
	return &Stripe{api: client.New(c.Key, backends), backend: backends.API, key: c.Key, live: c.Mode == ModeLive, verifier: verifier}
}

// silent keeps the library from printing: its messages may quote addresses.
// What matters of a failure travels in the Error.
type silent struct{}

func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}

// Live reports whether real money moves.
func (s *Stripe) Live() bool { return s.live }

// Verify checks a webhook and reads its event.
func (s *Stripe) Verify(body []byte, header string, now time.Time) (Event, error) {
	return s.verifier.Verify(body, header, now)
}

// on puts a call under a connected account. An empty account is refused here,
// because to the provider a forgotten header is no error but a charge on the
// operator's own account.
func on(ctx context.Context, op, account string, p *stripe.Params, key Key) error {
	if !strings.HasPrefix(account, "acct_") {
		return &Error{Outcome: Refused, Op: op, Code: "no_account"}
	}
	p.Context, p.StripeAccount = ctx, stripe.String(account)
	return withKey(op, p, key)
}

// own makes a call on the operator's account.
func own(ctx context.Context, op string, p *stripe.Params, key Key) error {
	p.Context = ctx
	return withKey(op, p, key)
}

// reading marks a call that needs no idempotency key.
const reading Key = "\x00"

func withKey(op string, p *stripe.Params, key Key) error {
	switch {
	case key == reading:
	case key == "" || len(key) > 255:
		return &Error{Outcome: Refused, Op: op, Code: "no_key"}
	default:
		p.IdempotencyKey = stripe.String(string(key))
	}
	return nil
}

func onList(ctx context.Context, op, account string, p *stripe.ListParams) error {
	if !strings.HasPrefix(account, "acct_") {
		return &Error{Outcome: Refused, Op: op, Code: "no_account"}
	}
	p.Context, p.StripeAccount = ctx, stripe.String(account)
	p.Limit, p.Single = stripe.Int64(100), true // the library would turn pages by itself without end
	return nil
}

// failure turns an error of the library into an Error with its Outcome; the
// table is in docs/payments.md.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	var e *stripe.Error
	if !errors.As(err, &e) {
		return &Error{Outcome: Unknown, Op: op, cause: err}
	}
	out := &Error{Op: op, Status: e.HTTPStatusCode, Code: string(e.Code), Param: e.Param, RequestID: e.RequestID}
	replayed := e.LastResponse != nil && e.LastResponse.Header.Get("Idempotent-Replayed") == "true"
	switch status := e.HTTPStatusCode; {
	case status == http.StatusUnauthorized:
		out.Outcome = Blocked
	case status == http.StatusForbidden && (e.Code == stripe.ErrorCodeAccountInvalid || strings.Contains(e.Msg, "access may have been revoked")):
		out.Outcome = Gone
	case status == http.StatusForbidden:
		out.Outcome = Blocked
	case status == http.StatusConflict || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		out.Outcome = Unknown
	case e.Type == stripe.ErrorTypeIdempotency, status >= 500 && replayed:
		out.Outcome = Burnt
	case status >= 500 || status < 400:
		out.Outcome = Unknown
	case op == opRefund && (e.Code == stripe.ErrorCodeBalanceInsufficient || e.Code == stripe.ErrorCodeInsufficientFunds):
		out.Outcome = NoFunds
	default:
		out.Outcome = Refused
	}
	return out
}

const (
	opOpen      = "open session"
	opExpire    = "expire session"
	opSession   = "read session"
	opFind      = "find sessions"
	opCapture   = "capture"
	opVoid      = "void"
	opRefund    = "refund"
	opRefunds   = "list refunds"
	opFee       = "read fee"
	opDisputes  = "list disputes"
	opAnswer    = "answer dispute"
	opAccount   = "read account"
	opNewAcct   = "open account"
	opOnboard   = "onboarding link"
	opDashboard = "dashboard link"
	opBalance   = "read balance"
	opPayouts   = "list payouts"
	opEvents    = "list events"
	opMovements = "list movements"
	opEndpoint  = "open webhook endpoint"
	opEndpoints = "list webhook endpoints"
	opPlatform  = "read platform"
)

// Platform names the operator's own account.
func (s *Stripe) Platform(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.platform != "" {
		return s.platform, nil
	}
	params, account := &stripe.AccountParams{}, &stripe.Account{}
	if err := own(ctx, opPlatform, &params.Params, reading); err != nil {
		return "", err
	}
	if err := s.backend.Call(http.MethodGet, "/v1/account", s.key, params, account); err != nil {
		return "", failure(opPlatform, err)
	}
	if account.ID == "" {
		return "", &Error{Outcome: Unknown, Op: opPlatform, Code: "empty_answer"}
	}
	s.platform = account.ID
	return s.platform, nil
}

func upper[T ~string](s T) string { return strings.ToUpper(string(s)) }

func at(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

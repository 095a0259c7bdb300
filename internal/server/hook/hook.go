// Package hook takes the payment provider's events, and what senders of codes
// report: verify, store once, answer.
// Nothing is decided here; an event is only a hint to look.
package hook

import (
	"context"
	"io"
	"net/http"
	"time"

	"nearby/internal/check"
	"nearby/internal/errs"
	"nearby/internal/inbox"
	"nearby/internal/payment"
	"nearby/internal/server/route"
)

const (
	maxBody  = 1 << 20
	storeFor = 5 * time.Second // how long storing may take, also when the caller has left
)

// Handlers are the hooks. Gateway is nil while card payments are off.
type Handlers struct {
	Inbox   *inbox.Inbox
	Gateway payment.Gateway
	Check   *check.Service
}

// Routes are the lines of this audience in the table. The operator's own events
// and those of all businesses come to one address; the account in the event
// decides whose it is.
func (h *Handlers) Routes() []route.Route {
	return []route.Route{
		{Method: http.MethodPost, Path: "/webhooks/stripe", Machine: true, Body: maxBody, Limit: "none", Handle: h.stripe},
		{Method: http.MethodPost, Path: "/webhooks/telegram-gateway", Machine: true, Limit: "none", Handle: h.telegram},
	}
}

// telegram takes a delivery report of the Telegram Gateway.
func (h *Handlers) telegram(r *route.Request) (route.Answer, error) {
	body, err := io.ReadAll(r.Req().Body) // the signature is over the raw bytes
	if err != nil {
		return nil, err
	}
	head := r.Req().Header
	if err := h.Check.Reported(r.Req().Context(), "telegram", head.Get("X-Request-Timestamp"), head.Get("X-Request-Signature"), body); err != nil {
		return nil, err
	}
	return route.Nothing{}, nil
}

func (h *Handlers) stripe(r *route.Request) (route.Answer, error) {
	if h.Gateway == nil {
		e := errs.New(errs.Unavailable, "payments_off", "Card payments are switched off on this site.")
		e.RetryAfter = time.Hour
		return nil, e
	}
	// The signature is over the raw bytes, so nothing else reads them first.
	body, err := io.ReadAll(r.Req().Body)
	if err != nil {
		return nil, err
	}
	event, err := h.Gateway.Verify(body, r.Req().Header.Get("Stripe-Signature"), r.Now())
	if err != nil {
		return nil, errs.New(errs.Malformed, "bad_signature", "The signature does not fit this body.").Because(err)
	}
	// An event that arrived is kept even if the sender hangs up meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Req().Context()), storeFor)
	defer cancel()
	if err := h.Inbox.Receive(ctx, event, inbox.Webhook); err != nil {
		return nil, err
	}
	return route.JSON{Body: map[string]bool{"received": true}}, nil
}

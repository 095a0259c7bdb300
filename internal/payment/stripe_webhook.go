package payment

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"nearby/internal/ident"
)

// Endpoint is a receiver of the provider's events.
type Endpoint struct {
	ID         string
	URL        string
	Businesses bool   // of the events of all businesses, else of the operator's own
	Secret     string // signs its events; known only for one that was just made
}

// metaEndpoint tells our endpoints apart: the provider does not say afterwards
// whose events an endpoint gets.
const metaEndpoint = "nearby"

// BusinessEvents are the events of businesses' accounts that the program looks
// at.
var BusinessEvents = []string{
	"checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed", "checkout.session.expired",
	"payment_intent.canceled", "payment_intent.amount_capturable_updated", "payment_intent.payment_failed",
	"charge.captured", "charge.expired", "charge.refunded", "charge.refund.updated", "refund.created", "refund.updated",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
	"radar.early_fraud_warning.created",
	"account.updated", "capability.updated", "account.application.deauthorized", "account.external_account.updated", "account.external_account.deleted",
	"payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled",
}

// OperatorEvents are the events of the operator's own account.
var OperatorEvents = []string{"application_fee.created", "application_fee.refunded", "application_fee.refund.updated", "account.updated"}

// SetUpWebhooks makes sure that the provider sends its events to address: one
// endpoint for the businesses' and one for the operator's own. It is run before
// there is a webhook secret, so c needs none. What exists already is left alone
// and given back without its secret, which the provider tells only once; with
// renew new ones are made beside them, so that no event is refused while the
// secrets are changed.
func SetUpWebhooks(ctx context.Context, c Config, address string, renew bool) (made, known []Endpoint, err error) {
	c.WebhookSecrets = []string{"whsec_not_there_yet"} // the one thing that is not needed here
	if err := CheckMode(c); err != nil {
		return nil, nil, err
	}
	if c.Mode == ModeOff {
		return nil, nil, errors.New("payments: card payments are off; set NEARBY_PAYMENTS")
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && c.Mode != ModeSandbox {
		return nil, nil, errors.New("payments: events can only be sent to an https address; set NEARBY_BASE_URL")
	}
	return newStripe(c, nil, http.DefaultTransport, 1).setUpWebhooks(ctx, address, renew)
}

func (s *Stripe) setUpWebhooks(ctx context.Context, address string, renew bool) (made, known []Endpoint, err error) {
	there, err := s.endpoints(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, businesses := range []bool{true, false} {
		at := func(e Endpoint) bool { return e.URL == address && e.Businesses == businesses }
		if i := slices.IndexFunc(there, at); i >= 0 {
			known = append(known, there[i])
			if !renew {
				continue
			}
		}
		e, err := s.openEndpoint(ctx, address, businesses)
		if err != nil {
			return made, known, err
		}
		made = append(made, e)
	}
	return made, known, nil
}

func audience(businesses bool) string {
	if businesses {
		return "businesses"
	}
	return "operator"
}

func (s *Stripe) openEndpoint(ctx context.Context, address string, businesses bool) (Endpoint, error) {
	events := OperatorEvents
	if businesses {
		events = BusinessEvents
	}
	params := &stripe.WebhookEndpointParams{
		URL: stripe.String(address), Connect: stripe.Bool(businesses), APIVersion: stripe.String(stripe.APIVersion),
		EnabledEvents: stripe.StringSlice(events), Description: stripe.String("Nearby: events of the " + audience(businesses)),
		Metadata: map[string]string{metaEndpoint: audience(businesses)},
	}
	if err := own(ctx, opEndpoint, &params.Params, Key("bn1:wh:"+ident.Random())); err != nil {
		return Endpoint{}, err
	}
	e, err := s.api.WebhookEndpoints.New(params)
	if err != nil {
		return Endpoint{}, failure(opEndpoint, err)
	}
	if !strings.HasPrefix(e.Secret, "whsec_") {
		return Endpoint{}, &Error{Outcome: Unknown, Op: opEndpoint, Code: "no_secret"}
	}
	return Endpoint{e.ID, e.URL, businesses, e.Secret}, nil
}

// endpoints lists the endpoints that this program made.
func (s *Stripe) endpoints(ctx context.Context) ([]Endpoint, error) {
	params := &stripe.WebhookEndpointListParams{}
	params.Context, params.Limit, params.Single = ctx, stripe.Int64(100), true // the provider allows fewer than that
	list := s.api.WebhookEndpoints.List(params)
	var found []Endpoint
	for list.Next() {
		e := list.WebhookEndpoint()
		if who := e.Metadata[metaEndpoint]; who != "" && e.Status == "enabled" {
			found = append(found, Endpoint{ID: e.ID, URL: e.URL, Businesses: who == audience(true)})
		}
	}
	return found, failure(opEndpoints, list.Err())
}

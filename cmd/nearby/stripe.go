package main

import (
	"errors"
	"fmt"
	"strings"

	"nearby/internal/payment"
)

type stripeCommand struct {
	SetupWebhooks setupWebhooks `cmd:"" help:"Have Stripe send its events here, and print the signing secrets once."`
}

type setupWebhooks struct {
	Config
	Renew bool `help:"Make new endpoints beside those that exist, to change their secrets."`
}

func (*setupWebhooks) Help() string {
	return "Needs NEARBY_PAYMENTS, STRIPE_SECRET_KEY and NEARBY_BASE_URL. Example: nearby stripe setup-webhooks"
}

func (c *setupWebhooks) Run(p *program) error {
	if c.BaseURL == "" {
		return usageError{errors.New("set NEARBY_BASE_URL, so that Stripe knows where to send its events")}
	}
	base, err := c.baseURL("")
	if err != nil {
		return usageError{err}
	}
	made, known, err := payment.SetUpWebhooks(p.ctx, c.payment(), base.String()+"/webhooks/stripe", c.Renew)
	for _, e := range known {
		fmt.Fprintf(p.stderr, "%s already sends the events of %s to %s\n", e.ID, whose(e), e.URL)
	}
	var secrets []string
	for _, e := range made {
		fmt.Fprintf(p.stderr, "%s now sends the events of %s to %s\n", e.ID, whose(e), e.URL)
		secrets = append(secrets, e.Secret)
	}
	if len(secrets) > 0 { // also when the second one failed: they are told only once
		fmt.Fprintf(p.stdout, "STRIPE_WEBHOOK_SECRETS=%s\n", strings.Join(secrets, ","))
	}
	switch {
	case err != nil:
		return err
	case len(made) == 0:
		fmt.Fprintln(p.stderr, "nothing was made; if the secrets are lost, run it again with --renew")
	case len(known) > 0:
		fmt.Fprintln(p.stderr, "keep the old secrets beside the new ones until the app runs with both, then remove the old endpoints in Stripe's dashboard")
	}
	return nil
}

func whose(e payment.Endpoint) string {
	if e.Businesses {
		return "all businesses"
	}
	return "the operator"
}

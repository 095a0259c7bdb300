package main

import (
	"errors"
	"fmt"
	"time"

	"nearby/internal/account"
	"nearby/internal/app"
	"nearby/internal/audit"
)

type reconcileCommand struct {
	Config
	Since   time.Duration `default:"48h" help:"Look back at least so far; the provider keeps events for 30 days."`
	Explain string        `placeholder:"ID" help:"Note why this difference is none, and stop."`
	Note    string        `help:"The explanation."`
}

func (*reconcileCommand) Help() string {
	return "Reads open payments, brings in events that never came, compares every account's books both ways, and lists what differs. " +
		"It fails while a difference is open. Example: nearby reconcile --since 72h"
}

func (c *reconcileCommand) Run(p *program) error {
	return c.open(p, func(a *app.App) error {
		if c.Explain != "" {
			return explain(a.Order.Explain(p.ctx, audit.Actor{Role: account.Operator}, c.Explain, c.Note))
		}
		if a.Gateway == nil {
			return usageError{errors.New("card payments are off, so there is nothing to compare; set NEARBY_PAYMENTS")}
		}
		return c.reconcile(p, a)
	})
}

func (c *reconcileCommand) reconcile(p *program, a *app.App) error {
	looked, err := a.Order.Reconcile(p.ctx)
	if err != nil {
		return explain(err)
	}
	accounts, err := a.Payout.Reconcile(p.ctx)
	if err != nil {
		return explain(err)
	}
	fmt.Fprintf(p.stdout, "%d payments and refunds and %d accounts were looked at\n", looked, accounts)
	compared, failed := a.Order.Compare(p.ctx, c.Since)
	if _, err := a.Jobs.RunDue(p.ctx); err != nil { // what the events lead to
		return explain(err)
	}
	fmt.Fprintf(p.stdout, "%d accounts were compared\n", compared)
	open, err := a.Order.Differences(p.ctx)
	if err != nil {
		return explain(err)
	}
	for _, d := range open {
		fmt.Fprintf(p.stdout, "%s  %s  %-15s  %s %s  order %s  ours %s  theirs %s  since %s\n", d.ID, d.State, d.Kind, d.Account, d.Source,
			or(d.OrderID, "-"), d.Ours, d.Theirs, d.FoundAt.Format(time.RFC3339))
	}
	if failed != nil {
		return explain(failed)
	}
	if len(open) > 0 {
		return fmt.Errorf("%d differences are open; nearby reconcile --explain ID --note WHY notes the reason of one", len(open))
	}
	return nil
}

func or(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

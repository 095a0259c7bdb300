package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
)

// jobKind is the kind of the outbox's jobs.
const jobKind = "mail"

// Render makes the message of a template from the arguments given to Add. It
// runs when the message is sent, so that addresses and secrets are read from
// their tables and never lie in a job. NotFound means that the reason for the
// message has gone, and nothing is sent.
type Render func(ctx context.Context, args json.RawMessage) (Message, error)

// Outbox takes messages inside a transaction and sends them after its commit.
type Outbox struct {
	queue   *job.Queue
	sender  Sender
	ids     ident.Source
	renders map[string]Render
}

// NewOutbox makes the outbox and registers it with the queue. All templates
// must be registered before the queue runs.
func NewOutbox(queue *job.Queue, sender Sender, ids ident.Source) *Outbox {
	o := &Outbox{queue: queue, sender: sender, ids: ids, renders: map[string]Render{}}
	queue.Handle(jobKind, o.deliver)
	return o
}

// Template registers the renderer of a template. A second one for the same
// name panics.
func (o *Outbox) Template(name string, render Render) {
	if _, twice := o.renders[name]; twice {
		panic("mail: two renderers for " + name)
	}
	o.renders[name] = render
}

type letter struct {
	ID       string          `json:"id"`
	Template string          `json:"template"`
	Args     json.RawMessage `json:"args"`
}

// Add has the template sent once the transaction of ctx is committed. args
// must be ids and languages, no personal data. With a key, at most one message
// of that template and key waits at a time.
func (o *Outbox) Add(ctx context.Context, template string, args any, key string) error {
	if _, known := o.renders[template]; !known {
		return fmt.Errorf("mail: no template %q", template)
	}
	text, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("mail: %s: %w", template, err)
	}
	if key != "" {
		key = template + " " + key
	}
	return o.queue.Add(ctx, job.Job{Kind: jobKind, Key: key, Args: letter{ID: o.ids(), Template: template, Args: text}})
}

// deliver is the handler of the outbox's jobs.
func (o *Outbox) deliver(ctx context.Context, args json.RawMessage) error {
	var l letter
	if err := json.Unmarshal(args, &l); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	render, known := o.renders[l.Template]
	if !known {
		return fmt.Errorf("mail: no template %q", l.Template)
	}
	m, err := render(ctx, l.Args)
	if errs.Is(err, errs.NotFound) {
		slog.Info("mail not needed any more", "template", l.Template, "message", l.ID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("mail: %s: %w", l.Template, err)
	}
	m.ID = l.ID
	err = o.sender.Send(ctx, m)
	if errs.Is(err, errs.Invalid) {
		// Another try would fail the same way.
		slog.Warn("mail refused", "template", l.Template, "message", l.ID, "error", err)
		return nil
	}
	return err
}

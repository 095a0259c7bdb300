package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"nearby/internal/errs"
	"nearby/internal/job"
)

// Job is the kind of job that sends a message. A room adds one in the
// transaction of what the message tells about; its arguments are a JSON object
// whose "template" names the text and whose other members are ids and a
// language, never personal data.
const Job = "mail"

// Render makes the message of a template from the arguments of its job. It
// runs when the message is sent, so that addresses and secrets are read from
// their tables and never lie in a job. NotFound means that the reason for the
// message has gone, and nothing is sent. It leaves the message's ID empty.
type Render func(ctx context.Context, args json.RawMessage) (Message, error)

// Outbox sends the messages that wait as jobs.
type Outbox struct {
	sender  Sender
	renders map[string]Render
}

// NewOutbox makes the outbox and registers it with the queue. All templates
// must be registered before the queue runs.
func NewOutbox(queue *job.Queue, sender Sender) *Outbox {
	o := &Outbox{sender: sender, renders: map[string]Render{}}
	queue.Handle(Job, o.deliver)
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

// deliver is the handler of the outbox's jobs. The job's id is the message's,
// so that a repeated delivery can be recognised as one.
func (o *Outbox) deliver(ctx context.Context, args json.RawMessage) error {
	var head struct {
		Template string `json:"template"`
	}
	if err := json.Unmarshal(args, &head); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	render, known := o.renders[head.Template]
	if !known {
		return fmt.Errorf("mail: no template %q", head.Template)
	}
	id := job.ID(ctx)
	m, err := render(ctx, args)
	if errs.Is(err, errs.NotFound) {
		slog.Info("mail not needed any more", "template", head.Template, "message", id)
		return nil
	}
	if err != nil {
		return fmt.Errorf("mail: %s: %w", head.Template, err)
	}
	m.ID = id
	err = o.sender.Send(ctx, m)
	if errs.Is(err, errs.Invalid) {
		// Another try would fail the same way.
		slog.Warn("mail refused", "template", head.Template, "message", id, "error", err)
		return nil
	}
	return err
}

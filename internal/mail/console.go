package mail

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"nearby/internal/clock"
)

// kept is how many messages the console remembers.
const kept = 200

// Console prints a line without personal data for each message and remembers
// the last ones, to be read by a developer.
type Console struct {
	mu       sync.Mutex
	out      io.Writer
	messages []Sent
}

// Sent is a message with the moment it was sent.
type Sent struct {
	Message
	At time.Time
}

// NewConsole makes a console that prints to out.
func NewConsole(out io.Writer) *Console { return &Console{out: out} }

// Send remembers m. A message that was sent before takes the place of its
// first copy, as in a mail program.
func (c *Console) Send(ctx context.Context, m Message) error {
	m, err := m.ready()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = slices.DeleteFunc(c.messages, func(s Sent) bool { return s.ID == m.ID })
	if len(c.messages) >= kept {
		c.messages = slices.Delete(c.messages, 0, len(c.messages)-kept+1)
	}
	c.messages = append(c.messages, Sent{Message: m, At: clock.System()})
	fmt.Fprintf(c.out, "mail: message %s kept, read it at /dev/mail\n", m.ID)
	return nil
}

// Messages lists what is remembered, newest first.
func (c *Console) Messages() []Sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.messages)
	slices.Reverse(list)
	return list
}

package view

import (
	"time"

	"nearby/internal/complaint"
	"nearby/internal/server/pages"
)

// Thread is a complaint with its messages.
func Thread(c complaint.Complaint, messages []complaint.Message, zone *time.Location) pages.Thread {
	t := pages.Thread{
		Subject: string(c.Subject), State: string(c.State), Filed: c.FiledAt.In(zone), Due: c.DueAt.In(zone), Words: c.Words, Open: c.Open(),
	}
	switch c.State {
	case complaint.Filed, complaint.Assigned:
		t.Tone = "soon"
	case complaint.Overturned:
		t.Tone = "open"
	}
	if c.DecidedAt != nil {
		t.Decided = c.DecidedAt.In(zone)
	}
	for _, m := range messages {
		t.Messages = append(t.Messages, pages.ThreadMessage{Desk: m.Desk, Text: m.Text, At: m.At.In(zone)})
	}
	return t
}

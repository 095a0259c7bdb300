package mail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
)

func TestAddress(t *testing.T) {
	good := map[string]string{
		"ada@example.org":         "ada@example.org",
		"  Ada.L+tag@Example.ORG": "Ada.L+tag@example.org",
		"grün@käse.example":       "grün@käse.example",
		"o'neil@example.co.uk":    "o'neil@example.co.uk",
	}
	for text, want := range good {
		if got, err := mail.Address(text); err != nil || got != want {
			t.Errorf("Address(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	bad := []string{
		"", "ada", "@example.org", "ada@", "ada@localhost", "ada@example..org", "ada@.org", "ada@[127.0.0.1]",
		"Ada <ada@example.org>", "ada@example.org, eve@example.org", "ada@example.org\r\nBcc: eve@example.org",
		"ada@example.org\nBcc: eve@example.org", "ada\x00@example.org", `"ada b"@example.org`, "ada(x)@example.org",
		strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("b.", 130) + "org", "ada@exa mple.org", "ada@example.org\u202e",
	}
	for _, text := range bad {
		if got, err := mail.Address(text); !errs.Has(err, "bad_address") {
			t.Errorf("Address(%q) = %q, %v", text, got, err)
		}
	}
}

func TestConsole(t *testing.T) {
	var out bytes.Buffer
	console := mail.NewConsole(&out)
	for i := range 205 {
		m := mail.Message{ID: fmt.Sprint("m", i), To: "ada@example.org", Subject: "Secret\r\nBcc: eve@example.org", Text: "hello"}
		if err := console.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	list := console.Messages()
	if len(list) != 200 || list[0].ID != "m204" || list[199].ID != "m5" {
		t.Errorf("%d messages, newest %s, oldest %s", len(list), list[0].ID, list[len(list)-1].ID)
	}
	if list[0].Subject != "Secret Bcc: eve@example.org" {
		t.Errorf("subject = %q", list[0].Subject)
	}
	for _, secret := range []string{"ada", "Secret", "hello"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the console shows %q", secret)
		}
	}
	if err := console.Send(t.Context(), mail.Message{ID: "m100", To: "ada@example.org", Subject: "again", Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	if list := console.Messages(); len(list) != 200 || list[0].ID != "m100" {
		t.Errorf("a repeated message counts twice: %d, newest %s", len(list), list[0].ID)
	}
	if err := console.Send(t.Context(), mail.Message{ID: "x", To: "nobody", Text: "hello"}); !errs.Has(err, "bad_address") {
		t.Errorf("bad address: %v", err)
	}
}

// flaky fails as often as told and remembers what it took.
type flaky struct {
	fail error
	took []mail.Message
}

func (f *flaky) Send(_ context.Context, m mail.Message) error {
	f.took = append(f.took, m)
	return f.fail
}

func TestOutbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := clock.NewFake(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
		queue := job.New(db, now.Now, ident.Random)
		sender := &flaky{}
		outbox := mail.NewOutbox(queue, sender)
		type args struct {
			Template string `json:"template"`
			Order    string `json:"order_id"`
		}
		outbox.Template("paid", func(_ context.Context, raw json.RawMessage) (mail.Message, error) {
			var a args
			if err := json.Unmarshal(raw, &a); err != nil {
				return mail.Message{}, err
			}
			if a.Order == "gone" {
				return mail.Message{}, errs.Missing("order")
			}
			return mail.Message{To: "ada@example.org", Subject: "Order " + a.Order, Text: "paid"}, nil
		})
		run := func(want int) {
			t.Helper()
			if _, err := queue.RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(sender.took) != want {
				t.Fatalf("%d messages sent, want %d", len(sender.took), want)
			}
		}
		add := func(order, key string, end error) {
			t.Helper()
			err := db.Tx(t.Context(), func(ctx context.Context) error {
				if err := queue.Add(ctx, job.Job{Kind: mail.Job, Key: key, Args: args{"paid", order}}); err != nil {
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}

		add("1", "", errors.New("rolled back"))
		run(0)
		add("2", "", nil)
		run(1)
		add("gone", "", nil)
		run(1)

		sender.fail = errs.New(errs.Unavailable, "mail_unavailable", "later")
		add("3", "three", nil)
		add("3", "three", nil) // the same message waits already
		run(2)
		now.Advance(time.Hour)
		sender.fail = nil
		run(3)
		if first, second := sender.took[1], sender.took[2]; first.ID == "" || first != second || first.Subject != "Order 3" {
			t.Errorf("the second try differs: %+v and %+v", first, second)
		}
		if sender.took[0].ID == sender.took[1].ID {
			t.Error("two messages share an id")
		}

		sender.fail = errs.New(errs.Invalid, "mail_refused", "no such mailbox")
		add("4", "", nil)
		run(4)
		now.Advance(24 * time.Hour)
		run(4)

		sender.fail = nil
		add("5", "five", nil)
		run(5)
		add("5", "five", nil) // the first one is out, so this is another message
		run(6)
		if sender.took[4].ID == sender.took[5].ID {
			t.Error("two messages share an id")
		}
	})
}

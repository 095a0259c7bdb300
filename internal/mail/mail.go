// Package mail sends messages to people: by SMTP, or to the console of a
// developer. What is to be sent is a job row written with the change that
// causes it, so a message goes out when its cause was committed, at least once
// and each time with the same Message-ID.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"strings"
	"unicode"

	"nearby/internal/errs"
)

// Message is one mail to one person. ID is the left side of its Message-ID:
// the same at every try. HTML may be empty; Text may not.
type Message struct {
	ID      string
	To      string
	Subject string
	Text    string
	HTML    string
}

// Sender delivers messages. Errors: Invalid "bad_address" or "mail_refused"
// when another try cannot help, Unavailable "mail_unavailable" when it can.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Open makes the sender for an address: "console:", or
// "smtp://user:password@host:port" with the options
// tls = starttls (default), implicit (default on port 465) or off,
// from = the sender's address (default: the given one),
// ca = a file of PEM certificates to trust instead of the system's.
// The error never repeats the password.
func Open(address, from string) (Sender, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New(`the mail address must look like "console:" or "smtp://user:password@host:port"`)
	}
	switch u.Scheme {
	case "console":
		return NewConsole(os.Stderr), nil
	case "smtp", "smtps":
		if u.Query().Has("from") {
			from = u.Query().Get("from")
		}
		return newSMTP(u, from)
	}
	return nil, fmt.Errorf(`mail by %q is not known; use "console:" or "smtp://user:password@host:port"`, u.Scheme)
}

// maxAddress is the longest path SMTP carries, without its brackets
// (RFC 5321, 4.5.3.1.3).
const maxAddress = 254

// Address checks that text is one plain mail address, without a name, quoting
// or comments, and returns it without the spaces around it and with its domain
// in lower case. Error: Invalid "bad_address".
func Address(text string) (string, error) {
	text = strings.TrimSpace(text)
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" || len(text) > maxAddress {
		return "", badAddress
	}
	local, domain, _ := strings.Cut(text, "@")
	if len(local) > 64 || strings.ContainsFunc(text, odd) || strings.Trim(domain, ".-") != domain || strings.HasPrefix(domain, "[") ||
		!strings.Contains(domain, ".") || strings.Contains(domain, "..") {
		return "", badAddress
	}
	return local + "@" + strings.ToLower(domain), nil
}

var badAddress = errs.New(errs.Invalid, "bad_address", "This does not look like an e-mail address.")

// odd is what an address may hold by the letter of RFC 5322 and nobody's does.
func odd(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r) || strings.ContainsRune(`"(),:;<>[\]`, r)
}

// ready is the message as it may be sent: a checked address and a subject of
// one line.
func (m Message) ready() (Message, error) {
	to, err := Address(m.To)
	if err != nil {
		return m, err
	}
	if m.ID == "" || m.Text == "" {
		return m, fmt.Errorf("mail: message %q has no id or no text", m.ID)
	}
	m.To = to
	m.Subject = strings.Join(strings.FieldsFunc(m.Subject, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	return m, nil
}

// Package phone brings short codes to telephones: by Telegram's Gateway, by any
// provider of SMS with an HTTP interface, or to the console of a developer. It
// knows how to send; what a code is for, and what all of them may cost, is for
// the room that asks.
package phone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Code is one code for one telephone.
type Code struct {
	Number string        // E.164
	Code   string        // digits
	Life   time.Duration // how long it works
	Text   string        // the whole message, for senders that carry one
	Ref    string        // ours, handed back in reports; no personal data
}

// Receipt is what a sender says of a code that it took.
type Receipt struct {
	ID   string // the sender's own, "" where it has none
	Cost int64  // minor units that were charged; below 0: it did not say
}

// Sender brings codes.
type Sender interface {
	// Name is a word for pages and rows: "telegram", "sms", "console".
	Name() string
	// Price is what a code usually costs, in minor units.
	Price() int64
	// Send hands a code over. Errors: ErrCannot when this telephone is not
	// reached this way, any other when the sender does not work.
	Send(ctx context.Context, c Code) (Receipt, error)
}

// Follower is a sender that can say later what became of a code, and stop one.
type Follower interface {
	Sender
	// Status asks what became of a code.
	Status(ctx context.Context, id string) (Report, error)
	// Revoke stops a code that nobody needs any more, if it has not arrived.
	Revoke(ctx context.Context, id string) error
	// Read checks the signature of a report that was sent to us and reads it.
	// Errors: ErrForged.
	Read(timestamp, signature string, body []byte, now time.Time) (Report, error)
}

// Report is what became of a code.
type Report struct {
	ID       string
	Status   Status
	Refunded bool
	Cost     int64 // below 0: not said
}

// Status is how far a code got.
type Status string

// The states.
const (
	Sent      Status = "sent"
	Delivered Status = "delivered"
	Read      Status = "read"
	Expired   Status = "expired" // it did not arrive in time
	Revoked   Status = "revoked"
)

var (
	// ErrCannot is a telephone that a sender does not reach.
	ErrCannot = errors.New("phone: this telephone is not reached this way")
	// ErrForged is a report that the sender did not sign.
	ErrForged = errors.New("phone: the signature of this report is wrong")
)

const patience = 4 * time.Second // of one call

// Open makes the senders of a list of addresses, in the order they are tried:
// "console:", "telegram-gateway:" with its token beside, "sms+https://…". Each
// may say ?price=, in minor units. The errors repeat no password.
func Open(list []string, token, callback string) ([]Sender, error) {
	var senders []Sender
	for _, text := range list {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil {
			return nil, errors.New("a phone sender's address cannot be read")
		}
		price := int64(0)
		query := u.Query()
		if query.Has("price") {
			if price, err = strconv.ParseInt(query.Get("price"), 10, 32); err != nil || price < 0 {
				return nil, fmt.Errorf("the price of the phone sender %q is not a number of minor units", u.Scheme)
			}
			query.Del("price")
			u.RawQuery = query.Encode()
		}
		switch u.Scheme {
		case "console":
			senders = append(senders, &Console{out: os.Stderr})
		case "telegram-gateway":
			base := "https://gatewayapi.telegram.org"
			if u.Host != "" {
				base = "http://" + u.Host // a stand-in on this machine
			}
			if token == "" {
				return nil, errors.New("the Telegram Gateway needs its token: set TELEGRAM_GATEWAY_TOKEN")
			}
			senders = append(senders, NewTelegram(base, token, callback, price))
		case "sms+https", "sms+http":
			senders = append(senders, newSMS(u, price))
		default:
			return nil, fmt.Errorf(`codes by %q are not known; use "telegram-gateway:", "sms+https://…" or "console:"`, u.Scheme)
		}
	}
	return senders, nil
}

// Console prints codes for a developer.
type Console struct{ out io.Writer }

// Name is its word.
func (*Console) Name() string { return "console" }

// Price is nothing.
func (*Console) Price() int64 { return 0 }

// Send prints the code, and of the number its end.
func (c *Console) Send(_ context.Context, code Code) (Receipt, error) {
	end := code.Number[max(0, len(code.Number)-2):]
	_, err := fmt.Fprintf(c.out, "phone: the code for …%s is %s\n", end, code.Code)
	return Receipt{Cost: 0}, err
}

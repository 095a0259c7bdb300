package check

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/job"
	"nearby/internal/phone"
)

// Phone is a code to the telephone that the page shows.
const Phone Name = "phone"

// JobCode is the kind of job that brings a code to a telephone; its argument
// names the check.
const JobCode = "check.phone"

type codeArgs struct {
	CheckID string `json:"check_id"`
}

// How many codes a day. An account's own cap lies below that of a number, so
// that no account alone uses up the number of somebody else.
const (
	capUser   = 5
	capNumber = 10
	capNet    = 30
	pause     = time.Hour // after five wrong answers
)

// Phones are how codes are brought. Without senders nobody can ask for one.
type Phones struct {
	Senders  []phone.Sender // in the order they are tried
	Budget   int64          // minor units a day, all codes together
	Currency string         // of the budget and the prices
}

var (
	errNoPhones = errs.New(errs.Conflict, "phone_off", "Codes by telephone are switched off on this site. Please choose another check.")
	errBudget   = errs.New(errs.Unavailable, "phone_budget", "No more codes can be sent today. Please choose another check, or come back tomorrow.")
	errForged   = errs.New(errs.Malformed, "bad_signature", "The signature does not fit this body.")
)

type networkKey struct{}

// FromNetwork says from which network a request comes, so that codes are capped
// by it too.
func FromNetwork(ctx context.Context, network string) context.Context {
	return context.WithValue(ctx, networkKey{}, network)
}

// mac is a keyed hash: enough to count numbers and networks, and nothing to call.
func (s *Service) mac(what, value string) string {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("check phone " + what + " " + value))
	return hex.EncodeToString(mac.Sum(nil))
}

// digits are the six of a check. They are made from its id by a key outside the
// database, so that nothing at rest can be used in their place.
func digits(key []byte, c Check) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("check phone code " + c.ID))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1_000_000)
}

// phoneCode is the method.
type phoneCode struct{ s *Service }

func (phoneCode) Name() Name { return Phone }
func (phoneCode) Kind() Kind { return Sent }
func (phoneCode) Terms() Terms {
	return Terms{Life: 10 * time.Minute, Tries: 5, Most: 5, Within: day}
}
func (phoneCode) Subject(b directory.Business) string { return b.Phone }

func (m phoneCode) Judge(_ context.Context, c Check, _ directory.Business, answer string) (Verdict, error) {
	return Verdict{OK: hmac.Equal([]byte(justDigits(answer)), []byte(digits(m.s.Key, c)))}, nil
}

func justDigits(text string) string {
	var list []rune
	for _, r := range text {
		if r >= '0' && r <= '9' {
			list = append(list, r)
		}
	}
	return string(list)
}

// Open counts the code against every cap and leaves a job to bring it. It runs
// under the lock of the day, so that many at one moment are counted as many.
func (m phoneCode) Open(ctx context.Context, c *Check, b directory.Business) error {
	s, now := m.s, c.BegunAt
	if len(s.Phones.Senders) == 0 {
		return errNoPhones
	}
	spent, err := s.store.lockDay(ctx, dayOf(now))
	if err != nil {
		return err
	}
	if spent+s.Phones.Senders[0].Price() > s.Phones.Budget {
		return errBudget
	}
	network, _ := ctx.Value(networkKey{}).(string)
	ask := askRow{CheckID: c.ID, UserID: c.By.ID, NumberMAC: s.mac("number", b.Phone), NetMAC: s.mac("net", network), At: now}
	failed, err := s.store.failedSince(ctx, b.ID, Phone, now.Add(-pause))
	if err != nil {
		return err
	}
	used, err := s.store.asked(ctx, ask, now.Add(-day))
	if err != nil {
		return err
	}
	if failed || used.User >= capUser || used.Number >= capNumber || network != "" && used.Net >= capNet {
		return errOften
	}
	if err := s.store.addAsk(ctx, ask); err != nil {
		return err
	}
	return s.Jobs.Add(ctx, job.Job{Kind: JobCode, Args: codeArgs{c.ID}})
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// bring hands a code to one sender after the other until one takes it. Each is
// asked once for a code, whatever happens between: none is paid twice.
func (s *Service) bring(ctx context.Context, raw json.RawMessage) error {
	var args codeArgs
	if err := json.Unmarshal(raw, &args); err != nil {
		return err
	}
	c, err := s.store.get(ctx, args.CheckID)
	if err != nil || c.State != Requested || !s.Clock().Before(c.ExpiresAt) {
		return err
	}
	b, err := s.Directory.Get(ctx, c.BusinessID)
	if err != nil {
		return err
	}
	reason := "unreachable"
	for _, sender := range s.Phones.Senders {
		send := sendRow{ID: s.IDs(), CheckID: c.ID, Sender: sender.Name(), State: "sending", Day: dayOf(s.Clock()), Cost: sender.Price(), At: s.Clock()}
		ready, err := s.reserve(ctx, send)
		if errs.Has(err, "phone_budget") {
			reason = "budget"
			continue
		}
		if err != nil {
			return err
		}
		if !ready {
			continue // asked before, in a run that was cut off
		}
		code := digits(s.Key, c)
		receipt, sendErr := sender.Send(ctx, phone.Code{
			Number: c.Subject, Code: code, Life: c.ExpiresAt.Sub(s.Clock()), Ref: send.ID,
			Text: code + " – Nearby, " + b.Name,
		})
		if err := s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.settleSend(ctx, send, receipt, sendErr == nil) }); err != nil {
			return err
		}
		if sendErr == nil {
			return nil
		}
		if !errors.Is(sendErr, phone.ErrCannot) {
			slog.Warn("a code was not taken", "sender", sender.Name(), "check", c.ID, "error", sendErr)
		}
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		return s.turn(ctx, audit.System, c, EventFail, account.System, map[string]any{"reason": reason})
	})
	if errs.Is(err, errs.Conflict) {
		return nil // answered or voided meanwhile
	}
	return err
}

// reserve claims the price from the budget of the day before anybody is asked.
func (s *Service) reserve(ctx context.Context, send sendRow) (ready bool, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.store.lockDay(ctx, send.Day); err != nil {
			return err
		}
		if ready, err = s.store.addSend(ctx, send); err != nil || !ready {
			return err
		}
		paid, err := s.store.spendMoney(ctx, send.Day, send.Cost, s.Phones.Budget)
		if err == nil && !paid {
			err = errBudget
		}
		return err
	})
	return ready && err == nil, err
}

// follower finds a sender that can say what became of codes.
func (s *Service) follower(name string) (phone.Follower, bool) {
	for _, sender := range s.Phones.Senders {
		if f, ok := sender.(phone.Follower); ok && f.Name() == name {
			return f, true
		}
	}
	return nil, false
}

// Reported takes a delivery report of a sender, each once. Errors: NotFound for
// unknown senders and codes, Malformed "bad_signature".
func (s *Service) Reported(ctx context.Context, sender, timestamp, signature string, body []byte) error {
	f, known := s.follower(sender)
	if !known {
		return errs.Missing("sender")
	}
	report, err := f.Read(timestamp, signature, body, s.Clock())
	if err != nil {
		return errForged.Because(err)
	}
	sum := sha256.Sum256(body)
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		first, err := s.store.addReport(ctx, hex.EncodeToString(sum[:]), s.Clock())
		if err != nil || !first {
			return err
		}
		return s.store.report(ctx, sender, report)
	})
}

// ask learns what became of codes of which no report came.
func (s *Service) askSenders(ctx context.Context) error {
	now := s.Clock()
	open, err := s.store.openSends(ctx, now.Add(-2*time.Hour), now.Add(-12*time.Minute), 50)
	if err != nil {
		return err
	}
	for _, send := range open {
		f, known := s.follower(send.Sender)
		if !known {
			continue
		}
		report, err := f.Status(ctx, send.SenderRef)
		if err != nil {
			return err
		}
		report.ID = send.SenderRef
		if err := s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.report(ctx, send.Sender, report) }); err != nil {
			return err
		}
	}
	return nil
}

// Bill is what codes cost on a day, in minor units of the budget's currency.
type Bill struct {
	Day             string
	Codes           int64
	Spent, Refunded int64
}

// SenderFigures are what one sender did in the last thirty days.
type SenderFigures struct {
	Name                          string
	Price                         int64
	Sent, Arrived, Failed, Passed int64
	Cost, Refunded                int64
}

// Bills are what codes cost in the last thirty days, the newest first, and what
// each sender did, in the order they are tried; for operators.
func (s *Service) Bills(ctx context.Context, actor account.Actor) ([]Bill, []SenderFigures, error) {
	if err := s.operator(ctx, actor); err != nil {
		return nil, nil, err
	}
	since := s.Clock().Add(-30 * day)
	bills, err := s.store.bills(ctx, dayOf(since))
	if err != nil {
		return nil, nil, err
	}
	known, err := s.store.senders(ctx, since)
	if err != nil {
		return nil, nil, err
	}
	list := make([]SenderFigures, len(s.Phones.Senders))
	for i, sender := range s.Phones.Senders {
		list[i] = known[sender.Name()]
		list[i].Name, list[i].Price = sender.Name(), sender.Price()
	}
	return bills, list, nil
}

package check

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/job"
	"nearby/internal/mail"
	"nearby/internal/payout"
)

const day = 24 * time.Hour

// letters are those of written codes: none looks like another (Crockford).
var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// derived is a secret that only the holder of the key can make again, so that
// nothing in the database can be used in its place.
func derived(key []byte, about string, length int) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("check " + about))
	return letters.EncodeToString(mac.Sum(nil))[:length]
}

// written is the code on a postcard or in a mail: 8 letters, 40 bits.
func (s *Service) written(c Check) string { return written(s.Key, c) }

func written(key []byte, c Check) string {
	return derived(key, string(c.Method)+" "+c.ID, 8)
}

// typed reports whether an answer is a written code, however it was typed.
func typed(key []byte, c Check, answer string) bool {
	answer = strings.NewReplacer(" ", "", "-", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(answer))
	return hmac.Equal([]byte(answer), []byte(written(key, c)))
}

// door is the address of a business as a check is about it, "" while it is not
// complete.
func door(b directory.Business) string {
	a := b.Address
	if a.Street == "" || a.City == "" || a.Country == "" {
		return ""
	}
	line := strings.Join([]string{a.Street, a.HouseNumber, a.Unit, a.Postcode, a.City, a.Country}, "|")
	return strings.ToLower(line)
}

// Code is the written code of an open check, for whoever prints or sends it.
// NotFound when the check is not open any more.
func (s *Service) Code(ctx context.Context, checkID string) (Check, string, error) {
	c, err := s.store.get(ctx, checkID)
	if err != nil {
		return c, "", err
	}
	if c.State != Requested || !s.Clock().Before(c.ExpiresAt) {
		return c, "", errCheck
	}
	if c.Method == Phone {
		return c, digits(s.Key, c), nil
	}
	return c, s.written(c), nil
}

// postcard brings a code to the address.
type postcard struct{ key []byte }

func (postcard) Name() Name { return Postcard }
func (postcard) Kind() Kind { return Sent }
func (postcard) Terms() Terms {
	return Terms{Life: 30 * day, Tries: 5, Most: 3, Within: 30 * day}
}
func (postcard) Subject(b directory.Business) string                    { return door(b) }
func (postcard) Open(context.Context, *Check, directory.Business) error { return nil }
func (m postcard) Judge(_ context.Context, c Check, _ directory.Business, answer string) (Verdict, error) {
	return Verdict{OK: typed(m.key, c, answer)}, nil
}

// domainMail sends a code to an address at the host of the web site.
type domainMail struct {
	key  []byte
	jobs *job.Queue
}

func (domainMail) Name() Name { return DomainMail }
func (domainMail) Kind() Kind { return Sent }
func (domainMail) Terms() Terms {
	return Terms{Life: day, Tries: 5, Most: 5, Within: day}
}
func (domainMail) Subject(b directory.Business) string { return ownHost(b.Website) }

// CodeMail is the template that carries a code; its data names the check.
const CodeMail = "check_code"

func (m domainMail) Open(ctx context.Context, c *Check, b directory.Business) error {
	to, ok := account.NormalizeEmail(c.Target)
	_, host, _ := strings.Cut(to, "@")
	if !ok || host != c.Subject && !strings.HasSuffix(host, "."+c.Subject) {
		return errs.Fields([]errs.Field{{Name: "target", Code: "wrong_host", Message: "The address must be at the host of your website."}})
	}
	c.Target = to
	letter := account.Mail{Template: CodeMail, UserID: c.By.ID, Data: map[string]string{"check_id": c.ID, "business_id": b.ID}}
	return m.jobs.Add(ctx, job.Job{Kind: mail.Job, Args: letter})
}

func (m domainMail) Judge(_ context.Context, c Check, _ directory.Business, answer string) (Verdict, error) {
	return Verdict{OK: typed(m.key, c, answer)}, nil
}

// paymentAccount asks what the payment provider found out about the people
// behind the business before it let them take cards.
type paymentAccount struct{ payout *payout.Service }

func (paymentAccount) Name() Name { return PaymentAccount }
func (paymentAccount) Kind() Kind { return Looked }
func (paymentAccount) Terms() Terms {
	return Terms{Most: 20, Within: day}
}
func (paymentAccount) Subject(b directory.Business) string                    { return strings.ToLower(b.LegalName) }
func (paymentAccount) Open(context.Context, *Check, directory.Business) error { return nil }
func (m paymentAccount) Judge(ctx context.Context, _ Check, b directory.Business, _ string) (Verdict, error) {
	status, err := m.payout.Status(ctx, b.ID)
	if err != nil {
		return Verdict{}, err
	}
	if !status.State.Sells() {
		return Verdict{Reason: "account_" + string(status.State)}, nil
	}
	return Verdict{OK: true}, nil
}

// recorded is what a verifier saw with his own eyes: the place, the register,
// the licence.
type recorded struct{ name Name }

func (m recorded) Name() Name { return m.name }
func (recorded) Kind() Kind   { return Recorded }
func (recorded) Terms() Terms { return Terms{} }
func (m recorded) Subject(b directory.Business) string {
	switch m.name {
	case SiteVisit:
		return door(b)
	case Register:
		return strings.ToLower(strings.TrimSpace(b.LegalName + "|" + b.RegisterNumber))
	}
	return strings.ToLower(b.LegalName + "|" + b.Category)
}
func (recorded) Open(context.Context, *Check, directory.Business) error { return errUnknown }
func (recorded) Judge(context.Context, Check, directory.Business, string) (Verdict, error) {
	return Verdict{}, nil
}

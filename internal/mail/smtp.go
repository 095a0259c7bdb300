package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"nearby/internal/errs"
)

// smtpTimeout bounds one delivery, from dialling to the server's yes.
const smtpTimeout = 20 * time.Second

// SMTP delivers to one mail server, a connection for each message.
type SMTP struct {
	host    string
	from    *mail.Address
	options []gomail.Option
}

func newSMTP(u *url.URL, from string) (*SMTP, error) {
	host := u.Hostname()
	if host == "" {
		return nil, errors.New("mail: the SMTP address names no host")
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender %q is not an address", from)
	}
	port := 587
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("mail: port %q is not a port", text)
		}
	}
	mode := u.Query().Get("tls")
	if mode == "" {
		mode = "starttls"
		if port == 465 || u.Scheme == "smtps" {
			mode = "implicit"
		}
	}
	options := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(smtpTimeout)}
	switch mode {
	case "starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "implicit":
		options = append(options, gomail.WithSSL())
	case "off":
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("mail: tls=%q is not one of starttls, implicit, off", mode)
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if file := u.Query().Get("ca"); file != "" {
		if config.RootCAs, err = trusted(file); err != nil {
			return nil, err
		}
	}
	options = append(options, gomail.WithTLSConfig(config))
	if user := u.User.Username(); user != "" {
		if ip := net.ParseIP(host); mode == "off" && host != "localhost" && !ip.IsLoopback() {
			return nil, errors.New("mail: a password is not sent over a connection without TLS")
		}
		password, _ := u.User.Password()
		auth := gomail.SMTPAuthAutoDiscover
		if mode == "off" {
			auth = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(user), gomail.WithPassword(password))
	}
	if _, err := gomail.NewClient(host, options...); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &SMTP{host: host, from: sender, options: options}, nil
}

func trusted(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("mail: %s holds no certificate", file)
	}
	return pool, nil
}

// Send delivers m and returns when the server has taken it.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	m, err := m.ready()
	if err != nil {
		return err
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(s.from)
	if err := out.To(m.To); err != nil {
		return badAddress
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	out.SetMessageIDWithValue(m.ID + "@" + domain)
	out.SetDate()
	out.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notes in answer
	out.Subject(m.Subject)
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, smtpTimeout)
	defer cancel()
	return verdict(client.DialAndSendWithContext(ctx, out))
}

// verdict tells a refusal of this message for good (5xx) from everything that
// may be better later. The cause goes to the log and can repeat the address, so
// only the server's code is kept.
func verdict(err error) error {
	if err == nil {
		return nil
	}
	var refusal *gomail.SendError
	if errors.As(err, &refusal) {
		cause := fmt.Errorf("smtp %d %s (%s)", refusal.ErrorCode(), refusal.EnhancedStatusCode(), refusal.Reason)
		if refusal.ErrorCode() >= 500 && !refusal.IsTemp() {
			return errs.New(errs.Invalid, "mail_refused", "The mail server does not take this message.").Because(cause)
		}
		err = cause
	}
	return errs.New(errs.Unavailable, "mail_unavailable", "Mail cannot be sent at the moment.").Because(err)
}

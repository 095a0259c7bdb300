package check

import (
	"context"
	_ "embed"
	"errors"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"nearby/internal/directory"
	"nearby/internal/probe"
)

// Web asks other people's servers.
type Web interface {
	// TXT are the texts of a name in the DNS; none is no error.
	TXT(ctx context.Context, name string) ([]string, error)
	// Page is the beginning of a page over https. Errors: probe.ErrRefused for
	// what must not be asked, probe.ErrAbsent for what is not there.
	Page(ctx context.Context, host, path string) (string, error)
}

// Where a domain says whose it is.
const (
	recordLabel = "_nearby"
	recordWord  = "nearby-verification="
	filePath    = "/.well-known/nearby-verification.txt"
)

//go:embed shared_hosts.txt
var sharedHosts string

// ownHost is the host of a web site that belongs to the business alone, without
// "www.", in its form for the DNS; "" when there is none, or many share it.
func ownHost(website string) string {
	u, err := url.Parse(website)
	if err != nil {
		return ""
	}
	host, err := idna.Lookup.ToASCII(strings.ToLower(u.Hostname()))
	if err != nil {
		return ""
	}
	own, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil || slices.Contains(strings.Fields(sharedHosts), own) {
		return "" // a public suffix itself, or a mail or page provider
	}
	return strings.TrimPrefix(host, "www.")
}

// domain looks for a token that only whoever runs the domain can publish.
type domain struct {
	web Web
	key []byte
}

func (domain) Name() Name { return Domain }
func (domain) Kind() Kind { return Looked }
func (domain) Terms() Terms {
	return Terms{Most: 30, Within: day}
}
func (domain) Subject(b directory.Business) string                    { return ownHost(b.Website) }
func (domain) Open(context.Context, *Check, directory.Business) error { return nil }

// token is what the domain of a business has to say: always the same for the
// same business and host, so that it stays where it is.
func (m domain) token(b directory.Business) string {
	return strings.ToLower(derived(m.key, "domain "+b.ID+" "+ownHost(b.Website), 26))
}

// Judge reads the DNS first, then the file. Only when neither could be read is
// it unknown.
func (m domain) Judge(ctx context.Context, c Check, b directory.Business, _ string) (Verdict, error) {
	token := m.token(b)
	texts, dnsErr := m.web.TXT(ctx, recordLabel+"."+c.Subject)
	if slices.ContainsFunc(texts, func(text string) bool { return strings.TrimSpace(text) == recordWord+token }) {
		return Verdict{OK: true, Way: "dns"}, nil
	}
	page, fileErr := m.web.Page(ctx, c.Subject, filePath)
	switch {
	case fileErr == nil && slices.Contains(strings.Fields(page), token):
		return Verdict{OK: true, Way: "file"}, nil
	case errors.Is(fileErr, probe.ErrRefused):
		return Verdict{Reason: "refused"}, nil
	case fileErr == nil:
		return Verdict{Reason: "other_file"}, nil
	case dnsErr != nil && !errors.Is(fileErr, probe.ErrAbsent):
		return Verdict{}, errors.Join(dnsErr, fileErr)
	}
	return Verdict{Reason: "not_published"}, nil
}

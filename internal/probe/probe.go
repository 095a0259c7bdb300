// Package probe asks other people's servers on behalf of a user: the DNS, and a
// page over https. Whatever a user names, nothing inside the operator's own
// network is ever asked, not by a redirect either.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	patience = 5 * time.Second
	maxPage  = 4 << 10 // bytes read of a page
	maxHops  = 3
)

var (
	// ErrRefused is something that must not be asked: an address inside, another
	// host, another scheme.
	ErrRefused = errors.New("probe: this must not be asked")
	// ErrAbsent is a page that the server does not have.
	ErrAbsent = errors.New("probe: there is no such page")
)

// Options change where and how is asked. The zero value is right in production.
type Options struct {
	Resolver string                  // host:port of a DNS server; "" is the system's
	Port     string                  // of https; "" is 443
	Roots    *x509.CertPool          // nil: the system's
	Inside   func(a netip.Addr) bool // addresses that must not be asked; nil: Inside
}

// Client asks.
type Client struct {
	resolver *net.Resolver
	http     *http.Client
	port     string
}

// New makes a client.
func New(o Options) *Client {
	if o.Port == "" {
		o.Port = "443"
	}
	if o.Inside == nil {
		o.Inside = Inside
	}
	resolver := &net.Resolver{}
	if o.Resolver != "" {
		resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, o.Resolver)
		}}
	}
	c := &Client{resolver: resolver, port: o.Port}
	// The address is looked at when it is dialled, after the name was resolved: a
	// name that resolves to something else a moment later gains nothing.
	dialer := &net.Dialer{Timeout: patience, Resolver: resolver, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || o.Inside(at.Addr()) {
			return fmt.Errorf("%w: its address", ErrRefused)
		}
		return nil
	}}
	c.http = &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: patience, MaxResponseHeaderBytes: 16 << 10,
			TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(to *http.Request, via []*http.Request) error {
			first := via[0].URL
			if len(via) > maxHops || to.URL.Scheme != "https" || !sameSite(first, to.URL) {
				return fmt.Errorf("%w: where it leads", ErrRefused)
			}
			return nil
		},
	}
	return c
}

// sameSite reports whether a redirect stays with the host, "www." or not.
func sameSite(a, b *url.URL) bool {
	return strings.TrimPrefix(a.Hostname(), "www.") == strings.TrimPrefix(b.Hostname(), "www.") && a.Port() == b.Port() && b.User == nil
}

// TXT are the texts of a name in the DNS. A name without any is no error.
func (c *Client) TXT(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	texts, err := c.resolver.LookupTXT(ctx, name+".")
	var unknown *net.DNSError
	if errors.As(err, &unknown) && unknown.IsNotFound {
		return nil, nil
	}
	return texts, err
}

// Page is the beginning of a page of a host over https.
func (c *Client) Page(ctx context.Context, host, path string) (string, error) {
	where := url.URL{Scheme: "https", Host: host, Path: path}
	if c.port != "443" {
		where.Host = net.JoinHostPort(host, c.port)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("User-Agent", "Nearby-Verification/1")
	answer, err := c.http.Do(request)
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return "", fmt.Errorf("%w: no such host", ErrAbsent)
	case err != nil:
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%w: status %d", ErrAbsent, answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
	return string(text), err
}

// inside are the networks that are somebody's own or nobody's (the special
// registries of RFC 6890 and its successors), beside what netip knows.
var inside = func() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range strings.Fields(`0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15
		198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fec0::/10`) {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}()

// Inside reports whether an address is not one of the public network.
func Inside(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.Zone() != "" {
		return true
	}
	for _, network := range inside {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

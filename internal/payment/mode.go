package payment

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Mode says where payments go.
type Mode string

const (
	ModeOff     Mode = "off"     // no card button, only payment at pickup
	ModeSandbox Mode = "sandbox" // the local stand-in
	ModeTest    Mode = "test"    // the provider's test mode
	ModeLive    Mode = "live"    // real money
)

// Config is how the provider is reached.
type Config struct {
	Mode           Mode
	Key            string   // secret API key
	BaseURL        string   // of the API; "" is the provider's own
	WebhookSecrets []string // of every endpoint; several while one is rotated
	SandboxHosts   []string // hosts beside loopback that may run the sandbox
	PublicURL      string   // of this site
	Production     bool
}

// CheckMode refuses a combination of mode, keys and addresses under which a
// pretended payment could pass for a real one, or the reverse. The error says
// what is wrong without repeating a secret.
func CheckMode(c Config) error {
	switch c.Mode {
	case ModeOff:
		return nil
	case ModeSandbox:
		return c.checkSandbox()
	case ModeTest, ModeLive:
		return c.checkStripe()
	}
	return fmt.Errorf("payments: mode %q is none of off, sandbox, test, live", c.Mode)
}

const sandboxKey = "sk_test_sandbox"

func (c Config) checkSandbox() error {
	rest, ok := strings.CutPrefix(c.Key, sandboxKey)
	switch host, err := hostOf(c.BaseURL); {
	case c.Production:
		return errors.New("payments: the sandbox cannot run in production")
	case err != nil:
		return fmt.Errorf("payments: the sandbox needs its address: %w", err)
	case !loopback(host) && !slices.Contains(c.SandboxHosts, host):
		return fmt.Errorf("payments: %s is neither this machine nor in NEARBY_SANDBOX_HOSTS", host)
	case !ok || rest == "" || strings.Contains(rest, "_"):
		return errors.New("payments: in sandbox mode the key must begin with " + sandboxKey + " and be made for it")
	}
	return c.checkSecrets()
}

func (c Config) checkStripe() error {
	kind := "test"
	if c.Mode == ModeLive {
		kind = "live"
	}
	ok := strings.HasPrefix(c.Key, "sk_"+kind+"_") || strings.HasPrefix(c.Key, "rk_"+kind+"_")
	switch {
	case c.BaseURL != "":
		return fmt.Errorf("payments: in mode %s no API address may be set", c.Mode)
	case strings.HasPrefix(c.Key, sandboxKey):
		return fmt.Errorf("payments: a sandbox key cannot be used in mode %s", c.Mode)
	case !ok || len(c.Key) < 20:
		return fmt.Errorf("payments: mode %s needs a key that begins with sk_%s_ or rk_%s_", c.Mode, kind, kind)
	}
	if c.Mode == ModeLive {
		public, err := url.Parse(c.PublicURL)
		if err != nil || public.Scheme != "https" || public.Hostname() == "" || loopback(public.Hostname()) {
			return errors.New("payments: mode live needs a public https address of this site")
		}
	}
	return c.checkSecrets()
}

func (c Config) checkSecrets() error {
	if len(c.WebhookSecrets) == 0 {
		return errors.New("payments: the webhook secret is missing; set STRIPE_WEBHOOK_SECRETS")
	}
	for _, secret := range c.WebhookSecrets {
		if err := checkSecret(secret); err != nil {
			return err
		}
	}
	return nil
}

func checkSecret(secret string) error {
	if rest, ok := strings.CutPrefix(secret, "whsec_"); !ok || len(rest) < 8 {
		return errors.New("payments: a webhook secret must begin with whsec_ and be complete")
	}
	return nil
}

func hostOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", errors.New("it looks like http://127.0.0.1:8431")
	}
	return u.Hostname(), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// RedirectAllowed reports whether a browser may be sent to an address that
// the provider gave: its own hosts over https, or the sandbox's.
func (c Config) RedirectAllowed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if c.Mode == ModeSandbox {
		base, err := url.Parse(c.BaseURL)
		return err == nil && u.Scheme == base.Scheme && u.Host == base.Host
	}
	return u.Scheme == "https" && slices.Contains([]string{"checkout.stripe.com", "connect.stripe.com"}, u.Host)
}

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"nearby/internal/check"
	"nearby/internal/likeness"
	"nearby/internal/money"
	"nearby/internal/payment"
	"nearby/internal/phone"
)

// Config is every setting. Flags win over the environment, the environment
// over the defaults. Fields tagged secret are never printed.
type Config struct {
	Addr           string   `env:"NEARBY_ADDR" default:"127.0.0.1:8080" help:"Public listener; port 0 picks a free one."`
	AdminAddr      string   `env:"NEARBY_ADMIN_ADDR" default:"127.0.0.1:9090" help:"Metrics and health; empty switches it off."`
	BaseURL        string   `env:"NEARBY_BASE_URL" name:"base-url" help:"Address people use; taken from the listener when empty."`
	DataDir        string   `env:"NEARBY_DATA_DIR" default:"./data" help:"SQLite file, photos and generated secrets."`
	DatabaseURL    string   `env:"NEARBY_DATABASE_URL" name:"database-url" secret:"url" help:"sqlite:PATH or postgres://…; default sqlite:<data>/nearby.db."`
	BlobURL        string   `env:"NEARBY_BLOB_URL" name:"blob-url" help:"Where photos are kept; default file:<data>/photos."`
	MailURL        string   `env:"NEARBY_MAIL_URL" name:"mail-url" default:"console:" secret:"url" help:"console: or smtp://user:password@host:port."`
	MailFrom       string   `env:"NEARBY_MAIL_FROM" default:"Nearby <no-reply@nearby.example>" help:"Sender of our mails."`
	PhoneURL       []string `env:"NEARBY_PHONE_URL" name:"phone-url" secret:"yes" help:"How codes come to telephones, in the order they are tried, comma separated: telegram-gateway:?price=1, sms+https://user:password@host/path?price=8, console:. Prices in minor units. Default console:, in production none."`
	PhoneBudget    int64    `env:"NEARBY_PHONE_BUDGET" default:"2000" help:"Most that codes may cost a day, in minor units of the currency below."`
	PhoneCurrency  string   `env:"NEARBY_PHONE_CURRENCY" default:"USD" help:"Currency of that budget and of the prices; the Telegram Gateway charges dollars."`
	GatewayToken   string   `env:"TELEGRAM_GATEWAY_TOKEN" secret:"yes" help:"Token of the Telegram Gateway."`
	TilesURL       string   `env:"NEARBY_TILES_URL" name:"tiles-url" help:"Address of a raster tile source; empty draws the built-in map."`
	Env            string   `env:"NEARBY_ENV" default:"development" enum:"development,production" help:"production refuses demo, sandbox, console senders and plain http."`
	Payments       string   `env:"NEARBY_PAYMENTS" default:"off" enum:"off,sandbox,test,live" help:"Card payments."`
	StripeKey      string   `env:"STRIPE_SECRET_KEY" name:"stripe-key" secret:"yes" help:"Stripe's secret or restricted key."`
	WebhookSecrets []string `env:"STRIPE_WEBHOOK_SECRETS" secret:"yes" help:"Signing secrets of all webhook endpoints, comma separated; also the old one during a rotation."`
	SandboxHosts   []string `env:"NEARBY_SANDBOX_HOSTS" help:"Hosts beside loopback that may run the payment sandbox."`
	StripeBase     string   `env:"STRIPE_API_BASE" name:"stripe-base" help:"Another address of Stripe's API: the sandbox's."`
	Unclaimed      bool     `env:"NEARBY_SHOW_UNCLAIMED" help:"Show imported places that nobody has verified, marked as such."`
	Brands         string   `env:"NEARBY_BRANDS" type:"path" help:"File of protected names, one a line; verifiers are told of names that are or look like one."`
	Limits         string   `env:"NEARBY_LIMITS" default:"auto" enum:"auto,on,off" help:"Rate limits; auto is on in production."`
	TrustedProxies []string `env:"NEARBY_TRUSTED_PROXIES" help:"Networks whose X-Forwarded-For is believed, comma separated."`
	OrderGroup     int      `env:"NEARBY_ORDER_GROUP" default:"128" help:"Orders of one thing that may share a transaction; 1 writes each by itself."`
	Log            string   `env:"NEARBY_LOG" enum:"auto,text,json" default:"auto" help:"Log format; auto is text on a terminal, else json."`
	LogLevel       string   `env:"NEARBY_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least severe line to log."`
	Debug          bool     `env:"NEARBY_DEBUG" help:"Profiling on the second listener."`
	Dev            bool     `env:"NEARBY_DEV" help:"Read web/ from disk on every request."`
	Demo           bool     `kong:"-"`

	acceptFor time.Duration // 0: the usual
}

// Production reports whether the strict rules hold.
func (c *Config) Production() bool { return c.Env == "production" }

// fill derives the settings that others give a default to.
func (c *Config) fill() {
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite:" + filepath.Join(c.DataDir, "nearby.db")
	}
	if c.BlobURL == "" {
		c.BlobURL = "file:" + filepath.Join(c.DataDir, "photos")
	}
}

// baseURL is the configured address or, once the listener is open, the one it
// really has.
func (c *Config) baseURL(listening string) (*url.URL, error) {
	text := c.BaseURL
	if text == "" {
		host, port, err := net.SplitHostPort(listening)
		if err != nil {
			return nil, fmt.Errorf("NEARBY_ADDR %q: %w", listening, err)
		}
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		text = "http://" + net.JoinHostPort(host, port)
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("NEARBY_BASE_URL %q must look like https://nearby.example, without a path", text)
	}
	return u, nil
}

// phones are how codes come to telephones.
func (c *Config) phones(base string) (check.Phones, error) {
	list := c.PhoneURL
	if len(list) == 0 && !c.Production() {
		list = []string{"console:"}
	}
	callback := ""
	if strings.HasPrefix(base, "https://") || !c.Production() {
		callback = base + "/webhooks/telegram-gateway"
	}
	senders, err := phone.Open(list, c.GatewayToken, callback)
	return check.Phones{Senders: senders, Budget: c.PhoneBudget, Currency: c.PhoneCurrency}, err
}

// check names everything that is wrong at once, each with what to do.
func (c *Config) check() error {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		say("NEARBY_ADDR %q must look like 127.0.0.1:8080", c.Addr)
	}
	if c.AdminAddr != "" {
		if _, _, err := net.SplitHostPort(c.AdminAddr); err != nil {
			say("NEARBY_ADMIN_ADDR %q must look like 127.0.0.1:9090, or be empty", c.AdminAddr)
		}
	}
	if c.BaseURL != "" {
		if _, err := c.baseURL(""); err != nil {
			wrong = append(wrong, err)
		}
	}
	if !strings.HasPrefix(c.DatabaseURL, "sqlite:") && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		say(`NEARBY_DATABASE_URL must begin with "sqlite:" or "postgres://"`)
	}
	if !strings.HasPrefix(c.BlobURL, "file:") {
		say(`NEARBY_BLOB_URL must begin with "file:"`)
	}
	if !strings.HasPrefix(c.MailURL, "console:") && !strings.HasPrefix(c.MailURL, "smtp://") && !strings.HasPrefix(c.MailURL, "smtps://") {
		say(`NEARBY_MAIL_URL must be "console:" or begin with "smtp://"`)
	}
	if c.TilesURL != "" {
		if u, err := url.Parse(c.TilesURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			say("NEARBY_TILES_URL must be a full http(s) address")
		}
	}
	if _, err := c.proxies(); err != nil {
		wrong = append(wrong, err)
	}
	if c.Production() {
		if c.Demo {
			say("NEARBY_ENV=production refuses the demo")
		}
		if !strings.HasPrefix(c.BaseURL, "https://") {
			say("NEARBY_ENV=production needs NEARBY_BASE_URL with https://")
		}
		if strings.HasPrefix(c.MailURL, "console:") {
			say("NEARBY_ENV=production needs a real mail sender: set NEARBY_MAIL_URL to smtp://…")
		}
	}
	if _, err := c.phones(c.BaseURL); err != nil {
		say("NEARBY_PHONE_URL: %w", err)
	}
	if _, known := money.Lookup(c.PhoneCurrency); !known {
		say("NEARBY_PHONE_CURRENCY %q is not a currency that is known", c.PhoneCurrency)
	}
	for _, address := range c.PhoneURL {
		if c.Production() && (strings.HasPrefix(address, "console:") || strings.HasPrefix(address, "telegram-gateway://") || strings.HasPrefix(address, "sms+http:")) {
			say("NEARBY_ENV=production refuses to send codes to the console, to a stand-in or over plain http: look at NEARBY_PHONE_URL")
		}
	}
	if _, err := c.brands(); err != nil {
		say("NEARBY_BRANDS: %w", err)
	}
	if err := payment.CheckMode(c.payment()); err != nil {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// brands reads the protected names.
func (c *Config) brands() (likeness.Brands, error) {
	if c.Brands == "" {
		return likeness.Brands{}, nil
	}
	f, err := os.Open(c.Brands)
	if err != nil {
		return likeness.Brands{}, err
	}
	defer func() { _ = f.Close() }() // only read
	return likeness.ReadBrands(f)
}

// payment is how the provider is reached.
func (c *Config) payment() payment.Config {
	return payment.Config{
		Mode: payment.Mode(c.Payments), Key: c.StripeKey, BaseURL: c.StripeBase,
		WebhookSecrets: c.WebhookSecrets, SandboxHosts: c.SandboxHosts,
		PublicURL: c.BaseURL, Production: c.Production(),
	}
}

func (c *Config) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("NEARBY_TRUSTED_PROXIES: %q must look like 10.0.0.0/8", text)
		}
		list = append(list, prefix)
	}
	return list, nil
}

// print writes the settings, one "NAME=value" a line, secrets replaced.
func (c *Config) print() string {
	var lines []string
	value := reflect.ValueOf(*c)
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name := field.Tag.Get("env")
		if name == "" {
			continue
		}
		text := fmt.Sprint(value.Field(i).Interface())
		if list, ok := value.Field(i).Interface().([]string); ok {
			text = strings.Join(list, ",")
		}
		switch field.Tag.Get("secret") {
		case "yes":
			if text != "" {
				text = "(set)"
			}
		case "url":
			if u, err := url.Parse(text); err == nil && u.User != nil {
				u.User = url.User(u.User.Username())
				text = u.String()
			}
		}
		lines = append(lines, name+"="+text)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// logJSON reports whether log lines are JSON.
func (c *Config) logJSON(out *os.File) bool {
	return c.Log == "json" || c.Log == "auto" && !term.IsTerminal(int(out.Fd()))
}

// secret reads the data folder's secret of a name, or makes it on first use:
// 32 random bytes, readable by the owner only.
func (c *Config) secret(name string) ([]byte, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(c.DataDir, name+".key")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		var fresh [32]byte
		if _, err := rand.Read(fresh[:]); err != nil {
			return nil, err
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return c.secret(name) // another process was first
		}
		if err != nil {
			return nil, err
		}
		_, err = file.WriteString(hex.EncodeToString(fresh[:]) + "\n")
		return fresh[:], errors.Join(err, file.Sync(), file.Close())
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s is damaged: it must hold 64 hexadecimal digits; restore it from a backup", path)
	}
	return key, nil
}

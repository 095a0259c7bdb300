// Package app puts the rooms together, in the order of the floor plan, and
// runs them: the same whole for the command, the demo and the tests.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/complaint"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/ident"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/ledger"
	"nearby/internal/likeness"
	"nearby/internal/mail"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/payout"
	"nearby/internal/probe"
	"nearby/internal/proposal"
	"nearby/internal/server/pages"
	"nearby/internal/transparency"
	"nearby/internal/verification"
)

// Settings are what the rooms need to know. Open checks nothing that the
// command's configuration has checked already.
type Settings struct {
	DataDir     string
	DatabaseURL string
	DB          *database.DB // open and migrated, instead of DatabaseURL; Close closes it
	BlobURL     string
	MailURL     string
	MailFrom    string
	BaseURL     *url.URL
	Payment     payment.Config
	Web         check.Web                         // how other people's servers are asked; nil: as in production
	Phones      check.Phones                      // how codes come to telephones
	Clock       clock.Clock                       // nil: the machine's
	IDs         ident.Source                      // nil: random
	Secret      func(name string) ([]byte, error) // reads or makes a secret of 32 bytes

	Production     bool
	Limits         bool
	Debug, Dev     bool
	TrustedProxies []netip.Prefix
	TilesURL       string
	Brands         likeness.Brands
	Unclaimed      bool // imported, unverified places are shown
	Demo           bool // the demo town: its sign-ins and mails are shown
	Version        string
	HoldFor        time.Duration // how long stock is kept for a payment; 0: the usual
	AcceptFor      time.Duration // opening time a business has to accept; 0: the usual
	OrderGroup     int           // orders of one thing that may share a transaction; 0: the usual
}

// App is the program's rooms.
type App struct {
	settings Settings
	Clock    clock.Clock
	IDs      ident.Source

	DB           *database.DB
	Audit        *audit.Log
	Jobs         *job.Queue
	Inbox        *inbox.Inbox
	Account      *account.Service
	Directory    *directory.Service
	Check        *check.Service
	Verification *verification.Service
	Proposal     *proposal.Service
	Catalog      *catalog.Service
	Photos       *blob.Store
	Payout       *payout.Service
	Ledger       *ledger.Ledger
	Order        *order.Service
	Notice       *notice.Service
	Transparency *transparency.Service
	Measure      *measure.Service
	Complaint    *complaint.Service
	Gateway      payment.Gateway // nil while card payments are off
	Sender       mail.Sender
	Outbox       *mail.Outbox

	DemoUsers []pages.DemoUser // sign-ins of the demo town, for the sign-in page

	started time.Time
}

// Open connects to the database, brings its schema up to date and makes every
// room. Close releases what it holds.
func Open(ctx context.Context, s Settings) (*App, error) {
	a := &App{settings: s, Clock: s.Clock, IDs: s.IDs}
	if a.Clock == nil {
		a.Clock = clock.System
	}
	if a.IDs == nil {
		a.IDs = ident.Random
	}
	a.started = a.Clock()
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	if err := a.furnish(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) connect(ctx context.Context) error {
	if a.DB = a.settings.DB; a.DB != nil {
		return nil
	}
	var err error
	if a.DB, err = database.Open(ctx, a.settings.DatabaseURL); err != nil {
		return err
	}
	if err := a.DB.Migrate(ctx); err != nil {
		return errors.Join(err, a.DB.Close())
	}
	return nil
}

// furnish makes the rooms, from the left of the floor plan to the right.
func (a *App) furnish(ctx context.Context) error {
	s := a.settings
	keys := map[string][]byte{}
	for _, name := range []string{"audit", "install", "cursor"} {
		key, err := s.Secret(name)
		if err != nil {
			return fmt.Errorf("secret %s: %w", name, err)
		}
		keys[name] = key
	}
	install, err := a.installation(ctx)
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(s.BaseURL.String(), "/")

	a.Audit = audit.New(a.DB, a.Clock, keys["audit"])
	a.Jobs = job.New(a.DB, a.Clock, a.IDs)
	if a.Photos, err = blob.Open(s.BlobURL); err != nil {
		return err
	}
	if a.Sender, err = mail.Open(s.MailURL, s.MailFrom); err != nil {
		return err
	}
	if _, console := a.Sender.(*mail.Console); console && s.Demo {
		a.Sender = mail.NewConsole(io.Discard) // read at /dev/mail, not between the lines of the start
	}
	a.Outbox = mail.NewOutbox(a.Jobs, a.Sender)
	if s.Payment.Mode != payment.ModeOff && s.Payment.Mode != "" {
		if a.Gateway, err = payment.NewStripe(s.Payment); err != nil {
			return err
		}
	}
	a.Inbox = inbox.New(a.DB, a.Clock, a.Jobs, s.Payment.Mode == payment.ModeLive)
	a.Account = account.New(a.DB, a.Audit, a.Jobs, a.Clock, a.IDs, keys["install"])
	a.Directory = directory.New(a.DB, a.Account, a.Audit, a.Clock, a.IDs, keys["cursor"])
	if s.Unclaimed {
		a.Directory.ShowUnclaimed()
	}
	a.Directory.Protect(s.Brands)
	a.Payout = payout.New(payout.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Audit: a.Audit, Jobs: a.Jobs, Accounts: a.Account, Directory: a.Directory,
		Gateway: a.Gateway, Install: install, BaseURL: base,
	})
	web := s.Web
	if web == nil {
		web = probe.New(probe.Options{})
	}
	if a.Check, err = check.New(check.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Audit: a.Audit, Jobs: a.Jobs, Accounts: a.Account, Directory: a.Directory, Payout: a.Payout,
		Phones: s.Phones, Web: web, Key: keys["install"],
	}); err != nil {
		return err
	}
	a.Directory.SetPaidTogether(a.Payout.Together)
	a.Verification = verification.New(a.DB, a.Account, a.Directory, a.Check, a.Audit, a.Jobs, a.Clock, a.IDs)
	a.Proposal = proposal.New(a.DB, a.Account, a.Directory, a.Verification, a.Check, a.Audit, a.Jobs, a.Clock, a.IDs)
	a.Catalog = catalog.New(a.DB, a.Account, a.Directory, a.Photos, a.Audit, a.Clock, a.IDs)
	a.Catalog.FollowDrops(a.Jobs)
	a.Directory.SetSearchable(a.Catalog.Searchable)
	a.Ledger = ledger.New(a.DB, a.Clock, a.IDs)
	a.Order = order.New(order.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Audit: a.Audit, Jobs: a.Jobs, Accounts: a.Account, Directory: a.Directory,
		Stock: a.Catalog.Stock(), Payout: a.Payout, Ledger: a.Ledger, Gateway: a.Gateway, Install: install, BaseURL: base,
		Secret: keys["install"], HoldFor: s.HoldFor, AcceptFor: s.AcceptFor, Group: s.OrderGroup,
	})
	a.Order.Listen(a.Inbox)
	a.Payout.Listen(a.Inbox)
	a.Measure = measure.New(measure.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Audit: a.Audit, Jobs: a.Jobs, Accounts: a.Account, Directory: a.Directory,
		Verification: a.Verification, Order: a.Order,
	})
	a.Notice = notice.New(notice.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Audit: a.Audit, Jobs: a.Jobs, Accounts: a.Account, Directory: a.Directory,
		Catalog: a.Catalog, Verification: a.Verification, Measures: a.Measure,
	})
	a.Complaint = complaint.New(complaint.Deps{
		DB: a.DB, Clock: a.Clock, IDs: a.IDs, Audit: a.Audit, Jobs: a.Jobs, Accounts: a.Account, Directory: a.Directory,
		Verification: a.Verification, Measures: a.Measure, Notices: a.Notice,
	})
	a.Transparency = transparency.New(a.Clock, a.Directory, a.Verification, a.Measure, a.Notice, a.Complaint)
	return nil
}

// installation is this installation's random id. It stands in every object
// made at the payment provider, so that two installations on one provider
// account never take each other's.
func (a *App) installation(ctx context.Context) (string, error) {
	var value string
	err := a.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		value, err = a.DB.Setting(ctx, "install", ident.Random)
		return err
	})
	return value, err
}

// Close releases the database and the photo folder.
func (a *App) Close() error {
	var err error
	if a.Photos != nil {
		err = a.Photos.Close()
	}
	return errors.Join(err, a.DB.Close())
}

// Work runs everything that goes on in the background until ctx ends.
func (a *App) Work(ctx context.Context) {
	var running sync.WaitGroup
	for name, work := range map[string]func(context.Context) error{
		"jobs":         a.Jobs.Run,
		"index":        a.Directory.Run,
		"audit anchor": a.anchor,
		"likeness":     every(24*time.Hour, a.Directory.FillKeys),
		"sessions":     every(time.Hour, a.Account.Sweep),
		"leases":       every(30*time.Second, a.Verification.EndLeases),
		"checks":       every(time.Minute, a.Check.Sweep),
		"proposals":    every(10*time.Minute, a.Proposal.Tidy),
		"payments":     a.Order.Run,
		"accounts":     a.Payout.Run,
		"comparison":   every(time.Minute, a.compare),
		"carts":        every(24*time.Hour, a.sweepCarts),
	} {
		running.Go(func() { supervise(ctx, name, work) })
	}
	running.Wait()
}

// cartsKeptFor is how long a cart waits that nobody touches.
const cartsKeptFor = 60 * 24 * time.Hour

func (a *App) sweepCarts(ctx context.Context) error {
	return a.Order.SweepCarts(ctx, a.Clock().Add(-cartsKeptFor))
}

// compare compares accounts with the provider's books, each once a day.
func (a *App) compare(ctx context.Context) error {
	_, err := a.Order.Sweep(ctx)
	return err
}

// groundPath is the operator's own outline of the town, drawn below the map.
func (a *App) groundPath() string { return filepath.Join(a.settings.DataDir, "ground.geojson") }

package app

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"nearby/internal/mail"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/server"
	"nearby/internal/server/admin"
	"nearby/internal/server/api"
	"nearby/internal/server/desk"
	"nearby/internal/server/hook"
	"nearby/internal/server/owner"
	"nearby/internal/server/reply"
	"nearby/internal/server/route"
	"nearby/internal/server/shop"
	"nearby/internal/server/view"
	"nearby/web"
)

// HTTP makes the HTTP floor over the rooms and loads the index.
func (a *App) HTTP(ctx context.Context) (*server.Server, error) {
	s := a.settings
	site, err := web.New(s.Dev)
	if err != nil {
		return nil, err
	}
	render, err := reply.New(site)
	if err != nil {
		return nil, err
	}
	ground, err := view.LoadGround(a.groundPath())
	if err != nil {
		return nil, err
	}
	a.Directory.KeepIndex(filepath.Join(s.DataDir, "index.saved"))
	if err := a.Directory.Load(ctx); err != nil {
		return nil, err
	}
	a.mails(render)
	floor := &route.Floor{
		Render: render, Account: a.Account, Clock: a.Clock, BaseURL: s.BaseURL, Secure: s.BaseURL.Scheme == "https",
		Sandbox: s.Payment.Mode == payment.ModeSandbox, CartCount: a.cartCount,
	}
	if s.Limits {
		floor.Names = route.NewLimit(5.0/60, 5)
	}
	shopper := &shop.Handlers{
		Account: a.Account, Directory: a.Directory, Check: a.Check, Verification: a.Verification, Proposal: a.Proposal, Catalog: a.Catalog, Order: a.Order, Notice: a.Notice, Complaint: a.Complaint, Transparency: a.Transparency,
		Photos: a.Photos, Site: site, Ground: ground, Clock: a.Clock, Cards: a.Gateway != nil, Tiles: s.TilesURL, DemoUsers: a.DemoUsers,
		Mailbox: a.mailbox(),
	}
	owners := &owner.Handlers{
		Account: a.Account, Directory: a.Directory, Check: a.Check, Verification: a.Verification, Measure: a.Measure, Complaint: a.Complaint, Proposal: a.Proposal, Catalog: a.Catalog, Order: a.Order,
		Payout: a.Payout, Ledger: a.Ledger, Photos: a.Photos, Ground: ground, Payments: s.Payment,
	}
	verifiers := &desk.Handlers{
		Account: a.Account, Directory: a.Directory, Verification: a.Verification, Proposal: a.Proposal, Notice: a.Notice, Complaint: a.Complaint, Ground: ground,
	}
	operators := &admin.Handlers{
		Account: a.Account, Directory: a.Directory, Check: a.Check, Verification: a.Verification, Measure: a.Measure, Audit: a.Audit, Jobs: a.Jobs, Inbox: a.Inbox, Ledger: a.Ledger, Order: a.Order,
		Version: s.Version, Started: a.started,
	}
	hooks := &hook.Handlers{Inbox: a.Inbox, Gateway: a.Gateway, Check: a.Check}
	var routes []route.Route
	for _, list := range [][]route.Route{shopper.Routes(), owners.Routes(), verifiers.Routes(), operators.Routes(), hooks.Routes()} {
		routes = append(routes, list...)
	}
	config := server.Config{
		BaseURL: s.BaseURL, StrictHost: s.Production, Limits: s.Limits,
		TrustedProxies: s.TrustedProxies, PaymentOrigins: a.paymentOrigins(), TileOrigins: tileOrigins(s.TilesURL), Debug: s.Debug,
	}
	running := server.New(config, a.Clock, floor, routes, a.ready, a.gauges()...)
	api.Mount(running.Echo(), api.Deps{
		Account: a.Account, Directory: a.Directory, Check: a.Check, Verification: a.Verification, Measure: a.Measure, Proposal: a.Proposal, Catalog: a.Catalog, Order: a.Order,
		Payout: a.Payout, Notice: a.Notice, Complaint: a.Complaint, Transparency: a.Transparency, Photos: a.Photos, DB: a.DB, Floor: floor, Clock: a.Clock, BaseURL: s.BaseURL, Version: s.Version,
	})
	return running, nil
}

// cartCount is how many pieces a visitor has in all carts.
func (a *App) cartCount(ctx context.Context, guestID, userID string) (int, error) {
	n, err := a.Order.CartCount(ctx, order.Buyer{UserID: userID, GuestID: guestID})
	return int(n), err
}

// mailbox is the mails of the demo, nil anywhere else.
func (a *App) mailbox() *mail.Console {
	if console, ok := a.Sender.(*mail.Console); ok && a.settings.Demo {
		return console
	}
	return nil
}

// paymentOrigins are the sites a form may lead to.
func (a *App) paymentOrigins() []string {
	switch c := a.settings.Payment; c.Mode {
	case payment.ModeSandbox:
		return []string{c.BaseURL}
	case payment.ModeTest, payment.ModeLive:
		return []string{"https://checkout.stripe.com", "https://connect.stripe.com"}
	}
	return nil
}

func tileOrigins(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

// ready proves that the program can write to its database.
func (a *App) ready(ctx context.Context) error {
	if err := a.DB.Ping(ctx); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// gauges are the figures read at each look at /metrics.
func (a *App) gauges() []server.Gauge {
	read := func(fn func(context.Context) (float64, error)) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			v, err := fn(ctx)
			if err != nil {
				return -1
			}
			return v
		}
	}
	return []server.Gauge{
		{Name: "nearby_index_businesses", Help: "Businesses in the index.", Read: func() float64 { n, _ := a.Directory.Indexed(); return float64(n) }},
		{Name: "nearby_index_dirty", Help: "Businesses whose last change could not be read yet.", Read: func() float64 { _, n := a.Directory.Indexed(); return float64(n) }},
		{Name: "nearby_jobs_waiting", Help: "Jobs that wait; -1 when unknown.", Read: read(func(ctx context.Context) (float64, error) {
			f, err := a.Jobs.Figures(ctx)
			return float64(f.Waiting), err
		})},
		{Name: "nearby_jobs_parked", Help: "Jobs that failed too often and wait for a person; -1 when unknown.", Read: read(func(ctx context.Context) (float64, error) {
			f, err := a.Jobs.Figures(ctx)
			return float64(f.Parked), err
		})},
		{Name: "nearby_ledger_unbalanced", Help: "Ledger entries whose legs do not sum to zero; -1 when unknown.", Read: read(func(ctx context.Context) (float64, error) {
			n, err := a.Ledger.Check(ctx)
			return float64(n), err
		})},
		{Name: "nearby_payment_differences", Help: "Differences from the provider's books that nobody has explained; -1 when unknown.", Read: read(func(ctx context.Context) (float64, error) {
			n, err := a.Order.OpenDifferences(ctx)
			return float64(n), err
		})},
		{Name: "nearby_disputes_unanswered", Help: "Disputes that wait for a business's answer; -1 when unknown.", Read: read(func(ctx context.Context) (float64, error) {
			n, err := a.Order.UnansweredDisputes(ctx)
			return float64(n), err
		})},
		{Name: "nearby_database_connections", Help: "Open connections that write.", Read: func() float64 { w, _ := a.DB.Stats(); return float64(w.OpenConnections) }},
	}
}

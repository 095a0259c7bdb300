// Package api is the JSON API for other programs: one operation a line, views
// of its own so that the contract does not follow a refactoring, and an OpenAPI
// document made from both.
package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"nearby/internal/account"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/complaint"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/order"
	"nearby/internal/payout"
	"nearby/internal/proposal"
	"nearby/internal/server/route"
	"nearby/internal/transparency"
	"nearby/internal/verification"
)

// prefix stands before every operation's path.
const prefix = "/api/v1"

// Deps are the rooms that the API opens to programs.
type Deps struct {
	DB           *database.DB
	Account      *account.Service
	Directory    *directory.Service
	Check        *check.Service
	Verification *verification.Service
	Proposal     *proposal.Service
	Catalog      *catalog.Service
	Order        *order.Service
	Payout       *payout.Service
	Notice       *notice.Service
	Complaint    *complaint.Service
	Transparency *transparency.Service
	Measure      *measure.Service
	Photos       *blob.Store

	Floor   *route.Floor // told about each operation's limits
	Clock   clock.Clock
	BaseURL *url.URL
	Version string
}

// api is the operations over the rooms.
type api struct {
	Deps
	base  string // of this site, without a slash at the end
	once  *answers
	huma  huma.API
	table []operation
}

// Mount puts the operations, the OpenAPI document and its page on e.
func Mount(e *echo.Echo, d Deps) { mount(e, d) }

func mount(e *echo.Echo, d Deps) *api {
	a := &api{Deps: d, base: strings.TrimSuffix(d.BaseURL.String(), "/")}
	a.once = newAnswers(d.DB, d.Clock)
	config := describe(d.Version, a.base)
	a.huma = huma.NewAPI(config, adapter{humaecho.New(e, config).Adapter()})
	a.public()
	a.shopping()
	a.businesses()
	a.products()
	a.counter()
	a.disputes()
	a.desk()
	a.changes()
	a.measures()
	a.notices()
	a.checks()
	a.complaints()
	a.document(e)
	return a
}

// adapter answers HEAD wherever GET is answered.
type adapter struct{ huma.Adapter }

// Handle adds an operation to the router.
func (r adapter) Handle(op *huma.Operation, handle func(huma.Context)) {
	r.Adapter.Handle(op, handle)
	if op.Method == http.MethodGet {
		head := *op
		head.Method = http.MethodHead
		r.Adapter.Handle(&head, handle)
	}
}

// describe is huma's configuration: JSON only, nothing of its own routes.
func describe(version, base string) huma.Config {
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decode}
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Nearby API", Version: version,
				Description: "Businesses near a place, what they sell, orders, and the work of owners and verifiers. " +
					"Money is a number of minor units with its ISO 4217 currency, times are RFC 3339 in UTC, ids are opaque, " +
					"lists have items and a next_cursor, and failures are RFC 9457 problem documents.",
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: base}},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token": {Type: "http", Scheme: "bearer", BearerFormat: "nb_…", Description: "An API token of a user, limited to its scopes."},
					"order": {Type: "http", Scheme: "bearer", Description: "The token that came with a new order. It opens that order only, and may also stand in the header Order-Token or the parameter t."},
				},
			},
			Tags: []*huma.Tag{
				{Name: "Nearby", Description: "For everybody, without a key."},
				{Name: "Orders", Description: "For shoppers, with or without an account."},
				{Name: "Businesses", Description: "For owners and their staff."},
				{Name: "Catalog", Description: "What a business sells."},
				{Name: "Counter", Description: "The orders of a business."},
				{Name: "Verification", Description: "For verifiers."},
				{Name: "Reports", Description: "Tell what is wrong, see what became of it."},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{document},
	}
}

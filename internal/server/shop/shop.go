// Package shop is the audience of shoppers: finding, looking, ordering, and
// their own account.
package shop

import (
	"nearby/internal/account"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/complaint"
	"nearby/internal/directory"
	"nearby/internal/mail"
	"nearby/internal/notice"
	"nearby/internal/order"
	"nearby/internal/proposal"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/transparency"
	"nearby/internal/verification"
	"nearby/web"
)

// Handlers are the pages of this audience.
type Handlers struct {
	Account      *account.Service
	Directory    *directory.Service
	Check        *check.Service
	Verification *verification.Service
	Proposal     *proposal.Service
	Catalog      *catalog.Service
	Order        *order.Service
	Notice       *notice.Service
	Complaint    *complaint.Service
	Transparency *transparency.Service
	Photos       *blob.Store
	Site         *web.Site
	Ground       *view.Ground
	Clock        clock.Clock
	Cards        bool             // card payment is switched on
	Tiles        string           // raster tiles behind the map; "" draws our own
	DemoUsers    []pages.DemoUser // shown on the sign-in page of the demo
	Mailbox      *mail.Console    // readable at /dev/mail, in the demo only
}

// Routes are the lines of this audience in the table.
func (h *Handlers) Routes() []route.Route {
	routes := append(h.findRoutes(), h.accountRoutes()...)
	routes = append(routes, h.orderRoutes()...)
	return append(routes, h.fileRoutes()...)
}

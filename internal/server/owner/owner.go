// Package owner is the audience of those who sell: their businesses, orders,
// catalog, hours, verification and payouts.
package owner

import (
	"net/http"
	"strings"

	"nearby/internal/account"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/check"
	"nearby/internal/complaint"
	"nearby/internal/directory"
	"nearby/internal/directory/category"
	"nearby/internal/ledger"
	"nearby/internal/measure"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/payout"
	"nearby/internal/proposal"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

// Handlers are the pages of this audience.
type Handlers struct {
	Account      *account.Service
	Directory    *directory.Service
	Check        *check.Service
	Verification *verification.Service
	Measure      *measure.Service
	Complaint    *complaint.Service
	Proposal     *proposal.Service
	Catalog      *catalog.Service
	Order        *order.Service
	Payout       *payout.Service
	Ledger       *ledger.Ledger
	Photos       *blob.Store
	Ground       *view.Ground
	Payments     payment.Config

	once once
}

// maxUpload is a form with one large photo, or several smaller ones.
const maxUpload = blob.MaxUpload + 1<<20

// Routes are the lines of this audience in the table. Everybody who is signed in
// may ask; what is not theirs is not found.
func (h *Handlers) Routes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	routes := []route.Route{
		{Method: get, Path: "/manage", Handle: h.businesses},
		{Method: post, Path: "/manage", Handle: h.addBusiness},
		{Method: get, Path: "/invite", Handle: h.invitation},
		{Method: post, Path: "/invite", Handle: h.acceptInvitation},
		{Method: get, Path: "/manage/:slug", Handle: h.with(h.today)},

		{Method: get, Path: "/manage/:slug/orders", Handle: h.with(h.orders)},
		{Method: get, Path: "/manage/:slug/orders/events", Handle: h.with(h.ordersEvents), Stream: true},
		{Method: post, Path: "/manage/:slug/orders/complete", Handle: h.with(h.completeByCode)},
		{Method: get, Path: "/manage/:slug/orders/:order", Handle: h.with(h.order)},
		{Method: get, Path: "/manage/:slug/orders/:order/receipt", Handle: h.with(h.receipt)},
		{Method: get, Path: "/manage/:slug/orders/:order/events", Handle: h.with(h.orderEvents), Stream: true},
		{Method: post, Path: "/manage/:slug/orders/:order/accept", Handle: h.with(h.accept)},
		{Method: post, Path: "/manage/:slug/orders/:order/short", Handle: h.with(h.short)},
		{Method: post, Path: "/manage/:slug/orders/:order/start", Handle: h.with(h.start)},
		{Method: post, Path: "/manage/:slug/orders/:order/ready", Handle: h.with(h.ready)},
		{Method: post, Path: "/manage/:slug/orders/:order/complete", Handle: h.with(h.complete)},
		{Method: post, Path: "/manage/:slug/orders/:order/missed", Handle: h.with(h.missed)},
		{Method: post, Path: "/manage/:slug/orders/:order/decline", Handle: h.with(h.decline)},
		{Method: post, Path: "/manage/:slug/orders/:order/abort", Handle: h.with(h.abort)},
		{Method: post, Path: "/manage/:slug/orders/:order/refund", Handle: h.with(h.refund), Limit: "sign-in"},
		{Method: post, Path: "/manage/:slug/orders/:order/disputes/:dispute", Handle: h.with(h.answerDispute), Limit: "sign-in"},

		{Method: get, Path: "/manage/:slug/catalog", Handle: h.with(h.catalog)},
		{Method: post, Path: "/manage/:slug/catalog", Handle: h.with(h.bulk)},
		{Method: post, Path: "/manage/:slug/stock", Handle: h.with(h.stock)},
		{Method: get, Path: "/manage/:slug/catalog/new", Handle: h.with(h.newProduct)},
		{Method: post, Path: "/manage/:slug/catalog/new", Handle: h.with(h.addProduct), Body: maxUpload, Limit: "upload"},
		{Method: get, Path: "/manage/:slug/catalog/:product", Handle: h.with(h.product)},
		{Method: post, Path: "/manage/:slug/catalog/:product", Handle: h.with(h.saveProduct), Body: maxUpload, Limit: "upload"},
		{Method: get, Path: "/manage/:slug/catalog/:product/drop", Handle: h.with(h.drop)},
		{Method: post, Path: "/manage/:slug/catalog/:product/drop", Handle: h.with(h.saveDrop)},

		{Method: get, Path: "/manage/:slug/profile", Handle: h.with(h.profile)},
		{Method: post, Path: "/manage/:slug/profile", Handle: h.with(h.saveProfile), Body: maxUpload, Limit: "upload"},
		{Method: post, Path: "/manage/:slug/changes/withdraw", Handle: h.with(h.withdrawChange)},
		{Method: post, Path: "/manage/:slug/selling", Handle: h.with(h.saveSelling)},
		{Method: get, Path: "/manage/:slug/hours", Handle: h.with(h.hours)},
		{Method: post, Path: "/manage/:slug/hours", Handle: h.with(h.saveHours)},
		{Method: post, Path: "/manage/:slug/hours/further", Handle: h.with(h.saveFurther)},
		{Method: post, Path: "/manage/:slug/hours/special", Handle: h.with(h.addSpecial)},
		{Method: post, Path: "/manage/:slug/hours/special/:id/delete", Handle: h.with(h.deleteSpecial)},
		{Method: get, Path: "/manage/:slug/verification", Handle: h.with(h.verification)},
		{Method: post, Path: "/manage/:slug/verification", Handle: h.with(h.apply)},
		{Method: post, Path: "/manage/:slug/verification/:method", Handle: h.with(h.check), Limit: "sign-in"},

		{Method: get, Path: "/manage/:slug/measures/:measure", Handle: h.with(h.measure)},
		{Method: get, Path: "/manage/:slug/complaints/new", Handle: h.with(h.newComplaint)},
		{Method: post, Path: "/manage/:slug/complaints", Handle: h.with(h.complain), Limit: "report"},
		{Method: get, Path: "/manage/:slug/complaints/:complaint", Handle: h.with(h.complaint)},
		{Method: post, Path: "/manage/:slug/complaints/:complaint", Handle: h.with(h.addToComplaint), Limit: "report"},

		{Method: get, Path: "/manage/:slug/payouts", Handle: h.with(h.payouts)},
		{Method: post, Path: "/manage/:slug/payouts/onboard", Handle: h.with(h.onboard), Limit: "sign-in"},
		{Method: post, Path: "/manage/:slug/payouts/login", Handle: h.with(h.dashboard), Limit: "sign-in"},
		{Method: get, Path: "/manage/:slug/staff", Handle: h.with(h.staff)},
		{Method: post, Path: "/manage/:slug/staff", Handle: h.with(h.invite), Limit: "sign-in"},
		{Method: post, Path: "/manage/:slug/staff/:user", Handle: h.with(h.setMember), Limit: "sign-in"},
	}
	for i := range routes {
		routes[i].Who = route.SignedIn
	}
	return routes
}

// place is a business as one of its people sees it.
type place struct {
	directory.Business
	role account.MemberRole
	kind category.Category
}

func (p place) path(rest string) string { return "/manage/" + p.Slug + rest }

// with finds the business of the address for one of its people. Whoever is none
// gets NotFound. An old name or an id leads to the present address.
func (h *Handlers) with(fn func(*route.Request, place) (route.Answer, error)) route.Handler {
	return func(r *route.Request) (route.Answer, error) {
		ctx := r.Req().Context()
		b, err := h.Directory.Owned(ctx, r.As(account.Owner), r.Param("slug"))
		if err != nil {
			return nil, err
		}
		if b.Slug != r.Param("slug") && r.Req().Method == http.MethodGet {
			path := "/manage/" + b.Slug + strings.TrimPrefix(r.Req().URL.Path, "/manage/"+r.Param("slug"))
			if query := r.Req().URL.RawQuery; query != "" {
				path += "?" + query
			}
			return route.See{Path: path}, nil
		}
		p := place{Business: b}
		if p.role, err = h.Account.Require(ctx, r.As(account.Owner), b.ID, account.RightOrders); err != nil {
			return nil, err
		}
		p.kind, _ = category.BySlug(b.Category)
		return fn(r, p)
	}
}

// desk is the frame around a page of the business.
func (h *Handlers) desk(r *route.Request, p place, section string) (pages.Desk, error) {
	counts, err := h.Order.Counts(r.Req().Context(), r.As(account.Owner), p.ID)
	if err != nil {
		return pages.Desk{}, err
	}
	now := r.Now()
	d := pages.Desk{
		Business: p.Name, Slug: p.Slug, Hue: p.kind.Hue, Photo: view.Thumb(p.PhotoHash, ""), State: string(p.State), Tone: view.BusinessTone(p.State),
		Open: view.Open(p.Hours.At(now), p.Zone, now), Section: section, Waiting: waiting(counts),
		Money: p.role.May(account.RightPayout), People: p.role.May(account.RightStaff),
	}
	if p.Listed() {
		d.ShopURL = "/b/" + p.Slug
	}
	return d, nil
}

// waiting is how many orders want something of the business.
func waiting(counts map[order.State]int64) int {
	n := int64(0)
	for _, state := range todo {
		n += counts[state]
	}
	return int(n)
}

// todo are the states of orders that the business has to do something about.
var todo = []order.State{order.Placed, order.Accepted, order.Preparing, order.Ready, order.OutForDelivery, order.DeliveryFailed}

// head fills what every page of a desk has in its head.
func head(r *route.Request, base *pages.Base, title string) {
	base.Title, base.Robots, base.Tab = r.Text(title), "noindex", "manage"
}

// prove asks for the password again before money or people move, unless it was
// given a moment ago. Errors: Invalid with the field "password".
func (h *Handlers) prove(r *route.Request) error {
	if r.Session.Fresh(r.Now()) {
		return nil
	}
	return h.Account.Prove(r.Req().Context(), *r.Session, r.FormValue("password"))
}

// unproven reports whether prove would ask for the password.
func unproven(r *route.Request) bool { return !r.Session.Fresh(r.Now()) }

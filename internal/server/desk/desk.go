// Package desk is the audience of verifiers: the queue, and the case that is
// open beside it.
package desk

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/complaint"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/notice"
	"nearby/internal/proposal"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

// Handlers are the pages of this audience.
type Handlers struct {
	Account      *account.Service
	Directory    *directory.Service
	Verification *verification.Service
	Proposal     *proposal.Service
	Notice       *notice.Service
	Complaint    *complaint.Service
	Ground       *view.Ground
}

// Routes are the lines of this audience in the table.
func (h *Handlers) Routes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	routes := []route.Route{
		{Method: get, Path: "/desk", Handle: h.queue},
		{Method: post, Path: "/desk/next", Handle: h.next},
		{Method: get, Path: "/desk/changes/:change", Handle: h.change},
		{Method: post, Path: "/desk/changes/:change/take", Handle: h.takeChange},
		{Method: post, Path: "/desk/changes/:change/release", Handle: h.releaseChange},
		{Method: post, Path: "/desk/changes/:change/approve", Handle: h.approveChange},
		{Method: post, Path: "/desk/changes/:change/reject", Handle: h.declineChange},
		{Method: get, Path: "/desk/notices", Handle: h.notices},
		{Method: get, Path: "/desk/notices/:notice", Handle: h.notice},
		{Method: post, Path: "/desk/notices/:notice/take", Handle: h.takeNotice},
		{Method: post, Path: "/desk/notices/:notice/release", Handle: h.releaseNotice},
		{Method: post, Path: "/desk/notices/:notice/decide", Handle: h.decideNotice},
		{Method: get, Path: "/desk/complaints", Handle: h.complaints},
		{Method: get, Path: "/desk/complaints/:complaint", Handle: h.complaint},
		{Method: post, Path: "/desk/complaints/:complaint/take", Handle: h.takeComplaint},
		{Method: post, Path: "/desk/complaints/:complaint/release", Handle: h.releaseComplaint},
		{Method: post, Path: "/desk/complaints/:complaint/ask", Handle: h.askComplaint},
		{Method: post, Path: "/desk/complaints/:complaint/decide", Handle: h.decideComplaint},
		{Method: get, Path: "/desk/:request", Handle: h.open},
		{Method: post, Path: "/desk/:request/take", Handle: h.take},
		{Method: post, Path: "/desk/:request/release", Handle: h.release},
		{Method: post, Path: "/desk/:request/approve", Handle: h.approve},
		{Method: post, Path: "/desk/:request/check", Handle: h.record},
		{Method: post, Path: "/desk/:request/ask", Handle: h.ask},
		{Method: post, Path: "/desk/:request/reject", Handle: h.reject},
	}
	for i := range routes {
		routes[i].Who = route.Verifier
	}
	return routes
}

// holder is who has a case under a lease that still runs, "" for nobody.
func holder(r verification.Request, now time.Time) string {
	if r.LeaseBy != "" && now.Before(r.LeaseUntil) {
		return r.LeaseBy
	}
	return ""
}

// name is what a verifier is called, read once a page.
func (h *Handlers) name(ctx context.Context, known map[string]string, userID string) (string, error) {
	if name, ok := known[userID]; ok {
		return name, nil
	}
	user, err := h.Account.Get(ctx, userID)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return "", err
	}
	known[userID] = user.Name
	return user.Name, nil
}

// Package desk is the audience of verifiers: the queue, and the case that is
// open beside it.
package desk

import (
	"context"
	"net/http"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
	"nearby/internal/verification"
)

// Handlers are the pages of this audience.
type Handlers struct {
	Account      *account.Service
	Directory    *directory.Service
	Verification *verification.Service
	Ground       *view.Ground
}

// Routes are the lines of this audience in the table.
func (h *Handlers) Routes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	routes := []route.Route{
		{Method: get, Path: "/desk", Handle: h.queue},
		{Method: post, Path: "/desk/next", Handle: h.next},
		{Method: get, Path: "/desk/:request", Handle: h.open},
		{Method: post, Path: "/desk/:request/take", Handle: h.take},
		{Method: post, Path: "/desk/:request/release", Handle: h.release},
		{Method: post, Path: "/desk/:request/approve", Handle: h.approve},
		{Method: post, Path: "/desk/:request/ask", Handle: h.ask},
		{Method: post, Path: "/desk/:request/reject", Handle: h.reject},
	}
	for i := range routes {
		routes[i].Who = route.Verifier
	}
	return routes
}

// show are the parts of the queue.
var show = []struct {
	word string
	has  func(w verification.Waiter, me string, now time.Time) bool
}{
	{"all", func(verification.Waiter, string, time.Time) bool { return true }},
	{"free", func(w verification.Waiter, _ string, now time.Time) bool { return holder(w.Request, now) == "" }},
	{"mine", func(w verification.Waiter, me string, now time.Time) bool { return holder(w.Request, now) == me }},
	{"again", func(w verification.Waiter, _ string, _ time.Time) bool { return w.Before > 0 }},
}

// holder is who has a case under a lease that still runs, "" for nobody.
func holder(r verification.Request, now time.Time) string {
	if r.LeaseBy != "" && now.Before(r.LeaseUntil) {
		return r.LeaseBy
	}
	return ""
}

func (h *Handlers) queue(r *route.Request) (route.Answer, error) {
	page, _, err := h.queuePage(r, "")
	return route.HTML{Name: "desk/queue", Page: page}, err
}

// queuePage is the queue with the given case marked, and the requests in it.
func (h *Handlers) queuePage(r *route.Request, current string) (*pages.Queue, []verification.Waiter, error) {
	ctx, now := r.Req().Context(), r.Now()
	waiting, err := h.Verification.Queue(ctx, r.As(account.Verifier))
	if err != nil {
		return nil, nil, err
	}
	page := &pages.Queue{Waiting: len(waiting), Now: now}
	page.Title, page.Tab, page.Robots = r.Text("nav.desk"), "desk", "noindex"
	if page.Usual, err = h.Verification.UsualWait(ctx); err != nil {
		return nil, nil, err
	}
	if len(waiting) > 0 {
		page.Oldest = now.Sub(waiting[0].SubmittedAt)
	}
	chosen := show[0]
	for _, part := range show {
		if part.word == r.QueryParam("show") {
			chosen = part
		}
	}
	shown := slices.DeleteFunc(slices.Clone(waiting), func(w verification.Waiter) bool { return !chosen.has(w, r.User().ID, now) })
	for _, part := range show {
		link := pages.Link{Label: r.Word("desk.show", part.word), URL: "/desk?show=" + part.word, Current: part.word == chosen.word}
		for _, w := range waiting {
			if part.has(w, r.User().ID, now) {
				link.Count++
			}
		}
		page.Tabs = append(page.Tabs, link)
	}
	names := map[string]string{}
	for _, w := range shown {
		line := pages.CaseLink{Name: w.Name, URL: "/desk/" + w.ID, Kind: "new", Age: now.Sub(w.SubmittedAt), Current: w.ID == current}
		if w.Before > 0 {
			line.Flag, line.Tone = "resubmitted", "soon"
		}
		if id := holder(w.Request, now); id != "" {
			if line.Holder, err = h.name(ctx, names, id); err != nil {
				return nil, nil, err
			}
		}
		page.Cases = append(page.Cases, line)
	}
	return page, shown, nil
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

// next takes the oldest free case.
func (h *Handlers) next(r *route.Request) (route.Answer, error) { return h.openNext(r) }

// openNext takes the oldest case that nobody holds and that is not the
// verifier's own, so that the next one opens by itself after a decision.
func (h *Handlers) openNext(r *route.Request) (route.Answer, error) {
	ctx, actor := r.Req().Context(), r.As(account.Verifier)
	waiting, err := h.Verification.Queue(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, w := range waiting {
		if id := holder(w.Request, r.Now()); id != "" && id != actor.ID {
			continue
		}
		_, err := h.Verification.Take(ctx, actor, w.ID)
		switch {
		case err == nil:
			return route.See{Path: "/desk/" + w.ID}, nil
		case errs.Is(err, errs.Conflict), errs.Has(err, "own_business"), errs.Is(err, errs.NotFound):
			continue // somebody was faster, or it is one's own
		}
		return nil, err
	}
	return route.See{Path: "/desk"}, nil
}

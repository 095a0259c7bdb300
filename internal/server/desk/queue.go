package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
)

// entry is one line of the queue: an application or a change of what was
// verified.
type entry struct {
	id, url, name string
	kind          string // word of the table "case.kind_…"
	since         time.Time
	holder        string // who has it under a lease that still runs, "" for nobody
	again         bool   // something was decided about the business before
	take          func(ctx context.Context, actor account.Actor) error
}

// show are the parts of the queue.
var show = []struct {
	word string
	has  func(e entry, me string) bool
}{
	{"all", func(entry, string) bool { return true }},
	{"free", func(e entry, _ string) bool { return e.holder == "" }},
	{"mine", func(e entry, me string) bool { return e.holder == me }},
	{"changes", func(e entry, _ string) bool { return e.kind == "change" }},
	{"again", func(e entry, _ string) bool { return e.again }},
}

// entries are everything that waits, the oldest first.
func (h *Handlers) entries(r *route.Request) ([]entry, error) {
	ctx, actor, now := r.Req().Context(), r.As(account.Verifier), r.Now()
	requests, err := h.Verification.Queue(ctx, actor)
	if err != nil {
		return nil, err
	}
	changes, err := h.Proposal.Queue(ctx, actor)
	if err != nil {
		return nil, err
	}
	list := make([]entry, 0, len(requests)+len(changes))
	for _, w := range requests {
		list = append(list, entry{
			id: w.ID, url: "/desk/" + w.ID, name: w.Name, kind: "new", since: w.SubmittedAt, holder: holder(w.Request, now), again: w.Before > 0,
			take: func(ctx context.Context, actor account.Actor) error {
				_, err := h.Verification.Take(ctx, actor, w.ID)
				return err
			},
		})
	}
	for _, w := range changes {
		list = append(list, entry{
			id: w.ID, url: "/desk/changes/" + w.ID, name: w.Name, kind: "change", since: w.SubmittedAt, holder: w.Holder(now),
			take: func(ctx context.Context, actor account.Actor) error { return h.Proposal.Take(ctx, actor, w.ID) },
		})
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.id, b.id)) })
	return list, nil
}

func (h *Handlers) queue(r *route.Request) (route.Answer, error) {
	page, _, err := h.queuePage(r, "")
	return route.HTML{Name: "desk/queue", Page: page}, err
}

// queuePage is the queue with the given case marked, and what is shown in it.
func (h *Handlers) queuePage(r *route.Request, current string) (*pages.Queue, []entry, error) {
	ctx, now, me := r.Req().Context(), r.Now(), r.User().ID
	waiting, err := h.entries(r)
	if err != nil {
		return nil, nil, err
	}
	page := &pages.Queue{Waiting: len(waiting), Now: now}
	page.Title, page.Tab, page.Robots = r.Text("nav.desk"), "desk", "noindex"
	if page.Usual, err = h.Verification.UsualWait(ctx); err != nil {
		return nil, nil, err
	}
	if len(waiting) > 0 {
		page.Oldest = now.Sub(waiting[0].since)
	}
	chosen := show[0]
	for _, part := range show {
		if part.word == r.QueryParam("show") {
			chosen = part
		}
	}
	shown := slices.DeleteFunc(slices.Clone(waiting), func(e entry) bool { return !chosen.has(e, me) })
	for _, part := range show {
		link := pages.Link{Label: r.Word("desk.show", part.word), URL: "/desk?show=" + part.word, Current: part.word == chosen.word}
		for _, e := range waiting {
			if part.has(e, me) {
				link.Count++
			}
		}
		page.Tabs = append(page.Tabs, link)
	}
	names := map[string]string{}
	for _, e := range shown {
		line := pages.CaseLink{Name: e.name, URL: e.url, Kind: e.kind, Age: now.Sub(e.since), Current: e.id == current}
		if e.again {
			line.Flag, line.Tone = "resubmitted", "soon"
		}
		if e.holder != "" {
			if line.Holder, err = h.name(ctx, names, e.holder); err != nil {
				return nil, nil, err
			}
		}
		page.Cases = append(page.Cases, line)
	}
	return page, shown, nil
}

// beside puts a case beside its queue: read is what the rooms know of it, which
// nobody may see of a business of their own.
func (h *Handlers) beside(r *route.Request, id string, read func() (*pages.Case, error)) (*pages.Queue, error) {
	page, waiting, err := h.queuePage(r, id)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(waiting, func(e entry) bool { return e.id == id })
	page.Case, err = read()
	if errs.Has(err, "own_business") && at >= 0 {
		e := waiting[at]
		page.Case = &pages.Case{ID: id, Name: e.name, Kind: e.kind, Age: r.Now().Sub(e.since), Own: true}
	} else if err != nil {
		return nil, err
	}
	page.Title = page.Case.Name
	if at > 0 {
		page.Case.Previous = waiting[at-1].url
	}
	if at >= 0 && at+1 < len(waiting) {
		page.Case.Next = waiting[at+1].url
	}
	return page, nil
}

// next takes the oldest free case.
func (h *Handlers) next(r *route.Request) (route.Answer, error) { return h.openNext(r) }

// openNext takes the oldest case that nobody holds and that is not the
// verifier's own, so that the next one opens by itself after a decision.
func (h *Handlers) openNext(r *route.Request) (route.Answer, error) {
	ctx, actor := r.Req().Context(), r.As(account.Verifier)
	waiting, err := h.entries(r)
	if err != nil {
		return nil, err
	}
	for _, e := range waiting {
		if e.holder != "" && e.holder != actor.ID {
			continue
		}
		err := e.take(ctx, actor)
		switch {
		case err == nil:
			return route.See{Path: e.url}, nil
		case errs.Is(err, errs.Conflict), errs.Has(err, "own_business"), errs.Is(err, errs.NotFound):
			continue // somebody was faster, or it is one's own
		}
		return nil, err
	}
	return route.See{Path: "/desk"}, nil
}

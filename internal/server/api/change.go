package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/proposal"
)

func (a *api) changes() {
	const own, one = "/businesses/{id}/changes", "/verification/changes/{change_id}"
	add(a, operation{
		id: "list-own-changes", method: http.MethodGet, path: own, tag: "Businesses", who: holder, scope: "business:read", limit: "token",
		summary: "Changes of what was verified: waiting, approved, declined", about: "The newest first. The public sees the old values until a change is approved.",
	}, a.ownChanges)
	add(a, operation{
		id: "withdraw-change", method: http.MethodPost, path: own + "/withdraw", tag: "Businesses", who: holder, scope: "business:write", limit: "token",
		repeat: joined, summary: "Take back the change that waits",
	}, a.withdrawChange)
	line := func(word, summary, about string, example any) operation {
		return operation{
			id: word + "-change", method: http.MethodPost, path: one + "/" + word, tag: "Verification", who: holder, scope: "verification:write",
			role: account.Verifier, limit: "token", repeat: joined, summary: summary, about: about, example: example,
		}
	}
	add(a, operation{
		id: "list-changes", method: http.MethodGet, path: "/verification/changes", tag: "Verification", who: holder, scope: "verification:read",
		role: account.Verifier, limit: "token", summary: "The changes that wait, oldest first",
	}, a.changeQueue)
	add(a, operation{
		id: "get-change", method: http.MethodGet, path: one, tag: "Verification", who: holder, scope: "verification:read", role: account.Verifier, limit: "token",
		summary: "A change: what the public sees beside what is wanted",
	}, a.changeCase)
	add(a, line("take", "Take a change for half an hour, or renew it", "Of several who try at once, one gets it: 409 taken.", nil), a.onChange(a.Proposal.Take))
	add(a, line("release", "Put a change back into the queue", "It keeps its place.", nil), a.onChange(a.Proposal.Release))
	add(a, line("approve", "Make the wanted values public", "The note is for verifiers; where the case shows possible duplicates it is needed.",
		map[string]any{"note": "The register has the new name."}), a.approveChange)
	add(a, line("decline", "Leave the public values as they are", "", map[string]any{"codes": []string{"cannot_verify"}, "words": "The register still has the old name."}), a.declineChange)
}

// Guarded are fields that a verifier checks; what is missing is not changed.
type Guarded struct {
	Name           *string  `json:"name,omitempty"`
	Category       *string  `json:"category,omitempty" doc:"Slug."`
	LegalName      *string  `json:"legal_name,omitempty"`
	RegisterNumber *string  `json:"register_number,omitempty"`
	Website        *string  `json:"website,omitempty"`
	Address        *Address `json:"address,omitempty"`
	Lat            *float64 `json:"lat,omitempty"`
	Lng            *float64 `json:"lng,omitempty"`
}

func guardedView(g directory.Guarded) Guarded {
	v := Guarded{Name: g.Name, Category: g.Category, LegalName: g.LegalName, RegisterNumber: g.RegisterNumber, Website: g.Website}
	if g.Address != nil {
		address := addressView(*g.Address)
		v.Address = &address
	}
	if g.Pin != nil {
		v.Lat, v.Lng = &g.Pin.Lat, &g.Pin.Lng
	}
	return v
}

// Change is a change of what was verified.
type Change struct {
	ID          string     `json:"id"`
	BusinessID  string     `json:"business_id"`
	State       string     `json:"state" enum:"pending,in_review,approved,declined,withdrawn,superseded"`
	Public      Guarded    `json:"public" doc:"What the public saw when it was proposed."`
	Wanted      Guarded    `json:"wanted"`
	SubmittedAt time.Time  `json:"submitted_at"`
	EndedAt     *time.Time `json:"ended_at"`
	Policy      string     `json:"policy" doc:"The version of the rules it is decided by."`
	Reasons     []string   `json:"reasons" doc:"Why it was declined."`
	Words       string     `json:"words" doc:"To the owner."`
}

func changeView(p proposal.Proposal) Change {
	return Change{
		ID: p.ID, BusinessID: p.BusinessID, State: string(p.State), Public: guardedView(p.Was), Wanted: guardedView(p.Wanted),
		SubmittedAt: p.SubmittedAt.UTC(), EndedAt: moment(p.EndedAt), Policy: p.Policy, Reasons: words(p.Reasons), Words: p.Words,
	}
}

func (a *api) ownChanges(ctx context.Context, c *caller, in *BusinessPath) (answer[List[Change]], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[List[Change]]{}, err
	}
	list, err := a.Proposal.History(ctx, c.owner(), b.ID)
	return listOf(each(list, changeView), ""), err
}

func (a *api) withdrawChange(ctx context.Context, c *caller, in *BusinessPath) (answer[Business], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[Business]{}, err
	}
	if err := a.Proposal.Withdraw(ctx, c.owner(), b.ID); err != nil {
		return answer[Business]{}, err
	}
	return a.ownView(ctx, c, b.ID)
}

// ChangeLine is a change in the queue.
type ChangeLine struct {
	Change
	Name       string     `json:"name" doc:"The public one."`
	LeaseBy    *string    `json:"lease_by" doc:"The verifier who holds it."`
	LeaseUntil *time.Time `json:"lease_until"`
}

func changeLine(p proposal.Proposal, name string) ChangeLine {
	return ChangeLine{Change: changeView(p), Name: name, LeaseBy: some(p.LeaseBy), LeaseUntil: moment(p.LeaseUntil)}
}

func (a *api) changeQueue(ctx context.Context, c *caller, _ *struct{}) (answer[List[ChangeLine]], error) {
	list, err := a.Proposal.Queue(ctx, c.as(account.Verifier))
	return listOf(each(list, func(w proposal.Waiter) ChangeLine { return changeLine(w.Proposal, w.Name) }), ""), err
}

// ChangeCase is everything a verifier looks at.
type ChangeCase struct {
	Change     ChangeLine  `json:"change"`
	Business   Business    `json:"business" doc:"As the public sees it."`
	Duplicates []Duplicate `json:"duplicates" doc:"Of what it would be."`
	Flags      []Flag      `json:"flags" doc:"What would be odd about it."`
	MovedM     float64     `json:"moved_m" doc:"From the public pin to the wanted one, metres."`
	StreetM    *float64    `json:"street_m" doc:"From the wanted pin to the street of the wanted address; null when unknown."`
	Earlier    []Change    `json:"earlier" doc:"Newest first."`
}

// ChangePath names a change.
type ChangePath struct {
	ChangeID string `path:"change_id"`
}

func (a *api) changeCase(ctx context.Context, c *caller, in *ChangePath) (answer[ChangeCase], error) {
	if err := known("change", in.ChangeID); err != nil {
		return answer[ChangeCase]{}, err
	}
	found, err := a.Proposal.Case(ctx, c.as(account.Verifier), in.ChangeID)
	if err != nil {
		return answer[ChangeCase]{}, err
	}
	business, err := a.businessView(ctx, found.Business)
	v := ChangeCase{
		Change: changeLine(found.Proposal, found.Business.Name), Business: business, Duplicates: each(found.Duplicates, duplicateView), Flags: each(found.Flags, flagView),
		MovedM: found.MovedM, Earlier: each(found.Earlier, changeView),
	}
	if found.StreetM >= 0 {
		v.StreetM = &found.StreetM
	}
	return answer[ChangeCase]{Body: v}, err
}

// onChange does something to a change and answers with how it stands.
func (a *api) onChange(do func(ctx context.Context, actor account.Actor, id string) error) func(context.Context, *caller, *ChangePath) (answer[ChangeLine], error) {
	return func(ctx context.Context, c *caller, in *ChangePath) (answer[ChangeLine], error) {
		return a.changed(ctx, c, in.ChangeID, func(actor account.Actor) error { return do(ctx, actor, in.ChangeID) })
	}
}

func (a *api) changed(ctx context.Context, c *caller, id string, do func(actor account.Actor) error) (answer[ChangeLine], error) {
	if err := known("change", id); err != nil {
		return answer[ChangeLine]{}, err
	}
	actor := c.as(account.Verifier)
	if err := do(actor); err != nil {
		return answer[ChangeLine]{}, err
	}
	found, err := a.Proposal.Case(ctx, actor, id)
	return answer[ChangeLine]{Body: changeLine(found.Proposal, found.Business.Name)}, err
}

type approveChangeInput struct {
	ChangePath
	Body struct {
		Note string `json:"note,omitempty" maxLength:"4000"`
	}
}

func (a *api) approveChange(ctx context.Context, c *caller, in *approveChangeInput) (answer[ChangeLine], error) {
	return a.changed(ctx, c, in.ChangeID, func(actor account.Actor) error {
		return a.Proposal.Approve(ctx, actor, in.ChangeID, in.Body.Note)
	})
}

type declineChangeInput struct {
	ChangePath
	Body struct {
		Codes []string `json:"codes" minItems:"1" maxItems:"20"`
		Words string   `json:"words,omitempty" maxLength:"4000"`
		Note  string   `json:"note,omitempty" maxLength:"4000"`
	}
}

func (a *api) declineChange(ctx context.Context, c *caller, in *declineChangeInput) (answer[ChangeLine], error) {
	return a.changed(ctx, c, in.ChangeID, func(actor account.Actor) error {
		return a.Proposal.Decline(ctx, actor, in.ChangeID, proposal.Decline{Codes: in.Body.Codes, Words: in.Body.Words, Note: in.Body.Note})
	})
}

package api

import (
	"context"
	"math"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/likeness"
	"nearby/internal/verification"
)

func (a *api) desk() {
	const tag, one = "Verification", "/verification/requests/{request_id}"
	line := func(word, summary, about string, example any) operation {
		return operation{
			id: word + "-request", method: http.MethodPost, path: one + "/" + word, tag: tag, who: holder, scope: "verification:write",
			role: account.Verifier, limit: "token", repeat: joined, summary: summary, about: about, example: example,
		}
	}
	add(a, operation{
		id: "list-requests", method: http.MethodGet, path: "/verification/requests", tag: tag, who: holder, scope: "verification:read",
		role: account.Verifier, limit: "token",
		summary: "The open applications, oldest first",
	}, a.queue)
	add(a, operation{
		id: "get-request", method: http.MethodGet, path: one, tag: tag, who: holder, scope: "verification:read", role: account.Verifier, limit: "token",
		summary: "A case: what was claimed beside what we found out",
	}, a.caseOf)
	add(a, line("take", "Take a case for half an hour, or renew it", "Of several who try at once, one gets it: 409 taken.", nil), a.take)
	add(a, line("release", "Put a case back into the queue", "It keeps its place.", nil), a.decide(func(ctx context.Context, actor account.Actor, in *RequestPath) error {
		return a.Verification.Release(ctx, actor, in.RequestID)
	}))
	add(a, line("approve", "List the business", "The note is for verifiers; where the case shows possible duplicates it is needed.",
		map[string]any{"note": "Register and sign agree."}), a.approve)
	add(a, line("ask", "Give the case back with what must change", "", map[string]any{
		"reasons": []any{map[string]any{"field": "hours", "code": "unclear"}}, "words": "Are you open on Sundays?",
	}), a.ask)
	add(a, line("reject", "Refuse to list the business", "", map[string]any{"codes": []string{"no_public_place"}, "words": "There is no door to walk through."}), a.reject)
}

// RequestLine is an open application in the queue.
type RequestLine struct {
	ID          string     `json:"id"`
	BusinessID  string     `json:"business_id"`
	Name        string     `json:"name"`
	Category    string     `json:"category"`
	City        string     `json:"city"`
	State       string     `json:"state" enum:"waiting,in_review,approved,asked,rejected,withdrawn"`
	SubmittedAt time.Time  `json:"submitted_at"`
	LeaseBy     *string    `json:"lease_by" doc:"The verifier who holds it."`
	LeaseUntil  *time.Time `json:"lease_until"`
	Before      int        `json:"decisions_before"`
}

func (a *api) queue(ctx context.Context, c *caller, _ *struct{}) (answer[List[RequestLine]], error) {
	list, err := a.Verification.Queue(ctx, c.as(account.Verifier))
	return listOf(each(list, func(w verification.Waiter) RequestLine {
		line := requestLine(w.Request)
		line.Name, line.Category, line.City, line.Before = w.Name, w.Category, w.City, w.Before
		return line
	}), ""), err
}

func requestLine(r verification.Request) RequestLine {
	return RequestLine{
		ID: r.ID, BusinessID: r.BusinessID, Name: r.Claim.Name, Category: r.Claim.Category, City: r.Claim.Address.City, State: string(r.State),
		SubmittedAt: r.SubmittedAt.UTC(), LeaseBy: some(r.LeaseBy), LeaseUntil: moment(r.LeaseUntil),
	}
}

// Case is everything a verifier looks at, side by side.
type Case struct {
	Request    RequestLine `json:"request"`
	Business   Business    `json:"business"`
	Lines      []CaseLine  `json:"lines"`
	Checklist  []CheckItem `json:"checklist"`
	Duplicates []Duplicate `json:"duplicates" doc:"The most alike first."`
	Flags      []Flag      `json:"flags" doc:"What is odd; none of it refuses anything."`
	PinMovedM  float64     `json:"pin_moved_m" doc:"From the claimed pin to the present one, metres."`
	StreetM    *float64    `json:"street_m" doc:"From the pin to the street of the address; null when unknown."`
	Decisions  []Decision  `json:"decisions" doc:"Newest first."`
}

// CaseLine compares one field.
type CaseLine struct {
	Field   string `json:"field"`
	Claimed string `json:"claimed"`
	Present string `json:"present"`
	Found   string `json:"found"`
	Same    bool   `json:"same"`
}

// Duplicate is a business that may be the same one.
type Duplicate struct {
	ID        string   `json:"id"`
	Slug      string   `json:"slug"`
	Name      string   `json:"name"`
	State     string   `json:"state"`
	DistanceM float64  `json:"distance_m" doc:"0 where one of the two has no pin."`
	Score     float64  `json:"score" minimum:"0" maximum:"1" doc:"How likely both are one business."`
	Same      []string `json:"same" doc:"What agrees: name, look, phone, website, address, pin, payout."`
}

// Flag is something odd about a name or a place.
type Flag struct {
	Reason string `json:"reason" enum:"hidden,mixed,brand,double,stuffed,door,number"`
	About  string `json:"about" doc:"The word, the brand, the other business, or how many are at the door."`
}

func flagView(f likeness.Flag) Flag { return Flag{Reason: string(f.Reason), About: f.About} }

// Decision is what was decided about a business.
type Decision struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Policy  string    `json:"policy" doc:"The version of the rules it was decided by."`
	Reasons []Reason  `json:"reasons"`
	Words   string    `json:"words" doc:"To the owner."`
	Note    string    `json:"note,omitempty" doc:"For verifiers."`
	At      time.Time `json:"at"`
}

// Reason is a coded reason, about one field or about the whole.
type Reason struct {
	Field string `json:"field,omitempty" maxLength:"100"`
	Code  string `json:"code" maxLength:"100"`
}

func decisionView(d verification.Decision) Decision {
	return Decision{
		ID: d.ID, Kind: string(d.Kind), Policy: d.Policy, Words: d.Words, Note: d.Note, At: d.At.UTC(),
		Reasons: each(d.Reasons, func(r verification.Reason) Reason { return Reason(r) }),
	}
}

// RequestPath names an application.
type RequestPath struct {
	RequestID string `path:"request_id"`
}

func (a *api) caseOf(ctx context.Context, c *caller, in *RequestPath) (answer[Case], error) {
	if err := known("request", in.RequestID); err != nil {
		return answer[Case]{}, err
	}
	found, err := a.Verification.Case(ctx, c.as(account.Verifier), in.RequestID)
	if err != nil {
		return answer[Case]{}, err
	}
	business, err := a.businessView(ctx, found.Business)
	v := Case{
		Request: requestLine(found.Request), Business: business, Checklist: checklist(found.Checklist), PinMovedM: found.PinMovedM,
		Lines:      each(found.Lines, func(l verification.Line) CaseLine { return CaseLine(l) }),
		Duplicates: each(found.Duplicates, duplicateView), Flags: each(found.Flags, flagView), Decisions: each(found.Decisions, decisionView),
	}
	if found.StreetM >= 0 {
		v.StreetM = &found.StreetM
	}
	return answer[Case]{Body: v}, err
}

func duplicateView(d directory.Duplicate) Duplicate {
	return Duplicate{ID: d.ID, Slug: d.Slug, Name: d.Name, State: string(d.State), DistanceM: d.DistanceM, Score: math.Round(d.Score*100) / 100, Same: words(d.Same)}
}

func (a *api) take(ctx context.Context, c *caller, in *RequestPath) (answer[RequestLine], error) {
	if err := known("request", in.RequestID); err != nil {
		return answer[RequestLine]{}, err
	}
	r, err := a.Verification.Take(ctx, c.as(account.Verifier), in.RequestID)
	return answer[RequestLine]{Body: requestLine(r)}, err
}

// Decided tells what became of a case.
type Decided struct {
	ID    string `json:"id"`
	State string `json:"state" enum:"waiting,in_review,approved,asked,rejected,withdrawn"`
}

func (a *api) decide(do func(ctx context.Context, actor account.Actor, in *RequestPath) error) func(context.Context, *caller, *RequestPath) (answer[Decided], error) {
	return func(ctx context.Context, c *caller, in *RequestPath) (answer[Decided], error) {
		return a.decided(ctx, c, in.RequestID, verification.Waiting, func(actor account.Actor) error { return do(ctx, actor, in) })
	}
}

// decided does something to a case that leads to a state.
func (a *api) decided(_ context.Context, c *caller, requestID string, to verification.State, do func(actor account.Actor) error) (answer[Decided], error) {
	if err := known("request", requestID); err != nil {
		return answer[Decided]{}, err
	}
	return answer[Decided]{Body: Decided{ID: requestID, State: string(to)}}, do(c.as(account.Verifier))
}

type approveInput struct {
	RequestPath
	Body struct {
		Note string `json:"note,omitempty" maxLength:"4000"`
	}
}

func (a *api) approve(ctx context.Context, c *caller, in *approveInput) (answer[Decided], error) {
	return a.decided(ctx, c, in.RequestID, verification.Approved, func(actor account.Actor) error {
		return a.Verification.Approve(ctx, actor, in.RequestID, in.Body.Note)
	})
}

type askInput struct {
	RequestPath
	Body struct {
		Reasons []Reason `json:"reasons" minItems:"1" maxItems:"50"`
		Words   string   `json:"words,omitempty" maxLength:"4000"`
	}
}

func (a *api) ask(ctx context.Context, c *caller, in *askInput) (answer[Decided], error) {
	return a.decided(ctx, c, in.RequestID, verification.Asked, func(actor account.Actor) error {
		return a.Verification.Ask(ctx, actor, in.RequestID, verification.AskInput{
			Reasons: each(in.Body.Reasons, func(r Reason) verification.Reason { return verification.Reason(r) }), Words: in.Body.Words,
		})
	})
}

type rejectInput struct {
	RequestPath
	Body struct {
		Codes []string `json:"codes" minItems:"1" maxItems:"20"`
		Words string   `json:"words,omitempty" maxLength:"4000"`
		Note  string   `json:"note,omitempty" maxLength:"4000"`
	}
}

func (a *api) reject(ctx context.Context, c *caller, in *rejectInput) (answer[Decided], error) {
	return a.decided(ctx, c, in.RequestID, verification.Rejected, func(actor account.Actor) error {
		return a.Verification.Reject(ctx, actor, in.RequestID, verification.RejectInput{Codes: in.Body.Codes, Words: in.Body.Words, Note: in.Body.Note})
	})
}

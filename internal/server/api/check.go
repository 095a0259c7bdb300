package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/check"
)

func (a *api) checks() {
	const own, one = "/businesses/{id}/checks", "/businesses/{id}/checks/{method}"
	add(a, operation{
		id: "list-checks", method: http.MethodGet, path: own, tag: "Businesses", who: holder, scope: "business:read", limit: "token",
		summary: "What a business has proven, what is missing, and by which checks it can be proven",
	}, a.ownChecks)
	add(a, operation{
		id: "begin-check", method: http.MethodPost, path: one, tag: "Businesses", who: holder, scope: "business:write", limit: "token",
		status: http.StatusCreated, repeat: joined, summary: "Have a code sent to the business",
		about:   "For checks of kind sent. An older code by the same method stops working.",
		example: map[string]any{},
	}, a.beginCheck)
	// Neither takes an Idempotency-Key: its transaction would give tries back.
	add(a, operation{
		id: "answer-check", method: http.MethodPost, path: one + "/answer", tag: "Businesses", who: holder, scope: "business:write", limit: "token",
		summary: "Answer with the code that was sent", about: "Each answer costs a try, right or wrong.",
		example: map[string]any{"code": exampleCard},
	}, a.answerCheck)
	add(a, operation{
		id: "look-check", method: http.MethodPost, path: one + "/look", tag: "Businesses", who: holder, scope: "business:write", limit: "token",
		summary: "Have the program look by itself", about: "For checks of kind looked: a domain, the account for payments.",
	}, a.lookCheck)
	add(a, operation{
		id: "record-check", method: http.MethodPost, path: "/verification/requests/{request_id}/checks", tag: "Verification", who: holder,
		scope: "verification:write", role: account.Verifier, limit: "token", status: http.StatusCreated, repeat: joined,
		summary: "Write down what you saw of the business", about: "For checks of kind recorded.",
		example: map[string]any{"method": "site_visit", "note": "Stood at the door on Monday."},
	}, a.recordCheck)
}

// Checks are what a business has proven and can prove.
type Checks struct {
	Policy   string       `json:"policy" doc:"The version of the rules."`
	Need     int          `json:"need" doc:"So many different checks must count."`
	Counting int          `json:"counting"`
	Met      bool         `json:"met"`
	Missing  []string     `json:"missing" doc:"presence, authority, licence; methods when one more is needed whatever it proves."`
	DueSince *time.Time   `json:"due_since" doc:"Since when something is missing of a listed business."`
	LimitAt  *time.Time   `json:"limit_at" doc:"When it stops taking orders for that."`
	Items    []CheckOffer `json:"items"`
}

// CheckOffer is one method.
type CheckOffer struct {
	Method    string     `json:"method"`
	Kind      string     `json:"kind" enum:"sent,looked,recorded" doc:"Who does the work: a code is sent, the program looks, a verifier records."`
	Proves    []string   `json:"proves"`
	Ready     bool       `json:"ready" doc:"The profile says what the check is about."`
	PassedAt  *time.Time `json:"passed_at" doc:"Null while it does not count."`
	UntilAt   *time.Time `json:"valid_until"`
	Way       *string    `json:"way" doc:"How it was found: dns or file."`
	ExpiresAt *time.Time `json:"code_expires_at" doc:"Of a code that waits to be typed."`
	TriesLeft *int       `json:"tries_left"`
	Token     *string    `json:"token" doc:"To publish at the domain: as the TXT record nearby-verification=TOKEN of _nearby.HOST, or in /.well-known/nearby-verification.txt."`
}

// CheckLine is one check.
type CheckLine struct {
	ID        string     `json:"id"`
	Method    string     `json:"method"`
	State     string     `json:"state" enum:"requested,passed,failed,expired,voided,lapsed,revoked"`
	ExpiresAt *time.Time `json:"code_expires_at"`
	PassedAt  *time.Time `json:"passed_at"`
	UntilAt   *time.Time `json:"valid_until"`
}

func checkLine(c check.Check) CheckLine {
	return CheckLine{
		ID: c.ID, Method: string(c.Method), State: string(c.State), ExpiresAt: moment(c.ExpiresAt), PassedAt: moment(c.PassedAt), UntilAt: moment(c.ValidUntil),
	}
}

func checksView(o check.Overview) Checks {
	s := o.Standing
	return Checks{
		Policy: s.Policy, Need: s.Need, Counting: len(s.Counting), Met: s.Met(), Missing: words(s.Codes()), DueSince: moment(o.DueSince), LimitAt: moment(o.LimitAt),
		Items: each(o.Offers, func(offer check.Offer) CheckOffer {
			v := CheckOffer{
				Method: string(offer.Method), Kind: string(offer.Kind), Ready: offer.Ready, Token: some(offer.Token),
				Proves: each(offer.Proves, func(p check.Proof) string { return string(p) }),
			}
			if c := offer.Passed; c != nil {
				v.PassedAt, v.UntilAt, v.Way = moment(c.PassedAt), moment(c.ValidUntil), some(c.Way)
			}
			if c := offer.Open; c != nil {
				left := offer.Tries - c.Tries
				v.ExpiresAt, v.TriesLeft = moment(c.ExpiresAt), &left
			}
			return v
		}),
	}
}

func (a *api) ownChecks(ctx context.Context, c *caller, in *BusinessPath) (answer[Checks], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[Checks]{}, err
	}
	o, err := a.Check.Overview(ctx, c.owner(), b.ID)
	return answer[Checks]{Body: checksView(o)}, err
}

// CheckPath names a check of a business by its method.
type CheckPath struct {
	BusinessPath
	Method string `path:"method" maxLength:"40"`
}

type beginInput struct {
	CheckPath
	Body struct {
		Target string `json:"target,omitempty" maxLength:"254" doc:"Where a mailed code goes."`
	}
}

func (a *api) beginCheck(ctx context.Context, c *caller, in *beginInput) (answer[CheckLine], error) {
	return a.checked(ctx, c, in.CheckPath, func(actor account.Actor, businessID string) (check.Check, error) {
		return a.Check.Begin(ctx, actor, businessID, check.BeginInput{Method: check.Name(in.Method), Target: in.Body.Target})
	})
}

type answerInput struct {
	CheckPath
	Body struct {
		Code string `json:"code" maxLength:"40"`
	}
}

func (a *api) answerCheck(ctx context.Context, c *caller, in *answerInput) (answer[CheckLine], error) {
	return a.checked(ctx, c, in.CheckPath, func(actor account.Actor, businessID string) (check.Check, error) {
		return a.Check.Answer(ctx, actor, businessID, check.Name(in.Method), in.Body.Code)
	})
}

func (a *api) lookCheck(ctx context.Context, c *caller, in *CheckPath) (answer[CheckLine], error) {
	return a.checked(ctx, c, *in, func(actor account.Actor, businessID string) (check.Check, error) {
		return a.Check.Look(ctx, actor, businessID, check.Name(in.Method))
	})
}

// checked is a step of a check of a business of the caller's.
func (a *api) checked(ctx context.Context, c *caller, in CheckPath, step func(actor account.Actor, businessID string) (check.Check, error)) (answer[CheckLine], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[CheckLine]{}, err
	}
	done, err := step(c.owner(), b.ID)
	return answer[CheckLine]{Body: checkLine(done)}, err
}

type recordInput struct {
	RequestPath
	Body struct {
		Method string `json:"method" maxLength:"40"`
		Note   string `json:"note" maxLength:"4000"`
	}
}

func (a *api) recordCheck(ctx context.Context, c *caller, in *recordInput) (answer[CheckLine], error) {
	if err := known("request", in.RequestID); err != nil {
		return answer[CheckLine]{}, err
	}
	done, err := a.Verification.RecordCheck(ctx, c.as(account.Verifier), in.RequestID, check.RecordInput{Method: check.Name(in.Body.Method), Note: in.Body.Note})
	return answer[CheckLine]{Body: checkLine(done)}, err
}

package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/directory"
	"nearby/internal/measure"
	"nearby/internal/verification"
)

// lead brings a new draft to the state the plan wants it in, by the steps its
// owner and a verifier take.
func (f *filler) lead(ctx context.Context, owner account.Actor, businessID, state string) error {
	if directory.State(state) == directory.Draft {
		return nil
	}
	request, err := f.Verification.Submit(ctx, owner, businessID)
	if err != nil || directory.State(state) == directory.Submitted {
		return err
	}
	// The case that is being looked at is held by the one people sign in as.
	verifier := f.people["verifier2"].As(account.Verifier)
	if directory.State(state) == directory.InReview {
		verifier = f.people["verifier"].As(account.Verifier)
	}
	if request, err = f.Verification.Take(ctx, verifier, request.ID); err != nil {
		return err
	}
	switch directory.State(state) {
	case directory.InReview:
		return nil
	case directory.ChangesRequested:
		return f.Verification.Ask(ctx, verifier, request.ID, verification.AskInput{
			Reasons: []verification.Reason{{Field: "phone", Code: "wrong"}, {Field: "lat", Code: "unclear"}},
			Words:   "Nobody answers at this number, and the pin is two doors away from the slipway. Could you look at both?",
		})
	case directory.Rejected:
		return f.Verification.Reject(ctx, verifier, request.ID, verification.RejectInput{
			Codes: []string{"prohibited"}, Words: "Games of chance for money are not listed here.", Note: "No licence in the register.",
		})
	}
	if err := f.prove(ctx, verifier, request); err != nil {
		return err
	}
	if err := f.Verification.Approve(ctx, verifier, request.ID, "Seen in person."); err != nil {
		return err
	}
	return f.afterApproval(ctx, owner, verifier, businessID, directory.State(state))
}

// prove has the verifier write down what a visit shows: the place, the papers,
// and the licence of who needs one.
func (f *filler) prove(ctx context.Context, verifier account.Actor, request verification.Request) error {
	seen := []check.RecordInput{
		{Method: check.SiteVisit, Note: "Stood at the door; the sign and the hours agree."},
		{Method: check.Register, Note: "The owner is named in the register of Portmere."},
	}
	if slices.Contains([]string{"pharmacy", "doctor", "dentist", "clinic"}, request.Claim.Category) {
		seen = append(seen, check.RecordInput{Method: check.Licence, Note: "The licence hangs in the window."})
	}
	for _, in := range seen {
		if _, err := f.Verification.RecordCheck(ctx, verifier, request.ID, in); err != nil {
			return err
		}
	}
	return nil
}

// suspendedFor is how long a suspension of the demo lasts.
const suspendedFor = 14 * 24 * time.Hour

func (f *filler) afterApproval(ctx context.Context, owner, verifier account.Actor, businessID string, state directory.State) error {
	switch state {
	case directory.Verified:
		return nil
	case directory.Suspended:
		_, err := f.Measure.Impose(ctx, verifier, businessID, measure.Input{
			Kind: measure.Suspended, Codes: []string{"misleading"}, Facts: "The prices at the till were not the prices shown.",
			Ground: "terms", Rule: "Prices are the prices shown.", Detected: "review", EndsAt: f.Clock().Add(suspendedFor),
		})
		return err
	case directory.Withdrawn:
		_, err := f.Directory.Close(ctx, owner, businessID)
		return err
	}
	return fmt.Errorf("no way leads to the state %q", state)
}

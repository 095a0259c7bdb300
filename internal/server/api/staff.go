package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
)

func (a *api) staff() {
	const tag = "Businesses"
	add(a, operation{
		id: "list-staff", method: http.MethodGet, path: "/businesses/{id}/staff", tag: tag, who: holder, scope: "business:read", limit: "token",
		summary: "Who works for a business, owners first", about: "For its owners.",
	}, a.listStaff)
	add(a, operation{
		id: "invite-staff", method: http.MethodPost, path: "/businesses/{id}/staff", tag: tag, who: holder, scope: "business:write", limit: "token",
		status: http.StatusAccepted, repeat: joined,
		summary: "Mail somebody a link into a business", about: "They join when they follow it. The answer does not tell whether the address is known.",
		example: map[string]any{"email": "kim@example.org", "role": "staff"},
	}, a.inviteStaff)
	add(a, operation{
		id: "edit-staff", method: http.MethodPatch, path: "/businesses/{id}/staff/{user_id}", tag: tag, who: holder, scope: "business:write", limit: "token",
		summary: "Change somebody's place in a business",
		example: map[string]any{"role": "manager"},
	}, a.editStaff)
	add(a, operation{
		id: "remove-staff", method: http.MethodDelete, path: "/businesses/{id}/staff/{user_id}", tag: tag, who: holder, scope: "business:write", limit: "token",
		status:  http.StatusNoContent,
		summary: "End somebody's place in a business", about: "The last owner stays. Their sessions end.",
	}, a.removeStaff)
	add(a, operation{
		id: "get-payouts", method: http.MethodGet, path: "/businesses/{id}/payouts", tag: tag, who: holder, scope: "business:read", limit: "token",
		summary: "The business's account at the payment provider", about: "For its owners.",
	}, a.payouts)
}

// Member is somebody who works for a business.
type Member struct {
	UserID string `json:"user_id"`
	Name   string `json:"name"`
	Email  string `json:"email"`
	Role   string `json:"role" enum:"owner,manager,staff"`
}

// employer is a business in which the caller has a right.
func (a *api) employer(ctx context.Context, c *caller, idOrSlug string, right account.Right) (directory.Business, error) {
	b, err := a.owned(ctx, c, idOrSlug)
	if err != nil {
		return b, err
	}
	_, err = a.Account.Require(ctx, c.owner(), b.ID, right)
	return b, err
}

func (a *api) listStaff(ctx context.Context, c *caller, in *BusinessPath) (answer[List[Member]], error) {
	b, err := a.employer(ctx, c, in.ID, account.RightStaff)
	if err != nil {
		return answer[List[Member]]{}, err
	}
	list, err := a.Account.Members(ctx, b.ID)
	return listOf(each(list, memberView), ""), err
}

func memberView(m account.Member) Member {
	return Member{UserID: m.UserID, Name: m.Name, Email: m.Email, Role: string(m.Role)}
}

type inviteInput struct {
	BusinessPath
	Body struct {
		Email string `json:"email" maxLength:"254"`
		Role  string `json:"role" enum:"owner,manager,staff"`
	}
}

// Invited confirms that a link was mailed.
type Invited struct {
	Email string `json:"email"`
	Role  string `json:"role"`
}

func (a *api) inviteStaff(ctx context.Context, c *caller, in *inviteInput) (answer[Invited], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[Invited]{}, err
	}
	err = a.Account.Invite(ctx, c.owner(), b.ID, account.InviteInput{Email: in.Body.Email, Role: account.MemberRole(in.Body.Role)})
	return answer[Invited]{Body: Invited{Email: in.Body.Email, Role: in.Body.Role}}, err
}

// MemberPath names somebody who works for a business.
type MemberPath struct {
	BusinessPath
	UserID string `path:"user_id"`
}

type editStaffInput struct {
	MemberPath
	Body struct {
		Role string `json:"role" enum:"owner,manager,staff"`
	}
}

func (a *api) editStaff(ctx context.Context, c *caller, in *editStaffInput) (answer[Member], error) {
	b, err := a.member(ctx, c, in.MemberPath)
	if err != nil {
		return answer[Member]{}, err
	}
	if err := a.Account.SetMember(ctx, c.owner(), b.ID, in.UserID, account.MemberRole(in.Body.Role)); err != nil {
		return answer[Member]{}, err
	}
	list, err := a.Account.Members(ctx, b.ID)
	for _, m := range list {
		if m.UserID == in.UserID {
			return answer[Member]{Body: memberView(m)}, err
		}
	}
	return answer[Member]{}, err
}

func (a *api) removeStaff(ctx context.Context, c *caller, in *MemberPath) (answer[struct{}], error) {
	b, err := a.member(ctx, c, *in)
	if err != nil {
		return answer[struct{}]{}, err
	}
	return answer[struct{}]{}, a.Account.RemoveMember(ctx, c.owner(), b.ID, in.UserID)
}

// member is the caller's business that the path names somebody of.
func (a *api) member(ctx context.Context, c *caller, in MemberPath) (directory.Business, error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return b, err
	}
	return b, known("member", in.UserID)
}

// Payouts is a business's account at the payment provider.
type Payouts struct {
	State          string     `json:"state"`
	ChargesEnabled bool       `json:"charges_enabled"`
	PayoutsEnabled bool       `json:"payouts_enabled"`
	CurrentlyDue   []string   `json:"currently_due" doc:"The provider's names of what it still wants to know."`
	PastDue        []string   `json:"past_due"`
	DisabledReason string     `json:"disabled_reason"`
	Deadline       *time.Time `json:"deadline"`
	Currency       string     `json:"currency"`
	SyncedAt       *time.Time `json:"synced_at"`
}

func (a *api) payouts(ctx context.Context, c *caller, in *BusinessPath) (answer[Payouts], error) {
	b, err := a.employer(ctx, c, in.ID, account.RightPayout)
	if err != nil {
		return answer[Payouts]{}, err
	}
	s, err := a.Payout.Status(ctx, b.ID)
	return answer[Payouts]{Body: Payouts{
		State: string(s.State), ChargesEnabled: s.ChargesEnabled, PayoutsEnabled: s.PayoutsEnabled, CurrentlyDue: words(s.CurrentlyDue),
		PastDue: words(s.PastDue), DisabledReason: s.DisabledReason, Deadline: momentOf(s.Deadline), Currency: s.Currency, SyncedAt: momentOf(s.SyncedAt),
	}}, err
}

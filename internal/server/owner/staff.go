package owner

import (
	"cmp"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// roles are the places in a business, from least to most.
var roles = []account.MemberRole{account.MemberStaff, account.MemberManager, account.MemberOwner}

func (h *Handlers) staff(r *route.Request, p place) (route.Answer, error) {
	page, err := h.staffPage(r, p)
	return route.HTML{Name: "owner/staff", Page: page}, err
}

func (h *Handlers) staffPage(r *route.Request, p place) (*pages.Staff, error) {
	ctx := r.Req().Context()
	if _, err := h.Account.Require(ctx, r.As(account.Owner), p.ID, account.RightStaff); err != nil {
		return nil, err
	}
	page := &pages.Staff{Prove: unproven(r), Roles: memberRoles(r, account.MemberStaff)}
	head(r, &page.Base, "manage.staff")
	var err error
	if page.Desk, err = h.desk(r, p, "staff"); err != nil {
		return nil, err
	}
	members, err := h.Account.Members(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		page.Members = append(page.Members, pages.Member{
			ID: m.UserID, Name: m.Name, Email: m.Email, Role: string(m.Role), Roles: memberRoles(r, m.Role), Self: m.UserID == r.User().ID,
		})
	}
	return page, nil
}

func memberRoles(r *route.Request, chosen account.MemberRole) []pages.Option {
	var list []pages.Option
	for _, role := range roles {
		list = append(list, pages.Option{Value: string(role), Label: r.Word("member", string(role)), Selected: role == chosen})
	}
	return list
}

func (h *Handlers) invite(r *route.Request, p place) (route.Answer, error) {
	in := account.InviteInput{Email: r.FormValue("email"), Role: account.MemberRole(r.FormValue("role"))}
	return h.changeStaff(r, p, "staff.invited", func() error {
		return h.Account.Invite(r.Req().Context(), r.As(account.Owner), p.ID, in)
	}, func(page *pages.Staff) { page.Email, page.Roles = in.Email, memberRoles(r, in.Role) })
}

// setMember gives a member another place, or ends the membership with the role
// "none".
func (h *Handlers) setMember(r *route.Request, p place) (route.Answer, error) {
	user, role := r.Param("user"), r.FormValue("role")
	return h.changeStaff(r, p, "owner.saved", func() error {
		if role == "none" {
			return h.Account.RemoveMember(r.Req().Context(), r.As(account.Owner), p.ID, user)
		}
		return h.Account.SetMember(r.Req().Context(), r.As(account.Owner), p.ID, user, account.MemberRole(role))
	}, func(*pages.Staff) {})
}

func (h *Handlers) changeStaff(r *route.Request, p place, done string, change func() error, keep func(*pages.Staff)) (route.Answer, error) {
	if _, err := h.Account.Require(r.Req().Context(), r.As(account.Owner), p.ID, account.RightStaff); err != nil {
		return nil, err
	}
	err := h.prove(r)
	if err == nil {
		err = change()
	}
	wrong, invalid := view.Errors(err)
	switch {
	case err == nil:
		r.Flash(done)
		if r.Param("user") == r.User().ID {
			return route.See{Path: "/manage"}, nil // they may not see this page any more
		}
		return route.See{Path: p.path("/staff")}, nil
	case errs.Is(err, errs.Conflict):
		wrong = pages.Errors{{Message: errs.Of(err).Message}}
	case !invalid:
		return nil, err
	}
	page, failed := h.staffPage(r, p)
	if failed != nil {
		return nil, failed
	}
	keep(page)
	page.Errors, page.Failed = wrong, true
	return route.HTML{Name: "owner/staff", Page: page, Status: errs.KindOf(err).Status()}, nil
}

// invitation asks for one more press: mail programs open links by themselves.
func (h *Handlers) invitation(r *route.Request) (route.Answer, error) {
	page := &pages.Invitation{Token: r.QueryParam("t")}
	head(r, &page.Base, "staff.join")
	return route.HTML{Name: "owner/invitation", Page: page}, nil
}

func (h *Handlers) acceptInvitation(r *route.Request) (route.Answer, error) {
	ctx := r.Req().Context()
	businessID, err := h.Account.AcceptInvite(ctx, r.As(account.Shopper), cmp.Or(r.FormValue("token"), r.FormValue("t")))
	if err != nil {
		return nil, err
	}
	b, err := h.Directory.Get(ctx, businessID)
	if err != nil {
		return nil, err
	}
	r.Flash("staff.joined")
	return route.See{Path: "/manage/" + b.Slug}, nil
}

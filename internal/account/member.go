package account

import (
	"context"
	"maps"
	"slices"

	"nearby/internal/audit"
	"nearby/internal/errs"
)

// MemberRole is what a user is inside one business.
type MemberRole string

// The roles inside a business, from most to least.
const (
	MemberOwner   MemberRole = "owner"
	MemberManager MemberRole = "manager"
	MemberStaff   MemberRole = "staff"
)

// Right is one thing a member may be allowed to do.
type Right string

// The rights. Money and people are the owner's alone.
const (
	RightOrders  Right = "orders"  // see and work orders, set stock
	RightCatalog Right = "catalog" // products, photos, prices
	RightProfile Right = "profile" // the page, hours, verification
	RightRefund  Right = "refund"
	RightPayout  Right = "payout"
	RightStaff   Right = "staff" // invite, change and remove members
	RightClose   Right = "close"
)

var rights = map[MemberRole][]Right{
	MemberOwner:   {RightOrders, RightCatalog, RightProfile, RightRefund, RightPayout, RightStaff, RightClose},
	MemberManager: {RightOrders, RightCatalog, RightProfile, RightRefund},
	MemberStaff:   {RightOrders},
}

// May reports whether a member of this role has the right.
func (r MemberRole) May(right Right) bool { return slices.Contains(rights[r], right) }

// Actor is the member acting for the business.
func (r MemberRole) Actor(userID string) Actor {
	if r == MemberOwner {
		return Actor{ID: userID, Role: Owner}
	}
	return Actor{ID: userID, Role: Staff}
}

// Member is a user's place in a business.
type Member struct {
	BusinessID string
	UserID     string
	Name       string
	Email      string
	Role       MemberRole
}

// Member finds the role of a user in a business; ok is false when there is none.
func (s *Service) Member(ctx context.Context, userID, businessID string) (role MemberRole, ok bool, err error) {
	if userID == "" || businessID == "" {
		return "", false, nil
	}
	row, err := s.store.member(ctx, businessID, userID)
	if errs.Is(err, errs.NotFound) {
		return "", false, nil
	}
	return row.Role, err == nil, err
}

// Require gives the member role of the actor when it carries the right. A
// stranger to the business gets NotFound, a member without the right Forbidden
// "wrong_role".
func (s *Service) Require(ctx context.Context, actor Actor, businessID string, right Right) (MemberRole, error) {
	role, ok, err := s.Member(ctx, actor.ID, businessID)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", errs.Missing("business")
	case !role.May(right):
		return role, errs.New(errs.Forbidden, "wrong_role", "Your place in this business does not allow this.")
	}
	return role, nil
}

// Members lists who works for a business, owners first.
func (s *Service) Members(ctx context.Context, businessID string) ([]Member, error) {
	return s.store.members(ctx, businessID)
}

// MailOwners has a letter sent to every owner of a business, in the transaction
// of ctx. data may be nil; the business's id is added to it.
func (s *Service) MailOwners(ctx context.Context, businessID, template string, data map[string]string) error {
	members, err := s.store.members(ctx, businessID)
	if err != nil {
		return err
	}
	all := map[string]string{"business_id": businessID}
	maps.Copy(all, data)
	for _, m := range members {
		if m.Role != MemberOwner {
			continue
		}
		if err := s.mail(ctx, Mail{Template: template, UserID: m.UserID, Data: all}); err != nil {
			return err
		}
	}
	return nil
}

// Memberships lists the businesses of a user.
func (s *Service) Memberships(ctx context.Context, userID string) ([]Member, error) {
	return s.store.memberships(ctx, userID)
}

// Join makes a user a member of a business, or changes what kind. It is for the
// rooms that have already decided this (a business made, an invitation taken);
// it must run in their transaction. The global role follows the membership.
func (s *Service) Join(ctx context.Context, actor Actor, businessID, userID string, role MemberRole) error {
	if _, known := rights[role]; !known {
		return errs.Fields([]errs.Field{wrong("role", "unknown_role", "There is no role of this name.")})
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.setMember(ctx, businessID, userID, role, s.clock()); err != nil {
			return err
		}
		if err := s.store.addRole(ctx, userID, role.Actor(userID).Role); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "member.set", Object: "user", ObjectID: userID, BusinessID: businessID,
			Detail: map[string]any{"role": role},
		})
	})
}

// InviteInput is the form that invites somebody into a business.
type InviteInput struct {
	Email string     `form:"email" json:"email"`
	Role  MemberRole `form:"role" json:"role"`
}

// Invite mails somebody a link into the business, known address or not. Only
// owners may. Errors: NotFound for strangers to the business, Forbidden,
// Invalid with every wrong field.
func (s *Service) Invite(ctx context.Context, actor Actor, businessID string, in InviteInput) error {
	email, fields := checkEmail("email", in.Email)
	if _, known := rights[in.Role]; !known {
		fields = append(fields, wrong("role", "unknown_role", "Choose owner, manager or staff."))
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.Require(ctx, actor, businessID, RightStaff); err != nil {
			return err
		}
		if err := errs.Fields(fields); err != nil {
			return err
		}
		row := linkRow{
			ID: s.ids(), Kind: linkInvite, Email: email, EmailKey: emailKey(email), Locale: "en",
			BusinessID: businessID, Role: string(in.Role), InvitedBy: actor.ID, ExpiresAt: s.clock().Add(inviteFor),
		}
		if err := s.store.addLink(ctx, row); err != nil {
			return err
		}
		err := s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "member.invite", Object: "business", ObjectID: businessID, BusinessID: businessID,
			Detail: map[string]any{"role": in.Role},
		})
		if err != nil {
			return err
		}
		return s.mail(ctx, Mail{Template: "invite", LinkID: row.ID, Data: map[string]string{"business_id": businessID}})
	})
}

// AcceptInvite makes the signed-in user a member by a mailed link and returns
// the business. The link is the proof, so any signed-in address may use it
// once; it works only while the inviter is still an owner. A member keeps a
// higher place. Errors: NotFound "bad_link".
func (s *Service) AcceptInvite(ctx context.Context, actor Actor, linkToken string) (businessID string, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		link, err := s.link(ctx, linkInvite, linkToken)
		if err != nil {
			return err
		}
		inviter, ok, err := s.Member(ctx, link.InvitedBy, link.BusinessID)
		if err != nil || !ok || !inviter.May(RightStaff) {
			return orElse(err, errLink)
		}
		if err := s.store.deleteLink(ctx, link.ID); err != nil {
			return err
		}
		businessID = link.BusinessID
		role := MemberRole(link.Role)
		if now, ok, err := s.Member(ctx, actor.ID, link.BusinessID); err != nil || ok && len(rights[now]) >= len(rights[role]) {
			return err
		}
		return s.Join(ctx, actor, link.BusinessID, actor.ID, role)
	})
	return businessID, err
}

// SetMember changes the place of a member. Only owners may; the last owner
// stays one (Conflict "last_owner").
func (s *Service) SetMember(ctx context.Context, actor Actor, businessID, userID string, role MemberRole) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockMembers(ctx, businessID); err != nil {
			return err
		}
		if _, err := s.Require(ctx, actor, businessID, RightStaff); err != nil {
			return err
		}
		if _, ok, err := s.Member(ctx, userID, businessID); err != nil || !ok {
			return orElse(err, errs.Missing("member"))
		}
		if err := s.Join(ctx, actor, businessID, userID, role); err != nil {
			return err
		}
		return s.afterLoss(ctx, businessID, userID)
	})
}

// RemoveMember ends a membership: an owner removes anybody, anybody removes
// himself, and the last owner stays (Conflict "last_owner"). The removed
// user's sessions end.
func (s *Service) RemoveMember(ctx context.Context, actor Actor, businessID, userID string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockMembers(ctx, businessID); err != nil {
			return err
		}
		right := RightStaff
		if actor.ID == userID {
			right = RightOrders // everybody's, so anybody may leave
		}
		if _, err := s.Require(ctx, actor, businessID, right); err != nil {
			return err
		}
		if err := s.store.deleteMember(ctx, businessID, userID); err != nil {
			return err
		}
		err := s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "member.remove", Object: "user", ObjectID: userID, BusinessID: businessID,
		})
		if err != nil {
			return err
		}
		return s.afterLoss(ctx, businessID, userID)
	})
}

// afterLoss keeps what must hold when a member lost rights: an owner is left,
// the global roles match the memberships that remain, and no session goes on
// with the old ones.
func (s *Service) afterLoss(ctx context.Context, businessID, userID string) error {
	members, err := s.store.members(ctx, businessID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(members, func(m Member) bool { return m.Role == MemberOwner }) {
		return errs.New(errs.Conflict, "last_owner", "A business keeps at least one owner. Make somebody else owner first.")
	}
	left, err := s.store.memberships(ctx, userID)
	if err != nil {
		return err
	}
	for _, role := range []Role{Owner, Staff} {
		if slices.ContainsFunc(left, func(m Member) bool { return m.Role.Actor(userID).Role == role }) {
			continue
		}
		if err := s.store.deleteRole(ctx, userID, role); err != nil {
			return err
		}
	}
	return s.store.endSessions(ctx, userID, "")
}

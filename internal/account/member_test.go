package account

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// business inserts the row that memberships hang on; this room knows nothing
// else of it.
func (h *house) business(t *testing.T, owner User) string {
	t.Helper()
	id := ident.Random()
	err := h.db.Tx(t.Context(), func(ctx context.Context) error {
		now := h.clock.Now()
		err := h.db.Conn(ctx).Table("businesses").Create(map[string]any{
			"id": id, "slug": id, "name": "Quay Books", "name_key": "quay books", "category": "", "description": "", "phone": "", "email": "",
			"website": "", "attributes": "", "legal_name": "", "register_number": "", "state": "draft", "state_before": "", "currency": "EUR",
			"pickup": false, "delivery": false, "pay_at_pickup": false, "accept_first": false, "paused": false, "prep_minutes": 0, "delivery_radius": 0,
			"delivery_fee": 0, "delivery_minimum": 0, "photo_hash": "", "source": "", "source_id": "", "owner_fields": "",
			"created_at": now, "updated_at": now, "version": 1,
		}).Error
		if err != nil {
			return err
		}
		return h.Join(ctx, owner.As(Owner), id, owner.ID, MemberOwner)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestMembers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, ben, eve := h.add(t, "ada@example.org"), h.add(t, "ben@example.org"), h.add(t, "eve@example.org")
		shop := h.business(t, ada)
		if user, err := h.Get(ctx, ada.ID); err != nil || !user.Has(Owner) || !user.Privileged() {
			t.Fatalf("the maker of a business is %+v, %v", user, err)
		}

		// Strangers see nothing, not even that it exists.
		for name, err := range map[string]error{
			"invite": h.Invite(ctx, eve.As(Shopper), shop, InviteInput{Email: "x@example.org", Role: MemberStaff}),
			"set":    h.SetMember(ctx, eve.As(Shopper), shop, ada.ID, MemberStaff),
			"remove": h.RemoveMember(ctx, eve.As(Shopper), shop, ada.ID),
			"leave":  h.RemoveMember(ctx, eve.As(Shopper), shop, eve.ID),
		} {
			if !errs.Is(err, errs.NotFound) {
				t.Errorf("%s by a stranger: %v", name, err)
			}
		}
		_, err := h.Require(ctx, eve.As(Owner), shop, RightOrders)
		wantErr(t, err, errs.NotFound, "not_found")

		err = h.Invite(ctx, ada.As(Owner), shop, InviteInput{Email: "nope", Role: "king"})
		if diff := cmp.Diff([]string{"email:bad_email", "role:unknown_role"}, fieldCodes(err)); diff != "" {
			t.Error(diff)
		}
		invite := func(email string, role MemberRole) string {
			t.Helper()
			if err := h.Invite(ctx, ada.As(Owner), shop, InviteInput{Email: email, Role: role}); err != nil {
				t.Fatal(err)
			}
			to, err := h.Recipient(ctx, h.post(t)[0])
			if err != nil || to.Email != email {
				t.Fatalf("the invitation goes to %+v, %v", to, err)
			}
			return to.Token
		}
		link := invite("ben@example.org", MemberStaff)
		if got, err := h.AcceptInvite(ctx, ben.As(Shopper), link); err != nil || got != shop {
			t.Fatalf("accepting gave %q, %v", got, err)
		}
		_, err = h.AcceptInvite(ctx, eve.As(Shopper), link)
		wantErr(t, err, errs.NotFound, "bad_link")

		_, benToken := h.signIn(t, "ben@example.org")
		if _, err := h.Require(ctx, ben.As(Staff), shop, RightOrders); err != nil {
			t.Error(err)
		}
		for _, right := range []Right{RightPayout, RightStaff, RightProfile, RightClose} {
			_, err := h.Require(ctx, ben.As(Owner), shop, right) // the claimed role counts for nothing
			wantErr(t, err, errs.Forbidden, "wrong_role")
		}
		wantErr(t, h.SetMember(ctx, ben.As(Staff), shop, ben.ID, MemberOwner), errs.Forbidden, "wrong_role")
		wantErr(t, h.RemoveMember(ctx, ben.As(Staff), shop, ada.ID), errs.Forbidden, "wrong_role")

		// A lower invitation does not take anything away from a member.
		if _, err := h.AcceptInvite(ctx, ada.As(Owner), invite("ada@example.org", MemberStaff)); err != nil {
			t.Fatal(err)
		}
		list, err := h.Members(ctx, shop)
		want := []Member{
			{BusinessID: shop, UserID: ada.ID, Name: "Ada Quay", Email: "ada@example.org", Role: MemberOwner},
			{BusinessID: shop, UserID: ben.ID, Name: "Ada Quay", Email: "ben@example.org", Role: MemberStaff},
		}
		if diff := cmp.Diff(want, list); diff != "" || err != nil {
			t.Error(diff, err)
		}

		// Removal acts at once: rights, role and sessions.
		if err := h.RemoveMember(ctx, ada.As(Owner), shop, ben.ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.Session(ctx, benToken)
		wantErr(t, err, errs.Unauthenticated, "sign_in")
		_, err = h.Require(ctx, ben.As(Staff), shop, RightOrders)
		wantErr(t, err, errs.NotFound, "not_found")
		if user, _ := h.Get(ctx, ben.ID); user.Has(Staff) {
			t.Error("the removed member is still staff")
		}

		wantErr(t, h.RemoveMember(ctx, ada.As(Owner), shop, ada.ID), errs.Conflict, "last_owner")
		wantErr(t, h.SetMember(ctx, ada.As(Owner), shop, ada.ID, MemberStaff), errs.Conflict, "last_owner")
		if role, ok, err := h.Member(ctx, ada.ID, shop); err != nil || !ok || role != MemberOwner {
			t.Errorf("the last owner is %q %v, %v", role, ok, err)
		}

		// An invitation dies with the inviter's right to give it.
		link = invite("eve@example.org", MemberStaff)
		if err := h.Join(ctx, audit.System, shop, ben.ID, MemberOwner); err != nil {
			t.Fatal(err)
		}
		if err := h.RemoveMember(ctx, ada.As(Owner), shop, ada.ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.AcceptInvite(ctx, eve.As(Shopper), link)
		wantErr(t, err, errs.NotFound, "bad_link")
	})
}

// Two owners who leave at the same moment do not leave a business without one.
func TestLastOwnerRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada, ben := h.add(t, "ada@example.org"), h.add(t, "ben@example.org")
		for range 10 {
			shop := h.business(t, ada)
			if err := h.Join(t.Context(), audit.System, shop, ben.ID, MemberOwner); err != nil {
				t.Fatal(err)
			}
			var group sync.WaitGroup
			for _, user := range []User{ada, ben} {
				group.Go(func() { h.RemoveMember(t.Context(), user.As(Owner), shop, user.ID) })
			}
			group.Wait()
			if list, err := h.Members(t.Context(), shop); err != nil || len(list) != 1 || list[0].Role != MemberOwner {
				t.Fatalf("left are %+v, %v", list, err)
			}
		}
	})
}

func TestTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, eve, boss := h.add(t, "ada@example.org"), h.add(t, "eve@example.org"), h.add(t, "boss@example.org", Operator)
		_, _, err := h.AddToken(ctx, ada.As(Shopper), ada.ID, TokenInput{Name: "", Scopes: []string{"everything"}, Life: -1})
		if diff := cmp.Diff([]string{"name:required", "scopes:unknown_scope", "life:too_short"}, fieldCodes(err)); diff != "" {
			t.Error(diff)
		}
		_, _, err = h.AddToken(ctx, eve.As(Shopper), ada.ID, TokenInput{Name: "x", Scopes: []string{"orders:read"}})
		wantErr(t, err, errs.NotFound, "not_found")

		made, secret, err := h.AddToken(ctx, ada.As(Shopper), ada.ID, TokenInput{
			Name: "till", Scopes: []string{"orders:write", "orders:read", "orders:read"}, Life: time.Hour,
		})
		if err != nil || len(secret) != 46 || secret[:3] != "nb_" {
			t.Fatalf("secret %q, %v", secret, err)
		}
		token, err := h.Token(ctx, secret)
		if err != nil || token.ID != made.ID || token.User.ID != ada.ID || !token.Allows("orders:read") || token.Allows("catalog:write") {
			t.Fatalf("token is %+v, %v", token, err)
		}
		if list, err := h.Tokens(ctx, ada.ID); err != nil || len(list) != 1 || list[0].UsedAt == nil {
			t.Errorf("tokens are %+v, %v", list, err)
		}
		for _, bad := range []string{"", "nb_", secret[3:], secret + "x", "nb_" + ident.Token()} {
			_, err := h.Token(ctx, bad)
			wantErr(t, err, errs.Unauthenticated, "bad_token")
		}
		h.clock.Advance(time.Hour)
		_, err = h.Token(ctx, secret)
		wantErr(t, err, errs.Unauthenticated, "bad_token")

		made, secret, err = h.AddToken(ctx, boss.As(Operator), ada.ID, TokenInput{Name: "till", Scopes: []string{"orders:read"}})
		if err != nil {
			t.Fatal(err)
		}
		err = h.RevokeToken(ctx, eve.As(Shopper), made.ID)
		wantErr(t, err, errs.NotFound, "not_found")
		if err := h.RevokeToken(ctx, ada.As(Shopper), made.ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.Token(ctx, secret)
		wantErr(t, err, errs.Unauthenticated, "bad_token")
	})
}

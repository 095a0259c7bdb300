package servertest

import (
	"context"
	"fmt"
	"net/url"

	"nearby/internal/account"
	"nearby/internal/app"
	"nearby/internal/audit"
)

// Password is everybody's.
const Password = "correct horse battery staple 7"

// People are one user of each kind, and for owner and shopper another one who
// must not reach what belongs to the first.
type People struct {
	Shopper, OtherShopper, Owner, OtherOwner, Verifier, Operator account.User
}

// AddPeople makes them.
func AddPeople(ctx context.Context, a *app.App) (People, error) {
	var p People
	for _, one := range []struct {
		user  *account.User
		email string
		name  string
		roles []account.Role
	}{
		{&p.Shopper, "sam@people.example", "Sam Shopper", nil},
		{&p.OtherShopper, "olga@people.example", "Olga Other", nil},
		{&p.Owner, "ola@people.example", "Ola Owner", nil},
		{&p.OtherOwner, "otto@people.example", "Otto Other", nil},
		{&p.Verifier, "vera@people.example", "Vera Verifier", []account.Role{account.Verifier}},
		{&p.Operator, "opal@people.example", "Opal Operator", []account.Role{account.Operator}},
	} {
		user, err := a.Account.Add(ctx, audit.System, account.NewUser{
			Email: one.email, Name: one.name, Locale: "en", Password: Password, Roles: one.roles,
		})
		if err != nil {
			return p, fmt.Errorf("%s: %w", one.name, err)
		}
		*one.user = user
	}
	return p, nil
}

// SignIn is a browser in which user is signed in, by the form.
func (s *Site) SignIn(user account.User) *Browser {
	s.t.Helper()
	b := s.Guest()
	page := b.Post("/sign-in", url.Values{"email": {user.Email}, "password": {Password}})
	if page.Status != 200 {
		s.t.Fatalf("signing in as %s: %d at %s\n%s", user.Name, page.Status, page.URL, page.Text())
	}
	return b
}

// Bearer is the secret of an API token of user.
func (s *Site) Bearer(user account.User, scopes ...string) string {
	s.t.Helper()
	_, secret, err := s.Account.AddToken(s.t.Context(), audit.System, user.ID, account.TokenInput{Name: "test", Scopes: scopes})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

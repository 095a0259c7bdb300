package account

import (
	"slices"
	"strings"
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

func TestSignUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		in := SignUpInput{Email: "Ada@Example.org", Name: " Ada  Quay ", Password: goodPassword, Locale: "de"}
		if err := h.SignUp(ctx, in); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ByEmail(ctx, in.Email); !errs.Is(err, errs.NotFound) {
			t.Fatalf("the account exists before the mail was answered: %v", err)
		}
		mails := h.post(t)
		if len(mails) != 1 || mails[0].Template != "sign_up" {
			t.Fatalf("mails are %+v", mails)
		}
		to, err := h.Recipient(ctx, mails[0])
		if err != nil || to.Email != "Ada@example.org" || to.Name != "Ada Quay" || to.Locale != "de" || to.Token == "" {
			t.Fatalf("recipient is %+v, %v", to, err)
		}
		session, token, err := h.ConfirmSignUp(ctx, to.Token, "phone")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Role{Shopper}, session.User.Roles); diff != "" {
			t.Error(diff)
		}
		if again, err := h.Session(ctx, token); err != nil || again.User.ID != session.User.ID {
			t.Errorf("the new session reads as %+v, %v", again, err)
		}
		_, _, err = h.ConfirmSignUp(ctx, to.Token, "phone")
		wantErr(t, err, errs.NotFound, "bad_link")

		// The same again, in other letters: the same answer, and the owner is told.
		in.Email = "ADA@example.org"
		if err := h.SignUp(ctx, in); err != nil {
			t.Fatal(err)
		}
		mails = h.post(t)
		if len(mails) != 1 || mails[0].Template != "sign_up_known" || mails[0].UserID != session.User.ID {
			t.Fatalf("mails are %+v", mails)
		}
	})
}

func TestSignUpNamesEveryWrongField(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	err := h.SignUp(t.Context(), SignUpInput{Email: "ada", Name: "\u200b", Password: "x"})
	wantErr(t, err, errs.Invalid, "invalid_fields")
	if diff := cmp.Diff([]string{"email:bad_email", "name:bad_name", "password:too_short"}, fieldCodes(err)); diff != "" {
		t.Error(diff)
	}
}

func TestLinks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		link := func() string {
			t.Helper()
			if err := h.SignUp(ctx, SignUpInput{Email: "ben@example.org", Name: "Ben", Password: goodPassword}); err != nil {
				t.Fatal(err)
			}
			to, err := h.Recipient(ctx, h.post(t)[0])
			if err != nil {
				t.Fatal(err)
			}
			return to.Token
		}
		good := link()
		id, code, _ := strings.Cut(good, ".")
		for name, token := range map[string]string{
			"empty": "", "no code": id, "wrong code": id + "." + strings.Repeat("A", len(code)),
			"other id": ident.Random() + "." + code, "no id": "." + code, "not an id": "1=1." + code,
		} {
			if _, _, err := h.ConfirmSignUp(ctx, token, ""); !errs.Has(err, "bad_link") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := h.Reset(ctx, good, "another good password"); !errs.Has(err, "bad_link") {
			t.Errorf("a sign-up link reset a password: %v", err)
		}
		h.clock.Advance(signUpFor)
		if _, _, err := h.ConfirmSignUp(ctx, good, ""); !errs.Has(err, "bad_link") {
			t.Errorf("an old link worked: %v", err)
		}
		first, second := link(), link()
		if _, _, err := h.ConfirmSignUp(ctx, second, ""); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.ConfirmSignUp(ctx, first, ""); !errs.Has(err, "bad_link") {
			t.Errorf("the other link of the same address worked too: %v", err)
		}
		h.clock.Advance(signUpFor + time.Second)
		if err := h.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		var left int64
		if err := db.Conn(ctx).Table("account_links").Count(&left).Error; err != nil || left != 0 {
			t.Errorf("%d links are left after the sweep, %v", left, err)
		}
	})
}

// The quickest of several tries shows the work that is done, whatever else the
// machine does; the names take turns so that a busy moment hits all of them.
func TestSignInAnswersAlike(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		h.add(t, "ada@example.org")
		h.signIn(t, " ADA@example.org")
		emails := []string{"ada@example.org", "nobody@example.org", "no address", ""}
		best := []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}
		alike := func() bool { return slices.Min(best) > slices.Max(best)/2 }
		for round := 0; round < 5 || round < 40 && !alike(); round++ {
			for i, email := range emails {
				start := time.Now()
				_, _, err := h.SignIn(t.Context(), SignInInput{Email: email, Password: "not the password"}, "")
				best[i] = min(best[i], time.Since(start))
				wantErr(t, err, errs.Unauthenticated, "wrong_credentials")
			}
		}
		if !alike() {
			t.Errorf("%q are answered in %v", emails, best)
		}
	})
}

func TestSessionLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		for _, c := range []struct {
			role  Role
			pause time.Duration // between requests
			last  time.Duration // the last moment that still works
		}{
			{Shopper, 14 * 24 * time.Hour, 28 * 24 * time.Hour}, // the third pause would pass day 30
			{Shopper, 14*24*time.Hour + time.Second, 0},
			{Shopper, 10 * 24 * time.Hour, 30 * 24 * time.Hour},
			{Owner, 30 * time.Minute, 12 * time.Hour},
			{Verifier, 30*time.Minute + time.Second, 0},
			{Operator, 25 * time.Minute, 12*time.Hour - 5*time.Minute - 0},
			{Staff, 20 * time.Minute, 12 * time.Hour},
		} {
			h := newHouse(db)
			email := ident.Random() + "@example.org"
			h.add(t, email, c.role)
			_, token := h.signIn(t, email)
			var alive, passed time.Duration
			for passed <= 31*24*time.Hour {
				h.clock.Advance(c.pause)
				passed += c.pause
				if _, err := h.Session(t.Context(), token); err != nil {
					wantErr(t, err, errs.Unauthenticated, "sign_in")
					break
				}
				alive = passed
			}
			if want := c.last / c.pause * c.pause; alive != want {
				t.Errorf("%s, a request each %s: alive until %s, want %s", c.role, c.pause, alive, want)
			}
		}
	})
}

func TestRightsAreReadPerRequest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		boss := h.add(t, "boss@example.org", Operator)
		ada := h.add(t, "ada@example.org")
		_, token := h.signIn(t, "ada@example.org")
		if err := h.Grant(ctx, boss.As(Operator), ada.ID, Verifier); err != nil {
			t.Fatal(err)
		}
		session, err := h.Session(ctx, token)
		if err != nil || !session.User.Has(Verifier) {
			t.Fatalf("the new role is not there: %+v, %v", session, err)
		}
		h.clock.Advance(31 * time.Minute)
		_, err = h.Session(ctx, token)
		wantErr(t, err, errs.Unauthenticated, "sign_in") // the shorter limit holds at once

		_, token = h.signIn(t, "ada@example.org")
		if err := h.Revoke(ctx, boss.As(Operator), ada.ID, Verifier); err != nil {
			t.Fatal(err)
		}
		_, err = h.Session(ctx, token)
		wantErr(t, err, errs.Unauthenticated, "sign_in")

		for _, actor := range []Actor{ada.As(Operator), {ID: "", Role: Operator}, audit.Public, ada.As(System)} {
			err = h.Grant(ctx, actor, ada.ID, Operator)
			wantErr(t, err, errs.Forbidden, "wrong_role")
		}
		err = h.Revoke(ctx, boss.As(Operator), boss.ID, Operator)
		wantErr(t, err, errs.Conflict, "last_operator")
		if still, err := h.Has(ctx, boss.ID, Operator); err != nil || !still {
			t.Errorf("the last operator is gone: %v, %v", still, err)
		}
		if err := h.Grant(ctx, audit.System, ada.ID, Operator); err != nil {
			t.Fatal(err)
		}
		if err := h.Revoke(ctx, boss.As(Operator), boss.ID, Operator); err != nil {
			t.Fatal(err)
		}
		err = h.Grant(ctx, boss.As(Operator), ada.ID, Shopper)
		wantErr(t, err, errs.Invalid, "invalid_fields")
		if n, err := h.log.Verify(ctx); err != nil || n != 6 { // two users added, two grants, two revokes
			t.Errorf("audit has %d sound entries, %v", n, err)
		}
	})
}

// Once SignOut has returned, the token is dead, whatever other requests with it
// were doing at the time.
func TestSignOutWinsEveryRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		h.add(t, "ada@example.org")
		session, _ := h.signIn(t, "ada@example.org")
		for round := range 25 {
			_, token, err := h.open(t.Context(), session.User.ID, "", func(userRow) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			h.clock.Advance(2 * time.Minute) // so that every read also writes
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() { h.Session(t.Context(), token) })
			}
			if err := h.SignOut(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Session(t.Context(), token); !errs.Has(err, "sign_in") {
				t.Fatalf("round %d: alive after sign-out: %v", round, err)
			}
			group.Wait()
			if _, err := h.Session(t.Context(), token); !errs.Has(err, "sign_in") {
				t.Fatalf("round %d: back from the dead: %v", round, err)
			}
		}
	})
}

func TestSetProfile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		h.add(t, "ada@example.org")
		mine, _ := h.signIn(t, "ada@example.org")
		wantErr(t, h.SetProfile(ctx, mine, ProfileInput{Name: " ", Locale: "de"}), errs.Invalid, "invalid_fields")
		if err := h.SetProfile(ctx, mine, ProfileInput{Name: " Ada  Quay ", Locale: "de"}); err != nil {
			t.Fatal(err)
		}
		if user, err := h.Get(ctx, mine.User.ID); err != nil || user.Name != "Ada Quay" || user.Locale != "de" {
			t.Errorf("user is %+v, %v", user, err)
		}
	})
}

func TestChangePassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		h.add(t, "ada@example.org")
		h.add(t, "ben@example.org")
		mine, mineToken := h.signIn(t, "ada@example.org")
		_, otherToken := h.signIn(t, "ada@example.org")
		_, benToken := h.signIn(t, "ben@example.org")

		err := h.ChangePassword(ctx, mine, ChangePasswordInput{Current: "wrong", New: "short"})
		wantErr(t, err, errs.Invalid, "invalid_fields")
		if diff := cmp.Diff([]string{"new:too_short", "current:wrong_password"}, fieldCodes(err)); diff != "" {
			t.Error(diff)
		}
		h.clock.Advance(10 * time.Minute)
		if mine.Fresh(h.clock.Now()) {
			t.Error("a proof of ten minutes ago counts as fresh")
		}
		const next = "the ferry leaves at nine"
		if err := h.ChangePassword(ctx, mine, ChangePasswordInput{Current: goodPassword, New: next}); err != nil {
			t.Fatal(err)
		}
		session, err := h.Session(ctx, mineToken)
		if err != nil || !session.Fresh(h.clock.Now()) {
			t.Errorf("own session is %+v, %v", session, err)
		}
		_, err = h.Session(ctx, otherToken)
		wantErr(t, err, errs.Unauthenticated, "sign_in")
		if _, err := h.Session(ctx, benToken); err != nil {
			t.Errorf("somebody else was signed out: %v", err)
		}
		_, _, err = h.SignIn(ctx, SignInInput{Email: "ada@example.org", Password: goodPassword}, "")
		wantErr(t, err, errs.Unauthenticated, "wrong_credentials")
		if _, _, err = h.SignIn(ctx, SignInInput{Email: "ada@example.org", Password: next}, ""); err != nil {
			t.Error(err)
		}
		if mails := h.post(t); len(mails) != 1 || mails[0].Template != "password_changed" || mails[0].UserID != mine.User.ID {
			t.Errorf("mails are %+v", mails)
		}
	})
}

func TestReset(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada := h.add(t, "ada@example.org")
		_, token := h.signIn(t, "ada@example.org")
		for range 2 {
			if err := h.RequestReset(ctx, "ada@example.org"); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.RequestReset(ctx, "nobody@example.org"); err != nil {
			t.Fatal(err)
		}
		mails := h.post(t)
		var templates []string
		for _, m := range mails {
			templates = append(templates, m.Template)
		}
		slices.Sort(templates)
		if diff := cmp.Diff([]string{"password_reset", "password_reset", "password_unknown"}, templates); diff != "" {
			t.Fatal(diff)
		}
		var links []string
		for _, m := range mails {
			to, err := h.Recipient(ctx, m)
			if err != nil {
				t.Fatal(err)
			}
			if m.Template == "password_unknown" {
				if err := h.Reset(ctx, to.Token, "a password of nobody"); !errs.Has(err, "bad_link") {
					t.Errorf("a reset for nobody gave %v", err)
				}
				continue
			}
			links = append(links, to.Token)
		}
		if err := h.Reset(ctx, links[0], "the ferry leaves at ten"); err != nil {
			t.Fatal(err)
		}
		_, err := h.Session(ctx, token)
		wantErr(t, err, errs.Unauthenticated, "sign_in")
		for _, link := range links {
			err := h.Reset(ctx, link, "the ferry leaves at noon")
			wantErr(t, err, errs.NotFound, "bad_link")
		}
		if _, _, err := h.SignIn(ctx, SignInInput{Email: ada.Email, Password: "the ferry leaves at ten"}, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, ben := h.add(t, "ada@example.org"), h.add(t, "ben@example.org")
		one, oneToken := h.signIn(t, "ada@example.org")
		h.clock.Advance(time.Hour)
		two, _ := h.signIn(t, "ada@example.org")
		list, err := h.Sessions(ctx, ada.ID)
		if err != nil || len(list) != 2 || list[0].ID != two.ID || list[1].ID != one.ID || list[0].Device != "Firefox on Linux" {
			t.Fatalf("sessions are %+v, %v", list, err)
		}
		if err := h.EndSession(ctx, ben.As(Shopper), one.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger ended a session: %v", err)
		}
		if _, err := h.Session(ctx, oneToken); err != nil {
			t.Fatal(err)
		}
		if err := h.EndSession(ctx, ada.As(Shopper), one.ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.Session(ctx, oneToken)
		wantErr(t, err, errs.Unauthenticated, "sign_in")
		_, benToken := h.signIn(t, "ben@example.org")
		_, third := h.signIn(t, "ada@example.org")
		if err := h.EndOtherSessions(ctx, two); err != nil {
			t.Fatal(err)
		}
		_, err = h.Session(ctx, third)
		wantErr(t, err, errs.Unauthenticated, "sign_in")
		if _, err := h.Session(ctx, benToken); err != nil {
			t.Errorf("somebody else was signed out: %v", err)
		}
		if list, err := h.Sessions(ctx, ada.ID); err != nil || len(list) != 1 || list[0].ID != two.ID {
			t.Errorf("left are %+v, %v", list, err)
		}
		h.clock.Advance(15 * 24 * time.Hour)
		if list, err := h.Sessions(ctx, ada.ID); err != nil || len(list) != 0 {
			t.Errorf("expired sessions are listed: %+v, %v", list, err)
		}
		if err := h.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		var left int64
		if err := db.Conn(ctx).Table("sessions").Count(&left).Error; err != nil || left != 0 {
			t.Errorf("%d sessions are left after the sweep, %v", left, err)
		}
	})
}

func TestProve(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	h.add(t, "ada@example.org", Owner)
	session, token := h.signIn(t, "ada@example.org")
	h.clock.Advance(6 * time.Minute)
	err := h.Prove(t.Context(), session, "wrong")
	if diff := cmp.Diff([]string{"password:wrong_password"}, fieldCodes(err)); diff != "" {
		t.Error(diff)
	}
	if session, _ = h.Session(t.Context(), token); session.Fresh(h.clock.Now()) {
		t.Error("a wrong password counts as proof")
	}
	if err := h.Prove(t.Context(), session, goodPassword); err != nil {
		t.Fatal(err)
	}
	if session, _ = h.Session(t.Context(), token); !session.Fresh(h.clock.Now()) {
		t.Error("the proof did not count")
	}
}

func TestSecretsAreStoredHashed(t *testing.T) {
	db := dbtest.SQLite(t)
	h := newHouse(db)
	ctx := t.Context()
	ada := h.add(t, "ada@example.org")
	_, sessionToken := h.signIn(t, "ada@example.org")
	_, apiToken, err := h.AddToken(ctx, ada.As(Shopper), ada.ID, TokenInput{Name: "till", Scopes: []string{"orders:read"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.RequestReset(ctx, "ada@example.org"); err != nil {
		t.Fatal(err)
	}
	var linkID string
	if err := db.Conn(ctx).Table("account_links").Select("id").Take(&linkID).Error; err != nil {
		t.Fatal(err)
	}
	_, linkCode, _ := strings.Cut(h.linkToken(linkID), ".")
	for _, table := range []string{"users", "sessions", "tokens", "account_links", "jobs", "audit_entries"} {
		var rows []map[string]any
		if err := db.Conn(ctx).Table(table).Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for column, value := range row {
				text, _ := value.(string)
				for _, secret := range []string{sessionToken, apiToken, strings.TrimPrefix(apiToken, "nb_"), linkCode, goodPassword} {
					if strings.Contains(text, secret) {
						t.Errorf("%s.%s holds a secret in the clear", table, column)
					}
				}
			}
		}
	}
}

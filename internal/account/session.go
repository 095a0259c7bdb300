package account

import (
	"context"
	"time"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// How long a session lives: idle since the last request, and in all. Whoever
// can reach more than his own things gets the short ones, at once when the
// role is given, because the limits are applied when the session is read.
const (
	shopperIdle    = 14 * 24 * time.Hour
	shopperTotal   = 30 * 24 * time.Hour
	privilegedIdle = 30 * time.Minute
	privilegedAll  = 12 * time.Hour
	freshFor       = 5 * time.Minute // a password proof opens the guarded actions this long
	seenStep       = time.Minute     // the last-seen time is written no oftener
)

// Session is one signed-in browser.
type Session struct {
	ID        string
	User      User
	Device    string // what the browser said of itself, shortened
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
	ProvenAt  time.Time // when the password was last given
	ExpiresAt time.Time // when it ends even if used
}

// Fresh reports whether the password was given recently enough for payout,
// staff, refund, export and deletion.
func (s Session) Fresh(now time.Time) bool { return now.Sub(s.ProvenAt) <= freshFor }

// limits are the idle and total life of a session of u.
func limits(u User) (idle, total time.Duration) {
	if u.Privileged() {
		return privilegedIdle, privilegedAll
	}
	return shopperIdle, shopperTotal
}

// errSignIn is the one answer to a wrong name and a wrong password.
var errSignIn = errs.New(errs.Unauthenticated, "wrong_credentials", "This e-mail address and password do not belong together.")

// errSession is the answer to an unknown, ended or expired session.
var errSession = errs.New(errs.Unauthenticated, "sign_in", "Please sign in.")

// SignInInput is what a person gives to sign in.
type SignInInput struct {
	Email    string `form:"email" json:"email"`
	Password string `form:"password" json:"password"`
}

// SignIn checks the password and opens a session; token is its secret for the
// cookie and is stored only as a hash. An unknown address costs the same time
// and gets the same answer, Unauthenticated "wrong_credentials", as a wrong
// password. device is a short description of the browser.
func (s *Service) SignIn(ctx context.Context, in SignInInput, device string) (session Session, token string, err error) {
	email, ok := NormalizeEmail(in.Email)
	row := userRow{}
	if ok {
		if row, err = s.store.userByEmail(ctx, emailKey(email)); err != nil && !errs.Is(err, errs.NotFound) {
			return Session{}, "", err
		}
	}
	if len(in.Password) > 4*maxPassword {
		in.Password = "" // refused, at the usual price
	}
	match, err := s.hasher.matches(ctx, row.PasswordHash, in.Password)
	if err != nil {
		return Session{}, "", err
	}
	if !match {
		return Session{}, "", errSignIn
	}
	return s.open(ctx, row.ID, device, func(current userRow) error {
		if current.PasswordHash != row.PasswordHash {
			return errSignIn // changed while we were hashing
		}
		return nil
	})
}

// open starts a session of a user whom check accepts in the same transaction.
func (s *Service) open(ctx context.Context, userID, device string, check func(userRow) error) (session Session, token string, err error) {
	token = ident.Token()
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.store.user(ctx, userID, true)
		if err != nil {
			return err
		}
		if err := check(row); err != nil {
			return err
		}
		now := s.clock()
		fresh := sessionRow{ID: s.ids(), TokenHash: ident.Hash(token), UserID: userID, Device: shorten(device, 120), CreatedAt: now, SeenAt: now, ProvenAt: now}
		if err := s.store.addSession(ctx, fresh); err != nil {
			return err
		}
		session, err = s.session(ctx, fresh)
		return err
	})
	return session, token, err
}

func shorten(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}

// Session reads the session of a token with its user and the user's present
// roles. The error is Unauthenticated "sign_in" when there is none, or when it
// was idle or alive for too long.
func (s *Service) Session(ctx context.Context, token string) (Session, error) {
	if len(token) != 43 {
		return Session{}, errSession
	}
	row, err := s.store.sessionByHash(ctx, ident.Hash(token))
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			return Session{}, errSession
		}
		return Session{}, err
	}
	session, err := s.session(ctx, row)
	if err != nil {
		return Session{}, err
	}
	now := s.clock()
	idle, _ := limits(session.User)
	if now.After(session.ExpiresAt) || now.Sub(session.SeenAt) > idle {
		return Session{}, errSession
	}
	if now.Sub(session.SeenAt) >= seenStep {
		// Only ever an update: a session ended meanwhile stays ended.
		err = s.db.Tx(ctx, func(ctx context.Context) error { return s.store.touchSession(ctx, session.ID, now) })
	}
	return session, err
}

func (s *Service) session(ctx context.Context, row sessionRow) (Session, error) {
	user, err := s.Get(ctx, row.UserID)
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			return Session{}, errSession
		}
		return Session{}, err
	}
	_, total := limits(user)
	return Session{
		ID: row.ID, User: user, Device: row.Device, CreatedAt: row.CreatedAt, SeenAt: row.SeenAt,
		ProvenAt: row.ProvenAt, ExpiresAt: row.CreatedAt.Add(total),
	}, nil
}

// SignOut ends the session of a token. Ending one that is gone is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		return s.store.endSessionByHash(ctx, ident.Hash(token))
	})
}

// Sessions lists the live sessions of a user, the last used first.
func (s *Service) Sessions(ctx context.Context, userID string) ([]Session, error) {
	rows, err := s.store.sessions(ctx, userID)
	if err != nil {
		return nil, err
	}
	user, err := s.Get(ctx, userID)
	if err != nil {
		return nil, err
	}
	idle, total := limits(user)
	now := s.clock()
	var list []Session
	for _, row := range rows {
		if now.Sub(row.SeenAt) > idle || now.Sub(row.CreatedAt) > total {
			continue
		}
		list = append(list, Session{
			ID: row.ID, User: user, Device: row.Device, CreatedAt: row.CreatedAt, SeenAt: row.SeenAt,
			ProvenAt: row.ProvenAt, ExpiresAt: row.CreatedAt.Add(total),
		})
	}
	return list, nil
}

// EndSession ends one session of the actor's own by its id; somebody else's is
// NotFound.
func (s *Service) EndSession(ctx context.Context, actor Actor, sessionID string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		return s.store.endSession(ctx, actor.ID, sessionID)
	})
}

// Prove notes that the session's user gave the password again, which opens the
// guarded actions for five minutes. A wrong one is Invalid on field "password".
func (s *Service) Prove(ctx context.Context, session Session, password string) error {
	if _, err := s.checkOwnPassword(ctx, session.User.ID, "password", password); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		return s.store.proveSession(ctx, session.ID, s.clock())
	})
}

// Sweep deletes sessions and links that nobody can use any more.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		now := s.clock()
		if err := s.store.deleteSessionsBefore(ctx, now.Add(-shopperTotal), now.Add(-shopperIdle)); err != nil {
			return err
		}
		return s.store.deleteLinksBefore(ctx, now)
	})
}

// checkOwnPassword verifies a user's present password and returns its hash.
func (s *Service) checkOwnPassword(ctx context.Context, userID, field, password string) (string, error) {
	if database.InTx(ctx) {
		return "", errs.New(errs.Internal, "internal", "A password is never hashed inside a transaction.")
	}
	row, err := s.store.user(ctx, userID, false)
	if err != nil {
		return "", err
	}
	match, err := s.hasher.matches(ctx, row.PasswordHash, password)
	if err != nil {
		return "", err
	}
	if !match {
		return "", errs.Fields([]errs.Field{wrong(field, "wrong_password", "This is not your present password.")})
	}
	return row.PasswordHash, nil
}

// EndOtherSessions ends every session of the user but the given one.
func (s *Service) EndOtherSessions(ctx context.Context, session Session) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		return s.store.endSessions(ctx, session.User.ID, session.ID)
	})
}

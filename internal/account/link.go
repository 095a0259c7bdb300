package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// What a mailed link is for, and how long it works.
const (
	linkSignUp = "sign_up"
	linkReset  = "reset"
	linkInvite = "invite"

	signUpFor = 24 * time.Hour
	resetFor  = time.Hour
	inviteFor = 7 * 24 * time.Hour
)

// errLink is the answer to a link that is unknown, used or too old.
var errLink = errs.New(errs.NotFound, "bad_link", "This link is used up or too old. Please ask for a new one.")

// linkToken is the id of a link and a code only the key's holder can make.
func (s *Service) linkToken(id string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("account link " + id))
	return id + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// link reads the link of a token under a lock.
func (s *Service) link(ctx context.Context, kind, token string) (linkRow, error) {
	id, _, found := strings.Cut(token, ".")
	if !found || !ident.Valid(id) || !hmac.Equal([]byte(token), []byte(s.linkToken(id))) {
		return linkRow{}, errLink
	}
	row, err := s.store.link(ctx, id)
	switch {
	case errs.Is(err, errs.NotFound), err == nil && (row.Kind != kind || !s.clock().Before(row.ExpiresAt)):
		return linkRow{}, errLink
	}
	return row, err
}

// Recipient is where a Mail goes. Token is the secret for the address in the
// message, "" without a link.
type Recipient struct {
	Email  string
	Name   string
	Locale string
	Token  string
}

// Recipient finds whom a Mail is for, at the moment it is sent. NotFound means
// that the user or the link is gone and nothing should be sent.
func (s *Service) Recipient(ctx context.Context, m Mail) (Recipient, error) {
	if m.LinkID != "" {
		row, err := s.store.link(ctx, m.LinkID)
		if err != nil {
			return Recipient{}, err
		}
		return Recipient{Email: row.Email, Name: row.Name, Locale: row.Locale, Token: s.linkToken(row.ID)}, nil
	}
	row, err := s.store.user(ctx, m.UserID, false)
	if err != nil {
		return Recipient{}, err
	}
	return Recipient{Email: row.Email, Name: row.Name, Locale: row.Locale}, nil
}

// SignUpInput is the form of a new account.
type SignUpInput struct {
	Email    string `form:"email" json:"email"`
	Name     string `form:"name" json:"name"`
	Password string `form:"password" json:"password"`
	Locale   string `form:"locale" json:"locale"`
}

// SignUp begins an account. Whether or not the address is known, it does the
// same work and answers the same: look into your mail. A new address gets a
// link that makes the account; a known one is told that somebody tried, and
// that signing in or a new password would do. Errors: Invalid with every wrong
// field.
func (s *Service) SignUp(ctx context.Context, in SignUpInput) error {
	email, fields := checkEmail("email", in.Email)
	name, more := checkName("name", in.Name)
	fields = append(fields, more...)
	fields = append(fields, checkPassword("password", in.Password, in.Email, in.Name)...)
	if err := errs.Fields(fields); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		known, err := s.store.userByEmail(ctx, emailKey(email))
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		// The row is written for a known address too, so that both ways take the
		// same time; no token of it is ever sent then, and the sweep removes it.
		row := linkRow{
			ID: s.ids(), Kind: linkSignUp, Email: email, EmailKey: emailKey(email), Name: name, Locale: checkLocale(in.Locale),
			PasswordHash: hash, ExpiresAt: s.clock().Add(signUpFor),
		}
		if err := s.store.addLink(ctx, row); err != nil {
			return err
		}
		if known.ID != "" {
			return s.mail(ctx, Mail{Template: "sign_up_known", UserID: known.ID})
		}
		return s.mail(ctx, Mail{Template: "sign_up", LinkID: row.ID})
	})
}

// ConfirmSignUp makes the account of a mailed link and signs it in. Errors:
// NotFound "bad_link".
func (s *Service) ConfirmSignUp(ctx context.Context, linkToken, device string) (session Session, token string, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		link, err := s.link(ctx, linkSignUp, linkToken)
		if err != nil {
			return err
		}
		row, err := s.insert(ctx, link.Email, link.Name, link.Locale, link.PasswordHash, nil)
		if errs.Has(err, "already_exists") {
			return errLink
		} else if err != nil {
			return err
		}
		if err := s.store.deleteLinks(ctx, linkSignUp, link.EmailKey); err != nil {
			return err
		}
		err = s.audit.Add(ctx, audit.Entry{
			Actor: Actor{ID: row.ID, Role: Shopper}, Action: "user.sign_up", Object: "user", ObjectID: row.ID,
		})
		if err != nil {
			return err
		}
		session, token, err = s.open(ctx, row.ID, device, func(userRow) error { return nil })
		return err
	})
	return session, token, err
}

// RequestReset sends a link for a new password to a known address; an unknown
// one is told by mail that it has no account here. The answer and the work are
// the same.
func (s *Service) RequestReset(ctx context.Context, email string) error {
	email, fields := checkEmail("email", email)
	if err := errs.Fields(fields); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		known, err := s.store.userByEmail(ctx, emailKey(email))
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		row := linkRow{
			ID: s.ids(), Kind: linkReset, Email: email, EmailKey: emailKey(email), Name: known.Name, Locale: known.Locale,
			ExpiresAt: s.clock().Add(resetFor),
		}
		if err := s.store.addLink(ctx, row); err != nil {
			return err
		}
		if known.ID == "" {
			return s.mail(ctx, Mail{Template: "password_unknown", LinkID: row.ID})
		}
		return s.mail(ctx, Mail{Template: "password_reset", LinkID: row.ID})
	})
}

// Reset sets a new password by a mailed link and ends every session. Errors:
// NotFound "bad_link", Invalid with every wrong field.
func (s *Service) Reset(ctx context.Context, linkToken, password string) error {
	if err := errs.Fields(checkPassword("password", password)); err != nil {
		return err
	}
	// Looked at first without a lock: a forged link costs no hash.
	if _, err := s.link(ctx, linkReset, linkToken); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		link, err := s.link(ctx, linkReset, linkToken)
		if err != nil {
			return err
		}
		row, err := s.store.userByEmail(ctx, link.EmailKey)
		if errs.Is(err, errs.NotFound) {
			return errLink
		} else if err != nil {
			return err
		}
		if err := s.store.deleteLink(ctx, link.ID); err != nil {
			return err
		}
		return s.setPassword(ctx, row, hash, "")
	})
}

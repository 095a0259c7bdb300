package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

// tokenPrefix marks our tokens, so that scanners find leaked ones.
const tokenPrefix = "nb_"

// Scopes are what an API token can be limited to. A token never allows more
// than its user's roles and memberships do.
var Scopes = []string{
	"business:read", "business:write", "catalog:read", "catalog:write",
	"orders:read", "orders:write", "verification:read", "verification:write",
}

// errToken is the answer to an unknown, revoked or expired token.
var errToken = errs.New(errs.Unauthenticated, "bad_token", "This token is unknown, revoked or expired.")

// Token is a key for the API that acts as its user within its scopes.
type Token struct {
	ID        string
	User      User
	Name      string
	Scopes    []string
	CreatedAt time.Time
	ExpiresAt *time.Time // nil: never
	UsedAt    *time.Time // to the minute
}

// Allows reports whether the token carries the scope.
func (t Token) Allows(scope string) bool { return slices.Contains(t.Scopes, scope) }

// TokenInput describes a new token.
type TokenInput struct {
	Name   string        `form:"name" json:"name"`
	Scopes []string      `form:"scopes" json:"scopes"`
	Life   time.Duration `form:"-" json:"-"` // 0: no end
}

// AddToken makes a token of the user. secret is shown this one time; only its
// hash is kept. Errors: Invalid with every wrong field, NotFound.
func (s *Service) AddToken(ctx context.Context, actor Actor, userID string, in TokenInput) (token Token, secret string, err error) {
	name, fields := checkName("name", in.Name)
	if len(in.Scopes) == 0 {
		fields = append(fields, wrong("scopes", "required", "Choose at least one scope."))
	}
	for _, scope := range in.Scopes {
		if !slices.Contains(Scopes, scope) {
			fields = append(fields, wrong("scopes", "unknown_scope", "Scopes are: "+strings.Join(Scopes, ", ")+"."))
			break
		}
	}
	if in.Life < 0 {
		fields = append(fields, wrong("life", "too_short", "A token cannot end before it begins."))
	}
	if err := errs.Fields(fields); err != nil {
		return Token{}, "", err
	}
	scopes := slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
	secret = tokenPrefix + ident.Token()
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.ownOrOperator(ctx, actor, userID); err != nil {
			return err
		}
		user, err := s.Get(ctx, userID)
		if err != nil {
			return err
		}
		now := s.clock()
		row := tokenRow{ID: s.ids(), UserID: userID, Name: name, Hash: ident.Hash(secret), Scopes: strings.Join(scopes, " "), CreatedAt: now}
		if in.Life > 0 {
			end := now.Add(in.Life)
			row.ExpiresAt = &end
		}
		if err := s.store.addToken(ctx, row); err != nil {
			return err
		}
		token = row.token(user)
		return s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "token.add", Object: "token", ObjectID: row.ID, Detail: map[string]any{"scopes": scopes},
		})
	})
	return token, secret, err
}

// Tokens lists the tokens of a user, newest first.
func (s *Service) Tokens(ctx context.Context, userID string) ([]Token, error) {
	user, err := s.Get(ctx, userID)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.tokens(ctx, userID)
	if err != nil {
		return nil, err
	}
	list := make([]Token, len(rows))
	for i, row := range rows {
		list[i] = row.token(user)
	}
	return list, nil
}

// RevokeToken deletes a token of the actor's own; operators and the system may
// delete anybody's. Somebody else's is NotFound.
func (s *Service) RevokeToken(ctx context.Context, actor Actor, tokenID string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.store.token(ctx, tokenID)
		if err != nil {
			return err
		}
		if err := s.ownOrOperator(ctx, actor, row.UserID); err != nil {
			return err
		}
		if err := s.store.deleteToken(ctx, tokenID); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{Actor: actor, Action: "token.revoke", Object: "token", ObjectID: tokenID})
	})
}

// Token reads the token of a secret with its user's present roles. The error is
// Unauthenticated "bad_token" when it is unknown, revoked or expired.
func (s *Service) Token(ctx context.Context, secret string) (Token, error) {
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) != len(tokenPrefix)+43 {
		return Token{}, errToken
	}
	row, err := s.store.tokenByHash(ctx, ident.Hash(secret))
	if errs.Is(err, errs.NotFound) {
		return Token{}, errToken
	} else if err != nil {
		return Token{}, err
	}
	now := s.clock()
	if expired(row.ExpiresAt, now) {
		return Token{}, errToken
	}
	user, err := s.Get(ctx, row.UserID)
	if err != nil {
		return Token{}, err
	}
	if row.UsedAt == nil || now.Sub(*row.UsedAt) >= seenStep {
		err = s.db.Tx(ctx, func(ctx context.Context) error { return s.store.touchToken(ctx, row.ID, now) })
		row.UsedAt = &now
	}
	return row.token(user), err
}

func (s *Service) ownOrOperator(ctx context.Context, actor Actor, userID string) error {
	if actor.ID != "" && actor.ID == userID {
		return nil
	}
	if err := s.must(ctx, actor, Operator); errs.Is(err, errs.Forbidden) {
		return errs.Missing("token")
	} else if err != nil {
		return err
	}
	return nil
}

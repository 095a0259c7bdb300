package account

import (
	"context"
	"slices"
	"time"

	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
)

// Service is the room's door.
type Service struct {
	db     *database.DB
	store  store
	audit  *audit.Log
	jobs   *job.Queue
	clock  clock.Clock
	ids    ident.Source
	hasher *hasher
	key    []byte
}

// New makes the service. key is secret, at least 32 bytes, and makes the
// secret half of mailed links.
func New(db *database.DB, log *audit.Log, jobs *job.Queue, now clock.Clock, ids ident.Source, key []byte) *Service {
	if len(key) < 32 {
		panic("account: the key is shorter than 32 bytes")
	}
	return &Service{db: db, store: store{db}, audit: log, jobs: jobs, clock: now, ids: ids, hasher: newHasher(), key: key}
}

// Get reads a user with the present roles, or NotFound.
func (s *Service) Get(ctx context.Context, userID string) (User, error) {
	row, err := s.store.user(ctx, userID, false)
	if err != nil {
		return User{}, err
	}
	return s.withRoles(ctx, row)
}

// ByEmail reads a user by address, or NotFound. For operators' tools only:
// pages must never tell whether an address is known.
func (s *Service) ByEmail(ctx context.Context, email string) (User, error) {
	email, ok := NormalizeEmail(email)
	if !ok {
		return User{}, errs.Missing("user")
	}
	row, err := s.store.userByEmail(ctx, emailKey(email))
	if err != nil {
		return User{}, err
	}
	return s.withRoles(ctx, row)
}

// List is a page of all users in the order of their ids, which is the order in
// which they joined, after the given id.
func (s *Service) List(ctx context.Context, afterID string, limit int) ([]User, error) {
	rows, err := s.store.users(ctx, afterID, min(max(limit, 1), 200))
	if err != nil {
		return nil, err
	}
	list := make([]User, len(rows))
	for i, row := range rows {
		if list[i], err = s.withRoles(ctx, row); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Service) withRoles(ctx context.Context, row userRow) (User, error) {
	roles, err := s.store.roles(ctx, row.ID)
	if err != nil {
		return User{}, err
	}
	slices.Sort(roles)
	return User{
		ID: row.ID, Email: row.Email, Name: row.Name, Locale: row.Locale, Roles: roles,
		PasswordChangedAt: row.PasswordChangedAt, CreatedAt: row.CreatedAt,
	}, nil
}

// Has reports whether the user has the role now.
func (s *Service) Has(ctx context.Context, userID string, role Role) (bool, error) {
	if userID == "" {
		return false, nil
	}
	roles, err := s.store.roles(ctx, userID)
	return slices.Contains(roles, role), err
}

// NewUser is what an operator or the demo town adds directly, without the
// confirmation by mail.
type NewUser struct {
	Email    string
	Name     string
	Locale   string
	Password string
	Roles    []Role // Shopper is always among them
}

// Add makes a user at once. Errors: Invalid with every wrong field; Conflict
// "already_exists".
func (s *Service) Add(ctx context.Context, actor Actor, in NewUser) (User, error) {
	email, fields := checkEmail("email", in.Email)
	name, more := checkName("name", in.Name)
	fields = append(fields, more...)
	fields = append(fields, checkPassword("password", in.Password, in.Email, in.Name)...)
	for _, role := range in.Roles {
		if !slices.Contains([]Role{Shopper, Owner, Staff, Verifier, Operator}, role) {
			fields = append(fields, wrong("roles", "unknown_role", "There is no role of this name."))
		}
	}
	if err := errs.Fields(fields); err != nil {
		return User{}, err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return User{}, err
	}
	var user User
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.insert(ctx, email, name, checkLocale(in.Locale), hash, in.Roles)
		if err != nil {
			return err
		}
		if user, err = s.withRoles(ctx, row); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "user.add", Object: "user", ObjectID: row.ID,
			Detail: map[string]any{"roles": user.Roles},
		})
	})
	return user, err
}

func (s *Service) insert(ctx context.Context, email, name, locale, hash string, roles []Role) (userRow, error) {
	now := s.clock()
	row := userRow{
		ID: s.ids(), Email: email, EmailKey: emailKey(email), Name: name, Locale: locale,
		PasswordHash: hash, PasswordChangedAt: now, CreatedAt: now,
	}
	if err := s.store.addUser(ctx, row); err != nil {
		return userRow{}, err
	}
	for _, role := range append([]Role{Shopper}, roles...) {
		if err := s.store.addRole(ctx, row.ID, role); err != nil {
			return userRow{}, err
		}
	}
	return row, nil
}

// Grant gives a user a role, Revoke takes it away. Only operators and the
// system may; the last operator stays one (Conflict "last_operator"). Taking a
// role ends the user's sessions.
func (s *Service) Grant(ctx context.Context, actor Actor, userID string, role Role) error {
	return s.changeRole(ctx, actor, userID, role, "user.grant", func(ctx context.Context) error {
		return s.store.addRole(ctx, userID, role)
	})
}

// Revoke takes a role from a user; see Grant.
func (s *Service) Revoke(ctx context.Context, actor Actor, userID string, role Role) error {
	return s.changeRole(ctx, actor, userID, role, "user.revoke", func(ctx context.Context) error {
		if err := s.store.deleteRole(ctx, userID, role); err != nil {
			return err
		}
		if role == Operator {
			if left, err := s.store.countRole(ctx, Operator); err != nil || left == 0 {
				return orElse(err, errs.New(errs.Conflict, "last_operator", "The last operator cannot be taken away."))
			}
		}
		return s.store.endSessions(ctx, userID, "")
	})
}

func (s *Service) changeRole(ctx context.Context, actor Actor, userID string, role Role, action string, change func(context.Context) error) error {
	if role != Verifier && role != Operator {
		return errs.Fields([]errs.Field{wrong("role", "unknown_role", "Only verifier and operator are given by hand.")})
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.must(ctx, actor, Operator); err != nil {
			return err
		}
		if role == Operator {
			if err := s.store.lockRole(ctx, Operator); err != nil {
				return err
			}
		}
		if _, err := s.store.user(ctx, userID, true); err != nil {
			return err
		}
		if err := change(ctx); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: action, Object: "user", ObjectID: userID, Detail: map[string]any{"role": role},
		})
	})
}

// must refuses an actor who is neither the system nor a holder of the role at
// this moment.
func (s *Service) must(ctx context.Context, actor Actor, role Role) error {
	if actor.Role == System && actor.ID == "" {
		return nil
	}
	has, err := s.Has(ctx, actor.ID, role)
	if err != nil || has {
		return err
	}
	return errs.New(errs.Forbidden, "wrong_role", "You may not do this.")
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// ProfileInput is what people say about themselves.
type ProfileInput struct {
	Name   string `form:"name" json:"name"`
	Locale string `form:"lang" json:"locale"` // BCP 47, of mails and of pages where nothing else was chosen
}

// SetProfile changes how the session's user is called and written to. Errors:
// Invalid with every wrong field.
func (s *Service) SetProfile(ctx context.Context, session Session, in ProfileInput) error {
	name, fields := checkName("name", in.Name)
	if err := errs.Fields(fields); err != nil {
		return err
	}
	id := session.User.ID
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.setProfile(ctx, id, name, checkLocale(in.Locale)); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{Actor: Actor{ID: id, Role: Shopper}, Action: "user.profile", Object: "user", ObjectID: id})
	})
}

// ChangePasswordInput is the form of a password change.
type ChangePasswordInput struct {
	Current string `form:"current" json:"current"`
	New     string `form:"new" json:"new"`
}

// ChangePassword replaces the password of the session's user and ends all the
// other sessions and open reset links. Errors: Invalid with every wrong field.
func (s *Service) ChangePassword(ctx context.Context, session Session, in ChangePasswordInput) error {
	user := session.User
	fields := checkPassword("new", in.New, user.Email, user.Name)
	before, err := s.checkOwnPassword(ctx, user.ID, "current", in.Current)
	if errs.Is(err, errs.Invalid) {
		fields = append(fields, errs.Of(err).Fields...)
	} else if err != nil {
		return err
	}
	if err := errs.Fields(fields); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, in.New)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.store.user(ctx, user.ID, true)
		if err != nil {
			return err
		}
		if row.PasswordHash != before {
			return errs.New(errs.Conflict, "changed_meanwhile", "The password was changed elsewhere in the meantime.")
		}
		return s.setPassword(ctx, row, hash, session.ID)
	})
}

// setPassword writes the new hash and closes every door the old one opened,
// except the session to keep.
func (s *Service) setPassword(ctx context.Context, row userRow, hash, keepSession string) error {
	now := s.clock()
	if err := s.store.setPassword(ctx, row.ID, hash, now); err != nil {
		return err
	}
	if err := s.store.endSessions(ctx, row.ID, keepSession); err != nil {
		return err
	}
	if keepSession != "" {
		if err := s.store.proveSession(ctx, keepSession, now); err != nil {
			return err
		}
	}
	if err := s.store.deleteLinks(ctx, linkReset, row.EmailKey); err != nil {
		return err
	}
	if err := s.mail(ctx, Mail{Template: "password_changed", UserID: row.ID}); err != nil {
		return err
	}
	return s.audit.Add(ctx, audit.Entry{
		Actor: Actor{ID: row.ID, Role: Shopper}, Action: "user.password", Object: "user", ObjectID: row.ID,
	})
}

func (s *Service) mail(ctx context.Context, m Mail) error {
	return s.jobs.Add(ctx, job.Job{Kind: mail.Job, Args: m})
}

// expired reports whether a time that may be absent has passed.
func expired(at *time.Time, now time.Time) bool { return at != nil && !now.Before(*at) }

package account

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
)

type userRow struct {
	ID                string
	Email             string
	EmailKey          string
	Name              string
	Locale            string
	PasswordHash      string
	PasswordChangedAt time.Time
	CreatedAt         time.Time
}

func (userRow) TableName() string { return "users" }

type roleRow struct {
	UserID string
	Role   Role
}

func (roleRow) TableName() string { return "user_roles" }

type sessionRow struct {
	ID        string
	TokenHash string
	UserID    string
	Device    string
	CreatedAt time.Time
	SeenAt    time.Time
	ProvenAt  time.Time
}

func (sessionRow) TableName() string { return "sessions" }

type linkRow struct {
	ID           string
	Kind         string
	Email        string
	EmailKey     string
	Name         string
	Locale       string
	PasswordHash string
	BusinessID   string
	Role         string
	InvitedBy    string
	ExpiresAt    time.Time
}

func (linkRow) TableName() string { return "account_links" }

type tokenRow struct {
	ID        string
	UserID    string
	Name      string
	Hash      string
	Scopes    string
	CreatedAt time.Time
	ExpiresAt *time.Time
	UsedAt    *time.Time
}

func (tokenRow) TableName() string { return "tokens" }

func (r tokenRow) token(user User) Token {
	return Token{
		ID: r.ID, User: user, Name: r.Name, Scopes: strings.Fields(r.Scopes),
		CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, UsedAt: r.UsedAt,
	}
}

type memberRow struct {
	BusinessID string
	UserID     string
	Role       MemberRole
	CreatedAt  time.Time
}

func (memberRow) TableName() string { return "members" }

// store is all the SQL of the room.
type store struct{ db *database.DB }

func (st store) user(ctx context.Context, id string, lock bool) (userRow, error) {
	var row userRow
	if !ident.Valid(id) {
		return row, errs.Missing("user")
	}
	conn := st.db.Conn(ctx)
	if lock {
		conn = database.Locked(conn)
	}
	err := conn.Where("id = ?", id).Take(&row).Error
	return row, database.Err(err, "user")
}

func (st store) userByEmail(ctx context.Context, key string) (userRow, error) {
	var row userRow
	err := st.db.Conn(ctx).Where("email_key = ?", key).Take(&row).Error
	if err != nil {
		return userRow{}, database.Err(err, "user")
	}
	return row, nil
}

func (st store) users(ctx context.Context, after string, limit int) ([]userRow, error) {
	var rows []userRow
	err := st.db.Conn(ctx).Where("id > ?", after).Order("id").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "user")
}

func (st store) addUser(ctx context.Context, row userRow) error {
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "user")
}

func (st store) setPassword(ctx context.Context, id, hash string, now time.Time) error {
	err := st.db.Conn(ctx).Table("users").Where("id = ?", id).
		Updates(map[string]any{"password_hash": hash, "password_changed_at": now}).Error
	return database.Err(err, "user")
}

func (st store) setProfile(ctx context.Context, id, name, locale string) error {
	err := st.db.Conn(ctx).Table("users").Where("id = ?", id).Updates(map[string]any{"name": name, "locale": locale}).Error
	return database.Err(err, "user")
}

func (st store) roles(ctx context.Context, userID string) ([]Role, error) {
	var roles []Role
	err := st.db.Conn(ctx).Table("user_roles").Where("user_id = ?", userID).Pluck("role", &roles).Error
	return roles, database.Err(err, "role")
}

func (st store) addRole(ctx context.Context, userID string, role Role) error {
	err := st.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&roleRow{UserID: userID, Role: role}).Error
	return database.Err(err, "role")
}

func (st store) deleteRole(ctx context.Context, userID string, role Role) error {
	err := st.db.Conn(ctx).Where("user_id = ? AND role = ?", userID, role).Delete(&roleRow{}).Error
	return database.Err(err, "role")
}

func (st store) lockRole(ctx context.Context, role Role) error {
	var rows []roleRow
	err := database.Locked(st.db.Conn(ctx)).Where("role = ?", role).Order("user_id").Find(&rows).Error
	return database.Err(err, "role")
}

func (st store) countRole(ctx context.Context, role Role) (int64, error) {
	var n int64
	err := st.db.Conn(ctx).Table("user_roles").Where("role = ?", role).Count(&n).Error
	return n, database.Err(err, "role")
}

func (st store) addSession(ctx context.Context, row sessionRow) error {
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "session")
}

func (st store) sessionByHash(ctx context.Context, hash string) (sessionRow, error) {
	var row sessionRow
	err := st.db.Conn(ctx).Where("token_hash = ?", hash).Take(&row).Error
	return row, database.Err(err, "session")
}

func (st store) sessions(ctx context.Context, userID string) ([]sessionRow, error) {
	var rows []sessionRow
	err := st.db.Conn(ctx).Where("user_id = ?", userID).Order("seen_at DESC, id DESC").Find(&rows).Error
	return rows, database.Err(err, "session")
}

func (st store) touchSession(ctx context.Context, id string, now time.Time) error {
	err := st.db.Conn(ctx).Table("sessions").Where("id = ? AND seen_at < ?", id, now).
		Updates(map[string]any{"seen_at": now}).Error
	return database.Err(err, "session")
}

func (st store) proveSession(ctx context.Context, id string, now time.Time) error {
	err := st.db.Conn(ctx).Table("sessions").Where("id = ?", id).Updates(map[string]any{"proven_at": now}).Error
	return database.Err(err, "session")
}

func (st store) endSessionByHash(ctx context.Context, hash string) error {
	err := st.db.Conn(ctx).Where("token_hash = ?", hash).Delete(&sessionRow{}).Error
	return database.Err(err, "session")
}

func (st store) endSession(ctx context.Context, userID, id string) error {
	done := st.db.Conn(ctx).Where("id = ? AND user_id = ?", id, userID).Delete(&sessionRow{})
	if done.Error == nil && done.RowsAffected == 0 {
		return errs.Missing("session")
	}
	return database.Err(done.Error, "session")
}

// endSessions ends all sessions of a user but the one to keep ("" for none).
func (st store) endSessions(ctx context.Context, userID, keep string) error {
	err := st.db.Conn(ctx).Where("user_id = ? AND id <> ?", userID, keep).Delete(&sessionRow{}).Error
	return database.Err(err, "session")
}

func (st store) deleteSessionsBefore(ctx context.Context, created, seen time.Time) error {
	err := st.db.Conn(ctx).Where("created_at < ? OR seen_at < ?", created, seen).Delete(&sessionRow{}).Error
	return database.Err(err, "session")
}

func (st store) addLink(ctx context.Context, row linkRow) error {
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "link")
}

func (st store) link(ctx context.Context, id string) (linkRow, error) {
	var row linkRow
	conn := st.db.Conn(ctx)
	if database.InTx(ctx) {
		conn = database.Locked(conn)
	}
	err := conn.Where("id = ?", id).Take(&row).Error
	return row, database.Err(err, "link")
}

func (st store) deleteLink(ctx context.Context, id string) error {
	return database.Err(st.db.Conn(ctx).Where("id = ?", id).Delete(&linkRow{}).Error, "link")
}

func (st store) deleteLinks(ctx context.Context, kind, emailKey string) error {
	err := st.db.Conn(ctx).Where("kind = ? AND email_key = ?", kind, emailKey).Delete(&linkRow{}).Error
	return database.Err(err, "link")
}

func (st store) deleteLinksBefore(ctx context.Context, now time.Time) error {
	return database.Err(st.db.Conn(ctx).Where("expires_at < ?", now).Delete(&linkRow{}).Error, "link")
}

func (st store) addToken(ctx context.Context, row tokenRow) error {
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "token")
}

func (st store) token(ctx context.Context, id string) (tokenRow, error) {
	var row tokenRow
	err := st.db.Conn(ctx).Where("id = ?", id).Take(&row).Error
	return row, database.Err(err, "token")
}

func (st store) tokenByHash(ctx context.Context, hash string) (tokenRow, error) {
	var row tokenRow
	err := st.db.Conn(ctx).Where("hash = ?", hash).Take(&row).Error
	return row, database.Err(err, "token")
}

func (st store) tokens(ctx context.Context, userID string) ([]tokenRow, error) {
	var rows []tokenRow
	err := st.db.Conn(ctx).Where("user_id = ?", userID).Order("id DESC").Find(&rows).Error
	return rows, database.Err(err, "token")
}

func (st store) touchToken(ctx context.Context, id string, now time.Time) error {
	err := st.db.Conn(ctx).Table("tokens").Where("id = ?", id).Updates(map[string]any{"used_at": now}).Error
	return database.Err(err, "token")
}

func (st store) deleteToken(ctx context.Context, id string) error {
	done := st.db.Conn(ctx).Where("id = ?", id).Delete(&tokenRow{})
	if done.Error == nil && done.RowsAffected == 0 {
		return errs.Missing("token")
	}
	return database.Err(done.Error, "token")
}

func (st store) member(ctx context.Context, businessID, userID string) (memberRow, error) {
	var row memberRow
	err := st.db.Conn(ctx).Where("business_id = ? AND user_id = ?", businessID, userID).Take(&row).Error
	return row, database.Err(err, "member")
}

func (st store) setMember(ctx context.Context, businessID, userID string, role MemberRole, now time.Time) error {
	err := st.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "business_id"}, {Name: "user_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"role"}),
	}).Create(&memberRow{BusinessID: businessID, UserID: userID, Role: role, CreatedAt: now}).Error
	return database.Err(err, "member")
}

func (st store) deleteMember(ctx context.Context, businessID, userID string) error {
	done := st.db.Conn(ctx).Where("business_id = ? AND user_id = ?", businessID, userID).Delete(&memberRow{})
	if done.Error == nil && done.RowsAffected == 0 {
		return errs.Missing("member")
	}
	return database.Err(done.Error, "member")
}

// lockMembers lets one change of a business's members run at a time.
func (st store) lockMembers(ctx context.Context, businessID string) error {
	var rows []memberRow
	err := database.Locked(st.db.Conn(ctx)).Where("business_id = ?", businessID).Order("user_id").Find(&rows).Error
	return database.Err(err, "member")
}

func (st store) members(ctx context.Context, businessID string) ([]Member, error) {
	return st.joined(ctx, "m.business_id = ?", businessID)
}

func (st store) memberships(ctx context.Context, userID string) ([]Member, error) {
	return st.joined(ctx, "m.user_id = ?", userID)
}

func (st store) joined(ctx context.Context, where string, id string) ([]Member, error) {
	var list []Member
	err := st.db.Conn(ctx).Table("members AS m").Joins("JOIN users u ON u.id = m.user_id").
		Select("m.business_id, m.user_id, m.role, u.name, u.email").Where(where, id).
		Order("CASE m.role WHEN 'owner' THEN 0 WHEN 'manager' THEN 1 ELSE 2 END, m.created_at, m.user_id").Scan(&list).Error
	return list, database.Err(err, "member")
}

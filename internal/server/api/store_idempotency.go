package api

import (
	"context"
	"encoding/json"
	"time"

	"nearby/internal/database"
)

// answerStore is the table of kept answers.
type answerStore struct{ db *database.DB }

type answerRow struct {
	Scope       string
	Key         string
	RequestHash string
	Status      int // 0: still being worked on
	Headers     string
	Body        string
	CreatedAt   time.Time
}

// TableName is for gorm.
func (answerRow) TableName() string { return "idempotency" }

func (r answerRow) answer() (stored, error) {
	out := stored{Status: r.Status, Body: []byte(r.Body), replayed: true}
	return out, json.Unmarshal([]byte(r.Headers), &out)
}

func (s answerStore) get(ctx context.Context, w wish) (answerRow, error) {
	var row answerRow
	err := s.db.Conn(ctx).Where("scope = ? AND key = ?", w.scope, w.key).Take(&row).Error
	return row, database.Err(err, "request")
}

func (s answerStore) begin(ctx context.Context, w wish, now time.Time) error {
	row := answerRow{Scope: w.scope, Key: w.key, RequestHash: w.hash, Headers: "{}", CreatedAt: now}
	return database.Err(s.db.Conn(ctx).Create(&row).Error, "request")
}

func (s answerStore) finish(ctx context.Context, w wish, out stored) error {
	headers, err := json.Marshal(out)
	if err != nil {
		return err
	}
	err = s.db.Conn(ctx).Model(&answerRow{}).Where("scope = ? AND key = ?", w.scope, w.key).
		Updates(map[string]any{"status": out.Status, "headers": string(headers), "body": string(out.Body)}).Error
	return database.Err(err, "request")
}

func (s answerStore) drop(ctx context.Context, w wish) error {
	err := s.db.Conn(ctx).Where("scope = ? AND key = ? AND status = 0", w.scope, w.key).Delete(&answerRow{}).Error
	return database.Err(err, "request")
}

// forget removes the key's row when it is too old, or was never finished.
func (s answerStore) forget(ctx context.Context, w wish, old, dead time.Time) error {
	err := s.db.Conn(ctx).Where("scope = ? AND key = ? AND (created_at < ? OR status = 0 AND created_at < ?)", w.scope, w.key, old, dead).
		Delete(&answerRow{}).Error
	return database.Err(err, "request")
}

// sweep removes every row that is too old.
func (s answerStore) sweep(ctx context.Context, old time.Time) error {
	err := s.db.Conn(ctx).Where("created_at < ?", old).Delete(&answerRow{}).Error
	return database.Err(err, "request")
}

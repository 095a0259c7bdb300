package audit

import (
	"context"
	"encoding/json"
	"time"

	"nearby/internal/database"
)

type entryRow struct {
	Seq        int64 `gorm:"primaryKey"`
	At         time.Time
	ActorID    string
	ActorRole  string
	Action     string
	Object     string
	ObjectID   string
	BusinessID string
	Detail     string
	Hash       string
}

func (entryRow) TableName() string { return "audit_entries" }

func (r entryRow) record() (Record, error) {
	record := Record{Seq: r.Seq, At: r.At, Entry: Entry{
		Actor: Actor{ID: r.ActorID, Role: r.ActorRole}, Action: r.Action,
		Object: r.Object, ObjectID: r.ObjectID, BusinessID: r.BusinessID,
	}}
	return record, json.Unmarshal([]byte(r.Detail), &record.Detail)
}

type headRow struct {
	Seq  int64
	Hash string
}

func (l *Log) head(ctx context.Context) (headRow, error) {
	var head headRow
	err := l.db.Conn(ctx).Table("audit_head").Where("one = 1").Take(&head).Error
	return head, database.Err(err, "audit head")
}

func (l *Log) lockHead(ctx context.Context) (headRow, error) {
	var head headRow
	err := database.Locked(l.db.Conn(ctx).Table("audit_head")).Where("one = 1").Take(&head).Error
	return head, database.Err(err, "audit head")
}

func (l *Log) write(ctx context.Context, rows []entryRow, head headRow) error {
	conn := l.db.Conn(ctx)
	if err := conn.CreateInBatches(&rows, 500).Error; err != nil {
		return database.Err(err, "audit entry")
	}
	err := conn.Table("audit_head").Where("one = 1").Updates(map[string]any{"seq": head.Seq, "hash": head.Hash}).Error
	return database.Err(err, "audit head")
}

// each calls fn for every entry in order, a page at a time.
func (l *Log) each(ctx context.Context, fn func(entryRow) error) error {
	const page = 1000
	var after int64
	for first := true; ; first = false {
		var rows []entryRow
		query := l.db.Conn(ctx).Order("seq").Limit(page)
		if !first {
			query = query.Where("seq > ?", after)
		}
		if err := query.Find(&rows).Error; err != nil {
			return database.Err(err, "audit entry")
		}
		for _, row := range rows {
			if err := fn(row); err != nil {
				return err
			}
			after = row.Seq
		}
		if len(rows) < page {
			return nil
		}
	}
}

// Of lists the newest entries about one thing, newest first, at most limit.
func (l *Log) Of(ctx context.Context, object, objectID string, limit int) ([]Record, error) {
	var rows []entryRow
	err := l.db.Conn(ctx).Where("object = ? AND object_id = ?", object, objectID).
		Order("seq DESC").Limit(min(max(limit, 1), 500)).Find(&rows).Error
	if err != nil {
		return nil, database.Err(err, "audit entry")
	}
	return records(rows)
}

// Since lists entries after the given number, oldest first, at most limit.
func (l *Log) Since(ctx context.Context, seq int64, limit int) ([]Record, error) {
	var rows []entryRow
	err := l.db.Conn(ctx).Where("seq > ?", seq).Order("seq").Limit(min(max(limit, 1), 1000)).Find(&rows).Error
	if err != nil {
		return nil, database.Err(err, "audit entry")
	}
	return records(rows)
}

func records(rows []entryRow) ([]Record, error) {
	list := make([]Record, len(rows))
	for i, row := range rows {
		var err error
		if list[i], err = row.record(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

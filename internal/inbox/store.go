package inbox

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
)

type row struct {
	Account    string
	ID         string
	Type       string
	ObjectID   string
	IntentID   *string
	Livemode   bool
	APIVersion string
	Created    time.Time
	Source     Source
	State      string
	Attempts   int
	LastError  *string
	ReceivedAt time.Time
	DoneAt     *time.Time
}

func (row) TableName() string { return "inbox" }

func (r row) event() Event {
	e := Event{Account: r.Account, ID: r.ID, Type: r.Type, ObjectID: r.ObjectID, At: r.Created}
	if r.IntentID != nil {
		e.IntentID = *r.IntentID
	}
	return e
}

// insert stores r; false when it is known already.
func (in *Inbox) insert(ctx context.Context, r row) (bool, error) {
	result := in.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "account"}, {Name: "id"}}, DoNothing: true,
	}).Create(&r)
	return result.RowsAffected == 1, database.Err(result.Error, "event")
}

// waiting lists the unworked events of one object, oldest first.
func (in *Inbox) waiting(ctx context.Context, account, object string) ([]row, error) {
	var rows []row
	err := in.db.Conn(ctx).Where("account = ? AND object_id = ? AND state = 'new'", account, object).
		Order("created, id").Limit(200).Find(&rows).Error
	return rows, database.Err(err, "event")
}

func (in *Inbox) update(ctx context.Context, group []row, state string, attempts int, failed error) error {
	ids := make([]string, len(group))
	for i, r := range group {
		ids[i] = r.ID
	}
	set := map[string]any{"state": state, "attempts": attempts, "last_error": nil, "done_at": nil}
	if failed != nil {
		set["last_error"] = failed.Error()
	} else {
		set["done_at"] = in.clock()
	}
	return in.db.Tx(ctx, func(ctx context.Context) error {
		err := in.db.Conn(ctx).Model(&row{}).Where("account = ? AND id IN ? AND state = 'new'", group[0].Account, ids).Updates(set).Error
		return database.Err(err, "event")
	})
}

// Figures are the numbers an operator watches.
type Figures struct {
	New, Parked int64
	OldestNew   time.Time // zero when none waits
}

// Figures counts the events that wait and those that need a person.
func (in *Inbox) Figures(ctx context.Context) (Figures, error) {
	var f Figures
	conn := in.db.Conn(ctx)
	if err := conn.Model(&row{}).Where("state = 'new'").Count(&f.New).Error; err != nil {
		return f, database.Err(err, "event")
	}
	if err := conn.Model(&row{}).Where("state = 'parked'").Count(&f.Parked).Error; err != nil {
		return f, database.Err(err, "event")
	}
	var oldest []row
	err := conn.Select("received_at").Where("state = 'new'").Order("received_at").Limit(1).Find(&oldest).Error
	if len(oldest) > 0 {
		f.OldestNew = oldest[0].ReceivedAt
	}
	return f, database.Err(err, "event")
}

// Retry has parked events of an account's object tried again from the start.
func (in *Inbox) Retry(ctx context.Context, account, object string) error {
	return in.db.Tx(ctx, func(ctx context.Context) error {
		result := in.db.Conn(ctx).Model(&row{}).Where("account = ? AND object_id = ? AND state = 'parked'", account, object).
			Updates(map[string]any{"state": "new", "attempts": 0})
		if result.Error != nil || result.RowsAffected == 0 {
			return database.Err(result.Error, "event")
		}
		return in.enqueue(ctx, account, object, time.Time{})
	})
}

package check

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"nearby/internal/database"
	"nearby/internal/phone"
)

// askRow is a code that somebody asked for.
type askRow struct {
	CheckID   string
	UserID    string
	NumberMAC string `gorm:"column:number_mac"`
	NetMAC    string `gorm:"column:net_mac"`
	At        time.Time
}

func (askRow) TableName() string { return "phone_codes" }

// sendRow is one try to bring a code.
type sendRow struct {
	ID        string
	CheckID   string
	Sender    string
	SenderRef string
	State     string
	Day       string
	Cost      int64
	Refunded  int64
	At        time.Time
}

func (sendRow) TableName() string { return "phone_sends" }

// lockDay holds the row of a day, making it first, and returns what was spent.
func (st store) lockDay(ctx context.Context, day string) (spent int64, err error) {
	conn := st.db.Conn(ctx)
	err = conn.Exec("INSERT INTO phone_days (day, codes, spent, refunded) VALUES (?, 0, 0, 0) ON CONFLICT (day) DO NOTHING", day).Error
	if err == nil {
		err = database.Locked(conn.Table("phone_days").Select("spent").Where("day = ?", day)).Take(&spent).Error
	}
	return spent, database.Err(err, "code")
}

func (st store) failedSince(ctx context.Context, businessID string, method Name, since time.Time) (bool, error) {
	var n int64
	err := st.db.Conn(ctx).Table("checks").Where("business_id = ? AND method = ? AND state = 'failed' AND reason = 'tries' AND ended_at > ?", businessID, method, since).
		Count(&n).Error
	return n > 0, database.Err(err, "code")
}

// counts are how many codes an account, a number and a network asked for.
type counts struct{ User, Number, Net int64 }

func (st store) asked(ctx context.Context, like askRow, since time.Time) (counts, error) {
	var c counts
	err := st.db.Conn(ctx).Raw(`SELECT (SELECT COUNT(*) FROM phone_codes WHERE user_id = ? AND at > ?) AS "user",
		(SELECT COUNT(*) FROM phone_codes WHERE number_mac = ? AND at > ?) AS number, (SELECT COUNT(*) FROM phone_codes WHERE net_mac = ? AND at > ?) AS net`,
		like.UserID, since, like.NumberMAC, since, like.NetMAC, since).Scan(&c).Error
	return c, database.Err(err, "code")
}

func (st store) addAsk(ctx context.Context, row askRow) error {
	return database.Err(st.db.Conn(ctx).Create(&row).Error, "code")
}

// addSend writes a try before it is made; false when this sender was asked for
// this code already.
func (st store) addSend(ctx context.Context, row sendRow) (bool, error) {
	done := st.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	return done.RowsAffected == 1, database.Err(done.Error, "code")
}

// spendMoney takes a price from the budget of a day; false when it is used up.
func (st store) spendMoney(ctx context.Context, day string, cost, budget int64) (bool, error) {
	done := st.db.Conn(ctx).Exec("UPDATE phone_days SET codes = codes + 1, spent = spent + ? WHERE day = ? AND spent + ? <= ?", cost, day, cost, budget)
	return done.RowsAffected == 1, database.Err(done.Error, "code")
}

// settleSend writes down what a sender said. What was not taken costs nothing;
// what cost something else than expected is counted as it was.
func (st store) settleSend(ctx context.Context, s sendRow, r phone.Receipt, taken bool) error {
	state, cost := "sent", s.Cost
	switch {
	case !taken:
		state, cost = "failed", 0
	case r.Cost >= 0:
		cost = r.Cost
	}
	conn := st.db.Conn(ctx)
	err := conn.Exec("UPDATE phone_days SET spent = spent + ? WHERE day = ?", cost-s.Cost, s.Day).Error
	if err == nil {
		err = conn.Exec("UPDATE phone_sends SET state = ?, sender_ref = ?, cost = ? WHERE id = ? AND state = 'sending'", state, r.ID, cost, s.ID).Error
	}
	return database.Err(err, "code")
}

// addReport remembers a report; false when it was there already.
func (st store) addReport(ctx context.Context, hash string, now time.Time) (bool, error) {
	done := st.db.Conn(ctx).Exec("INSERT INTO phone_reports (hash, at) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", hash, now)
	return done.RowsAffected == 1, database.Err(done.Error, "report")
}

// report moves a code forward to what became of it and gives its price back
// once, when the sender did.
func (st store) report(ctx context.Context, sender string, r phone.Report) error {
	conn := st.db.Conn(ctx)
	var row sendRow
	if err := conn.Where("sender = ? AND sender_ref = ?", sender, r.ID).Take(&row).Error; err != nil {
		return database.Err(err, "code")
	}
	before := map[phone.Status][]string{
		phone.Delivered: {"sent"}, phone.Read: {"sent", "delivered"}, phone.Expired: {"sent"}, phone.Revoked: {"sent", "expired"},
	}[r.Status]
	if len(before) > 0 {
		if err := conn.Exec("UPDATE phone_sends SET state = ? WHERE id = ? AND state IN ?", r.Status, row.ID, before).Error; err != nil {
			return database.Err(err, "code")
		}
	}
	if !r.Refunded {
		return nil
	}
	done := conn.Exec("UPDATE phone_sends SET refunded = cost WHERE id = ? AND refunded = 0 AND cost > 0", row.ID)
	if done.Error != nil || done.RowsAffected == 0 {
		return database.Err(done.Error, "code")
	}
	err := conn.Exec("UPDATE phone_days SET spent = spent - ?, refunded = refunded + ? WHERE day = ?", row.Cost, row.Cost, row.Day).Error
	return database.Err(err, "code")
}

// openSends lists codes between two moments of which nobody knows whether they
// arrived.
func (st store) openSends(ctx context.Context, from, to time.Time, limit int) ([]sendRow, error) {
	var rows []sendRow
	err := st.db.Conn(ctx).Where("state = 'sent' AND sender_ref <> '' AND at > ? AND at < ?", from, to).Order("at").Limit(limit).Find(&rows).Error
	return rows, database.Err(err, "code")
}

func (st store) bills(ctx context.Context, since string) ([]Bill, error) {
	var list []Bill
	err := st.db.Conn(ctx).Table("phone_days").Where("day >= ?", since).Order("day DESC").Limit(31).Find(&list).Error
	return list, database.Err(err, "code")
}

func (st store) senders(ctx context.Context, since time.Time) (map[string]SenderFigures, error) {
	var rows []SenderFigures
	err := st.db.Conn(ctx).Raw(`SELECT s.sender AS name, COUNT(*) AS sent, COALESCE(SUM(CASE WHEN s.state IN ('delivered', 'read') THEN 1 END), 0) AS arrived,
		COALESCE(SUM(CASE WHEN s.state = 'failed' THEN 1 END), 0) AS failed, COALESCE(SUM(CASE WHEN c.passed_at IS NOT NULL AND s.state <> 'failed' THEN 1 END), 0) AS passed,
		COALESCE(SUM(s.cost), 0) AS cost, COALESCE(SUM(s.refunded), 0) AS refunded
		FROM phone_sends s JOIN checks c ON c.id = s.check_id WHERE s.at > ? GROUP BY s.sender`, since).Scan(&rows).Error
	known := map[string]SenderFigures{}
	for _, r := range rows {
		known[r.Name] = r
	}
	return known, database.Err(err, "code")
}

package directory

import (
	"context"
	"time"

	"nearby/internal/database"
)

type changeRow struct {
	BusinessID string
	Origin     string
	At         time.Time
}

func (changeRow) TableName() string { return "directory_changes" }

// position is how far a reader of directory_changes has come: on SQLite the
// last number, on PostgreSQL the snapshot of the last reading.
type position struct {
	Seq      int64
	Snapshot string
}

func (st store) insertChanges(ctx context.Context, ids []string, origin string, at time.Time) error {
	rows := make([]changeRow, len(ids))
	for i, id := range ids {
		rows[i] = changeRow{BusinessID: id, Origin: origin, At: at}
	}
	return database.Err(st.db.Conn(ctx).CreateInBatches(&rows, 1000).Error, "change")
}

// insertMark writes a line about no business, and gives its number.
func (st store) insertMark(ctx context.Context, mark string, at time.Time) (seq int64, err error) {
	err = st.db.Conn(ctx).Raw("INSERT INTO directory_changes (business_id, origin, at) VALUES ('', ?, ?) RETURNING seq", mark, at).Scan(&seq).Error
	return seq, database.Err(err, "change")
}

// hasMark reports whether that line is still there.
func (st store) hasMark(ctx context.Context, mark string, seq int64) (bool, error) {
	var n int
	err := st.db.Conn(ctx).Raw("SELECT COUNT(*) FROM directory_changes WHERE seq = ? AND origin = ? AND business_id = ''", seq, mark).Scan(&n).Error
	return n > 0, database.Err(err, "change")
}

// end is the position behind everything that is committed now.
func (st store) end(ctx context.Context) (position, error) {
	var p position
	conn := st.db.Conn(ctx)
	if st.db.IsPostgres() {
		return p, database.Err(conn.Raw("SELECT pg_current_snapshot()::text").Scan(&p.Snapshot).Error, "change")
	}
	return p, database.Err(conn.Raw("SELECT COALESCE(MAX(seq), 0) FROM directory_changes").Scan(&p.Seq).Error, "change")
}

// changes are the ids of the businesses that others than origin committed a
// change of since the position, some perhaps twice, and the position behind
// them.
func (st store) changes(ctx context.Context, since position, origin string) (ids []string, next position, err error) {
	if st.db.IsPostgres() {
		return st.changesBySnapshot(ctx, since, origin)
	}
	if next, err = st.end(ctx); err != nil || next.Seq <= since.Seq {
		return nil, since, err
	}
	err = st.db.Conn(ctx).Raw("SELECT business_id FROM directory_changes WHERE seq > ? AND seq <= ? AND origin <> ? AND business_id <> '' ORDER BY seq",
		since.Seq, next.Seq, origin).Scan(&ids).Error
	return ids, next, database.Err(err, "change")
}

// changesBySnapshot reads rows and snapshot in one statement, which sees both
// at the same moment.
func (st store) changesBySnapshot(ctx context.Context, since position, origin string) (ids []string, next position, err error) {
	var rows []struct {
		Snapshot   string
		BusinessID *string
	}
	err = st.db.Conn(ctx).Raw(`SELECT s.snapshot::text, c.business_id
		FROM (SELECT pg_current_snapshot() AS snapshot) s LEFT JOIN directory_changes c
		ON c.xid >= pg_snapshot_xmin(?::pg_snapshot) AND NOT pg_visible_in_snapshot(c.xid, ?::pg_snapshot) AND c.origin <> ? AND c.business_id <> ''`,
		since.Snapshot, since.Snapshot, origin).Scan(&rows).Error
	if err != nil {
		return nil, since, database.Err(err, "change")
	}
	for _, r := range rows {
		next.Snapshot = r.Snapshot
		if r.BusinessID != nil {
			ids = append(ids, *r.BusinessID)
		}
	}
	return ids, next, nil
}

// pruneChanges takes out the oldest changes made before a time, at most most of
// them, and says how many it took.
func (st store) pruneChanges(ctx context.Context, before time.Time, most int) (int, error) {
	done := st.db.Conn(ctx).Exec(`DELETE FROM directory_changes WHERE seq IN
		(SELECT seq FROM (SELECT seq, at FROM directory_changes ORDER BY seq LIMIT ?) AS oldest WHERE at < ?)`, most, before)
	return int(done.RowsAffected), database.Err(done.Error, "change")
}

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
	seq      int64
	snapshot string
}

func (st store) insertChanges(ctx context.Context, ids []string, origin string, at time.Time) error {
	rows := make([]changeRow, len(ids))
	for i, id := range ids {
		rows[i] = changeRow{BusinessID: id, Origin: origin, At: at}
	}
	return database.Err(st.db.Conn(ctx).CreateInBatches(&rows, 1000).Error, "change")
}

// end is the position behind everything that is committed now.
func (st store) end(ctx context.Context) (position, error) {
	var p position
	conn := st.db.Conn(ctx)
	if st.db.IsPostgres() {
		return p, database.Err(conn.Raw("SELECT pg_current_snapshot()::text").Scan(&p.snapshot).Error, "change")
	}
	return p, database.Err(conn.Raw("SELECT COALESCE(MAX(seq), 0) FROM directory_changes").Scan(&p.seq).Error, "change")
}

// changes are the ids of the businesses that others than origin committed a
// change of since the position, some perhaps twice, and the position behind
// them.
func (st store) changes(ctx context.Context, since position, origin string) (ids []string, next position, err error) {
	if st.db.IsPostgres() {
		return st.changesBySnapshot(ctx, since, origin)
	}
	if next, err = st.end(ctx); err != nil || next.seq <= since.seq {
		return nil, since, err
	}
	err = st.db.Conn(ctx).Raw("SELECT business_id FROM directory_changes WHERE seq > ? AND seq <= ? AND origin <> ? ORDER BY seq",
		since.seq, next.seq, origin).Scan(&ids).Error
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
		ON c.xid >= pg_snapshot_xmin(?::pg_snapshot) AND NOT pg_visible_in_snapshot(c.xid, ?::pg_snapshot) AND c.origin <> ?`,
		since.snapshot, since.snapshot, origin).Scan(&rows).Error
	if err != nil {
		return nil, since, database.Err(err, "change")
	}
	for _, r := range rows {
		next.snapshot = r.Snapshot
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

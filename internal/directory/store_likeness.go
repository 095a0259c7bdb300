package directory

import (
	"context"

	"nearby/internal/database"
	"nearby/internal/likeness"
)

// noSkeleton marks a name that has been looked at and is signs alone.
const noSkeleton = "-"

func skeleton(name string) string {
	if s := likeness.Skeleton(name); s != "" {
		return s
	}
	return noSkeleton
}

// most is how many businesses of one telephone, host or look are compared.
const most = 100

// alike lists the businesses that have the telephone, the web host or the look of
// the name of b in whatever state, at most a hundred of each, and those of the
// given ids.
func (st store) alike(ctx context.Context, b Business, ids []string) ([]Business, error) {
	find := func(where string, value any) error {
		var found []string
		err := st.db.Conn(ctx).Table("businesses").Where(where, value).Order("id").Limit(most).Pluck("id", &found).Error
		ids = append(ids, found...)
		return database.Err(err, "business")
	}
	if b.Phone != "" {
		if err := find("phone <> '' AND phone = ?", b.Phone); err != nil {
			return nil, err
		}
	}
	if host := likeness.Host(b.Website); host != "" {
		if err := find("host <> '' AND host = ?", host); err != nil {
			return nil, err
		}
	}
	if looks := likeness.Skeletons(b.Name); len(looks) > 0 {
		if err := find("skeleton IN ?", looks); err != nil {
			return nil, err
		}
	}
	return st.list(ctx, ids)
}

// fillKeys gives rows from before there were such keys theirs, a page at a time
// so that nobody waits for it.
func (st store) fillKeys(ctx context.Context) error {
	const page = 500
	for {
		var rows []businessRow
		err := st.db.Conn(ctx).Select("id", "name", "website").Where("skeleton = ''").Order("id").Limit(page).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return database.Err(err, "business")
		}
		err = st.db.Tx(ctx, func(ctx context.Context) error {
			for _, r := range rows {
				// A name that has changed meanwhile came with its keys.
				err := st.db.Conn(ctx).Exec(`UPDATE businesses SET skeleton = ?, host = ? WHERE id = ? AND skeleton = ''`,
					skeleton(r.Name), likeness.Host(r.Website), r.ID).Error
				if err != nil {
					return database.Err(err, "business")
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

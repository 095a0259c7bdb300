package directory

import (
	"context"

	"nearby/internal/database"
)

func (st store) browse(ctx context.Context, words []string, state State, after string, limit int) ([]Business, error) {
	query := st.full(ctx)
	for _, word := range words { // folded words hold letters and digits only, so no wildcard
		query = query.Where("(b.name_key LIKE ? OR b.slug LIKE ?)", "%"+word+"%", "%"+word+"%")
	}
	if state != "" {
		query = query.Where("b.state = ?", state)
	}
	if after != "" {
		query = query.Where("(b.name_key, b.id) > (SELECT name_key, id FROM businesses WHERE id = ?)", after)
	}
	var rows []fullRow
	if err := query.Order("b.name_key, b.id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, database.Err(err, "business")
	}
	return st.businesses(rows)
}

func (st store) census(ctx context.Context) (map[State]int, error) {
	var rows []struct {
		State State
		N     int
	}
	err := st.db.Conn(ctx).Model(&businessRow{}).Select("state, COUNT(*) AS n").Group("state").Scan(&rows).Error
	census := map[State]int{}
	for _, r := range rows {
		census[r.State] = r.N
	}
	return census, database.Err(err, "business")
}

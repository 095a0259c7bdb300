package catalog_test

import (
	"fmt"
	"testing"

	"gorm.io/gorm"

	"nearby/internal/catalog"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
)

// TestListsReadInThreeQueries however many products there are.
func TestListsReadInThreeQueries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		var ids []string
		for i := range 25 {
			in := mug()
			in.Title = fmt.Sprint("Mug ", i)
			in.Photos = []catalog.PhotoInput{{Hash: h.upload(t, uint8(i)).Hash}}
			for _, v := range h.publish(t, h.add(t, in)).Variants {
				ids = append(ids, v.ID)
			}
		}
		queries := 0
		err := db.Conn(t.Context()).Callback().Query().Before("gorm:query").Register("count", func(*gorm.DB) { queries++ })
		if err != nil {
			t.Fatal(err)
		}
		reads := map[string]func() (int, error){
			"ListPublic": func() (int, error) {
				shelves, err := h.ListPublic(t.Context(), h.business.ID)
				return len(shelves[0].Products), err
			},
			"List": func() (int, error) {
				page, err := h.List(t.Context(), h.business.ID, catalog.Filter{Text: "mug"}, "")
				return len(page.Products), err
			},
			"Variants": func() (int, error) {
				items, err := h.Variants(t.Context(), ids)
				return len(items) / 4, err
			},
		}
		for name, read := range reads {
			queries = 0
			n, err := read()
			if err != nil || n != 25 || queries > 3 {
				t.Errorf("%s: %d products in %d queries, %v", name, n, queries, err)
			}
		}
	})
}

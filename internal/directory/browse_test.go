package directory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
)

func TestBrowseAndCensus(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada, op := h.user(t, "ada"), h.user(t, "op", account.Operator)
		for _, name := range []string{"Bäckerei Krume", "Anker Café", "Café Anker Ost", "Zum Zebra"} {
			h.create(t, ada, quay(name, 52.5, 13.4))
		}
		gone, err := h.Close(t.Context(), ada, "zum-zebra")
		if err != nil {
			t.Fatal(err)
		}
		names := func(query string, state State, limit int) (all []string) {
			t.Helper()
			cursor := ""
			for {
				list, next, err := h.Browse(t.Context(), op, query, state, cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, b := range list {
					all = append(all, b.Name)
				}
				if cursor = next; next == "" {
					return all
				}
			}
		}
		for _, limit := range []int{1, 2, 3, 50} {
			if diff := cmp.Diff([]string{"Anker Café", "Bäckerei Krume", "Café Anker Ost", "Zum Zebra"}, names("", "", limit)); diff != "" {
				t.Errorf("pages of %d: %s", limit, diff)
			}
		}
		if diff := cmp.Diff([]string{"Anker Café", "Café Anker Ost"}, names("CAFE anker", "", 1)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{gone.Name}, names("", Withdrawn, 10)); diff != "" {
			t.Error(diff)
		}
		if got := names("100%_", "", 10); got != nil {
			t.Errorf("wildcards find %v", got)
		}
		census, err := h.Census(t.Context(), op)
		if diff := cmp.Diff(map[State]int{Draft: 3, Withdrawn: 1}, census); diff != "" || err != nil {
			t.Errorf("%s (%v)", diff, err)
		}
		_, err = h.Census(t.Context(), ada)
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, _, err = h.Browse(t.Context(), ada, "", "", "", 10)
		wantErr(t, err, errs.Forbidden, "wrong_role")
		_, _, err = h.Browse(t.Context(), op, "", "", "x", 10)
		wantErr(t, err, errs.Malformed, "bad_cursor")
	})
}

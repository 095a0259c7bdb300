package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/likeness"
)

func TestDuplicates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		first := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		for name, lat := range map[string]float64{"Harbour Buns North": 52.5026, "Harbour Buns Far": 52.5028, "Other": 52.5001} { // 289 m, 311 m
			p := quay(name, lat, 13.4)
			p.Phone, p.Website, p.Address.Street, p.Address.Postcode = "", "", name+" Road", "10999"
			h.create(t, ada, p)
		}
		closed := h.create(t, ada, quay("Harbour Buns", 52.5, 13.4))
		if _, err := h.Close(t.Context(), ada, closed.ID); err != nil {
			t.Fatal(err)
		}
		h.create(t, ada, quay("Pier Cakes", 52.5, 13.4)) // with the same telephone
		list, err := h.Duplicates(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range list {
			got = append(got, d.Name+": "+strings.Join(d.Same, " "))
			if d.Score <= 0 || d.Score >= 1 {
				t.Errorf("%s has a score of %v", d.Name, d.Score)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"Harbour Buns North: name", "Pier Cakes: phone website address pin"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDuplicatesFarFromThePin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada, bob := h.user(t, "ada"), h.user(t, "bob")
		listed := quay("Harbour Buns", 52.5, 13.4)
		listed.Website = "https://www.buns.example/"
		b := h.create(t, ada, listed)
		elsewhere := quay("HARBOUR BUNS", 52.6, 13.4) // 11 km off, all the rest the same
		elsewhere.Website = "http://buns.example"
		elsewhere.Phone = ""
		copied := h.create(t, bob, elsewhere)
		// A stranger with the telephone alone is no duplicate, but worth a word.
		stranger := quay("Zahnarzt Ludwig", 48.1, 11.5)
		stranger.Address.Street, stranger.Address.HouseNumber, stranger.Address.Postcode, stranger.Address.City = "Sonnenstr.", "9", "80331", "München"
		far := h.create(t, bob, stranger)
		// The payout account finds what shares nothing else that is kept as a key.
		h.SetPaidTogether(func(_ context.Context, id string) ([]string, error) { return []string{copied.ID}, nil })

		found, err := h.Likeness(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Duplicates) != 1 || found.Duplicates[0].ID != copied.ID || found.Duplicates[0].Score < 0.9 {
			t.Fatalf("duplicates are %+v", found.Duplicates)
		}
		if diff := cmp.Diff([]string{"name", "website", "address", "payout"}, found.Duplicates[0].Same); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]likeness.Flag{{Reason: likeness.Number, About: far.Name}}, found.Flags); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatIsOddIsFlagged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		brands, err := likeness.ReadBrands(strings.NewReader("PayPal\n"))
		if err != nil {
			t.Fatal(err)
		}
		h.Protect(brands)
		for i := range crowded {
			p := quay("Letterbox "+strconv.Itoa(i)+strings.Repeat("x", i), 52.5, 13.4)
			p.Phone = ""
			h.create(t, ada, p)
		}
		elsewhere := quay("Quay Books", 52.9, 13.4) // found by the look of its name alone
		elsewhere.Phone, elsewhere.Website = "", ""
		h.listed(t, ada, elsewhere)
		imitation := h.create(t, ada, quay("Quаy Books", 52.5, 13.4)) // with a Cyrillic letter
		found, err := h.Likeness(t.Context(), imitation)
		if err != nil {
			t.Fatal(err)
		}
		want := []likeness.Flag{{Reason: likeness.Mixed, About: "Quаy"}, {Reason: likeness.Double, About: "Quay Books"}, {Reason: likeness.Door, About: strconv.Itoa(crowded)}}
		if diff := cmp.Diff(want, found.Flags); diff != "" {
			t.Error(diff)
		}
		imitation.Name = "РауРаl" // all of it in Cyrillic letters but one
		if found, err = h.Likeness(t.Context(), imitation); err != nil || !slices.Contains(found.Flags, likeness.Flag{Reason: likeness.Brand, About: "PayPal"}) {
			t.Errorf("flags are %+v, %v", found.Flags, err)
		}
	})
}

func TestKeysOfOldRowsAreFilledIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ada := h.user(t, "ada")
		p := quay("Harbour Buns", 52.5, 13.4)
		p.Website = "https://www.buns.example/"
		h.create(t, ada, p)
		h.create(t, ada, quay("☕☕☕", 52.5, 13.4))
		old := func() (rows []struct{ Skeleton, Host string }) {
			if err := db.Conn(t.Context()).Raw("SELECT skeleton, host FROM businesses ORDER BY id").Scan(&rows).Error; err != nil {
				t.Fatal(err)
			}
			return rows
		}
		want := old()
		err := db.Tx(t.Context(), func(ctx context.Context) error {
			return db.Conn(ctx).Exec("UPDATE businesses SET skeleton = '', host = ''").Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.FillKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, old()); diff != "" || want[0].Host == "" && want[1].Host == "" {
			t.Errorf("%+v: %s", want, diff)
		}
	})
}

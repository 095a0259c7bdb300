package directory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/errs"
	"nearby/internal/geo"
)

func TestWhereToStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		if _, ok, err := h.Home(ctx); err != nil || ok {
			t.Errorf("an empty directory has a home: %v %v", ok, err)
		}
		ada := h.user(t, "ada")
		far := quay("Far Away", -20, 100)
		far.Address.City = "Elsewhere"
		h.listed(t, ada, far)
		for _, name := range []string{"Harbour Buns", "Pier Cakes"} {
			h.listed(t, ada, quay(name, 52.5, 13.4))
		}
		home, ok, err := h.Home(ctx)
		if err != nil || !ok || home.Name != "Portmere" || geo.Distance(home.Point, harbour) > 1 {
			t.Errorf("home is %+v, %v, %v", home, ok, err)
		}
		err = h.AddPlaces(ctx, []GazetteerPlace{
			{Name: "Old Town", Kind: "district", Point: geo.Point{Lat: 52.51, Lng: 13.4}, Weight: 50},
			{Name: "Market", Kind: "square", Point: geo.Point{Lat: 52.505, Lng: 13.4}, Weight: 60},
			{Name: "Lane", Kind: "street", Point: geo.Point{Lat: 52.502, Lng: 13.4}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if home, ok, err = h.Home(ctx); err != nil || !ok || home.Name != "Market" {
			t.Errorf("home is %+v, %v, %v", home, ok, err)
		}
		starts, err := h.Starts(ctx, 5)
		if err != nil || len(starts) != 2 || starts[1].Name != "Old Town" {
			t.Errorf("starts are %+v, %v", starts, err)
		}
		for name, p := range map[string]geo.Point{"Lane": harbour, "Old Town": {Lat: 52.52, Lng: 13.41}, "": {Lat: 52.6, Lng: 13.4}} {
			if place, ok, err := h.NearestPlace(ctx, p); err != nil || place.Name != name || ok != (name != "") {
				t.Errorf("near %v is %q, %v, %v", p, place.Name, ok, err)
			}
		}
	})
}

func TestListed(t *testing.T) {
	h := newHouse(dbtest.SQLite(t))
	ada := h.user(t, "ada")
	for _, name := range []string{"Pier Cakes", "Harbour Buns", "Ale House"} {
		h.listed(t, ada, quay(name, 52.5, 13.4))
	}
	h.create(t, ada, quay("A Draft", 52.5, 13.4))
	for most, want := range map[int]string{0: "", 2: "ale-house harbour-buns", 9: "ale-house harbour-buns pier-cakes"} {
		var got []string
		for _, summary := range h.Listed(most) {
			got = append(got, summary.Slug)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%d: %s", most, diff)
		}
	}
	view := geo.Box{West: 13, South: 52, East: 14, North: 53}
	counts, err := h.CountCells(t.Context(), view, 8, Query{Category: "food"})
	if err != nil || len(counts) != 1 || counts[geo.CellOf(harbour, 8)] != 3 {
		t.Errorf("cells %v, %v", counts, err)
	}
	if _, err := h.CountCells(t.Context(), view, 16, Query{}); !errs.Is(err, errs.Invalid) {
		t.Errorf("resolution 16: %v", err)
	}
}

func TestBrowse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(db)
		ctx := t.Context()
		ada, boss := h.user(t, "ada"), h.user(t, "boss", account.Operator)
		for _, name := range []string{"Pier Cakes", "Harbour Buns", "Ale House"} {
			h.create(t, ada, quay(name, 52.5, 13.4))
		}
		h.listed(t, ada, quay("Öl & Essig", 52.5, 13.4))
		for _, who := range []account.Actor{ada, audit.Public, {ID: ada.ID, Role: account.Operator}} {
			if _, _, err := h.Browse(ctx, who, "", "", "", 10); !errs.Is(err, errs.Forbidden) {
				t.Errorf("browsing by %+v: %v", who, err)
			}
			if _, err := h.Census(ctx, who); !errs.Is(err, errs.Forbidden) {
				t.Errorf("census by %+v: %v", who, err)
			}
		}
		names := func(query string, state State, limit int) string {
			var got []string
			for cursor := ""; ; {
				list, next, err := h.Browse(ctx, boss, query, state, cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, b := range list {
					got = append(got, b.Name)
				}
				if cursor = next; cursor == "" {
					return strings.Join(got, ", ")
				}
			}
		}
		for _, c := range []struct {
			query string
			state State
			want  string
		}{
			{"", "", "Ale House, Harbour Buns, Öl & Essig, Pier Cakes"},
			{"", Verified, "Öl & Essig"},
			{"ol ess", "", "Öl & Essig"},
			{"ous", Draft, "Ale House"},
			{"%", "", "Ale House, Harbour Buns, Öl & Essig, Pier Cakes"},
			{"nothing", "", ""},
		} {
			for _, limit := range []int{1, 3, 50} {
				if got := names(c.query, c.state, limit); got != c.want {
					t.Errorf("%q in %q by %d: %q, want %q", c.query, c.state, limit, got, c.want)
				}
			}
		}
		census, err := h.Census(ctx, boss)
		if diff := cmp.Diff(map[State]int{Draft: 3, Verified: 1}, census); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if _, _, err := h.Browse(ctx, boss, "", "", "x", 1); !errs.Has(err, "bad_cursor") {
			t.Errorf("a bad cursor gave %v", err)
		}
	})
}

package servertest_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/geo"
	"nearby/internal/server/servertest"
)

var (
	zoomLink = regexp.MustCompile(`data-zoom="(closer|farther)" href="([^"]+)"`)
	plate    = regexp.MustCompile(`<a class="m-plate"[^>]* data-pin="(\d+)"[^>]* aria-label="(\d+)\. ([^,"]+)`)
	sign     = regexp.MustCompile(`<g class="m-count"><rect[^>]*/><text[^>]*>([\d,]+)</text>`)
)

// onMap is what the map of a page says: the names on its plates, and how many
// businesses its signs count.
func onMap(t *testing.T, page *servertest.Page) (plates []string, counted int) {
	t.Helper()
	for _, m := range plate.FindAllStringSubmatch(string(page.Body), -1) {
		plates = append(plates, m[3])
	}
	for _, m := range sign.FindAllStringSubmatch(string(page.Body), -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		counted += n
	}
	return plates, counted
}

// TestMapAcrossTheAntimeridian: from a cell on either side of 180 degrees, map
// and list show the businesses of both sides, at every step of the zoom.
func TestMapAcrossTheAntimeridian(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		west := site.AddShop(servertest.NewShop{Name: "Taveuni Stores", Lat: -16.9, Lng: 179.98})
		east := site.AddShop(servertest.NewShop{Name: "Dateline Coffee", Lat: -16.9, Lng: -179.98})
		guest := site.Guest()
		for _, from := range []servertest.Shop{west, east} {
			cell := geo.CellOf(from.Point, 9)
			next, steps := "/?view=map&reach=5000&cell="+cell.String(), 0
			for ; next != ""; steps++ {
				page := guest.Get(next)
				if page.Status != 200 {
					t.Fatalf("%s: %d", next, page.Status)
				}
				plates, counted := onMap(t, page)
				reach, _ := strconv.Atoi(mustURL(t, next).Query().Get("reach"))
				if len(plates)+counted != 2 {
					t.Errorf("reach %d from %s: plates %v and %d counted, want both shops", reach, from.Name, plates, counted)
				}
				if text := page.Text(); !strings.Contains(text, west.Name) || !strings.Contains(text, east.Name) {
					t.Errorf("reach %d from %s: the list lacks a shop that the map shows", reach, from.Name)
				}
				next = zooms(t, page)["farther"]
			}
			if steps < 10 {
				t.Errorf("the zoom ends after %d steps", steps)
			}
		}
	})
}

// zooms are the addresses that a map's zoom leads to.
func zooms(t *testing.T, page *servertest.Page) map[string]string {
	t.Helper()
	links := map[string]string{}
	for _, m := range zoomLink.FindAllStringSubmatch(string(page.Body), -1) {
		links[m[1]] = strings.ReplaceAll(m[2], "&amp;", "&")
	}
	return links
}

// TestMapZoom: the way out and the way in have the same steps and end, the list
// is of what the map shows, and an odd reach is no error.
func TestMapZoom(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	shop := site.AddShop(servertest.NewShop{Name: "Near Bakery", Lat: 52.5, Lng: 13.4})
	site.AddShop(servertest.NewShop{Name: "Far Bakery", Lat: 52.57, Lng: 13.4}) // 7.8 km north
	guest := site.Guest()
	cell := geo.CellOf(shop.Point, 9).String()
	walk := func(from, way string) (reaches []string) {
		for next := from; next != ""; {
			page := guest.Get(next)
			q := mustURL(t, next).Query()
			reaches = append(reaches, q.Get("reach"))
			reach, _ := strconv.Atoi(q.Get("reach"))
			if far := strings.Contains(page.Text(), "Far Bakery"); far != (reach >= 10_000) {
				t.Errorf("reach %d: the list shows what is 7.8 km away: %v", reach, far)
			}
			if q.Get("category") != "food-drink" && from != next && q.Get("cell") != cell {
				t.Errorf("%s: the search was lost on the way", next)
			}
			next = zooms(t, page)[way]
		}
		return reaches
	}
	out := walk("/?view=map&reach=150&cell="+cell, "farther")
	in := walk("/?view=map&reach=5000000&cell="+cell, "closer")
	for i, reach := range out {
		if len(in) != len(out) || in[len(in)-1-i] != reach {
			t.Fatalf("out %v, in %v", out, in)
		}
	}
	for _, odd := range []string{"0", "-5", "1e9", "99999999999999999999", "NaN", "", "7", "9223372036854775807"} {
		for _, path := range []string{"/?view=map&", "/map?", "/?"} {
			if page := guest.Get(path + "cell=" + cell + "&reach=" + url.QueryEscape(odd)); page.Status != 200 {
				t.Errorf("reach=%s: %d", odd, page.Status)
			}
		}
	}
	// A radius that was chosen stays; without one the map's own is offered.
	page := guest.Get(fmt.Sprintf("/?view=map&cell=%s&reach=2500&radius=300", cell))
	if page.Value("radius") != "300" || !strings.Contains(zooms(t, page)["farther"], "radius=300") {
		t.Errorf("radius %q and %v", page.Value("radius"), zooms(t, page))
	}
	if page := guest.Get(fmt.Sprintf("/?view=map&cell=%s&reach=2500", cell)); page.Value("radius") != "2500" {
		t.Errorf("the map's radius is %q", page.Value("radius"))
	}
}

package category_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nearby/internal/directory/category"
)

func TestTreeIsSound(t *testing.T) {
	slug := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	icon := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	slugs, numbers := map[string]bool{}, map[uint16]bool{}
	for _, c := range category.All() {
		if !slug.MatchString(c.Slug) || slugs[c.Slug] {
			t.Errorf("slug %q is malformed or used twice", c.Slug)
		}
		if c.Number == 0 || numbers[c.Number] {
			t.Errorf("%s: number %d is zero or used twice", c.Slug, c.Number)
		}
		if c.Parent != "" && !slugs[c.Parent] {
			t.Errorf("%s: parent %q does not come before it", c.Slug, c.Parent)
		}
		slugs[c.Slug], numbers[c.Number] = true, true

		if depth := len(category.Path(c.Slug)); depth < 1 || depth > 3 {
			t.Errorf("%s is %d deep", c.Slug, depth)
		}
		if c.Hue < 1 || c.Hue > 8 {
			t.Errorf("%s: hue %d", c.Slug, c.Hue)
		}
		if !icon.MatchString(c.Icon) {
			t.Errorf("%s: icon %q", c.Slug, c.Icon)
		}
		if c.Schema == "" || strings.ToUpper(c.Schema[:1]) != c.Schema[:1] {
			t.Errorf("%s: schema.org type %q", c.Slug, c.Schema)
		}
	}
	if got := len(category.Children("")); got < 12 || got > 18 {
		t.Errorf("%d roots: too many or too few to choose from", got)
	}
}

// TestNumbersStay pins a few numbers: what has been given out is for good.
func TestNumbersStay(t *testing.T) {
	for slug, number := range map[string]uint16{
		"other": 1, "food": 100, "bakery": 101, "cafe": 220, "pub": 229, "tailor": 309, "ceramics": 403,
		"florist": 413, "books": 501, "pharmacy": 701, "hairdresser": 801, "locksmith": 903, "bicycle-repair": 1102,
		"gym": 1201, "museum": 1301, "hotel": 1401, "library": 1508, "company": 1621,
	} {
		c, ok := category.BySlug(slug)
		if !ok || c.Number != number {
			t.Errorf("%s has number %d, want %d", slug, c.Number, number)
		}
		if same, ok := category.ByNumber(number); !ok || same.Slug != slug {
			t.Errorf("number %d is %q, want %q", number, same.Slug, slug)
		}
	}
}

func TestNames(t *testing.T) {
	arabic := regexp.MustCompile(`^[\p{Arabic}\p{Mn} ]+$`)
	for _, lang := range category.Languages() {
		seen := map[string]string{}
		for _, c := range category.All() {
			name := c.Label(lang)
			if name == "" || name != strings.TrimSpace(name) {
				t.Errorf("%s: no good name in %s: %q", c.Slug, lang, name)
			}
			if other, taken := seen[name]; taken {
				t.Errorf("%s and %s are both %q in %s", c.Slug, other, name, lang)
			}
			seen[name] = c.Slug
			if lang == "ar" && !arabic.MatchString(name) {
				t.Errorf("%s: %q is not all Arabic", c.Slug, name)
			}
		}
	}
}

func TestLabel(t *testing.T) {
	bakery, _ := category.BySlug("bakery")
	for lang, want := range map[string]string{
		"en": "Bakery", "de": "Bäckerei", "de-AT": "Bäckerei", "DE_ch": "Bäckerei", "ar": "مخبز", "fr": "Bakery", "": "Bakery",
	} {
		if got := bakery.Label(lang); got != want {
			t.Errorf("Label(%q) = %q, want %q", lang, got, want)
		}
	}
}

func slugsOf(list []category.Category) []string {
	slugs := make([]string, 0, len(list))
	for _, c := range list {
		slugs = append(slugs, c.Slug)
	}
	return slugs
}

func TestDescendantsAndPath(t *testing.T) {
	if got := slugsOf(category.Descendants("bakery")); !cmp.Equal(got, []string{"bakery"}) {
		t.Errorf("Descendants(bakery) = %v", got)
	}
	if got := category.Descendants("no-such"); got != nil {
		t.Errorf("Descendants(no-such) = %v", got)
	}
	want := []string{"eat", "restaurant", "pizzeria"}
	if diff := cmp.Diff(want, slugsOf(category.Path("pizzeria"))); diff != "" {
		t.Errorf("Path(pizzeria): %s", diff)
	}

	// Every node: its descendants are exactly the nodes whose path holds it.
	for _, c := range category.All() {
		var want []string
		for _, d := range category.All() {
			for _, up := range category.Path(d.Slug) {
				if up.Slug == c.Slug {
					want = append(want, d.Slug)
				}
			}
		}
		if diff := cmp.Diff(want, slugsOf(category.Descendants(c.Slug))); diff != "" {
			t.Errorf("Descendants(%s): %s", c.Slug, diff)
		}
	}
}

func TestFromOSM(t *testing.T) {
	for tag, want := range map[string]string{
		"shop=bakery":             "bakery",
		"SHOP=Bakery":             "bakery",
		" shop = bakery;cafe ":    "bakery",
		"amenity=cafe":            "cafe",
		"craft=pottery":           "ceramics",
		"cuisine=pizza":           "pizzeria",
		"office=driving anything": "business",
		"shop=water_filter":       "shopping",
		"shop=vacant":             "",
		"shop=no":                 "",
		"shop=":                   "",
		"shop":                    "",
		"highway=bus_stop":        "",
		"":                        "",
	} {
		c, ok := category.FromOSM(tag)
		if ok != (want != "") || c.Slug != want {
			t.Errorf("FromOSM(%q) = %q, %v; want %q", tag, c.Slug, ok, want)
		}
	}
}

func TestFromOSMTakesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, ok := category.FromOSM(rapid.String().Draw(t, "tag"))
		if _, known := category.BySlug(c.Slug); ok != known {
			t.Fatalf("found %v, but category %q", ok, c.Slug)
		}
	})
}

// TestThereAndBack writes every category with foreign names and reads it back.
func TestThereAndBack(t *testing.T) {
	for _, c := range category.All() {
		for _, tag := range c.OSM {
			if back, _ := category.FromOSM(tag); back.Slug != c.Slug {
				t.Errorf("%s: %s comes back as %q", c.Slug, tag, back.Slug)
			}
		}
		for _, name := range c.Overture {
			if back, _ := category.FromOverture(name); back.Slug != c.Slug {
				t.Errorf("%s: %s comes back as %q", c.Slug, name, back.Slug)
			}
		}
		if c.OSMTag() == "" {
			t.Errorf("%s has no tag to write", c.Slug)
		}
		if c.OvertureName() == "" && c.Slug != "other" {
			t.Errorf("%s has no Overture name to write", c.Slug)
		}
	}
}

func testdata(t *testing.T, path ...string) string {
	t.Helper()
	root := os.Getenv("NEARBY_TESTDATA")
	if root == "" {
		t.Skip("NEARBY_TESTDATA is not set: no real data to measure with")
	}
	return filepath.Join(append([]string{root}, path...)...)
}

// TestEveryOvertureNameResolves walks the whole published taxonomy.
func TestEveryOvertureNameResolves(t *testing.T) {
	file, err := os.Open(testdata(t, "taxonomy", "overture_categories.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma, reader.FieldsPerRecord = ';', -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, row := range rows[1:] {
		total++
		if c, ok := category.FromOverture(row[0]); !ok || c.Slug == "other" {
			t.Errorf("%q resolves to %q", row[0], c.Slug)
		}
	}
	if total != 2117 {
		t.Errorf("read %d names, want 2117", total)
	}
}

// TestCoverageOfRealPlaces holds the share of real places whose kind means
// more to us than "other", and of those that need no catch-all.
func TestCoverageOfRealPlaces(t *testing.T) {
	for file, floor := range map[string]float64{
		"berlin-2024-01": 0.97, "malta-2018": 0.97, "muenchen-2020": 0.97, "world-food-2022-12": 0.97,
	} {
		t.Run(file, func(t *testing.T) {
			total, found, exact := 0, 0, 0
			for kind := range kinds(t, testdata(t, "businesses", file+".ndjson.gz")) {
				total++
				c, ok := category.FromOSM(kind)
				if ok && c.Slug != "other" {
					found++
				}
				for _, tag := range c.OSM {
					if tag == strings.ReplaceAll(strings.ToLower(kind), " ", "_") {
						exact++
					}
				}
			}
			share, exactShare := float64(found)/float64(total), float64(exact)/float64(total)
			t.Logf("%d places: %.2f %% mapped, %.2f %% by a line of their own", total, 100*share, 100*exactShare)
			if share < floor || exactShare < floor {
				t.Errorf("below the floor of %.0f %%", 100*floor)
			}
		})
	}
}

func kinds(t *testing.T, path string) func(func(string) bool) {
	return func(yield func(string) bool) {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(unzipped)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var place struct{ Kind string }
			if err := json.Unmarshal(lines.Bytes(), &place); err != nil {
				t.Fatal(err)
			}
			if !yield(place.Kind) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"

	"nearby/internal/directory/category"
	"nearby/internal/hours"
)

var visit = time.Date(2026, time.November, 21, 14, 20, 0, 0, time.UTC)

func planned(t *testing.T) (Town, Plan) {
	t.Helper()
	town := NewTown()
	plan, err := NewPlan(town, visit)
	if err != nil {
		t.Fatal(err)
	}
	return town, plan
}

// fingerprint is the hash of the plan as JSON. It changes when somebody edits
// the town, and then belongs here; it must not change by itself.
const fingerprint = "5dc128b1025ad4ae"

func TestPlanIsTheSameEverywhere(t *testing.T) {
	_, plan := planned(t)
	_, again := planned(t)
	if diff := cmp.Diff(plan, again); diff != "" {
		t.Fatal(diff)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if got := hex.EncodeToString(sum[:8]); got != fingerprint {
		t.Errorf("the plan's fingerprint is %s, not %s: the town differs from the one that was looked at", got, fingerprint)
	}
}

func TestPlanIsBigEnough(t *testing.T) {
	_, plan := planned(t)
	kinds, states := map[string]bool{}, map[string]int{}
	products, sold, low, made, options, withPicture := 0, 0, 0, 0, 0, 0
	for _, b := range plan.Businesses {
		kinds[b.Category] = true
		states[b.State]++
		for _, p := range b.Products {
			products++
			if p.Picture != "" {
				withPicture++
			}
			if len(p.Options) > 0 {
				options++
			}
			switch v := p.Variants[0]; {
			case !v.Counted:
				made++
			case v.Stock == 0:
				sold++
			case v.Stock <= 3:
				low++
			}
		}
	}
	orders := map[string]int{}
	for _, o := range plan.Orders {
		orders[o.State]++
	}
	for _, want := range []struct {
		what       string
		got, least int
	}{
		{"businesses", len(plan.Businesses), 160},
		{"kinds", len(kinds), 25},
		{"products", products, 820},
		{"products with a picture", withPicture, 500},
		{"products with options", options, 100},
		{"sold out", sold, 8},
		{"nearly gone", low, 20},
		{"made to order", made, 100},
		{"drafts", states["draft"], 3},
		{"waiting for review", states["submitted"] + states["in_review"], 6},
		{"asked for changes", states["changes_requested"], 1},
		{"rejected", states["rejected"], 1},
		{"suspended", states["suspended"], 1},
		{"orders placed", orders["placed"], 3},
		{"orders accepted", orders["accepted"], 3},
		{"orders ready", orders["ready"], 3},
		{"orders completed", orders["completed"], 3},
		{"orders declined", orders["declined"], 1},
		{"orders cancelled", orders["cancelled"], 1},
		{"orders unpaid", orders[unpaid], 2},
	} {
		if want.got < want.least {
			t.Errorf("%s: %d, want at least %d", want.what, want.got, want.least)
		}
	}
}

// TestEveryBusinessIsSound checks what the rooms will check, and what makes a
// town believable.
func TestEveryBusinessIsSound(t *testing.T) {
	town, plan := planned(t)
	names, phones, doors := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, b := range plan.Businesses {
		if _, ok := category.BySlug(b.Category); !ok {
			t.Errorf("%s: category %q", b.Name, b.Category)
		}
		if names[b.Name] || len(b.Name) < 2 || len(b.Description) < 15 {
			t.Errorf("%s: name taken, or nothing said about it", b.Name)
		}
		names[b.Name] = true
		number, err := phonenumbers.Parse(b.Phone, Country)
		if err != nil || !phonenumbers.IsValidNumber(number) || !strings.HasPrefix(b.Phone, "+44 20 7946 0") || phones[b.Phone] {
			t.Errorf("%s: telephone %s", b.Name, b.Phone)
		}
		phones[b.Phone] = true
		if !strings.HasSuffix(b.Email, ".example") || !strings.HasSuffix(b.Website, ".example") {
			t.Errorf("%s: %s, %s", b.Name, b.Email, b.Website)
		}
		schedule, err := hours.ParseOSM(b.Hours, Zone)
		if err != nil || !schedule.Known() || !schedule.WithSpecial(b.Special...).Known() {
			t.Errorf("%s: hours %q, %v: %v", b.Name, b.Hours, b.Special, err)
		}
		checkAddress(t, town, b, doors)
	}
}

func checkAddress(t *testing.T, town Town, b Business, doors map[string]bool) {
	t.Helper()
	street, ok := town.Street(b.Street)
	if !ok {
		t.Fatalf("%s stands in %s", b.Name, b.Street)
	}
	at, err := street.house(b.House)
	if err != nil {
		t.Fatalf("%s: %v", b.Name, err)
	}
	door := fmt.Sprint(b.Point)
	if !dry(at) || at.point() != b.Point || !town.Bounds.Contains(b.Point) || doors[door] {
		t.Errorf("%s has its pin in the water, off the map or on another one", b.Name)
	}
	doors[door] = true
	if b.District == "" || b.Postcode[0] != 'Z' {
		t.Errorf("%s: district %q, post code %q", b.Name, b.District, b.Postcode)
	}
}

func TestEveryProductIsSound(t *testing.T) {
	_, plan := planned(t)
	for _, b := range plan.Businesses {
		skus := map[string]bool{}
		for _, p := range b.Products {
			want := 1
			for _, o := range p.Options {
				want *= len(o.Values)
			}
			if len(p.Variants) != want || len(p.Options) > 3 || p.Title == "" || len(p.Title) > 120 {
				t.Errorf("%s: %s has %d variants, want %d", b.Name, p.Title, len(p.Variants), want)
			}
			for _, v := range p.Variants {
				if v.Price < 50 || v.Price > 200_000 || v.Stock < 0 || v.Stock > 999 || v.SKU == "" || len(v.SKU) > 40 || skus[v.SKU] {
					t.Errorf("%s: %s: %+v", b.Name, p.Title, v)
				}
				skus[v.SKU] = true
			}
			if _, err := Picture(p.Picture); p.Picture != "" && err != nil {
				t.Errorf("%s: %s: %v", b.Name, p.Title, err)
			}
		}
	}
}

func TestKilnAndQuayIsAsDrawn(t *testing.T) {
	_, plan := planned(t)
	b := plan.Businesses[0]
	if b.Name != "Kiln & Quay" || b.House != 14 || b.Street != "Harbour Street" || b.Owner != "owner" || len(b.Products) != 31 {
		t.Fatalf("%s at %d %s of %s with %d products", b.Name, b.House, b.Street, b.Owner, len(b.Products))
	}
	prices := map[string]int64{"Speckled mug": 2400, "Serving bowl": 4850, "Bud vase": 3200, "Teapot, brass handle": 12000}
	for _, p := range b.Products {
		if want, ok := prices[p.Title]; ok && p.Variants[0].Price != want {
			t.Errorf("%s costs %d", p.Title, p.Variants[0].Price)
		}
	}
	christmas := []hours.Special{{
		From: hours.Date{Year: 2026, Month: time.December, Day: 24}, To: hours.Date{Year: 2026, Month: time.December, Day: 27}, Reason: "Christmas",
	}}
	if diff := cmp.Diff(christmas, b.Special); diff != "" {
		t.Error(diff)
	}
}

func TestClosedDaysAreAhead(t *testing.T) {
	for when, year := range map[time.Time]int{
		time.Date(2026, time.January, 3, 0, 0, 0, 0, time.UTC):   2026,
		time.Date(2026, time.December, 27, 9, 0, 0, 0, time.UTC): 2026,
		time.Date(2026, time.December, 28, 9, 0, 0, 0, time.UTC): 2027,
	} {
		if got := comingChristmas(when); got != year {
			t.Errorf("%s: %d, want %d", when, got, year)
		}
	}
}

func TestOrdersCanBeFilled(t *testing.T) {
	_, plan := planned(t)
	for _, o := range plan.Orders {
		at := slices.IndexFunc(plan.Businesses, func(b Business) bool { return b.Name == o.Business })
		b := plan.Businesses[at]
		if b.State != "verified" || len(o.Lines) == 0 {
			t.Errorf("%s is %s and has an order of %d lines", b.Name, b.State, len(o.Lines))
		}
		for _, line := range o.Lines {
			found := false
			for _, p := range b.Products {
				for _, v := range p.Variants {
					found = found || v.SKU == line.SKU && p.State == "active" && (!v.Counted || v.Stock >= line.Quantity)
				}
			}
			if !found || line.Quantity < 1 {
				t.Errorf("%s cannot sell %d of %s", b.Name, line.Quantity, line.SKU)
			}
		}
		if !slices.ContainsFunc(plan.People, func(p Person) bool { return p.Key == o.Buyer }) || o.Buyer == b.Owner {
			t.Errorf("%s: %q buys", b.Name, o.Buyer)
		}
	}
}

func TestPictures(t *testing.T) {
	names := Pictures()
	if len(names) < 19 {
		t.Fatalf("%d pictures", len(names))
	}
	total := 0
	for _, name := range names {
		content, err := Picture(name)
		if err != nil {
			t.Fatal(err)
		}
		total += len(content)
		config, err := jpeg.DecodeConfig(bytes.NewReader(content))
		if err != nil || max(config.Width, config.Height) > 816 {
			t.Errorf("%s: %d by %d: %v", name, config.Width, config.Height, err)
		}
	}
	if total > 3<<19 {
		t.Errorf("the pictures take %d bytes, want at most 1.5 MB", total)
	}
}

// TestDataFilesRefuse feeds the readers what an editor of the files gets wrong.
func TestDataFilesRefuse(t *testing.T) {
	for name, read := range map[string]func() error{
		"person":        func() error { _, err := readPeople("key | name"); return err },
		"business":      func() error { _, err := readBusinesses("name | bakery | street"); return err },
		"hours twice":   func() error { _, err := readHours("bar | 24/7\nbar | 24/7"); return err },
		"product":       func() error { _, err := readProducts("[bar]\nbeer | 3.00"); return err },
		"product twice": func() error { _, err := readProducts("[bar]\na|b|c|1|1|-\n[bar]"); return err },
		"option":        func() error { _, err := parseOptions("Size"); return err },
		"extra":         func() error { _, err := parseOptions("Size: S, L +much"); return err },
		"price":         func() error { _, err := cents("free"); return err },
	} {
		if read() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestShopPrice(t *testing.T) {
	for _, c := range []struct {
		price int64
		level float64
		want  int64
	}{{240, 1, 240}, {245, 1.05, 260}, {1250, 0.9, 1150}, {12_900, 1.15, 14_800}, {95, 0.9, 90}, {4, 0.9, 10}} {
		if got := shopPrice(c.price, c.level); got != c.want {
			t.Errorf("shopPrice(%d, %v) = %d, want %d", c.price, c.level, got, c.want)
		}
	}
}

func TestParseOptions(t *testing.T) {
	choices, err := parseOptions("Size: 250 g, 1 kg +27.50; For: adult, child -4.50")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range combinations(choices) {
		got = append(got, c[0].name+"/"+c[1].name+" "+strconv.FormatInt(c[0].extra+c[1].extra, 10))
	}
	want := []string{"250 g/adult 0", "250 g/child -450", "1 kg/adult 2750", "1 kg/child 2300"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

package likeness

import (
	"slices"
	"strings"
	"testing"
)

func TestSkeleton(t *testing.T) {
	for _, group := range [][]string{
		{"PayPal", "PayPaI", "РауРаl", "P\u200baypal", "PAYPAL", "pay pal", "Pay-Pal", "ＰａｙＰａｌ"},
		{"Café Ilse", "CAFE ILSE", "Cafe llse", "Cafe\u0301 Ilse"},
		{"modern", "rnodern"},
		{"Кофейня", "кофейня"},
	} {
		for _, name := range group {
			if Skeleton(name) != Skeleton(group[0]) || Skeleton(name) == "" {
				t.Errorf("%q has %q, %q has %q", name, Skeleton(name), group[0], Skeleton(group[0]))
			}
		}
	}
	for _, two := range [][2]string{{"Bakery", "Brewery"}, {"Müller", "Miller"}, {"東京", "京都"}} {
		if Skeleton(two[0]) == Skeleton(two[1]) {
			t.Errorf("%q looks like %q", two[0], two[1])
		}
	}
	if Skeleton("☕ !") != "" {
		t.Error("signs have a skeleton")
	}
}

func TestLook(t *testing.T) {
	for name, want := range map[string][]Reason{
		"Café Blüte": nil, "東京カフェ": nil, "Кофе Хауз": nil, "Tokyo 東京": nil, "می\u200cخواهم": nil, "❤\ufe0f Flowers": nil, "H&M": nil,
		"L'Osteria, Berlin": nil, "Dr. med. dent. Anna-Lena von der Heide und Partner": nil, "Pay\u200bPal": {Hidden}, "\u202eevil": {Hidden},
		"РayPal": {Mixed}, "Gοοgle": {Mixed}, "Сafe\u200c": {Hidden, Mixed},
		"Plumber, Drains, Boiler, Heating": {Stuffed}, "Pizza pizza best PIZZA": {Stuffed},
		"Cheap flowers open late near the station, roses and tulips delivered": {Stuffed},
	} {
		var got []Reason
		for _, f := range Look(name) {
			got = append(got, f.Reason)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q has %v, want %v", name, got, want)
		}
	}
}

func TestBrands(t *testing.T) {
	brands, err := ReadBrands(strings.NewReader("\ufeffPayPal\n\n# banks\nFirst Quay Bank\r\nIKEA\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"PayPal": "PayPal", "РауРаl help": "PayPal", "The Pay Pal shop": "PayPal", "FIRST QUAY BANK Portmere": "First Quay Bank", "Ikea": "IKEA", "lkea outlet": "IKEA", "ΙΚΕΑ": "IKEA", "P.a.y.P.a.l": "PayPal",
		"Paypalace": "", "Quay Bank": "", "": "",
	} {
		if got := brands.In(name); got != want {
			t.Errorf("%q has %q, want %q", name, got, want)
		}
	}
	if (Brands{}).In("PayPal") != "" {
		t.Error("no list protects a name")
	}
	if _, err := ReadBrands(strings.NewReader("IKEA\nhm\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a brand of two letters: %v", err)
	}
}

func TestCompareNamesWhatAgrees(t *testing.T) {
	a := Entry{Name: "Quay Books", Phone: "+442079460001", Website: "https://www.quaybooks.example/", Street: "Quay Street", HouseNumber: "5", Payout: "acct_1"}
	b := Entry{Name: "QUAY BOOKS Ltd", Phone: a.Phone, Website: "http://quaybooks.example", Street: "5 Quay St", Payout: "acct_1"}
	r := Compare(a, b, 12)
	if want := []string{"name", "phone", "website", "address", "pin", "payout"}; !slices.Equal(r.Same, want) || !r.Likely() || r.Score > 1 {
		t.Errorf("%+v, want %v", r, want)
	}
	if r := Compare(a, Entry{Name: "Pier Cakes", Street: "Sea Road", HouseNumber: "90"}, 900); r.Likely() || r.Same != nil {
		t.Errorf("two that have nothing in common: %+v", r)
	}
	if r := Compare(a, Entry{Name: "Quаy Books"}, Unplaced); !slices.Contains(r.Same, "look") {
		t.Errorf("a Cyrillic letter: %+v", r)
	}
	near, far := Compare(a, Entry{Name: a.Name}, Near).Score, Compare(a, Entry{Name: a.Name}, 5000).Score
	if none := Compare(a, Entry{Name: a.Name}, Unplaced).Score; near <= none || none <= far {
		t.Errorf("the pin near gives %v, none %v, far %v", near, none, far)
	}
}

func TestNamesThatAgree(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Harbour Buns", "HARBOUR-BUNS", true},
		{"Harbour Buns", "Harbour Buns & Cakes", true},
		{"Harbour Buns", "Harbor Buns", true},
		{"Bäckerei Krüger", "Baeckerei Kruger", true},
		{"Harbour Buns", "Harbour Books", false},
		{"Ox", "Fox", false},
		{"☕", "☕", false},
		{"مخبز الميناء", "مخبز الميناء القديم", true},
		{"Пушкин", "Pushkin", true},
	} {
		for _, r := range []Result{Compare(Entry{Name: c.a}, Entry{Name: c.b}, Unplaced), Compare(Entry{Name: c.b}, Entry{Name: c.a}, Unplaced)} {
			if slices.Contains(r.Same, "name") != c.want {
				t.Errorf("%q and %q: %v, want %v", c.a, c.b, r.Same, c.want)
			}
		}
	}
}

func TestHost(t *testing.T) {
	for site, want := range map[string]string{
		"https://www.Quay.example/shop": "quay.example", "quay.example": "quay.example", "https://facebook.com/quay": "", "https://m.facebook.com/q": "", "": "", "::": "",
	} {
		if got := Host(site); got != want {
			t.Errorf("%q has %q, want %q", site, got, want)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	one := Entry{Name: "Quay Books", Phone: "+442079460001", Website: "https://www.quaybooks.example/", Street: "Quay Street", HouseNumber: "5"}
	two := Entry{Name: "QUAY BOOKS Ltd", Phone: "+442079460002", Website: "http://quaybooks.example", Street: "5 Quay St"}
	for b.Loop() {
		Compare(one, two, 20)
	}
}

func BenchmarkSkeleton(b *testing.B) {
	for b.Loop() {
		Skeleton("Bäckerei am Kottbusser Tor")
	}
}

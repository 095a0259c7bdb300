package text

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"Bakery":            "bakery",
		"CAFÉ Crème":        "cafe creme",
		"cafe\u0301":        "cafe",
		"ꮳꮃꭹ":               "ᏣᎳᎩ",
		"ᏣᎳᎩ":               "ᏣᎳᎩ",
		"Straße":            "strasse",
		"STRASSE":           "strasse",
		"Ærøskøbing":        "aeroskobing",
		"İstanbul Işık":     "istanbul isik",
		"Łódź":              "lodz",
		"ﬁsh ＆ Ｃhips":       "fish & chips",
		"ΚΑΦΈΣ καφές":       "καφεσ καφεσ",
		"Кафе Ёлка й":       "кафе елка и",
		"שָׁלוֹם":           "שלום",
		"مُطْعَم أحمد قهوة": "مطعم احمد قهوه",
		"مـــطعم":           "مطعم",
		"ガラス ﾊﾟﾝ が":         "ガラス パン が",
		"हिन्दी":            "हिन्दी",
		"한국어":               "한국어",
		"co\u00adop":        "coop",
		"Đorđe":             "dorde",
	} {
		if got := Fold(in); got != norm.NFC.String(want) {
			t.Errorf("Fold(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string][]string{
		"":                          nil,
		" -- & !":                   nil,
		"Joe's Pizza & Grill":       {"joe", "s", "pizza", "grill"},
		"L’Atelier":                 {"l", "atelier"},
		"24/7 Späti":                {"24", "7", "spati"},
		"東京都":                       {"東京", "京都"},
		"寿":                         {"寿"},
		"Sushi寿司Bar":                {"sushi", "寿司", "bar"},
		"ラーメン":                      {"ラー", "ーメ", "メン"},
		"ร้านกาแฟ":                  {"ร้า", "าน", "นก", "กา", "าแ", "แฟ"},
		"שווארמה בר":                {"שווארמה", "בר"},
		"한국 식당":                     {"한국", "식당"},
		"mp3-player e\u0301clair":   {"mp3", "player", "eclair"},
		"\u0301 stray":              {"stray"},
		"bad \xff\xfe bytes":        {"bad", "bytes"},
		"naïve\tcoöperation\u00a0x": {"naive", "cooperation", "x"},
	} {
		if diff := cmp.Diff(want, Words(in)); diff != "" {
			t.Errorf("Words(%q): %s", in, diff)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Straße", "東京都 café", "ร้านกาแฟ", "مُطْعَم", "\u0345ͅΐ", "İ\u0307", "ᏣᎳᎩ ꮳꮃꭹ Ᏺᏺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := Fold(s)
		if again := Fold(folded); again != folded {
			t.Errorf("Fold(%q) = %q, folded again %q", s, folded, again)
		}
		for _, w := range Words(s) {
			if w == "" || !utf8.ValidString(w) {
				t.Errorf("Words(%q) holds %q", s, w)
			}
		}
	})
}

package text

import (
	"strings"
	"testing"
)

func TestLatin(t *testing.T) {
	for in, want := range map[string]string{
		"Пушкин": "pushkin", "Ёлка": "elka", "Київ": "kiiv", "Щука": "shchuka", "Ψωμί": "psomi", "Ουζερί": "ouzeri", "καφές": "kafes",
		"бар24": "bar24",
	} {
		got, ok := Latin(Fold(in))
		if got != want || !ok {
			t.Errorf("%q is %q, %v; want %q", in, got, ok, want)
		}
		runes := []rune(Fold(in))
		for n := range runes {
			if begin, _ := Latin(string(runes[:n])); !strings.HasPrefix(got, begin) {
				t.Errorf("%q begins with %q, which is %q", got, string(runes[:n]), begin)
			}
		}
	}
	for _, in := range []string{"", "cafe", "寿司", "مطعم", "24"} {
		if got, ok := Latin(in); got != in || ok {
			t.Errorf("%q is %q, %v", in, got, ok)
		}
	}
}

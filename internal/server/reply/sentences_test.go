package reply

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nearby/web"
)

// everybody are the folders and files whose messages the public pages show, so
// that they are needed in every language; the others only desks show.
var everybody = []string{
	"account/", "database/", "directory/business.go", "directory/cursor.go", "directory/nearby.go", "errs/", "geo/", "lifecycle/", "money/",
	"notice/", "order/", "server/errors.go", "server/limit.go", "server/middleware.go", "server/problem/", "server/route/", "server/shop/", "server/view/",
}

// silent are the sentences whose holes hold words for programs (an event, a
// table, a role, an English reason), which a translation need not repeat.
var silent = []string{
	`This {1} is "{2}", so "{3}" is not possible now.`, "Only {1} may do this.", "This part is for {1}s.",
	"There is no such {1}.", "This {1} exists already.", "This {1} is tied to something else.", "This {1} would break a rule.",
	"These hours cannot be read: {1}.",
}

// TestMessagesAreTranslated: every message that a page can show is said in the
// languages of those who read the page, and nothing is left over.
func TestMessagesAreTranslated(t *testing.T) {
	texts := loaded(t)
	spoken := messages(t)
	if len(spoken) < 200 {
		t.Fatalf("only %d messages found in the source", len(spoken))
	}
	translates := general(spoken)
	for _, lang := range Languages[1:] {
		for _, m := range spoken {
			if _, ok := texts.said[lang].exact[m.text]; !ok && (lang == "de" || within(m.file, everybody)) {
				t.Errorf("%s: a page can show this in %s. Add to web/i18n/errors.%s.toml:\n\t%s = \"…\"", m.at(), LanguageName(lang), lang, quoted(m.text))
			}
		}
		for key, said := range texts.said[lang].exact {
			of := translates(key)
			if of == "" {
				t.Errorf("web/i18n/errors.%s.toml: no error says %s any more. Take the line away.", lang, quoted(key))
				continue
			}
			if needed, used := holes(keyHole, key), holes(saidHole, said); !slices.Equal(needed, used) && !slices.Contains(silent, of) {
				t.Errorf("web/i18n/errors.%s.toml: %s has the holes %v, its translation %v", lang, quoted(key), needed, used)
			}
			for _, hole := range saidHole.FindAllStringSubmatch(said, -1) {
				if table := hole[2]; table != "" && table != number && !slices.Contains(tables, table+"_") && !slices.Contains(tables, table+".") {
					t.Errorf("web/i18n/errors.%s.toml: %s: there is no table %q", lang, quoted(key), table)
				}
			}
			fill := func(hole *regexp.Regexp, s string) string { return hole.ReplaceAllString(s, "7") }
			if got, want := texts.Say(lang, fill(keyHole, key)), fill(saidHole, said); got != want {
				t.Errorf("web/i18n/errors.%s.toml: %s is said by another line: %q, want %q", lang, quoted(key), got, want)
			}
		}
	}
}

// general finds the message that a key translates: the same, or one in whose
// holes the key has words. "" when there is none.
func general(spoken []message) func(key string) string {
	same, open := map[string]bool{}, map[string]*regexp.Regexp{}
	for _, m := range spoken {
		if p, n := compile(m.text, ""); n > 0 {
			open[m.text] = p.from
		}
		same[m.text] = true
	}
	return func(key string) string {
		if same[key] {
			return key
		}
		for text, from := range open {
			if from.MatchString(key) {
				return text
			}
		}
		return ""
	}
}

// holes are the numbers of the holes in a sentence, each once, sorted.
func holes(hole *regexp.Regexp, s string) []string {
	var list []string
	for _, match := range hole.FindAllStringSubmatch(s, -1) {
		list = append(list, match[1])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// quoted is a key as a TOML file writes it.
func quoted(key string) string {
	if strings.Contains(key, `"`) {
		return "'" + key + "'"
	}
	return fmt.Sprintf("%q", key)
}

func loaded(t *testing.T) *Texts {
	t.Helper()
	texts, err := LoadTexts(site(t).FS())
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestSay(t *testing.T) {
	texts := loaded(t)
	for _, c := range []struct{ lang, message, want string }{
		{"en", "Please sign in.", "Please sign in."},
		{"de", "Please sign in.", "Bitte melden Sie sich an."},
		{"ar", "Please sign in.", "يرجى تسجيل الدخول."},
		{"de", "A product has at most 100 variants.", "Ein Produkt hat höchstens 100 Varianten."},
		{"de", "These options make 120 variants; a product has at most 100.", "Diese Ausführungen ergeben 120 Varianten; ein Produkt hat höchstens 100."},
		{"de", "A price is at most €1,234,567.89.", "Ein Preis beträgt höchstens €1.234.567,89."},
		{"de", "Write a price like 12.50.", "Schreiben Sie einen Preis wie 12,50."},
		{"de", "Choose one of: sold_out, closing.", "Wählen Sie einen dieser Gründe: Ausverkauft, Schließt gleich."},
		{"de", `This business is "in_review", so "submit" is not possible now.`, "Das geht nicht. Der Betrieb hat den Stand „In Prüfung“."},
		{"de", `This order is "no_show", so "accept" is not possible now.`, "Das geht nicht mehr: Die Bestellung wurde nicht abgeholt."},
		{"de", `This order is "other", so "accept" is not possible now.`, "Das geht jetzt nicht, denn die Bestellung hat einen anderen Stand."},
		{"de", `This moon is "new", so "rise" is not possible now.`, "Das geht nicht mehr, denn der Stand ist jetzt ein anderer."},
		{"de", "Bitte eine ganze Zahl angeben.", "Bitte eine ganze Zahl angeben."},
		{"ar", "This was checked.", "This was checked."},
		{"xx", "Please sign in.", "Please sign in."},
		{"de", "", ""},
	} {
		if got := texts.Say(c.lang, c.message); got != c.want {
			t.Errorf("Say(%s, %q) = %q, want %q", c.lang, c.message, got, c.want)
		}
	}
}

// TestAHoleThatIsNotThere: a translation that fills in what the sentence does
// not have stops the start.
func TestAHoleThatIsNotThere(t *testing.T) {
	for _, body := range []string{`"One." = "Eins {1}."`, `"Only {1}." = "Nur {2}."`, `"Only {1}." = "Nur {0}."`, `"Only" = [`} {
		folder := fstest.MapFS{"i18n/errors.de.toml": {Data: []byte(body)}}
		if _, err := loadSentences(folder, "de"); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	s, err := web.New(false)
	if err != nil {
		b.Fatal(err)
	}
	texts, err := LoadTexts(s.FS())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		texts.Say("de", "A sentence of 100 words that nobody has translated.")
	}
}

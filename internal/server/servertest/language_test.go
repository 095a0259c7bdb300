package servertest_test

import (
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/server/servertest"
	"nearby/web"
)

// english are the English sentences that have a translation.
func english(t *testing.T, lang string) map[string]string {
	t.Helper()
	site, err := web.New(false)
	if err != nil {
		t.Fatal(err)
	}
	body, err := fs.ReadFile(site.FS(), "i18n/errors."+lang+".toml")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	if err := toml.Unmarshal(body, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestErrorsInTheLanguageOfTheReader: what is wrong with a form, and why a page
// cannot be shown, is said in the language the page is in.
func TestErrorsInTheLanguageOfTheReader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand(), servertest.NoCards())
		shop := site.AddShop(servertest.NewShop{})
		signUp := url.Values{"email": {"nobody"}, "name": {""}, "password": {"short"}}
		profile := url.Values{"name": {"x"}, "phone": {"none"}, "email": {"nobody"}, "website": {"none"}, "address.street": {"\u0001"}}
		for _, c := range []struct {
			name   string
			reader *servertest.Browser
			lang   string
			from   string
			fields url.Values
			want   []string
		}{
			{"sign-up", site.Guest(), "de", "/sign-up", signUp, []string{
				"Das sieht nicht nach einer E-Mail-Adresse aus.", "Bitte geben Sie einen Namen an.", "Ein Passwort hat mindestens 10 Zeichen.",
			}},
			{"sign-up", site.Guest(), "ar", "/sign-up", signUp, []string{
				"لا يبدو هذا بريدًا إلكترونيًا.", "اكتب اسمًا.", "لا تقل كلمة المرور عن 10 أحرف.",
			}},
			{"profile", site.SignIn(site.People.Owner), "de", "/manage/" + shop.Slug + "/profile", profile, []string{
				"Ein Name hat mindestens 2 Zeichen.", "Das ist keine Telefonnummer.", "Eine Webadresse sieht aus wie https://example.org.",
				"Diese Zeile enthält Zeichen, die sich nicht anzeigen lassen.",
			}},
		} {
			t.Run(c.name+" "+c.lang, func(t *testing.T) {
				reader := c.reader.In(t)
				reader.Fill(reader.See("/"), "/settings", url.Values{"lang": {c.lang}})
				page := reader.Fill(reader.See(c.from), c.from, c.fields)
				if page.Status != http.StatusUnprocessableEntity {
					t.Fatalf("%d\n%s", page.Status, page.Text())
				}
				has(t, page, c.want...)
				hasNot(t, page, english(t, c.lang))
				lost := reader.Get("/nowhere")
				has(t, lost, english(t, c.lang)["There is no such page."])
				hasNot(t, lost, english(t, c.lang))
			})
		}
	})
}

// TestLanguageOfALinkStays: whoever comes by a link in a language keeps it on what
// the page leads to.
func TestLanguageOfALinkStays(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	guest := site.Guest()
	page := guest.Fill(guest.See("/sign-up?lang=de"), "/sign-up", url.Values{"email": {"nobody"}, "name": {""}, "password": {"short"}})
	has(t, page, "Bitte geben Sie einen Namen an.")
	has(t, guest.Get("/nowhere"), english(t, "de")["There is no such page."])
	has(t, guest.Get("/nowhere?lang=xx"), english(t, "de")["There is no such page."]) // none of ours changes nothing
}

func hasNot(t *testing.T, page *servertest.Page, said map[string]string) {
	t.Helper()
	for sentence := range said {
		if strings.Contains(page.Text(), sentence) {
			t.Errorf("%s says %q to a reader of another language", page.URL.Path, sentence)
		}
	}
}

package reply

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Default is the language of the source texts and the one that stands in for
// what another language lacks.
const Default = "en"

// Languages are the interface languages, the default first. Arabic covers the
// public pages; desks fall back to English there.
var Languages = []string{"en", "de", "ar"}

var matcher = language.NewMatcher([]language.Tag{language.English, language.German, language.Arabic})

// Match picks the interface language: the first given choice that is one of
// ours (the address, the cookie, the account), else the best match of an
// Accept-Language value.
func Match(accept string, choices ...string) string {
	for _, choice := range choices {
		for _, lang := range Languages {
			if strings.EqualFold(choice, lang) {
				return lang
			}
		}
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return Default
	}
	_, index, _ := matcher.Match(tags...)
	return Languages[index]
}

// Dir is the writing direction of a language: "ltr" or "rtl".
func Dir(lang string) string {
	if lang == "ar" {
		return "rtl"
	}
	return "ltr"
}

// Texts holds the messages of all languages.
type Texts struct {
	localizers map[string]*i18n.Localizer
	keys       map[string]map[string]bool
	said       map[string]sentences
}

// LoadTexts reads i18n/<language>.toml and i18n/errors.<language>.toml of a
// folder.
func LoadTexts(folder fs.FS) (*Texts, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	t := &Texts{localizers: map[string]*i18n.Localizer{}, keys: map[string]map[string]bool{}, said: map[string]sentences{}}
	for _, lang := range Languages {
		name := "i18n/" + lang + ".toml"
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("reply: texts: %w", err)
		}
		file, err := bundle.ParseMessageFileBytes(body, lang+".toml")
		if err != nil {
			return nil, fmt.Errorf("reply: %s: %w", name, err)
		}
		t.keys[lang] = map[string]bool{}
		for _, message := range file.Messages {
			t.keys[lang][message.ID] = true
		}
		if t.said[lang], err = loadSentences(folder, lang); err != nil {
			return nil, err
		}
	}
	for _, lang := range Languages {
		t.localizers[lang] = i18n.NewLocalizer(bundle, lang, Default)
	}
	return t, nil
}

// Has reports whether a language has its own text for an id.
func (t *Texts) Has(lang, id string) bool { return t.keys[lang][id] }

// Keys are the ids of a language's file.
func (t *Texts) Keys(lang string) map[string]bool { return t.keys[lang] }

// Text is the text of an id in a language, in English where that lacks it. An
// unknown id comes back in brackets. Arguments are as in Renderer.Text.
func (t *Texts) Text(lang, id string, pairs ...any) string {
	localizer := t.localizers[lang]
	if localizer == nil {
		localizer = t.localizers[Default]
	}
	config := &i18n.LocalizeConfig{MessageID: id}
	if len(pairs) > 0 {
		data := make(map[string]any, len(pairs)/2)
		format := formats[lang]
		if format == nil {
			format = formats[Default]
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			name, value := fmt.Sprint(pairs[i]), pairs[i+1]
			if n, ok := value.(int); ok {
				if name == "N" {
					config.PluralCount = n
				}
				value = format.number(n)
			}
			data[name] = value
		}
		config.TemplateData = data
	}
	text, err := localizer.Localize(config)
	if err != nil && text == "" {
		return "[" + id + "]"
	}
	return text
}

// Word is the text for a word from a table (a state, a reason): its id is
// "perk.pickup" for the table "perk" and "order.state_paid" for the table
// "order.state". A word without a text is shown as it is, underscores as spaces.
func (t *Texts) Word(lang, prefix, value string) string {
	id := prefix + "." + value
	if strings.Contains(prefix, ".") {
		id = prefix + "_" + value
	}
	if t.Has(lang, id) || t.Has(Default, id) {
		return t.Text(lang, id)
	}
	return strings.ReplaceAll(value, "_", " ")
}

package reply

import (
	"fmt"
	"html/template"
	"io/fs"
	"strconv"
	"strings"
	"time"
	"unicode"

	"nearby/internal/money"
	"nearby/internal/server/pages"
	"nearby/web"
)

// glyphs stand in for icons that carry the meaning of a button alone, where
// the sprite is not installed.
var glyphs = map[string]string{
	"plus": "+", "minus": "−", "x": "×", "arrow-right": "→", "arrow-left": "←", "chevron-right": "›",
	"chevron-left": "‹", "chevron-down": "⌄", "chevron-up": "⌃", "search": "⌕", "check": "✓", "ellipsis": "…",
}

// parse makes the template set of one language.
func parse(site *web.Site, texts *Texts, lang string) (*template.Template, error) {
	f := formats[lang]
	set := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"t":          func(id string, pairs ...any) string { return texts.Text(lang, id, pairs...) },
		"word":       func(prefix, value string) string { return texts.Word(lang, prefix, value) },
		"say":        func(message string) string { return texts.Say(lang, message) },
		"n":          f.number,
		"money":      func(a money.Amount) string { return a.Format(lang) },
		"dist":       f.distance,
		"walk":       walk,
		"clock":      clockTime,
		"date":       f.fullDate,
		"shortDate":  f.shortDate,
		"weekday":    f.weekday,
		"dayName":    func(d time.Weekday) string { return f.days[d] },
		"dayDate":    f.withWeekday,
		"dateTime":   f.dateAndTime,
		"iso":        func(at time.Time) string { return at.Format(time.RFC3339) },
		"minutes":    func(d time.Duration) int { return max(0, int(d.Minutes())) },
		"age":        func(d time.Duration) string { return age(texts, lang, d) },
		"span":       func(d time.Duration) string { return span(texts, lang, d) },
		"openText":   func(o pages.Open) string { return openText(texts, lang, f, o) },
		"openWhy":    func(o pages.Open) string { return openWhy(texts, lang, o) },
		"closedText": func(why string, until time.Time) string { return closedText(texts, lang, f, why, until) },
		"doorSign":   doorSign,
		"asset":      site.URL,
		"hasAsset":   site.Has,
		"icon":       func(name string, class ...string) template.HTML { return icon(site, name, class...) },
		"initial":    initial,
		"paragraphs": paragraphs,
		"field":      field,
		"stepper":    stepper,
		"thumb": func(p *pages.Photo, name string, hue int) pages.Thumb {
			return pages.Thumb{Photo: p, Name: name, Hue: hue}
		},
		"prod": func(b pages.Base, p pages.ProductCard) pages.ProductCardIn {
			return pages.ProductCardIn{Base: b, Product: p}
		},
		"row": func(b pages.Base, d pages.Desk, r pages.CatalogRow) pages.CatalogRowIn {
			return pages.CatalogRowIn{Base: b, Desk: d, Row: r}
		},
		"caseIn":    func(b pages.Base, c *pages.Case) pages.CaseIn { return pages.CaseIn{Base: b, Case: c} },
		"deskTop":   func(b pages.Base, d pages.Desk) pages.DeskTop { return pages.DeskTop{Base: b, Desk: d} },
		"less":      func(n int) int { return max(0, n-1) },
		"more":      func(n int) int { return n + 1 },
		"px":        func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) },
		"shift":     func(v, by float64) float64 { return v + by },
		"languages": func() []string { return Languages },
		"langName":  LanguageName,
	})
	err := fs.WalkDir(site.FS(), "templates", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".html") {
			return err
		}
		body, err := fs.ReadFile(site.FS(), name)
		if err != nil {
			return err
		}
		_, err = set.New(strings.TrimPrefix(name, "templates/")).Parse(string(body))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reply: templates: %w", err)
	}
	return set, nil
}

// LanguageName is what a language of the interface calls itself.
func LanguageName(code string) string { return languageNames[code] }

var languageNames = map[string]string{"en": "English", "de": "Deutsch", "ar": "العربية"}

// icon draws one symbol of the sprite, or a plain character, or nothing.
func icon(site *web.Site, name string, class ...string) template.HTML {
	classes := strings.Join(append([]string{"i"}, class...), " ")
	if !site.Has("vendor/icons.svg") {
		glyph := glyphs[name]
		if glyph == "" {
			return ""
		}
		//nolint:gosec // every part is escaped or from our own list
		return template.HTML(`<span class="` + template.HTMLEscapeString(classes) + ` i-glyph" aria-hidden="true">` + glyph + `</span>`)
	}
	//nolint:gosec // every part is escaped
	return template.HTML(`<svg class="` + template.HTMLEscapeString(classes) + `" aria-hidden="true"><use href="` +
		template.HTMLEscapeString(site.URL("vendor/icons.svg")+"#"+name) + `"/></svg>`)
}

// initial is the first letter of a name, for places without a picture.
func initial(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return ""
}

// paragraphs parts a text at its empty lines.
func paragraphs(text string) []string {
	var out []string
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// doorSign is the state as the style sheet names it.
func doorSign(o pages.Open) string {
	switch o.Kind {
	case "open":
		return "open"
	case "closing_soon":
		return "soon"
	}
	return "closed"
}

// openText says in words whether a place is open and until when.
func openText(texts *Texts, lang string, f *format, o pages.Open) string {
	if o.Kind == "unknown" && o.Reason != "" {
		return texts.Word(lang, "open.why", o.Reason)
	}
	if o.Change.IsZero() {
		switch o.Kind {
		case "open", "closing_soon":
			return texts.Text(lang, "open.now")
		case "closed":
			return texts.Text(lang, "open.closed")
		}
		return texts.Text(lang, "open.unknown")
	}
	days := daysBetween(o.Now, o.Change)
	switch o.Kind {
	case "open":
		// A place that closes at one in the night still closes "at 01:00".
		if days > 1 || (days == 1 && o.Change.Hour() > 6) {
			return texts.Text(lang, "open.now")
		}
		return texts.Text(lang, "open.until", "Time", clockTime(o.Change))
	case "closing_soon":
		return texts.Text(lang, "open.closes_in", "N", max(1, int(o.Change.Sub(o.Now).Minutes())))
	case "closed":
		switch {
		case days <= 0:
			return texts.Text(lang, "open.opens_at", "Time", clockTime(o.Change))
		case days < 7:
			return texts.Text(lang, "open.opens_on", "Day", f.shortDays[o.Change.Weekday()], "Time", clockTime(o.Change))
		}
		return texts.Text(lang, "open.opens_date", "Date", f.shortDate(o.Change))
	}
	return texts.Text(lang, "open.unknown")
}

// openWhy is the whole sentence on why nobody can say whether a place is open,
// with what its people wrote; "" where that is known.
func openWhy(texts *Texts, lang string, o pages.Open) string {
	if o.Kind != "unknown" || o.Reason == "" {
		return ""
	}
	told := texts.Word(lang, "open.told", o.Reason)
	if o.Note == "" || o.Reason == "by_appointment" {
		return told
	}
	return told + " " + texts.Text(lang, "open.note", "Note", o.Note)
}

// closedText says why no order is taken, and until when where that is known.
func closedText(texts *Texts, lang string, f *format, why string, until time.Time) string {
	if why == "paused" && !until.IsZero() {
		return texts.Text(lang, "business.closed_paused_until", "Time", f.dateAndTime(until))
	}
	return texts.Word(lang, "business.closed", why)
}

// daysBetween counts the midnights between two moments of one zone.
func daysBetween(from, to time.Time) int {
	a := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	b := time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a).Hours() / 24)
}

// age is a span as people say it: minutes below two hours, hours below two
// days, days above.
func age(texts *Texts, lang string, d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return texts.Text(lang, "age.minutes", "N", max(0, int(d.Minutes())))
	case d < 48*time.Hour:
		return texts.Text(lang, "age.hours", "N", int(d.Hours()))
	}
	return texts.Text(lang, "age.days", "N", int(d.Hours()/24))
}

// span is how long something took, in its two largest units.
func span(texts *Texts, lang string, d time.Duration) string {
	seconds := int(d.Seconds())
	switch {
	case d < time.Minute:
		return texts.Text(lang, "span.seconds", "S", seconds)
	case d < time.Hour:
		return texts.Text(lang, "span.minutes", "M", seconds/60, "S", seconds%60)
	case d < 24*time.Hour:
		return texts.Text(lang, "span.hours", "H", seconds/3600, "M", seconds/60%60)
	}
	return texts.Text(lang, "span.days", "D", seconds/86400, "H", seconds/3600%24)
}

// field makes one labelled input. Options are words: "required", "optional",
// "hint=…", "autocomplete=…", "inputmode=…", "maxlength=…", "rows=…",
// "prefix=…", "placeholder=…".
func field(errors pages.Errors, name, kind, value, label string, options ...string) (pages.Field, error) {
	f := pages.Field{Name: name, Type: kind, Value: value, Label: label, Error: errors.For(name)}
	for _, option := range options {
		key, text, _ := strings.Cut(option, "=")
		switch key {
		case "required":
			f.Required = true
		case "optional":
			f.Optional = true
		case "hint":
			f.Hint = text
		case "autocomplete":
			f.Autocomplete = text
		case "inputmode":
			f.InputMode = text
		case "placeholder":
			f.Placeholder = text
		case "prefix":
			f.Prefix = text
		case "maxlength":
			f.MaxLength, _ = strconv.Atoi(text)
		case "rows":
			f.Rows, _ = strconv.Atoi(text)
		default:
			return f, fmt.Errorf("field %s: unknown option %q", name, option)
		}
	}
	return f, nil
}

// stepper makes the two-button quantity control of a cart line.
func stepper(base pages.Base, variant, label string, quantity, most int) pages.Stepper {
	return pages.Stepper{Return: base.Path, Variant: variant, Label: label, Quantity: quantity, Max: most}
}

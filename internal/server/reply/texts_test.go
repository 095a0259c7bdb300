package reply

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jba/templatecheck"

	"nearby/internal/hours"
	"nearby/internal/server/pages"
	"nearby/internal/server/pages/pagestest"
	"nearby/web"
)

func site(t *testing.T) *web.Site {
	t.Helper()
	s, err := web.New(false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tables are the prefixes of words that data chooses ("order.state" + "paid").
var tables = []string{
	"order.state_", "decline.", "change.state_", "verified.changed_", "verified.pending_", "verified.check_", "order.lead_", "order.step_", "order.kind_", "order.paid_by_", "business.state_", "business.closed_", "verified.way_",
	"cart.problem_", "drop.phase_", "product.state_", "product.missing_", "catalog.hint_", "case.kind_", "case.flag_", "case.field_", "case.check_", "likeness.same_", "apply.item_",
	"payouts.state_", "payouts.text_", "payouts.sent_", "manage.state_note_", "measure.kind_", "measure.hint_", "measure.state_", "measure.field_", "measure.ground_", "measure.detected_", "admin.figure_", "admin.health_", "problem.title_", "problem.text_",
	"hours.kind_", "open.why_", "open.told_", "said.", "perk.", "role.", "reject.", "todo.", "complaint.subject_", "complaint.state_", "report.kind_", "report.state_", "report.outcome_", "order.end_", "order.stuck_", "dispute.state_", "dispute.lead_", "dispute.reason_", "dispute.part_", "order.decline_", "letter.",
	"check.method_", "check.hint_", "check.needs_", "check.missing_", "check.proves_", "check.way_", "check.begin_",
	"manage.tab_", "catalog.tab_", "desk.show_", "ask.", "suspend.", "decision.", "member.", "attribute.",
}

// private are the folders whose pages only owners, verifiers and operators see.
var private = []string{"owner/", "desk/", "admin/", "layout/desk.html", "parts/measure.html"}

// TestTextsAreComplete: every text a template uses exists in every language
// that must have it, and no text is left over.
func TestTextsAreComplete(t *testing.T) {
	folder := site(t).FS()
	texts, err := LoadTexts(folder)
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`\bt "([a-z_]+\.[a-z_0-9]+)"`)
	table := regexp.MustCompile(`\bword "([a-z_.]+)"`)
	used, public := map[string]bool{}, map[string]bool{}
	err = fs.WalkDir(folder, "templates", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		short := strings.TrimPrefix(name, "templates/")
		hidden := slices.ContainsFunc(private, func(prefix string) bool { return strings.HasPrefix(short, prefix) })
		for _, match := range call.FindAllStringSubmatch(string(body), -1) {
			used[match[1]] = true
			if !hidden {
				public[match[1]] = true
			}
		}
		for _, match := range table.FindAllStringSubmatch(string(body), -1) {
			if !slices.ContainsFunc(tables, func(known string) bool { return strings.TrimRight(known, "_.") == match[1] }) {
				t.Errorf("%s: the table %q is not known to this test", short, match[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	usedByHandlers(t, texts, used)
	for _, id := range []string{"open.now", "open.closed", "open.unknown", "open.until", "open.closes_in", "open.opens_at", "open.opens_on", "open.opens_date", "open.note", "age.minutes", "age.hours", "age.days", "span.seconds", "span.minutes", "span.hours", "span.days"} {
		used[id], public[id] = true, true
	}
	inTable := func(id string) bool {
		return slices.ContainsFunc(tables, func(prefix string) bool { return strings.HasPrefix(id, prefix) })
	}
	for id := range used {
		for _, lang := range []string{"en", "de"} {
			if !texts.Has(lang, id) {
				t.Errorf("%s: no text for %s", lang, id)
			}
		}
	}
	for id := range public {
		if !texts.Has("ar", id) {
			t.Errorf("ar: no text for %s, which everybody sees", id)
		}
	}
	for _, lang := range Languages {
		for id := range texts.Keys(lang) {
			if !used[id] && !inTable(id) {
				t.Errorf("%s: %s is used nowhere", lang, id)
			}
			if !texts.Has("en", id) {
				t.Errorf("%s: %s is not in the source", lang, id)
			}
		}
	}
	for id := range texts.Keys("en") {
		if !texts.Has("de", id) {
			t.Errorf("de: no text for %s", id)
		}
	}
}

// TestGermanSaysSie: German readers are addressed in one way.
func TestGermanSaysSie(t *testing.T) {
	familiar := regexp.MustCompile(`(?i)(?:^|[^\pL])(?:du|dir|dich|dein\pL*|euch|eu(?:er|re\pL*))(?:[^\pL]|$)`)
	for _, name := range []string{"i18n/de.toml", "i18n/errors.de.toml"} {
		body, err := fs.ReadFile(site(t).FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(body), "\n") {
			if word := familiar.FindString(line); word != "" {
				t.Errorf("web/%s:%d: %q should be Sie: %s", name, i+1, strings.TrimSpace(word), line)
			}
		}
	}
}

// usedByHandlers adds the ids that the code above and around names.
func usedByHandlers(t *testing.T, texts *Texts, used map[string]bool) {
	t.Helper()
	literal := regexp.MustCompile(`"([a-z_]+\.[a-z_0-9]+)"`)
	call := regexp.MustCompile(`(?:Text|TextIn|Flash)\((?:[a-zA-Z.]+, )?"([a-z_]+\.[a-z_0-9]+)"`)
	for _, root := range []string{"..", "../../app"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			body, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, match := range call.FindAllStringSubmatch(string(body), -1) {
				used[match[1]] = true
			}
			for _, match := range literal.FindAllStringSubmatch(string(body), -1) {
				if texts.Has(Default, match[1]) { // a literal that looks like an id may be a file
					used[match[1]] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestTemplatesFitTheirPages checks the types of every expression of every page
// without executing it, so that a branch no fixture takes is checked too.
func TestTemplatesFitTheirPages(t *testing.T) {
	s := site(t)
	texts, err := LoadTexts(s.FS())
	if err != nil {
		t.Fatal(err)
	}
	set, err := parse(s, texts, "en")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range pagestest.All("en") {
		for _, name := range append([]string{p.Template}, p.Blocks...) {
			if seen[name] {
				continue
			}
			seen[name] = true
			page := set.Lookup(name)
			if page == nil {
				t.Errorf("no template %s", name)
				continue
			}
			if err := templatecheck.CheckHTML(page, p.Page); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestIconsAreInTheSprite: web/icons.txt names every icon the templates draw.
func TestIconsAreInTheSprite(t *testing.T) {
	folder := site(t).FS()
	list, err := fs.ReadFile(folder, "icons.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(list))
	call := regexp.MustCompile(`\bicon "([a-z0-9-]+)"`)
	err = fs.WalkDir(folder, "templates", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(folder, name)
		for _, match := range call.FindAllStringSubmatch(string(body), -1) {
			if !slices.Contains(names, match[1]) {
				t.Errorf("%s: icon %q is not in web/icons.txt", name, match[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		accept  string
		choices []string
		want    string
	}{
		{"", nil, "en"},
		{"de-AT,de;q=0.9,en;q=0.5", nil, "de"},
		{"fr,ar;q=0.4", nil, "ar"},
		{"xx", nil, "en"},
		{";;;", nil, "en"},
		{"ar", []string{"", "de"}, "de"},
		{"ar", []string{"fr", "xx"}, "ar"},
		{"en", []string{"AR"}, "ar"},
	} {
		if got := Match(c.accept, c.choices...); got != c.want {
			t.Errorf("Match(%q, %v) = %s, want %s", c.accept, c.choices, got, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	at := time.Date(2026, 3, 7, 9, 5, 0, 0, time.UTC)
	for _, c := range []struct{ name, got, want string }{
		{"en number", formats["en"].number(1234567), "1,234,567"},
		{"de number", formats["de"].number(-1234), "-1.234"},
		{"small number", formats["en"].number(999), "999"},
		{"en metres", formats["en"].distance(123), "120\u00a0m"},
		{"en edge", formats["en"].distance(994), "990\u00a0m"},
		{"en kilometres", formats["en"].distance(1234), "1.2\u00a0km"},
		{"en round kilometre", formats["en"].distance(999), "1\u00a0km"},
		{"de kilometres", formats["de"].distance(1250), "1,2\u00a0km"},
		{"ar far", formats["ar"].distance(12345), "12\u00a0كم"},
		{"en date", formats["en"].fullDate(at), "7 March 2026"},
		{"de date", formats["de"].fullDate(at), "7. März 2026"},
		{"en weekday", formats["en"].withWeekday(at), "Saturday 7 March"},
		{"de weekday", formats["de"].withWeekday(at), "Samstag, 7. März"},
		{"ar date", formats["ar"].fullDate(at), "7 مارس 2026"},
		{"time", formats["de"].dateAndTime(at), "7. März, 09:05"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestOpenText(t *testing.T) {
	texts, err := LoadTexts(site(t).FS())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 14, 20, 0, 0, time.UTC) // a Saturday
	in := func(d time.Duration) time.Time { return now.Add(d) }
	for _, c := range []struct {
		lang string
		open pages.Open
		want string
	}{
		{"en", pages.Open{Kind: "open", Change: in(4 * time.Hour), Now: now}, "Open until 18:20"},
		{"en", pages.Open{Kind: "open", Change: in(11 * time.Hour), Now: now}, "Open until 01:20"},
		{"en", pages.Open{Kind: "open", Change: in(60 * time.Hour), Now: now}, "Open"},
		{"en", pages.Open{Kind: "open", Now: now}, "Open"},
		{"en", pages.Open{Kind: "closing_soon", Change: in(40 * time.Minute), Now: now}, "Closes in 40 min"},
		{"de", pages.Open{Kind: "closed", Change: in(3 * time.Hour), Now: now}, "Geschlossen, öffnet 17:20"},
		{"de", pages.Open{Kind: "closed", Change: in(43 * time.Hour), Now: now}, "Geschlossen, öffnet Mo 09:20"},
		{"en", pages.Open{Kind: "closed", Change: in(240 * time.Hour), Now: now}, "Closed until 1 December"},
		{"en", pages.Open{Kind: "closed", Now: now}, "Closed"},
		{"en", pages.Open{Kind: "unknown", Now: now}, "Hours not known"},
		{"en", pages.Open{}, "Hours not known"},
		{"en", pages.Open{Kind: "unknown", Reason: hours.ReasonHoliday, Change: in(time.Hour), Now: now}, "Depends on a holiday: ask first"},
		{"de", pages.Open{Kind: "unknown", Reason: hours.ReasonByAppointment, Note: "by appointment", Now: now}, "Nach Vereinbarung"},
		{"ar", pages.Open{Kind: "closing_soon", Change: in(2 * time.Minute), Now: now}, "يغلق بعد دقيقتين"},
	} {
		if got := openText(texts, c.lang, formats[c.lang], c.open); got != c.want {
			t.Errorf("%s %+v: %q, want %q", c.lang, c.open, got, c.want)
		}
	}
}

// TestDoubtsAreSaid: each reason for not knowing is told in every language, in
// a list and at length, and none is shown as closed.
func TestDoubtsAreSaid(t *testing.T) {
	texts, err := LoadTexts(site(t).FS())
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Languages {
		for _, reason := range hours.Doubts {
			open := pages.Open{Kind: string(hours.Doubtful), Reason: reason}
			for _, id := range []string{"open.why_" + reason, "open.told_" + reason} {
				if !texts.Has(lang, id) {
					t.Errorf("%s: no text for %s", lang, id)
				}
			}
			short, whole := openText(texts, lang, formats[lang], open), openWhy(texts, lang, open)
			if short == texts.Text(lang, "open.closed") || len(short) >= len(whole) {
				t.Errorf("%s, %s: %q in lists, %q at length", lang, reason, short, whole)
			}
		}
	}
	open := pages.Open{Kind: "unknown", Reason: hours.ReasonComment, Note: "ring the bell", Change: time.Now()}
	if got, want := openWhy(texts, "en", open), "Whether it is open depends on a condition. Ask before you go. They say: “ring the bell”."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := openWhy(texts, "en", pages.Open{Kind: "closed", Reason: hours.ReasonSpecial}); got != "" {
		t.Errorf("a closed place is explained as %q", got)
	}
}

func TestWord(t *testing.T) {
	texts, err := LoadTexts(site(t).FS())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ lang, prefix, value, want string }{
		{"de", "perk", "pickup", "Abholung"},
		{"en", "order.state", "ready", "Ready to collect"},
		{"en", "order.state", "never_heard_of", "never heard of"},
		{"ar", "case.kind", "claim", "Owner claim"},
	} {
		if got := texts.Word(c.lang, c.prefix, c.value); got != c.want {
			t.Errorf("Word(%s, %s, %s) = %q, want %q", c.lang, c.prefix, c.value, got, c.want)
		}
	}
}

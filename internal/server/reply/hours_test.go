package reply

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nearby/internal/hours"
	"nearby/web"
)

func hoursTexts(t *testing.T) *Texts {
	t.Helper()
	texts, err := LoadTexts(site(t).FS())
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestHoursInSentences(t *testing.T) {
	texts := hoursTexts(t)
	for _, c := range []struct{ osm, en, de string }{
		{"Mo-Sa 11:30-21:00; Su 15:00+", "Mon–Sat 11:30–21:00, Sun from 15:00", "Mo–Sa 11:30–21:00, So ab 15:00"},
		{"24/7", "Day and night, every day", "Tag und Nacht, jeden Tag"},
		{"off", "Always closed", "Immer geschlossen"},
		{"09:00-18:00", "Every day 09:00–18:00", "Täglich 09:00–18:00"},
		{"Mo,We,Fr 09:00-12:00,14:00-18:00", "Mon, Wed, Fri 09:00–12:00 and 14:00–18:00, Tue, Thu, Sat, Sun closed", "Mo, Mi, Fr 09:00–12:00 und 14:00–18:00, Di, Do, Sa, So geschlossen"},
		{"Fr,Sa 20:00-03:00", "Fri, Sat 20:00–03:00, Mon–Thu, Sun closed", "Fr, Sa 20:00–03:00, Mo–Do, So geschlossen"},
		{`Mo-Fr 09:00-12:00 "by appointment"; Sa 10:00-24:00`, "Mon–Fri 09:00–12:00 by appointment, Sat 10:00–24:00, Sun closed", "Mo–Fr 09:00–12:00 nach Vereinbarung, Sa 10:00–24:00, So geschlossen"},
		{"Mo 17:00-22:00+, Tu-Su 00:00-24:00", "Mon 17:00–22:00 or later, Tue–Sun 24 hours", "Mo 17:00–22:00 oder länger, Di–So 24 Stunden"},
		{`Mo-Su 10:00-12:00 "ring the bell"`, "Every day perhaps 10:00–12:00 (“ring the bell”)", "Täglich vielleicht 10:00–12:00 („ring the bell“)"},
		{`Mo-Su 10:00-12:00 open "ring the bell"`, "Every day 10:00–12:00 (“ring the bell”)", "Täglich 10:00–12:00 („ring the bell“)"},
		{"Mo-Fr 09:00-17:00; PH off", "Mon–Fri 09:00–17:00; public holidays closed", "Mo–Fr 09:00–17:00; Feiertage geschlossen"},
		{"Apr-Oct Mo-Su 10:00-18:00; Nov-Mar Sa,Su 10:00-16:00", "April to October Mon–Sun 10:00–18:00; November to March Sat, Sun 10:00–16:00", "April bis Oktober Mo–So 10:00–18:00; November bis März Sa, So 10:00–16:00"},
		{"10:00-18:00; Dec 24-Jan 06 off", "10:00–18:00; 24 December to 6 January closed", "10:00–18:00; 24. Dezember bis 6. Januar geschlossen"},
		{"Sa[1,-1] 10:00-12:00", "First and last Sat of the month 10:00–12:00", "Erster und letzter Sa im Monat 10:00–12:00"},
		{"sunrise-(sunset-00:30); easter -2 days off", "Sunrise–30 min before sunset; 2 days before Easter Sunday closed", "Sonnenaufgang–30 Min. vor Sonnenuntergang; 2 Tage vor: Ostersonntag geschlossen"},
		{"Mo-Fr 09:00-17:00; SH Mo 10:00-12:00; PH -1 day 09:00-12:00", "Mon–Fri 09:00–17:00; school holidays on Mon 10:00–12:00; the day before public holidays 09:00–12:00", "Mo–Fr 09:00–17:00; Schulferien an Mo 10:00–12:00; der Tag vor: Feiertage 09:00–12:00"},
		{"Jan Mo-Fr 09:00-17:00, Jan Sa 10:00-12:00 || unknown", "January Mon–Fri 09:00–17:00; also January Sat 10:00–12:00; otherwise perhaps 24 hours", "Januar Mo–Fr 09:00–17:00; außerdem Januar Sa 10:00–12:00; sonst vielleicht 24 Stunden"},
		{"2026 Mar Su[-1]-2026 Oct 31 Mo 12:00-14:00 off; week 10-12 08:00-09:00", "Last Sun in March 2026 to 31 October 2026 Mon closed 12:00–14:00; calendar week 10–12 08:00–09:00", "Letzter So im März 2026 bis 31. Oktober 2026 Mo geschlossen 12:00–14:00; Kalenderwoche 10–12 08:00–09:00"},
		// What has no exact words stays in the notation.
		{"week 1-53/2 Fr 10:00-12:00", "week 01-53/2 Fr 10:00-12:00", "week 01-53/2 Fr 10:00-12:00"},
		{"Apr Mo-Fr 09:00-12:00; 14:00-18:00", "Apr Mo-Fr 09:00-12:00; 14:00-18:00", "Apr Mo-Fr 09:00-12:00; 14:00-18:00"},
	} {
		s, err := hours.ParseOSM(c.osm, "Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		for lang, want := range map[string]string{"en": c.en, "de": c.de} {
			if got := s.Sentences(texts.hoursWords(lang), time.Now()); len(got) != 1 || got[0] != want {
				t.Errorf("%s, %s:\n got %q\nwant %q", lang, c.osm, got, want)
			}
		}
	}
	arabic, err := hours.ParseOSM("Mo-Sa 11:30-21:00; Su 15:00+", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := arabic.Sentences(texts.hoursWords("ar"), time.Now())[0], "الاثنين–السبت \u206611:30–21:00\u2069، الأحد من 15:00"; got != want {
		t.Errorf("ar: %q, want %q", got, want)
	}
}

func TestSpecialDaysInSentences(t *testing.T) {
	texts := hoursTexts(t)
	eve, now := hours.Date{Year: 2026, Month: 12, Day: 24}, time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	s := hours.Unknown("daily", "Europe/Berlin").WithSpecial(
		hours.Special{From: eve, To: eve, Spans: []hours.Span{{From: 600, To: 720}, {From: 900, To: 900, OpenEnd: true}}, Reason: "Christmas Eve"},
		hours.Special{From: eve.AddDays(1), To: eve.AddDays(8), CutsNight: true},
		hours.Special{From: eve.AddDays(-60), To: eve.AddDays(-50)}, // over
	)
	want := []string{"24 December 2026 10:00–12:00 and from 15:00 (“Christmas Eve”)", "25 December 2026 to 1 January 2027 closed, the night before ends at midnight"}
	if got := s.Sentences(texts.hoursWords("en"), now); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := (hours.Schedule{}).Sentences(texts.hoursWords("en"), now); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}

// TestSentencesAreExact: hours that share a sentence, in whatever language, are
// the same hours, minute by minute, over more than a year.
func TestSentencesAreExact(t *testing.T) {
	texts := hoursTexts(t)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	place := hours.Place{Region: "DE-BE", Lat: 52.5, Lng: 13.4, Pinned: true}
	values := slices.Concat(vectorValues(t), realValues(t))
	inWords := 0
	for _, lang := range Languages {
		words := texts.hoursWords(lang)
		said := map[string]hours.Schedule{}
		for _, value := range values {
			s, err := hours.ParseOSM(value, "Europe/Berlin")
			if err != nil {
				continue
			}
			s = s.InPlace(place)
			sentence := s.Sentences(words, from)[0]
			if strings.Contains(sentence, "[said.") || strings.Contains(sentence, "<no value>") {
				t.Fatalf("%s, %q: %q", lang, value, sentence)
			}
			if sentence != s.OSM() && lang == Default {
				inWords++
			}
			other, met := said[sentence]
			said[sentence] = s
			if !met || s.Equal(other) {
				continue
			}
			a, b := s.Intervals(from, from.AddDate(1, 1, 0)), other.Intervals(from, from.AddDate(1, 1, 0))
			if !slices.Equal(a, b) {
				t.Errorf("%s: %q stands for %q and for %q", lang, sentence, s.OSM(), other.OSM())
			}
		}
	}
	t.Logf("%d of %d values in words", inWords, len(values))
	if inWords < len(values)*9/10 {
		t.Errorf("only %d of %d values have words", inWords, len(values))
	}
}

func vectorValues(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../hours/testdata/vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var values []string
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []struct{ Hours string }
		if err := json.Unmarshal(body, &list); err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			values = append(values, v.Hours)
		}
	}
	return values
}

// realValues are those of the corpus, where it is.
func realValues(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("NEARBY_TESTDATA")
	if dir == "" {
		return nil
	}
	file, err := os.Open(filepath.Join(dir, "opening-hours", "osm-real-values-expected.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for decoder := json.NewDecoder(unpacked); ; {
		var v struct{ Value string }
		switch err := decoder.Decode(&v); {
		case errors.Is(err, io.EOF):
			return values
		case err != nil:
			t.Fatal(err)
		}
		values = append(values, v.Value)
	}
}

func BenchmarkSentences(b *testing.B) {
	renderer, err := New(must(web.New(false)))
	if err != nil {
		b.Fatal(err)
	}
	s := must(hours.ParseOSM("Mo-Fr 09:00-12:00,14:00-18:00; Sa 10:00-14:00; PH off", "Europe/Berlin"))
	words, now := renderer.HoursWords("de"), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		s.Sentences(words, now)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

package reply

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// sentences are one language's translations of the messages that errors carry.
// The English sentence in the code is the key; "{1}", "{2}" in it are the
// places where the code fills something in.
type sentences struct {
	exact    map[string]string
	patterns []pattern // those with the most words of their own first
}

// pattern is a sentence with holes.
type pattern struct {
	from *regexp.Regexp
	to   string
	own  int // bytes outside the holes
}

var (
	keyHole  = regexp.MustCompile(`\{(\d)\}`)
	saidHole = regexp.MustCompile(`\{(\d)(?::([a-z_.]+))?\}`)
	amount   = regexp.MustCompile(`\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+`)
)

// number is the table of a hole that holds a number as English writes it.
const number = "number"

// loadSentences reads i18n/errors.<language>.toml; a language without the file
// has no translations.
func loadSentences(folder fs.FS, lang string) (sentences, error) {
	s := sentences{exact: map[string]string{}}
	name := "i18n/errors." + lang + ".toml"
	body, err := fs.ReadFile(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reply: texts: %w", err)
	}
	if err := toml.Unmarshal(body, &s.exact); err != nil {
		return s, fmt.Errorf("reply: %s: %w", name, err)
	}
	for key, said := range s.exact {
		p, holes := compile(key, said)
		for _, hole := range saidHole.FindAllStringSubmatch(said, -1) {
			if n, _ := strconv.Atoi(hole[1]); n < 1 || n > holes {
				return s, fmt.Errorf("reply: %s: %q has no hole %s", name, key, hole[0])
			}
		}
		if holes > 0 {
			s.patterns = append(s.patterns, p)
		}
	}
	slices.SortFunc(s.patterns, func(a, b pattern) int {
		if a.own != b.own {
			return b.own - a.own
		}
		return strings.Compare(a.from.String(), b.from.String())
	})
	return s, nil
}

// compile makes the matcher of a key and counts its holes.
func compile(key, said string) (pattern, int) {
	words := keyHole.Split(key, -1)
	own := 0
	for i, part := range words {
		own += len(part)
		words[i] = regexp.QuoteMeta(part)
	}
	return pattern{regexp.MustCompile(`^(?s)` + strings.Join(words, `(.+?)`) + `$`), said, own}, len(words) - 1
}

// Say is the message of an error in a language. A message that has no
// translation comes back unchanged, and so does one that a handler wrote in the
// reader's language.
func (t *Texts) Say(lang, message string) string {
	known := t.said[lang]
	if said, ok := known.exact[message]; ok {
		return said
	}
	for _, p := range known.patterns {
		if filled := p.from.FindStringSubmatch(message); filled != nil {
			return saidHole.ReplaceAllStringFunc(p.to, func(hole string) string {
				parts := saidHole.FindStringSubmatch(hole)
				n, _ := strconv.Atoi(parts[1])
				return t.fill(lang, parts[2], filled[n])
			})
		}
	}
	return message
}

// fill writes what stands in a hole: as it is, as a number, or as words of a
// table, several with commas between them.
func (t *Texts) fill(lang, table, value string) string {
	switch table {
	case "":
		return value
	case number:
		f := formats[lang]
		return amount.ReplaceAllStringFunc(value, func(n string) string {
			return strings.NewReplacer(",", f.group, ".", f.point).Replace(n)
		})
	}
	words := strings.Split(value, ", ")
	for i, word := range words {
		words[i] = t.Word(lang, table, word)
	}
	return strings.Join(words, ", ")
}

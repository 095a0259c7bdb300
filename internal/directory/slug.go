package directory

import (
	"slices"
	"strings"

	"nearby/internal/text"
)

const maxSlug = 60 // bytes, the disambiguator included

// reserved are words that stand where a slug would in the product's addresses.
var reserved = []string{"new", "import"}

// slugify makes the part of an address out of texts: folded, ASCII letters and
// digits, hyphens between. It is "" when nothing is left.
func slugify(parts ...string) string {
	var b strings.Builder
	for _, word := range text.Words(strings.Join(parts, " ")) {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			continue
		}
		if b.Len()+1+len(word) > maxSlug {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('-')
		}
		b.WriteString(word)
	}
	return b.String()
}

// slugs lists what a business could be called in addresses, the nicest first.
// The last one carries the tail of its id and is as good as unique.
func slugs(b Business) []string {
	id := strings.ReplaceAll(b.ID, "-", "")
	name := slugify(b.Name)
	if name == "" {
		name = slugify(b.Category) // a name in another script: say what it is
	}
	list := []string{
		name,
		slugify(name, b.Address.District),
		slugify(name, b.Address.Street),
		slugify(name, b.Address.City),
		slugify(clip(name, maxSlug-7), id[len(id)-6:]),
		slugify(clip(name, maxSlug-17), id[len(id)-16:]),
	}
	var unique []string
	for _, slug := range list {
		if len(slug) >= 2 && !slices.Contains(reserved, slug) && !slices.Contains(unique, slug) {
			unique = append(unique, slug)
		}
	}
	return unique
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.TrimRight(s[:n], "-")
	}
	return s
}

// pick is the first of the candidates that nobody has.
func pick(candidates []string, taken func(string) bool) string {
	for _, slug := range candidates {
		if !taken(slug) {
			return slug
		}
	}
	return candidates[len(candidates)-1]
}

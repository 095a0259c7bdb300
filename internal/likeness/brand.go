package likeness

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"nearby/internal/text"
)

// Brands are names that the operator protects. The zero value protects none.
type Brands struct {
	names map[string]string // what to show, by skeleton
	words int               // of the longest
}

// shortest is the number of letters below which a brand would be found in
// every other name.
const shortest = 3

// ReadBrands reads a list of protected names, one a line; empty lines and those
// that begin with # are passed over. The error names the line.
func ReadBrands(r io.Reader) (Brands, error) {
	b := Brands{names: map[string]string{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		name := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if name == "" || name[0] == '#' {
			continue
		}
		key := Skeleton(name)
		if !utf8.ValidString(name) || key == "" || utf8.RuneCountInString(strings.Join(text.Words(name), "")) < shortest {
			return Brands{}, fmt.Errorf("line %d: %q is too short to be told from other names", n, name)
		}
		b.names[key] = name
		b.words = max(b.words, len(strings.Fields(name)))
	}
	return b, lines.Err()
}

// In finds the protected name that a name is, contains as whole words, or looks
// like; "" for none. Two words more are looked at than the longest brand has, so
// that "P a y P a l" written apart is found up to there.
func (b Brands) In(name string) string {
	if len(b.names) == 0 {
		return ""
	}
	words := strings.Fields(visible(name))
	for i := range words {
		for n := min(len(words)-i, b.words+2); n > 0; n-- {
			for _, key := range Skeletons(strings.Join(words[i:i+n], "")) {
				if found, ok := b.names[key]; ok {
					return found
				}
			}
		}
	}
	return ""
}

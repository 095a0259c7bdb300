package directory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"nearby/internal/geo"
	"nearby/internal/text"
)

// Duplicate is a business that may be the same one as another.
type Duplicate struct {
	ID        string
	Slug      string
	Name      string
	State     State
	DistanceM float64
	Same      []string // what is alike: name, phone
}

// duplicateWithin is how far apart, in metres, two entries of one business are
// looked for.
const duplicateWithin = 300

// Duplicates lists businesses close to b, in whatever state but closed, that
// have its phone number or a name like its own, the nearest first.
func (s *Service) Duplicates(ctx context.Context, b Business) ([]Duplicate, error) {
	if !b.Located() {
		return nil, nil
	}
	// Two rings of cells of about 300 m cover more than the distance looked for.
	around, err := s.store.within(ctx, b.Cell.Parent(9).Disk(2))
	if err != nil {
		return nil, err
	}
	var list []Duplicate
	for _, other := range around {
		d := geo.Distance(b.Point, other.Point)
		if other.ID == b.ID || d > duplicateWithin || other.State == Withdrawn || other.State == Terminated {
			continue
		}
		var same []string
		if alike(b.Name, other.Name) {
			same = append(same, "name")
		}
		if b.Phone != "" && b.Phone == other.Phone {
			same = append(same, "phone")
		}
		if same != nil {
			list = append(list, Duplicate{ID: other.ID, Slug: other.Slug, Name: other.Name, State: other.State, DistanceM: d, Same: same})
		}
	}
	slices.SortFunc(list, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// alike reports whether two names may mean one business: all words of the
// shorter are in the other, or few letters differ.
func alike(a, b string) bool {
	wordsA, wordsB := text.Words(a), text.Words(b)
	if len(wordsA) == 0 || len(wordsB) == 0 {
		return false
	}
	if len(wordsA) > len(wordsB) {
		wordsA, wordsB = wordsB, wordsA
	}
	if !slices.ContainsFunc(wordsA, func(w string) bool { return !slices.Contains(wordsB, w) }) {
		return true
	}
	runesA, runesB := []rune(strings.Join(wordsA, " ")), []rune(strings.Join(wordsB, " "))
	return edits(runesA, runesB) <= min(len(runesA), len(runesB))/6
}

// edits is the Levenshtein distance of two texts.
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

package category

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed categories.tsv
var categoriesTSV string

//go:embed osm.tsv
var osmTSV string

//go:embed overture.tsv
var overtureTSV string

//go:embed synonyms.tsv
var synonymsTSV string

var languages = []string{"en", "de", "ar"}

var theTree = mustRead(categoriesTSV, osmTSV, overtureTSV, synonymsTSV)

// tree holds the categories in their order and the ways to find one; the maps
// lead to positions in list.
type tree struct {
	list       []Category
	bySlug     map[string]int
	byNumber   map[uint16]int
	byOSM      map[string]int
	byOverture map[string]int
}

func (t *tree) at(index map[string]int, key string) (Category, bool) {
	i, ok := index[key]
	if !ok {
		return Category{}, false
	}
	return t.list[i], true
}

// isBelow tells whether c lies under the category called slug.
func (t *tree) isBelow(c Category, slug string) bool {
	for c.Parent != "" {
		if c.Parent == slug {
			return true
		}
		c = t.list[t.bySlug[c.Parent]]
	}
	return false
}

// mustRead panics on data that is no tree: it is compiled in, so a mistake is
// ours and shows in every test.
func mustRead(categories, osm, overture, synonyms string) *tree {
	t, err := read(categories, osm, overture, synonyms)
	if err != nil {
		panic(err)
	}
	return t
}

func read(categories, osm, overture, synonyms string) (*tree, error) {
	t := &tree{
		bySlug: map[string]int{}, byNumber: map[uint16]int{},
		byOSM: map[string]int{}, byOverture: map[string]int{},
	}
	if err := t.readCategories(categories); err != nil {
		return nil, fmt.Errorf("categories.tsv: %w", err)
	}
	err := t.readNames(osm, t.byOSM, func(c *Category, tag string) {
		if !strings.HasSuffix(tag, "=*") {
			c.OSM = append(c.OSM, tag)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("osm.tsv: %w", err)
	}
	err = t.readNames(overture, t.byOverture, func(c *Category, name string) {
		c.Overture = append(c.Overture, name)
	})
	if err != nil {
		return nil, fmt.Errorf("overture.tsv: %w", err)
	}
	if err := t.readSynonyms(synonyms); err != nil {
		return nil, fmt.Errorf("synonyms.tsv: %w", err)
	}
	return t, nil
}

// readSynonyms reads lines of a slug and words.
func (t *tree) readSynonyms(text string) error {
	for i, row := range rows(text) {
		if len(row) != 2 {
			return fmt.Errorf("line %d: %d columns", i, len(row))
		}
		at, known := t.bySlug[row[0]]
		if !known || t.list[at].Synonyms != "" {
			return fmt.Errorf("line %d: no category %q, or one that had a line", i, row[0])
		}
		t.list[at].Synonyms = row[1]
	}
	return nil
}

// Columns of categories.tsv; one column a language follows.
const (
	colNumber = iota
	colSlug
	colParent
	colHue
	colIcon
	colSchema
	colNames
)

func (t *tree) readCategories(text string) error {
	for i, row := range rows(text) {
		if len(row) != colNames+len(languages) {
			return fmt.Errorf("line %d: %d columns", i, len(row))
		}
		if row[colNumber] == "number" {
			continue
		}
		c, err := parseCategory(row)
		if err != nil {
			return fmt.Errorf("line %d: %w", i, err)
		}
		if err := t.add(c); err != nil {
			return fmt.Errorf("line %d: %w", i, err)
		}
	}
	return nil
}

func parseCategory(row []string) (Category, error) {
	number, err := strconv.ParseUint(row[colNumber], 10, 16)
	if err != nil {
		return Category{}, fmt.Errorf("number: %w", err)
	}
	hue, err := strconv.Atoi(row[colHue])
	if err != nil {
		return Category{}, fmt.Errorf("hue: %w", err)
	}
	c := Category{
		Number: uint16(number), Slug: row[colSlug], Hue: hue,
		Icon: row[colIcon], Schema: row[colSchema], Name: map[string]string{},
	}
	if row[colParent] != "-" {
		c.Parent = row[colParent]
	}
	for i, lang := range languages {
		c.Name[lang] = row[colNames+i]
	}
	return c, nil
}

func (t *tree) add(c Category) error {
	if _, taken := t.bySlug[c.Slug]; taken {
		return fmt.Errorf("slug %q is used twice", c.Slug)
	}
	if _, taken := t.byNumber[c.Number]; taken {
		return fmt.Errorf("number %d is used twice", c.Number)
	}
	if _, known := t.bySlug[c.Parent]; c.Parent != "" && !known {
		return fmt.Errorf("parent %q does not stand above %q", c.Parent, c.Slug)
	}
	t.bySlug[c.Slug] = len(t.list)
	t.byNumber[c.Number] = len(t.list)
	t.list = append(t.list, c)
	return nil
}

// readNames reads lines of a foreign name and a slug into index, and tells
// keep about each.
func (t *tree) readNames(text string, index map[string]int, keep func(*Category, string)) error {
	for i, row := range rows(text) {
		if len(row) != 2 {
			return fmt.Errorf("line %d: %d columns", i, len(row))
		}
		name, slug := row[0], row[1]
		at, known := t.bySlug[slug]
		if !known {
			return fmt.Errorf("line %d: no category %q", i, slug)
		}
		if _, taken := index[name]; taken {
			return fmt.Errorf("line %d: %q is mapped twice", i, name)
		}
		index[name] = at
		keep(&t.list[at], name)
	}
	return nil
}

// rows yields the columns of each line that is neither empty nor a comment,
// with its line number.
func rows(text string) func(func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		number := 0
		for line := range strings.Lines(text) {
			number++
			line = strings.TrimRight(line, "\r\n")
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if !yield(number, strings.Split(line, "\t")) {
				return
			}
		}
	}
}

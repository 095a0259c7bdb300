// Package category is the tree of kinds a business can be of: our own slugs
// and numbers, names in every language of the product, how a kind looks, and
// how OpenStreetMap and Overture Maps call it. The tree is data (four .tsv
// files, meant to be edited by hand) and never changes while a program runs.
package category

import (
	"iter"
	"slices"
	"strings"
)

// Category is one kind of business. The zero value is no category.
type Category struct {
	// Number is the short name machines use. It is never changed or reused.
	Number uint16
	// Slug names the category in addresses and files, Parent the category
	// above it ("" for a root). The tree is at most three deep.
	Slug, Parent string
	// Name maps a language ("en", "de", "ar") to what people there call it.
	Name map[string]string
	// Synonyms are words of more languages, and for what is sold there, that
	// searches find the category by.
	Synonyms string
	// Hue is a colour of the design system, 1 to 8.
	Hue int
	// Icon is a Lucide icon, Schema a type of schema.org below LocalBusiness.
	Icon, Schema string
	// OSM are the key=value tags, Overture the category names that mean this
	// category. The first of each is the one to write.
	OSM, Overture []string
}

// Languages lists the languages every category has a name in.
func Languages() []string { return slices.Clone(languages) }

// Label is the name in a language such as "de" or "de-AT", in English when
// there is none.
func (c Category) Label(lang string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	if name, ok := c.Name[strings.ToLower(base)]; ok {
		return name
	}
	return c.Name["en"]
}

// OSMTag is the tag to write for the category: its own first one, else that of
// the nearest category above which has one, else "".
func (c Category) OSMTag() string {
	for up := range c.upwards() {
		if len(up.OSM) > 0 {
			return up.OSM[0]
		}
	}
	return ""
}

// OvertureName is the Overture Maps category to write, found like OSMTag.
func (c Category) OvertureName() string {
	for up := range c.upwards() {
		if len(up.Overture) > 0 {
			return up.Overture[0]
		}
	}
	return ""
}

// All lists every category in the order shown to people, parents directly
// before what is below them. The slice is shared: do not change it.
func All() []Category { return theTree.list }

// BySlug finds a category by its slug.
func BySlug(slug string) (Category, bool) { return theTree.at(theTree.bySlug, slug) }

// ByNumber finds a category by its number.
func ByNumber(number uint16) (Category, bool) {
	i, ok := theTree.byNumber[number]
	if !ok {
		return Category{}, false
	}
	return theTree.list[i], true
}

// Children lists the categories directly below one; those of "" are the roots.
func Children(slug string) []Category {
	var below []Category
	for _, c := range theTree.list {
		if c.Parent == slug {
			below = append(below, c)
		}
	}
	return below
}

// Descendants lists a category and everything below it, or nothing when there
// is no such category. It is the set that searching for the category means.
func Descendants(slug string) []Category {
	first, ok := theTree.bySlug[slug]
	if !ok {
		return nil
	}
	// Parents stand directly before what is below them, so the set is a run.
	end := first + 1
	for end < len(theTree.list) && theTree.isBelow(theTree.list[end], slug) {
		end++
	}
	return slices.Clip(theTree.list[first:end])
}

// Path lists the way from the root down to a category, itself included, or
// nothing when there is no such category.
func Path(slug string) []Category {
	c, ok := BySlug(slug)
	if !ok {
		return nil
	}
	path := slices.Collect(c.upwards())
	slices.Reverse(path)
	return path
}

// FromOSM finds the category of an OpenStreetMap tag such as "shop=bakery".
// Case, blanks for underscores and all but the first of several values
// separated by ";" are forgiven. A value nobody listed falls to the category
// that catches the rest of its key, if the key has one. To refine a restaurant,
// ask for its "cuisine=…" first.
func FromOSM(tag string) (Category, bool) {
	key, value, ok := strings.Cut(strings.ToLower(tag), "=")
	if !ok {
		return Category{}, false
	}
	value, _, _ = strings.Cut(value, ";")
	key = strings.TrimSpace(key)
	value = strings.ReplaceAll(strings.TrimSpace(value), " ", "_")
	if c, ok := theTree.at(theTree.byOSM, key+"="+value); ok {
		return c, true
	}
	if value == "" || value == "no" || value == "vacant" {
		return Category{}, false
	}
	return theTree.at(theTree.byOSM, key+"=*")
}

// FromOverture finds the category of an Overture Maps category such as
// "coffee_shop".
func FromOverture(name string) (Category, bool) {
	return theTree.at(theTree.byOverture, strings.ToLower(strings.TrimSpace(name)))
}

// upwards walks from the category to its root.
func (c Category) upwards() iter.Seq[Category] {
	return func(yield func(Category) bool) {
		for ok := c.Slug != ""; ok; c, ok = BySlug(c.Parent) {
			if !yield(c) {
				return
			}
		}
	}
}

package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed data/people.txt
var peopleText string

//go:embed data/businesses.txt
var businessesText string

//go:embed data/hours.txt
var hoursText string

//go:embed data/products.txt
var productsText string

//go:embed img/*.jpg
var pictures embed.FS

// Picture is a picture of the town as a JPEG, by the name a plan calls it.
func Picture(name string) ([]byte, error) { return pictures.ReadFile("img/" + name + ".jpg") }

// Pictures lists the names of all pictures.
func Pictures() []string {
	files, err := fs.Glob(pictures, "img/*.jpg")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(file, "img/"), ".jpg")
	}
	return names
}

// lines yields the columns of every line of a data file that is neither empty
// nor a comment, with its number.
func lines(text string) func(func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		number := 0
		for line := range strings.Lines(text) {
			number++
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			columns := strings.Split(line, "|")
			for i, column := range columns {
				columns[i] = strings.TrimSpace(column)
			}
			if !yield(number, columns) {
				return
			}
		}
	}
}

func readPeople(text string) ([]Person, error) {
	var people []Person
	for number, column := range lines(text) {
		if len(column) != 3 {
			return nil, fmt.Errorf("people.txt, line %d: %d columns", number, len(column))
		}
		people = append(people, Person{Key: column[0], Name: column[1], Email: column[2]})
	}
	return people, nil
}

// readHours maps a category or a name of its own to alternatives.
func readHours(text string) (map[string][]string, error) {
	hours := map[string][]string{}
	for number, column := range lines(text) {
		if len(column) < 2 || hours[column[0]] != nil {
			return nil, fmt.Errorf("hours.txt, line %d: no hours, or a name that was there before", number)
		}
		hours[column[0]] = column[1:]
	}
	return hours, nil
}

// entry is a line of businesses.txt.
type entry struct {
	name, category, address, description string
	words                                map[string]string // "own" -> "ansah", "step-free" -> ""
}

func readBusinesses(text string) ([]entry, error) {
	var entries []entry
	for number, column := range lines(text) {
		if len(column) != 5 {
			return nil, fmt.Errorf("businesses.txt, line %d: %d columns", number, len(column))
		}
		e := entry{name: column[0], category: column[1], address: column[2], description: column[4], words: map[string]string{}}
		for _, word := range strings.Fields(column[3]) {
			key, value, _ := strings.Cut(word, ":")
			e.words[key] = value
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// offer is a line of products.txt.
type offer struct {
	section, title, description, price, stock, picture, options string
}

// readProducts maps a category or the name of a business to what it sells.
func readProducts(text string) (map[string][]offer, error) {
	offers, head := map[string][]offer{}, ""
	for number, column := range lines(text) {
		if len(column) == 1 && strings.HasPrefix(column[0], "[") {
			head = strings.Trim(column[0], "[]")
			if offers[head] != nil {
				return nil, fmt.Errorf("products.txt, line %d: a second block for %s", number, head)
			}
			continue
		}
		if len(column) < 6 || len(column) > 7 {
			return nil, fmt.Errorf("products.txt, line %d: %d columns", number, len(column))
		}
		column = append(column, "")
		offers[head] = append(offers[head], offer{
			section: column[0], title: column[1], description: column[2], price: column[3],
			stock: column[4], picture: column[5], options: column[6],
		})
	}
	return offers, nil
}

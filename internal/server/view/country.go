package view

import (
	"slices"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"nearby/internal/money"
	"nearby/internal/server/pages"
)

var (
	countriesMu sync.Mutex
	countriesIn = map[string][]pages.Option{} // by language
)

// Countries are all countries by their names in a language, in its order.
func Countries(lang, chosen, none string) []pages.Option {
	list := append([]pages.Option{{Label: none}}, countries(lang)...)
	for i := range list {
		list[i].Selected = list[i].Value == chosen
	}
	return list
}

// CountryName is a country's name in a language, its code where there is none.
func CountryName(lang, code string) string {
	for _, c := range countries(lang) {
		if c.Value == code {
			return c.Label
		}
	}
	return code
}

func countries(lang string) []pages.Option {
	countriesMu.Lock()
	defer countriesMu.Unlock()
	if list, ok := countriesIn[lang]; ok {
		return list
	}
	tag := language.Make(lang)
	names, order := display.Regions(tag), collate.New(tag)
	var list []pages.Option
	for first := 'A'; first <= 'Z'; first++ {
		for second := 'A'; second <= 'Z'; second++ {
			code := string(first) + string(second)
			region, err := language.ParseRegion(code)
			if err != nil || !region.IsCountry() || region.Canonicalize().String() != code {
				continue
			}
			if name := names.Name(region); name != "" {
				list = append(list, pages.Option{Value: code, Label: name})
			}
		}
	}
	slices.SortFunc(list, func(a, b pages.Option) int { return order.CompareString(a.Label, b.Label) })
	countriesIn[lang] = list
	return list
}

// Currencies are those that prices can be in.
func Currencies(chosen string) []pages.Option {
	var list []pages.Option
	for _, code := range money.Codes() {
		label := code
		if c, ok := money.Lookup(code); ok && c.Symbol != code {
			label += " (" + c.Symbol + ")"
		}
		list = append(list, pages.Option{Value: code, Label: label, Selected: code == chosen})
	}
	return list
}

package directory

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/places"
)

var errNoName = errs.New(errs.Invalid, "bad_name", "The name shows nothing.")

// fromPlaces is fromPlace of each, on all processors: finding time zones and
// reading opening hours is half the work of an import.
func fromPlaces(list []places.Place) ([]Business, []error) {
	read, wrong := make([]Business, len(list)), make([]error, len(list))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		workers.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(list)); n = next.Add(1) - 1 {
				read[n], wrong[n] = fromPlace(list[n])
			}
		})
	}
	workers.Wait()
	return read, wrong
}

// fromPlace is what a source says, as far as it is usable: a bad telephone
// number or web address is left out, a place without a usable name or point is
// an error.
func fromPlace(p places.Place) (Business, error) {
	var drop wrongs
	b := Business{Source: p.Source, SourceID: p.SourceID}
	name, ok := account.CleanName(stripHidden(p.Name))
	if !ok {
		return b, errNoName
	}
	if b.Name = name; utf8.RuneCountInString(name) > maxImportName {
		b.Name = string([]rune(name)[:maxImportName])
	}
	point, err := geo.NewPoint(p.Lat, p.Lng)
	if err != nil {
		return b, err
	}
	b.pin(point)
	b.Category = categoryOf(p)
	b.Address = Address{
		Street: stripHidden(p.Street), HouseNumber: stripHidden(p.HouseNumber), Unit: stripHidden(p.Attributes["addr:unit"]),
		Postcode: stripHidden(p.Postcode), District: stripHidden(p.Attributes["addr:suburb"]), City: stripHidden(p.City), Region: stripHidden(p.Region), Country: p.Country,
	}
	if b.Address = checkAddress(&drop, b.Address); !isCountry(b.Address.Country) {
		b.Address.Country = ""
	}
	b.Description = usable(func(w *wrongs) string { return checkText(w, "", p.Attributes["description"], maxDescription) })
	b.Phone = usable(func(w *wrongs) string { return checkPhone(w, first(p.Phone), b.Address.Country) })
	b.Email = usable(func(w *wrongs) string { return checkEmail(w, first(p.Email)) })
	b.Website = usable(func(w *wrongs) string { return checkWebsite(w, first(p.Website)) })
	b.Attributes = attributesOf(p)
	b.Currency = currencyOf(b.Address.Country)
	if p.OpeningHours != "" {
		b.HoursText = p.OpeningHours
		schedule, err := hours.ParseOSM(p.OpeningHours, b.Zone)
		if err != nil {
			schedule = hours.Unknown(p.OpeningHours, b.Zone)
		}
		b.Hours = schedule
		b.settleHours()
	}
	return b, nil
}

// usable is the result of a check that found nothing wrong, else "".
func usable(check func(*wrongs) string) string {
	var w wrongs
	if s := check(&w); len(w) == 0 {
		return s
	}
	return ""
}

// first is the first of several values, which sources separate by semicolons.
func first(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.TrimSpace(s)
}

func stripHidden(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) || r == '\u200e' || r == '\u200f' || r == '\u00ad' {
			return -1
		}
		return r
	}, s)
}

// categoryOf is the nearest category of our tree, or other.
func categoryOf(p places.Place) string {
	for _, kind := range p.Kinds {
		var c category.Category
		var ok bool
		switch kind.System {
		case places.SystemOSM:
			c, ok = category.FromOSM(kind.Value)
			if fine, found := category.FromOSM("cuisine=" + p.Attributes["cuisine"]); ok && found && c.Slug == fine.Parent {
				c = fine
			}
		case places.SystemOverture:
			c, ok = category.FromOverture(kind.Value)
		}
		if ok {
			return c.Slug
		}
	}
	return "other"
}

// attributesOf translates what OpenStreetMap says into our own words.
func attributesOf(p places.Place) []string {
	var list []string
	is := func(word, key string, values ...string) {
		if slices.Contains(values, p.Attributes[key]) {
			list = append(list, word)
		}
	}
	is("wheelchair", "wheelchair", "yes", "designated")
	is("wheelchair_limited", "wheelchair", "limited")
	is("vegan", "diet:vegan", "yes", "only")
	is("vegetarian", "diet:vegetarian", "yes", "only")
	is("halal", "diet:halal", "yes", "only")
	is("kosher", "diet:kosher", "yes", "only")
	is("wifi", "internet_access", "wlan", "yes")
	is("outdoor_seating", "outdoor_seating", "yes", "sidewalk", "terrace", "garden", "patio", "pedestrian_zone")
	is("dogs", "dog", "yes")
	is("toilets", "toilets", "yes")
	is("cash", "payment:cash", "yes", "only")
	is("card", "payment:cards", "yes")
	is("second_hand", "second_hand", "yes", "only")
	is("repair", "service:bicycle:repair", "yes")
	slices.Sort(list)
	return list
}

package hours

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"nearby/internal/text"
)

// Place is what hours may depend on besides the clock. The zero value means
// that nothing of it is known.
type Place struct {
	// Region is ISO 3166: a country ("IE") or a part of one ("DE-BE"). In
	// France it is the department ("FR-67").
	Region string
	// Lat and Lng are the pin in degrees, of which only a hundredth is kept:
	// the sun needs no more. Without Pinned they say nothing.
	Lat, Lng float64
	Pinned   bool
}

// truth is the answer to a question that may have none.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

//go:embed holidays.txt
var holidayText string

// calendar is the public holidays of a region.
type calendar struct {
	sure, doubtful []rule
	years          sync.Map // int -> *yearDays
	last           atomic.Pointer[yearDays]
}

// yearDays is the answer for each day of a year.
type yearDays struct {
	first, end day
	days       [366]truth
}

// section is the rules written down for a country or a part of it.
type section struct{ sure, doubtful []rule }

var sections = sync.OnceValue(func() map[string]*section {
	all := map[string]*section{}
	var here *section
	for line := range strings.Lines(holidayText) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			here = &section{}
			all[strings.Trim(line, "[]")] = here
		default:
			value, doubtful := strings.CutPrefix(line, "? ")
			rules, err := parseRules(value)
			if err != nil {
				panic("holidays.txt: " + line + ": " + err.Error()) // compiled in
			}
			if doubtful {
				here.doubtful = append(here.doubtful, rules...)
			} else {
				here.sure = append(here.sure, rules...)
			}
		}
	}
	return all
})

var calendars sync.Map // region -> *calendar

// calendarOf is the calendar of a region; nil for a country whose holidays we
// do not know. Of a country whose part is not known, what only some parts
// celebrate is doubtful.
func calendarOf(region string) *calendar {
	country, part, _ := strings.Cut(region, "-")
	all := sections()
	base := all[country]
	if base == nil {
		return nil
	}
	if part != "" && all[region] == nil {
		region = country
		if all[country+"-*"] != nil {
			region = country + "-*"
		}
	}
	if c, ok := calendars.Load(region); ok {
		return c.(*calendar)
	}
	c := &calendar{sure: slices.Clone(base.sure), doubtful: slices.Clone(base.doubtful)}
	if region != country {
		c.sure = append(c.sure, all[region].sure...)
		c.doubtful = append(c.doubtful, all[region].doubtful...)
	} else {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if strings.HasPrefix(name, country+"-") {
				c.doubtful = slices.Concat(c.doubtful, all[name].sure, all[name].doubtful)
			}
		}
	}
	kept, _ := calendars.LoadOrStore(region, c)
	return kept.(*calendar)
}

// on reports whether the day is a public holiday.
func (c *calendar) on(n day) truth {
	year := c.last.Load()
	if year == nil || n < year.first || n >= year.end {
		y, _, _ := n.civil()
		if known, ok := c.years.Load(y); ok {
			year = known.(*yearDays)
		} else {
			year = c.find(y)
			c.years.Store(y, year)
		}
		c.last.Store(year)
	}
	return year.days[n-year.first]
}

func (c *calendar) find(y int) *yearDays {
	year := &yearDays{first: dayNumber(y, 1, 1), end: dayNumber(y+1, 1, 1)}
	for n := year.first; n < year.end; n++ {
		switch {
		case anyMatches(c.sure, n):
			year.days[n-year.first] = yes
		case anyMatches(c.doubtful, n):
			year.days[n-year.first] = maybe
		}
	}
	return year
}

// name is what the holiday of a day is called there; empty on other days.
func (c *calendar) name(n day) string {
	for _, list := range [][]rule{c.sure, c.doubtful} {
		for i := range list {
			if list[i].matches(n, assumption{}) {
				return list[i].note
			}
		}
	}
	return ""
}

func anyMatches(rules []rule, n day) bool {
	for i := range rules {
		if rules[i].matches(n, assumption{}) {
			return true
		}
	}
	return false
}

// RegionOf finds the region of an address: country is ISO 3166-1, region what
// people write there (a name or a code), city and postcode help where they
// settle it. It is the country alone where the part is not clear, and empty
// without a country.
func RegionOf(country, region, city, postcode string) string {
	country = strings.ToUpper(strings.TrimSpace(country))
	if len(country) != 2 {
		return ""
	}
	if country == "FR" && len(postcode) >= 2 {
		return "FR-" + postcode[:2]
	}
	for _, name := range []string{region, city} {
		key := text.Fold(strings.TrimSpace(name))
		if key == "" {
			continue
		}
		if code := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(name)), country+"-"); name == region && sections()[country+"-"+code] != nil {
			return country + "-" + code
		}
		if code, ok := regionNames()[country][key]; ok {
			return country + "-" + code
		}
	}
	return country
}

//go:embed regions.txt
var regionText string

// regionNames finds a part of a country by its folded name.
var regionNames = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for line := range strings.Lines(regionText) {
		code, names, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || code == "#" {
			continue
		}
		country, part, _ := strings.Cut(code, "-")
		if all[country] == nil {
			all[country] = map[string]string{}
		}
		for name := range strings.SplitSeq(names, ",") {
			all[country][text.Fold(strings.TrimSpace(name))] = part
		}
	}
	return all
})

// Package places reads files of businesses: NDJSON, Overture GeoJSON,
// OpenStreetMap PBF and CSV, one place after the other. It knows nothing of the
// database; what a place becomes is up to its caller.
package places

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Place is one business as its source tells it, trimmed and checked, but not
// interpreted: phone numbers, hours and countries are texts.
type Place struct {
	// Source ("osm", "overture", or the name of the file) and SourceID
	// ("node/26735749") together name the place for ever.
	Source, SourceID string

	Name     string
	Lat, Lng float64 // degrees, WGS 84

	Kinds []Kind // the main one first

	Street, HouseNumber, Postcode, City, Region, Country string
	Phone, Email, Website                                string
	OpeningHours                                         string // OpenStreetMap opening_hours notation

	// Attributes is what else the source says, by its own names.
	Attributes map[string]string

	// Line is where the place stands in its file, from 1; for PBF its number
	// among the elements.
	Line int
}

// Kind is what a place is, in the words of a naming system.
type Kind struct {
	System string // "osm": Value is "amenity=restaurant"; "overture": "gas_station"
	Value  string
}

// The systems of kinds.
const (
	SystemOSM      = "osm"
	SystemOverture = "overture"
)

// Reasons for leaving out a line.
var (
	errNoID     = errors.New("the id is missing")
	errNoName   = errors.New("the name is missing")
	errNoPoint  = errors.New("the coordinates are missing")
	errControl  = errors.New("the name or the id has control characters")
	errBadPoint = errors.New("the coordinates are outside the world")
	errText     = errors.New("the line is not valid UTF-8")
	errLong     = fmt.Errorf("the line is longer than %d bytes", maxLine)
)

// check trims and cleans the texts of p in place and reports what is wrong with
// it. Control characters make a name or an id wrong; from all else they are
// taken out, because one stray character in a web address is no reason to lose
// the place.
func (p *Place) check() error {
	for _, text := range []*string{
		&p.Street, &p.HouseNumber, &p.Postcode, &p.City, &p.Region, &p.Country,
		&p.Phone, &p.Email, &p.Website, &p.OpeningHours,
	} {
		*text = clean(*text)
	}
	p.Source, p.SourceID, p.Name = strings.TrimSpace(p.Source), strings.TrimSpace(p.SourceID), strings.TrimSpace(p.Name)
	switch {
	case p.SourceID == "" || p.Source == "":
		return errNoID
	case p.Name == "":
		return errNoName
	case !printable(p.Name) || !printable(p.Source) || !printable(p.SourceID):
		return errControl
	case math.IsNaN(p.Lat) || math.IsNaN(p.Lng) || math.Abs(p.Lat) > 90 || math.Abs(p.Lng) > 180:
		return errBadPoint
	}
	for key, value := range p.Attributes {
		value = clean(value)
		if key == "" || value == "" || !printable(key) {
			delete(p.Attributes, key)
			continue
		}
		p.Attributes[key] = value
	}
	return nil
}

// clean is s trimmed, in valid UTF-8, its line breaks and tabs as spaces, and
// without other control characters.
func clean(s string) string {
	if !printable(s) {
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\n' || r == '\r' || r == '\t':
				return ' '
			case unicode.IsControl(r):
				return -1
			default:
				return r
			}
		}, strings.ToValidUTF8(s, ""))
	}
	return strings.TrimSpace(s)
}

// printable reports whether s is valid text without control characters.
func printable(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii {
		return true
	}
	if !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, unicode.IsControl) < 0
}

// businessKeys are the OpenStreetMap keys that make an element a business, the
// most telling first.
var businessKeys = []string{"shop", "amenity", "craft", "tourism", "leisure", "office", "healthcare"}

// kindsOf lists the kinds among OpenStreetMap tags, first values only.
func kindsOf(tags map[string]string) []Kind {
	var kinds []Kind
	for _, key := range businessKeys {
		value, _, _ := strings.Cut(tags[key], ";")
		value = strings.TrimSpace(value)
		switch value {
		case "", "no", "vacant", "disused":
			continue
		}
		kinds = append(kinds, Kind{SystemOSM, key + "=" + value})
	}
	return kinds
}

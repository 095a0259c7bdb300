package directory

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"nearby/internal/account"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
)

// Profile is what an owner says of a business. Everything but the name may be
// empty in a draft; what is given must be right.
type Profile struct {
	Name           string   `form:"name" json:"name"`
	Category       string   `form:"category" json:"category"`
	Description    string   `form:"description" json:"description"`
	Phone          string   `form:"phone" json:"phone"`
	Email          string   `form:"email" json:"email"`
	Website        string   `form:"website" json:"website"`
	Attributes     []string `form:"attributes" json:"attributes"`
	Address        Address  `json:"address"`
	Lat            *float64 `form:"lat" json:"lat"` // degrees; both or none
	Lng            *float64 `form:"lng" json:"lng"`
	Hours          string   `form:"hours" json:"hours"` // OpenStreetMap notation
	LegalName      string   `form:"legal_name" json:"legal_name"`
	RegisterNumber string   `form:"register_number" json:"register_number"`
	Certified      bool     `form:"certified" json:"certified"`
}

// Profile is what the business says of itself now: the form to edit, and what
// a partial change is laid over.
func (b Business) Profile() Profile {
	p := Profile{
		Name: b.Name, Category: b.Category, Description: b.Description, Phone: b.Phone, Email: b.Email,
		Website: b.Website, Attributes: b.Attributes, Address: b.Address, Hours: b.HoursText,
		LegalName: b.LegalName, RegisterNumber: b.RegisterNumber, Certified: b.CertifiedAt != nil,
	}
	if b.Located() {
		p.Lat, p.Lng = &b.Point.Lat, &b.Point.Lng
	}
	return p
}

// Attributes are the words a profile may carry.
var Attributes = []string{
	"bike_parking", "card", "cash", "dogs", "family", "gift_cards", "halal", "kosher", "outdoor_seating",
	"parking", "repair", "second_hand", "toilets", "vegan", "vegetarian", "wheelchair", "wheelchair_limited", "wifi",
}

// Longest texts, in characters.
const (
	minName        = 2
	maxName        = 80
	maxDescription = 2000
	maxLine        = 120 // one line of an address, a register number
	maxWebsite     = 300
	maxHours       = 1000
)

// wrongs collects every wrong field of an input.
type wrongs []errs.Field

func (w *wrongs) add(name, code, message string) {
	*w = append(*w, errs.Field{Name: name, Code: code, Message: message})
}

// apply writes the profile into b, cleaned and with what follows from it (cell,
// zone, hours), and returns the error that names every wrong field.
func (p Profile) apply(b *Business, now time.Time) error {
	var w wrongs
	b.Name = checkName(&w, p.Name)
	b.Category = checkCategory(&w, p.Category)
	b.Description = checkText(&w, "description", p.Description, maxDescription)
	b.Address = checkAddress(&w, p.Address)
	b.Phone = checkPhone(&w, p.Phone, b.Address.Country)
	b.Email = checkEmail(&w, p.Email)
	b.Website = checkWebsite(&w, p.Website)
	b.Attributes = checkAttributes(&w, p.Attributes)
	b.LegalName = checkLine(&w, "legal_name", p.LegalName)
	b.RegisterNumber = checkLine(&w, "register_number", p.RegisterNumber)
	switch {
	case !p.Certified:
		b.CertifiedAt = nil
	case b.CertifiedAt == nil:
		b.CertifiedAt = &now
	}
	p.applyPin(&w, b)
	p.applyHours(&w, b)
	b.settleHours()
	return errs.Fields(w)
}

func (p Profile) applyPin(w *wrongs, b *Business) {
	if p.Lat == nil && p.Lng == nil {
		b.Point, b.Cell, b.Zone = geo.Point{}, 0, ""
		return
	}
	if p.Lat == nil || p.Lng == nil {
		w.add("lat", "bad_point", "A pin needs both latitude and longitude.")
		return
	}
	point, err := geo.NewPoint(*p.Lat, *p.Lng)
	if err != nil {
		*w = append(*w, errs.Of(err).Fields...)
		return
	}
	b.pin(point)
}

// pin puts the business at a point, with the cell and the zone that follow.
func (b *Business) pin(point geo.Point) {
	if b.Located() && b.Point == point {
		return
	}
	b.Point, b.Cell, b.Zone = point, geo.CellOf(point, geo.MaxResolution), zoneOf(point)
	b.settleHours()
}

// settleHours gives the hours the zone, the holidays and the sun of the place.
func (b *Business) settleHours() { b.Hours = b.Hours.InZone(b.Zone).InPlace(b.place()) }

// place is what the hours may depend on: the region of the address and the pin.
func (b *Business) place() hours.Place {
	a := b.Address
	return hours.Place{
		Region: hours.RegionOf(a.Country, a.Region, a.City, a.Postcode),
		Lat:    b.Point.Lat, Lng: b.Point.Lng, Pinned: b.Located(),
	}
}

func (p Profile) applyHours(w *wrongs, b *Business) {
	text := strings.TrimSpace(p.Hours)
	if text == b.HoursText {
		return
	}
	special := b.Hours.Special()
	if text == "" {
		b.HoursText, b.Hours = "", hours.Unknown("", b.Zone).WithSpecial(special...)
		return
	}
	if schedule, ok := readHours(w, "hours", text, b.clockZone()); ok {
		b.HoursText, b.Hours = text, schedule.WithSpecial(special...)
	}
}

func checkName(w *wrongs, s string) string {
	name, ok := account.CleanName(s)
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(s) == "":
		w.add("name", "required", "Please give the name.")
	case !ok:
		w.add("name", "bad_name", "A name has visible letters and no hidden characters.")
	case n < minName:
		w.add("name", "too_short", "A name has at least 2 characters.")
	case n > maxName:
		w.add("name", "too_long", "A name has at most 80 characters.")
	}
	return name
}

func checkCategory(w *wrongs, slug string) string {
	slug = strings.TrimSpace(slug)
	if _, known := category.BySlug(slug); slug != "" && !known {
		w.add("category", "unknown_category", "Please choose a category from the list.")
	}
	return slug
}

// checkText cleans plain text of several lines.
func checkText(w *wrongs, field, s string, most int) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(s))
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && hidden(r) }):
		w.add(field, "bad_text", "This text holds characters that cannot be shown.")
	case utf8.RuneCountInString(s) > most:
		w.add(field, "too_long", "This text is too long.")
	}
	return s
}

func checkLine(w *wrongs, field, s string) string {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, hidden):
		w.add(field, "bad_text", "This line holds characters that cannot be shown.")
	case utf8.RuneCountInString(s) > maxLine:
		w.add(field, "too_long", "This line has at most 120 characters.")
	}
	return s
}

// hidden reports characters that show nothing or turn the text around them.
func hidden(r rune) bool {
	if r == '\u200c' || r == '\u200d' || r == '\u200e' || r == '\u200f' || r == '\u00ad' {
		return false // joiners and marks that several scripts are written with
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

func checkAddress(w *wrongs, a Address) Address {
	a.Street = checkLine(w, "address.street", a.Street)
	a.HouseNumber = checkLine(w, "address.house_number", a.HouseNumber)
	a.Unit = checkLine(w, "address.unit", a.Unit)
	a.Postcode = checkLine(w, "address.postcode", a.Postcode)
	a.District = checkLine(w, "address.district", a.District)
	a.City = checkLine(w, "address.city", a.City)
	a.Region = checkLine(w, "address.region", a.Region)
	a.Country = strings.ToUpper(strings.TrimSpace(a.Country))
	if a.Country != "" && !isCountry(a.Country) {
		w.add("address.country", "unknown_country", "A country is two letters, such as DE.")
	}
	return a
}

func isCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && len(code) == 2 && region.IsCountry() && region.Canonicalize().String() == code
}

// checkPhone brings a number into E.164; one without a country code is read as
// dialled in the country of the address.
func checkPhone(w *wrongs, s, country string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	number, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumber(number) || number.GetExtension() != "" || len(s) > 40 {
		w.add("phone", "bad_phone", "This is not a telephone number. With the country code it looks like +49 30 123456.")
		return s
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

func checkEmail(w *wrongs, s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	email, ok := account.NormalizeEmail(s)
	if !ok {
		w.add("email", "bad_email", "This does not look like an e-mail address.")
		return s
	}
	return email
}

// checkWebsite completes an address typed without https and refuses anything
// but a public web page.
func checkWebsite(w *wrongs, s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	full := s
	if !strings.Contains(full, "://") {
		full = "https://" + full
	}
	u, err := url.Parse(full)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.Opaque != "" || len(full) > maxWebsite ||
		strings.ContainsFunc(full, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || hidden(r) }) {
		w.add("website", "bad_website", "A web address looks like https://example.org.")
		return s
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") || (u.Port() != "" && u.Port() != "443" && u.Port() != "80") {
		w.add("website", "bad_website", "A web address looks like https://example.org.")
		return s
	}
	u.Host = strings.ToLower(u.Host)
	return u.String()
}

func checkAttributes(w *wrongs, list []string) []string {
	var clean []string
	for _, word := range list {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		if !slices.Contains(Attributes, word) {
			w.add("attributes", "unknown_attribute", "One of the attributes is not on the list.")
			continue
		}
		clean = append(clean, word)
	}
	slices.Sort(clean)
	return slices.Compact(clean)
}

// Selling is how a business takes orders. Amounts are in minor units of the
// currency.
type Selling struct {
	Currency        string    `form:"currency" json:"currency"` // ISO 4217; fixed once out of draft
	Pickup          bool      `form:"pickup" json:"pickup"`
	Delivery        bool      `form:"delivery" json:"delivery"`
	PayAtPickup     bool      `form:"pay_at_pickup" json:"pay_at_pickup"`
	AcceptFirst     bool      `form:"accept_first" json:"accept_first"`
	Paused          bool      `form:"paused" json:"paused"`
	PausedUntil     time.Time `form:"paused_until" json:"paused_until"` // zero: until somebody says otherwise
	PrepMinutes     int       `form:"prep_minutes" json:"prep_minutes"`
	DeliveryRadiusM int       `form:"delivery_radius_m" json:"delivery_radius_m"`
	DeliveryFee     int64     `form:"delivery_fee" json:"delivery_fee"`
	DeliveryMinimum int64     `form:"delivery_minimum" json:"delivery_minimum"`
}

// Selling is how the business takes orders now.
func (b Business) Selling() Selling {
	return Selling{
		Currency: b.Currency, Pickup: b.Pickup, Delivery: b.Delivery, PayAtPickup: b.PayAtPickup, AcceptFirst: b.AcceptFirst,
		Paused: b.Paused, PausedUntil: b.PausedUntil, PrepMinutes: b.PrepMinutes, DeliveryRadiusM: b.DeliveryRadiusM, DeliveryFee: b.DeliveryFee,
		DeliveryMinimum: b.DeliveryMinimum,
	}
}

// Bounds of Selling.
const (
	maxPrepMinutes    = 7 * 24 * 60
	maxDeliveryRadius = 50_000 // metres
	maxDeliveryAmount = 1_000_000
)

func (s Selling) apply(b *Business, now time.Time) error {
	var w wrongs
	s.pause(&w, b, now)
	s.Currency = strings.ToUpper(strings.TrimSpace(s.Currency))
	if _, err := currency.ParseISO(s.Currency); err != nil {
		w.add("currency", "unknown_currency", "A currency is three letters, such as EUR.")
	} else if s.Currency != b.Currency && b.State != Draft {
		w.add("currency", "protected", "The currency is fixed once the business was submitted.")
	}
	if s.PrepMinutes < 0 || s.PrepMinutes > maxPrepMinutes {
		w.add("prep_minutes", "out_of_range", "Preparation takes from 0 minutes to 7 days.")
	}
	if s.DeliveryRadiusM < 0 || s.DeliveryRadiusM > maxDeliveryRadius {
		w.add("delivery_radius_m", "out_of_range", "Delivery reaches from 0 to 50,000 metres.")
	} else if s.Delivery && s.DeliveryRadiusM == 0 {
		w.add("delivery_radius_m", "required", "Please say how far you deliver.")
	}
	if s.DeliveryFee < 0 || s.DeliveryFee > maxDeliveryAmount {
		w.add("delivery_fee", "out_of_range", "This fee is not possible.")
	}
	if s.DeliveryMinimum < 0 || s.DeliveryMinimum > maxDeliveryAmount {
		w.add("delivery_minimum", "out_of_range", "This minimum is not possible.")
	}
	if s.PayAtPickup && !s.Pickup {
		w.add("pay_at_pickup", "needs_pickup", "Paying at pickup needs pickup.")
	}
	b.Currency, b.Pickup, b.Delivery, b.PayAtPickup, b.AcceptFirst = s.Currency, s.Pickup, s.Delivery, s.PayAtPickup, s.AcceptFirst
	b.PrepMinutes, b.DeliveryRadiusM = s.PrepMinutes, s.DeliveryRadiusM
	b.DeliveryFee, b.DeliveryMinimum = s.DeliveryFee, s.DeliveryMinimum
	return errs.Fields(w)
}

// currencyOf is the money of a country, euros where it is not known.
func currencyOf(country string) string {
	if region, err := language.ParseRegion(country); err == nil {
		if unit, ok := currency.FromRegion(region); ok {
			return unit.String()
		}
	}
	return "EUR"
}

package demo

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"nearby/internal/geo"
	"nearby/internal/hours"
)

// Plan is everything that happens in Portmere before a visitor comes, as plain
// data: nothing of it is stored anywhere yet.
type Plan struct {
	People     []Person
	Businesses []Business
	Orders     []Order
}

// Person is a user. Everybody signs in with Password.
type Person struct {
	Key, Name, Email string
}

// Business is one place of the town with its catalog.
type Business struct {
	Name        string
	Category    string
	Description string
	Owner       string // key of a person
	LegalName   string
	Register    string
	Street      string
	House       int
	District    string
	Postcode    string
	Point       geo.Point
	Phone       string
	Email       string
	Website     string
	Attributes  []string
	Hours       string // OpenStreetMap notation
	Special     []hours.Special
	Delivery    bool
	AcceptFirst bool
	State       string // a state of directory, reached through its own events
	Picture     string // "" for none
	Products    []Product
}

// Product is something a business sells. Without options it has one variant.
type Product struct {
	Section     string
	Title       string
	Description string
	Picture     string // "" for none
	TaxMpct     int64  // thousandths of a per cent, contained in the price
	State       string // active, draft or archived
	Options     []Option
	Variants    []Variant
}

// Option is a choice such as "Size".
type Option struct {
	Name   string
	Values []string
}

// Variant is one choice of each option.
type Variant struct {
	SKU     string
	Values  []string
	Price   int64 // euro cents
	Counted bool
	Stock   int64 // pieces, when counted
}

// seed makes the town the same everywhere; another number is another town.
const seed = 20261

// NewPlan makes the plan of the town. Of now only the date counts: closed days
// are set for the coming Christmas.
func NewPlan(town Town, now time.Time) (Plan, error) {
	people, err := readPeople(peopleText)
	if err != nil {
		return Plan{}, err
	}
	entries, err := readBusinesses(businessesText)
	if err != nil {
		return Plan{}, err
	}
	p := planner{town: town, random: rand.New(rand.NewPCG(seed, 1)), christmas: comingChristmas(now), people: people}
	if p.hours, err = readHours(hoursText); err != nil {
		return Plan{}, err
	}
	if p.offers, err = readProducts(productsText); err != nil {
		return Plan{}, err
	}
	plan := Plan{People: people}
	if plan.Businesses, err = p.businesses(entries); err != nil {
		return Plan{}, err
	}
	plan.Orders, err = orders(plan.Businesses, p.random)
	return plan, err
}

// comingChristmas is the year of the next Christmas whose closed days are not
// over yet.
func comingChristmas(now time.Time) int {
	if now.Month() == time.December && now.Day() > 27 {
		return now.Year() + 1
	}
	return now.Year()
}

type planner struct {
	town      Town
	random    *rand.Rand
	christmas int
	people    []Person
	hours     map[string][]string
	offers    map[string][]offer
	free      map[string]map[int]xy // street -> houses nobody has moved into
	pins      []xy
}

// businesses settles those with a house number first, so that nobody else
// moves in there.
func (p *planner) businesses(entries []entry) ([]Business, error) {
	p.free = map[string]map[int]xy{}
	out := make([]Business, len(entries))
	for _, fixed := range []bool{true, false} {
		for i, e := range entries {
			number, street := splitAddress(e.address)
			if (number > 0) != fixed {
				continue
			}
			b, err := p.business(e)
			if err == nil {
				err = p.settle(&b, street, number)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.name, err)
			}
			out[i] = b
		}
	}
	for i := range out {
		p.contact(&out[i], i)
		if err := p.stock(&out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", out[i].Name, err)
		}
	}
	return out, nil
}

// splitAddress cuts "14 Harbour Street" in two; without a number it is 0.
func splitAddress(address string) (number int, street string) {
	first, rest, _ := strings.Cut(address, " ")
	if n, err := strconv.Atoi(first); err == nil {
		return n, rest
	}
	return 0, address
}

// states are the words of businesses.txt that name a state.
var states = []string{"draft", "submitted", "in_review", "changes_requested", "rejected", "suspended", "withdrawn"}

func (p *planner) business(e entry) (Business, error) {
	b := Business{
		Name: e.name, Category: e.category, Description: e.description, Owner: e.words["own"],
		State: "verified", Picture: e.words["photo"], Attributes: []string{"card"},
	}
	if !slices.ContainsFunc(p.people, func(q Person) bool { return q.Key == b.Owner }) {
		return b, fmt.Errorf("nobody is called %q", b.Owner)
	}
	for _, word := range slices.Sorted(maps.Keys(e.words)) {
		switch {
		case slices.Contains(states, word):
			b.State = word
		case word == "delivery":
			b.Delivery = true
		case word == "accept-first":
			b.AcceptFirst = true
		case word == "step-free":
			b.Attributes = append(b.Attributes, "wheelchair")
		case word == "garden":
			b.Attributes = append(b.Attributes, "outdoor_seating")
		case !slices.Contains([]string{"own", "photo", "hours"}, word):
			return b, fmt.Errorf("word %q is not known", word)
		}
	}
	for _, extra := range []string{"cash", "dogs", "wifi", "gift_cards", "toilets", "bike_parking"} {
		if p.random.IntN(4) == 0 {
			b.Attributes = append(b.Attributes, extra)
		}
	}
	slices.Sort(b.Attributes)
	b.Hours = p.hoursOf(e)
	b.Special = p.special(b)
	return b, nil
}

func (p *planner) hoursOf(e entry) string {
	name := cmp.Or(e.words["hours"], e.category)
	choice := p.hours[name]
	if choice == nil {
		choice = p.hours["*"]
	}
	return choice[p.random.IntN(len(choice))]
}

// special closes most places over Christmas; bakers and grocers work on the
// morning before.
func (p *planner) special(b Business) []hours.Special {
	on := func(month time.Month, d int) hours.Date { return hours.Date{Year: p.christmas, Month: month, Day: d} }
	switch {
	case b.Hours == "24/7":
		return nil
	case b.Name == "Kiln & Quay" || p.random.IntN(3) > 0:
		return []hours.Special{{From: on(time.December, 24), To: on(time.December, 27), Reason: "Christmas"}}
	default:
		return []hours.Special{
			{From: on(time.December, 24), To: on(time.December, 24), Spans: []hours.Span{{From: 7 * 60, To: 13 * 60}}, Reason: "Christmas Eve"},
			{From: on(time.December, 25), To: on(time.December, 26), Reason: "Christmas"},
		}
	}
}

// settle gives a business its house: the one that was asked for, or a free one
// of the street that stands apart from other businesses.
func (p *planner) settle(b *Business, streetName string, number int) error {
	houses, err := p.housesOf(streetName)
	if err != nil {
		return err
	}
	at, free := houses[number]
	if number == 0 {
		number = p.pick(houses)
		at, free = houses[number]
	}
	if !free {
		return fmt.Errorf("%d %s is taken, in the water or nowhere", number, streetName)
	}
	delete(houses, number)
	p.pins = append(p.pins, at)
	b.Street, b.House, b.Point = streetName, number, at.point()
	b.District = districtOf(at)
	b.Postcode = p.postcode(streetName)
	return nil
}

// housesOf are the houses of a street that stand on dry land and are free.
func (p *planner) housesOf(streetName string) (map[int]xy, error) {
	if houses, known := p.free[streetName]; known {
		return houses, nil
	}
	street, ok := p.town.Street(streetName)
	if !ok {
		return nil, fmt.Errorf("there is no %s in the town", streetName)
	}
	houses := map[int]xy{}
	for number := 1; number <= street.Houses(); number++ {
		if at, err := street.house(number); err == nil && dry(at) {
			houses[number] = at
		}
	}
	p.free[streetName] = houses
	return houses, nil
}

// pick chooses a house for a business; 0 when the street is full.
func (p *planner) pick(houses map[int]xy) int {
	const apart = 7 // units: about 17 m
	var free []int
	for _, number := range slices.Sorted(maps.Keys(houses)) {
		crowded := slices.ContainsFunc(p.pins, func(pin xy) bool { return pin.to(houses[number]) < apart })
		if number > 1 && !crowded {
			free = append(free, number)
		}
	}
	if len(free) == 0 {
		return 0
	}
	return free[p.random.IntN(len(free))]
}

// postcode looks like an Irish one and cannot be one.
func (p *planner) postcode(street string) string {
	const signs = "ACDEFHKNPRTVWXY0123456789"
	code := fmt.Sprintf("Z%02d ", 41+len(street)%9)
	for range 4 {
		code += string(signs[p.random.IntN(len(signs))])
	}
	return code
}

// contact gives a business its telephone number (of those kept for drama), its
// mail address and its place on the web.
func (p *planner) contact(b *Business, i int) {
	host := webName(b.Name) + ".portmere.example"
	b.Phone = fmt.Sprintf("+44 20 7946 0%03d", 100+i)
	b.Email = "hello@" + host
	b.Website = "https://" + host
	b.LegalName = b.Name + " Ltd"
	if b.Name == "Copper Kettle Café" {
		b.LegalName = "The Copper Kettle Ltd"
	}
	b.Register = fmt.Sprintf("PM %05d", 10442+37*i)
}

// webName is a name as it stands in a web address.
func webName(name string) string {
	name = strings.NewReplacer("&", "and", "é", "e", "í", "i", "’", "", ".", "").Replace(strings.ToLower(name))
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }), "-")
}

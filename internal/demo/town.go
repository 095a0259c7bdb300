// Package demo is Portmere, a harbour town that does not exist, with its
// streets, shops, catalogs and orders. A first start fills the product with it
// through the rooms' own methods, the same on every machine.
//
// Portmere lies where no real town does, on the open south coast of Ireland:
// there the time zone found from a pin is Europe/Dublin and money is the euro.
// Nothing in it reaches a real person: telephone numbers are among the thousand
// that Ofcom keeps for drama (+44 20 7946 0xxx; Ireland's own 020 91x xxxx are
// no valid numbers to a program that checks), post codes begin with Z, which no
// Irish code does, and mail addresses end in .example, which nobody can
// register. Every name is invented.
package demo

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nearby/internal/geo"
)

// TownName, Country, Zone and Currency are what every business of the town has
// in common.
const (
	TownName = "Portmere"
	Country  = "IE"
	Zone     = "Europe/Dublin"
	Currency = "EUR"
)

// centre is where the middle of the town's map lies on the globe.
var centre = geo.Point{Lat: 52.1372, Lng: -7.3215}

// Town is the map of Portmere, ready to be projected and drawn: first the
// ground, then Blocks, Parks, River, Sea, Piers, Avenues, Rail and Labels.
// Rings are closed without repeating the first point.
type Town struct {
	Name      string
	Bounds    geo.Box
	Centre    geo.Point // where a visitor without a place stands: on Harbour Street
	Blocks    [][]geo.Point
	Parks     [][]geo.Point
	Sea       []geo.Point
	River     []geo.Point // a line, RiverWidth metres wide
	Piers     [][]geo.Point
	Rail      []geo.Point
	Streets   []Street // the avenues first
	Districts []Place
	Labels    []Label
}

// RiverWidth and AvenueWidth are in metres.
const (
	RiverWidth  = 58.0
	AvenueWidth = 19.0
)

// Street is a street with a name. Houses stand on both sides of its line,
// numbered from its start: odd ones on the left, even ones on the right.
type Street struct {
	Name   string
	Avenue bool // wide enough to be drawn as a line of its own
	Line   []geo.Point

	plane []xy
}

// Place is a name one may search around, and where it is.
type Place struct {
	Name    string
	Kind    string // town, district, park or street
	Context string // what it belongs to, "Old Town, Portmere"
	Point   geo.Point
	Weight  int // the more, the earlier among places of alike names
}

// Label is a text of the map. Kind is "street", "park", "water" or "district";
// of labels that would overlap the one with the lower Rank stays.
type Label struct {
	Text  string
	Point geo.Point
	Kind  string
	Rank  int
}

// The shore, the river and the wide streets, on the plane.
var (
	sea   = smooth([]xy{{-60, 640}, {120, 628}, {230, 650}, {300, 700}, {380, 716}, {430, 770}, {520, 800}, {600, 868}, {640, 1060}})
	river = smooth([]xy{{1260, 140}, {1090, 196}, {980, 190}, {900, 240}, {870, 330}, {800, 400}, {760, 500}, {690, 580}, {600, 640}, {520, 720}, {470, 790}})
	rail  = smooth([]xy{{-60, 84}, {240, 40}, {520, 70}, {820, 40}, {1260, 18}})
	piers = [][]xy{
		{{250, 650}, {210, 790}, {232, 796}, {272, 668}},
		{{452, 770}, {392, 880}, {412, 890}, {474, 786}},
	}
	seaRing = append(append([]xy{}, sea...), xy{-60, 1060})

	avenues = []struct {
		name string
		line []xy
	}{
		{"Harbour Street", smooth([]xy{{612, 450}, {590, 480}, {548, 530}, {495, 592}})},
		{"High Street", smooth([]xy{{430, 470}, {530, 452}, {640, 440}, {760, 480}, {860, 520}})},
		{"Mill Row", smooth([]xy{{430, 470}, {372, 318}, {360, 160}})},
		{"West Road", smooth([]xy{{430, 470}, {200, 430}, {-60, 418}})},
		{"Quay Hill", smooth([]xy{{430, 470}, {424, 640}, {388, 706}})},
		{"East Road", smooth([]xy{{860, 520}, {1040, 540}, {1260, 566}})},
		{"Priory Road", smooth([]xy{{860, 520}, {930, 260}, {1004, -60}})},
		{"Castle Street", smooth([]xy{{640, 440}, {720, 300}, {760, 120}, {736, -60}})},
		{"South Road", smooth([]xy{{860, 520}, {900, 760}, {856, 1060}})},
		{"Strand Road", smooth([]xy{{612, 862}, {760, 800}, {900, 760}, {1260, 804}})},
		{"North Road", smooth([]xy{{360, 160}, {342, 60}, {326, -60}})},
	}

	districts = []struct {
		name string
		at   xy
	}{
		{"Old Town", xy{540, 560}}, {"Millside", xy{300, 300}}, {"Castle Quarter", xy{660, 250}}, {"Priory", xy{900, 400}},
		{"Netmakers", xy{330, 590}}, {"Westcliff", xy{120, 520}}, {"Northgate", xy{420, 80}}, {"Meadowside", xy{1030, 480}},
		{"Saltmarsh", xy{760, 900}}, {"Eastfield", xy{1090, 300}}, {"The Strand", xy{760, 740}}, {"Lockhouse", xy{700, 660}},
	}

	waters = []struct {
		name string
		at   xy
	}{{"Old Harbour", xy{200, 820}}, {"River Mere", xy{832, 372}}, {"Portmere Bay", xy{420, 960}}}

	parkNames = []struct {
		name string
		at   xy
	}{{"Castle Green", xy{190, 210}}, {"Mere Meadows", xy{1010, 655}}, {"Chantry Garden", xy{640, 220}}}

	visitor = xy{560, 520}
)

// laneNames are given to the side streets, the longest first.
var laneNames = []string{
	"Ropewalk", "Cooper’s Lane", "Lantern Street", "Chandler’s Row", "Anchor Street", "Fishergate", "Gull Lane", "Salt Lane",
	"Weaver Street", "Lime Street", "Chapel Lane", "Bell Street", "Orchard Street", "Tanner’s Yard", "Candle Lane", "Bridge Street",
	"Kestrel Road", "Hazel Grove", "Pilot Street", "Cable Street", "Baker’s Row", "Meadow Lane", "Abbot’s Walk", "Tide Street",
	"Compass Road", "Linen Street", "Sexton Lane", "Net Street", "Lighthouse Road", "Barley Street", "Thistle Lane", "Cobbler’s Row",
	"Capstan Street", "Heron Street", "Brewhouse Lane", "Sailmaker’s Row", "Fern Road", "Granary Street", "Wharf Lane", "Juniper Road",
	"Smithy Lane", "Dovecote Lane", "Plover Street", "Ferry Lane", "Old Market", "Beacon Street", "Hawthorn Road", "Millrace",
	"Curlew Road", "Spinners’ Court", "Keel Street", "Rosemary Lane", "Timber Street", "Cockle Lane", "Abbey Street", "Larch Road",
	"Signal Street", "Oyster Row", "Bishop’s Lane", "Tern Street", "Clover Road", "Dyer’s Lane", "Sluice Street", "Wren Street",
	"Copper Lane", "Bramble Road", "Mast Street", "Hill Street", "Shrimp Lane", "Sorrel Road", "Locksmith’s Yard", "Windmill Lane",
}

// NewTown lays the town out. It is the same every time.
func NewTown() Town {
	cells := blocks(rand.New(rand.NewPCG(20261, 14)), 620)
	t := Town{
		Name: TownName, Centre: visitor.point(),
		Sea: points(seaRing), River: points(river), Rail: points(rail),
		Bounds: geo.Box{
			West: xy{0, 0}.point().Lng, North: xy{0, 0}.point().Lat,
			East: xy{width, height}.point().Lng, South: xy{width, height}.point().Lat,
		},
	}
	for _, pier := range piers {
		t.Piers = append(t.Piers, points(pier))
	}
	t.build(cells)
	t.nameStreets(cells)
	t.nameRest()
	return t
}

// build puts houses on the cells that are neither water nor park.
func (t *Town) build(cells [][]xy) {
	for _, cell := range cells {
		middle := centroid(cell)
		switch {
		case within(middle, seaRing):
		case park(middle):
			t.Parks = append(t.Parks, points(inset(cell, 0.2)))
		case distanceToLine(middle, river) < 16:
		default:
			if ring := inset(cell, 2.6); ring != nil {
				t.Blocks = append(t.Blocks, points(ring))
			}
		}
	}
}

func park(p xy) bool {
	return xy{(p.x-1010)/1.25 + 1010, p.y}.to(xy{1010, 655}) < 88 ||
		xy{p.x, (p.y-210)/1.1 + 210}.to(xy{190, 210}) < 78 ||
		p.to(xy{640, 220}) < 30
}

// shortestLane is the length in units below which a lane is left without a
// name: room for some eight houses a side.
const shortestLane = 45

func (t *Town) nameStreets(cells [][]xy) {
	for _, a := range avenues {
		t.addStreet(a.name, true, a.line)
	}
	usable := func(a, b xy) bool {
		middle := a.plus(b).times(0.5)
		for _, avenue := range avenues {
			if distanceToLine(middle, avenue.line) < 9 {
				return false // it would run beside the avenue, or across it
			}
		}
		return !park(middle) && dry(a) && dry(b) && dry(middle)
	}
	names := laneNames
	for _, line := range lanes(cells, usable) {
		if len(names) == 0 || lineLength(line) < shortestLane {
			break
		}
		t.addStreet(names[0], false, line)
		names = names[1:]
	}
}

// dry tells whether a house can stand at a place: on the map, and neither in
// the water nor right beside it.
func dry(p xy) bool {
	return p.inside(12) && !within(p, seaRing) && distanceToLine(p, sea) > 9 && distanceToLine(p, river) > 17
}

func (t *Town) addStreet(name string, avenue bool, line []xy) {
	t.Streets = append(t.Streets, Street{Name: name, Avenue: avenue, Line: points(line), plane: line})
}

func (t *Town) nameRest() {
	for _, d := range districts {
		t.Districts = append(t.Districts, Place{d.name, "district", TownName, d.at.point(), 60})
	}
	for _, w := range waters {
		t.label(w.name, "water", 1, w.at)
	}
	for _, p := range parkNames {
		t.label(p.name, "park", 1, p.at)
	}
	for i, s := range t.Streets {
		rank := 2
		if !s.Avenue {
			rank = 4 + i/20
		}
		t.label(s.Name, "street", rank, s.at(0.22)) // not the middle: visitors stand there
	}
	for _, d := range districts {
		t.label(d.name, "district", 3, d.at)
	}
	slices.SortStableFunc(t.Labels, func(a, b Label) int { return cmp.Compare(a.Rank, b.Rank) })
}

func (t *Town) label(text, kind string, rank int, at xy) {
	t.Labels = append(t.Labels, Label{text, at.point(), kind, rank})
}

// Places lists every name one may search around: the town, its districts,
// parks and streets. Names are unique.
func (t Town) Places() []Place {
	places := append([]Place{{t.Name, "town", "", t.Centre, 100}}, t.Districts...)
	for _, p := range parkNames {
		places = append(places, Place{p.name, "park", TownName, p.at.point(), 50})
	}
	for _, s := range t.Streets {
		weight := 20
		if s.Avenue {
			weight = 40
		}
		at := s.middle()
		places = append(places, Place{s.Name, "street", districtOf(at) + ", " + TownName, at.point(), weight})
	}
	return places
}

// districtOf names the district whose middle is nearest to a place.
func districtOf(at xy) string {
	best, nearest := "", math.Inf(1)
	for _, d := range districts {
		if far := d.at.to(at); far < nearest {
			best, nearest = d.name, far
		}
	}
	return best
}

// Street finds a street by its name.
func (t Town) Street(name string) (Street, bool) {
	for _, s := range t.Streets {
		if s.Name == name {
			return s, true
		}
	}
	return Street{}, false
}

// middle is the place half way along what the map shows of the street.
func (s Street) middle() xy { return s.at(0.5) }

// at is the place a share of the way along the street.
func (s Street) at(share float64) xy {
	line := s.onTheMap()
	at, _ := along(line, share*lineLength(line))
	return at
}

func (s Street) onTheMap() []xy {
	var line []xy
	for _, p := range s.plane {
		if p.onTheMap() {
			line = append(line, p)
		}
	}
	return line
}

const (
	houseWidth = 5.2 // units: about 12 m
	setBack    = 4.2 // units from the middle of the street to a pin: 10 m
)

// Houses is the highest house number of the street.
func (s Street) Houses() int {
	return 2 * int((lineLength(s.onTheMap())-houseWidth)/houseWidth)
}

// House is the pin of a house; it fails when the street has no such number.
func (s Street) House(number int) (geo.Point, error) {
	p, err := s.house(number)
	return p.point(), err
}

func (s Street) house(number int) (xy, error) {
	if number < 1 || number > s.Houses() {
		return xy{}, fmt.Errorf("%s has no number %d: the last is %d", s.Name, number, s.Houses())
	}
	at, ahead := along(s.onTheMap(), float64((number+1)/2)*houseWidth)
	left := xy{ahead.y, -ahead.x}
	if number%2 == 0 {
		left = left.times(-1)
	}
	return at.plus(left.times(setBack)), nil
}

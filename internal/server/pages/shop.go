package pages

import (
	"time"

	"nearby/internal/money"
)

// Nearby is the home page: places near a point, the list first, the map beside.
// Its blocks: "shop/nearby/list" (results and pager) and "shop/nearby/map".
type Nearby struct {
	Base
	Place      string  // name of the point of search; "" when none is known
	Radius     float64 // metres searched; 0: the nearest, however far
	Radii      []Option
	Open       bool
	Pickup     bool
	Delivery   bool
	InStock    bool
	Category   string // slug; "" for all
	Total      int
	Fuzzy      bool // nothing is spelt like Query: typos were forgiven
	Exact      bool // Total is the whole number of matches, not only a page
	Now        time.Time
	Categories []Category
	Cards      []Card
	Pager      Pager
	Empty      *Empty
	Matches    []Link // places that a typed name may mean
	Starts     []Link // well-known places to begin from, when none is known
	MapURL     string // of the map as its own request
	MapPage    string // this result as a map
	ListPage   string // and as a list
	Map        *Map   // not nil when the map is part of the page
}

// Category is one awning in the row above the list.
type Category struct {
	Slug, Name, Icon, URL string
	Hue                   int
	Current               bool
}

// Card is one business in a list.
type Card struct {
	No          int // the number on its plate, from 1
	Name, URL   string
	Category    string
	Hue         int
	Photo       *Photo
	Metres      float64 // from the point of search
	HasDistance bool
	Open        Open
	Perks       []string // words of the table "perk_…": pickup, delivery, pay_at_pickup
	Finds       []Find
	More        int // products that are not shown
	Verified    bool
	Area        string // street or district; "" when not known
}

// Find is one product under a card.
type Find struct {
	Name, URL string
	Photo     *Photo
	Hue       int
	Price     money.Amount
	Stock     Stock
}

// Empty offers the next best thing to a search that found nothing.
type Empty struct {
	Category  string // name; "" for places at large
	Hue       int
	Nearest   *Card
	WiderURL  string
	Wider     float64 // metres
	ClosedURL string  // the same search without "open now"
	AllURL    string  // without any filter
}

// Map is a drawing in its own units: everything is projected by the server.
type Map struct {
	Label   string
	ViewBox string
	Blocks  []Path
	Parks   []Path
	Water   []Path
	Streets []Path
	Rails   []Path
	Labels  []MapLabel
	Hexes   []Hex
	Rings   []Ring
	Pins    []Pin
	You     *XY
	Credit  string // source of the ground, where there is one
	Reach   int    // metres shown in every direction at least
	Closer  string // address of the same search with a map that shows less, "" for none
	Farther string // and more
}

// Path is one shape: the d attribute of an SVG path. Kind sets the width of a
// street: "avenue", "street" or "lane"; "river" for a stroke of water.
type Path struct{ D, Kind string }

// MapLabel is a name on the map. Kind is "street", "water", "park" or "district".
type MapLabel struct {
	X, Y       float64
	Text, Kind string
}

// Hex is one H3 cell: a link that searches from its middle.
type Hex struct {
	Points  string // of an SVG polygon
	X, Y    float64
	Density int // 0–4: how full it is tinted
	Count   int // written in the middle when ShowCount
	Shown   bool
	URL     string
	Left    float64 // edge of the sign that says Count
	Width   float64
}

// Ring is a distance around the point of search.
type Ring struct {
	X, Y, R float64
	Metres  float64
	LX, LY  float64 // of its label
}

// Pin is one plate on the map.
type Pin struct {
	X, Y            float64
	N               string // result number or house number
	URL, Name       string
	Metres          float64
	HasDistance     bool
	Current, Closed bool
}

// XY is a point of the drawing.
type XY struct{ X, Y float64 }

// MapFragment is the answer to the map's own request.
type MapFragment struct {
	Base
	Map Map
}

// Business is the page of one business.
type Business struct {
	Base
	Slug, Name, Category string
	CategoryURL          string
	Blurb                string // plain text; empty lines part paragraphs
	Photo                *Photo
	Address              []string // lines
	House                string   // house number for the plate on the map; may be empty
	Phone, PhoneURL      string   // as shown, and as dialled: "+441632960118"
	Email                string
	Website, Site        string // address, and what of it is shown
	Directions           string // address of a map service or geo: link
	Metres               float64
	HasDistance          bool
	Open                 Open
	Verified             *Verified
	Unclaimed            bool   // imported, nobody has claimed it
	ClaimURL             string // for unclaimed places
	Orderable            bool
	ClosedUntil          time.Time // when the pause ends by itself
	Closed               string    // word of the table "business.closed_…": why no order is taken
	Pickup, Delivery     bool
	PayAtPickup          bool
	ReadyIn              int // minutes until an order is ready; 0: not said
	Hours                []HoursRow
	Special              []SpecialDay
	CalendarURL          string         // of the hours as a file, "" where they cannot be written as one
	HoursSaid            string         // the usual hours in a sentence
	Further              []FurtherHours // hours of their own for collecting, delivering and cooking
	HoursText            string         // hours that could not be read as a schedule
	Sections             []Section
	Query                string // search within the catalog
	Cart                 *Cart
	Map                  *Map
	LD                   *LocalBusiness
	ReportURL            string
	ManageURL            string // for its own people
}

// Verified tells how and when a business was checked.
type Verified struct {
	At      time.Time
	Ways    []string // words of the table "verified.way_…": documents, phone, visit, register, photo
	Until   time.Time
	Since   time.Time   // when the business came to this site
	Changes []ChangedOn // what last became something else, and when
	Pending []string    // words of the table "verified.pending_…": what a verifier looks at now
	Checks  []Passed    // that count now
}

// Passed is one check that a business has passed; Word is of the table
// "verified.check_…".
type Passed struct {
	Word      string
	At, Until time.Time
}

// ChangedOn is when a field of a business last changed; Word is of the table
// "verified.changed_…".
type ChangedOn struct {
	Word string
	At   time.Time
}

// HoursRow is one day of the week.
type HoursRow struct {
	Weekday time.Weekday
	Ranges  []string // "10:00–18:00"; none: closed
	Today   bool
}

// SpecialDay is a day or a span of days with other hours.
type SpecialDay struct {
	ID       string
	From, To time.Time
	Ranges   []string // none: closed
	Label    string
}

// Section is one shelf of a catalog.
type Section struct {
	ID, Name string
	Products []ProductCard
	AllURL   string
	Total    int
}

// ProductCard is one product in a catalog.
type ProductCard struct {
	Name, URL, Note string
	Photo           *Photo
	Hue             int
	Price           money.Amount
	From            bool // there are dearer variants
	Compare         *money.Amount
	Stock           Stock
	Variant         string // "" when one must be chosen on the product's page
	InCart          int
	Orderable       bool
}

// Stock is the truth about what is left.
type Stock struct {
	Kind string // in, low, out, order, ahead
	N    int    // with low
	Days int    // with order: until it is ready
}

// Product is the page of one product.
type Product struct {
	Base
	Business, BusinessURL string
	Slug                  string // of the business
	Open                  Open
	Name                  string
	Blurb                 string
	Photos                []Photo
	Price                 money.Amount
	From                  bool
	Compare               *money.Amount
	TaxIncluded           bool
	Stock                 Stock
	Options               []ProductOption
	Variant               string // chosen; "" when the choice names none
	Unavailable           bool   // the chosen combination is not sold
	SKU                   string
	Max                   int // pieces that may be ordered; 0: not counted
	Quantity              int // shown in the field
	InCart                int
	Orderable             bool
	ClosedUntil           time.Time
	Closed                string
	Pickup, Delivery      bool
	PayAtPickup           bool
	ReadyIn               int
	Token                 string
	Errors                Errors
	More                  []ProductCard
	LD                    *ProductData
	ReportURL             string
	Self                  string // the address of the page with the choice
	Drop                  *Drop  // by which alone the chosen variant is sold, nil for none
}

// ProductOption is one choice to make ("Size").
type ProductOption struct {
	Name   string // of the form field: option.1 to option.3
	Label  string
	Values []Option
}

// ProductCardIn is a product card inside a page: its form needs the page's token.
type ProductCardIn struct {
	Base
	Product ProductCard
}

// Package catalog keeps what businesses sell: products with their options,
// variants, prices and photos, and how many pieces of each there are.
package catalog

import (
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/lifecycle"
	"nearby/internal/money"
)

// Limits of a catalog. Prices end at 99,999.99 in a currency of two decimals.
const (
	maxTitle       = 120
	maxDescription = 5000
	maxSection     = 60
	maxOptions     = 3
	maxValues      = 20
	maxVariants    = 500
	maxPhotos      = 10
	maxAlt         = 160
	maxWord        = 40 // an option's name or value, a SKU
	maxPrice       = 9_999_999
	maxStock       = 999_999
	maxWeight      = 1_000_000 // grams
	maxTax         = 100_000   // thousandths of a per cent

	// DefaultLowStock is the number of pieces from which on a product counts
	// as nearly gone, unless its owner says otherwise.
	DefaultLowStock = 3
)

// State says whether shoppers see a product.
type State string

// The states of a product.
const (
	Draft    State = "draft"    // being written, or hidden
	Active   State = "active"   // on sale
	Archived State = "archived" // out of the way, kept for its orders
)

// Event is what moves a product from one state to another.
type Event string

// The events of a product's life.
const (
	Publish Event = "publish"
	Hide    Event = "hide"
	Archive Event = "archive"
	Restore Event = "restore"
)

var keepers = []account.Role{account.Owner, account.Staff, account.Operator, account.System}

// Life is the life cycle of a product. Publishing an archived one is the way
// to undo its archiving.
var Life = lifecycle.New("product",
	lifecycle.Move[State, Event, account.Role]{From: []State{Draft, Archived}, Event: Publish, By: keepers, To: Active},
	lifecycle.Move[State, Event, account.Role]{From: []State{Active}, Event: Hide, By: keepers, To: Draft},
	lifecycle.Move[State, Event, account.Role]{From: []State{Draft, Active}, Event: Archive, By: keepers, To: Archived},
	lifecycle.Move[State, Event, account.Role]{From: []State{Archived}, Event: Restore, By: keepers, To: Draft},
)

// Product is one thing that a business sells, in one or more variants.
type Product struct {
	ID          string
	BusinessID  string
	Slug        string // unique in its business, never changed
	Title       string
	Description string // plain text, empty lines part paragraphs
	Section     string // "" is no section
	State       State
	Currency    string
	TaxMpct     int64 // thousandths of a per cent
	TaxIncluded bool  // prices contain the tax
	LowStock    int64 // so many pieces or fewer are "nearly gone"
	Options     []Option
	Variants    []Variant // at least one, in the owner's order
	Photos      []Photo   // in the owner's order
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64 // moves with every change but those of stock
}

// Option is one choice to make ("Size") and what there is to choose from.
type Option struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Variant is one thing that can be put into a cart: a product with one value
// for each of its options.
type Variant struct {
	ID        string
	Options   []string
	SKU       string
	Barcode   string // GTIN of 8, 12, 13 or 14 digits
	Price     money.Amount
	Priced    bool // Price is set; a draft may lack it
	CompareAt *money.Amount
	Weight    int64 // grams, 0 is unknown
	Counted   bool  // its pieces are counted; otherwise it never runs out
	OnHand    int64 // pieces in the house, when counted
	Held      int64 // of them held by orders that wait for payment
	Committed int64 // of them promised to placed orders
	Drop      *Drop // by which alone it is sold, nil for none
	Phase     Phase // of Drop, when it was read
}

// Title is the variant's name within its product ("Large / Blue"), "" for the
// only variant of a product without options.
func (v Variant) Title() string { return strings.Join(v.Options, " / ") }

// Available is the number of pieces that can be sold now, nil when they are
// not counted. It is the number that checkout uses.
func (v Variant) Available() *int64 {
	if !v.Counted {
		return nil
	}
	n := v.OnHand - v.Held - v.Committed
	if v.Drop != nil {
		n = v.Drop.sellable(n, v.Phase)
	}
	return &n
}

// InStock reports whether one piece can be sold now.
func (v Variant) InStock() bool {
	n := v.Available()
	return v.Priced && (n == nil || *n > 0)
}

// Photo is one picture of a product. Width and Height are those of its full
// copy in pixels.
type Photo struct {
	Hash   string
	Alt    string
	Width  int
	Height int
	Color  string // "#rrggbb", shown until the picture is there
}

// InStock reports whether any variant can be sold now.
func (p Product) InStock() bool {
	for _, v := range p.Variants {
		if v.InStock() {
			return true
		}
	}
	return false
}

// Prices are the lowest and the highest price; false when no variant has one.
func (p Product) Prices() (low, high money.Amount, ok bool) {
	for _, v := range p.Variants {
		if !v.Priced {
			continue
		}
		if !ok || v.Price.Minor < low.Minor {
			low = v.Price
		}
		if !ok || v.Price.Minor > high.Minor {
			high = v.Price
		}
		ok = true
	}
	return low, high, ok
}

// Variant finds a variant by its id.
func (p Product) Variant(id string) (Variant, bool) {
	for _, v := range p.Variants {
		if v.ID == id {
			return v, true
		}
	}
	return Variant{}, false
}

// Missing lists what publishing still needs ("title", "price") and what would
// help ("photo", "alt", "description").
func (p Product) Missing() (needed, advised []string) {
	if p.Title == "" {
		needed = append(needed, "title")
	}
	for _, v := range p.Variants {
		if !v.Priced {
			needed = append(needed, "price")
			break
		}
	}
	if len(p.Photos) == 0 {
		advised = append(advised, "photo")
	}
	for _, photo := range p.Photos {
		if photo.Alt == "" {
			advised = append(advised, "alt")
			break
		}
	}
	if p.Description == "" {
		advised = append(advised, "description")
	}
	return needed, advised
}

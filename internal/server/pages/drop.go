package pages

import "time"

// Drop is a limited sale as its product's page tells of it. Times are in the
// zone of the business.
type Drop struct {
	Phase            string // ahead, running, held, sold_out, over
	Cap, Left        int
	PerBuyer         int
	StartsAt, EndsAt time.Time // EndsAt is zero without an end
	Today            bool      // it begins on this day
	City             string    // whose time it is; may be empty
	GoneAfter        time.Duration
	SignInURL        string // for whoever has not signed in
	EventsURL        string // "" when nothing more will change
}

// DropPage is where an owner plans the drops of a product.
type DropPage struct {
	Base
	Desk     Desk
	Product  string
	BackURL  string
	Action   string
	Form     DropForm
	Variants []Option // to choose from, when there are several
	Drops    []OwnerDrop
	City     string // whose time is meant
	Counter  bool   // the business takes payment at pickup
	Errors   Errors
}

// DropForm is what was typed.
type DropForm struct {
	Variant          string
	Cap, PerBuyer    string
	StartsAt, EndsAt string
	AtPickup         bool
}

// OwnerDrop is a drop of the product, with its figures.
type OwnerDrop struct {
	Drop
	Variant string
	Title   string // of the variant, "" for the only one
	Sold    int
	Waiting int // held and not paid
	Tone    string
	EditURL string
}

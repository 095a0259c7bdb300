// Package pages holds one struct for each page: display-ready data that a
// handler fills and a template shows. Nothing here reads a database, and
// nothing here is translated: words from tables are translated by the template.
//
// Every page is a plain GET. Forms post to the addresses below and carry, where
// they create something, a one-time "token".
// After a post the answer is 303, or 422 with the same page, Errors filled and
// every typed value kept.
//
//	POST /sign-in             email, password, back
//	POST /sign-up             name, email, password, back
//	POST /sign-out
//	POST /settings            lang, theme, back
//	POST /cart                variant, quantity, back     (sets the quantity; 0 removes)
//	POST /cart/add            variant or option.1…3, quantity, back, token
//	POST /checkout/{slug}     CheckoutForm, shown_total, token
//	POST /o/{order}/cancel    t, token
//	POST /o/{order}/pay       t                           (goes to the payment page again)
//	POST /report              ReportForm, token
//	POST /me                  ProfileForm
//	POST /me/password         PasswordForm
//	POST /me/sessions/{id}/end, POST /me/sessions/end     (all the others)
//	POST /manage              name, category, token       (a new business)
//	POST /invite              token                       (joins a business)
//	POST /manage/{slug}/profile                           BusinessForm, photo
//	POST /manage/{slug}/selling                           SellingForm
//	POST /manage/{slug}/hours | hours/special | hours/special/{id}/delete
//	POST /manage/{slug}/catalog                           (bulk: pick[], action, back)
//	POST /manage/{slug}/catalog/new, …/catalog/{product}  ProductForm, photo[], token
//	POST /manage/{slug}/stock                             variant, stock, back
//	POST /manage/{slug}/orders/{order}/accept | start | ready | complete | missed | decline | abort | refund
//	POST /manage/{slug}/orders/complete                   code (finds the order)
//	POST /manage/{slug}/verification                      do = submit, withdraw, resubmit, close, reopen
//	POST /manage/{slug}/payouts/onboard, …/payouts/login  password
//	POST /manage/{slug}/staff, …/staff/{user}             email, role, password
//	POST /desk/next                                       (takes the oldest free case)
//	POST /desk/{request}/take | release | approve | ask | reject
//	POST /manage/{slug}/complaints, …/complaints/{complaint}  subject, id, text
//	POST /report/complaint                                receipt, text
//	POST /desk/complaints/{complaint}/take | release | ask | decide   text, words, do
//	POST /desk/notices/{notice}/take | release | decide   outcome, words, MeasureForm
//	POST /admin/businesses/{slug}/measures                MeasureForm
//	POST /admin/businesses/{slug}/measures/{measure}/lift words
package pages

import (
	"strings"
	"time"

	"nearby/internal/money"
)

// Base is what every page has. Middleware fills it once a request.
type Base struct {
	Title       string // in the reader's language, without the site's name
	About       string // one sentence for search engines; may be empty
	Lang        string
	Dir         string // "ltr" or "rtl"
	Theme       string // "light", "dark", or "" for the system's
	User        *User  // nil when nobody is signed in
	CartCount   int    // pieces in all carts
	Flash       *Flash
	Path        string // of this page with its query, for coming back to it
	Canonical   string // absolute address; may be empty
	Robots      string // "noindex" or empty
	Sandbox     bool   // payments take no real money
	Failed      bool   // a form was refused: the title says so
	Refresh     int    // seconds after which a browser without scripts reloads; 0: never
	Tab         string // current tab of the bar: nearby, cart, orders, me
	Query, Near string // what the search fields hold
	Cell        string // H3 cell of the search, hexadecimal; a typed place wins over it
	Back        string // where the arrow on phones leads; "" for none
	Hue         int    // 1–8: the awning's category hue; 0 is the brand's
	Alternates  []Alternate
}

// User is the signed-in person.
type User struct {
	Name, Email               string
	Owner, Verifier, Operator bool
}

// Alternate is this page in another language.
type Alternate struct{ Lang, URL string }

// Flash is one message about what has just happened.
type Flash struct {
	Text string
	Tone string // "", "soon", "stop"
	Undo *Action
}

// Action is one button that posts.
type Action struct{ Label, URL string }

// Link is a named address.
type Link struct {
	Label, URL string
	Current    bool
	Count      int // shown beside the label when not 0
}

// Error is one wrong field of a form and what to do about it.
type Error struct{ Name, Message string }

// Errors are all wrong fields of a form, in the order of the form.
type Errors []Error

// For is the message for a field, or "".
func (e Errors) For(name string) string {
	for _, wrong := range e {
		if wrong.Name == name {
			return wrong.Message
		}
	}
	return ""
}

// Any reports whether a field whose name begins with prefix is wrong.
func (e Errors) Any(prefix string) bool {
	for _, wrong := range e {
		if strings.HasPrefix(wrong.Name, prefix) {
			return true
		}
	}
	return false
}

// Field is one labelled input, as the template part "field" draws it.
type Field struct {
	Name, Type, Value, Label, Hint, Error string
	Autocomplete, InputMode, Placeholder  string
	MaxLength, Rows                       int
	Required, Optional                    bool
	Prefix                                string // shown inside the field ("€")
	Lang                                  string
}

// Option is one choice of a list.
type Option struct {
	Value, Label string
	Hint         string
	Selected     bool
	Disabled     bool
	Depth        int // of a tree, from 0
}

// Photo is a picture with its sizes. Width and Height are the pixels of URL.
type Photo struct {
	URL, Srcset, Alt string
	Width, Height    int
}

// Open says whether a place is open. Both times are in the place's own zone.
type Open struct {
	Kind   string    // open, closing_soon, closed, unknown
	Change time.Time // next change; zero when there is none
	Now    time.Time
	Reason string // of unknown: a word of the tables "open.why_…" and "open.told_…"
	Note   string // what was written beside the hours, "" for nothing
}

// Pager leads through a list.
type Pager struct {
	Previous, Next string // addresses; "" where there is none
	From, To       int    // numbers of the entries behind Next; 0 when not known
}

// Step is one line of a timeline.
type Step struct {
	Word      string // of the table "order.step_…"; Text is used when it is empty
	Text      string
	Note      string
	At        time.Time
	Done, Now bool
}

// Total is the sum at the foot of an order or a cart.
type Total struct {
	Subtotal, Delivery, Tax, Total, Refunded money.Amount
	HasDelivery, HasTax, HasRefund           bool
	Missing, Charged                         money.Amount // what could not be had, and what is paid without it
	HasMissing                               bool
}

// Line is one product in a cart or an order.
type Line struct {
	N            int // of the order, from 1; 0 in a cart
	Variant      string
	Name, Choice string // "Speckled mug", "Oat, 320 ml"
	URL          string
	Photo        *Photo
	Hue          int
	Quantity     int
	Missing      int // pieces of an order that could not be had
	Left         int // pieces of an order that still can
	Back         int // pieces of an order that were refunded
	Max          int // 0: not counted
	Price, Total money.Amount
	Problem      string // word of the table "cart.problem_…", or ""
}

// Problem is the error page.
type Problem struct {
	Base
	Status    int
	Code      string // stable word of the error
	Message   string // safe to show; may be empty
	RequestID string
	Wait      int // seconds after which to try again; 0: not said
}

// Stepper is the control that changes the quantity of one variant in a cart.
type Stepper struct {
	Return, Variant, Label string
	Quantity               int
	Max                    int // 0: not counted
}

// DeskTop is what the frame around an owner's page shows.
type DeskTop struct {
	Base
	Desk Desk
}

// Thumb is a small picture, or the awning with an initial in its place.
type Thumb struct {
	Photo *Photo
	Name  string
	Hue   int
}

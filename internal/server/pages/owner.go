package pages

import (
	"time"

	"nearby/internal/money"
)

// Desk is what every page of an owner's desk has.
type Desk struct {
	Business, Slug string
	Hue            int
	Photo          *Photo
	State          string // word of the table "business.state_…"
	Tone           string
	Open           Open
	ShopURL        string // the page shoppers see; "" while there is none
	Section        string // today, orders, catalog, profile, hours, verification, payouts, staff
	Waiting        int    // orders that need the owner
	Money, People  bool   // the reader may see payouts, and who works here
}

// Path is an address of this desk.
func (d Desk) Path(rest string) string { return "/manage/" + d.Slug + rest }

// Businesses lets an owner choose a business or begin a new one.
type Businesses struct {
	Base
	Businesses []BusinessLink
	Form       NewBusiness
	Categories []Option
	Token      string
	Errors     Errors
}

// BusinessLink is one business in the owner's list.
type BusinessLink struct {
	Name, URL, Category string
	Hue                 int
	Photo               *Photo
	State, Tone         string
	Waiting             int
	Place               string
}

// NewBusiness is the first step of a new business.
type NewBusiness struct{ Name, Category string }

// Today is the first page of a desk.
type Today struct {
	Base
	Desk       Desk
	Now        time.Time
	Orders     []OrderLink // that need something, soonest first
	Todo       []Todo
	Sales      money.Amount
	SalesCount int
	Week       *Chart
	WeekTotal  money.Amount
}

// Todo is one thing that needs the owner.
type Todo struct {
	Word string // of the table "todo_…"
	N    int
	Note string
	URL  string
	Icon string
}

// Chart is a bar chart over days, ready to draw. Bars are in per cent of the
// width and in pixels of the height of 184.
type Chart struct {
	Label, Words string // title, and what is seen in it
	Ticks        []ChartTick
	Bars         []ChartBar
}

// ChartTick is one line of the scale.
type ChartTick struct {
	Y     float64
	Label string
}

// ChartBar is one day.
type ChartBar struct {
	X, Width, Middle float64 // per cent
	Y, Height        float64 // pixels
	At               time.Time
	Value            money.Amount
	Today            bool
	Label            string // under the bar; "" for none
}

// Inbox lists the orders of a business.
type Inbox struct {
	Base
	Desk      Desk
	Tabs      []Link
	Orders    []OrderLink
	Pager     Pager
	Disputes  []DisputeLink // that are not decided
	EventsURL string
	Code      string // as typed into the hand-over by code alone
	Errors    Errors
}

// OwnerOrder is one order on the owner's side. Its block is "owner/order/live".
type OwnerOrder struct {
	Base
	Desk        Desk
	Number      string
	State, Tone string
	Kind        string
	Payment     string
	PlacedAt    time.Time
	AcceptBy    time.Time
	SettleBy    time.Time // while the business is suspended: then it is cancelled
	ReadyBy     time.Time
	Name        string
	Email       string
	Phone       string
	PhoneURL    string
	DeliverTo   []string
	Note        string
	Steps       []Step
	Lines       []Line
	Total       Total
	CodeHint    bool // the shopper has a code to show
	CanAccept   bool
	CanShort    bool // some pieces are missing: say how many there are
	CanTakeOff  bool // after it was accepted
	Reserved    bool // the card is charged by accepting
	CanDecline  bool
	CanStart    bool
	CanReady    bool
	CanComplete bool
	CanMiss     bool
	CanAbort    bool
	Prove       bool // giving money back asks for the password again
	CanRefund   bool
	Refundable  money.Amount
	Back        []BackLine // of which something can go back
	Seen        string     // minor units that have gone back already, for the form
	Stuck       string     // word of the table "order.stuck_…": money that did not go back by itself
	Reasons     []Option   // for declining
	Form        OrderForm
	Errors      Errors
	ActionURL   string // the actions are below it
	ReceiptURL  string // "" until it is paid
	Disputes    []Dispute
	Token       string
	EventsURL   string
}

// BackLine is a line of an order of which pieces can be refunded.
type BackLine struct {
	N     int
	Name  string // "" for the delivery
	Left  int
	Price money.Amount // of all that is left
	Value string       // as typed
}

// OrderForm is what was typed for an action on an order.
type OrderForm struct {
	Reason, Note, Code string
	Give               map[int]string // pieces there are, by number of the line
	Gone               bool
}

// Catalog is the owner's table of products.
type Catalog struct {
	Base
	Desk     Desk
	Total    int
	Live     int
	Tabs     []Link
	Search   string
	Products []CatalogRow
	Pager    Pager
	Token    string
	Errors   Errors
}

// CatalogRow is one product of the table.
type CatalogRow struct {
	ID, Name, URL, SKU string
	Photo              *Photo
	Hue                int
	State              string // draft, active, archived
	Price              money.Amount
	From               bool
	Variants           int
	Variant            string // when there is one only: its stock can be set here
	Counted            bool
	Stock              int
	Held               int
	Hint               string // word of the table "catalog.hint_…": low, out, or ""
	Problem            string // why its stock could not be set
	Return             string // address of the table as it is shown
	Version            string
}

// ProductPage is the form of one product.
type ProductPage struct {
	Base
	Desk     Desk
	New      bool
	State    string
	ShopURL  string
	Form     ProductForm
	Errors   Errors
	Sections []string
	Photos   []OwnerPhoto
	Currency string
	Symbol   string
	Action   string
	Token    string
	Missing  []string // words of the table "product.missing_…": what publishing still needs
	NewAlt   string   // what the photos that are added show
	Changed  bool     // somebody else has saved the product meanwhile
	DropURL  string   // where it is made a limited sale
}

// ProductForm is what was typed. Prices and numbers stay as typed.
type ProductForm struct {
	Title, Section, Text string
	Price, Compare       string
	SKU, Stock           string
	StockWas             string // what the form showed
	Counted              bool
	State                string // draft, active or archived
	Options              [3]OptionForm
	Variants             []VariantForm
	Photos               []PhotoForm
	Version              string
}

// PhotoForm is one stored photo of a form, by the hash of its content.
type PhotoForm struct{ Hash, Alt string }

// OptionForm is one option as typed: its name and its values, parted by commas.
type OptionForm struct{ Name, Values string }

// VariantForm is one row of the variants' table.
type VariantForm struct {
	ID, Title                  string
	SKU, Price, Compare, Stock string
	StockWas                   string
	Counted                    bool
}

// OwnerPhoto is one photo of a product with what can be done to it.
type OwnerPhoto struct {
	ID    string
	Photo Photo
	Alt   string
	First bool
}

// Profile is the form of a business, and the one of how it sells.
type Profile struct {
	Base
	Desk          Desk
	Form          BusinessForm
	Errors        Errors
	Selling       SellingForm
	SellingErrors Errors
	Categories    []Option
	Countries     []Option
	Currencies    []Option
	Attributes    []Option
	Symbol        string
	Map           *Map
	Photo         *Photo
	Review        bool // what a verifier checked is looked at again when it is changed
	Locked        bool // it cannot be changed now
	Pending       *PendingChange
	Refused       *Step // the last change, when it was refused
	CanSell       bool  // the currency can still be chosen
	Changed       bool  // somebody else has saved it meanwhile
}

// PendingChange is what a verifier is to look at before the public sees it.
type PendingChange struct {
	Since       time.Time
	Taken       bool // somebody looks at it now
	Rows        []CaseRow
	CanWithdraw bool
	WithdrawURL string
}

// BusinessForm is what was typed.
type BusinessForm struct {
	Title, Category, Text     string
	Phone, Email, Website     string
	Street, HouseNumber, Unit string
	Postcode, City, Country   string
	Lat, Lng                  string
	Attributes                []string
	LegalName, RegisterNumber string
	Certified                 bool
	PhotoHash                 string // stored, not yet the business's
	Version                   string
}

// SellingForm is what was typed about how the business sells.
type SellingForm struct {
	Currency                              string
	Pickup, Delivery, PayAtPickup, Paused bool
	PausedUntil                           string // on the business's clock, "2026-12-24T18:00"; "" for no end
	AcceptFirst                           bool
	Prep, Radius, Fee, Minimum            string
	Version                               string
}

// HoursPage is the week and its exceptions.
type HoursPage struct {
	Base
	Desk      Desk
	Zone      string
	Days      []HoursDay // Monday first
	Special   []SpecialDay
	Add       SpecialForm
	Errors    Errors
	AddErrors Errors // of the special day
	Text      string // hours that a week cannot say, as they are
	Rich      bool   // and they are understood
	Version   string
	Today     string // earliest date of a special day, as YYYY-MM-DD
	Changed   bool   // somebody else has saved them meanwhile
	Try       HoursTry

	Further        []FurtherHours
	FurtherErrors  Errors
	FurtherChanged bool // somebody else has saved the business meanwhile
}

// FurtherHours are hours of one kind beside the door's.
type FurtherHours struct {
	Name  string // word of the table "hours.kind_…", and name of the form field
	Value string // in OpenStreetMap notation, as typed; "" as the door's
	Said  string // what is stored, in a sentence
}

// HoursTry is what shoppers would see at a time the owner names, and why.
type HoursTry struct {
	Kinds   []Option // whose hours are tried
	At      string   // as typed, "2026-12-24T23:30"
	Bad     bool     // which is no time
	Asked   bool     // the rest is an answer
	Open    Open
	Day     time.Time // the day it follows from
	Rule    string    // in OpenStreetMap notation, "" for none
	Special bool      // a special day decides
	Holiday string    // the name of the public holiday the day is
	Doubt   bool      // which it is only for some of the region
}

// HoursDay is one day of the form: its hours as typed, ranges parted by commas.
type HoursDay struct {
	Weekday time.Weekday
	Name    string // of the form field: "mon"
	Value   string // "10:00-13:00, 14:30-20:00"; "" is closed
}

// SpecialForm adds a special day.
type SpecialForm struct {
	From, To, Hours, Label string
	CutsNight              bool
}

// Application is the state of a business's verification.
type Application struct {
	Base
	Desk      Desk
	Status    string // word of the table "business.state_…"
	Tone      string
	Checklist []CheckItem
	CanSubmit bool
	CanPull   bool
	CanRetry  bool // a refused business can be made a draft again
	CanClose  bool // take it offline
	CanReopen bool
	RetryAt   time.Time
	Since     time.Time
	Place     int           // in the queue; 0: not in it
	Usual     time.Duration // usual wait; 0: not known
	Decided   time.Time
	Asked     []Asked
	Reasons   []string
	Note      string // the verifier's own words
	History   []Step
	Measures  []Measure
	Proofs    *Proofs // nil: nothing is known of any
	Errors    Errors

	ComplaintURL string // about the refusal; "" when there is none
}

// CheckItem is one thing an application needs.
type CheckItem struct {
	Word     string // of the table "apply.item_…"
	Done     bool
	Required bool
	URL      string
}

// Asked is one field that the verifier wants changed.
type Asked struct {
	Field string // word of the table "case.field_…"
	Note  string
	URL   string
}

// Payouts is the state of a business's account at the provider.
type Payouts struct {
	Base
	Desk      Desk
	Enabled   bool   // payments are switched on at all
	Status    string // word of the table "payouts.state_…"
	Tone      string
	Due       []string // what the provider still asks for, in its own words
	Deadline  time.Time
	CanStart  bool
	CanLogin  bool
	Charges   bool
	Paid      bool
	Prove     bool   // leaving for the provider asks for the password again
	Funds     *Funds // what the account holds; nil when it cannot be asked
	Statement []PayoutRow
	Sum       money.Amount
	Pager     Pager
	Token     string
	Errors    Errors
}

// Funds are what a business's account holds at the provider.
type Funds struct {
	At                 time.Time
	Old                bool // the provider did not answer since
	Available, Pending []money.Amount
	Payouts            []PayoutSent
}

// PayoutSent is money sent to the bank.
type PayoutSent struct {
	At, Arrives time.Time
	Amount      money.Amount
	Status      string // word of the table "payouts.sent_…"
	Tone        string
}

// PayoutRow is one order in the statement.
type PayoutRow struct {
	At                      time.Time
	Number, URL             string
	Gross, Fee, Refund, Net money.Amount
}

// CatalogRowIn is a row inside its page: its stock form needs the page's token.
// It is also the answer to that form, as the block "owner/catalog/row".
type CatalogRowIn struct {
	Base
	Desk Desk
	Row  CatalogRow
}

// Staff lists who works for a business.
type Staff struct {
	Base
	Desk    Desk
	Members []Member
	Email   string // as typed into the invitation
	Roles   []Option
	Prove   bool
	Errors  Errors
}

// Member is one person of a business.
type Member struct {
	ID, Name, Email string
	Role            string // word of the table "member.…"
	Roles           []Option
	Self            bool
}

// Invitation asks whether to join a business.
type Invitation struct {
	Base
	Token string
}

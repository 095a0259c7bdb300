package pages

import (
	"time"

	"nearby/internal/money"
)

// Carts is the cart page: one cart for each business.
type Carts struct {
	Base
	Carts []Cart
}

// Cart is what is in the basket of one business.
type Cart struct {
	Business, BusinessURL, Slug string
	Hue                         int
	Open                        Open
	Lines                       []Line
	Count                       int
	Total                       money.Amount
	TaxIncluded                 bool
	CheckoutURL                 string
	BlockedUntil                time.Time // when the pause ends by itself
	Blocked                     string    // word of the table "business.closed_…": why it cannot be ordered now
}

// Checkout asks who, how and where, and shows what it will cost.
type Checkout struct {
	Base
	Business, BusinessURL, Action string
	Hue                           int
	Token                         string
	Form                          CheckoutForm
	Errors                        Errors
	Lines                         []Line
	Total                         Total
	TaxIncluded                   bool
	ShownTotal                    string // minor units, checked when the order is placed
	Pickup, Delivery              bool
	DeliveryFee                   money.Amount
	Card, AtPickup                bool
	PickupAddress                 []string
	Slots                         []Option
	Open                          Open
	Changed                       *TotalChange // the total moved since the page was shown
	Terms                         string       // address of the business's terms; may be empty
	SignInURL                     string       // for something that is sold only to people with an account
}

// CheckoutForm is what the shopper typed.
type CheckoutForm struct {
	Name, Email, Phone     string
	Kind                   string // pickup or delivery
	Slot                   string
	Street, Postcode, City string
	Note                   string
	Payment                string // card or at_pickup
}

// TotalChange tells both totals.
type TotalChange struct{ Old, New money.Amount }

// Order is the order page, opened by its secret link. Its block
// "shop/order/live" is what server-sent events and reloads replace.
type Order struct {
	Base
	Number      string // "10427", or "" before it is placed
	State       string // word of the table "order.state_…"
	Tone        string // open, soon, stop or "": colour of the state
	Lead        string // word of the table "order.lead_…": what happens next
	Business    string
	BusinessURL string
	Hue         int
	Address     []string
	Phone       string
	PhoneURL    string
	Directions  string
	Kind        string // pickup or delivery
	DeliverTo   []string
	Payment     string // card or at_pickup
	Code        string // pickup code; "" while there is none to show
	ReadyAt     time.Time
	HoldUntil   time.Time // while it waits for payment

	ReservedUntil time.Time // while the card is only reserved: when the shop must have accepted
	ReservedToday bool      // that is on the day of Checked

	SettleBy    time.Time // while the business is suspended: then it is cancelled
	PlacedAt    time.Time
	Steps       []Step
	Lines       []Line
	Total       Total
	TaxIncluded bool
	Reason      string // why it was declined or cancelled; may be empty
	PayURL      string // the payment page, while it is open
	CancelURL   string // posts; "" when cancelling is not possible
	EventsURL   string // server-sent events; "" when the order is finished
	ReloadURL   string // this page
	ReceiptURL  string // "" until it is paid
	Secret      string // the order's token, for the forms
	Token       string
	Checked     time.Time
}

// Receipt is what was paid for, to be printed.
type Receipt struct {
	Base
	Number        string
	Issued        time.Time
	Seller        string
	Register      string
	SellerAddress []string
	SellerEmail   string
	SellerPhone   string
	Buyer         string
	OrderNumber   string
	OrderURL      string
	Placed        time.Time
	Lines         []ReceiptLine
	Taxes         []ReceiptTax
	Paid          money.Amount
	Payment       string // card or at_pickup
	Card          string // "visa 4242", "" when it was none
	PaidAt        time.Time
	Refunds       []ReceiptRefund
	Left          money.Amount // of what was paid, after the refunds
}

// ReceiptLine is one line of a receipt.
type ReceiptLine struct {
	Delivery     bool
	Name, Choice string
	Quantity     int
	Price        money.Amount
	Discount     money.Amount
	HasDiscount  bool
	Rate         string // of its tax, in per cent: "8.875"
	Total        money.Amount
}

// ReceiptTax is the tax of one rate.
type ReceiptTax struct {
	Rate     string
	Net, Tax money.Amount
}

// ReceiptRefund is one refund on a receipt.
type ReceiptRefund struct {
	At     time.Time
	Done   bool // else it is on its way
	Amount money.Amount
}

// Orders is the shopper's own list.
type Orders struct {
	Base
	Orders []OrderLink
	Pager  Pager
}

// OrderLink is one order in a list.
type OrderLink struct {
	URL, Number, Business string
	Who                   string // shopper, on the owner's side
	State, Tone           string
	At                    time.Time
	Due                   time.Time // when it has to be ready, or accepted
	Kind                  string
	Payment               string
	Items                 int
	Summary               string // "2 × Speckled mug, Bud vase"
	Total                 money.Amount
}

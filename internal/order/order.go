// Package order is the way from a cart to goods in a shopper's hands: carts,
// checkout, the money for it, what the business does with the order, and the
// way back when it cannot be done. Every effect happens exactly once, whoever
// hears of it first.
package order

import (
	"slices"
	"sync"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/catalog"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/ident"
	"nearby/internal/inbox"
	"nearby/internal/job"
	"nearby/internal/ledger"
	"nearby/internal/money"
	"nearby/internal/payment"
	"nearby/internal/payout"
)

// Deps are what the service works with.
type Deps struct {
	DB        *database.DB
	Clock     clock.Clock
	IDs       ident.Source
	Audit     *audit.Log
	Jobs      *job.Queue
	Accounts  *account.Service
	Directory *directory.Service
	Stock     *catalog.Stock
	Payout    *payout.Service
	Ledger    *ledger.Ledger
	Gateway   payment.Gateway // nil while payments are off
	Install   string          // random id of this installation
	BaseURL   string          // of this site, without a slash at the end
	Secret    []byte          // at least 32 bytes; order links and pickup codes derive from it

	HoldFor   time.Duration // how long stock is kept for a payment; 0: 15 minutes
	AcceptFor time.Duration // opening time in which a business must accept; 0: 15 minutes
	Group     int           // orders of one thing that may share a transaction; 0: 128
}

// Service is the room's door.
type Service struct {
	Deps
	store  store
	wake   chan struct{}
	events *inbox.Inbox // nil until Listen

	counter  counter
	mu       sync.Mutex
	watchers map[string]map[chan struct{}]bool
}

// New makes the service and registers its jobs.
func New(d Deps) *Service {
	if len(d.Secret) < 32 {
		panic("order: the secret is shorter than 32 bytes")
	}
	if d.HoldFor == 0 {
		d.HoldFor = 15 * time.Minute
	}
	if d.AcceptFor == 0 {
		d.AcceptFor = 15 * time.Minute
	}
	if d.Group <= 0 {
		d.Group = 128
	}
	s := &Service{Deps: d, store: store{d.DB}, wake: make(chan struct{}, 1), watchers: map[string]map[chan struct{}]bool{}}
	d.Jobs.Handle(payout.JobStopped, s.stopped)
	d.Jobs.Handle(JobSuspended, s.suspended)
	d.Jobs.Handle(jobSettle, s.settle)
	return s
}

// Buyer is who shops: a user, or a guest by the id in their cookie.
type Buyer struct {
	UserID  string
	GuestID string
}

func (b Buyer) key() string {
	if b.UserID != "" {
		return b.UserID
	}
	return b.GuestID
}

func (b Buyer) actor() audit.Actor { return audit.Actor{ID: b.UserID, Role: account.Shopper} }

// Access is how somebody shows that an order is theirs: as its buyer, or by
// the token of its link.
type Access struct {
	Buyer
	Token string
}

// Kind is how the goods change hands.
type Kind string

// The kinds.
const (
	Pickup   Kind = "pickup"
	Delivery Kind = "delivery"
)

// Method is how an order is paid.
type Method string

// The methods.
const (
	Card    Method = "stripe"  // on the provider's page
	Counter Method = "counter" // when it is handed over
	Free    Method = "none"    // nothing to pay
)

// Contact is whom to tell about an order.
type Contact struct {
	Name  string `form:"name" json:"name"`
	Email string `form:"email" json:"email"`
	Phone string `form:"phone" json:"phone"`
}

// Order is one purchase from one business.
type Order struct {
	ID         string
	BusinessID string
	Number     int64 // counts per business without gaps; 0 until placed
	Invoice    int64 // number of its receipt, counts per business without gaps; 0 until paid
	BuyerID    string
	Contact    Contact
	Locale     string
	State      State
	Kind       Kind
	Method     Method
	SlotFrom   time.Time
	SlotTo     time.Time
	Zone       string
	Address    *directory.Address // of a delivery
	Note       string
	Lines      []Line
	Totals     Totals
	Fee        money.Amount // the operator's

	AcceptFirst bool // the card is charged when the business accepts

	HoldExpiresAt *time.Time // while unpaid
	AcceptBy      *time.Time // while placed
	SettleBy      *time.Time // while its business is suspended: then it is cancelled
	EndReason     string     // timeout shopper business suspended operator late_no_stock payment_failed
	DeclineReason string
	Flag          string // something a person should look at

	CreatedAt  time.Time
	PlacedAt   *time.Time
	AcceptedAt *time.Time
	ReadyAt    *time.Time
	DoneAt     *time.Time
	UpdatedAt  time.Time
	Version    int64

	Payment *Payment // the attempt that counts, nil for a free order
	Refunds []Refund // oldest first
}

// Totals are what an order costs. Total = Goods − Discount + Delivery +
// TaxAdded; TaxContained informs.
type Totals struct {
	Goods        money.Amount `json:"goods"`
	Discount     money.Amount `json:"discount"`
	Delivery     money.Amount `json:"delivery"`
	TaxAdded     money.Amount `json:"tax_added"`
	TaxContained money.Amount `json:"tax_contained"`
	Total        money.Amount `json:"total"`
}

// goodsLine is the kind of a line of goods; the other is "delivery".
const goodsLine = "goods"

// Line is one line of an order, as it was when it was placed.
type Line struct {
	N           int
	Kind        string // goods, delivery
	ProductID   string
	VariantID   string
	Name        string
	Options     []string
	Quantity    int64
	UnitPrice   money.Amount
	Gross       money.Amount
	Discount    money.Amount
	Tax         money.Amount
	TaxMpct     int64
	TaxIncluded bool
	Total       money.Amount
	Refunded    money.Amount
	QtyAccepted int64 // what the business gives of it
	QtyCharged  int64 // what the money taken is for
	QtyRefunded int64

	stockID string
}

// Left is what of the line was charged and has not gone back.
func (l Line) Left() money.Amount {
	return l.Total.Part(l.QtyCharged, l.Quantity).Sub(l.Refunded)
}

// Payment is what became of the money.
type Payment struct {
	ID          string
	Attempt     int
	Method      Method
	State       PayState
	Amount      money.Amount // what is to be taken: less than was asked for when something was missing
	Captured    money.Amount
	Refunded    money.Amount
	ProviderFee money.Amount
	CardBrand   string
	CardLast4   string
	ReceiptURL  string
	ExpiresAt   *time.Time
	Payable     bool // the shopper can still pay on its page
}

// Refund is money on its way back.
type Refund struct {
	ID        string
	Amount    money.Amount
	Origin    string // shopper business operator auto external
	Reason    string
	State     RefundState
	Lines     []RefundPart // what it is for, by the number of the line
	CreatedAt time.Time
}

// RefundPart is what goes back of one line: for so many pieces of it, or for
// none in particular when it was given back outside.
type RefundPart struct {
	Line     int
	Quantity int64
	Amount   money.Amount
	Tax      money.Amount // in Amount
}

// Stuck reports whether the refund needs a person.
func (o Order) Stuck() bool { return slices.Contains(stuckFlags, o.Flag) }

// Open reports whether the business still has to do something.
func (o Order) Open() bool {
	return slices.Contains(openStates, o.State)
}

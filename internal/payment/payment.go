// Package payment is what the product needs of a payment provider: the
// Gateway, the plain values it trades in, and the one outcome every failure
// comes down to. stripe.go is the only user of the provider's library.
package payment

import (
	"context"
	"time"
)

// Key is an idempotency key. It is derived from rows that are stored before
// the call is made, so that a retry after a crash is a replay.
type Key string

// Ref names one object at the provider. Objects live under accounts: an id
// means nothing without its account. Account "" is the operator's own, which
// owns application fees and nothing else.
type Ref struct{ Account, ID string }

// Gateway is the payment provider. No method may be called inside a database
// transaction. Every error it returns carries an Outcome, see OutcomeOf.
type Gateway interface {
	// OpenSession makes a hosted payment page on the input's account.
	OpenSession(ctx context.Context, key Key, in SessionInput) (Session, error)
	// ExpireSession closes a payment page. Whatever it answers, read the session
	// and believe that.
	ExpireSession(ctx context.Context, key Key, ref Ref) error
	// Session reads a payment page with its intent, charge and fees.
	Session(ctx context.Context, ref Ref) (Session, error)
	// FindSessions lists payment pages of an account, newest first, in full.
	FindSessions(ctx context.Context, account string, filter SessionFilter) ([]Session, error)
	// Capture takes amount of an authorised intent, with the operator's fee of it.
	// Whatever it answers, read the session and believe that.
	Capture(ctx context.Context, key Key, intent Ref, amount, fee int64) error
	// Void lets an authorised intent go. Read the session afterwards.
	Void(ctx context.Context, key Key, intent Ref) error
	// Refund gives money of a payment intent back.
	Refund(ctx context.Context, key Key, in RefundInput) (Refund, error)
	// Refunds lists the refunds of a payment intent, newest first.
	Refunds(ctx context.Context, intent Ref) ([]Refund, error)
	// Fee reads an application fee on the operator's own account.
	Fee(ctx context.Context, id string) (Fee, error)
	// Disputes lists the disputes of a payment intent, newest first.
	Disputes(ctx context.Context, intent Ref) ([]Dispute, error)
	// Answer sends a business's evidence on to the bank; it can be done once.
	Answer(ctx context.Context, key Key, dispute Ref, evidence Evidence) (Dispute, error)

	// OpenAccount makes a business's own account at the provider.
	OpenAccount(ctx context.Context, key Key, in AccountInput) (Account, error)
	// Account reads a business's account.
	Account(ctx context.Context, id string) (Account, error)
	// OnboardingLink makes a single-use link to the provider's forms; kind is
	// LinkOnboarding or LinkUpdate.
	OnboardingLink(ctx context.Context, key Key, in LinkInput) (string, error)
	// DashboardLink makes a single-use link to the account's own dashboard.
	DashboardLink(ctx context.Context, key Key, account string) (string, error)
	// Balance reads what an account holds at the provider.
	Balance(ctx context.Context, account string) (Balance, error)
	// Payouts lists what was last sent to an account's bank, newest first.
	Payouts(ctx context.Context, account string) ([]Payout, error)

	// Movements lists changes of an account's balance, newest first.
	Movements(ctx context.Context, account string, filter MovementFilter) ([]Movement, error)

	// Events lists events of an account since a time, oldest page last; pass the
	// returned cursor as after for the next page, "" ends.
	Events(ctx context.Context, account string, since time.Time, after string) (events []Event, next string, err error)
	// Verify checks a webhook's signature over the raw body and reads the event.
	Verify(body []byte, header string, now time.Time) (Event, error)

	// Platform names the operator's own account; it is read once and kept.
	Platform(ctx context.Context) (string, error)
	// Live reports whether real money moves.
	Live() bool
}

// Metadata keys that tie a provider's object to our rows.
const (
	MetaInstall = "install" // random id of this installation
	MetaOrder   = "order"
	MetaPayment = "payment"
	MetaRefund  = "refund"
)

// SessionInput is everything a payment page is made from. It is stored as JSON
// before the first call, so that a retry sends the very same words.
type SessionInput struct {
	Account     string        `json:"account"`
	Install     string        `json:"install"`
	Order       string        `json:"order"`
	Payment     string        `json:"payment"`
	Currency    string        `json:"currency"`
	Lines       []SessionLine `json:"lines"`
	Fee         int64         `json:"fee"` // application fee, minor units; 0: none
	Manual      bool          `json:"manual,omitempty"`
	ExpiresAt   time.Time     `json:"expires_at"`
	Email       string        `json:"email,omitempty"`
	Locale      string        `json:"locale,omitempty"`
	SuccessURL  string        `json:"success_url"` // must hold {CHECKOUT_SESSION_ID} unescaped
	CancelURL   string        `json:"cancel_url"`
	Description string        `json:"description,omitempty"`
	Suffix      string        `json:"suffix,omitempty"` // of the card statement, at most 22 characters
}

// SessionLine is one line of the payment page, always of quantity 1.
type SessionLine struct {
	Name   string `json:"name"`
	Amount int64  `json:"amount"` // minor units
}

// Total is the sum of the lines in minor units.
func (in SessionInput) Total() int64 {
	var total int64
	for _, l := range in.Lines {
		total += l.Amount
	}
	return total
}

// Words of the provider that the program decides on.
const (
	SessionOpen     = "open"
	SessionComplete = "complete"
	SessionExpired  = "expired"

	StatusPaid        = "paid"
	StatusUnpaid      = "unpaid"
	StatusNoneNeeded  = "no_payment_required"
	IntentSucceeded   = "succeeded"
	IntentProcessing  = "processing"
	IntentCapturable  = "requires_capture"
	IntentNeedsMethod = "requires_payment_method"
	IntentCanceled    = "canceled"

	RefundSucceeded = "succeeded"
	RefundPending   = "pending"
	RefundAction    = "requires_action"
	RefundFailed    = "failed"
	RefundCanceled  = "canceled"

	CapabilityActive = "active"
	LinkOnboarding   = "account_onboarding"
	LinkUpdate       = "account_update"
)

// Session is a hosted payment page as the provider has it now.
type Session struct {
	Ref
	URL             string // "" once it is no longer open
	Status          string // open, complete, expired
	PaymentStatus   string // paid, unpaid, no_payment_required
	Currency        string // upper case
	Total           int64
	ClientReference string
	Metadata        map[string]string
	Live            bool
	CreatedAt       time.Time
	ExpiresAt       time.Time
	Intent          *Intent // nil until the shopper first confirms
}

// Intent is the payment behind a session.
type Intent struct {
	ID         string
	Status     string
	Amount     int64
	Received   int64
	Fee        *int64 // application fee asked for; nil when none
	Transfer   bool   // transfer_data is set: never by us
	OnBehalfOf string
	Metadata   map[string]string
	Charge     *Charge // the latest attempt
}

// Charge is one attempt on a card and what it did to the account's balance.
type Charge struct {
	ID         string
	Paid       bool
	Amount     int64
	Refunded   int64
	FeeID      string // of the application fee, on the operator's account
	CardBrand  string
	CardLast4  string
	ReceiptURL string
	MovementID string // balance transaction; "" while it is not known
	StripeFee  int64  // the provider's own fee, tax on it included
	AppFee     int64
	Settles    string // currency of the balance transaction, upper case
}

// SessionFilter narrows FindSessions: since a time, or of one intent.
type SessionFilter struct {
	Since  time.Time
	Intent string
}

// RefundInput asks for money of an intent to be given back.
type RefundInput struct {
	Account string
	Intent  string
	Amount  int64
	Install string
	Order   string
	Refund  string
	KeepFee bool // the operator keeps the application fee
}

// Refund is a refund as the provider has it now.
type Refund struct {
	Ref
	Intent     string
	Charge     string
	Amount     int64
	Currency   string
	Status     string
	Failure    string
	MovementID string
	Metadata   map[string]string
	CreatedAt  time.Time
}

// Fee is an application fee with what of it went back.
type Fee struct {
	ID       string
	Account  string
	Amount   int64
	Refunded int64
	Currency string
}

// AccountInput is what a new account is opened with.
type AccountInput struct {
	Install  string
	Row      string // our payout account's id
	Business string
	Country  string // ISO 3166-1 alpha-2
	Email    string
	Name     string
	URL      string
}

// LinkInput asks for a link to the provider's forms.
type LinkInput struct {
	Account    string
	Kind       string
	ReturnURL  string
	RefreshURL string
}

// Account is a business's account as the provider has it now.
type Account struct {
	ID               string
	Country          string
	DefaultCurrency  string // upper case
	ChargesEnabled   bool
	PayoutsEnabled   bool
	DetailsSubmitted bool
	CardPayments     string // inactive, pending, active
	CurrentlyDue     []string
	PastDue          []string
	DisabledReason   string
	Deadline         time.Time // zero: none
	Metadata         map[string]string
}

// Balance is what an account holds, by currency (upper case), in minor units.
type Balance struct{ Available, Pending map[string]int64 }

// Payout is money on its way from an account to its bank.
type Payout struct {
	ID        string
	Amount    int64
	Currency  string
	Status    string // pending in_transit paid failed canceled
	CreatedAt time.Time
	ArrivesAt time.Time // a day, expected or real
}

// Event is a webhook's or a listed event: only the parts that the program
// acts on. The object itself is always read again.
type Event struct {
	ID         string
	Account    string // "" for the operator's own
	Type       string
	ObjectID   string
	IntentID   string // of a charge, refund or dispute
	Live       bool
	APIVersion string
	CreatedAt  time.Time
}

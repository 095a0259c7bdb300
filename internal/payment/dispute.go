package payment

import "time"

// Words of the provider about disputes.
const (
	DisputeAsked      = "warning_needs_response" // an inquiry: no money is taken
	DisputeAskedDone  = "warning_under_review"
	DisputeAskClosed  = "warning_closed"
	DisputeNeedsReply = "needs_response"
	DisputeReviewed   = "under_review"
	DisputeWon        = "won"
	DisputeLost       = "lost"
)

// Dispute is a shopper's bank asking for money back, as the provider has it now.
type Dispute struct {
	Ref
	Intent    string
	Amount    int64
	Currency  string // upper case
	Reason    string
	Status    string
	DueBy     time.Time // zero: none
	CreatedAt time.Time
	Movements []Movement // what it did to the account's balance, oldest first
}

// Evidence is what a business answers a dispute with, in the provider's terms.
// It is stored as JSON before it is sent, so that a retry sends the same words.
type Evidence struct {
	Product      string `json:"product"`       // what was sold
	Name         string `json:"name"`          // of the shopper
	Email        string `json:"email"`         // of the shopper
	ShippedTo    string `json:"shipped_to"`    // of a delivery
	ServiceDate  string `json:"service_date"`  // when it was handed over
	Cancellation string `json:"cancellation"`  // terms as they were shown
	RefundPolicy string `json:"refund_policy"` // terms as they were shown
	Log          string `json:"log"`           // what happened when
	Words        string `json:"words"`         // the business's own
}

// maxEvidence is how many characters all evidence may have together.
const maxEvidence = 150_000

func (e Evidence) size() int {
	n := 0
	for _, text := range []string{e.Product, e.Name, e.Email, e.ShippedTo, e.ServiceDate, e.Cancellation, e.RefundPolicy, e.Log, e.Words} {
		n += len(text)
	}
	return n
}

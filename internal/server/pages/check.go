package pages

import (
	"time"

	"nearby/internal/money"
)

// Proofs are the checks of a business: what counts, what is missing and, for its
// owner, what can be done about it.
type Proofs struct {
	Policy    string
	Need      int      // different checks
	Passed    int      // that count
	Missing   []string // words of the table "check.missing_…"
	Met       bool
	DueSince  time.Time // of a listed business; zero while nothing is missing
	LimitAt   time.Time // when it stops taking orders
	Offers    []Proof
	ActionURL string   // of the owner's forms; "" shows none
	Record    []Option // what a verifier can write down; none shows no form
	Note      string   // what he typed
	Errors    Errors
}

// Proof is one check by one method.
type Proof struct {
	Method     string    // word of the tables "check.method_…" and "check.hint_…"
	Proves     []string  // words of the table "check.proves_…"
	Kind       string    // sent, looked or recorded
	Ready      bool      // there is something to check
	About      string    // a host, where the reader needs it
	Passed     time.Time // zero: it does not count
	Until      time.Time
	Way        string    // word of the table "check.way_…", or ""
	Open       time.Time // until when a code works; zero without one
	Target     string    // where it went
	Tries      int       // that are left
	Token      string    // to publish
	Typed      string    // by the owner, when it was wrong
	Errors     Errors    // of this check's form
	WantTarget bool      // the owner says where to
}

// Postcards are the cards that wait to be printed, or those that were.
type Postcards struct {
	Base
	Printed bool
	Cards   []Postcard
}

// Postcard is one card for the post.
type Postcard struct {
	Business string
	Lines    []string // the address
	Code     string   // in two groups
	Asked    time.Time
	Until    time.Time
	Site     string // where to type the code

	Lang                string // of its text
	Hello, Text, NotYou string
}

// Codes are what codes to telephones cost.
type Codes struct {
	Base
	Budget  money.Amount // a day
	Senders []CodeSender // in the order they are tried
	Days    []CodeDay    // newest first
}

// CodeSender is what one sender did in thirty days.
type CodeSender struct {
	Name                          string
	Price, Cost                   money.Amount
	Sent, Arrived, Failed, Passed int
}

// CodeDay is what one day cost.
type CodeDay struct {
	Day             string // YYYY-MM-DD
	Codes           int
	Spent, Refunded money.Amount
}

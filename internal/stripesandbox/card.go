package stripesandbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// card is what is known of a card after it was typed in: never its number.
type card struct {
	Brand    string `json:"brand"`
	Last4    string `json:"last4"`
	ExpMonth int    `json:"exp_month"`
	ExpYear  int    `json:"exp_year"`
	Effect   effect `json:"effect"`
}

// effect is what a test card does.
type effect string

const (
	succeeds       effect = ""
	declines       effect = "card_declined generic_decline"
	lacksFunds     effect = "card_declined insufficient_funds"
	isExpired      effect = "expired_card expired_card"
	hasWrongCVC    effect = "incorrect_cvc incorrect_cvc"
	cannotProcess  effect = "processing_error processing_error"
	authenticates  effect = "authenticate"
	isDisputed     effect = "dispute"
	isInquired     effect = "inquiry"
	warnsOfFraud   effect = "warning"
	refundFailing  effect = "refund fails"
	refundDelaying effect = "refund waits"
)

// testCard is one of Stripe's documented test cards.
type testCard struct {
	Number string
	Brand  string
	Effect effect
	Says   string // what the page tells about it
}

// testCards is every number the sandbox takes (docs.stripe.com/testing).
var testCards = []testCard{
	{"4242424242424242", "visa", succeeds, "pays"},
	{"5555555555554444", "mastercard", succeeds, "pays"},
	{"4000002500003155", "visa", authenticates, "asks for 3-D Secure"},
	{"4000002760003184", "visa", authenticates, "asks for 3-D Secure"},
	{"4000000000000002", "visa", declines, "is declined"},
	{"4000000000009995", "visa", lacksFunds, "is declined: insufficient funds"},
	{"4000000000000069", "visa", isExpired, "is declined: expired"},
	{"4000000000000127", "visa", hasWrongCVC, "is declined: wrong security code"},
	{"4000000000000119", "visa", cannotProcess, "is declined: processing error"},
	{"4000000000000259", "visa", isDisputed, "pays, then is disputed"},
	{"4000000000001976", "visa", isInquired, "pays, then the bank inquires"},
	{"4000000000005423", "visa", warnsOfFraud, "pays, then a fraud warning"},
	{"4000000000005126", "visa", refundFailing, "pays; a refund fails later"},
	{"4000000000007726", "visa", refundDelaying, "pays; a refund is pending first"},
}

// Spaced is the number in groups of four.
func (c testCard) Spaced() string {
	n := c.Number
	return n[:4] + " " + n[4:8] + " " + n[8:12] + " " + n[12:]
}

// messages are Stripe's words for shoppers, by error code and decline code.
var messages = map[effect]string{
	declines:      "Your card was declined.",
	lacksFunds:    "Your card has insufficient funds.",
	isExpired:     "Your card has expired.",
	hasWrongCVC:   "Your card's security code is incorrect.",
	cannotProcess: "An error occurred while processing your card. Try again in a little bit.",
}

// cardError is why a payment did not go through.
type cardError struct {
	Code    string `json:"code"`
	Decline string `json:"decline"`
	Message string `json:"message"`
	Charge  string `json:"charge"`
}

func (e cardError) view() object {
	v := object{"type": "card_error", "code": e.Code, "message": e.Message}
	if e.Decline != "" {
		v["decline_code"] = e.Decline
	}
	if e.Charge != "" {
		v["charge"] = e.Charge
	}
	return v
}

// decline is the error of a card that does not pay, or nil.
func (c card) decline() *cardError {
	message, ok := messages[c.Effect]
	if !ok {
		return nil
	}
	code, why, _ := strings.Cut(string(c.Effect), " ")
	return &cardError{Code: code, Decline: why, Message: message}
}

// readCard takes a card from what was typed. The number goes no further.
func readCard(number, expiry, cvc string, now time.Time) (card, error) {
	number = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, number)
	var c card
	for _, known := range testCards {
		if known.Number == number {
			c = card{Brand: known.Brand, Last4: number[12:], Effect: known.Effect}
		}
	}
	if c.Brand == "" {
		return c, fmt.Errorf("only the test cards listed below work here, never a real card")
	}
	var err error
	if c.ExpMonth, c.ExpYear, err = readExpiry(expiry); err != nil {
		return c, err
	}
	if last := time.Date(c.ExpYear, time.Month(c.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC); !now.Before(last) {
		return c, fmt.Errorf("the card's expiry is in the past")
	}
	if _, err := strconv.ParseUint(cvc, 10, 32); err != nil || len(cvc) != 3 {
		return c, fmt.Errorf("the security code is three digits")
	}
	return c, nil
}

// readExpiry reads "12/34", "12 / 2034" and "1234".
func readExpiry(text string) (month, year int, err error) {
	digits := strings.NewReplacer(" ", "", "/", "", "-", "").Replace(text)
	wrong := fmt.Errorf("write the expiry as MM/YY")
	if len(digits) != 4 && len(digits) != 6 {
		return 0, 0, wrong
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, 0, wrong
	}
	if len(digits) == 4 {
		month, year = int(n)/100, 2000+int(n)%100
	} else {
		month, year = int(n)/10000, int(n)%10000
	}
	if month < 1 || month > 12 {
		return 0, 0, wrong
	}
	return month, year, nil
}

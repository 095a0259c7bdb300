package catalog

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"nearby/internal/errs"
	"nearby/internal/money"
)

// Price is a price as it was given: the text a person typed into a form, or an
// exact amount from the API ({"amount": 1250, "currency": "EUR"}). The zero
// Price is none.
type Price struct {
	text  string
	exact *money.Amount
}

// Typed is a price that a person typed ("24,00").
func Typed(text string) Price { return Price{text: text} }

// Exact is a price in minor units.
func Exact(a money.Amount) Price { return Price{exact: &a} }

// String is the text to show in a form again.
func (p Price) String() string {
	if p.exact != nil {
		return p.exact.Decimal()
	}
	return p.text
}

// Empty reports that no price was given.
func (p Price) Empty() bool { return p.exact == nil && strings.TrimSpace(p.text) == "" }

// UnmarshalText takes what was typed.
func (p *Price) UnmarshalText(text []byte) error {
	*p = Typed(string(text))
	return nil
}

// UnmarshalJSON takes an amount or null.
func (p *Price) UnmarshalJSON(text []byte) error {
	var a *money.Amount
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&a); err != nil {
		return err
	}
	*p = Price{exact: a}
	return nil
}

// MarshalJSON gives an exact price as an amount, anything else as null.
func (p Price) MarshalJSON() ([]byte, error) { return json.Marshal(p.exact) }

// in is the amount in a currency, within the limits of prices.
func (p Price) in(currency string) (money.Amount, error) {
	var a money.Amount
	var err error
	if p.exact == nil {
		a, err = money.Parse(p.text, currency)
	} else if a = *p.exact; a.Currency != currency {
		err = errs.New(errs.Invalid, "wrong_currency", "This business sells in "+currency+".")
	} else {
		err = a.Chargeable()
	}
	if err == nil && a.Minor > maxPrice {
		err = errs.New(errs.Invalid, "too_much", "A price is at most "+money.New(maxPrice/10*10, currency).Format("en")+".")
	}
	return a, err
}

// Number is a whole number as it was given: typed text or a number from the
// API. The zero Number is none.
type Number struct {
	text  string
	exact *int64
}

// TypedNumber is a number that a person typed.
func TypedNumber(text string) Number { return Number{text: text} }

// Count is the number n.
func Count(n int64) Number { return Number{exact: &n} }

// String is the text to show in a form again.
func (n Number) String() string {
	if n.exact != nil {
		return strconv.FormatInt(*n.exact, 10)
	}
	return n.text
}

// Empty reports that no number was given.
func (n Number) Empty() bool { return n.exact == nil && strings.TrimSpace(n.text) == "" }

// UnmarshalText takes what was typed.
func (n *Number) UnmarshalText(text []byte) error {
	*n = TypedNumber(string(text))
	return nil
}

// UnmarshalJSON takes a whole number or null.
func (n *Number) UnmarshalJSON(text []byte) error {
	var exact *int64
	if err := json.Unmarshal(text, &exact); err != nil {
		return err
	}
	*n = Number{exact: exact}
	return nil
}

// MarshalJSON gives an exact number, anything else as null.
func (n Number) MarshalJSON() ([]byte, error) { return json.Marshal(n.exact) }

// within is the number when it lies between 0 and most.
func (n Number) within(most int64) (int64, bool) {
	value := int64(-1)
	if n.exact != nil {
		value = *n.exact
	} else if v, err := strconv.ParseInt(strings.TrimSpace(n.text), 10, 64); err == nil {
		value = v
	}
	return value, value >= 0 && value <= most
}

package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"nearby/internal/money"
)

// Caller talks to the API of a Nearby that runs anywhere. It returns errors
// instead of ending a test, so that many may call at once.
type Caller struct {
	Base string // "http://127.0.0.1:8080"
	HTTP *http.Client
}

// NewCaller makes a caller whose connections serve clients at once.
func NewCaller(base string, clients int) Caller {
	return Caller{Base: base, HTTP: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients},
	}}
}

// ErrCut is an answer that began and did not end.
var ErrCut = errors.New("the answer was cut")

// Problem is an answer of 400 or above.
type Problem struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error names the status and the code.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// ProblemOf is the problem in an error's chain; nil when there was no answer.
func ProblemOf(err error) *Problem {
	var p *Problem
	errors.As(err, &p)
	return p
}

// Do makes one call. out, unless nil, takes the answer's JSON. headers come in
// pairs. The error of an answer of 400 or above is a *Problem.
func (c Caller) Do(ctx context.Context, method, path string, body, out any, headers ...string) error {
	var text io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		text = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Base+path, text)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCut, err)
	}
	if response.StatusCode >= 400 {
		p := &Problem{Status: response.StatusCode}
		if json.Unmarshal(answer, p) != nil {
			p.Detail = fmt.Sprintf("%.200s", answer)
		}
		p.Status = response.StatusCode
		return p
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// Placed is an order as the API tells it.
type Placed struct {
	ID          string       `json:"id"`
	Token       string       `json:"token"`
	State       string       `json:"state"`
	Total       money.Amount `json:"total"`
	CheckoutURL string       `json:"checkout_url"`
}

// Wish is an order somebody wants to place.
type Wish struct {
	Quantity int64
	Payment  string // card or at_pickup
	Email    string
	Key      string // Idempotency-Key
}

// Place orders pieces of the shop's product as a guest.
func (c Caller) Place(ctx context.Context, shop Shop, w Wish) (Placed, error) {
	total := shop.Price()
	total.Minor *= w.Quantity
	var placed Placed
	err := c.Do(ctx, http.MethodPost, "/api/v1/orders", map[string]any{
		"business_id": shop.ID, "lines": []any{map[string]any{"variant_id": shop.Variant, "quantity": w.Quantity}},
		"fulfilment": map[string]any{"kind": "pickup"}, "payment": w.Payment, "expected_total": total,
		"contact": map[string]any{"name": "Sam Shopper", "email": w.Email, "phone": ""},
	}, &placed, "Idempotency-Key", w.Key)
	return placed, err
}

// Order reads an order with its token.
func (c Caller) Order(ctx context.Context, p Placed) (Placed, error) {
	var now Placed
	err := c.Do(ctx, http.MethodGet, "/api/v1/orders/"+url.PathEscape(p.ID), nil, &now, "Order-Token", p.Token)
	now.Token = p.Token
	return now, err
}

// Cancel takes an order back.
func (c Caller) Cancel(ctx context.Context, p Placed, key string) (Placed, error) {
	var now Placed
	err := c.Do(ctx, http.MethodPost, "/api/v1/orders/"+url.PathEscape(p.ID)+"/cancel", nil, &now, "Order-Token", p.Token, "Idempotency-Key", key)
	now.Token = p.Token
	return now, err
}

// Checkout waits until the order's payment page is there.
func (c Caller) Checkout(ctx context.Context, p Placed) (string, error) {
	for p.CheckoutURL == "" {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		now, err := c.Order(ctx, p)
		if err != nil {
			return "", err
		}
		if p = now; p.CheckoutURL == "" && p.State != "pending_payment" {
			return "", fmt.Errorf("order %s is %s", p.ID, p.State)
		}
	}
	return p.CheckoutURL, nil
}

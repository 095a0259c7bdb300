package phone

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Bounds of the Gateway (https://core.telegram.org/gateway/api): how long a code
// may work, and our own limit for the age of a report.
const (
	minLife   = 30 * time.Second
	maxLife   = time.Hour
	maxReport = 5 * time.Minute
	maxAnswer = 64 << 10
)

// Telegram is the Gateway: codes as messages of Telegram. A code that does not
// arrive within its life costs nothing.
type Telegram struct {
	base, token, callback string
	price                 int64
	http                  *http.Client
}

// NewTelegram makes the sender. callback is our address for delivery reports,
// "" for none.
func NewTelegram(base, token, callback string, price int64) *Telegram {
	return &Telegram{base: strings.TrimSuffix(base, "/"), token: token, callback: callback, price: price, http: &http.Client{Timeout: patience}}
}

// Name is its word.
func (*Telegram) Name() string { return "telegram" }

// Price is what a code usually costs.
func (t *Telegram) Price() int64 { return t.price }

// requestStatus is the Gateway's RequestStatus.
type requestStatus struct {
	RequestID      string   `json:"request_id"`
	RequestCost    *float64 `json:"request_cost"`
	IsRefunded     bool     `json:"is_refunded"`
	DeliveryStatus *struct {
		Status string `json:"status"`
	} `json:"delivery_status"`
}

func (r requestStatus) report() Report {
	report := Report{ID: r.RequestID, Status: Sent, Refunded: r.IsRefunded, Cost: cents(r.RequestCost)}
	if r.DeliveryStatus != nil && r.DeliveryStatus.Status != "" {
		report.Status = Status(r.DeliveryStatus.Status)
	}
	return report
}

// cents rounds the Gateway's price up to whole minor units: a budget is rather
// used up early than overdrawn.
func cents(cost *float64) int64 {
	if cost == nil || *cost < 0 || *cost > 1000 {
		return -1
	}
	return int64(math.Ceil(*cost*100 - 1e-9))
}

// Send hands over our own code.
func (t *Telegram) Send(ctx context.Context, c Code) (Receipt, error) {
	in := map[string]any{"phone_number": c.Number, "code": c.Code, "ttl": int(min(max(c.Life, minLife), maxLife).Seconds()), "payload": c.Ref}
	if t.callback != "" {
		in["callback_url"] = t.callback
	}
	status, err := t.call(ctx, "sendVerificationMessage", in)
	return Receipt{ID: status.RequestID, Cost: cents(status.RequestCost)}, err
}

// Status asks what became of a code.
func (t *Telegram) Status(ctx context.Context, id string) (Report, error) {
	status, err := t.call(ctx, "checkVerificationStatus", map[string]any{"request_id": id})
	return status.report(), err
}

// Revoke stops a code that has not arrived yet.
func (t *Telegram) Revoke(ctx context.Context, id string) error {
	_, err := t.call(ctx, "revokeVerificationMessage", map[string]any{"request_id": id})
	return err
}

// call is one call of the Gateway. Its errors carry the Gateway's code and
// nothing of what was sent.
func (t *Telegram) call(ctx context.Context, method string, in map[string]any) (requestStatus, error) {
	var status requestStatus
	body, err := json.Marshal(in)
	if err != nil {
		return status, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+"/"+method, bytes.NewReader(body))
	if err != nil {
		return status, err
	}
	request.Header.Set("Authorization", "Bearer "+t.token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := t.http.Do(request)
	if err != nil {
		return status, errors.New("the Telegram Gateway does not answer")
	}
	defer answer.Body.Close()
	var out struct {
		OK     bool            `json:"ok"`
		Error  string          `json:"error"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&out); err != nil {
		return status, fmt.Errorf("the Telegram Gateway answered %d and nothing that can be read", answer.StatusCode)
	}
	if !out.OK {
		if strings.HasPrefix(out.Error, "PHONE_NUMBER_") {
			return status, fmt.Errorf("%w: %s", ErrCannot, out.Error)
		}
		return status, fmt.Errorf("the Telegram Gateway refused: %s", out.Error)
	}
	if len(out.Result) > 0 && out.Result[0] == '{' { // revoking answers true
		err = json.Unmarshal(out.Result, &status)
	}
	return status, err
}

// Read checks the signature of a delivery report: HMAC-SHA-256 over the time, a
// line feed and the body, with the SHA-256 of the token as its key. Old reports
// are refused, so that none can be played again much later.
func (t *Telegram) Read(timestamp, signature string, body []byte, now time.Time) (Report, error) {
	key := sha256.Sum256([]byte(t.token))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(timestamp + "\n"))
	mac.Write(body)
	given, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return Report{}, ErrForged
	}
	at, err := strconv.ParseInt(timestamp, 10, 64)
	if age := now.Sub(time.Unix(at, 0)); err != nil || age > maxReport || age < -maxReport {
		return Report{}, ErrForged
	}
	var status requestStatus
	if err := json.Unmarshal(body, &status); err != nil || status.RequestID == "" {
		return Report{}, fmt.Errorf("%w: it cannot be read", ErrForged)
	}
	return status.report(), nil
}

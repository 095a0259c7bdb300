// Package gatewaysandbox is a local stand-in for Telegram's Gateway: the same
// three calls, made-up telephones, signed delivery reports. No message leaves
// the machine, and the app never imports it.
package gatewaysandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Numbers that end so behave so; all others are reached at once.
const (
	EndUnknown = "0000" // not at Telegram
	EndAsleep  = "0001" // the message never arrives: it expires and is refunded
)

// Cost of a message, in the Gateway's dollars.
const Cost = 0.01

// Options say how the stand-in behaves.
type Options struct {
	Token string
	Clock func() time.Time // nil: the machine's
}

// Message is one code that was taken.
type Message struct {
	RequestID string
	Number    string
	Code      string
	Payload   string
	Callback  string
	Life      time.Duration
	At        time.Time
	Status    string // sent, delivered, expired, revoked
	Refunded  bool
}

// Sandbox is the stand-in.
type Sandbox struct {
	options Options
	client  *http.Client

	mu       sync.Mutex
	messages []*Message
	down     bool
}

// New makes one.
func New(o Options) *Sandbox {
	if o.Clock == nil {
		o.Clock = func() time.Time { return time.Now().UTC() } //nolint:forbidigo // a program of its own
	}
	return &Sandbox{options: o, client: &http.Client{Timeout: 5 * time.Second}}
}

// Down has every call fail, as in an outage.
func (s *Sandbox) Down(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Messages lists what was taken, the newest last.
func (s *Sandbox) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Message, len(s.messages))
	for i, m := range s.messages {
		list[i] = *m
	}
	return list
}

var (
	e164   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	digits = regexp.MustCompile(`^[0-9]{4,8}$`)
)

// ServeHTTP answers the Gateway's calls by POST with JSON.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		PhoneNumber string `json:"phone_number"`
		Code        string `json:"code"`
		TTL         int    `json:"ttl"`
		Payload     string `json:"payload"`
		CallbackURL string `json:"callback_url"`
		RequestID   string `json:"request_id"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down:
		http.Error(w, "down", http.StatusBadGateway)
		return
	case r.Header.Get("Authorization") != "Bearer "+s.options.Token:
		refuse(w, "ACCESS_TOKEN_INVALID")
		return
	case r.Method != http.MethodPost, json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in) != nil:
		refuse(w, "REQUEST_INVALID")
		return
	}
	switch strings.ToLower(strings.Trim(r.URL.Path, "/")) {
	case "sendverificationmessage":
		switch {
		case !e164.MatchString(in.PhoneNumber):
			refuse(w, "PHONE_NUMBER_INVALID")
		case strings.HasSuffix(in.PhoneNumber, EndUnknown):
			refuse(w, "PHONE_NUMBER_NOT_AVAILABLE")
		case !digits.MatchString(in.Code):
			refuse(w, "CODE_INVALID")
		case in.TTL < 30 || in.TTL > 3600:
			refuse(w, "TTL_INVALID")
		default:
			m := &Message{
				RequestID: strconv.FormatInt(int64(len(s.messages)+1), 10) + "." + in.PhoneNumber[len(in.PhoneNumber)-4:], Number: in.PhoneNumber, Code: in.Code,
				Payload: in.Payload, Callback: in.CallbackURL, Life: time.Duration(in.TTL) * time.Second, At: s.options.Clock(), Status: "sent",
			}
			s.messages = append(s.messages, m)
			accept(w, s.status(m))
		}
	case "checkverificationstatus":
		if m := s.find(in.RequestID); m != nil {
			s.advance(m)
			accept(w, s.status(m))
			return
		}
		refuse(w, "REQUEST_ID_INVALID")
	case "revokeverificationmessage":
		if m := s.find(in.RequestID); m != nil {
			if m.Status == "sent" {
				m.Status = "revoked"
			}
			accept(w, true)
			return
		}
		refuse(w, "REQUEST_ID_INVALID")
	default:
		refuse(w, "METHOD_INVALID")
	}
}

func (s *Sandbox) find(id string) *Message {
	i := slices.IndexFunc(s.messages, func(m *Message) bool { return m.RequestID == id })
	if i < 0 {
		return nil
	}
	return s.messages[i]
}

// advance has time pass for a message.
func (s *Sandbox) advance(m *Message) {
	if m.Status != "sent" {
		return
	}
	if !strings.HasSuffix(m.Number, EndAsleep) {
		m.Status = "delivered"
	} else if s.options.Clock().Sub(m.At) >= m.Life {
		m.Status, m.Refunded = "expired", true
	}
}

func (s *Sandbox) status(m *Message) map[string]any {
	status := map[string]any{
		"request_id": m.RequestID, "phone_number": m.Number, "request_cost": Cost, "remaining_balance": 1000.0, "payload": m.Payload,
		"delivery_status": map[string]any{"status": m.Status, "updated_at": s.options.Clock().Unix()},
	}
	if m.Refunded {
		status["is_refunded"] = true
	}
	return status
}

// Report has time pass and sends the delivery report of every message that asked
// for one, signed as the Gateway signs it. Each call sends all of them again: the
// receiver must bear that.
func (s *Sandbox) Report(ctx context.Context) error {
	s.mu.Lock()
	type report struct {
		to   string
		body []byte
	}
	var list []report
	for _, m := range s.messages {
		s.advance(m)
		if m.Callback == "" {
			continue
		}
		body, err := json.Marshal(s.status(m))
		if err != nil {
			s.mu.Unlock()
			return err
		}
		list = append(list, report{m.Callback, body})
	}
	s.mu.Unlock()
	var failed []error
	for _, r := range list {
		failed = append(failed, s.post(ctx, r.to, r.body))
	}
	return errors.Join(failed...)
}

func (s *Sandbox) post(ctx context.Context, to string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	at, signature := Sign(s.options.Token, s.options.Clock(), body)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Timestamp", at)
	request.Header.Set("X-Request-Signature", signature)
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return errors.New("gatewaysandbox: a report was answered with " + answer.Status)
	}
	return nil
}

// Sign makes the two headers of a report.
func Sign(token string, at time.Time, body []byte) (timestamp, signature string) {
	key := sha256.Sum256([]byte(token))
	timestamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(timestamp + "\n"))
	mac.Write(body)
	return timestamp, hex.EncodeToString(mac.Sum(nil))
}

func accept(w http.ResponseWriter, result any) {
	write(w, map[string]any{"ok": true, "result": result})
}

func refuse(w http.ResponseWriter, code string) { write(w, map[string]any{"ok": false, "error": code}) }

func write(w http.ResponseWriter, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
